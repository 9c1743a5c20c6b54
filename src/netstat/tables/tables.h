/* The small tables beside the sockets: routes (-r), interfaces (-i), multicast groups (-g), neighbours (--neighbours)
 * and counters (-s): those of the kernel, in the network namespace that the caller is in, and those of berth hosts.
 * Laid out by libsmartcols, for people and as JSON. */
#ifndef NETSTAT_TABLES_H
#define NETSTAT_TABLES_H

#include "row.h"
#include <stdio.h>

struct tables_query {
	uint32_t families;  /* NETSTAT_IP4, NETSTAT_IP6 */
	uint32_t protocols; /* counters: sets of NETSTAT_BIT(protocol); all when they are all set */
	bool kernel, hosts; /* the machine's; those of berth hosts */
	const char *host;   /* only berth hosts of this name; NULL: all */
	bool numeric;
	bool all;    /* routes of every table; interfaces that are down; counters that are 0 (JSON always has them) */
	bool extend; /* -e: more columns */
	bool json;
	netstat_warn *warn;
	void *warn_user;
};

/* Each prints to stdout and returns how many lines there were, or BERTH_EPERM, BERTH_EIO, BERTH_ENOMEM; BERTH_ENOENT:
 * no berth host has the name that was given; BERTH_EACCES: those hosts may not be read. */
long tables_routes(const struct tables_query *query);
long tables_interfaces(const struct tables_query *query);
long tables_groups(const struct tables_query *query);
long tables_neighbours(const struct tables_query *query);
long tables_counters(const struct tables_query *query);

/* Counters: calls `each` for all of the kernel's, group by group in the kernel's order: group "Tcp", name
 * "RetransSegs", and a text for people or "" . 0, what `each` returned, or BERTH_EIO. */
typedef int tables_counter(void *user, const char *group, const char *name, const char *text, uint64_t value);
int tables_counters_each(const struct tables_query *query, tables_counter *each, void *user);

#endif
