/* Names of hosts: from a file of hosts, and from a DNS server of the test's own that answers well, badly, late and not
 * at all. */
#include "dns_server.h"
#include "enrich/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <berth/error.h>
#include <berth/platform.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NS_MS UINT64_C(1000000)
#define NS_S UINT64_C(1000000000)
/* For what is answered: nobody ever waits that long. */
#define LONG (60 * NS_S)

static struct berth_address address(const char *text)
{
	struct berth_address out;

	if (berth_address_parse(text, &out) < 0)
		fail_msg("no address: %s", text);
	return out;
}

/* The address about which the server behaves so. */
static struct berth_address about(enum dns_behaviour behaviour, unsigned i)
{
	return berth_ip4(10, (uint8_t)behaviour, (uint8_t)(i >> 8), (uint8_t)i);
}

static struct names *names_at(const char *servers, uint64_t ns_deadline, const char *hosts)
{
	struct names_config config;
	struct names *names = NULL;

	names_config_default(&config);
	assert_int_equal(config.window, 64);
	assert_int_equal(config.ns_deadline, NS_S);
	assert_string_equal(config.hosts, "/etc/hosts");
	config.servers = servers;
	config.ns_deadline = ns_deadline;
	config.hosts = hosts;
	assert_int_equal(names_new(&config, &names), 0);
	return names;
}

static void want(struct names *names, struct berth_address at)
{
	assert_int_equal(names_want(names, &at), 0);
}

static const char *get(const struct names *names, struct berth_address at, bool *pending)
{
	return names_get(names, &at, pending);
}

static void run_to_end(struct names *names)
{
	while (names_run(names, 100 * NS_MS))
		;
}

static void assert_name(const struct names *names, struct berth_address at, const char *expected)
{
	char text[BERTH_ADDRESS_TEXT];
	bool pending = true;
	const char *name = names_get(names, &at, &pending);

	berth_address_format(&at, text, sizeof(text));
	if (pending)
		fail_msg("%s is pending", text);
	if ((name == NULL) != (expected == NULL) || (name && strcmp(name, expected) != 0))
		fail_msg("%s is \"%s\", not \"%s\"", text, name ? name : "(none)", expected ? expected : "(none)");
}

/* ---- configuration ---- */

static void test_servers(void **state)
{
	static const struct {
		const char *servers;
		int error;
	} cases[] = {
		{NULL, 0},
		{"127.0.0.1", 0},
		{"127.0.0.1:5300", 0},
		{"::1", 0},
		{"[::1]:53", 0},
		{"127.0.0.1:5300,[::1]:53,192.0.2.1", 0},
		{"", BERTH_EINVAL},
		{",", BERTH_EINVAL},
		{"127.0.0.1,", BERTH_EINVAL},
		{",127.0.0.1", BERTH_EINVAL},
		{"localhost", BERTH_EINVAL},
		{"127.0.0.1:0", BERTH_EINVAL},
		{"127.0.0.1:65536", BERTH_EINVAL},
		{"127.0.0.1:", BERTH_EINVAL},
		{"*:53", BERTH_EINVAL},
		{"0.0.0.0", BERTH_EINVAL},
		{"127.0.0.1 ::1", BERTH_EINVAL},
		{"[::1", BERTH_EINVAL},
		{"127.0.0.1%eth0", BERTH_EINVAL},
		{"11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
		 "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
		 "1",
		 BERTH_EINVAL},
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct names_config config;
		struct names *names = NULL;

		names_config_default(&config);
		config.servers = cases[i].servers;
		int error = names_new(&config, &names);
		if (error != cases[i].error)
			fail_msg("\"%s\": %d, not %d", cases[i].servers, error, cases[i].error);
		assert_int_equal(names != NULL, error == 0);
		assert_null(names_free(names));
	}
}

/* ---- /etc/hosts ---- */

