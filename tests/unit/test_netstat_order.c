/* The order of rows and the first of them; and groups of rows, with their sums. */
#include "ask/group.h"
#include "ask/order.h"

#include "filter_rows.h"
#include "rng.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct order parsed(const char *text)
{
	struct order order = {.n = 0};
	size_t at, length;

	if (order_parse(text, &order, &at, &length) < 0)
		fail_msg("'%s': at %zu, %zu", text, at, length);
	return order;
}

static void test_parse(void **state)
{
	struct order order = parsed("recv_q, -RTT ,+local");

	assert_int_equal(order.n, 3);
	assert_string_equal(order.keys[0]->name, "recv_q");
	assert_string_equal(order.keys[1]->name, "rtt");
	assert_string_equal(order.keys[2]->name, "local");
	assert_true(!order.descending[0] && order.descending[1] && !order.descending[2]);
	assert_int_equal(order_needs(&order) & NETSTAT_NEED_TCP, NETSTAT_NEED_TCP);
	order = parsed("send-q");
	assert_string_equal(order.keys[0]->name, "send_q");
	assert_int_equal(order_needs(&order), 0);
	assert_int_equal(parsed("state,state,state,state,state,state,state,state").n, ORDER_KEYS_MAX);
}

static void test_parse_errors(void **state)
{
	static const struct {
		const char *text;
		size_t at, length;
	} cases[] = {
		{"", 0, 0},
		{"-", 0, 1},
		{"recv_q,", 7, 0},
		{"recv_q,,rtt", 7, 0},
		{"recv_q, rtx ,rtt", 8, 3},
		{"--rtt", 0, 5},
		{"recv_q rtt", 0, 10},
		{"state,state,state,state,state,state,state,state,rtt", 48, 3},
		{"a_name_that_is_longer_than_any_column_could_ever_be_called_by_anybody", 0, 69},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct order order = {.n = 99};
		size_t at, length;
		assert_int_equal(order_parse(cases[i].text, &order, &at, &length), BERTH_EINVAL);
		assert_int_equal(at, cases[i].at);
		assert_int_equal(length, cases[i].length);
		assert_int_equal(order.n, 99);
	}
}

/* Letters of the rows a to k in the order that was asked for. */
static void check_order(const char *text, size_t top, const char *want)
{
	struct order order = parsed(text);
	struct netstat_rows rows = {0};
	char got[FILTER_ROWS_N + 1] = "";

	for (size_t i = 0; i < FILTER_ROWS_N; i++) {
		struct netstat_row row = filter_rows_make(i);
		row.cookie = i;
		assert_int_equal(netstat_rows_add(&rows, &row), 0);
	}
	assert_int_equal(order_apply(&order, &rows, top), 0);
	for (size_t i = 0; i < rows.n; i++)
		got[i] = (char)('a' + rows.rows[i]->cookie);
	if (strcmp(got, want) != 0)
		fail_msg("'%s', %zu: %s, not %s", text, top, got, want);
	netstat_rows_free(&rows);
}

static void test_order(void **state)
{
	check_order("recv_q", 0, "bcdeghijkaf");
	check_order("-recv_q", 0, "fabcdeghijk");
	check_order("-recv_q", 3, "fab");
	check_order("-recv_q", 11, "fabcdeghijk");
	check_order("-recv_q", 100, "fabcdeghijk");
	check_order("recv_q,-send_q", 4, "hbcd");
	check_order("-rtt", 2, "ab");       /* those without one come last */
	check_order("rtt", 2, "ab");        /* either way */
	check_order("program", 5, "iabdc"); /* by bytes: 'W' before 'f' */
	check_order("-program", 5, "bdaic");
	check_order("local", 0, "faecgbdhkij");
	check_order("-inode", 4, "jigf");
}

/* Against the plain way: put each row where it belongs among those before. */
static void sort_plainly(const struct order *order, struct netstat_row **rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct netstat_row *row = rows[i];
		size_t j = i;
		for (; j > 0; j--) {
			int result = 0;
			for (size_t k = 0; k < order->n && result == 0; k++) {
				result = column_compare(order->keys[k], rows[j - 1], row);
				result = order->descending[k] ? -result : result;
			}
			if (result <= 0)
				break;
			rows[j] = rows[j - 1];
		}
		rows[j] = row;
	}
}

