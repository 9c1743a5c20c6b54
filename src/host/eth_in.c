/* Ethernet II frames in: whose they are and what they carry. */
#include "eth.h"

#include <string.h>

#include "in.h"
#include "neighbour.h"

/* To this station or to all; groups are taken as far as IP, which knows them better. */
static bool is_for_us(const struct host_interface *interface, const uint8_t destination[6])
{
	return (destination[0] & 1) || memcmp(destination, interface->mac, 6) == 0;
}

void eth_in(struct berth_host *host, unsigned interface, struct berth_frame *frame)
{
	struct host_interface *to = &host->interfaces[interface];
	struct ip_packet packet;
	struct eth_header eth;

	host_frame_arrives(to, frame);
	if (!eth_parse(frame->data, frame->len, &eth)) {
		host->counters.eth.too_short++;
		to->counters.errors_in++;
		return;
	}
	if (!is_for_us(to, eth.destination)) {
		host->counters.eth.other_host++;
		return;
	}
	if (eth.source[0] & 1) {
		host->counters.eth.bad_source++;
		to->counters.errors_in++;
		return;
	}
	packet.frame = frame;
	packet.off = ETH_HEADER;
	packet.scope = interface;
	packet.interface = (uint8_t)interface;
	packet.to_many = eth.destination[0] & 1;
	if (packet.to_many)
		to->counters.multicast_in++;
	if (eth.type == ETH_TYPE_IP4)
		ip4_in(host, &packet);
	else if (eth.type == ETH_TYPE_IP6 && to->ip6)
		ip6_in(host, &packet);
	else if (eth.type == ETH_TYPE_ARP)
		arp_in(host, interface, frame->data + ETH_HEADER, frame->len - ETH_HEADER);
	else
		host->counters.eth.unknown_type++;
}
