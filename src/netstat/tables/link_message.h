/* Interfaces and their addresses as rtnetlink tells them (RTM_NEWLINK, RTM_NEWADDR): pure parsers. */
#ifndef NETSTAT_LINK_MESSAGE_H
#define NETSTAT_LINK_MESSAGE_H

#include "station.h"

#include <berth/snapshot.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>

struct link {
	uint32_t number;
	uint32_t flags; /* IFF_... */
	uint32_t mtu;
	uint8_t state;                /* RFC 2863's ifOperStatus, in the kernel's numbers (IF_OPER_...) */
	char name[16];                /* control characters as '?' */
	char kind[16];                /* "veth", "bridge"; "" for hardware and lo */
	uint8_t station[STATION_MAX]; /* hardware address */
	size_t n_station;             /* bytes of it */
	struct rtnl_link_stats64 counters;
};

/* true and *out, or false: the message is no interface with a name. Counters that an old kernel does not have are 0. */
bool link_message(const struct nlmsghdr *message, struct link *out);

struct link_address {
	uint32_t number; /* of the interface */
	uint8_t prefix;
	uint8_t state;                   /* enum berth_address_state */
	uint8_t origin;                  /* enum berth_origin; BERTH_ORIGIN_N: the kernel does not say */
	struct berth_address address;    /* this machine's; of a point-to-point link, not the other end's */
	uint64_t ns_valid, ns_preferred; /* remain; UINT64_MAX: for ever */
};

/* true and *out, or false: the message is no address of either family. */
bool link_address_message(const struct nlmsghdr *message, struct link_address *out);

/* As net-tools writes flags: "BMRU". */
void link_flags(uint32_t flags, char out[24]);

/* "up", "down", "unknown" ...; static text. */
const char *link_state_name(uint8_t state);

#endif
