/* Routers: asking for them, and what their advertisements do (RFC 4861 section 6.3, 4191, 7559, 8106). */
#include <stdio.h>

#include "discovery.h"
#include "one_host6.h"

#define ROUTER "fe80::1"
#define SECOND_ROUTER "fe80::2"
#define FAR "2001:db8:9::9"

static const struct nd_router usual = {.s_lifetime = 1800};

static void listen_to_routers(struct one *o)
{
	one_init(o);
	assert_int_equal(berth_host_interface_auto(o->host, 1, BERTH_AUTO_ROUTERS), 0);
}

/* A host that listens, has its link-local address, and a global one by hand. */
static void init(struct one *o)
{
	listen_to_routers(o);
	give6(o, "fd00::7", 64);
	one_run(o, o->now + 3 * SECOND);
	one_clear(o);
	count_notices(o, BERTH_NOTICE_DNS); /* takes them all */
}

static void advertise(struct one *o, const struct nd_router *router, const char *from)
{
	struct advert a;

	advert_begin(&a, router);
	one_advertise(o, &a, from);
}

static void advertise_lifetime(struct one *o, const char *from, uint16_t s_lifetime, int preference)
{
	advertise(o, &(struct nd_router){.s_lifetime = s_lifetime, .preference = (int8_t)preference}, from);
}

static void advertise_route(struct one *o, const char *from, const char *prefix, unsigned len, int preference,
			    uint32_t s_lifetime)
{
	struct advert a;

	advert_begin(&a, &(struct nd_router){0});
	advert_route(&a, prefix, len, preference, s_lifetime);
	one_advertise(o, &a, from);
}

/* ---- asking ---- */

/* RFC 7559: at once, then after about 4, 8, 16 ... seconds, and no more than an hour. */
static void asks_less_and_less(void **state)
{
	berth_time last = 0, pause = 0;
	struct sent6 sent;
	struct one o;
	unsigned n = 0;

	(void)state;
	listen_to_routers(&o);
	while (n < 16) {
		berth_time before = pause, slack = SECOND / 10;
		unsigned at = 0;

		one_run(&o, o.now + slack);
		if (!next_icmp6(&o, &at, ICMP6_ROUTER_SOLICIT, &sent))
			continue;
		pause = o.now - last;
		last = o.now;
		if (n == 0) {
			assert_true(pause < 4 * SECOND);
		} else if (n == 1) {
			assert_true(pause > 3500 * MS && pause < 4500 * MS);
		} else if (n < 11) {
			assert_true(pause > before * 18 / 10 - slack && pause < before * 22 / 10 + slack);
		} else {
			assert_true(pause > 3240 * SECOND - slack && pause < 3960 * SECOND + slack);
		}
		one_clear(&o);
		n++;
	}
	one_deinit(&o);
}

static void question(void **state)
{
	struct nd_options options;
	struct nd_option option;
	struct sent6 sent;
	struct one o;
	unsigned i = 0;

	(void)state;
	listen_to_routers(&o);
	one_run(&o, o.now + 2100 * MS);
	assert_true(next_icmp6(&o, &i, ICMP6_ROUTER_SOLICIT, &sent));
	assert_ip(&sent.destination, "ff02::2");
	assert_true(ip_equal(&sent.source, &address_in(&o, "fe80::", 64)->ip));
	assert_int_equal(sent.ip.hop_limit, 255);
	assert_true(nd_router_solicit_parse(&sent.message, &options));
	assert_true(nd_option_next(&options, &option));
	assert_int_equal(option.type, ND_SOURCE_MAC);
	assert_memory_equal(option.mac, mac_host, 6);
	one_deinit(&o);
}

/* A router that is none for everything leaves the search going on. */
static void asks_until_one_is_heard(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_lifetime(&o, ROUTER, 0, 0);
	one_run(&o, o.now + 20 * SECOND);
	assert_true(count_icmp6(&o, ICMP6_ROUTER_SOLICIT) >= 2);
	advertise(&o, &usual, ROUTER);
	one_clear(&o);
	one_run(&o, o.now + 1700 * SECOND);
	assert_int_equal(count_icmp6(&o, ICMP6_ROUTER_SOLICIT), 0);
	/* When it is over, there is another search. */
	one_run(&o, o.now + 110 * SECOND);
	assert_true(count_icmp6(&o, ICMP6_ROUTER_SOLICIT) > 0);
	one_deinit(&o);
}

/* ---- a way to everywhere ---- */

