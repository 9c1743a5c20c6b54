/* In which order the ephemeral ports are tried. */
#ifndef PORTS_EPHEMERAL_H
#define PORTS_EPHEMERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "siphash.h"

/* One way through the range, each port once. */
struct ephemeral {
	uint32_t n, at, step; /* of the range: its length; the next, and how far it is from one to the next */
	uint32_t n_left;
	uint16_t first;
};

/* The way number `n_drawn` of this key through [first, last]; first is not 0 and not beyond last. */
void ephemeral_begin(struct ephemeral *way, struct siphash_key key, uint64_t n_drawn, uint16_t first, uint16_t last);

/* true and *port, or false: all have been tried. */
bool ephemeral_next(struct ephemeral *way, uint16_t *port);

#endif
