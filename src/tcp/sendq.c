/* The send queue. See sendq.h.
 *
 * Chunks grow with what is queued, from 1 KiB to 64 KiB in all, so that a request of 100 bytes costs little and a bulk
 * transfer gives slices long enough for a large segment. */
#include "sendq.h"

#include <assert.h>
#include <string.h>

/* Sizes of a chunk with its header. */
static const uint32_t chunk_sizes[] = {1024, 4096, 16384, 65536};

void sendq_init(struct sendq *q, tcp_seq left)
{
	*q = (struct sendq){.left = left, .right = left};
}

static struct sendq_chunk *chunk_add(struct sendq *q, size_t n, const struct berth_memory *memory)
{
	size_t want = n + (q->right - q->left) + sizeof(struct sendq_chunk);
	unsigned i = 0;
	struct sendq_chunk *chunk;

	while (i < 3 && chunk_sizes[i] < want)
		i++;
	chunk = memory->alloc(memory->context, chunk_sizes[i]);
	if (!chunk)
		return NULL;
	q->n_memory += chunk_sizes[i];
	chunk->next = NULL;
	chunk->left = q->right;
	chunk->len = 0;
	chunk->capacity = chunk_sizes[i] - (uint32_t)sizeof(struct sendq_chunk);
	if (q->last)
		q->last->next = chunk;
	else
		q->first = chunk;
	q->last = chunk;
	return chunk;
}

static void chunk_free(struct sendq *q, struct sendq_chunk *chunk, const struct berth_memory *memory)
{
	q->n_memory -= (uint32_t)sizeof(struct sendq_chunk) + chunk->capacity;
	memory->free(memory->context, chunk, sizeof(struct sendq_chunk) + chunk->capacity);
}

size_t sendq_append(struct sendq *q, const uint8_t *data, size_t n, const struct berth_memory *memory)
{
	size_t done = 0;

	while (done < n) {
		struct sendq_chunk *chunk = q->last;
		size_t part;

		if (!chunk || chunk->len == chunk->capacity)
			chunk = chunk_add(q, n - done, memory);
		if (!chunk)
			break;
		part = chunk->capacity - chunk->len;
		if (part > n - done)
			part = n - done;
		memcpy(chunk->data + chunk->len, data + done, part);
		chunk->len += (uint32_t)part;
		q->right += part;
		done += part;
	}
	return done;
}

/* The cursor that lies nearest before `left`, or the one for what is sent again put at the begin. The queue is not
 * empty. */
static struct sendq_chunk **cursor_for(struct sendq *q, tcp_seq left)
{
	if (!q->cursor)
		q->cursor = q->first;
	if (q->cursor->left <= left)
		return &q->cursor;
	if (!q->cursor_again || q->cursor_again->left > left)
		q->cursor_again = q->first;
	return &q->cursor_again;
}

unsigned sendq_slices(struct sendq *q, tcp_seq left, uint32_t n, struct berth_slice *slices, unsigned n_max,
		      uint32_t *n_covered)
{
	struct sendq_chunk **cursor, *chunk;
	unsigned count = 0;
	uint32_t covered = 0;

	assert(left >= q->left && left + n <= q->right);
	*n_covered = 0;
	if (!n)
		return 0;
	cursor = cursor_for(q, left);
	chunk = *cursor;
	while (covered < n && count < n_max) {
		uint32_t off, part;

		while (left >= chunk->left + chunk->len)
			chunk = chunk->next;
		off = (uint32_t)(left - chunk->left);
		part = chunk->len - off;
		if (part > n - covered)
			part = n - covered;
		slices[count].data = chunk->data + off;
		slices[count].len = part;
		count++;
		covered += part;
		left += part;
		*cursor = chunk;
	}
	*n_covered = covered;
	return count;
}

void sendq_cut(struct sendq *q, tcp_seq left, const struct berth_memory *memory)
{
	assert(left >= q->left && left <= q->right);
	q->left = left;
	while (q->first && (q->first->left + q->first->len <= left)) {
		struct sendq_chunk *chunk = q->first;

		q->first = chunk->next;
		if (q->cursor == chunk)
			q->cursor = NULL;
		if (q->cursor_again == chunk)
			q->cursor_again = NULL;
		if (!q->first)
			q->last = NULL;
		chunk_free(q, chunk, memory);
	}
}

void sendq_deinit(struct sendq *q, const struct berth_memory *memory)
{
	sendq_cut(q, q->right, memory);
}