/* Nobody is asked about these: the server would be found dead at the end. */
static void test_hosts_file(void **state)
{
	static const char file[] = "127.0.0.1 lo.example\n"
				   "192.0.2.7 seven.example\n"
				   "2001:db8::7 seven-six.example\n"
				   "fe80::7 link.example\n";
	static const struct {
		const char *address, *name;
	} cases[] = {
		{"127.0.0.1", "lo.example"},
		{"::1", "localhost"},
		{"127.0.0.2", NULL},
		{"192.0.2.7", "seven.example"},
		{"::ffff:192.0.2.7", "seven.example"},
		{"2001:db8::7", "seven-six.example"},
		{"fe80::7", "link.example"},
		{"fe80::8", NULL},
		{"0.0.0.0", NULL},
		{"::", NULL},
		{"::ffff:0.0.0.0", NULL},
	};
	char path[] = "/tmp/berth-hosts-XXXXXX", servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, sizeof(file) - 1), sizeof(file) - 1);
	close(fd);
	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, path);
	assert_name(names, address("192.0.2.7"), NULL); /* not wanted yet */
	for (size_t i = 0; i < N(cases); i++) {
		want(names, address(cases[i].address));
		assert_name(names, address(cases[i].address), cases[i].name);
	}
	struct berth_address scoped = address("fe80::7");
	scoped.scope = 3;
	want(names, scoped);
	assert_name(names, scoped, "link.example");
	want(names, (struct berth_address){0});
	assert_name(names, (struct berth_address){0}, NULL);
	assert_false(names_run(names, LONG));
	names_free(names);
	dns_server_stop(&server);
	assert_int_equal(server.n_packets, 0);
	unlink(path);
}

/* A name of the file needs no place in the window, however full of questions that nobody answers it is. */
static void test_hosts_file_beside_a_dead_resolver(void **state)
{
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, NULL);
	for (unsigned i = 0; i < 200; i++)
		want(names, about(DNS_SILENCE, i));
	want(names, address("127.0.0.1"));
	assert_name(names, address("127.0.0.1"), "localhost");
	names_free(names); /* with questions under way, at once */
	dns_server_stop(&server);
}

/* ---- answers ---- */

static void test_answers(void **state)
{
	static const struct {
		enum dns_behaviour behaviour;
		const char *name;
	} cases[] = {
		{DNS_ANSWER, "host-0-0.example"},
		{DNS_NXDOMAIN, NULL},
		{DNS_TRUNCATED, "host-0-5.example"},
		{DNS_TRUNCATED_EMPTY, NULL},
		{DNS_WRONG_ID, "host-0-7.example"},
		{DNS_WRONG_QUESTION, "host-0-9.example"},
		{DNS_CONTROL, NULL},
		{DNS_NEWLINE, NULL},
		{DNS_UTF8, NULL},
		{DNS_ADDRESS, NULL},
		{DNS_OPTION, NULL},
		{DNS_ROOT, NULL},
		{DNS_SERVFAIL, NULL},
		{DNS_REFUSED, NULL},
		{DNS_NODATA, NULL},
		{DNS_CNAME, "host-0-22.example"},
		{DNS_TWICE, "host-0-23.example"},
		{DNS_SLOW, "host-0-24.example"},
	};
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;
	bool pending;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, NULL);
	for (size_t i = 0; i < N(cases); i++) {
		want(names, about(cases[i].behaviour, cases[i].behaviour));
		want(names, about(cases[i].behaviour, cases[i].behaviour));
	}
	assert_null(get(names, about(DNS_SLOW, DNS_SLOW), &pending));
	assert_true(pending);
	run_to_end(names);
	for (size_t i = 0; i < N(cases); i++)
		assert_name(names, about(cases[i].behaviour, cases[i].behaviour), cases[i].name);

	/* What was answered, with a name or without, is not asked for again. */
	unsigned n = server.n_packets;
	for (size_t i = 0; i < N(cases); i++)
		want(names, about(cases[i].behaviour, cases[i].behaviour));
	assert_false(names_run(names, LONG));
	assert_int_equal(server.n_packets, n);
	assert_int_equal(server.n_asked, N(cases));

	want(names, about(DNS_LONGEST, 0));
	run_to_end(names);
	const char *longest = get(names, about(DNS_LONGEST, 0), &pending);
	assert_non_null(longest);
	assert_int_equal(strlen(longest), 253);
	names_free(names);
	dns_server_stop(&server);
}

