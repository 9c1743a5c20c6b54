/* Addresses: which are the host's own, in what state, and which of them speaks to whom.
 *
 * A small array that is walked: a host has a handful, and the walk over two or three entries costs less than any table.
 * Entries stay in their place as long as they live; places that have become free are taken again. */
#include <string.h>

#include "acd.h"
#include "discovery.h"
#include "group.h"
#include "select.h"

/* The first and the last address of an IPv4 network stand for the network and for all its hosts; networks of 31 bits
 * and more have neither (RFC 3021). In IPv6 the first is the routers' (RFC 4291 section 2.6.1). */
static bool names_a_host(const struct ip *ip, unsigned prefix)
{
	struct ip network = ip_network(ip, prefix);

	if (!ip_is_unicast(ip))
		return false;
	if (prefix > 126)
		return true;
	if (ip_equal(&network, ip))
		return false;
	return !ip_is_ip4(ip) || (ip->low | UINT64_MAX << (128 - prefix)) != UINT64_MAX;
}

static struct host_address *free_place(struct berth_host *host)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (host->addresses[i].state == ADDRESS_FREE)
			return &host->addresses[i];
	}
	return host->n_addresses < HOST_ADDRESSES_MAX ? &host->addresses[host->n_addresses++] : NULL;
}

struct host_address *host_address_make(struct berth_host *host, unsigned interface, const struct ip *ip,
				       unsigned prefix, enum host_origin origin, enum host_address_state state)
{
	struct host_address *a = free_place(host);
	struct host_route network = {
		.destination = ip_network(ip, prefix),
		.prefix = (uint8_t)prefix,
		.interface = (uint8_t)interface,
		.origin = ORIGIN_HOST,
		.valid_until = BERTH_NEVER,
	};

	if (!a)
		return NULL;
	if (group_own_join(host, interface, ip))
		return NULL;
	/* A router says apart from the address which prefixes are on the link (RFC 4861 section 6.3.4). */
	if (origin != ORIGIN_ROUTER && !host_route_insert(host, &network)) {
		group_own_leave(host, interface, ip);
		return NULL;
	}
	*a = (struct host_address){
		.ip = *ip,
		.prefix = (uint8_t)prefix,
		.interface = (uint8_t)interface,
		.state = (uint8_t)state,
		.origin = (uint8_t)origin,
		.label = select_label(&select_policies_default, ip),
		.preferred_until = BERTH_NEVER,
		.valid_until = BERTH_NEVER,
	};
	if (!ip_is_ip4(ip))
		host->interfaces[interface].ip6 = true;
	if (ip_is_link_local(ip) && host_address_usable(a))
		group_source_ready(host, interface);
	acd_begin(host, a);
	host_path_forget(host);
	return a;
}

static void tell(struct berth_host *host, const struct host_address *a, enum berth_notice_kind kind, const uint8_t *mac)
{
	struct berth_notice notice = {
		.kind = (uint8_t)kind,
		.interface = a->interface,
		.address = ip_to_address(&a->ip),
		.prefix = ip_is_ip4(&a->ip) ? a->prefix - IP4_PREFIX : a->prefix,
	};

	if (mac)
		memcpy(notice.mac, mac, 6);
	host_notice(host, &notice);
}

/* Nothing is sent any more from an address that is not to be used: its connections are over. (A datagram's source is
 * looked at when it leaves.) */
static void end_connections(struct berth_host *host, const struct ip *ip)
{
	struct list *all = &host->endpoints.all;
	struct socket_pair pair = {.family = ip_family(ip), .scope = (uint8_t)ip->scope};

	ip_to_bytes(ip, pair.local);
	for (struct list_node *node = list_first(all), *next; node; node = next) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);
		struct ip local = ip_of_bytes(e->pair.local, e->pair.family, e->pair.scope);

		next = node->next == &all->ring ? NULL : node->next;
		if (e->kind != ENDPOINT_UDP && ip_equal(&local, ip))
			tcp_address_gone(&host->tcp, tcp_of_endpoint(e));
	}
	tcp_requests_address_gone(&host->tcp, &pair);
}

