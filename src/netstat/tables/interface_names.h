/* The names of the machine's interfaces, each looked up once. */
#ifndef NETSTAT_INTERFACE_NAMES_H
#define NETSTAT_INTERFACE_NAMES_H

#include "index.h"

/* Number to name, by index_init(names, INTERFACE_NAME). */
#define INTERFACE_NAME 16

/* The name, or its number when it has none any more. NULL: out of memory. */
const char *interface_name(struct index *names, uint32_t number);

#endif
