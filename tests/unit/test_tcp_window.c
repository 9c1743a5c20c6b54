/* Windows: RFC 9293 section 3.8.6, both sides. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup no_options = {.mss = 1000};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* A thousand bytes sent and acknowledged, and the window is shut. */
static void shut(struct peer *p)
{
	assert_int_equal(peer_send(p, 1, 1000), 1000);
	p->window = 0;
	peer_in(p, TCP_ACK, 1, 1001, 0);
	peer_clear(p);
}

/* Section 3.8.6.1: the first probe after an RTO, then at growing distances (SHLD-30), one byte beyond the window; for
 * hours while the peer answers (MUST-37), and without taking the answers for losses. */
static void test_probe(void **state)
{
	struct berth_socket_row before = {0}, after = {0};
	uint64_t gap = 0;
	struct peer p;

	begin(&p, &no_options);
	shut(&p);
	tcp_row(&p.env, p.t, &before);
	assert_int_equal(peer_send(&p, 1001, 5000), 5000);
	peer_none(&p);
	for (unsigned i = 0; i < 300; i++) {
		berth_time began = p.env.now;

		while (!p.n_out)
			peer_advance(&p, 10 * MS);
		peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 1);
		assert_in_range(p.env.now - began, gap, 61 * S);
		if (gap < 30 * S)
			gap = p.env.now - began;
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, 1001, 0);
	}
	assert_true(gap > 20 * S);
	assert_true(p.env.now - p.began > 3600 * 3 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	tcp_row(&p.env, p.t, &after);
	assert_true(after.cwnd >= before.cwnd);
	assert_true(p.env.counters.zero_window_probes >= 299);
	peer_deinit(&p);
}

/* The window opens: what waits goes at once, however little it is. */
static void test_reopen(void **state)
{
	static const uint32_t waiting[] = {1, 2, 10, 999, 1000, 1001, 5000};

	for (unsigned probed = 0; probed < 2; probed++) {
		for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
			uint32_t sent = 0;
			struct peer p;

			begin(&p, &no_options);
			shut(&p);
			peer_send(&p, 1001, waiting[i]);
			if (probed) {
				peer_advance(&p, 1500 * MS);
				peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 1);
				peer_in(&p, TCP_ACK, 1, 1001, 0);
				peer_clear(&p);
			}
			p.window = 65535;
			peer_in(&p, TCP_ACK, 1, 1001, 0);
			if (!p.n_out)
				fail_msg("%u bytes waiting, %s: nothing leaves", waiting[i],
					 probed ? "after a probe" : "not probed");
			for (size_t k = 0; k < p.n_out; k++) {
				peer_expect(&p.out[k], TCP_ACK, 1001 + sent, 1, p.out[k].len);
				sent += p.out[k].len;
			}
			if (waiting[i] % 1000 == 1 && waiting[i] > 1) /* Nagle holds the last byte */
				assert_in_range(sent, waiting[i] - 1, waiting[i]);
			else
				assert_int_equal(sent, waiting[i]);
			peer_deinit(&p);
		}
	}
}

/* A peer that takes the probe's byte and stays shut is probed with the next. */
static void test_probe_taken(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	shut(&p);
	peer_send(&p, 1001, 3);
	for (uint32_t i = 0; i < 3; i++) {
		peer_clear(&p);
		while (!p.n_out)
			peer_advance(&p, 10 * MS);
		peer_expect(peer_only(&p), TCP_ACK, 1001 + i, 1, 1);
		peer_in(&p, TCP_ACK, 1, 1002 + i, 0);
	}
	peer_clear(&p);
	peer_advance(&p, 1000 * S);
	peer_none(&p);
	peer_deinit(&p);
}

