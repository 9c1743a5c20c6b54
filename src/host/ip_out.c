/* IP out: headers, fragments, checksums, and the way to the link layer (RFC 791, 1122 section 3.3, 8200).
 *
 * IDs: an IPv4 packet that may not be fragmented needs none (RFC 6864 section 4.1) and has 0; for the others, and for
 * the fragments of IPv6, they are a keyed hash of a count, so that nobody learns from one ID what the next will be, or
 * how much the host has sent (RFC 7739). */
#include <string.h>

#include "checksum.h"
#include "neighbour.h"
#include "out.h"

static const uint8_t mac_all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

uint32_t ip_draw_id(struct berth_host *host)
{
	uint64_t count = host->n_ids++;

	return (uint32_t)siphash24(host->key, &count, sizeof(count));
}

uint8_t ip_ttl(const struct berth_host *host, const struct host_path *path)
{
	(void)path;
	return host->config.ttl;
}

void ip_header_whole(struct berth_host *host, const struct host_path *path, struct ip_header *header)
{
	if (header->family != BERTH_IP4)
		return;
	header->dont_fragment = path->dont_fragment;
	if (!header->dont_fragment)
		header->id = ip_draw_id(host);
}

void ip_checksum(struct berth_frame_out *out, const struct ip_header *header, uint16_t off_checksum, bool partial)
{
	uint8_t *to = out->header + HOST_OFF_TRANSPORT + off_checksum;
	uint64_t sum = checksum_pseudo(header->source, header->destination, ip_address_len(header->family),
				       header->protocol, out->len);
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
	/* RFC 768, 8200 section 8.1: a sum that comes out as 0, which would mean none, is sent as all ones. */
	if (finished == 0 && header->protocol == IP_PROTOCOL_UDP)
		finished = UINT16_MAX;
	out->checksum = BERTH_CHECKSUM_FULL;
	out->off_checksum = 0;
	put_be16(to, finished);
}

/* The MAC address of a group, RFC 1112 section 6.4 and 2464 section 7; and all for all. */
static void group_mac(const struct host_path *path, uint8_t mac[6])
{
	if (path->reach == REACH_BROADCAST) {
		memcpy(mac, mac_all, 6);
	} else if (ip_is_ip4(&path->destination)) {
		put_be16(mac, 0x0100);
		put_be32(mac + 2, 0x5e000000u | (path->destination.low & 0x7fffff));
	} else {
		put_be16(mac, 0x3333);
		put_be32(mac + 2, (uint32_t)path->destination.low);
	}
}

static uint16_t eth_type(const struct host_path *path)
{
	return ip_is_ip4(&path->destination) ? ETH_TYPE_IP4 : ETH_TYPE_IP6;
}

/* ---- headers ---- */

static bool is_fragment(const struct ip_header *header)
{
	return header->more_fragments || header->off_fragment;
}

/* Of what ip_emit writes. */
static unsigned emitted_len(const struct ip_header *header)
{
	unsigned n = ip_header_len(header->family);

	return header->family == BERTH_IP6 && is_fragment(header) ? n + IP6_FRAGMENT : n;
}

static uint8_t *emit_ip4(const struct ip_header *header, uint32_t len_payload, uint8_t *to)
{
	struct ip4_header ip4 = {
		.total_len = (uint16_t)(IP4_HEADER + len_payload),
		.id = (uint16_t)header->id,
		.off_fragment = (uint16_t)header->off_fragment,
		.dont_fragment = header->dont_fragment,
		.more_fragments = header->more_fragments,
		.tos = header->tos,
		.ttl = header->ttl,
		.protocol = header->protocol,
	};

	memcpy(ip4.source, header->source, 4);
	memcpy(ip4.destination, header->destination, 4);
	return ip4_emit(&ip4, to);
}

static uint8_t *emit_ip6(const struct ip_header *header, uint32_t len_payload, uint8_t *to)
{
	bool fragment = is_fragment(header);
	struct ip6_header ip6 = {
		.payload_len = (uint16_t)(len_payload + (fragment ? IP6_FRAGMENT : 0)),
		.traffic_class = header->tos,
		.next_header = fragment ? IP6_NEXT_FRAGMENT : header->protocol,
		.hop_limit = header->ttl,
		.flow_label = header->flow_label,
	};
	struct ip6_fragment piece = {
		.next_header = header->protocol,
		.more = header->more_fragments,
		.off = (uint16_t)header->off_fragment,
		.id = header->id,
	};

	memcpy(ip6.source, header->source, 16);
	memcpy(ip6.destination, header->destination, 16);
	to = ip6_emit(&ip6, to);
	return fragment ? ip6_emit_fragment(&piece, to) : to;
}

