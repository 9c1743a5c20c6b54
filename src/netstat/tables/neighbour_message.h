/* Neighbours as rtnetlink tells them (RTM_NEWNEIGH): a pure parser. */
#ifndef NETSTAT_NEIGHBOUR_MESSAGE_H
#define NETSTAT_NEIGHBOUR_MESSAGE_H

#include "station.h"

#include <berth/address.h>
#include <libmnl/libmnl.h>

struct neighbour {
	uint32_t interface;
	uint16_t state; /* NUD_... */
	uint8_t flags;  /* NTF_... */
	struct berth_address address;
	uint8_t station[STATION_MAX]; /* hardware address */
	size_t n_station;             /* bytes of it; 0: not known */
	uint64_t ns_since;            /* it was known to be reachable; UINT64_MAX: not said */
};

/* true and *out, or false: the message is no neighbour of either family. */
bool neighbour_message(const struct nlmsghdr *message, struct neighbour *out);

/* "REACHABLE", "STALE" ...; "NONE" for a state that has no name. Static text. */
const char *neighbour_state_name(uint16_t state);

#endif