static void set_state(struct berth_host *host, struct host_address *a, enum host_address_state state,
		      const uint8_t *mac)
{
	bool was_usable = host_address_usable(a);

	a->state = (uint8_t)state;
	if (!was_usable && host_address_usable(a)) {
		tell(host, a, BERTH_NOTICE_ADDRESS_READY, NULL);
		if (ip_is_link_local(&a->ip))
			group_source_ready(host, a->interface);
	} else if (was_usable && !host_address_usable(a)) {
		end_connections(host, &a->ip);
	}
	if (state == ADDRESS_DUPLICATE) {
		tell(host, a, BERTH_NOTICE_ADDRESS_DUPLICATE, mac);
	}
	host_path_forget(host);
}

void host_address_set_state(struct berth_host *host, struct host_address *a, enum host_address_state state)
{
	set_state(host, a, state, NULL);
}

void host_address_duplicate(struct berth_host *host, struct host_address *a, const uint8_t mac[6])
{
	set_state(host, a, ADDRESS_DUPLICATE, mac);
}

static bool is_network_of(const struct host_route *route, const void *what)
{
	const struct host_address *a = what;
	struct ip network = ip_network(&a->ip, a->prefix);

	return route->origin == ORIGIN_HOST && route->prefix == a->prefix && route->interface == a->interface &&
	       ip_equal(&route->destination, &network);
}

/* Another address that stands on the same network. */
static bool has_sibling(const struct berth_host *host, const struct host_address *a)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *b = &host->addresses[i];

		if (b != a && b->state != ADDRESS_FREE && b->origin != ORIGIN_ROUTER && b->prefix == a->prefix &&
		    b->interface == a->interface && ip_in_prefix(&b->ip, &a->ip, a->prefix))
			return true;
	}
	return false;
}

void host_address_drop(struct berth_host *host, struct host_address *a)
{
	struct ip ip = a->ip;
	bool was_usable = host_address_usable(a);

	if (a->origin != ORIGIN_ROUTER && !has_sibling(host, a))
		host_route_remove(host, is_network_of, a);
	if (a->origin != ORIGIN_HAND && was_usable)
		tell(host, a, BERTH_NOTICE_ADDRESS_GONE, NULL);
	group_own_leave(host, a->interface, &a->ip);
	acd_end(host, a);
	dad_end(host, a);
	*a = (struct host_address){.state = ADDRESS_FREE};
	host_path_forget(host);
	if (was_usable)
		end_connections(host, &ip);
}

/* An address of the API as the host has it on this interface: a link-local one with its scope, a prefix of 128 bits.
 * false: not one that an interface may have. */
static bool take_argument(int interface, const struct berth_address *address, unsigned *prefix, struct ip *out)
{
	*out = ip_of_address(address);
	if (address->family == BERTH_IP4)
		*prefix += IP4_PREFIX;
	else if (address->family != BERTH_IP6 || ip_is_ip4(out))
		return false;
	if (ip_is_link_local(out) && out->scope == 0)
		out->scope = (uint32_t)interface;
	if (out->scope != (ip_is_link_local(out) ? (uint32_t)interface : 0))
		return false;
	return *prefix <= 128;
}

/* Whether somebody has it already is asked where the program wants that. */
static enum host_address_state first_state(const struct host_interface *interface, const struct ip *ip)
{
	if (!ip_is_ip4(ip))
		return dad_first_state(interface);
	return interface->ethernet && interface->ms_acd ? ADDRESS_TENTATIVE : ADDRESS_PREFERRED;
}

int berth_host_address_add(struct berth_host *host, int interface, const struct berth_address *address, unsigned prefix)
{
	const struct host_address *a;
	struct ip ip;

	if (interface < 0 || (uint32_t)interface >= host->n_interfaces ||
	    !take_argument(interface, address, &prefix, &ip) || !names_a_host(&ip, prefix))
		return BERTH_EINVAL;
	if (!ip_is_ip4(&ip) && host->interfaces[interface].mtu_link < HOST_IP6_MTU)
		return BERTH_EINVAL;
	if (host_address_find(host, &ip))
		return BERTH_EADDRINUSE;
	a = host_address_make(host, (unsigned)interface, &ip, prefix, ORIGIN_HAND,
			      first_state(&host->interfaces[interface], &ip));
	if (!a)
		return BERTH_ENOSPC;
	if (!ip_is_ip4(&ip)) {
		dad_begin(host, a, 0);
		if (ip_is_link_local(&ip))
			slaac_give_way(host, (unsigned)interface);
		slaac_link_local(host, (unsigned)interface);
	}
	return BERTH_OK;
}

