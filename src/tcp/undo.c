/* Recoveries for nothing. See undo.h. */
#include "undo.h"

#include "tcb.h"

/* Timestamps count milliseconds. */
#define NS_PER_TICK 1000000ull
#define NS_DELAY_MAX 10000000000ull

void tcp_undo_begin(struct tcb *t, bool timeout)
{
	if (!t->episode)
		return;
	t->episode->undo = (struct tcp_undo){
		.marker = t->snd_una,
		.until = UINT64_MAX,
		.ts_waits = true,
		.timeout = timeout,
		.ns_srtt = t->ns_srtt,
		.ns_rttvar = t->ns_rttvar,
	};
}

void tcp_undo_sent(const struct tcp_env *env, struct tcb *t, uint64_t n)
{
	struct tcp_undo *undo = &t->episode->undo;

	if (!undo->marker)
		return;
	if (!undo->n_again)
		undo->ts_again = tcp_timestamp(env, t);
	undo->n_again += n;
}

/* RFC 3522 section 3.2, step 4: the first acceptable acknowledgment after the retransmission echoes a segment that was
 * sent before it. */
static bool eifel(const struct tcb *t, const struct tcp_header *h, const struct tcp_ack *ack)
{
	struct tcp_undo *undo = &t->episode->undo;

	if (!ack->n_acked || !undo->ts_waits || !undo->n_again)
		return false;
	undo->ts_waits = false;
	return t->ts_ok && h->has_timestamp && (int32_t)(h->ts_ecr - undo->ts_again) < 0;
}

/* RFC 3708 section 2: each byte that was sent again was reported to have arrived twice. */
static bool all_duplicate(struct tcb *t, const struct tcp_ack *ack)
{
	struct tcp_undo *undo = &t->episode->undo;

	if (ack->dsack_left == ack->dsack_right || ack->dsack_of_probe || ack->dsack_left < undo->marker)
		return false;
	undo->n_duplicate += ack->dsack_right - ack->dsack_left;
	return undo->n_again && undo->n_duplicate >= undo->n_again && tcp_sent(t)->n_lost == tcp_sent(t)->n_again;
}

bool tcp_undo_ack(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, const struct tcp_ack *ack)
{
	if (!t->episode || !t->episode->undo.marker)
		return false;
	if (!eifel(t, h, ack) && !all_duplicate(t, ack))
		return false;
	tcp_undo(env, t, ack);
	return true;
}

/* RFC 4015 section 3.2, steps 6 to 8: the window is what it was, but nothing leaves in a burst: up to where it was,
 * slow start fills it. */
static void restore_window(struct tcb *t, const struct tcp_ack *ack)
{
	uint64_t initial = tcp_cc_initial_window(t->mss), was = t->cc.cwnd, limit;

	t->cc.ops->on_undo(&t->cc);
	if (t->cc.ops->rules_recovery)
		return;
	limit = tcp_pipe(t) + (ack->n_acked < initial ? ack->n_acked : initial);
	if (limit < was)
		limit = was;
	if (t->cc.cwnd <= limit)
		return;
	if (t->cc.ssthresh < t->cc.cwnd)
		t->cc.ssthresh = t->cc.cwnd;
	t->cc.cwnd = limit;
}

/* Step 9: what the timer took for a loss was a delay, which it has to know of. What lasts longer than anything is
 * queued anywhere was an outage, and no reason to wait as long for each loss that follows. */
static void adapt_timer(const struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	const struct tcp_undo *undo = &t->episode->undo;
	uint64_t ns_delay = ack->ns_echo;

	if (!ns_delay && ack->news.once)
		ns_delay = env->now - ack->news.once;
	if (!undo->ns_srtt || !ns_delay)
		return;
	if (ns_delay > NS_DELAY_MAX)
		ns_delay = NS_DELAY_MAX;
	t->ns_srtt = undo->ns_srtt;
	t->ns_rttvar = undo->ns_rttvar;
	tcp_rtt_at_least(t, ns_delay);
}

void tcp_undo(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	bool timeout = t->episode->undo.timeout;

	env->counters.undos++;
	if (t->flight) {
		sent_forget_lost(&t->flight->sent);
		t->flight->lost_edge = t->snd_una;
	}
	restore_window(t, ack);
	if (t->flight)
		t->flight->reduced = 0; /* so that the next loss in this window finds it not reduced */
	if (timeout) {
		env->counters.timeouts_spurious++;
		t->n_backoff = 0;
		if (ack->n_acked)
			adapt_timer(env, t, ack);
	} else {
		tcp_reordered(env, t, ack->n_dup_before + 1u);
		if (ack->ns_echo)
			tcp_rack_learn(&t->rack, ack->ns_echo + NS_PER_TICK);
	}
	t->recovery = TCP_RECOVERY_NONE;
	t->retransmit_due = false;
	t->n_dup_acks = 0;
	t->dup_bytes = 0;
	t->episode->undo.marker = 0;
	t->episode->frto.step = TCP_FRTO_OFF;
}
