/* Interface identifiers that stay the same on a network and tell nothing elsewhere, RFC 7217. */
#ifndef HOST_STABLE_ID_H
#define HOST_STABLE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "siphash.h"

/* The last 64 bits of an address in the network that `prefix` names (its first 64 bits), for the interface of this
 * name: the same for the same four arguments, and different in every network. *n_conflicts says how often an identifier
 * was found to be taken (RFC 7217's DAD_Counter); it is counted up past identifiers that are reserved. The key is the
 * host's, made for this and nothing else. */
uint64_t stable_id(struct siphash_key key, uint64_t prefix, const char *interface, uint32_t *n_conflicts);

/* One of the identifiers that RFC 5453 keeps: of routers and other anycast addresses. */
bool stable_id_is_reserved(uint64_t id);

#endif
