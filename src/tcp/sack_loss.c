/* Loss by selective acknowledgments alone. See sack_loss.h. */
#include "sack_loss.h"

#include "tcb.h"

/* Section 4, IsLost: below the position returned, what is not sacked is lost, since DupThresh separate stretches or
 * more than DupThresh - 1 segments above it have arrived. */
static tcp_seq lost_below(const struct tcb *t)
{
	uint64_t bytes = 0;

	for (uint32_t i = tcp_sacked(t)->n, stretches = 1; i-- > 0; stretches++) {
		const struct range *range = &tcp_sacked(t)->item[i];

		bytes += range->right - range->left;
		if (stretches >= t->reordering || bytes > (t->reordering - 1) * (uint64_t)t->mss)
			return range->left;
	}
	return t->snd_una;
}

static uint64_t mark(struct tcp_env *env, struct tcb *t, tcp_seq left, tcp_seq right)
{
	if (t->flight->lost_edge < right)
		t->flight->lost_edge = right;
	return sent_mark_lost(&t->flight->sent, left, right, false, env->memory);
}

static tcp_seq edge(const struct tcb *t)
{
	return t->flight->lost_edge > t->snd_una ? t->flight->lost_edge : t->snd_una;
}

static uint64_t by_scoreboard(struct tcp_env *env, struct tcb *t)
{
	tcp_seq below = lost_below(t), from = edge(t);

	if (below > from)
		return mark(env, t, from, below);
	/* Section 5: DupThresh duplicates mean that the first segment is lost even when little data is above it. */
	if (t->recovery == TCP_RECOVERY_NONE && t->n_dup_acks >= t->reordering && !tcp_sent(t)->n_lost &&
	    tcp_sent(t)->n_sacked)
		return mark(env, t, t->snd_una, t->snd_una + t->mss);
	return 0;
}

/* Section 4, NextSeg, rule 3: the first hole below what the peer has is sent again although too little lies above it to
 * be sure; otherwise nothing would leave and the timer would have to find it. */
static uint64_t by_guess(struct tcp_env *env, struct tcb *t)
{
	tcp_seq left = edge(t), right = left + t->mss;
	uint32_t i = ranges_find(&t->flight->sacked, left);

	if (i < tcp_sacked(t)->n && tcp_sacked(t)->item[i].left <= left) {
		left = tcp_sacked(t)->item[i++].right;
		right = left + t->mss;
	}
	if (i == tcp_sacked(t)->n)
		return 0;
	if (right > tcp_sacked(t)->item[i].left)
		right = tcp_sacked(t)->item[i].left;
	return mark(env, t, left, right);
}

/* Rule 4: the end of the flight, once a recovery. */
static uint64_t by_rescue(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	tcp_seq above = tcp_sacked(t)->n ? tcp_sacked(t)->item[tcp_sacked(t)->n - 1].right : t->snd_una;
	tcp_seq left = t->recover > above + t->mss ? t->recover - t->mss : above;

	if (!ack->n_acked || !t->episode || t->episode->rescued || left >= t->recover)
		return 0;
	t->episode->rescued = true;
	return sent_mark_lost(&t->flight->sent, left, t->recover, false, env->memory);
}

/* Nothing is marked, nothing new waits, and there is room: one segment for each acknowledgment that tells something
 * new.
 */
static uint64_t by_next_seg(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	uint64_t n;

	if (t->recovery != TCP_RECOVERY_FAST || tcp_sent(t)->n_lost > tcp_sent(t)->n_again ||
	    t->sendq.right > t->snd_nxt || tcp_pipe(t) + t->mss > t->cc.ssthresh)
		return 0;
	n = by_guess(env, t);
	return n ? n : by_rescue(env, t, ack);
}

uint64_t tcp_sack_loss_detect(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	uint64_t n_lost = by_scoreboard(env, t);

	if (ack->n_acked || ack->n_sacked)
		n_lost += by_next_seg(env, t, ack);
	return n_lost;
}
