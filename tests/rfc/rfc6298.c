/* The retransmission timer. */
#include "flight.h"

static const struct peer_setup plain = {.mss = MSS}, ts = {.mss = MSS + 12, .timestamps = true};

/* (2.2), (2.3), and for (2.4) the floor of 200 ms above SRTT. */
static void section_2_rto_is_srtt_and_four_variations(void **state)
{
	struct peer p;

	flight_open(&p, &plain);
	assert_int_equal(p.t->ns_rttvar, RTT / 2);
	assert_int_equal(p.t->ns_rto, 3 * RTT);
	for (uint32_t i = 0; i < 40; i++) {
		peer_send(&p, at(i), MSS);
		peer_advance(&p, RTT);
		acked(&p, i + 1);
	}
	assert_int_equal(p.t->ns_rto, RTT + 200 * MS);
	peer_deinit(&p);
}

/* (5.4) to (5.6): the earliest segment, and twice as long each time. */
static void section_5_5_each_timeout_doubles_the_wait(void **state)
{
	uint64_t gap = 3 * RTT, over = 0;
	struct peer p;

	flight_open(&p, &plain);
	peer_send(&p, at(0), 3 * MSS);
	peer_clear(&p);
	for (unsigned i = 0; i < 6; i++) {
		peer_advance(&p, gap - over - 5 * MS);
		peer_none(&p);
		peer_advance(&p, 10 * MS);
		only(&p, 0, 1);
		peer_clear(&p);
		gap *= 2;
		over = 5 * MS;
	}
	peer_deinit(&p);
}

/* (5.3): what is acknowledged restarts it. */
static void section_5_3_an_acknowledgment_restarts_it(void **state)
{
	struct peer p;

	flight_open(&p, &plain);
	peer_send(&p, at(0), 5 * MSS);
	for (uint32_t i = 1; i < 5; i++) {
		peer_advance(&p, 150 * MS);
		acked(&p, i);
	}
	assert_int_equal(p.env.counters.timeouts, 0);
	assert_int_equal(p.t->deadline[TCP_TIMER_MAIN], p.env.now + p.t->ns_rto);
	peer_deinit(&p);
}

/* Section 3: what was sent twice measures nothing, and the wait stays doubled until something does. */
static void section_3_karn_without_timestamps(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 3);
	peer_advance(&p, 1 * S);
	assert_true(p.t->n_backoff > 0);
	acked(&p, 1);
	assert_true(p.t->n_backoff > 0);
	assert_int_equal(p.t->ns_srtt, RTT);
	peer_deinit(&p);
}

/* With timestamps it does. */
static void section_3_timestamps_measure_what_was_sent_twice(void **state)
{
	struct peer p;

	flight_begin(&p, &ts, 3);
	peer_advance(&p, 1 * S);
	assert_true(p.t->n_backoff > 0);
	echo(&p);
	peer_advance(&p, 50 * MS);
	acked(&p, 1);
	assert_int_equal(p.t->n_backoff, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_2_rto_is_srtt_and_four_variations),
		cmocka_unit_test(section_3_karn_without_timestamps),
		cmocka_unit_test(section_3_timestamps_measure_what_was_sent_twice),
		cmocka_unit_test(section_5_3_an_acknowledgment_restarts_it),
		cmocka_unit_test(section_5_5_each_timeout_doubles_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
