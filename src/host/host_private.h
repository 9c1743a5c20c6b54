/* The inside of a host: what the files of this directory (and socket, which lies on top) share.
 *
 * Addresses are struct ip here, of either family; the wire and the socket pairs have them as bytes. A destination with
 * a scope leaves by that interface and no other, whatever its kind. */
#ifndef HOST_HOST_PRIVATE_H
#define HOST_HOST_PRIVATE_H

#include <berth/host.h>
#include <berth/snapshot.h>

#include "acd_machine.h"
#include "bytes.h"
#include "counters.h"
#include "ip.h"
#include "ip4.h"
#include "ip6.h"
#include "list.h"
#include "pairs.h"
#include "rng.h"
#include "siphash.h"
#include "table.h"
#include "tcp.h"
#include "udp.h"
#include "wheel.h"

#define HOST_INTERFACES_MAX 8 /* besides the loopback */
#define HOST_ADDRESSES_MAX 66 /* the loopback's two among them */
#define HOST_ROUTES_MAX 160   /* all together, those of addresses and routers among them */
#define HOST_GATEWAYS_MAX 64  /* routes that were added by hand */
#define HOST_LOOPBACK 0       /* the interface */
#define HOST_IP6_MTU 1280     /* what every link of IPv6 carries, RFC 8200 section 5 */

/* Where headers go in a frame out: TCP and UDP begin at 64 (tcp.h); IP, with the fragment header of IPv6 in between,
 * and Ethernet end where the next begins. */
#define HOST_OFF_TRANSPORT 64
#define HOST_OFF_IP (HOST_OFF_TRANSPORT - IP6_HEADER)

/* What the host holds for links, neighbours and itself is bounded. */
#define HOST_READY_MAX 512 /* packets that wait for berth_host_frames_out */
#define HOST_READY_BYTES (1u << 21)
#define HOST_LOOP_MAX 1024 /* packets to itself */
#define HOST_LOOP_BYTES (8u << 20)
#define HOST_LOOP_BURST 1024 /* of which so many are taken in by one call of frames_out */

#define HOST_SECOND UINT64_C(1000000000)

/* A timer of the host's own wheel. */
struct host_timer {
	struct wheel_timer timer;
	void (*due)(struct berth_host *host, struct host_timer *timer);
};

struct host_interface {
	char name[BERTH_INTERFACE_NAME_MAX];
	bool ethernet;
	bool ip6; /* speaks IPv6 */
	uint8_t mac[6];
	uint32_t mtu;      /* in use */
	uint32_t mtu_link; /* what the link carries */
	uint32_t ms_acd, ms_dad;
	unsigned capabilities;
	struct host_groups *groups; /* that it has joined; NULL: none so far */
	/* IPv6, by the link's routers */
	uint32_t mtu_ip6;                     /* in use; the link's until they say less */
	uint32_t ms_reachable, ms_retransmit; /* 0: they have not said, as the next */
	uint8_t hop_limit;
	bool link_local;           /* an address is there even if no other is */
	bool redirects;            /* are believed */
	bool routers;              /* are listened to */
	struct host_timer solicit; /* asks for routers */
	berth_time solicit_pause;  /* since it asked last; 0: it has not yet */
	struct {
		uint64_t frames_in, bytes_in, frames_out, bytes_out;
		uint64_t multicast_in, errors_in, drops_out;
	} counters;
};

/* RFC 4862 section 2. */
enum host_address_state {
	ADDRESS_FREE,       /* no address: the place may be taken */
	ADDRESS_TENTATIVE,  /* being asked for: not used yet */
	ADDRESS_DUPLICATE,  /* somebody else has it: never used */
	ADDRESS_DEPRECATED, /* good, but not for new conversations */
	ADDRESS_PREFERRED,
};

/* Who gave an address, or a route. */
enum host_origin {
	ORIGIN_HOST, /* the host itself: loopback, link-local, the network of an address */
	ORIGIN_HAND, /* the program */
	ORIGIN_DHCP,
	ORIGIN_ROUTER,
	ORIGIN_REDIRECT,
};

struct host_address {
	struct ip ip;
	uint8_t prefix; /* of 128 bits, as all here: IP4_PREFIX + n for IPv4 */
	uint8_t interface;
	uint8_t state;  /* enum host_address_state */
	uint8_t origin; /* enum host_origin */
	uint8_t label;  /* RFC 6724 section 2.1 */
	berth_time preferred_until, valid_until;
};

struct host_route {
	struct ip destination;
	struct ip gateway; /* none: on the interface's own network */
	uint8_t prefix;
	uint8_t interface;
	uint8_t origin;    /* enum host_origin */
	int8_t preference; /* RFC 4191 section 2.1: -1, 0 or 1 */
	bool suspect;      /* the gateway does not answer */
	berth_time valid_until;
};

