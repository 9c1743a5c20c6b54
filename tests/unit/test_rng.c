/* The repeatable generator: its reference sequence, evenness and bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"

/* xoshiro256++ from the state 1, 2, 3, 4: the first is rotl(1 + 4, 23) + 1, by hand; the rest follow from the paper's
 * code. */
static void test_sequence_from_a_known_state(void **state)
{
	struct rng rng = {{1, 2, 3, 4}};

	assert_int_equal(rng_next(&rng), 41943041);
	assert_int_equal(rng_next(&rng), 58720359);
	assert_int_equal(rng_next(&rng), UINT64_C(3588806011781223));
	assert_int_equal(rng_next(&rng), UINT64_C(3591011842654386));
}

/* splitmix64 of seed 0 begins with this well-known number. */
static void test_seed_fills_the_state(void **state)
{
	struct rng rng;

	rng_init(&rng, 0);
	assert_int_equal(rng.s[0], UINT64_C(0xe220a8397b1dcdaf));
	assert_int_equal(rng.s[1], UINT64_C(0x6e789e6aa1b965f4));
}

static void test_same_seed_same_numbers(void **state)
{
	struct rng a, b, c;
	unsigned n_same = 0;

	rng_init(&a, 7);
	rng_init(&b, 7);
	rng_init(&c, 8);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t x = rng_next(&a);

		assert_int_equal(x, rng_next(&b));
		n_same += x == rng_next(&c);
	}
	assert_int_equal(n_same, 0);
}

static void test_below_is_bounded_and_even(void **state)
{
	struct rng rng;
	unsigned n[10] = {0};

	rng_init(&rng, 1);
	assert_int_equal(rng_below(&rng, 0), 0);
	assert_int_equal(rng_below(&rng, 1), 0);
	for (unsigned i = 0; i < 100000; i++)
		n[rng_below(&rng, 10)]++;
	/* 10,000 expected, deviation 95. */
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(n[i], 9400, 10600);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void test_unit_is_in_its_interval(void **state)
{
	struct rng rng;
	double sum = 0;

	rng_init(&rng, 2);
	for (unsigned i = 0; i < 100000; i++) {
		double x = rng_unit(&rng);

		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(sum > 49500 && sum < 50500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_from_a_known_state), cmocka_unit_test(test_seed_fills_the_state),
		cmocka_unit_test(test_same_seed_same_numbers),      cmocka_unit_test(test_below_is_bounded_and_even),
		cmocka_unit_test(test_unit_is_in_its_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
