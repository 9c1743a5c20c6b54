/* Judging what a DHCP server grants.
 *
 * Anyone on the link may answer for a server, so each value is looked at by itself. What makes the rest pointless ends
 * it: an address that no host may have, no server to go back to, a lease without time. Everything else that cannot be
 * is left out and counted, and the lease is good without it. */
#include "dhcp_lease.h"

#include <string.h>

#include "ip.h"

static bool is_host(uint32_t ip4)
{
	struct ip ip = ip_of_ip4(ip4);

	return ip_is_unicast(&ip);
}

/* The first and the last address of a network are no host's, unless it has but two or one (RFC 3021). */
static bool is_host_of(uint32_t ip4, unsigned prefix)
{
	uint32_t host_bits = prefix == 32 ? 0 : UINT32_MAX >> prefix;

	return is_host(ip4) && (prefix > 30 || ((ip4 & host_bits) != 0 && (ip4 & host_bits) != host_bits));
}

/* A mask without gaps, of one bit at least: 0 would have the whole world on the link. */
static bool prefix_of(uint32_t mask, uint8_t *out)
{
	uint32_t rest = ~mask;

	if (mask == 0 || (rest & (rest + 1)) != 0)
		return false;
	for (*out = 32; rest; rest >>= 1)
		(*out)--;
	return true;
}

static void read_prefix(const struct dhcp_message *m, struct dhcp_lease *out)
{
	out->prefix = 32;
	if (m->has_mask && !prefix_of(m->mask, &out->prefix))
		out->n_ignored++;
}

/* RFC 2131 section 4.4.5: T1 is half of the lease unless said, T2 seven eighths. */
static void read_times(const struct dhcp_message *m, struct dhcp_lease *out)
{
	out->s_lease = out->s_t1 = out->s_t2 = m->s_lease;
	if (m->s_lease == DHCP_FOREVER)
		return;
	out->s_t2 = m->has_t2 ? m->s_t2 : (uint32_t)((uint64_t)m->s_lease * 7 / 8);
	out->s_t1 = m->has_t1 ? m->s_t1 : m->s_lease / 2;
	if (out->s_t1 > 0 && out->s_t1 < out->s_t2 && out->s_t2 < m->s_lease)
		return;
	out->n_ignored++;
	out->s_t2 = (uint32_t)((uint64_t)m->s_lease * 7 / 8);
	out->s_t1 = m->s_lease / 2;
}

static void read_mtu(const struct dhcp_message *m, struct dhcp_lease *out)
{
	if (m->has_mtu && m->mtu >= DHCP_MTU_LEAST)
		out->mtu = m->mtu;
	else if (m->has_mtu)
		out->n_ignored++;
}

static void read_dns(const struct dhcp_message *m, struct dhcp_lease *out)
{
	for (unsigned i = 0; i < m->dns.n; i++) {
		if (is_host(m->dns.ip[i]))
			out->dns.ip[out->dns.n++] = m->dns.ip[i];
		else
			out->n_ignored++;
	}
}

/* A router may be out of the network: many clouds give a host a network of one address and a router beside it. It is
 * then taken to be on the link, as other systems take it. */
static bool is_router(const struct dhcp_lease *lease, uint32_t ip4)
{
	bool same = lease->prefix > 0 && (ip4 ^ lease->ip) >> (32 - lease->prefix) == 0;

	return ip4 != lease->ip && (same ? is_host_of(ip4, lease->prefix) : is_host(ip4));
}

/* Loopback, groups and what lies above are on no way anywhere; nor is 0.0.0.0/8, while 0.0.0.0/1 is half the world. */
static bool is_destination(const struct dhcp_route *route)
{
	uint32_t ip = route->destination;

	return ip >> 24 != 127 && ip >> 29 != 7 && (ip >> 24 != 0 || route->prefix < 8);
}

/* RFC 3442: with classless routes the routers of option 3 do not count. */
static void read_routes(const struct dhcp_message *m, struct dhcp_lease *out)
{
	for (unsigned i = 0; i < m->n_routes; i++) {
		const struct dhcp_route *route = &m->routes[i];

		if (is_destination(route) && (route->gateway == 0 ? route->prefix > 0 : is_router(out, route->gateway)))
			out->routes[out->n_routes++] = *route;
		else
			out->n_ignored++;
	}
	for (unsigned i = 0; m->n_routes == 0 && out->n_routes == 0 && i < m->routers.n; i++) {
		if (is_router(out, m->routers.ip[i]))
			out->routes[out->n_routes++] = (struct dhcp_route){.gateway = m->routers.ip[i]};
		else
			out->n_ignored++;
	}
}

static void read_names(const struct dhcp_message *m, struct dhcp_lease *out)
{
	memcpy(out->host_name, m->host_name, sizeof(out->host_name));
	memcpy(out->domain, m->domain, sizeof(out->domain));
	memcpy(out->search, m->search, sizeof(out->search));
	out->n_search = m->n_search;
}

bool dhcp_lease_read(const struct dhcp_message *m, struct dhcp_lease *out)
{
	*out = (struct dhcp_lease){.ip = m->yours, .server = m->server_id};
	if (!m->has_server_id || !is_host(m->server_id) || m->server_id == m->yours)
		return false;
	if (!m->has_lease || m->s_lease < DHCP_LEASE_LEAST_S)
		return false;
	read_prefix(m, out);
	if (!is_host_of(m->yours, out->prefix))
		return false;
	read_times(m, out);
	read_mtu(m, out);
	read_dns(m, out);
	read_routes(m, out);
	read_names(m, out);
	return true;
}
