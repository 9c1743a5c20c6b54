/* See invariants.h. */
#include "invariants.h"

#define HOLDS(condition, what)                                                                                         \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return what;                                                                                   \
	} while (0)

static const char *check_sequence_space(const struct tcb *t)
{
	tcp_seq end = t->sendq.right + t->fin_queued;

	HOLDS(t->snd_una <= t->snd_nxt, "snd_una is beyond snd_nxt");
	HOLDS(t->snd_nxt <= end || t->snd_nxt == t->sendq.left, "snd_nxt is beyond what there is to send");
	HOLDS(t->sendq.left <= t->sendq.right, "the send queue ends before it begins");
	HOLDS(!t->rcv_nxt || t->rcv_nxt <= t->rcv_adv, "rcv_nxt is beyond the window's right edge");
	HOLDS((int32_t)((uint32_t)t->rcv_nxt - t->last_ack_sent) >= 0, "more was acknowledged than has arrived");
	HOLDS(!t->probing || t->snd_nxt == t->snd_una + 1, "there is no probe of the window in flight");
	return NULL;
}

/* The records lie side by side from snd_una to snd_nxt, and the sums are theirs. */
static const char *check_records(const struct tcb *t)
{
	uint64_t n_sacked = 0, n_lost = 0, n_again = 0;
	tcp_seq at = t->snd_una;

	for (uint32_t i = 0; i < tcp_sent(t)->n; i++) {
		const struct sent_record *r = sent_at(tcp_sent(t), i);
		uint64_t n = r->right - r->left;

		HOLDS(r->left == at && r->right > r->left, "records of what is in flight have a gap");
		HOLDS(!(r->flags & SENT_SACKED) || !(r->flags & SENT_LOST), "a record is both sacked and lost");
		HOLDS((r->flags & (SENT_LOST | SENT_AGAIN)) != SENT_LOST || r->right > tcp_sent(t)->again_from,
		      "what is lost will not be found");
		n_sacked += r->flags & SENT_SACKED ? n : 0;
		n_lost += r->flags & SENT_LOST ? n : 0;
		n_again += r->flags & SENT_LOST && r->flags & SENT_AGAIN ? n : 0;
		at = r->right;
	}
	HOLDS(at == t->snd_nxt, "records do not end at snd_nxt");
	HOLDS(n_sacked == tcp_sent(t)->n_sacked && n_lost == tcp_sent(t)->n_lost && n_again == tcp_sent(t)->n_again,
	      "a sum over the records is wrong");
	HOLDS(n_sacked + n_lost - n_again <= t->snd_nxt - t->snd_una, "the pipe is negative");
	return NULL;
}

static const char *check_scoreboard(const struct tcb *t)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < tcp_sacked(t)->n; i++) {
		const struct range *r = &tcp_sacked(t)->item[i];

		HOLDS(r->left >= t->snd_una && r->right <= t->snd_nxt, "sacked beyond what is in flight");
		n += r->right - r->left;
	}
	HOLDS(n == tcp_sent(t)->n_sacked, "the scoreboard and the records differ");
	return NULL;
}

/* What was sent again, in order of time, for RACK. */
static const char *check_again(const struct tcb *t)
{
	const struct again *a = tcp_sent(t)->again;
	berth_time before = 0;

	if (!a)
		return NULL;
	HOLDS(a->n <= a->capacity && a->head < a->capacity && !(a->capacity & (a->capacity - 1)),
	      "the list of what was sent again is broken");
	for (uint32_t i = 0; i < a->n; i++) {
		const struct again_entry *e = &a->ring[(a->head + i) & (a->capacity - 1)];

		HOLDS(e->left < e->right && e->at >= before, "what was sent again is not in order of time");
		before = e->at;
	}
	return NULL;
}

static const char *check_recovery(const struct tcb *t)
{
	HOLDS(t->recovery == TCP_RECOVERY_NONE || t->recover <= t->snd_nxt + 1, "recovery ends at what was never sent");
	HOLDS(t->recovery == TCP_RECOVERY_NONE || t->recover >= t->snd_una, "recovery goes on when all has arrived");
	HOLDS(!t->tlp.outstanding || ((int32_t)(t->tlp.end_seq - (uint32_t)t->snd_una) >= 0 &&
				      (int32_t)((uint32_t)t->snd_nxt + 1 - t->tlp.end_seq) >= 0),
	      "a tail loss probe is waited for that has arrived");
	HOLDS(t->urgent.snd_up <= t->sendq.right, "urgent data ends beyond the send queue");
	return NULL;
}

