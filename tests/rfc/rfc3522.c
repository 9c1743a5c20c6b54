/* Eifel detection (RFC 3522) and response (RFC 4015). */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS + 12, .sack = true, .timestamps = true},
			       plain = {.mss = MSS + 12, .timestamps = true};

/* Step 4: after a timeout, the acknowledgment echoes the first copy. Nothing more is sent again, the window is what it
 * was (RFC 4015 section 3.2 step 8), and the timer has learned how long it can take (step 9). */
static void timeout(const struct peer_setup *setup)
{
	struct peer p;

	flight_begin(&p, setup, 20);
	peer_advance(&p, 1 * S);
	assert_true(p.env.counters.timeouts >= 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_TIMEOUT);
	peer_clear(&p);
	acked(&p, 1); /* ts_ecr is still that of the flight */
	assert_int_equal(p.env.counters.timeouts_spurious, 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(times(&p, i), 0);
	assert_true(p.t->cc.cwnd >= 9 * MSS);
	assert_true(p.t->ns_rto > 1 * S);
	peer_deinit(&p);
}

static void section_3_2_step_4_an_old_echo_undoes_a_timeout(void **state)
{
	timeout(&plain);
}

static void section_3_2_step_4_an_old_echo_undoes_a_timeout_with_sack(void **state)
{
	timeout(&sack);
}

/* A fast retransmit of what was only late: ssthresh is what the window was, and as many duplicates are tolerated from
 * now on (RFC 4015 section 3.2 step 7). */
static void section_3_2_step_4_an_old_echo_undoes_a_fast_retransmit(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 10);
	for (unsigned i = 0; i < 5; i++)
		acked(&p, 0);
	assert_int_equal(times(&p, 0), 1);
	assert_int_equal(p.t->cc.ssthresh, 5 * MSS);
	peer_advance(&p, 5 * MS);
	acked(&p, 6);
	assert_int_equal(p.env.counters.undos, 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_true(p.t->cc.ssthresh >= 10 * MSS);
	assert_int_equal(p.t->reordering, 6);
	peer_deinit(&p);
}

/* A loss that is found in the window whose reduction was undone reduces it: else recovery would end without a
 * threshold. */
static void section_3_2_after_an_undo_a_loss_in_the_same_window_counts(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 30);
	sacked(&p, 0, 1, 4);
	assert_int_equal(times(&p, 0), 1);
	peer_advance(&p, 5 * MS);
	acked(&p, 4);
	assert_int_equal(p.env.counters.undos, 1);
	assert_true(p.t->cc.ssthresh >= 10 * MSS);
	sacked(&p, 4, 5, 9);
	peer_advance(&p, RTT);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_true(p.t->cc.ssthresh < 10 * MSS);
	peer_deinit(&p);
}

/* The echo of the retransmission undoes nothing. */
static void section_3_2_step_4_a_new_echo_confirms_the_loss(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 10);
	for (unsigned i = 0; i < 5; i++)
		acked(&p, 0);
	peer_advance(&p, 1 * MS);
	echo(&p);
	peer_advance(&p, RTT);
	acked(&p, 10);
	assert_int_equal(p.env.counters.undos, 0);
	assert_int_equal(p.t->cc.cwnd, 5 * MSS);
	peer_deinit(&p);
}

/* RFC 4015 section 3.2 step 8: what the window is again does not leave in one burst. */
static void rfc_4015_section_3_2_step_8_no_burst_after_undoing(void **state)
{
	struct peer p;
	size_t n = 0;

	flight_begin(&p, &sack, 40);
	sacked(&p, 0, 1, 10);
	peer_advance(&p, 5 * MS);
	peer_clear(&p);
	acked(&p, 10);
	assert_int_equal(p.env.counters.undos, 1);
	for (size_t i = 0; i < p.n_out; i++)
		n += p.out[i].len != 0;
	assert_true(n <= 10);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_2_after_an_undo_a_loss_in_the_same_window_counts),
		cmocka_unit_test(rfc_4015_section_3_2_step_8_no_burst_after_undoing),
		cmocka_unit_test(section_3_2_step_4_a_new_echo_confirms_the_loss),
		cmocka_unit_test(section_3_2_step_4_an_old_echo_undoes_a_fast_retransmit),
		cmocka_unit_test(section_3_2_step_4_an_old_echo_undoes_a_timeout),
		cmocka_unit_test(section_3_2_step_4_an_old_echo_undoes_a_timeout_with_sack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
