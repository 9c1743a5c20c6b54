/* What a conversation is, to whom it belongs and where its service is: what findings and baselines compare. */
#ifndef NETSTAT_CONVERSATION_H
#define NETSTAT_CONVERSATION_H

#include "enrich/services.h"
#include "row.h"

enum conversation_kind {
	CONVERSATION_NONE,   /* of no use to compare: no ports, no peer, not accepted yet or over already */
	CONVERSATION_LISTEN, /* waits for whoever comes */
	CONVERSATION_IN,     /* the service is at the local end */
	CONVERSATION_OUT,    /* the service is at the foreign end */
};

struct conversation {
	enum conversation_kind kind;
	uint16_t port;                         /* the service's */
	bool picked;                           /* by a system, which picks another one next time: see below */
	const struct netstat_process *process; /* its first owner; NULL: not known */
};

/* By row->direction where that is known. Else (a connected datagram socket has none) the end whose port is not
 * ephemeral has the service; when both are, it is OUT, and when none is, the end with the registered port or the lower
 * one has it. Not yet and no more: a conversation that is not accepted is its listener's still, and of TIME_WAIT or
 * what its program has closed the program is not known any more. Those are NONE.
 *
 * A port is picked when it is in the system's ephemeral range and this system's, or of nobody known to be a server:
 * that of a foreign service is as its owner has chosen it. */
struct conversation conversation_of(const struct netstat_row *row, const struct services *services);

#endif
