/* Finding what is lost and recovering it: RFC 6675 with SACK, RFC 6582 (NewReno) without, RFC 6298 and 5681 after a
 * timeout.
 *
 * What this file decides it writes into the records of `sent`; tcp_output sends again what is marked lost, as far as
 * cwnd allows. */
#include "tcb.h"

/* RFC 5681 section 3.2, RFC 6675 section 2. */
#define DUP_THRESH 3

uint64_t tcp_pipe(const struct tcb *t)
{
	uint64_t in_flight = t->snd_nxt - t->snd_una;
	uint64_t gone = (uint64_t)t->sent.n_sacked + t->sent.n_lost - t->sent.n_again + t->dup_bytes;

	return in_flight > gone ? in_flight - gone : 0;
}

/* RFC 6675 section 4, IsLost: below the position returned, what is not sacked is lost, since DUP_THRESH separate
 * stretches or more than DUP_THRESH - 1 segments above it have arrived. */
static tcp_seq lost_below(const struct tcb *t)
{
	uint64_t bytes = 0;

	for (uint32_t i = t->sacked.n, stretches = 1; i-- > 0; stretches++) {
		const struct range *range = &t->sacked.item[i];

		bytes += range->right - range->left;
		if (stretches >= DUP_THRESH || bytes > (DUP_THRESH - 1) * (uint64_t)t->mss)
			return range->left;
	}
	return t->snd_una;
}

static void enter_fast(struct tcp_env *env, struct tcb *t)
{
	uint64_t in_flight = t->snd_nxt - t->snd_una;

	/* RFC 5681 section 3.2, step 2: not what left by the first duplicates, beyond cwnd (RFC 3042). */
	if (in_flight > t->cc.cwnd)
		in_flight = t->cc.cwnd;
	env->counters.fast_recoveries++;
	t->recovery = TCP_RECOVERY_FAST;
	t->recover = t->snd_nxt;
	t->cc.ops->on_loss(&t->cc, in_flight, env->now);
	t->cc.cwnd = t->cc.ssthresh;
}

static void leave(struct tcb *t)
{
	/* RFC 6582 section 3.2 step 3: no burst of what has accumulated. */
	if (t->recovery == TCP_RECOVERY_FAST && t->cc.cwnd > t->cc.ssthresh)
		t->cc.cwnd = t->cc.ssthresh;
	t->recovery = TCP_RECOVERY_NONE;
	t->n_dup_acks = 0;
	t->dup_bytes = 0;
}

static uint64_t find_lost_by_sacks(struct tcp_env *env, struct tcb *t)
{
	tcp_seq edge = lost_below(t);
	tcp_seq from = t->lost_edge > t->snd_una ? t->lost_edge : t->snd_una;
	uint64_t n_lost = 0;

	if (edge > from) {
		n_lost = sent_mark_lost(&t->sent, from, edge, false, env->memory);
		t->lost_edge = edge;
	}
	/* RFC 6675 section 5: DupThresh duplicates mean that the first segment is lost even when little data is above
	 * it. */
	if (t->recovery == TCP_RECOVERY_NONE && t->n_dup_acks >= DUP_THRESH && !t->sent.n_lost && t->sent.n_sacked) {
		n_lost = sent_mark_lost(&t->sent, t->snd_una, t->snd_una + t->mss, false, env->memory);
		if (t->lost_edge < t->snd_una + 1)
			t->lost_edge = t->snd_una + 1;
	}
	if (t->recovery == TCP_RECOVERY_NONE && t->sent.n_lost)
		enter_fast(env, t);
	return n_lost;
}

/* RFC 6675 section 5, NextSeg, rule 3: in recovery, when nothing is known to be lost and nothing new waits, the first
 * hole below what the peer has is sent again although too little lies above it to be sure; otherwise nothing would
 * leave and the timer would have to find it. One segment for each acknowledgment that tells something new. */
