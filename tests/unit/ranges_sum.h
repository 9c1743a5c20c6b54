/* What tests ask of a set of ranges and the code does not. */
#ifndef TESTS_RANGES_SUM_H
#define TESTS_RANGES_SUM_H

#include "ranges.h"

/* Bytes in all ranges. */
static inline uint64_t ranges_sum(const struct ranges *r)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->n; i++)
		sum += r->item[i].right - r->item[i].left;
	return sum;
}

#endif
