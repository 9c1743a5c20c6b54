/* A segment arrives: RFC 9293 section 3.10.7, in that section's order.
 *
 *	tcp_segment_in    finds the endpoint; without one, section 3.10.7.1
 *	listen.c          3.10.7.2
 *	in_syn_sent       3.10.7.3
 *	in_other          3.10.7.4: the steps below, each of which lets the next one go on or drops the segment
 */
#include "tcb.h"

/* RFC 7323 section 5.5: after 24 days an idle connection's timestamp says nothing. */
#define NS_TS_VALID (24ull * 86400 * 1000000000)

/* A segment on its way through the steps, with its numbers unwrapped. */
struct arrival {
	const struct tcp_segment *segment;
	const struct tcp_header *h;
	tcp_seq seq, ack;
	uint8_t flags;     /* that still count */
	uint32_t len;      /* of the payload that may still be taken */
	bool fin;          /* of the FIN likewise */
	bool probe_answer; /* the window is shut and data came: an ACK is due */
};

enum step {
	STEP_CONTINUE,
	STEP_DROP,
};

/* Section 3.10.7.1: a reset that the sender of this segment will take, but never one for a reset. */
void tcp_reply_reset(struct tcp_env *env, const struct tcp_segment *segment)
{
	const struct tcp_header *h = &segment->header;
	struct tcp_header reset = {
		.source_port = segment->pair.local_port,
		.destination_port = segment->pair.foreign_port,
		.flags = TCP_RST,
	};

	if (h->flags & TCP_RST)
		return;
	if (h->flags & TCP_ACK) {
		reset.seq = h->ack;
	} else {
		reset.flags |= TCP_ACK;
		reset.ack = h->seq + segment->len + !!(h->flags & TCP_SYN) + !!(h->flags & TCP_FIN);
	}
	env->counters.resets_out++;
	env->reply = (struct tcp_reply){.wanted = true, .pair = segment->pair, .header = reset};
}

/* Sixth: urgent data, also where the window is shut (MUST-66). The pointer counts from the segment's number: that of
 * its SYN, when it has one, behind which `seq` is by then. */
static void check_urg(struct tcp_env *env, struct tcb *t, const struct arrival *a)
{
	if (a->flags & TCP_URG && tcp_states[t->state].can_receive)
		tcp_urgent_in(env, t, a->seq - !!(a->h->flags & TCP_SYN), a->h->urgent);
}

/* ---- SYN-SENT, section 3.10.7.3 ---- */

static void syn_sent_established(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	tcp_seq iss = t->snd_una;

	t->snd_wl2 = (uint32_t)a->ack;
	tcp_set_state(env, t, BERTH_TCP_ESTABLISHED);
	tcp_ack_in(env, t, a->h, a->ack, false);
	tcp_fast_open_answered(env, t, a->h, iss);
	tcp_ack_now(env, t, false);
	a->seq++;
	check_urg(env, t, a);
	if (a->len || a->fin)
		tcp_take_text(env, t, a->segment, a->seq, a->fin);
}

static void in_syn_sent(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	bool has_ack = a->flags & TCP_ACK;

	a->ack = tcp_seq_unwrap(a->h->ack, t->snd_una);
	if (has_ack && (a->ack <= t->snd_una || a->ack > t->snd_nxt)) {
		env->counters.bad_ack++;
		tcp_reply_reset(env, a->segment);
		return;
	}
	if (a->flags & TCP_RST) {
		if (!has_ack)
			return;
		env->counters.resets_in++;
		tcp_drop(env, t, BERTH_ECONNREFUSED);
		return;
	}
	if (!(a->flags & TCP_SYN)) {
		env->counters.bad_flags++;
		return;
	}
	tcp_take_syn(env, t, a->h);
	a->seq = tcp_seq_unwrap(a->h->seq, t->rcv_nxt);
	t->syn_due = false;
	if (has_ack) {
		syn_sent_established(env, t, a);
		return;
	}
	/* Simultaneous open: our SYN again, with an ACK of theirs. */
	t->syn_due = true;
	tcp_set_state(env, t, BERTH_TCP_SYN_RECEIVED);
	tcp_want_output(env, t);
}

/* ---- the steps of section 3.10.7.4 ---- */

