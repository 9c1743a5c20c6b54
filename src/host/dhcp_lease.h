/* What a DHCP server grants, as far as it is believed. */
#ifndef HOST_DHCP_LEASE_H
#define HOST_DHCP_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "dhcp_message.h"

/* Less could not even be made sure of (RFC 5227 takes up to seven seconds), and would have us ask without end. */
#define DHCP_LEASE_LEAST_S 10
/* The least MTU that is taken: what every host of IPv4 takes in one piece (RFC 791). RFC 2132 section 5.1 allows 68,
 * at which a packet would carry eight bytes of a segment. */
#define DHCP_MTU_LEAST 576

struct dhcp_lease {
	uint32_t ip, server;
	uint8_t prefix;               /* 32 when the server does not say: then everything goes by way of the router */
	uint16_t mtu;                 /* 0: not said */
	uint32_t s_lease, s_t1, s_t2; /* s_t1 < s_t2 < s_lease; all DHCP_FOREVER, or none */
	uint8_t n_routes, n_search;
	struct dhcp_ips dns;
	struct dhcp_route routes[DHCP_ROUTES_MAX]; /* the default route among them; gateway 0: on the link */
	char host_name[DHCP_NAME_MAX];             /* "": not said */
	char domain[DHCP_NAME_MAX];
	char search[DHCP_SEARCH_MAX]; /* as in struct dhcp_message */
	uint16_t n_ignored;           /* values that nobody should believe */
};

/* Reads what an offer or an acknowledgement grants. false: it grants nothing that can be taken (no address that a host
 * may have, no server, no time). */
bool dhcp_lease_read(const struct dhcp_message *m, struct dhcp_lease *out);

#endif
