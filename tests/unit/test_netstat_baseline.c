/* Baselines: the grammar and its errors, what matches, recording, and that what was written reads back as the same. */
#include "enrich/baseline.h"
#include "enrich/baseline_entry.h"
#include "netstat_rows.h"
#include "not_here.h"

#include <berth/error.h>
#include <stdlib.h>

#define IN NETSTAT_DIRECTION_IN
#define OUT NETSTAT_DIRECTION_OUT

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

/* ---- the grammar ---- */

static int read_text(struct baseline *baseline, const char *text, size_t n, struct baseline_error *error)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, n, "r");

	assert_non_null(file);
	int got = baseline_read(baseline, file, error);
	fclose(file);
	return got;
}

static void add(struct baseline *baseline, const char *text)
{
	struct baseline_error error;
	int got = read_text(baseline, text, strlen(text), &error);

	if (got < 0)
		print_message("%u:%u: %s\n", error.line, error.column, error.text);
	assert_int_equal(got, 0);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *want;
	} cases[] = {
		{"deny in tcp 1\n", 1, 1, "expected 'allow' or '#', not 'deny'"},
		{"# x\n\n  alow in tcp 1", 3, 3, "expected 'allow' or '#', not 'alow'"},
		{"allow", 1, 6, "expected a direction (listen, in, out) or '*'"},
		{"allow # x", 1, 7, "expected a direction (listen, in, out) or '*'"},
		{"allow inn tcp 1", 1, 7, "expected a direction (listen, in, out) or '*', not 'inn'"},
		{"allow in,outt tcp 1", 1, 10, "expected a direction (listen, in, out) or '*', not 'outt'"},
		{"allow in, tcp 1", 1, 10, "expected a direction (listen, in, out) or '*'"},
		{"allow in", 1, 9, "expected a protocol (tcp, udp, ...) or '*'"},
		{"allow in tpc 1", 1, 10, "expected a protocol (tcp, udp, ...) or '*', not 'tpc'"},
		{"allow in tcp", 1, 13, "expected a port (443), a range (6000-6063), 'ephemeral' or '*'"},
		{"allow in tcp https", 1, 14,
		 "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not 'https'"},
		{"allow in tcp 65536", 1, 14,
		 "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not '65536'"},
		{"allow in tcp 1,99999999999999999999", 1, 16,
		 "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not '99999999999999999999'"},
		{"allow in tcp 9-8", 1, 14,
		 "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not '9-8'"},
		{"allow in tcp 9-", 1, 14, "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not '9-'"},
		{"allow in tcp -9", 1, 14, "expected a port (443), a range (6000-6063), 'ephemeral' or '*', not '-9'"},
		{"allow in tcp "
		 "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33",
		 1, 101, "expected no more than 32 ports and ranges, not '33'"},
		{"allow in tcp 1 form public", 1, 16, "expected 'at', 'from', 'to', 'program' or 'user', not 'form'"},
		{"allow in tcp 1 from", 1, 20,
		 "expected a scope (any, loopback, link, private, public, multicast) or '*'"},
		{"allow in tcp 1 from the", 1, 21,
		 "expected a scope (any, loopback, link, private, public, multicast) or '*', not 'the'"},
		{"allow in tcp 1 from link to link", 1, 28, "expected each of program, user and scope once at most"},
		{"allow in tcp 1 user a user b", 1, 27, "expected each of program, user and scope once at most"},
		{"allow in tcp 1 program", 1, 23, "expected a program's name or path, or a pattern"},
		{"allow in tcp 1 user", 1, 20, "expected a user's name, or a pattern"},
		{"allow in tcp 1 user a\\", 1, 23, "expected a character behind '\\'"},
		{"allow in tcp 1 user a\x1b[2J", 1, 21, "expected UTF-8 without control characters, not 'a?[2J'"},
		{"allow in tcp 1 user a\xe2\x80\xae", 1, 21, "expected UTF-8 without control characters, not 'a?'"},
		{"allow in tcp 1 user \xff", 1, 21, "expected UTF-8 without control characters, not '?'"},
		{"allow in\rtcp 1", 1, 7, "expected a direction (listen, in, out) or '*', not 'in?tcp'"},
		{"al\x1b\nx", 1, 1, "expected 'allow' or '#', not 'al?'"},
		{"allow in tcp 1\nallow in tcp 1\nallowintcp1", 3, 1, "expected 'allow' or '#', not 'allowintcp1'"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct baseline *baseline = baseline_new(services);
		struct baseline_error error;
		assert_int_equal(read_text(baseline, cases[i].text, strlen(cases[i].text), &error), BERTH_EINVAL);
		assert_string_equal(error.text, cases[i].want);
		assert_int_equal(error.line, cases[i].line);
		assert_int_equal(error.column, cases[i].column);
		baseline_free(baseline);
	}
}

