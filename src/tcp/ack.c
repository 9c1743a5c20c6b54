/* What an acknowledgment does to the sending side: RFC 9293 section 3.10.7.4 (fifth, ESTABLISHED), RFC 6298 section 5,
 * RFC 5681. */
#include "tcb.h"

/* Karn's algorithm (RFC 6298 section 3): what was sent more than once measures nothing, unless the timestamp that comes
 * back is from the latest sending or after it (RFC 7323 section 4.1). An older one tells when the first copy arrived,
 * not when its acknowledgment was lost: taken for a round trip, it would grow with each timeout. One sample a round
 * trip, as RFC 6298's constants expect. */
static void measure(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, const struct sent_times *sent)
{
	uint64_t ns_elapsed = env->now - sent->again, ns_echo;

	if (t->snd_una < t->rtt_mark)
		return;
	if (!sent->again) {
		if (sent->once && sent->once < env->now)
			tcp_rtt_sample(t, env->now - sent->once);
		t->rtt_mark = t->snd_nxt;
	} else if (t->ts_ok && h->has_timestamp) {
		ns_echo = (uint32_t)(tcp_timestamp(env, t) - h->ts_ecr) * 1000000ull;
		if (ns_echo > ns_elapsed + 1000000)
			return;
		tcp_rtt_sample(t, ns_elapsed);
		t->rtt_mark = t->snd_nxt;
	}
}

/* The user's bytes that are acknowledged give their memory back. */
static void cut_queue(struct tcp_env *env, struct tcb *t)
{
	tcp_seq data = t->snd_una < t->sendq.right ? t->snd_una : t->sendq.right;

	if (data > t->sendq.left)
		sendq_cut(&t->sendq, data, env->memory);
}

static void advance(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack)
{
	struct sent_times sent;

	sent_cut(&t->sent, ack->ack, &sent, env->memory);
	t->snd_una = ack->ack;
	env->progress = true;
	if (t->probing && t->snd_una == t->snd_nxt)
		t->probing = false;
	if (t->sacked.n)
		ranges_cut(&t->sacked, t->snd_una, env->memory);
	cut_queue(env, t);
	measure(env, t, h, &sent);
	t->n_backoff = 0;
	t->trying_since = 0;
}

static void grow_window(struct tcp_env *env, struct tcb *t, uint64_t n_acked)
{
	struct tcp_cc_ack report = {
		.n_acked = n_acked,
		.ns_srtt = t->ns_srtt,
		.cwnd_limited = t->cwnd_limited,
		.now = env->now,
	};

	t->cc.ops->on_ack(&t->cc, &report);
}

static bool has_more(const struct tcb *t)
{
	return t->sendq.right > t->snd_nxt || t->sent.n_lost > t->sent.n_again || (t->fin_queued && !tcp_fin_sent(t));
}

void tcp_ack_in(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, tcp_seq ack, bool dup)
{
	struct tcp_ack a = {.ack = ack, .n_acked = ack > t->snd_una ? ack - t->snd_una : 0};
	bool was_fast =
		t->recovery == TCP_RECOVERY_FAST; /* what ends it leaves cwnd at ssthresh: RFC 5681 section 3.2 */

	if (h->n_sacks && t->sack_ok)
		tcp_sack_in(env, t, h, &a);
	if (ack < t->snd_una) /* a later one has overtaken it: RFC 6675 section 2 takes it by what it reports */
		dup = a.n_sacked;
	if (a.n_acked)
		advance(env, t, h, &a);
	if (a.n_acked || t->snd_nxt > t->snd_una)
		tcp_loss_ack(env, t, &a, dup);
	if (a.n_acked) {
		if (!was_fast && t->recovery != TCP_RECOVERY_FAST)
			grow_window(env, t, a.n_acked);
		tcp_timer_update(env, t, true); /* RFC 6298 section 5.2, 5.3 */
		if (t->want_write && tcp_ready(t) & BERTH_WRITABLE) {
			t->want_write = false;
			tcp_tell(env, t, BERTH_WRITABLE);
		}
	}
	if (has_more(t))
		tcp_want_output(env, t);
}
