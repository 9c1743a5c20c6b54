/* The inside of a host: what the files of this directory (and socket, which lies on top) share.
 *
 * IPv4 addresses are uint32_t in host order here, called ip; the wire and the socket pairs have them as bytes. */
#ifndef HOST_HOST_PRIVATE_H
#define HOST_HOST_PRIVATE_H

#include <berth/host.h>
#include <berth/snapshot.h>

#include "bytes.h"
#include "counters.h"
#include "ip4.h"
#include "list.h"
#include "pairs.h"
#include "rng.h"
#include "siphash.h"
#include "table.h"
#include "tcp.h"
#include "udp.h"
#include "wheel.h"

#define HOST_INTERFACES_MAX 8 /* besides the loopback */
#define HOST_ADDRESSES_MAX 32 /* besides the loopback's */
#define HOST_ROUTES_MAX 64    /* besides those of the addresses */
#define HOST_LOOPBACK 0       /* the interface */
#define HOST_LOOPBACK_IP 0x7f000001u

/* Where headers go in a frame out: TCP and UDP begin at 64 (tcp.h), and IP and Ethernet end where the next begins. */
#define HOST_OFF_TRANSPORT 64
#define HOST_OFF_IP (HOST_OFF_TRANSPORT - IP4_HEADER)

/* What the host holds for links, neighbours and itself is bounded. */
#define HOST_READY_MAX 512 /* packets that wait for berth_host_frames_out */
#define HOST_READY_BYTES (1u << 21)
#define HOST_LOOP_MAX 1024 /* packets to itself */
#define HOST_LOOP_BYTES (8u << 20)
#define HOST_LOOP_BURST 1024 /* of which so many are taken in by one call of frames_out */

#define HOST_SECOND UINT64_C(1000000000)

struct host_interface {
	char name[BERTH_INTERFACE_NAME_MAX];
	bool ethernet;
	uint8_t mac[6];
	uint32_t mtu;
	unsigned capabilities;
};

struct host_address {
	uint32_t ip, mask;
	uint8_t interface;
};

struct host_route {
	uint32_t destination, mask;
	uint32_t gateway; /* 0: on the interface's own network */
	uint8_t interface;
};

enum host_reach {
	REACH_LOCAL, /* this host itself */
	REACH_UNICAST,
	REACH_BROADCAST, /* all stations of the interface's network */
	REACH_MULTICAST,
};

struct neighbour;
struct icmp_message;

/* How packets to a destination leave. */
struct host_path {
	uint32_t destination;
	uint32_t next_hop; /* whom to hand it to: the destination or a gateway */
	uint32_t source;   /* the host's address on that side */
	uint32_t mtu;
	berth_time until;            /* the MTU is known up to then */
	struct neighbour *neighbour; /* of the next hop, once asked for; NULL before */
	uint8_t interface;
	uint8_t reach;      /* enum host_reach */
	bool dont_fragment; /* false: the path is said to be narrower than we go (path_mtu.c) */
};

/* A timer of the host's own wheel. */
struct host_timer {
	struct wheel_timer timer;
	void (*due)(struct berth_host *host, struct host_timer *timer);
};

/* A packet that the host owns on its way out: an IP packet, or ARP. */
struct host_packet {
	struct host_packet *next;
	uint32_t len; /* of `bytes` */
	uint8_t interface;
	uint8_t len_header;    /* of `bytes`: the headers that a link may have to change, the rest is payload */
	uint8_t off_transport; /* of `bytes`; 0 when not IP, or a fragment */
	uint8_t checksum;      /* the next three as in struct berth_frame_out */
	uint16_t off_checksum;
	uint16_t segment_size;
	uint16_t type;  /* ETH_TYPE_... */
	uint8_t mac[6]; /* the station it goes to, when that is known */
	uint8_t bytes[];
};

struct host_packets {
	struct host_packet *first, *last;
	uint32_t n, bytes;
};

struct host_frames {
	struct berth_frame *first, *last;
	uint32_t n, bytes;
};

/* A datagram that leaves in fragments, one frame at a time. */
struct host_fragmenting {
	struct udp_datagram *datagram; /* NULL: none */
	struct host_path path;
	uint32_t off; /* of the IP payload, UDP header included: what has left */
	uint16_t id;
	uint16_t checksum; /* of the UDP header */
};

struct neighbours {
	struct table table;
	struct list by_age; /* longest unused first */
	uint32_t n;
	uint32_t bytes_held; /* in all queues */
};

struct reassemblies {
	struct list by_age; /* oldest first */
	uint32_t n, bytes;
	struct host_timer timer; /* the oldest's end */
};

struct path_mtus {
	struct table table;
	struct list by_age; /* oldest first */
	uint32_t n;
};

/* The limit of ICMP errors (icmp_out.c). */
#define HOST_LIMIT_PEERS 64
struct token_bucket {
	berth_time at;
	uint32_t tokens;
};
struct icmp_limit {
	struct token_bucket all, peers[HOST_LIMIT_PEERS];
};