/* Writes emitted_len bytes for a payload of len_payload. Returns the next position. */
static uint8_t *emit(const struct ip_header *header, uint32_t len_payload, uint8_t *to)
{
	return header->family == BERTH_IP4 ? emit_ip4(header, len_payload, to) : emit_ip6(header, len_payload, to);
}

/* ---- to the link layer ---- */

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

	host_ip_counters(host, &path->destination)->packets_out++;
	out->interface = path->interface;
	if (path->reach == REACH_LOCAL) {
		loopback_push(host, out, path->destination.scope);
		return false;
	}
	if (!interface->ethernet)
		return true;
	if (path->reach != REACH_UNICAST) {
		group_mac(path, mac);
		host_eth_prepend(interface, mac, eth_type(path), out);
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
	host_eth_prepend(interface, n->mac, eth_type(path), out);
	return true;
}

bool ip_frame(struct berth_host *host, struct host_path *path, const struct ip_header *header,
	      struct berth_frame_out *out)
{
	unsigned n = emitted_len(header);

	emit(header, out->len, out->header + out->off_header - n);
	out->off_header = (uint8_t)(out->off_header - n);
	out->len_header = (uint8_t)(out->len_header + n);
	out->len += n;
	out->off_network = 0;
	if (out->off_transport)
		out->off_transport = (uint16_t)n;
	return ip_transmit(host, path, out);
}

/* Sends a packet that has its IP header. Takes it. */
static void send_packet(struct berth_host *host, struct host_path *path, struct host_packet *packet)
{
	const struct host_interface *interface = &host->interfaces[path->interface];
	struct neighbour *n;

	host_ip_counters(host, &path->destination)->packets_out++;
	packet->interface = path->interface;
	packet->type = eth_type(path);
	if (path->reach == REACH_LOCAL) {
		struct berth_frame_out out;

		packet_to_frame(host, packet, &out);
		loopback_push(host, &out, path->destination.scope);
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

/* ---- packets of the host's own ---- */

/* One packet, whole or a fragment, of the payload's bytes [off, off + n). */
static void send_part(struct berth_host *host, struct host_path *path, const struct ip_send *what,
		      struct ip_header *header, uint32_t off, uint32_t n)
{
	struct host_packet *packet;
	unsigned len_header;

	header->off_fragment = off;
	header->more_fragments = off + n < what->len;
	len_header = emitted_len(header);
	packet = packet_new(host, len_header + n);
	if (!packet)
		return;
	memcpy(emit(header, n, packet->bytes), what->payload + off, n);
	packet->len_header = (uint8_t)len_header;
	if (off == 0 && n == what->len && what->len_transport) {
		packet->len_header = (uint8_t)(len_header + what->len_transport);
		packet->off_transport = (uint8_t)len_header;
	}
	send_packet(host, path, packet);
}

uint32_t ip_piece_max(const struct host_path *path)
{
	unsigned len_header = ip_is_ip4(&path->destination) ? IP4_HEADER : IP6_HEADER + IP6_FRAGMENT;

	return (path->mtu - len_header) & ~7u;
}

void ip_send(struct berth_host *host, struct host_path *path, const struct ip_send *what)
{
	struct ip_counters *counters = host_ip_counters(host, &path->destination);
	struct ip_header header = {
		.family = ip_family(&path->destination),
		.tos = what->tos,
		.ttl = what->ttl ? what->ttl : ip_ttl(host, path),
		.protocol = what->protocol,
	};
	uint32_t n_max;

	ip_to_bytes(ip_is_none(&what->source) ? &path->source : &what->source, header.source);
	ip_to_bytes(&path->destination, header.destination);
	if (ip_header_len(header.family) + what->len <= path->mtu) {
		ip_header_whole(host, path, &header);
		send_part(host, path, what, &header, 0, what->len);
		return;
	}
	header.id = ip_draw_id(host);
	n_max = ip_piece_max(path);
	counters->fragmented++;
	for (uint32_t off = 0; off < what->len; off += n_max) {
		uint32_t left = what->len - off;

		counters->fragments_out++;
		send_part(host, path, what, &header, off, left < n_max ? left : n_max);
	}
}
