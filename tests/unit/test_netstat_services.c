/* Names of ports: the file, the registry before it, and which end of a conversation may have one. */
#include "enrich/services.h"
#include "enrich/table_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <berth/error.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void assert_name(const struct services *services, enum netstat_protocol protocol, uint16_t port,
			const char *expected)
{
	/* Twice: the second time it comes from the table. */
	for (unsigned i = 0; i < 2; i++) {
		const char *name = services_name(services, protocol, port);
		if (name && expected ? strcmp(name, expected) != 0 : name != expected)
			fail_msg("%s %u: \"%s\", not \"%s\"", netstat_protocol_name(protocol), (unsigned)port,
				 name ? name : "(none)", expected ? expected : "(none)");
	}
}

static void test_registry(void **state)
{
	static const struct {
		enum netstat_protocol protocol;
		uint16_t port;
		const char *name;
	} cases[] = {
		{NETSTAT_TCP, 443, "https"},   {NETSTAT_MPTCP, 443, "https"},       {NETSTAT_UDP, 53, "domain"},
		{NETSTAT_UDPLITE, 123, "ntp"}, {NETSTAT_SCTP, 36412, "s1-control"}, {NETSTAT_TCP, 36412, NULL},
		{NETSTAT_TCP, 0, NULL},        {NETSTAT_TCP, 65535, NULL},          {NETSTAT_RAW, 1, NULL},
		{NETSTAT_UNIX, 443, NULL},
	};
	struct services *services = services_new(NULL, 32768, 60999);

	assert_non_null(services);
	for (size_t i = 0; i < N(cases); i++)
		assert_name(services, cases[i].protocol, cases[i].port, cases[i].name);
	services_free(services);
	assert_null(services_free(NULL));
}

static const char file_text[] = "# a comment\n"
				"\n"
				"   \t \n"
				"mine\t\t65000/tcp\tmy-alias # and why\n"
				"second\t\t65000/tcp\n"
				"web 443/tcp\n"
				"dgram 65000/udp#comment at once\r\n"
				"assoc 65001/sctp\n"
				"dc 65001/dccp\n"
				"bad\x1b[31m 65002/tcp\n"
				"del\x7f 65002/tcp\n"
				"m\xc3\xbcller 65002/tcp\n"
				"zero 0/tcp\n"
				"large 65536/tcp\n"
				"larger 99999999999999999999/tcp\n"
				"noport tcp\n"
				"empty /tcp\n"
				"other 65003/ddp\n"
				"prefix 65003/tcpx\n"
				"short 65003/tc\n"
				"noproto 65003\n"
				"noslash 65003/\n"
				"minus -65003/tcp\n"
				"lonely\n"
				"whois++ 65004/tcp 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n"
				"the-last 65005/tcp";

static void test_file(void **state)
{
	static const struct {
		enum netstat_protocol protocol;
		uint16_t port;
		const char *name;
	} cases[] = {
		{NETSTAT_TCP, 65000, "mine"},    {NETSTAT_TCP, 443, "https"},      {NETSTAT_UDP, 65000, "dgram"},
		{NETSTAT_SCTP, 65001, "assoc"},  {NETSTAT_DCCP, 65001, "dc"},      {NETSTAT_TCP, 65001, NULL},
		{NETSTAT_TCP, 65002, NULL},      {NETSTAT_TCP, 65003, NULL},       {NETSTAT_UDP, 65003, NULL},
		{NETSTAT_TCP, 65004, "whois++"}, {NETSTAT_TCP, 65005, "the-last"}, {NETSTAT_TCP, 0, NULL},
	};
	struct services *services = services_new(NULL, 1, 0);
	char longer[128];

	assert_name(services, NETSTAT_TCP, 65005, NULL); /* asked for before the file is read: it is found afterwards */
	assert_int_equal(services_read(services, file_text, sizeof(file_text) - 1), 0);
	for (size_t i = 0; i < N(cases); i++)
		assert_name(services, cases[i].protocol, cases[i].port, cases[i].name);

	memset(longer, 'a', 65);
	memcpy(longer + 65, " 65010/tcp", sizeof(" 65010/tcp"));
	assert_int_equal(services_read(services, longer, strlen(longer)), 0);
	assert_name(services, NETSTAT_TCP, 65010, NULL);
	assert_int_equal(services_read(services, longer + 1, strlen(longer + 1)), 0);
	assert_string_equal(services_name(services, NETSTAT_TCP, 65010) + 60, "aaaa");
	services_free(services);
}

