/* Sockets of a host: what POSIX calls them, with the host as first argument.
 *
 * All calls are non-blocking: what cannot be done now is BERTH_EAGAIN (or BERTH_EINPROGRESS for connect). They queue
 * work; berth_host_frames_out afterwards says what leaves. A descriptor is a small number of this host, given anew
 * after close. Errors common to all: BERTH_EBADF, the descriptor is not open. */
#ifndef BERTH_SOCKET_H
#define BERTH_SOCKET_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum berth_socket_type {
	BERTH_STREAM = 1,   /* TCP */
	BERTH_DATAGRAM = 2, /* UDP */
};

/* A new socket. One of BERTH_IP6 speaks IPv4, too, unless BERTH_IPV6_V6ONLY is set: bound to :: it also takes what
 * comes by IPv4, and IPv4 addresses are written ::ffff:a.b.c.d for it in all calls (RFC 3493 section 3.7). Link-local
 * addresses, and multicast addresses that do not leave the link, need the interface in their `scope` in all calls
 * (BERTH_EINVAL without; a group to send to is left to BERTH_IPV6_MULTICAST_IF and the route instead). The descriptor
 * (0 or more), or BERTH_EAFNOSUPPORT, BERTH_EPROTOTYPE, BERTH_EMFILE, BERTH_ENOMEM. */
int berth_socket(struct berth_host *host, enum berth_family family, enum berth_socket_type type);

/* Attaches a pointer that comes back with the socket's events. 0. */
int berth_set_user(struct berth_host *host, int descriptor, void *user);

/* Gives the socket its local address. Port 0: an ephemeral one (RFC 6056). Any address: all of the host's. UDP: a
 * group, whose datagrams are then the only ones that come, where the socket has joined it. 0, or BERTH_EINVAL (bound
 * already, no or no such interface, or IPv4 with BERTH_IPV6_V6ONLY), BERTH_EADDRNOTAVAIL (not the host's, or not yet),
 * BERTH_EADDRINUSE, BERTH_EAFNOSUPPORT (not of the socket's family), BERTH_ENOMEM. */
int berth_bind(struct berth_host *host, int descriptor, const struct berth_socket_address *local);

/* A TCP socket takes connections, up to `backlog` (1 to 4096; others are brought into that range) waiting for accept.
 * Unbound: an ephemeral port first. 0, or BERTH_EOPNOTSUPP (not TCP), BERTH_EINVAL (connected), BERTH_EADDRINUSE,
 * BERTH_ENOMEM. */
int berth_listen(struct berth_host *host, int descriptor, int backlog);

/* The next waiting connection: its descriptor, and the peer in *foreign when that is not NULL. BERTH_EAGAIN,
 * BERTH_EINVAL (not listening), BERTH_EOPNOTSUPP (not TCP), BERTH_EMFILE (it stays in the queue). */
int berth_accept(struct berth_host *host, int descriptor, struct berth_socket_address *foreign);

/* TCP: begins to connect, BERTH_EINPROGRESS; when it is writable or failed, SO_ERROR says how it went. Again while it
 * runs: BERTH_EALREADY; when connected: BERTH_EISCONN. UDP: sets the peer, 0; an address of BERTH_ANY_FAMILY takes it
 * away. Also BERTH_EADDRNOTAVAIL (no ephemeral port free), BERTH_EADDRINUSE (the socket pair exists),
 * BERTH_ENETUNREACH (no route, or none from the socket's address), BERTH_EAFNOSUPPORT, BERTH_EINVAL (no port, no
 * interface where one is needed, or listening), BERTH_EACCES (UDP to a broadcast address without SO_BROADCAST),
 * BERTH_ENOMEM. */
int berth_connect(struct berth_host *host, int descriptor, const struct berth_socket_address *foreign);

/* Flags of the calls that follow, numbered as on Linux. Bits that are not here are not looked at, as there. */
#define BERTH_MSG_OOB 0x01u  /* TCP: urgent data */
#define BERTH_MSG_PEEK 0x02u /* receive: leave the data in the queue */
#define BERTH_MSG_TRUNC                                                                                                \
	0x20u /* receive, UDP: return the datagram's whole length; in berth_message.flags: it was cut. TCP: throw up   \
	       * to n bytes away, without copying any                                                                  \
	       */
