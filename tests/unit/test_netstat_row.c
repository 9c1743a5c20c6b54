/* Rows: names, what is told from one row alone, keeping them; and the index that netstat's tables are made of. */
#include "index.h"
#include "row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct netstat_row tcp_row(const char *local, const char *foreign, uint8_t state)
{
	struct netstat_row row = {.protocol = NETSTAT_TCP, .state = state, .family = BERTH_IP4};

	assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	return row;
}

static void test_scopes(void **state)
{
	static const struct {
		const char *text, *scope;
	} cases[] = {
		{"0.0.0.0", "any"},           {"::", "any"},
		{"127.0.0.1", "loopback"},    {"127.255.0.9", "loopback"},
		{"::1", "loopback"},          {"::ffff:127.0.0.1", "loopback"},
		{"169.254.1.1", "link"},      {"fe80::1", "link"},
		{"febf::1", "link"},          {"10.0.0.1", "private"},
		{"172.16.0.1", "private"},    {"172.31.255.255", "private"},
		{"172.32.0.1", "public"},     {"192.168.1.1", "private"},
		{"192.169.1.1", "public"},    {"100.64.0.1", "private"},
		{"100.128.0.1", "public"},    {"fd00::1", "private"},
		{"fe00::1", "public"},        {"2001:db8::1", "public"},
		{"::ffff:8.8.8.8", "public"}, {"224.0.0.1", "multicast"},
		{"ff02::1", "multicast"},     {"255.255.255.255", "multicast"},
		{"8.8.8.8", "public"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct berth_address address;
		assert_int_equal(berth_address_parse(cases[i].text, &address), 0);
		assert_string_equal(netstat_scope_name(netstat_scope(&address)), cases[i].scope);
	}
	assert_string_equal(netstat_scope_name(netstat_scope(&(struct berth_address){0})), "");
}

static void test_who_waits(void **state)
{
	struct netstat_row listener = tcp_row("0.0.0.0:80", "0.0.0.0:0", NETSTAT_STATE_LISTEN);
	struct netstat_row connection = tcp_row("10.0.0.1:80", "10.0.0.2:4000", NETSTAT_STATE_ESTABLISHED);
	struct netstat_row udp = tcp_row("0.0.0.0:53", "0.0.0.0:0", NETSTAT_STATE_OPEN);

	udp.protocol = NETSTAT_UDP;
	assert_true(netstat_row_waits(&listener) && !netstat_row_has_peer(&listener));
	assert_true(!netstat_row_waits(&connection) && netstat_row_has_peer(&connection));
	assert_true(netstat_row_waits(&udp));
	assert_string_equal(netstat_state_name(&listener), "LISTEN");
	assert_string_equal(netstat_state_name(&udp), "");
	listener.protocol = connection.protocol = NETSTAT_UNIX;
	assert_string_equal(netstat_state_name(&listener), "LISTENING");
	assert_string_equal(netstat_state_name(&connection), "CONNECTED");
}

static void test_service_port(void **state)
{
	bool local;
	struct netstat_row row = tcp_row("10.0.0.1:40000", "10.0.0.2:443", NETSTAT_STATE_ESTABLISHED);

	assert_int_equal(netstat_row_service_port(&row, &local), 443);
	assert_false(local);
	row.direction = NETSTAT_DIRECTION_IN;
	assert_int_equal(netstat_row_service_port(&row, &local), 40000);
	assert_true(local);
	row = tcp_row("10.0.0.1:443", "10.0.0.2:443", NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(netstat_row_service_port(&row, &local), 443);
	assert_true(local);
	row.direction = NETSTAT_DIRECTION_OUT;
	assert_int_equal(netstat_row_service_port(&row, &local), 443);
	assert_false(local);
	row.protocol = NETSTAT_UNIX;
	assert_int_equal(netstat_row_service_port(&row, &local), 0);
}

static void test_kept_rows_own_what_they_borrowed(void **state)
{
	struct netstat_rows rows = {0};
	char path[] = "/run/first", host[] = "web";
	struct netstat_tcp tcp = {.cwnd = 14480};
	struct netstat_owner owner = {.descriptor = 7};
	struct netstat_row row = {
		.protocol = NETSTAT_UNIX, .path = path, .host = host, .tcp = &tcp, .owners = &owner, .n_owners = 1};

	for (unsigned i = 0; i < 1000; i++) {
		row.inode = i;
		assert_int_equal(netstat_rows_add(&rows, &row), 0);
	}
	memset(path, 'x', sizeof(path) - 1);
	memset(host, 'x', sizeof(host) - 1);
	tcp.cwnd = owner.descriptor = 0;
	assert_int_equal(rows.n, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(rows.rows[i]->inode, i);
		assert_string_equal(rows.rows[i]->path, "/run/first");
		assert_string_equal(rows.rows[i]->host, "web");
		assert_int_equal(rows.rows[i]->tcp->cwnd, 14480);
		assert_int_equal(rows.rows[i]->owners[0].descriptor, 7);
	}
	netstat_rows_free(&rows);
}

static void test_index(void **state)
{
	struct index index;
	char key[64];
	bool is_new;

	assert_int_equal(index_init(&index, sizeof(unsigned)), 0);
	for (unsigned i = 0; i < 10000; i++) {
		int n = snprintf(key, sizeof(key), "%s%u", i % 2 ? "a key that is longer than four words are " : "", i);
		unsigned *entry = index_get(&index, key, (size_t)n, &is_new);
		assert_true(entry && is_new && *entry == 0);
		*entry = i + 1;
		assert_ptr_equal(index_get(&index, key, (size_t)n, &is_new), entry);
		assert_false(is_new);
		assert_string_equal(index_key(entry, NULL), key);
	}
	assert_int_equal(index_count(&index), 10000);
	assert_int_equal(*(unsigned *)index_find(&index, "5000", 4), 5001);
	assert_null(index_find(&index, "5000", 3 + 2));
	assert_null(index_find(&index, "none", 4));
	unsigned n = 0;
	for (unsigned *entry = index_next(&index, NULL); entry; entry = index_next(&index, entry))
		assert_int_equal(*entry, ++n);
	assert_int_equal(n, 10000);
	assert_non_null(index_get(&index, "", 0, &is_new));
	assert_true(is_new);
	index_deinit(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scopes),       cmocka_unit_test(test_who_waits),
		cmocka_unit_test(test_service_port), cmocka_unit_test(test_kept_rows_own_what_they_borrowed),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
