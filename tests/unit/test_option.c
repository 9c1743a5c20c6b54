/* Socket options: every one, on both kinds of socket, in and out of range. */
#include "one_host.h"

struct option_case {
	int level, option;
	int value, result; /* of setting it */
	int got;           /* what getting it then gives, when result is 0 */
};

static void check(struct one *o, int s, const struct option_case *c)
{
	int value = c->value;
	size_t n = sizeof(value);

	if (berth_setsockopt(o->host, s, c->level, c->option, &value, n) != c->result)
		fail_msg("set %d.%d to %d: not %d", c->level, c->option, c->value, c->result);
	if (c->result)
		return;
	value = -12345;
	assert_int_equal(berth_getsockopt(o->host, s, c->level, c->option, &value, &n), 0);
	assert_int_equal(n, sizeof(value));
	if (value != c->got)
		fail_msg("option %d.%d is %d, not %d", c->level, c->option, value, c->got);
}

#define SOCKET BERTH_SOL_SOCKET
#define NOPROTO BERTH_ENOPROTOOPT

static void of_both(void **state)
{
	static const struct option_case cases[] = {
		{BERTH_SOL_IP, BERTH_IP_TTL, 1, 0, 1},
		{BERTH_SOL_IP, BERTH_IP_TTL, 255, 0, 255},
		{BERTH_SOL_IP, BERTH_IP_TTL, 0, BERTH_EINVAL, 0},
		{BERTH_SOL_IP, BERTH_IP_TTL, 256, BERTH_EINVAL, 0},
		{BERTH_SOL_IP, BERTH_IP_TTL, -1, BERTH_EINVAL, 0},
		{BERTH_SOL_IP, BERTH_IP_TOS, 0xb8, 0, 0xb8},
		{BERTH_SOL_IP, BERTH_IP_TOS, 256, BERTH_EINVAL, 0},
		{BERTH_SOL_IP, 77, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_REUSEADDR, 7, 0, 1},
		{SOCKET, BERTH_SO_REUSEADDR, 0, 0, 0},
		{SOCKET, BERTH_SO_SNDBUF, 10000, 0, 10000},
		{SOCKET, BERTH_SO_SNDBUF, 0, 0, 4096},
		{SOCKET, BERTH_SO_SNDBUF, -1, 0, 4096},
		{SOCKET, BERTH_SO_SNDBUF, 0x7fffffff, 0, 67108864},
		{SOCKET, BERTH_SO_RCVBUF, 10000, 0, 10000},
		{SOCKET, BERTH_SO_RCVBUF, 1, 0, 4096},
		{SOCKET, BERTH_SO_RCVBUF, 0x7fffffff, 0, 67108864},
		{SOCKET, BERTH_SO_TYPE, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_PROTOCOL, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_DOMAIN, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_ERROR, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_ACCEPTCONN, 1, NOPROTO, 0},
		{SOCKET, 9999, 1, NOPROTO, 0},
		{41, 1, 1, NOPROTO, 0},
	};
	struct one o;

	(void)state;
	one_init(&o);
	for (int type = BERTH_STREAM; type <= BERTH_DATAGRAM; type++) {
		int s = berth_socket(o.host, BERTH_IP4, (enum berth_socket_type)type);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			check(&o, s, &cases[i]);
	}
	one_deinit(&o);
}

#define IPV6 BERTH_SOL_IPV6

