/* What a program has set on a connection, or on the listener that it comes from, and few segments ask for. Most
 * programs set none of it: those who do have it allocated, the others share what is the default. */
#ifndef TCP_SETTINGS_H
#define TCP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "zerocopy.h"

struct tcb;
struct tcp_env;

struct tcp_settings {
	uint64_t pacing_rate_max; /* SO_MAX_PACING_RATE, bytes a second; 0: no limit */
	uint32_t receive_lowat;   /* SO_RCVLOWAT; 0 is 1 */
	uint32_t notsent_lowat;   /* TCP_NOTSENT_LOWAT; 0: no limit */
	uint32_t window_clamp;    /* TCP_WINDOW_CLAMP; 0: none */
	uint32_t ms_user_timeout; /* TCP_USER_TIMEOUT; 0: the default */
	uint16_t s_keep_idle, s_keep_interval;
	uint8_t n_keep_max;
	uint8_t n_syn_retries;          /* TCP_SYNCNT, 0 not set */
	uint8_t n_defer_accept;         /* TCP_DEFER_ACCEPT: timeouts of the SYN-ACK that a peer's data is waited for */
	bool inq;                       /* TCP_INQ */
	bool zerocopy;                  /* SO_ZEROCOPY, */
	struct tcp_zerocopy zerocopies; /* and what it has counted since */
};

extern const struct tcp_settings tcp_settings_default;

/* t gets settings of its own, which are `from` at first. false: no memory. */
bool tcp_settings_own(struct tcp_env *env, struct tcb *t, const struct tcp_settings *from);
void tcp_settings_free(struct tcp_env *env, struct tcb *t);

#endif