static void test_paths(void **state)
{
	char path[] = "/tmp/berth-services-XXXXXX", fifo[64];
	int fd = mkstemp(path);
	char *text = NULL;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file_text, sizeof(file_text) - 1), sizeof(file_text) - 1);
	close(fd);
	struct services *services = services_new(path, 32768, 60999);
	assert_name(services, NETSTAT_TCP, 65000, "mine");
	services_free(services);

	assert_int_equal(table_file_read(path, sizeof(file_text) - 1, &text, &n), 0);
	assert_int_equal(n, sizeof(file_text) - 1);
	assert_memory_equal(text, file_text, n);
	free(text);
	assert_int_equal(table_file_read(path, sizeof(file_text) - 2, &text, &n), BERTH_EOVERFLOW);
	unlink(path);
	assert_int_equal(table_file_read(path, 1000, &text, &n), BERTH_ENOENT);
	assert_int_equal(table_file_read("/", 1000, &text, &n), BERTH_ENOENT);

	/* What is no file is none, and nobody waits for a writer. */
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	services = services_new(fifo, 32768, 60999);
	assert_name(services, NETSTAT_TCP, 443, "https");
	services_free(services);
	unlink(fifo);
	services = services_new("/nowhere/services", 32768, 60999);
	assert_name(services, NETSTAT_TCP, 65000, NULL);
	services_free(services);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint16_t first, last;
	} cases[] = {
		{"32768\t60999\n", true, 32768, 60999},
		{"1024 65535", true, 1024, 65535},
		{" 5  5 \n", true, 5, 5},
		{"", false, 0, 0},
		{"1024", false, 0, 0},
		{"1024 x", false, 0, 0},
		{"1024 65536", false, 0, 0},
		{"2000 1000", false, 0, 0},
		{"1 2 3", false, 0, 0},
		{"-1 5", false, 0, 0},
		{"99999999999 5", false, 0, 0},
	};
	uint16_t first, last;

	for (size_t i = 0; i < N(cases); i++) {
		first = last = 0;
		assert_int_equal(services_parse_range(cases[i].text, &first, &last), cases[i].ok);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(last, cases[i].last);
	}
	services_system_range(&first, &last);
	assert_true(first <= last);

	struct services *services = services_new(NULL, 40000, 40010), *none = services_new(NULL, 1, 0);
	assert_false(services_is_ephemeral(services, 39999));
	assert_true(services_is_ephemeral(services, 40000));
	assert_true(services_is_ephemeral(services, 40010));
	assert_false(services_is_ephemeral(services, 40011));
	for (unsigned port = 0; port < 65536; port++)
		assert_false(services_is_ephemeral(none, (uint16_t)port));
	services_free(services);
	services_free(none);
}

/* The rule, as services.c has it in its table. */
enum {
	NONE = NETSTAT_DIRECTION_NONE,
	UNKNOWN = NETSTAT_DIRECTION_UNKNOWN,
	IN = NETSTAT_DIRECTION_IN,
	OUT = NETSTAT_DIRECTION_OUT,
	LISTEN = NETSTAT_STATE_LISTEN,
	OPEN = NETSTAT_STATE_OPEN,
	ESTAB = NETSTAT_STATE_ESTABLISHED,
	TIMEWAIT = NETSTAT_STATE_TIME_WAIT,
	TCP = NETSTAT_TCP,
	UDP = NETSTAT_UDP,
	EPH = 44818,  /* in Linux's ephemeral range, registered for tcp and udp as "EtherNet-IP-2" */
	PRIV = 65000, /* in IANA's private range, named by the file */
};
#define EIP "EtherNet-IP-2"

