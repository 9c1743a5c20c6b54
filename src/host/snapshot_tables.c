/* Snapshots of what a host has besides sockets: interfaces, addresses, routes, groups, neighbours, servers
 * of names.
 *
 * Most of it lies in small arrays, and a cursor is the place behind the one seen last. Neighbours are walked in the
 * order of their hashes, which never change: each step looks at all of them for the next, and there are not many. */
#include <string.h>

#include "group.h"
#include "host_private.h"
#include "neighbour.h"

static uint64_t remaining(berth_time until, berth_time now)
{
	if (until == BERTH_NEVER)
		return BERTH_FOR_EVER;
	return until > now ? until - now : 0;
}

static uint64_t elapsed(berth_time since, berth_time now)
{
	return now > since ? now - since : 0;
}

static uint8_t public_prefix(const struct ip *ip, uint8_t prefix)
{
	return (uint8_t)(ip_is_ip4(ip) ? prefix - IP4_PREFIX : prefix);
}

static void name_of(const struct berth_host *host, unsigned interface, char out[BERTH_INTERFACE_NAME_MAX])
{
	memcpy(out, host->interfaces[interface].name, BERTH_INTERFACE_NAME_MAX);
}

/* What the host has made itself is told apart by what it is: `made` is what is left. */
static uint8_t public_origin(uint8_t origin, unsigned interface, const struct ip *ip, enum berth_origin made)
{
	switch ((enum host_origin)origin) {
	case ORIGIN_HAND:
		return BERTH_ORIGIN_STATIC;
	case ORIGIN_DHCP:
		return BERTH_ORIGIN_DHCP;
	case ORIGIN_ROUTER:
		return BERTH_ORIGIN_ROUTER;
	case ORIGIN_REDIRECT:
		return BERTH_ORIGIN_REDIRECT;
	case ORIGIN_HOST:
		break;
	}
	if (interface == HOST_LOOPBACK)
		return BERTH_ORIGIN_LOOPBACK;
	return (uint8_t)(ip_is_link_local(ip) ? BERTH_ORIGIN_LINK_LOCAL : made);
}

/* ---- interfaces ---- */

bool berth_host_interface_next(const struct berth_host *host, uint64_t *cursor, struct berth_interface_row *row)
{
	const struct host_interface *interface;

	if (*cursor >= host->n_interfaces)
		return false;
	interface = &host->interfaces[*cursor];
	*row = (struct berth_interface_row){
		.index = (uint32_t)*cursor,
		.up = true,
		.ethernet = interface->ethernet,
		.hop_limit = host->config.ttl,
		.mtu = interface->mtu,
		.frames_in = interface->counters.frames_in,
		.bytes_in = interface->counters.bytes_in,
		.multicast_in = interface->counters.multicast_in,
		.errors_in = interface->counters.errors_in,
		.frames_out = interface->counters.frames_out,
		.bytes_out = interface->counters.bytes_out,
		.drops_out = interface->counters.drops_out,
	};
	name_of(host, row->index, row->name);
	if (interface->ethernet)
		memcpy(row->mac, interface->mac, sizeof(row->mac));
	++*cursor;
	return true;
}

/* ---- addresses ---- */

static uint8_t public_state(uint8_t state)
{
	switch ((enum host_address_state)state) {
	case ADDRESS_TENTATIVE:
		return BERTH_ADDRESS_TENTATIVE;
	case ADDRESS_DUPLICATE:
		return BERTH_ADDRESS_DUPLICATE;
	case ADDRESS_DEPRECATED:
		return BERTH_ADDRESS_DEPRECATED;
	case ADDRESS_FREE:
	case ADDRESS_PREFERRED:
		break;
	}
	return BERTH_ADDRESS_PREFERRED;
}

bool berth_host_address_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			     struct berth_address_row *row)
{
	const struct host_address *a;

	while (*cursor < host->n_addresses && host->addresses[*cursor].state == ADDRESS_FREE)
		++*cursor;
	if (*cursor >= host->n_addresses)
		return false;
	a = &host->addresses[(*cursor)++];
	*row = (struct berth_address_row){
		.index = a->interface,
		.address = ip_to_address(&a->ip),
		.prefix = public_prefix(&a->ip, a->prefix),
		.state = public_state(a->state),
		.origin = public_origin(a->origin, a->interface, &a->ip, BERTH_ORIGIN_STATIC),
		.ns_valid = remaining(a->valid_until, now),
		.ns_preferred = remaining(a->preferred_until, now),
	};
	name_of(host, a->interface, row->interface);
	return true;
}

/* ---- routes ---- */

static uint8_t public_preference(int preference)
{
	return preference > 0 ? BERTH_PREFERENCE_HIGH : preference < 0 ? BERTH_PREFERENCE_LOW : BERTH_PREFERENCE_MEDIUM;
}

