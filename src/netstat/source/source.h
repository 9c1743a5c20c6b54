/* Sources: where rows come from. Each walks what it knows, makes a row of every socket that the request wants, and
 * hands it on. Nothing is kept. */
#ifndef NETSTAT_SOURCE_H
#define NETSTAT_SOURCE_H

#include "row.h"

/* Where the two ends of a conversation may be: ports from first to last, and a prefix of the address (family
 * BERTH_ANY_FAMILY: anywhere; an IPv4 prefix is also that of v4-mapped addresses). */
struct netstat_ends {
	uint16_t local_first, local_last, foreign_first, foreign_last;
	struct berth_address local, foreign;
	uint8_t local_prefix, foreign_prefix;
};

enum { NETSTAT_ENDS_MAX = 8 };

struct netstat_request {
	uint32_t protocols; /* sets by NETSTAT_BIT */
	uint32_t states;    /* those without states of their own (udp, raw, unix) are OPEN or ESTABLISHED (or LISTEN) */
	uint32_t families;  /* NETSTAT_IP4, NETSTAT_IP6 */
	uint32_t needs;     /* those of a source */
	netstat_warn *warn; /* what could not be read; may be NULL */
	void *warn_user;
	/* Connections whose ends are in none of these need not be brought, listeners are brought all; a hint, which a
	 * source may take or not. 0: anywhere. */
	struct netstat_ends ends[NETSTAT_ENDS_MAX];
	size_t n_ends;
};

/* The request wants a socket of this protocol, family and state. Inline: asked for each socket of the machine. */
static inline bool netstat_wants(const struct netstat_request *request, uint8_t protocol, uint8_t family, uint8_t state)
{
	uint32_t families = family == BERTH_IP4   ? NETSTAT_IP4
			    : family == BERTH_IP6 ? NETSTAT_IP6
						  : NETSTAT_ALL_FAMILIES;

	return (request->protocols & NETSTAT_BIT(protocol)) && (request->states & NETSTAT_BIT(state)) &&
	       (request->families & families);
}

/* kernel.c: the sockets of the network namespace that the calling thread is in, listeners of each protocol before its
 * connections: by NETLINK_SOCK_DIAG, and where the kernel has no diag module for a protocol, from /proc/net. Protocols
 * that the kernel has not are no sockets and no error. 0; what on_row returned; BERTH_EPERM, BERTH_EIO, BERTH_ENOMEM,
 * when nothing could be read at all. Rows borrow from the source for the call only. */
int kernel_rows(const struct netstat_request *request, netstat_on_row *on_row, void *user);

/* namespaces.c: the sockets of every network namespace that has a process or a mount, each socket once, row->ns saying
 * which; the calling thread is in its own again on return. Namespaces that may not be entered are one warning that says
 * how many and what would help. Of another namespace in which TCP has nothing but listeners, connections that are no
 * more than a SYN yet are told only who asks for that state alone. As kernel_rows. The structs of row->ns live until
 * namespaces_free. */
struct namespaces;
struct namespaces *namespaces_new(void); /* NULL: out of memory */
struct namespaces *namespaces_free(struct namespaces *namespaces);
int namespaces_rows(struct namespaces *namespaces, const struct netstat_request *request, netstat_on_row *on_row,
		    void *user);

/* hosts.c: the sockets of this user's running berth hosts, or of those named `name` (NULL: all), host by host in the
 * order of their names. *n_hosts: how many were read. With NETSTAT_NEED_OWNERS a row's owner is the host's process, of
 * which the PID is known, and which lives for the call only. 0; what on_row returned; BERTH_EACCES, BERTH_EIO,
 * BERTH_ENOMEM. */
int hosts_rows(const struct netstat_request *request, const char *name, netstat_on_row *on_row, void *user,
	       size_t *n_hosts);

/* destroy.c: ends a socket of the kernel's, in the namespace the calling thread is in: its programs see ECONNABORTED,
 * and a TCP peer a RST (SOCK_DESTROY). 0; BERTH_EPERM (needs CAP_NET_ADMIN), BERTH_ENOENT (it is gone already),
 * BERTH_EOPNOTSUPP (the kernel is built without it, or the protocol cannot), BERTH_EIO. */
int kernel_destroy(const struct netstat_row *row);

/* notices.c: the kernel's word on each TCP and UDP socket that is destroyed, so that even one that lived between two
 * looks is seen. *fd for poll. 0, or BERTH_EPERM, BERTH_EOPNOTSUPP, BERTH_EIO. */
struct notices;
int notices_new(struct notices **out);
struct notices *notices_free(struct notices *notices);
int notices_fd(const struct notices *notices);
/* Hands on what has come, without waiting; tcp is filled in. 0, what on_row returned, or BERTH_EOVERFLOW: the kernel
 * had to drop some (go on). */
int notices_rows(struct notices *notices, const struct netstat_request *request, netstat_on_row *on_row, void *user);

#endif
