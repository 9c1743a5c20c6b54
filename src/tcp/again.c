/* Retransmissions in the order in which they were sent. See again.h. */
#include "again.h"

#include <stdbool.h>
#include <stddef.h>

#define AGAIN_MIN 16u
#define AGAIN_MAX 65536u

static size_t size_of(uint32_t capacity)
{
	return sizeof(struct again) + capacity * sizeof(struct again_entry);
}

/* Room for one more. */
static bool grow(struct again **a, const struct berth_memory *memory)
{
	uint32_t n = *a ? (*a)->n : 0, capacity = *a ? (*a)->capacity * 2 : AGAIN_MIN;
	struct again *larger;

	if (*a && n < (*a)->capacity)
		return true;
	if (capacity > AGAIN_MAX)
		return false;
	larger = memory->alloc(memory->context, size_of(capacity));
	if (!larger)
		return false;
	larger->head = 0;
	larger->n = n;
	larger->capacity = capacity;
	for (uint32_t i = 0; i < n; i++)
		larger->ring[i] = (*a)->ring[((*a)->head + i) & ((*a)->capacity - 1)];
	again_deinit(a, memory);
	*a = larger;
	return true;
}

void again_push(struct again **a, tcp_seq left, tcp_seq right, berth_time now, const struct berth_memory *memory)
{
	struct again_entry *last;

	if (*a && (*a)->n) {
		last = &(*a)->ring[((*a)->head + (*a)->n - 1) & ((*a)->capacity - 1)];
		if (last->at == now && last->right == left) {
			last->right = right;
			return;
		}
	}
	if (!grow(a, memory))
		return;
	(*a)->n++;
	(*a)->ring[((*a)->head + (*a)->n - 1) & ((*a)->capacity - 1)] =
		(struct again_entry){.left = left, .right = right, .at = now};
}

void again_pop(struct again *a)
{
	a->head = (a->head + 1) & (a->capacity - 1);
	a->n--;
}

void again_deinit(struct again **a, const struct berth_memory *memory)
{
	if (*a)
		memory->free(memory->context, *a, size_of((*a)->capacity));
	*a = NULL;
}
