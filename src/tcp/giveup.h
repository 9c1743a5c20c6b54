/* What a connection knows of how long it has waited in vain. */
#ifndef TCP_GIVEUP_H
#define TCP_GIVEUP_H

#include <berth/frame.h>

struct tcp_giveup {
	berth_time since;   /* the peer has taken nothing although something waits for it; 0: nothing waits */
	int16_t soft_error; /* what ICMP said in the meantime, BERTH_E..., 0 nothing */
	uint8_t n_tries;    /* timeouts and probes since then. The back-off may count those before, too (RFC 6298) */
};

#endif
