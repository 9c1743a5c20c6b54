/* Range sets: a table of joins, caps and failing memory, and random changes beside a bitmap, across 2^32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/error.h>

#include "heap.h"
#include "ranges_sum.h"
#include "ranges.h"
#include "rng.h"

#define MANY 1000
/* The tests' positions begin a little below 2^32, so that they cross it. */
#define BASE (UINT64_C(0xffffffff) - 40)

static void assert_sorted_and_apart(const struct ranges *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		assert_true(r->item[i].left < r->item[i].right);
		if (i > 0)
			assert_true(r->item[i - 1].right < r->item[i].left);
	}
	assert_true(r->n <= r->capacity);
}

static bool holds(const struct ranges *r, uint64_t at)
{
	return ranges_cover(r, at, at + 1);
}

static void test_joins(void **state)
{
	/* To 10-20, 30-40, 50-60 is added one range. */
	static const struct {
		uint64_t left, right;
		uint32_t n;
		struct range want[4];
	} rows[] = {
		{0, 5, 4, {{0, 5}, {10, 20}, {30, 40}, {50, 60}}},
		{0, 10, 3, {{0, 20}, {30, 40}, {50, 60}}},
		{5, 15, 3, {{5, 20}, {30, 40}, {50, 60}}},
		{10, 20, 3, {{10, 20}, {30, 40}, {50, 60}}},
		{12, 18, 3, {{10, 20}, {30, 40}, {50, 60}}},
		{20, 21, 3, {{10, 21}, {30, 40}, {50, 60}}},
		{21, 29, 4, {{10, 20}, {21, 29}, {30, 40}, {50, 60}}},
		{20, 30, 2, {{10, 40}, {50, 60}}},
		{19, 51, 1, {{10, 60}}},
		{0, 100, 1, {{0, 100}}},
		{60, 61, 3, {{10, 20}, {30, 40}, {50, 61}}},
		{61, 62, 4, {{10, 20}, {30, 40}, {50, 60}, {61, 62}}},
		{35, 35, 3, {{10, 20}, {30, 40}, {50, 60}}},
		{45, 45, 3, {{10, 20}, {30, 40}, {50, 60}}},
	};
	struct heap heap;

	heap_init(&heap);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ranges r;

		ranges_init(&r);
		for (uint64_t left = 10; left <= 50; left += 20)
			assert_int_equal(ranges_add(&r, left, left + 10, MANY, &heap.memory), 0);
		assert_int_equal(ranges_add(&r, rows[i].left, rows[i].right, MANY, &heap.memory), 0);
		assert_int_equal(r.n, rows[i].n);
		for (uint32_t k = 0; k < r.n; k++) {
			assert_int_equal(r.item[k].left, rows[i].want[k].left);
			assert_int_equal(r.item[k].right, rows[i].want[k].right);
		}
		ranges_deinit(&r, &heap.memory);
	}
	assert_int_equal(heap.n_blocks, 0);
}

static void test_ends_of_the_number_line(void **state)
{
	struct heap heap;
	struct ranges r;

	heap_init(&heap);
	ranges_init(&r);
	assert_int_equal(ranges_add(&r, 0, 1, MANY, &heap.memory), 0);
	assert_int_equal(ranges_add(&r, UINT64_MAX - 1, UINT64_MAX, MANY, &heap.memory), 0);
	assert_int_equal(r.n, 2);
	assert_true(holds(&r, 0));
	assert_false(holds(&r, 1));
	assert_true(holds(&r, UINT64_MAX - 1));
	assert_false(holds(&r, UINT64_MAX));
	assert_int_equal(ranges_find(&r, UINT64_MAX), 2);
	assert_int_equal(ranges_add(&r, 0, UINT64_MAX, MANY, &heap.memory), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(ranges_sum(&r), UINT64_MAX);
	ranges_deinit(&r, &heap.memory);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_find(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t found;
		bool has;
	} rows[] = {
		{0, 0, false}, {9, 0, false}, {10, 0, true},  {19, 0, true},    {20, 1, false},
		{30, 1, true}, {39, 1, true}, {40, 2, false}, {1000, 2, false},
	};
	struct heap heap;
	struct ranges r;

	heap_init(&heap);
	ranges_init(&r);
	assert_int_equal(ranges_find(&r, 5), 0);
	assert_false(holds(&r, 5));
	assert_int_equal(ranges_sum(&r), 0);
	ranges_add(&r, 10, 20, MANY, &heap.memory);
	ranges_add(&r, 30, 40, MANY, &heap.memory);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ranges_find(&r, rows[i].at), rows[i].found);
		assert_int_equal(holds(&r, rows[i].at), rows[i].has);
	}
	assert_int_equal(ranges_sum(&r), 20);
	ranges_deinit(&r, &heap.memory);
}

