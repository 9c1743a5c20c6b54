/* Columns: what each says of rows made for it, with names and in numbers; finding them, lists of them, order. */
#include "column.h"
#include "finding.h"

#include <berth/error.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct netstat_row row_of(const char *local, const char *foreign, uint8_t state)
{
	struct netstat_row row = {.protocol = NETSTAT_TCP, .state = state};

	assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

/* What a column says, as a text that tells the kind, too. The buffer starts as garbage, as in use. */
static const char *said(const char *name, const struct netstat_row *row, bool numeric)
{
	static char out[400];
	const struct column *column = column_by_name(name);
	struct cell cell;

	assert_non_null(column);
	memset(&cell, 0xa5, sizeof(cell));
	column->say(row, numeric, &cell);
	assert_non_null(cell.text);
	if (cell.kind != CELL_NONE)
		assert_int_equal(cell.kind, column->kind);
	for (size_t i = 0; cell.plain && i < cell.length; i++)
		assert_true(cell.text[i] >= ' ' && cell.text[i] <= '~' && cell.text[i] != '"' && cell.text[i] != '\\');
	switch (cell.kind) {
	case CELL_NONE:
		return "(none)";
	case CELL_TEXT:
		snprintf(out, sizeof(out), "%.*s", (int)cell.length, cell.text);
		return out;
	case CELL_NUMBER:
		snprintf(out, sizeof(out), "%" PRIu64, cell.number);
		return out;
	case CELL_DURATION:
		snprintf(out, sizeof(out), "%" PRIu64 "ns", cell.number);
		return out;
	case CELL_BOOL:
		return cell.number ? "true" : "false";
	}
	return NULL;
}

struct expectation {
	const char *name, *with_names, *numeric;
};

static void check(const struct netstat_row *row, const struct expectation *expectations, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct expectation *e = &expectations[i];
		assert_string_equal(said(e->name, row, false), e->with_names);
		assert_string_equal(said(e->name, row, true), e->numeric ? e->numeric : e->with_names);
	}
}
#define CHECK(row, ...)                                                                                                \
	check(row, (const struct expectation[]){__VA_ARGS__},                                                          \
	      sizeof((const struct expectation[]){__VA_ARGS__}) / sizeof(struct expectation))

