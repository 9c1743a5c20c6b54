/* The memory pair: order, counters, queue limit, what needs a capability, and either end going first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>

#include "families.h"
#include "heap.h"

static void pair_new(unsigned capabilities, uint32_t queue_max, struct berth_link **a, struct berth_link **b)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.capabilities = capabilities;
	config.queue_max = queue_max;
	assert_int_equal(berth_link_memory_pair(&config, a, b), 0);
}

/* A frame of a head and one slice: n bytes in all, the first two of which are a number. */
static struct berth_frame_out numbered(uint16_t number, uint32_t n, const uint8_t *filler)
{
	struct berth_frame_out out = {.len = n, .off_header = 3, .len_header = 2, .n_slices = 1};

	out.header[3] = (uint8_t)(number >> 8);
	out.header[4] = (uint8_t)number;
	out.slices[0] = (struct berth_slice){filler, n - 2};
	return out;
}

static void test_order_and_bytes(void **state)
{
	static const uint8_t filler[1600] = {1, 2, 3};
	struct berth_link *a, *b;

	pair_new(0, 4096, &a, &b);
	assert_null(berth_link_receive(b, 0));
	assert_true(berth_link_deadline(b) == BERTH_NEVER);
	for (unsigned i = 0; i < 300; i++) {
		struct berth_frame_out out = numbered((uint16_t)i, 60 + i, filler);

		berth_link_send(a, &out, 1, 0);
	}
	assert_true(berth_link_deadline(b) == 0);
	assert_true(berth_link_deadline(a) == BERTH_NEVER);
	for (unsigned i = 0; i < 300; i++) {
		struct berth_frame *frame = berth_link_receive(b, 0);

		assert_non_null(frame);
		assert_int_equal(frame->len, 60 + i);
		assert_int_equal(frame->capacity, 60 + i);
		assert_int_equal(frame->data[0] << 8 | frame->data[1], i);
		assert_memory_equal(frame->data + 2, filler, frame->len - 2);
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
		assert_null(frame->next);
		berth_frame_unref(frame);
	}
	assert_null(berth_link_receive(b, 0));
	assert_int_equal(a->counters.sent, 300);
	assert_int_equal(b->counters.received, 300);
	assert_int_equal(a->counters.sent_bytes, b->counters.received_bytes);
	berth_link_free(a);
	berth_link_free(b);
}

static void test_both_ways(void **state)
{
	static const uint8_t filler[64];
	struct berth_frame_out ab = numbered(1, 60, filler), ba = numbered(2, 60, filler);
	struct berth_link *a, *b;
	struct berth_frame *frame;

	pair_new(0, 16, &a, &b);
	berth_link_send(a, &ab, 1, 0);
	berth_link_send(b, &ba, 1, 0);
	frame = berth_link_receive(a, 0);
	assert_int_equal(frame->data[1], 2);
	berth_frame_unref(frame);
	frame = berth_link_receive(b, 0);
	assert_int_equal(frame->data[1], 1);
	berth_frame_unref(frame);
	berth_link_free(b);
	berth_link_free(a);
}

static void test_queue_full(void **state)
{
	static const uint8_t filler[64];
	struct berth_frame_out out = numbered(1, 60, filler);
	struct berth_link *a, *b;

	pair_new(0, 3, &a, &b);
	for (unsigned i = 0; i < 5; i++)
		berth_link_send(a, &out, 1, 0);
	assert_int_equal(a->counters.sent, 3);
	assert_int_equal(a->counters.queue_full, 2);
	assert_int_equal(a->counters.send_failed, 2);
	berth_frame_unref(berth_link_receive(b, 0));
	berth_link_send(a, &out, 1, 0);
	assert_int_equal(a->counters.sent, 4);
	berth_link_free(a); /* with frames under way */
	berth_link_free(b);
}

