/* The congestion window, RFC 5681 sections 3.1 and 4.1, on the wire. What the controls do with it by themselves is in
 * tests/unit/test_cc.c. */
#include "tcp_peer.h"

#define MSS 1000u

static const struct peer_setup plain = {.mss = MSS, .send_buffer = 1 << 20};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_passive(p);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
}

/* One acknowledgment for each segment in flight, and what they let out. */
static void round_trip(struct peer *p, uint32_t *acked)
{
	uint32_t end = (uint32_t)(p->t->snd_nxt - TCP_SEQ_BASE) - BERTH_ISS;

	peer_advance(p, 50 * MS);
	while (*acked < end) {
		*acked += MSS;
		peer_in(p, TCP_ACK, 1, *acked, 0);
	}
}

static void section_3_1_slow_start_doubles(void **state)
{
	uint32_t acked = 1;
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 500000);
	for (uint64_t want = 10; want < 60; want *= 2) {
		assert_int_equal(p.t->cc.cwnd, want * MSS);
		round_trip(&p, &acked);
		peer_clear(&p);
	}
	peer_deinit(&p);
}

static void section_3_1_cwnd_of_a_silent_program_stays(void **state)
{
	uint32_t acked = 1;
	struct peer p;

	begin(&p, &plain);
	for (unsigned i = 0; i < 20; i++) {
		peer_send(&p, acked, 3000);
		round_trip(&p, &acked);
		peer_clear(&p);
	}
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	peer_deinit(&p);
}

/* RFC 7661: also when an earlier part of the round trip was limited, it counts; a later round that is not, does not. */
static void rfc7661_one_full_burst_is_one_doubling(void **state)
{
	uint32_t acked = 1;
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10000);
	round_trip(&p, &acked);
	assert_int_equal(p.t->cc.cwnd, 20 * MSS);
	for (unsigned i = 0; i < 20; i++) {
		peer_send(&p, acked, 9000);
		round_trip(&p, &acked);
		peer_clear(&p);
	}
	assert_int_equal(p.t->cc.cwnd, 20 * MSS);
	peer_deinit(&p);
}

/* To a cwnd of 80 segments, all acknowledged. */
static uint32_t grown(struct peer *p)
{
	uint32_t acked = 1;

	begin(p, &plain);
	peer_send(p, 1, 150000);
	while (acked < 150001) {
		round_trip(p, &acked);
		peer_clear(p);
	}
	assert_true(p->t->cc.cwnd >= 70 * MSS);
	return acked;
}

static void section_4_1_restart_window_after_an_idle_timeout(void **state)
{
	uint64_t cwnd;
	uint32_t at;
	struct peer p;

	at = grown(&p);
	cwnd = p.t->cc.cwnd;
	peer_advance(&p, p.t->ns_rto + 1 * MS);
	peer_send(&p, at, 100000);
	assert_int_equal(p.n_out, 10);
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	/* RFC 2861 section 3.1: ssthresh remembers, unless it was higher anyway. */
	assert_true(p.t->cc.ssthresh >= cwnd / 4 * 3);
	peer_deinit(&p);
}

static void section_4_1_a_shorter_silence_changes_nothing(void **state)
{
	uint64_t cwnd;
	uint32_t at;
	struct peer p;

	at = grown(&p);
	cwnd = p.t->cc.cwnd;
	peer_advance(&p, 150 * MS);
	peer_send(&p, at, 60000);
	assert_int_equal(p.n_out, 60);
	assert_int_equal(p.t->cc.cwnd, cwnd);
	peer_deinit(&p);
}

/* "The restart window is min(IW, cwnd)": a small window does not grow by waiting. */
static void section_4_1_waiting_never_grows_the_window(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 1000);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	p.t->cc.cwnd = 3 * MSS;
	peer_clear(&p);
	peer_advance(&p, 60 * S);
	peer_send(&p, 1001, 20000);
	assert_int_equal(p.n_out, 3);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_1_slow_start_doubles),
		cmocka_unit_test(section_3_1_cwnd_of_a_silent_program_stays),
		cmocka_unit_test(rfc7661_one_full_burst_is_one_doubling),
		cmocka_unit_test(section_4_1_restart_window_after_an_idle_timeout),
		cmocka_unit_test(section_4_1_a_shorter_silence_changes_nothing),
		cmocka_unit_test(section_4_1_waiting_never_grows_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
