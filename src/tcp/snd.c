/* The sending side: what the next segment is, if any. tcp_output decides and commits; build.c writes the header. */
#include "plpmtud.h"
#include "tcb.h"

/* Payload of the largest segment now. The urgent pointer counts from each segment's own number: a link that cuts one
 * would repeat the first's. */
static uint32_t payload_limit(const struct tcb *t, uint32_t payload_max)
{
	return payload_max <= t->mss || tcp_urgent_is_sending(t) ? t->mss : tcp_burst_limit(t, payload_max);
}

/* Asked here, where most answers are no. */
static bool is_paced(const struct tcb *t)
{
	return t->cc.pacing_rate || (t->settings && t->settings->pacing_rate_max);
}

static bool plan_simple(struct tcp_plan *plan, tcp_seq seq, uint8_t flags)
{
	*plan = (struct tcp_plan){.seq = seq, .flags = flags};
	return true;
}

static bool plan_ack(const struct tcb *t, struct tcp_plan *plan)
{
	return plan_simple(plan, t->snd_nxt, TCP_ACK);
}

static bool plan_syn(struct tcb *t, struct tcp_plan *plan)
{
	if (!t->syn_due)
		return false;
	plan_simple(plan, t->sendq.left - 1, TCP_SYN | (t->state == BERTH_TCP_SYN_RECEIVED ? TCP_ACK : 0));
	plan->flags |= (uint8_t)tcp_ecn_syn_flags(t);
	plan->again = t->snd_nxt > t->snd_una;
	if (!plan->again && t->state == BERTH_TCP_SYN_SENT)
		plan->len = tcp_fast_open_len(t);
	return true;
}

/* [left, right) as a segment: FIN takes the number after the data. */
static void plan_range(const struct tcb *t, struct tcp_plan *plan, tcp_seq left, tcp_seq right)
{
	tcp_seq data_end = right < tcp_fin_seq(t) ? right : tcp_fin_seq(t);

	*plan = (struct tcp_plan){.seq = left, .flags = TCP_ACK};
	plan->len = data_end > left ? (uint32_t)(data_end - left) : 0;
	if (t->fin_queued && right > tcp_fin_seq(t))
		plan->flags |= TCP_FIN;
}

/* A record of the program ends with the plan (MSG_EOR). */
static bool ends_record(const struct tcb *t, const struct tcp_plan *plan)
{
	tcp_seq end = plan->seq + plan->len;

	return t->records && tcp_record_reach(t->records, plan->seq, end + 1) == end;
}

/* RFC 9293 section 3.9.1.2: the end of what the program has sent is pushed (MUST-61), unless it said that more follows
 * at once; what was pushed once is pushed again. Beyond it a large segment is pushed: its receiver need not wait for
 * what it could join to it. Data on a SYN goes without the flag, and has it when it is sent again. */
static void plan_push(const struct tcb *t, struct tcp_plan *plan)
{
	tcp_seq end;

	if (!plan->len)
		return;
	end = plan->seq + !!(plan->flags & TCP_SYN) + plan->len;
	plan->pushed = plan->again ? sent_pushed(&t->flight->sent, end + !!(plan->flags & TCP_FIN))
				   : (end == t->sendq.right && !t->more) || ends_record(t, plan);
	if ((plan->pushed || plan->len > t->mss) && !(plan->flags & TCP_SYN))
		plan->flags |= TCP_PSH;
}

/* A segment of n bytes or more is lost, and cwnd leaves `room`: for a whole one, or for a small one in fast recovery,
 * whose rate counts bytes. */
static bool may_send_again(const struct tcb *t, uint64_t n, uint64_t room)
{
	if (t->recovery == TCP_RECOVERY_FAST)
		return room >= t->mss || room >= n;
	return room >= t->mss || !tcp_sent(t)->n_again;
}

/* What is lost goes first. */
static bool plan_lost(struct tcb *t, uint32_t payload_max, struct tcp_plan *plan)
{
	uint64_t pipe, room;
	uint32_t limit;
	tcp_seq left, right;

	if (!t->flight || t->flight->sent.n_lost == t->flight->sent.n_again || (t->episode && tcp_frto_holds(t)) ||
	    !sent_next_lost(&t->flight->sent, &left, &right))
		return false;
	pipe = tcp_pipe(t);
	room = t->cc.cwnd > pipe ? t->cc.cwnd - pipe : 0;
	limit = payload_limit(t, payload_max);
	if (right - left > room)
		t->cwnd_limited = true;
	if (!t->retransmit_due && !may_send_again(t, right - left, room))
		return false;
	if (limit > room)
		limit = room > t->mss ? (uint32_t)(room / t->mss * t->mss) : t->mss;
	if (right - left > limit)
		right = left + limit;
	right = tcp_record_reach(t->records, left, right);
	plan_range(t, plan, left, right);
	plan->again = true;
	return true;
}