/* What a descriptor stands for; the table is the socket layer's. */
struct host_descriptor {
	struct endpoint *endpoint; /* NULL: free */
	void *user;
	uint32_t next_free; /* while free */
};
struct host_descriptors {
	struct host_descriptor *items;
	uint32_t n; /* items in use or free so far */
	uint32_t capacity;
	uint32_t first_free; /* UINT32_MAX: none */
};

struct berth_host {
	berth_time now;
	struct tcp_env tcp;
	struct udp_env udp;
	struct endpoints endpoints;
	struct pairs pairs;
	const struct berth_memory *memory;
	struct host_path last; /* the path used last; destination 0: none */
	struct host_interface interfaces[HOST_INTERFACES_MAX + 1];
	struct host_address addresses[HOST_ADDRESSES_MAX + 1];
	struct host_route routes[HOST_ROUTES_MAX + HOST_ADDRESSES_MAX + 1]; /* longest prefix first */
	uint32_t n_interfaces, n_addresses, n_routes, n_gateways;
	struct host_packets ready;           /* to leave as they are */
	struct host_packets left;            /* have left: a frame out may still show their bytes */
	struct udp_datagram *left_datagrams; /* the same of datagrams */
	struct host_fragmenting fragmenting;
	struct host_frames loop;
	struct neighbours neighbours;
	struct reassemblies reassemblies;
	struct path_mtus path_mtus;
	struct icmp_limit icmp_limit;
	struct host_descriptors descriptors;
	struct host_counters counters;
	struct siphash_key key;
	uint64_t n_ids; /* IP IDs drawn */
	struct rng rng;
	struct wheel wheel;
	struct berth_host_config config;
};

/* ---- host.c ---- */

/* Every call that has a time begins with this: time goes on, and what the last frames out showed may go. */
void host_enter(struct berth_host *host, berth_time now);
void host_arm(struct berth_host *host, struct host_timer *timer, berth_time at);

static inline void ip_to_bytes(uint32_t ip, uint8_t out[4])
{
	put_be32(out, ip);
}

/* ---- interface.c ---- */

/* ip is an address of this host, or lies in 127.0.0.0/8. */
bool host_is_own(const struct berth_host *host, uint32_t ip);
/* The same of addresses alone; NULL: no. */
const struct host_address *host_address_find(const struct berth_host *host, uint32_t ip);
/* ip is 255.255.255.255 or the broadcast address of a network on this interface. */
bool host_is_broadcast(const struct berth_host *host, unsigned interface, uint32_t ip);
/* The interface's first address whose network has ip, else its first; NULL: it has none. */
const struct host_address *host_address_towards(const struct berth_host *host, unsigned interface, uint32_t ip);

static inline bool ip_is_loopback(uint32_t ip)
{
	return ip >> 24 == 127;
}

static inline bool ip_is_multicast(uint32_t ip)
{
	return ip >> 28 == 14;
}

/* Could be a host's: not 0.0.0.0/8, 127.0.0.0/8, multicast or 240.0.0.0/4. */
static inline bool ip_is_unicast(uint32_t ip)
{
	return ip >> 24 != 0 && !ip_is_loopback(ip) && ip >> 29 != 7;
}

/* ---- route.c ---- */

/* The path to an address; true and *out, or false: no route. */
bool host_route(struct berth_host *host, uint32_t destination, struct host_path *out);
/* The same by way of the cache of one, which is where the path stays: borrowed until the next call of either. NULL: no
 * route. */
struct host_path *host_path(struct berth_host *host, uint32_t destination);
/* Something that a cached path may rest on has changed. */
static inline void host_path_forget(struct berth_host *host)
{
	host->last.destination = 0;
}
/* Adds to the table by prefix; the caller has checked that there is room. */
void host_route_insert(struct berth_host *host, const struct host_route *route);

/* ---- path_mtu.c ---- */

/* 0 or BERTH_ENOMEM. */
int path_mtu_init(struct berth_host *host);
void path_mtu_deinit(struct berth_host *host);
/* Puts what is known of the path to path->destination into path (mtu, until, dont_fragment). */
void path_mtu_apply(struct berth_host *host, struct host_path *path);

struct path_mtu_verdict {
	uint32_t mtu;
	bool dont_fragment;
};
/* A router says that a packet of total_len bytes to the destination was too big and `mtu` is not (0: it does not say).
 * true and *out: what to go by; false: not to be believed, or nothing new. */
bool path_mtu_judge(struct berth_host *host, uint32_t destination, uint32_t mtu, uint32_t total_len,
		    struct path_mtu_verdict *out);
/* Remembers a verdict. */
void path_mtu_set(struct berth_host *host, uint32_t destination, const struct path_mtu_verdict *verdict);

#endif
