/* What is true of a host and of every connection of it at any time, whatever has arrived and whatever was lost. */
#ifndef SIM_INVARIANTS_H
#define SIM_INVARIANTS_H

#include "host_private.h"
#include "tcb.h"

#define INVARIANTS_CONNECTIONS 32

/* What may only grow, of the connections that were looked at before. */
struct invariants {
	struct {
		uint64_t id;
		tcp_seq snd_una, snd_nxt, rcv_nxt, rcv_adv;
	} seen[INVARIANTS_CONNECTIONS];
	unsigned n;
};

/* Looks at all connections of the host (of more than INVARIANTS_CONNECTIONS, the first ones' past is known). Between
 * two calls of the host's. NULL, or what does not hold, in static text; *t (when not NULL) of which, where it is a
 * connection's. */
const char *invariants_check(struct invariants *past, const struct berth_host *host, const struct tcb **t);

/* What each end of a conversation believes that the other has, it has. The conversation is the one from this port of
 * a's host to b's. NULL (also when one of them has ended), or what does not hold, in static text. */
const char *invariants_of_both(const struct berth_host *a, const struct berth_host *b, uint16_t port);

#endif