#define BERTH_MSG_DONTWAIT 0x40u   /* no call here waits: no effect */
#define BERTH_MSG_EOR 0x80u        /* send, TCP: a record ends here: it is pushed, and nothing joins it in a segment */
#define BERTH_MSG_WAITALL 0x100u   /* no call here waits: no effect; BERTH_SO_RCVLOWAT says when it is worth a call */
#define BERTH_MSG_ERRQUEUE 0x2000u /* receive: from the error queue; in berth_message.flags: it is from there */
#define BERTH_MSG_NOSIGNAL 0x4000u /* there are no signals: no effect */
/* TCP, not connected, to an address: connects, with the data on the SYN where a cookie allows that. What was taken, or
 * BERTH_EINPROGRESS: nothing, send it once connected. */
#define BERTH_MSG_FASTOPEN 0x20000000u
#define BERTH_MSG_MORE 0x8000u /* send: more follows at once (TCP_CORK, UDP_CORK for this call) */
/* send, TCP with BERTH_SO_ZEROCOPY: the error queue tells when the caller's bytes are free, by BERTH_ERROR_ZEROCOPY.
 * All sends copy, so that is at once. */
#define BERTH_MSG_ZEROCOPY 0x4000000u

/* Sends. TCP: takes as many bytes as there is room for and returns how many, BERTH_EAGAIN when none. UDP: one datagram,
 * all or nothing. Copies; the caller's bytes are free on return. BERTH_ENOTCONN, BERTH_EPIPE (shut down for sending),
 * BERTH_EMSGSIZE (a datagram beyond 65,507 bytes, 65,527 over IPv6), BERTH_EDESTADDRREQ, BERTH_ENETUNREACH,
 * BERTH_ENOBUFS, BERTH_EOPNOTSUPP (BERTH_MSG_OOB, UDP), or the socket's pending error (which it takes away). UDP to an
 * address also: BERTH_EAFNOSUPPORT, BERTH_EINVAL (port 0, or no interface), BERTH_EACCES (broadcast without
 * SO_BROADCAST), BERTH_EADDRNOTAVAIL (unbound, and no ephemeral port free). For TCP the address is not looked at. */
long berth_send(struct berth_host *host, int descriptor, const void *data, size_t n, unsigned flags);
long berth_sendto(struct berth_host *host, int descriptor, const void *data, size_t n, unsigned flags,
		  const struct berth_socket_address *foreign);

/* Receives up to n bytes. TCP: 0 is the end of data. UDP: one datagram, the rest of which is lost when n is too small.
 * BERTH_EAGAIN, BERTH_ENOTCONN, or the socket's pending error (which it takes away; queued data comes first). *foreign,
 * when not NULL, is the sender. */
long berth_recv(struct berth_host *host, int descriptor, void *data, size_t n, unsigned flags);
long berth_recvfrom(struct berth_host *host, int descriptor, void *data, size_t n, unsigned flags,
		    struct berth_socket_address *foreign);

struct berth_vector {
	void *data;
	size_t n;
};

/* Why something that a socket sent did not get there, as Linux's struct sock_extended_err has it. */
struct berth_extended_error {
	uint32_t number;    /* a positive BERTH_E number */
	uint8_t origin;     /* BERTH_ERROR_... */
	uint8_t type, code; /* of the ICMP message */
	uint8_t pad;
	uint32_t info; /* EMSGSIZE: the path's MTU. BERTH_ERROR_ZEROCOPY: the first of the sends that are over, */
	uint32_t data; /* and the last: those that took something count, from 0. Else 0 */
};
#define BERTH_ERROR_LOCAL 1 /* this host */
#define BERTH_ERROR_ICMP 2
#define BERTH_ERROR_ICMP6 3
#define BERTH_ERROR_ZEROCOPY 5  /* no error: number 0, code BERTH_ZEROCOPY_COPIED */
#define BERTH_ZEROCOPY_COPIED 1 /* without the flag it would have been as fast */