/* A chain of frames: its payload, and what its memory costs. */
static uint64_t chain_bytes(const struct berth_frame *first, uint64_t *cost)
{
	uint64_t n = 0;

	for (const struct berth_frame *f = first; f; f = f->next) {
		n += f->len_wanted;
		*cost += sizeof(*f) + f->capacity;
	}
	return n;
}

static const char *check_runs(const struct tcb *t, const struct recvq_ahead *a)
{
	tcp_seq before = t->rcv_nxt;
	uint64_t cost = 0;

	HOLDS(a->n > 0 && a->n <= a->capacity && a->n <= RECVQ_RUNS_MAX && a->n_recent <= TCP_SACK_BLOCKS_MAX,
	      "there are too many runs, or none");
	for (uint32_t i = 0; i < a->n; i++) {
		const struct recvq_run *r = &a->runs[i];
		tcp_seq at = r->left;

		HOLDS(r->left > before && r->left < r->right, "runs ahead of the gap are not in order");
		HOLDS(chain_bytes(r->first, &cost) == r->right - r->left, "a run is not as long as its frames");
		for (const struct berth_frame *f = r->first; f; f = f->next) {
			HOLDS(f->mark == at, "the frames of a run have a gap");
			at += f->len_wanted;
		}
		before = r->right;
	}
	HOLDS(before <= t->rcv_adv, "what is ahead goes beyond the window");
	HOLDS(cost == a->memory_used, "the memory of what is ahead is not what was counted");
	return NULL;
}

static const char *check_receive_queue(const struct tcb *t)
{
	uint64_t cost = 0;

	HOLDS(chain_bytes(t->recvq.first, &cost) == t->recvq.n_bytes, "the receive queue is not as long as its frames");
	HOLDS(cost == t->recvq.n_memory, "the memory of the receive queue is not what was counted");
	HOLDS(t->recvq.n_bytes + t->rcv_fin <= t->rcv_nxt, "more is queued than has come");
	return t->recvq.ahead ? check_runs(t, t->recvq.ahead) : NULL;
}

static const char *check_send_queue(const struct tcb *t)
{
	const struct sendq_chunk *last = NULL;
	tcp_seq before = t->snd_una;
	uint64_t cost = 0;

	for (const struct sendq_chunk *c = t->sendq.first; c; c = c->next) {
		HOLDS(c->len <= c->capacity && (!last || last->left + last->len == c->left), "chunks have a gap");
		cost += sizeof(*c) + c->capacity;
		last = c;
	}
	HOLDS(last == t->sendq.last && (!last || last->left + last->len == t->sendq.right),
	      "the send queue does not end where its chunks do");
	HOLDS(cost == t->sendq.n_memory, "the memory of the send queue is not what was counted");
	for (uint32_t i = 0; t->records && i < t->records->n; i++) {
		tcp_seq end = t->records->ends[(t->records->head + i) & (t->records->capacity - 1)];

		HOLDS(end >= before && end <= t->sendq.right, "ends of records are not in order");
		before = end;
	}
	return NULL;
}

/* The host knows what the queues hold, but for the records of what has left since something came. */
static const char *check_memory(const struct tcb *t)
{
	uint64_t queues = t->sendq.n_memory + recvq_memory(&t->recvq);
	uint64_t records = (uint64_t)tcp_sent(t)->capacity * sizeof(struct sent_record) +
			   (uint64_t)tcp_sacked(t)->capacity * sizeof(struct range);

	HOLDS(t->n_memory >= queues, "the host knows of less than the queues hold");
	HOLDS(t->n_memory <= queues + records, "the host knows of more than the queues hold");
	return NULL;
}