/* Nothing but full segments. The first comparison saves a division for most. */
static bool is_whole(const struct tcb *t, uint64_t len)
{
	return len == t->mss || len % t->mss == 0;
}

/* Nagle's algorithm (RFC 896, RFC 9293 section 3.7.4) as Minshall amends it: a small segment waits only while another
 * small one is unacknowledged, so that the tail of a large write never waits for a delayed ACK. Where the queue ends
 * because a send found room for a part only there is more to come, and what is there is no tail: it waits for any
 * acknowledgment. */
static bool nagle_allows(const struct tcb *t)
{
	return t->nodelay || (t->cut ? t->snd_nxt == t->snd_una : !t->flight || t->flight->small <= t->snd_una);
}

static bool may_send_small(const struct tcb *t)
{
	return t->fin_queued || t->push || tcp_urgent_is_sending(t) || (!t->cork && !t->more_waits && nagle_allows(t));
}

/* What cwnd leaves for new data; the two segments of F-RTO leave in any case and alone (RFC 5682 section 3.1 step 2).
 */
static uint64_t new_room(const struct tcb *t)
{
	uint64_t pipe = tcp_pipe(t);

	if (t->episode && tcp_frto_holds(t))
		return t->episode->frto.new_until > t->snd_nxt ? t->episode->frto.new_until - t->snd_nxt : 0;
	return t->cc.cwnd > pipe ? t->cc.cwnd - pipe : 0;
}

/* How much of `unsent` new bytes may leave now, RFC 9293 section 3.8.6.2.1. 0: wait. `ended`: a record ends there and
 * more follows, so that nothing will join them. */
static uint32_t new_len(struct tcb *t, uint64_t unsent, bool ended, uint32_t limit)
{
	tcp_seq edge = t->snd_una + t->snd_wnd;
	uint64_t usable = edge > t->snd_nxt ? edge - t->snd_nxt : 0;
	uint64_t room = new_room(t);
	uint64_t len = unsent < limit ? unsent : limit;

	if (usable < len)
		len = usable;
	/* Also when what there is to send fills it to the last segment (RFC 9438 section 5.8). */
	t->cwnd_limited = len + t->mss > room;
	if (len > room)
		len = room / t->mss * t->mss;
	if (len == unsent && (is_whole(t, len) || ended || may_send_small(t)))
		return (uint32_t)len;
	if (len >= t->mss)
		return (uint32_t)(len == t->mss ? len : len / t->mss * t->mss);
	/* Less than a segment: only when the peer's window has never been much larger. */
	if (len == usable && len < unsent && len && len >= t->snd_wnd_max / 2 && t->snd_nxt == t->snd_una)
		return (uint32_t)len;
	return 0;
}

/* RFC 5681 section 4.1: after an idle time the window that was is no longer known to fit. */
static void restart_if_idle(const struct tcp_env *env, struct tcb *t)
{
	if (t->snd_nxt > t->snd_una || !t->sent_at)
		return;
	if (env->now - t->sent_at <= t->ns_rto && !(t->cc.ops->wants_rate && t->rate.program_limited_until))
		return;
	if (t->cc.ops->on_idle)
		t->cc.ops->on_idle(&t->cc, env->now);
	else
		tcp_cc_restart(&t->cc);
}

/* The next data in one segment that is larger than the others: RFC 4821 section 7.4. true: it is planned, or nothing
 * else may leave now. */
static bool plan_mtu_probe(struct tcp_env *env, struct tcb *t, uint64_t unsent, struct tcp_plan *plan)
{
	bool hold = false;
	uint32_t len = tcp_plpmtud_probe(env, t, unsent, &hold);

	plan->len = 0;
	if (!len)
		return hold;
	plan_range(t, plan, t->snd_nxt, t->snd_nxt + len);
	plan->mtu_probe = true;
	return true;
}