/* On IPv6 sockets, of both kinds; an IPv4 socket has none of them. */
static void of_ip6(void **state)
{
	static const struct option_case cases[] = {
		{IPV6, BERTH_IPV6_UNICAST_HOPS, 1, 0, 1},
		{IPV6, BERTH_IPV6_UNICAST_HOPS, 255, 0, 255},
		{IPV6, BERTH_IPV6_UNICAST_HOPS, -1, 0, 64},
		{IPV6, BERTH_IPV6_UNICAST_HOPS, 0, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_UNICAST_HOPS, -2, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_UNICAST_HOPS, 256, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_TCLASS, 0xb8, 0, 0xb8},
		{IPV6, BERTH_IPV6_TCLASS, -1, 0, 0},
		{IPV6, BERTH_IPV6_TCLASS, -2, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_TCLASS, 256, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_V6ONLY, 7, 0, 1},
		{IPV6, BERTH_IPV6_V6ONLY, 0, 0, 0},
		{IPV6, 77, 1, NOPROTO, 0},
		/* Of IPv4, for what it says over that. */
		{BERTH_SOL_IP, BERTH_IP_TTL, 9, 0, 9},
		{BERTH_SOL_IP, BERTH_IP_TTL, -1, BERTH_EINVAL, 0},
		{BERTH_SOL_IP, BERTH_IP_TOS, 0x20, 0, 0x20},
	};
	struct one o;

	(void)state;
	one_init(&o);
	for (int type = BERTH_STREAM; type <= BERTH_DATAGRAM; type++) {
		int s = berth_socket(o.host, BERTH_IP6, (enum berth_socket_type)type);
		int four = berth_socket(o.host, BERTH_IP4, (enum berth_socket_type)type);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct option_case none = {cases[i].level, cases[i].option, cases[i].value, NOPROTO, 0};

			check(&o, s, &cases[i]);
			if (cases[i].level == IPV6)
				check(&o, four, &none);
		}
	}
	one_deinit(&o);
}

/* By the names of both levels, which mean the same settings. */
static void of_multicast(void **state)
{
	static const struct option_case cases[] = {
		{IPV6, BERTH_IPV6_MULTICAST_IF, 1, 0, 1},
		{IPV6, BERTH_IPV6_MULTICAST_IF, 0, 0, 0},
		{IPV6, BERTH_IPV6_MULTICAST_IF, 2, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_MULTICAST_IF, -1, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_MULTICAST_IF, 1000, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_MULTICAST_HOPS, 0, 0, 0},
		{IPV6, BERTH_IPV6_MULTICAST_HOPS, 255, 0, 255},
		{IPV6, BERTH_IPV6_MULTICAST_HOPS, -1, 0, 1},
		{IPV6, BERTH_IPV6_MULTICAST_HOPS, 256, BERTH_EINVAL, 0},
		{IPV6, BERTH_IPV6_MULTICAST_LOOP, 0, 0, 0},
		{IPV6, BERTH_IPV6_MULTICAST_LOOP, 1, 0, 1},
	};
	static const int names[][2] = {
		{BERTH_IPV6_MULTICAST_IF, BERTH_IP_MULTICAST_IF},
		{BERTH_IPV6_MULTICAST_HOPS, BERTH_IP_MULTICAST_TTL},
		{BERTH_IPV6_MULTICAST_LOOP, BERTH_IP_MULTICAST_LOOP},
	};
	struct one o;
	int six, four, stream;

	(void)state;
	one_init(&o);
	six = berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM);
	four = berth_socket(o.host, BERTH_IP4, BERTH_DATAGRAM);
	stream = berth_socket(o.host, BERTH_IP6, BERTH_STREAM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct option_case same = cases[i], none = cases[i];

		check(&o, six, &cases[i]);
		none.result = NOPROTO;
		check(&o, stream, &none);
		same.level = BERTH_SOL_IP;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			if (cases[i].option == names[k][0])
				same.option = names[k][1];
		}
		check(&o, six, &same);
		check(&o, four, &same);
	}
	one_deinit(&o);
}

static void of_one_kind(void **state)
{
	static const struct option_case udp[] = {
		{SOCKET, BERTH_SO_BROADCAST, 5, 0, 1},       {SOCKET, BERTH_SO_BROADCAST, 0, 0, 0},
		{SOCKET, BERTH_SO_KEEPALIVE, 1, NOPROTO, 0}, {BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1, NOPROTO, 0},
		{BERTH_SOL_IP, BERTH_IP_TOS, 3, 0, 3},
	};
	static const struct option_case tcp[] = {
		{SOCKET, BERTH_SO_BROADCAST, 1, NOPROTO, 0},
		{SOCKET, BERTH_SO_KEEPALIVE, 2, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 1, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 0, BERTH_EINVAL, 0},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 32768, BERTH_EINVAL, 0},
		{BERTH_SOL_TCP, 99, 1, NOPROTO, 0},
		/* RFC 3168: the ECN bits are TCP's own. */
		{BERTH_SOL_IP, BERTH_IP_TOS, 0xbb, 0, 0xb8},
	};
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_DATAGRAM);
	for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++)
		check(&o, s, &udp[i]);
	s = berth_socket(o.host, BERTH_IP4, BERTH_STREAM);
	for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++)
		check(&o, s, &tcp[i]);
	one_deinit(&o);
}

