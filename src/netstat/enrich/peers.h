/* Who is at the other end of a conversation that has both ends on this machine: of Unix sockets by their peer's inode,
 * of those within the machine (loopback, or from an address to itself) by their socket pair. */
#ifndef NETSTAT_PEERS_H
#define NETSTAT_PEERS_H

#include "row.h"

struct peer {
	const struct netstat_process *process; /* NULL: not known */
	const char *path;                      /* Unix: where it is bound; NULL: nowhere */
};

struct peers;
struct peers *peers_new(void); /* NULL: out of memory */
struct peers *peers_free(struct peers *peers);

/* Remembers the row as somebody's other end. Its path is copied, its process borrowed. 0 or BERTH_ENOMEM. */
int peers_look(struct peers *peers, const struct netstat_row *row);

/* The other end, after all rows were seen; NULL: it is elsewhere, or nobody's. */
const struct peer *peers_of(const struct peers *peers, const struct netstat_row *row);

#endif
