/* The texts of /proc that say which network namespaces there are and what is in them: pure functions. Lines are
 * NUL-terminated, with or without their newline. */
#ifndef NETSTAT_NAMESPACE_TEXT_H
#define NETSTAT_NAMESPACE_TEXT_H

#include "row.h"

/* What a link like /proc/PID/ns/net says: "net:[4026531840]". The inode, or 0: it is no network namespace. */
uint64_t namespace_of_link(const char *text);

/* A line of /proc/PID/mountinfo (proc(5)). true: a network namespace is mounted, *inode is its, and path[n] where. */
bool namespace_of_mount(const char *line, uint64_t *inode, char *path, size_t n);

/* The name that `ip netns` has for a namespace mounted there: the part of the path behind /run/netns/ or
 * /var/run/netns/. NULL: it has none. */
const char *namespace_ip_name(const char *path);

/* What a namespace's own files tell of the sockets in it. */
struct namespace_census {
	uint8_t families[NETSTAT_PROTOCOL_N]; /* in which there may be some: sets of NETSTAT_IP4, NETSTAT_IP6 */
	uint64_t tcp4, tcp6;                  /* listeners and connections; UINT64_MAX: not known */
	uint64_t tw;                          /* connections in TIME_WAIT, of both families; UINT64_MAX: not known */
};

/* Every protocol in both families: what is known before a file has been read. */
void namespace_census_init(struct namespace_census *census);

/* A line of /proc/net/sockstat ("TCP: inuse 4 orphan 0 tw 2 alloc 7 mem 1") or sockstat6 ("UDP6: inuse 0"). Other lines
 * change nothing. */
void namespace_census_line(const char *line, struct namespace_census *census);

/* A line of /proc/net/protocols, of which those of MPTCP count ("MPTCPv6   2064      0     388 ..."). Only kernels
 * since 6.2 know how many these are; before, 0 says nothing. Other lines change nothing. */
void namespace_census_protocol_line(const char *line, struct namespace_census *census);

/* When both files have been read: what follows from TCP's numbers. */
void namespace_census_end(struct namespace_census *census);

/* Of a namespace with this many listeners, the families in which TCP may have anything else. Connections that are no
 * more than a SYN yet are counted nowhere: where there is no other, there is taken to be none of these either. */
uint32_t namespace_census_connected(const struct namespace_census *census, uint64_t listeners4, uint64_t listeners6);

/* A line of /proc/net/protocols: the protocol whose sockets it is about, by its number, or NETSTAT_PROTOCOL_N. The file
 * names all that the kernel speaks, in whatever namespace. */
enum netstat_protocol namespace_protocol_line(const char *line);

#endif
