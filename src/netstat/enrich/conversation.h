/* What a conversation is, to whom it belongs and where its service is: what findings and baselines compare. */
#ifndef NETSTAT_CONVERSATION_H
#define NETSTAT_CONVERSATION_H

#include "enrich/services.h"
#include "row.h"

enum conversation_kind {
	CONVERSATION_NONE,   /* of no use to compare: no ports, no peer, or over already */
	CONVERSATION_LISTEN, /* waits for whoever comes */
	CONVERSATION_IN,     /* the service is at the local end */
	CONVERSATION_OUT,    /* the service is at the foreign end */
};

struct conversation {
	enum conversation_kind kind;
	uint16_t port;                         /* the service's */
	const struct netstat_process *process; /* whose it is: its first owner, or, when it waits for accept, its
						  listener's; NULL: not known */
};

/* By row->direction where that is known. Else (a connected datagram socket has none) the end whose port is not
 * ephemeral has the service; if that does not tell, the one with the registered port or the lower one. TIME_WAIT, and
 * what a program has closed already, is NONE: its program is not known any more, and what was allowed while it lasted
 * need not be judged again. */
struct conversation conversation_of(const struct netstat_row *row, const struct services *services);

#endif
