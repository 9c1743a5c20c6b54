/* /proc/net: the kernel's sockets as lines of text, for where it has no diag module. The readers of lines are pure. */
#ifndef NETSTAT_PROC_NET_H
#define NETSTAT_PROC_NET_H

#include "row.h"

#define PROC_NET_PATH_ROOM 112

/* Each reads line[n], without its newline. true and all of *row; false: not such a line (a heading, or one that is cut
 * short), and nothing is said about *row. */

/* Of tcp, udp, udplite and raw (BERTH_IP4) and of tcp6, udp6, udplite6 and raw6 (BERTH_IP6). */
bool proc_net_inet_line(const char *line, size_t n, enum netstat_protocol protocol, uint8_t family,
			struct netstat_row *row);
/* Of sctp/eps: the first of its addresses counts. */
bool proc_net_sctp_endpoint_line(const char *line, size_t n, struct netstat_row *row);
/* Of sctp/assocs: the first address each way counts. */
bool proc_net_sctp_association_line(const char *line, size_t n, struct netstat_row *row);
/* Of unix. The row's path, where it has one, is written into path[PROC_NET_PATH_ROOM]; control characters are '?'. */
bool proc_net_unix_line(const char *line, size_t n, struct netstat_row *row, char *path);

/* Hands on each line of /proc/net/NAME of the network namespace that the calling thread is in, borrowed for the call,
 * until on_line returns other than 0. 0; PROC_NET_STOPPED; BERTH_ENOENT (there is none), BERTH_EPERM, BERTH_ENOMEM,
 * BERTH_EIO. Lines longer than 64 KiB are left out. */
enum {
	PROC_NET_STOPPED = 1,
};
typedef int proc_net_on_line(void *user, const char *line, size_t n);
int proc_net_walk(const char *name, proc_net_on_line *on_line, void *user);

#endif
