/* Which of a name's addresses to try first: RFC 6724 section 6, with what this host would send from. */
#include <string.h>

#include "host_private.h"
#include "select.h"

/* What packets to ip would come from; no address: there is no way to it. */
static struct select_source source_towards(struct berth_host *host, const struct ip *ip)
{
	const struct host_address *a;
	struct host_path path;

	if (!host_route(host, ip, &path) || ip_is_none(&path.source))
		return (struct select_source){.prefix = 0};
	a = host_address_find(host, &path.source);
	return (struct select_source){
		.ip = path.source,
		.interface = path.interface,
		.prefix = a ? a->prefix : 128,
		.deprecated = a && a->state == ADDRESS_DEPRECATED,
		.label = select_label(&select_policies_default, &path.source),
	};
}

void berth_host_sort_destinations(struct berth_host *host, struct berth_address *addresses, size_t n)
{
	const struct berth_memory *memory = host->memory;
	size_t size = n * (sizeof(struct select_destination) + sizeof(*addresses));
	struct select_destination *destinations;
	struct berth_address *sorted;

	if (n < 2 || n > UINT32_MAX / 256)
		return;
	destinations = memory->alloc(memory->context, size);
	if (!destinations)
		return;
	sorted = (struct berth_address *)(void *)(destinations + n);
	for (size_t i = 0; i < n; i++) {
		struct ip ip = ip_of_address(&addresses[i]);

		destinations[i] = (struct select_destination){
			.ip = ip, .source = source_towards(host, &ip), .index = (uint32_t)i};
	}
	select_sort(&select_policies_default, destinations, n);
	for (size_t i = 0; i < n; i++)
		sorted[i] = addresses[destinations[i].index];
	memcpy(addresses, sorted, n * sizeof(*addresses));
	memory->free(memory->context, destinations, size);
}