/* A FIN alone behind a shut window is probed too. */
static void test_probe_fin(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	shut(&p);
	peer_shutdown(&p, BERTH_SHUT_WR);
	while (!p.n_out)
		peer_advance(&p, 10 * MS);
	peer_expect(peer_only(&p), TCP_FIN | TCP_ACK, 1001, 1, 0);
	peer_in(&p, TCP_ACK, 1, 1002, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_deinit(&p);
}

/* Low-rate readers and zero-window peers (attack 36): nobody waits for an orphan's data for ever. */
static void test_orphan_shut(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	shut(&p);
	peer_send(&p, 1001, 5000);
	peer_close(&p);
	for (unsigned i = 0; i < 100 && peer_state(&p) != BERTH_TCP_CLOSED; i++) {
		peer_advance(&p, 10 * S);
		if (peer_state(&p) != BERTH_TCP_CLOSED)
			peer_in(&p, TCP_ACK, 1, 1001, 0);
	}
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.env.counters.timed_out, 1);
	assert_in_range(p.env.now - p.began, 100 * S, 990 * S);
	peer_deinit(&p);
}

/* RFC 5482: a user timeout ends the wait for a window as well. */
static void test_user_timeout_shut(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, 20000);
	shut(&p);
	peer_send(&p, 1001, 5000);
	for (unsigned i = 0; i < 100 && peer_state(&p) != BERTH_TCP_CLOSED; i++) {
		peer_advance(&p, 1 * S);
		if (peer_state(&p) != BERTH_TCP_CLOSED)
			peer_in(&p, TCP_ACK, 1, 1001, 0);
	}
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	assert_in_range(p.env.now - p.began, 20 * S, 80 * S);
	peer_deinit(&p);
}

/* A shut window and a peer that is silent: given up in the end. */
static void test_silent_shut(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	shut(&p);
	peer_send(&p, 1001, 5000);
	peer_advance(&p, 100 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_advance(&p, 2000 * S);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_deinit(&p);
}

/* A peer that shrinks its window (attack 37): SHLD-15 no new data, SHLD-17 no timeout while it answers, and it goes on
 * when the window is back. */
static void test_shrink(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	peer_send(&p, 1, 20000);
	assert_int_equal(p.n_out, 10);
	p.window = 0;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 3001, 0);
	for (size_t i = 0; i < p.n_out; i++)
		assert_true(p.out[i].seq < 10001);
	for (unsigned i = 0; i < 400; i++) { /* over an hour */
		peer_clear(&p);
		peer_advance(&p, 10 * S);
		for (size_t k = 0; k < p.n_out; k++) {
			assert_true(p.out[k].seq + p.out[k].len <= 10001);
			if (k == 0)
				peer_in(&p, TCP_ACK, 1, 3001, 0);
		}
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	}
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 3001, 0);
	for (uint32_t acked = 3001, i = 0; acked < 20001 && i < 100; i++) {
		peer_advance(&p, 10 * S);
		for (size_t k = 0; k < p.n_out; k++)
			if (p.out[k].seq <= acked && p.out[k].seq + p.out[k].len > acked)
				acked = p.out[k].seq + p.out[k].len;
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, acked, 0);
		assert_true(i < 99);
	}
	peer_deinit(&p);
}

/* Section 3.10.7.4: only an acknowledgment in [SND.UNA, SND.NXT] updates the window, and only one that is not older
 * than the last that did (SND.WL1, SND.WL2). */
static void test_old_update(void **state)
{
	static const struct {
		uint32_t seq, ack, want;
	} rows[] = {
		{1, 2001, 500},    /* as new as the last one */
		{1, 1001, 65535},  /* older by its ack */
		{11, 1001, 65535}, /* newer by its seq, but its ack is behind SND.UNA */
		{11, 2001, 500},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_row row = {0};
		struct peer p;

		begin(&p, &no_options);
		peer_send(&p, 1, 3000);
		peer_in(&p, TCP_ACK, 1, 1001, 0);
		peer_in(&p, TCP_ACK, 1, 2001, 0);
		p.window = 500;
		peer_in(&p, TCP_ACK, rows[i].seq, rows[i].ack, 0);
		tcp_row(&p.env, p.t, &row);
		if (row.snd_wnd != rows[i].want)
			fail_msg("row %zu: window %u, expected %u", i, (unsigned)row.snd_wnd, rows[i].want);
		peer_deinit(&p);
	}
}

