/* The receiving side: what of a segment is taken, when it is acknowledged, and which window is offered. */
#include "tcb.h"

/* Acknowledgments that may wait to leave one by one: each tells a sender without SACK of one more segment. */
#define ACKS_DUE_MAX 64

void tcp_ack_now(struct tcp_env *env, struct tcb *t, bool each)
{
	if (!each)
		t->n_acks_due = t->n_acks_due ? t->n_acks_due : 1;
	else if (t->n_acks_due < ACKS_DUE_MAX)
		t->n_acks_due++;
	t->ack_pending = true;
	tcp_want_output(env, t);
}

/* An ACK up to rcv_nxt leaves by itself, in the middle of what the host is handing over. */
static void acknowledge_by_reply(struct tcp_env *env, struct tcb *t)
{
	struct tcp_plan plan = {.seq = t->snd_nxt, .flags = TCP_ACK};

	env->reply.wanted = true;
	env->reply.pair = t->e.pair;
	env->reply.tos = t->e.tos;
	env->reply.ttl = t->e.ttl;
	tcp_build_fields(env, t, &plan, &env->reply.header);
	env->counters.segments_out++;
	t->segments_sent++;
	tcp_acked(t);
}

/* More data comes though the ACK that is due has not been fetched: the host is being handed a burst. A burst is not to
 * be acknowledged by a single segment whose loss would stop the sender until its timer. The longer it is, the fewer:
 * after 2, 2, 4, 4, then each 8 segments. */
static void acknowledge_burst(struct tcp_env *env, struct tcb *t)
{
	unsigned stretch;

	if (!t->n_acks_due || t->rcv_unacked < 2 * t->rcv_mss)
		return;
	stretch = t->n_acks_early < 4 ? t->n_acks_early / 2 : 2;
	if (t->rcv_unacked < (2 * t->rcv_mss) << stretch || t->recvq.ahead)
		return;
	t->n_acks_early += t->n_acks_early < UINT8_MAX;
	acknowledge_by_reply(env, t);
}

/* The same for a burst that the link has joined into one frame of four segments or more: half of it first. */
static void acknowledge_half(struct tcp_env *env, struct tcb *t, tcp_seq left, uint32_t n_segments, uint32_t one)
{
	tcp_seq right = t->rcv_nxt;

	if (n_segments < 4 || env->reply.wanted)
		return;
	t->rcv_nxt = left + n_segments / 2 * one;
	acknowledge_by_reply(env, t);
	t->rcv_nxt = right;
}

/* The window of a slow reader while memory is short, as Linux: enough for fast retransmit. */
#define SEGMENTS_PRESSED 4ull

/* The largest window: the buffer, or what the header can say of it (RFC 7323 section 2.3). */
static uint64_t window_max(const struct tcb *t)
{
	uint64_t field = 65535ull << t->rcv_wscale;

	if (t->settings && t->settings->window_clamp && t->settings->window_clamp < field)
		field = t->settings->window_clamp;
	return t->receive_buffer < field ? t->receive_buffer : field;
}

/* The right edge that the buffer and the header allow; it never moves back (RFC 9293 section 3.8.6.2.1, SHLD-14). */
static tcp_seq right_edge(const struct tcp_env *env, const struct tcb *t)
{
	uint64_t room = t->receive_buffer > t->recvq.n_bytes ? t->receive_buffer - t->recvq.n_bytes : 0;
	uint64_t most = window_max(t);
	tcp_seq edge;

	/* Memory is short, and this user lets data lie: what comes in the next round trips is kept small. */
	if (env->budget->pressed && room < t->receive_buffer / 2)
		most = most < SEGMENTS_PRESSED * t->rcv_mss ? most : SEGMENTS_PRESSED * t->rcv_mss;
	edge = t->rcv_nxt + (room < most ? room : most);

	return edge > t->rcv_adv ? edge : t->rcv_adv;
}

