/* How connections end: RFC 9293 section 3.6, 3.10.4, TIME-WAIT (RFC 6191, 1337), resets (RFC 2525, 5961). */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};
static const struct peer_setup stamped = {.mss = 1012, .timestamps = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_passive(p);
}

/* Figure 12: our FIN first; the user still reads in FIN-WAIT-2 (half close). */
static void test_half_close_ours(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 500);
	peer_clear(&p);
	peer_shutdown(&p, BERTH_SHUT_WR);
	peer_expect(peer_only(&p), TCP_FIN | TCP_ACK, 501, 1, 0);
	assert_int_equal(peer_send(&p, 501, 10), BERTH_EPIPE);
	peer_in(&p, TCP_ACK, 1, 502, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_advance(&p, 1000 * S); /* no limit while the user is there */
	for (uint32_t at = 1; at < 5001; at += 1000)
		peer_in(&p, TCP_ACK, at, 502, 1000);
	assert_int_equal(peer_recv(&p, 1, 10000), 5000);
	assert_int_equal(peer_recv(&p, 5001, 10), BERTH_EAGAIN);
	peer_clear(&p);
	peer_in(&p, TCP_FIN | TCP_ACK, 5001, 502, 0);
	peer_expect(&p.out[p.n_out - 1], TCP_ACK, 502, 5002, 0);
	assert_int_equal(peer_recv(&p, 5001, 10), 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_close(&p);
	peer_advance(&p, 61 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* The peer's FIN first: we send on in CLOSE-WAIT. */
static void test_half_close_theirs(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 1, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSE_WAIT);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	assert_int_equal(peer_recv(&p, 101, 1000), 0);
	peer_clear(&p);
	assert_int_equal(peer_send(&p, 1, 2500), 2500);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 102, 1000);
	peer_in(&p, TCP_ACK, 102, 2501, 0);
	peer_clear(&p);
	peer_close(&p);
	peer_expect(peer_only(&p), TCP_FIN | TCP_ACK, 2501, 102, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_LAST_ACK);
	peer_in(&p, TCP_ACK, 102, 2502, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.env.n_time_wait, 0);
	peer_deinit(&p);
}

/* Figure 13: both FINs cross. */
static void test_simultaneous(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_close(&p);
	peer_clear(&p);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 1, 0);
	peer_expect(peer_only(&p), TCP_ACK, 2, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSING);
	peer_in(&p, TCP_ACK, 2, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_advance(&p, 59 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_advance(&p, 2 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* FIN with an ACK of ours: straight from FIN-WAIT-1 to TIME-WAIT. */
static void test_fin_with_ack(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_close(&p);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* What is queued leaves before the FIN, which goes with the last of it. */
static void test_queued_first(void **state)
{
	const struct peer_setup setup = {.mss = 1000, .window = 3000};
	uint32_t at = 1;
	struct peer p;

	begin(&p, &setup);
	peer_send(&p, 1, 8500);
	peer_close(&p);
	for (unsigned round = 0; round < 20 && at < 8502; round++) {
		for (size_t i = 0; i < p.n_out; i++) {
			bool last = p.out[i].seq + p.out[i].len == 8501;

			peer_expect(&p.out[i], last ? TCP_FIN | TCP_ACK : TCP_ACK, at, 1, p.out[i].len);
			at += p.out[i].len + last;
		}
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, at, 0);
	}
	assert_int_equal(at, 8502);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_deinit(&p);
}

/* A FIN ahead of a gap counts when the gap is filled; text beyond a FIN is ignored. */
static void test_fin_out_of_order(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_FIN | TCP_ACK, 101, 1, 100); /* the FIN is at 201 */
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_in(&p, TCP_ACK, 201, 1, 50); /* beyond it */
	peer_in(&p, TCP_ACK, 151, 1, 100);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSE_WAIT);
	peer_expect(&p.out[p.n_out - 1], TCP_ACK, 1, 202, 0);
	assert_int_equal(peer_recv(&p, 1, 1000), 200);
	assert_int_equal(peer_recv(&p, 201, 1000), 0);
	peer_in(&p, TCP_ACK, 202, 1, 50);
	assert_int_equal(peer_recv(&p, 201, 1000), 0);
	peer_deinit(&p);
}

/* RFC 2525 section 2.17: unread data at close is a reset, at once. */
static void test_unread(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_clear(&p);
	peer_close(&p);
	peer_expect(peer_only(&p), TCP_RST | TCP_ACK, 1, 101, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* RFC 9293 section 3.6.1: data for a user who is gone is answered by RST; its retransmission finds no connection. */
static void test_data_for_closed(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_close(&p);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2, 100);
	assert_int_equal(peer_only(&p)->h.flags & TCP_RST, TCP_RST);
	assert_int_equal(peer_only(&p)->seq, 2);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	tcp_close(&p.env, p.listener);
	p.listener = NULL;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2, 100);
	peer_expect(peer_only(&p), TCP_RST, 2, 0, 0);
	assert_true(peer_only(&p)->reply);
	peer_deinit(&p);
}

/* FIN-WAIT-2 without a user does not last for ever. */
static void test_fin_wait_2(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_close(&p);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	peer_advance(&p, 50 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_advance(&p, 20 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* LAST-ACK whose ACK never comes is given up. */
static void test_last_ack(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 1, 0);
	peer_close(&p);
	peer_advance(&p, 2000 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.env.counters.timed_out, 1);
	peer_deinit(&p);
}

/* The user reads what came before the reset, then the error, then the end. */
static void test_reset_after_data(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_in(&p, TCP_RST, 101, 0, 0);
	assert_true(tcp_ready(p.t) & BERTH_FAILED);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	assert_int_equal(peer_recv(&p, 101, 1000), BERTH_ECONNRESET);
	assert_int_equal(peer_recv(&p, 101, 1000), 0);
	assert_int_equal(peer_send(&p, 1, 10), BERTH_EPIPE);
	peer_deinit(&p);
}

/* ---- TIME-WAIT ---- */

static void time_wait(struct peer *p, const struct peer_setup *setup)
{
	begin(p, setup);
	peer_close(p);
	peer_in(p, TCP_FIN | TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(p), BERTH_TCP_TIME_WAIT);
	peer_clear(p);
}

/* A repeated FIN is acknowledged and restarts the two MSL (section 3.10.7.4). */
static void test_repeated_fin(void **state)
{
	struct peer p;

	time_wait(&p, &plain);
	for (unsigned i = 0; i < 5; i++) {
		peer_advance(&p, 50 * S);
		peer_in(&p, TCP_FIN | TCP_ACK, 1, 2, 0);
		peer_expect(peer_only(&p), TCP_ACK, 2, 2, 0);
		peer_clear(&p);
	}
	peer_advance(&p, 59 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_advance(&p, 2 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* RFC 1337: what old segments do to it. The window's segments are not answered, those out of it once in a while. */
static void test_old_segments(void **state)
{
	struct peer p;

	time_wait(&p, &plain);
	for (unsigned i = 0; i < 100; i++)
		peer_in(&p, TCP_ACK, 0x7000 + 100000, 2, 0);
	assert_int_equal(p.n_out, 1);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_in(&p, TCP_RST, 500, 0, 0); /* in the window, not at its edge */
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* RFC 5961 section 3.2: a reset in the window is challenged, the first number beyond it is outside: silence. */
static void test_reset_at_edge(void **state)
{
	struct peer p;
	uint32_t edge;

	begin(&p, &plain);
	edge = (uint32_t)(p.t->rcv_adv - p.t->rcv_nxt) + 1;
	peer_in(&p, TCP_RST, edge, 0, 0);
	peer_in(&p, TCP_RST, edge + 1, 0, 0);
	peer_none(&p);
	peer_in(&p, TCP_ACK, edge, 1, 0); /* an empty segment there is no stranger */
	peer_none(&p);
	peer_in(&p, TCP_RST, edge - 1, 0, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* RFC 6191 section 2: who may take the place of the old connection. The old timestamp is ts_val of the setup. */
static void test_reuse(void **state)
{
	static const struct {
		bool old_ts, new_ts;
		int32_t newer; /* timestamp, against the last seen */
		uint32_t seq;  /* rcv_nxt is 2 */
		uint8_t flags;
		bool taken;
	} rows[] = {
		{true, true, 1, 0x80000000, TCP_SYN, true}, /* a newer timestamp is enough */
		{true, true, 1, 100, TCP_SYN, true},
		{true, true, 0, 3, TCP_SYN, true},
		{true, true, 0, 2, TCP_SYN, false},
		{true, true, 0, 0xfffffff0, TCP_SYN, false},
		{true, true, -1, 100, TCP_SYN, false},
		{true, false, 0, 3, TCP_SYN, true},
		{true, false, 0, 1, TCP_SYN, false},
		{false, true, 0, 3, TCP_SYN, true},
		{false, false, 0, 3, TCP_SYN, true},
		{false, false, 0, 2, TCP_SYN, false},
		{false, false, 0, 1, TCP_SYN, false},
		{false, false, 0, 3, TCP_SYN | TCP_ACK, false},
		{false, false, 0, 3, TCP_SYN | TCP_RST, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp_header h;
		struct peer p;

		time_wait(&p, rows[i].old_ts ? &stamped : &plain);
		p.setup.timestamps = rows[i].new_ts;
		p.ts_val += (uint32_t)rows[i].newer;
		h = peer_syn(&p, rows[i].flags, rows[i].seq, 2);
		peer_in_header(&p, &h, 0);
		if ((peer_state(&p) == BERTH_TCP_SYN_RECEIVED) != rows[i].taken)
			fail_msg("row %zu: %s", i, peer_state_name(peer_state(&p)));
		if (rows[i].taken) {
			assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
			assert_int_equal(p.env.n_time_wait, 0);
		}
		peer_deinit(&p);
	}
}

/* RFC 9293 section 3.6.1, MAY-2: the new connection's numbers begin above the old one's, though that one was faster
 * than the clock that they come from. */
static void test_reuse_numbers(void **state)
{
	struct tcp_header h;
	struct peer p;
	struct tcb *old;
	uint32_t end;

	time_wait(&p, &plain);
	old = CONTAINER_OF(pairs_find(&p.pairs, &p.pair), struct tcb, e);
	old->snd_nxt += 1000000000;
	end = (uint32_t)old->snd_nxt;
	h = peer_syn(&p, TCP_SYN, 3, 0);
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	assert_int_equal(peer_only(&p)->h.seq, end + 65536);
	peer_deinit(&p);
}

/* Where nobody listens there is no new connection to make room for: the newest SYN does not end TIME-WAIT. */
static void test_reuse_without_listener(void **state)
{
	struct peer p;

	time_wait(&p, &plain);
	tcp_close(&p.env, p.listener);
	p.listener = NULL;
	peer_in(&p, TCP_SYN, 1000, 0, 0);
	peer_expect(peer_only(&p), TCP_ACK, 2, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* Their number is bounded: the oldest makes room. */
static void test_cap(void **state)
{
	const struct peer_setup setup = {.mss = 1000, .n_time_wait_max = 10};
	struct peer p;

	peer_init(&p, &setup);
	peer_listen(&p);
	for (unsigned i = 0; i < 50; i++) {
		struct tcp_header h;
		uint32_t iss;

		p.pair.foreign_port = (uint16_t)(3000 + i);
		peer_clear(&p);
		peer_in(&p, TCP_SYN, 0, 0, 0);
		iss = peer_only(&p)->h.seq;
		h = peer_header(&p, TCP_ACK, 1, 0);
		h.ack = iss + 1;
		peer_in_header(&p, &h, 0);
		peer_accept(&p);
		peer_close(&p);
		h = peer_header(&p, TCP_FIN | TCP_ACK, 1, 0);
		h.ack = iss + 2;
		peer_in_header(&p, &h, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
		assert_true(p.env.n_time_wait <= 10);
	}
	assert_int_equal(p.env.counters.time_wait_recycled, 40);
	p.pair.foreign_port = 3039;
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	p.pair.foreign_port = 3040;
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* ---- blind attacks (attacks 29, 30, 31): RFC 5961 ---- */

/* Section 3: only the very next number resets; others in the window get one challenge ACK in a while. */
static void test_blind_reset(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 1; i < 3000; i++)
		peer_in(&p, TCP_RST, 1 + i * 20, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p.n_out, 1);
	peer_expect(&p.out[0], TCP_ACK, 1, 1, 0);
	assert_true(p.env.counters.challenge_limited > 2000);
	peer_in(&p, TCP_RST, 1, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(peer_error(&p), BERTH_ECONNRESET);
	peer_deinit(&p);
}

/* Section 4: a SYN never ends a connection; a peer that has really begun anew answers the challenge with RST. */
static void test_blind_syn(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 0; i < 1000; i++)
		peer_in(&p, i % 2 ? TCP_SYN : TCP_SYN | TCP_ACK, i * 4000000, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p.n_out, 1);
	peer_in(&p, TCP_RST, p.out[0].ack, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* Section 5: data whose ACK is not near what was sent is not taken. */
static void test_blind_data(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 0; i < 1000; i++)
		peer_in(&p, TCP_ACK, 1, 0x20000 + i * 4000000, 100);
	assert_int_equal(peer_recv(&p, 1, 100), BERTH_EAGAIN);
	peer_advance(&p, 40 * MS);
	assert_int_equal(p.n_out, 1);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	assert_int_equal(peer_recv(&p, 1, 100), 100);
	peer_deinit(&p);
}

/* CVE-2016-5696: the limit of one connection says nothing of another's, and its end is not at the second. */
static void test_challenge_limit(void **state)
{
	berth_time first = 0, gaps[20];
	unsigned n = 0;
	struct peer p;

	begin(&p, &plain);
	for (unsigned i = 0; i < 100000 && n < 20; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_RST, 100, 0, 0);
		if (p.n_out) {
			if (first)
				gaps[n++] = p.env.now - first;
			first = p.env.now;
		}
		peer_advance(&p, 1 * MS);
	}
	assert_int_equal(n, 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_in_range(gaps[i], 400 * MS, 1000 * MS);
		if (i > 1 && gaps[i] != gaps[0])
			n = 0; /* jittered */
	}
	assert_int_equal(n, 0);
	p.pair.foreign_port = 2000;
	peer_clear(&p);
	{
		struct tcp_header h;

		peer_in(&p, TCP_SYN, 0, 0, 0);
		h = peer_header(&p, TCP_ACK, 1, 0);
		h.ack = peer_only(&p)->h.seq + 1;
		peer_in_header(&p, &h, 0);
		peer_clear(&p);
		peer_in(&p, TCP_RST, 100, 0, 0);
		assert_int_equal(p.n_out, 1);
	}
	peer_deinit(&p);
}

/* ACK war: two connections that disagree on everything are handed each other's segments. */
static void test_ack_war(void **state)
{
	uint32_t n = 0;
	struct peer a, b;

	begin(&a, &plain);
	begin(&b, &plain);
	peer_in(&a, TCP_ACK, 0x10000000, 1, 0);
	for (unsigned i = 0; i < 10000; i++) {
		struct peer *from = i % 2 ? &b : &a, *to = i % 2 ? &a : &b;

		if (from->n_out) {
			struct tcp_header h = peer_header(to, TCP_ACK, 0x30000000 + i, 0x7000000);

			n += (uint32_t)from->n_out;
			peer_clear(from);
			peer_in_header(to, &h, 0);
		}
	}
	assert_true(n <= 4);
	peer_deinit(&a);
	peer_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_close_ours),
		cmocka_unit_test(test_half_close_theirs),
		cmocka_unit_test(test_simultaneous),
		cmocka_unit_test(test_fin_with_ack),
		cmocka_unit_test(test_queued_first),
		cmocka_unit_test(test_fin_out_of_order),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_data_for_closed),
		cmocka_unit_test(test_fin_wait_2),
		cmocka_unit_test(test_last_ack),
		cmocka_unit_test(test_reset_after_data),
		cmocka_unit_test(test_repeated_fin),
		cmocka_unit_test(test_old_segments),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_reuse_numbers),
		cmocka_unit_test(test_reuse_without_listener),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_reset_at_edge),
		cmocka_unit_test(test_blind_reset),
		cmocka_unit_test(test_blind_syn),
		cmocka_unit_test(test_blind_data),
		cmocka_unit_test(test_challenge_limit),
		cmocka_unit_test(test_ack_war),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