static uint64_t guess_lost(struct tcp_env *env, struct tcb *t)
{
	tcp_seq left = t->lost_edge > t->snd_una ? t->lost_edge : t->snd_una, right = left + t->mss;
	uint32_t i = ranges_find(&t->sacked, left);

	if (t->recovery != TCP_RECOVERY_FAST || t->sent.n_lost > t->sent.n_again || t->sendq.right > t->snd_nxt ||
	    tcp_pipe(t) + t->mss > t->cc.cwnd)
		return 0;
	if (i < t->sacked.n && t->sacked.item[i].left <= left) {
		left = t->sacked.item[i++].right;
		right = left + t->mss;
	}
	if (i == t->sacked.n)
		return 0;
	if (right > t->sacked.item[i].left)
		right = t->sacked.item[i].left;
	t->lost_edge = right;
	return sent_mark_lost(&t->sent, left, right, false, env->memory);
}

/* RFC 6582. */
static uint64_t find_lost_by_duplicates(struct tcp_env *env, struct tcb *t, uint64_t n_acked)
{
	if (n_acked) {
		if (t->recovery != TCP_RECOVERY_FAST)
			return 0;
		/* A partial acknowledgment: the next hole begins right after it. */
		t->dup_bytes -= n_acked < t->dup_bytes ? (uint32_t)n_acked : t->dup_bytes;
		return sent_mark_lost(&t->sent, t->snd_una, t->snd_una + t->mss, false, env->memory);
	}
	if (t->n_dup_acks != DUP_THRESH || t->recovery != TCP_RECOVERY_NONE || t->snd_una <= t->recover)
		return 0;
	enter_fast(env, t);
	return sent_mark_lost(&t->sent, t->snd_una, t->snd_una + t->mss, false, env->memory);
}

void tcp_loss_ack(struct tcp_env *env, struct tcb *t, struct tcp_ack *ack, bool dup)
{
	if (ack->n_acked) {
		t->n_dup_acks = 0;
		if (t->recovery != TCP_RECOVERY_FAST)
			t->dup_bytes = 0;
		if (t->recovery != TCP_RECOVERY_NONE && t->snd_una >= t->recover)
			leave(t);
	} else if (dup) {
		if (t->n_dup_acks < UINT8_MAX)
			t->n_dup_acks++;
		/* Without SACK each duplicate says that one segment has left the network. */
		if (!t->sack_ok && t->dup_bytes + t->mss <= t->snd_nxt - t->snd_una)
			t->dup_bytes += t->mss;
	}
	if (t->sack_ok) {
		ack->n_lost = find_lost_by_sacks(env, t);
		if (ack->n_acked || ack->n_sacked)
			ack->n_lost += guess_lost(env, t);
	} else if (ack->n_acked || dup) {
		ack->n_lost = find_lost_by_duplicates(env, t, ack->n_acked);
	}
}

void tcp_loss_timeout(struct tcp_env *env, struct tcb *t)
{
	/* RFC 5681 section 3.1, equation 4: once, not for each time the same segment is sent again. */
	if (!t->n_backoff)
		t->cc.ops->on_timeout(&t->cc, t->snd_nxt - t->snd_una, env->now);
	t->cc.cwnd = t->mss;
	t->cc.n_credit = 0;
	/* RFC 2018 section 8: the first byte is reported as received and yet not acknowledged: the peer has thrown it
	 * away. */
	if (t->sent.n && sent_at(&t->sent, 0)->flags & SENT_SACKED) {
		sent_forget_sacks(&t->sent);
		ranges_deinit(&t->sacked, env->memory);
	}
	sent_mark_lost(&t->sent, t->snd_una, t->snd_nxt, true, env->memory);
	t->recovery = TCP_RECOVERY_TIMEOUT;
	t->recover = t->lost_edge = t->snd_nxt;
	t->n_dup_acks = 0;
	t->dup_bytes = 0;
}
