/* Explains each conversation in a line of plain words, and finds what about it is not explained.
 *
 * Some findings compare a connection with the others of its program, so that all rows are seen twice: explain_look at
 * each of them first, then explain_enrich. */
#ifndef NETSTAT_EXPLAIN_H
#define NETSTAT_EXPLAIN_H

#include "enrich/services.h"
#include "row.h"

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
