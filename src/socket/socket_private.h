/* What the files of the socket layer share: descriptors, and what each kind of socket does its own way. */
#ifndef SOCKET_SOCKET_PRIVATE_H
#define SOCKET_SOCKET_PRIVATE_H

#include <berth/socket.h>

#include "host_private.h"

/* ---- table.c ---- */

/* The lowest effort descriptor that is free, for e. BERTH_EMFILE, BERTH_ENOMEM. */
int socket_descriptor_new(struct berth_host *host, struct endpoint *e);
/* One can be had now: 0, BERTH_EMFILE, BERTH_ENOMEM; then the next socket_descriptor_new does not fail. */
int socket_descriptor_reserve(struct berth_host *host);
void socket_descriptor_free(struct berth_host *host, int descriptor);
/* NULL: not open. */
struct host_descriptor *socket_descriptor(struct berth_host *host, int descriptor);

static inline struct endpoint *socket_endpoint(struct berth_host *host, int descriptor)
{
	struct host_descriptor *d = socket_descriptor(host, descriptor);

	return d ? d->endpoint : NULL;
}

/* ---- what TCP and UDP do each its own way: stream.c, datagram.c ---- */

struct socket_operations {
	struct endpoint *(*new)(struct berth_host *host, enum berth_family family);
	/* foreign: set, of the family or (UDP) of none. */
	int (*connect)(struct berth_host *host, struct endpoint *e, const struct berth_socket_address *foreign);
	/* total: the sum of the vectors. */
	long (*send)(struct berth_host *host, struct endpoint *e, const struct berth_message *message, size_t total,
		     unsigned flags);
	/* Who it is from and to is UDP's to say; for TCP transfer.c does. */
	long (*recv)(struct berth_host *host, struct endpoint *e, struct berth_message *message, unsigned flags);
	int (*shutdown)(struct berth_host *host, struct endpoint *e, enum berth_shutdown how);
	void (*close)(struct berth_host *host, struct endpoint *e);
	unsigned (*ready)(const struct endpoint *e);
	bool (*has_peer)(const struct endpoint *e);
	/* Options other than those that are the endpoint's (option.c). */
	int (*set)(struct berth_host *host, struct endpoint *e, int level, int option, const void *value, size_t n);
	int (*get)(struct berth_host *host, struct endpoint *e, int level, int option, void *value, size_t *n);
	int (*query)(const struct endpoint *e, unsigned request, int *value);
};

extern const struct socket_operations socket_stream, socket_datagram;

static inline const struct socket_operations *socket_operations(const struct endpoint *e)
{
	return e->kind == ENDPOINT_UDP ? &socket_datagram : &socket_stream;
}

/* ---- address.c ---- */

/* The peer that a program names for e, as the host has it. 0 and *out; BERTH_EAFNOSUPPORT: not of e's family;
 * BERTH_EINVAL: no port, or a link-local address without an interface, with one that is none, or with another than that
 * of e's own link-local address; BERTH_ENETUNREACH: v4-mapped for a socket with IPV6_V6ONLY. A group without an
 * interface is left to the route. */
int socket_peer(const struct berth_host *host, const struct endpoint *e, const struct berth_socket_address *foreign,
		struct ip *out);

/* The path to a peer, and e's pair with it but for the foreign port: from e's own address or (when it has none that can
 * speak) the path's. 0, or BERTH_ENETUNREACH: no route, or none from that address. */
int socket_path(struct berth_host *host, const struct endpoint *e, const struct ip *foreign, struct socket_pair *pair,
		const struct host_path **path);

/* e (UDP) is bound to a multicast address: that is what it hears, and not what it speaks from. */
bool socket_is_bound_to_group(const struct endpoint *e);

/* e, which is not bound, has no address and no peer. */
void socket_unname(struct endpoint *e);

/* ---- option.c ---- */

/* Writes an int. 0, or BERTH_EINVAL: no room for one. */
int socket_option_get_int(int number, void *value, size_t *n);
/* Reads an int. 0 and *out, or BERTH_EINVAL: shorter than an int, or out of range. */
int socket_option_int(const void *value, size_t n, int least, int most, int *out);
/* Reads a buffer's size and brings it into the range of SO_SNDBUF and SO_RCVBUF. */
int socket_option_buffer(const void *value, size_t n, uint32_t *out);

/* ---- membership.c ---- */

/* The options that join (or leave) a group of this family, `value` being a struct berth_membership of n bytes. */
int socket_membership(struct berth_host *host, struct udp_socket *s, uint8_t family, bool joins, const void *value,
		      size_t n);
/* s leaves all its groups. */
void socket_leave_all(struct berth_host *host, struct udp_socket *s);

/* ---- option_ip.c ---- */

/* Options of BERTH_SOL_IP and BERTH_SOL_IPV6, as berth_setsockopt and berth_getsockopt. */
int socket_ip_option_set(struct berth_host *host, struct endpoint *e, int level, int option, const void *value,
			 size_t n);
int socket_ip_option_get(struct berth_host *host, const struct endpoint *e, int level, int option, void *value,
			 size_t *n);

#endif
