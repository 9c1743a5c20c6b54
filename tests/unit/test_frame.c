/* Frames: counting, gathering, copying and lending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/frame.h>

#include "heap.h"

static void test_the_last_holder_gives_it_back(void **state)
{
	struct heap heap;
	struct berth_frame *frame;

	heap_init(&heap);
	frame = berth_frame_new(&heap.memory, 100);
	assert_non_null(frame);
	assert_ptr_equal(frame->data, frame->storage);
	assert_int_equal(frame->len, 0);
	assert_int_equal(frame->capacity, 100);
	assert_int_equal(frame->n_refs, 1);
	assert_int_equal(heap.n_bytes, sizeof(*frame) + 100);
	assert_ptr_equal(berth_frame_ref(frame), frame);
	assert_null(berth_frame_unref(frame));
	assert_int_equal(heap.n_blocks, 1);
	assert_null(berth_frame_unref(frame));
	assert_int_equal(heap.n_blocks, 0);
	assert_int_equal(heap.n_bytes, 0);
	assert_null(berth_frame_unref(NULL));
}

static void test_no_memory_no_frame(void **state)
{
	struct berth_frame_out out = {.len = 10};
	struct heap heap;

	heap_init(&heap);
	heap.fail_at = 0;
	assert_null(berth_frame_new(&heap.memory, 100));
	heap.fail_at = 0;
	assert_null(berth_frame_copy(&out, &heap.memory));
}

static struct berth_frame_out example(void)
{
	struct berth_frame_out out = {.len = 10, .off_header = 3, .len_header = 4, .n_slices = 3, .segment_size = 1460};

	memcpy(out.header + 3, "HEAD", 4);
	out.slices[0] = (struct berth_slice){(const uint8_t *)"ab", 2};
	out.slices[1] = (struct berth_slice){(const uint8_t *)"", 0};
	out.slices[2] = (struct berth_slice){(const uint8_t *)"cdef", 4};
	return out;
}

static void test_gather_joins_header_and_slices(void **state)
{
	struct berth_frame_out out = example();
	uint8_t bytes[12];

	memset(bytes, '.', sizeof(bytes));
	berth_frame_gather(&out, bytes + 1);
	assert_memory_equal(bytes, ".HEADabcdef.", 12);
}

static void test_copy_keeps_what_the_receiver_must_know(void **state)
{
	struct berth_frame_out out = example();
	struct berth_frame *full, *partial;
	struct heap heap;

	heap_init(&heap);
	full = berth_frame_copy(&out, &heap.memory);
	out.checksum = BERTH_CHECKSUM_PARTIAL;
	partial = berth_frame_copy(&out, &heap.memory);
	assert_int_equal(full->len, 10);
	assert_memory_equal(full->data, "HEADabcdef", 10);
	assert_int_equal(full->segment_size, 1460);
	assert_int_equal(full->n_refs, 1);
	assert_int_equal(full->checksum, BERTH_CHECKSUM_FULL);
	assert_int_equal(partial->checksum, BERTH_CHECKSUM_VALID);
	berth_frame_unref(full);
	berth_frame_unref(partial);
	assert_int_equal(heap.n_blocks, 0);
}

static void test_borrow_is_one_slice(void **state)
{
	struct berth_frame_out first = example(), out;
	struct berth_frame *frame;
	struct heap heap;
	uint8_t bytes[7];

	heap_init(&heap);
	frame = berth_frame_copy(&first, &heap.memory);
	/* An owner may have cut the front off. */
	frame->data += 3;
	frame->len -= 3;
	berth_frame_borrow(frame, &out);
	assert_int_equal(out.len, 7);
	assert_int_equal(out.n_slices, 1);
	assert_int_equal(out.len_header, 0);
	assert_int_equal(out.checksum, BERTH_CHECKSUM_FULL);
	assert_ptr_equal(out.slices[0].data, frame->data);
	berth_frame_gather(&out, bytes);
	assert_memory_equal(bytes, "Dabcdef", 7);
	berth_frame_unref(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_holder_gives_it_back),
		cmocka_unit_test(test_no_memory_no_frame),
		cmocka_unit_test(test_gather_joins_header_and_slices),
		cmocka_unit_test(test_copy_keeps_what_the_receiver_must_know),
		cmocka_unit_test(test_borrow_is_one_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
