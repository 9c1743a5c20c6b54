/* xoshiro256++ 1.0 (Blackman, Vigna 2019), its state filled by splitmix64 as its authors advise, so that any seed will
 * do. */
#include "rng.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		rng->s[i] = splitmix64(&seed);
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[0] + s[3], 23) + s[0];
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/* Numbers below 2^64 mod `below` are drawn again: what is left is a whole number of rounds, so no result is favoured.
 */
uint64_t rng_below(struct rng *rng, uint64_t below)
{
	uint64_t unfair, x;

	if (below == 0)
		return 0;
	unfair = -below % below;
	do
		x = rng_next(rng);
	while (x < unfair);
	return x % below;
}

double rng_unit(struct rng *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}
