/* The socket-pair table: by which a segment finds its socket, and by which a port is taken or free.
 *
 * Two keyed tables over the same endpoints: by socket pair (one look for an established conversation) and by protocol and local
 * port (for binding). Costs the same at ten endpoints and at a million. */
#ifndef PORTS_PAIRS_H
#define PORTS_PAIRS_H

#include "endpoint.h"
#include "rng.h"
#include "siphash.h"

struct pairs {
	struct table by_pair, by_port;
	struct siphash_key key;
	struct rng rng;                 /* where the search for a port begins */
	uint16_t first, last;           /* the ephemeral range */
};

/* 0 or BERTH_ENOMEM. */
int pairs_init(struct pairs *pairs, const uint8_t secret[16], uint64_t seed, uint16_t first, uint16_t last,
	       const struct berth_memory *memory);
void pairs_deinit(struct pairs *pairs);

/* The endpoint with exactly this pair, or NULL. */
struct endpoint *pairs_find(const struct pairs *pairs, const struct socket_pair *pair);

/* The endpoint that waits at the pair's local address and port without a peer: bound to the address first, then to all. */
struct endpoint *pairs_find_waiting(const struct pairs *pairs, const struct socket_pair *pair);

/* What a datagram or segment is for: pairs_find, then pairs_find_waiting. */
struct endpoint *pairs_lookup(const struct pairs *pairs, const struct socket_pair *pair);

/* Binds e (kind, pair.protocol, pair.family, pair.local, reuse set; not bound) to `port`, 0 for an ephemeral one. POSIX's rules:
 * two sockets may not have the same protocol, port and overlapping addresses, unless both set SO_REUSEADDR and neither
 * listens (TCP: connections and TIME-WAIT do not stand in the way of a listener with SO_REUSEADDR; UDP: both said so; the one
 * bound last gets the datagrams). 0 and pair.local_port set, or BERTH_EADDRINUSE. */
int pairs_bind(struct pairs *pairs, struct endpoint *e, uint16_t port);

/* e holds its port and wants to listen: BERTH_EADDRINUSE when another listener overlaps. 0: it is found by
 * pairs_find_waiting from now on. */
int pairs_listen(struct pairs *pairs, struct endpoint *e);

/* Gives e (local and foreign set in its pair) its conversation. Unbound: picks an ephemeral port such that the pair is new,
 * RFC 6056; the same port may serve several peers. 0 and e is in the table; BERTH_EADDRINUSE: the pair exists;
 * BERTH_EADDRNOTAVAIL: no port left. */
int pairs_connect(struct pairs *pairs, struct endpoint *e);

/* A connection that a listener accepted: its pair is set and new; it shares the listener's port. */
void pairs_adopt(struct pairs *pairs, struct endpoint *e);

/* Takes e out of the pair table but keeps its port (UDP, disconnecting or reconnecting). */
void pairs_disconnect(struct pairs *pairs, struct endpoint *e);

/* Takes e out of both tables. */
void pairs_remove(struct pairs *pairs, struct endpoint *e);

#endif
