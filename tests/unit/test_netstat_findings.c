/* Findings: each with rows that have it, and with their neighbours that have it not. */
#include "enrich/findings.h"
#include "netstat_rows.h"

#include <stdlib.h>

#define BIT(name) (UINT64_C(1) << FINDING_##name)
#define PUBLIC "198.51.100.1:50000"

static struct services *services;
static struct habits *nothing;

static int set_up(void **state)
{
	(void)state;
	services = services_new(NULL, 32768, 60999);
	nothing = habits_new(services);
	return services && nothing ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	services_free(services);
	habits_free(nothing);
	return 0;
}

static const struct netstat_process nginx = {.pid = 1, .program = "nginx", .executable = "/usr/sbin/nginx"};
static const struct netstat_owner nginx_owner = {&nginx, 6};

static struct netstat_row came_in(void)
{
	static const struct berth_socket_address listener = {{{0}, 0, BERTH_IP4}, 443};
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "192.0.2.1:443", PUBLIC);

	row.listener = &listener;
	return directed(owned(row, &nginx_owner, 1), NETSTAT_DIRECTION_IN);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_N; i++) {
		const char *id = finding_id((enum finding)i);
		assert_int_equal(id[strspn(id, "abcdefghijklmnopqrstuvwxyz-")], 0);
		assert_true(strlen(finding_text((enum finding)i)) > 10);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(id, finding_id((enum finding)j));
	}
	assert_string_equal(finding_id(FINDING_OWNER_UNKNOWN), "owner-unknown");
	assert_string_equal(finding_id(FINDING_N), "?");
	assert_string_equal(finding_text(FINDING_N), "?");
}

static void test_nothing_odd(void **state)
{
	struct netstat_row row = came_in();

	(void)state;
	assert_int_equal(findings_of(&row, nothing, services), 0);
}

