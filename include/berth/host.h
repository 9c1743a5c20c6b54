/* A host: one TCP/IP endpoint of its own, with interfaces, addresses, routes, ports and sockets.
 *
 * This header is the sans-I/O boundary. A host never blocks, sleeps, opens a file, reads a clock or calls the user
 * back. Frames, time and randomness come in through the calls below, and everything that it does follows from its
 * configuration and those calls: the same bytes at the same times give the same bytes out.
 *
 *	berth_host_frame_in     a frame has arrived
 *	berth_host_frames_out   what has to leave now
 *	berth_host_deadline     when to call next even if nothing arrives
 *	berth_host_expire       time has passed
 *	berth_host_next_event   which socket has become ready
 *
 * A host is used by one thread at a time and takes no locks. Times given to it never run backwards; one that does is
 * taken as the latest time seen. */
#ifndef BERTH_HOST_H
#define BERTH_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "error.h"
#include "frame.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

struct berth_host;

#define BERTH_HOST_NAME_MAX 32
#define BERTH_INTERFACE_NAME_MAX 16
#define BERTH_CONGESTION_NAME_MAX 16

/* TCP fast open (RFC 7413): who may do it. */
#define BERTH_FAST_OPEN_CLIENT 1u /* programs that ask for it by BERTH_MSG_FASTOPEN or BERTH_TCP_FASTOPEN_CONNECT */
#define BERTH_FAST_OPEN_SERVER 2u /* listeners that set BERTH_TCP_FASTOPEN */
/* Whether TCP connections have routers mark packets instead of dropping them. */
enum berth_ecn {
	BERTH_ECN_OFF,    /* never */
	BERTH_ECN_ACCEPT, /* when the peer asks for it */
	BERTH_ECN_ON,     /* connections that this host opens ask, too */
};

/* What a host is made of. Fill it with berth_host_config_default, change what you want, hand it to berth_host_new,
 * which copies it. */
struct berth_host_config {
	size_t size;                       /* sizeof(struct berth_host_config); set by the default function */
	char name[BERTH_HOST_NAME_MAX];    /* for people: netstat shows it */
	uint8_t secret[16];                /* keys the sequence numbers, ports and tables; unguessable to peers */
	uint64_t seed;                     /* all randomness that is no secret; fix it and a run repeats */
	const struct berth_memory *memory; /* borrowed for the host's life */
	uint16_t ephemeral_first;          /* the range that source ports are picked from, RFC 6056; 49152 */
	uint16_t ephemeral_last;           /* 65535 */
	uint8_t ttl;                       /* of packets that the host sends; 64 */
	uint32_t n_sockets_max;            /* descriptors; 1,048,576 */
	uint32_t n_time_wait_max;          /* connections kept in TIME-WAIT; the oldest makes room; 65,536 */
	uint32_t n_half_open_max;          /* handshakes of peers that are remembered; more get SYN cookies; 16,384 */
	unsigned fast_open;                /* BERTH_FAST_OPEN_...; BERTH_FAST_OPEN_CLIENT */
	bool sack, timestamps, window_scaling; /* TCP options that are offered and agreed to; true */
	uint32_t send_buffer;    /* bytes a TCP socket may hold unacknowledged, SO_SNDBUF's default; 262,144 */
	uint32_t receive_buffer; /* bytes a socket may hold unread, SO_RCVBUF's default; 262,144 */
	/* What the two above grow to by themselves as a connection needs it, until SO_SNDBUF or SO_RCVBUF says a size;
	 * 33,554,432. Less than them: they do not grow. */
	uint32_t send_buffer_max, receive_buffer_max;
	/* Bytes that the queues of all sockets may hold together, with what they take beside the payload; at least
	 * 65,536; 268,435,456. Near it buffers stop growing and windows stay small; at it, what arrives is dropped and
	 * what is sent is put off, that of the largest holders first. */
	uint64_t memory_max;
	bool mtu_probing; /* RFC 4821: TCP finds by itself what a path carries that swallows large packets; true */
	uint32_t ms_msl;  /* maximum segment lifetime; TIME-WAIT lasts two of them; 30,000 */
	bool rack; /* losses are found by time, and their tails probed for (RFC 8985); false: by counts (RFC 6675); true
		    */
	char congestion[BERTH_CONGESTION_NAME_MAX]; /* "cubic", "reno" or "bbr" */
	uint8_t ecn; /* BERTH_ECN_..., explicit congestion notification (RFC 3168); BERTH_ECN_ACCEPT */
};

