/* Where a host and its links take their memory from.
 *
 * The allocator is handed over when an object is made and kept by it; nothing in the core calls malloc by itself. The
 * struct must outlive everything that was made with it. */
#ifndef BERTH_MEMORY_H
#define BERTH_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct berth_memory {
	/* `size` bytes aligned for any type, or NULL. Never called with 0. */
	void *(*alloc)(void *context, size_t size);
	/* Gives back what alloc returned, with the size it was asked for. Never called with NULL. */
	void (*free)(void *context, void *p, size_t size);
	void *context;
};

/* The C library's malloc and free. */
const struct berth_memory *berth_memory_libc(void);

/* A pool in front of another allocator: blocks of the sizes that frames and queues use are kept for the next who asks,
 * newest first (it is still in the cache), up to `bytes_kept` in all; the rest goes back to `parent`. Not thread-safe.
 * NULL when out of memory. */
struct berth_pool;
struct berth_pool *berth_pool_new(const struct berth_memory *parent, size_t bytes_kept);

/* The pool as an allocator. Owned by the pool. */
const struct berth_memory *berth_pool_memory(struct berth_pool *pool);

/* Bytes handed out and not given back: 0 when everything made from the pool is gone. */
size_t berth_pool_in_use(const struct berth_pool *pool);

/* Ends the pool; every block must have been given back. Accepts NULL, returns NULL. */
struct berth_pool *berth_pool_free(struct berth_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