static void test_addresses(void **state)
{
	static const struct {
		const char *local, *foreign, *local_said, *foreign_said;
	} cases[] = {
		{"0.0.0.0:80", "0.0.0.0:0", "0.0.0.0:80", "0.0.0.0:*"},
		{"[::]:80", "[::]:0", "[::]:80", "[::]:*"},
		{"10.0.0.255:65535", "192.168.100.9:1", "10.0.0.255:65535", "192.168.100.9:1"},
		{"255.255.255.255:99", "1.20.100.0:100", "255.255.255.255:99", "1.20.100.0:100"},
		{"[::1]:443", "[2001:db8::5:0:0:1]:5000", "[::1]:443", "[2001:db8::5:0:0:1]:5000"},
		{"[::ffff:10.0.0.1]:22", "[fe80::1%2]:9", "[::ffff:10.0.0.1]:22", "[fe80::1%2]:9"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct netstat_row row = row_of(cases[i].local, cases[i].foreign, NETSTAT_STATE_ESTABLISHED);
		CHECK(&row, {"local", cases[i].local_said, NULL}, {"foreign", cases[i].foreign_said, NULL});
	}
}

/* A peer that is not set is the wildcard of the row's family, so that a row tells which. */
static void test_addresses_that_are_not_set(void **state)
{
	struct netstat_row row = {.protocol = NETSTAT_UDP, .state = NETSTAT_STATE_OPEN, .local.port = 53};

	CHECK(&row, {"local", "*:53", NULL}, {"foreign", "*:*", NULL}, {"local_address", "*", NULL},
	      {"scope", "(none)", NULL}, {"family", "(none)", NULL});
	row.family = BERTH_IP4;
	CHECK(&row, {"local", "0.0.0.0:53", NULL}, {"foreign", "0.0.0.0:*", NULL}, {"foreign_address", "0.0.0.0", NULL},
	      {"scope", "any", NULL});
	row.family = BERTH_IP6;
	CHECK(&row, {"local", "[::]:53", NULL}, {"foreign", "[::]:*", NULL}, {"foreign_address", "::", NULL});
}

static void test_names_of_both_ends(void **state)
{
	struct netstat_row row = row_of("10.0.0.1:40000", "[2001:db8::1]:443", NETSTAT_STATE_ESTABLISHED);
	char name[400], expected[410];

	row.foreign_name = "host.example";
	row.foreign_service = "https";
	CHECK(&row, {"local", "10.0.0.1:40000", NULL}, {"foreign", "host.example:https", "[2001:db8::1]:443"},
	      {"foreign_name", "host.example", "(none)"}, {"foreign_service", "https", NULL},
	      {"foreign_address", "2001:db8::1", NULL}, {"foreign_port", "443", NULL}, {"local_name", "(none)", NULL},
	      {"local_service", "(none)", NULL}, {"local_port", "40000", NULL});
	row.foreign_name = NULL;
	CHECK(&row, {"foreign", "[2001:db8::1]:https", "[2001:db8::1]:443"});
	row.foreign_service = NULL;
	row.foreign_name = "host.example";
	CHECK(&row, {"foreign", "host.example:443", "[2001:db8::1]:443"});

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	row.foreign_name = name;
	snprintf(expected, sizeof(expected), "%s:443", name);
	assert_string_equal(said("foreign", &row, false), expected);
	name[255] = 'n';
	name[256] = 0;
	assert_string_equal(said("foreign", &row, false), "[2001:db8::1]:443");
}

static void test_scope_ids(void **state)
{
	struct netstat_row row = row_of("[fe80::1%7]:22", "[fe80::2%8]:5000", NETSTAT_STATE_ESTABLISHED);

	row.interface = 7;
	CHECK(&row, {"local", "[fe80::1%7]:22", NULL}, {"interface", "7", NULL});
	row.interface_name = "wlan0";
	CHECK(&row, {"local", "[fe80::1%wlan0]:22", "[fe80::1%7]:22"}, {"foreign", "[fe80::2%8]:5000", NULL},
	      {"interface", "wlan0", NULL}, {"local_address", "fe80::1%7", NULL});
	row.interface_name = "a-name-that-no-interface-can-have";
	assert_string_equal(said("local", &row, false), "[fe80::1%a-name-that-no-]:22");
}

static void test_protocols_and_states(void **state)
{
	struct netstat_row row = row_of("10.0.0.1:22", "10.0.0.2:5000", NETSTAT_STATE_FIN_WAIT_1);

	row.recv_q = 18446744073709551615u;
	row.send_q = 7;
	CHECK(&row, {"proto", "tcp", NULL}, {"family", "ipv4", NULL}, {"state", "FIN_WAIT1", NULL},
	      {"recv_q", "18446744073709551615", NULL}, {"send_q", "7", NULL}, {"scope", "private", NULL});
	row.family = BERTH_IP6;
	row.protocol = NETSTAT_UDPLITE;
	row.state = NETSTAT_STATE_OPEN;
	CHECK(&row, {"proto", "udplite6", NULL}, {"family", "ipv6", NULL}, {"state", "", NULL});
	row = (struct netstat_row){.protocol = NETSTAT_PROTOCOL_N, .state = NETSTAT_STATE_N};
	CHECK(&row, {"proto", "(none)", NULL}, {"state", "?", NULL});
}

static void test_unix_sockets(void **state)
{
	struct netstat_row row = {.protocol = NETSTAT_UNIX,
				  .state = NETSTAT_STATE_LISTEN,
				  .unix_type = SOCK_SEQPACKET,
				  .inode = 71,
				  .peer_inode = 72,
				  .path = "@bus"};

	CHECK(&row, {"proto", "unix", NULL}, {"family", "(none)", NULL}, {"state", "LISTENING", NULL},
	      {"type", "SEQPACKET", NULL}, {"inode", "71", NULL}, {"peer", "72", NULL}, {"path", "@bus", NULL},
	      {"local", "@bus", NULL}, {"foreign", "(none)", NULL}, {"local_address", "(none)", NULL},
	      {"local_port", "(none)", NULL}, {"scope", "(none)", NULL}, {"timer", "(none)", NULL},
	      {"timer_kind", "(none)", NULL}, {"service", "(none)", NULL});
	row = (struct netstat_row){
		.protocol = NETSTAT_UNIX, .state = NETSTAT_STATE_ESTABLISHED, .unix_type = SOCK_DGRAM};
	CHECK(&row, {"state", "CONNECTED", NULL}, {"type", "DGRAM", NULL}, {"path", "(none)", NULL},
	      {"local", "(none)", NULL}, {"peer", "(none)", NULL});
}

static void test_processes(void **state)
{
	static const struct netstat_process nginx = {.pid = 812,
						     .program = "nginx",
						     .command = "nginx: master process",
						     .executable = "/usr/sbin/nginx",
						     .executable_deleted = true,
						     .cgroup = "/system.slice/nginx.service",
						     .unit = "nginx.service",
						     .container = "docker:0123456789ab"};
	static const struct netstat_process worker = {.pid = 815, .program = "nginx"};
	static const struct netstat_owner owners[NETSTAT_OWNERS_MAX] = {{&nginx, 6},   {&nginx, 7},  {&worker, 6},
									{&worker, 7},  {&worker, 8}, {&worker, 9},
									{&worker, 10}, {&worker, 11}};
	struct netstat_row row = row_of("0.0.0.0:80", "0.0.0.0:0", NETSTAT_STATE_LISTEN);

	row.unowned = NETSTAT_UNOWNED_DENIED;
	CHECK(&row, {"process", "(none)", NULL}, {"pid", "(none)", NULL}, {"program", "(none)", NULL},
	      {"owners", "(none)", NULL}, {"pids", "(none)", NULL}, {"fd", "(none)", NULL},
	      {"unowned", "of a process that may not be looked at", NULL}, {"command", "(none)", NULL},
	      {"executable_deleted", "(none)", NULL}, {"unit", "(none)", NULL});
	row.unowned = NETSTAT_OWNED;
	row.owners = owners;
	row.n_owners = 1;
	CHECK(&row, {"process", "812/nginx", NULL}, {"pid", "812", NULL}, {"program", "nginx", NULL},
	      {"owners", "1", NULL}, {"pids", "812", NULL}, {"fd", "6", NULL}, {"unowned", "(none)", NULL},
	      {"command", "nginx: master process", NULL}, {"executable", "/usr/sbin/nginx", NULL},
	      {"executable_deleted", "true", NULL}, {"cgroup", "/system.slice/nginx.service", NULL},
	      {"unit", "nginx.service", NULL}, {"container", "docker:0123456789ab", NULL});
	row.n_owners = 4;
	CHECK(&row, {"process", "812/nginx +3", NULL}, {"pids", "812,815", NULL}, {"owners", "4", NULL});
	row.n_owners = 4000000000;
	CHECK(&row, {"process", "812/nginx +3999999999", NULL}, {"pids", "812,815,...", NULL});
}

static void test_a_long_program_name(void **state)
{
	char name[1000];
	struct netstat_process process = {.pid = 2147483647, .program = name};
	struct netstat_owner owner = {&process, -1};
	struct netstat_row row = {.owners = &owner, .n_owners = 1};

	memset(name, 'p', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(strlen(said("process", &row, false)), 10 + 1 + 255);
	assert_string_equal(said("fd", &row, false), "(none)");
}

static void test_users_and_places(void **state)
{
	static const struct netstat_namespace own = {.inode = 1, .name = ""}, red = {.inode = 2, .name = "red"};
	struct netstat_row row = {.protocol = NETSTAT_TCP};

	CHECK(&row, {"user", "(none)", NULL}, {"uid", "(none)", NULL}, {"host", "kernel", NULL},
	      {"namespace", "(none)", NULL}, {"interface", "(none)", NULL}, {"inode", "(none)", NULL},
	      {"cookie", "(none)", NULL}, {"mark", "(none)", NULL}, {"drops", "0", NULL}, {"age", "(none)", NULL},
	      {"v6only", "(none)", NULL}, {"congestion", "(none)", NULL}, {"type", "(none)", NULL});
	row.has_uid = true;
	CHECK(&row, {"user", "0", NULL}, {"uid", "0", NULL});
	row.user = "root";
	CHECK(&row, {"user", "root", "0"});
	row.host = "alice";
	row.ns = &own;
	CHECK(&row, {"host", "alice", NULL}, {"namespace", "(none)", NULL});
	row.ns = &red;
	row.cookie = 9;
	row.mark = 0xff;
	row.drops = 3;
	row.has_age = true;
	row.family = BERTH_IP6;
	row.congestion = "cubic";
	CHECK(&row, {"namespace", "red", NULL}, {"cookie", "9", NULL}, {"mark", "255", NULL}, {"drops", "3", NULL},
	      {"age", "0ns", NULL}, {"v6only", "false", NULL}, {"congestion", "cubic", NULL});
	row.v6only = true;
	row.ms_age = UINT64_MAX / 1000;
	CHECK(&row, {"v6only", "true", NULL}, {"age", "18446744073709551615ns", NULL});
}

static void test_timers(void **state)
{
	static const struct {
		uint8_t timer;
		uint64_t ms;
		uint32_t count;
		const char *said;
	} cases[] = {
		{NETSTAT_TIMER_OFF, 0, 0, "off (0.00/0/0)"},
		{NETSTAT_TIMER_ON, 204, 3, "on (0.20/3/0)"},
		{NETSTAT_TIMER_KEEPALIVE, 6176470, 0, "keepalive (6176.47/0/0)"},
		{NETSTAT_TIMER_KEEPALIVE, 5, 9, "keepalive (0.00/0/9)"},
		{NETSTAT_TIMER_TIMEWAIT, 59999, 0, "timewait (59.99/0/0)"},
		{NETSTAT_TIMER_PROBE, 1050, 2, "probe (1.05/0/2)"},
	};
	struct netstat_row row = {.protocol = NETSTAT_TCP};

	CHECK(&row, {"timer_kind", "off", NULL}, {"timer_ms", "(none)", NULL}, {"timer_count", "(none)", NULL});
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		row.timer = cases[i].timer;
		row.ms_timer = cases[i].ms;
		row.timer_count = cases[i].count;
		assert_string_equal(said("timer", &row, false), cases[i].said);
	}
	CHECK(&row, {"timer_kind", "probe", NULL}, {"timer_ms", "1050000000ns", NULL}, {"timer_count", "2", NULL});
}

static void test_tcp(void **state)
{
	static const struct netstat_tcp tcp = {.ns_srtt = 1,
					       .ns_rttvar = 2,
					       .ns_rto = 3,
					       .cwnd = 4,
					       .ssthresh = 5,
					       .snd_wnd = 6,
					       .rcv_wnd = 7,
					       .mss = 8,
					       .bytes_sent = 9,
					       .bytes_received = 10,
					       .bytes_retransmitted = 11,
					       .bytes_acked = 12,
					       .segments_sent = 13,
					       .segments_received = 14,
					       .segments_retransmitted = 15,
					       .notsent = 16,
					       .ms_last_sent = 17,
					       .ms_last_received = 18,
					       .delivery_rate = 19,
					       .has_bytes = true};
	struct netstat_row row = {.protocol = NETSTAT_TCP, .tcp = &tcp};

	CHECK(&row, {"rtt", "1ns", NULL}, {"rttvar", "2ns", NULL}, {"rto", "3ns", NULL}, {"cwnd", "4", NULL},
	      {"ssthresh", "5", NULL}, {"snd_wnd", "6", NULL}, {"rcv_wnd", "7", NULL}, {"mss", "8", NULL},
	      {"bytes_sent", "9", NULL}, {"bytes_received", "10", NULL}, {"bytes_retransmitted", "11", NULL},
	      {"bytes_acked", "12", NULL}, {"segments_sent", "13", NULL}, {"segments_received", "14", NULL},
	      {"retransmitted", "15", NULL}, {"notsent", "16", NULL}, {"last_sent", "17000000ns", NULL},
	      {"last_received", "18000000ns", NULL}, {"delivery_rate", "19", NULL});
	CHECK(&row, {"rx_rate", "(none)", NULL}, {"tx_rate", "(none)", NULL});
	row.rx_rate = 20;
	row.has_rates = true;
	CHECK(&row, {"rx_rate", "20", NULL}, {"tx_rate", "0", NULL});
	row.host = "alice";
	CHECK(&row, {"bytes_acked", "(none)", NULL}, {"notsent", "(none)", NULL}, {"last_sent", "(none)", NULL},
	      {"last_received", "(none)", NULL}, {"rtt", "1ns", NULL});
}

static void test_tcp_that_is_not_known(void **state)
{
	static const struct netstat_tcp fresh = {.ssthresh = UINT64_MAX};
	struct netstat_row row = {.protocol = NETSTAT_TCP};

	CHECK(&row, {"rtt", "(none)", NULL}, {"bytes_sent", "(none)", NULL}, {"last_sent", "(none)", NULL});
	row.tcp = &fresh;
	CHECK(&row, {"rtt", "(none)", NULL}, {"ssthresh", "(none)", NULL}, {"cwnd", "(none)", NULL},
	      {"delivery_rate", "(none)", NULL}, {"bytes_sent", "0", NULL}, {"retransmitted", "0", NULL},
	      {"bytes_acked", "(none)", NULL});
}

static void test_conversations(void **state)
{
	static const struct netstat_process nginx = {.pid = 812, .program = "nginx"};
	struct netstat_row row = row_of("10.0.0.1:80", "8.8.8.8:40000", NETSTAT_STATE_ESTABLISHED);
	struct netstat_row listener = row_of("[::]:80", "[::]:0", NETSTAT_STATE_LISTEN);

	CHECK(&row, {"direction", "(none)", NULL}, {"scope", "public", NULL}, {"service", "80", NULL},
	      {"listener", "(none)", NULL}, {"findings", "(none)", NULL}, {"explanation", "(none)", NULL});
	row.direction = NETSTAT_DIRECTION_IN;
	row.local_service = "http";
	row.listener = &listener.local;
	CHECK(&row, {"direction", "in", NULL}, {"service", "http", "80"}, {"listener", "[::]:80", NULL});
	row.listener_process = &nginx;
	row.findings = 1u << FINDING_OWNER_UNKNOWN | 1u << FINDING_SERVICE_UNUSUAL;
	row.explanation = "in plain words";
	CHECK(&row, {"listener", "[::]:80 812/nginx", NULL}, {"listener_pid", "812", NULL},
	      {"listener_program", "nginx", NULL}, {"findings", "owner-unknown,service-unusual", NULL},
	      {"explanation", "in plain words", NULL});
	row.findings = UINT64_MAX;
	assert_true(strlen(said("findings", &row, false)) > 60);
	row.direction = NETSTAT_DIRECTION_OUT;
	CHECK(&row, {"service", "40000", NULL});
}

/* ---- names and lists ---- */

static void test_every_column_is_whole(void **state)
{
	struct netstat_row empty = {0};

	for (size_t i = 0; i < column_count(); i++) {
		const struct column *column = column_get(i);
		assert_true(*column->name && *column->heading && *column->help);
		assert_ptr_equal(column_by_name(column->name), column);
		assert_true(column->kind != CELL_NONE);
		assert_int_equal(column->names & ~column->needs, 0);
		assert_true(column->width >= 1);
		assert_non_null(said(column->name, &empty, false));
		assert_non_null(said(column->name, &empty, true));
		for (const char *const *part = column->parts; part && *part; part++)
			assert_non_null(column_by_name(*part));
	}
	assert_null(column_get(column_count()));
}

static void test_names_of_columns(void **state)
{
	assert_ptr_equal(column_by_name("Recv-Q"), column_by_name("recv_q"));
	assert_ptr_equal(column_by_name("RTT"), column_by_name("rtt"));
	assert_null(column_by_name(""));
	assert_null(column_by_name("rt"));
	assert_null(column_by_name("rttx"));
	assert_null(column_by_name("all"));
}

/* The names of a list with blanks between. */
static const char *names_of(const struct columns *columns)
{
	static char out[2000];
	size_t n = 0;

	out[0] = 0;
	for (size_t i = 0; i < columns->n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", i ? " " : "", columns->columns[i]->name);
	return out;
}

static void test_lists(void **state)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{"proto", "proto"},
		{"proto,local,rtt", "proto local rtt"},
		{"Proto, LOCAL ,recv-q", "proto local recv_q"},
		{"rtt,rtt,proto,RTT", "rtt proto"},
		{"+rtt,cwnd", "state rtt cwnd"},
		{"+state,pid", "state pid"},
	};
	size_t at, length;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct columns columns = {.n = 0};
		columns_add(&columns, "state");
		assert_int_equal(columns_parse(cases[i].text, &columns, &at, &length), 0);
		assert_string_equal(names_of(&columns), cases[i].names);
	}
}

