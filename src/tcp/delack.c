/* Delayed acknowledgments. See delack.h. */
#include "tcb.h"

/* RFC 9293 section 3.8.6.3, MUST-40: less than 0.5 s. */
#define NS_ACK_DELAY 40000000ull

void tcp_delack_quick(struct tcb *t, unsigned n_max)
{
	uint64_t half = t->rcv_mss ? (t->rcv_adv - t->rcv_nxt) / (2ull * t->rcv_mss) : 0;
	unsigned n = half < 2 ? 2 : half < n_max ? (unsigned)half : n_max;

	if (n > t->delack.n_quick)
		t->delack.n_quick = (uint8_t)n;
}

/* Never 0. After 71 minutes it is as if no time had passed: then an idle peer is not seen to be one. */
static uint32_t us_now(const struct tcp_env *env)
{
	uint32_t us = (uint32_t)(env->now / 1000);

	return us + !us;
}

/* The peer begins, or begins again with a small window (RFC 5681 section 4.1): each acknowledgment lets it grow. */
static void look_for_begin(struct tcb *t, uint32_t us)
{
	if (!t->delack.us_at || (uint32_t)(us - t->delack.us_at) > t->ns_rto / 1000)
		tcp_delack_quick(t, TCP_QUICK_ACKS);
	t->delack.us_at = us;
}

/* SHLD-19: each second full segment, and as Linux what is more than one. MUST-58: no ACK waits for longer than the
 * timer. */
void tcp_delack_data(struct tcp_env *env, struct tcb *t, uint32_t len)
{
	uint32_t us = us_now(env);

	t->rcv_unacked += len;
	t->ack_pending = true;
	if (t->delack.us_at != us)
		look_for_begin(t, us);
	if (t->rcv_unacked > t->rcv_mss || tcp_delack_is_quick(&t->delack))
		tcp_ack_now(env, t, false);
	else
		tcp_delack_wait(env, t);
}

void tcp_delack_wait(struct tcp_env *env, struct tcb *t)
{
	t->ack_pending = true;
	if (t->deadline[TCP_TIMER_ACK] == BERTH_NEVER)
		tcp_timer_set(env, t, TCP_TIMER_ACK, env->now + NS_ACK_DELAY);
}

void tcp_delack_answer(struct tcp_env *env, struct tcb *t)
{
	if ((uint32_t)(us_now(env) - t->delack.us_at) < NS_ACK_DELAY / 1000)
		t->delack.interactive = true;
}

void tcp_delack_timeout(struct tcp_env *env, struct tcb *t)
{
	tcp_timer_stop(t, TCP_TIMER_ACK);
	if (!t->ack_pending)
		return;
	env->counters.acks_delayed++;
	t->delack.interactive = false; /* no answer came */
	tcp_ack_now(env, t, false);
}

void tcp_delack_set(struct tcp_env *env, struct tcb *t, bool quick)
{
	t->delack.interactive = !quick;
	t->delack.n_quick = 0;
	if (!quick) {
		t->delack.us_at = us_now(env);
		return;
	}
	t->delack.n_quick = TCP_QUICK_ACKS;
	if (t->ack_pending)
		tcp_ack_now(env, t, false);
}
