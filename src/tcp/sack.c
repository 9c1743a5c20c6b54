/* Selective acknowledgments as they come in: RFC 2018, and RFC 2883 for duplicates.
 *
 * `sacked` remembers which bytes are known to have arrived, so that a block costs work only for what is new in it,
 * however often and in however many pieces a peer repeats it. The number of stretches is capped: beyond it, blocks are
 * not taken. */
#include "tcb.h"

#define STRETCHES_MAX 1024

/* RFC 2883 section 4: the first block reports a duplicate when it lies below the acknowledgment, or inside the second.
 */
static bool is_dsack(const struct tcb *t, const struct tcp_header *h, tcp_seq left, tcp_seq right, unsigned i,
		     tcp_seq ack)
{
	if (i > 0)
		return false;
	if (right <= ack)
		return true;
	return h->n_sacks > 1 && left >= tcp_seq_unwrap(h->sacks[1].left, t->snd_una) &&
	       right <= tcp_seq_unwrap(h->sacks[1].right, t->snd_una);
}

/* RFC 8985 section 7.4.2: that of a probe says nothing of how long to wait. FIN takes a number and no byte. */
static void take_dsack(const struct tcb *t, struct tcp_ack *ack, tcp_seq left, tcp_seq right)
{
	ack->dsack_left = left;
	ack->dsack_right = right;
	ack->dsack_of_probe = t->tlp.outstanding && t->tlp.again &&
			      (int32_t)((uint32_t)right + tcp_fin_sent(t) - t->tlp.end_seq) >= 0;
}

/* What of [left, right) are whole segments, as they were sent. A receiver keeps segments and not parts of them; a part
 * is reported by who wants to be a burden or by a path that cuts segments anew, and then counts once the rest of it is
 * reported, too. So no peer makes more records than there are segments. A FIN is not always reported with its data. */
static void take_whole(const struct tcb *t, tcp_seq *left, tcp_seq *right)
{
	const struct sent_record *first = sent_at(tcp_sent(t), sent_find(tcp_sent(t), *left));
	const struct sent_record *last = sent_at(tcp_sent(t), sent_find(tcp_sent(t), *right - 1));

	if (*left > first->left && !(first->flags & SENT_SACKED)) {
		*left = first->left + (*left - first->left + t->mss - 1) / t->mss * t->mss;
		if (*left > first->right)
			*left = first->right;
	}
	if (*right < last->right && !(last->flags & SENT_SACKED) && !(tcp_fin_sent(t) && *right == tcp_fin_seq(t)))
		*right -= (*right - last->left) % t->mss;
}

/* What of [left, right) was not known to have arrived. */
static uint64_t take_block(struct tcp_env *env, struct tcb *t, tcp_seq left, tcp_seq right, struct sent_news *news)
{
	uint64_t n_new = 0;
	tcp_seq from = left;

	for (uint32_t i = ranges_find(&t->flight->sacked, left); from < right; i++) {
		bool known = i < tcp_sacked(t)->n && tcp_sacked(t)->item[i].left < right;
		tcp_seq to = known ? tcp_sacked(t)->item[i].left : right;

		if (to > from)
			n_new += sent_mark_sacked(&t->flight->sent, from, to, news, env->memory);
		from = known ? tcp_sacked(t)->item[i].right : right;
	}
	return n_new;
}

void tcp_sack_in(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack)
{
	for (unsigned i = 0; i < h->n_sacks; i++) {
		tcp_seq left = tcp_seq_unwrap(h->sacks[i].left, t->snd_una);
		tcp_seq right = left + (uint32_t)(h->sacks[i].right - h->sacks[i].left);

		if (right <= left || right > t->snd_nxt)
			continue;
		if (is_dsack(t, h, left, right, i, ack->ack)) {
			env->counters.dsacks_in++;
			take_dsack(t, ack, left, right);
			t->tally.n_dsacks++;
			continue;
		}
		if (left < ack->ack || !t->flight)
			continue;
		if (left < t->snd_una) /* the acknowledgment is an old one */
			left = t->snd_una < right ? t->snd_una : right;
		if (left == right || ranges_cover(&t->flight->sacked, left, right) || tcp_sacked(t)->n >= STRETCHES_MAX)
			continue;
		take_whole(t, &left, &right);
		if (left >= right)
			continue;
		ack->n_sacked += take_block(env, t, left, right, &ack->news);
		ranges_add(&t->flight->sacked, left, right, STRETCHES_MAX + 1, env->memory);
	}
}