/* Fills *config with the defaults above; secret, seed and name are zero. */
void berth_host_config_default(struct berth_host_config *config);

/* 0 when berth_host_new would take the configuration; BERTH_EINVAL when not, and *why (when why is not NULL) says what
 * is wrong with which member, in static text. */
int berth_host_config_validate(const struct berth_host_config *config, const char **why);

/* A new host without interfaces but the internal loopback ("lo", 127.0.0.1/8 and ::1/128). 0 and *out, or BERTH_EINVAL,
 * BERTH_ENOMEM and *out untouched. */
int berth_host_new(const struct berth_host_config *config, struct berth_host **out);

/* The name that the host was made with. Borrowed for the host's life. */
const char *berth_host_name(const struct berth_host *host);

/* Ends a host without a word to its peers (close the sockets and let them finish for that). Accepts NULL, returns NULL.
 */
struct berth_host *berth_host_free(struct berth_host *host);

/* ---- interfaces, addresses, routes ---- */

/* What a link can do for its host; see link.h. */
#define BERTH_LINK_CHECKSUM 1u /* completes checksums of frames out, and may vouch for those of frames in */
#define BERTH_LINK_SEGMENT 2u  /* takes frames out with a segment_size */

struct berth_interface_config {
	size_t size;                         /* sizeof(struct berth_interface_config) */
	char name[BERTH_INTERFACE_NAME_MAX]; /* "eth0" */
	bool ethernet;                       /* frames are Ethernet II; otherwise they are bare IP packets */
	uint8_t mac[6];                      /* when ethernet: unicast, not all zero */
	uint32_t mtu;                        /* largest IP packet, bytes: 576 to 65,535 */
	unsigned capabilities;               /* BERTH_LINK_... */
	/* RFC 5227: the pace at which it is asked whether somebody else has an IPv4 address, up to 60,000. 1000 is the
	 * RFC's, and takes up to 7 seconds; on a link whose stations answer at once 100 does. 0: not asked for
	 * addresses given by hand, and at the RFC's pace for those of DHCP. Claims that come later are answered, once
	 * in ten seconds. At a second one within them an address that was asked for is given up (section 2.4 (b)), one
	 * that was not is kept (c). */
	uint32_t ms_acd;
	/* RFC 4862 section 5.4: how long somebody who has an IPv6 address has to say so before this host uses it, up to
	 * 60,000; the question is asked at random up to as long after the address was given. 1000. 0: nobody is asked.
	 */
	uint32_t ms_dad;
	bool redirects; /* routers' redirects of IPv6 are believed (RFC 4861 section 8); false */
};

/* An Ethernet interface with MTU 1500, no capabilities, no name and no MAC address. */
void berth_interface_config_default(struct berth_interface_config *config);

/* Adds an interface. Its number (1 or more; 0 is the loopback), or BERTH_EINVAL, BERTH_ENOSPC (at most 8). */
int berth_host_interface_add(struct berth_host *host, const struct berth_interface_config *config);

/* Gives an interface an address of either family; the route to its network comes with it. The first IPv6 address makes
 * the interface speak IPv6 and brings a link-local one (RFC 4291 section 2.8) unless the program gives that too;
 * before, what it receives of it is dropped. An IPv6 address may be used once nobody else has it (ms_dad): a notice
 * says so. 0, or BERTH_EINVAL (no such interface, not a unicast address, prefix beyond the family, IPv6 on an MTU under
 * 1280, or a scope that is not the interface), BERTH_EADDRINUSE (the host has it already), BERTH_ENOSPC (at most 64).
 */
