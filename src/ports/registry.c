/* The registry of services: which name IANA gives a port, and which port a name stands for.
 *
 * The table is services.tsv, turned into constant arrays by make-table.py at build time: entries sorted by first port
 * (names before other names), an index of them sorted by name, and one blob of texts. Both ways are a binary search;
 * nothing is allocated and nothing happens at start. Names are those of RFC 6335 section 5.1, in which case does not
 * matter. */
#include <berth/ports.h>

#include "services_table.h"

/* In service_flags, beside the transports: an alias. */
#define FLAG_ALIAS 16u

static const char *text_at(uint32_t offset)
{
	return (const char *)service_texts + offset;
}

static bool ports_of_entry_include(size_t i, uint16_t port)
{
	return service_first[i] <= port && port <= service_last[i];
}

size_t berth_service_count(void)
{
	return SERVICE_N;
}

bool berth_service_get(size_t i, struct berth_service *out)
{
	if (i >= SERVICE_N)
		return false;
	*out = (struct berth_service){
		.name = text_at(service_name[i]),
		.description = text_at(service_description[i]),
		.first = service_first[i],
		.last = service_last[i],
		.transports = service_flags[i] & BERTH_TRANSPORT_ALL,
		.alias = (service_flags[i] & FLAG_ALIAS) != 0,
	};
	return true;
}

/* How many entries begin at or before the port. */
static size_t entries_up_to(uint16_t port)
{
	size_t low = 0, high = SERVICE_N;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (service_first[middle] <= port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool berth_service_by_port(uint16_t port, unsigned transport, struct berth_service *out)
{
	/* Entries that have a port in common have all of them in common (make-table.py sees to it), so they are
	 * neighbours. */
	size_t end = entries_up_to(port), i = end;

	while (i > 0 && ports_of_entry_include(i - 1, port))
		i--;
	for (; i < end; i++)
		if ((service_flags[i] & transport & BERTH_TRANSPORT_ALL) && !(service_flags[i] & FLAG_ALIAS))
			return berth_service_get(i, out);
	return false;
}

static int fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* As strcmp, but that the case of ASCII letters does not matter, whatever the locale. */
static int compare_names(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) - fold(*b);
}

static const char *name_by_order(size_t i)
{
	return text_at(service_name[service_by_name[i]]);
}

bool berth_service_by_name(const char *name, unsigned transports, struct berth_service *out)
{
	size_t low = 0, high = SERVICE_N;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_names(name_by_order(middle), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < SERVICE_N && compare_names(name_by_order(low), name) == 0; low++)
		if (service_flags[service_by_name[low]] & transports & BERTH_TRANSPORT_ALL)
			return berth_service_get(service_by_name[low], out);
	return false;
}
