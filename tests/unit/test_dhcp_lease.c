/* What is believed of a DHCP server, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp_lease.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static struct dhcp_message offer(void)
{
	return (struct dhcp_message){
		.op = DHCP_TO_CLIENT,
		.type = DHCP_OFFER,
		.yours = IP(192, 168, 1, 50),
		.has_server_id = true,
		.server_id = IP(192, 168, 1, 5),
		.has_lease = true,
		.s_lease = 3600,
		.has_mask = true,
		.mask = IP(255, 255, 255, 0),
		.routers = {.n = 1, .ip = {IP(192, 168, 1, 1)}},
	};
}

static void test_plain(void **state)
{
	struct dhcp_message m = offer();
	struct dhcp_lease lease;

	assert_true(dhcp_lease_read(&m, &lease));
	assert_int_equal(lease.ip, IP(192, 168, 1, 50));
	assert_int_equal(lease.server, IP(192, 168, 1, 5));
	assert_int_equal(lease.prefix, 24);
	assert_int_equal(lease.s_lease, 3600);
	assert_int_equal(lease.s_t1, 1800);
	assert_int_equal(lease.s_t2, 3150);
	assert_int_equal(lease.mtu, 0);
	assert_int_equal(lease.n_routes, 1);
	assert_true(lease.routes[0].prefix == 0 && lease.routes[0].gateway == IP(192, 168, 1, 1));
	assert_int_equal(lease.n_ignored, 0);
}

static void test_addresses(void **state)
{
	static const struct {
		uint32_t ip, mask;
		bool good;
	} cases[] = {
		{IP(192, 168, 1, 1), IP(255, 255, 255, 0), true},
		{IP(192, 168, 1, 254), IP(255, 255, 255, 0), true},
		{IP(192, 168, 1, 0), IP(255, 255, 255, 0), false},
		{IP(192, 168, 1, 255), IP(255, 255, 255, 0), false},
		{IP(192, 168, 1, 255), IP(255, 255, 254, 0), false},
		{IP(192, 168, 0, 255), IP(255, 255, 254, 0), true},
		{IP(192, 168, 1, 0), IP(255, 255, 255, 254), true},
		{IP(192, 168, 1, 255), IP(255, 255, 255, 255), true},
		{IP(10, 0, 0, 1), IP(128, 0, 0, 0), true},
		{0, IP(255, 255, 255, 0), false},
		{IP(0, 1, 2, 3), IP(255, 255, 255, 0), false},
		{IP(127, 0, 0, 1), IP(255, 255, 255, 0), false},
		{IP(224, 0, 0, 1), IP(255, 255, 255, 0), false},
		{IP(255, 255, 255, 255), IP(255, 255, 255, 0), false},
		{IP(240, 0, 0, 1), IP(255, 255, 255, 0), false},
		{IP(192, 168, 1, 5), IP(255, 255, 255, 0), false}, /* the server's own */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.yours = cases[i].ip;
		m.mask = cases[i].mask;
		assert_int_equal(dhcp_lease_read(&m, &lease), cases[i].good);
	}
}

static void test_servers(void **state)
{
	static const uint32_t bad[] = {0, IP(127, 0, 0, 1), IP(224, 0, 0, 1), IP(255, 255, 255, 255)};
	struct dhcp_message m = offer();
	struct dhcp_lease lease;

	m.has_server_id = false;
	assert_false(dhcp_lease_read(&m, &lease));
	m.has_server_id = true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m.server_id = bad[i];
		assert_false(dhcp_lease_read(&m, &lease));
	}
	/* Behind a relay. */
	m.server_id = IP(10, 9, 8, 7);
	assert_true(dhcp_lease_read(&m, &lease));
}

