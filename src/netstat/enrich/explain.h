/* Explains each conversation in a line of plain words, and finds what about it is not explained.
 *
 * Some findings compare a connection with the others of its program, so that all rows are seen twice: explain_look at
 * each of them first, then explain_enrich. */
#ifndef NETSTAT_EXPLAIN_H
#define NETSTAT_EXPLAIN_H

#include "enrich/services.h"
#include "row.h"

/* X(NAME, id, text): what may be found. The id is stable. docs/netstat-findings.md says of each when exactly it is
 * found, why it matters and what to do; findings.c decides. */
#define FINDING_MAP(X)                                                                                                 \
	X(OWNER_UNKNOWN, "owner-unknown", "no process that has it can be found")                                       \
	X(EXECUTABLE_DELETED, "executable-deleted", "the program's file has been deleted or replaced")                 \
	X(EXECUTABLE_WRITABLE, "executable-writable", "the program's file lies where everybody may write")             \
	X(EXECUTABLE_MEMORY, "executable-memory", "the program has no file and runs from memory")                      \
	X(EXECUTABLE_HIDDEN, "executable-hidden", "the program's file has a name that hides or misleads")              \
	X(LISTENER_UNREGISTERED, "listener-unregistered",                                                              \
	  "waits on a public address, for a service that nobody registered")                                           \
	X(LISTENER_GONE, "listener-gone", "it came in, and nobody listens on its port any more")                       \
	X(SHELL_ON_SOCKET, "shell-on-socket", "a shell or interpreter reads its commands from a socket")               \
	X(SERVICE_UNUSUAL, "service-unusual", "a service that does not go with the program's other conversations")

enum finding {
#define X(name, id, text) FINDING_##name,
	FINDING_MAP(X)
#undef X
		FINDING_N
};

const char *finding_id(enum finding finding);   /* static text */
const char *finding_text(enum finding finding); /* static text */

/* What explanation asks the earlier stages for. */
#define EXPLAIN_NEEDS                                                                                                  \
	(NETSTAT_NEED_TCP | NETSTAT_NEED_OWNERS | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP | NETSTAT_NEED_USER |  \
	 NETSTAT_NEED_SERVICES | NETSTAT_NEED_LISTENER | NETSTAT_NEED_DIRECTION | NETSTAT_NEED_PEER)

struct explain;
struct explain *explain_new(const struct services *services); /* borrowed; NULL: out of memory */
struct explain *explain_free(struct explain *explain);

/* The first pass: 0 or BERTH_ENOMEM. */
int explain_look(struct explain *explain, const struct netstat_row *row);

/* The second: fills in row->findings and row->explanation; the text is good until explain_free. `numeric`: addresses
 * and ports as numbers. 0 or BERTH_ENOMEM. */
int explain_enrich(struct explain *explain, struct netstat_row *row, bool numeric);

#endif
