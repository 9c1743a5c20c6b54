/* The files of /proc/net of the network namespace that the calling thread is in. */
#ifndef NETSTAT_PROC_NET_H
#define NETSTAT_PROC_NET_H

#include <stdio.h>

/* Opens "snmp" and the like for reading. NULL, and errno: it cannot be had. */
FILE *proc_net_open(const char *name);

#endif
