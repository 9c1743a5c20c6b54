/* Several datagrams in one call (UDP_SEGMENT, UDP_GRO), several calls for one datagram (UDP_CORK, MSG_MORE), and what
 * goes beside the data. */
#include "one_host.h"

static uint8_t data[70000];

static int connected(struct one *o)
{
	struct berth_socket_address to = one_at(o, 5, 9);
	int s = one_udp_socket(o, 1000);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(berth_connect(o->host, s, &to), 0);
	return s;
}

static void set(struct one *o, int s, int level, int option, int value)
{
	assert_int_equal(berth_setsockopt(o->host, s, level, option, &value, sizeof(value)), 0);
}

/* Frame i is a datagram with these bytes of `data`. */
static void expect_datagram(const struct one *o, unsigned i, size_t off, size_t n)
{
	size_t len;
	const uint8_t *udp = sent_udp(o, i, &len);

	assert_int_equal(len, UDP_HEADER + n);
	assert_memory_equal(udp + UDP_HEADER, data + off, n);
}

static void segments(void **state)
{
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o);
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_SEGMENT, 1000);
	assert_int_equal(berth_send(o.host, s, data, 3500, 0), 3500);
	assert_int_equal(one_out(&o), 4);
	for (unsigned i = 0; i < 4; i++)
		expect_datagram(&o, i, i * 1000, i < 3 ? 1000 : 500);
	one_clear(&o);
	/* What is no longer than one is one, and nothing is nothing's datagram. */
	assert_int_equal(berth_send(o.host, s, data, 1000, 0), 1000);
	assert_int_equal(berth_send(o.host, s, data, 0, 0), 0);
	assert_int_equal(one_out(&o), 2);
	expect_datagram(&o, 0, 0, 1000);
	expect_datagram(&o, 1, 0, 0);
	one_deinit(&o);
}

static void segments_refused(void **state)
{
	struct berth_vector vector = {data, 2000};
	struct berth_message m = {.vectors = &vector,
				  .n_vectors = 1,
				  .control = {.present = BERTH_CONTROL_SEGMENT_SIZE, .segment_size = 1473}};
	struct one o;
	int s, value = 65536;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_UDP, BERTH_UDP_SEGMENT, &value, sizeof(value)),
			 BERTH_EINVAL);
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), BERTH_EMSGSIZE);
	m.control.segment_size = 15;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), BERTH_EINVAL); /* 134 of them */
	m.control.segment_size = 16;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), 2000);
	assert_int_equal(one_out(&o), 125);
	expect_datagram(&o, 124, 1984, 16);
	one_deinit(&o);
}

/* All of a call's datagrams or none: without memory for one the others are given back. */
static void segments_without_memory(void **state)
{
	struct one o;
	unsigned n;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o);
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_SEGMENT, 1000);
	for (n = 0; n < 20; n++) {
		o.heap.fail_at = n;
		if (berth_send(o.host, s, data, 3500, 0) == 3500)
			break;
		o.heap.fail_at = SIZE_MAX;
		assert_int_equal(one_out(&o), 0);
	}
	assert_in_range(n, 4, 10);
	o.heap.fail_at = SIZE_MAX;
	assert_int_equal(one_out(&o), 4);
	one_deinit(&o);
}

