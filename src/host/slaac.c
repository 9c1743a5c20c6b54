/* Addresses that the host makes itself: link-local ones, and those in prefixes that routers advertise (RFC 4862).
 *
 * All of them, link-local ones too, end in an identifier of RFC 7217: the same for the same secret, interface name and
 * prefix, and nothing that could be followed from network to network. An address has the two lifetimes of its prefix.
 * When the first is over it is deprecated, when the second is over it goes. A router that is believed without proof may
 * prolong the second one but not cut it below two hours. */
#include "discovery.h"
#include "in.h"
#include "stable_id.h"

#define PREFIX_LEN 64
#define OF_ROUTERS_MAX 16 /* addresses on one interface */
#define TRIES_MAX 3       /* RFC 7217 section 7, IDGEN_RETRIES: identifiers that may turn out taken */
#define TWO_HOURS (UINT64_C(7200) * HOST_SECOND)

berth_time slaac_after(berth_time now, uint32_t s)
{
	return s == ND_FOREVER ? BERTH_NEVER : now + s * HOST_SECOND;
}

berth_time slaac_valid_until(berth_time now, berth_time until, uint32_t s_valid)
{
	berth_time said = slaac_after(now, s_valid);

	if (said > until || said > now + TWO_HOURS)
		return said;
	return until > now + TWO_HOURS ? now + TWO_HOURS : until;
}

/* An address in a /64 of which the host makes the rest. NULL: no room. */
static struct host_address *make(struct berth_host *host, unsigned interface, const struct ip *network,
				 enum host_origin origin, uint32_t n_conflicts)
{
	const struct host_interface *i = &host->interfaces[interface];
	struct host_address *a;
	struct ip ip = *network;

	ip.low = stable_id(host->key_ids, network->high, i->name, &n_conflicts);
	while (host_address_find(host, &ip)) {
		n_conflicts++;
		ip.low = stable_id(host->key_ids, network->high, i->name, &n_conflicts);
	}
	a = host_address_make(host, interface, &ip, PREFIX_LEN, origin, dad_first_state(i));
	if (a)
		dad_begin(host, a, n_conflicts);
	return a;
}

/* ---- link-local ---- */

static bool is_link_local_of(const struct host_address *a, unsigned interface)
{
	return a->state != ADDRESS_FREE && a->interface == interface && ip_is_link_local(&a->ip);
}

static struct host_address *find_link_local(struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (is_link_local_of(&host->addresses[i], interface))
			return &host->addresses[i];
	}
	return NULL;
}

void slaac_link_local(struct berth_host *host, unsigned interface)
{
	const struct ip network = {.high = UINT64_C(0xfe80) << 48, .scope = interface};
	struct host_address *a = find_link_local(host, interface);

	host->interfaces[interface].ip6 = true;
	if (interface == HOST_LOOPBACK)
		return;
	if (!a)
		a = make(host, interface, &network, ORIGIN_HOST, 0);
	if (a && host_address_usable(a))
		router_ready(host, interface);
}

void slaac_give_way(struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		struct host_address *a = &host->addresses[i];

		if (is_link_local_of(a, interface) && a->origin == ORIGIN_HOST)
			host_address_drop(host, a);
	}
}

static bool has_other(const struct berth_host *host, unsigned interface, const struct host_address *but)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a != but && a->state != ADDRESS_FREE && a->interface == interface && !ip_is_ip4(&a->ip))
			return true;
	}
	return false;
}

void slaac_address_gone(struct berth_host *host, unsigned interface)
{
	struct host_address *a = find_link_local(host, interface);

	/* It belongs to every other address (RFC 4291 section 2.8). */
	if (host->interfaces[interface].link_local || (a && a->origin == ORIGIN_HAND) ||
	    has_other(host, interface, a)) {
		slaac_link_local(host, interface);
		return;
	}
	if (a)
		host_address_drop(host, a);
	host->interfaces[interface].ip6 = false;
}

/* ---- prefixes of routers ---- */

