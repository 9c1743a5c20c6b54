/* The timer wheel: order, ties, the deadline it promises, and random runs beside a plain array, from nanoseconds to
 * years. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "wheel.h"

#define SECOND UINT64_C(1000000000)
#define HOUR (3600 * SECOND)
/* What a timer waits for at each level's slot: 2^13 ns, times 64 a level. */
#define LEVEL_SLOT(level) (UINT64_C(1) << (13 + 6 * (level)))

/* Pops until nothing is due and no deadline is in the past; returns the last deadline promised. */
static struct wheel_timer *pop_next(struct wheel *wheel, berth_time *now)
{
	for (unsigned i = 0; i < 100; i++) {
		berth_time promised = wheel_deadline(wheel);
		struct wheel_timer *timer;

		if (promised == BERTH_NEVER)
			return NULL;
		if (promised > *now)
			*now = promised;
		timer = wheel_pop(wheel, *now);
		if (timer)
			return timer;
	}
	fail_msg("the wheel promises deadlines and hands out nothing");
	return NULL;
}

static void test_empty(void **state)
{
	struct wheel wheel;

	wheel_init(&wheel, 5);
	assert_true(wheel_deadline(&wheel) == BERTH_NEVER);
	assert_null(wheel_pop(&wheel, 5));
	assert_null(wheel_pop(&wheel, HOUR));
	assert_int_equal(wheel.now, HOUR);
}

static void test_one_timer_at_every_distance(void **state)
{
	static const berth_time starts[] = {
		0, 1, 8191, 8192, SECOND + 17, UINT64_C(1) << 55, (UINT64_C(1) << 61) - 1, UINT64_C(1) << 62};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		for (unsigned bit = 0; bit < 63; bit++) {
			berth_time now = starts[i], at = now + (UINT64_C(1) << bit);
			struct wheel_timer timer = {0};
			struct wheel wheel;

			wheel_init(&wheel, now);
			wheel_arm(&wheel, &timer, at);
			assert_true(wheel_armed(&timer));
			assert_null(wheel_pop(&wheel, now));
			assert_null(wheel_pop(&wheel, at - 1));
			assert_int_equal(wheel_deadline(&wheel), at);
			assert_ptr_equal(wheel_pop(&wheel, at), &timer);
			assert_false(wheel_armed(&timer));
			assert_true(wheel_deadline(&wheel) == BERTH_NEVER);
		}
	}
}

static void test_never_and_cancel(void **state)
{
	struct wheel_timer timer = {0}, other = {0};
	struct wheel wheel;

	wheel_init(&wheel, 0);
	wheel_cancel(&wheel, &timer);
	wheel_arm(&wheel, &timer, 100);
	wheel_arm(&wheel, &other, 90);
	wheel_arm(&wheel, &timer, BERTH_NEVER);
	assert_false(wheel_armed(&timer));
	assert_int_equal(wheel_deadline(&wheel), 90);
	wheel_cancel(&wheel, &other);
	wheel_cancel(&wheel, &other);
	assert_true(wheel_deadline(&wheel) == BERTH_NEVER);
	assert_null(wheel_pop(&wheel, HOUR));
	/* The last moment there is. */
	wheel_arm(&wheel, &timer, BERTH_NEVER - 1);
	assert_null(wheel_pop(&wheel, BERTH_NEVER - 2));
	assert_ptr_equal(wheel_pop(&wheel, BERTH_NEVER - 1), &timer);
}

static void test_the_past_is_due_at_once(void **state)
{
	struct wheel_timer late = {0}, later = {0}, due = {0};
	struct wheel wheel;

	wheel_init(&wheel, SECOND);
	wheel_arm(&wheel, &due, SECOND);
	wheel_arm(&wheel, &later, 70);
	wheel_arm(&wheel, &late, 3);
	assert_true(wheel_deadline(&wheel) <= SECOND);
	assert_ptr_equal(wheel_pop(&wheel, SECOND), &late);
	assert_ptr_equal(wheel_pop(&wheel, SECOND), &later);
	assert_ptr_equal(wheel_pop(&wheel, SECOND), &due);
	assert_null(wheel_pop(&wheel, SECOND));
}