/* What makes no sense is no answer; it may end by the deadline, and never with a name. */
static void test_nonsense(void **state)
{
	static const enum dns_behaviour cases[] = {DNS_GARBAGE, DNS_SHORT, DNS_WRONG_ID_ONLY, DNS_LOOP, DNS_LONG};
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), 500 * NS_MS, NULL);
	for (size_t i = 0; i < N(cases); i++) {
		for (unsigned d = 0; d < 10; d++)
			want(names, about(cases[i], (unsigned)i << 8 | d));
	}
	run_to_end(names);
	for (size_t i = 0; i < N(cases); i++) {
		for (unsigned d = 0; d < 10; d++)
			assert_name(names, about(cases[i], (unsigned)i << 8 | d), NULL);
	}
	names_free(names);
	dns_server_stop(&server);
}

static void test_families(void **state)
{
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, NULL);
	want(names, address("2001:db8::a"));
	want(names, address("::ffff:10.0.1.2"));
	want(names, address("10.0.1.2"));
	run_to_end(names);
	assert_name(names, address("2001:db8::a"), "six-a.example");
	assert_name(names, address("::ffff:10.0.1.2"), "host-1-2.example");
	assert_name(names, address("10.0.1.2"), "host-1-2.example");
	assert_int_equal(server.n_packets, 2);
	names_free(names);
	dns_server_stop(&server);
}

static void test_server_over_ip6(void **state)
{
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	if (!dns_server_start(&server, BERTH_IP6)) {
		print_message("# not to be had here: ::1\n");
		return;
	}
	struct names *names = names_at(dns_server_address(&server, BERTH_IP6, servers), LONG, NULL);
	want(names, about(DNS_ANSWER, 3));
	run_to_end(names);
	assert_name(names, about(DNS_ANSWER, 3), "host-0-3.example");
	names_free(names);
	dns_server_stop(&server);
}

/* The first of two servers is silent: the second is asked while there is time, and not a windowful a second, which is
 * when a question is repeated, but for all of them. */
static void test_second_server(void **state)
{
	char silent[BERTH_ADDRESS_TEXT], good[BERTH_ADDRESS_TEXT], both[2 * BERTH_ADDRESS_TEXT + 1];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	/* One that hears and never answers: a socket that nobody reads. */
	struct dns_server deaf;
	assert_true(dns_server_start(&deaf, BERTH_IP4));
	if (write(deaf.stop[1], "", 1) != 1)
		fail();
	pthread_join(deaf.thread, NULL);

	snprintf(both, sizeof(both), "%s,%s", dns_server_address(&deaf, BERTH_IP4, silent),
		 dns_server_address(&server, BERTH_IP4, good));
	struct names *names = names_at(both, 8 * NS_S, NULL);
	for (unsigned i = 0; i < 1000; i++)
		want(names, about(DNS_ANSWER, i));
	run_to_end(names);
	for (unsigned i = 0; i < 1000; i++) {
		char expected[64];
		snprintf(expected, sizeof(expected), "host-%u-%u.example", i >> 8, i & 0xff);
		assert_name(names, about(DNS_ANSWER, i), expected);
	}
	names_free(names);
	dns_server_stop(&server);
	close(deaf.fd);
	close(deaf.stop[0]);
	close(deaf.stop[1]);
}

/* ---- window and deadline ---- */

static void test_window(void **state)
{
	enum { COUNT = 1000 };
	char servers[BERTH_ADDRESS_TEXT], expected[64];
	struct dns_server server;
	unsigned n_rounds = 0;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, NULL);
	for (unsigned i = 0; i < COUNT; i++) {
		want(names, about(DNS_SLOW, i));
		want(names, about(DNS_SLOW, i / 2));
	}
	while (names_run(names, LONG))
		n_rounds++;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(expected, sizeof(expected), "host-%u-%u.example", i >> 8, i & 0xff);
		assert_name(names, about(DNS_SLOW, i), expected);
	}
	names_free(names);
	dns_server_stop(&server);
	assert_int_equal(server.n_asked, COUNT);
	assert_true(server.max_under_way <= 64);
	assert_true(server.max_under_way > 16); /* and they do run side by side */
	assert_true(n_rounds > 1);              /* it came back as they came */
}