static void test_random_order(void **state)
{
	static const char *const texts[] = {"recv_q",         "-recv_q,state", "state,-send_q,inode",
					    "foreign,-local", "-state",        "local_port,-recv_q"};
	struct rng rng;

	rng_init(&rng, 20260602);
	for (unsigned run = 0; run < 300; run++) {
		struct order order = parsed(texts[run % 6]);
		struct netstat_rows rows = {0};
		struct netstat_row *want[200];
		size_t n = (size_t)rng_below(&rng, 200), top = (size_t)rng_below(&rng, n + 2);

		for (size_t i = 0; i < n; i++) {
			struct netstat_row row = {.protocol = NETSTAT_TCP,
						  .state = (uint8_t)(1 + rng_below(&rng, 4)),
						  .family = BERTH_IP4,
						  .recv_q = rng_below(&rng, 5),
						  .send_q = rng_below(&rng, 3),
						  .inode = rng_below(&rng, 50)};
			row.local.address = berth_ip4(10, 0, 0, (uint8_t)rng_below(&rng, 4));
			row.local.port = (uint16_t)rng_below(&rng, 4);
			row.foreign.address = berth_ip4(10, 0, 1, (uint8_t)rng_below(&rng, 3));
			assert_int_equal(netstat_rows_add(&rows, &row), 0);
		}
		if (n)
			memcpy(want, rows.rows, n * sizeof(want[0]));
		sort_plainly(&order, want, n);
		assert_int_equal(order_apply(&order, &rows, top), 0);
		assert_int_equal(rows.n, top && top < n ? top : n);
		for (size_t i = 0; i < rows.n; i++)
			assert_ptr_equal(rows.rows[i], want[i]);
		netstat_rows_free(&rows);
	}
}

static void test_no_order(void **state)
{
	struct order order = {.n = 0};
	struct netstat_rows rows = {0};
	struct netstat_row row = filter_rows_make(0);

	assert_int_equal(order_apply(&order, &rows, 5), 0);
	for (unsigned i = 0; i < 9; i++) {
		row.inode = i;
		assert_int_equal(netstat_rows_add(&rows, &row), 0);
	}
	assert_int_equal(order_apply(&order, &rows, 5), 0);
	assert_int_equal(rows.n, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(rows.rows[i]->inode, i);
	netstat_rows_free(&rows);
}

/* ---- groups ---- */

static struct group *grouped(const char *by)
{
	int error;
	struct group *group = group_new(by, &error);

	assert_non_null(group);
	for (size_t i = 0; i < FILTER_ROWS_N; i++)
		assert_int_equal(group_add(group, filter_rows_get(i), false), 0);
	return group;
}

/* "key=count" of each line. */
static void check_group(const char *by, const char *column, const char *want)
{
	struct group *group = grouped(by);
	size_t n, length = 0;
	const struct group_line *lines = group_lines(group, &n);
	char got[400] = "";

	assert_string_equal(group_column(group)->name, column);
	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(got + length, sizeof(got) - length, "%s%s=%ju", i ? " " : "", lines[i].key,
					   (uintmax_t)lines[i].n_rows);
	assert_string_equal(got, want);
	group_free(group);
}

static void test_groups(void **state)
{
	check_group("state", "state", "ESTABLISHED=4 =2 CONNECTED=1 FIN_WAIT2=1 LISTEN=1 LISTENING=1 TIME_WAIT=1");
	check_group("process", "program", "=7 sshd=2 Web Content=1 firefox=1");
	check_group("PROGRAM", "program", "=7 sshd=2 Web Content=1 firefox=1");
	check_group("user", "user", "=8 root=2 alice=1");
	check_group("local", "local_address",
		    "10.0.0.5=3 =2 0.0.0.0=1 172.16.0.1=1 ::=1 ::1=1 ::ffff:192.168.1.7=1 fe80::1%2=1");
	check_group("recv-q", "recv_q", "0=9 1=1 100=1");
	check_group("berth", "host", "kernel=10 web=1");
}

static void test_sums(void **state)
{
	struct netstat_row rows[] = {filter_rows_make(0), filter_rows_make(0), filter_rows_make(1)};
	int error;
	struct group *group = group_new("proto", &error);
	size_t n;

	assert_non_null(group);
	rows[1].recv_q = UINT64_MAX;
	rows[1].send_q = 7;
	rows[2].recv_q = rows[2].send_q = 128; /* a listener's queues are connections */
	rows[2].family = BERTH_IP4;
	assert_int_equal(group_lines(group, &n) != NULL && n == 0, 1);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(group_add(group, &rows[i], true), 0);
	const struct group_line *lines = group_lines(group, &n);
	assert_int_equal(n, 1);
	assert_string_equal(lines[0].key, "tcp");
	assert_true(lines[0].n_rows == 3 && lines[0].recv_q == UINT64_MAX && lines[0].send_q == 7);
	assert_true(lines[0].bytes_sent == 2000 && lines[0].bytes_received == 4 << 20);
	assert_int_equal(group_needs(group) & NETSTAT_NEED_TCP, NETSTAT_NEED_TCP);
	group_free(group);
	assert_null(group_new("no such column", &error));
	assert_int_equal(error, BERTH_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),        cmocka_unit_test(test_parse_errors), cmocka_unit_test(test_order),
		cmocka_unit_test(test_random_order), cmocka_unit_test(test_no_order),     cmocka_unit_test(test_groups),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
