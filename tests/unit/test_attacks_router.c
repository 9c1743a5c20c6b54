/* Routers that lie, at a host in the middle of a conversation that listens to routers: what cannot be meant is refused,
 * of what can be meant there is a bounded number, and what the program has set is not a router's to change. */
#include "siege.h"

#define ADDRESSES_MOST 17 /* of routers and link-local, on one interface */
#define ROUTES_MOST 48
#define NAMES_MOST 16

static const struct ip router = {.high = UINT64_C(0xfe80) << 48, .low = ENEMY, .scope = 1};

struct lie {
	struct nd_router router;
	struct nd_option options[24];
	unsigned n;
};

static struct nd_option *add(struct lie *lie, enum nd_option_type type)
{
	struct nd_option *option = &lie->options[lie->n++];

	*option = (struct nd_option){.type = (uint8_t)type};
	return option;
}

static void add_prefix(struct lie *lie, const char *text, unsigned len, uint32_t s_valid)
{
	struct nd_option *option = add(lie, ND_PREFIX);
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	memset(option->prefix.prefix, 0, 16);
	memcpy(option->prefix.prefix + (address.family == BERTH_IP4 ? 12 : 0), address.bytes,
	       address.family == BERTH_IP4 ? 4 : 16);
	if (address.family == BERTH_IP4)
		memset(option->prefix.prefix + 10, 0xff, 2);
	option->prefix.len = (uint8_t)len;
	option->prefix.on_link = option->prefix.autonomous = true;
	option->prefix.s_valid = option->prefix.s_preferred = s_valid;
}

static void add_route(struct lie *lie, const char *text, unsigned len, uint32_t s_lifetime)
{
	struct nd_option *option;
	uint8_t prefix[16];

	add_prefix(lie, text, len, 0);
	option = &lie->options[lie->n - 1];
	memcpy(prefix, option->prefix.prefix, 16);
	*option = (struct nd_option){.type = ND_ROUTE,
				     .route = {.len = (uint8_t)len, .preference = 1, .s_lifetime = s_lifetime}};
	memcpy(option->route.prefix, prefix, 16);
}

/* f: how it is sent, but for what is not said. */
static void advertise(struct siege *s, const struct lie *lie, struct foul f)
{
	struct icmp_message message = {0};
	uint8_t body[1400], *end = nd_router_emit(&lie->router, &message, body);

	for (unsigned i = 0; i < lie->n; i++)
		end = nd_option_emit(&lie->options[i], end);
	if (ip_is_none(&f.source))
		f.source = router;
	if (ip_is_none(&f.destination))
		f.destination = ip6_all_nodes(1);
	if (f.hop_limit == 0)
		f.hop_limit = 255;
	siege_icmp(s, f, message.type, message.code, message.rest, body, (size_t)(end - body));
}

static void init(struct siege *s)
{
	siege_init(s, BERTH_IP6);
	assert_int_equal(berth_host_interface_auto(s->host, 1, BERTH_AUTO_ROUTERS), 0);
	cable_run(&s->c, s->c.now + 10 * SECOND);
	s->bytes_quiet = s->heap.n_bytes;
}

static unsigned n_addresses(const struct siege *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->host->n_addresses; i++) {
		const struct host_address *a = &s->host->addresses[i];

		n += a->state != ADDRESS_FREE && a->interface == 1 && !ip_is_ip4(&a->ip) && a->origin != ORIGIN_HAND;
	}
	return n;
}

static unsigned n_routes(const struct siege *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->host->n_routes; i++)
		n += s->host->routes[i].origin == ORIGIN_ROUTER;
	return n;
}