static const char *check_timers(const struct tcb *t)
{
	bool in_flight = t->snd_nxt > t->snd_una;
	bool unsent = t->sendq.right > t->snd_nxt || (t->fin_queued && !tcp_fin_sent(t));
	berth_time first = BERTH_NEVER;

	for (unsigned i = 0; i < TCP_TIMER_N; i++)
		first = t->deadline[i] < first ? t->deadline[i] : first;
	HOLDS(first == BERTH_NEVER || (wheel_armed(&t->timer) && t->timer.deadline <= first), "a timer will not ring");
	HOLDS(!in_flight || t->timer_kind != TCP_MAIN_NONE, "in flight, and no timer waits for it");
	HOLDS((t->timer_kind == TCP_MAIN_NONE) == (t->deadline[TCP_TIMER_MAIN] == BERTH_NEVER),
	      "the main timer is of no kind, or a kind has no time");
	HOLDS(t->timer_kind != TCP_MAIN_RETRANSMIT || in_flight, "nothing is in flight to be sent again");
	HOLDS(t->timer_kind != TCP_MAIN_PERSIST || unsent || t->probing, "nothing waits for a window");
	return NULL;
}

static const char *check_connection(const struct tcb *t)
{
	static const char *(*const checks[])(const struct tcb *) = {
		check_sequence_space, check_records,    check_scoreboard, check_again,  check_recovery,
		check_receive_queue,  check_send_queue, check_memory,     check_timers,
	};

	HOLDS(t->cc.cwnd >= t->mss, "cwnd is less than a segment");
	HOLDS(t->mss > 0, "there is no MSS");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *what = checks[i](t);

		if (what)
			return what;
	}
	return NULL;
}

/* Nothing that the peer was told is taken back (RFC 9293 section 3.8.6.2.1 for the window). */
static const char *check_past(struct invariants *past, const struct tcb *t)
{
	unsigned i = 0;

	while (i < past->n && past->seen[i].id != t->e.id)
		i++;
	if (i == INVARIANTS_CONNECTIONS)
		return NULL;
	if (i == past->n) {
		past->seen[past->n++].id = t->e.id;
	} else if (t->state != BERTH_TCP_SYN_SENT) { /* there it may have begun anew, after it failed */
		HOLDS(t->snd_una >= past->seen[i].snd_una, "snd_una went back");
		HOLDS(t->snd_nxt + t->probing + 1 >= past->seen[i].snd_nxt, "snd_nxt went back");
		HOLDS(t->rcv_nxt >= past->seen[i].rcv_nxt, "rcv_nxt went back");
		HOLDS(t->rcv_adv >= past->seen[i].rcv_adv, "the window's right edge went back");
	}
	past->seen[i].snd_una = t->snd_una;
	past->seen[i].snd_nxt = t->snd_nxt;
	past->seen[i].rcv_nxt = t->rcv_nxt;
	past->seen[i].rcv_adv = t->rcv_adv;
	return NULL;
}

/* The connection that the list node belongs to; NULL: it is none that has begun. */
static const struct tcb *connection_of(const struct list_node *node)
{
	const struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);
	const struct tcb *t = CONTAINER_OF(e, struct tcb, e);

	if (e->kind != ENDPOINT_TCP || t->state == BERTH_TCP_CLOSED || t->state == BERTH_TCP_LISTEN)
		return NULL;
	return t;
}

static uint32_t length_of(const struct list *list)
{
	uint32_t n = 0;

	for (const struct list_node *node = list->ring.next; node != &list->ring; node = node->next)
		n++;
	return n;
}

/* What an endpoint has of the host's memory for queues. */
static uint64_t memory_of(const struct endpoint *e)
{
	const struct udp_socket *s = CONTAINER_OF(e, struct udp_socket, endpoint);

	if (e->kind == ENDPOINT_UDP)
		return (uint64_t)s->in.charge + s->out.charge + (s->pending ? s->pending->charge : 0);
	return CONTAINER_OF(e, struct tcb, e)->n_memory;
}

static const char *check_budget(const struct berth_host *host)
{
	const struct list_node *ring = &host->endpoints.all.ring;
	uint64_t n = 0;

	for (const struct list_node *node = ring->next; node != ring; node = node->next)
		n += memory_of(CONTAINER_OF(node, struct endpoint, all));
	/* What has left its socket, and whose frames may still be looked at. */
	for (const struct udp_datagram *d = host->left_datagrams; d; d = d->next)
		n += d->charge;
	n += host->fragmenting.datagram ? host->fragmenting.datagram->charge : 0;
	HOLDS(n == host->budget.in_use, "the sum of all queues' memory is wrong");
	return NULL;
}

