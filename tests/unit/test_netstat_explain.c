/* Explanations: the whole line, for each kind of row. */
#include "enrich/explain.h"
#include "netstat_rows.h"

#include <stdlib.h>
#include <sys/socket.h>

#define IN NETSTAT_DIRECTION_IN
#define OUT NETSTAT_DIRECTION_OUT
#define UNKNOWN NETSTAT_DIRECTION_UNKNOWN

static const struct netstat_process nginx = {
	.pid = 812, .program = "nginx", .executable = "/usr/sbin/nginx", .unit = "nginx.service"};
static const struct netstat_process curl = {.pid = 4711, .program = "curl", .executable = "/usr/bin/curl"};
static const struct netstat_process shell = {.pid = 66, .program = "sh"};
static const struct netstat_owner of_nginx = {&nginx, 6}, of_curl = {&curl, 5};
static const struct berth_socket_address listener_443 = {{{0}, 0, BERTH_IP4}, 443};

static struct services *services;

static int set_up(void **state)
{
	(void)state;
	services = services_new(NULL, 32768, 60999);
	return services ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	services_free(services);
	return 0;
}

static void check(struct netstat_row row, bool numeric, const char *want)
{
	struct explain *explain = explain_new(services);

	assert_int_equal(explain_look(explain, &row), 0);
	assert_int_equal(explain_enrich(explain, &row, numeric), 0);
	assert_string_equal(row.explanation, want);
	explain_free(explain);
}

static struct netstat_row served(const char *foreign)
{
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "192.0.2.1:443", foreign);

	row = directed(owned(row, &of_nginx, 1), IN);
	row.user = "www-data";
	row.listener = &listener_443;
	row.listener_process = &nginx;
	return row;
}

static struct netstat_row asking(const char *foreign)
{
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "192.0.2.1:50000", foreign);

	row = directed(owned(row, &of_curl, 1), OUT);
	row.user = "anna";
	return row;
}

static void test_what_came_in(void **state)
{
	struct netstat_row row = served("203.0.113.9:51544");

	(void)state;
	check(row, false,
	      "nginx (812, www-data, nginx.service) answers https for 203.0.113.9:51544 (public), through its listener "
	      "0.0.0.0:443");
	check(row, true,
	      "nginx (812, www-data, nginx.service) answers on port 443 for 203.0.113.9:51544 (public), through its "
	      "listener 0.0.0.0:443");
	row.foreign_name = "host.example.net";
	row.listener_process = &curl;
	check(row, false,
	      "nginx (812, www-data, nginx.service) answers https for host.example.net:51544 (public), through the "
	      "listener 0.0.0.0:443 of curl (4711)");
	row.listener_process = NULL;
	row.state = NETSTAT_STATE_CLOSE_WAIT;
	check(row, true,
	      "nginx (812, www-data, nginx.service) answers on port 443 for 203.0.113.9:51544 (public), through the "
	      "listener 0.0.0.0:443; the peer has closed it, the program has not");
	row.listener = NULL;
	check(row, false,
	      "nginx (812, www-data, nginx.service) answers https for host.example.net:51544 (public); the peer has "
	      "closed it, the program has not; NOT EXPLAINED: it came in, and nobody listens on its port any more "
	      "(listener-gone)");
}

static void test_what_went_out(void **state)
{
	struct netstat_row row = asking("198.51.100.7:443");

	(void)state;
	row.foreign_name = "example.net";
	check(row, false, "curl (4711, anna) asks https of example.net (public)");
	check(row, true, "curl (4711, anna) asks port 443 of 198.51.100.7 (public)");
	row.foreign.port = 4;
	check(row, false, "curl (4711, anna) asks port 4 of example.net (public)");
	row.state = NETSTAT_STATE_SYN_SENT;
	row.foreign.port = 80;
	check(row, false, "curl (4711, anna) tries to reach http of example.net (public)");
	row.state = NETSTAT_STATE_LAST_ACK;
	check(row, true,
	      "curl (4711, anna) asks port 80 of 198.51.100.7 (public); closed at both ends, not acknowledged yet");
}