/* RFC 9293 section 3.8.6.2.2: the edge moves by a segment or half the buffer, or stays. */
uint32_t tcp_window_advertise(const struct tcp_env *env, struct tcb *t)
{
	tcp_seq edge = right_edge(env, t);
	uint32_t step = t->receive_buffer / 2 < t->rcv_mss ? t->receive_buffer / 2 : t->rcv_mss;
	uint64_t window;
	uint32_t field;

	if (edge - t->rcv_adv < step)
		edge = t->rcv_adv;
	window = edge - t->rcv_nxt;
	field = (uint32_t)(window >> t->rcv_wscale);
	/* The scale cuts bits off: not so many that the edge moves back. */
	if (t->rcv_nxt + ((uint64_t)field << t->rcv_wscale) < t->rcv_adv && field < 65535)
		field = (uint32_t)((t->rcv_adv - t->rcv_nxt + (1ull << t->rcv_wscale) - 1) >> t->rcv_wscale);
	if (t->rcv_nxt + ((uint64_t)field << t->rcv_wscale) > t->rcv_adv)
		t->rcv_adv = t->rcv_nxt + ((uint64_t)field << t->rcv_wscale);
	return field;
}

/* A window that was nearly shut, or that can grow by a quarter, is worth a segment of its own. */
void tcp_window_opened(struct tcp_env *env, struct tcb *t)
{
	uint64_t grown = right_edge(env, t) - t->rcv_adv;
	uint64_t offered = t->rcv_adv - t->rcv_nxt;

	if (!tcp_states[t->state].can_receive)
		return;
	if (grown >= window_max(t) / 4 || (offered < t->rcv_mss && grown >= 2ull * t->rcv_mss))
		tcp_ack_now(env, t, false);
}

static void count_verdict(struct tcp_env *env, enum recvq_verdict verdict)
{
	switch (verdict) {
	case RECVQ_TAKEN:
		break;
	case RECVQ_DUPLICATE:
		env->counters.duplicate++;
		break;
	case RECVQ_FULL:
		env->counters.queue_full++;
		break;
	case RECVQ_NO_MEMORY:
		env->counters.no_memory++;
		break;
	}
}

/* The part of a segment that lies in the window. */
struct text {
	tcp_seq left, right;
	uint32_t off; /* of left, in the frame */
};

/* What the host's memory has no room for is dropped as if the network had. It was offered a window, which must not be
 * taken back (RFC 9293 section 3.8.6.2.1, SHLD-14); when it comes again there may be room. */
static bool push_in_order(struct tcp_env *env, struct tcb *t, struct berth_frame *frame, const struct text *text)
{
	enum recvq_verdict verdict;

	if (env->budget->pressed && !tcp_memory_admits(env, t, sizeof(*frame) + frame->capacity))
		return false;
	verdict = recvq_push(&t->recvq, frame, text->off, (uint32_t)(text->right - text->left), env->memory);
	if (verdict == RECVQ_TAKEN)
		return true;
	count_verdict(env, verdict);
	return false;
}

static void take_in_order(struct tcp_env *env, struct tcb *t, const struct tcp_segment *segment,
			  const struct text *text)
{
	struct berth_frame *frame = segment->frame;
	uint32_t len = (uint32_t)(text->right - text->left);
	bool gap = t->recvq.ahead != NULL;
	tcp_seq before = t->rcv_nxt;

	acknowledge_burst(env, t);
	if (!push_in_order(env, t, frame, text))
		return;
	t->rcv_nxt = gap ? recvq_join(&t->recvq, text->right, env->memory) : text->right;
	t->bytes_received += t->rcv_nxt - before;
	env->counters.bytes_in += t->rcv_nxt - before;
	env->progress = true;
	if (frame->segment_size && !gap)
		acknowledge_half(env, t, before, len / frame->segment_size, frame->segment_size);
	if (tcp_tune_is_due(t))
		tcp_tune_arrival(env, t, &segment->header);
	tcp_delack_data(env, t, len);
	if (gap)
		tcp_ack_now(env, t, false); /* RFC 5681 section 4.2: a filled gap at once */
	if (!t->settings || t->recvq.n_bytes >= t->settings->receive_lowat || tcp_ready(t) & BERTH_READABLE)
		tcp_tell(env, t, BERTH_READABLE);
}

