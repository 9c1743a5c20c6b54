/* The texts of /proc/net that say which multicast groups the machine has joined, line by line: pure functions. */
#ifndef NETSTAT_GROUP_TEXT_H
#define NETSTAT_GROUP_TEXT_H

#include <berth/address.h>

/* A membership. */
struct group {
	unsigned interface;      /* its number; 0: the text has not said yet */
	char interface_name[16]; /* "" likewise */
	struct berth_address address;
	uint64_t users; /* how many sockets and others have joined it here */
};

/* A line of /proc/net/igmp, NUL-terminated, with or without its newline. A line that names an interface is kept in
 * *group for those that follow it; one that names a group fills in the rest: true. Zero-initialise before the first
 * line. Other lines change nothing. */
bool group_line4(const char *line, struct group *group);

/* A line of /proc/net/igmp6, which says everything: true. Other lines change nothing. */
bool group_line6(const char *line, struct group *group);

#endif
