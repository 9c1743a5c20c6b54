/* UDP as the layers above see it, RFC 768, 1122 section 4.1 and 8085.
 *
 * Like TCP it never calls up: endpoints->tx holds the sockets with something to send, endpoints->news those that have
 * become ready. An idle socket holds no buffers. */
#ifndef UDP_UDP_H
#define UDP_UDP_H

#include <berth/frame.h>
#include <berth/snapshot.h>
#include <berth/socket.h>

#include "ip.h"
#include "budget.h"
#include "pairs.h"

/* The most payload of a datagram: over IPv4 65,535 less the headers of IP and UDP; IPv6 does not count its header in
 * the length of a packet. */
static inline uint32_t udp_payload_max(uint8_t family)
{
	return family == BERTH_IP4 ? 65507 : 65527;
}

/* Groups that one socket may be a member of. */
#define UDP_MEMBERSHIPS_MAX 20

/* X(name, text). Counter "udp_NAME" of berth_host_counter. */
#define UDP_COUNTER_MAP(X)                                                                                             \
	X(datagrams_in, "datagrams handed to a socket")                                                                \
	X(datagrams_out, "datagrams sent")                                                                             \
	X(bytes_in, "payload bytes handed to sockets")                                                                 \
	X(bytes_out, "payload bytes sent")                                                                             \
	X(bad_length, "datagrams whose length does not fit the packet")                                                \
	X(bad_checksum, "datagrams with a bad checksum")                                                               \
	X(bad_port, "datagrams to port 0")                                                                             \
	X(no_socket, "datagrams for no socket")                                                                        \
	X(queue_full, "datagrams that found the receive queue full")                                                   \
	X(shut_down, "datagrams for a socket that no longer receives")                                                 \
	X(too_long, "datagrams longer than their path, which must not be cut")                                         \
	X(no_memory, "datagrams dropped for want of memory")                                                           \
	X(errors_in, "ICMP errors handed to a socket")                                                                 \
	X(errors_ignored, "ICMP errors for a socket without a peer, or that pass by themselves")

struct udp_counters {
#define X(name, text) uint64_t name;
	UDP_COUNTER_MAP(X)
#undef X
};

/* A datagram in a queue: its payload lies in the frame that it came in, or behind the struct when `frame` is NULL. */
struct udp_datagram {
	struct udp_datagram *next;
	struct berth_frame *frame;
	const uint8_t *data; /* the payload, len bytes */
	uint32_t len;
	uint32_t size;           /* of this block of memory */
	uint32_t charge;         /* what counts against the socket's buffer: all memory that the datagram holds */
	struct socket_pair pair; /* seen from this host, either way */
	uint8_t tos, ttl;        /* ttl 0, to send: the host's, but of a group's none: it does not leave the host */
	uint8_t interface;       /* by which it came; to send: by this one alone, 0: by the pair's scope or the route */
	uint8_t pmtu_mode;       /* to send: BERTH_PMTUDISC_... */
	uint16_t segment_size;   /* corked: it will be cut into such datagrams; 0: it will not */
	bool loop;               /* to send to a group: members on this host get it, too */
	uint8_t storage[];
};

/* First in, first out. `charge` is the sum over all. */
struct udp_queue {
	struct udp_datagram *first, *last;
	uint32_t charge;
	uint32_t n;
};

/* A group that a socket wants the datagrams of, when they arrive there. */
struct udp_membership {
	struct ip group;
	unsigned interface;
};

/* How a socket sends to groups. */
struct udp_multicast {
	uint8_t interface; /* 0: by the route */
	uint8_t ttl;       /* 0: to members on this host alone */
	bool loop;         /* also to these */
};

/* A socket gets a group's datagrams only where it has joined the group itself, not because another socket of the host
 * has. It is what RFC 3678 section 1 says of a socket's state and what programs expect; Linux, for history's sake, does
 * otherwise unless IP_MULTICAST_ALL and IPV6_MULTICAST_ALL are 0. */
struct udp_socket {
	struct endpoint endpoint; /* first */
	struct udp_queue in, out;
	struct udp_membership *memberships; /* UDP_MEMBERSHIPS_MAX of them, or NULL while there are none */
	uint32_t n_memberships;
	struct udp_multicast multicast;
	struct udp_datagram *pending; /* corked: more will be added; NULL: none */
	uint16_t segment_size;        /* UDP_SEGMENT; 0: none */
	bool cork, gro;               /* UDP_CORK, UDP_GRO */
	uint8_t tells;                /* BERTH_CONTROL_...: what recvmsg tells */
	uint32_t send_buffer, receive_buffer;
	int error;      /* pending, a BERTH_E number or 0 */
	bool connected; /* pair.foreign is set */
	bool broadcast; /* SO_BROADCAST */
	bool shut_receive, shut_send;
	bool send_blocked; /* a send found no room: WRITABLE is news again once there is */
	bool closing;      /* the program is gone; what is in `out` still leaves */
	uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out, drops;
};

struct udp_config {
	uint32_t send_buffer, receive_buffer; /* bytes, defaults of new sockets */
	uint8_t ttl;
};

