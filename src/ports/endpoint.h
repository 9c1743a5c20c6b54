/* An endpoint: the host's end of a conversation, or a port waiting for one. It is what the socket-pair table holds, and
 * what tcp and udp begin their own structs with. */
#ifndef PORTS_ENDPOINT_H
#define PORTS_ENDPOINT_H

#include <berth/address.h>

#include "ip.h"
#include "list.h"
#include "table.h"

struct error_queue;

/* The two socket addresses of a conversation and its protocol: the key by which a segment finds its socket. Addresses
 * in network order, IPv4 in the first 4 bytes and the rest zero; ports in host order. A listener or unconnected socket
 * has foreign all zero and foreign_port 0; one bound to all addresses has local all zero. `family` is never 0. An IPv6
 * socket's conversation with an IPv4 peer is a pair of BERTH_IP4 like any other. */
struct socket_pair {
	uint8_t local[16], foreign[16];
	uint16_t local_port, foreign_port;
	uint8_t family;   /* enum berth_family: that of the packets */
	uint8_t protocol; /* 6 or 17 */
	uint8_t scope;    /* the interface of a link-local address, when one of the two is; else 0 */
	uint8_t zero;     /* always: what follows the addresses is compared and hashed as one word */
};

enum endpoint_kind {
	ENDPOINT_TCP_LISTENER,
	ENDPOINT_TCP, /* a connection, from SYN-SENT or SYN-RECEIVED on */
	ENDPOINT_UDP,
};

/* What a host keeps of all its endpoints, of whichever protocol. */
struct endpoints {
	struct list tx;   /* those with something to send, in turn */
	struct list news; /* those with events that nobody has been told */
	struct list all;  /* by id, ascending */
	uint64_t id_last;
	struct endpoint *walked; /* where the last snapshot walk stands, or NULL */
};

/* What a lookup reads comes first and fits one cache line. `connections` links those of a port and local address in a
 * ring; only one of the ring is in the table of ports, so that a port's hundred thousand connections are one entry
 * there. */
struct endpoint {
	struct table_node node; /* in the socket-pair table, while in_pairs */
	struct socket_pair pair;
	uint8_t kind;         /* enum endpoint_kind */
	bool in_pairs : 1;    /* in the socket-pair table */
	bool bound : 1;       /* holds its local port */
	bool reuse : 1;       /* SO_REUSEADDR was set when it bound */
	bool reuse_port : 1;  /* SO_REUSEPORT was */
	bool recv_error : 1;  /* IP_RECVERR, IPV6_RECVERR */
	bool bound_any : 1;   /* bound to all addresses, though `pair` may have one by now */
	bool bound_ip4 : 1;   /* what it was bound to is IPv4; an IPv6 socket's may be so by a v4-mapped address */
	bool v6only : 1;      /* IPV6_V6ONLY: all addresses are not those of IPv4, too */
	bool port_listed : 1; /* in the table of bound ports; all that are bound, but connections only one of a ring */
	uint8_t events;       /* BERTH_READABLE ...: what has become true and no event told yet */
	uint8_t tos, ttl;     /* of the IP packets that it sends */
	uint8_t family;       /* that the socket was made with; pair.family is that of its packets */
	uint8_t pmtu_mode;    /* BERTH_PMTUDISC_... */
	int descriptor;       /* -1: none */
	uint32_t flow_label;  /* of its IPv6 packets; 0: not drawn yet */
	uint64_t id;          /* never used twice in a host's life */
	struct table_node port_node;  /* in the table of bound ports, while port_listed */
	struct list_node connections; /* linked: a TCP connection that holds its port; a ring without a head */
	struct list_node tx;          /* linked: has something to send */
	struct list_node news;        /* linked: has events */
	struct list_node all;
	struct error_queue *errors;           /* NULL: none wait */
	uint32_t ms_receive_max, ms_send_max; /* SO_RCVTIMEO, SO_SNDTIMEO; 0: for ever */
};

static inline void endpoints_init(struct endpoints *all)
{
	list_init(&all->tx);
	list_init(&all->news);
	list_init(&all->all);
	all->id_last = 0;
	all->walked = NULL;
}

/* Gives e (all zero but kind, pair and options) its place among the host's endpoints. */
static inline void endpoints_add(struct endpoints *all, struct endpoint *e)
{
	e->descriptor = -1;
	e->pmtu_mode = 1; /* BERTH_PMTUDISC_WANT */
	e->id = ++all->id_last;
	list_push_back(&all->all, &e->all);
}

/* Takes e out of every list. */
static inline void endpoints_remove(struct endpoints *all, struct endpoint *e)
{
	if (all->walked == e)
		all->walked = e->all.prev == &all->all.ring ? NULL : CONTAINER_OF(e->all.prev, struct endpoint, all);
	list_remove(&e->tx);
	list_remove(&e->news);
	list_remove(&e->all);
}

/* e has something to send. */
static inline void endpoints_want_tx(struct endpoints *all, struct endpoint *e)
{
	if (!list_node_linked(&e->tx))
		list_push_back(&all->tx, &e->tx);
}

/* Something has become true of e: BERTH_READABLE ... */
static inline void endpoints_tell(struct endpoints *all, struct endpoint *e, unsigned events)
{
	e->events |= (uint8_t)events;
	if (!list_node_linked(&e->news))
		list_push_back(&all->news, &e->news);
}

/* IPv6 and link-local, or multicast that does not leave the link: what says nothing without an interface. */
static inline bool endpoint_needs_scope(const uint8_t bytes[16], uint8_t family)
{
	return family == BERTH_IP6 && ip_high_is_link_local(get_be64(bytes));
}

/* One end of a pair as a program sees it whose socket is of `family`: IPv4 addresses are v4-mapped for an IPv6 socket
 * (RFC 3493 section 3.7). */
struct berth_socket_address endpoint_local(const struct socket_pair *pair, uint8_t family);
struct berth_socket_address endpoint_foreign(const struct socket_pair *pair, uint8_t family);

#endif