static void test_lists_that_are_wrong(void **state)
{
	static const struct {
		const char *text;
		size_t at, length;
	} cases[] = {
		{"", 0, 0},           {"+", 1, 0},           {"nosuch", 0, 6},    {"proto,", 6, 0},
		{"proto,,rtt", 6, 0}, {"rtt, bad ,x", 5, 3}, {"+rtt,allx", 5, 4}, {"rtt cwnd", 0, 8},
	};
	size_t at, length;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct columns columns = {.n = 0};
		columns_add(&columns, "state");
		assert_int_equal(columns_parse(cases[i].text, &columns, &at, &length), BERTH_EINVAL);
		assert_int_equal(at, cases[i].at);
		assert_int_equal(length, cases[i].length);
		assert_string_equal(names_of(&columns), "state");
	}
}

static void test_all_has_each_thing_once(void **state)
{
	struct columns columns = {.n = 0}, apart;
	size_t at, length;

	assert_int_equal(columns_parse("all", &columns, &at, &length), 0);
	assert_null(strstr(names_of(&columns), "local_address"));
	assert_non_null(strstr(names_of(&columns), "process"));
	assert_non_null(strstr(names_of(&columns), "explanation"));
	columns_take_apart(&columns, &apart);
	for (size_t i = 0; i < column_count(); i++)
		assert_true(column_get(i)->parts || strstr(names_of(&apart), column_get(i)->name));
	for (size_t i = 0; i < apart.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(apart.columns[i]->name, apart.columns[j]->name);
}

static void test_taken_apart(void **state)
{
	struct netstat_row row = row_of("[::]:80", "[::]:0", NETSTAT_STATE_LISTEN);
	struct columns columns, apart;
	struct cell cell;

	columns_default(&columns, false);
	assert_string_equal(names_of(&columns), "proto recv_q send_q local foreign state");
	columns_add(&columns, "local_port");
	columns_take_apart(&columns, &apart);
	assert_string_equal(names_of(&apart),
			    "proto family recv_q send_q local_address local_port local_service local_name "
			    "foreign_address foreign_port foreign_service foreign_name state");
	apart.columns[0]->say(&row, false, &cell);
	assert_string_equal(said("proto", &row, false), "tcp6");
	assert_int_equal(cell.length, 3);
	assert_memory_equal(cell.text, "tcp", 3);
	columns.n = 0;
	columns_add(&columns, "listener");
	columns_take_apart(&columns, &apart);
	assert_string_equal(names_of(&apart), "listener listener_pid listener_program");
	row.listener = &row.local;
	row.listener_process = &(struct netstat_process){.pid = 1, .program = "init"};
	apart.columns[0]->say(&row, false, &cell);
	assert_int_equal(cell.length, strlen("[::]:80"));
	columns_default(&columns, true);
	assert_string_equal(names_of(&columns), "proto recv_q send_q type state inode peer path");
	columns_add(&columns, "nosuch");
	assert_int_equal(columns.n, 8);
}

static void test_needs(void **state)
{
	struct columns columns;

	columns_default(&columns, false);
	assert_int_equal(columns_needs_numeric(&columns), 0);
	assert_true(columns_needs(&columns) & NETSTAT_NEED_NAMES);
	columns_add(&columns, "program");
	columns_add(&columns, "local_service");
	assert_int_equal(columns_needs_numeric(&columns), NETSTAT_NEED_OWNERS | NETSTAT_NEED_SERVICES);
}

/* ---- order ---- */

static int order(const char *name, const struct netstat_row *a, const struct netstat_row *b)
{
	const struct column *column = column_by_name(name);
	int there = column_compare(column, a, b), back = column_compare(column, b, a);

	assert_int_equal((there > 0) - (there < 0), (back < 0) - (back > 0));
	assert_int_equal(column_compare(column, a, a), 0);
	return (there > 0) - (there < 0);
}

static void test_order_of_cells(void **state)
{
	static const struct netstat_tcp fast = {.ns_srtt = 999}, slow = {.ns_srtt = 1000};
	struct netstat_row a = {.recv_q = 9, .tcp = &fast, .congestion = "bbr"};
	struct netstat_row b = {.recv_q = 10, .tcp = &slow, .congestion = "bbr2"}, nothing = {0};

	assert_int_equal(order("recv_q", &a, &b), -1);
	assert_int_equal(order("rtt", &a, &b), -1);
	assert_int_equal(order("congestion", &a, &b), -1);
	assert_int_equal(order("rtt", &nothing, &b), 1);
	assert_int_equal(order("congestion", &nothing, &a), 1);
	assert_int_equal(order("congestion", &nothing, &nothing), 0);
}

static void test_order_of_addresses(void **state)
{
	static const char *const sorted[] = {"9.0.0.1:80",  "10.0.0.1:80", "10.0.0.1:443", "10.0.0.10:1", "[::1]:80",
					     "[fe80::1]:1", NULL};

	for (size_t i = 0; sorted[i + 1]; i++) {
		struct netstat_row a = row_of(sorted[i], sorted[i + 1], NETSTAT_STATE_ESTABLISHED);
		struct netstat_row b = row_of(sorted[i + 1], sorted[i], NETSTAT_STATE_ESTABLISHED);
		assert_int_equal(order("local", &a, &b), -1);
		assert_int_equal(order("foreign", &a, &b), 1);
	}
}

static void test_order_of_processes_and_timers(void **state)
{
	static const struct netstat_process early = {.pid = 99, .program = "a"}, late = {.pid = 100, .program = "a"};
	static const struct netstat_owner first = {&early, 1}, second = {&late, 1};
	struct netstat_row a = {.owners = &first, .n_owners = 1, .timer = NETSTAT_TIMER_ON, .ms_timer = 900};
	struct netstat_row b = {.owners = &second, .n_owners = 1, .timer = NETSTAT_TIMER_ON, .ms_timer = 1000};
	struct netstat_row keepalive = {.timer = NETSTAT_TIMER_KEEPALIVE}, local = {.protocol = NETSTAT_UNIX};

	assert_int_equal(order("process", &a, &b), -1);
	assert_int_equal(order("pids", &a, &b), -1);
	assert_int_equal(order("process", &keepalive, &b), 1);
	assert_int_equal(order("timer", &a, &b), -1);
	assert_int_equal(order("timer", &b, &keepalive), -1);
	assert_int_equal(order("timer", &local, &keepalive), 1);
}

static void test_order_of_unix_sockets(void **state)
{
	struct netstat_row ip = row_of("10.0.0.1:80", "10.0.0.2:80", NETSTAT_STATE_ESTABLISHED);
	struct netstat_row a = {.protocol = NETSTAT_UNIX, .path = "/a"}, b = {.protocol = NETSTAT_UNIX, .path = "/b"};
	struct netstat_row without = {.protocol = NETSTAT_UNIX};

	assert_int_equal(order("local", &ip, &a), -1);
	assert_int_equal(order("local", &a, &b), -1);
	assert_int_equal(order("local", &b, &without), -1);
	assert_int_equal(order("local", &without, &without), 0);
	assert_int_equal(order("foreign", &ip, &a), -1);
	assert_int_equal(order("foreign", &a, &b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_that_are_not_set),
		cmocka_unit_test(test_names_of_both_ends),
		cmocka_unit_test(test_scope_ids),
		cmocka_unit_test(test_protocols_and_states),
		cmocka_unit_test(test_unix_sockets),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_a_long_program_name),
		cmocka_unit_test(test_users_and_places),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_that_is_not_known),
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_every_column_is_whole),
		cmocka_unit_test(test_names_of_columns),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lists_that_are_wrong),
		cmocka_unit_test(test_all_has_each_thing_once),
		cmocka_unit_test(test_taken_apart),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_order_of_cells),
		cmocka_unit_test(test_order_of_addresses),
		cmocka_unit_test(test_order_of_processes_and_timers),
		cmocka_unit_test(test_order_of_unix_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
