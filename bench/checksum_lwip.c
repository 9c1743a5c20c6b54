/* A checksum routine for lwIP that adds 64 bits at a time, so that the comparison is fair to it.
 *
 * Scope: LWIP_CHKSUM of lwip/lwipopts.h. Method: with BENCH_BERTH_CHECKSUM it is berth's own routine, also for copying
 * and adding in one pass. Without, RFC 1071 section 2(B) and (C) in plain C: 32-bit words are added into 64-bit sums
 * that cannot overflow, several sums side by side, and folded at the end. lwIP wants the sum of the machine's 16-bit
 * words. */
#include <string.h>

#include <arch/cc.h>

#ifdef BENCH_BERTH_CHECKSUM
#include <arpa/inet.h>

#include "checksum.h"

uint16_t bench_checksum(const void *data, int n)
{
	return htons(checksum_fold(checksum_add(0, data, (size_t)n)));
}

uint16_t bench_checksum_copy(void *to, const void *from, uint16_t n)
{
	return htons(checksum_fold(checksum_copy(0, to, from, n)));
}

#else

#define N_LANES 8

/* Fewer bytes than a turn of the lanes takes. */
static uint64_t sum_tail(const uint8_t *p, unsigned n)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; n >= 2; n -= 2, p += 2) {
		memcpy(&word, p, 2);
		sum += word;
	}
	if (n) {
		word = 0;
		memcpy(&word, p, 1);
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint16_t bench_checksum(const void *data, int n_bytes)
{
	const uint8_t *p = data;
	unsigned n = (unsigned)n_bytes;
	uint64_t lanes[N_LANES] = {0}, sum;

	for (; n >= 4 * N_LANES; n -= 4 * N_LANES, p += 4 * N_LANES) {
		uint32_t words[N_LANES];

		memcpy(words, p, sizeof words);
		for (unsigned i = 0; i < N_LANES; i++)
			lanes[i] += words[i];
	}
	sum = sum_tail(p, n);
	for (unsigned i = 0; i < N_LANES; i++)
		sum += lanes[i];
	return fold(sum);
}

#endif
