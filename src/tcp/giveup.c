/* When a connection whose peer does not answer is given up: RFC 9293 section 3.8.3, RFC 5482 (the user timeout).
 *
 * R2 of section 3.8.3 is a time: it runs from the moment at which something waits for the peer, and begins anew with
 * each byte that the peer takes. It is looked at when a timer of a retransmission or probe fires; where the user has
 * said how long (TCP_USER_TIMEOUT, MUST-21), that timer fires no later than the time is over. R1's advice to IP is not
 * given: neighbours and routers are probed by themselves (RFC 4861 section 7.3). What the user may know at R1 (SHLD-9)
 * is in TCP_INFO and in the snapshot: the retransmissions and their back-off. */
#include "tcb.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull
/* SHLD-11: R2 is at least 100 s for data, MUST-23: and 3 minutes for a SYN. */
#define NS_GIVE_UP (900 * NS_PER_S)
#define NS_GIVE_UP_SYN (180 * NS_PER_S)
/* A simultaneous open that gets no further. (Those that a listener is asked for are requests: request.c.) */
#define NS_GIVE_UP_SYN_ACK (63 * NS_PER_S)
/* Nobody waits for these, but they hold memory: a peer that is silent is given less, though never few tries, as a path
 * may be slow and bad. */
#define NS_GIVE_UP_ORPHAN (100 * NS_PER_S)
#define ORPHAN_TRIES 10

static uint64_t ns_user(const struct tcb *t)
{
	return tcp_settings(t)->ms_user_timeout * NS_PER_MS;
}

static uint64_t ns_patience(const struct tcb *t)
{
	if (tcp_settings(t)->ms_user_timeout)
		return ns_user(t);
	if (t->state == BERTH_TCP_SYN_SENT)
		return NS_GIVE_UP_SYN;
	if (t->state == BERTH_TCP_SYN_RECEIVED)
		return NS_GIVE_UP_SYN_ACK;
	return t->orphan && t->giveup.n_tries >= ORPHAN_TRIES ? NS_GIVE_UP_ORPHAN : NS_GIVE_UP;
}

/* TCP_SYNCNT counts the SYN's retransmissions. Never without having tried a second time: a user timeout may be shorter
 * than the retransmission timeout. */
bool tcp_giveup_due(const struct tcp_env *env, const struct tcb *t, berth_time since)
{
	if (t->state == BERTH_TCP_SYN_SENT && tcp_settings(t)->n_syn_retries && !tcp_settings(t)->ms_user_timeout)
		return t->giveup.n_tries >= tcp_settings(t)->n_syn_retries;
	return (tcp_settings(t)->ms_user_timeout ? t->n_backoff : t->giveup.n_tries) &&
	       env->now - since >= ns_patience(t);
}

berth_time tcp_giveup_before(const struct tcp_env *env, const struct tcb *t, berth_time deadline)
{
	berth_time end = t->giveup.since + ns_user(t);

	if (!tcp_settings(t)->ms_user_timeout || !t->n_backoff)
		return deadline;
	if (end <= env->now) /* over, but what was just sent again is given the time of an answer */
		end = env->now + t->ns_rto;
	return end < deadline ? end : deadline;
}

/* As on Linux, a user timeout takes the place of TCP_KEEPCNT; one probe at least is sent (MUST-29). */
bool tcp_giveup_keepalive_due(const struct tcp_env *env, const struct tcb *t)
{
	if (tcp_settings(t)->ms_user_timeout)
		return t->n_keep && env->now - t->heard_at >= ns_user(t);
	return t->n_keep >= tcp_settings(t)->n_keep_max;
}

berth_time tcp_giveup_before_keepalive(const struct tcp_env *env, const struct tcb *t, berth_time deadline)
{
	berth_time end = t->heard_at + ns_user(t);

	return tcp_settings(t)->ms_user_timeout && end > env->now && end < deadline ? end : deadline;
}

/* RFC 5461 section 2, RFC 9293 SHLD-25: when ICMP has said why, the user is told that. */
void tcp_give_up(struct tcp_env *env, struct tcb *t)
{
	env->counters.timed_out++;
	tcp_abort(env, t, t->giveup.soft_error ? t->giveup.soft_error : BERTH_ETIMEDOUT);
}
