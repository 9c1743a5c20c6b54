/* SipHash-1-3 and SipHash-2-4 (Aumasson, Bernstein 2012): keyed hashes that a peer without the key cannot aim. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

/* The key from 16 bytes, little-endian as the paper has it. */
struct siphash_key siphash_key(const uint8_t bytes[16]);

/* SipHash-2-4 of any bytes: for secrets that leave the host in some form (sequence numbers). */
uint64_t siphash24(struct siphash_key key, const void *data, size_t n);

/* SipHash-1-3 of n 64-bit words: for tables. */
uint64_t siphash13_words(struct siphash_key key, const uint64_t *words, size_t n);

#endif