static bool plan_new(struct tcp_env *env, struct tcb *t, uint32_t payload_max, struct tcp_plan *plan)
{
	uint64_t unsent = t->sendq.right > t->snd_nxt ? t->sendq.right - t->snd_nxt : 0;
	bool fin = t->fin_queued && !tcp_fin_sent(t);
	tcp_seq edge = t->snd_una + t->snd_wnd, reach;
	uint32_t len = 0;

	if (!unsent && tcp_pipe(t) + t->mss <= t->cc.cwnd)
		t->cwnd_limited = false;
	if (!unsent && !fin)
		return false;
	if (unsent) {
		restart_if_idle(env, t);
		/* CWR has a segment of its own: not every link that splits large ones knows that it is the first part's
		 * alone. */
		reach = t->records ? tcp_record_reach(t->records, t->snd_nxt, t->sendq.right) : t->sendq.right;
		if (t->mtu < t->pmtu.max && plan_mtu_probe(env, t, reach - t->snd_nxt, plan))
			return plan->len;
		len = new_len(t, reach - t->snd_nxt, reach < t->sendq.right,
			      t->ecn.cwr_due ? t->mss : payload_limit(t, payload_max));
	}
	fin = fin && len == unsent && t->snd_nxt + len < edge;
	if (!len && !fin)
		return false;
	plan_range(t, plan, t->snd_nxt, t->snd_nxt + len + fin);
	if (t->ecn.ok && len)
		tcp_ecn_plan(t, plan);
	return true;
}

/* RFC 8985 section 7.3: a new segment, which cwnd and Nagle's rule do not hold back, or the last one again. */
static bool plan_tail_probe(struct tcb *t, struct tcp_plan *plan)
{
	uint64_t unsent = t->sendq.right > t->snd_nxt ? t->sendq.right - t->snd_nxt : 0;
	uint64_t len =
		tcp_record_reach(t->records, t->snd_nxt, t->snd_nxt + (unsent < t->mss ? unsent : t->mss)) - t->snd_nxt;
	const struct sent_record *last;
	uint32_t tail;

	t->tlp.due = false;
	if (t->snd_nxt == t->snd_una || t->recovery != TCP_RECOVERY_NONE || tcp_sent(t)->n_sacked)
		return false;
	if (len && t->snd_nxt + len <= t->snd_una + t->snd_wnd) {
		plan_range(t, plan, t->snd_nxt, t->snd_nxt + len);
	} else {
		last = sent_at(&t->flight->sent, tcp_sent(t)->n - 1);
		tail = (uint32_t)(last->right - last->left - tcp_fin_sent(t)) % t->mss;
		if (!tail)
			tail = t->mss;
		tail += tcp_fin_sent(t);
		plan_range(t, plan, last->right - last->left > tail ? last->right - tail : last->left, last->right);
		plan->again = true;
	}
	plan->tail_probe = true;
	return true;
}

/* A zero-window probe: a byte beyond the window (RFC 9293 section 3.8.6.1, MUST-36), or, when the window is open but
 * too small for the rules above, what fits. */
static bool plan_probe(struct tcb *t, struct tcp_plan *plan)
{
	tcp_seq edge = t->snd_una + t->snd_wnd, right;
	bool beyond = false;

	t->probe_due = false;
	if (t->probing) {
		plan_range(t, plan, t->snd_nxt - 1, t->snd_nxt);
		plan->again = true;
		return true;
	}
	if (t->snd_nxt > t->snd_una || (t->sendq.right <= t->snd_nxt && !(t->fin_queued && !tcp_fin_sent(t))))
		return false;
	right = t->sendq.right + t->fin_queued;
	if (right > edge)
		right = edge;
	if (right > t->snd_nxt + t->mss)
		right = t->snd_nxt + t->mss;
	if (right <= t->snd_nxt) {
		beyond = true;
		right = t->snd_nxt + 1;
	}
	plan_range(t, plan, t->snd_nxt, right);
	plan->beyond = beyond;
	return true;
}

/* RFC 9293 section 3.8.4: an old number, which the peer must answer. */
static bool plan_keepalive(struct tcb *t, struct tcp_plan *plan)
{
	t->keepalive_due = false;
	return plan_simple(plan, t->snd_una - 1, TCP_ACK);
}