static void test_odd_lines(void **state)
{
	static const char nul[] = "allow in tcp 1 program a\0b", in_comment[] = "# a\0b\nallow in tcp 1";
	struct baseline *baseline = baseline_new(services);
	struct baseline_error error;
	char line[BASELINE_LINE + 2];

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "allow in tcp 1", 14);
	assert_int_equal(read_text(baseline, line, BASELINE_LINE, &error), 0);
	line[BASELINE_LINE] = '\n';
	assert_int_equal(read_text(baseline, line, BASELINE_LINE + 1, &error), 0);
	line[BASELINE_LINE] = ' ';
	assert_int_equal(read_text(baseline, line, BASELINE_LINE + 1, &error), BERTH_EINVAL);
	assert_string_equal(error.text, "the line is longer than 4096 bytes");
	assert_int_equal(error.line, 1);
	assert_int_equal(read_text(baseline, nul, sizeof(nul) - 1, &error), BERTH_EINVAL);
	assert_string_equal(error.text, "expected UTF-8 without control characters, not 'a'");
	assert_int_equal(read_text(baseline, in_comment, sizeof(in_comment) - 1, &error), 0);
	add(baseline, "\r\n\tallow\tin tcp 1\r\n# no newline at the end");
	baseline_free(baseline);
	assert_null(baseline_free(NULL));
}

/* A directory can be opened, but not read. */
static void test_a_file_that_cannot_be_read(void **state)
{
	struct baseline *baseline = baseline_new(services);
	struct baseline_error error;
	FILE *file = fopen("/", "r");

	(void)state;
	assert_non_null(file);
	assert_int_equal(baseline_read(baseline, file, &error), BERTH_EIO);
	fclose(file);
	baseline_free(baseline);
}

/* ---- what matches ---- */

static const struct netstat_process nginx = {.pid = 812, .program = "nginx", .executable = "/usr/sbin/nginx"};
static const struct netstat_owner of_nginx = {&nginx, 6};

static struct netstat_row served(void)
{
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:443", "203.0.113.9:51544");

	row = directed(owned(row, &of_nginx, 1), IN);
	row.user = "www-data";
	return row;
}

