/* Routes as rtnetlink tells them (RTM_NEWROUTE): a pure parser. */
#ifndef NETSTAT_ROUTE_MESSAGE_H
#define NETSTAT_ROUTE_MESSAGE_H

#include <berth/snapshot.h>
#include <libmnl/libmnl.h>

struct route {
	uint8_t family;                        /* BERTH_IP4, BERTH_IP6 */
	uint8_t type, scope, protocol, prefix; /* RTN_..., RT_SCOPE_..., RTPROT_...; length of the destination's */
	struct berth_address destination;      /* never unset: the wildcard for a default route */
	struct berth_address gateway;          /* may be of the other family (RFC 8950); unset: on the link */
	struct berth_address source;           /* preferred; may be unset */
	uint32_t table, metric;
	uint32_t interface;                   /* 0: none */
	uint32_t advmss, window, ms_rtt, mtu; /* 0: not set */
	uint32_t weight;                      /* of one of several next hops, from 1; 0: there is only one */
	uint64_t ns_expires;                  /* how long it stays; UINT64_MAX: for ever */
	uint8_t preference;                   /* enum berth_preference, when there is one: IPv6 */
	bool has_preference;
	bool cloned; /* a cached one */
};

/* Calls `each` for every next hop of the route; a route without one is one call. Stops when `each` returns other than 0
 * and returns that. 0 also for messages that are no routes of either family. */
int route_message(const struct nlmsghdr *message, int (*each)(void *user, const struct route *route), void *user);

/* As net-tools writes them: U, G, H, !, D, A, C. */
void route_flags(const struct route *route, char out[8]);

/* "unicast", "blackhole"; "kernel", "static"; "link", "global"; "main", "local". A number that has no name is written
 * into out[12]. */
const char *route_type_name(uint8_t type, char out[12]);
const char *route_protocol_name(uint8_t protocol, char out[12]);
const char *route_scope_name(uint8_t scope, char out[12]);
const char *route_table_name(uint32_t table, char out[12]);

#endif
