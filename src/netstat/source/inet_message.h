/* One message of inet_diag about one IP socket: bytes to row. Pure. */
#ifndef NETSTAT_INET_MESSAGE_H
#define NETSTAT_INET_MESSAGE_H

#include "row.h"

/* Reads message[n], a struct inet_diag_msg with its attributes, about a socket of `protocol`. true and all of *row (row
 * borrows `message`, and *tcp, which is filled in when the message carries TCP's figures); false: it is none, or one of
 * a kind that netstat does not list, and nothing is said about *row and *tcp. */
bool inet_message_read(const void *message, size_t n, enum netstat_protocol protocol, struct netstat_row *row,
		       struct netstat_tcp *tcp);

#endif