static bool plan_open(struct tcp_env *env, struct tcb *t, uint32_t payload_max, struct tcp_plan *plan)
{
	/* What is missing is said before more is sent: data segments have no room for it. */
	if (t->n_acks_due && (t->recvq.ahead || t->recvq.dsack_left != t->recvq.dsack_right))
		return plan_ack(t, plan);
	if (t->tlp.due && plan_tail_probe(t, plan))
		return true;
	if (is_paced(t) && !tcp_pace_allows(env, t, &payload_max)) {
		t->cwnd_limited = tcp_pipe(t) + t->mss > t->cc.cwnd;
	} else if (plan_lost(t, payload_max, plan) || plan_new(env, t, payload_max, plan)) {
		return true;
	}
	if (t->probe_due && plan_probe(t, plan)) {
		env->counters.zero_window_probes++;
		return true;
	}
	if (t->n_acks_due)
		return plan_ack(t, plan);
	if (t->keepalive_due) {
		env->counters.keepalives++;
		return plan_keepalive(t, plan);
	}
	return false;
}

static bool plan_reset(struct tcp_env *env, struct tcb *t, struct tcp_plan *plan)
{
	if (!t->reset_due) {
		if (t->e.descriptor < 0 && !tcp_waits_for_accept(t))
			tcp_end(env, t);
		return false;
	}
	t->reset_due = false;
	env->counters.resets_out++;
	return plan_simple(plan, t->snd_nxt, TCP_RST | TCP_ACK);
}

static bool decide(struct tcp_env *env, struct tcb *t, uint32_t payload_max, struct tcp_plan *plan)
{
	if (t->state == BERTH_TCP_ESTABLISHED) /* nearly always */
		return plan_open(env, t, payload_max, plan);
	switch ((enum berth_tcp_state)t->state) {
	case BERTH_TCP_CLOSED:
		return plan_reset(env, t, plan);
	case BERTH_TCP_LISTEN:
	case BERTH_TCP_STATE_N:
		return false;
	case BERTH_TCP_SYN_SENT:
		return plan_syn(t, plan);
	case BERTH_TCP_SYN_RECEIVED:
		if (plan_syn(t, plan))
			return true;
		if (t->fast_open.child) /* RFC 7413 section 3: the answer does not wait for the handshake */
			return plan_open(env, t, payload_max, plan);
		return t->n_acks_due && plan_ack(t, plan);
	case BERTH_TCP_TIME_WAIT:
		return t->n_acks_due && plan_ack(t, plan);
	case BERTH_TCP_ESTABLISHED:
	case BERTH_TCP_FIN_WAIT_1:
	case BERTH_TCP_FIN_WAIT_2:
	case BERTH_TCP_CLOSE_WAIT:
	case BERTH_TCP_CLOSING:
	case BERTH_TCP_LAST_ACK:
		return plan_open(env, t, payload_max, plan);
	}
	return false;
}

/* How long the record of what was sent last may become by the plan. A large segment keeps its own: lost as one, it is
 * sent again as one. No data follows what is not made of full segments, so that a record tells where its segments end.
 */
static uint32_t record_max(const struct tcp_env *env, const struct tcb *t, const struct tcp_plan *plan)
{
	const struct sent_record *last = tcp_sent(t)->n ? sent_at(tcp_sent(t), tcp_sent(t)->n - 1) : NULL;

	if (plan->len > t->mss)
		return 0;
	if (plan->len && last && last->at == env->now && !is_whole(t, last->right - last->left))
		return 0;
	return UINT16_MAX;
}

