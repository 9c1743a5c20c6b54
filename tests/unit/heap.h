/* An allocator for tests: counts what is out, and fails when told to. */
#ifndef TESTS_HEAP_H
#define TESTS_HEAP_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <berth/memory.h>

struct heap {
	struct berth_memory memory; /* what to hand over */
	size_t n_blocks, n_bytes;   /* out now */
	size_t n_allocs;            /* ever asked for */
	size_t fail_at;             /* this many more succeed, then one fails; SIZE_MAX: none does */
};

static inline void *heap_alloc(void *context, size_t size)
{
	struct heap *heap = context;
	void *p;

	assert(size > 0);
	heap->n_allocs++;
	if (heap->fail_at != SIZE_MAX && heap->fail_at-- == 0)
		return NULL;
	p = malloc(size);
	assert(p);
	memset(p, 0xa5, size);
	heap->n_blocks++;
	heap->n_bytes += size;
	return p;
}

static inline void heap_free(void *context, void *p, size_t size)
{
	struct heap *heap = context;

	assert(p && heap->n_blocks > 0 && heap->n_bytes >= size);
	heap->n_blocks--;
	heap->n_bytes -= size;
	memset(p, 0x5a, size);
	free(p);
}

static inline void heap_init(struct heap *heap)
{
	*heap = (struct heap){
		.memory = {.alloc = heap_alloc, .free = heap_free, .context = heap},
		.fail_at = SIZE_MAX,
	};
}

#endif