/* A gap that stays open pins what lies behind it: while memory is short, little of that is kept. */
static enum recvq_verdict push_ahead(struct tcp_env *env, struct tcb *t, struct berth_frame *frame,
				     const struct text *text)
{
	uint64_t memory_max = env->budget->pressed ? TCP_AHEAD_PRESSED : 3ull * t->receive_buffer;
	enum recvq_verdict verdict;

	if (env->budget->pressed && !budget_admits(env->budget, t->n_memory, sizeof(*frame) + frame->capacity)) {
		env->budget->refused++;
		return RECVQ_FULL;
	}
	verdict = recvq_push_ahead(&t->recvq, text->left, frame, text->off, (uint32_t)(text->right - text->left),
				   memory_max, env->memory);
	if (t->recvq.ahead && !list_node_linked(&t->recvq.ahead->node))
		list_push_back(&env->ahead, &t->recvq.ahead->node);
	return verdict;
}

static void take_ahead(struct tcp_env *env, struct tcb *t, struct berth_frame *frame, const struct text *text)
{
	uint32_t len = (uint32_t)(text->right - text->left), one = frame->segment_size;
	enum recvq_verdict verdict = push_ahead(env, t, frame, text);

	env->counters.out_of_order++;
	t->tally.segments_ahead += one ? (len + one - 1) / one : 1;
	count_verdict(env, verdict);
	tcp_delack_quick(t, TCP_QUICK_ACKS); /* what fills the gap may be all that the peer can send */
	if (verdict == RECVQ_DUPLICATE && t->sack_ok) {
		t->recvq.dsack_left = text->left;
		t->recvq.dsack_right = text->right;
	}
	/* Without SACK the peer counts duplicates: one for each segment, also of those that the link has joined. */
	for (uint32_t n = t->sack_ok || !one ? 1 : (len + one - 1) / one; n > 0; n--)
		tcp_ack_now(env, t, true);
}

/* What was there already is cut off the front and reported (RFC 2883). */
static void cut_known(struct tcp_env *env, struct tcb *t, struct text *text)
{
	tcp_seq end = text->right < t->rcv_nxt ? text->right : t->rcv_nxt;

	if (text->left >= t->rcv_nxt || text->left == text->right)
		return;
	if (t->sack_ok) {
		t->recvq.dsack_left = text->left;
		t->recvq.dsack_right = end;
	}
	if (text->right <= t->rcv_nxt)
		env->counters.duplicate++;
	text->off += (uint32_t)(end - text->left);
	text->left = end;
	tcp_delack_quick(t, TCP_QUICK_ACKS); /* our acknowledgment was lost */
	tcp_ack_now(env, t, true);
}

void tcp_take_text(struct tcp_env *env, struct tcb *t, const struct tcp_segment *segment, tcp_seq seq, bool fin)
{
	struct text text = {seq, seq + segment->len, segment->off};
	uint32_t one = segment->frame->segment_size ? segment->frame->segment_size : segment->len;

	if (one > t->rcv_mss)
		t->rcv_mss = one;
	if (segment->len) {
		t->tally.data_segments_in += (segment->len + one - 1) / one;
		t->tally.ms_data_at = tcp_tally_ms(env->now);
	}
	if (fin && !t->rcv_fin_at && text.right >= t->rcv_nxt && text.right <= t->rcv_adv)
		t->rcv_fin_at = text.right;
	if (t->rcv_fin_at && text.right > t->rcv_fin_at) /* nothing follows a FIN */
		text.right = t->rcv_fin_at > text.left ? t->rcv_fin_at : text.left;
	cut_known(env, t, &text);
	if (text.right > t->rcv_adv) {
		env->counters.bad_sequence++;
		text.right = t->rcv_adv;
		if (text.left == t->rcv_nxt || text.left >= text.right) /* else it is answered as what lies ahead */
			tcp_ack_now(env, t, true);
	}
	if (text.left < text.right && text.left == t->rcv_nxt)
		take_in_order(env, t, segment, &text);
	else if (text.left < text.right)
		take_ahead(env, t, segment->frame, &text);
	else if (fin && text.left > t->rcv_nxt)
		tcp_ack_now(env, t, true);
}