/* From beyond the link, from no router's address, from nobody, in pieces. */
static void not_of_this_link(void **state)
{
	static const uint8_t atomic[IP6_FRAGMENT] = {IP_PROTOCOL_ICMP6};
	struct lie lie = {.router = {.s_lifetime = 1800}};
	struct siege s;

	(void)state;
	init(&s);
	add_prefix(&lie, "2001:db8::", 64, 3600);
	advertise(&s, &lie, (struct foul){.hop_limit = 254});
	advertise(&s, &lie, (struct foul){.hop_limit = 1});
	advertise(&s, &lie, (struct foul){.source = siege_ip(&s, ENEMY)});
	advertise(&s, &lie, (struct foul){.next = IP6_NEXT_FRAGMENT, .before = atomic, .n_before = sizeof(atomic)});
	assert_int_equal(counter(s.host, "nd_bad"), 4);
	assert_int_equal(counter(s.host, "nd_router_adverts_in"), 0);
	assert_int_equal(n_routes(&s), 0);
	assert_int_equal(n_addresses(&s), 1);
	siege_holds(&s, 1024);
	siege_deinit(&s);
}

/* Lifetimes of 0 for all that there is: the router's own things go, those of the program stay. */
static void lifetime_0(void **state)
{
	struct lie lie = {.router = {.s_lifetime = 1800}};
	struct siege s;

	(void)state;
	init(&s);
	add_prefix(&lie, "2001:db8::", 64, 86400);
	add_route(&lie, "2001:db8:1::", 48, 1800);
	advertise(&s, &lie, (struct foul){0});
	cable_run(&s.c, s.c.now + 5 * SECOND);
	assert_int_equal(n_routes(&s), 3);
	assert_int_equal(n_addresses(&s), 2);
	lie = (struct lie){0};
	add_prefix(&lie, "2001:db8::", 64, 0);
	add_prefix(&lie, "fd00::", 64, 0);
	add_prefix(&lie, "fe80::", 64, 0);
	add_route(&lie, "2001:db8:1::", 48, 0);
	add_route(&lie, "fd00::", 64, 0);
	add_route(&lie, "::", 0, 0);
	for (unsigned i = 0; i < 100; i++)
		advertise(&s, &lie, (struct foul){0});
	assert_int_equal(n_routes(&s), 0);
	/* RFC 4862 section 5.5.3 (e): an address cannot be taken away at once. */
	assert_int_equal(n_addresses(&s), 2);
	siege_holds(&s, 4096);
	siege_deinit(&s);
}

/* Prefixes and routes that would take away the link, groups, IPv4, this host, or everything; times and sizes that
 * nothing can work with. */
static void cannot_be_meant(void **state)
{
	static const struct {
		const char *text;
		unsigned len;
	} networks[] = {
		{"fe80::", 10}, {"fe80::", 64}, {"ff00::", 8},   {"ff02::1", 128},
		{"::", 64},     {"::1", 128},   {"0.0.0.0", 96},
	};
	struct lie lie = {.router = {.hop_limit = 1, .ms_reachable = 1, .ms_retransmit = 1, .s_lifetime = 1}};
	struct host_interface before;
	struct siege s;
	uint32_t routes;

	(void)state;
	init(&s);
	before = s.host->interfaces[1];
	routes = s.host->n_routes;
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		add_prefix(&lie, networks[i].text, networks[i].len, ND_FOREVER);
		add_route(&lie, networks[i].text, networks[i].len, ND_FOREVER);
	}
	add_prefix(&lie, "::", 0, ND_FOREVER);
	add_prefix(&lie, "2000::", 3, ND_FOREVER);
	lie.options[lie.n - 1].prefix.autonomous = false;
	add(&lie, ND_MTU)->mtu = 68;
	advertise(&s, &lie, (struct foul){0});
	lie.options[lie.n - 1].mtu = UINT32_MAX;
	lie.router.ms_reachable = lie.router.ms_retransmit = UINT32_MAX;
	advertise(&s, &lie, (struct foul){0});
	assert_int_equal(counter(s.host, "nd_refused"), 2 * (3 + 7 + 7 + 1 + 1 + 1));
	assert_int_equal(s.host->n_routes, routes + 1);
	assert_int_equal(n_addresses(&s), 1);
	assert_int_equal(s.host->interfaces[1].ms_reachable, before.ms_reachable);
	assert_int_equal(s.host->interfaces[1].ms_retransmit, before.ms_retransmit);
	assert_int_equal(s.host->interfaces[1].mtu_ip6, before.mtu_ip6);
	assert_int_equal(s.host->interfaces[1].hop_limit, before.hop_limit);
	siege_holds(&s, 4096);
	siege_deinit(&s);
}