static void comes_and_goes(void **state)
{
	struct berth_notice notice;
	struct one o;

	(void)state;
	init(&o);
	assert_no_way(&o, FAR);
	advertise(&o, &usual, ROUTER);
	assert_next_hop(&o, FAR, ROUTER);
	assert_true(next_notice(&o, BERTH_NOTICE_ROUTER, &notice));
	assert_int_equal(notice.address.bytes[15], 1);
	assert_int_equal(notice.address.scope, 1);
	/* It lives as long as it says, and each time from then on. */
	one_run(&o, o.now + 1700 * SECOND);
	advertise(&o, &usual, ROUTER);
	one_run(&o, o.now + 1799 * SECOND);
	assert_next_hop(&o, FAR, ROUTER);
	assert_false(berth_host_next_notice(o.host, &notice));
	one_run(&o, o.now + 2 * SECOND);
	assert_no_way(&o, FAR);
	assert_true(next_notice(&o, BERTH_NOTICE_ROUTER_GONE, &notice));
	/* Or until it says that it is none. */
	advertise(&o, &usual, ROUTER);
	assert_next_hop(&o, FAR, ROUTER);
	advertise_lifetime(&o, ROUTER, 0, 0);
	assert_no_way(&o, FAR);
	one_deinit(&o);
}

/* RFC 4861 section 6.1.2, 6980. */
static void not_believed(void **state)
{
	struct icmp6_spec s = {.source = six(ROUTER), .destination = six("ff02::1"), .from = mac_router};
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	s.type = a.message.type;
	s.rest = a.message.rest;
	s.body = a.message.body;
	s.len_body = a.message.len_body;
	s.hop_limit_1 = true;
	one_icmp6(&o, &s);
	s.hop_limit_1 = false;
	s.source = six("2001:db8::1");
	one_icmp6(&o, &s);
	s.source = six(ROUTER);
	s.code = 1;
	one_icmp6(&o, &s);
	assert_counter(&o, "nd_bad", 3);
	assert_no_way(&o, FAR);
	s.code = 0;
	one_icmp6(&o, &s);
	assert_next_hop(&o, FAR, ROUTER);
	one_deinit(&o);
}

/* Every cut of one with everything in it: it is believed as a whole or not at all. */
static void cut(void **state)
{
	struct icmp6_spec s = {.source = six(ROUTER), .destination = six("ff02::1"), .type = ICMP6_ROUTER_ADVERT};
	unsigned n_believed = 0;
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	advert_prefix(&a, "2001:db8:1::", 64, true, true, 1000, 1000);
	advert_route(&a, "2001:db8:2::", 48, 0, 1000);
	advert_mac(&a, mac_router);
	s.rest = a.message.rest;
	s.body = a.body;
	for (s.len_body = 0; s.len_body < a.message.len_body; s.len_body++) {
		one_icmp6(&o, &s);
		n_believed += s.len_body == 8 || s.len_body == 40 || s.len_body == 56;
		assert_counter(&o, "nd_router_adverts_in", n_believed);
		assert_counter(&o, "nd_bad", s.len_body + 1 - n_believed);
	}
	one_deinit(&o);
}

static void flag_is_taken_back(void **state)
{
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	advert_mac(&a, mac_router);
	advert_route(&a, "2001:db8:2::", 48, 0, 1000);
	one_advertise(&o, &a, ROUTER);
	assert_next_hop(&o, FAR, ROUTER);
	one_advert(&o, ROUTER, "ff02::1", mac_router, ND_ROUTER | ND_OVERRIDE);
	assert_next_hop(&o, FAR, ROUTER);
	one_advert(&o, ROUTER, "ff02::1", mac_router, ND_OVERRIDE);
	assert_no_way(&o, FAR);
	assert_no_way(&o, "2001:db8:2::1");
	one_deinit(&o);
}

/* ---- several, RFC 4191 ---- */

static void preference(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_lifetime(&o, ROUTER, 1800, 0);
	advertise_lifetime(&o, SECOND_ROUTER, 1800, 1);
	advertise_lifetime(&o, "fe80::3", 1800, -1);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	advertise_lifetime(&o, SECOND_ROUTER, 1800, -1);
	assert_next_hop(&o, FAR, ROUTER);
	advertise_lifetime(&o, ROUTER, 0, 0);
	assert_next_hop(&o, FAR, "fe80::3");
	one_deinit(&o);
}