static const struct rule_case {
	int protocol, state, direction;
	bool listener;
	uint16_t local, foreign;
	const char *local_service, *foreign_service;
} rule_cases[] = {
	/* Who waits. */
	{TCP, LISTEN, NONE, false, 22, 0, "ssh", NULL},
	{TCP, LISTEN, NONE, false, EPH, 0, EIP, NULL},
	{UDP, OPEN, NONE, false, 53, 0, "domain", NULL},
	{UDP, OPEN, NONE, false, EPH, 0, NULL, NULL},
	{NETSTAT_SCTP, LISTEN, NONE, false, 36412, 0, "s1-control", NULL},
	{NETSTAT_UDPLITE, OPEN, NONE, false, EPH, 0, NULL, NULL},
	{NETSTAT_RAW, OPEN, NONE, false, 1, 0, NULL, NULL},
	/* The peer opened it. */
	{TCP, ESTAB, IN, false, 22, 50000, "ssh", NULL},
	{TCP, ESTAB, IN, true, EPH, EPH, EIP, NULL},
	{TCP, ESTAB, IN, true, 22, PRIV, "ssh", NULL},
	{TCP, ESTAB, IN, false, 5001, 20, "commplex-link", "ftp-data"},
	{TCP, ESTAB, IN, false, 111, 993, "sunrpc", NULL},
	/* This side opened it. */
	{TCP, ESTAB, OUT, false, EPH, 443, NULL, "https"},
	{TCP, ESTAB, OUT, false, EPH, EPH, NULL, EIP},
	{TCP, ESTAB, OUT, true, EPH, PRIV, NULL, "mine"},
	{TCP, ESTAB, OUT, false, 20, 5001, "ftp-data", "commplex-link"},
	{TCP, ESTAB, OUT, false, 993, 2049, NULL, "nfs"},
	{TCP, ESTAB, OUT, false, 2049, 443, "nfs", "https"},
	/* Nobody knows, but something listens at the local port. */
	{TCP, TIMEWAIT, UNKNOWN, true, EPH, EPH, EIP, NULL},
	{TCP, TIMEWAIT, UNKNOWN, true, 22, 50000, "ssh", NULL},
	{TCP, ESTAB, NONE, true, 22, 993, "ssh", "imaps"},
	/* Nobody knows anything. */
	{TCP, TIMEWAIT, UNKNOWN, false, EPH, 443, NULL, "https"},
	{TCP, TIMEWAIT, UNKNOWN, false, 22, EPH, "ssh", NULL},
	{TCP, TIMEWAIT, UNKNOWN, false, EPH, EPH, NULL, NULL},
	{TCP, ESTAB, NONE, false, 993, EPH, "imaps", NULL},
	{TCP, ESTAB, NONE, false, 22, PRIV, "ssh", NULL},
	{UDP, ESTAB, NONE, false, 123, 123, "ntp", "ntp"},
	{UDP, ESTAB, NONE, false, EPH, 443, NULL, "https"},
	{UDP, ESTAB, NONE, false, 53, EPH, "domain", NULL},
	{UDP, ESTAB, NONE, false, EPH, EPH, NULL, NULL},
};

static const char *text_or_none(const char *text)
{
	return text ? text : "(none)";
}

static void check_rule(const struct services *services, const struct rule_case *rule, const char *host)
{
	struct berth_socket_address listener = {.port = rule->local};
	struct netstat_row row = {
		.protocol = (uint8_t)rule->protocol,
		.state = (uint8_t)rule->state,
		.direction = (uint8_t)rule->direction,
		.local = {berth_ip4(10, 0, 0, 1), rule->local},
		.foreign = {rule->foreign ? berth_ip4(10, 0, 0, 2) : berth_ip4(0, 0, 0, 0), rule->foreign},
		.listener = rule->listener ? &listener : NULL,
		.host = host,
		.local_service = "left from before",
		.foreign_service = "left from before",
	};

	services_enrich(services, &row);
	if (strcmp(text_or_none(row.local_service), text_or_none(rule->local_service)) != 0 ||
	    strcmp(text_or_none(row.foreign_service), text_or_none(rule->foreign_service)) != 0)
		fail_msg("%s %u to %u, direction %d: %s and %s, not %s and %s", netstat_protocol_name(row.protocol),
			 (unsigned)rule->local, (unsigned)rule->foreign, rule->direction,
			 text_or_none(row.local_service), text_or_none(row.foreign_service),
			 text_or_none(rule->local_service), text_or_none(rule->foreign_service));
}

static void test_rule(void **state)
{
	struct services *services = services_new(NULL, 32768, 60999), *none = services_new(NULL, 1, 0);

	services_read(services, file_text, sizeof(file_text) - 1);
	for (size_t i = 0; i < N(rule_cases); i++) {
		check_rule(services, &rule_cases[i], NULL);
		check_rule(services, &rule_cases[i], "web");
	}

	/* Without a range of its own a local port is none that is picked; a berth host and the foreign end have theirs.
	 */
	services_read(none, file_text, sizeof(file_text) - 1);
	check_rule(none, &(struct rule_case){UDP, OPEN, NONE, false, EPH, 0, EIP, NULL}, NULL);
	check_rule(none, &(struct rule_case){UDP, OPEN, NONE, false, EPH, 0, NULL, NULL}, "web");
	check_rule(none, &(struct rule_case){TCP, ESTAB, UNKNOWN, false, EPH, EPH, EIP, NULL}, NULL);
	check_rule(none, &(struct rule_case){TCP, ESTAB, UNKNOWN, false, EPH, PRIV, EIP, NULL}, NULL);
	services_free(services);
	services_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry), cmocka_unit_test(test_file), cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ranges),   cmocka_unit_test(test_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
