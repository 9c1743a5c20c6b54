/* The host as a whole: two of them on a cable. */
#include "two_hosts.h"

static void udp_goes_and_comes(void **state)
{
	struct cable c = {0};
	int a, b;
	struct berth_socket_address to = at(7, 7), from;
	char text[16];

	(void)state;
	cable_init(&c);
	a = udp_at(&c, 0, 1000);
	b = udp_at(&c, 1, 7);
	assert_int_equal(berth_sendto(c.host[0], a, "hello", 5, &to), 5);
	cable_settle(&c);
	assert_int_equal(berth_recvfrom(c.host[1], b, text, sizeof(text), 0, &from), 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(from.port, 1000);
	assert_int_equal(berth_sendto(c.host[1], b, "back", 4, &from), 4);
	cable_settle(&c);
	assert_int_equal(berth_recvfrom(c.host[0], a, text, sizeof(text), 0, &from), 4);
	cable_deinit(&c);
}

static void tcp_goes(void **state)
{
	struct cable c = {0};
	struct berth_socket_address to = at(7, 80), any = {.port = 80};
	int l, s, r;
	char buf[65536];
	size_t sent = 0, got = 0, total = 10000000;

	(void)state;
	cable_init(&c);
	l = berth_socket(c.host[1], BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_bind(c.host[1], l, &any), 0);
	assert_int_equal(berth_listen(c.host[1], l, 5), 0);
	s = berth_socket(c.host[0], BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	r = berth_accept(c.host[1], l, NULL);
	assert_true(r >= 0);
	memset(buf, 'x', sizeof(buf));
	while (got < total) {
		long n = berth_send(c.host[0], s, buf, sizeof(buf));

		if (n > 0)
			sent += (size_t)n;
		cable_settle(&c);
		while ((n = berth_recv(c.host[1], r, buf, sizeof(buf), 0)) > 0)
			got += (size_t)n;
		if (berth_host_deadline(c.host[0]) != 0 && berth_host_deadline(c.host[1]) != 0 && sent > got)
			cable_run(&c, c.now + MS);
	}
	assert_int_equal(berth_close(c.host[0], s), 0);
	cable_run(&c, c.now + 10 * MS);
	while (berth_recv(c.host[1], r, buf, sizeof(buf), 0) > 0)
		;
	assert_int_equal(berth_close(c.host[1], r), 0);
	cable_run(&c, c.now + 200 * SECOND);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_goes_and_comes),
		cmocka_unit_test(tcp_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
