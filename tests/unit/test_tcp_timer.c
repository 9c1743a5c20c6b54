/* Timers on virtual time: RFC 6298, 1122, 9293 section 3.8.3 and 3.8.4, 5482. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000, .no_mtu_probing = true};
static const struct peer_setup stamped = {.mss = 1012, .timestamps = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* The wheel's deadlines are exact; what leaves does so at this time of the connection, give or take a slot. */
static void assert_at(const struct peer *p, size_t i, uint64_t ns)
{
	uint64_t is = peer_at(p, i)->at - p->began;

	if (is + 10 * MS < ns || is > ns + 10 * MS)
		fail_msg("segment %zu left at %.3f s, expected %.3f s", i, (double)is / 1e9, (double)ns / 1e9);
}

/* RFC 6298 (2.1), (5.5): a SYN after 1, 2, 4 ... seconds, and not beyond 120; RFC 9293 MUST-23: for three minutes at
 * least. */
static void test_syn(void **state)
{
	static const uint64_t s[] = {0, 1, 3, 7, 15, 31, 63, 127};
	struct peer p;

	peer_init(&p, &stamped);
	peer_connect(&p);
	peer_advance(&p, 240 * S);
	assert_int_equal(p.n_out, 8);
	for (size_t i = 0; i < 8; i++) {
		peer_expect(&p.out[i], TCP_SYN, 0, 0, 0);
		assert_at(&p, i, s[i] * S);
	}
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	peer_advance(&p, 10 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.n_out, 8); /* no RST: the peer knows nothing */
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_deinit(&p);
}

/* A SYN-ACK that nobody answers gives its place back after a minute. */
static void test_syn_ack(void **state)
{
	static const uint64_t s[] = {0, 1, 3, 7, 15, 31};
	struct peer p;

	peer_init(&p, &stamped);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_advance(&p, 62 * S);
	assert_int_equal(p.n_out, 6);
	for (size_t i = 0; i < 6; i++) {
		peer_expect(&p.out[i], TCP_SYN | TCP_ACK, 0, 1, 0);
		assert_at(&p, i, s[i] * S);
	}
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	peer_advance(&p, 2 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.listener->listener->n_half_open, 0);
	peer_deinit(&p);
}

/* RFC 6298 (5.7) and RFC 5681 section 3.1: a SYN that was sent again makes the first window one segment, and without a
 * sample the timeout three seconds. */
static void test_syn_lost(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	peer_init(&p, &plain);
	peer_connect(&p);
	peer_advance(&p, 1500 * MS);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.cwnd, 1000);
	assert_int_equal(row.ns_rto, 3 * S);
	assert_int_equal(row.ns_srtt, 0); /* Karn: which of the two was answered? */
	peer_deinit(&p);
}

/* (2.2): the handshake is the first sample. */
static void test_handshake_sample(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	peer_init(&p, &plain);
	peer_connect(&p);
	peer_advance(&p, 100 * MS);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.ns_srtt, 100 * MS);
	assert_int_equal(row.ns_rttvar, 50 * MS);
	assert_int_equal(row.ns_rto, 300 * MS);
	peer_deinit(&p);
}

/* (5.4) to (5.6): the earliest segment again, the timeout doubled to a ceiling; RST and ETIMEDOUT in the end, R2 being
 * 100 s at least (RFC 9293 MUST-20). */
static void test_back_off(void **state)
{
	uint64_t gap = 1 * S;
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 3000);
	assert_int_equal(p.n_out, 3);
	peer_advance(&p, 2000 * S);
	for (size_t i = 3; i + 1 < p.n_out; i++) {
		peer_expect(&p.out[i], TCP_ACK, 1, 1, 1000);
		if (i > 3) {
			gap = gap * 2 < 120 * S ? gap * 2 : 120 * S;
			assert_in_range(p.out[i].at - p.out[i - 1].at, gap - 10 * MS, gap + 10 * MS);
		}
	}
	assert_at(&p, 3, 1 * S);
	assert_int_equal(p.out[p.n_out - 1].h.flags, TCP_RST | TCP_ACK);
	assert_true(p.out[p.n_out - 1].at - p.began > 100 * S);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	assert_int_equal(p.env.counters.timed_out, 1);
	peer_deinit(&p);
}

