/* What the user has said of the time after close: SO_LINGER and TCP_LINGER2. */
#ifndef TCP_LINGER_H
#define TCP_LINGER_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_linger {
	uint16_t s_close;     /* SO_LINGER; 0 with `on`: close resets */
	int16_t s_fin_wait_2; /* TCP_LINGER2, negative: FIN-WAIT-2 without a user does not last */
	bool on;              /* SO_LINGER */
};

#endif
