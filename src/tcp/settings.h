/* What a program has set on a connection, or on the listener that it comes from, and few segments ask for. */
#ifndef TCP_SETTINGS_H
#define TCP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_settings {
	uint64_t pacing_rate_max; /* SO_MAX_PACING_RATE, bytes a second; 0: no limit */
	uint32_t receive_lowat;   /* SO_RCVLOWAT; 0 is 1 */
	uint32_t notsent_lowat;   /* TCP_NOTSENT_LOWAT; 0: no limit */
	uint32_t window_clamp;    /* TCP_WINDOW_CLAMP; 0: none */
	bool inq;                 /* TCP_INQ */
	bool zerocopy;            /* SO_ZEROCOPY */
};

#endif