static void routes(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_lifetime(&o, ROUTER, 1800, 0);
	advertise_route(&o, SECOND_ROUTER, "2001:db8:2::", 48, 0, 600);
	advertise_route(&o, "fe80::3", "2001:db8:2:3::", 64, -1, ND_FOREVER);
	assert_next_hop(&o, FAR, ROUTER);
	assert_next_hop(&o, "2001:db8:2::1", SECOND_ROUTER);
	assert_next_hop(&o, "2001:db8:2:3::1", "fe80::3");
	one_run(&o, o.now + 601 * SECOND);
	assert_next_hop(&o, "2001:db8:2::1", ROUTER);
	assert_next_hop(&o, "2001:db8:2:3::1", "fe80::3");
	advertise_route(&o, "fe80::3", "2001:db8:2:3::", 64, -1, 0);
	assert_next_hop(&o, "2001:db8:2:3::1", ROUTER);
	one_deinit(&o);
}

/* RFC 4191 section 3.1: the option for ::/0 has the last word about the router itself. */
static void route_to_everywhere(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_lifetime(&o, ROUTER, 1800, 0);
	advertise_route(&o, SECOND_ROUTER, "::", 0, 1, 600);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	one_run(&o, o.now + 601 * SECOND);
	assert_next_hop(&o, FAR, ROUTER);
	one_deinit(&o);
}

/* What would take IPv4, the link or groups away. */
static void odd_routes(void **state)
{
	static const struct {
		const char *prefix;
		unsigned len;
	} odd[] = {
		{"::ffff:0:0", 96}, {"::ffff:192.168.1.0", 120},
		{"::", 64},         {"::", 1},
		{"::1", 128},       {"fe80::", 10},
		{"fe80::", 64},     {"ff00::", 8},
		{"ff02::", 16},
	};
	struct berth_address v4 = berth_ip4(192, 168, 1, 5);
	struct ip ip = ip_of_address(&v4);
	struct one o;

	(void)state;
	init(&o);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		advertise_route(&o, ROUTER, odd[i].prefix, odd[i].len, 1, ND_FOREVER);
	assert_counter(&o, "nd_refused", sizeof(odd) / sizeof(odd[0]));
	assert_true(ip_equal(&host_path(o.host, &ip)->next_hop, &ip));
	v4 = berth_ip4(8, 8, 8, 8);
	ip = ip_of_address(&v4);
	advertise(&o, &usual, ROUTER);
	assert_null(host_path(o.host, &ip));
	one_deinit(&o);
}

/* A prefix of no bits, or of few, does not put the Internet on the link. */
static void odd_prefixes(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	for (unsigned len = 0; len < 16; len++) {
		struct advert a;

		advert_begin(&a, &usual);
		advert_prefix(&a, "2000::", len, true, false, 1000, 1000);
		one_advertise(&o, &a, ROUTER);
	}
	assert_next_hop(&o, FAR, ROUTER);
	assert_counter(&o, "nd_refused", 16);
	one_deinit(&o);
}

/* ---- routers that do not answer ---- */

static int socket6(struct one *o)
{
	struct berth_socket_address any = {.port = 1000};
	int s = berth_socket(o->host, BERTH_IP6, BERTH_DATAGRAM);

	assert_true(s >= 0);
	assert_int_equal(berth_bind(o->host, s, &any), 0);
	return s;
}

static void send_far(struct one *o, int s)
{
	struct ip ip = six(FAR);
	struct berth_socket_address to = {ip_to_address(&ip), 9};

	berth_sendto(o->host, s, "x", 1, 0, &to);
	one_out(o);
}

static void answer(struct one *o, const char *router)
{
	one_advert(o, router, "fd00::7", mac_router, ND_SOLICITED | ND_OVERRIDE | ND_ROUTER);
}

/* RFC 4861 section 6.3.6: another one is taken, and the first again when it answers. */
static void fails_over(void **state)
{
	struct one o;
	int s;

	(void)state;
	init(&o);
	s = socket6(&o);
	advertise_lifetime(&o, ROUTER, 9000, 1);
	advertise_lifetime(&o, SECOND_ROUTER, 9000, 0);
	send_far(&o, s);
	assert_next_hop(&o, FAR, ROUTER);
	one_run(&o, o.now + 4 * SECOND);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	send_far(&o, s);
	answer(&o, SECOND_ROUTER);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	/* Once a minute it is asked. */
	one_clear(&o);
	one_run(&o, o.now + 61 * SECOND);
	assert_true(count_icmp6(&o, ICMP6_NEIGHBOUR_SOLICIT) > 0);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	answer(&o, ROUTER);
	assert_next_hop(&o, FAR, ROUTER);
	one_deinit(&o);
}

