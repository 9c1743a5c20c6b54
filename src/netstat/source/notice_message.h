/* One notice of a socket that the kernel has destroyed: bytes to row. Pure. */
#ifndef NETSTAT_NOTICE_MESSAGE_H
#define NETSTAT_NOTICE_MESSAGE_H

#include "row.h"

/* Reads message[n], what follows the netlink header. As inet_message_read, but the message says which protocol; false
 * also when that is neither TCP nor UDP. Of TCP all figures are there, as they were at the end. A notice has neither
 * inode nor user: row->cookie tells which socket it was. */
bool notice_message_read(const void *message, size_t n, struct netstat_row *row, struct netstat_tcp *tcp);

#endif
