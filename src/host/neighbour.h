/* Neighbours, ARP and neighbour discovery: the MAC addresses of stations on the host's networks. */
#ifndef HOST_NEIGHBOUR_H
#define HOST_NEIGHBOUR_H

#include "eth.h"
#include "host_private.h"

/* RFC 4861 section 7.3.2, for both families. */
enum neighbour_state {
	NEIGHBOUR_INCOMPLETE, /* asked for, MAC unknown */
	NEIGHBOUR_REACHABLE,  /* has answered lately */
	NEIGHBOUR_STALE,      /* not lately: usable, and asked again once it is used */
	NEIGHBOUR_DELAY,      /* usable and used: asked again unless a transport hears of it first */
	NEIGHBOUR_PROBE,      /* usable, and being asked again */
};

struct neighbour {
	struct table_node node;
	struct list_node age;
	struct host_timer timer;
	struct host_packets held; /* while INCOMPLETE */
	struct ip ip;
	berth_time confirmed, life; /* REACHABLE: since when, and for how long after that */
	uint8_t interface;
	uint8_t state; /* enum neighbour_state */
	uint8_t n_asked;
	bool is_router; /* IPv6: it says so itself */
	uint8_t mac[6];
	uint8_t eth[ETH_HEADER]; /* of frames to this MAC, ready-made */
};

int neighbour_init(struct berth_host *host);
void neighbour_deinit(struct berth_host *host);
struct neighbour *neighbour_find(struct berth_host *host, unsigned interface, const struct ip *ip);
/* The entry of the path's next hop, made and asked for if need be; NULL when out of memory. */
struct neighbour *neighbour_of_path(struct berth_host *host, struct host_path *path);
/* There is plenty of room: entries may be made for who is not talked to yet. */
bool neighbour_has_room(const struct berth_host *host);
/* An entry with a known MAC, not to be used yet but likely soon: made only while there is plenty of room. false: it is
 * not there. */
bool neighbour_introduce(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t mac[6]);
/* n is at this MAC. `confirmed`: it said so in answer to us; else somebody else may have said it, and an entry that
 * changes by it is STALE (RFC 4861 section 7.2.3). */
void neighbour_learn(struct berth_host *host, struct neighbour *n, const uint8_t mac[6], bool confirmed);
/* What a neighbour advertisement says of n, RFC 4861 section 7.2.5. mac: NULL when it has none. flags: ND_ROUTER,
 * ND_SOLICITED, ND_OVERRIDE. */
void neighbour_advert(struct berth_host *host, struct neighbour *n, const uint8_t *mac, uint32_t flags);
/* n answers: a transport has heard that what was sent that way arrives (RFC 4861 section 7.3.1). */
void neighbour_revive(struct berth_host *host, struct neighbour *n);
/* A STALE neighbour is being used. */
void neighbour_delay(struct berth_host *host, struct neighbour *n);
/* Asks for ip, of which no packet waits to be sent; as neighbour_of_path otherwise. */
void neighbour_seek(struct berth_host *host, unsigned interface, const struct ip *ip);
/* Keeps a packet until n's MAC is known. Takes it. */
void neighbour_hold(struct berth_host *host, struct neighbour *n, struct host_packet *packet);

/* n's MAC may be used. */
static inline bool neighbour_usable(struct berth_host *host, struct neighbour *n)
{
	if (n->state == NEIGHBOUR_STALE)
		neighbour_delay(host, n);
	return n->state != NEIGHBOUR_INCOMPLETE;
}

/* As neighbour_revive, for every segment: costs next to nothing while n is REACHABLE. */
static inline void neighbour_confirm(struct berth_host *host, struct neighbour *n)
{
	n->confirmed = host->now;
	if (n->state != NEIGHBOUR_REACHABLE)
		neighbour_revive(host, n);
}

/* ---- arp.c ---- */

void arp_in(struct berth_host *host, unsigned interface, const uint8_t *p, size_t n);
/* Asks all stations for ip, or the one at `mac` when that is not NULL. */
void arp_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac);
/* RFC 5227 section 1.1: "has anybody this address?", without a claim to it; and "this host has it". */
void arp_probe(struct berth_host *host, unsigned interface, const struct ip *ip);
void arp_announce(struct berth_host *host, unsigned interface, const struct ip *ip);

/* ---- nd.c ---- */

/* As arp_ask. */
void nd_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac);

#endif
