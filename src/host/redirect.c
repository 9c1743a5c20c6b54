/* Redirects: a router says that another station is the better first hop to a destination, or that the destination
 * itself is on the link (RFC 4861 section 8). They are believed only where the interface says so: whoever is on the
 * link could turn conversations to himself by them. */
#include <string.h>

#include "discovery.h"
#include "in.h"
#include "neighbour.h"

#define REDIRECTS_MAX 16 /* on one interface */
#define LIFETIME (600 * HOST_SECOND)

/* RFC 4861 section 8.1: the sender is the one by whom packets to the destination go now. */
static bool is_first_hop(struct berth_host *host, const struct ip_packet *packet, const struct ip *destination)
{
	struct host_path path;

	return host_route(host, destination, &path) && path.interface == packet->interface &&
	       path.reach == REACH_UNICAST && ip_equal(&path.next_hop, &packet->source);
}

static bool is_redirect(const struct host_route *route, unsigned interface)
{
	return route->origin == ORIGIN_REDIRECT && route->interface == interface;
}

static bool is_that(const struct host_route *route, const void *what)
{
	return route == what;
}

/* Takes away what was said of the destination before, and of several others the one that ends first when there are too
 * many. */
static void make_room(struct berth_host *host, unsigned interface, const struct ip *destination)
{
	struct host_route *first = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < host->n_routes; i++) {
		struct host_route *r = &host->routes[i];

		if (!is_redirect(r, interface))
			continue;
		if (ip_equal(&r->destination, destination)) {
			host_route_remove(host, is_that, r);
			return;
		}
		n++;
		if (!first || r->valid_until < first->valid_until)
			first = r;
	}
	if (n < REDIRECTS_MAX)
		return;
	host->counters.nd.full++;
	host_route_remove(host, is_that, first);
}

/* The target is a router unless it is the destination itself. */
static void take_mac(struct berth_host *host, unsigned interface, const struct ip *target,
		     const struct nd_redirect *redirect, bool is_router)
{
	struct neighbour *n = neighbour_find(host, interface, target);

	if (redirect->has_mac && n)
		neighbour_learn(host, n, redirect->mac, false);
	else if (redirect->has_mac && neighbour_introduce(host, interface, target, redirect->mac))
		n = neighbour_find(host, interface, target);
	if (n && is_router)
		n->is_router = true;
}

static void take(struct berth_host *host, unsigned interface, const struct ip *destination, const struct ip *target)
{
	struct host_route route = {
		.destination = *destination,
		.prefix = 128,
		.interface = (uint8_t)interface,
		.origin = ORIGIN_REDIRECT,
		.valid_until = host->now + LIFETIME,
	};

	if (!ip_equal(target, destination))
		route.gateway = *target;
	make_room(host, interface, destination);
	if (!host_route_insert(host, &route)) {
		host->counters.nd.full++;
		return;
	}
	host->counters.nd.redirected++;
	router_wake(host, route.valid_until);
}

void redirect_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct nd_redirect redirect;
	struct ip destination, target;

	if (!nd_redirect_parse(message, &redirect) || !ip_is_link_local(&packet->source) ||
	    (redirect.has_mac && (redirect.mac[0] & 1))) {
		host->counters.nd.bad++;
		return;
	}
	if (!host->interfaces[packet->interface].redirects) {
		host->counters.nd.ignored++;
		return;
	}
	destination = ip_of_bytes(redirect.destination, BERTH_IP6, packet->interface);
	target = ip_of_bytes(redirect.target, BERTH_IP6, packet->interface);
	if (ip_is_ip4(&destination) || !ip_is_unicast(&destination) || host_is_own(host, &target) ||
	    !is_first_hop(host, packet, &destination)) {
		host->counters.nd.refused++;
		return;
	}
	take(host, packet->interface, &destination, &target);
	take_mac(host, packet->interface, &target, &redirect, !ip_equal(&target, &destination));
}

void redirect_forget(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	for (unsigned i = host->n_routes; i-- > 0;) {
		struct host_route *r = &host->routes[i];

		if (is_redirect(r, interface) &&
		    (ip_equal(&r->gateway, ip) || (ip_is_none(&r->gateway) && ip_equal(&r->destination, ip))))
			host_route_remove(host, is_that, r);
	}
}