static void test_masks(void **state)
{
	for (unsigned prefix = 1; prefix <= 32; prefix++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.yours = IP(170, 85, 85, 85);
		m.mask = UINT32_MAX << (32 - prefix);
		assert_true(dhcp_lease_read(&m, &lease));
		assert_int_equal(lease.prefix, prefix);
		assert_int_equal(lease.n_ignored, 0);
		if (prefix == 32)
			continue;
		m.mask ^= 1;
		assert_true(dhcp_lease_read(&m, &lease));
		assert_int_equal(lease.prefix, 32);
		assert_int_equal(lease.n_ignored, prefix == 31 ? 0 : 1);
	}
	for (int has = 0; has < 2; has++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.has_mask = has;
		m.mask = 0;
		assert_true(dhcp_lease_read(&m, &lease));
		assert_int_equal(lease.prefix, 32);
		assert_int_equal(lease.n_ignored, has);
		assert_int_equal(lease.n_routes, 1);
	}
}

static void test_times(void **state)
{
	static const struct {
		uint32_t lease, t1, t2; /* 0: not said */
		bool good;
		uint32_t s_t1, s_t2;
		uint16_t n_ignored;
	} cases[] = {
		{0, 0, 0, false, 0, 0, 0},
		{9, 0, 0, false, 0, 0, 0},
		{10, 0, 0, true, 5, 8, 0},
		{120, 60, 105, true, 60, 105, 0},
		{120, 1, 2, true, 1, 2, 0},
		{120, 60, 0, true, 60, 105, 0},
		{120, 0, 110, true, 60, 110, 0},
		{120, 105, 60, true, 60, 105, 1},
		{120, 60, 60, true, 60, 105, 1},
		{120, 60, 120, true, 60, 105, 1},
		{120, 200, 300, true, 60, 105, 1},
		{120, DHCP_FOREVER, DHCP_FOREVER, true, 60, 105, 1},
		{0xfffffffe, 0, 0, true, 0x7fffffff, 0xdffffffe, 0},
		{DHCP_FOREVER, 0, 0, true, DHCP_FOREVER, DHCP_FOREVER, 0},
		{DHCP_FOREVER, 60, 105, true, DHCP_FOREVER, DHCP_FOREVER, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.s_lease = cases[i].lease;
		m.has_t1 = cases[i].t1 != 0;
		m.has_t2 = cases[i].t2 != 0;
		m.s_t1 = cases[i].t1;
		m.s_t2 = cases[i].t2;
		assert_int_equal(dhcp_lease_read(&m, &lease), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(lease.s_t1, cases[i].s_t1);
		assert_int_equal(lease.s_t2, cases[i].s_t2);
		assert_int_equal(lease.n_ignored, cases[i].n_ignored);
	}
	{
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.has_t1 = true; /* and is 0 */
		assert_true(dhcp_lease_read(&m, &lease));
		assert_true(lease.s_t1 == 1800 && lease.n_ignored == 1);
		m.has_lease = false;
		assert_false(dhcp_lease_read(&m, &lease));
	}
}

static void test_mtu(void **state)
{
	static const struct {
		uint16_t said, taken;
	} cases[] = {{68, 0}, {575, 0}, {576, 576}, {1500, 1500}, {65535, 65535}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.has_mtu = true;
		m.mtu = cases[i].said;
		assert_true(dhcp_lease_read(&m, &lease));
		assert_int_equal(lease.mtu, cases[i].taken);
		assert_int_equal(lease.n_ignored, cases[i].taken == 0);
	}
}

static void test_routers(void **state)
{
	static const struct {
		uint32_t router;
		uint32_t mask;
		bool good;
	} cases[] = {
		{IP(192, 168, 1, 1), IP(255, 255, 255, 0), true},
		{IP(192, 168, 2, 1), IP(255, 255, 255, 0), true}, /* beside the network */
		{IP(10, 0, 0, 1), IP(255, 255, 255, 255), true},
		{IP(192, 168, 1, 0), IP(255, 255, 255, 0), false},
		{IP(192, 168, 1, 255), IP(255, 255, 255, 0), false},
		{IP(192, 168, 1, 50), IP(255, 255, 255, 0), false}, /* ourselves */
		{IP(0, 0, 0, 0), IP(255, 255, 255, 0), false},
		{IP(127, 0, 0, 1), IP(255, 255, 255, 0), false},
		{IP(224, 0, 0, 1), IP(255, 255, 255, 0), false},
		{IP(255, 255, 255, 255), IP(255, 255, 255, 0), false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.mask = cases[i].mask;
		m.routers.n = 2;
		m.routers.ip[0] = cases[i].router;
		m.routers.ip[1] = IP(192, 168, 1, 2);
		assert_true(dhcp_lease_read(&m, &lease));
		assert_int_equal(lease.n_routes, 1);
		assert_int_equal(lease.routes[0].gateway, cases[i].good ? cases[i].router : IP(192, 168, 1, 2));
		assert_int_equal(lease.n_ignored, !cases[i].good);
	}
}

static void test_classless_routes(void **state)
{
	static const struct {
		struct dhcp_route route;
		bool good;
	} cases[] = {
		{{IP(10, 0, 0, 0), IP(192, 168, 1, 9), 8}, true},
		{{0, IP(192, 168, 1, 9), 0}, true},
		{{0, IP(192, 168, 1, 9), 1}, true},
		{{IP(128, 0, 0, 0), IP(192, 168, 1, 9), 1}, true},
		{{IP(10, 0, 0, 0), 0, 8}, true}, /* on the link */
		{{0, 0, 0}, false},
		{{0, IP(192, 168, 1, 9), 8}, false},
		{{IP(127, 0, 0, 0), IP(192, 168, 1, 9), 8}, false},
		{{IP(127, 0, 0, 1), IP(192, 168, 1, 9), 32}, false},
		{{IP(224, 0, 0, 0), IP(192, 168, 1, 9), 4}, false},
		{{IP(255, 255, 255, 255), IP(192, 168, 1, 9), 32}, false},
		{{IP(10, 0, 0, 0), IP(192, 168, 1, 50), 8}, false},
		{{IP(10, 0, 0, 0), IP(192, 168, 1, 255), 8}, false},
		{{IP(10, 0, 0, 0), IP(127, 0, 0, 1), 8}, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_message m = offer();
		struct dhcp_lease lease;

		m.n_routes = 1;
		m.routes[0] = cases[i].route;
		assert_true(dhcp_lease_read(&m, &lease));
		/* The router of option 3 does not count, also when nothing is left. */
		assert_int_equal(lease.n_routes, cases[i].good);
		assert_int_equal(lease.n_ignored, !cases[i].good);
	}
}

static void test_dns_and_names(void **state)
{
	struct dhcp_message m = offer();
	struct dhcp_lease lease;

	m.dns = (struct dhcp_ips){.n = 5,
				  .ip = {IP(192, 168, 1, 5), 0, IP(127, 0, 0, 1), IP(239, 0, 0, 1), IP(9, 9, 9, 9)}};
	strcpy(m.domain, "example.test");
	strcpy(m.host_name, "berth");
	memcpy(m.search, "a.test\0b.test", 14);
	m.n_search = 2;
	assert_true(dhcp_lease_read(&m, &lease));
	assert_int_equal(lease.dns.n, 2);
	assert_int_equal(lease.dns.ip[0], IP(192, 168, 1, 5));
	assert_int_equal(lease.dns.ip[1], IP(9, 9, 9, 9));
	assert_int_equal(lease.n_ignored, 3);
	assert_string_equal(lease.domain, "example.test");
	assert_string_equal(lease.host_name, "berth");
	assert_int_equal(lease.n_search, 2);
	assert_memory_equal(lease.search, "a.test\0b.test", 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),         cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_servers),       cmocka_unit_test(test_masks),
		cmocka_unit_test(test_times),         cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_routers),       cmocka_unit_test(test_classless_routes),
		cmocka_unit_test(test_dns_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
