/* netstat's tables: rows of sockets and of counters, for people and as JSON. */
#ifndef TOOLS_NETSTAT_TABLE_H
#define TOOLS_NETSTAT_TABLE_H

#include "netstat_hosts.h"

struct netstat_query {
	bool numeric;        /* ports as numbers */
	bool all, listening; /* all sockets; only those that wait. Neither: only those with a peer */
	bool tcp, udp;       /* neither: both */
	bool statistics, json;
	const char *host; /* NULL: all */
};

/* Prints the sockets that the query wants. How many, or -1: out of memory. */
long netstat_print_sockets(const struct netstat_query *query, const struct netstat_hosts *hosts);

/* Prints all counters. As above. */
long netstat_print_counters(const struct netstat_query *query, const struct netstat_hosts *hosts);

#endif