/* Records that the plan's sequence numbers are in flight. false without memory: then they are not sent. */
static bool record(struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan)
{
	uint32_t n = plan->len + !!(plan->flags & (TCP_SYN | TCP_FIN));
	tcp_seq right = plan->seq + n;
	struct sent_record *latest;

	if (!n)
		return true;
	if (t->recovery == TCP_RECOVERY_FAST && t->episode)
		t->episode->prr.out += n;
	if (!t->flight && !tcp_flight_begin(env, t))
		return false;
	if (plan->again) {
		if (t->pmtu.probe && (int32_t)((uint32_t)right - t->pmtu.left) > 0)
			t->pmtu.probe = 0; /* its acknowledgment would not say which of the two has arrived */
		sent_mark_lost(&t->flight->sent, plan->seq, right, true, env->memory);
		if (sent_mark_again(&t->flight->sent, plan->seq, right, env->now, env->memory))
			return false;
		t->retransmit_due = false;
		if (t->recovery != TCP_RECOVERY_NONE && t->episode)
			tcp_undo_sent(env, t, plan->len);
		tcp_rate_sent(t, sent_at(&t->flight->sent, sent_find(&t->flight->sent, plan->seq)), false);
		env->counters.segments_retransmitted += plan->len > t->mss ? (plan->len + t->mss - 1) / t->mss : 1;
		env->counters.bytes_retransmitted += plan->len;
		t->segments_retransmitted++;
		t->bytes_retransmitted += plan->len;
		return true;
	}
	if (sent_push(&t->flight->sent, plan->seq, right, env->now, record_max(env, t, plan), env->memory)) {
		if (t->snd_nxt == t->snd_una)
			tcp_flight_end(env, t);
		return false;
	}
	if (plan->pushed)
		sent_mark_pushed(&t->flight->sent);
	t->snd_nxt = right;
	t->probing |= plan->beyond;
	latest = sent_at(&t->flight->sent, tcp_sent(t)->n - 1);
	if (latest->left == plan->seq || t->cc.ops->wants_rate) /* else it has its mark already */
		tcp_rate_sent(t, latest, latest->left < plan->seq);
	env->counters.bytes_out += plan->len;
	t->bytes_sent += plan->len;
	if (plan->mtu_probe && plan->len > t->mss)
		tcp_plpmtud_sent(env, t, plan->len);
	else if (!is_whole(t, plan->len) && !(plan->flags & TCP_SYN)) /* a SYN has room for no whole segment */
		t->flight->small = right;
	return true;
}

/* The segment is on its way: what it acknowledged, and the timer that waits for its own acknowledgment. */
static void commit(struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan)
{
	uint32_t n_parts = plan->len > t->mss && !plan->mtu_probe ? (plan->len + t->mss - 1) / t->mss : 1;

	env->counters.segments_out += n_parts;
	t->segments_sent += n_parts;
	env->ecn_out = plan->ect ? TCP_ECN_ECT0 : TCP_ECN_NOT_ECT;
	if (plan->flags & TCP_SYN)
		t->syn_due = false;
	else if (plan->flags & TCP_CWR)
		t->ecn.cwr_due = false;
	if (plan->flags & TCP_ACK && t->state != BERTH_TCP_CLOSED) {
		tcp_acked(t);
		t->n_acks_early = 0;
	}
	if (plan->len || plan->flags & (TCP_SYN | TCP_FIN)) {
		t->sent_at = env->now;
		if (is_paced(t))
			tcp_pace_sent(env, t, plan->len);
		if (plan->len && !plan->again && t->delack.us_at)
			tcp_delack_answer(env, t);
		if (plan->len)
			t->tally.data_segments_out += n_parts;
		if (t->settings && t->settings->notsent_lowat)
			tcp_tell_room(env, t);
		if (plan->tail_probe)
			tcp_tlp_sent(env, t, plan->again);
		/* RFC 6675 section 5.1: in fast recovery each retransmission starts the timer anew, which otherwise
		 * would fire when a round trip is longer than the margin above it. */
		if (plan->again || !tcp_timer_goes_on(t))
			tcp_timer_update(env, t, plan->again && t->recovery == TCP_RECOVERY_FAST && t->sack_ok);
	}
}

bool tcp_output(struct tcp_env *env, struct tcb *t, uint32_t payload_max, struct berth_frame_out *out)
{
	struct tcp_plan plan;

	if (!decide(env, t, payload_max, &plan)) {
		/* Data that stays although nothing is in flight is held back by the window: it is probed. */
		if (tcp_states[t->state].synchronised) {
			tcp_validate_note(t);
			tcp_timer_update(env, t, false);
			tcp_tally_limit(env, t);
		}
		return false;
	}
	plan_push(t, &plan);
	tcp_build_slices(t, &plan, out);
	if (!record(env, t, &plan)) {
		env->counters.no_memory++;
		tcp_timer_update(env, t, false);
		if (!t->n_acks_due || plan.flags & TCP_SYN)
			return false;
		plan_ack(t, &plan); /* needs no record: what comes in is acknowledged all the same */
		tcp_build_slices(t, &plan, out);
	}
	tcp_build_header(env, t, &plan, out);
	commit(env, t, &plan);
	return true;
}