static void test_who_waits(void **state)
{
	static const struct {
		uint8_t protocol, state;
		const char *local;
		bool v6only;
		const char *want;
	} cases[] = {
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "[::]:22", false,
		 "nginx (812, root) waits for ssh at every address"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "[::]:22", true,
		 "nginx (812, root) waits for ssh at every IPv6 address"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:22", false,
		 "nginx (812, root) waits for ssh at every IPv4 address"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "*:22", false, "nginx (812, root) waits for ssh at every address"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "127.0.0.1:4", false,
		 "nginx (812, root) waits on port 4 at 127.0.0.1 (loopback)"},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "127.0.0.53:53", false,
		 "nginx (812, root) waits for domain at 127.0.0.53 (loopback)"},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:40000", false,
		 "nginx (812, root) waits for answers on ephemeral port 40000 at every IPv4 address"},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:0", false, "nginx (812, root) has a socket without a port"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:4", false,
		 "nginx (812, root) waits on port 4 at every IPv4 address; NOT EXPLAINED: waits on a public address, "
		 "for a "
		 "service that nobody registered (listener-unregistered)"},
		{NETSTAT_RAW, NETSTAT_STATE_OPEN, "0.0.0.0:1", false,
		 "nginx (812, root) gets a copy of IP packets of ICMP at every IPv4 address"},
		{NETSTAT_RAW, NETSTAT_STATE_OPEN, "10.0.0.1:99", false,
		 "nginx (812, root) gets a copy of IP packets of protocol 99 at 10.0.0.1 (private)"},
		{NETSTAT_RAW, NETSTAT_STATE_OPEN, "0.0.0.0:255", false,
		 "nginx (812, root) may send IP packets of its own making"},
	};
	const struct netstat_process process = {.pid = 812, .program = "nginx"};
	const struct netstat_owner owner = {&process, 3};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct netstat_row row = row_of(cases[i].protocol, cases[i].state, cases[i].local, NULL);
		row.v6only = cases[i].v6only;
		row.user = "root";
		check(owned(row, &owner, 1), false, cases[i].want);
	}
}

static void test_datagrams_and_the_unknown(void **state)
{
	struct netstat_row row = directed(asking("1.1.1.1:53"), NETSTAT_DIRECTION_NONE);

	(void)state;
	row.protocol = NETSTAT_UDP;
	check(row, false, "curl (4711, anna) exchanges domain with 1.1.1.1 (public)");
	check(row, true, "curl (4711, anna) exchanges data with port 53 of 1.1.1.1 (public)");
	row = directed(asking("10.1.1.1:60000"), UNKNOWN);
	row.local.port = 4;
	check(row, false,
	      "curl (4711, anna) exchanges data on port 4 with 10.1.1.1:60000 (private); which of them began cannot be "
	      "told");
	row.local.port = 22;
	check(row, false,
	      "curl (4711, anna) exchanges ssh with 10.1.1.1:60000 (private); which of them began cannot be told");
	row.protocol = NETSTAT_RAW;
	row.local.port = 1;
	check(row, false, "curl (4711, anna) gets a copy of IP packets of ICMP from 10.1.1.1 (private)");
}

static void test_what_is_over(void **state)
{
	struct netstat_row row = served("203.0.113.9:51544");

	(void)state;
	row.state = NETSTAT_STATE_TIME_WAIT;
	row.unowned = NETSTAT_UNOWNED_TIMEWAIT;
	row.n_owners = 0;
	check(row, false,
	      "what 203.0.113.9:51544 (public) asked of https here is over; the kernel waits for stray segments");
	row.direction = OUT;
	row.foreign.port = 80;
	check(row, false,
	      "what was asked of http at 203.0.113.9 (public) is over; the kernel waits for stray segments");
	row.direction = UNKNOWN;
	check(row, false,
	      "what 192.0.2.1:443 had with 203.0.113.9:80 (public) is over; the kernel waits for stray segments");
	row.host = "alpha";
	check(row, false,
	      "what 192.0.2.1:443 had with 203.0.113.9:80 (public) is over; the kernel waits for stray segments on "
	      "host "
	      "alpha");
}

