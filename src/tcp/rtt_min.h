/* The least round trip of late: RFC 8985 section 6.2 step 1.
 *
 * Two halves of a window, each with its own minimum: a path that has grown longer is believed after five minutes at
 * most, and one sample costs a comparison. */
#ifndef TCP_RTT_MIN_H
#define TCP_RTT_MIN_H

#include <berth/frame.h>

struct tcp_rtt_min {
	uint32_t us_half, us_before; /* of the half that runs and the one before, rounded up; 0: none */
	uint32_t s_since;            /* when the half that runs began */
};

/* A round trip was measured. */
void tcp_rtt_min_sample(struct tcp_rtt_min *m, uint64_t ns_rtt, berth_time now);

/* 0: nothing was measured. */
static inline uint64_t tcp_rtt_min(const struct tcp_rtt_min *m)
{
	return (m->us_before && m->us_before < m->us_half ? m->us_before : m->us_half) * 1000ull;
}

#endif
