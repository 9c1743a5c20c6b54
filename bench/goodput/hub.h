/* A hub: several links seen as one, so that one wire can be the bottleneck of them all. */
#ifndef GOODPUT_HUB_H
#define GOODPUT_HUB_H

#include <berth/link.h>

#define HUB_PORTS_MAX 8

/* A frame that is sent leaves by the port behind which its destination was seen, or by all of them; what arrives at the
 * ports comes out in turn. */
struct hub {
	struct berth_link link;
	struct berth_link *ports[HUB_PORTS_MAX];
	uint8_t mac[HUB_PORTS_MAX][6]; /* the station behind the port, all zero: not seen yet */
	unsigned n_ports;
	unsigned next; /* the port that is asked first */
};

/* The hub is the caller's memory and must outlive whatever wraps its link. */
void hub_init(struct hub *hub, uint32_t mtu);

/* Takes the link, which the hub frees with itself. */
void hub_add(struct hub *hub, struct berth_link *port);

#endif
