/* See pace.h. */
#include "pace.h"

#include "tcb.h"

#define NS_PER_S 1000000000ull
#define QUANTUM_MAX 65536u
#define NS_LATE_MAX 4000000ull

uint64_t tcp_pace_rate(const struct tcb *t)
{
	uint64_t rate = t->cc.pacing_rate, most = tcp_settings(t)->pacing_rate_max;

	return most && (!rate || rate > most) ? most : rate;
}

uint32_t tcp_pace_quantum(uint64_t rate, uint32_t mss)
{
	uint64_t bytes = rate / 1000;

	if (bytes > QUANTUM_MAX)
		bytes = QUANTUM_MAX;
	return bytes > 2 * mss ? (uint32_t)bytes : 2 * mss;
}

/* How long n bytes take. */
static uint64_t ns_for(uint64_t n, uint64_t rate)
{
	return n * NS_PER_S / rate;
}

bool tcp_pace_allows(struct tcp_env *env, struct tcb *t, uint32_t *payload_max)
{
	uint64_t rate = tcp_pace_rate(t), ns_quantum, ns_ahead;
	uint32_t quantum;

	if (!rate)
		return true;
	quantum = tcp_pace_quantum(rate, t->mss);
	ns_quantum = ns_for(quantum, rate);
	ns_ahead = t->pace.next > env->now ? t->pace.next - env->now : 0;
	if (ns_ahead >= ns_quantum) {
		tcp_timer_set(env, t, TCP_TIMER_PACE, t->pace.next - ns_quantum / 2);
		t->pace_waits = true;
		return false;
	}
	quantum -= (uint32_t)(ns_ahead * rate / NS_PER_S);
	if (*payload_max > quantum)
		*payload_max = quantum;
	return true;
}

void tcp_pace_sent(const struct tcp_env *env, struct tcb *t, uint32_t len)
{
	uint64_t rate = tcp_pace_rate(t), from = env->now;

	if (t->pace_waits)
		from -= from < NS_LATE_MAX ? from : NS_LATE_MAX;
	if (t->pace.next > from)
		from = t->pace.next;
	if (rate)
		t->pace.next = from + ns_for(len, rate);
	if (t->pace.next >= env->now)
		t->pace_waits = false;
}