int berth_host_address_add(struct berth_host *host, int interface, const struct berth_address *address,
			   unsigned prefix);

/* Takes an address away, with the route to its network. Connections from it end with BERTH_EADDRNOTAVAIL, without
 * a word to their peers; so do those from an address that is lost in any other way. 0, or BERTH_EINVAL (no such
 * interface), BERTH_EADDRNOTAVAIL (it has no such address). */
int berth_host_address_remove(struct berth_host *host, int interface, const struct berth_address *address);

/* What an interface finds out by itself. */
#define BERTH_AUTO_LINK_LOCAL 1u /* IPv6, with a link-local address alone */
/* IPv6, and what routers advertise (RFC 4861, 4862): addresses, routes, MTU, hop limit, servers of names, domains. */
#define BERTH_AUTO_ROUTERS 2u
#define BERTH_AUTO_DHCP 4u /* IPv4 by DHCP (RFC 2131): an address, routes, servers of names, search domains, an MTU */

/* Sets what runs on an interface from now on: BERTH_AUTO_... or 0. What is taken away ends at once: an address of DHCP
 * is given back to its server, and what came with it goes, as does what routers have brought. Addresses that the host
 * makes itself are the same for the same secret and interface name on the same network (RFC 7217). Notices tell what
 * comes of it. 0, or BERTH_EINVAL (no such interface, DHCP where there is no Ethernet, IPv6 on an MTU under 1280, an
 * unknown bit), BERTH_ENOMEM. */
int berth_host_interface_auto(struct berth_host *host, int interface, unsigned how);

/* Adds a route: packets for `destination`/`prefix` go to `gateway` by the interface on whose network it lies; a
 * link-local gateway says by its scope which that is (0: the only interface that speaks IPv6). The longest prefix wins;
 * among equals the first. 0, or BERTH_EINVAL, BERTH_ENETUNREACH (no interface's network has the gateway),
 * BERTH_EAFNOSUPPORT (two families), BERTH_ENOSPC (at most 64). */
int berth_host_route_add(struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			 const struct berth_address *gateway);

/* Takes away a route that berth_host_route_add has added, named by the same arguments. 0, or BERTH_ENOENT: there is
 * none. */
int berth_host_route_remove(struct berth_host *host, const struct berth_address *destination, unsigned prefix,
			    const struct berth_address *gateway);

/* Sorts the n addresses of a name so that the one to be tried first comes first (RFC 6724 section 6): what cannot be
 * reached from this host's addresses goes to the end, IPv6 comes before IPv4 where both are as good, and equals stay in
 * their order. For as many as a name has: the time grows with n * n. Out of memory, they stay as they are. */
void berth_host_sort_destinations(struct berth_host *host, struct berth_address *addresses, size_t n);

#define BERTH_DOMAIN_MAX 256 /* a domain name's text, RFC 1035 section 2.3.4, and its NUL */

/* What DHCP has granted. The names are letters, digits, '-', '_' and dots, "" when the server does not say. */
struct berth_lease {
	struct berth_address address, server;
	unsigned prefix;
	berth_time until;                 /* it ends then, unless it is renewed; BERTH_NEVER */
	char host_name[BERTH_DOMAIN_MAX]; /* what the server calls this host */
	char domain[BERTH_DOMAIN_MAX];
};

/* true and *lease: the interface has an address of DHCP that it may use; false: it has none. */
bool berth_host_lease(const struct berth_host *host, int interface, struct berth_lease *lease);

/* ---- servers of names ---- */

/* Adds a server of names by hand. 0, or BERTH_EINVAL (not a unicast address), BERTH_EADDRINUSE (it is there),
 * BERTH_ENOSPC (at most 16). */
int berth_host_dns_add(struct berth_host *host, const struct berth_address *server);