/* RFC 2883: all of the segment had been taken before, and the next ACK says so. */
static void report_known(struct tcb *t, const struct arrival *a)
{
	if (!t->sack_ok || !a->len || a->seq + a->len > t->rcv_nxt)
		return;
	t->recvq.dsack_left = a->seq;
	t->recvq.dsack_right = a->seq + a->len;
}

/* RFC 7323 section 5.3, R1: before the sequence number is looked at. */
static enum step check_paws(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (!t->ts_ok || a->flags & TCP_RST)
		return STEP_CONTINUE;
	if (!a->h->has_timestamp) {
		env->counters.paws++; /* section 3.2: once negotiated, it is there */
		return STEP_DROP;
	}
	if ((int32_t)(a->h->ts_val - t->ts_recent) >= 0 ||
	    (uint32_t)((uint32_t)(env->now >> TCP_TS_AGE_SHIFT) - t->ts_recent_at) > NS_TS_VALID >> TCP_TS_AGE_SHIFT)
		return STEP_CONTINUE;
	/* A repeated SYN of a handshake still running has an old timestamp by right. */
	env->counters.paws++;
	/* One that comes late is older than its retransmission: the sender must learn that this was for nothing. */
	report_known(t, a);
	if (a->len)
		tcp_ack_now(env, t, true);
	else
		tcp_challenge(env, t);
	return STEP_DROP;
}

/* Section 3.4's four cases. Beyond the letter: an empty segment at the right edge is in, as a peer that has filled the
 * window has nothing else to send its acknowledgments with. Of a reset its number alone counts (RFC 5961 section 3.2):
 * one outside the window must not be answered, whatever text it has. */
static bool acceptable(const struct tcb *t, const struct arrival *a)
{
	uint32_t len = a->len + a->fin + !!(a->flags & TCP_SYN);

	if (a->flags & TCP_RST)
		return a->seq == t->rcv_nxt || (a->seq > t->rcv_nxt && a->seq < t->rcv_adv);
	if (!len)
		return a->seq >= t->rcv_nxt && a->seq <= t->rcv_adv;
	return a->seq < t->rcv_adv && a->seq + len > t->rcv_nxt;
}

/* The SYN that we have, again. In a simultaneous open it carries the peer's ACK, which counts; otherwise the peer has
 * not heard our SYN-ACK. It leaves again, but not for each SYN of a stranger who says he is the peer. */
static enum step repeated_syn(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (a->flags & TCP_ACK) {
		a->flags &= (uint8_t)~TCP_SYN;
		a->seq++;
		return STEP_CONTINUE;
	}
	tcp_ecn_repeated_syn(t, a->h);
	if (!tcp_challenge_allowed(env, t))
		return STEP_DROP;
	t->syn_due = true;
	tcp_want_output(env, t);
	return STEP_DROP;
}

/* The window is shut. Section 3.10.7.4: the ACK, the urgent pointer and the RST of what comes are valid (MUST-66), its
 * data is a probe. Beyond the letter: a FIN without data is taken, as it needs no room, and its sender would repeat it
 * until the user has read. */
static enum step probed(struct arrival *a)
{
	a->fin = a->fin && !a->len;
	a->probe_answer = !a->fin;
	a->len = 0;
	return STEP_CONTINUE;
}

/* In TIME-WAIT: the peer's FIN again, as it has not heard our last ACK. */
static bool is_last_fin(const struct tcb *t, const struct arrival *a)
{
	return t->state == BERTH_TCP_TIME_WAIT && a->fin && a->seq + a->len + 1 == t->rcv_nxt;
}

/* First: the sequence number. */
static enum step check_seq(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	/* Until our SYN is acknowledged the peer's is what last set the window; its data may be there already. */
	if (t->state == BERTH_TCP_SYN_RECEIVED && (a->flags & (TCP_SYN | TCP_RST)) == TCP_SYN &&
	    (uint32_t)a->seq == t->snd_wl1)
		return repeated_syn(env, t, a);
	if (acceptable(t, a))
		return STEP_CONTINUE;
	if (t->rcv_adv == t->rcv_nxt && a->seq == t->rcv_nxt)
		return probed(a);
	if (a->flags & TCP_RST)
		return STEP_DROP;
	if (is_last_fin(t, a))
		tcp_time_wait_restart(env, t);
	if (a->len || a->fin) {
		/* Sent again: our acknowledgment was lost. */
		env->counters.duplicate++;
		report_known(t, a);
		tcp_ack_now(env, t, true);
	} else {
		/* Limited, or two hosts that disagree answer each other for ever. */
		env->counters.bad_sequence++;
		tcp_challenge(env, t);
	}
	return STEP_DROP;
}

