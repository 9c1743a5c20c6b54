/* Pacing, and the samples of the delivery rate, on the wire. */
#include "tcp_peer.h"

#define MSS 1000u

static const struct peer_setup plain = {.mss = MSS, .sack = true, .send_buffer = 1 << 20};
static const struct peer_setup with_bbr = {
	.mss = MSS, .sack = true, .send_buffer = 1 << 20, .congestion = "bbr", .has_wscale = true, .wscale = 4};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_passive(p);
	p->t->cc.cwnd = 100 * MSS;
}

static void set_rate(struct peer *p, uint64_t rate)
{
	assert_int_equal(tcp_setsockopt(&p->env, p->t, BERTH_SOL_SOCKET, BERTH_SO_MAX_PACING_RATE, &rate, sizeof(rate)),
			 0);
}

/* No more than a quantum at once, and the rate over all. */
static void test_rate(void **state)
{
	static const uint64_t rates[] = {100000, 1000000, 10000000, 100000000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (unsigned large = 0; large < 2; large++) {
			uint64_t quantum = tcp_pace_quantum(rates[i], MSS), at_once = 0, n = 0;
			berth_time began;
			struct peer p;

			begin(&p, &plain);
			p.payload_max = large ? 60000 : 0;
			set_rate(&p, rates[i]);
			began = p.env.now;
			peer_send(&p, 1, 60000);
			peer_advance(&p, 60000 * S / rates[i] + 20 * MS);
			for (size_t k = 0; k < p.n_out; k++) {
				at_once = k && p.out[k].at == p.out[k - 1].at ? at_once + p.out[k].len : p.out[k].len;
				assert_true(at_once <= quantum);
				/* Never ahead of the rate by more than a quantum. */
				n += p.out[k].len;
				assert_true(n <= (p.out[k].at - began) * rates[i] / S + quantum + 2);
			}
			assert_int_equal(n, 60000);
			/* Nor behind it. */
			assert_true(p.out[p.n_out - 1].at - began <= 60000 * S / rates[i] + 1 * MS);
			peer_deinit(&p);
		}
	}
}

/* A host that runs its timers late makes up for it, up to 4 ms: never more than the rate over all. */
static void test_late_host(void **state)
{
	static const struct {
		berth_time late;
		uint64_t least, most; /* sent by then, at 10,000 bytes a millisecond and with a quantum of as many */
	} rows[] = {{1 * MS, 18000, 20000}, {3 * MS, 38000, 40000}, {20 * MS, 55000, 60000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 0;
		struct peer p;

		begin(&p, &plain);
		set_rate(&p, 10000000);
		peer_send(&p, 1, 100000);
		p.env.now += rows[i].late;
		tcp_expire(&p.env);
		peer_pump(&p);
		for (size_t k = 0; k < p.n_out; k++)
			n += p.out[k].len;
		if (n < rows[i].least || n > rows[i].most)
			fail_msg("row %zu: %llu bytes", i, (unsigned long long)n);
		peer_deinit(&p);
	}
}

static void test_off(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 60000);
	assert_int_equal(p.n_out, 60);
	assert_int_equal(p.t->deadline[TCP_TIMER_PACE], BERTH_NEVER);
	peer_deinit(&p);
}

/* Acknowledgments leave when they are due, and what is sent again is paced too. */
static void test_what_waits(void **state)
{
	struct peer p;

	begin(&p, &plain);
	set_rate(&p, 1000000);
	peer_send(&p, 1, 60000);
	assert_int_equal(p.n_out, 2);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 2000);
	peer_in(&p, TCP_ACK, 2001, 1, 2000);
	assert_true(p.n_out > 0);
	assert_int_equal(p.out[p.n_out - 1].len, 0);
	assert_int_equal(p.out[p.n_out - 1].ack, 4001);
	peer_deinit(&p);
}

/* What is acknowledged over a time, in steady state: 10 segments each 20 ms. */
static void test_samples(void **state)
{
	uint32_t acked = 1, sent = 1;
	struct peer p;

	begin(&p, &plain);
	for (unsigned i = 0; i < 20; i++) {
		peer_send(&p, sent, 10000);
		sent += 10000;
		peer_advance(&p, 20 * MS);
		acked = sent;
		peer_in(&p, TCP_ACK, 1, acked, 0);
	}
	assert_int_equal(p.t->rate.n_delivered, acked - 1 + 1); /* with the SYN */
	assert_true(tcp_rate_of(&p.t->rate) > 450000 && tcp_rate_of(&p.t->rate) < 550000);
	peer_deinit(&p);
}

/* The program has had nothing to send: what is measured of it is marked so. */
static void test_program_limited(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 5000);
	peer_advance(&p, 20 * MS);
	peer_in(&p, TCP_ACK, 1, 2001, 0); /* nothing is left to send, and there is room */
	peer_send(&p, 5001, 5000);
	assert_true(sent_at(tcp_sent(p.t), tcp_sent(p.t)->n - 1)->mark.is_program_limited);
	peer_deinit(&p);
}

/* With more than enough to send, only the first flight is: there had been nothing before it. */
static void test_network_limited(void **state)
{
	struct peer p;

	begin(&p, &plain);
	p.t->cc.cwnd = p.t->cc.ssthresh = 10 * MSS;
	peer_send(&p, 1, 60000);
	assert_true(sent_at(tcp_sent(p.t), tcp_sent(p.t)->n - 1)->mark.is_program_limited);
	for (uint32_t i = 1; i < 30; i++) {
		peer_advance(&p, 1 * MS);
		peer_in(&p, TCP_ACK, 1, 1 + i * MSS, 0);
		assert_int_equal(sent_at(tcp_sent(p.t), tcp_sent(p.t)->n - 1)->mark.is_program_limited, false);
	}
	peer_deinit(&p);
}

/* A connection of BBR: paced, its memory is given back, and it moves what it has to. */
static void test_bbr(void **state)
{
	uint32_t acked = 1;
	struct peer p;

	peer_init(&p, &with_bbr);
	peer_establish_passive(&p);
	assert_int_equal(p.t->cc.ops->n_own > 0, 1);
	assert_true(p.t->cc.pacing_rate > 0);
	peer_send(&p, 1, 300000);
	for (unsigned i = 0; i < 2000 && acked < 300001; i++) {
		berth_time now = p.env.now;

		peer_advance(&p, 1 * MS);
		for (size_t k = 0; k < p.n_out; k++)
			if (p.out[k].at + 20 * MS <= now && p.out[k].seq + p.out[k].len > acked) {
				acked = p.out[k].seq + p.out[k].len;
				peer_in(&p, TCP_ACK, 1, acked, 0);
			}
	}
	assert_int_equal(acked, 300001);
	assert_int_equal(p.env.counters.timeouts, 0);
	assert_true(p.t->cc.cwnd > 20 * MSS);
	peer_deinit(&p);
}

static void test_bbr_takes_over(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_establish_passive(&p);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "bbr", 3), 0);
	assert_true(p.t->cc.pacing_rate > 0);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "cubic", 5), 0);
	assert_int_equal(p.t->cc.pacing_rate, 0);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "bbr", 3), 0);
	p.heap.fail_at = 0;
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "bbr", 3), BERTH_ENOMEM);
	p.heap.fail_at = SIZE_MAX;
	assert_true(p.t->cc.pacing_rate > 0);
	peer_send(&p, 1, 5000);
	peer_close(&p);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_late_host),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_what_waits),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_network_limited),
		cmocka_unit_test(test_program_limited),
		cmocka_unit_test(test_bbr),
		cmocka_unit_test(test_bbr_takes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
