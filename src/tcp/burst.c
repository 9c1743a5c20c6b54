/* The size of large segments. See burst.h. */
#include "tcb.h"

#define NS_S 1000000000ull
/* The link's largest is halved for each of these of the least round trip. */
#define NS_HALVING 512000
#define N_HALVINGS 31
/* A second by this is the time that a burst is sent for. */
#define TIME_DIVISOR 1024
#define N_SEGMENTS_LEAST 2

/* What the connection sends a second: as it is paced, or else what its window lets it, with room for the growth of slow
 * start and of congestion avoidance. */
static uint64_t rate(const struct tcb *t)
{
	uint64_t window = t->cc.cwnd;

	if (t->cc.pacing_rate)
		return t->cc.pacing_rate;
	window += t->cc.cwnd < t->cc.ssthresh / 2 ? window : window / 5;
	return t->ns_srtt ? window * (NS_S / TIME_DIVISOR) / t->ns_srtt * TIME_DIVISOR : UINT64_MAX;
}

uint32_t tcp_burst_limit(const struct tcb *t, uint32_t payload_max)
{
	uint64_t ns_rtt = tcp_rtt_min(&t->rtt_min), limit = payload_max, halvings, in_time;

	if (payload_max <= t->mss)
		return t->mss;
	if (limit > t->cc.cwnd / 2)
		limit = t->cc.cwnd / 2;
	if (ns_rtt >= NS_HALVING) {
		halvings = ns_rtt / NS_HALVING;
		in_time = (halvings > N_HALVINGS ? 0 : payload_max >> halvings) + rate(t) / TIME_DIVISOR;
		if (in_time < (uint64_t)N_SEGMENTS_LEAST * t->mss)
			in_time = (uint64_t)N_SEGMENTS_LEAST * t->mss;
		if (limit > in_time)
			limit = in_time;
	}
	return limit > t->mss ? (uint32_t)(limit / t->mss * t->mss) : t->mss;
}
