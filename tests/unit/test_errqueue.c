/* The error queue of a socket: what is in it, in which order, how much, and what it does to the rest. */
#include "error_queue.h"
#include "one_host.h"

static int connected(struct one *o, bool recverr)
{
	struct berth_socket_address to = one_at(o, 5, 9);
	int s = one_udp_socket(o, 1000), on = recverr;
	bool ip6 = o->family == BERTH_IP6;

	assert_int_equal(berth_setsockopt(o->host, s, ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP,
					  ip6 ? BERTH_IPV6_RECVERR : BERTH_IP_RECVERR, &on, sizeof(on)),
			 0);
	assert_int_equal(berth_connect(o->host, s, &to), 0);
	return s;
}

static int pending(struct one *o, int s)
{
	int error = -1;
	size_t n = sizeof(error);

	assert_int_equal(berth_getsockopt(o->host, s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	return -error;
}

static long read_error(struct one *o, int s, struct berth_message *m, uint8_t *data, size_t n, unsigned flags)
{
	static struct berth_vector vector;

	vector = (struct berth_vector){data, n};
	*m = (struct berth_message){.vectors = &vector, .n_vectors = 1};
	return berth_recvmsg(o->host, s, m, flags | BERTH_MSG_ERRQUEUE);
}

/* A port that is nobody's: what was sent, to whom, who says so, and why. */
static void refused(void **state)
{
	struct berth_socket_address peer;
	struct berth_message m;
	uint8_t data[16] = {0};
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	peer = one_at(&o, 5, 9);
	s = connected(&o, true);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), BERTH_EAGAIN);
	assert_int_equal(berth_send(o.host, s, "hello", 5, 0), 5);
	one_out(&o);
	one_refuse(&o, 0);
	assert_int_equal(berth_ready(o.host, s) & BERTH_FAILED, BERTH_FAILED);
	for (unsigned flags = BERTH_MSG_PEEK;; flags = 0) {
		long n = read_error(&o, s, &m, data, sizeof(data), flags);

		/* Of IPv4 the test's router quotes no more than 8 bytes. */
		assert_int_equal(n, o.family == BERTH_IP6 ? 5 : 0);
		assert_memory_equal(data, "hello", (size_t)n);
		assert_int_equal(m.flags, BERTH_MSG_ERRQUEUE);
		assert_int_equal(m.control.present, BERTH_CONTROL_ERROR);
		assert_int_equal(m.control.error.number, -BERTH_ECONNREFUSED);
		assert_int_equal(m.control.error.origin, o.family == BERTH_IP6 ? BERTH_ERROR_ICMP6 : BERTH_ERROR_ICMP);
		assert_int_equal(m.control.error.type, o.family == BERTH_IP6 ? 1 : 3);
		assert_int_equal(m.control.error.code, o.family == BERTH_IP6 ? 4 : 3);
		assert_true(berth_address_equal(&m.control.offender, &peer.address));
		assert_true(berth_address_equal(&m.foreign.address, &peer.address));
		assert_int_equal(m.foreign.port, 9);
		if (!flags)
			break;
	}
	/* Who has read it need not be told again. */
	assert_int_equal(pending(&o, s), 0);
	assert_int_equal(berth_ready(o.host, s) & BERTH_FAILED, 0);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), BERTH_EAGAIN);
	one_deinit(&o);
}

/* Not asked for, nothing is queued; and what was goes with the option. */
static void not_wanted(void **state)
{
	struct berth_message m;
	uint8_t data[16];
	int s, off = 0;
	struct one o;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o, false);
	berth_send(o.host, s, "x", 1, 0);
	one_out(&o);
	one_refuse(&o, 0);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), BERTH_EAGAIN);
	assert_int_equal(pending(&o, s), BERTH_ECONNREFUSED);
	assert_int_equal(berth_close(o.host, s), 0);
	s = connected(&o, true);
	one_clear(&o);
	berth_send(o.host, s, "x", 1, 0);
	one_out(&o);
	one_refuse(&o, 0);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_RECVERR, &off, sizeof(off)), 0);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), BERTH_EAGAIN);
	one_deinit(&o);
}

/* An unconnected socket is told who of many it was; also of errors that may pass. */
static void unconnected(void **state)
{
	struct berth_socket_address peer = socket_address(PEER, 9);
	struct berth_message m;
	uint8_t data[16];
	int s, on = 1;
	struct one o;

	(void)state;
	one_init(&o);
	one_meet(&o);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_RECVERR, &on, sizeof(on)), 0);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &peer), 1);
	one_out(&o);
	one_icmp(&o, IP(192, 168, 1, 1), ICMP4_UNREACHABLE, 1, 0, o.out[0].bytes + ETH_HEADER, 29);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), 1);
	assert_int_equal(m.control.error.number, -BERTH_EHOSTUNREACH);
	assert_int_equal(m.control.offender.bytes[3], 1);
	assert_int_equal(m.foreign.port, 9);
	one_deinit(&o);
}

/* Strangers fill it up to its end; the first ones stay. A pending error is that of the oldest. */
static void bounded(void **state)
{
	struct berth_message m;
	uint8_t data[4];
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o, true);
	berth_send(o.host, s, "x", 1, 0);
	one_out(&o);
	for (unsigned i = 0; i < 3 * ERROR_QUEUE_MAX; i++)
		one_refuse(&o, 0);
	for (unsigned i = 0; i < ERROR_QUEUE_MAX; i++) {
		assert_true(read_error(&o, s, &m, data, sizeof(data), 0) >= 0);
		assert_int_equal(pending(&o, s), i + 1 < ERROR_QUEUE_MAX ? BERTH_ECONNREFUSED : 0);
	}
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), BERTH_EAGAIN);
	for (unsigned i = 0; i < 3; i++)
		one_refuse(&o, 0);
	one_deinit(&o); /* frees those that wait */
}