/* The servers in use: those added by hand, then those of DHCP, then those of routers. Writes up to n of them to
 * out[0..n); returns how many there are. BERTH_NOTICE_DNS tells of a change, but not of the end of their time: ask
 * again for each question. */
size_t berth_host_dns(const struct berth_host *host, struct berth_address *out, size_t n);

/* Search domain number i, in the same order. true and out, or false: there are no more. */
bool berth_host_search(const struct berth_host *host, size_t i, char out[BERTH_DOMAIN_MAX]);

/* ---- the five calls ---- */

/* A frame arrived on `interface` at `now`. Takes the caller's reference. The bytes may be anything: what cannot be
 * used is dropped and counted. */
void berth_host_frame_in(struct berth_host *host, int interface, struct berth_frame *frame, berth_time now);

/* Writes up to n frames that have to leave at `now` into out[0..n). How many; less than n means that there are no more
 * for now. The frames are valid until the next call with this host. Call until it returns less than n. */
unsigned berth_host_frames_out(struct berth_host *host, berth_time now, struct berth_frame_out *out, unsigned n);

/* The time by which berth_host_expire wants to be called, BERTH_NEVER when nothing is pending, a time that has passed
 * (0) when frames are waiting to leave. It may be early (then the call does little), never late. */
berth_time berth_host_deadline(const struct berth_host *host);

/* Time has passed: runs whatever was due up to `now`. Follow it with berth_host_frames_out. */
void berth_host_expire(struct berth_host *host, berth_time now);

/* Readiness of a socket, for events and berth_ready. */
#define BERTH_READABLE 1u /* data, end of data, or a connection to accept */
#define BERTH_WRITABLE 2u /* room to send, or connected */
#define BERTH_HANGUP 4u   /* both directions are over */
#define BERTH_URGENT 16u  /* urgent data was announced (TCP): BERTH_MSG_OOB reads it, once it is here */
#define BERTH_FAILED 8u   /* an error is pending: SO_ERROR says which */

struct berth_event {
	int descriptor; /* -1: no socket; berth_host_next_notice has something to tell */
	unsigned ready; /* BERTH_READABLE ...: everything that is true now */
	void *user;     /* what berth_set_user gave the descriptor */
};

/* The next socket of which something has become true since its last event: more data, room again after a send found
 * none, a connection, an end, an error. Costs O(1), so all events cost O(ready). true and *event, or false: none left.
 */
bool berth_host_next_event(struct berth_host *host, struct berth_event *event);

/* What becomes of a host's addresses without the program's doing. */
enum berth_notice_kind {
	BERTH_NOTICE_ADDRESS_READY,     /* an address may be used now */
	BERTH_NOTICE_ADDRESS_DUPLICATE, /* somebody else has it: this host does not use it */
	BERTH_NOTICE_ADDRESS_GONE,      /* its time is over, or it was taken back */
	BERTH_NOTICE_ROUTER,            /* a router is a way to everywhere: its address */
	BERTH_NOTICE_ROUTER_GONE,       /* it is no longer */
	BERTH_NOTICE_DHCP_LEASE,        /* DHCP has brought this address, and it is used */
	BERTH_NOTICE_DHCP_LOST, /* this address of DHCP must not be used any more; another one is being looked for */
	BERTH_NOTICE_DHCP_NO_ANSWER, /* no DHCP server has answered so far; the search goes on. No address */
	BERTH_NOTICE_DNS,            /* servers of names or search domains have changed; no address */
};

struct berth_notice {
	uint8_t kind; /* enum berth_notice_kind */
	int interface;
	struct berth_address address;
	unsigned prefix;
	uint8_t mac[6]; /* DUPLICATE: the station that has the address, if known */
};

/* The next notice, oldest first. At most 64 are kept; of more the oldest are lost. true and *notice, or false: none
 * left. */
bool berth_host_next_notice(struct berth_host *host, struct berth_notice *notice);

#ifdef __cplusplus
}
#endif
#endif
