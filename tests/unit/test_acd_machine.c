/* Address conflict detection, RFC 5227: the times, and what a conflict means when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acd_machine.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)

/* The next deed, at its time and not before. */
static enum acd_deed next(struct acd *acd, struct rng *rng, berth_time *now)
{
	if (acd->at > *now)
		assert_int_equal(acd_due(acd, acd->at - 1, rng), ACD_NOTHING);
	*now = acd->at;
	return acd_due(acd, *now, rng);
}

static void assert_between(berth_time at, berth_time least, berth_time most)
{
	assert_true(at >= least && at <= most);
}

/* RFC 5227 section 1.1's numbers, at the RFC's pace and at a tenth of it. */
static void test_times(void **state)
{
	for (uint32_t pace = 1000; pace >= 1; pace /= 10) {
		for (uint64_t seed = 0; seed < 100; seed++) {
			berth_time now = 5 * S, begin = now, probe;
			struct rng rng;
			struct acd acd;

			rng_init(&rng, seed);
			acd_start(&acd, now, pace, &rng);
			assert_int_equal(acd.phase, ACD_PROBING);
			assert_int_equal(next(&acd, &rng, &now), ACD_PROBE);
			assert_between(now, begin, begin + pace * MS);
			for (unsigned i = 1; i < ACD_PROBE_NUM; i++) {
				probe = now;
				assert_int_equal(next(&acd, &rng, &now), ACD_PROBE);
				assert_between(now, probe + pace * MS, probe + 2 * pace * MS);
			}
			probe = now;
			assert_int_equal(next(&acd, &rng, &now), ACD_USE);
			assert_int_equal(now, probe + 2 * pace * MS);
			assert_int_equal(acd.phase, ACD_ANNOUNCING);
			probe = now;
			assert_int_equal(next(&acd, &rng, &now), ACD_ANNOUNCE);
			assert_int_equal(now, probe + 2 * pace * MS);
			assert_int_equal(acd.phase, ACD_WATCHING);
			assert_int_equal(acd.at, BERTH_NEVER);
		}
	}
}

/* A conflict at every point before the address is used ends it. */
static void test_taken(void **state)
{
	for (unsigned n_steps = 0; n_steps <= ACD_PROBE_NUM; n_steps++) {
		berth_time now = 0;
		struct rng rng;
		struct acd acd;

		rng_init(&rng, n_steps);
		acd_start(&acd, now, 1000, &rng);
		for (unsigned i = 0; i < n_steps; i++)
			assert_int_equal(next(&acd, &rng, &now), ACD_PROBE);
		assert_int_equal(acd_conflict(&acd, now), ACD_TAKEN);
		assert_int_equal(acd.phase, ACD_OFF);
		assert_int_equal(acd.at, BERTH_NEVER);
		assert_int_equal(acd_conflict(&acd, now), ACD_IGNORED);
		assert_int_equal(acd_due(&acd, BERTH_NEVER, &rng), ACD_NOTHING);
	}
}

/* Section 2.4 (b): once in ten seconds. */
static void test_defence(void **state)
{
	struct rng rng;
	struct acd acd;
	berth_time now = 0;

	rng_init(&rng, 1);
	acd_start(&acd, now, 1, &rng);
	while (acd.phase != ACD_WATCHING)
		next(&acd, &rng, &now);
	assert_int_equal(acd_conflict(&acd, now), ACD_DEFEND);
	assert_int_equal(acd_conflict(&acd, now + 10 * S), ACD_DEFEND);
	assert_int_equal(acd_conflict(&acd, now + 20 * S), ACD_DEFEND);
	assert_int_equal(acd_conflict(&acd, now + 30 * S - 1), ACD_GIVE_UP);
	assert_int_equal(acd.phase, ACD_OFF);
	assert_int_equal(acd_conflict(&acd, now + 31 * S), ACD_IGNORED);
}

/* Section 2.4 (c): once in ten seconds, and for ever. */
static void test_kept(void **state)
{
	struct acd acd;

	acd_watch(&acd);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(acd_conflict(&acd, i * 10 * S), ACD_DEFEND);
		assert_int_equal(acd_conflict(&acd, i * 10 * S), ACD_IGNORED);
		assert_int_equal(acd_conflict(&acd, i * 10 * S + 10 * S - 1), ACD_IGNORED);
	}
	assert_int_equal(acd.phase, ACD_WATCHING);
}

/* Announcing is using: what comes then is defended against, and the second announcement is still made. */
static void test_conflict_while_announcing(void **state)
{
	berth_time now = 0;
	struct rng rng;
	struct acd acd;

	rng_init(&rng, 1);
	acd_start(&acd, now, 100, &rng);
	while (acd.phase == ACD_PROBING)
		next(&acd, &rng, &now);
	assert_int_equal(acd_conflict(&acd, now), ACD_DEFEND);
	assert_int_equal(next(&acd, &rng, &now), ACD_ANNOUNCE);
	assert_int_equal(acd.phase, ACD_WATCHING);
	assert_int_equal(acd_conflict(&acd, now + 1), ACD_GIVE_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_defence),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_conflict_while_announcing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