static void test_owners(void **state)
{
	static const struct {
		uint8_t protocol, unowned;
		uint64_t want;
	} cases[] = {
		{NETSTAT_TCP, NETSTAT_UNOWNED_ELSEWHERE, BIT(OWNER_UNKNOWN)},
		{NETSTAT_UDP, NETSTAT_UNOWNED_ELSEWHERE, BIT(OWNER_UNKNOWN)},
		{NETSTAT_RAW, NETSTAT_UNOWNED_ELSEWHERE, BIT(OWNER_UNKNOWN)},
		{NETSTAT_UNIX, NETSTAT_UNOWNED_ELSEWHERE, 0}, /* in a message, or not accepted */
		{NETSTAT_TCP, NETSTAT_UNOWNED_DENIED, 0},
		{NETSTAT_TCP, NETSTAT_UNOWNED_WAITING, 0},
		{NETSTAT_TCP, NETSTAT_UNOWNED_TIMEWAIT, 0},
		{NETSTAT_TCP, NETSTAT_UNOWNED_CLOSED, 0},
		{NETSTAT_TCP, NETSTAT_OWNED, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct netstat_row row = came_in();
		row.n_owners = 0;
		row.protocol = cases[i].protocol;
		row.unowned = cases[i].unowned;
		assert_int_equal(findings_of(&row, nothing, services), cases[i].want);
	}
	struct netstat_row row = came_in();
	row.unowned = NETSTAT_UNOWNED_ELSEWHERE;
	assert_int_equal(findings_of(&row, nothing, services), 0);
}

static void test_executables(void **state)
{
	static const struct {
		const char *path;
		bool deleted, writable;
		uint64_t want;
	} cases[] = {
		{"/usr/bin/x", true, false, BIT(EXECUTABLE_DELETED)},
		{"/tmp/x", false, true, BIT(EXECUTABLE_WRITABLE)},
		{"/tmp/x", true, true, BIT(EXECUTABLE_DELETED) | BIT(EXECUTABLE_WRITABLE)},
		{"memfd:x", true, true, BIT(EXECUTABLE_MEMORY)}, /* that says it all */
		{"memfd:", false, false, BIT(EXECUTABLE_MEMORY)},
		{"/memfd:x", false, false, 0},
		{"/usr/bin/.x", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/var/.../x", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/var/. /x", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/var/ /x", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/usr/bin/nginx ", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/usr/ bin/nginx", false, false, BIT(EXECUTABLE_HIDDEN)},
		{"/home/anna/.local/bin/x", false, false, 0}, /* directories of settings are such */
		{"/opt/My Program/x y", false, false, 0},
		{"/nix/store/abc/bin/.x-wrapped", false, false, 0},
		{"/", false, false, 0},
		{"", false, false, 0},
		{NULL, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct netstat_process process = {.pid = 2,
							.program = "x",
							.executable = cases[i].path,
							.executable_deleted = cases[i].deleted,
							.executable_writable = cases[i].writable};
		const struct netstat_owner owners[] = {{&nginx, 3}, {&process, 3}};
		struct netstat_row row = owned(came_in(), owners, 2);
		if (findings_of(&row, nothing, services) != cases[i].want)
			print_message("%s\n", cases[i].path);
		assert_int_equal(findings_of(&row, nothing, services), cases[i].want);
		for (int f = 0; f < FINDING_N; f++)
			assert_ptr_equal(findings_process(&row, (enum finding)f),
					 cases[i].want >> f & 1 ? &process : NULL);
		row.n_owners = 1;
		assert_int_equal(findings_of(&row, nothing, services), 0);
	}
}

static void test_more_owners_than_are_shown(void **state)
{
	struct netstat_owner owners[NETSTAT_OWNERS_MAX];
	struct netstat_row row = owned(came_in(), owners, 1000);

	(void)state;
	for (size_t i = 0; i < LENGTH(owners); i++)
		owners[i] = nginx_owner;
	assert_int_equal(findings_of(&row, nothing, services), 0);
}

static void test_interpreters(void **state)
{
	static const char *const yes[] = {"sh",      "bash",       "dash",   "zsh",        "busybox", "python",
					  "python3", "python3.11", "perl",   "perl5.36.0", "ruby3.1", "node",
					  "nodejs",  "php",        "php8.2", "lua5.4"};
	static const char *const no[] = {"",         "sshd",  "bashful", "node_exporter", "php-fpm8.2", "perlbal",
					 "python3x", "nginx", "shd"};

	(void)state;
	for (size_t i = 0; i < LENGTH(yes); i++)
		assert_true(habits_is_interpreter(yes[i]));
	for (size_t i = 0; i < LENGTH(no); i++)
		assert_false(habits_is_interpreter(no[i]));
}

static void test_shell_on_socket(void **state)
{
	static const struct {
		const char *program;
		int descriptor;
		uint8_t protocol, state;
		const char *foreign;
		uint64_t want;
	} cases[] = {
		{"bash", 0, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, PUBLIC, BIT(SHELL_ON_SOCKET)},
		{"python3.11", 0, NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, PUBLIC, BIT(SHELL_ON_SOCKET)},
		{"bash", 3, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, PUBLIC, 0},
		{"nginx", 0, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, PUBLIC, 0},
		{"perl", 0, NETSTAT_TCP, NETSTAT_STATE_LISTEN, NULL, 0}, /* FastCGI */
		{"node", 0, NETSTAT_UNIX, NETSTAT_STATE_ESTABLISHED, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct netstat_process process = {.program = cases[i].program, .stdin_socket = true};
		const struct netstat_owner owner = {&process, cases[i].descriptor};
		struct netstat_row row = row_of(cases[i].protocol, cases[i].state, "192.0.2.1:443", cases[i].foreign);
		row = owned(row, &owner, 1);
		assert_int_equal(findings_of(&row, nothing, services), cases[i].want);
		row.host = "box"; /* whose descriptors are not the process's */
		assert_int_equal(findings_of(&row, nothing, services), 0);
	}
}

static void test_listener_unregistered(void **state)
{
	static const struct {
		uint8_t protocol, state;
		const char *local;
		bool want;
	} cases[] = {
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:1", false}, /* tcpmux */
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:4", true},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "[::]:4", true},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "*:4", true}, /* a berth host's */
		{NETSTAT_MPTCP, NETSTAT_STATE_LISTEN, "0.0.0.0:4", true},
		{NETSTAT_SCTP, NETSTAT_STATE_LISTEN, "0.0.0.0:4", true},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "198.51.100.1:4", true},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "[2001:db8::1]:4", true},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "10.0.0.1:4", false},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "127.0.0.1:4", false},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "[fe80::1]:4", false},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, "0.0.0.0:51413", true}, /* ephemeral, yet it listens */
		{NETSTAT_TCP, NETSTAT_STATE_OPEN, "0.0.0.0:4", false},      /* bound only */
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:4", true},
		{NETSTAT_UDPLITE, NETSTAT_STATE_OPEN, "0.0.0.0:4", true},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:53", false},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:0", false},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:51413", false}, /* a client's */
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, "224.0.0.251:4", false},
		{NETSTAT_RAW, NETSTAT_STATE_OPEN, "0.0.0.0:4", false},
		{NETSTAT_UNIX, NETSTAT_STATE_LISTEN, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct netstat_row row = row_of(cases[i].protocol, cases[i].state, cases[i].local, NULL);
		row = owned(row, &nginx_owner, 1);
		if (findings_of(&row, nothing, services) != (cases[i].want ? BIT(LISTENER_UNREGISTERED) : 0))
			print_message("case %zu: %s\n", i, cases[i].local);
		assert_int_equal(findings_of(&row, nothing, services), cases[i].want ? BIT(LISTENER_UNREGISTERED) : 0);
	}
}

