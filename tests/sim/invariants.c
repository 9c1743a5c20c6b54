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
		check_sequence_space,
		check_records,
		check_scoreboard,
		check_timers,
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
	} else {
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
	return NULL;
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
