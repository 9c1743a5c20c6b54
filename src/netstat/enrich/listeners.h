/* Listeners, and which of them a connection came in through: the one bound to its very address before a wildcard, its
 * own family before a dual-stack one. Filled from the rows of listeners as they pass. */
#ifndef NETSTAT_LISTENERS_H
#define NETSTAT_LISTENERS_H

#include "row.h"

struct listeners;
struct listeners *listeners_new(void); /* NULL: out of memory */
struct listeners *listeners_free(struct listeners *listeners);

/* Remembers a row in state LISTEN (others are ignored, and so are Unix sockets) with its first owner. Of several at the
 * same place (SO_REUSEPORT) the first one whose owner is known stands for all. 0 or BERTH_ENOMEM. */
int listeners_add(struct listeners *listeners, const struct netstat_row *row);

/* Fills in row->listener and row->listener_process, which are borrowed from `listeners`: for a connection whose local
 * port has a listener (same protocol, host and namespace). Whether the connection came in through it is direction's
 * to say. A listener that is bound to an interface has only the connections that are bound to it as well, as the
 * kernel does it. Also fills in row->foreign_listens, which is asked only where the foreign address is certainly this
 * machine's: a loopback address, or the local one. */
void listeners_enrich(const struct listeners *listeners, struct netstat_row *row);

#endif
