/* The sockets of one of many network namespaces, without asking for what is not there. */
#ifndef NETSTAT_NAMESPACE_READ_H
#define NETSTAT_NAMESPACE_READ_H

#include "source/source.h"

/* Which protocols the kernel speaks, in whatever namespace; all, when it does not say. */
uint32_t namespace_protocols(void);

/* As kernel_rows, of the namespace that the calling thread is in; of the protocols in the set `spoken` at most. */
int namespace_read(const struct netstat_request *request, uint32_t spoken, netstat_on_row *on_row, void *user);

#endif
