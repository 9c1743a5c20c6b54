/* The least round trip of late. See rtt_min.h. */
#include "rtt_min.h"

#define NS_HALF 150000000000ull

void tcp_rtt_min_sample(struct tcp_rtt_min *m, uint64_t ns_rtt, berth_time now)
{
	if (!ns_rtt)
		ns_rtt = 1;
	if (now - m->since >= NS_HALF) {
		/* What is older than the window is forgotten, also after a long silence. */
		m->ns_before = now - m->since < 2 * NS_HALF ? m->ns_half : 0;
		m->ns_half = ns_rtt;
		m->since = now;
	} else if (!m->ns_half || ns_rtt < m->ns_half) {
		m->ns_half = ns_rtt;
	}
}
