/* The time after close. SO_LINGER of some seconds changes nothing here: no call waits, and the connection goes on to
 * deliver what is queued in any case, as after the wait on other systems. SO_LINGER of 0 is section 3.10.5's ABORT.
 * TCP_LINGER2 says, as on Linux, how long FIN-WAIT-2 lasts when nobody holds the connection any more. */
#include "tcb.h"

#define S_FIN_WAIT_2_MAX 120
#define NS_PER_S 1000000000ull

static int default_seconds(const struct tcp_env *env)
{
	uint32_t s = 2 * env->config.ms_msl / 1000;

	return s > S_FIN_WAIT_2_MAX ? S_FIN_WAIT_2_MAX : s ? (int)s : 1;
}

void tcp_linger_init(const struct tcp_env *env, struct tcb *t)
{
	tcp_linger_set_fin_wait_2(env, t, 0);
}

void tcp_linger_set_fin_wait_2(const struct tcp_env *env, struct tcb *t, int seconds)
{
	if (seconds == 0)
		seconds = default_seconds(env);
	if (seconds > S_FIN_WAIT_2_MAX)
		seconds = S_FIN_WAIT_2_MAX;
	t->linger.s_fin_wait_2 = (int16_t)(seconds < 0 ? -1 : seconds);
}

/* Not less than what a FIN that is lost twice needs. */
void tcp_linger_fin_wait_2(struct tcp_env *env, struct tcb *t)
{
	uint64_t ns = (uint64_t)t->linger.s_fin_wait_2 * NS_PER_S, least = 4 * t->ns_rto - t->ns_rto / 2;

	if (t->linger.s_fin_wait_2 < 0)
		tcp_drop(env, t, 0);
	else
		tcp_timer_main(env, t, TCP_MAIN_FIN_WAIT_2, env->now + (ns > least ? ns : least));
}
