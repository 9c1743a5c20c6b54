/* IPv4 out: headers, fragments, checksums, and the way to the link layer (RFC 791, 1122 section 3.3).
 *
 * IDs: a packet that may not be fragmented needs none (RFC 6864 section 4.1) and has 0; for the others they are a keyed
 * hash of a count, so that nobody learns from one ID what the next will be, or how much the host has sent. */
#include <string.h>

#include "checksum.h"
#include "neighbour.h"
#include "out.h"

static const uint8_t mac_all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

uint16_t ip_draw_id(struct berth_host *host)
{
	uint64_t count = host->n_ids++;

	return (uint16_t)siphash24(host->key, &count, sizeof(count));
}

void ip_checksum(struct berth_frame_out *out, const struct ip4_header *header, uint16_t off_checksum, bool partial)
{
	uint8_t *to = out->header + HOST_OFF_TRANSPORT + off_checksum;
	uint64_t sum = checksum_pseudo(header->source, header->destination, 4, header->protocol, out->len);
	size_t off = out->len_header;
	uint16_t finished;

	if (partial) {
		out->checksum = BERTH_CHECKSUM_PARTIAL;
		out->off_checksum = off_checksum;
		put_be16(to, checksum_fold(sum));
		return;
	}
	sum = checksum_add(sum, out->header + out->off_header, out->len_header);
	for (unsigned i = 0; i < out->n_slices; i++) {
		sum = checksum_add_at(sum, out->slices[i].data, out->slices[i].len, off);
		off += out->slices[i].len;
	}
	finished = checksum_finish(sum);
	/* RFC 768: a sum that comes out as 0, which would mean none, is sent as all ones. */
	if (finished == 0 && header->protocol == IP_PROTOCOL_UDP)
		finished = UINT16_MAX;
	out->checksum = BERTH_CHECKSUM_FULL;
	out->off_checksum = 0;
	put_be16(to, finished);
}

/* The MAC address of a group: RFC 1112 section 6.4, and all for all. */
static void group_mac(const struct host_path *path, uint8_t mac[6])
{
	if (path->reach == REACH_BROADCAST) {
		memcpy(mac, mac_all, 6);
		return;
	}
	put_be16(mac, 0x0100);
	put_be32(mac + 2, 0x5e000000u | (path->destination & 0x7fffff));
}

/* The frame's next station is not known yet: it waits as a packet. */
static void hold_frame(struct berth_host *host, struct neighbour *n, const struct berth_frame_out *out)
{
	struct host_packet *packet = packet_of_frame(host, out);

	if (packet)
		neighbour_hold(host, n, packet);
}

bool ip_transmit(struct berth_host *host, struct host_path *path, struct berth_frame_out *out)
{
	const struct host_interface *interface = &host->interfaces[path->interface];
	struct neighbour *n = path->neighbour;
	uint8_t mac[6];

	host->counters.ip.packets_out++;
	out->interface = path->interface;
	if (path->reach == REACH_LOCAL) {
		loopback_push(host, out);
		return false;
	}
	if (!interface->ethernet)
		return true;
	if (path->reach != REACH_UNICAST) {
		group_mac(path, mac);
		host_eth_prepend(interface, mac, ETH_TYPE_IP4, out);
		return true;
	}
	if (!n)
		n = neighbour_of_path(host, path);
	if (!n)
		return false;
	if (!neighbour_usable(host, n)) {
		hold_frame(host, n, out);
		return false;
	}
	host_eth_prepend(interface, n->mac, ETH_TYPE_IP4, out);
	return true;
}

bool ip_frame(struct berth_host *host, struct host_path *path, struct ip4_header *header, struct berth_frame_out *out)
{
	out->len += IP4_HEADER;
	header->total_len = (uint16_t)out->len;
	ip4_emit(header, out->header + out->off_header - IP4_HEADER);
	out->off_header = (uint8_t)(out->off_header - IP4_HEADER);
	out->len_header = (uint8_t)(out->len_header + IP4_HEADER);
	out->off_network = 0;
	return ip_transmit(host, path, out);
}

/* Sends a packet that has its IP header. Takes it. */
static void send_packet(struct berth_host *host, struct host_path *path, struct host_packet *packet)
{
	const struct host_interface *interface = &host->interfaces[path->interface];
	struct neighbour *n;

	host->counters.ip.packets_out++;
	packet->interface = path->interface;
	if (path->reach == REACH_LOCAL) {
		struct berth_frame_out out;

		packet_to_frame(host, packet, &out);
		loopback_push(host, &out);
		packet_free(host, packet);
		return;
	}
	if (interface->ethernet && path->reach == REACH_UNICAST) {
		n = path->neighbour ? path->neighbour : neighbour_of_path(host, path);
		if (!n) {
			packet_free(host, packet);
			return;
		}
		if (!neighbour_usable(host, n)) {
			neighbour_hold(host, n, packet);
			return;
		}
		memcpy(packet->mac, n->mac, 6);
	} else if (interface->ethernet) {
		group_mac(path, packet->mac);
	}
	packet_ready(host, packet);
}

/* One packet, whole or a fragment, of the payload's bytes [off, off + n). */
static void send_part(struct berth_host *host, struct host_path *path, const struct ip_send *what,
		      struct ip4_header *header, uint32_t off, uint32_t n)
{
	struct host_packet *packet = packet_new(host, IP4_HEADER + n);

	if (!packet)
		return;
	header->total_len = (uint16_t)(IP4_HEADER + n);
	header->off_fragment = (uint16_t)off;
	header->more_fragments = off + n < what->len;
	memcpy(ip4_emit(header, packet->bytes), what->payload + off, n);
	packet->len_header = IP4_HEADER;
	if (off == 0 && n == what->len && what->len_transport) {
		packet->len_header = (uint8_t)(IP4_HEADER + what->len_transport);
		packet->off_transport = IP4_HEADER;
	}
	send_packet(host, path, packet);
}

void ip_send(struct berth_host *host, struct host_path *path, const struct ip_send *what)
{
	struct ip4_header header = {.tos = what->tos, .ttl = what->ttl, .protocol = what->protocol};
	uint32_t n_max = (path->mtu - IP4_HEADER) & ~7u;

	ip_to_bytes(what->source ? what->source : path->source, header.source);
	ip_to_bytes(path->destination, header.destination);
	if (IP4_HEADER + what->len <= path->mtu) {
		header.dont_fragment = path->dont_fragment;
		if (!header.dont_fragment)
			header.id = ip_draw_id(host);
		send_part(host, path, what, &header, 0, what->len);
		return;
	}
	header.id = ip_draw_id(host);
	host->counters.ip.fragmented++;
	for (uint32_t off = 0; off < what->len; off += n_max) {
		uint32_t left = what->len - off;

		host->counters.ip.fragments_out++;
		send_part(host, path, what, &header, off, left < n_max ? left : n_max);
	}
}