static void test_matching(void **state)
{
	static const struct {
		const char *line;
		bool want;
	} cases[] = {
		{"allow * * *", true},
		{"allow in tcp 443", true},
		{"allow in tcp 443 from public program nginx user www-data", true},
		{"allow in tcp 443 user www-data program nginx from public # any order", true},
		{"allow in,out udp,tcp 80,440-450 from private,public program ngin? user www-*", true},
		{"allow out,listen tcp 443", false},
		{"allow in udp 443", false},
		{"allow in tcp 442,444", false},
		{"allow in tcp 51544", false}, /* the peer's is none of a service */
		{"allow in tcp ephemeral", false},
		{"allow in tcp ephemeral,443", true},
		{"allow in tcp 0-65535", true},
		{"allow in tcp 443 from private", false},
		{"allow in tcp 443 with *", true},
		{"allow in tcp 443 program Nginx", false},
		{"allow in tcp 443 program ngin", false},
		{"allow in tcp 443 program /usr/sbin/nginx", true},
		{"allow in tcp 443 program /usr/*", true},
		{"allow in tcp 443 program */nginx", true},
		{"allow in tcp 443 program /opt/nginx", false},
		{"allow in tcp 443 program [mn]ginx", true},
		{"allow in tcp 443 program ng\\inx", true},
		{"allow in tcp 443 program ngin\\?", false},
		{"allow in tcp 443 program \\/usr/sbin/nginx", true},
		{"allow in tcp 443 program \\/usr\\/sbin\\/nginx", false}, /* a name */
		{"allow in tcp 443 program -", false},
		{"allow in tcp 443 program *", true},
		{"allow in tcp 443 user root", false},
		{"allow in tcp 443 user -", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct baseline *baseline = baseline_new(services);
		struct netstat_row row = served();
		add(baseline, cases[i].line);
		if (baseline_check(baseline, &row, NULL, 0) != cases[i].want)
			print_message("%s\n", cases[i].line);
		assert_int_equal(baseline_check(baseline, &row, NULL, 0), cases[i].want);
		baseline_free(baseline);
	}
}

static void test_lines_of_rows(void **state)
{
	const struct netstat_process odd = {.program = "a b#*\\-", .pid = 1},
				     hostile = {.program = "x", .executable = "/tmp/x\n\xff[1]\x1b\x1b"},
				     minus = {.program = "-"}, gone = {.program = "x", .executable = "(unreachable)"};
	const struct netstat_owner of_odd = {&odd, 1}, of_hostile = {&hostile, 1}, of_minus = {&minus, 1},
				   of_gone = {&gone, 1};
	static const struct {
		uint8_t protocol, state, direction;
		const char *local, *foreign;
		int owner; /* 0: none, 1: nginx, 2: odd, 3: hostile, 4: minus, 5: gone */
		const char *user, *want;
	} cases[] = {
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, 0, "0.0.0.0:443", NULL, 1, "root",
		 "allow listen tcp  443       at   any       program /usr/sbin/nginx user root"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, 0, "*:443", NULL, 1, "root",
		 "allow listen tcp  443       at   any       program /usr/sbin/nginx user root"},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, 0, "127.0.0.1:40000", NULL, 1, "root",
		 "allow listen tcp  ephemeral at   loopback  program /usr/sbin/nginx user root"},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, 0, "0.0.0.0:53", NULL, 1, "root",
		 "allow listen udp  53        at   any       program /usr/sbin/nginx user root"},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, 0, "224.0.0.251:40000", NULL, 1, "root",
		 "allow listen udp  ephemeral at   multicast program /usr/sbin/nginx user root"},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, IN, "10.0.0.1:443", "10.0.0.2:50000", 1, "root",
		 "allow in     tcp  443       from private   program /usr/sbin/nginx user root"},
		{NETSTAT_TCP, NETSTAT_STATE_CLOSE_WAIT, OUT, "10.0.0.1:50000", "[2001:db8::1]:4", 2, "root",
		 "allow out    tcp  4         to   public    program a\\ b\\#\\*\\\\- user root"},
		{NETSTAT_TCP, NETSTAT_STATE_SYN_SENT, OUT, "10.0.0.1:50000", "169.254.0.1:4", 3, NULL,
		 "allow out    tcp  4         to   link      program /tmp/x*\\[1\\]* user 1000"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:50000", "10.0.0.2:4", 4, "-",
		 "allow out    udp  4         to   private   program \\- user \\-"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:4", "10.0.0.2:50000", 5, "",
		 "allow in     udp  4         from private   program x user *"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:53", "10.0.0.2:4", 0, "root",
		 "allow in     udp  53        from private   program - user root"},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, NETSTAT_DIRECTION_UNKNOWN, "10.0.0.1:50000", "10.0.0.2:4", 0,
		 "root", "allow out    tcp  4         to   private   program - user root"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:50001", "10.0.0.2:50000", 0, "root",
		 "allow out    udp  ephemeral to   private   program - user root"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:50000", "10.0.0.2:50001", 0, "root",
		 "allow out    udp  ephemeral to   private   program - user root"},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, 0, "10.0.0.1:4", "10.0.0.2:22", 0, "root",
		 "allow out    udp  22        to   private   program - user root"},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, IN, "10.0.0.1:50051", "10.0.0.2:4", 0, "root",
		 "allow in     tcp  ephemeral from private   program - user root"},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, OUT, "10.0.0.1:4", "10.0.0.2:50051", 0, "root",
		 "allow out    tcp  50051     to   private   program - user root"},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, OUT, "127.0.0.1:4", "127.0.0.1:50051", 0, "root",
		 "allow out    tcp  ephemeral to   loopback  program - user root"},
		/* None of a baseline's business. */
		{NETSTAT_TCP, NETSTAT_STATE_SYN_RECEIVED, IN, "10.0.0.1:443", "10.0.0.2:50000", 0, "root", ""},
		{NETSTAT_TCP, NETSTAT_STATE_TIME_WAIT, IN, "10.0.0.1:443", "10.0.0.2:50000", 0, "root", ""},
		{NETSTAT_TCP, NETSTAT_STATE_CLOSED, 0, "10.0.0.1:443", NULL, 1, "root", ""},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, 0, "0.0.0.0:0", NULL, 1, "root", ""},
		{NETSTAT_RAW, NETSTAT_STATE_OPEN, 0, "0.0.0.0:1", NULL, 1, "root", ""},
		{NETSTAT_UNIX, NETSTAT_STATE_LISTEN, 0, NULL, NULL, 1, "root", ""},
	};
	const struct netstat_owner *const owners[] = {NULL, &of_nginx, &of_odd, &of_hostile, &of_minus, &of_gone};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct baseline *baseline = baseline_new(services), *read = baseline_new(services);
		struct netstat_row row = row_of(cases[i].protocol, cases[i].state, cases[i].local, cases[i].foreign);
		char line[BASELINE_LINE + 1];
		if (cases[i].owner)
			row = owned(row, owners[cases[i].owner], 1);
		row.direction = cases[i].direction;
		row.user = cases[i].user;
		row.uid = 1000;
		row.has_uid = true;
		assert_int_equal(baseline_check(baseline, &row, line, sizeof(line)), !*cases[i].want);
		assert_string_equal(line, cases[i].want);
		/* As a line in a file, and when it was recorded, it matches the row. */
		if (*line)
			add(read, line);
		assert_true(baseline_check(read, &row, NULL, 0));
		assert_int_equal(baseline_record(baseline, &row), 0);
		assert_true(baseline_check(baseline, &row, NULL, 0));
		baseline_free(baseline);
		baseline_free(read);
	}
}

