/* The send queue: slices beside the bytes that were queued, across 2^32, and what it holds when it is empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heap.h"
#include "rng.h"
#include "sendq.h"

#define BASE ((1ull << 32) - 70000)
enum { MANY = 200000 };

static uint8_t byte_at(tcp_seq at)
{
	return (uint8_t)(at * 11 + (at >> 8) * 3);
}

static size_t append(struct sendq *q, size_t n, const struct berth_memory *memory)
{
	static uint8_t bytes[MANY];

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(q->right + i);
	return sendq_append(q, bytes, n, memory);
}

/* [left, left + n) by slices: the very bytes, each slice not empty; how many are covered. */
static uint32_t check_slices(struct sendq *q, tcp_seq left, uint32_t n, unsigned n_max)
{
	struct berth_slice slices[64];
	uint32_t covered = 12345, sum = 0;
	unsigned count = sendq_slices(q, left, n, slices, n_max, &covered);

	assert_true(count <= n_max);
	for (unsigned i = 0; i < count; i++) {
		assert_true(slices[i].len > 0);
		for (uint32_t k = 0; k < slices[i].len; k++)
			if (slices[i].data[k] != byte_at(left + sum + k))
				fail_msg("byte %u of %u from %u is wrong", sum + k, n, (unsigned)(left - BASE));
		sum += slices[i].len;
	}
	assert_int_equal(sum, covered);
	assert_true(covered == n || count == n_max);
	return covered;
}

static void test_random(void **state)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct heap heap;
		struct sendq q;
		struct rng rng;

		heap_init(&heap);
		rng_init(&rng, seed);
		sendq_init(&q, BASE);
		for (unsigned step = 0; step < 400; step++) {
			size_t n = rng_below(&rng, rng_below(&rng, 8) ? 3000 : 40000);
			tcp_seq left, right = q.right;

			if (q.right - q.left + n < MANY) {
				assert_int_equal(append(&q, n, &heap.memory), n);
				assert_int_equal(q.right, right + n);
			}
			left = q.left + rng_below(&rng, q.right - q.left + 1);
			check_slices(&q, left, (uint32_t)rng_below(&rng, q.right - left + 1), 64);
			check_slices(&q, left, (uint32_t)rng_below(&rng, q.right - left + 1),
				     1 + (unsigned)rng_below(&rng, 3));
			if (!rng_below(&rng, 3))
				sendq_cut(&q, q.left + rng_below(&rng, q.right - q.left + 1), &heap.memory);
			/* What is held follows what is queued: a chunk more at each end. */
			assert_true(heap.n_bytes <= 2 * (q.right - q.left) + 2 * 65536 + 4096);
		}
		sendq_deinit(&q, &heap.memory);
		assert_int_equal(heap.n_blocks, 0);
	}
}

/* An idle connection holds no buffers; a short request holds little. */
static void test_memory(void **state)
{
	struct heap heap;
	struct sendq q;

	heap_init(&heap);
	sendq_init(&q, BASE);
	assert_int_equal(heap.n_blocks, 0);
	assert_int_equal(append(&q, 100, &heap.memory), 100);
	assert_true(heap.n_bytes <= 1024);
	sendq_cut(&q, BASE + 99, &heap.memory);
	assert_int_equal(heap.n_blocks, 1);
	check_slices(&q, BASE + 99, 1, 1);
	sendq_cut(&q, BASE + 100, &heap.memory);
	assert_int_equal(heap.n_blocks, 0);
	assert_int_equal(append(&q, 0, &heap.memory), 0);
	assert_int_equal(heap.n_blocks, 0);
	assert_int_equal(append(&q, 65536, &heap.memory), 65536);
	assert_true(check_slices(&q, BASE + 100, 65536, 20) == 65536); /* a large segment fits a frame's slices */
	sendq_deinit(&q, &heap.memory);
	assert_int_equal(heap.n_blocks, 0);
}

/* Slices are asked for in order, then from further back: the cursor must not hide what lies before it. */
static void test_cursor(void **state)
{
	struct heap heap;
	struct sendq q;

	heap_init(&heap);
	sendq_init(&q, BASE);
	for (unsigned i = 0; i < 100; i++)
		append(&q, 1000, &heap.memory);
	for (uint32_t at = 0; at + 1460 <= 100000; at += 1460)
		check_slices(&q, BASE + at, 1460, 20);
	check_slices(&q, BASE, 1460, 20);
	for (uint32_t at = 98540;; at -= 1460) {
		check_slices(&q, BASE + at, 1460, 20);
		if (at < 1460)
			break;
	}
	check_slices(&q, BASE + 90000, 10, 20);
	sendq_cut(&q, BASE + 95000, &heap.memory); /* the cursor's chunk goes */
	check_slices(&q, BASE + 95000, 5000, 20);
	sendq_cut(&q, q.right, &heap.memory);
	append(&q, 10, &heap.memory);
	check_slices(&q, BASE + 100000, 10, 20);
	sendq_deinit(&q, &heap.memory);
	assert_int_equal(heap.n_blocks, 0);
}

/* The Nth chunk finds no memory: what was taken is said and kept. */
static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 6; n++) {
		struct heap heap;
		struct sendq q;
		size_t done;

		heap_init(&heap);
		sendq_init(&q, BASE);
		heap.fail_at = n;
		done = append(&q, MANY, &heap.memory);
		assert_int_equal(q.right - q.left, done);
		if (n == 0)
			assert_int_equal(done, 0);
		assert_true(done < MANY || heap.fail_at != SIZE_MAX);
		check_slices(&q, BASE, (uint32_t)done, 64);
		heap.fail_at = SIZE_MAX;
		assert_int_equal(append(&q, MANY - done, &heap.memory), MANY - done);
		check_slices(&q, BASE, MANY, 64);
		sendq_deinit(&q, &heap.memory);
		assert_int_equal(heap.n_blocks, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