/* 10 times the deadline is no promise: it tells an end by the deadline from one by the resolver's patience. */
static void test_dead_resolver(void **state)
{
	const uint64_t ns_deadline = 300 * NS_MS;
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;
	bool pending;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), ns_deadline, NULL);
	uint64_t begin = berth_clock_now();
	for (unsigned i = 0; i < 1000; i++)
		want(names, about(DNS_SILENCE, i));
	assert_null(get(names, about(DNS_SILENCE, 0), &pending));
	assert_true(pending);
	run_to_end(names);
	assert_true(berth_clock_now() - begin < 10 * ns_deadline);
	for (unsigned i = 0; i < 1000; i++)
		assert_name(names, about(DNS_SILENCE, i), NULL);
	assert_in_range(server.n_asked, 1, 64);

	/* The next list does not wait for it again, though the server would answer this one. */
	unsigned n = server.n_packets;
	want(names, about(DNS_ANSWER, 2000));
	assert_false(names_run(names, LONG));
	assert_name(names, about(DNS_ANSWER, 2000), NULL);
	assert_int_equal(server.n_packets, n);
	/* Later it does. */
	usleep((useconds_t)(11 * ns_deadline / 1000));
	want(names, about(DNS_ANSWER, 2000));
	run_to_end(names);
	assert_name(names, about(DNS_ANSWER, 2000), "host-7-208.example");
	names_free(names);
	dns_server_stop(&server);
}

/* Nobody listens there: the system says so, and nobody waits. */
static void test_closed_port(void **state)
{
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	dns_server_address(&server, BERTH_IP4, servers);
	dns_server_stop(&server);
	struct names *names = names_at(servers, LONG, NULL);
	uint64_t begin = berth_clock_now();
	for (unsigned i = 0; i < 100; i++)
		want(names, about(DNS_ANSWER, i));
	run_to_end(names);
	assert_true(berth_clock_now() - begin < LONG);
	for (unsigned i = 0; i < 100; i++)
		assert_name(names, about(DNS_ANSWER, i), NULL);
	names_free(names);
}

/* A list's deadline begins with its first address, not with names_new, and holds for all that comes later in it. */
static void test_lists(void **state)
{
	const uint64_t ns_deadline = 300 * NS_MS;
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;
	bool pending;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), ns_deadline, NULL);
	usleep((useconds_t)(2 * ns_deadline / 1000));
	want(names, about(DNS_SILENCE, 1));
	want(names, about(DNS_ANSWER, 2));
	usleep((useconds_t)(ns_deadline / 10000));
	want(names, about(DNS_ANSWER, 3)); /* takes the answer that has come */
	assert_string_equal(get(names, about(DNS_ANSWER, 2), &pending), "host-0-2.example");

	usleep((useconds_t)(2 * ns_deadline / 1000));
	want(names, about(DNS_ANSWER, 4)); /* too late */
	assert_name(names, about(DNS_ANSWER, 4), NULL);
	assert_name(names, about(DNS_SILENCE, 1), NULL);
	assert_false(names_run(names, LONG));
	assert_name(names, about(DNS_ANSWER, 3), "host-0-3.example");

	want(names, about(DNS_ANSWER, 4)); /* the next list */
	want(names, about(DNS_SILENCE, 1));
	run_to_end(names);
	assert_name(names, about(DNS_ANSWER, 4), "host-0-4.example");
	assert_name(names, about(DNS_ANSWER, 2), "host-0-2.example");
	names_free(names);
	dns_server_stop(&server);
}

static void test_no_wait(void **state)
{
	char servers[BERTH_ADDRESS_TEXT];
	struct dns_server server;

	assert_true(dns_server_start(&server, BERTH_IP4));
	struct names *names = names_at(dns_server_address(&server, BERTH_IP4, servers), LONG, NULL);
	assert_false(names_run(names, LONG)); /* nothing was wanted */
	want(names, about(DNS_SILENCE, 1));
	assert_true(names_run(names, 0));
	assert_true(names_run(names, 5 * NS_MS));
	names_free(names);
	assert_null(names_free(NULL));
	dns_server_stop(&server);

	/* A deadline of 0: nobody is waited for; the file still counts. */
	names = names_at("192.0.2.1", 0, NULL);
	want(names, address("127.0.0.1"));
	want(names, address("192.0.2.9"));
	assert_false(names_run(names, LONG));
	assert_name(names, address("127.0.0.1"), "localhost");
	assert_name(names, address("192.0.2.9"), NULL);
	names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_hosts_file),
		cmocka_unit_test(test_hosts_file_beside_a_dead_resolver),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_server_over_ip6),
		cmocka_unit_test(test_second_server),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_dead_resolver),
		cmocka_unit_test(test_closed_port),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
