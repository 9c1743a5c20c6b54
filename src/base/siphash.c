/* SipHash (Aumasson, Bernstein 2012): four 64-bit words of state, c rounds for each 8-byte word of the message, d
 * rounds at the end. The last word of the message carries its length in bytes, modulo 256, in its top byte. */
#include "siphash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline struct sip sip_start(struct siphash_key key)
{
	return (struct sip){
		key.k0 ^ 0x736f6d6570736575,
		key.k1 ^ 0x646f72616e646f6d,
		key.k0 ^ 0x6c7967656e657261,
		key.k1 ^ 0x7465646279746573,
	};
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word, unsigned rounds)
{
	s->v3 ^= word;
	for (unsigned i = 0; i < rounds; i++)
		sip_round(s);
	s->v0 ^= word;
}

static inline uint64_t sip_end(struct sip *s, unsigned rounds)
{
	s->v2 ^= 0xff;
	for (unsigned i = 0; i < rounds; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static uint64_t get_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

struct siphash_key siphash_key(const uint8_t bytes[16])
{
	return (struct siphash_key){get_le(bytes, 8), get_le(bytes + 8, 8)};
}

uint64_t siphash24(struct siphash_key key, const void *data, size_t n)
{
	struct sip s = sip_start(key);
	const uint8_t *p = data;
	size_t n_left = n;

	for (; n_left >= 8; p += 8, n_left -= 8)
		sip_word(&s, get_le(p, 8), 2);
	sip_word(&s, (uint64_t)n << 56 | get_le(p, n_left), 2);
	return sip_end(&s, 4);
}

uint64_t siphash13_words(struct siphash_key key, const uint64_t *words, size_t n)
{
	struct sip s = sip_start(key);

	for (size_t i = 0; i < n; i++)
		sip_word(&s, words[i], 1);
	sip_word(&s, (uint64_t)(n * 8) << 56, 1);
	return sip_end(&s, 3);
}
