/* What an acknowledgment does to the sending side: RFC 9293 section 3.10.7.4 (fifth, ESTABLISHED), RFC 6298 section 5,
 * RFC 5681. */
#include "tcb.h"

/* Karn's algorithm (RFC 6298 section 3), with timestamps (RFC 7323 section 4.1) where a retransmission makes the record
 * ambiguous. One sample a round trip, as RFC 6298's constants expect. */
static void measure(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, const struct tcp_ack *ack,
		    bool again)
{
	if (t->snd_una < t->rtt_mark)
		return;
	if (ack->ns_rtt && !again) {
		tcp_rtt_sample(t, ack->ns_rtt);
	} else if (again && t->ts_ok && h->has_timestamp && h->ts_ecr) {
		uint32_t ms = tcp_timestamp(env, t) - h->ts_ecr;

		if (ms < 600000)
			tcp_rtt_sample(t, ms * 1000000ull);
	} else if (again) {
		return;
	}
	t->rtt_mark = t->snd_nxt;
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
	berth_time at = 0;
	bool again = false;

	sent_cut(&t->sent, ack->ack, &at, &again, env->memory);
	t->snd_una = ack->ack;
	if (t->probing && t->snd_una == t->snd_nxt)
		t->probing = false;
	if (t->sacked.n)
		ranges_cut(&t->sacked, t->snd_una, env->memory);
	cut_queue(env, t);
	if (at)
		ack->ns_rtt = env->now - at;
	measure(env, t, h, ack, again);
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
	struct tcp_ack a = {.ack = ack, .n_acked = ack - t->snd_una};
	bool was_fast =
		t->recovery == TCP_RECOVERY_FAST; /* what ends it leaves cwnd at ssthresh: RFC 5681 section 3.2 */

	if (h->n_sacks && t->sack_ok)
		tcp_sack_in(env, t, h, &a);
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