/* Second: RST, RFC 5961 section 3.2. */
static enum step check_rst(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	int error = BERTH_ECONNRESET;

	if (!(a->flags & TCP_RST))
		return STEP_CONTINUE;
	/* RFC 1337 section 3, fix 1, against section 3.10.7.4's "enter the CLOSED state": an old segment that our ACK
	 * has answered is how such a reset comes about, and what TIME-WAIT is there to outlast. */
	if (t->state == BERTH_TCP_TIME_WAIT)
		return STEP_DROP;
	if (a->seq != t->rcv_nxt) {
		tcp_challenge(env, t);
		return STEP_DROP;
	}
	env->counters.resets_in++;
	if (t->state == BERTH_TCP_SYN_RECEIVED && t->fast_open.child)
		tcp_fast_open_reset(env, t);
	if (t->state == BERTH_TCP_SYN_RECEIVED && !t->passive)
		error = BERTH_ECONNREFUSED;
	if (t->state == BERTH_TCP_CLOSE_WAIT)
		error = BERTH_EPIPE;
	if (t->state == BERTH_TCP_CLOSING || t->state == BERTH_TCP_LAST_ACK)
		error = 0;
	tcp_drop(env, t, error);
	return STEP_DROP;
}

/* Fourth (the third, security, is gone): SYN in a synchronised state, RFC 5961 section 4.2. In SYN-RECEIVED after a
 * passive open section 3.10.7.4 would go back to LISTEN; that would let a stranger end what he can only guess at. A
 * peer that has begun anew answers the challenge with a reset, and that does. */
static enum step check_syn(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (!(a->flags & TCP_SYN))
		return STEP_CONTINUE;
	env->counters.bad_flags++;
	tcp_challenge(env, t);
	return STEP_DROP;
}

/* RFC 7323 section 4.3, with Last.ACK.sent. */
static void take_timestamp(struct tcp_env *env, struct tcb *t, const struct arrival *a)
{
	if (t->ts_ok && a->h->has_timestamp && (int32_t)((uint32_t)a->seq - t->last_ack_sent) <= 0 &&
	    (int32_t)(a->h->ts_val - t->ts_recent) >= 0) {
		t->ts_recent = a->h->ts_val;
		t->ts_recent_at = (uint32_t)(env->now >> TCP_TS_AGE_SHIFT);
	}
}

static bool ack_opens(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (a->ack <= t->snd_una || a->ack > t->snd_nxt) {
		env->counters.bad_ack++;
		tcp_reply_reset(env, a->segment);
		return false;
	}
	t->syn_due = false;
	t->snd_wl1 = (uint32_t)a->seq;
	t->snd_wl2 = (uint32_t)a->ack;
	t->snd_wnd = (uint32_t)a->h->window << t->snd_wscale;
	t->snd_wnd_max = t->snd_wnd;
	tcp_set_state(env, t, BERTH_TCP_ESTABLISHED);
	if (t->fin_queued) /* the user closed in SYN-RECEIVED: section 3.10.4 */
		tcp_set_state(env, t, BERTH_TCP_FIN_WAIT_1);
	return true;
}

/* The window that the peer offers (RFC 9293 section 3.10.7.4, SND.WL1 and SND.WL2). */
static void update_window(struct tcp_env *env, struct tcb *t, const struct arrival *a)
{
	uint32_t window = (uint32_t)a->h->window << t->snd_wscale;
	int32_t newer = (int32_t)((uint32_t)a->seq - t->snd_wl1);
	bool opened;

	if (a->ack < t->snd_una || newer < 0 || (newer == 0 && (int32_t)((uint32_t)a->ack - t->snd_wl2) < 0))
		return;
	t->snd_wl1 = (uint32_t)a->seq;
	t->snd_wl2 = (uint32_t)a->ack;
	if (window == t->snd_wnd)
		return;
	opened = !t->snd_wnd;
	t->snd_wnd = window;
	if (window > t->snd_wnd_max)
		t->snd_wnd_max = window;
	if (t->probing && window) {
		/* The probe was refused but there is room now: its byte goes out again in a whole segment. */
		t->probing = false;
		sent_take_back(&t->flight->sent, t->snd_nxt, env->memory);
		t->snd_nxt--;
		t->flight->small = t->snd_nxt;
		if (t->snd_nxt == t->snd_una)
			tcp_flight_end(env, t);
	}
	if (opened) {
		t->n_backoff = 0;
		/* Where the user has said how long, or is gone, only a byte taken counts: the window may flap. */
		if (!t->orphan && !tcp_settings(t)->ms_user_timeout)
			t->giveup = (struct tcp_giveup){.soft_error = t->giveup.soft_error};
	}
	tcp_timer_update(env, t, opened);
	if (t->sendq.right > t->snd_nxt || t->fin_queued)
		tcp_want_output(env, t);
}

