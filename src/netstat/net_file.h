/* The files of /proc/net of the network namespace that the calling thread is in. */
#ifndef NETSTAT_NET_FILE_H
#define NETSTAT_NET_FILE_H

#include <stdio.h>

/* Opens "snmp" and the like for reading. NULL, and errno: it cannot be had. */
FILE *net_file_open(const char *name);

#endif
