/* The pool: what it keeps, what it passes on, what it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/frame.h>
#include <berth/memory.h>

#include "heap.h"
#include "rng.h"

static void *take(struct berth_pool *pool, size_t size)
{
	const struct berth_memory *memory = berth_pool_memory(pool);

	return memory->alloc(memory->context, size);
}

static void give(struct berth_pool *pool, void *p, size_t size)
{
	const struct berth_memory *memory = berth_pool_memory(pool);

	memory->free(memory->context, p, size);
}

static void test_newest_first(void **state)
{
	struct heap heap;
	struct berth_pool *pool;
	void *a, *b;

	heap_init(&heap);
	pool = berth_pool_new(&heap.memory, 1 << 20);
	a = take(pool, 2048);
	b = take(pool, 2048);
	assert_int_equal(berth_pool_in_use(pool), 4096);
	give(pool, a, 2048);
	give(pool, b, 2048);
	assert_int_equal(berth_pool_in_use(pool), 0);
	/* Another size of the same class: no more from the parent. */
	assert_ptr_equal(take(pool, 2100), b);
	assert_ptr_equal(take(pool, 1500), a);
	assert_int_equal(heap.n_allocs, 3);
	assert_int_equal(berth_pool_in_use(pool), 3600);
	give(pool, b, 2100);
	give(pool, a, 1500);
	assert_null(berth_pool_free(pool));
	assert_int_equal(heap.n_blocks, 0);
	assert_null(berth_pool_free(NULL));
}

/* A frame with 2 KiB or 64 KiB of storage and room for link headers costs no more than an eighth above that. */
static void test_frames_fit_their_class(void **state)
{
	static const uint32_t capacities[] = {2048, 4096, 16384, 65536, 131072};

	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
		struct heap heap;
		struct berth_pool *pool;
		struct berth_frame *frame;
		size_t before;

		heap_init(&heap);
		pool = berth_pool_new(&heap.memory, 1 << 20);
		before = heap.n_bytes;
		frame = berth_frame_new(berth_pool_memory(pool), capacities[i] + 100);
		assert_true(heap.n_bytes - before <= capacities[i] + capacities[i] / 8);
		assert_int_equal(berth_pool_in_use(pool), sizeof(*frame) + capacities[i] + 100);
		berth_frame_unref(frame);
		assert_int_equal(berth_pool_in_use(pool), 0);
		assert_true(heap.n_bytes > before);
		berth_pool_free(pool);
		assert_int_equal(heap.n_blocks, 0);
	}
}

static void test_small_blocks_waste_little(void **state)
{
	struct heap heap;
	struct berth_pool *pool;

	heap_init(&heap);
	pool = berth_pool_new(&heap.memory, 0);
	for (size_t size = 1; size <= 1280; size++) {
		size_t before = heap.n_bytes;
		void *p = take(pool, size);

		assert_in_range(heap.n_bytes - before, size, size + 31);
		assert_int_equal(berth_pool_in_use(pool), size);
		give(pool, p, size);
		assert_int_equal(heap.n_bytes, before);
	}
	berth_pool_free(pool);
	assert_int_equal(heap.n_blocks, 0);
}

/* Every size gets at least what it asks for, and a size never less than a smaller one. */
static void test_blocks_hold_what_was_asked(void **state)
{
	struct heap heap;
	struct berth_pool *pool;
	size_t last = 0;

	heap_init(&heap);
	pool = berth_pool_new(&heap.memory, 0);
	for (size_t size = 1; size <= 140000; size += 1 + size / 300) {
		size_t before = heap.n_bytes, got;
		void *p = take(pool, size);

		got = heap.n_bytes - before;
		assert_true(got >= size && got >= last && got <= 2 * size + 256);
		last = got;
		give(pool, p, size);
	}
	berth_pool_free(pool);
}

