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

/* How many sockets of a protocol there may be, for all that a namespace's files tell: families in which there are some,
 * by protocol. */
struct namespace_census {
	uint8_t families[NETSTAT_PROTOCOL_N]; /* sets of NETSTAT_IP4, NETSTAT_IP6 */
};

/* Every protocol in both families: what is known before a file has been read. */
void namespace_census_all(struct namespace_census *census);

/* A line of /proc/net/sockstat or sockstat6 ("TCP: inuse 4 orphan 0 tw 2 ...", "UDP6: inuse 0"): takes a protocol of
 * which the namespace has none out of the family. TCP's TIME_WAITs are counted for both families at once, so that
 * sockstat has to be read before sockstat6: *tw carries them over and is 0 before the first line. Other lines change
 * nothing. */
void namespace_census_line(const char *line, struct namespace_census *census, uint64_t *tw);

/* A line of /proc/net/protocols: the protocol whose sockets it is about, by its number, or NETSTAT_PROTOCOL_N. The file
 * names all that the kernel speaks, in whatever namespace. */
enum netstat_protocol namespace_protocol_line(const char *line);

#endif
