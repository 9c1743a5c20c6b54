/* IPv6 neighbour discovery and what rests on it: RFC 4861, 4862. The formats are in wire's nd.h. */
#ifndef HOST_DISCOVERY_H
#define HOST_DISCOVERY_H

#include "host_private.h"
#include "nd.h"

struct ip_packet;

#define ND_HOP_LIMIT 255 /* RFC 4861 section 7.1: a packet with less has come from beyond the link */

/* RFC 4291 section 2.7.1. The groups of this link that everybody, and every router, hears. */
static inline struct ip ip6_all_nodes(unsigned interface)
{
	return (struct ip){.high = UINT64_C(0xff02) << 48, .low = 1, .scope = interface};
}

static inline struct ip ip6_all_routers(unsigned interface)
{
	return (struct ip){.high = UINT64_C(0xff02) << 48, .low = 2, .scope = interface};
}

/* The group of those who have an address with the same last 24 bits. */
static inline struct ip ip6_solicited_node(const struct ip *ip, unsigned interface)
{
	return (struct ip){
		.high = UINT64_C(0xff02) << 48,
		.low = UINT64_C(0x1ff000000) | (ip->low & 0xffffff),
		.scope = interface,
	};
}

/* ---- nd.c ---- */

/* A message of neighbour discovery (types 133 to 137) has arrived, its checksum good. */
void nd_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message);
/* Sends a message, of ND_NEIGHBOUR_MAX bytes of body at most, to a station or group on the interface's link. `from` may
 * be no address yet (::). */
void nd_send(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
	     const struct icmp_message *message);
/* Sends a neighbour solicitation or advertisement, with the flags in nd. The interface's MAC is filled in unless it is
 * a solicitation from no address. */
void nd_send_neighbour(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
		       uint8_t type, struct nd_neighbour *nd);

#endif
