/* Retransmissions for nothing, found by D-SACK. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true};

/* Two segments are late, are sent again, and arrive: recovery is over. */
static void two_for_nothing(struct peer *p)
{
	flight_begin(p, &sack, 10);
	sacked(p, 0, 2, 10);
	peer_advance(p, 1 * MS);
	assert_int_equal(times(p, 0) + times(p, 1), 2);
	acked(p, 10);
	assert_int_equal(p->t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p->t->cc.ssthresh, 5 * MSS);
}

/* When each of them was reported to have arrived twice, the reduction is taken back. */
static void section_2_all_reported_undoes_the_reduction(void **state)
{
	struct peer p;

	two_for_nothing(&p);
	dsacked(&p, 10, 0);
	assert_int_equal(p.env.counters.undos, 0);
	dsacked(&p, 10, 1);
	assert_int_equal(p.env.counters.undos, 1);
	assert_true(p.t->cc.ssthresh >= 10 * MSS);
	assert_null(p.t->episode);
	peer_deinit(&p);
}

/* One loss was real. */
static void section_2_some_reported_undo_nothing(void **state)
{
	struct peer p;

	two_for_nothing(&p);
	dsacked(&p, 10, 0);
	peer_advance(&p, RTT);
	peer_send(&p, at(10), MSS);
	acked(&p, 11);
	assert_int_equal(p.env.counters.undos, 0);
	assert_int_equal(p.t->cc.ssthresh, 5 * MSS);
	assert_null(p.t->episode); /* and nothing is kept of it */
	peer_deinit(&p);
}

/* Duplicates of what was sent before the recovery do not count: the network makes some too. */
static void section_2_older_duplicates_do_not_count(void **state)
{
	struct peer p;
	const uint32_t edges[2] = {1, 1 + MSS};

	two_for_nothing(&p);
	for (unsigned i = 0; i < 3; i++)
		peer_in_sack(&p, 1, at(10), 1, edges);
	assert_int_equal(p.env.counters.undos, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_2_all_reported_undoes_the_reduction),
		cmocka_unit_test(section_2_older_duplicates_do_not_count),
		cmocka_unit_test(section_2_some_reported_undo_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
