/* IPv4 headers: each verdict, each option length, quoted headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checksum.h"
#include "eth.h"
#include "ip4.h"
#include "wire_packets.h"

/* Sets the checksum right for what stands in the header now. */
static void seal(uint8_t *p)
{
	size_t len = (size_t)(p[0] & 15) * 4;
	uint16_t sum;

	memset(p + 10, 0, 2);
	sum = checksum_finish(checksum_add(0, p, len));
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

/* Parses n of the bytes from an allocation of just that size. */
static enum ip4_verdict parse_exactly(const uint8_t *bytes, size_t n, struct ip4_header *out)
{
	uint8_t *p = exact_copy(bytes, n);
	enum ip4_verdict verdict = ip4_parse(p, n, out);

	free(p);
	return verdict;
}

static struct ip4_header sample(void)
{
	return (struct ip4_header){
		.source = {192, 168, 1, 5},
		.destination = {192, 168, 1, 7},
		.total_len = 40,
		.id = 0x1234,
		.tos = 0xb8,
		.ttl = 64,
		.protocol = IP_PROTOCOL_TCP,
		.len_header = IP4_HEADER,
	};
}

static void assert_headers_equal(const struct ip4_header *a, const struct ip4_header *b)
{
	assert_memory_equal(a->source, b->source, 4);
	assert_memory_equal(a->destination, b->destination, 4);
	assert_int_equal(a->total_len, b->total_len);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->off_fragment, b->off_fragment);
	assert_int_equal(a->dont_fragment, b->dont_fragment);
	assert_int_equal(a->more_fragments, b->more_fragments);
	assert_int_equal(a->tos, b->tos);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->len_header, b->len_header);
	assert_int_equal(a->source_routed, b->source_routed);
}

static void test_real_packet(void **state)
{
	const uint8_t *p = packet_syn4 + ETH_HEADER;
	struct ip4_header expected = sample(), h;
	uint8_t bytes[IP4_HEADER];

	expected.total_len = 60;
	expected.id = 0x3ab2;
	expected.tos = 0;
	expected.dont_fragment = true;
	assert_int_equal(ip4_parse(p, sizeof(packet_syn4) - ETH_HEADER, &h), IP4_OK);
	assert_headers_equal(&h, &expected);
	assert_ptr_equal(ip4_emit(&h, bytes), bytes + IP4_HEADER);
	assert_memory_equal(bytes, p, IP4_HEADER);
}

static void test_round_trip(void **state)
{
	static const struct {
		uint16_t total_len, off;
		bool df, mf;
	} cases[] = {
		{20, 0, false, false}, {40, 0, true, false},      {28, 0, false, true},
		{28, 8, false, true},  {21, 65504, false, false}, {65535, 0, false, false},
	};
	static uint8_t bytes[65535];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip4_header h = sample(), back;

		h.total_len = cases[i].total_len;
		h.off_fragment = cases[i].off;
		h.dont_fragment = cases[i].df;
		h.more_fragments = cases[i].mf;
		ip4_emit(&h, bytes);
		assert_int_equal(ip4_parse(bytes, h.total_len, &back), IP4_OK);
		assert_headers_equal(&h, &back);
	}
}

/* Ripple20, INFRA:HALT: the total length against the header's and the frame's. */
static void test_every_total_length(void **state)
{
	uint8_t bytes[60] = {0};
	struct ip4_header h = sample();

	for (unsigned len = 0; len <= UINT16_MAX; len++) {
		h.total_len = (uint16_t)len;
		ip4_emit(&h, bytes);
		assert_int_equal(parse_exactly(bytes, 60, &h), len < 20 || len > 60 ? IP4_BAD_LENGTH : IP4_OK);
		h = sample();
	}
}

static void test_every_first_byte(void **state)
{
	for (unsigned first = 0; first < 256; first++) {
		uint8_t bytes[60] = {0};
		struct ip4_header h = sample();
		enum ip4_verdict expected = IP4_OK;

		h.total_len = 60;
		ip4_emit(&h, bytes);
		bytes[0] = (uint8_t)first;
		seal(bytes);
		if (first >> 4 != 4)
			expected = IP4_BAD_VERSION;
		else if ((first & 15) < 5)
			expected = IP4_BAD_HEADER;
		assert_int_equal(parse_exactly(bytes, 60, &h), expected);
		if (expected == IP4_OK)
			assert_int_equal(h.len_header, (first & 15) * 4);
	}
}

static void test_every_truncation(void **state)
{
	uint8_t bytes[64] = {0};
	struct ip4_header h = sample();

	/* 44 bytes of header, then 16 of payload and 4 of padding. */
	h.total_len = 60;
	ip4_emit(&h, bytes);
	bytes[0] = 0x4b;
	memset(bytes + 20, 1, 24);
	seal(bytes);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		enum ip4_verdict expected = n < 44 ? IP4_SHORT : n < 60 ? IP4_BAD_LENGTH : IP4_OK;

		assert_int_equal(parse_exactly(bytes, n, &h), expected);
	}
}

