/* Half-open connections: their records, the SYN-ACK and its repetition, and the segments that come before the handshake
 * is complete. What is decided about a SYN is in listen.c. */
#include "tcb.h"

#include <string.h>

#include "syncookie.h"

/* RFC 6298 section 2.1: the first wait; it doubles. */
#define NS_WAIT 1000000000ull
#define NS_WAIT_MAX (120 * NS_WAIT)
/* How often a SYN-ACK is sent again when the listener does not say; fewer times when its queue is half full, so that
 * what a flood leaves behind goes soon. With 5 a peer is waited for 63 s. */
#define RETRIES 5
#define RETRIES_PRESSED 2
/* RFC 5961 section 7. */
#define MS_CHALLENGE 500

int tcp_requests_init(struct tcp_env *env)
{
	struct tcp_requests *all = &env->requests;
	int error = table_init(&all->table, env->memory);

	if (error)
		return error;
	list_init(&all->all);
	for (unsigned i = 0; i < TCP_REQUEST_STAGES; i++)
		list_init(&all->stages[i]);
	return 0;
}

static void request_free(struct tcp_env *env, struct tcp_request *r)
{
	struct tcp_requests *all = &env->requests;

	if (all->walked == r)
		all->walked = r->all.prev == &all->all.ring ? NULL : CONTAINER_OF(r->all.prev, struct tcp_request, all);
	table_remove(&all->table, &r->node);
	list_remove(&r->all);
	list_remove(&r->stage);
	r->listener->listener->n_half_open--;
	env->memory->free(env->memory->context, r, sizeof(*r));
}

static struct tcp_request *next_of_all(const struct tcp_requests *all, const struct list_node *node)
{
	return node->next == &all->all.ring ? NULL : CONTAINER_OF(node->next, struct tcp_request, all);
}

void tcp_requests_end(struct tcp_env *env, const struct tcb *listener)
{
	struct tcp_requests *all = &env->requests;
	struct tcp_request *next;

	for (struct tcp_request *r = next_of_all(all, &all->all.ring); r; r = next) {
		next = next_of_all(all, &r->all);
		if (!listener || r->listener == listener)
			request_free(env, r);
	}
}

void tcp_requests_deinit(struct tcp_env *env)
{
	tcp_requests_end(env, NULL);
	wheel_cancel(&env->wheel, &env->requests.timer);
	table_deinit(&env->requests.table);
}

struct tcp_request *tcp_request_find(const struct tcp_env *env, const struct socket_pair *pair)
{
	const struct table *table = &env->requests.table;
	uint64_t hash;

	if (!table->n)
		return NULL;
	hash = pairs_hash(env->pairs, pair);
	for (struct table_node *node = table_first(table, hash); node; node = table_next(node, hash)) {
		struct tcp_request *r = CONTAINER_OF(node, struct tcp_request, node);

		if (pairs_same(&r->pair, pair))
			return r;
	}
	return NULL;
}

/* ---- the SYN-ACK ---- */

void tcp_request_fill(const struct tcp_env *env, struct tcp_request *r, struct tcb *listener,
		      const struct tcp_segment *segment, uint32_t iss)
{
	const struct tcp_header *h = &segment->header;
	uint32_t buffer = listener->receive_buffer;

	*r = (struct tcp_request){
		.pair = segment->pair,
		.listener = listener,
		.iss = iss,
		.irs = h->seq,
		.ts_recent = h->ts_val,
		.mss_peer = h->has_mss ? h->mss > 0 ? h->mss : 1 : 0,
		.mss = tcp_mss_offered(segment->pair.family, segment->mtu, listener->mss_user),
		.window = h->window,
		.window_own = (uint16_t)(buffer < 65535 ? buffer : 65535),
		.flags = h->flags,
		.sack_ok = h->has_sack_permitted && env->config.sack,
		.ts_ok = h->has_timestamp && env->config.timestamps,
		.wscale_ok = h->has_wscale && env->config.window_scaling,
		.waits_since = env->now,
		.has_rtt = true,
	};
	if (r->wscale_ok) {
		r->snd_wscale = h->wscale;
		r->rcv_wscale = tcp_wscale(env, listener);
	}
}

/* A header of r's other end. */
static struct tcp_header header_of(const struct tcp_env *env, const struct tcp_request *r, uint8_t flags)
{
	return (struct tcp_header){
		.source_port = r->pair.local_port,
		.destination_port = r->pair.foreign_port,
		.seq = r->iss + !(flags & TCP_SYN),
		.ack = r->irs + 1,
		.window = flags & TCP_SYN ? r->window_own : (uint16_t)(r->window_own >> r->rcv_wscale),
		.flags = flags,
		.has_timestamp = r->ts_ok,
		.ts_val = r->ts_ok ? tcp_timestamp_of_pair(env, &r->pair) : 0,
		.ts_ecr = r->ts_ok ? r->ts_recent : 0,
	};
}