/* Too long for the interface and not to be cut: this host says so, with what fits. */
static void too_long(void **state)
{
	static uint8_t data[1500];
	struct berth_message m;
	uint8_t got[4];
	struct one o;
	int s, mode;
	bool ip6;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	ip6 = o.family == BERTH_IP6;
	s = connected(&o, true);
	mode = BERTH_PMTUDISC_DO;
	assert_int_equal(berth_setsockopt(o.host, s, ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP,
					  ip6 ? BERTH_IPV6_MTU_DISCOVER : BERTH_IP_MTU_DISCOVER, &mode, sizeof(mode)),
			 0);
	assert_int_equal(berth_send(o.host, s, data, ip6 ? 1453 : 1473, 0), BERTH_EMSGSIZE);
	assert_int_equal(berth_send(o.host, s, data, ip6 ? 1452 : 1472, 0), ip6 ? 1452 : 1472);
	assert_int_equal(read_error(&o, s, &m, got, sizeof(got), 0), 0);
	assert_int_equal(m.control.error.number, -BERTH_EMSGSIZE);
	assert_int_equal(m.control.error.origin, BERTH_ERROR_LOCAL);
	assert_int_equal(m.control.error.info, 1500);
	assert_int_equal(m.control.offender.family, BERTH_ANY_FAMILY);
	one_deinit(&o);
}

/* A router's word on the path: told where the program does not let datagrams be cut, and what fits is then known. */
static void narrow_path(void **state)
{
	static uint8_t data[1400];
	struct berth_message m;
	uint8_t got[4];
	struct one o;
	int s, mode = BERTH_PMTUDISC_DO, mtu = 0;
	size_t n = sizeof(mtu);

	(void)state;
	one_init(&o);
	one_meet(&o);
	s = connected(&o, true);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_MTU_DISCOVER, &mode, sizeof(mode)), 0);
	assert_int_equal(berth_getsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_MTU, &mtu, &n), 0);
	assert_int_equal(mtu, 1500);
	berth_send(o.host, s, data, sizeof(data), 0);
	one_out(&o);
	one_icmp(&o, IP(192, 168, 1, 1), ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, o.out[0].bytes + ETH_HEADER, 28);
	assert_int_equal(pending(&o, s), BERTH_EMSGSIZE);
	assert_int_equal(read_error(&o, s, &m, got, sizeof(got), 0), 0);
	assert_int_equal(m.control.error.info, 1000);
	assert_int_equal(berth_getsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_MTU, &mtu, &n), 0);
	assert_int_equal(mtu, 1000);
	assert_int_equal(berth_send(o.host, s, data, 973, 0), BERTH_EMSGSIZE);
	assert_int_equal(berth_send(o.host, s, data, 972, 0), 972);
	/* Probing does not look at what routers say. */
	mode = BERTH_PMTUDISC_PROBE;
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_MTU_DISCOVER, &mode, sizeof(mode)), 0);
	one_clear(&o);
	assert_int_equal(berth_send(o.host, s, data, sizeof(data), 0), sizeof(data));
	assert_int_equal(berth_send(o.host, s, data, 1473, 0), BERTH_EMSGSIZE);
	assert_int_equal(one_out(&o), 2);
	one_deinit(&o);
}

/* PMTUDISC_DONT: routers may cut it. */
static void may_be_cut(void **state)
{
	const uint8_t *payload;
	struct ip4_header ip;
	struct one o;
	int s, mode = BERTH_PMTUDISC_DONT;

	(void)state;
	one_init(&o);
	one_meet(&o);
	s = connected(&o, false);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_MTU_DISCOVER, &mode, sizeof(mode)), 0);
	berth_send(o.host, s, "x", 1, 0);
	one_out(&o);
	ip = sent_ip(&o, 0, &payload);
	assert_false(ip.dont_fragment);
	one_deinit(&o);
}

/* A connection that is refused: the queue tells what connect's error came from. */
static void tcp_refused(void **state)
{
	struct berth_socket_address to = socket_address(PEER, 80);
	struct berth_message m;
	uint8_t data[64];
	struct one o;
	int s, on = 1;

	(void)state;
	one_init(&o);
	one_meet(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_IP, BERTH_IP_RECVERR, &on, sizeof(on)), 0);
	assert_int_equal(berth_connect(o.host, s, &to), BERTH_EINPROGRESS);
	one_out(&o);
	one_icmp(&o, IP(192, 168, 1, 1), ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE, 0, o.out[0].bytes + ETH_HEADER, 28);
	assert_int_equal(berth_ready(o.host, s) & BERTH_FAILED, BERTH_FAILED);
	assert_int_equal(read_error(&o, s, &m, data, sizeof(data), 0), 8);
	assert_int_equal(get_be16(data + 2), 80);
	assert_int_equal(m.control.error.number, -BERTH_ECONNREFUSED);
	assert_int_equal(m.control.offender.bytes[3], 1);
	assert_int_equal(pending(&o, s), BERTH_ECONNREFUSED);
	assert_int_equal(berth_close(o.host, s), 0);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(refused),    IN_BOTH_FAMILIES(not_wanted),  cmocka_unit_test(unconnected),
		IN_BOTH_FAMILIES(bounded),    IN_BOTH_FAMILIES(too_long),    cmocka_unit_test(narrow_path),
		cmocka_unit_test(may_be_cut), cmocka_unit_test(tcp_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