struct passage {
	const char *name;
	unsigned capabilities;
	uint8_t checksum;
	uint16_t segment_size;
	uint32_t len;
	bool passes;
	uint8_t arrives;
};

static const struct passage passages[] = {
	{"whole", 0, BERTH_CHECKSUM_FULL, 0, 1514, true, BERTH_CHECKSUM_FULL},
	{"beyond the mtu", 0, BERTH_CHECKSUM_FULL, 0, 1515, false, 0},
	{"partial, no capability", 0, BERTH_CHECKSUM_PARTIAL, 0, 100, false, 0},
	{"partial", BERTH_LINK_CHECKSUM, BERTH_CHECKSUM_PARTIAL, 0, 100, true, BERTH_CHECKSUM_VALID},
	{"whole, checksum capability", BERTH_LINK_CHECKSUM, BERTH_CHECKSUM_FULL, 0, 100, true, BERTH_CHECKSUM_FULL},
	{"large, no capability", BERTH_LINK_CHECKSUM, BERTH_CHECKSUM_PARTIAL, 1460, 5000, false, 0},
	{"large", BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT, BERTH_CHECKSUM_PARTIAL, 1460, 60000, true,
	 BERTH_CHECKSUM_VALID},
};

static void test_capabilities(void **state)
{
	static const uint8_t filler[65536];

	for (size_t i = 0; i < sizeof(passages) / sizeof(passages[0]); i++) {
		const struct passage *p = &passages[i];
		struct berth_frame_out out = numbered(7, p->len, filler);
		struct berth_frame *frame;
		struct berth_link *a, *b;

		pair_new(p->capabilities, 16, &a, &b);
		out.checksum = p->checksum;
		out.segment_size = p->segment_size;
		berth_link_send(a, &out, 1, 0);
		frame = berth_link_receive(b, 0);
		if ((frame != NULL) != p->passes)
			fail_msg("%s", p->name);
		assert_int_equal(a->counters.send_failed, !p->passes);
		if (frame) {
			assert_int_equal(frame->checksum, p->arrives);
			assert_int_equal(frame->segment_size, p->segment_size);
			assert_int_equal(frame->len, p->len);
		}
		berth_frame_unref(frame);
		berth_link_free(a);
		berth_link_free(b);
	}
}

static void test_other_end_gone(void **state)
{
	static const uint8_t filler[64];
	struct berth_frame_out out = numbered(1, 60, filler);
	struct berth_link *a, *b;

	pair_new(0, 16, &a, &b);
	berth_link_send(b, &out, 1, 0);
	berth_link_free(b);
	berth_link_send(a, &out, 1, 0);
	assert_int_equal(a->counters.send_failed, 1);
	/* What had left before arrives. */
	berth_frame_unref(berth_link_receive(a, 0));
	assert_int_equal(a->counters.received, 1);
	berth_link_free(a);
}

static void test_out_of_memory(void **state)
{
	static const uint8_t filler[64];
	struct berth_frame_out out = numbered(1, 60, filler);
	struct heap heap;
	struct berth_memory_pair_config config;
	struct berth_link *a, *b;

	heap_init(&heap);
	heap.fail_at = 0;
	berth_memory_pair_config_default(&config);
	config.memory = &heap.memory;
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), BERTH_ENOMEM);
	heap.fail_at = 2;
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), 0);
	berth_link_send(a, &out, 1, 0);
	berth_link_send(a, &out, 1, 0);
	assert_int_equal(a->counters.sent, 1);
	assert_int_equal(a->counters.send_failed, 1);
	berth_link_free(a);
	berth_link_free(b);
	assert_int_equal(heap.n_bytes, 0);
}

static void test_bad_config(void **state)
{
	struct berth_memory_pair_config config;
	struct berth_link *a, *b;

	berth_memory_pair_config_default(&config);
	config.mtu = 575;
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), BERTH_EINVAL);
	berth_memory_pair_config_default(&config);
	config.queue_max = 0;
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), BERTH_EINVAL);
	berth_memory_pair_config_default(&config);
	config.capabilities = 8;
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), BERTH_EINVAL);
}

