/* Listeners, and which of them a connection came in through: the one bound to its very address before a wildcard, its
 * own family before a dual-stack one. Filled from the rows of listeners as they pass. */
#ifndef NETSTAT_LISTENERS_H
#define NETSTAT_LISTENERS_H

#include "row.h"

struct listeners;
struct listeners *listeners_new(void); /* NULL: out of memory */
struct listeners *listeners_free(struct listeners *listeners);

/* Remembers a row in state LISTEN (others are ignored) with its first owner. 0 or BERTH_ENOMEM. */
int listeners_add(struct listeners *listeners, const struct netstat_row *row);

/* Fills in row->listener and row->listener_process, which are borrowed from `listeners`: for a connection whose local
 * port has a listener (same protocol, host and namespace). Whether the connection came in through it is direction's
 * to say. */
void listeners_enrich(const struct listeners *listeners, struct netstat_row *row);

#endif
