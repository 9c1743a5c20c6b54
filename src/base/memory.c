/* The C library's allocator behind the interface that every object of berth takes its memory from. This is the only
 * place below platform/ that names malloc. */
#include <stdlib.h>

#include <berth/memory.h>

static void *libc_alloc(void *context, size_t size)
{
	return malloc(size);
}

static void libc_free(void *context, void *p, size_t size)
{
	free(p);
}

const struct berth_memory *berth_memory_libc(void)
{
	static const struct berth_memory libc = {.alloc = libc_alloc, .free = libc_free};

	return &libc;
}
