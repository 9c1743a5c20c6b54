/* Listeners: which one a connection came in through, of all that wait on its port. */
#include "enrich/listeners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct netstat_row make(uint8_t protocol, uint8_t state, const char *local, const char *foreign)
{
	struct netstat_row row = {.protocol = protocol, .state = state};

	if (local)
		assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	if (foreign)
		assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

static void add(struct listeners *listeners, uint8_t protocol, const char *local, bool v6only)
{
	struct netstat_row row = make(protocol, NETSTAT_STATE_LISTEN, local, NULL);

	row.v6only = v6only;
	assert_int_equal(listeners_add(listeners, &row), 0);
}

/* Where the listener of a connection waits, as text; "" for none. */
static const char *found(const struct listeners *listeners, struct netstat_row *row)
{
	static char text[BERTH_ADDRESS_TEXT];

	listeners_enrich(listeners, row);
	return row->listener ? berth_socket_address_format(row->listener, text, sizeof(text)) : "";
}

static void check(const struct listeners *listeners, const char *local, const char *want)
{
	struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, local, "198.51.100.1:50000");

	assert_string_equal(found(listeners, &row), want);
}

static void test_the_best_match(void **state)
{
	struct listeners *l = listeners_new();
	static const struct {
		const char *local, *want;
	} cases[] = {
		{"10.0.0.1:80", "10.0.0.1:80"},          /* its own address */
		{"10.0.0.2:80", "0.0.0.0:80"},           /* its family's wildcard before :: */
		{"[fd00::1]:80", "[::]:80"},             /* the other family's own */
		{"[::ffff:10.0.0.1]:80", "10.0.0.1:80"}, /* IPv4 on an IPv6 socket */
		{"[::ffff:10.0.0.2]:80", "0.0.0.0:80"},
		{"10.0.0.1:81", "[::]:81"}, /* dual-stack */
		{"[::ffff:10.0.0.1]:81", "[::]:81"},
		{"[fd00::1]:81", "[::]:81"},
		{"10.0.0.1:82", ""}, /* IPv6 only */
		{"[::ffff:10.0.0.1]:82", ""},
		{"[fd00::1]:82", "[::]:82"},
		{"10.0.0.1:83", "[::ffff:10.0.0.1]:83"},
		{"[::ffff:10.0.0.1]:83", "[::ffff:10.0.0.1]:83"},
		{"10.0.0.2:83", ""},
		{"[fd00::1]:84", ""}, /* 0.0.0.0 takes no IPv6 */
		{"10.0.0.1:84", "0.0.0.0:84"},
		{"10.0.0.1:85", ""}, /* nobody */
		{"[::1]:83", ""},
	};

	(void)state;
	assert_non_null(l);
	add(l, NETSTAT_TCP, "[::]:80", true);
	add(l, NETSTAT_TCP, "0.0.0.0:80", false);
	add(l, NETSTAT_TCP, "10.0.0.1:80", false);
	add(l, NETSTAT_TCP, "[::]:81", false);
	add(l, NETSTAT_TCP, "[::]:82", true);
	add(l, NETSTAT_TCP, "[::ffff:10.0.0.1]:83", false);
	add(l, NETSTAT_TCP, "0.0.0.0:84", false);
	for (size_t i = 0; i < LENGTH(cases); i++)
		check(l, cases[i].local, cases[i].want);
	listeners_free(l);
}

static void test_the_wildcard_of_all_families(void **state)
{
	struct listeners *l = listeners_new();

	(void)state;
	add(l, NETSTAT_TCP, "*:80", false);
	check(l, "10.0.0.1:80", "*:80");
	check(l, "[fd00::1]:80", "*:80");
	check(l, "[fd00::1]:81", "");
	listeners_free(l);
}

static void test_protocols_hosts_and_namespaces_are_apart(void **state)
{
	struct listeners *l = listeners_new();
	const struct netstat_namespace blue = {.inode = 4026532000, .name = "blue"}, odd = {.name = "odd"};
	struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:80", NULL);
	static const char *const hosts[] = {NULL, "alpha", "beta"};
	const struct netstat_namespace *const spaces[] = {NULL, &blue, &odd};

	(void)state;
	row.host = "alpha";
	assert_int_equal(listeners_add(l, &row), 0);
	row.host = NULL;
	row.ns = &blue;
	assert_int_equal(listeners_add(l, &row), 0);
	for (size_t i = 0; i < 9; i++) {
		struct netstat_row c =
			make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:80", "198.51.100.1:50000");
		char host[8];

		/* By the name's text, not by where it stands. */
		c.host = hosts[i / 3] ? strcpy(host, hosts[i / 3]) : NULL;
		c.ns = spaces[i % 3];
		bool there = (i / 3 == 1 && i % 3 == 0) || (i / 3 == 0 && i % 3 == 1);
		assert_string_equal(found(l, &c), there ? "0.0.0.0:80" : "");
		c.protocol = NETSTAT_SCTP;
		c.listener = NULL;
		assert_string_equal(found(l, &c), "");
	}
	listeners_free(l);
}

