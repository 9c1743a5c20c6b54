/* NewReno: recovery without SACK. */
#include "flight.h"

static const struct peer_setup plain = {.mss = MSS};

static void duplicates(struct peer *p, uint32_t ack, unsigned n)
{
	while (n--)
		acked(p, ack);
}

/* Step 3: a partial acknowledgment has the next hole sent again at once, and nothing that has arrived. */
static void section_3_2_step_3_a_partial_acknowledgment_shows_the_next_hole(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 10);
	duplicates(&p, 0, 7); /* 0, 3 and 6 are lost */
	only(&p, 0, 1);
	peer_clear(&p);
	acked(&p, 3);
	only(&p, 3, 4);
	peer_clear(&p);
	acked(&p, 6);
	only(&p, 6, 7);
	peer_clear(&p);
	acked(&p, 10);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.segments_retransmitted, 3);
	peer_deinit(&p);
}

/* Only the first of them restarts the timer. */
static void section_3_2_step_3_the_first_partial_acknowledgment_alone_restarts_the_timer(void **state)
{
	struct peer p;
	berth_time deadline;

	flight_begin(&p, &plain, 10);
	duplicates(&p, 0, 3);
	peer_advance(&p, 50 * MS);
	acked(&p, 2);
	deadline = p.t->deadline[TCP_TIMER_MAIN];
	assert_int_equal(deadline, p.env.now + p.t->ns_rto);
	peer_advance(&p, 50 * MS);
	acked(&p, 4);
	assert_int_equal(p.t->deadline[TCP_TIMER_MAIN], deadline);
	peer_deinit(&p);
}

/* Step 2: duplicates of what was in flight before the last recovery begin none. */
static void section_3_2_step_2_old_duplicates_begin_no_recovery(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 10);
	peer_advance(&p, 1 * S);
	assert_true(p.env.counters.timeouts >= 1);
	acked(&p, 10);
	duplicates(&p, 10, 2);
	peer_send(&p, at(10), 5 * MSS);
	peer_clear(&p);
	duplicates(&p, 10, 5);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	assert_int_equal(times(&p, 10), 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_2_step_2_old_duplicates_begin_no_recovery),
		cmocka_unit_test(section_3_2_step_3_a_partial_acknowledgment_shows_the_next_hole),
		cmocka_unit_test(section_3_2_step_3_the_first_partial_acknowledgment_alone_restarts_the_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