static void test_huge_goes_to_the_parent(void **state)
{
	static const size_t sizes[] = {(128 << 10) + 257, 1 << 20};
	struct heap heap;
	struct berth_pool *pool;

	heap_init(&heap);
	pool = berth_pool_new(&heap.memory, SIZE_MAX);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t before = heap.n_bytes;
		void *p = take(pool, sizes[i]);

		assert_int_equal(heap.n_bytes - before, sizes[i]);
		assert_int_equal(berth_pool_in_use(pool), sizes[i]);
		give(pool, p, sizes[i]);
		assert_int_equal(heap.n_bytes, before);
	}
	berth_pool_free(pool);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_keeps_no_more_than_told(void **state)
{
	struct heap heap;
	struct berth_pool *pool;
	void *p[10];

	heap_init(&heap);
	pool = berth_pool_new(&heap.memory, 10000);
	for (unsigned i = 0; i < 10; i++)
		p[i] = take(pool, 2048);
	for (unsigned i = 0; i < 10; i++)
		give(pool, p[i], 2048);
	/* The pool itself and at most four blocks. */
	assert_int_equal(heap.n_blocks, 1 + 4);
	berth_pool_free(pool);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_out_of_memory(void **state)
{
	struct heap heap;
	struct berth_pool *pool;

	heap_init(&heap);
	heap.fail_at = 0;
	assert_null(berth_pool_new(&heap.memory, 1 << 20));
	heap.fail_at = SIZE_MAX;
	pool = berth_pool_new(&heap.memory, 1 << 20);
	heap.fail_at = 0;
	assert_null(take(pool, 4096));
	heap.fail_at = 0;
	assert_null(take(pool, 100));
	assert_int_equal(berth_pool_in_use(pool), 0);
	heap.fail_at = SIZE_MAX;
	berth_pool_free(pool);
	assert_int_equal(heap.n_blocks, 0);
}

/* Random sizes in random order: no two blocks overlap, and the count is right all along. */
static void test_blocks_are_whole_and_apart(void **state)
{
	enum { N = 64 };
	struct {
		uint8_t *p;
		size_t size;
	} held[N] = {{0}};
	struct heap heap;
	struct berth_pool *pool;
	struct rng rng;
	size_t in_use = 0;

	heap_init(&heap);
	rng_init(&rng, 3);
	pool = berth_pool_new(&heap.memory, 256 << 10);
	for (unsigned round = 0; round < 5000; round++) {
		unsigned i = (unsigned)rng_below(&rng, N);

		if (held[i].p) {
			for (size_t k = 0; k < held[i].size; k += held[i].size / 8 + 1)
				assert_int_equal(held[i].p[k], i);
			assert_int_equal(held[i].p[held[i].size - 1], i);
			give(pool, held[i].p, held[i].size);
			in_use -= held[i].size;
			held[i].p = NULL;
		} else {
			held[i].size = 1 + (size_t)rng_below(&rng, UINT64_C(1) << (4 + rng_below(&rng, 15)));
			held[i].p = take(pool, held[i].size);
			memset(held[i].p, (int)i, held[i].size);
			in_use += held[i].size;
		}
		assert_int_equal(berth_pool_in_use(pool), in_use);
	}
	for (unsigned i = 0; i < N; i++) {
		if (held[i].p)
			give(pool, held[i].p, held[i].size);
	}
	berth_pool_free(pool);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_libc_memory(void **state)
{
	const struct berth_memory *memory = berth_memory_libc();
	void *p = memory->alloc(memory->context, 100);

	assert_non_null(p);
	memset(p, 1, 100);
	memory->free(memory->context, p, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_first),
		cmocka_unit_test(test_frames_fit_their_class),
		cmocka_unit_test(test_small_blocks_waste_little),
		cmocka_unit_test(test_blocks_hold_what_was_asked),
		cmocka_unit_test(test_huge_goes_to_the_parent),
		cmocka_unit_test(test_keeps_no_more_than_told),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_blocks_are_whole_and_apart),
		cmocka_unit_test(test_libc_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
