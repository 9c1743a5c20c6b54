/* The Internet checksum, RFC 1071, at the speed of the cache.
 *
 * Method: 64-bit lanes of vectors. Each lane keeps two wrapping sums, one of its whole 64-bit words and one of their
 * upper halves; the sum of the lower halves is the first less the second shifted up, exactly, since it fits 64 bits.
 * That is an add, a shift and an add for a vector, with no carry to keep. The vectors are GCC's, so that the same
 * source serves every machine; on x86 it is compiled once more for AVX2, and the processor is asked (libgcc has the
 * answer ready) which to take. Short pieces, such as headers, never get that far. bench/checksum.c measures. */
#include "checksum.h"

#include <stdbool.h>

/* Below this many bytes the scalar loop wins. */
#define VECTOR_MIN 96

#define LANES_LEN 32
typedef uint64_t lanes __attribute__((vector_size(LANES_LEN)));

#define INLINE static inline __attribute__((always_inline))

/* Less than 2^33 + 2^32, congruent to sum modulo 2^16 - 1, and 0 only if sum is. */
INLINE uint64_t shorten(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

INLINE uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

INLINE void move(uint8_t *to, const uint8_t *from, size_t n, bool copy)
{
	if (copy)
		memcpy(to, from, n);
}

/* Fewer than 8 bytes. */
INLINE uint64_t add_tail(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n, bool copy)
{
	uint32_t word = 0;
	uint16_t half = 0;
	size_t at = 0;

	if (n & 4) {
		memcpy(&word, from, 4);
		move(to, from, 4, copy);
		at = 4;
		sum += word;
	}
	if (n & 2) {
		memcpy(&half, from + at, 2);
		move(to + at, from + at, 2, copy);
		at += 2;
		sum += half;
	}
	if (n & 1) {
		half = 0;
		memcpy(&half, from + at, 1);
		move(to + at, from + at, 1, copy);
		sum += half;
	}
	return sum;
}

INLINE uint64_t add_scalar(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n, bool copy)
{
	size_t at = 0;

	for (; n - at >= 8; at += 8) {
		uint64_t v = load64(from + at);

		if (copy)
			memcpy(to + at, &v, 8);
		sum += shorten(v);
	}
	return add_tail(sum, to + at, from + at, n - at, copy);
}

struct lane_sums {
	lanes all, high;
};

/* One vector into a pair of sums. */
#define ADD_LANES(s, off)                                                                                              \
	do {                                                                                                           \
		lanes v;                                                                                               \
		memcpy(&v, from + (off), LANES_LEN);                                                                   \
		if (copy)                                                                                              \
			memcpy(to + (off), &v, LANES_LEN);                                                             \
		(s).all += v;                                                                                          \
		(s).high += v >> 32;                                                                                   \
	} while (0)

/* Two chains of sums, so that no addition waits for the one before. */
INLINE uint64_t add_vector(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n, bool copy)
{
	struct lane_sums a = {{0}, {0}}, b = {{0}, {0}};
	lanes total;

	for (; n >= 4 * LANES_LEN; n -= 4 * LANES_LEN) {
		ADD_LANES(a, 0);
		ADD_LANES(b, LANES_LEN);
		ADD_LANES(a, 2 * LANES_LEN);
		ADD_LANES(b, 3 * LANES_LEN);
		from += 4 * LANES_LEN;
		to = copy ? to + 4 * LANES_LEN : to;
	}
	for (; n >= LANES_LEN; n -= LANES_LEN) {
		ADD_LANES(a, 0);
		from += LANES_LEN;
		to = copy ? to + LANES_LEN : to;
	}
	a.all += b.all;
	a.high += b.high;
	total = a.all - (a.high << 32);
	total = (total & 0xffffffff) + (total >> 32) + (a.high & 0xffffffff) + (a.high >> 32);
	sum += shorten(total[0] + total[1] + total[2] + total[3]);
	return add_scalar(sum, to, from, n, copy);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static uint64_t add_avx2(uint64_t sum, const uint8_t *data, size_t n)
{
	return add_vector(sum, NULL, data, n, false);
}

__attribute__((target("avx2"))) static uint64_t copy_avx2(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	return add_vector(sum, to, from, n, true);
}

#define HAS_AVX2() __builtin_cpu_supports("avx2")
#else
#define HAS_AVX2() 0
#define add_avx2 add_portable
#define copy_avx2 copy_portable
#endif

static uint64_t add_portable(uint64_t sum, const uint8_t *data, size_t n)
{
	return add_vector(sum, NULL, data, n, false);
}

static uint64_t copy_portable(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	return add_vector(sum, to, from, n, true);
}

uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t n)
{
	if (n < VECTOR_MIN)
		return add_scalar(sum, NULL, data, n, false);
	return HAS_AVX2() ? add_avx2(sum, data, n) : add_portable(sum, data, n);
}

uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	if (n < VECTOR_MIN)
		return add_scalar(sum, to, from, n, true);
	return HAS_AVX2() ? copy_avx2(sum, to, from, n) : copy_portable(sum, to, from, n);
}

/* RFC 1071 section 2(B): at an odd place every byte changes sides, and the sum of a piece swaps its bytes with it. */
uint64_t checksum_add_at(uint64_t sum, const uint8_t *data, size_t n, size_t off)
{
	uint16_t piece;

	if (off % 2 == 0)
		return checksum_add(sum, data, n);
	piece = checksum_fold(checksum_add(0, data, n));
	return sum + checksum_word((uint16_t)(piece << 8 | piece >> 8));
}