static void test_interfaces(void **state)
{
	struct listeners *l = listeners_new();
	struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:80", NULL);
	struct netstat_row c = make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:80", "198.51.100.1:50000");
	const struct netstat_process a = {.pid = 1}, b = {.pid = 2};

	(void)state;
	row.interface = 3;
	row.n_owners = 1;
	row.owners = &(struct netstat_owner){.process = &a};
	assert_int_equal(listeners_add(l, &row), 0);
	assert_string_equal(found(l, &c), ""); /* bound to no interface: not through that one */
	c.interface = 3;
	found(l, &c);
	assert_ptr_equal(c.listener_process, &a);
	row.interface = 0;
	row.owners = &(struct netstat_owner){.process = &b};
	assert_int_equal(listeners_add(l, &row), 0);
	found(l, &c);
	assert_ptr_equal(c.listener_process, &a);
	c.interface = 4;
	found(l, &c);
	assert_ptr_equal(c.listener_process, &b);
	listeners_free(l);
}

static void test_the_first_owner_known(void **state)
{
	struct listeners *l = listeners_new();
	struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:80", NULL);
	struct netstat_row c = make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:80", "198.51.100.1:50000");
	const struct netstat_process a = {.pid = 1}, b = {.pid = 2};

	(void)state;
	for (int i = 0; i < 3; i++) {
		row.n_owners = i != 0;
		row.owners = &(struct netstat_owner){.process = i == 1 ? &a : &b};
		assert_int_equal(listeners_add(l, &row), 0);
		found(l, &c);
		assert_ptr_equal(c.listener_process, i ? &a : NULL);
	}
	listeners_free(l);
}

/* What is no listener is not remembered, and what is no connection has none. */
static void test_what_does_not_count(void **state)
{
	struct listeners *l = listeners_new();
	struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "0.0.0.0:80", "198.51.100.1:1");
	struct netstat_row udp = make(NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:80", NULL);
	struct netstat_row local = {.protocol = NETSTAT_UNIX, .state = NETSTAT_STATE_LISTEN};

	(void)state;
	assert_int_equal(listeners_add(l, &row), 0);
	assert_int_equal(listeners_add(l, &udp), 0);
	assert_int_equal(listeners_add(l, &local), 0);
	check(l, "10.0.0.1:80", "");
	check(l, "10.0.0.1:0", "");
	add(l, NETSTAT_TCP, "0.0.0.0:80", false);
	struct netstat_row itself = make(NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:80", NULL);
	assert_string_equal(found(l, &itself), "");
	assert_string_equal(found(l, &udp), "");
	listeners_free(l);
	assert_null(listeners_free(NULL));
}

static void test_the_foreign_end(void **state)
{
	struct listeners *l = listeners_new();
	static const struct {
		const char *local, *foreign;
		bool listens;
	} cases[] = {
		{"127.0.0.1:50000", "127.0.0.1:80", true},
		{"127.0.0.1:80", "127.0.0.1:50000", false},
		{"127.0.0.1:50000", "127.0.0.2:80", true},
		{"10.0.0.1:50000", "10.0.0.1:80", true},
		{"10.0.0.1:50000", "10.0.0.2:80", false}, /* another machine's, for all we know */
		{"127.0.0.1:50000", "127.0.0.1:81", false},
		{"[::1]:50000", "[::1]:80", false},
		{"[::ffff:127.0.0.1]:5", "[::ffff:127.0.0.1]:80", true},
	};

	(void)state;
	add(l, NETSTAT_TCP, "0.0.0.0:80", false);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_TIME_WAIT, cases[i].local, cases[i].foreign);
		listeners_enrich(l, &row);
		assert_int_equal(row.foreign_listens, cases[i].listens);
	}
	listeners_free(l);
}

static void test_many(void **state)
{
	struct listeners *l = listeners_new();

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		struct netstat_row row = make(NETSTAT_TCP, NETSTAT_STATE_LISTEN, "10.0.0.1:1", NULL);
		row.local.port = (uint16_t)(i % 6000 + 1);
		row.local.address.bytes[3] = (uint8_t)(i / 6000);
		assert_int_equal(listeners_add(l, &row), 0);
	}
	for (unsigned i = 0; i < 60000; i++) {
		struct netstat_row c = make(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:1", "10.9.9.9:9");
		c.local.port = (uint16_t)(i % 6000 + 1);
		c.local.address.bytes[3] = (uint8_t)(i / 6000);
		listeners_enrich(l, &c);
		assert_non_null(c.listener);
		assert_int_equal(c.listener->address.bytes[3], i / 6000);
	}
	check(l, "10.0.0.1:6001", "");
	listeners_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best_match),
		cmocka_unit_test(test_the_wildcard_of_all_families),
		cmocka_unit_test(test_protocols_hosts_and_namespaces_are_apart),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_the_first_owner_known),
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_the_foreign_end),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
