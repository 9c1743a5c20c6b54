/* What a socket says about IP: interfaces of link-local addresses, options that packets show, rows of a snapshot. */
#include "two_links.h"

/* ---- scopes ---- */

/* The same addresses on two links: the interface tells the conversations apart, and each stays on its own. */
static void two_links(void **state)
{
	struct cable c = {0};
	int any, one[3], s[3], r[3];
	struct berth_socket_address from;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 2; i++) {
		add_interface(&c, i);
		add_address(c.host[i], 2, i == 0 ? "fe80::5" : "fe80::7");
	}
	cable_run(&c, c.now + 10 * SECOND);
	any = listener_at(&c, 1, BERTH_IP6, "::", 80);
	for (unsigned k = 1; k <= 2; k++) {
		const char *own = k == 1 ? "fe80::5%1" : "fe80::5%2", *peer = k == 1 ? "fe80::7%1" : "fe80::7%2";
		struct berth_socket_address to = named(peer, 80);

		one[k] = bound_to(&c, 1, BERTH_IP6, BERTH_DATAGRAM, peer, 7);
		s[k] = bound_to(&c, 0, BERTH_IP6, BERTH_STREAM, own, 1099);
		assert_int_equal(berth_connect(c.host[0], s[k], &to), BERTH_EINPROGRESS);
		cable_settle(&c);
		r[k] = berth_accept(c.host[1], any, &from);
		assert_true(r[k] >= 0);
		assert_address(&from, own, 1099);
	}
	for (unsigned k = 1; k <= 2; k++) {
		struct berth_socket_address to = named(k == 1 ? "fe80::7%1" : "fe80::7%2", 7);
		char got[8];
		int u = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);

		say_both_ways(&c, s[k], r[k]);
		assert_int_equal(berth_sendto(c.host[0], u, "x", 1, 0, &to), 1);
		cable_settle(&c);
		assert_int_equal(berth_recv(c.host[1], one[3 - k], got, sizeof(got), 0), BERTH_EAGAIN);
		assert_int_equal(berth_recvfrom(c.host[1], one[k], got, sizeof(got), 0, &from), 1);
		assert_address(&from, k == 1 ? "fe80::5%1" : "fe80::5%2", from.port);
		/* Bound to one link, it does not speak on the other. */
		to = named(k == 1 ? "fe80::7%2" : "fe80::7%1", 7);
		assert_int_equal(berth_sendto(c.host[1], one[k], "x", 1, 0, &to), BERTH_EINVAL);
	}
	/* By the routing table the global network is on the first link; the second's address has no way there. */
	from = named("fd00::5", 9);
	assert_int_equal(berth_sendto(c.host[1], one[1], "x", 1, 0, &from), 1);
	assert_int_equal(berth_sendto(c.host[1], one[2], "x", 1, 0, &from), BERTH_ENETUNREACH);
	cable_deinit(&c);
}

/* ---- options ---- */

/* Remembers what the last IP packet said of its class and hops. */
struct said {
	unsigned version, class, hops;
};

static bool listen_in(struct cable *c, unsigned from, struct berth_frame *frame)
{
	const uint8_t *ip = frame->data + 14;
	struct said *said = c->user;

	said->version = ip[0] >> 4;
	said->class = said->version == 6 ? (unsigned)(get_be16(ip) >> 4 & 0xff) : ip[1];
	said->hops = said->version == 6 ? ip[7] : ip[8];
	return from < 2;
}

/* Class and hops of IPv6, and of IPv4 by the same socket. */
static void options_on_the_wire(void **state)
{
	static const struct {
		const char *to;
		int hops, multicast_hops;
		unsigned version, want;
	} rows[] = {
		{"fd00::7", 3, 9, 6, 3},
		{"fd00::7", -1, 9, 6, 64},
		{"::ffff:192.168.1.7", 5, 9, 4, 5},
		{"::ffff:192.168.1.7", -1, 9, 4, 64},
		{"ff02::fb%1", 3, -1, 6, 1},
		{"ff05::fb", 3, 9, 6, 9},
		{"::ffff:224.0.0.251", 3, 9, 4, 9},
	};
	struct cable c = {0};
	struct said said = {0};
	int s, class = 0xb8;

	(void)state;
	begin(&c);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);
	assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_TCLASS, &class, sizeof(class)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_address to = named(rows[i].to, 9);

		assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_UNICAST_HOPS, &rows[i].hops,
						  sizeof(int)),
				 0);
		assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_MULTICAST_HOPS,
						  &rows[i].multicast_hops, sizeof(int)),
				 0);
		assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
		cable_settle(&c); /* whoever has to be asked for first */
		assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
		c.look = listen_in;
		c.user = &said;
		cable_move(&c, 0);
		c.look = NULL;
		assert_int_equal(said.version, rows[i].version);
		assert_int_equal(said.class, 0xb8);
		assert_int_equal(said.hops, rows[i].want);
		cable_settle(&c);
	}
	cable_deinit(&c);
}

/* A connection over IPv6 has them, too. */
static void options_of_streams(void **state)
{
	struct berth_socket_address to = named("fd00::7", 80);
	struct cable c = {0};
	struct said said = {0};
	int s, l, class = 0x28, hops = 7;

	(void)state;
	begin(&c);
	l = listener_at(&c, 1, BERTH_IP6, "::", 80);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);
	assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_TCLASS, &class, sizeof(class)), 0);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_true(berth_accept(c.host[1], l, NULL) >= 0);
	c.look = listen_in;
	c.user = &said;
	assert_int_equal(berth_send(c.host[0], s, "x", 1, 0), 1);
	cable_move(&c, 0);
	assert_int_equal(said.class & ~3u, 0x28);
	assert_int_equal(said.hops, 64);
	cable_run(&c, c.now + SECOND);
	assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_UNICAST_HOPS, &hops, sizeof(hops)),
			 0);
	assert_int_equal(berth_send(c.host[0], s, "x", 1, 0), 1);
	cable_move(&c, 0);
	assert_int_equal(said.hops, 7);
	cable_deinit(&c);
}

/* ---- rows ---- */

/* A snapshot says of an IPv6 socket what the kernel's listing does: mapped addresses, scopes. */
static void rows_of_a_snapshot(void **state)
{
	struct berth_socket_address to = named("::ffff:192.168.1.7", 80);
	struct berth_socket_row row;
	struct cable c = {0};
	uint64_t cursor = 0;
	int s;

	(void)state;
	begin(&c);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);
	assert_int_equal(berth_connect(c.host[0], s, &to), 0);
	bound_to(&c, 0, BERTH_IP6, BERTH_DATAGRAM, "fe80::5%1", 7);
	bound_to(&c, 0, BERTH_IP6, BERTH_DATAGRAM, "::", 8);
	assert_true(berth_host_snapshot_next(c.host[0], &cursor, &row));
	assert_address(&row.local, "::ffff:192.168.1.5", row.local.port);
	assert_address(&row.foreign, "::ffff:192.168.1.7", 80);
	assert_true(berth_host_snapshot_next(c.host[0], &cursor, &row));
	assert_address(&row.local, "fe80::5%1", 7);
	assert_true(berth_host_snapshot_next(c.host[0], &cursor, &row));
	assert_address(&row.local, "::", 8);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_links),
		cmocka_unit_test(options_on_the_wire),
		cmocka_unit_test(options_of_streams),
		cmocka_unit_test(rows_of_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
