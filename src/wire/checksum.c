/* The Internet checksum, RFC 1071, at the speed of the cache.
 *
 * Method: 64-bit lanes of vectors. Each lane keeps two wrapping sums, one of its whole 64-bit words and one of their
 * upper halves; the sum of the lower halves is the first less the second shifted up, exactly, since it fits 64 bits.
 * That is an add, a shift and an add for a vector, with no carry to keep, and two pairs of sums in turns, so that none
 * waits for the one before.
 *
 * The vectors are GCC's, of 16 bytes, which every machine with vectors has. On x86 there is a second set of 32 bytes
 * for AVX2, and the processor is asked (libgcc has the answer ready) which to take. Wider ones gain nothing: the loads
 * are the limit. Short pieces, such as headers, never get that far. bench/checksum.c measures. */
#include "checksum.h"

#include <stdbool.h>

/* Below this many bytes the scalar loop wins. */
#define VECTOR_MIN 64

/* Vectors a turn of the loop, and the pairs of sums that they take in turns. */
#define N_VECTORS 4
#define N_CHAINS 2

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

/* Less than 2^33, congruent to sum modulo 2^16 - 1, and 0 only if sum is. */
INLINE uint64_t shorten(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

/* Copies n bytes to place `at` of `to`, which is NULL when only the sum is wanted. */
INLINE void move(uint8_t *to, size_t at, const void *from, size_t n, bool copy)
{
	if (copy)
		memcpy(to + at, from, n);
}

/* The bytes from `at` on, fewer than 8. */
INLINE uint64_t add_tail(uint64_t sum, uint8_t *to, const uint8_t *from, size_t at, size_t n, bool copy)
{
	uint32_t word;
	uint16_t half;

	if ((n - at) & 4) {
		memcpy(&word, from + at, 4);
		move(to, at, &word, 4, copy);
		sum += word;
		at += 4;
	}
	if ((n - at) & 2) {
		memcpy(&half, from + at, 2);
		move(to, at, &half, 2, copy);
		sum += half;
		at += 2;
	}
	if ((n - at) & 1) {
		half = 0;
		memcpy(&half, from + at, 1);
		move(to, at, &half, 1, copy);
		sum += half;
	}
	return sum;
}

/* The bytes from `at` on. */
INLINE uint64_t add_scalar(uint64_t sum, uint8_t *to, const uint8_t *from, size_t at, size_t n, bool copy)
{
	uint64_t v;

	for (; n - at >= 8; at += 8) {
		memcpy(&v, from + at, 8);
		move(to, at, &v, 8, copy);
		sum += shorten(v);
	}
	return add_tail(sum, to, from, at, n, copy);
}

/* Makes NAME(sum, to, from, n, copy) of vectors of LEN bytes, for the instructions that `attributes` name. The loop
 * over the chains is unrolled, so that each pair of sums stays in its registers. */
#define DEFINE_ADD_VECTORS(name, LEN, attributes)                                                                      \
	typedef uint64_t name##_lanes __attribute__((vector_size(LEN)));                                               \
                                                                                                                       \
	INLINE attributes uint64_t name(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n, bool copy)           \
	{                                                                                                              \
		name##_lanes all[N_CHAINS] = {{0}}, high[N_CHAINS] = {{0}}, v;                                         \
		uint64_t total = 0;                                                                                    \
		size_t at = 0;                                                                                         \
                                                                                                                       \
		for (; n - at >= N_VECTORS * (LEN); at += N_VECTORS * (LEN)) {                                         \
			UNROLL for (size_t i = 0; i < N_VECTORS; i++)                                                  \
			{                                                                                              \
				memcpy(&v, from + at + i * (LEN), LEN);                                                \
				move(to, at + i * (LEN), &v, LEN, copy);                                               \
				all[i % N_CHAINS] += v;                                                                \
				high[i % N_CHAINS] += v >> 32;                                                         \
			}                                                                                              \
		}                                                                                                      \
		for (; n - at >= (LEN); at += (LEN)) {                                                                 \
			memcpy(&v, from + at, LEN);                                                                    \
			move(to, at, &v, LEN, copy);                                                                   \
			all[0] += v;                                                                                   \
			high[0] += v >> 32;                                                                            \
		}                                                                                                      \
		all[0] += all[1];                                                                                      \
		high[0] += high[1];                                                                                    \
		v = all[0] - (high[0] << 32);                                                                          \
		v = (v & 0xffffffff) + (v >> 32) + (high[0] & 0xffffffff) + (high[0] >> 32);                           \
		for (size_t i = 0; i < (LEN) / 8; i++)                                                                 \
			total += v[i];                                                                                 \
		return add_scalar(sum + shorten(total), to, from, at, n, copy);                                        \
	}

DEFINE_ADD_VECTORS(add_16, 16, )

uint64_t checksum_add_portable(uint64_t sum, const uint8_t *data, size_t n)
{
	return add_16(sum, NULL, data, n, false);
}

uint64_t checksum_copy_portable(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	return add_16(sum, to, from, n, true);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

DEFINE_ADD_VECTORS(add_32, 32, AVX2)

AVX2 static uint64_t add_avx2(uint64_t sum, const uint8_t *data, size_t n)
{
	return add_32(sum, NULL, data, n, false);
}

AVX2 static uint64_t copy_avx2(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	return add_32(sum, to, from, n, true);
}

#define HAS_AVX2() __builtin_cpu_supports("avx2")
#else
#define HAS_AVX2() 0
#define add_avx2 checksum_add_portable
#define copy_avx2 checksum_copy_portable
#endif

uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t n)
{
	if (n < VECTOR_MIN)
		return add_scalar(sum, NULL, data, 0, n, false);
	return HAS_AVX2() ? add_avx2(sum, data, n) : checksum_add_portable(sum, data, n);
}

uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n)
{
	if (n < VECTOR_MIN)
		return add_scalar(sum, to, from, 0, n, true);
	return HAS_AVX2() ? copy_avx2(sum, to, from, n) : checksum_copy_portable(sum, to, from, n);
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
