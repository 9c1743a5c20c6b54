/* What an acknowledgment does to the sending side: RFC 9293 section 3.10.7.4 (fifth, ESTABLISHED), RFC 6298 section 5,
 * RFC 5681. */
#include "tcb.h"

/* Karn's algorithm (RFC 6298 section 3): what was sent more than once measures nothing, unless the timestamp that comes
 * back is from the latest sending or after it (RFC 7323 section 4.1). An older one tells when the first copy arrived,
 * not when its acknowledgment was lost: taken for a round trip, it would grow with each timeout. One sample a round
 * trip, as RFC 6298's constants expect. true: the acknowledgment is of one certain sending. */
static bool measure(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, const struct sent_news *sent)
{
	uint64_t ns_elapsed = env->now - sent->again, ns_echo;

	if (sent->again) {
		if (!t->ts_ok || !h->has_timestamp)
			return false;
		ns_echo = (uint32_t)(tcp_timestamp(env, t) - h->ts_ecr) * 1000000ull;
		if (ns_echo > ns_elapsed + 1000000)
			return false;
	} else {
		ns_elapsed = sent->once ? env->now - sent->once : 0;
	}
	if (t->snd_una >= t->flight->rtt_mark) {
		if (ns_elapsed)
			tcp_rtt_sample(t, ns_elapsed);
		t->flight->rtt_mark = t->snd_nxt;
	}
	return true;
}

/* The user's bytes that are acknowledged give their memory back. */
static void cut_queue(struct tcp_env *env, struct tcb *t)
{
	tcp_seq data = t->snd_una < t->sendq.right ? t->snd_una : t->sendq.right;

	if (data <= t->sendq.left)
		return;
	sendq_cut(&t->sendq, data, env->memory);
	tcp_record_cut(&t->records, data, env->memory);
}

static void advance(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack)
{
	sent_cut(&t->flight->sent, ack->ack, &ack->news, env->memory);
	t->snd_una = ack->ack;
	env->progress = true;
	if (t->probing && t->snd_una == t->snd_nxt)
		t->probing = false;
	if (tcp_sacked(t)->n)
		ranges_cut(&t->flight->sacked, t->snd_una, env->memory);
	cut_queue(env, t);
	/* Karn's other half (RFC 6298 section 5.7): a timeout that was doubled stays so until something is measured. */
	if (measure(env, t, h, &ack->news))
		t->n_backoff = 0;
	t->timed_out = false;
	t->giveup = (struct tcp_giveup){0};
	if (tcp_pmtu_waits(&t->pmtu))
		tcp_pmtu_acked(env, t, ack->n_acked);
}

/* The latest sending that this acknowledgment can be of, where a segment was sent more than once (RFC 8985 section 6.2
 * step 2): by the timestamp that comes back, or one whole round trip ago. */
static berth_time again_until(const struct tcp_env *env, const struct tcb *t, const struct tcp_header *h,
			      struct tcp_ack *ack)
{
	berth_time until = env->now - tcp_rtt_min(&t->rtt_min);

	if (t->ts_ok && h->has_timestamp) {
		uint64_t ms_echo = env->now / 1000000 - (uint32_t)(tcp_timestamp(env, t) - h->ts_ecr);
		berth_time echo = (ms_echo + 1) * 1000000 - 1;

		ack->ns_echo = echo < env->now ? env->now - echo : 0;
		if (echo < until)
			until = echo;
	}
	return until;
}

/* The round trip of the segment that was sent last of those that arrived; 0: none, or of no certain sending. */
static uint64_t round_trip(const struct tcp_env *env, const struct tcb *t, const struct sent_news *news)
{
	if (!news->newest.right || (news->newest.flags & SENT_EVER_AGAIN && !t->ts_ok))
		return 0;
	return env->now - news->newest.at;
}

/* RFC 5681 section 3.1: the window grows by acknowledgments of new data, and by what they say has arrived that no SACK
 * block and no duplicate has told before: as one sees only then that it was not lost, it left the network long ago.
 * Where segments overtake each other such reports are the rule, and grow the window when they come. */
static uint64_t growth(const struct tcb *t, const struct tcp_ack *a)
{
	if (!t->rack.reordering_seen)
		return a->n_acked ? a->n_delivered : 0;
	return t->sack_ok ? a->n_delivered : a->n_acked;
}