static void test_cap_and_no_memory_change_nothing(void **state)
{
	struct heap heap;
	struct ranges r;

	heap_init(&heap);
	ranges_init(&r);
	heap.fail_at = 0;
	assert_int_equal(ranges_add(&r, 1, 2, MANY, &heap.memory), BERTH_ENOMEM);
	assert_int_equal(r.n, 0);
	heap.fail_at = SIZE_MAX;
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(ranges_add(&r, 10 * i, 10 * i + 5, 4, &heap.memory), 0);
	assert_int_equal(ranges_add(&r, 100, 101, 4, &heap.memory), BERTH_ENOBUFS);
	heap.fail_at = 0;
	assert_int_equal(ranges_add(&r, 100, 101, 5, &heap.memory), BERTH_ENOMEM);
	assert_int_equal(r.n, 4);
	assert_int_equal(ranges_sum(&r), 20);
	/* At the cap, what joins still goes in; so does what is there. */
	assert_int_equal(ranges_add(&r, 35, 36, 4, &heap.memory), 0);
	assert_int_equal(ranges_add(&r, 1, 2, 4, &heap.memory), 0);
	assert_int_equal(ranges_sum(&r), 21);
	ranges_deinit(&r, &heap.memory);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_cut(void **state)
{
	struct heap heap;
	struct ranges r;

	heap_init(&heap);
	ranges_init(&r);
	ranges_cut(&r, 10, &heap.memory);
	for (uint64_t left = 10; left <= 50; left += 20)
		ranges_add(&r, left, left + 10, MANY, &heap.memory);
	ranges_cut(&r, 10, &heap.memory);
	assert_int_equal(ranges_sum(&r), 30);
	ranges_cut(&r, 15, &heap.memory);
	assert_int_equal(r.item[0].left, 15);
	ranges_cut(&r, 40, &heap.memory);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.item[0].left, 50);
	ranges_cut(&r, 60, &heap.memory);
	assert_int_equal(r.n, 0);
	assert_int_equal(heap.n_blocks, 0);
}

enum { MODEL_SIZE = 200 };

static void assert_like_model(const struct ranges *r, const bool *model)
{
	uint32_t n_runs = 0;
	uint64_t n = 0;

	assert_sorted_and_apart(r);
	for (unsigned i = 0; i < MODEL_SIZE; i++) {
		assert_int_equal(holds(r, BASE + i), model[i]);
		n += model[i];
		n_runs += model[i] && (i == 0 || !model[i - 1]);
	}
	assert_int_equal(ranges_sum(r), n);
	assert_int_equal(r->n, n_runs);
}

static void test_beside_a_bitmap(void **state)
{
	struct heap heap;
	struct rng rng;

	heap_init(&heap);
	rng_init(&rng, 4);
	for (unsigned run = 0; run < 60; run++) {
		bool model[MODEL_SIZE] = {false};
		unsigned low = 0;
		struct ranges r;

		ranges_init(&r);
		for (unsigned step = 0; step < 100; step++) {
			unsigned left = low + (unsigned)rng_below(&rng, MODEL_SIZE - low);
			unsigned right = left + (unsigned)rng_below(&rng, run % 2 ? 3 : 20);

			if (right > MODEL_SIZE)
				right = MODEL_SIZE;
			assert_int_equal(ranges_add(&r, BASE + left, BASE + right, MANY, &heap.memory), 0);
			memset(model + left, true, right - left);
			if (rng_below(&rng, 30) == 0) {
				low += (unsigned)rng_below(&rng, 20);
				ranges_cut(&r, BASE + low, &heap.memory);
				memset(model, false, low);
			}
			assert_like_model(&r, model);
		}
		ranges_deinit(&r, &heap.memory);
		assert_int_equal(heap.n_blocks, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joins), cmocka_unit_test(test_ends_of_the_number_line),
		cmocka_unit_test(test_find),  cmocka_unit_test(test_cap_and_no_memory_change_nothing),
		cmocka_unit_test(test_cut),   cmocka_unit_test(test_beside_a_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