/* None answers: they take turns, and are not given up. */
static void round_robin(void **state)
{
	static const char *const routers[] = {ROUTER, SECOND_ROUTER, "fe80::3"};
	unsigned n_used[3] = {0};
	struct one o;
	int s;

	(void)state;
	init(&o);
	s = socket6(&o);
	for (unsigned i = 0; i < 3; i++)
		advertise_lifetime(&o, routers[i], 9000, 0);
	for (unsigned turn = 0; turn < 9; turn++) {
		struct ip hop = {0}, ip;

		assert_true(next_hop(&o, FAR, &hop));
		for (unsigned i = 0; i < 3; i++) {
			ip = six(routers[i]);
			n_used[i] += ip_equal(&hop, &ip);
		}
		send_far(&o, s);
		one_run(&o, o.now + 4 * SECOND);
		one_clear(&o);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(n_used[i], 3);
	one_deinit(&o);
}

/* The same of IPv4 (RFC 1122 section 3.3.1.4). */
static void fails_over_in_ip4(void **state)
{
	struct berth_address any = berth_ip4(0, 0, 0, 0), a = berth_ip4(192, 168, 1, 1), b = berth_ip4(192, 168, 1, 2);
	struct ip first = ip_of_address(&a), second = ip_of_address(&b);
	struct berth_socket_address to = {berth_ip4(8, 8, 8, 8), 9};
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_route_add(o.host, &any, 0, &a), 0);
	assert_int_equal(berth_host_route_add(o.host, &any, 0, &b), 0);
	s = one_udp_socket(&o, 1000);
	berth_sendto(o.host, s, "x", 1, 0, &to);
	assert_true(ip_equal(&PATH_TO(o.host, IP(8, 8, 8, 8))->next_hop, &first));
	one_run(&o, o.now + 4 * SECOND);
	assert_true(ip_equal(&PATH_TO(o.host, IP(8, 8, 8, 8))->next_hop, &second));
	one_run(&o, o.now + 60 * SECOND);
	one_arp(&o, ARP_REPLY, mac_router, IP(192, 168, 1, 1), HOST);
	/* There is no hurry to go back, but it is one to go to again. */
	assert_true(ip_equal(&PATH_TO(o.host, IP(8, 8, 8, 8))->next_hop, &second));
	berth_sendto(o.host, s, "x", 1, 0, &to);
	one_run(&o, o.now + 4 * SECOND);
	assert_true(ip_equal(&PATH_TO(o.host, IP(8, 8, 8, 8))->next_hop, &first));
	one_deinit(&o);
}

/* ---- what else an advertisement says of the link ---- */

static void hop_limit(void **state)
{
	static const struct {
		uint8_t said, expected;
	} cases[] = {{0, 64}, {63, 63}, {0, 63}, {1, 63}, {31, 63}, {32, 32}, {255, 255}};
	struct ip6_header ip;
	struct one o;
	int s;

	(void)state;
	init(&o);
	s = socket6(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		advertise(&o, &(struct nd_router){.s_lifetime = 1800, .hop_limit = cases[i].said}, ROUTER);
		send_far(&o, s);
		answer(&o, ROUTER);
		one_out(&o);
		one_clear(&o);
		send_far(&o, s);
		assert_int_equal(o.n_out, 1);
		ip.hop_limit = o.out[0].bytes[ETH_HEADER + 7];
		assert_int_equal(ip.hop_limit, cases[i].expected);
	}
	assert_counter(&o, "nd_refused", 2);
	one_deinit(&o);
}

static void advertise_mtu(struct one *o, uint32_t mtu)
{
	struct advert a;

	advert_begin(&a, &usual);
	advert_add(&a, &(struct nd_option){.type = ND_MTU, .mtu = mtu});
	one_advertise(o, &a, ROUTER);
}

static uint32_t mtu_to(struct one *o, const char *destination)
{
	struct ip ip = six(destination);

	return host_path(o->host, &ip)->mtu;
}