/* Equal deadlines fire as they were armed, at whichever level they waited first and however they were spread since. */
static void test_ties_by_arming_order(void **state)
{
	enum { N = 40 };

	for (unsigned level = 0; level < 8; level++) {
		berth_time at = 12345 + 3 * LEVEL_SLOT(level) + 77;
		struct wheel_timer timers[N];
		struct wheel wheel;

		memset(timers, 0, sizeof(timers));
		wheel_init(&wheel, 12345);
		for (unsigned i = 0; i < N; i++) {
			wheel_arm(&wheel, &timers[i], at);
			/* Some are armed when it is nearer, and lower in the wheel. */
			if (i == N / 2)
				assert_null(wheel_pop(&wheel, at - LEVEL_SLOT(level) / 3));
			if (i == N * 3 / 4)
				assert_null(wheel_pop(&wheel, at - 1));
		}
		/* Armed again: now the last. */
		wheel_arm(&wheel, &timers[0], at);
		for (unsigned i = 1; i < N; i++)
			assert_ptr_equal(wheel_pop(&wheel, at), &timers[i]);
		assert_ptr_equal(wheel_pop(&wheel, at), &timers[0]);
		assert_null(wheel_pop(&wheel, at));
	}
}

/* Deadlines within one slot, armed in falling order, fire in rising order; what is armed meanwhile falls into place. */
static void test_order_within_a_slot(void **state)
{
	enum { N = 100 };
	struct wheel_timer timers[N], extra = {0};
	struct wheel wheel;

	memset(timers, 0, sizeof(timers));
	wheel_init(&wheel, 0);
	for (unsigned i = 0; i < N; i++)
		wheel_arm(&wheel, &timers[i], 8192 * 5 + 10 * (N - i));
	for (unsigned i = N; i-- > 0;) {
		assert_ptr_equal(wheel_pop(&wheel, 8192 * 6), &timers[i]);
		if (i == N / 2) {
			wheel_arm(&wheel, &extra, timers[i].deadline + 5);
			assert_ptr_equal(wheel_pop(&wheel, 8192 * 6), &extra);
		}
	}
	assert_null(wheel_pop(&wheel, 8192 * 6));
}

/* A timer that arms itself again from within, for now and for later, neither starves the others nor is lost. */
static void test_arming_while_popping(void **state)
{
	struct wheel_timer again = {0}, other = {0};
	struct wheel wheel;
	unsigned n_again = 0;

	wheel_init(&wheel, 0);
	wheel_arm(&wheel, &again, 1000);
	wheel_arm(&wheel, &other, 1000);
	assert_ptr_equal(wheel_pop(&wheel, 1000), &again);
	wheel_arm(&wheel, &again, 1000);
	assert_ptr_equal(wheel_pop(&wheel, 1000), &other);
	for (berth_time now = 1000; now < SECOND; now += 50000) {
		struct wheel_timer *timer;

		while ((timer = wheel_pop(&wheel, now)) != NULL) {
			n_again++;
			wheel_arm(&wheel, timer, now + 10000000);
		}
	}
	assert_in_range(n_again, 99, 101);
}

/* ---- beside a plain array ---- */

enum { N_TIMERS = 60 };

struct model {
	struct wheel wheel;
	struct wheel_timer timers[N_TIMERS];
	berth_time deadlines[N_TIMERS]; /* BERTH_NEVER: not armed */
	uint64_t order[N_TIMERS];
	uint64_t n_armed;
	berth_time now;
	struct rng rng;
};

static berth_time random_distance(struct rng *rng)
{
	return rng_below(rng, UINT64_C(1) << rng_below(rng, 45));
}

static void model_arm(struct model *m, unsigned i)
{
	berth_time at = m->now + random_distance(&m->rng);

	/* Some in the past, some together with another, some never. */
	if (rng_below(&m->rng, 10) == 0)
		at = m->now - rng_below(&m->rng, m->now / 2 + 1);
	else if (rng_below(&m->rng, 4) == 0)
		at = m->deadlines[rng_below(&m->rng, N_TIMERS)];
	else if (rng_below(&m->rng, 20) == 0)
		at = BERTH_NEVER;
	wheel_arm(&m->wheel, &m->timers[i], at);
	m->deadlines[i] = at;
	m->order[i] = m->n_armed++;
}

