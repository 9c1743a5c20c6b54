/* What ICMP errors do to a connection: RFC 9293 section 3.9.2.2, RFC 5461, and RFC 5927's check that the quoted segment
 * is in flight. */
#include "tcb.h"

bool tcp_icmp_in_flight(struct tcp_env *env, const struct tcb *t, uint32_t seq)
{
	tcp_seq at = tcp_seq_unwrap(seq, t->snd_una);

	if (at >= t->snd_una && at < t->snd_nxt)
		return true;
	env->counters.icmp_ignored++;
	return false;
}

void tcp_icmp_error(struct tcp_env *env, struct tcb *t, uint32_t seq, int error, bool hard)
{
	if (t->state == BERTH_TCP_LISTEN || !tcp_icmp_in_flight(env, t, seq))
		return;
	/* RFC 5927 section 5.2: once established, what says "gone for good" may be a lie; the timers decide, and tell
	 * the user what was said (RFC 5461 section 2). A parameter problem is soft for TCP at any time (RFC 9293
	 * MUST-56). */
	if (hard && error != BERTH_EPROTO && (t->state == BERTH_TCP_SYN_SENT || t->state == BERTH_TCP_SYN_RECEIVED))
		tcp_drop(env, t, error);
	else
		t->giveup.soft_error = (int16_t)error;
	tcp_reap(env);
}
