/* A set of half-open ranges [left, right) of 64-bit positions, sorted, disjoint and not touching, with a cap on their
 * number.
 *
 * Used for what has arrived out of order and for what has been acknowledged selectively. Finding is O(log n); adding
 * moves at most n_max entries. An empty set holds no memory. */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/memory.h>

struct range {
	uint64_t left, right;
};

struct ranges {
	struct range *item;
	uint32_t n;
	uint32_t capacity;
};

static inline void ranges_init(struct ranges *r)
{
	*r = (struct ranges){0};
}

/* Adds [left, right), joining what it touches. 0; BERTH_ENOBUFS when the set would have more than n_max ranges,
 * BERTH_ENOMEM: the set is then as before. */
int ranges_add(struct ranges *r, uint64_t left, uint64_t right, uint32_t n_max, const struct berth_memory *memory);

/* Takes away everything below `left`. Gives the memory back when nothing is left. */
void ranges_cut(struct ranges *r, uint64_t left, const struct berth_memory *memory);

/* The number of the first range with right > at: the one that holds `at` or the next above; r->n when there is none. */
uint32_t ranges_find(const struct ranges *r, uint64_t at);

/* All of [left, right) lies in one range. */
bool ranges_cover(const struct ranges *r, uint64_t left, uint64_t right);

/* Empties the set and gives its memory back. */
void ranges_deinit(struct ranges *r, const struct berth_memory *memory);

#endif
