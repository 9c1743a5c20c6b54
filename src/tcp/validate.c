/* See validate.h. That cwnd was the limit at some time of a round trip counts for all of it: acknowledgments come when
 * the burst that it stopped is long over. */
#include "tcb.h"

void tcp_validate_note(struct tcb *t)
{
	struct tcp_validate *v = t->flight ? &t->flight->validate : NULL;
	uint64_t flight;

	if (!v || (t->snd_una < v->round_end && v->limited && !t->cwnd_limited))
		return;
	flight = tcp_pipe(t);
	if (t->snd_una < v->round_end && !t->cwnd_limited && flight <= v->flight_max)
		return;
	v->limited = t->cwnd_limited;
	v->flight_max = (uint32_t)flight;
	v->round_end = t->snd_nxt;
}

bool tcp_validate_used(const struct tcb *t)
{
	const struct tcp_validate *v = &t->flight->validate;

	if (t->cwnd_limited || v->limited)
		return true;
	return !t->cc.ops->rules_recovery && t->cc.cwnd < t->cc.ssthresh && t->cc.cwnd < 2ull * v->flight_max;
}