static void test_who(void **state)
{
	static const struct {
		uint8_t unowned;
		const char *user, *want;
	} cases[] = {
		{NETSTAT_UNOWNED_DENIED, "anna", "a program of anna asks http of 10.0.0.9 (private)"},
		{NETSTAT_UNOWNED_DENIED, NULL, "a program of another user asks http of 10.0.0.9 (private)"},
		{NETSTAT_OWNED, NULL, "a program asks http of 10.0.0.9 (private)"},
		{NETSTAT_UNOWNED_CLOSED, "anna", "a program that has closed it asks http of 10.0.0.9 (private)"},
		{NETSTAT_UNOWNED_ELSEWHERE, "anna",
		 "the kernel or an unseen process asks http of 10.0.0.9 (private); NOT EXPLAINED: no process that has "
		 "it can "
		 "be found (owner-unknown)"},
	};
	struct netstat_row row = asking("10.0.0.9:80");
	const struct netstat_process boxed = {.pid = 5, .program = "x", .unit = "u.scope", .container = "docker:01"};
	const struct netstat_owner owners[] = {{&boxed, 1}, {&boxed, 2}, {&nginx, 1}, {&curl, 1},
					       {&curl, 2},  {&curl, 3},  {&curl, 4},  {&curl, 5}};
	const struct netstat_namespace blue = {.name = "blue"}, own = {.name = ""};

	(void)state;
	row.n_owners = 0;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		row.unowned = cases[i].unowned;
		row.user = cases[i].user;
		check(row, false, cases[i].want);
	}
	row = owned(asking("10.0.0.9:80"), owners, 2);
	check(row, false, "x (5, anna, u.scope, docker:01) asks http of 10.0.0.9 (private)");
	row.n_owners = 3;
	check(row, false, "x (5 and 1 other, anna, u.scope, docker:01) asks http of 10.0.0.9 (private)");
	row.n_owners = 4;
	row.ns = &own;
	check(row, false, "x (5 and 2 others, anna, u.scope, docker:01) asks http of 10.0.0.9 (private)");
	row.n_owners = 100;
	row.ns = &blue;
	check(row, false,
	      "x (5 and others, anna, u.scope, docker:01) in namespace blue asks http of 10.0.0.9 (private)");
	row = owned(asking("10.0.0.9:80"), &of_curl, 1);
	row.host = "alpha";
	check(row, false, "curl (4711, anna) on host alpha asks http of 10.0.0.9 (private)");
	row = owned(row, &(struct netstat_owner){&(struct netstat_process){.pid = 6, .program = ""}, 1}, 1);
	check(row, false, "a process (6, anna) on host alpha asks http of 10.0.0.9 (private)");
	row.n_owners = 0;
	check(row, false, "berth host alpha asks http of 10.0.0.9 (private)");
}

static void test_what_waits_for_accept(void **state)
{
	struct netstat_row row = served("203.0.113.9:51544");

	(void)state;
	row.n_owners = 0;
	row.unowned = NETSTAT_UNOWNED_WAITING;
	row.state = NETSTAT_STATE_SYN_RECEIVED;
	check(row, false,
	      "nginx (812), yet to accept it, is being asked for https by 203.0.113.9:51544 (public), through its "
	      "listener 0.0.0.0:443");
	row.listener = NULL;
	row.listener_process = NULL;
	check(row, false, "a listener that is yet to accept it is being asked for https by 203.0.113.9:51544 (public)");
}

static void test_findings_of_other_owners(void **state)
{
	const struct netstat_owner owners[] = {{&nginx, 6}, {&shell, 0}};
	struct netstat_row row = owned(served("203.0.113.9:51544"), owners, 2);
	const struct netstat_process gone = {.pid = 7,
					     .program = "x",
					     .executable = "/tmp/x",
					     .executable_deleted = true,
					     .executable_writable = true};
	const struct netstat_owner of_gone = {&gone, 1};

	(void)state;
	check(row, true,
	      "nginx (812 and 1 other, www-data, nginx.service) answers on port 443 for 203.0.113.9:51544 (public), "
	      "through its listener 0.0.0.0:443; NOT EXPLAINED: a shell or interpreter reads its commands from a "
	      "socket "
	      "(shell-on-socket: sh (66))");
	check(owned(asking("10.0.0.9:80"), &of_gone, 1), false,
	      "x (7, anna) asks http of 10.0.0.9 (private); NOT EXPLAINED: the program's file has been deleted or "
	      "replaced "
	      "(executable-deleted), the program's file lies where everybody may write (executable-writable)");
}

