/* Routers: asking for them, and what their advertisements say (RFC 4861 section 6.3, 4191, 8106).
 *
 * Questions go out from when the interface has its link-local address until a router is heard, less and less often (RFC
 * 7559). What an advertisement says is taken as far as it can be meant: each number has a range, each prefix must be
 * one that hosts can have, and of everything there is room for so much and no more. What a router has said counts until
 * its time is over; one timer looks after all of it. */
#include <string.h>

#include "discovery.h"
#include "dns.h"
#include "in.h"
#include "neighbour.h"

#define MS (HOST_SECOND / 1000)
#define SOLICIT_DELAY HOST_SECOND       /* RFC 4861 section 10, MAX_RTR_SOLICITATION_DELAY */
#define SOLICIT_FIRST (4 * HOST_SECOND) /* RFC 7559 section 2: IRT, and MRT */
#define SOLICIT_LAST (3600 * HOST_SECOND)
#define OPTIONS_MAX 256 /* of one advertisement, that are looked at */

/* What is believed of a link. A hop limit that keeps packets from getting anywhere, or question times that flood the
 * link or never end, are attacks (RFC 3756 section 4.2.7) or mistakes. */
#define HOP_LIMIT_LEAST 32
#define MS_REACHABLE_LEAST 1000
#define MS_REACHABLE_MOST 3600000 /* RFC 4861 section 6.2.1 */
#define MS_RETRANSMIT_LEAST 100
#define MS_RETRANSMIT_MOST 60000
/* Shorter ones would put whole regions of the Internet on the link. */
#define ON_LINK_LEAST 16

/* ---- time ---- */

static void lifetimes_due(struct berth_host *host, struct host_timer *timer)
{
	berth_time addresses, routes;

	(void)timer;
	addresses = slaac_expire(host);
	routes = router_route_expire(host);
	host_arm(host, &host->lifetimes, addresses < routes ? addresses : routes);
}

void router_init(struct berth_host *host)
{
	host->lifetimes.due = lifetimes_due;
}

void router_wake(struct berth_host *host, berth_time at)
{
	if (!wheel_armed(&host->lifetimes.timer) || at < host->lifetimes.timer.deadline)
		host_arm(host, &host->lifetimes, at);
}

/* ---- asking ---- */

static unsigned number_of(const struct berth_host *host, const struct host_interface *interface)
{
	return (unsigned)(interface - host->interfaces);
}

/* A tenth more or less. */
static berth_time about(struct berth_host *host, berth_time t)
{
	return t - t / 10 + rng_below(&host->rng, t / 5 + 1);
}

/* RFC 8415 section 15, which RFC 7559 refers to. */
static berth_time next_pause(struct berth_host *host, berth_time last)
{
	berth_time pause = last ? last + about(host, last) : about(host, SOLICIT_FIRST);

	return pause > SOLICIT_LAST ? about(host, SOLICIT_LAST) : pause;
}

static void solicit(struct berth_host *host, struct host_timer *timer)
{
	struct host_interface *interface = CONTAINER_OF(timer, struct host_interface, solicit);
	unsigned number = number_of(host, interface);
	struct ip routers = ip6_all_routers(number);
	const struct host_address *source = host_address_towards(host, number, &routers);
	struct nd_option option = {.type = ND_SOURCE_MAC};
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct icmp_message message = {.type = ICMP6_ROUTER_SOLICIT, .body = body};

	if (source && interface->ethernet) {
		memcpy(option.mac, interface->mac, 6);
		message.len_body = (size_t)(nd_option_emit(&option, body) - body);
	}
	host->counters.nd.router_solicits_out++;
	nd_send(host, number, source ? &source->ip : &(struct ip){0}, &routers, &message);
	interface->solicit_pause = next_pause(host, interface->solicit_pause);
	host_arm(host, &interface->solicit, host->now + interface->solicit_pause);
}

