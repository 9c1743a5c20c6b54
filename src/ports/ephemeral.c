/* RFC 6056 section 3.3.1 with the spread of section 3.3.2: a random start, then through the whole range by a random
 * step that has no divisor in common with the range's length, so that each port is tried once. The randomness is a
 * keyed hash of a count, which nobody without the key can foretell. */
#include "ephemeral.h"

#include "bytes.h"

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void ephemeral_begin(struct ephemeral *way, struct siphash_key key, uint64_t n_drawn, uint16_t first, uint16_t last)
{
	uint32_t n = (uint32_t)last - first + 1;
	uint8_t count[8];
	uint64_t drawn;

	put_be32(put_be32(count, (uint32_t)(n_drawn >> 32)), (uint32_t)n_drawn);
	drawn = siphash24(key, count, sizeof(count));
	*way = (struct ephemeral){
		.n = n,
		.at = (uint32_t)drawn % n,
		.step = (uint32_t)(drawn >> 32) % n + 1,
		.n_left = n,
		.first = first,
	};
	while (common_divisor(way->step, n) != 1)
		way->step = way->step % n + 1;
}

bool ephemeral_next(struct ephemeral *way, uint16_t *port)
{
	if (way->n_left == 0)
		return false;
	way->n_left--;
	*port = (uint16_t)(way->first + way->at);
	way->at = (way->at + way->step) % way->n;
	return true;
}