static void send_header(struct tcp_env *env, const struct tcp_request *r, const struct tcp_header *h)
{
	env->counters.segments_out++;
	env->reply = (struct tcp_reply){
		.wanted = true,
		.pair = r->pair,
		.header = *h,
		.tos = r->listener->e.tos,
		.ttl = r->listener->e.ttl,
	};
}

void tcp_request_reply(struct tcp_env *env, const struct tcp_request *r)
{
	unsigned ecn = tcp_ecn_answer(env, r->flags);
	struct tcp_header h = header_of(env, r, (uint8_t)(TCP_SYN | TCP_ACK | ecn));

	h.has_mss = true;
	h.mss = r->mss;
	h.has_sack_permitted = r->sack_ok;
	h.has_wscale = r->wscale_ok;
	h.wscale = r->rcv_wscale;
	if (r->fast_open_gives)
		tcp_fast_open_cookie(env, r->listener, &r->pair, r->fast_open_experimental, &h);
	if (r->cookie && r->ts_ok)
		h.ts_val = tcp_syncookie_timestamp(r, h.ts_val);
	send_header(env, r, &h);
}

/* ---- waiting for its ACK ---- */

static uint64_t ns_wait(unsigned stage)
{
	return stage + 1 < TCP_REQUEST_STAGES ? NS_WAIT << stage : NS_WAIT_MAX;
}

static unsigned stage_of(const struct tcp_request *r)
{
	return r->n_timeouts < TCP_REQUEST_STAGES ? r->n_timeouts : TCP_REQUEST_STAGES - 1;
}

/* r's wait begins now. */
static void wait(struct tcp_env *env, struct tcp_request *r)
{
	struct tcp_requests *all = &env->requests;
	unsigned stage = stage_of(r);
	berth_time until = env->now + ns_wait(stage);

	r->waits_since = env->now;
	list_remove(&r->stage);
	list_push_back(&all->stages[stage], &r->stage);
	if (!all->due && (!wheel_armed(&all->timer) || until < all->timer.deadline))
		wheel_arm(&env->wheel, &all->timer, until);
}

bool tcp_request_keep(struct tcp_env *env, const struct tcp_request *from)
{
	struct tcp_requests *all = &env->requests;
	struct tcp_request *r = env->memory->alloc(env->memory->context, sizeof(*r));

	if (!r)
		return false;
	*r = *from;
	r->id = ++env->endpoints->id_last;
	table_add(&all->table, pairs_hash(env->pairs, &r->pair), &r->node);
	list_push_back(&all->all, &r->all);
	r->listener->listener->n_half_open++;
	wait(env, r);
	tcp_request_reply(env, r);
	return true;
}

/* How many times the SYN-ACK is sent again. */
static unsigned retries(const struct tcp_request *r)
{
	const struct tcb *listener = r->listener;
	const struct tcp_listener *l = listener->listener;

	if (tcp_settings(listener)->n_syn_retries)
		return tcp_settings(listener)->n_syn_retries;
	return l->n_half_open > 1 && l->n_half_open > l->backlog / 2 ? RETRIES_PRESSED : RETRIES;
}

/* r's wait is over. Whose ACK has come is waited for until its data must have come (TCP_DEFER_ACCEPT); only the last
 * SYN-ACK before that asks the peer to say something. true: a segment is in env->reply. */
static bool timeout(struct tcp_env *env, struct tcp_request *r)
{
	unsigned n_defer = tcp_settings(r->listener)->n_defer_accept;
	bool given_up = r->n_timeouts >= retries(r);

	if (given_up && (!n_defer || !r->acked || r->n_timeouts >= n_defer)) {
		env->counters.timed_out++;
		env->counters.failed_opens++;
		request_free(env, r);
		return false;
	}
	env->counters.timeouts++;
	if (r->n_timeouts < UINT8_MAX)
		r->n_timeouts++;
	wait(env, r);
	if (n_defer && r->acked && r->n_timeouts < n_defer)
		return false;
	r->again = true;
	env->counters.segments_retransmitted++;
	tcp_request_reply(env, r);
	return true;
}

bool tcp_request_output(struct tcp_env *env)
{
	struct tcp_requests *all = &env->requests;
	berth_time next = BERTH_NEVER;

	for (unsigned i = 0; i < TCP_REQUEST_STAGES; i++) {
		struct list_node *node;

		while ((node = list_first(&all->stages[i]))) {
			struct tcp_request *r = CONTAINER_OF(node, struct tcp_request, stage);
			berth_time until = r->waits_since + ns_wait(i);

			if (until > env->now) {
				next = until < next ? until : next;
				break;
			}
			if (timeout(env, r))
				return true;
		}
	}
	all->due = false;
	wheel_arm(&env->wheel, &all->timer, next);
	return false;
}

