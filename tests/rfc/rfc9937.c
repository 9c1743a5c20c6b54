/* Proportional rate reduction. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true}, plain = {.mss = MSS};

/* PRR: of RecoverFS bytes that arrive, ssthresh bytes leave, evenly. */
static void section_6_2_as_much_leaves_as_ssthresh_is_of_the_flight(void **state)
{
	struct tcp_prr prr;
	uint64_t pipe = 20 * MSS;

	tcp_prr_begin(&prr, 20 * MSS);
	for (unsigned i = 1; i <= 6; i++) {
		pipe -= MSS;
		prr.out += tcp_prr_ack(&prr, MSS, pipe, 10 * MSS, MSS, false) / MSS * MSS;
		assert_in_range(prr.out, i / 2 * MSS, i / 2 * MSS + MSS);
	}
}

/* Rounded up: the fast retransmit leaves with the first acknowledgment, however small its share is. */
static void section_6_2_the_fast_retransmit_leaves(void **state)
{
	struct tcp_prr prr;

	tcp_prr_begin(&prr, 100 * MSS);
	assert_int_equal(tcp_prr_ack(&prr, MSS, 98 * MSS, 50 * MSS, MSS, false), MSS);
	prr.out = MSS;
	assert_int_equal(tcp_prr_ack(&prr, MSS, 97 * MSS, 50 * MSS, MSS, false), 0);
}

/* PRR-CRB: below ssthresh no more leaves than has arrived, while losses are still found. */
static void section_6_2_the_conservative_bound_sends_what_has_arrived(void **state)
{
	struct tcp_prr prr;

	tcp_prr_begin(&prr, 20 * MSS);
	prr.out = MSS;
	assert_int_equal(tcp_prr_ack(&prr, MSS, 4 * MSS, 10 * MSS, MSS, false), MSS);
	prr.out += MSS;
	assert_int_equal(tcp_prr_ack(&prr, 3 * MSS, 4 * MSS, 10 * MSS, MSS, false), 3 * MSS);
}

/* PRR-SSRB: one segment more while the acknowledgments advance and find no loss; never beyond ssthresh. */
static void section_6_2_the_slow_start_bound_sends_one_more(void **state)
{
	struct tcp_prr prr;

	tcp_prr_begin(&prr, 20 * MSS);
	prr.out = MSS;
	assert_int_equal(tcp_prr_ack(&prr, MSS, 4 * MSS, 10 * MSS, MSS, true), 2 * MSS);
	assert_int_equal(tcp_prr_ack(&prr, 5 * MSS, 9 * MSS, 10 * MSS, MSS, true), MSS);
}

/* In recovery half of what arrives leaves again (Reno), and at the end the window is ssthresh. */
static void recover(const struct peer_setup *setup)
{
	struct peer p;
	unsigned n = 0;

	flight_begin(&p, setup, 30);
	for (uint32_t i = 2; i <= 10; i++) {
		if (setup->sack)
			sacked(&p, 0, 1, i);
		else
			acked(&p, 0);
	}
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_int_equal(times(&p, 0), 1);
	for (size_t k = 0; k < p.n_out; k++)
		n += p.out[k].len != 0;
	assert_in_range(n, 5, 7); /* two by limited transmit */
	peer_clear(&p);
	acked(&p, (uint32_t)(p.t->snd_nxt - p.t->snd_una) / MSS);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.t->cc.cwnd, p.t->cc.ssthresh);
	assert_int_equal(p.t->cc.ssthresh, 5 * MSS);
	peer_deinit(&p);
}

static void section_6_2_the_window_ends_at_ssthresh_with_sack(void **state)
{
	recover(&sack);
}

/* Section 5: each duplicate is a segment that was delivered. */
static void section_6_2_the_window_ends_at_ssthresh_without_sack(void **state)
{
	recover(&plain);
}

/* The rate counts bytes: where segments are small, a hole of one is filled by less than a whole segment's share, when
 * the acknowledgment before it comes and not by the timer. */
static void section_6_2_a_small_segment_needs_no_more_than_its_size(void **state)
{
	const uint32_t edges[2] = {at(0) + 1600, at(0) + 2800};
	struct peer p;

	flight_open(&p, &sack);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(peer_send(&p, at(0) + i * 400, 400), 400);
	assert_int_equal(peer_send(&p, at(0) + 2800, 7 * MSS), 7 * MSS);
	peer_advance(&p, RTT);
	peer_clear(&p);
	peer_in_sack(&p, 1, at(0), 1, edges);
	peer_advance(&p, RTT / 4 + 1 * MS);
	assert_int_equal(peer_at(&p, 0)->seq, at(0));
	assert_int_equal(peer_at(&p, 0)->len, 400);
	peer_advance(&p, RTT);
	peer_clear(&p);
	peer_in_sack(&p, 1, at(0) + 400, 1, edges);
	assert_int_equal(peer_at(&p, 0)->seq, at(0) + 800);
	assert_int_equal(peer_at(&p, 0)->len, 400);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_6_2_a_small_segment_needs_no_more_than_its_size),
		cmocka_unit_test(section_6_2_as_much_leaves_as_ssthresh_is_of_the_flight),
		cmocka_unit_test(section_6_2_the_conservative_bound_sends_what_has_arrived),
		cmocka_unit_test(section_6_2_the_fast_retransmit_leaves),
		cmocka_unit_test(section_6_2_the_slow_start_bound_sends_one_more),
		cmocka_unit_test(section_6_2_the_window_ends_at_ssthresh_with_sack),
		cmocka_unit_test(section_6_2_the_window_ends_at_ssthresh_without_sack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