/* What goes beside the data: Linux's control messages, as members. `present` says which are set. Sending (UDP): tos,
 * ttl, interface and segment_size count for this message instead of the socket's. Receiving: those that the socket has
 * asked for by the option in brackets. */
#define BERTH_CONTROL_TOS 0x01u          /* [BERTH_IP_RECVTOS, BERTH_IPV6_RECVTCLASS] */
#define BERTH_CONTROL_TTL 0x02u          /* [BERTH_IP_RECVTTL, BERTH_IPV6_RECVHOPLIMIT] */
#define BERTH_CONTROL_INTERFACE 0x04u    /* [BERTH_IP_PKTINFO, BERTH_IPV6_RECVPKTINFO]; the address is `local` */
#define BERTH_CONTROL_SEGMENT_SIZE 0x08u /* UDP: the data is datagrams of this size. [BERTH_UDP_GRO] */
#define BERTH_CONTROL_INQ 0x10u          /* TCP: bytes that remain to be read. [BERTH_TCP_INQ] */
#define BERTH_CONTROL_ERROR 0x20u        /* error and offender; only with BERTH_MSG_ERRQUEUE */

struct berth_control {
	unsigned present; /* BERTH_CONTROL_... */
	uint8_t tos, ttl;
	uint16_t segment_size;
	int interface;
	int inq;
	struct berth_extended_error error;
	struct berth_address offender; /* who says so; of BERTH_ANY_FAMILY: this host */
};

struct berth_message {
	struct berth_socket_address foreign; /* send: to whom (family 0: the peer). receive: from whom */
	struct berth_socket_address local;   /* receive: to which address it came. send: from which (see below) */
	struct berth_vector *vectors;
	size_t n_vectors;
	unsigned flags; /* receive: BERTH_MSG_TRUNC when a datagram was cut, BERTH_MSG_ERRQUEUE */
	struct berth_control control;
};

/* As sendto and recvfrom, with the data in several places and control data beside it. BERTH_EINVAL when the sizes
 * overflow, or control data is out of range.
 *
 * With BERTH_MSG_ERRQUEUE recvmsg gives the oldest error of the socket's error queue (BERTH_IP_RECVERR), BERTH_EAGAIN
 * when there is none: control.error and offender say what and who, `foreign` to whom it was sent, and the data is what
 * the error quoted of it. At most 32 errors are kept; of more the latest are lost.
 *
 * A UDP socket that is bound to all addresses speaks from `local` (the port is not looked at), so that the answer to a
 * message that recvmsg has filled in comes from the address that was asked; when that is a group's, all stations' or of
 * no family, and for all other sockets, the host chooses. BERTH_EADDRNOTAVAIL: it is not the host's, or no longer. */
long berth_sendmsg(struct berth_host *host, int descriptor, const struct berth_message *message, unsigned flags);
long berth_recvmsg(struct berth_host *host, int descriptor, struct berth_message *message, unsigned flags);

enum berth_shutdown {
	BERTH_SHUT_RD = 0, /* no more waiting for data: a receive that finds none says that it is the end. TCP: what
			    * arrives later is queued and can be read, as on Linux; unread it fills the window */
	BERTH_SHUT_WR = 1, /* no more sending: FIN follows what is queued */
	BERTH_SHUT_RDWR = 2,
};

/* TCP: 1 when the next byte to read is the last of the urgent data (with BERTH_SO_OOBINLINE it is what the next receive
 * begins with, without it is stepped over), else 0; as POSIX's sockatmark. Receiving stops there once, so that a
 * program can ask. BERTH_ENOTCONN, BERTH_EOPNOTSUPP (not TCP). */
int berth_sockatmark(struct berth_host *host, int descriptor);

/* Ends one or both directions of a connected socket. 0, BERTH_ENOTCONN, BERTH_EINVAL (no such `how`). */
int berth_shutdown(struct berth_host *host, int descriptor, enum berth_shutdown how);