/* Section 3.8.6.2.1: a segment smaller than the MSS waits while the window is worth less than half of the largest seen;
 * after a while it goes (the override timer). */
static void test_sender_silly(void **state)
{
	struct peer p;

	begin(&p, &no_options);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	peer_send(&p, 1, 1000);
	p.window = 300; /* the largest was 65535 */
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_clear(&p);
	peer_send(&p, 1001, 5000);
	peer_none(&p);
	while (!p.n_out)
		peer_advance(&p, 10 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 300);
	peer_deinit(&p);
}

/* A peer whose whole buffer is small gets what fits. */
static void test_small_peer(void **state)
{
	const struct peer_setup setup = {.mss = 1000, .window = 600};
	struct peer p;

	begin(&p, &setup);
	peer_send(&p, 1, 5000);
	for (uint32_t at = 1; at < 5001;) {
		uint32_t n = peer_only(&p)->len;

		peer_expect(peer_only(&p), TCP_ACK, at, 1, n);
		assert_in_range(n, 200, 600);
		at += n;
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, at, 0);
	}
	peer_deinit(&p);
}

/* The right edge of the window that a segment offers; no scale is in use. */
static uint32_t edge_of(const struct peer_segment *s)
{
	return s->ack + s->h.window;
}

/* Fills a window of 8,000 bytes. */
static void fill(struct peer *p)
{
	const struct peer_setup setup = {.mss = 1000, .receive_buffer = 8000};

	begin(p, &setup);
	for (uint32_t at = 1; at < 8001; at += 1000)
		peer_in(p, TCP_ACK, at, 1, 1000);
	assert_int_equal(p->out[p->n_out - 1].h.window, 0);
	assert_int_equal(p->out[p->n_out - 1].ack, 8001);
	peer_clear(p);
}

/* Section 3.8.6.2.2: the window opens by a segment or half the buffer, not by what little was read. */
static void test_receiver_silly(void **state)
{
	uint32_t edge = 8001;
	struct peer p;

	fill(&p);
	for (uint32_t at = 1; at < 8001; at += 100) {
		peer_recv(&p, at, 100);
		for (size_t i = 0; i < p.n_out; i++) {
			assert_true(edge_of(&p.out[i]) == edge || edge_of(&p.out[i]) >= edge + 1000);
			edge = edge_of(&p.out[i]);
		}
		peer_clear(&p);
	}
	assert_true(edge >= 14001); /* and it did open */
	peer_deinit(&p);
}

/* A buffer beyond what the header can say, as no scale is in use, is no reason to tell of each read: the window that
 * the peer knows is as large as before. */
static void test_large_buffer(void **state)
{
	uint32_t at = 1;
	struct peer p;

	begin(&p, &no_options);
	for (unsigned i = 0; i < 20; i++) {
		peer_in(&p, TCP_ACK, at, 1, 1000);
		assert_int_equal(peer_recv(&p, at, 2000), 1000);
		peer_none(&p);
		peer_in(&p, TCP_ACK, at + 1000, 1, 1000);
		assert_int_equal(peer_only(&p)->h.window, 65535);
		peer_clear(&p);
		assert_int_equal(peer_recv(&p, at + 1000, 2000), 1000);
		peer_none(&p);
		at += 2000;
	}
	peer_deinit(&p);
}

