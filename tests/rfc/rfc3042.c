/* Limited transmit. */
#include "flight.h"

static const struct peer_setup plain = {.mss = MSS}, sack = {.mss = MSS, .sack = true};

/* The first two duplicates let a new segment out each, and cwnd stays as it is. */
static void section_2_each_of_two_duplicates_lets_one_out(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 20);
	acked(&p, 0);
	only(&p, 10, 11);
	acked(&p, 0);
	only(&p, 10, 12);
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	peer_deinit(&p);
}

/* No more than two, also where the third begins no recovery. */
static void section_2_no_more_than_two_beyond_cwnd(void **state)
{
	struct peer p;

	flight_begin(&p, &plain, 30);
	p.t->recover = p.t->snd_nxt; /* as after a timeout whose recovery has just ended */
	for (unsigned i = 0; i < 6; i++)
		acked(&p, 0);
	only(&p, 10, 12);
	peer_deinit(&p);
}

/* With SACK a duplicate that reports nothing new lets nothing out (RFC 5681 section 3.2 step 1). */
static void section_2_with_sack_only_what_is_new_counts(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 20);
	sacked(&p, 0, 1, 2);
	only(&p, 10, 11);
	sacked(&p, 0, 1, 2);
	sacked(&p, 0, 1, 2);
	assert_int_equal(times(&p, 11), 0);
	peer_deinit(&p);
}

/* What turns out to have been reordered grows the window by what no duplicate has told before (RFC 5681 section 3.1).
 */
static void reordered(const struct peer_setup *setup)
{
	struct peer p;

	flight_begin(&p, setup, 20);
	for (uint32_t i = 2; i <= 3; i++) {
		if (setup->sack)
			sacked(&p, 0, 1, i);
		else
			acked(&p, 0);
	}
	only(&p, 10, 12);
	peer_clear(&p);
	acked(&p, 3);
	only(&p, 12, 14);
	assert_int_equal(p.t->cc.cwnd, 11 * MSS);
	peer_deinit(&p);
}

static void section_2_an_end_of_reordering_grows_by_what_is_new(void **state)
{
	reordered(&plain);
}

static void section_2_an_end_of_reordering_grows_by_what_is_new_with_sack(void **state)
{
	reordered(&sack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_2_an_end_of_reordering_grows_by_what_is_new),
		cmocka_unit_test(section_2_an_end_of_reordering_grows_by_what_is_new_with_sack),
		cmocka_unit_test(section_2_each_of_two_duplicates_lets_one_out),
		cmocka_unit_test(section_2_no_more_than_two_beyond_cwnd),
		cmocka_unit_test(section_2_with_sack_only_what_is_new_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
