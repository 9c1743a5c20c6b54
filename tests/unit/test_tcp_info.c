/* TCP_INFO and the queries of a socket's queues. */
#include <berth/error.h>
#include <berth/tcp_info.h>

#include "tcp_peer.h"

static const struct peer_setup full = {.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true};

static struct berth_tcp_info info_of(struct peer *p)
{
	struct berth_tcp_info info;
	size_t n = sizeof(info);

	assert_int_equal(tcp_getsockopt(&p->env, p->t, BERTH_SOL_TCP, BERTH_TCP_INFO, &info, &n), 0);
	assert_int_equal(n, sizeof(info));
	return info;
}

static int query(struct peer *p, unsigned request)
{
	int value = -1;

	assert_int_equal(tcp_query(p->t, request, &value), 0);
	return value;
}

/* As on Linux: what there is room for, and never more than there is. */
static void test_length(void **state)
{
	struct berth_tcp_info whole;
	uint8_t bytes[400];
	struct peer p;
	size_t n;

	peer_init(&p, &full);
	peer_establish_active(&p);
	whole = info_of(&p);
	for (size_t room = 0; room < sizeof(bytes); room += 7) {
		memset(bytes, 0xa5, sizeof(bytes));
		n = room;
		assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_INFO, bytes, &n), 0);
		assert_int_equal(n, room < sizeof(whole) ? room : sizeof(whole));
		assert_memory_equal(bytes, &whole, n);
		assert_int_equal(bytes[n], 0xa5);
	}
	peer_deinit(&p);
}

static void test_established(void **state)
{
	struct berth_tcp_info info;
	struct peer p;

	peer_init(&p, &full);
	peer_establish_active(&p);
	info = info_of(&p);
	assert_int_equal(info.tcpi_state, BERTH_TCP_INFO_ESTABLISHED);
	assert_int_equal(info.tcpi_ca_state, BERTH_TCP_CA_OPEN);
	assert_int_equal(info.tcpi_options & 7, BERTH_TCPI_TIMESTAMPS | BERTH_TCPI_SACK | BERTH_TCPI_WSCALE);
	assert_int_equal(info.tcpi_wscale & 15, 7);
	assert_int_equal(info.tcpi_snd_mss, p.t->mss);
	assert_int_equal(info.tcpi_snd_ssthresh, 0x7fffffff);
	assert_int_equal(info.tcpi_snd_cwnd, 10);
	assert_int_equal(info.tcpi_pmtu, p.t->mtu);
	assert_int_equal(info.tcpi_unacked, 0);
	assert_true(info.tcpi_max_pacing_rate == UINT64_MAX);
	peer_deinit(&p);
}

static void test_listener(void **state)
{
	struct peer_setup setup = full;
	struct berth_tcp_info info;
	struct peer p;
	size_t n = sizeof(info);
	int value;

	setup.backlog = 7;
	peer_init(&p, &setup);
	peer_listen(&p);
	assert_int_equal(tcp_getsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_INFO, &info, &n), 0);
	assert_int_equal(info.tcpi_state, BERTH_TCP_INFO_LISTEN);
	assert_int_equal(info.tcpi_unacked, 0);
	assert_int_equal(info.tcpi_sacked, 7);
	assert_int_equal(tcp_query(p.listener, BERTH_SIOCINQ, &value), BERTH_EINVAL);
	peer_deinit(&p);
}

