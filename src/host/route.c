/* Routes: by which interface, and by way of whom, a packet leaves (RFC 1122 section 3.3.1, 4861 section 5.2).
 *
 * The table is an array, longest prefix first, so that the first match is the best; both families share it, as an IPv4
 * prefix is one of 96 bits and more. In front of it is a cache of one: bulk traffic goes to one destination for a
 * while, and then the path costs a comparison. What a cached path rests on (addresses, routes, neighbours, path MTUs)
 * forgets it when it changes. */
#include <string.h>

#include "eth.h"
#include "host_private.h"

static bool comes_before(const struct host_route *a, const struct host_route *b)
{
	return a->prefix != b->prefix ? a->prefix > b->prefix : a->preference > b->preference;
}

bool host_route_insert(struct berth_host *host, const struct host_route *route)
{
	unsigned at = host->n_routes;

	if (host->n_routes == HOST_ROUTES_MAX)
		return false;
	while (at > 0 && comes_before(route, &host->routes[at - 1])) {
		host->routes[at] = host->routes[at - 1];
		at--;
	}
	host->routes[at] = *route;
	host->n_routes++;
	host_path_forget(host);
	return true;
}

unsigned host_route_remove(struct berth_host *host, bool (*is_it)(const struct host_route *route, const void *what),
			   const void *what)
{
	unsigned kept = 0, removed;

	for (unsigned i = 0; i < host->n_routes; i++) {
		if (!is_it(&host->routes[i], what))
			host->routes[kept++] = host->routes[i];
	}
	removed = host->n_routes - kept;
	host->n_routes = kept;
	if (removed)
		host_path_forget(host);
	return removed;
}

/* The route is for packets to ip: of its family, and of its interface where the destination says which. */
static bool matches(const struct host_route *r, const struct ip *ip)
{
	if (ip->scope && ip->scope != r->interface)
		return false;
	/* ::/0 is no way for IPv4. */
	if (ip_is_ip4(ip) && r->prefix < IP4_PREFIX)
		return false;
	return ip_in_prefix(ip, &r->destination, r->prefix);
}

int host_interface_towards(const struct berth_host *host, const struct ip *ip)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i];

		if (r->interface != HOST_LOOPBACK && ip_is_none(&r->gateway) && matches(r, ip))
			return r->interface;
	}
	return -1;
}

/* ---- routes by hand ---- */

/* The one interface that a link-local gateway without a scope can be on; 0: there are several, or none. */
static uint32_t only_ip6_interface(const struct berth_host *host)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < host->n_interfaces; i++) {
		if (!host->interfaces[i].ip6)
			continue;
		if (found)
			return 0;
		found = i;
	}
	return found;
}

static int take_arguments(const struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			  const struct berth_address *gateway, struct host_route *out)
{
	struct ip via = ip_of_address(gateway), to = ip_of_address(destination);

	if (destination->family == BERTH_ANY_FAMILY || gateway->family == BERTH_ANY_FAMILY)
		return BERTH_EINVAL;
	if (destination->family != gateway->family)
		return BERTH_EAFNOSUPPORT;
	if (prefix > (destination->family == BERTH_IP4 ? 32 : 128))
		return BERTH_EINVAL;
	if (ip_is_link_local(&via) && via.scope == 0)
		via.scope = only_ip6_interface(host);
	if (destination->family == BERTH_IP4)
		prefix += IP4_PREFIX;
	*out = (struct host_route){
		.destination = ip_network(&to, prefix),
		.prefix = (uint8_t)prefix,
		.gateway = via,
		.origin = ORIGIN_HAND,
		.valid_until = BERTH_NEVER,
	};
	return BERTH_OK;
}

/* No packets go to such a destination by way of anybody. */
static bool is_no_destination(const struct ip *ip)
{
	if (ip_is_ip4(ip))
		return ip_is_loopback(ip) || ip_to_ip4(ip) >> 28 == 15;
	return ip_is_link_local(ip) || (ip->high == 0 && ip->low == 1);
}

int berth_host_route_add(struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			 const struct berth_address *gateway)
{
	struct host_route route;
	int interface, error = take_arguments(host, destination, prefix, gateway, &route);

	if (error)
		return error;
	if (is_no_destination(&route.destination) || !ip_is_unicast(&route.gateway) ||
	    host_is_own(host, &route.gateway))
		return BERTH_EINVAL;
	interface = host_interface_towards(host, &route.gateway);
	if (interface < 0)
		return BERTH_ENETUNREACH;
	if (host_is_broadcast(host, (unsigned)interface, &route.gateway))
		return BERTH_EINVAL;
	if (host->n_gateways == HOST_GATEWAYS_MAX)
		return BERTH_ENOSPC;
	route.interface = (uint8_t)interface;
	if (!host_route_insert(host, &route))
		return BERTH_ENOSPC;
	host->n_gateways++;
	return BERTH_OK;
}

static bool is_same_by_hand(const struct host_route *route, const void *what)
{
	const struct host_route *wanted = what;

	return route->origin == ORIGIN_HAND && route->prefix == wanted->prefix &&
	       ip_equal(&route->destination, &wanted->destination) && ip_equal(&route->gateway, &wanted->gateway);
}

