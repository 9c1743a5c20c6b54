/* Randomness that repeats with its seed: xoshiro256++ (Blackman, Vigna). For jitter, impairments and tests; never for
 * secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* Evenly in [0, below); 0 when below is 0. */
uint64_t rng_below(struct rng *rng, uint64_t below);
/* Evenly in [0, 1). */
double rng_unit(struct rng *rng);

#endif
