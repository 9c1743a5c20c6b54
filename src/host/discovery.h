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

/* ---- dad.c: duplicate address detection, RFC 4862 section 5.4 ---- */

/* What a new address of the interface begins with: TENTATIVE where somebody can be asked, else PREFERRED. */
enum host_address_state dad_first_state(const struct host_interface *interface);
/* Begins to ask whether somebody else has an IPv6 address, if it is TENTATIVE. n_conflicts: how many identifiers before
 * this one were taken (RFC 7217). */
void dad_begin(struct berth_host *host, const struct host_address *a, uint32_t n_conflicts);
/* The address goes. */
void dad_end(struct berth_host *host, const struct host_address *a);
/* Somebody asks for, or tells about, an address that this host is asking for. from: his MAC; NULL: not known. */
void dad_solicit_in(struct berth_host *host, struct host_address *a, const struct ip_packet *packet,
		    const struct nd_neighbour *nd, const uint8_t *from);
void dad_advert_in(struct berth_host *host, struct host_address *a, const uint8_t *from);

/* ---- slaac.c: addresses that the host makes itself, RFC 4862 and 7217 ---- */

/* The interface speaks IPv6 from now on: it gets a link-local address unless it has one. */
void slaac_link_local(struct berth_host *host, unsigned interface);
/* The program has given a link-local address: the one that the host made goes, so that it is that one which speaks. */
void slaac_give_way(struct berth_host *host, unsigned interface);
/* An IPv6 address has gone, or is wanted no more for itself: without any other the link-local one that the host has
 * made goes, too, and the interface speaks IPv6 no longer. */
void slaac_address_gone(struct berth_host *host, unsigned interface);
/* What a router says of a prefix for addresses, RFC 4862 section 5.5.3. */
void slaac_prefix(struct berth_host *host, unsigned interface, const struct ip *network,
		  const struct nd_prefix *prefix);
/* Somebody else has an address whose identifier the host has made up, after n_conflicts others: makes another one in
 * its place. false: it is not such an address, or enough have been tried (RFC 7217 section 6). */
bool slaac_again(struct berth_host *host, struct host_address *a, uint32_t n_conflicts);
/* Deprecates and drops addresses whose time is over. When to look again. */
berth_time slaac_expire(struct berth_host *host);
/* The addresses of the interface that routers gave go. */
void slaac_drop(struct berth_host *host, unsigned interface);

/* When s seconds (ND_FOREVER: never) from now are over. */
berth_time slaac_after(berth_time now, uint32_t s);
/* Until when an address is valid that was valid until `until`, now that a router says s_valid: RFC 4862 section 5.5.3
 * (e). Who is believed without proof can prolong, but shorten to two hours at most. */
berth_time slaac_valid_until(berth_time now, berth_time until, uint32_t s_valid);

/* ---- router.c: what routers say, RFC 4861 section 6.3 ---- */

void router_init(struct berth_host *host);
/* What routers advertise is believed from now on, and asked for as soon as there is an address to ask from. */
void router_start(struct berth_host *host, unsigned interface);
/* The interface's link-local address may be used. */
void router_ready(struct berth_host *host, unsigned interface);
/* Nothing is believed any more, and what was goes. */
void router_stop(struct berth_host *host, unsigned interface);
void router_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message);
/* Something has a lifetime that ends then. */
void router_wake(struct berth_host *host, berth_time at);

/* ---- router_route.c: the routes of routers ---- */

/* Takes up, changes or (when its time is over) takes away a route that a router says, within the bounds. */
void router_route_set(struct berth_host *host, const struct host_route *route);
/* The station says itself that it is no router, or nobody hears it as one any more. */
void router_route_forget(struct berth_host *host, unsigned interface, const struct ip *router);
/* There is a way to everywhere by the interface that a router has told. */
bool router_route_has_default(const struct berth_host *host, unsigned interface);
/* Takes away routes whose time is over. When to look again. */
berth_time router_route_expire(struct berth_host *host);
void router_route_drop(struct berth_host *host, unsigned interface);
/* Nothing in the network could be meant by a router's word about it. */
bool router_network_is_odd(const struct ip *network, unsigned prefix);

/* ---- redirect.c ---- */

void redirect_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message);
/* A neighbour does not answer: no destination is redirected to it any longer. */
void redirect_forget(struct berth_host *host, unsigned interface, const struct ip *ip);

#endif