/* A probe of a shut window is answered (MUST-36's other side), its byte is not taken. */
static void test_probed(void **state)
{
	struct peer p;

	fill(&p);
	for (unsigned i = 0; i < 20; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 8001, 1, 1);
		peer_expect(peer_only(&p), TCP_ACK, 1, 8001, 0);
		assert_int_equal(peer_only(&p)->h.window, 0);
	}
	peer_clear(&p);
	assert_int_equal(peer_recv(&p, 1, 8000), 8000);
	assert_true(peer_only(&p)->h.window >= 4000); /* the peer is told */
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 8001, 1, 1000);
	assert_int_equal(peer_recv(&p, 8001, 2000), 1000);
	peer_deinit(&p);
}

/* A shut window still takes acknowledgments, windows and RST (section 3.10.7.4: "even if the window is zero"). */
static void test_shut_acks(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	fill(&p);
	peer_send(&p, 1, 500);
	peer_in(&p, TCP_ACK, 8001, 501, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.send_queue, 0);
	peer_send(&p, 501, 500);
	peer_in(&p, TCP_ACK, 8001, 1001, 700); /* with text that is refused */
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.send_queue, 0);
	assert_int_equal(row.recv_queue, 8000);
	peer_in(&p, TCP_RST, 8001, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* SHLD-14: the right edge never moves back, whatever is read, arrives, or changes of the buffer; with and without
 * scale. */
static void test_never_shrinks(void **state)
{
	static const struct peer_setup setups[] = {
		{.mss = 1000, .receive_buffer = 9000},
		{.mss = 1000, .receive_buffer = 200000, .has_wscale = true, .wscale = 2},
		{.mss = 1000, .receive_buffer = 10007, .has_wscale = true, .wscale = 0},
	};

	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		unsigned shift = setups[i].has_wscale ? 7 : 0;
		uint32_t at = 1, read = 1, edge = 0;
		struct rng rng;
		struct peer p;

		begin(&p, &setups[i]);
		rng_init(&rng, i);
		for (unsigned step = 0; step < 3000; step++) {
			uint32_t n = (uint32_t)rng_below(&rng, 1001);
			long done;

			if (step == 1500)
				peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, 5000);
			if (at + n <= edge || !edge) {
				peer_in(&p, TCP_ACK, at, 1, n);
				at += n;
			}
			done = rng_below(&rng, 3) ? 0 : peer_recv(&p, read, (uint32_t)rng_below(&rng, 4000));
			read += done > 0 ? (uint32_t)done : 0;
			peer_advance(&p, rng_below(&rng, 50) * MS);
			for (size_t k = 0; k < p.n_out; k++) {
				uint32_t now = p.out[k].ack + ((uint32_t)p.out[k].h.window << shift);

				assert_true(now >= edge);
				edge = now;
			}
			peer_clear(&p);
		}
		peer_deinit(&p);
	}
}

/* Acknowledgments of what was never sent (attack 37): nothing changes, they are counted, the answers are limited. */
static void test_ack_of_unsent(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p, &no_options);
	peer_send(&p, 1, 1000);
	peer_clear(&p);
	for (unsigned i = 0; i < 1000; i++)
		peer_in(&p, TCP_ACK, 1, 5000 + i, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.send_queue, 1000);
	assert_int_equal(p.env.counters.bad_ack, 1000);
	peer_none(&p);
	peer_advance(&p, 40 * MS);
	assert_int_equal(p.n_out, 1);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe),         cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_probe_taken),   cmocka_unit_test(test_probe_fin),
		cmocka_unit_test(test_orphan_shut),   cmocka_unit_test(test_user_timeout_shut),
		cmocka_unit_test(test_silent_shut),   cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_old_update),    cmocka_unit_test(test_sender_silly),
		cmocka_unit_test(test_small_peer),    cmocka_unit_test(test_receiver_silly),
		cmocka_unit_test(test_large_buffer),  cmocka_unit_test(test_probed),
		cmocka_unit_test(test_shut_acks),     cmocka_unit_test(test_never_shrinks),
		cmocka_unit_test(test_ack_of_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