/* "Your neighbours are behind me": what is on the link is not a router's to take (RFC 4861 section 5.2, 4191 section
 * 3.2: routes are for what is not). */
static void routes_to_neighbours(void **state)
{
	struct lie lie = {.router = {.s_lifetime = 1800, .preference = 1}};
	struct siege s;

	(void)state;
	init(&s);
	add_route(&lie, "fd00::5", 128, 1800);
	add_route(&lie, "fd00::", 64, 1800);
	add_route(&lie, "fd00::", 65, 1800);
	advertise(&s, &lie, (struct foul){0});
	siege_quiet(&s);
	siege_holds(&s, 4096);
	assert_int_equal(s.n_seen, 0);
	siege_deinit(&s);
}

/* A thousand prefixes, routers, routes, servers and domains, and then a flood of all: bounded, counted. */
static void thousands(void **state)
{
	struct siege s;

	(void)state;
	init(&s);
	for (unsigned i = 0; i < 3000; i++) {
		struct lie lie = {.router = {.s_lifetime = 1800, .preference = (int8_t)(i % 3) - 1}};
		struct ip from = {.high = UINT64_C(0xfe80) << 48, .low = 0x10000 + i, .scope = 1};
		uint8_t servers[6 * 16] = {0}, names[] = "\5lying\1a\4test\0\0";
		struct nd_option *option;
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:%x::", i);
		add_prefix(&lie, text, 64, 86400);
		add_route(&lie, text, 48, 86400);
		for (unsigned k = 0; k < 6; k++) {
			put_be32(servers + k * 16, 0x20010db8);
			put_be32(servers + k * 16 + 12, i * 6 + k + 1);
		}
		option = add(&lie, ND_DNS_SERVERS);
		option->servers = (struct nd_dns_servers){.s_lifetime = 600, .addresses = servers, .n = 6};
		names[7] = (uint8_t)('a' + i % 26);
		names[1] = (uint8_t)('a' + i / 26 % 26);
		option = add(&lie, ND_SEARCH_NAMES);
		option->names = (struct nd_search_names){.s_lifetime = 600, .names = names, .len = 14};
		siege_stranger_mac(i, add(&lie, ND_SOURCE_MAC)->mac);
		advertise(&s, &lie, (struct foul){.source = from});
		cable_settle(&s.c);
		assert_true(n_addresses(&s) <= ADDRESSES_MOST);
		assert_true(n_routes(&s) <= ROUTES_MOST);
		assert_true(berth_host_dns(s.host, NULL, 0) <= NAMES_MOST);
		siege_bounded(&s, 256u << 10);
		if (i % 500 == 499)
			siege_talk(&s);
	}
	assert_int_equal(counter(s.host, "nd_router_adverts_in"), 3000);
	assert_true(counter(s.host, "nd_full") > 3000);
	/* All of it ends. */
	cable_run(&s.c, s.c.now + 3700 * SECOND);
	siege_holds(&s, 64u << 10);
	cable_run(&s.c, s.c.now + 86400 * SECOND);
	assert_int_equal(n_routes(&s), 0);
	assert_int_equal(n_addresses(&s), 1);
	assert_int_equal(berth_host_dns(s.host, NULL, 0), 0);
	siege_holds(&s, 4096);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_of_this_link),     cmocka_unit_test(lifetime_0), cmocka_unit_test(cannot_be_meant),
		cmocka_unit_test(routes_to_neighbours), cmocka_unit_test(thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
