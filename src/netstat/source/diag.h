/* NETLINK_SOCK_DIAG: asking the kernel for its sockets, and walking what it sends. */
#ifndef NETSTAT_DIAG_H
#define NETSTAT_DIAG_H

#include "row.h"

struct diag;

/* Opens a socket to the kernel of the network namespace that the calling thread is in. 0 and *out; BERTH_ENOMEM; or
 * another error: the system lets nobody ask this way, or not us. */
int diag_new(struct diag **out);
struct diag *diag_free(struct diag *diag); /* accepts NULL, returns NULL */

/* Takes a message for the time of the call; other than 0 ends the walk. */
typedef int diag_on_message(void *user, const void *message, size_t n);

enum {
	DIAG_STOPPED = 1,     /* on_message ended the walk; the rest is not read, so free the socket next */
	DIAG_INCOMPLETE = 2,  /* the kernel had to drop messages */
	DIAG_INTERRUPTED = 3, /* sockets came and went meanwhile, and the kernel lost its place */
};

/* Each asks for all sockets of a kind whose state is in the set `states` (of the kernel's numbers) and hands their
 * messages on, one by one, from the buffer that they came in. 0; one of the above; BERTH_ENOENT (the kernel has no diag
 * module for this: that is not "no sockets"), BERTH_EPERM, BERTH_EOPNOTSUPP, BERTH_EINVAL (an older kernel than the
 * question), BERTH_ENOMEM, BERTH_EIO, or another error of error.h that the kernel answered. */

/* IP sockets: struct inet_diag_msg. `family` is AF_INET or AF_INET6, `protocol` an IP protocol's number or
 * IPPROTO_MPTCP, `extensions` a set of 1 << (INET_DIAG_... - 1). Only those that fulfil code[n_code] (ends_code.h); all
 * when n_code is 0. */
int diag_inet(struct diag *diag, int family, int protocol, uint32_t states, uint8_t extensions, const void *code,
	      size_t n_code, diag_on_message *on_message, void *user);

/* TCP over IPv4 and IPv6 in one walk, in the kernel's order. Asked the new way, the kernel walks the table of all
 * connections once for each family; the old way knows no family. */
int diag_tcp(struct diag *diag, uint32_t states, uint8_t extensions, const void *code, size_t n_code,
	     diag_on_message *on_message, void *user);

/* Unix sockets: struct unix_diag_msg. `show` is a set of UDIAG_SHOW_... */
int diag_unix(struct diag *diag, uint32_t states, uint32_t show, diag_on_message *on_message, void *user);

#endif
