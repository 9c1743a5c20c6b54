/* Recovery by the scoreboard, without RACK. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true, .no_rack = true};

/* IsLost: more than DupThresh - 1 segments above. */
static void section_4_is_lost_by_bytes_above(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 1, 3);
	peer_none(&p);
	sacked(&p, 0, 1, 4);
	assert_int_equal(times(&p, 0), 1);
	peer_deinit(&p);
}

/* NextSeg, rule 4: with nothing else to send, the end of the flight goes again, once a recovery. */
static void section_4_next_seg_rescues_the_end_once(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10); /* 0, 5, 8 and 9 are lost */
	sacked(&p, 0, 1, 5);
	assert_int_equal(times(&p, 0), 1);
	peer_clear(&p);
	sacked(&p, 5, 6, 8);
	assert_int_equal(times(&p, 5), 1);
	peer_clear(&p);
	acked(&p, 8);
	assert_int_equal(times(&p, 9), 1);
	peer_clear(&p);
	sacked(&p, 8, 9, 10);
	assert_int_equal(times(&p, 9), 0);
	assert_int_equal(times(&p, 8), 1);
	acked(&p, 10);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* Section 5.1: until what was in flight is acknowledged, a timeout's recovery reduces the window no second time. */
static void section_5_1_no_fast_recovery_of_what_a_timeout_found(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	peer_advance(&p, 1 * S);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_TIMEOUT);
	sacked(&p, 0, 1, 8);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_TIMEOUT);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	peer_deinit(&p);
}

/* Section 5.1: a retransmission in recovery starts the timer anew. */
static void section_5_1_a_retransmission_restarts_the_timer(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	peer_advance(&p, 150 * MS);
	sacked(&p, 0, 1, 4);
	assert_int_equal(times(&p, 0), 1);
	peer_advance(&p, p.t->ns_rto - 10 * MS);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_advance(&p, 20 * MS);
	assert_int_equal(p.env.counters.timeouts, 1);
	peer_deinit(&p);
}

/* Reordering that was seen raises DupThresh. */
static void section_4_dup_thresh_grows_with_reordering(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 3, 4);
	acked(&p, 4); /* 0 was overtaken by 3 */
	assert_int_equal(p.t->reordering, 4);
	sacked(&p, 4, 5, 8);
	peer_none(&p);
	sacked(&p, 4, 5, 9);
	assert_int_equal(times(&p, 4), 1);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_dup_thresh_grows_with_reordering),
		cmocka_unit_test(section_4_is_lost_by_bytes_above),
		cmocka_unit_test(section_4_next_seg_rescues_the_end_once),
		cmocka_unit_test(section_5_1_a_retransmission_restarts_the_timer),
		cmocka_unit_test(section_5_1_no_fast_recovery_of_what_a_timeout_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