bool berth_host_route_next(const struct berth_host *host, berth_time now, uint64_t *cursor, struct berth_route_row *row)
{
	const struct host_route *route;

	if (*cursor >= host->n_routes)
		return false;
	route = &host->routes[*cursor];
	*row = (struct berth_route_row){
		.index = route->interface,
		.destination = ip_to_address(&route->destination),
		.prefix = public_prefix(&route->destination, route->prefix),
		.origin = public_origin(route->origin, route->interface, &route->destination, BERTH_ORIGIN_ADDRESS),
		.preference = public_preference(route->preference),
		.ns_remaining = remaining(route->valid_until, now),
	};
	/* The network ::/0 is no address, but has a family. */
	row->destination.family = ip_family(&route->destination);
	if (!ip_is_none(&route->gateway))
		row->gateway = ip_to_address(&route->gateway);
	name_of(host, route->interface, row->interface);
	++*cursor;
	return true;
}

/* ---- groups ---- */

/* Group number i of an interface: first those that no list has, since they are joined for good. */
static bool group_number(const struct berth_host *host, unsigned interface, uint32_t i, struct ip *group,
			 uint32_t *users)
{
	static const struct ip all4 = {.low = IP4_MAPPED | 0xe0000001},
			       all6 = {.high = UINT64_C(0xff02) << 48, .low = 1};
	uint32_t n_always = host->interfaces[interface].ip6 ? 2 : 1;

	if (i >= n_always)
		return group_row(host, interface, i - n_always, group, users);
	*group = i == 0 ? all4 : all6;
	*users = 1;
	return true;
}

/* The cursor is the interface, and below it the number of the group. */
bool berth_host_group_next(const struct berth_host *host, uint64_t *cursor, struct berth_group_row *row)
{
	uint32_t interface = (uint32_t)(*cursor >> 32), i = (uint32_t)*cursor, users;
	struct ip group;

	while (interface < host->n_interfaces && !group_number(host, interface, i, &group, &users)) {
		interface++;
		i = 0;
	}
	*cursor = (uint64_t)interface << 32 | (i + 1);
	if (interface >= host->n_interfaces)
		return false;
	group.scope = ip_high_is_link_local(group.high) ? interface : 0;
	*row = (struct berth_group_row){.index = interface, .group = ip_to_address(&group), .users = users};
	name_of(host, interface, row->interface);
	return true;
}

/* ---- neighbours ---- */

static uint8_t public_neighbour_state(uint8_t state)
{
	switch ((enum neighbour_state)state) {
	case NEIGHBOUR_INCOMPLETE:
		break;
	case NEIGHBOUR_REACHABLE:
		return BERTH_NEIGHBOUR_REACHABLE;
	case NEIGHBOUR_STALE:
		return BERTH_NEIGHBOUR_STALE;
	case NEIGHBOUR_DELAY:
		return BERTH_NEIGHBOUR_DELAY;
	case NEIGHBOUR_PROBE:
		return BERTH_NEIGHBOUR_PROBE;
	}
	return BERTH_NEIGHBOUR_INCOMPLETE;
}

/* The one with the next greater hash. */
static const struct neighbour *neighbour_after(const struct berth_host *host, uint64_t hash)
{
	const struct list_node *ring = &host->neighbours.by_age.ring, *node;
	const struct neighbour *next = NULL;

	for (node = ring->next; node != ring; node = node->next) {
		const struct neighbour *n = CONTAINER_OF(node, struct neighbour, age);

		if (n->node.hash > hash && (!next || n->node.hash < next->node.hash))
			next = n;
	}
	return next;
}

bool berth_host_neighbour_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			       struct berth_neighbour_row *row)
{
	const struct neighbour *n = neighbour_after(host, *cursor);

	if (!n)
		return false;
	*row = (struct berth_neighbour_row){
		.index = n->interface,
		.address = ip_to_address(&n->ip),
		.state = public_neighbour_state(n->state),
		.router = n->is_router,
		.ns_since = n->confirmed ? elapsed(n->confirmed, now) : BERTH_FOR_EVER,
	};
	name_of(host, n->interface, row->interface);
	if (n->state != NEIGHBOUR_INCOMPLETE)
		memcpy(row->mac, n->mac, sizeof(row->mac));
	*cursor = n->node.hash;
	return true;
}

/* ---- names ---- */

/* The next entry that is still good; NULL: none. */
static const struct host_dns_entry *entry_next(const struct host_dns_list *list, berth_time now, uint64_t *cursor)
{
	while (*cursor < list->n) {
		const struct host_dns_entry *entry = &list->entries[(*cursor)++];

		if (entry->until > now)
			return entry;
	}
	return NULL;
}

static uint8_t entry_origin(const struct host_dns_entry *entry)
{
	return public_origin(entry->origin, entry->interface, &entry->server, BERTH_ORIGIN_STATIC);
}

bool berth_host_dns_next(const struct berth_host *host, berth_time now, uint64_t *cursor, struct berth_dns_row *row)
{
	const struct host_dns_entry *entry = entry_next(&host->dns.servers, now, cursor);

	if (!entry)
		return false;
	*row = (struct berth_dns_row){
		.server = ip_to_address(&entry->server),
		.origin = entry_origin(entry),
		.ns_remaining = remaining(entry->until, now),
	};
	return true;
}

bool berth_host_search_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			    struct berth_search_row *row)
{
	const struct host_dns_entry *entry = entry_next(&host->dns.domains, now, cursor);

	if (!entry)
		return false;
	*row = (struct berth_search_row){.origin = entry_origin(entry), .ns_remaining = remaining(entry->until, now)};
	memcpy(row->domain, entry->domain, sizeof(row->domain));
	return true;
}
