/* The DHCP clients of the host's interfaces, RFC 2131. */
#ifndef HOST_DHCP_H
#define HOST_DHCP_H

#include "in.h"

/* Begins on an interface with Ethernet; one that runs goes on. 0, or BERTH_ENOMEM. */
int dhcp_start(struct berth_host *host, unsigned interface);
/* Ends: the address is given back to its server, and goes with all that came with it. */
void dhcp_stop(struct berth_host *host, unsigned interface);
/* Ends all without a word. */
void dhcp_deinit(struct berth_host *host);

/* The packet is to an address that is not this host's (yet), and may be what a client here waits for. */
bool dhcp_listens(const struct berth_host *host, const struct ip_packet *packet);
/* A datagram to port 68, its checksum good, off and len its payload from packet->frame->data. true: it was taken,
 * because a client runs on the interface. */
bool dhcp_in(struct berth_host *host, const struct ip_packet *packet, uint16_t source_port, uint32_t off, uint32_t len);

/* What has become of an address of origin ORIGIN_DHCP (acd.c): it may be used; it must not be, any more. */
void dhcp_address_free(struct berth_host *host, unsigned interface);
void dhcp_address_taken(struct berth_host *host, unsigned interface);

#endif