/* Section 5, after (5.7): the back-off stays until a round trip is measured, which what was sent more than once does
 * not (Karn's algorithm; the peer says no timestamps). */
static void test_back_off_ends(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 3000);
	peer_advance(&p, 8 * S); /* again at 1, 3, 7 */
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_clear(&p);
	peer_advance(&p, 7900 * MS);
	peer_none(&p);
	peer_advance(&p, 200 * MS);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1001, 1, 1000);
	peer_in(&p, TCP_ACK, 1, 3001, 0);
	peer_send(&p, 3001, 1000);
	peer_advance(&p, 50 * MS);
	peer_in(&p, TCP_ACK, 1, 4001, 0); /* measured */
	peer_send(&p, 4001, 1000);
	peer_clear(&p);
	peer_advance(&p, 1100 * MS);
	peer_expect(peer_at(&p, 0), TCP_ACK, 4001, 1, 1000);
	peer_deinit(&p);
}

/* (5.3): the timer begins anew with each acknowledgment of new data. */
static void test_restart(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 5000);
	peer_clear(&p);
	for (uint32_t i = 1; i < 5; i++) {
		peer_advance(&p, 800 * MS);
		peer_none(&p);
		peer_in(&p, TCP_ACK, 1, 1 + i * 1000, 0);
	}
	/* (5.2): all is acknowledged, the timer is off. */
	peer_in(&p, TCP_ACK, 1, 5001, 0);
	peer_advance(&p, 1000 * S);
	peer_none(&p);
	peer_deinit(&p);
}

/* Section 3, Karn's algorithm: without timestamps no sample from what was sent twice; with them, from the right one. */
static void test_karn(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 1000);
	peer_advance(&p, 1050 * MS);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.ns_srtt, 0);
	peer_deinit(&p);

	begin(&p, &stamped);
	peer_send(&p, 1, 1000);
	peer_advance(&p, 1050 * MS);
	p.ts_ecr = p.out[p.n_out - 1].h.ts_val; /* of the second, 50 ms ago */
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	tcp_row(&p.env, p.t, &row);
	assert_in_range(row.ns_srtt, 40 * MS, 60 * MS);
	peer_deinit(&p);
}

/* RFC 5681 section 4.2, RFC 9293 MUST-40: 40 ms here, and at every second full segment at once. */
static void test_delayed_ack(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_none(&p);
	peer_advance(&p, 39 * MS);
	peer_none(&p);
	peer_advance(&p, 2 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 1, 101, 0);
	assert_int_equal(p.env.counters.acks_delayed, 1);
	peer_clear(&p);
	for (uint32_t i = 0; i < 10; i++) {
		peer_in(&p, TCP_ACK, 101 + i * 1000, 1, 1000);
		if (i % 2)
			peer_expect(peer_only(&p), TCP_ACK, 1, 101 + (i + 1) * 1000, 0);
		else
			peer_none(&p);
		if (i % 2)
			peer_clear(&p);
	}
	peer_advance(&p, 1 * S);
	peer_none(&p);
	peer_deinit(&p);
}

/* Data on its way takes the acknowledgment along, and the timer has nothing left to do. */
static void test_piggyback(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_send(&p, 1, 10);
	peer_expect(peer_only(&p), TCP_ACK, 1, 101, 10);
	peer_clear(&p);
	peer_advance(&p, 100 * MS);
	peer_none(&p);
	peer_deinit(&p);
}

