/* Ends of records. See record.h. There are at most as many as bytes in the send queue. */
#include "record.h"

#define CAPACITY_FIRST 8u

static size_t size_of(uint32_t capacity)
{
	return sizeof(struct tcp_records) + capacity * sizeof(tcp_seq);
}

static tcp_seq at(const struct tcp_records *r, uint32_t i)
{
	return r->ends[(r->head + i) & (r->capacity - 1)];
}

/* Room for one more. */
static struct tcp_records *grow(struct tcp_records *r, const struct berth_memory *memory)
{
	uint32_t capacity = r ? 2 * r->capacity : CAPACITY_FIRST;
	struct tcp_records *grown;

	if (r && r->n < r->capacity)
		return r;
	grown = memory->alloc(memory->context, size_of(capacity));
	if (!grown)
		return NULL;
	grown->head = 0;
	grown->n = r ? r->n : 0;
	grown->capacity = capacity;
	for (uint32_t i = 0; i < grown->n; i++)
		grown->ends[i] = at(r, i);
	if (r)
		memory->free(memory->context, r, size_of(r->capacity));
	return grown;
}

void tcp_record_push(struct tcp_records **records, tcp_seq end, const struct berth_memory *memory)
{
	struct tcp_records *r = grow(*records, memory);

	if (!r)
		return;
	r->ends[(r->head + r->n++) & (r->capacity - 1)] = end;
	*records = r;
}

void tcp_record_cut(struct tcp_records **records, tcp_seq left, const struct berth_memory *memory)
{
	struct tcp_records *r = *records;

	if (!r)
		return;
	while (r->n && at(r, 0) <= left) {
		r->head = (r->head + 1) & (r->capacity - 1);
		r->n--;
	}
	if (!r->n)
		tcp_record_deinit(records, memory);
}

tcp_seq tcp_record_reach(const struct tcp_records *records, tcp_seq left, tcp_seq right)
{
	uint32_t below = 0, above = records ? records->n : 0;

	/* The first end beyond `left`. */
	while (below < above) {
		uint32_t middle = below + (above - below) / 2;

		if (at(records, middle) > left)
			above = middle;
		else
			below = middle + 1;
	}
	if (!records || below == records->n || at(records, below) >= right)
		return right;
	return at(records, below);
}

void tcp_record_deinit(struct tcp_records **records, const struct berth_memory *memory)
{
	if (*records)
		memory->free(memory->context, *records, size_of((*records)->capacity));
	*records = NULL;
}
