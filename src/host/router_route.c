/* The routes of routers: ways to everywhere, ways to some networks (RFC 4191), and networks that are on the link.
 *
 * They stand in the host's one table of routes. Of each of the three there is room for so many on an interface: a
 * thousand that somebody makes up push out nothing that is in use. When there is no room, a route goes for a better one
 * alone: one whose router does not answer for one whose does, then one of less preference. */
#include "discovery.h"

enum kind {
	TO_EVERYWHERE,
	TO_NETWORK,
	ON_LINK,
};

static const unsigned n_max[] = {[TO_EVERYWHERE] = 8, [TO_NETWORK] = 16, [ON_LINK] = 16};

static enum kind kind_of(const struct host_route *route)
{
	if (ip_is_none(&route->gateway))
		return ON_LINK;
	return route->prefix == 0 ? TO_EVERYWHERE : TO_NETWORK;
}

static bool is_of_router(const struct host_route *route, unsigned interface)
{
	return route->origin == ORIGIN_ROUTER && route->interface == interface;
}

/* Link-local and multicast networks are what they are, and in ::/64 are the host itself (::1) and what stands for IPv4
 * here (::ffff:0:0/96): a route of that kind would take IPv4 packets away. */
bool router_network_is_odd(const struct ip *network, unsigned prefix)
{
	return prefix > 0 && (ip_is_link_local(network) || ip_is_multicast(network) || network->high == 0);
}

/* ---- what the program is told ---- */

static void tell(struct berth_host *host, const struct host_route *route, enum berth_notice_kind kind)
{
	if (kind_of(route) == TO_EVERYWHERE)
		host_notice(host, &(struct berth_notice){.kind = (uint8_t)kind,
							 .interface = route->interface,
							 .address = ip_to_address(&route->gateway)});
}

static bool is_that(const struct host_route *route, const void *what)
{
	return route == what;
}

static void remove_at(struct berth_host *host, struct host_route *route)
{
	tell(host, route, BERTH_NOTICE_ROUTER_GONE);
	host_route_remove(host, is_that, route);
}

/* ---- one route ---- */

static struct host_route *find(struct berth_host *host, const struct host_route *wanted)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		struct host_route *r = &host->routes[i];

		if (is_of_router(r, wanted->interface) && r->prefix == wanted->prefix &&
		    ip_equal(&r->destination, &wanted->destination) && ip_equal(&r->gateway, &wanted->gateway))
			return r;
	}
	return NULL;
}

/* The least useful route of a kind; *n: how many there are. */
static struct host_route *find_worst(struct berth_host *host, unsigned interface, enum kind kind, unsigned *n)
{
	struct host_route *worst = NULL;

	*n = 0;
	for (unsigned i = 0; i < host->n_routes; i++) {
		struct host_route *r = &host->routes[i];

		if (!is_of_router(r, interface) || kind_of(r) != kind)
			continue;
		++*n;
		if (!worst || r->suspect > worst->suspect ||
		    (r->suspect == worst->suspect && r->preference <= worst->preference))
			worst = r;
	}
	return worst;
}

/* There is room for the route, or is made at the cost of a worse one. */
static bool make_room(struct berth_host *host, const struct host_route *route)
{
	enum kind kind = kind_of(route);
	unsigned n;
	struct host_route *worst = find_worst(host, route->interface, kind, &n);

	if (n < n_max[kind])
		return true;
	if (kind == ON_LINK || (!worst->suspect && worst->preference >= route->preference))
		return false;
	remove_at(host, worst);
	return true;
}

static void add(struct berth_host *host, const struct host_route *route)
{
	if (!make_room(host, route) || !host_route_insert(host, route)) {
		host->counters.nd.full++;
		return;
	}
	tell(host, route, BERTH_NOTICE_ROUTER);
}

void router_route_set(struct berth_host *host, const struct host_route *route)
{
	struct host_route *known = find(host, route);
	struct host_route changed;

	if (route->valid_until <= host->now) {
		if (known)
			remove_at(host, known);
		return;
	}
	router_wake(host, route->valid_until);
	if (!known) {
		add(host, route);
	} else if (known->preference == route->preference) {
		known->valid_until = route->valid_until;
	} else {
		/* Its place in the table is another one. */
		changed = *known;
		changed.preference = route->preference;
		changed.valid_until = route->valid_until;
		host_route_remove(host, is_that, known);
		host_route_insert(host, &changed);
	}
}

bool router_route_has_default(const struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		if (is_of_router(&host->routes[i], interface) && kind_of(&host->routes[i]) == TO_EVERYWHERE)
			return true;
	}
	return false;
}

/* ---- several ---- */

void router_route_forget(struct berth_host *host, unsigned interface, const struct ip *router)
{
	for (unsigned i = host->n_routes; i-- > 0;) {
		struct host_route *r = &host->routes[i];

		if (is_of_router(r, interface) && ip_equal(&r->gateway, router))
			remove_at(host, r);
	}
	router_ready(host, interface);
}

void router_route_drop(struct berth_host *host, unsigned interface)
{
	for (unsigned i = host->n_routes; i-- > 0;) {
		if (is_of_router(&host->routes[i], interface))
			remove_at(host, &host->routes[i]);
	}
}

berth_time router_route_expire(struct berth_host *host)
{
	berth_time next = BERTH_NEVER;

	for (unsigned i = host->n_routes; i-- > 0;) {
		struct host_route *r = &host->routes[i];
		unsigned interface = r->interface;

		if (r->origin != ORIGIN_ROUTER && r->origin != ORIGIN_REDIRECT)
			continue;
		if (r->valid_until > host->now) {
			next = r->valid_until < next ? r->valid_until : next;
			continue;
		}
		remove_at(host, r);
		router_ready(host, interface);
	}
	return next;
}
