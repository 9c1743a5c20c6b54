/* Neighbours, ARP and neighbour discovery: the MAC addresses of stations on the host's networks. */
#ifndef HOST_NEIGHBOUR_H
#define HOST_NEIGHBOUR_H

#include "eth.h"
#include "host_private.h"

enum neighbour_state {
	NEIGHBOUR_INCOMPLETE, /* asked for, MAC unknown */
	NEIGHBOUR_REACHABLE,  /* heard of lately */
	NEIGHBOUR_STALE,      /* not lately: usable, and asked again when used */
	NEIGHBOUR_PROBE,      /* usable, and being asked again */
};

struct neighbour {
	struct table_node node;
	struct list_node age;
	struct host_timer timer;
	struct host_packets held; /* while INCOMPLETE */
	struct ip ip;
	uint8_t interface;
	uint8_t state; /* enum neighbour_state */
	uint8_t n_asked;
	uint8_t mac[6];
	uint8_t eth[ETH_HEADER]; /* of frames to this MAC, ready-made */
};

int neighbour_init(struct berth_host *host);
void neighbour_deinit(struct berth_host *host);
struct neighbour *neighbour_find(struct berth_host *host, unsigned interface, const struct ip *ip);
/* The entry of the path's next hop, made and asked for if need be; NULL when out of memory. */
struct neighbour *neighbour_of_path(struct berth_host *host, struct host_path *path);
/* An entry with a known MAC, not to be used yet but likely soon: made only while there is plenty of room. */
void neighbour_introduce(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t mac[6]);
/* n is at this MAC. `confirmed`: it said so in answer to us. */
void neighbour_learn(struct berth_host *host, struct neighbour *n, const uint8_t mac[6], bool confirmed);
/* Asks again for a STALE neighbour that is being used. */
void neighbour_refresh(struct berth_host *host, struct neighbour *n);
/* Keeps a packet until n's MAC is known. Takes it. */
void neighbour_hold(struct berth_host *host, struct neighbour *n, struct host_packet *packet);

/* n's MAC may be used. */
static inline bool neighbour_usable(struct berth_host *host, struct neighbour *n)
{
	if (n->state == NEIGHBOUR_STALE)
		neighbour_refresh(host, n);
	return n->state != NEIGHBOUR_INCOMPLETE;
}

/* ---- arp.c ---- */

void arp_in(struct berth_host *host, unsigned interface, const uint8_t *p, size_t n);
/* Asks all stations for ip, or the one at `mac` when that is not NULL. */
void arp_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac);

/* ---- nd.c ---- */

struct ip_packet;
struct icmp_message;

/* A neighbour solicitation or advertisement has arrived, its checksum good. */
void nd_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message);
/* As arp_ask. */
void nd_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac);

#endif