enum host_reach {
	REACH_LOCAL, /* this host itself */
	REACH_UNICAST,
	REACH_BROADCAST, /* all stations of the interface's network */
	REACH_MULTICAST,
};

struct dhcp;
struct neighbour;
struct icmp_message;

/* How packets to a destination leave. */
struct host_path {
	struct ip destination;
	struct ip next_hop; /* whom to hand it to: the destination or a gateway */
	struct ip source;   /* the host's address on that side; none: it has none yet */
	uint32_t mtu;
	berth_time until;            /* the MTU is known up to then */
	struct neighbour *neighbour; /* of the next hop, once asked for; NULL before */
	uint64_t endpoint;           /* id of the connection whose path this is; 0: nobody has said */
	uint8_t family;              /* of the destination */
	uint16_t eth_type;           /* the family's */
	uint8_t interface;
	uint8_t reach;      /* enum host_reach */
	bool dont_fragment; /* IPv4; false: the path is said to be narrower than we go (path_mtu.c) */
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
	uint32_t id;
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

/* Conflict detection (acd.c): a machine for each place in the table of addresses. */
struct acds {
	struct acd items[HOST_ADDRESSES_MAX];
	struct host_timer timer;
};

/* Duplicate address detection of IPv6 (dad.c), for each place in the table of addresses. */
struct dad {
	struct host_timer timer;
	uint32_t n_conflicts; /* RFC 7217: identifiers before this one that were taken */
	uint8_t nonce[6];
	uint8_t n_left; /* questions that are still to be asked */
	bool looped;    /* one has come back */
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

/* What berth_host_next_notice tells, oldest first. */
#define HOST_NOTICES_MAX 64
struct host_notices {
	struct berth_notice items[HOST_NOTICES_MAX];
	uint32_t first, n;
	bool told; /* an event has said that there are some */
};

/* Servers of names and search domains (dns.c), in the order of their use. */
#define HOST_DNS_MAX 16 /* of each */
struct host_dns_entry {
	struct ip server; /* none: a domain */
	char domain[BERTH_DOMAIN_MAX];
	berth_time until;
	uint8_t origin; /* enum host_origin */
	uint8_t interface;
};
struct host_dns_list {
	struct host_dns_entry entries[HOST_DNS_MAX];
	uint32_t n;
};
struct host_dns {
	struct host_dns_list servers, domains;
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
	struct budget budget; /* of the memory of all sockets' queues */
	struct tcp_env tcp;
	struct udp_env udp;
	struct endpoints endpoints;
	struct pairs pairs;
	const struct berth_memory *memory;
	struct host_path last; /* the path used last; destination none: none */
	struct host_interface interfaces[HOST_INTERFACES_MAX + 1];
	struct host_address addresses[HOST_ADDRESSES_MAX]; /* n_addresses of them, free places in between */
	struct host_route routes[HOST_ROUTES_MAX];         /* longest prefix first */
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
	struct host_notices notices;
	struct host_dns dns;
	struct acds acds;
	struct dad dads[HOST_ADDRESSES_MAX];
	struct host_timer lifetimes; /* the next end of what routers have given for a time */
	struct host_timer suspects;  /* gateways that do not answer are asked again */
	bool has_suspects;
	struct dhcp *dhcp[HOST_INTERFACES_MAX + 1]; /* NULL: none on that interface */
	struct host_descriptors descriptors;
	struct host_counters counters;
	struct siphash_key key;
	struct siphash_key key_ids; /* of interface identifiers */
	uint64_t n_ids;             /* IP IDs drawn */
	struct rng rng;
	struct wheel wheel;
	struct berth_host_config config;
};

/* What the link of a path carries, whatever routers have said of the rest. */
static inline uint32_t host_link_mtu(const struct berth_host *host, const struct host_path *path)
{
	const struct host_interface *interface = &host->interfaces[path->interface];

	return path->family == BERTH_IP4 ? interface->mtu : interface->mtu_ip6;
}

/* ---- host.c ---- */

/* Every call that has a time begins with this: time goes on, and what the last frames out showed may go. */
void host_enter(struct berth_host *host, berth_time now);
void host_arm(struct berth_host *host, struct host_timer *timer, berth_time at);

/* The counters of a family, and those of the family that ip is of. */
static inline struct ip_counters *host_counters_of(struct berth_host *host, uint8_t family)
{
	return family == BERTH_IP4 ? &host->counters.ip : &host->counters.ip6;
}
static inline struct ip_counters *host_ip_counters(struct berth_host *host, const struct ip *ip)
{
	return host_counters_of(host, ip_family(ip));
}

/* ---- address.c ---- */

/* ip is an address of this host that packets may come to and leave from, or lies in 127.0.0.0/8. */
bool host_is_own(const struct berth_host *host, const struct ip *ip);
/* The entry with this address, in whatever state; NULL: none. */
struct host_address *host_address_find(struct berth_host *host, const struct ip *ip);
/* Makes an entry with the route to its network, in `state`, for good. The caller has checked the address. NULL: no
 * room. */
struct host_address *host_address_make(struct berth_host *host, unsigned interface, const struct ip *ip,
				       unsigned prefix, enum host_origin origin, enum host_address_state state);
void host_address_set_state(struct berth_host *host, struct host_address *a, enum host_address_state state);
/* Somebody else, at this MAC address, has it: from now on it is not used. */
void host_address_duplicate(struct berth_host *host, struct host_address *a, const uint8_t mac[6]);
/* Takes an address away, with the route to its network that came with it. */
void host_address_drop(struct berth_host *host, struct host_address *a);
/* ip is 255.255.255.255 or the broadcast address of a network on this interface. */
bool host_is_broadcast(const struct berth_host *host, unsigned interface, const struct ip *ip);
/* The address of the interface to speak from to a destination that is reached by way of next_hop, which may be itself:
 * that of RFC 6724 section 5. Of the destination's family; NULL: it has none. */
const struct host_address *host_address_from(const struct berth_host *host, unsigned interface,
					     const struct ip *destination, const struct ip *next_hop);
static inline const struct host_address *host_address_towards(const struct berth_host *host, unsigned interface,
							      const struct ip *ip)
{
	return host_address_from(host, interface, ip, ip);
}
/* ip lies on a network that is on this interface's link. */
bool host_is_on_link(const struct berth_host *host, unsigned interface, const struct ip *ip);

static inline bool host_address_usable(const struct host_address *a)
{
	return a->state >= ADDRESS_DEPRECATED;
}

/* ---- route.c ---- */

/* The path to an address; true and *out, or false: no route. */
bool host_route(struct berth_host *host, const struct ip *destination, struct host_path *out);
/* The same by way of the cache of one, which is where the path stays: borrowed until the next call of either. NULL: no
 * route. */
struct host_path *host_path_find(struct berth_host *host, const struct ip *destination);
static inline struct host_path *host_path(struct berth_host *host, const struct ip *destination)
{
	struct host_path *last = &host->last;

	if (ip_equal(&last->destination, destination) && host->now < last->until)
		return last;
	return host_path_find(host, destination);
}
/* The same for a connection, which finds its path by its own name: as long as it is there the peer is the same, since
 * to connect to another asks for that one's path. */
static inline struct host_path *host_path_of(struct berth_host *host, const struct endpoint *e)
{
	struct host_path *path = &host->last;
	struct ip foreign;

	if (path->endpoint == e->id && host->now < path->until)
		return path;
	foreign = ip_of_bytes(e->pair.foreign, e->pair.family, e->pair.scope);
	path = host_path(host, &foreign);
	if (path)
		path->endpoint = e->id;
	return path;
}
/* Something that a cached path may rest on has changed. */
static inline void host_path_forget(struct berth_host *host)
{
	host->last = (struct host_path){0};
}
/* Adds to the table, by prefix and preference. false: no room. */
bool host_route_insert(struct berth_host *host, const struct host_route *route);
/* Takes away the routes for which `is_it` says true; how many. */
unsigned host_route_remove(struct berth_host *host, bool (*is_it)(const struct host_route *route, const void *what),
			   const void *what);
/* The interface on whose link ip lies and that has an address there; -1: none. */
int host_interface_towards(const struct berth_host *host, const struct ip *ip);

/* ---- gateway.c ---- */

void gateway_init(struct berth_host *host);
/* A neighbour does not answer. If it is a gateway, its routes count only where there are no others until it does. */
void gateway_silent(struct berth_host *host, unsigned interface, const struct ip *ip);
/* It answers again; for hosts that have suspects. */
void gateway_answers(struct berth_host *host, unsigned interface, const struct ip *ip);

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
bool path_mtu_judge(struct berth_host *host, const struct ip *destination, uint32_t mtu, uint32_t total_len,
		    struct path_mtu_verdict *out);
/* Remembers a verdict. */
void path_mtu_set(struct berth_host *host, const struct ip *destination, const struct path_mtu_verdict *verdict);

/* ---- notice.c ---- */

/* Something that the program may want to know. Of more than HOST_NOTICES_MAX that nobody takes, the oldest goes. */
void host_notice(struct berth_host *host, const struct berth_notice *notice);

#endif