void tcp_requests_expire(struct tcp_env *env)
{
	env->requests.due = true;
}

/* ---- segments ---- */

/* What is suspicious, or only repeats itself, may be answered now: limited for each record by itself (RFC 5961 section
 * 7). */
static bool may_answer(struct tcp_env *env, struct tcp_request *r)
{
	uint32_t ms_now = (uint32_t)(env->now / 1000000);

	if (r->challenged && (int32_t)(ms_now - r->ms_challenge) < 0) {
		env->counters.challenge_limited++;
		return false;
	}
	r->challenged = true;
	r->ms_challenge = ms_now + MS_CHALLENGE + (uint32_t)rng_below(&env->rng, MS_CHALLENGE / 2);
	return true;
}

static void challenge(struct tcp_env *env, struct tcp_request *r)
{
	struct tcp_header h;

	if (!may_answer(env, r))
		return;
	env->counters.acks_challenge++;
	h = header_of(env, r, TCP_ACK);
	send_header(env, r, &h);
}

/* RFC 7323 section 5.3, R1, and section 3.2. false: the segment is dropped. */
static bool passes_paws(struct tcp_env *env, struct tcp_request *r, const struct tcp_header *h)
{
	if (!r->ts_ok || h->flags & TCP_RST)
		return true;
	if (h->has_timestamp && (int32_t)(h->ts_val - r->ts_recent) >= 0)
		return true;
	env->counters.paws++;
	if (h->has_timestamp)
		challenge(env, r);
	return false;
}

/* RFC 9293 section 3.4, for a window that is that of the SYN-ACK. */
static bool in_window(const struct tcp_request *r, const struct tcp_segment *segment)
{
	const struct tcp_header *h = &segment->header;
	uint32_t len = segment->len + !!(h->flags & TCP_SYN) + !!(h->flags & TCP_FIN);
	uint32_t at = h->seq - (r->irs + 1); /* from the window's left edge */

	if (h->flags & TCP_RST) /* its number counts, whatever text it has: RFC 5961 section 3.2 */
		return at < r->window_own;
	if (!len)
		return at <= r->window_own;
	return at < r->window_own || (at + len - 1 < len && at + len != 0);
}

/* RST, SYN and ACK, in the order of RFC 9293 section 3.10.7.4. true: the handshake is complete. */
static bool completes(struct tcp_env *env, struct tcp_request *r, const struct tcp_segment *segment, bool repeated)
{
	const struct tcp_header *h = &segment->header;

	if (h->flags & TCP_RST) { /* RFC 5961 section 3.2 */
		if (h->seq != r->irs + 1) {
			challenge(env, r);
			return false;
		}
		env->counters.resets_in++;
		env->counters.failed_opens++;
		request_free(env, r);
		return false;
	}
	/* Not back to LISTEN as RFC 9293 has it: as in other states a SYN in the window is asked to prove itself (RFC
	 * 5961 section 4.2). The peer that began anew will reset what is there. */
	if (h->flags & TCP_SYN && !repeated) {
		env->counters.bad_flags++;
		challenge(env, r);
		return false;
	}
	if (!(h->flags & TCP_ACK)) {
		env->counters.bad_flags++;
		return false;
	}
	if (h->ack != r->iss + 1) {
		env->counters.bad_ack++;
		tcp_reply_reset(env, segment);
		return false;
	}
	return true;
}

/* The handshake is complete. Where the user wants connections with data only (TCP_DEFER_ACCEPT) an empty ACK is kept in
 * mind and no more; where the accept queue is full it is as if the ACK had been lost: the SYN-ACK will ask again. */
static void complete(struct tcp_env *env, struct tcp_request *r, const struct tcp_segment *segment)
{
	struct tcb *listener = r->listener, *t;
	bool empty = !segment->len && !(segment->header.flags & TCP_FIN);

	if (empty && r->n_timeouts < tcp_settings(listener)->n_defer_accept) {
		r->acked = true;
		return;
	}
	if (tcp_accept_queue_is_full(listener)) {
		env->counters.backlog_full++;
		r->acked = true;
		return;
	}
	t = tcp_request_child(env, r, segment->mtu);
	if (!t) {
		env->counters.no_memory++;
		return;
	}
	request_free(env, r);
	tcp_connection_in(env, t, segment);
}

