/* Who opened a TCP connection, from one look at it.
 *
 * The active opener's bytes_acked counts its SYN (RFC 9293 section 3.4: a SYN takes a sequence number), so that what
 * was acknowledged and what is on its way is one byte more than what was sent:
 *
 *     bytes_acked + (send_q - notsent) - bytes sent for the first time - fin
 *
 * is 1 for the active opener and 0 for the passive one; fin is 1 when an own FIN was sent and is not acknowledged yet.
 */
#ifndef NETSTAT_DIRECTION_H
#define NETSTAT_DIRECTION_H

#include "row.h"

/* Fills in row->direction. Falls back on whether the local port has a listener (row->listener, when has_listeners says
 * that this was looked at): TIME_WAIT and the like carry no tcp. */
void direction_enrich(struct netstat_row *row, bool has_listeners);

#endif