static int get(struct one *o, int s, int option)
{
	int value = -1;
	size_t n = sizeof(value);

	assert_int_equal(berth_getsockopt(o->host, s, SOCKET, option, &value, &n), 0);
	return value;
}

static void read_only(void **state)
{
	struct one o;
	int s, t;

	(void)state;
	one_init(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_DATAGRAM);
	t = berth_socket(o.host, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(get(&o, s, BERTH_SO_TYPE), BERTH_DATAGRAM);
	assert_int_equal(get(&o, t, BERTH_SO_TYPE), BERTH_STREAM);
	assert_int_equal(get(&o, s, BERTH_SO_PROTOCOL), 17);
	assert_int_equal(get(&o, t, BERTH_SO_PROTOCOL), 6);
	assert_int_equal(get(&o, s, BERTH_SO_DOMAIN), BERTH_IP4);
	assert_int_equal(get(&o, s, BERTH_SO_ERROR), 0);
	assert_int_equal(get(&o, s, BERTH_SO_ACCEPTCONN), 0);
	assert_int_equal(get(&o, t, BERTH_SO_ACCEPTCONN), 0);
	assert_int_equal(berth_listen(o.host, t, 1), 0);
	assert_int_equal(get(&o, t, BERTH_SO_ACCEPTCONN), 1);
	assert_int_equal(get(&o, s, BERTH_SO_SNDBUF), 262144);
	assert_int_equal(get(&o, s, BERTH_SO_RCVBUF), 262144);
	one_deinit(&o);
}

static void sizes(void **state)
{
	static const int options[][2] = {
		{BERTH_SOL_IP, BERTH_IP_TTL}, {SOCKET, BERTH_SO_REUSEADDR}, {SOCKET, BERTH_SO_BROADCAST},
		{SOCKET, BERTH_SO_SNDBUF},    {SOCKET, BERTH_SO_RCVBUF},
	};
	uint8_t value[16] = {0};
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_DATAGRAM);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		for (size_t n = 0; n < sizeof(value); n++) {
			size_t room = n;
			int got;

			if (n < sizeof(int)) /* more is as good, as on Linux */
				assert_int_equal(berth_setsockopt(o.host, s, options[i][0], options[i][1], value, n),
						 BERTH_EINVAL);
			got = berth_getsockopt(o.host, s, options[i][0], options[i][1], value, &room);
			assert_int_equal(got, n < sizeof(int) ? BERTH_EINVAL : 0);
		}
	}
	assert_int_equal(berth_setsockopt(o.host, 50, SOCKET, BERTH_SO_REUSEADDR, value, 4), BERTH_EBADF);
	assert_int_equal(berth_getsockopt(o.host, 50, SOCKET, BERTH_SO_REUSEADDR, value, &(size_t){4}), BERTH_EBADF);
	one_deinit(&o);
}

/* TTL and TOS are those of the packets. */
static void on_the_wire(void **state)
{
	struct berth_socket_address to = socket_address(PEER, 9);
	const uint8_t *payload;
	struct ip4_header ip;
	struct one o;
	int s, ttl = 3, tos = 0x2e << 2;

	(void)state;
	one_init(&o);
	one_meet(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_TTL, &ttl, sizeof(ttl)), 0);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_TOS, &tos, sizeof(tos)), 0);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	one_out(&o);
	ip = sent_ip(&o, 0, &payload);
	assert_int_equal(ip.ttl, 3);
	assert_int_equal(ip.tos, tos);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_both),     cmocka_unit_test(of_ip6),    cmocka_unit_test(of_multicast),
		cmocka_unit_test(of_one_kind), cmocka_unit_test(read_only), cmocka_unit_test(sizes),
		cmocka_unit_test(on_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