/* What UDP needs of its host. One a host; the host sets `now` before each call. */
struct udp_env {
	berth_time now;
	const struct berth_memory *memory;
	struct pairs *pairs;
	struct endpoints *endpoints;
	struct budget *budget; /* of the memory of all queues, the host's */
	struct udp_config config;
	struct udp_counters counters;
};

/* Fills env. The pairs, endpoints and budget are borrowed. */
void udp_env_init(struct udp_env *env, const struct berth_host_config *config, struct pairs *pairs,
		  struct endpoints *endpoints, struct budget *budget);

/* Frees every UDP endpoint. */
void udp_env_deinit(struct udp_env *env);

/* ---- for the host ---- */

/* A datagram that arrived whole and with a good checksum (or none). */
struct udp_arrival {
	struct socket_pair pair;
	struct berth_frame *frame; /* borrowed; udp takes a reference when it keeps the payload there */
	uint32_t off, len;         /* payload, from frame->data */
	uint8_t interface;         /* by which it came */
	uint8_t tos, ttl;
	bool to_many; /* to a group or to all stations: it is for every socket that wants it */
};

/* Takes the datagram to its socket, or sockets. false: there is none, and the host may say so to the sender. */
bool udp_datagram_in(struct udp_env *env, const struct udp_arrival *arrival);

/* A socket wants this datagram to many (whose frame and payload are not looked at). */
bool udp_is_wanted(const struct udp_env *env, const struct udp_arrival *arrival);

/* The next datagram that s has to send, which the caller then owns (udp_datagram_free); NULL: no more, and s is out of
 * endpoints->tx. A closed socket whose last datagram is handed out is freed. */
struct udp_datagram *udp_output(struct udp_env *env, struct udp_socket *s);

/* Accepts NULL, returns NULL. */
struct udp_datagram *udp_datagram_free(struct udp_env *env, struct udp_datagram *datagram);

/* An ICMP error quoted a datagram that s sent. `error` is a BERTH_E number; `hard`: it will not pass by itself. Only a
 * connected socket is told, and only of hard errors (RFC 1122 section 4.1.3.3; others could not say to whom it was),
 * unless it has asked for all (IP_RECVERR). true: it was told. */
bool udp_icmp_error(struct udp_env *env, struct udp_socket *s, int error, bool hard);

/* ---- for the socket layer ---- */

/* A new unbound socket, added to env->endpoints. NULL when out of memory. */
struct udp_socket *udp_new(struct udp_env *env, enum berth_family family);

static inline struct udp_socket *udp_of_endpoint(struct endpoint *e)
{
	return CONTAINER_OF(e, struct udp_socket, endpoint);
}

/* The user is gone: s frees itself once its queue has left. */
void udp_close(struct udp_env *env, struct udp_socket *s);

/* s has this conversation alone (the pair's local port is not looked at); a peer that it had is forgotten. 0, or
 * BERTH_EADDRINUSE, BERTH_EADDRNOTAVAIL, and then s has no peer. */
int udp_connect(struct udp_env *env, struct udp_socket *s, const struct socket_pair *pair);

/* s has no peer any more. */
void udp_disconnect(struct udp_env *env, struct udp_socket *s);

/* Queues one datagram of `total` bytes, gathered from the vectors, with this pair; several when it is to be cut into
 * segments; none yet while `more` is said or the socket is corked (then the first call's pair counts). total, or
 * BERTH_EAGAIN: no room, BERTH_ENOBUFS: no memory, BERTH_EMSGSIZE: longer than a datagram by now (what was corked is
 * lost), BERTH_EINVAL: too many segments. */
long udp_send(struct udp_env *env, struct udp_socket *s, const struct socket_pair *pair,
	      const struct berth_message *message, size_t total, bool more);

/* What was corked leaves. 0, or as udp_send. */
int udp_uncork(struct udp_env *env, struct udp_socket *s);
/* It never will. */
void udp_cork_drop(struct udp_env *env, struct udp_socket *s);

/* As berth_recvmsg. */
long udp_recv(struct udp_env *env, struct udp_socket *s, struct berth_message *message, unsigned flags);

/* The pending error, taken away; 0: none. */
int udp_error_take(struct udp_socket *s);

/* As berth_ioctl. */
int udp_query(const struct udp_socket *s, unsigned request, int *value);

/* 0, BERTH_ENOTCONN. */
int udp_shutdown(struct udp_env *env, struct udp_socket *s, enum berth_shutdown how);

/* BERTH_READABLE ... as they are now. */
unsigned udp_ready(const struct udp_socket *s);

/* s wants the datagrams of this group (a multicast address) that arrive on this interface. The host's own membership is
 * the caller's matter. 0; BERTH_EADDRINUSE: it has joined already; BERTH_ENOBUFS: UDP_MEMBERSHIPS_MAX; BERTH_ENOMEM. */
int udp_join(struct udp_env *env, struct udp_socket *s, unsigned interface, const struct ip *group);
/* It no longer does. 0; BERTH_EADDRNOTAVAIL: it is no member. */
int udp_leave(struct udp_env *env, struct udp_socket *s, unsigned interface, const struct ip *group);
bool udp_is_member(const struct udp_socket *s, unsigned interface, const struct ip *group);

/* s as a row of a snapshot: everything but the descriptor and addresses. */
void udp_row(const struct udp_socket *s, struct berth_socket_row *row);

#endif
