/* Challenge acknowledgments, RFC 5961: what may be a blind attack (RST or SYN in the window, an ACK of what was never
 * sent) and what may be a stray (a segment outside the window, the SYN again) is answered, but not each time.
 *
 * The limit is each connection's own: one of the whole host would tell an attacker, who spends it on a connection of
 * his, whether another exists (CVE-2016-5696). Its end is drawn anew each time, so that he cannot count in step with
 * it. It also ends what two hosts that disagree would say to each other for ever. */
#include "tcb.h"

/* RFC 5961 section 7 leaves the figures open; Linux has half a second. */
#define NS_CHALLENGE 500000000ull

bool tcp_challenge_allowed(struct tcp_env *env, struct tcb *t)
{
	if (env->now < t->challenge.next) {
		env->counters.challenge_limited++;
		return false;
	}
	t->challenge.next = env->now + NS_CHALLENGE + rng_below(&env->rng, NS_CHALLENGE / 2);
	return true;
}

void tcp_challenge(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_challenge_allowed(env, t))
		return;
	env->counters.acks_challenge++;
	tcp_ack_now(env, t, false);
}

void tcp_challenge_later(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_challenge_allowed(env, t))
		return;
	env->counters.acks_challenge++;
	tcp_delack_wait(env, t);
}
