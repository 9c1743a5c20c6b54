/* Who opened a connection, from one look at it.
 *
 * The active opener's bytes_acked counts its SYN (RFC 9293 section 3.4: a SYN takes a sequence number), so that what
 * was acknowledged and what is on its way is one byte more than what was sent:
 *
 *     bytes_acked + (send_q - notsent) - bytes sent for the first time - fin
 *
 * is 1 for the active opener and 0 for the passive one; fin is 1 when an own FIN was sent, be it acknowledged or not,
 * for it takes a sequence number, too, and is no payload.
 *
 * It holds over IPv4, IPv6 and MPTCP's subflows, over loss, fast open, half-closed connections and closed windows. It
 * does not for a socket whose sequence numbers were set by hand (TCP_REPAIR, as CRIU restores them): that one looks as
 * if it had come in. The kernel takes send_q and the rest one after the other: while data flows they may not add up,
 * and then the listeners decide. */
#ifndef NETSTAT_DIRECTION_H
#define NETSTAT_DIRECTION_H

#include "row.h"

/* Fills in row->direction.
 *
 * NONE: it listens, or has no peer, or is no connection at all: a datagram socket that is connected has chosen a peer,
 * but nobody opened anything; likewise raw and Unix sockets. OUT in SYN_SENT and, unless the sum says otherwise, IN in
 * SYN_RECV.
 *
 * Else by the sum above; where it is not known or neither 0 nor 1, by whether an end has a listener (`has_listeners`:
 * listeners_enrich has seen this row, and before that all listeners): IN when only the local end has one, OUT when only
 * the foreign one has (row->foreign_listens). Where neither has, OUT when the local port is such as systems choose
 * (32768 and above) and the foreign one is not. That last rule is not for TIME_WAIT and other remains that no program
 * has any more: the listener of what came in may be gone as well (FTP's data connections are such: RFC 959 section
 * 3.2), so that they are UNKNOWN. */
void direction_enrich(struct netstat_row *row, bool has_listeners);

#endif