/* The armed timer that must fire first, or -1. */
static int model_first(const struct model *m)
{
	int first = -1;

	for (int i = 0; i < N_TIMERS; i++) {
		if (m->deadlines[i] == BERTH_NEVER)
			continue;
		if (first < 0 || m->deadlines[i] < m->deadlines[first] ||
		    (m->deadlines[i] == m->deadlines[first] && m->order[i] < m->order[first]))
			first = i;
	}
	return first;
}

static void model_check(const struct model *m)
{
	int first = model_first(m);
	berth_time promised = wheel_deadline(&m->wheel);

	for (unsigned i = 0; i < N_TIMERS; i++)
		assert_int_equal(wheel_armed(&m->timers[i]), m->deadlines[i] != BERTH_NEVER);
	if (first < 0) {
		assert_true(promised == BERTH_NEVER);
		return;
	}
	assert_true(promised <= m->deadlines[first]);
	assert_true(m->deadlines[first] - promised < LEVEL_SLOT(m->timers[first].slot / 64));
}

static void model_advance(struct model *m)
{
	m->now += random_distance(&m->rng);
	for (;;) {
		int first = model_first(m);
		struct wheel_timer *timer = wheel_pop(&m->wheel, m->now);

		if (!timer)
			break;
		assert_true(first >= 0);
		assert_ptr_equal(timer, &m->timers[first]);
		assert_int_equal(timer->deadline, m->deadlines[first]);
		assert_true(timer->deadline <= m->now);
		m->deadlines[first] = BERTH_NEVER;
		/* Some programs arm from within. */
		if (rng_below(&m->rng, 3) == 0)
			model_arm(m, (unsigned)rng_below(&m->rng, N_TIMERS));
		model_check(m);
	}
	assert_int_equal(m->wheel.now, m->now);
	if (model_first(m) >= 0)
		assert_true(m->deadlines[model_first(m)] > m->now);
}

static void test_beside_a_plain_array(void **state)
{
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct model *m = calloc(1, sizeof(*m));

		rng_init(&m->rng, seed);
		m->now = rng_below(&m->rng, UINT64_C(1) << rng_below(&m->rng, 63));
		wheel_init(&m->wheel, m->now);
		for (unsigned i = 0; i < N_TIMERS; i++)
			m->deadlines[i] = BERTH_NEVER;
		for (unsigned step = 0; step < 400; step++) {
			unsigned i = (unsigned)rng_below(&m->rng, N_TIMERS);

			switch (rng_below(&m->rng, 6)) {
			case 0:
				wheel_cancel(&m->wheel, &m->timers[i]);
				m->deadlines[i] = BERTH_NEVER;
				break;
			case 1:
				model_advance(m);
				break;
			default:
				model_arm(m, i);
			}
			model_check(m);
		}
		free(m);
	}
}

/* Driven as a loop drives it, by its own promises: all fire in order, exactly on time, after few vain wake-ups. */
static void test_driven_by_its_own_deadlines(void **state)
{
	enum { N = 1000 };
	struct wheel_timer *timers = calloc(N, sizeof(*timers));
	berth_time now = 999, last = 0;
	struct wheel wheel;
	struct rng rng;

	rng_init(&rng, 9);
	wheel_init(&wheel, now);
	for (unsigned i = 0; i < N; i++)
		wheel_arm(&wheel, &timers[i], now + rng_below(&rng, HOUR));
	for (unsigned i = 0; i < N; i++) {
		struct wheel_timer *timer = pop_next(&wheel, &now);

		assert_non_null(timer);
		assert_int_equal(timer->deadline, now);
		assert_true(now >= last);
		last = now;
	}
	assert_null(pop_next(&wheel, &now));
	free(timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one_timer_at_every_distance),
		cmocka_unit_test(test_never_and_cancel),
		cmocka_unit_test(test_the_past_is_due_at_once),
		cmocka_unit_test(test_ties_by_arming_order),
		cmocka_unit_test(test_order_within_a_slot),
		cmocka_unit_test(test_arming_while_popping),
		cmocka_unit_test(test_beside_a_plain_array),
		cmocka_unit_test(test_driven_by_its_own_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