/* The requests that are the listener's. */
static uint32_t requests_of(const struct berth_host *host, const struct tcb *listener)
{
	const struct list_node *ring = &host->tcp.requests.all.ring;
	uint32_t n = 0;

	for (const struct list_node *node = ring->next; node != ring; node = node->next)
		n += CONTAINER_OF(node, struct tcp_request, all)->listener == listener;
	return n;
}

static const char *check_listeners(const struct berth_host *host)
{
	const struct list_node *ring = &host->endpoints.all.ring;
	const struct tcp_requests *requests = &host->tcp.requests;
	uint32_t n = 0;

	for (unsigned i = 0; i < TCP_REQUEST_STAGES; i++)
		n += length_of(&requests->stages[i]);
	HOLDS(n == requests->table.n && n == length_of(&requests->all), "requests are lost");
	HOLDS(!n || wheel_armed(&requests->timer), "requests wait, and no timer");
	HOLDS(length_of(&host->tcp.time_wait) == host->tcp.n_time_wait, "connections in TIME-WAIT are miscounted");
	for (const struct list_node *node = ring->next; node != ring; node = node->next) {
		const struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);
		const struct tcb *t = CONTAINER_OF(e, struct tcb, e);
		const struct tcp_listener *l = e->kind == ENDPOINT_TCP_LISTENER ? t->listener : NULL;

		HOLDS(!l || l->n_half_open == length_of(&l->half_open) + requests_of(host, t),
		      "half-open connections are miscounted");
		HOLDS(!l || l->n_waiting == length_of(&l->waiting), "connections that wait for accept are miscounted");
	}
	return NULL;
}

static const char *check_host(const struct berth_host *host)
{
	const char *what = check_budget(host);

	return what ? what : check_listeners(host);
}

const char *invariants_check(struct invariants *past, const struct berth_host *host, const struct tcb **out)
{
	const struct list_node *ring = &host->endpoints.all.ring;

	for (const struct list_node *node = ring->next; node != ring; node = node->next) {
		const struct tcb *t = connection_of(node);
		const char *what = t ? check_connection(t) : NULL;

		if (t && !what)
			what = check_past(past, t);
		if (!what)
			continue;
		if (out)
			*out = t;
		return what;
	}
	return check_host(host);
}

/* b has all of [left, right), or has had it. */
static bool has(const struct tcb *b, tcp_seq left, tcp_seq right)
{
	const struct recvq_ahead *ahead = b->recvq.ahead;

	if (right <= b->rcv_nxt)
		return true;
	for (uint32_t i = 0; ahead && i < ahead->n; i++)
		if (ahead->runs[i].left <= left && ahead->runs[i].right >= right)
			return true;
	return false;
}

/* What a believes that b has. */
static const char *check_belief(const struct tcb *a, const struct tcb *b)
{
	if (!tcp_states[a->state].synchronised || !tcp_states[b->state].synchronised)
		return NULL;
	HOLDS(tcp_seq_unwrap((uint32_t)a->snd_una, b->rcv_nxt) <= b->rcv_nxt, "acknowledged what has not arrived");
	for (uint32_t i = 0; i < tcp_sacked(a)->n; i++) {
		const struct range *r = &tcp_sacked(a)->item[i];
		tcp_seq left = tcp_seq_unwrap((uint32_t)r->left, b->rcv_nxt);

		HOLDS(has(b, left, left + (r->right - r->left)), "sacked what has not arrived");
	}
	return NULL;
}

/* The connection with this port on the side that is the host's own (or the peer's). */
static const struct tcb *find(const struct berth_host *host, uint16_t port, bool own)
{
	const struct list_node *ring = &host->endpoints.all.ring;

	for (const struct list_node *node = ring->next; node != ring; node = node->next) {
		const struct tcb *t = connection_of(node);

		if (t && (own ? t->e.pair.local_port : t->e.pair.foreign_port) == port)
			return t;
	}
	return NULL;
}

const char *invariants_of_both(const struct berth_host *a, const struct berth_host *b, uint16_t port)
{
	const struct tcb *one = find(a, port, true), *other = find(b, port, false);
	const char *what;

	if (!one || !other)
		return NULL;
	what = check_belief(one, other);
	return what ? what : check_belief(other, one);
}