/* RFC 4861 section 6.3.7: after a while of its own for each host, unless asking for the address has brought that. */
static void start_soliciting(struct berth_host *host, struct host_interface *interface)
{
	berth_time delay = interface->ms_dad && interface->ethernet ? 0 : rng_below(&host->rng, SOLICIT_DELAY + 1);

	interface->solicit.due = solicit;
	interface->solicit_pause = 0;
	host_arm(host, &interface->solicit, host->now + delay);
}

void router_start(struct berth_host *host, unsigned interface)
{
	host->interfaces[interface].routers = true;
}

void router_ready(struct berth_host *host, unsigned interface)
{
	struct host_interface *i = &host->interfaces[interface];

	if (i->routers && !wheel_armed(&i->solicit.timer) && !router_route_has_default(host, interface))
		start_soliciting(host, i);
}

void router_stop(struct berth_host *host, unsigned interface)
{
	struct host_interface *i = &host->interfaces[interface];

	if (!i->routers)
		return;
	i->routers = false;
	wheel_cancel(&host->wheel, &i->solicit.timer);
	i->hop_limit = 0;
	i->mtu_ip6 = i->mtu_link;
	i->ms_reachable = i->ms_retransmit = 0;
	slaac_drop(host, interface);
	router_route_drop(host, interface);
	host_dns_drop(host, ORIGIN_ROUTER, interface);
}

/* ---- an advertisement ---- */

/* value, or what was there before it when it cannot be meant. 0: it does not say. */
static uint32_t take_within(struct berth_host *host, uint32_t value, uint32_t least, uint32_t most, uint32_t before)
{
	if (value >= least && value <= most)
		return value;
	if (value)
		host->counters.nd.refused++;
	return before;
}

static void take_link(struct berth_host *host, struct host_interface *interface, const struct nd_router *router)
{
	interface->hop_limit =
		(uint8_t)take_within(host, router->hop_limit, HOP_LIMIT_LEAST, UINT8_MAX, interface->hop_limit);
	interface->ms_reachable =
		take_within(host, router->ms_reachable, MS_REACHABLE_LEAST, MS_REACHABLE_MOST, interface->ms_reachable);
	interface->ms_retransmit = take_within(host, router->ms_retransmit, MS_RETRANSMIT_LEAST, MS_RETRANSMIT_MOST,
					       interface->ms_retransmit);
}

/* RFC 4861 section 6.3.4. */
static void take_mtu(struct berth_host *host, struct host_interface *interface, uint32_t mtu)
{
	mtu = take_within(host, mtu, HOST_IP6_MTU, interface->mtu_link, interface->mtu_ip6);
	if (mtu == interface->mtu_ip6)
		return;
	interface->mtu_ip6 = mtu;
	host_path_forget(host);
}

static void take_mac(struct berth_host *host, const struct ip_packet *packet, const uint8_t mac[6])
{
	struct neighbour *n = neighbour_find(host, packet->interface, &packet->source);

	if (mac[0] & 1) {
		host->counters.nd.refused++;
		return;
	}
	if (n)
		neighbour_learn(host, n, mac, false);
	else if (neighbour_introduce(host, packet->interface, &packet->source, mac))
		n = neighbour_find(host, packet->interface, &packet->source);
	if (n)
		n->is_router = true;
}

static void take_prefix(struct berth_host *host, const struct ip_packet *packet, const struct nd_prefix *prefix)
{
	struct ip ip = ip_of_bytes(prefix->prefix, BERTH_IP6, packet->interface);
	struct host_route route = {
		.destination = ip_network(&ip, prefix->len),
		.prefix = prefix->len,
		.interface = packet->interface,
		.origin = ORIGIN_ROUTER,
		.valid_until = slaac_after(host->now, prefix->s_valid),
	};

	if (prefix->len == 0 || router_network_is_odd(&route.destination, prefix->len)) {
		host->counters.nd.refused++;
		return;
	}
	if (prefix->on_link && prefix->len < ON_LINK_LEAST)
		host->counters.nd.refused++;
	else if (prefix->on_link)
		router_route_set(host, &route);
	if (prefix->autonomous)
		slaac_prefix(host, packet->interface, &route.destination, prefix);
}

