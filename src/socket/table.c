/* Descriptors: small numbers for sockets. An array that grows by doubling and a list of the free places in it. */
#include <string.h>

#include "socket_private.h"

#define CAPACITY_FIRST 16u

static int grow(struct berth_host *host)
{
	struct host_descriptors *d = &host->descriptors;
	const struct berth_memory *memory = host->memory;
	size_t size = sizeof(*d->items);
	uint32_t capacity = d->capacity ? d->capacity * 2 : CAPACITY_FIRST;
	struct host_descriptor *items;

	if (capacity > host->config.n_sockets_max)
		capacity = host->config.n_sockets_max;
	if (capacity == d->capacity)
		return BERTH_EMFILE;
	items = memory->alloc(memory->context, capacity * size);
	if (!items)
		return BERTH_ENOMEM;
	if (d->items) {
		memcpy(items, d->items, d->n * size);
		memory->free(memory->context, d->items, d->capacity * size);
	}
	d->items = items;
	d->capacity = capacity;
	return BERTH_OK;
}

int socket_descriptor_reserve(struct berth_host *host)
{
	struct host_descriptors *d = &host->descriptors;

	return d->first_free != UINT32_MAX || d->n < d->capacity ? BERTH_OK : grow(host);
}

int socket_descriptor_new(struct berth_host *host, struct endpoint *e)
{
	struct host_descriptors *d = &host->descriptors;
	int error = socket_descriptor_reserve(host);
	uint32_t i;

	if (error)
		return error;
	if (d->first_free != UINT32_MAX) {
		i = d->first_free;
		d->first_free = d->items[i].next_free;
	} else {
		i = d->n++;
	}
	d->items[i] = (struct host_descriptor){.endpoint = e};
	e->descriptor = (int)i;
	return (int)i;
}

void socket_descriptor_free(struct berth_host *host, int descriptor)
{
	struct host_descriptors *d = &host->descriptors;

	d->items[descriptor] = (struct host_descriptor){.next_free = d->first_free};
	d->first_free = (uint32_t)descriptor;
}

struct host_descriptor *socket_descriptor(struct berth_host *host, int descriptor)
{
	struct host_descriptors *d = &host->descriptors;

	if (descriptor < 0 || (uint32_t)descriptor >= d->n || !d->items[descriptor].endpoint)
		return NULL;
	return &d->items[descriptor];
}
