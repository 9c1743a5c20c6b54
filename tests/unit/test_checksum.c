/* The Internet checksum against a plain loop, at every length and alignment, and against RFC 1071's own example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checksum.h"

#define LEN_MAX 2000
#define OFF_MAX 8

/* RFC 1071 section 4.1, word by word in network order. Folded as it goes, so that no length overflows it. */
static uint16_t naive(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* A byte for place i of pattern number `pattern`: noise, all ones (the most carries), zeros, and one bit in a sea of
 * ones. */
static uint8_t pattern_byte(unsigned pattern, size_t i)
{
	switch (pattern) {
	case 0:
		return (uint8_t)(i * 167 + (i >> 3) * 59 + 13);
	case 1:
		return 0xff;
	case 2:
		return 0;
	default:
		return i % 97 ? 0xff : 0xfe;
	}
}

static uint8_t *patterned(unsigned pattern, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = pattern_byte(pattern, i);
	return p;
}

/* Both ways of adding agree with the plain loop. */
static void assert_sums(const uint8_t *p, size_t n)
{
	uint16_t expected = naive(0, p, n);

	assert_int_equal(checksum_fold(checksum_add(0, p, n)), expected);
	assert_int_equal(checksum_fold(checksum_add_portable(0, p, n)), expected);
}

/* Both ways of copying do, and write just the n bytes at `to`. */
static void assert_copies(uint8_t *to, const uint8_t *from, size_t n)
{
	uint16_t expected = naive(0, from, n);

	memset(to, 0xa5, n);
	assert_int_equal(checksum_fold(checksum_copy(0, to, from, n)), expected);
	assert_memory_equal(to, from, n);
	memset(to, 0xa5, n);
	assert_int_equal(checksum_fold(checksum_copy_portable(0, to, from, n)), expected);
	assert_memory_equal(to, from, n);
}

static void test_rfc1071_example(void **state)
{
	/* RFC 1071 section 3: the sum is ddf2, its complement 220d. */
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	assert_int_equal(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0xddf2);
	assert_int_equal(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0x220d);
}

static void test_every_length_and_offset(void **state)
{
	for (unsigned pattern = 0; pattern < 4; pattern++) {
		uint8_t *p = patterned(pattern, LEN_MAX + OFF_MAX);

		for (size_t off = 0; off < OFF_MAX; off++)
			for (size_t n = 0; n <= LEN_MAX; n++)
				assert_sums(p + off, n);
		free(p);
	}
}

/* The last byte of the piece is the last of its allocation, so that a read beyond it shows under ASan. */
static void test_reads_no_further(void **state)
{
	for (size_t n = 0; n <= LEN_MAX; n++) {
		uint8_t *p = patterned(0, n);

		assert_sums(p, n);
		free(p);
	}
}

static void test_copy(void **state)
{
	uint8_t *to = malloc(LEN_MAX + 2 * OFF_MAX);
	uint8_t *from = patterned(0, LEN_MAX + OFF_MAX);

	for (size_t off = 0; off < OFF_MAX; off++) {
		for (size_t n = 0; n <= LEN_MAX; n++) {
			uint8_t *place = to + (OFF_MAX - off);

			memset(to, 0xa5, LEN_MAX + 2 * OFF_MAX);
			assert_copies(place, from + off, n);
			assert_int_equal(place[-1], 0xa5);
			assert_int_equal(place[n], 0xa5);
		}
	}
	free(to);
	free(from);
}

static void test_copy_exactly(void **state)
{
	for (size_t n = 0; n <= LEN_MAX; n++) {
		uint8_t *from = patterned(3, n), *to = malloc(n ? n : 1);

		assert_copies(to, from, n);
		free(to);
		free(from);
	}
}

/* Numbers that repeat (Lehmer's generator); 0 when n is 0. */
static size_t below(uint32_t *rng, size_t n)
{
	*rng = (uint32_t)((uint64_t)*rng * 48271 % 0x7fffffff);
	return n ? *rng % n : 0;
}

/* A whole cut in pieces at any places sums to the same. */
static void test_pieces(void **state)
{
	uint8_t *p = patterned(0, 65535);
	uint32_t rng = 1;

	for (unsigned round = 0; round < 500; round++) {
		size_t n = below(&rng, 65536), at = 0;
		uint64_t sum = 0;

		while (at < n) {
			size_t len = 1 + below(&rng, round % 2 ? n - at : (n - at < 50 ? n - at : 50));

			sum = checksum_add_at(sum, p + at, len, at);
			at += len;
		}
		assert_int_equal(checksum_fold(sum), naive(0, p, n));
	}
	free(p);
}

/* Sums made apart add up with +, however large. */
static void test_sums_add(void **state)
{
	uint8_t *ones = patterned(1, 65536);
	uint64_t sum = 0;
	uint16_t expected = 0;

	for (unsigned i = 0; i < 1000; i++) {
		sum += checksum_add(0, ones, 65536);
		expected = naive(expected, ones, 65536);
	}
	assert_int_equal(checksum_fold(sum), expected);
	assert_int_equal(checksum_fold((uint64_t)0xffff * 0x1000000000000), 0xffff);
	assert_int_equal(checksum_fold(UINT64_MAX), 0xffff);
	free(ones);
}

static void test_pseudo(void **state)
{
	/* RFC 9293 section 3.1: source, destination, zero, protocol, length. */
	static const uint8_t four[] = {192, 168, 1, 5, 192, 168, 1, 7, 0, 6, 0x05, 0xb4};
	uint8_t six[40];

	assert_int_equal(checksum_fold(checksum_pseudo(four, four + 4, 4, 6, 0x5b4)), naive(0, four, sizeof(four)));
	/* RFC 8200 section 8.1: the length takes four bytes, the protocol the last of the next four. */
	for (size_t i = 0; i < 32; i++)
		six[i] = (uint8_t)(0xf3 - 5 * i);
	memcpy(six + 32, "\x00\x01\x02\x03\x00\x00\x00\x3a", 8);
	assert_int_equal(checksum_fold(checksum_pseudo(six, six + 16, 16, 58, 0x10203)), naive(0, six, sizeof(six)));
}

static void test_word(void **state)
{
	static const uint8_t bytes[] = {0x12, 0x34};

	for (uint32_t v = 0; v <= UINT16_MAX; v++)
		assert_int_equal(checksum_fold(checksum_word((uint16_t)v)), v);
	assert_int_equal(checksum_fold(checksum_add(checksum_word(0x1111), bytes, 2)), 0x2345);
}

/* Folding, against a remainder: what is not 0 stays so. */
static void test_fold(void **state)
{
	static const uint64_t near[] = {0, 0xffff, 0x10000, 0xffffffff, 0x100000000, 0xffffffff00000000, UINT64_MAX};

	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		for (uint64_t d = 0; d < 70000; d++) {
			uint64_t sum = near[i] - 35000 + d;
			uint64_t expected = sum && sum % 0xffff == 0 ? 0xffff : sum % 0xffff;

			assert_int_equal(checksum_fold_native(sum), expected);
			assert_int_equal(checksum_ok(sum), expected == 0xffff);
		}
	}
}

/* A right checksum verifies, and each changed bit shows. */
static void test_verify(void **state)
{
	uint8_t *p = patterned(0, 100);
	uint16_t sum;

	memset(p + 16, 0, 2);
	sum = checksum_finish(checksum_add(0, p, 100));
	p[16] = (uint8_t)(sum >> 8);
	p[17] = (uint8_t)sum;
	assert_true(checksum_ok(checksum_add(0, p, 100)));
	assert_int_equal(checksum_finish(checksum_add(0, p, 100)), 0);
	for (size_t bit = 0; bit < 800; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(checksum_ok(checksum_add(0, p, 100)));
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc1071_example),
		cmocka_unit_test(test_every_length_and_offset),
		cmocka_unit_test(test_reads_no_further),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_exactly),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_sums_add),
		cmocka_unit_test(test_pseudo),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