/* A path that is longer than any line still gets one that matches. */
static void test_a_very_long_path(void **state)
{
	struct baseline *baseline = baseline_new(services), *read = baseline_new(services);
	char path[4096], line[BASELINE_LINE + 1];
	const struct netstat_process process = {.program = "x", .executable = path};
	const struct netstat_owner owner = {&process, 1};
	struct netstat_row row = served();

	(void)state;
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = "/ *"[i % 3];
	path[sizeof(path) - 1] = 0;
	row.user = path;
	row.owners = &owner;
	assert_false(baseline_check(baseline, &row, line, sizeof(line)));
	add(read, line);
	assert_true(baseline_check(read, &row, line, 10));
	assert_int_equal(strlen(line), 9);
	baseline_free(baseline);
	baseline_free(read);
}

/* What is not accepted yet is its listener's; what its program has closed belongs to nobody and is over. */
static void test_rows_without_owner(void **state)
{
	static const struct {
		uint8_t unowned;
		bool judged;
	} cases[] = {
		{NETSTAT_OWNED, true},
		{NETSTAT_UNOWNED_DENIED, true},
		{NETSTAT_UNOWNED_ELSEWHERE, true},
		{NETSTAT_UNOWNED_WAITING, false},
		{NETSTAT_UNOWNED_CLOSED, false},
		{NETSTAT_UNOWNED_TIMEWAIT, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct baseline *baseline = baseline_new(services);
		struct netstat_row row = served();
		row.n_owners = 0;
		row.unowned = cases[i].unowned;
		assert_int_equal(baseline_check(baseline, &row, NULL, 0), !cases[i].judged);
		baseline_free(baseline);
	}
}

/* Ports that the system picks: one recorded stands for all of them, one that somebody wrote down for itself alone. */
static void test_ephemeral(void **state)
{
	struct baseline *baseline = baseline_new(services);
	struct netstat_row a = row_of(NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:40000", NULL);
	struct netstat_row b = row_of(NETSTAT_UDP, NETSTAT_STATE_OPEN, "0.0.0.0:40001", NULL);

	(void)state;
	add(baseline, "allow listen udp 40000");
	assert_false(baseline_check(baseline, &b, NULL, 0));
	assert_true(baseline_check(baseline, &a, NULL, 0));
	assert_int_equal(baseline_record(baseline, &b), 0);
	b.local.port = 50000;
	assert_true(baseline_check(baseline, &b, NULL, 0));
	b.local.port = 61000;
	assert_false(baseline_check(baseline, &b, NULL, 0));
	baseline_free(baseline);
}

/* ---- gone ---- */

static void collect(void *user, const char *line)
{
	strcat(user, line);
	strcat(user, "|");
}

static void test_unseen(void **state)
{
	struct baseline *baseline = baseline_new(services);
	struct netstat_row row = served(), other = served();
	char lines[1000] = "";

	(void)state;
	add(baseline, "allow in tcp 443   # the server\n"
		      " allow in tcp 444 program a\\ #x #comment\n"
		      "allow * * * program nginx\n"
		      "allow in tcp 444 program a\\ #x\n");
	baseline_each_unseen(baseline, NETSTAT_ALL_PROTOCOLS, collect, lines);
	assert_string_equal(lines, "allow in tcp 443|allow in tcp 444 program a\\ #x|allow * * * program nginx|");
	/* Who asked for UDP has seen nothing of TCP's, and not all of what is for any protocol. */
	lines[0] = 0;
	baseline_each_unseen(baseline, NETSTAT_BIT(NETSTAT_UDP), collect, lines);
	assert_string_equal(lines, "");
	baseline_each_unseen(baseline, NETSTAT_BIT(NETSTAT_TCP), collect, lines);
	assert_string_equal(lines, "allow in tcp 443|allow in tcp 444 program a\\ #x|");
	/* All that match are seen, not the first alone; what was recorded is no news. */
	assert_true(baseline_check(baseline, &row, NULL, 0));
	other.owners = &(struct netstat_owner){&(struct netstat_process){.program = "new"}, 1};
	other.local.port = 9;
	assert_false(baseline_check(baseline, &other, NULL, 0));
	assert_int_equal(baseline_record(baseline, &other), 0);
	assert_true(baseline_check(baseline, &other, NULL, 0));
	lines[0] = 0;
	baseline_each_unseen(baseline, NETSTAT_ALL_PROTOCOLS, collect, lines);
	assert_string_equal(lines, "allow in tcp 444 program a\\ #x|");
	baseline_free(baseline);
}

/* ---- writing ---- */

static char *written(const struct baseline *baseline)
{
	char *text = NULL;
	size_t n;
	FILE *file = open_memstream(&text, &n);

	assert_non_null(file);
	assert_int_equal(baseline_write(baseline, file), 0);
	fclose(file);
	return text;
}

static void test_written_and_read_again(void **state)
{
	struct baseline *baseline = baseline_new(services), *again = baseline_new(services);
	static const uint16_t ports[] = {443, 22, 8080};

	(void)state;
	add(baseline, "allow out udp 53,ephemeral\nallow * * *  program x\nallow in tcp ephemeral user a#b");
	for (size_t i = 0; i < LENGTH(ports); i++) {
		struct netstat_row row = served();
		row.local.port = ports[i];
		assert_int_equal(baseline_record(baseline, &row), 0);
		assert_int_equal(baseline_record(baseline, &row), 0); /* once is enough */
		row.foreign.port = 1;
		assert_int_equal(baseline_record(baseline, &row), 0);
	}
	char *text = written(baseline);
	assert_string_equal(strstr(text, "\n\n"),
			    "\n\n"
			    "allow * * *  program x\n"
			    "allow in     tcp  22        from public    program /usr/sbin/nginx user www-data\n"
			    "allow in     tcp  443       from public    program /usr/sbin/nginx user www-data\n"
			    "allow in     tcp  8080      from public    program /usr/sbin/nginx user www-data\n"
			    "allow in tcp ephemeral user a#b\n"
			    "allow out udp 53,ephemeral\n");
	for (const char *line = text; *line != '\n'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 1, 80);
	add(again, text);
	char *twice = written(again);
	assert_string_equal(text, twice);
	free(text);
	free(twice);
	baseline_free(baseline);
	baseline_free(again);
}

static void test_a_full_disk(void **state)
{
	struct baseline *baseline = baseline_new(services);
	FILE *file = fopen("/dev/full", "w");

	(void)state;
	if (!file)
		not_here("/dev/full");
	assert_int_equal(baseline_write(baseline, file), BERTH_EIO);
	fclose(file);
	baseline_free(baseline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_odd_lines),
		cmocka_unit_test(test_a_file_that_cannot_be_read),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_lines_of_rows),
		cmocka_unit_test(test_a_very_long_path),
		cmocka_unit_test(test_rows_without_owner),
		cmocka_unit_test(test_ephemeral),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_written_and_read_again),
		unit_test_or_not_here(test_a_full_disk),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
