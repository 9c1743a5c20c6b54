/* Sets of half-open ranges in one sorted array: found by halving, changed by moving the entries above. */
#include <assert.h>
#include <string.h>

#include <berth/error.h>

#include "ranges.h"

enum { CAPACITY_FIRST = 4 };

uint32_t ranges_find(const struct ranges *r, uint64_t at)
{
	uint32_t low = 0, high = r->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->item[middle].right > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool ranges_cover(const struct ranges *r, uint64_t left, uint64_t right)
{
	uint32_t i = ranges_find(r, left);

	return i < r->n && r->item[i].left <= left && r->item[i].right >= right;
}

static int grow(struct ranges *r, const struct berth_memory *memory)
{
	uint32_t capacity = r->capacity ? r->capacity * 2 : CAPACITY_FIRST;
	struct range *item = memory->alloc(memory->context, capacity * sizeof(*item));

	if (!item)
		return BERTH_ENOMEM;
	if (r->item) {
		memcpy(item, r->item, r->n * sizeof(*item));
		memory->free(memory->context, r->item, r->capacity * sizeof(*item));
	}
	r->item = item;
	r->capacity = capacity;
	return 0;
}

static int insert(struct ranges *r, uint32_t at, struct range new, uint32_t n_max, const struct berth_memory *memory)
{
	int error;

	if (r->n >= n_max)
		return BERTH_ENOBUFS;
	if (r->n == r->capacity) {
		error = grow(r, memory);
		if (error)
			return error;
	}
	memmove(r->item + at + 1, r->item + at, (r->n - at) * sizeof(new));
	r->item[at] = new;
	r->n++;
	return 0;
}

int ranges_add(struct ranges *r, uint64_t left, uint64_t right, uint32_t n_max, const struct berth_memory *memory)
{
	uint32_t first, end;

	assert(left <= right);
	if (left == right)
		return 0;
	/* The ranges [first, end) overlap or touch the new one. */
	first = left > 0 ? ranges_find(r, left - 1) : 0;
	end = first;
	while (end < r->n && r->item[end].left <= right)
		end++;
	if (first == end)
		return insert(r, first, (struct range){left, right}, n_max, memory);
	if (left < r->item[first].left)
		r->item[first].left = left;
	if (right < r->item[end - 1].right)
		right = r->item[end - 1].right;
	r->item[first].right = right;
	memmove(r->item + first + 1, r->item + end, (r->n - end) * sizeof(*r->item));
	r->n -= end - first - 1;
	return 0;
}

void ranges_cut(struct ranges *r, uint64_t left, const struct berth_memory *memory)
{
	uint32_t n_gone = ranges_find(r, left);

	if (n_gone == r->n) {
		ranges_deinit(r, memory);
		return;
	}
	if (n_gone > 0) {
		r->n -= n_gone;
		memmove(r->item, r->item + n_gone, r->n * sizeof(*r->item));
	}
	if (r->item[0].left < left)
		r->item[0].left = left;
}

void ranges_deinit(struct ranges *r, const struct berth_memory *memory)
{
	if (r->item)
		memory->free(memory->context, r->item, r->capacity * sizeof(*r->item));
	ranges_init(r);
}