/* Both ends are here, and one line names the other. */
static void test_the_other_end_is_here(void **state)
{
	struct explain *explain = explain_new(services);
	struct netstat_row a = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "127.0.0.1:50000", "127.0.0.1:80");
	struct netstat_row b =
		row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:50000");
	struct netstat_row c = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "127.0.0.1:50001", "127.0.0.1:80");

	(void)state;
	a = directed(owned(a, &of_curl, 1), OUT);
	b = directed(owned(b, &of_nginx, 1), IN);
	c = directed(owned(c, &of_curl, 1), OUT);
	assert_int_equal(explain_look(explain, &a), 0);
	assert_int_equal(explain_look(explain, &b), 0);
	assert_int_equal(explain_look(explain, &c), 0);
	assert_int_equal(explain_enrich(explain, &a, false), 0);
	assert_int_equal(explain_enrich(explain, &b, false), 0);
	assert_int_equal(explain_enrich(explain, &c, false), 0);
	assert_string_equal(a.explanation, "curl (4711) asks http of nginx (812) at 127.0.0.1 (loopback)");
	assert_string_equal(
		b.explanation,
		"nginx (812, nginx.service) answers http for curl (4711) at [::ffff:127.0.0.1]:50000 (loopback)");
	assert_string_equal(c.explanation, "curl (4711) asks http of 127.0.0.1 (loopback)");
	explain_free(explain);
}

static struct netstat_row unix_row(uint8_t state, uint64_t inode, uint64_t peer, const char *path,
				   const struct netstat_owner *owner)
{
	struct netstat_row row = row_of(NETSTAT_UNIX, state, NULL, NULL);

	row.inode = inode;
	row.peer_inode = peer;
	row.path = path;
	row.unix_type = SOCK_STREAM;
	return owner ? owned(row, owner, 1) : row;
}

static void test_unix_sockets(void **state)
{
	char path[] = "/run/x.sock"; /* rows lend theirs for the call */
	struct netstat_row rows[] = {
		unix_row(NETSTAT_STATE_LISTEN, 1, 0, path, &of_nginx),
		unix_row(NETSTAT_STATE_ESTABLISHED, 2, 3, path, &of_nginx),
		unix_row(NETSTAT_STATE_ESTABLISHED, 3, 2, NULL, &of_curl),
		unix_row(NETSTAT_STATE_ESTABLISHED, 4, 5, NULL, &of_curl),
		unix_row(NETSTAT_STATE_ESTABLISHED, 5, 4, NULL, &of_nginx),
		unix_row(NETSTAT_STATE_ESTABLISHED, 6, 7, NULL, &of_curl),
		unix_row(NETSTAT_STATE_OPEN, 8, 0, NULL, &of_curl),
		unix_row(NETSTAT_STATE_OPEN, 9, 0, path, &of_nginx),
		unix_row(NETSTAT_STATE_OPEN, 10, 0, NULL, &of_curl),
	};
	static const char *const want[] = {
		"nginx (812, nginx.service) waits at /run/x.sock",
		"nginx (812, nginx.service) answers curl (4711) at /run/x.sock",
		"curl (4711) asks nginx (812) at /run/x.sock",
		"curl (4711) is connected with nginx (812)",
		"nginx (812, nginx.service) is connected with curl (4711)",
		"curl (4711) is connected with an unseen process",
		"curl (4711) has an unconnected Unix socket",
		"nginx (812, nginx.service) takes messages at /run/x.sock",
		"curl (4711) may send messages from an unnamed Unix socket",
	};
	struct explain *explain = explain_new(services);

	(void)state;
	rows[7].unix_type = rows[8].unix_type = SOCK_DGRAM;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(explain_look(explain, &rows[i]), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(explain_enrich(explain, &rows[i], false), 0);
		assert_string_equal(rows[i].explanation, want[i]);
	}
	explain_free(explain);
}

/* Nothing that others may choose breaks the line. */
static void test_hostile_names(void **state)
{
	const struct netstat_process process = {
		.pid = 1, .program = "a\nb", .unit = "\x1b[2J", .container = "\xe2\x80\xae"};
	const struct netstat_owner owner = {&process, 1};
	struct netstat_row row = owned(asking("10.0.0.9:80"), &owner, 1);

	(void)state;
	row.user = "x\ry";
	row.foreign_name = "n\tm";
	check(row, false, "a?b (1, x?y, ?[2J, ?) asks http of n?m (private)");
	check(unix_row(NETSTAT_STATE_LISTEN, 1, 0, "@\x01", &of_curl), false, "curl (4711) waits at @?");
	assert_null(explain_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_came_in),
		cmocka_unit_test(test_what_went_out),
		cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_datagrams_and_the_unknown),
		cmocka_unit_test(test_what_is_over),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_what_waits_for_accept),
		cmocka_unit_test(test_findings_of_other_owners),
		cmocka_unit_test(test_the_other_end_is_here),
		cmocka_unit_test(test_unix_sockets),
		cmocka_unit_test(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