int berth_host_route_remove(struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			    const struct berth_address *gateway)
{
	struct host_route route;
	int error = take_arguments(host, destination, prefix, gateway, &route);
	unsigned n = error ? 0 : host_route_remove(host, is_same_by_hand, &route);

	host->n_gateways -= n;
	return n ? BERTH_OK : BERTH_ENOENT;
}

/* ---- paths ---- */

static void local_path(const struct berth_host *host, const struct ip *destination, struct host_path *out)
{
	*out = (struct host_path){
		.family = ip_family(destination),
		.eth_type = ip_is_ip4(destination) ? ETH_TYPE_IP4 : ETH_TYPE_IP6,
		.destination = *destination,
		.next_hop = *destination,
		.source = *destination,
		.mtu = host->interfaces[HOST_LOOPBACK].mtu,
		.until = BERTH_NEVER,
		.interface = HOST_LOOPBACK,
		.reach = REACH_LOCAL,
		.dont_fragment = true,
	};
}

/* By way of a router who says so, to what is on the link: RFC 4861 section 5.2 looks there first, and RFC 4191 section
 * 3.2 for such routes only when that was in vain. Else any router could turn a link's conversations to himself. */
static bool is_behind_its_own_link(const struct berth_host *host, const struct host_route *r,
				   const struct ip *destination)
{
	return r->origin == ORIGIN_ROUTER && !ip_is_none(&r->gateway) &&
	       host_is_on_link(host, r->interface, destination);
}

/* RFC 4191 section 3.2: of those whose gateway answers the first; of others only when there are none. */
static const struct host_route *best_route(const struct berth_host *host, const struct ip *destination)
{
	const struct host_route *suspect = NULL;

	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i];

		if (r->interface == HOST_LOOPBACK || host->now >= r->valid_until || !matches(r, destination) ||
		    is_behind_its_own_link(host, r, destination))
			continue;
		if (!r->suspect)
			return r;
		if (!suspect)
			suspect = r;
	}
	return suspect;
}

/* To all stations, or to a group, without a route that says where: by the interface that it names, else by the first
 * that has an address of the family. */
static uint32_t interface_for_many(const struct berth_host *host, const struct ip *destination)
{
	if (destination->scope)
		return destination->scope < host->n_interfaces ? destination->scope : 0;
	for (uint32_t i = 1; i < host->n_interfaces; i++) {
		if (host_address_towards(host, i, destination))
			return i;
	}
	return 0;
}

static uint8_t reach_of(const struct berth_host *host, unsigned interface, const struct ip *destination)
{
	if (ip_is_multicast(destination))
		return REACH_MULTICAST;
	return host_is_broadcast(host, interface, destination) ? REACH_BROADCAST : REACH_UNICAST;
}

static bool is_limited_broadcast(const struct ip *ip)
{
	return ip_is_ip4(ip) && ip_to_ip4(ip) == UINT32_MAX;
}

/* By which interface and to whom the packet goes first. false: no route. */
static bool find_way(const struct berth_host *host, struct host_path *path)
{
	const struct ip *destination = &path->destination;
	const struct host_route *route = is_limited_broadcast(destination) ? NULL : best_route(host, destination);

	if (route) {
		path->interface = route->interface;
		if (!ip_is_none(&route->gateway))
			path->next_hop = route->gateway;
		return true;
	}
	if (!ip_is_multicast(destination) && !is_limited_broadcast(destination))
		return false;
	path->interface = (uint8_t)interface_for_many(host, destination);
	return path->interface != HOST_LOOPBACK;
}

bool host_route(struct berth_host *host, const struct ip *destination, struct host_path *out)
{
	const struct host_address *source;
	struct host_path path = {
		.family = ip_family(destination),
		.eth_type = ip_is_ip4(destination) ? ETH_TYPE_IP4 : ETH_TYPE_IP6,
		.destination = *destination,
		.next_hop = *destination,
		.until = BERTH_NEVER,
	};

	if (host_is_own(host, destination)) {
		local_path(host, destination, out);
		return true;
	}
	/* RFC 1122 section 3.2.1.3: no host has such an address, whatever the default route says. */
	if (!ip_is_unicast(destination) && !ip_is_multicast(destination) && !is_limited_broadcast(destination))
		return false;
	if (!find_way(host, &path))
		return false;
	/* Which interface it is the path says; a station is known by its address alone. */
	if (!ip_high_is_link_local(path.next_hop.high))
		path.next_hop.scope = 0;
	source = host_address_from(host, path.interface, destination, &path.next_hop);
	if (source)
		path.source = source->ip;
	else if (!destination->scope)
		return false; /* who names the interface may have no address yet, and bring a source */
	path.mtu = path.family == BERTH_IP4 ? host->interfaces[path.interface].mtu
					    : host->interfaces[path.interface].mtu_ip6;
	path.reach = reach_of(host, path.interface, destination);
	path.dont_fragment = true;
	if (path.reach == REACH_UNICAST)
		path_mtu_apply(host, &path);
	*out = path;
	return true;
}

struct host_path *host_path_find(struct berth_host *host, const struct ip *destination)
{
	if (host_route(host, destination, &host->last))
		return &host->last;
	host_path_forget(host);
	return NULL;
}
