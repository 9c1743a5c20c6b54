/* The socket-pair table: by which a segment finds its socket, and by which a port is taken or free.
 *
 * Two keyed tables over the same endpoints: by socket pair (one look for an established conversation) and by protocol
 * and local port (for binding). Costs the same at ten endpoints and at a million. No call but pairs_init needs memory.
 */
#ifndef PORTS_PAIRS_H
#define PORTS_PAIRS_H

#include "endpoint.h"
#include "siphash.h"

struct pairs {
	struct table by_pair, by_port;
	struct siphash_key key;
	uint64_t n_drawn;       /* with the key: where the next search for a port begins */
	uint16_t first, last;   /* the ephemeral range */
	struct endpoint *found; /* by pairs_find_cached last; NULL, or in by_pair */
};

/* 0 or BERTH_ENOMEM. */
int pairs_init(struct pairs *pairs, const uint8_t secret[16], uint64_t seed, uint16_t first, uint16_t last,
	       const struct berth_memory *memory);
void pairs_deinit(struct pairs *pairs);

/* A keyed hash of the pair. */
uint64_t pairs_hash(const struct pairs *pairs, const struct socket_pair *pair);
bool pairs_same(const struct socket_pair *a, const struct socket_pair *b);
/* The local addresses are the same, on the same interface where that matters. */
bool pairs_same_local(const struct socket_pair *a, const struct socket_pair *b);

/* The endpoint with exactly this pair, or NULL. */
struct endpoint *pairs_find(const struct pairs *pairs, const struct socket_pair *pair);

/* The same, trying the endpoint found last first: segments come in trains, and then no hash is needed. */
struct endpoint *pairs_find_cached(struct pairs *pairs, const struct socket_pair *pair);

/* The endpoint that waits at the pair's local address and port without a peer: bound to the address first, then to all
 * of the family, then (IPv4) an IPv6 socket bound to all of both. Of several with SO_REUSEPORT it is the same one for a
 * pair each time, while they stay. */
struct endpoint *pairs_find_waiting(const struct pairs *pairs, const struct socket_pair *pair);

/* What a datagram or segment is for: pairs_find, then pairs_find_waiting. */
struct endpoint *pairs_lookup(const struct pairs *pairs, const struct socket_pair *pair);

/* All UDP endpoints that a datagram to many (a group, or all stations) is for, one after the other: those at the pair's
 * local port that are bound to its local address or to all, and whose peer, if they have one, is the pair's. The one
 * after `last` (NULL: the first), or NULL. In the meantime no endpoint may come or go. */
struct endpoint *pairs_next_of_many(const struct pairs *pairs, const struct socket_pair *pair,
				    const struct endpoint *last);

/* Binds e (kind, family, v6only, reuse, pair.protocol, pair.family, pair.local, pair.scope set; not bound) to `port`, 0
 * for an ephemeral one that nobody holds at an overlapping address. POSIX's rules: two sockets may not have the same
 * protocol, port and overlapping addresses, unless both set SO_REUSEADDR and neither listens (TCP: connections and
 * TIME-WAIT do not stand in the way of a socket with SO_REUSEADDR; UDP: both said so; the one bound last gets the
 * datagrams), or both set SO_REUSEPORT. An IPv6 socket bound to all addresses overlaps those of IPv4, too, unless it is
 * v6only (RFC 3493 sections 3.7 and 5.3); a link-local address is another on each interface. 0 and pair.local_port set,
 * pair.foreign cleared, and a UDP socket is found by pairs_find_waiting; or BERTH_EADDRINUSE. */
int pairs_bind(struct pairs *pairs, struct endpoint *e, uint16_t port);

/* e (TCP) holds its port and wants to listen: BERTH_EADDRINUSE when another listener overlaps. 0: it is found by
 * pairs_find_waiting from now on. */
int pairs_listen(struct pairs *pairs, struct endpoint *e);

/* Gives e (family, local, foreign and scope set in its pair) its conversation. Unbound: picks an ephemeral port such
 * that the pair is new, RFC 6056; a TCP port may serve several peers, but none that a socket bound or listens at; a UDP
 * port is one socket's own. 0 and e is in the table; BERTH_EADDRINUSE: the pair exists; BERTH_EADDRNOTAVAIL: no port
 * left. After an error e has no conversation: unbound as it was, or as after pairs_disconnect. */
int pairs_connect(struct pairs *pairs, struct endpoint *e);

/* A connection that a listener accepted: its pair is set and new; it shares the listener's port. */
void pairs_adopt(struct pairs *pairs, struct endpoint *e);

/* Ends e's conversation but keeps its port: clears pair.foreign, and when it was bound to all addresses pair.local, and
 * pair.family is that of these again. A UDP socket waits at its port again. */
void pairs_disconnect(struct pairs *pairs, struct endpoint *e);

/* Takes e out of both tables; it is then neither bound nor has it a conversation, but its pair still says what it was.
 */
void pairs_remove(struct pairs *pairs, struct endpoint *e);

#endif