static void test_quickack(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
	peer_in(&p, TCP_ACK, 1, 1, 1);
	peer_expect(peer_only(&p), TCP_ACK, 1, 2, 0);
	peer_deinit(&p);
}

static void keepalive(struct peer *p)
{
	begin(p, &plain);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 10);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, 2);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, 3);
	peer_option(p, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 1);
}

/* RFC 9293 section 3.8.4: off by default (MUST-25). */
static void test_keepalive_off(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_advance(&p, 100000 * S);
	peer_none(&p);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* SEG.SEQ = SND.NXT - 1, no data; three without an answer, then ETIMEDOUT. */
static void test_keepalive_dead(void **state)
{
	struct peer p;

	keepalive(&p);
	peer_advance(&p, 15 * S);
	assert_int_equal(p.n_out, 3);
	for (size_t i = 0; i < 3; i++) {
		peer_expect(&p.out[i], TCP_ACK, 0, 1, 0);
		assert_at(&p, i, (10 + 2 * i) * S);
	}
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_advance(&p, 2 * S);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	assert_int_equal(p.out[3].h.flags & TCP_RST, TCP_RST);
	peer_deinit(&p);
}

/* An answer is enough for another idle time, data too. */
static void test_keepalive_alive(void **state)
{
	struct peer p;

	keepalive(&p);
	for (unsigned i = 0; i < 20; i++) {
		peer_clear(&p);
		peer_advance(&p, 10 * S + 500 * MS);
		peer_expect(peer_only(&p), TCP_ACK, 0, 1, 0);
		peer_in(&p, TCP_ACK, 1, 1, 0);
	}
	peer_clear(&p);
	for (uint32_t i = 0; i < 20; i++) {
		peer_advance(&p, 9 * S);
		peer_in(&p, TCP_ACK, 1 + i * 10, 1, 10);
	}
	for (size_t i = 0; i < p.n_out; i++)
		assert_int_equal(p.out[i].seq, 1); /* ACKs, no probes */
	peer_deinit(&p);
}

/* A peer's keepalive is answered, with and without its byte of garbage. */
static void test_keepalive_answered(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 0; i < 10; i++) {
		peer_in(&p, TCP_ACK, 0, 1, i % 2);
		peer_expect(peer_only(&p), TCP_ACK, 1, 1, 0);
		peer_clear(&p);
		peer_advance(&p, 1 * S);
	}
	peer_deinit(&p);
}

/* RFC 5482: a user timeout sooner than R2, and later. */
static void test_user_timeout(void **state)
{
	static const int ms[] = {1500, 10000, 3000000};

	for (size_t i = 0; i < 3; i++) {
		struct peer p;

		begin(&p, &plain);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, ms[i]);
		peer_send(&p, 1, 100);
		peer_advance(&p, (uint64_t)ms[i] * MS - 100 * MS);
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
		peer_advance(&p, (uint64_t)ms[i] * MS + 120 * S);
		assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
		peer_deinit(&p);
	}
}

/* A FIN is sent again like data. */
static void test_fin(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_shutdown(&p, BERTH_SHUT_WR);
	peer_advance(&p, 8 * S);
	assert_int_equal(p.n_out, 4);
	for (size_t i = 0; i < 4; i++)
		peer_expect(&p.out[i], TCP_FIN | TCP_ACK, 1, 1, 0);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_syn_ack),
		cmocka_unit_test(test_syn_lost),
		cmocka_unit_test(test_handshake_sample),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_back_off_ends),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_karn),
		cmocka_unit_test(test_delayed_ack),
		cmocka_unit_test(test_piggyback),
		cmocka_unit_test(test_quickack),
		cmocka_unit_test(test_keepalive_off),
		cmocka_unit_test(test_keepalive_dead),
		cmocka_unit_test(test_keepalive_alive),
		cmocka_unit_test(test_keepalive_answered),
		cmocka_unit_test(test_user_timeout),
		cmocka_unit_test(test_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
