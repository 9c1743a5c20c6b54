/* Address conflict detection for the IPv4 addresses of the host's Ethernet interfaces, RFC 5227. */
#ifndef HOST_ACD_H
#define HOST_ACD_H

#include "arp.h"
#include "host_private.h"

void acd_init(struct berth_host *host);
/* `a` has been made. TENTATIVE: it is asked for, at the interface's pace, and becomes PREFERRED or DUPLICATE. In any
 * other state it is watched and defended. Nothing happens for other families and links. */
void acd_begin(struct berth_host *host, const struct host_address *a);
/* `a` is about to go. */
void acd_end(struct berth_host *host, const struct host_address *a);
/* An ARP packet with a good sender has arrived. true: its sender takes an address of this host for its own (or is this
 * host, heard by way of a loop), so there is nothing to learn from it. */
bool acd_in(struct berth_host *host, unsigned interface, const struct arp_packet *arp);

#endif
