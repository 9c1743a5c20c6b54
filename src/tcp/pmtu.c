/* What routers say of the path's size. See pmtu.h. */
#include "pmtu.h"

#include "plpmtud.h"
#include "tcb.h"

/* RFC 1191 section 3: no IPv4 path is narrower; a smaller value is an attack (CVE-2004-1060). RFC 8200 section 5: nor
 * an IPv6 path. */
#define MTU_FLOOR 552
#define MTU_FLOOR_IP6 1280
/* RFC 1191 section 6.3, RFC 8201 section 4: a size is tried again ten minutes after it was too large. */
#define S_RAISE 600

static uint32_t s_now(const struct tcp_env *env)
{
	return (uint32_t)(env->now / 1000000000);
}

void tcp_pmtu_begin(struct tcb *t, uint32_t mtu)
{
	t->mtu = mtu;
	t->pmtu = (struct tcp_pmtu){.max = (uint16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX)};
}

/* It is only ever a reason to try more: that a path has become narrower is said of this connection's own packets, with
 * a number in flight. */
void tcp_pmtu_path(struct tcp_env *env, struct tcb *t, uint32_t mtu)
{
	if (mtu > UINT16_MAX)
		mtu = UINT16_MAX;
	if (mtu <= t->pmtu.max || !tcp_states[t->state].synchronised)
		return;
	t->pmtu.max = (uint16_t)mtu;
	t->pmtu.high = 0;
	t->pmtu.s_search = s_now(env);
}

/* Too large are the records of full segments alone: a record may hold several that left at one instant. */
static void lose_large(struct tcp_env *env, struct tcb *t)
{
	for (uint32_t i = 0; i < tcp_sent(t)->n; i++) {
		const struct sent_record r = *sent_at(&t->flight->sent, i);

		if (r.right - r.left > t->mss && !(r.flags & SENT_SACKED))
			sent_mark_lost(&t->flight->sent, r.left, r.right, true, env->memory);
	}
}

void tcp_pmtu_lower(struct tcp_env *env, struct tcb *t, uint32_t mtu)
{
	t->pmtu.high = (uint16_t)(t->mtu < UINT16_MAX ? t->mtu : UINT16_MAX);
	t->mtu = mtu;
	t->pmtu.probe = t->pmtu.said = 0;
	t->pmtu.proven = false;
	t->pmtu.n_lost = 0;
	tcp_update_mss(t);
	if (!tcp_states[t->state].synchronised) {
		tcp_fast_open_too_big(env, t);
		return;
	}
	/* RFC 1191 section 6.5: until what is in flight is acknowledged, what is marked lost begins no recovery. */
	if (t->recovery == TCP_RECOVERY_NONE) {
		t->recovery = TCP_RECOVERY_TIMEOUT;
		t->recover = t->snd_nxt;
	}
	lose_large(env, t);
	tcp_want_output(env, t);
}

/* RFC 1191 section 3, RFC 8201 section 4. */
static void obey(struct tcp_env *env, struct tcb *t, uint32_t mtu)
{
	env->counters.mtu_lowered++;
	tcp_pmtu_lower(env, t, mtu);
	/* The router has said what fits: there is nothing to search for. */
	t->pmtu.high = 0;
	t->pmtu.s_search = s_now(env) + S_RAISE;
	t->pmtu.blackout = false;
}

bool tcp_icmp_mtu(struct tcp_env *env, struct tcb *t, uint32_t seq, uint32_t mtu)
{
	uint32_t floor = t->e.pair.family == BERTH_IP6 ? MTU_FLOOR_IP6 : MTU_FLOOR;

	if (t->state == BERTH_TCP_LISTEN || t->state == BERTH_TCP_CLOSED || !tcp_icmp_in_flight(env, t, seq))
		return false;
	if (mtu < floor)
		mtu = floor;
	if (mtu >= t->mtu) {
		/* RFC 8899 section 4.6.2: about a probe; what lies above need not be tried. */
		if (t->pmtu.probe && mtu < t->pmtu.probe && (!t->pmtu.high || mtu + 1 < t->pmtu.high))
			t->pmtu.high = (uint16_t)(mtu + 1);
		return true;
	}
	/* RFC 5927 section 7.2: packets of this size have arrived. Whoever says now that they do not fit is believed
	 * when what he speaks of is not acknowledged in time. */
	if (t->pmtu.proven) {
		env->counters.mtu_doubted++;
		t->pmtu.said = (uint16_t)mtu;
		t->pmtu.left = seq;
		t->pmtu.probe = 0;
		return false;
	}
	obey(env, t, mtu);
	return true;
}

void tcp_pmtu_acked(struct tcp_env *env, struct tcb *t, uint64_t n)
{
	uint32_t una = (uint32_t)t->snd_una;

	if (t->pmtu.said && (int32_t)(una - t->pmtu.left) > 0)
		t->pmtu.said = 0; /* it was not true */
	if (t->pmtu.probe && (int32_t)(una - t->pmtu.left) > 0)
		tcp_plpmtud_arrived(env, t);
	else if (n >= t->mss)
		t->pmtu.proven = true;
}

void tcp_pmtu_timeout(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_states[t->state].synchronised)
		return;
	t->pmtu.proven = false;
	t->pmtu.probe = 0; /* RFC 4821 section 7.6.4: that tells nothing of the probe */
	if (t->pmtu.said)
		obey(env, t, t->pmtu.said);
	else
		tcp_plpmtud_timeout(env, t);
}
