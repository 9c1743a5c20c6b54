/* Packetisation layer path MTU discovery. See plpmtud.h. */
#include "plpmtud.h"

#include "tcb.h"

/* RFC 8899 section 5.1.2. */
#define MAX_PROBES 3
#define BASE_PLPMTU 1200
#define BASE_PLPMTU_IP6 1280 /* RFC 8200 section 5: every path carries that */
#define S_RAISE 600
/* What every IPv4 path of today carries, see the host's path_mtu.c. */
#define MIN_PLPMTU 576
/* The search is over when so few bytes are left to win (RFC 4821 section 7.7). */
#define NEAR_ENOUGH 8
/* Timeouts in a row of a full segment. */
#define TIMEOUTS 2
/* Segments that follow a probe, so that its loss is found without a timer (RFC 4821 section 7.4). */
#define SEGMENTS_AFTER 3

static uint32_t s_now(const struct tcp_env *env)
{
	return (uint32_t)(env->now / 1000000000);
}

static uint32_t base_of(const struct tcb *t)
{
	return t->e.pair.family == BERTH_IP6 ? BASE_PLPMTU_IP6 : BASE_PLPMTU;
}

/* The largest size that makes sense: the peer's MSS, or the user's, may be less than the path carries. */
static uint32_t size_max(const struct tcb *t)
{
	uint32_t mss = t->mss_user && t->mss_user < t->mss_peer ? t->mss_user : t->mss_peer;
	uint32_t size = tcp_headers_min(t) + mss;

	return size < t->pmtu.max ? size : t->pmtu.max;
}

/* Of the largest packets that leave now. */
static uint32_t size_in_use(const struct tcb *t)
{
	uint32_t max = size_max(t);

	return t->mtu < max ? t->mtu : max;
}

/* What a packet of that size carries, as one in use carries t->mss. */
static uint32_t payload_of(const struct tcb *t, uint32_t size)
{
	return t->mss + size - size_in_use(t);
}

/* The end of the search: what works stays for ten minutes. */
static void complete(struct tcp_env *env, struct tcb *t)
{
	t->pmtu.s_search = s_now(env) + S_RAISE;
	t->pmtu.high = 0;
	t->pmtu.n_lost = 0;
}

/* The size to try next; 0: none now. */
static uint32_t candidate(struct tcp_env *env, struct tcb *t)
{
	uint32_t max = size_max(t), high = t->pmtu.high && t->pmtu.high <= max ? t->pmtu.high : max + 1;

	if (t->mtu >= max)
		return 0;
	/* A network that was away for a while looks like a black hole: the size from before comes first. After ten
	 * minutes likewise: the path may be as wide as it ever was. */
	if (t->pmtu.blackout || high > max)
		return max;
	if (high - t->mtu <= NEAR_ENOUGH) {
		complete(env, t);
		return 0;
	}
	return (t->mtu + high) / 2;
}

uint32_t tcp_plpmtud_probe(struct tcp_env *env, struct tcb *t, uint64_t unsent, bool *hold)
{
	tcp_seq edge = t->snd_una + t->snd_wnd;
	uint64_t pipe = tcp_pipe(t);
	uint32_t size, len, all;

	if (t->pmtu.probe || t->pmtu.said || t->recovery != TCP_RECOVERY_NONE ||
	    (int32_t)(s_now(env) - t->pmtu.s_search) < 0)
		return 0;
	size = candidate(env, t);
	if (!size)
		return 0;
	if (!env->config.mtu_probing) { /* RFC 1191 section 6.3: with what there is to send; a router will say */
		t->mtu = size_max(t);
		tcp_update_mss(t);
		return 0;
	}
	len = payload_of(t, size);
	all = len + SEGMENTS_AFTER * t->mss;
	if (unsent < all || t->snd_nxt + all > edge || all > t->cc.cwnd)
		return 0;
	*hold = pipe + len > t->cc.cwnd;
	if (*hold) {
		t->cwnd_limited = true;
		return 0;
	}
	return len;
}

void tcp_plpmtud_sent(struct tcp_env *env, struct tcb *t, uint32_t len)
{
	env->counters.mtu_probes++;
	t->pmtu.probe = (uint16_t)(size_in_use(t) + len - t->mss);
	t->pmtu.left = (uint32_t)(t->snd_nxt - len);
}

void tcp_plpmtud_arrived(struct tcp_env *env, struct tcb *t)
{
	env->counters.mtu_raised++;
	t->mtu = t->pmtu.probe;
	t->pmtu.probe = 0;
	t->pmtu.n_lost = 0;
	t->pmtu.blackout = false;
	t->pmtu.proven = true;
	if (t->pmtu.high <= t->mtu)
		t->pmtu.high = 0;
	tcp_update_mss(t);
}

bool tcp_plpmtud_lost(struct tcp_env *env, struct tcb *t)
{
	uint32_t len = t->pmtu.probe ? payload_of(t, t->pmtu.probe) : 0;

	if (!len || (uint32_t)t->snd_una != t->pmtu.left || tcp_sent(t)->n_lost - tcp_sent(t)->n_again > len)
		return false;
	if (++t->pmtu.n_lost >= MAX_PROBES) {
		t->pmtu.high = t->pmtu.probe;
		t->pmtu.n_lost = 0;
		t->pmtu.blackout = false;
	}
	t->pmtu.probe = 0;
	sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_una + len, false, env->memory);
	t->recovery = TCP_RECOVERY_TIMEOUT; /* no other: what else is lost until then is found all the same */
	t->recover = t->snd_una + len;
	return true;
}

/* Full segments are what does not get through: the first in flight is one. */
static bool loses_full_segments(const struct tcb *t, uint32_t smaller)
{
	return tcp_sent(t)->n &&
	       sent_at(&t->flight->sent, 0)->right - sent_at(&t->flight->sent, 0)->left > payload_of(t, smaller);
}

/* Timeouts in a row after which the path is suspected: two, and two more where the size is small already. */
static bool is_suspect(const struct tcb *t, uint32_t size)
{
	unsigned n = t->n_backoff + 1u;

	return size < base_of(t) ? n >= 2 * TIMEOUTS && n % TIMEOUTS == 0 : n == TIMEOUTS;
}

void tcp_plpmtud_timeout(struct tcp_env *env, struct tcb *t)
{
	uint32_t base = base_of(t), used = size_in_use(t), size = used > base ? base : MIN_PLPMTU;

	if (!env->config.mtu_probing || used <= size || (size < base && t->e.pair.family == BERTH_IP6) ||
	    !is_suspect(t, size) || !loses_full_segments(t, size))
		return;
	env->counters.mtu_black_holes++;
	tcp_pmtu_lower(env, t, size);
	t->pmtu.s_search = s_now(env);
	t->pmtu.blackout = true;
}