/* Gives the descriptor back. TCP goes on by itself to deliver what is queued and to close in order; unread data makes
 * it a reset (RFC 2525 section 2.17), and so does SO_LINGER with 0 seconds. 0. */
int berth_close(struct berth_host *host, int descriptor);

/* The socket's own address, and its peer's. 0; BERTH_ENOTCONN. */
int berth_getsockname(struct berth_host *host, int descriptor, struct berth_socket_address *out);
int berth_getpeername(struct berth_host *host, int descriptor, struct berth_socket_address *out);

/* What is true of the socket now: BERTH_READABLE ... (level), or BERTH_EBADF. */
int berth_ready(struct berth_host *host, int descriptor);

/* Socket options, numbered as on Linux. Values are int unless the line says otherwise. */
#define BERTH_SOL_IP 0
#define BERTH_SOL_SOCKET 1
#define BERTH_SOL_TCP 6
#define BERTH_SOL_IPV6 41
/* BERTH_SOL_SOCKET */
#define BERTH_SO_REUSEADDR 2
#define BERTH_SO_TYPE 3      /* get */
#define BERTH_SO_ERROR 4     /* get: the pending error as a positive number, 0 for none; takes it away */
#define BERTH_SO_BROADCAST 6 /* UDP may send to broadcast addresses */
#define BERTH_SO_SNDBUF 7    /* bytes; 4,096 to 67,108,864, others are brought into that range; get: the same number */
#define BERTH_SO_RCVBUF 8    /* the same */
#define BERTH_SO_KEEPALIVE 9
#define BERTH_SO_OOBINLINE 10 /* TCP: urgent data is read in its place like any other */
#define BERTH_SO_LINGER 13    /* struct berth_linger */
/* TCP: listeners, UDP: sockets, may hold one address and port together when all have set it before they were bound; a
 * keyed hash of the socket pair says whose a peer is, and when one goes the others' peers stay theirs. That all are of
 * one user, as Linux asks, is a matter of course here: a host is one program's. */
#define BERTH_SO_REUSEPORT 15
#define BERTH_SO_RCVLOWAT 18 /* TCP: readable once so many bytes are there (or half the buffer, or the end); 1 */
#define BERTH_SO_SNDLOWAT 19 /* get: 1 */
/* struct berth_timeval: how long a call may wait. None of these calls does; the values are kept for a layer above that
 * waits, such as one with a POSIX face. 0: for ever. */
#define BERTH_SO_RCVTIMEO 20
#define BERTH_SO_SNDTIMEO 21
#define BERTH_SO_ACCEPTCONN 30 /* get: listening */
#define BERTH_SO_PROTOCOL 38   /* get: 6 or 17 */
#define BERTH_SO_DOMAIN 39     /* get: enum berth_family */
/* TCP: bytes a second at most, uint32_t or uint64_t; all ones: no limit. A uint32_t of all ones, too */
#define BERTH_SO_MAX_PACING_RATE 47
#define BERTH_SO_ZEROCOPY 60 /* TCP: BERTH_MSG_ZEROCOPY means something; 0 or 1 */
/* BERTH_SOL_IP. An IPv6 socket has these, too, for its conversations over IPv4: they are the same settings as those of
 * BERTH_SOL_IPV6. */