static void test_listener_gone(void **state)
{
	struct netstat_row row = came_in();

	(void)state;
	row.listener = NULL;
	assert_int_equal(findings_of(&row, nothing, services), BIT(LISTENER_GONE));
	row.direction = NETSTAT_DIRECTION_OUT;
	assert_int_equal(findings_of(&row, nothing, services), 0);
	row.direction = NETSTAT_DIRECTION_UNKNOWN;
	assert_int_equal(findings_of(&row, nothing, services), 0);
	row.direction = NETSTAT_DIRECTION_IN;
	row.n_owners = 0;
	assert_int_equal(findings_of(&row, nothing, services), 0);
	row.n_owners = 1;
	row.foreign.address = berth_ip4(127, 0, 0, 1);
	assert_int_equal(findings_of(&row, nothing, services), 0);
}

/* ---- habits ---- */

static struct netstat_row with(const struct netstat_owner *owner, uint8_t direction, uint16_t port, const char *foreign)
{
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "192.0.2.1:1", foreign);
	static const struct berth_socket_address listener;

	row.listener = direction == NETSTAT_DIRECTION_IN ? &listener : NULL;
	row.local.port = direction == NETSTAT_DIRECTION_IN ? port : 50000;
	row.foreign.port = direction == NETSTAT_DIRECTION_IN ? 50000 : port;
	return directed(owned(row, owner, 1), direction);
}

struct habit_case {
	const char *program;
	struct {
		uint8_t direction;
		uint16_t port;
		int n;
	} others[4];
	uint8_t direction; /* of the one that is asked about */
	uint16_t port;
	const char *foreign;
	bool want;
};

#define IN NETSTAT_DIRECTION_IN
#define OUT NETSTAT_DIRECTION_OUT
#define THERE "203.0.113.9:1"

static void check_habit(const struct habit_case *c)
{
	const struct netstat_process process = {.program = c->program};
	const struct netstat_owner owner = {&process, 3};
	struct habits *habits = habits_new(services);
	struct netstat_row asked = with(&owner, c->direction, c->port, c->foreign), other;

	for (size_t i = 0; i < LENGTH(c->others); i++) {
		for (int j = 0; j < c->others[i].n; j++) {
			other = with(&owner, c->others[i].direction, c->others[i].port, THERE);
			assert_int_equal(habits_look(habits, &other), 0);
		}
	}
	assert_int_equal(habits_look(habits, &asked), 0);
	assert_int_equal(findings_of(&asked, habits, services), c->want ? BIT(SERVICE_UNUSUAL) : 0);
	if (c->want) {
		assert_false(habits_unusual(habits, &other));
		assert_int_equal(habits_look(habits, &asked), 0); /* a second of them: no exception any more */
		assert_false(habits_unusual(habits, &asked));
	}
	habits_free(habits);
}

