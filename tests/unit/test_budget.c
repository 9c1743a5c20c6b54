/* The memory of all queues: who may have more when it runs short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "budget.h"

#define MAX 1600000u

static void pressure_begins_near_the_end_and_lasts_until_half(void **state)
{
	struct budget b;

	budget_init(&b, MAX);
	budget_take(&b, MAX / 4 * 3);
	assert_false(b.pressed);
	budget_take(&b, 1);
	assert_true(b.pressed);
	budget_give(&b, MAX / 4 + 1);
	assert_true(b.pressed);
	budget_give(&b, 1);
	assert_false(b.pressed);
	budget_take(&b, MAX / 2);
	assert_int_equal(b.pressures, 2);
	assert_int_equal(b.most, MAX / 2 - 1 + MAX / 2);
}

static void who_holds_little_may_take_longest(void **state)
{
	struct budget b;

	budget_init(&b, MAX);
	assert_true(budget_admits(&b, MAX, 1000));
	budget_take(&b, MAX / 4 * 3 + 1);
	assert_false(budget_admits(&b, BUDGET_FAIR, 1));
	assert_true(budget_admits(&b, BUDGET_FAIR - 1, 1));
	budget_take(&b, MAX / 16 * 15 - b.in_use);
	assert_false(budget_admits(&b, BUDGET_LEAST, 1));
	assert_true(budget_admits(&b, BUDGET_LEAST - 1, 1));
	budget_take(&b, MAX - b.in_use - 10);
	assert_true(budget_admits(&b, 0, 10));
	assert_false(budget_admits(&b, 0, 11));
}

static void nobody_goes_beyond_the_end_however_calm_it_was(void **state)
{
	struct budget b;

	budget_init(&b, MAX);
	assert_true(budget_admits(&b, 0, MAX));
	assert_false(budget_admits(&b, 0, MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pressure_begins_near_the_end_and_lasts_until_half),
		cmocka_unit_test(who_holds_little_may_take_longest),
		cmocka_unit_test(nobody_goes_beyond_the_end_however_calm_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
