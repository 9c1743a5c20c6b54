/* The condition on the ends of connections that the kernel can check itself, in the code of its own little machine
 * (INET_DIAG_REQ_BYTECODE of linux/inet_diag.h). */
#ifndef NETSTAT_ENDS_CODE_H
#define NETSTAT_ENDS_CODE_H

#include "source/source.h"

/* Room for the code of any request: each box has four comparisons of ports, two prefixes and a jump. */
#define ENDS_CODE_MAX (NETSTAT_ENDS_MAX * (4 * 8 + 2 * 28 + 4))

/* Writes the code for a request's ends into out[ENDS_CODE_MAX], aligned for 32 bits. Its length in bytes; 0: none is
 * needed. */
size_t ends_code(const struct netstat_request *request, void *out);

#endif