void tcp_request_in(struct tcp_env *env, struct tcp_request *r, const struct tcp_segment *segment)
{
	const struct tcp_header *h = &segment->header;
	bool repeated = (h->flags & (TCP_SYN | TCP_RST)) == TCP_SYN && h->seq == r->irs;

	if (!passes_paws(env, r, h))
		return;
	if (repeated && !(h->flags & TCP_ACK)) { /* the peer has not heard our SYN-ACK */
		if (!may_answer(env, r))
			return;
		r->again = true;
		/* RFC 3168 section 6.1.1: who has sent a plain SYN is not ECN-capable any more. */
		r->flags &= h->flags | (uint8_t) ~(TCP_ECE | TCP_CWR);
		env->counters.segments_retransmitted++;
		tcp_request_reply(env, r);
	} else if (!repeated && !in_window(r, segment)) {
		env->counters.bad_sequence++;
		if (!(h->flags & TCP_RST))
			challenge(env, r);
	} else if (completes(env, r, segment, repeated)) {
		complete(env, r, segment);
	}
}

/* ---- the connection ---- */

/* The SYN that r remembers. */
static struct tcp_header syn_of(const struct tcp_request *r)
{
	return (struct tcp_header){
		.source_port = r->pair.foreign_port,
		.destination_port = r->pair.local_port,
		.seq = r->irs,
		.flags = r->flags,
		.window = r->window,
		.has_mss = r->mss_peer != 0,
		.mss = r->mss_peer,
		.has_sack_permitted = r->sack_ok,
		.has_wscale = r->wscale_ok,
		.wscale = r->snd_wscale,
		.has_timestamp = r->ts_ok,
		.ts_val = r->ts_recent,
	};
}

struct tcb *tcp_request_child(struct tcp_env *env, const struct tcp_request *r, uint32_t mtu)
{
	struct tcp_header syn = syn_of(r);
	struct tcb *t = tcp_listener_child(env, r->listener, &r->pair, r->iss, mtu);

	if (!t)
		return NULL;
	tcp_take_syn(env, t, &syn);
	t->rcv_wscale = r->rcv_wscale; /* as it was said, whatever the buffer is by now */
	t->syn_due = false;
	t->syn_retransmitted = r->n_timeouts > 0;
	t->snd_nxt = t->snd_una + 1;
	t->rcv_adv = t->rcv_nxt + r->window_own;
	if (!tcp_flight_begin(env, t) ||
	    sent_push(&t->flight->sent, t->snd_una, t->snd_nxt, r->waits_since, 0, env->memory)) {
		tcp_drop(env, t, 0);
		return NULL;
	}
	if (r->again || !r->has_rtt)
		sent_at(&t->flight->sent, 0)->flags |= SENT_EVER_AGAIN;
	return t;
}

/* ---- what the host asks ---- */

bool tcp_request_icmp(struct tcp_env *env, const struct socket_pair *pair, uint32_t seq, bool hard)
{
	struct tcp_request *r = tcp_request_find(env, pair);

	if (!r)
		return false;
	if (seq != r->iss) {
		env->counters.icmp_ignored++;
	} else if (hard) { /* RFC 9293 section 3.9.2.2 */
		env->counters.failed_opens++;
		request_free(env, r);
	}
	return true;
}

void tcp_requests_address_gone(struct tcp_env *env, const struct socket_pair *local)
{
	struct tcp_requests *all = &env->requests;
	struct tcp_request *next;

	for (struct tcp_request *r = next_of_all(all, &all->all.ring); r; r = next) {
		next = next_of_all(all, &r->all);
		if (pairs_same_local(&r->pair, local)) {
			env->counters.failed_opens++;
			request_free(env, r);
		}
	}
}

struct tcp_request *tcp_request_after(struct tcp_env *env, uint64_t id)
{
	struct tcp_requests *all = &env->requests;
	const struct list_node *node = all->walked && all->walked->id <= id ? &all->walked->all : &all->all.ring;
	struct tcp_request *r = next_of_all(all, node);

	while (r && r->id <= id)
		r = next_of_all(all, &r->all);
	return r;
}

uint64_t tcp_request_row(struct tcp_env *env, struct tcp_request *r, struct berth_socket_row *row)
{
	env->requests.walked = r;
	row->protocol = BERTH_PROTOCOL_TCP;
	row->state = BERTH_TCP_SYN_RECEIVED;
	row->descriptor = -1;
	row->local = endpoint_local(&r->pair, r->listener->e.family);
	row->foreign = endpoint_foreign(&r->pair, r->listener->e.family);
	row->snd_wnd = r->window;
	row->rcv_wnd = r->window_own;
	row->mss = r->mss_peer && r->mss_peer < r->mss ? r->mss_peer : r->mss;
	row->mss_advertised = r->mss;
	row->timestamps = r->ts_ok;
	row->sack = r->sack_ok;
	row->window_scale = r->wscale_ok;
	row->snd_wscale = r->snd_wscale;
	row->rcv_wscale = r->rcv_wscale;
	row->ns_rto = ns_wait(stage_of(r));
	row->segments_sent = 1u + r->n_timeouts;
	row->segments_received = 1;
	row->segments_retransmitted = r->n_timeouts;
	strncpy(row->congestion, r->listener->cc.ops->name, sizeof(row->congestion) - 1);
	return r->id;
}
