/* The retransmission timeout beside RFC 6298, by numbers worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcb.h"

#define MS 1000000ull

/* Samples in a row from nothing; after the last: SRTT, RTTVAR and RTO in microseconds. */
struct row {
	const char *what;
	uint64_t ms[4];
	unsigned n;
	uint64_t us_srtt, us_rttvar, us_rto;
};

static const struct row rows[] = {
	/* (2.2): SRTT = R, RTTVAR = R / 2, RTO = R + 4 * R / 2 */
	{"first sample", {400}, 1, 400000, 200000, 1200000},
	/* (2.3): RTTVAR = 3/4 * 200 + 1/4 * |400 - 800| = 250, SRTT = 7/8 * 400 + 1/8 * 800 = 450 */
	{"then a longer one", {400, 800}, 2, 450000, 250000, 1450000},
	/* RTTVAR = 3/4 * 200 + 1/4 * 320 = 230, SRTT = 350 + 10 */
	{"then a shorter one", {400, 80}, 2, 360000, 230000, 1280000},
	/* RTTVAR = 150, 112.5, 84.375: SRTT does not move */
	{"the same again and again", {400, 400, 400, 400}, 4, 400000, 84375, 737500},
	/* RTTVAR = 3/4 * 250 + 1/4 * |450 - 200| = 250, SRTT = 7/8 * 450 + 25 = 418.75 */
	{"three", {400, 800, 200}, 3, 418750, 250000, 1418750},
	/* The floor, which is berth's: 200 ms above SRTT, where section 2.4 says 1 s in all. */
	{"a short path", {8}, 1, 8000, 4000, 208000},
	/* (2.5): a ceiling of at least 60 s: 100 + 4 * 50 = 300 s. */
	{"a very long path", {100000}, 1, 100000000, 50000000, 120000000},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct tcb t = {.ns_rto = 1000 * MS};

		for (unsigned k = 0; k < r->n; k++)
			tcp_rtt_sample(&t, r->ms[k] * MS);
		if (t.ns_srtt != r->us_srtt * 1000 || t.ns_rttvar != r->us_rttvar * 1000 ||
		    t.ns_rto != r->us_rto * 1000)
			fail_msg("%s: srtt %lu us, rttvar %lu us, rto %lu us; expected %lu, %lu, %lu", r->what,
				 (unsigned long)(t.ns_srtt / 1000), (unsigned long)(t.ns_rttvar / 1000),
				 (unsigned long)(t.ns_rto / 1000), (unsigned long)r->us_srtt,
				 (unsigned long)r->us_rttvar, (unsigned long)r->us_rto);
	}
}

/* When the variation has died away the floor is still that far above SRTT, so that an acknowledgment that is delayed
 * comes in time on a long path, too. */
static void test_long_and_steady(void **state)
{
	struct tcb t = {0};

	for (unsigned i = 0; i < 200; i++)
		tcp_rtt_sample(&t, 300 * MS);
	assert_int_equal(t.ns_srtt, 300 * MS);
	assert_true(t.ns_rttvar < 100);
	assert_int_equal(t.ns_rto, 500 * MS);
}

/* A first sample of nothing is still a sample: the next does not count as the first. */
static void test_zero(void **state)
{
	struct tcb t = {0};

	tcp_rtt_sample(&t, 0);
	assert_true(t.ns_srtt > 0);
	tcp_rtt_sample(&t, 80 * MS);
	assert_in_range(t.ns_srtt, 10 * MS, 10 * MS + 1);
	assert_in_range(t.ns_rttvar, 20 * MS - 1, 20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_and_steady),
		cmocka_unit_test(test_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
