/* Kept memory: chunks that are filled from their beginning and never looked at again until all go. */
#include "keep.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK = 64 * 1024,
	ALIGN = alignof(max_align_t),
};

struct keep_chunk {
	struct keep_chunk *next;
	alignas(max_align_t) unsigned char bytes[];
};

static int chunk_add(struct keep *keep, size_t room)
{
	struct keep_chunk *chunk = room > SIZE_MAX - sizeof(*chunk) ? NULL : malloc(sizeof(*chunk) + room);

	if (!chunk)
		return -1;
	chunk->next = keep->chunks;
	keep->chunks = chunk;
	keep->used = 0;
	keep->room = room;
	return 0;
}

void *keep_bytes(struct keep *keep, size_t n)
{
	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (n > keep->room - keep->used && chunk_add(keep, n > CHUNK ? n : CHUNK) < 0)
		return NULL;
	void *at = keep->chunks->bytes + keep->used;
	keep->used += n;
	return memset(at, 0, n);
}

char *keep_text(struct keep *keep, const char *text, size_t n)
{
	char *copy = n == SIZE_MAX ? NULL : keep_bytes(keep, n + 1);

	if (copy && n)
		memcpy(copy, text, n);
	return copy;
}

void keep_free(struct keep *keep)
{
	while (keep->chunks) {
		struct keep_chunk *next = keep->chunks->next;
		free(keep->chunks);
		keep->chunks = next;
	}
	*keep = (struct keep){0};
}
