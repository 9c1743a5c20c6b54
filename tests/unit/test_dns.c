/* Servers of names and search domains: their order, their ends, their bounds, and what the program is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns.h"

#define SECOND UINT64_C(1000000000)

static struct berth_host *host_at(berth_time now)
{
	struct berth_host_config config;
	struct berth_host *host;

	berth_host_config_default(&config);
	assert_int_equal(berth_host_new(&config, &host), 0);
	berth_host_expire(host, now);
	return host;
}

static struct ip ip(const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	return ip_of_address(&a);
}

static int add(struct berth_host *host, const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	return berth_host_dns_add(host, &a);
}

static bool set(struct berth_host *host, enum host_origin origin, unsigned interface, const char *text,
		berth_time until)
{
	struct ip server = ip(text);

	return host_dns_set(host, origin, interface, &server, until);
}

/* All servers, one behind the other. */
static void assert_servers(const struct berth_host *host, const char *expected)
{
	struct berth_address a[HOST_DNS_MAX];
	size_t n = berth_host_dns(host, a, HOST_DNS_MAX);
	char text[1024] = "";

	for (size_t i = 0; i < n; i++) {
		char one[BERTH_ADDRESS_TEXT];

		berth_address_format(&a[i], one, sizeof(one));
		strcat(text, i ? " " : "");
		strcat(text, one);
	}
	assert_string_equal(text, expected);
}

static void assert_domains(const struct berth_host *host, const char *expected)
{
	char text[1024] = "", one[BERTH_DOMAIN_MAX];

	for (size_t i = 0; berth_host_search(host, i, one); i++) {
		strcat(text, i ? " " : "");
		strcat(text, one);
	}
	assert_string_equal(text, expected);
}

static unsigned notices(struct berth_host *host)
{
	struct berth_notice notice;
	unsigned n = 0;

	while (berth_host_next_notice(host, &notice))
		n += notice.kind == BERTH_NOTICE_DNS;
	return n;
}

static void test_by_hand(void **state)
{
	struct berth_address none = {0};
	struct berth_host *host = host_at(SECOND);
	char text[16];

	assert_int_equal(berth_host_dns(host, NULL, 0), 0);
	assert_int_equal(add(host, "192.168.1.5"), 0);
	assert_int_equal(add(host, "fd00::5"), 0);
	assert_int_equal(add(host, "127.0.0.1"), 0);
	assert_servers(host, "192.168.1.5 fd00::5 127.0.0.1");
	assert_int_equal(notices(host), 1);
	assert_int_equal(add(host, "fd00::5"), BERTH_EADDRINUSE);
	assert_int_equal(add(host, "224.0.0.1"), BERTH_EINVAL);
	assert_int_equal(add(host, "0.0.0.0"), BERTH_EINVAL);
	assert_int_equal(add(host, "255.255.255.255"), BERTH_EINVAL);
	assert_int_equal(add(host, "ff02::1"), BERTH_EINVAL);
	assert_int_equal(add(host, "::"), BERTH_EINVAL);
	assert_int_equal(berth_host_dns_add(host, &none), BERTH_EINVAL);
	assert_int_equal(notices(host), 0);
	for (unsigned i = 3; i < HOST_DNS_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		assert_int_equal(add(host, text), 0);
	}
	assert_int_equal(add(host, "10.0.0.99"), BERTH_ENOSPC);
	assert_false(set(host, ORIGIN_DHCP, 1, "10.0.0.99", BERTH_NEVER));
	berth_host_free(host);
}

/* By hand, DHCP, routers; whatever came first. A server of two origins counts once, at its better place. */
static void test_order(void **state)
{
	struct berth_host *host = host_at(SECOND);
	struct berth_address two[2];

	assert_true(set(host, ORIGIN_ROUTER, 1, "fd00::1", BERTH_NEVER));
	assert_true(set(host, ORIGIN_DHCP, 1, "10.0.0.1", BERTH_NEVER));
	assert_true(set(host, ORIGIN_ROUTER, 1, "10.0.0.2", BERTH_NEVER));
	assert_true(set(host, ORIGIN_DHCP, 1, "10.0.0.2", BERTH_NEVER));
	assert_int_equal(add(host, "10.0.0.3"), 0);
	assert_servers(host, "10.0.0.3 10.0.0.1 10.0.0.2 fd00::1");
	assert_int_equal(berth_host_dns(host, two, 2), 4);
	assert_int_equal(two[1].bytes[3], 1);
	host_dns_drop(host, ORIGIN_DHCP, 2);
	assert_int_equal(notices(host), 1);
	host_dns_drop(host, ORIGIN_DHCP, 1);
	assert_servers(host, "10.0.0.3 fd00::1 10.0.0.2");
	assert_int_equal(notices(host), 1);
	berth_host_free(host);
}