/* RFC 1071, a word at a time: 0xffff when the bytes hold their own right checksum. */
static uint16_t folded(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void pair_complete(struct berth_link **a, struct berth_link **b)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.capabilities = BERTH_LINK_CHECKSUM;
	config.complete = true;
	assert_int_equal(berth_link_memory_pair(&config, a, b), 0);
}

/* Pieces of odd length, a field that holds a partial sum: what arrives is whole, right, and not vouched for. The
 * transport begins behind an IPv4 header or an IPv6 one. */
static void test_complete(void **state)
{
	uint8_t off = family_of(state) == BERTH_IP6 ? 54 : 34, len_header = (uint8_t)(off + 20);
	struct berth_frame_out out = {
		.len_header = len_header, .off_transport = off, .off_checksum = 16, .n_slices = 3};
	static uint8_t payload[1000];
	struct berth_link *a, *b;

	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 3);
	for (unsigned i = 0; i < len_header; i++)
		out.header[i] = (uint8_t)(i * 5);
	out.header[off + 16] = out.header[off + 17] = 0; /* a pseudo-header that adds up to nothing */
	out.slices[0] = (struct berth_slice){payload, 301};
	out.slices[1] = (struct berth_slice){payload + 301, 1};
	out.checksum = BERTH_CHECKSUM_PARTIAL;
	pair_complete(&a, &b);
	for (unsigned n_payload = 995; n_payload <= 1000; n_payload++) {
		struct berth_frame *frame;

		out.slices[2] = (struct berth_slice){payload + 302, n_payload - 302};
		out.len = len_header + n_payload;
		berth_link_send(a, &out, 1, 0);
		frame = berth_link_receive(b, 0);
		assert_non_null(frame);
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
		assert_int_equal(folded(frame->data + off, frame->len - off), 0xffff);
		assert_memory_equal(frame->data, out.header, off + 16);
		assert_memory_equal(frame->data + off + 18, out.header + off + 18, 2);
		assert_memory_equal(frame->data + len_header, payload, n_payload);
		berth_frame_unref(frame);
	}
	/* A field that would lie outside is nothing to write to. */
	out.off_checksum = 60000;
	berth_link_send(a, &out, 1, 0);
	assert_null(berth_link_receive(b, 0));
	assert_int_equal(a->counters.send_failed, 1);
	berth_link_free(a);
	berth_link_free(b);
}

/* A sum of zero stays zero in TCP; in UDP that would say there is none (RFC 768). */
static void test_complete_zero(void **state)
{
	uint8_t off = family_of(state) == BERTH_IP6 ? 54 : 34;
	struct berth_frame_out out = {.len_header = (uint8_t)(off + 20),
				      .len = off + 22u,
				      .off_transport = off,
				      .checksum = BERTH_CHECKSUM_PARTIAL,
				      .n_slices = 1,
				      .slices = {{(const uint8_t *)"\xff\xff", 2}}};
	struct berth_link *a, *b;

	pair_complete(&a, &b);
	for (unsigned udp = 0; udp < 2; udp++) {
		struct berth_frame *frame;

		out.off_checksum = udp ? 6 : 16;
		berth_link_send(a, &out, 1, 0);
		frame = berth_link_receive(b, 0);
		assert_int_equal(frame->data[off + out.off_checksum], udp ? 0xff : 0);
		assert_int_equal(frame->data[off + 1 + out.off_checksum], udp ? 0xff : 0);
		berth_frame_unref(frame);
	}
	berth_link_free(a);
	berth_link_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_bytes), cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_queue_full),      cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_other_end_gone),  cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_bad_config),      IN_BOTH_FAMILIES(test_complete),
		IN_BOTH_FAMILIES(test_complete_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