static void corked(void **state)
{
	struct berth_socket_address other;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	other = one_at(&o, 5, 11);
	s = connected(&o);
	assert_int_equal(berth_send(o.host, s, data, 10, BERTH_MSG_MORE), 10);
	assert_int_equal(one_out(&o), 0);
	/* Where its beginning goes. */
	assert_int_equal(berth_sendto(o.host, s, data + 10, 1400, BERTH_MSG_MORE, &other), 1400);
	assert_int_equal(berth_send(o.host, s, data + 1410, 30, 0), 30);
	assert_int_equal(one_out(&o), 1);
	expect_datagram(&o, 0, 0, 1440);
	one_clear(&o);
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_CORK, 1);
	assert_int_equal(berth_send(o.host, s, data, 700, 0), 700);
	assert_int_equal(berth_send(o.host, s, data + 700, 100, 0), 100);
	assert_int_equal(one_out(&o), 0);
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_CORK, 0);
	assert_int_equal(one_out(&o), 1);
	expect_datagram(&o, 0, 0, 800);
	one_clear(&o);
	/* Cut when it leaves. */
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_SEGMENT, 500);
	assert_int_equal(berth_send(o.host, s, data, 700, BERTH_MSG_MORE), 700);
	assert_int_equal(berth_send(o.host, s, data + 700, 600, 0), 600);
	assert_int_equal(one_out(&o), 3);
	expect_datagram(&o, 2, 1000, 300);
	/* Longer than any datagram: all of it is lost. */
	assert_int_equal(berth_send(o.host, s, data, 60000, BERTH_MSG_MORE), 60000);
	assert_int_equal(berth_send(o.host, s, data, 6000, 0), BERTH_EMSGSIZE);
	one_clear(&o);
	assert_int_equal(one_out(&o), 0);
	assert_int_equal(berth_send(o.host, s, data, 100, BERTH_MSG_MORE), 100);
	assert_int_equal(berth_close(o.host, s), 0);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

static void joined(void **state)
{
	static uint8_t got[5000];
	struct berth_vector vectors[2] = {{got, 1500}, {got + 1500, 3500}};
	struct berth_message m = {.vectors = vectors, .n_vectors = 2};
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o);
	set(&o, s, BERTH_SOL_UDP, BERTH_UDP_GRO, 1);
	for (unsigned i = 0; i < 3; i++)
		one_udp(&o, 9, 1000, data + i * 1000, 1000);
	one_udp(&o, 9, 1000, data + 3000, 200);
	one_udp(&o, 9, 1000, data + 3200, 1000);
	assert_int_equal(berth_recvmsg(o.host, s, &m, BERTH_MSG_PEEK), 3200);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), 3200);
	assert_memory_equal(got, data, 3200);
	assert_int_equal(m.control.present, BERTH_CONTROL_SEGMENT_SIZE);
	assert_int_equal(m.control.segment_size, 1000);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), 1000);
	assert_int_equal(m.control.present, 0);
	/* No more than there is room for. */
	for (unsigned i = 0; i < 3; i++)
		one_udp(&o, 9, 1000, data + i * 1000, 1000);
	assert_int_equal(berth_recv(o.host, s, got, 2999, 0), 2000);
	assert_int_equal(berth_recv(o.host, s, got, 999, 0), 999);
	one_udp(&o, 9, 1000, data, 0);
	one_udp(&o, 9, 1000, data, 0);
	assert_int_equal(berth_recv(o.host, s, got, 2999, 0), 0);
	assert_int_equal(berth_recv(o.host, s, got, 2999, 0), 0);
	assert_int_equal(berth_recv(o.host, s, got, 2999, 0), BERTH_EAGAIN);
	one_deinit(&o);
}