/* Bytes and segments in flight, sacked, lost and sent again. */
static void test_flight(void **state)
{
	struct berth_tcp_info info;
	uint32_t mss, edges[2];
	struct peer p;

	peer_init(&p, &full);
	peer_establish_active(&p);
	mss = p.t->mss;
	assert_int_equal(peer_send(&p, 1, 8 * mss + 10), 8 * mss + 10);
	info = info_of(&p);
	assert_int_equal(info.tcpi_unacked, 9);
	assert_int_equal(info.tcpi_data_segs_out, 9);
	assert_int_equal(info.tcpi_bytes_sent, 8 * mss + 10);
	assert_int_equal(info.tcpi_bytes_acked, 0);
	assert_int_equal(query(&p, BERTH_SIOCOUTQ), 8 * mss + 10);
	assert_int_equal(query(&p, BERTH_SIOCOUTQNSD), 0);
	peer_in(&p, TCP_ACK, 1, 1 + mss, 0);
	edges[0] = 1 + 3 * mss;
	edges[1] = 1 + 5 * mss;
	peer_in_sack(&p, 1, 1 + mss, 1, edges);
	info = info_of(&p);
	assert_int_equal(info.tcpi_bytes_acked, mss);
	assert_int_equal(info.tcpi_unacked, 8);
	assert_int_equal(info.tcpi_sacked, 2);
	assert_int_equal(info.tcpi_snd_wnd, 65535u << 7);
	peer_deinit(&p);
}

/* The times are of the last segments; the peer's silence counts in milliseconds. */
static void test_times(void **state)
{
	struct berth_tcp_info info;
	struct peer p;

	peer_init(&p, &full);
	peer_establish_active(&p);
	peer_send(&p, 1, 10);
	peer_advance(&p, 20 * MS);
	peer_in(&p, TCP_ACK, 1, 11, 100);
	peer_advance(&p, 30 * MS);
	info = info_of(&p);
	assert_int_equal(info.tcpi_last_data_sent, 50);
	assert_int_equal(info.tcpi_last_data_recv, 30);
	assert_int_equal(info.tcpi_last_ack_recv, 30);
	assert_int_equal(info.tcpi_bytes_received, 100);
	assert_int_equal(info.tcpi_data_segs_in, 1);
	assert_int_equal(info.tcpi_busy_time, 20000);
	assert_int_equal(info.tcpi_rwnd_limited, 0);
	assert_int_equal(query(&p, BERTH_SIOCINQ), 100);
	peer_deinit(&p);
}

/* The peer's window holds data back, and nothing else. */
static void test_rwnd_limited(void **state)
{
	struct peer_setup setup = {.mss = 1000, .window = 2000};
	struct berth_tcp_info info;
	struct peer p;

	peer_init(&p, &setup);
	peer_establish_active(&p);
	peer_send(&p, 1, 5000);
	peer_advance(&p, 10 * MS);
	info = info_of(&p);
	assert_int_equal(info.tcpi_rwnd_limited, 10000);
	assert_int_equal(info.tcpi_busy_time, 10000);
	assert_int_equal(info.tcpi_notsent_bytes, 3000);
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 2001, 0);
	peer_advance(&p, 5 * MS);
	info = info_of(&p);
	assert_int_equal(info.tcpi_rwnd_limited, 10000);
	assert_int_equal(info.tcpi_busy_time, 15000);
	peer_in(&p, TCP_ACK, 1, 5001, 0);
	peer_advance(&p, 5 * MS);
	assert_int_equal(info_of(&p).tcpi_busy_time, 15000);
	peer_deinit(&p);
}

/* The program has more than the send queue takes. */
static void test_sndbuf_limited(void **state)
{
	struct peer_setup setup = {.mss = 1000, .send_buffer = 5000};
	struct berth_tcp_info info;
	struct peer p;

	peer_init(&p, &setup);
	peer_establish_active(&p);
	assert_int_equal(peer_send(&p, 1, 8000), 5000);
	peer_advance(&p, 10 * MS);
	info = info_of(&p);
	assert_int_equal(info.tcpi_sndbuf_limited, 10000);
	assert_int_equal(info.tcpi_busy_time, 10000);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),         cmocka_unit_test(test_established),
		cmocka_unit_test(test_listener),       cmocka_unit_test(test_flight),
		cmocka_unit_test(test_times),          cmocka_unit_test(test_rwnd_limited),
		cmocka_unit_test(test_sndbuf_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