static bool is_of_router(const struct host_address *a, unsigned interface)
{
	return a->state != ADDRESS_FREE && a->interface == interface && a->origin == ORIGIN_ROUTER;
}

static struct host_address *find_in(struct berth_host *host, unsigned interface, const struct ip *network)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		struct host_address *a = &host->addresses[i];

		if (is_of_router(a, interface) && ip_in_prefix(&a->ip, network, PREFIX_LEN))
			return a;
	}
	return NULL;
}

static bool has_room(const struct berth_host *host, unsigned interface)
{
	unsigned n = 0;

	for (unsigned i = 0; i < host->n_addresses; i++)
		n += is_of_router(&host->addresses[i], interface);
	return n < OF_ROUTERS_MAX;
}

static void set_preferred(struct berth_host *host, struct host_address *a, uint32_t s_preferred)
{
	enum host_address_state state;

	a->preferred_until = slaac_after(host->now, s_preferred);
	state = host->now < a->preferred_until ? ADDRESS_PREFERRED : ADDRESS_DEPRECATED;
	if (host_address_usable(a) && a->state != state)
		host_address_set_state(host, a, state);
}

void slaac_prefix(struct berth_host *host, unsigned interface, const struct ip *network, const struct nd_prefix *prefix)
{
	struct host_address *a = find_in(host, interface, network);

	/* RFC 4862 section 5.5.3 (c), (d): an identifier has 64 bits on Ethernet (RFC 2464 section 4). */
	if (prefix->s_preferred > prefix->s_valid || prefix->len != PREFIX_LEN) {
		host->counters.nd.refused++;
		return;
	}
	if (a) {
		a->valid_until = slaac_valid_until(host->now, a->valid_until, prefix->s_valid);
	} else {
		if (prefix->s_valid == 0)
			return;
		a = has_room(host, interface) ? make(host, interface, network, ORIGIN_ROUTER, 0) : NULL;
		if (!a) {
			host->counters.nd.full++;
			return;
		}
		a->valid_until = slaac_after(host->now, prefix->s_valid);
	}
	set_preferred(host, a, prefix->s_preferred);
	router_wake(host, a->preferred_until > host->now ? a->preferred_until : a->valid_until);
	router_wake(host, a->valid_until);
}

bool slaac_again(struct berth_host *host, struct host_address *a, uint32_t n_conflicts)
{
	struct host_address old = *a, *made;
	struct ip network = ip_network(&a->ip, PREFIX_LEN);

	if ((a->origin != ORIGIN_HOST && a->origin != ORIGIN_ROUTER) || n_conflicts + 1 >= TRIES_MAX)
		return false;
	host_address_drop(host, a);
	made = make(host, old.interface, &network, old.origin, n_conflicts + 1);
	if (made) {
		made->preferred_until = old.preferred_until;
		made->valid_until = old.valid_until;
	}
	return made != NULL;
}

static berth_time earlier(berth_time a, berth_time b)
{
	return a < b ? a : b;
}

/* When something happens to an address next. */
static berth_time expire(struct berth_host *host, struct host_address *a)
{
	if (a->valid_until <= host->now) {
		host_address_drop(host, a);
		return BERTH_NEVER;
	}
	if (a->preferred_until > host->now)
		return earlier(a->preferred_until, a->valid_until);
	if (a->state == ADDRESS_PREFERRED)
		host_address_set_state(host, a, ADDRESS_DEPRECATED);
	return a->valid_until;
}

berth_time slaac_expire(struct berth_host *host)
{
	berth_time next = BERTH_NEVER;

	for (unsigned i = 0; i < host->n_addresses; i++) {
		struct host_address *a = &host->addresses[i];

		if (a->state != ADDRESS_FREE && a->origin == ORIGIN_ROUTER)
			next = earlier(next, expire(host, a));
	}
	return next;
}

void slaac_drop(struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (is_of_router(&host->addresses[i], interface))
			host_address_drop(host, &host->addresses[i]);
	}
}