#define BERTH_IP_TOS 1
#define BERTH_IP_TTL 2              /* 1 to 255 */
#define BERTH_IP_PKTINFO 8          /* UDP: recvmsg tells the interface */
#define BERTH_IP_MTU_DISCOVER 10    /* BERTH_PMTUDISC_...; BERTH_PMTUDISC_WANT unless set */
#define BERTH_IP_RECVERR 11         /* errors are queued, and told of also where they would not be */
#define BERTH_IP_RECVTTL 12         /* UDP: recvmsg tells the TTL */
#define BERTH_IP_RECVTOS 13         /* UDP: recvmsg tells the TOS */
#define BERTH_IP_MTU 14             /* get: of the path, as known now; BERTH_ENOTCONN without a peer */
#define BERTH_IP_MULTICAST_IF 32    /* UDP: the interface that datagrams to groups leave by; 0: the route's */
#define BERTH_IP_MULTICAST_TTL 33   /* UDP: 0 (they stay on this host) to 255; -1 or unset: 1 */
#define BERTH_IP_MULTICAST_LOOP 34  /* UDP: members on this host get them, too; 1 unless unset */
#define BERTH_IP_ADD_MEMBERSHIP 35  /* set, UDP: struct berth_membership */
#define BERTH_IP_DROP_MEMBERSHIP 36 /* the same */
/* BERTH_SOL_IPV6, IPv6 sockets alone */
#define BERTH_IPV6_UNICAST_HOPS 16   /* 1 to 255; -1 or unset: what routers advertise, else the host's */
#define BERTH_IPV6_MULTICAST_IF 17   /* as BERTH_IP_MULTICAST_IF */
#define BERTH_IPV6_MULTICAST_HOPS 18 /* as BERTH_IP_MULTICAST_TTL */
#define BERTH_IPV6_MULTICAST_LOOP 19 /* as BERTH_IP_MULTICAST_LOOP */
#define BERTH_IPV6_JOIN_GROUP 20     /* set, UDP: struct berth_membership */
#define BERTH_IPV6_LEAVE_GROUP 21    /* the same */
#define BERTH_IPV6_MTU_DISCOVER 23   /* as BERTH_IP_MTU_DISCOVER */
#define BERTH_IPV6_MTU 24            /* as BERTH_IP_MTU */
#define BERTH_IPV6_RECVERR 25        /* as BERTH_IP_RECVERR */
#define BERTH_IPV6_V6ONLY 26         /* before bind or connect: nothing of IPv4; 0 unless set. RFC 3493 section 5.3 */
#define BERTH_IPV6_RECVPKTINFO 49    /* as BERTH_IP_PKTINFO */
#define BERTH_IPV6_RECVHOPLIMIT 51   /* as BERTH_IP_RECVTTL */
#define BERTH_IPV6_RECVTCLASS 66     /* as BERTH_IP_RECVTOS */
#define BERTH_IPV6_TCLASS 67         /* 0 to 255; -1: 0 */
/* Values of BERTH_IP_MTU_DISCOVER. They are for UDP; TCP fits its segments to the path, whatever is set. */
#define BERTH_PMTUDISC_DONT 0  /* routers may fragment */
#define BERTH_PMTUDISC_WANT 1  /* what is longer than the path carries leaves in fragments, the rest must not be cut */
#define BERTH_PMTUDISC_DO 2    /* what is longer is BERTH_EMSGSIZE */
#define BERTH_PMTUDISC_PROBE 3 /* as DO, but for the interface's MTU: what routers said is not looked at */
/* BERTH_SOL_TCP */
#define BERTH_TCP_NODELAY 1
#define BERTH_TCP_MAXSEG 2
#define BERTH_TCP_CORK 3
#define BERTH_TCP_KEEPIDLE 4  /* seconds, 1 to 32,767 */
#define BERTH_TCP_KEEPINTVL 5 /* seconds, 1 to 32,767 */
#define BERTH_TCP_KEEPCNT 6   /* 1 to 127 */
#define BERTH_TCP_SYNCNT 7    /* SYNs (a listener: SYN-ACKs) that are sent again before giving up, 1 to 127 */
#define BERTH_TCP_LINGER2 8   /* seconds in FIN-WAIT-2 after close; 0: the default; negative: none; 120 at most */
/* Listeners, seconds: a connection is there to accept when its first data is, or when the SYN-ACK has been asked about
 * for so long (get: rounded up to the timeout). 0: at once. */
#define BERTH_TCP_DEFER_ACCEPT 9
#define BERTH_TCP_WINDOW_CLAMP 10 /* the largest window to offer, bytes; 0: the buffer's */
#define BERTH_TCP_INFO 11         /* get: struct berth_tcp_info (tcp_info.h), or as much of it as there is room for */
#define BERTH_TCP_QUICKACK 12
#define BERTH_TCP_CONGESTION                                                                                           \
	13 /* char[], not always with a NUL: "cubic", "reno", "bbr". Set: BERTH_ENOENT, no such name */
