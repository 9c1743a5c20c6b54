/* SipHash against its paper's vectors, and SipHash-1-3 against a second, plain implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "siphash.h"

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)i;
}

/* Key 00 01 ... 0f, message 00 01 ... of each length: appendix A of the paper gives length 15, the reference code's
 * list the others. */
static void test_siphash24_reference_vectors(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} vectors[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
		{2, UINT64_C(0x0d6c8009d9a94f5a)},  {3, UINT64_C(0x85676696d7fb7e2d)},
		{7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
		{15, UINT64_C(0xa129ca6149be45e5)},
	};
	uint8_t bytes[16];
	struct siphash_key key;

	fill(bytes, sizeof(bytes));
	key = siphash_key(bytes);
	assert_int_equal(key.k0, UINT64_C(0x0706050403020100));
	assert_int_equal(key.k1, UINT64_C(0x0f0e0d0c0b0a0908));
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(siphash24(key, bytes, vectors[i].n), vectors[i].hash);
}

/* The paper's figure 2.1, byte by byte, with the state in an array and rounds as parameters. */
static uint64_t rol(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void plain_rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1], v[1] = rol(v[1], 13), v[1] ^= v[0], v[0] = rol(v[0], 32);
		v[2] += v[3], v[3] = rol(v[3], 16), v[3] ^= v[2];
		v[0] += v[3], v[3] = rol(v[3], 21), v[3] ^= v[0];
		v[2] += v[1], v[1] = rol(v[1], 17), v[1] ^= v[2], v[2] = rol(v[2], 32);
	}
}

static uint64_t plain_siphash(int c, int d, struct siphash_key key, const uint8_t *p, size_t n)
{
	static const char magic[] = "somepseudorandomlygeneratedbytes";
	uint64_t v[4] = {0}, m = 0;

	for (int i = 0; i < 32; i++)
		v[i / 8] = v[i / 8] << 8 | (uint8_t)magic[i];
	v[0] ^= key.k0, v[1] ^= key.k1, v[2] ^= key.k0, v[3] ^= key.k1;
	for (size_t i = 0; i <= (n | 7); i++) {
		uint8_t byte = i == (n | 7) ? (uint8_t)n : i < n ? p[i] : 0;

		m |= (uint64_t)byte << 8 * (i % 8);
		if (i % 8 < 7)
			continue;
		v[3] ^= m;
		plain_rounds(v, c);
		v[0] ^= m;
		m = 0;
	}
	v[2] ^= 0xff;
	plain_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void test_siphash24_any_length(void **state)
{
	struct siphash_key key = {UINT64_C(0x1122334455667788), UINT64_C(0x99aabbccddeeff00)};
	uint8_t bytes[300];

	fill(bytes, sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n++)
		assert_int_equal(siphash24(key, bytes, n), plain_siphash(2, 4, key, bytes, n));
}

static void test_siphash13_words(void **state)
{
	struct rng rng;

	rng_init(&rng, 1);
	for (size_t n = 0; n <= 40; n++) {
		struct siphash_key key = {rng_next(&rng), rng_next(&rng)};
		uint64_t words[40];
		uint8_t bytes[320];

		for (size_t i = 0; i < n; i++) {
			words[i] = rng_next(&rng);
			for (unsigned k = 0; k < 8; k++)
				bytes[8 * i + k] = (uint8_t)(words[i] >> 8 * k);
		}
		assert_int_equal(siphash13_words(key, words, n), plain_siphash(1, 3, key, bytes, 8 * n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash24_reference_vectors),
		cmocka_unit_test(test_siphash24_any_length),
		cmocka_unit_test(test_siphash13_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
