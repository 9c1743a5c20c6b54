/* How fast the Internet checksum is, beside a plain loop over 16-bit words and a bare copy.
 *
 * Scope: src/wire/checksum.h. Method: the same bytes over and over, so that they are in the cache as the bytes of a
 * segment are that was just copied; one address not aligned, as payload never is. The best of many runs, as others use
 * the machine too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"

#include "bench.h"

#define LEN_MAX 65536
#define OFF 2
#define BYTES_A_RUN (4u << 20)
#define N_RUNS 60

typedef uint64_t (*adder)(uint8_t *to, const uint8_t *from, size_t n);

static uint64_t add(uint8_t *to, const uint8_t *from, size_t n)
{
	return checksum_add(0, from, n);
}

static uint64_t add_portable(uint8_t *to, const uint8_t *from, size_t n)
{
	return checksum_add_portable(0, from, n);
}

static uint64_t copy(uint8_t *to, const uint8_t *from, size_t n)
{
	return checksum_copy(0, to, from, n);
}

static uint64_t copy_portable(uint8_t *to, const uint8_t *from, size_t n)
{
	return checksum_copy_portable(0, to, from, n);
}

/* RFC 1071 section 4.1 as it stands there, compiled as it stands here. */
static uint64_t loop(uint8_t *to, const uint8_t *from, size_t n)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; n >= 2; n -= 2, from += 2) {
		memcpy(&word, from, 2);
		sum += word;
	}
	return sum;
}

static uint64_t copy_then_loop(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
	return loop(to, to, n);
}

/* No sum at all: the limit. */
static uint64_t copy_only(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

static const struct {
	const char *name;
	adder add;
	bool sums;
} rows[] = {
	{"checksum_add", add, true},
	{"checksum_add, portable", add_portable, true},
	{"16-bit loop", loop, true},
	{"checksum_copy", copy, true},
	{"checksum_copy, portable", copy_portable, true},
	{"memcpy, 16-bit loop", copy_then_loop, true},
	{"memcpy alone", copy_only, false},
};

static const size_t lens[] = {64, 1460, 65536};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Gigabytes a second. */
static double rate(adder f, uint8_t *to, const uint8_t *from, size_t n)
{
	unsigned n_calls = (unsigned)(BYTES_A_RUN / n);
	uint64_t best = UINT64_MAX;
	adder volatile called = f; /* looked up for each call, so that none is left out or drawn together */

	for (unsigned run = 0; run < N_RUNS; run++) {
		uint64_t began = bench_now();

		for (unsigned i = 0; i < n_calls; i++)
			called(to, from, n);
		began = bench_now() - began;
		if (began < best)
			best = began;
	}
	return (double)n_calls * (double)n / (double)best;
}

int main(int argc, char **argv)
{
	uint8_t *from = malloc(LEN_MAX + OFF), *to = malloc(LEN_MAX + OFF);

	bench_arguments_check(argv, NULL, 0);
	bench_require(from && to, "there is memory");
	for (size_t i = 0; i < LEN_MAX + OFF; i++)
		from[i] = (uint8_t)(i * 167 + (i >> 8) * 59);
	printf("%-24s %10s %10s %10s\n", "GB/s, by bytes", "64", "1460", "65536");
	for (size_t i = 0; i < COUNT(rows); i++) {
		printf("%-24s", rows[i].name);
		for (size_t l = 0; l < COUNT(lens); l++) {
			uint64_t sum = rows[i].add(to + OFF, from + OFF, lens[l]);

			bench_require(!rows[i].sums ||
					      checksum_fold(sum) == checksum_fold(loop(NULL, from + OFF, lens[l])),
				      "the sums are the same");
			printf(" %10.1f", rate(rows[i].add, to + OFF, from + OFF, lens[l]));
		}
		printf("\n");
	}
	free(from);
	free(to);
	return 0;
}