/* What the congestion control is told; it moves the window in fast recovery only when it wants to. */
static void report(struct tcp_env *env, struct tcb *t, const struct tcp_ack *a, bool was_fast, bool marked)
{
	uint64_t ns_rtt = round_trip(env, t, &a->news);
	struct tcp_cc_ack report;

	if (ns_rtt)
		tcp_rtt_min_sample(&t->rtt_min, ns_rtt, env->now);
	report = (struct tcp_cc_ack){
		.n_acked = growth(t, a),
		.n_delivered = a->n_delivered,
		.n_lost = a->n_lost,
		.n_in_flight = tcp_pipe(t),
		.ns_rtt = ns_rtt,
		.ns_srtt = t->ns_srtt,
		.ns_rtt_min = tcp_rtt_min(&t->rtt_min),
		.snd_una = t->snd_una,
		.snd_nxt = t->snd_nxt,
		.cwnd_limited = !marked && tcp_validate_used(t),
		.sack = t->sack_ok,
		.recovering = t->recovery != TCP_RECOVERY_NONE,
		.now = env->now,
	};
	tcp_rate_ack(env, t, &a->news, &report.rate);
	if ((was_fast || t->recovery == TCP_RECOVERY_FAST) && !t->cc.ops->rules_recovery)
		return;
	if (t->cc.ops->wants_rate)
		tcp_rate_lost(t, &report.loss);
	t->cc.ops->on_ack(&t->cc, &report);
	if (t->cc.holds_back)
		t->rate.program_limited_until = t->rate.n_delivered + report.n_in_flight + 1;
}

static bool has_more(const struct tcb *t)
{
	return t->sendq.right > t->snd_nxt || tcp_sent(t)->n_lost > tcp_sent(t)->n_again ||
	       (t->fin_queued && !tcp_fin_sent(t));
}

/* A send found no room: there may be some again, also because the buffer is too small for the path. */
static void tell_of_room(struct tcp_env *env, struct tcb *t)
{
	tcp_tune_send(env, t);
	if (!(tcp_ready(t) & BERTH_WRITABLE))
		return;
	t->want_write = false;
	tcp_tell(env, t, BERTH_WRITABLE);
}

void tcp_ack_in(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, tcp_seq ack, bool dup)
{
	struct tcp_ack a = {
		.ack = ack,
		.n_acked = ack > t->snd_una ? ack - t->snd_una : 0,
		.fack = tcp_sacked(t)->n ? tcp_sacked(t)->item[tcp_sacked(t)->n - 1].right : t->snd_una,
	};
	bool was_fast =
		t->recovery == TCP_RECOVERY_FAST; /* what ends it leaves cwnd at ssthresh: RFC 5681 section 3.2 */

	if (t->sendq.right <= t->snd_nxt && t->snd_nxt > t->snd_una)
		tcp_rate_check(t);
	a.news.again_until = t->bytes_retransmitted ? again_until(env, t, h, &a) : BERTH_NEVER;
	if (h->n_sacks && t->sack_ok)
		tcp_sack_in(env, t, h, &a);
	if (ack < t->snd_una) /* a later one has overtaken it: RFC 6675 section 2 takes it by what it reports */
		dup = a.n_sacked;
	if (a.n_acked)
		advance(env, t, h, &a);
	if (a.n_acked || t->snd_nxt > t->snd_una || a.dsack_left != a.dsack_right)
		tcp_loss_ack(env, t, h, &a, dup);
	/* RFC 3168 section 6.1.2: an acknowledgment with ECE grows nothing. */
	if (a.n_delivered)
		report(env, t, &a, was_fast, t->ecn.ok && h->flags & TCP_ECE);
	if (a.n_acked && !a.keeps_timer)
		tcp_timer_update(env, t, true); /* RFC 6298 section 5.2, 5.3 */
	else if (a.n_acked || a.n_sacked)
		tcp_timer_review(env, t);
	if (a.n_acked) {
		t->more_waits = false;
		if (t->want_write)
			tell_of_room(env, t);
		if (t->snd_una == t->snd_nxt)
			tcp_tally_limit(env, t);
	}
	if (has_more(t))
		tcp_want_output(env, t);
	if (t->snd_una == t->snd_nxt)
		tcp_flight_end(env, t);
}
