/* Snapshots and counters: rows that tell the truth, a walk that survives what happens meanwhile, names that are unique.
 */
#include "two_hosts.h"

static void rows(void **state)
{
	struct cable c = {0};
	struct berth_socket_address to = at(7, 80), any = {.port = 80};
	struct berth_socket_row row;
	uint64_t cursor = 0;
	int l, u, s, r;

	(void)state;
	cable_init(&c);
	l = berth_socket(c.host[1], BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_bind(c.host[1], l, &any), 0);
	assert_int_equal(berth_listen(c.host[1], l, 5), 0);
	u = udp_at(&c, 1, 7);
	s = berth_socket(c.host[0], BERTH_IP4, BERTH_STREAM);
	any.port = 1099;
	assert_int_equal(berth_bind(c.host[0], s, &any), 0);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	/* One connection that nobody has accepted yet. */
	assert_true(berth_host_snapshot_next(c.host[1], &cursor, &row));
	assert_int_equal(row.state, BERTH_TCP_LISTEN);
	assert_int_equal(row.descriptor, l);
	assert_int_equal(row.local.port, 80);
	assert_true(berth_address_is_any(&row.local.address));
	assert_int_equal(row.recv_queue, 1);
	assert_int_equal(row.send_queue, 5);
	assert_true(berth_host_snapshot_next(c.host[1], &cursor, &row));
	assert_int_equal(row.protocol, BERTH_PROTOCOL_UDP);
	assert_int_equal(row.descriptor, u);
	assert_true(berth_host_snapshot_next(c.host[1], &cursor, &row));
	assert_int_equal(row.descriptor, -1);
	assert_false(berth_host_snapshot_next(c.host[1], &cursor, &row));
	r = berth_accept(c.host[1], l, NULL);
	assert_int_equal(berth_send(c.host[0], s, "hello", 5, 0), 5);
	to.port = 7;
	assert_int_equal(berth_sendto(c.host[0], udp_at(&c, 0, 9), "datagram", 8, 0, &to), 8);
	cable_settle(&c);
	cursor = 0;
	while (berth_host_snapshot_next(c.host[1], &cursor, &row) && row.descriptor != u)
		;
	assert_int_equal(row.bytes_received, 8);
	assert_int_equal(row.segments_received, 1);
	assert_true(row.recv_queue >= 8);
	assert_true(berth_host_snapshot_next(c.host[1], &cursor, &row));
	assert_int_equal(row.descriptor, r);
	assert_int_equal(row.protocol, BERTH_PROTOCOL_TCP);
	assert_int_equal(row.state, BERTH_TCP_ESTABLISHED);
	assert_int_equal(row.local.port, 80);
	assert_int_equal(row.local.address.bytes[3], 7);
	assert_int_equal(row.foreign.port, 1099);
	assert_int_equal(row.foreign.address.bytes[3], 5);
	assert_int_equal(row.recv_queue, 5);
	assert_int_equal(row.bytes_received, 5);
	assert_string_equal(row.congestion, "cubic");
	cable_deinit(&c);
}

/* Sockets come and go between steps: each that stays is seen once. */
static void walk_survives(void **state)
{
	struct cable c = {0};
	struct berth_socket_row row;
	uint64_t cursor = 0, other;
	int s[30], seen[100] = {0};
	unsigned step = 0;

	(void)state;
	cable_init(&c);
	for (unsigned i = 0; i < 30; i++)
		s[i] = udp_at(&c, 0, (uint16_t)(1000 + i));
	while (berth_host_snapshot_next(c.host[0], &cursor, &row)) {
		seen[row.local.port - 1000]++;
		/* The one just seen, the one before it, the next one, and a second walk beside this one. */
		if (step == 3)
			assert_int_equal(berth_close(c.host[0], s[3]), 0);
		if (step == 7)
			assert_int_equal(berth_close(c.host[0], s[6]) + berth_close(c.host[0], s[7]), 0);
		if (step == 10)
			assert_int_equal(berth_close(c.host[0], s[11]), 0);
		if (step == 12)
			assert_int_equal(berth_close(c.host[0], s[0]), 0);
		if (step == 15) {
			other = 0;
			assert_true(berth_host_snapshot_next(c.host[0], &other, &row));
			assert_int_equal(row.local.port, 1001);
		}
		if (step == 20)
			udp_at(&c, 0, 1050);
		step++;
	}
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(seen[i], i != 11);
	assert_int_equal(seen[50], 1);
	assert_int_equal(step, 30);
	cable_deinit(&c);
}

static void counters(void **state)
{
	struct cable c = {0};
	struct berth_counter a, b;
	size_t n = 0;

	(void)state;
	cable_init(&c);
	while (berth_host_counter(c.host[0], n, &a)) {
		assert_int_equal(a.value, 0);
		assert_true(strlen(a.text) > 4);
		for (size_t i = 0; i < n; i++) {
			assert_true(berth_host_counter(c.host[0], i, &b));
			assert_string_not_equal(a.name, b.name);
		}
		n++;
	}
	assert_true(n > 100);
	assert_false(berth_host_counter(c.host[0], SIZE_MAX, &a));
	assert_int_equal(counter(c.host[0], "tcp_segments_in"), 0);
	udp_at(&c, 0, 1000);
	assert_int_equal(
		berth_sendto(c.host[0], 0, "x", 1, 0, &(struct berth_socket_address){berth_ip4(192, 168, 1, 7), 9}), 1);
	cable_settle(&c);
	assert_int_equal(counter(c.host[0], "udp_datagrams_out"), 1);
	assert_int_equal(counter(c.host[1], "udp_no_socket"), 1);
	assert_int_equal(counter(c.host[0], "arp_requests_out"), 1);
	assert_int_equal(counter(c.host[1], "eth_frames_in"), c.n_moved[0]);
	assert_int_equal(counter(c.host[1], "eth_frames_out"), c.n_moved[1]);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(walk_survives),
		cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
