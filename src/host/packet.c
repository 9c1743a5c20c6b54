/* Packets that the host owns on their way out, and the queue of those that are ready to leave.
 *
 * Most of what leaves is never here: data goes out as slices of send queues. Here is what has no queue to lie in (ARP,
 * ICMP, resets) and what had to be set aside while a neighbour was asked for. */
#include <string.h>

#include "eth.h"
#include "out.h"

struct host_packet *packet_new(struct berth_host *host, uint32_t n)
{
	struct host_packet *packet = host->memory->alloc(host->memory->context, sizeof(*packet) + n);

	if (!packet) {
		host->counters.ip.no_memory++;
		return NULL;
	}
	*packet = (struct host_packet){.len = n};
	return packet;
}

struct host_packet *packet_free(struct berth_host *host, struct host_packet *packet)
{
	if (packet)
		host->memory->free(host->memory->context, packet, sizeof(*packet) + packet->len);
	return NULL;
}

struct host_packet *packet_of_frame(struct berth_host *host, const struct berth_frame_out *out)
{
	struct host_packet *packet = packet_new(host, out->len);

	if (!packet)
		return NULL;
	packet->type = out->header[out->off_header] >> 4 == 6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4;
	packet->interface = (uint8_t)out->interface;
	packet->len_header = out->len_header;
	packet->off_transport = (uint8_t)out->off_transport;
	packet->checksum = out->checksum;
	packet->off_checksum = out->off_checksum;
	packet->segment_size = out->segment_size;
	berth_frame_gather(out, packet->bytes);
	return packet;
}

void packets_push(struct host_packets *packets, struct host_packet *packet)
{
	packet->next = NULL;
	if (packets->last)
		packets->last->next = packet;
	else
		packets->first = packet;
	packets->last = packet;
	packets->n++;
	packets->bytes += packet->len;
}

struct host_packet *packets_pop(struct host_packets *packets)
{
	struct host_packet *packet = packets->first;

	if (!packet)
		return NULL;
	packets->first = packet->next;
	if (!packets->first)
		packets->last = NULL;
	packets->n--;
	packets->bytes -= packet->len;
	return packet;
}

void packets_clear(struct berth_host *host, struct host_packets *packets)
{
	struct host_packet *packet;

	while ((packet = packets_pop(packets)))
		packet_free(host, packet);
}

void packet_ready(struct berth_host *host, struct host_packet *packet)
{
	if (host->ready.n >= HOST_READY_MAX || host->ready.bytes >= HOST_READY_BYTES) {
		host->counters.ip.queue_full++;
		host->interfaces[packet->interface].counters.drops_out++;
		packet_free(host, packet);
		return;
	}
	packets_push(&host->ready, packet);
}

void packet_to_frame(struct berth_host *host, const struct host_packet *packet, struct berth_frame_out *out)
{
	struct host_interface *interface = &host->interfaces[packet->interface];
	uint8_t eth[ETH_HEADER];

	out->off_header = HOST_OFF_IP;
	out->len_header = packet->len_header;
	out->len = packet->len;
	out->n_slices = 0;
	out->checksum = packet->checksum;
	out->off_network = 0;
	out->off_transport = packet->off_transport;
	out->off_checksum = packet->off_checksum;
	out->segment_size = packet->segment_size;
	out->interface = packet->interface;
	memcpy(out->header + HOST_OFF_IP, packet->bytes, packet->len_header);
	if (packet->len > packet->len_header) {
		out->slices[0].data = packet->bytes + packet->len_header;
		out->slices[0].len = packet->len - packet->len_header;
		out->n_slices = 1;
	}
	if (!interface->ethernet) {
		host_frame_leaves(interface, out);
		return;
	}
	host_eth_header(interface, packet->mac, packet->type, eth);
	host_eth_prepend(interface, eth, out);
	if (packet->type == ETH_TYPE_ARP)
		out->off_network = 0;
}
