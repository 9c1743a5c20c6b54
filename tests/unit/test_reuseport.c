/* SO_REUSEPORT: who may share a port, and which of those that do gets a peer. */
#include "one_host.h"

#define N_SOCKETS 4
#define N_PEERS 2000

static int make(struct one *o, enum berth_socket_type type, bool reuse_port, int expected)
{
	struct berth_socket_address any = {.port = 80};
	int s = berth_socket(o->host, o->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, type), on = reuse_port;

	assert_true(s >= 0);
	assert_int_equal(berth_setsockopt(o->host, s, BERTH_SOL_SOCKET, BERTH_SO_REUSEPORT, &on, sizeof(on)), 0);
	assert_int_equal(berth_bind(o->host, s, &any), expected);
	if (expected == 0 && type == BERTH_STREAM)
		assert_int_equal(berth_listen(o->host, s, 4096), 0);
	return s;
}

/* All have to say so, before they bind. */
static void who_may(void **state)
{
	struct one o;

	one_init_family(&o, family_of(state));
	for (enum berth_socket_type type = BERTH_STREAM; type <= BERTH_DATAGRAM; type++) {
		int a = make(&o, type, true, 0), b = make(&o, type, true, 0), c, on = 1;

		assert_int_equal(berth_close(o.host, make(&o, type, false, BERTH_EADDRINUSE)), 0);
		assert_int_equal(berth_close(o.host, a), 0);
		assert_int_equal(berth_close(o.host, b), 0);
		c = make(&o, type, false, 0);
		assert_int_equal(berth_close(o.host, make(&o, type, true, BERTH_EADDRINUSE)), 0);
		assert_int_equal(berth_setsockopt(o.host, c, BERTH_SOL_SOCKET, BERTH_SO_REUSEPORT, &on, sizeof(on)), 0);
		assert_int_equal(berth_close(o.host, c), 0);
	}
	one_deinit(&o);
}

/* Which of the sockets has got the datagram of the peer with this port; it is read. */
static unsigned taker(struct one *o, const int *s, uint16_t port)
{
	unsigned taken = N_SOCKETS;
	uint8_t byte;

	one_udp(o, port, 80, "x", 1);
	for (unsigned i = 0; i < N_SOCKETS; i++) {
		if (s[i] < 0 || berth_recv(o->host, s[i], &byte, 1, 0) != 1)
			continue;
		assert_int_equal(taken, N_SOCKETS);
		taken = i;
	}
	assert_true(taken < N_SOCKETS);
	return taken;
}

/* Evenly; a peer's always to the same; and when one goes, only its own peers go elsewhere. */
static void spread(void **state)
{
	static unsigned before[N_PEERS];
	unsigned n[N_SOCKETS] = {0}, moved = 0;
	int s[N_SOCKETS];
	struct one o;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	for (unsigned i = 0; i < N_SOCKETS; i++)
		s[i] = make(&o, BERTH_DATAGRAM, true, 0);
	for (unsigned i = 0; i < N_PEERS; i++) {
		before[i] = taker(&o, s, (uint16_t)(10000 + i));
		n[before[i]]++;
	}
	for (unsigned i = 0; i < N_SOCKETS; i++)
		assert_in_range(n[i], N_PEERS / N_SOCKETS * 8 / 10, N_PEERS / N_SOCKETS * 12 / 10);
	assert_int_equal(berth_close(o.host, s[2]), 0);
	s[2] = -1;
	for (unsigned i = 0; i < N_PEERS; i++) {
		unsigned after = taker(&o, s, (uint16_t)(10000 + i));

		if (before[i] == 2)
			moved++;
		else
			assert_int_equal(after, before[i]);
	}
	assert_int_equal(moved, n[2]);
	one_deinit(&o);
}

/* Listeners: each gets a share of the connections, whole. */
static void listeners(void **state)
{
	struct berth_socket_address to;
	unsigned n[N_SOCKETS] = {0}, sum = 0;
	int s[N_SOCKETS];
	struct one o;

	one_init_family(&o, family_of(state));
	to = one_at(&o, 7, 80);
	for (unsigned i = 0; i < N_SOCKETS; i++)
		s[i] = make(&o, BERTH_STREAM, true, 0);
	for (unsigned i = 0; i < 200; i++) {
		int c = berth_socket(o.host, o.family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, BERTH_STREAM);

		assert_int_equal(berth_connect(o.host, c, &to), BERTH_EINPROGRESS);
	}
	one_run(&o, o.now + SECOND);
	for (unsigned i = 0; i < N_SOCKETS; i++) {
		while (berth_accept(o.host, s[i], NULL) >= 0)
			n[i]++;
		assert_in_range(n[i], 20, 90);
		sum += n[i];
	}
	assert_int_equal(sum, 200);
	one_deinit(&o);
}

/* A socket of IPv6 for both families, and one of IPv4 beside it. */
static void dual(void **state)
{
	struct berth_socket_address any = {.port = 80};
	int s[3], on = 1;
	uint8_t byte;
	unsigned n = 0;
	struct one o;

	(void)state;
	one_init(&o);
	one_meet(&o);
	for (unsigned i = 0; i < 2; i++) {
		s[i] = berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM);
		assert_int_equal(berth_setsockopt(o.host, s[i], BERTH_SOL_SOCKET, BERTH_SO_REUSEPORT, &on, sizeof(on)),
				 0);
		assert_int_equal(berth_bind(o.host, s[i], &any), 0);
	}
	for (uint16_t i = 0; i < 100; i++)
		one_udp(&o, (uint16_t)(1000 + i), 80, "x", 1);
	while (berth_recv(o.host, s[0], &byte, 1, 0) == 1)
		n++;
	assert_in_range(n, 25, 75);
	s[2] = make(&o, BERTH_DATAGRAM, true, 0);
	one_udp(&o, 9, 80, "x", 1);
	assert_int_equal(berth_recv(o.host, s[2], &byte, 1, 0), 1);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(who_may),
		IN_BOTH_FAMILIES(spread),
		IN_BOTH_FAMILIES(listeners),
		cmocka_unit_test(dual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
