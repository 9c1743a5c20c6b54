/* Interfaces and their addresses as rtnetlink tells them (RTM_NEWLINK, RTM_NEWADDR): pure parsers. */
#ifndef NETSTAT_LINK_MESSAGE_H
#define NETSTAT_LINK_MESSAGE_H

#include <berth/address.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>

struct link {
	uint32_t number;
	uint32_t flags; /* IFF_... */
	uint32_t mtu;
	uint8_t state;       /* RFC 2863's ifOperStatus, in the kernel's numbers (IF_OPER_...) */
	char name[16];       /* control characters as '?' */
	char kind[16];       /* "veth", "bridge"; "" for hardware and lo */
	uint8_t station[32]; /* hardware address */
	size_t n_station;    /* bytes of it */
	struct rtnl_link_stats64 counters;
};

/* true and *out, or false: the message is no interface with a name. Counters that an old kernel does not have are 0. */
bool link_message(const struct nlmsghdr *message, struct link *out);

struct link_address {
	uint32_t number; /* of the interface */
	uint8_t prefix;
	struct berth_address address; /* this machine's; of a point-to-point link, not the other end's */
};

/* true and *out, or false: the message is no address of either family. */
bool link_address_message(const struct nlmsghdr *message, struct link_address *out);

/* As net-tools writes flags: "BMRU". */
void link_flags(uint32_t flags, char out[24]);

/* "up", "down", "unknown" ...; static text. */
const char *link_state_name(uint8_t state);

#endif