static void mtu(void **state)
{
	static const struct {
		uint32_t said, expected;
	} cases[] = {{1400, 1400}, {1279, 1400}, {1280, 1280},       {1501, 1280},
		     {1500, 1500}, {0, 1500},    {UINT32_MAX, 1500}, {1300, 1300}};
	struct one o;

	(void)state;
	init(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		advertise_mtu(&o, cases[i].said);
		assert_int_equal(mtu_to(&o, FAR), cases[i].expected);
		assert_int_equal(mtu_to(&o, "fd00::5"), cases[i].expected);
	}
	/* IPv4 has nothing to do with it. */
	assert_int_equal(PATH_TO(o.host, PEER)->mtu, 1500);
	one_deinit(&o);
}

static void times(void **state)
{
	const struct host_interface *interface;
	struct one o;

	(void)state;
	init(&o);
	interface = &o.host->interfaces[1];
	advertise(&o, &(struct nd_router){.ms_reachable = 2000, .ms_retransmit = 200}, ROUTER);
	assert_int_equal(interface->ms_reachable, 2000);
	assert_int_equal(interface->ms_retransmit, 200);
	/* Questions without end, or a flood of them; and 0 says nothing. */
	advertise(&o, &(struct nd_router){.ms_reachable = 999, .ms_retransmit = 99}, ROUTER);
	advertise(&o, &(struct nd_router){.ms_reachable = 3600001, .ms_retransmit = UINT32_MAX}, ROUTER);
	advertise(&o, &(struct nd_router){0}, ROUTER);
	assert_int_equal(interface->ms_reachable, 2000);
	assert_int_equal(interface->ms_retransmit, 200);
	assert_counter(&o, "nd_refused", 4);
	/* They are used. */
	advertise(&o, &usual, ROUTER);
	send_far(&o, socket6(&o));
	one_clear(&o);
	one_run(&o, o.now + 500 * MS);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_SOLICIT), 2);
	one_deinit(&o);
}

/* ---- names, RFC 8106 ---- */

static void names(void **state)
{
	static const uint8_t servers[32] = {0x20, 1, 0xd, 0xb8, [15] = 0x53, 0xfe, 0x80, [31] = 1};
	static const uint8_t domains[] = "\7example\4test\0\3lan";
	struct nd_option option = {.type = ND_DNS_SERVERS, .servers = {600, servers, 2}};
	struct berth_address out[4];
	char name[BERTH_DOMAIN_MAX];
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	advert_add(&a, &option);
	option = (struct nd_option){.type = ND_SEARCH_NAMES, .names = {600, domains, sizeof(domains)}};
	advert_add(&a, &option);
	one_advertise(&o, &a, ROUTER);
	assert_true(count_notices(&o, BERTH_NOTICE_DNS) > 0);
	assert_int_equal(berth_host_dns(o.host, out, 4), 2);
	assert_int_equal(out[0].bytes[15], 0x53);
	assert_int_equal(out[1].scope, 1);
	assert_true(berth_host_search(o.host, 0, name));
	assert_string_equal(name, "example.test");
	assert_true(berth_host_search(o.host, 1, name));
	assert_string_equal(name, "lan");
	one_run(&o, o.now + 601 * SECOND);
	assert_int_equal(berth_host_dns(o.host, out, 4), 0);
	assert_false(berth_host_search(o.host, 0, name));
	one_advertise(&o, &a, ROUTER);
	assert_int_equal(berth_host_dns(o.host, out, 4), 2);
	assert_int_equal(berth_host_interface_auto(o.host, 1, 0), 0);
	assert_int_equal(berth_host_dns(o.host, out, 4), 0);
	one_deinit(&o);
}

static void odd_servers(void **state)
{
	static const uint8_t servers[6 * 16] = {[15] = 0,                                 /* :: */
						[31] = 1,                                 /* ::1 */
						[32] = 0xff, 2,                           /* a group */
						[58] = 0xff, 0xff, 8,   8,    8,       8, /* IPv4 */
						[80] = 0x20, 1,    0xd, 0xb8, [95] = 1};
	struct nd_option option = {.type = ND_DNS_SERVERS, .servers = {600, servers, 6}};
	struct berth_address out[8];
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	advert_add(&a, &option);
	one_advertise(&o, &a, ROUTER);
	assert_int_equal(berth_host_dns(o.host, out, 8), 1);
	assert_counter(&o, "nd_refused", 5);
	one_deinit(&o);
}

/* ---- storms: bounded, and what is in use stays ---- */

static unsigned count_routes(struct one *o, bool everywhere)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->host->n_routes; i++) {
		const struct host_route *r = &o->host->routes[i];

		n += r->origin == ORIGIN_ROUTER && !ip_is_none(&r->gateway) && (r->prefix == 0) == everywhere;
	}
	return n;
}