static void test_checksum(void **state)
{
	uint8_t bytes[IP4_HEADER];
	struct ip4_header h = sample();

	h.total_len = 20;
	ip4_emit(&h, bytes);
	/* The first byte's bits change what is read before the checksum is. */
	for (size_t bit = 32; bit < 8 * IP4_HEADER; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(parse_exactly(bytes, IP4_HEADER, &h), IP4_BAD_CHECKSUM);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(parse_exactly(bytes, IP4_HEADER, &h), IP4_OK);
}

/* A header with n bytes of options, a multiple of 4. */
static enum ip4_verdict parse_with_options(const uint8_t *options, size_t n, struct ip4_header *out)
{
	uint8_t bytes[IP4_HEADER_MAX];
	struct ip4_header h = sample();

	h.total_len = (uint16_t)(IP4_HEADER + n);
	ip4_emit(&h, bytes);
	bytes[0] = (uint8_t)(0x40 | (IP4_HEADER + n) / 4);
	memcpy(bytes + IP4_HEADER, options, n);
	seal(bytes);
	return parse_exactly(bytes, IP4_HEADER + n, out);
}

/* URGENT/11: an option of every kind and every length, at every place of every header that holds it. */
static void test_every_option_length(void **state)
{
	static const uint8_t kinds[] = {2, 7, 68, 130, 131, 137, 148, 255};

	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t n = 4; n <= 40; n += 4) {
			for (size_t at = 0; at < n; at++) {
				for (unsigned len = 0; len < 256; len++) {
					uint8_t options[40];
					bool fits = at + 1 < n && len >= 2 && at + len <= n;
					struct ip4_header h;

					memset(options, 1, sizeof(options));
					options[at] = kinds[k];
					if (at + 1 < n)
						options[at + 1] = (uint8_t)len;
					assert_int_equal(parse_with_options(options, n, &h),
							 fits ? IP4_OK : IP4_BAD_OPTION);
					if (fits)
						assert_int_equal(h.source_routed, kinds[k] == 131 || kinds[k] == 137);
				}
			}
		}
	}
}

/* What follows the end of the list is not read. */
static void test_end_of_options(void **state)
{
	static const uint8_t options[8] = {1, 0, 131, 0, 0, 0, 0, 0};
	struct ip4_header h;

	assert_int_equal(parse_with_options(options, 8, &h), IP4_OK);
	assert_false(h.source_routed);
}

static void test_fragments(void **state)
{
	static const struct {
		uint16_t total_len, off;
		bool df, mf;
		enum ip4_verdict verdict;
	} cases[] = {
		{28, 0, false, true, IP4_OK},
		{29, 0, false, true, IP4_BAD_FRAGMENT},      /* a middle one, not in eights */
		{27, 8, false, true, IP4_BAD_FRAGMENT},      /* the same */
		{29, 8, false, false, IP4_OK},               /* the last may end anywhere */
		{20, 0, false, true, IP4_BAD_FRAGMENT},      /* brings nothing */
		{20, 8, false, false, IP4_BAD_FRAGMENT},     /* the same */
		{28, 0, true, true, IP4_BAD_FRAGMENT},       /* not to be fragmented */
		{28, 8, true, false, IP4_BAD_FRAGMENT},      /* the same */
		{27, 65504, false, false, IP4_OK},           /* 20 + 65,504 + 7 */
		{31, 65504, false, false, IP4_OK},           /* ends at 65,535 */
		{32, 65504, false, false, IP4_BAD_FRAGMENT}, /* one beyond */
		{28, 65528, false, false, IP4_BAD_FRAGMENT}, /* the ping of death */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[40] = {0};
		struct ip4_header h = sample();

		h.total_len = cases[i].total_len;
		h.off_fragment = cases[i].off;
		h.dont_fragment = cases[i].df;
		h.more_fragments = cases[i].mf;
		ip4_emit(&h, bytes);
		assert_int_equal(parse_exactly(bytes, sizeof(bytes), &h), cases[i].verdict);
	}
}

/* A packet that is not taken leaves the output alone. */
static void test_output_untouched(void **state)
{
	struct ip4_header h, before;
	uint8_t bytes[IP4_HEADER] = {0x45};

	memset(&h, 0xa5, sizeof(h));
	before = h;
	assert_int_not_equal(ip4_parse(bytes, sizeof(bytes), &h), IP4_OK);
	assert_memory_equal(&h, &before, sizeof(h));
}

static void test_quoted(void **state)
{
	uint8_t bytes[48] = {0};
	struct ip4_header h = sample(), back;

	h.total_len = 1500;
	ip4_emit(&h, bytes);
	for (size_t n = 0; n <= 28; n++) {
		uint8_t *p = exact_copy(bytes, n);

		assert_int_equal(ip4_parse_quoted(p, n, &back), n >= IP4_HEADER);
		free(p);
	}
	assert_headers_equal(&back, &h);
	/* With options: all of them must be there, whatever they say. */
	bytes[0] = 0x47;
	memcpy(bytes + 20, "\x83\x07\x04\x0a\x00\x00\x01\x05", 8);
	for (size_t n = 0; n <= 36; n++) {
		uint8_t *p = exact_copy(bytes, n);

		assert_int_equal(ip4_parse_quoted(p, n, &back), n >= 28);
		free(p);
	}
	assert_int_equal(back.len_header, 28);
	assert_true(back.source_routed);
	for (unsigned first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		assert_int_equal(ip4_parse_quoted(bytes, 48, &back), first >= 0x45 && first <= 0x4c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_packet),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_total_length),
		cmocka_unit_test(test_every_first_byte),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_every_option_length),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_output_untouched),
		cmocka_unit_test(test_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