static void test_time(void **state)
{
	struct berth_host *host = host_at(SECOND);

	assert_true(set(host, ORIGIN_DHCP, 1, "10.0.0.1", 10 * SECOND));
	assert_true(set(host, ORIGIN_ROUTER, 1, "10.0.0.1", 20 * SECOND));
	assert_true(host_search_set(host, ORIGIN_DHCP, 1, "example.test", 10 * SECOND));
	notices(host);
	assert_true(set(host, ORIGIN_DHCP, 1, "10.0.0.1", 15 * SECOND));
	assert_int_equal(notices(host), 0); /* longer is no news */
	berth_host_expire(host, 10 * SECOND);
	assert_servers(host, "10.0.0.1");
	assert_domains(host, "");
	berth_host_expire(host, 20 * SECOND - 1);
	assert_servers(host, "10.0.0.1");
	berth_host_expire(host, 20 * SECOND);
	assert_servers(host, "");
	/* Taken back: lifetime 0 (RFC 8106 section 5.1). */
	assert_true(set(host, ORIGIN_ROUTER, 1, "10.0.0.9", BERTH_NEVER));
	notices(host);
	assert_false(set(host, ORIGIN_ROUTER, 1, "10.0.0.9", host->now));
	assert_false(set(host, ORIGIN_ROUTER, 1, "10.0.0.9", host->now));
	assert_servers(host, "");
	assert_int_equal(notices(host), 1);
	berth_host_free(host);
}

/* A thousand from a router: so many are kept, and they make room for those of better origin and after their time. */
static void test_bounds(void **state)
{
	struct berth_host *host = host_at(SECOND);
	char text[16];
	unsigned n = 0;

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", i / 250, 1 + i % 250);
		n += set(host, ORIGIN_ROUTER, 1, text, 10 * SECOND);
	}
	assert_int_equal(n, HOST_DNS_MAX);
	assert_int_equal(berth_host_dns(host, NULL, 0), HOST_DNS_MAX);
	assert_true(set(host, ORIGIN_DHCP, 1, "192.168.1.5", BERTH_NEVER));
	assert_int_equal(add(host, "192.168.1.6"), 0);
	assert_int_equal(berth_host_dns(host, NULL, 0), HOST_DNS_MAX);
	assert_false(set(host, ORIGIN_ROUTER, 1, "fd00::1", 30 * SECOND));
	berth_host_expire(host, 10 * SECOND);
	assert_true(set(host, ORIGIN_ROUTER, 1, "fd00::1", 30 * SECOND));
	assert_servers(host, "192.168.1.6 192.168.1.5 fd00::1");
	berth_host_free(host);
}

static void test_domains(void **state)
{
	struct berth_host *host = host_at(SECOND);
	char name[300], out[BERTH_DOMAIN_MAX];

	assert_true(host_search_set(host, ORIGIN_ROUTER, 1, "b.test", BERTH_NEVER));
	assert_true(host_search_set(host, ORIGIN_DHCP, 1, "a.test", BERTH_NEVER));
	assert_true(host_search_set(host, ORIGIN_DHCP, 1, "b.test", BERTH_NEVER));
	assert_domains(host, "a.test b.test");
	assert_false(berth_host_search(host, 2, out));
	assert_false(host_search_set(host, ORIGIN_DHCP, 1, "a.test", 0));
	assert_domains(host, "b.test");
	host_dns_drop(host, ORIGIN_DHCP, 1);
	assert_domains(host, "b.test");
	host_dns_drop(host, ORIGIN_ROUTER, 1);
	assert_domains(host, "");
	memset(name, 'a', sizeof(name));
	name[BERTH_DOMAIN_MAX] = 0;
	assert_false(host_search_set(host, ORIGIN_DHCP, 1, name, BERTH_NEVER));
	name[BERTH_DOMAIN_MAX - 1] = 0;
	assert_true(host_search_set(host, ORIGIN_DHCP, 1, name, BERTH_NEVER));
	assert_true(berth_host_search(host, 0, out));
	assert_string_equal(out, name);
	berth_host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand), cmocka_unit_test(test_order),   cmocka_unit_test(test_time),
		cmocka_unit_test(test_bounds),  cmocka_unit_test(test_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
