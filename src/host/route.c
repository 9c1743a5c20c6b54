/* Routes: by which interface, and by way of whom, a packet leaves (RFC 1122 section 3.3.1).
 *
 * The table is an array, longest prefix first, so that the first match is the best. In front of it is a cache of one:
 * bulk traffic goes to one destination for a while, and then the path costs a comparison. What a cached path rests on
 * (routes, neighbours, path MTUs) forgets it when it changes. */
#include <assert.h>
#include <string.h>

#include "host_private.h"

void host_route_insert(struct berth_host *host, const struct host_route *route)
{
	unsigned at = host->n_routes;

	assert(host->n_routes < sizeof(host->routes) / sizeof(host->routes[0]));
	while (at > 0 && host->routes[at - 1].mask < route->mask) {
		host->routes[at] = host->routes[at - 1];
		at--;
	}
	host->routes[at] = *route;
	host->n_routes++;
	host_path_forget(host);
}

/* The network that has this gateway; NULL: none. */
static const struct host_address *network_of(const struct berth_host *host, uint32_t gateway)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface != HOST_LOOPBACK && (a->ip & a->mask) == (gateway & a->mask))
			return a;
	}
	return NULL;
}

int berth_host_route_add(struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			 const struct berth_address *gateway)
{
	const struct host_address *network;
	uint32_t ip, via, mask;

	if (destination->family == BERTH_IP6 || gateway->family == BERTH_IP6)
		return BERTH_EAFNOSUPPORT;
	if (destination->family != BERTH_IP4 || gateway->family != BERTH_IP4 || prefix > 32)
		return BERTH_EINVAL;
	ip = get_be32(destination->bytes);
	via = get_be32(gateway->bytes);
	mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
	if (ip_is_loopback(ip) || ip >> 28 == 15 || !ip_is_unicast(via) || host_is_own(host, via))
		return BERTH_EINVAL;
	network = network_of(host, via);
	if (!network)
		return BERTH_ENETUNREACH;
	if (host_is_broadcast(host, network->interface, via))
		return BERTH_EINVAL;
	if (host->n_gateways == HOST_ROUTES_MAX)
		return BERTH_ENOSPC;
	host->n_gateways++;
	host_route_insert(host, &(struct host_route){
					.destination = ip & mask,
					.mask = mask,
					.gateway = via,
					.interface = network->interface,
				});
	return BERTH_OK;
}

static void local_path(const struct berth_host *host, uint32_t destination, struct host_path *out)
{
	*out = (struct host_path){
		.destination = destination,
		.next_hop = destination,
		.source = destination,
		.mtu = host->interfaces[HOST_LOOPBACK].mtu,
		.until = BERTH_NEVER,
		.interface = HOST_LOOPBACK,
		.reach = REACH_LOCAL,
		.dont_fragment = true,
	};
}

static const struct host_route *best_route(const struct berth_host *host, uint32_t destination)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i];

		if ((destination & r->mask) == r->destination && r->interface != HOST_LOOPBACK)
			return r;
	}
	return NULL;
}

/* To all stations, or to a group, without a route that says where: by the first interface that has an address. */
static const struct host_address *first_address(const struct berth_host *host)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (host->addresses[i].interface != HOST_LOOPBACK)
			return &host->addresses[i];
	}
	return NULL;
}

static uint8_t reach_of(const struct berth_host *host, unsigned interface, uint32_t destination)
{
	if (ip_is_multicast(destination))
		return REACH_MULTICAST;
	return host_is_broadcast(host, interface, destination) ? REACH_BROADCAST : REACH_UNICAST;
}

bool host_route(struct berth_host *host, uint32_t destination, struct host_path *out)
{
	const struct host_route *route;
	const struct host_address *source;
	struct host_path path = {.destination = destination, .next_hop = destination, .until = BERTH_NEVER};

	if (host_is_own(host, destination)) {
		local_path(host, destination, out);
		return true;
	}
	/* RFC 1122 section 3.2.1.3: no host has such an address, whatever the default route says. */
	if (!ip_is_unicast(destination) && !ip_is_multicast(destination) && destination != UINT32_MAX)
		return false;
	route = destination == UINT32_MAX ? NULL : best_route(host, destination);
	if (route) {
		path.interface = route->interface;
		if (route->gateway)
			path.next_hop = route->gateway;
		source = host_address_towards(host, path.interface, path.next_hop);
	} else {
		if (destination != UINT32_MAX && !ip_is_multicast(destination))
			return false;
		source = first_address(host);
		if (source)
			path.interface = source->interface;
	}
	if (!source)
		return false;
	path.source = source->ip;
	path.mtu = host->interfaces[path.interface].mtu;
	path.reach = reach_of(host, path.interface, destination);
	path.dont_fragment = true;
	if (path.reach == REACH_UNICAST)
		path_mtu_apply(host, &path);
	*out = path;
	return true;
}

struct host_path *host_path(struct berth_host *host, uint32_t destination)
{
	struct host_path *last = &host->last;

	if (last->destination == destination && destination != 0 && host->now < last->until)
		return last;
	if (host_route(host, destination, last))
		return last;
	host_path_forget(host);
	return NULL;
}
