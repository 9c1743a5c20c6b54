/* A pool in front of another allocator, for what comes and goes with traffic: frames, queue chunks, control blocks.
 *
 * Blocks are of 32, 64 ... 1280 bytes, and of 2 KiB, 4 KiB ... 128 KiB, each of these a little larger than its power of
 * two, so that a frame's struct and link header beside 2 KiB or 64 KiB of storage do not push it into the next size.
 * The small steps waste little of a control block; taking one from here costs a quarter of malloc and free, and a
 * twentieth when hundreds come and go together. Each size keeps its free blocks in a stack through their first bytes.
 * Anything larger goes straight to the parent.
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
#define IS_POISONED(p) __asan_address_is_poisoned(p)
#else
#define IS_POISONED(p) ((void)(p), 0)
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum {
	SMALL_STEP = 32,
	SMALL_MAX = 1280,
	N_SMALL = SMALL_MAX / SMALL_STEP,
	LARGE_BITS_MIN = 11, /* 2 KiB */
	LARGE_BITS_MAX = 17, /* 128 KiB */
	LARGE_SLACK = 256,
	LARGE_MAX = (1 << LARGE_BITS_MAX) + LARGE_SLACK,
	N_BINS = N_SMALL + LARGE_BITS_MAX - LARGE_BITS_MIN + 1,
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
	if (bin < N_SMALL)
		return (size_t)(bin + 1) * SMALL_STEP;
	return ((size_t)1 << (LARGE_BITS_MIN + bin - N_SMALL)) + LARGE_SLACK;
}

static int bin_of(size_t size)
{
	int n_bits;

	if (size <= SMALL_MAX)
		return (int)(size - 1) / SMALL_STEP;
	if (size > LARGE_MAX)
		return NO_BIN;
	n_bits = 64 - __builtin_clzll(size - LARGE_SLACK - 1);
	return n_bits <= LARGE_BITS_MIN ? N_SMALL : N_SMALL + n_bits - LARGE_BITS_MIN;
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
		ASAN_UNPOISON_MEMORY_REGION(block, bin_size(bin));
		pool->kept[bin] = block->next;
		ASAN_POISON_MEMORY_REGION((char *)block + size, bin_size(bin) - size);
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

	/* Given back twice, or more than was given out. */
	assert(!IS_POISONED(p) && pool->n_bytes_in_use >= size);
	pool->n_bytes_in_use -= size;
	if (bin == NO_BIN) {
		pool->parent->free(pool->parent->context, p, size);
	} else if (pool->n_bytes_kept + bin_size(bin) > pool->n_bytes_kept_max) {
		ASAN_UNPOISON_MEMORY_REGION(p, bin_size(bin));
		pool->parent->free(pool->parent->context, p, bin_size(bin));
	} else {
		ASAN_UNPOISON_MEMORY_REGION(p, bin_size(bin));
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