static void thousand_routers(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_lifetime(&o, ROUTER, 1800, 0);
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "fe80::1:%x", i);
		advertise_lifetime(&o, text, 9000, 0);
	}
	assert_int_equal(count_routes(&o, true), 8);
	assert_counter(&o, "nd_full", 1001 - 8);
	assert_next_hop(&o, FAR, ROUTER);
	/* A better one finds a place. */
	advertise_lifetime(&o, SECOND_ROUTER, 1800, 1);
	assert_next_hop(&o, FAR, SECOND_ROUTER);
	assert_int_equal(count_routes(&o, true), 8);
	one_deinit(&o);
}

static void thousand_routes(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_route(&o, ROUTER, "2001:db8:2::", 48, 0, 600);
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db9:%x::", i);
		advertise_route(&o, SECOND_ROUTER, text, 48, 0, ND_FOREVER);
	}
	assert_int_equal(count_routes(&o, false), 16);
	assert_next_hop(&o, "2001:db8:2::1", ROUTER);
	advertise_route(&o, ROUTER, "2001:db8:3::", 48, 1, 600);
	assert_next_hop(&o, "2001:db8:3::1", ROUTER);
	one_deinit(&o);
}

/* One advertisement as long as a packet can be, all options: so many are looked at. */
static void thousand_options(void **state)
{
	struct advert a;
	struct one o;

	(void)state;
	init(&o);
	advert_begin(&a, &usual);
	for (unsigned i = 0; i < 2000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db8:%x::", i);
		advert_prefix(&a, text, 64, true, true, 1000, 1000);
	}
	one_advertise(&o, &a, ROUTER);
	assert_counter(&o, "nd_full", 2 * (256 - 16));
	one_deinit(&o);
}

/* Every allocation fails once: nothing is lost but what it was for. */
static void without_memory(void **state)
{
	static const uint8_t servers[16] = {0x20, 1, 0xd, 0xb8, [15] = 0x53};
	const struct nd_option option = {.type = ND_DNS_SERVERS, .servers = {600, servers, 1}};
	uint8_t *bytes = malloc(70000);
	struct advert a;
	size_t n;

	(void)state;
	advert_begin(&a, &usual);
	advert_mac(&a, mac_router);
	advert_prefix(&a, "2001:db8:1::", 64, true, true, 1000, 1000);
	advert_add(&a, &option);
	n = make_icmp6(bytes, &(struct icmp6_spec){.source = six(ROUTER),
						   .destination = six("ff02::1"),
						   .type = a.message.type,
						   .rest = a.message.rest,
						   .body = a.message.body,
						   .len_body = a.message.len_body});
	for (size_t fail_at = 0; fail_at < 40; fail_at++) {
		struct berth_frame *frame = berth_frame_new(berth_memory_libc(), (uint32_t)n);
		struct one o;

		init(&o);
		memcpy(frame->data, bytes, n);
		frame->len = (uint32_t)n;
		o.heap.fail_at = fail_at;
		berth_host_frame_in(o.host, 1, frame, o.now);
		send_far(&o, berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM));
		one_run(&o, o.now + 10 * SECOND);
		one_run(&o, o.now + 2000 * SECOND);
		o.heap.fail_at = SIZE_MAX;
		advertise(&o, &usual, ROUTER);
		assert_next_hop(&o, FAR, ROUTER);
		one_deinit(&o);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_less_and_less),
		cmocka_unit_test(question),
		cmocka_unit_test(asks_until_one_is_heard),
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(not_believed),
		cmocka_unit_test(cut),
		cmocka_unit_test(flag_is_taken_back),
		cmocka_unit_test(preference),
		cmocka_unit_test(routes),
		cmocka_unit_test(route_to_everywhere),
		cmocka_unit_test(odd_routes),
		cmocka_unit_test(odd_prefixes),
		cmocka_unit_test(fails_over),
		cmocka_unit_test(round_robin),
		cmocka_unit_test(fails_over_in_ip4),
		cmocka_unit_test(hop_limit),
		cmocka_unit_test(mtu),
		cmocka_unit_test(times),
		cmocka_unit_test(names),
		cmocka_unit_test(odd_servers),
		cmocka_unit_test(thousand_routers),
		cmocka_unit_test(thousand_routes),
		cmocka_unit_test(thousand_options),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