/* What our FIN's acknowledgment changes. */
static enum step ack_closes(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_fin_acked(t))
		return STEP_CONTINUE;
	if (t->state == BERTH_TCP_FIN_WAIT_1) {
		tcp_set_state(env, t, BERTH_TCP_FIN_WAIT_2);
		if (t->state == BERTH_TCP_CLOSED) /* TCP_LINGER2 */
			return STEP_DROP;
	} else if (t->state == BERTH_TCP_CLOSING) {
		tcp_set_state(env, t, BERTH_TCP_TIME_WAIT);
	} else if (t->state == BERTH_TCP_LAST_ACK) {
		tcp_set_state(env, t, BERTH_TCP_CLOSED);
		return STEP_DROP;
	}
	return STEP_CONTINUE;
}

/* Of what is in flight, or was. */
static void take_ack(struct tcp_env *env, struct tcb *t, const struct arrival *a)
{
	bool dup;

	/* RFC 6675 section 5: the blocks of any acknowledgment count, also of one that another has overtaken. */
	if (a->ack < t->snd_una && !a->h->n_sacks)
		return;
	/* RFC 5681 section 2; with SACK, what it reports counts, not its form. */
	dup = a->ack == t->snd_una && !a->segment->len && !(a->flags & (TCP_SYN | TCP_FIN)) &&
	      t->snd_nxt > t->snd_una && !t->probing &&
	      (a->h->n_sacks ? t->sack_ok : (uint32_t)a->h->window << t->snd_wscale == t->snd_wnd);
	if (t->ecn.ok && a->flags & TCP_ECE)
		tcp_ecn_echo_in(env, t);
	tcp_ack_in(env, t, a->h, a->ack, dup);
}

/* Fifth: the acknowledgment. */
static enum step check_ack(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (!(a->flags & TCP_ACK)) {
		env->counters.bad_flags++;
		return STEP_DROP;
	}
	a->ack = tcp_seq_unwrap(a->h->ack, t->snd_una);
	/* Before the next check, as section 3.5.2's second group has it: in SYN-RECEIVED a bad ACK gets a reset, which
	 * is how an old SYN-ACK's sender learns that it is one. */
	if (t->state == BERTH_TCP_SYN_RECEIVED && !ack_opens(env, t, a))
		return STEP_DROP;
	/* RFC 5961 section 5.2, with MAX.SND.WND (MAY-12). It asks for an ACK, not for one at once: to what
	 * acknowledges data that was never sent, and comes with a guessed number as a rule, the next ACK that is due
	 * anyway is answer enough. */
	if (a->ack > t->snd_nxt || a->ack + t->snd_wnd_max < t->snd_una) {
		env->counters.bad_ack++;
		if (a->ack > t->snd_nxt)
			tcp_challenge_later(env, t);
		else
			tcp_challenge(env, t);
		return STEP_DROP;
	}
	t->heard_at = env->now;
	take_timestamp(env, t, a);
	if (t->snd_nxt > t->snd_una || a->h->n_sacks || a->flags & TCP_ECE) /* else it tells nothing new */
		take_ack(env, t, a);
	update_window(env, t, a);
	return ack_closes(env, t);
}