/* TOS, TTL and interface: told where asked for, and as the message says instead of the socket. */
static void beside(void **state)
{
	uint8_t got[16] = {0};
	struct berth_vector vector = {got, sizeof(got)};
	struct berth_message m = {.vectors = &vector, .n_vectors = 1};
	struct one o;
	bool ip6;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	ip6 = o.family == BERTH_IP6;
	s = connected(&o);
	one_udp(&o, 9, 1000, data, 5);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), 5);
	assert_int_equal(m.control.present, 0);
	set(&o, s, ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP, ip6 ? BERTH_IPV6_RECVPKTINFO : BERTH_IP_PKTINFO, 1);
	set(&o, s, ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP, ip6 ? BERTH_IPV6_RECVHOPLIMIT : BERTH_IP_RECVTTL, 1);
	set(&o, s, ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP, ip6 ? BERTH_IPV6_RECVTCLASS : BERTH_IP_RECVTOS, 1);
	one_udp(&o, 9, 1000, data, 5);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), 5);
	assert_int_equal(m.control.present, BERTH_CONTROL_INTERFACE | BERTH_CONTROL_TTL | BERTH_CONTROL_TOS);
	assert_int_equal(m.control.interface, 1);
	assert_int_equal(m.control.ttl, 64);
	assert_int_equal(m.control.tos, 0);
	m = (struct berth_message){.vectors = &vector, .n_vectors = 1};
	m.control.present = BERTH_CONTROL_TOS | BERTH_CONTROL_TTL | BERTH_CONTROL_INTERFACE;
	m.control.interface = 1;
	m.control.tos = 0x28;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), BERTH_EINVAL); /* ttl 0 */
	m.control.ttl = 3;
	m.control.interface = 2;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), BERTH_EINVAL);
	m.control.interface = 1;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), sizeof(got));
	assert_int_equal(one_out(&o), 1);
	if (ip6) {
		assert_int_equal(o.out[0].bytes[ETH_HEADER + 7], 3);
		assert_int_equal(get_be16(o.out[0].bytes + ETH_HEADER) >> 4 & 0xff, 0x28);
	} else {
		assert_int_equal(o.out[0].bytes[ETH_HEADER + 8], 3);
		assert_int_equal(o.out[0].bytes[ETH_HEADER + 1], 0x28);
	}
	one_deinit(&o);
}

/* The lengths of the queues. */
static void lengths(void **state)
{
	struct one o;
	int s, n;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	s = connected(&o);
	assert_int_equal(berth_ioctl(o.host, s, BERTH_SIOCINQ, &n), 0);
	assert_int_equal(n, 0);
	one_udp(&o, 9, 1000, data, 5);
	one_udp(&o, 9, 1000, data, 6);
	assert_int_equal(berth_ioctl(o.host, s, BERTH_SIOCINQ, &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(berth_ioctl(o.host, s, BERTH_SIOCOUTQ, &n), 0);
	assert_int_equal(n, 0);
	berth_send(o.host, s, data, 100, 0);
	assert_int_equal(berth_ioctl(o.host, s, BERTH_SIOCOUTQ, &n), 0);
	assert_true(n >= 100);
	assert_int_equal(berth_ioctl(o.host, s, BERTH_SIOCOUTQNSD, &n), BERTH_EINVAL);
	assert_int_equal(berth_ioctl(o.host, 99, BERTH_SIOCINQ, &n), BERTH_EBADF);
	one_deinit(&o);
}

/* Timeouts are kept, with Linux's meaning, for whoever waits. */
static void timeouts(void **state)
{
	static const struct {
		struct berth_timeval set, get;
		int result;
	} rows[] = {
		{{3, 5000}, {3, 5000}, 0},
		{{0, 1}, {0, 1000}, 0},
		{{0, 0}, {0, 0}, 0},
		{{1, 1000000}, {0, 0}, BERTH_EINVAL},
		{{1, -1}, {0, 0}, BERTH_EINVAL},
		{{1000000000000, 0}, {0, 0}, 0},
		{{-1, 0}, {0, 1000}, 0},
	};
	struct berth_timeval got;
	size_t n = sizeof(got);
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	s = one_udp_socket(&o, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int option = BERTH_SO_RCVTIMEO; option <= BERTH_SO_SNDTIMEO; option++) {
			assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_SOCKET, option, &rows[i].set,
							  sizeof(rows[i].set)),
					 rows[i].result);
			assert_int_equal(berth_getsockopt(o.host, s, BERTH_SOL_SOCKET, option, &got, &n), 0);
			assert_true(got.seconds == rows[i].get.seconds);
			assert_true(got.microseconds == rows[i].get.microseconds);
		}
	}
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(segments),
		IN_BOTH_FAMILIES(segments_refused),
		IN_BOTH_FAMILIES(segments_without_memory),
		IN_BOTH_FAMILIES(corked),
		IN_BOTH_FAMILIES(joined),
		IN_BOTH_FAMILIES(beside),
		IN_BOTH_FAMILIES(lengths),
		IN_BOTH_FAMILIES(timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
