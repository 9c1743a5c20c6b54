/* The least round trip of late. See rtt_min.h. */
#include "rtt_min.h"

#define S_HALF 150u

void tcp_rtt_min_sample(struct tcp_rtt_min *m, uint64_t ns_rtt, berth_time now)
{
	uint64_t us_rtt = ns_rtt ? (ns_rtt + 999) / 1000 : 1;
	uint32_t us = us_rtt < UINT32_MAX ? (uint32_t)us_rtt : UINT32_MAX, s = (uint32_t)(now / 1000000000);

	if (!m->us_half || s - m->s_since >= S_HALF) {
		/* What is older than the window is forgotten, also after a long silence. */
		m->us_before = s - m->s_since < 2 * S_HALF ? m->us_half : 0;
		m->us_half = us;
		m->s_since = s;
	} else if (us < m->us_half) {
		m->us_half = us;
	}
}