/* Seventh: the text. */
static enum step take_text(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	if (a->probe_answer)
		tcp_ack_now(env, t, true);
	if ((!a->len && !a->fin) || !tcp_states[t->state].can_receive)
		return STEP_CONTINUE;
	/* Nobody is there to read it: RFC 9293 section 3.6.1, RFC 2525 section 2.17. The reset has the number that the
	 * peer expects, as one for no connection (section 3.10.7.1): our own FIN, which it may not have got, would make
	 * it one that RFC 5961 section 3.2 answers by a challenge. */
	if (t->orphan && a->seq + a->len > t->rcv_nxt && a->len) {
		tcp_reply_reset(env, a->segment);
		tcp_drop(env, t, 0);
		return STEP_DROP;
	}
	tcp_take_text(env, t, a->segment, a->seq, a->fin);
	return STEP_CONTINUE;
}

/* Eighth: FIN, once all before it is there. */
static void check_fin(struct tcp_env *env, struct tcb *t)
{
	if (t->rcv_fin || !t->rcv_fin_at || t->rcv_nxt < t->rcv_fin_at)
		return;
	t->rcv_fin = true;
	t->rcv_nxt++;
	if (t->rcv_adv < t->rcv_nxt)
		t->rcv_adv = t->rcv_nxt;
	recvq_drop_ahead(&t->recvq, env->memory);
	tcp_ack_now(env, t, false);
	switch ((enum berth_tcp_state)t->state) {
	case BERTH_TCP_ESTABLISHED:
		tcp_set_state(env, t, BERTH_TCP_CLOSE_WAIT);
		break;
	case BERTH_TCP_FIN_WAIT_1:
		tcp_set_state(env, t, BERTH_TCP_CLOSING);
		break;
	case BERTH_TCP_FIN_WAIT_2:
		tcp_set_state(env, t, BERTH_TCP_TIME_WAIT);
		break;
	default:
		break;
	}
}

static void in_other(struct tcp_env *env, struct tcb *t, struct arrival *a)
{
	a->seq = tcp_seq_unwrap(a->h->seq, t->rcv_nxt);
	if (check_paws(env, t, a) || check_seq(env, t, a) || check_rst(env, t, a) || check_syn(env, t, a))
		return;
	if (t->ecn.ok && (a->len || a->fin))
		tcp_ecn_data_in(env, t, a->flags, a->segment->ecn);
	if (check_ack(env, t, a))
		return;
	check_urg(env, t, a);
	if (take_text(env, t, a))
		return;
	if (t->rcv_fin_at)
		check_fin(env, t);
}

void tcp_connection_in(struct tcp_env *env, struct tcb *t, const struct tcp_segment *segment)
{
	struct arrival a = {
		.segment = segment,
		.h = &segment->header,
		.flags = segment->header.flags,
		.len = segment->len,
		.fin = segment->header.flags & TCP_FIN,
	};

	t->segments_received++;
	if (segment->mtu > t->pmtu.max)
		tcp_pmtu_path(env, t, segment->mtu);
	if (t->state == BERTH_TCP_SYN_SENT) {
		in_syn_sent(env, t, &a);
		if (t->state != BERTH_TCP_CLOSED && t->state != BERTH_TCP_SYN_SENT)
			check_fin(env, t);
	} else {
		in_other(env, t, &a);
	}
	tcp_memory_settle(env, t);
}

void tcp_segment_in(struct tcp_env *env, struct tcp_segment *segment)
{
	struct endpoint *e = pairs_find_cached(env->pairs, &segment->pair);
	struct tcp_request *request;

	env->counters.segments_in++;
	segment->reuses = false;
	if (e && tcp_of_endpoint(e)->state == BERTH_TCP_TIME_WAIT &&
	    tcp_listener_has_room(pairs_find_waiting(env->pairs, &segment->pair)) &&
	    tcp_time_wait_reuse(env, tcp_of_endpoint(e), segment))
		e = NULL;
	request = e || segment->reuses ? NULL : tcp_request_find(env, &segment->pair);
	if (!e && !request)
		e = pairs_find_waiting(env->pairs, &segment->pair);
	if (request) {
		tcp_request_in(env, request, segment);
	} else if (!e) {
		env->counters.no_socket++;
		tcp_reply_reset(env, segment);
	} else if (e->kind == ENDPOINT_TCP_LISTENER) {
		tcp_listen_in(env, tcp_of_endpoint(e), segment);
	} else {
		tcp_connection_in(env, tcp_of_endpoint(e), segment);
	}
	if (!list_is_empty(&env->ended))
		tcp_reap(env);
}
