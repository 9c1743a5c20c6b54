/* What ICMP errors do to a connection: RFC 9293 section 3.9.2.2, RFC 5461, and RFC 5927's check that the quoted segment
 * is in flight. */
#include "tcb.h"

/* RFC 1191 section 3: no IPv4 path is narrower; a smaller value is an attack (CVE-2004-1060). RFC 8200 section 5: nor
 * an IPv6 path. */
#define MTU_FLOOR 552
#define MTU_FLOOR_IP6 1280

static bool in_flight(struct tcp_env *env, const struct tcb *t, uint32_t seq)
{
	tcp_seq at = tcp_seq_unwrap(seq, t->snd_una);

	if (at >= t->snd_una && at < t->snd_nxt)
		return true;
	env->counters.icmp_ignored++;
	return false;
}

void tcp_icmp_error(struct tcp_env *env, struct tcb *t, uint32_t seq, int error, bool hard)
{
	if (t->state == BERTH_TCP_LISTEN || !in_flight(env, t, seq))
		return;
	/* RFC 5927 section 5.2: once established, what says "gone for good" may be a lie; the timers decide, and tell
	 * the user what was said (RFC 5461 section 2). A parameter problem is soft for TCP at any time (RFC 9293
	 * MUST-56). */
	if (hard && error != BERTH_EPROTO && (t->state == BERTH_TCP_SYN_SENT || t->state == BERTH_TCP_SYN_RECEIVED))
		tcp_drop(env, t, error);
	else
		t->giveup.soft_error = error;
	tcp_reap(env);
}

void tcp_icmp_mtu(struct tcp_env *env, struct tcb *t, uint32_t seq, uint32_t mtu)
{
	uint32_t floor = t->e.pair.family == BERTH_IP6 ? MTU_FLOOR_IP6 : MTU_FLOOR;

	if (t->state == BERTH_TCP_LISTEN || t->state == BERTH_TCP_CLOSED || !in_flight(env, t, seq))
		return;
	if (mtu < floor)
		mtu = floor;
	if (mtu >= t->mtu)
		return;
	env->counters.mtu_lowered++;
	t->mtu = mtu;
	tcp_update_mss(t);
	/* RFC 1191 section 6.5: what was too large is lost, and not by congestion. */
	if (t->state == BERTH_TCP_SYN_SENT || t->state == BERTH_TCP_SYN_RECEIVED) {
		tcp_fast_open_too_big(env, t);
		return;
	}
	if (t->recovery == TCP_RECOVERY_NONE) { /* until that is acknowledged, what is marked lost begins no recovery */
		t->recovery = TCP_RECOVERY_TIMEOUT;
		t->recover = t->snd_nxt;
	}
	sent_mark_lost(&t->sent, t->snd_una, t->snd_nxt, true, env->memory);
	tcp_want_output(env, t);
}