static void test_service_unusual(void **state)
{
	static const struct habit_case cases[] = {
		{"nginx", {{IN, 443, 8}}, OUT, 4444, THERE, true},  /* a server that opens something */
		{"nginx", {{IN, 443, 7}}, OUT, 4444, THERE, false}, /* too few to tell */
		{"nginx", {{IN, 443, 6}, {IN, 80, 2}}, OUT, 4444, THERE, true},
		{"nginx", {{IN, 443, 6}, {IN, 80, 2}, {IN, 81, 1}}, OUT, 4444, THERE, false}, /* three services */
		{"nginx", {{IN, 443, 8}}, OUT, 443, THERE, false},                            /* everybody asks that */
		{"nginx", {{IN, 443, 8}}, OUT, 53, THERE, false},
		{"nginx", {{IN, 443, 8}}, OUT, 4444, "10.0.0.1:1", false}, /* near by */
		{"nginx", {{IN, 443, 8}}, OUT, 4444, "127.0.0.1:1", false},
		{"nginx", {{IN, 443, 8}}, IN, 4444, THERE, false},
		{"nginx", {{IN, 443, 8}}, NETSTAT_DIRECTION_UNKNOWN, 4444, THERE, false},
		{"nginx", {{IN, 443, 8}, {OUT, 8080, 4}}, OUT, 4444, THERE, false}, /* it opens, too; a registered port
										     */
		{"nginx", {{IN, 443, 8}, {OUT, 8080, 4}}, OUT, 4, THERE, true},     /* an unregistered one */
		{"browser", {{OUT, 443, 30}}, OUT, 5228, THERE, false},
		{"browser", {{OUT, 443, 30}}, OUT, 4, THERE, true},
		{"python3", {{IN, 443, 8}}, OUT, 4444, THERE, false}, /* another script, perhaps */
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		check_habit(&cases[i]);
}

/* Programs are apart by executable, unit and user. */
static void test_whose_habits(void **state)
{
	static const struct {
		struct netstat_process process;
		bool same;
	} cases[] = {
		{{.pid = 9, .program = "x", .executable = "/usr/sbin/nginx", .unit = "a", .uid = 33}, true},
		{{.pid = 9, .program = "x", .executable = "/usr/bin/nginx", .unit = "a", .uid = 33}, false},
		{{.pid = 9, .program = "x", .executable = "/usr/sbin/nginx", .unit = "b", .uid = 33}, false},
		{{.pid = 9, .program = "x", .executable = "/usr/sbin/nginx", .uid = 33}, false},
		{{.pid = 9, .program = "x", .executable = "/usr/sbin/nginx", .unit = "a", .uid = 34}, false},
		{{.pid = 9, .program = "x", .unit = "a", .uid = 33}, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct netstat_process usual = {
			.pid = 8, .program = "x", .executable = "/usr/sbin/nginx", .unit = "a", .uid = 33};
		const struct netstat_owner owner = {&cases[i].process, 3}, usual_owner = {&usual, 3};
		struct habits *habits = habits_new(services);
		struct netstat_row row = with(&usual_owner, IN, 443, THERE);
		for (int j = 0; j < 8; j++)
			assert_int_equal(habits_look(habits, &row), 0);
		row = with(&owner, OUT, 4444, THERE);
		assert_int_equal(habits_look(habits, &row), 0);
		assert_int_equal(habits_unusual(habits, &row), cases[i].same);
		habits_free(habits);
	}
	assert_null(habits_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nothing_odd),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_executables),
		cmocka_unit_test(test_more_owners_than_are_shown),
		cmocka_unit_test(test_interpreters),
		cmocka_unit_test(test_shell_on_socket),
		cmocka_unit_test(test_listener_unregistered),
		cmocka_unit_test(test_listener_gone),
		cmocka_unit_test(test_service_unusual),
		cmocka_unit_test(test_whose_habits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
