/* What is kept of what is in flight. See flight.h. */
#include "tcb.h"

const struct tcp_flight tcp_flight_none;

bool tcp_flight_begin(struct tcp_env *env, struct tcb *t)
{
	if (t->flight)
		return true;
	t->flight = env->memory->alloc(env->memory->context, sizeof(*t->flight));
	if (!t->flight)
		return false;
	*t->flight = (struct tcp_flight){.lost_edge = t->snd_una};
	t->flight->rate.first_sent = t->flight->rate.delivered_at = env->now;
	return true;
}

void tcp_flight_end(struct tcp_env *env, struct tcb *t)
{
	if (!t->flight)
		return;
	sent_deinit(&t->flight->sent, env->memory);
	ranges_deinit(&t->flight->sacked, env->memory);
	env->memory->free(env->memory->context, t->flight, sizeof(*t->flight));
	t->flight = NULL;
	t->rack.waits = false;
}
