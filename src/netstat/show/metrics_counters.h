/* Which counters the exposition has: the kernel's and the berth hosts' under one name where they count the same. */
#ifndef NETSTAT_METRICS_COUNTERS_H
#define NETSTAT_METRICS_COUNTERS_H

#include <stddef.h>

struct metrics_counter {
	const char *family, *help;
	const char *group, *name; /* the kernel's; NULL: it has none */
	const char *host;         /* a berth host's; NULL: it has none */
};

size_t metrics_counter_count(void);
const struct metrics_counter *metrics_counter_get(size_t i);
/* The number of a counter of the kernel's, or (group NULL) of a berth host's; -1: the exposition does not have it. */
int metrics_counter_find(const char *group, const char *name);

#endif