int berth_host_address_remove(struct berth_host *host, int interface, const struct berth_address *address)
{
	struct host_address *a;
	unsigned prefix = 0;
	struct ip ip;

	if (interface <= HOST_LOOPBACK || (uint32_t)interface >= host->n_interfaces)
		return BERTH_EINVAL;
	if (!take_argument(interface, address, &prefix, &ip))
		return BERTH_EADDRNOTAVAIL;
	a = host_address_find(host, &ip);
	if (!a || a->interface != interface)
		return BERTH_EADDRNOTAVAIL;
	host_address_drop(host, a);
	if (!ip_is_ip4(&ip))
		slaac_address_gone(host, (unsigned)interface);
	return BERTH_OK;
}

static const struct host_address *find(const struct berth_host *host, const struct ip *ip)
{
	/* The first are the loopback's, and what comes by wire is hardly ever for those. */
	for (unsigned i = host->n_addresses; i-- > 0;) {
		const struct host_address *a = &host->addresses[i];

		if (ip_equal(&a->ip, ip) && a->state != ADDRESS_FREE)
			return a;
	}
	return NULL;
}

struct host_address *host_address_find(struct berth_host *host, const struct ip *ip)
{
	return (struct host_address *)(uintptr_t)find(host, ip);
}

bool host_is_own(const struct berth_host *host, const struct ip *ip)
{
	const struct host_address *a;

	if (ip_is_loopback(ip))
		return true;
	a = find(host, ip);
	return a && host_address_usable(a);
}

bool host_is_broadcast(const struct berth_host *host, unsigned interface, const struct ip *ip)
{
	if (!ip_is_ip4(ip))
		return false;
	if (ip_to_ip4(ip) == UINT32_MAX)
		return true;
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface == interface && a->state != ADDRESS_FREE && ip_is_ip4(&a->ip) && a->prefix <= 126 &&
		    ip->low == (a->ip.low | ~(UINT64_MAX << (128 - a->prefix))))
			return true;
	}
	return false;
}

/* An address's rank among those to speak from. One of the network that the next hop is on comes before others of its
 * scope (rule 5.5): it is what the next hop, and its way back, go by. */
static uint32_t rank_of(const struct select_target *target, const struct host_address *a, const struct ip *next_hop)
{
	const struct select_source source = {
		.ip = a->ip,
		.interface = a->interface,
		.prefix = a->prefix,
		.deprecated = a->state == ADDRESS_DEPRECATED,
		.by_next_hop = ip_in_prefix(next_hop, &a->ip, a->prefix),
		.label = a->label,
	};

	return select_source_rank(target, &source);
}

const struct host_address *host_address_from(const struct berth_host *host, unsigned interface,
					     const struct ip *destination, const struct ip *next_hop)
{
	const struct host_address *best = NULL;
	uint32_t rank, rank_best = 0; /* 0: not asked for yet */
	struct select_target target;

	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface != interface || !host_address_usable(a) || ip_is_ip4(&a->ip) != ip_is_ip4(destination))
			continue;
		/* Most have but one, which then is the best. */
		if (!best) {
			best = a;
			continue;
		}
		if (rank_best == 0) {
			select_target(&select_policies_default, destination, interface, &target);
			rank_best = rank_of(&target, best, next_hop);
		}
		rank = rank_of(&target, a, next_hop);
		if (rank > rank_best) {
			best = a;
			rank_best = rank;
		}
	}
	return best;
}

bool host_is_on_link(const struct berth_host *host, unsigned interface, const struct ip *ip)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i];

		if (r->interface == interface && ip_is_none(&r->gateway) &&
		    ip_is_ip4(&r->destination) == ip_is_ip4(ip) && ip_in_prefix(ip, &r->destination, r->prefix))
			return true;
	}
	return false;
}