/* Fast open, RFC 7413. */
#define BERTH_TCP_FASTOPEN 23 /* listeners: connections let in that have not proved themselves; 0: no fast open */
#define BERTH_TCP_FASTOPEN_CONNECT 30   /* connect waits for the first data where there is a cookie, and returns 0 */
#define BERTH_TCP_FASTOPEN_KEY 33       /* listening, set: 16 bytes, or 32: the key before it is good, too */
#define BERTH_TCP_FASTOPEN_NO_COOKIE 34 /* data on the SYN without a cookie, for those who know their network */
#define BERTH_TCP_USER_TIMEOUT 18       /* milliseconds, 0: the default; RFC 5482 */
/* Bytes that may wait to be sent: writable while there are less than half as many, and a send takes what can leave at
 * once and then large segments until there are so many; 0: no limit but SO_SNDBUF */
#define BERTH_TCP_NOTSENT_LOWAT 25
#define BERTH_TCP_INQ 36 /* recvmsg tells how many bytes remain to be read */
/* BERTH_SOL_UDP */
#define BERTH_SOL_UDP 17
#define BERTH_UDP_CORK 1      /* sends join to one datagram, which leaves when it is cleared */
#define BERTH_UDP_SEGMENT 103 /* what is sent is cut into datagrams of so many bytes, at most 128; 0: it is not */
/* A receive may give several datagrams of one sender, all of one size but for a smaller last, of which
 * control.segment_size tells; it has room for them, else it gives fewer */
#define BERTH_UDP_GRO 104

/* A group that a socket joins, of the option's family (an IPv6 socket joins groups of IPv4 by BERTH_IP_ADD_MEMBERSHIP),
 * and where; interface 0: that of the group's scope, else the route's. Joined, the socket gets what is sent to the
 * group, by that interface, to its port; at most 20 groups a socket. It gets nothing of what only other sockets have
 * joined (as on Linux with IP_MULTICAST_ALL 0). Closing leaves all groups. Besides the errors below: BERTH_EINVAL (no
 * multicast address of the family, no such interface), BERTH_ENETUNREACH (no route says where); joining:
 * BERTH_EADDRINUSE (the socket has), BERTH_ENOBUFS (too many, of the socket or the interface), BERTH_ENOMEM; leaving:
 * BERTH_EADDRNOTAVAIL (it has not joined; with interface 0: nowhere). */
struct berth_membership {
	struct berth_address group;
	int interface;
};

struct berth_linger {
	int on;
	int seconds; /* 0: close resets. Others: close never blocks here, so it is as without; 65,535 at most are kept
		      */
};

struct berth_timeval {
	int64_t seconds, microseconds; /* BERTH_EINVAL: microseconds below 0 or beyond 999,999 */
};

/* 0; BERTH_ENOPROTOOPT (no such level or option for this socket), BERTH_EINVAL (n is not the size of the value, or the
 * value is out of range). */
int berth_setsockopt(struct berth_host *host, int descriptor, int level, int option, const void *value, size_t n);

/* *n is the room in value on entry, the length of the value on return. Errors as above. */
int berth_getsockopt(struct berth_host *host, int descriptor, int level, int option, void *value, size_t *n);

/* What a socket holds, by Linux's requests of ioctl. 0 and *value, or BERTH_EINVAL: no such request, or none for this
 * socket (as it is). */
#define BERTH_SIOCINQ 0x541B     /* TCP: bytes that can be read; UDP: of the next datagram */
#define BERTH_SIOCOUTQ 0x5411    /* TCP: bytes that the peer has not acknowledged; UDP: that have not left */
#define BERTH_SIOCOUTQNSD 0x894B /* TCP: bytes that have not been sent */
int berth_ioctl(struct berth_host *host, int descriptor, unsigned request, int *value);

#ifdef __cplusplus
}
#endif
#endif
