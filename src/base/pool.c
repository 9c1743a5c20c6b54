/* A pool in front of another allocator, for the sizes that come and go with traffic: frames and queue chunks.
 *
 * Blocks are of sizes 2 KiB, 4 KiB ... 128 KiB, each a little larger than its power of two, so that a frame's struct
 * and link header beside 2 KiB or 64 KiB of storage do not push it into the next size. Each size keeps its free blocks
 * in a stack through their first bytes. Anything smaller or larger goes straight to the parent: long-lived small
 * objects (control blocks) must not be rounded up, and the parent serves them well.
 *
 * Under AddressSanitizer, kept blocks and the tail of a block beyond what was asked for are poisoned, so that pooling
 * hides no error. */
#include <assert.h>
#include <stdint.h>

#include <berth/memory.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POOL_POISONS 1
#endif

#ifdef POOL_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum {
	BIN_BITS_MIN = 11, /* 2 KiB */
	BIN_BITS_MAX = 17, /* 128 KiB */
	N_BINS = BIN_BITS_MAX - BIN_BITS_MIN + 1,
	BIN_SLACK = 256,
	/* Up to here a block would be less than about half used. */
	SMALL_MAX = (1 << (BIN_BITS_MIN - 1)) + BIN_SLACK,
	NO_BIN = -1,
};

struct free_block {
	struct free_block *next;
};

struct berth_pool {
	struct berth_memory memory;
	const struct berth_memory *parent;
	struct free_block *kept[N_BINS];
	size_t n_bytes_kept, n_bytes_kept_max;
	size_t n_bytes_in_use;
};

static size_t bin_size(int bin)
{
	return ((size_t)1 << (BIN_BITS_MIN + bin)) + BIN_SLACK;
}

static int bin_of(size_t size)
{
	if (size <= SMALL_MAX || size > bin_size(N_BINS - 1))
		return NO_BIN;
	for (int bin = 0;; bin++) {
		if (size <= bin_size(bin))
			return bin;
	}
}

static void *pool_alloc(void *context, size_t size)
{
	struct berth_pool *pool = context;
	int bin = bin_of(size);
	struct free_block *block;

	if (bin == NO_BIN) {
		block = pool->parent->alloc(pool->parent->context, size);
	} else if (pool->kept[bin]) {
		block = pool->kept[bin];
		ASAN_UNPOISON_MEMORY_REGION(block, size);
		pool->kept[bin] = block->next;
		pool->n_bytes_kept -= bin_size(bin);
	} else {
		block = pool->parent->alloc(pool->parent->context, bin_size(bin));
		if (block)
			ASAN_POISON_MEMORY_REGION((char *)block + size, bin_size(bin) - size);
	}
	if (block)
		pool->n_bytes_in_use += size;
	return block;
}

static void pool_release(void *context, void *p, size_t size)
{
	struct berth_pool *pool = context;
	int bin = bin_of(size);
	struct free_block *block = p;

	assert(pool->n_bytes_in_use >= size);
	pool->n_bytes_in_use -= size;
	if (bin == NO_BIN) {
		pool->parent->free(pool->parent->context, p, size);
	} else if (pool->n_bytes_kept + bin_size(bin) > pool->n_bytes_kept_max) {
		ASAN_UNPOISON_MEMORY_REGION(p, bin_size(bin));
		pool->parent->free(pool->parent->context, p, bin_size(bin));
	} else {
		block->next = pool->kept[bin];
		pool->kept[bin] = block;
		pool->n_bytes_kept += bin_size(bin);
		ASAN_POISON_MEMORY_REGION(p, bin_size(bin));
	}
}

struct berth_pool *berth_pool_new(const struct berth_memory *parent, size_t bytes_kept)
{
	struct berth_pool *pool = parent->alloc(parent->context, sizeof(*pool));

	if (!pool)
		return NULL;
	*pool = (struct berth_pool){
		.memory = {.alloc = pool_alloc, .free = pool_release, .context = pool},
		.parent = parent,
		.n_bytes_kept_max = bytes_kept,
	};
	return pool;
}

const struct berth_memory *berth_pool_memory(struct berth_pool *pool)
{
	return &pool->memory;
}

size_t berth_pool_in_use(const struct berth_pool *pool)
{
	return pool->n_bytes_in_use;
}

struct berth_pool *berth_pool_free(struct berth_pool *pool)
{
	if (!pool)
		return NULL;
	assert(pool->n_bytes_in_use == 0);
	for (int bin = 0; bin < N_BINS; bin++) {
		struct free_block *block = pool->kept[bin];

		while (block) {
			struct free_block *next;

			ASAN_UNPOISON_MEMORY_REGION(block, bin_size(bin));
			next = block->next;
			pool->parent->free(pool->parent->context, block, bin_size(bin));
			block = next;
		}
	}
	pool->parent->free(pool->parent->context, pool, sizeof(*pool));
	return NULL;
}