/* A route by way of the router who says so; ::/0 is the one to everywhere. */
static void take_route(struct berth_host *host, const struct ip_packet *packet, const struct nd_route *said)
{
	struct ip ip = ip_of_bytes(said->prefix, BERTH_IP6, 0);
	struct host_route route = {
		.destination = ip_network(&ip, said->len),
		.gateway = packet->source,
		.prefix = said->len,
		.interface = packet->interface,
		.origin = ORIGIN_ROUTER,
		.preference = said->preference,
		.valid_until = slaac_after(host->now, said->s_lifetime),
	};

	if (router_network_is_odd(&route.destination, said->len))
		host->counters.nd.refused++;
	else
		router_route_set(host, &route);
}

static void take_servers(struct berth_host *host, const struct ip_packet *packet, const struct nd_dns_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++) {
		struct ip server = ip_of_bytes(servers->addresses + 16 * i, BERTH_IP6, packet->interface);

		if (!ip_is_unicast(&server) || ip_is_ip4(&server))
			host->counters.nd.refused++;
		else
			host_dns_set(host, ORIGIN_ROUTER, packet->interface, &server,
				     slaac_after(host->now, servers->s_lifetime));
	}
}

static void take_names(struct berth_host *host, const struct ip_packet *packet, struct nd_search_names names)
{
	char name[ND_NAME_MAX];

	while (nd_name_next(&names, name))
		host_search_set(host, ORIGIN_ROUTER, packet->interface, name, slaac_after(host->now, names.s_lifetime));
}

static void take_option(struct berth_host *host, const struct ip_packet *packet, const struct nd_option *option)
{
	switch ((enum nd_option_type)option->type) {
	case ND_SOURCE_MAC:
		take_mac(host, packet, option->mac);
		break;
	case ND_PREFIX:
		take_prefix(host, packet, &option->prefix);
		break;
	case ND_MTU:
		take_mtu(host, &host->interfaces[packet->interface], option->mtu);
		break;
	case ND_ROUTE:
		take_route(host, packet, &option->route);
		break;
	case ND_DNS_SERVERS:
		take_servers(host, packet, &option->servers);
		break;
	case ND_SEARCH_NAMES:
		take_names(host, packet, option->names);
		break;
	case ND_TARGET_MAC:
	case ND_REDIRECTED:
	case ND_NONCE_OPTION:
		break; /* RFC 4861 section 6.1.2: not of this message */
	}
}

/* The router as the way to everywhere. Options follow, so that one for ::/0 has the last word (RFC 4191 section 3.1).
 */
static void take_router(struct berth_host *host, const struct ip_packet *packet, const struct nd_router *router)
{
	const struct nd_route everywhere = {.preference = router->preference, .s_lifetime = router->s_lifetime};

	take_route(host, packet, &everywhere);
}

void router_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct host_interface *interface = &host->interfaces[packet->interface];
	struct nd_option option;
	struct nd_router router;

	if (!nd_router_parse(message, &router) || !ip_is_link_local(&packet->source)) {
		host->counters.nd.bad++;
		return;
	}
	if (!interface->routers) {
		host->counters.nd.ignored++;
		return;
	}
	host->counters.nd.router_adverts_in++;
	take_link(host, interface, &router);
	take_router(host, packet, &router);
	for (unsigned i = 0; i < OPTIONS_MAX && nd_option_next(&router.options, &option); i++)
		take_option(host, packet, &option);
	/* RFC 7559 section 2.1: until a router is heard that is one for everything. */
	if (router_route_has_default(host, packet->interface))
		wheel_cancel(&host->wheel, &interface->solicit.timer);
	else if (!wheel_armed(&interface->solicit.timer))
		router_ready(host, packet->interface);
}
