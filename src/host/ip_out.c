/* IP out: headers, fragments, checksums, and the way to the link layer (RFC 791, 1122 section 3.3, 8200).
 *
 * IDs: an IPv4 packet that may not be fragmented needs none (RFC 6864 section 4.1) and has 0; for the others, and for
 * the fragments of IPv6, they are a keyed hash of a count, so that nobody learns from one ID what the next will be, or
 * how much the host has sent (RFC 7739). */
#include <string.h>

#include "checksum.h"
#include "igmp.h"
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
	uint8_t said = host->interfaces[path->interface].hop_limit;

	/* RFC 4861 section 6.3.2: in IPv6 the link's routers say. */
	return said && path->family == BERTH_IP6 ? said : host->config.ttl;
}

static uint8_t protocol_of(const struct ip_header *header)
{
	return header->family == BERTH_IP4 ? header->ip4.protocol : header->ip6.next_header;
}

static uint64_t pseudo(const struct ip_header *header, uint32_t len)
{
	if (header->family == BERTH_IP4)
		return checksum_pseudo(header->ip4.source, header->ip4.destination, 4, header->ip4.protocol, len);
	return checksum_pseudo(header->ip6.source, header->ip6.destination, 16, header->ip6.next_header, len);
}

uint32_t ip_flow_label(const struct berth_host *host, const struct socket_pair *pair)
{
	uint64_t words[5] = {(uint64_t)pair->protocol << 32 | (uint32_t)pair->local_port << 16 | pair->foreign_port};
	uint32_t label;

	memcpy(words + 1, pair->local, 16);
	memcpy(words + 3, pair->foreign, 16);
	label = (uint32_t)siphash13_words(host->key, words, 5) & 0xfffff;
	return label ? label : 1;
}

void ip_checksum(struct berth_frame_out *out, const struct ip_header *header, uint16_t off_checksum, bool partial)
{
	uint8_t *to = out->header + HOST_OFF_TRANSPORT + off_checksum;
	uint64_t sum = pseudo(header, out->len);
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
	if (finished == 0 && protocol_of(header) == IP_PROTOCOL_UDP)
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
	} else if (path->family == BERTH_IP4) {
		put_be16(mac, 0x0100);
		put_be32(mac + 2, 0x5e000000u | (path->destination.low & 0x7fffff));
	} else {
		put_be16(mac, 0x3333);
		put_be32(mac + 2, (uint32_t)path->destination.low);
	}
}

/* ---- headers ---- */

void ip_header_piece(struct ip_header *header, uint32_t id, uint32_t off, uint32_t n, uint32_t total)
{
	bool more = off + n < total;

	if (header->family == BERTH_IP4) {
		header->ip4.id = (uint16_t)id;
		header->ip4.off_fragment = (uint16_t)off;
		header->ip4.more_fragments = more;
	} else {
		header->is_fragment = true;
		header->fragment = (struct ip6_fragment){.id = id, .off = (uint16_t)off, .more = more};
	}
}

/* Of what emit writes. */
static unsigned emitted_len(const struct ip_header *header)
{
	if (header->family == BERTH_IP4)
		return IP4_HEADER;
	return header->is_fragment ? IP6_HEADER + IP6_FRAGMENT : IP6_HEADER;
}

static uint8_t *emit_ip6(struct ip_header *header, uint32_t len_payload, uint8_t *to)
{
	uint8_t protocol = header->ip6.next_header;

	header->ip6.payload_len = (uint16_t)len_payload;
	if (!header->is_fragment)
		return ip6_emit(&header->ip6, to);
	header->ip6.payload_len += IP6_FRAGMENT;
	header->ip6.next_header = IP6_NEXT_FRAGMENT;
	header->fragment.next_header = protocol;
	to = ip6_emit_fragment(&header->fragment, ip6_emit(&header->ip6, to));
	header->ip6.next_header = protocol;
	return to;
}

/* Writes emitted_len bytes for a payload of len_payload. Returns the next position. */
static uint8_t *emit(struct ip_header *header, uint32_t len_payload, uint8_t *to)
{
	if (header->family != BERTH_IP4)
		return emit_ip6(header, len_payload, to);
	header->ip4.total_len = (uint16_t)(IP4_HEADER + len_payload);
	return ip4_emit(&header->ip4, to);
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
	struct host_interface *interface = &host->interfaces[path->interface];
	struct neighbour *n = path->neighbour;
	uint8_t mac[6], eth[ETH_HEADER];

	host_counters_of(host, path->family)->packets_out++;
	out->interface = path->interface;
	if (path->reach == REACH_LOCAL) {
		loopback_push(host, out, path->destination.scope);
		return false;
	}
	if (!interface->ethernet) {
		host_frame_leaves(interface, out);
		return true;
	}
	if (path->reach != REACH_UNICAST) {
		group_mac(path, mac);
		host_eth_header(interface, mac, path->eth_type, eth);
		host_eth_prepend(interface, eth, out);
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
	host_eth_prepend(interface, n->eth, out);
	return true;
}

bool ip_frame(struct berth_host *host, struct host_path *path, struct ip_header *header, struct berth_frame_out *out)
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

	host_counters_of(host, path->family)->packets_out++;
	packet->interface = path->interface;
	packet->type = path->eth_type;
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

/* One packet, whole or a fragment as the header says, of the payload's bytes [off, off + n). */
static void send_part(struct berth_host *host, struct host_path *path, const struct ip_send *what,
		      struct ip_header *header, uint32_t off, uint32_t n)
{
	unsigned len_header = emitted_len(header);
	struct host_packet *packet = packet_new(host, len_header + n);

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

/* One packet with the option that has routers look at it (RFC 2113, 2711). */
static void send_alert(struct berth_host *host, struct host_path *path, const struct ip_send *what,
		       struct ip_header *header)
{
	bool ip4 = header->family == BERTH_IP4;
	uint32_t len_header = ip4 ? IGMP_IP4_HEADER : IP6_HEADER + IP6_ROUTER_ALERT;
	struct host_packet *packet = packet_new(host, len_header + what->len);
	uint8_t *p;

	if (!packet)
		return;
	if (ip4) {
		header->ip4.total_len = (uint16_t)packet->len;
		p = igmp_ip4_emit(&header->ip4, packet->bytes);
	} else {
		header->ip6.next_header = IP6_NEXT_HOP_BY_HOP;
		p = emit_ip6(header, IP6_ROUTER_ALERT + what->len, packet->bytes);
		p = ip6_emit_router_alert(what->protocol, p);
	}
	memcpy(p, what->payload, what->len);
	packet->len_header = (uint8_t)len_header;
	send_packet(host, path, packet);
}

uint32_t ip_piece_max(const struct host_path *path)
{
	unsigned len_header = path->family == BERTH_IP4 ? IP4_HEADER : IP6_HEADER + IP6_FRAGMENT;

	return (path->mtu - len_header) & ~7u;
}

static void send_pieces(struct berth_host *host, struct host_path *path, const struct ip_send *what,
			struct ip_header *header)
{
	struct ip_counters *counters = host_counters_of(host, path->family);
	uint32_t id = ip_draw_id(host), n_max = ip_piece_max(path);

	counters->fragmented++;
	for (uint32_t off = 0; off < what->len; off += n_max) {
		uint32_t n = what->len - off < n_max ? what->len - off : n_max;

		counters->fragments_out++;
		ip_header_piece(header, id, off, n, what->len);
		send_part(host, path, what, header, off, n);
	}
}

void ip_send(struct berth_host *host, struct host_path *path, const struct ip_send *what)
{
	uint8_t source[16], destination[16], family = path->family;
	struct ip_header header;

	ip_to_bytes(ip_is_none(&what->source) ? &path->source : &what->source, source);
	ip_to_bytes(&path->destination, destination);
	ip_header_init(&header, family, what->protocol, what->tos, what->ttl ? what->ttl : ip_ttl(host, path), source,
		       destination);
	if (what->router_alert) {
		ip_header_whole(host, path, &header);
		send_alert(host, path, what, &header);
		return;
	}
	if (family == BERTH_IP6)
		header.ip6.flow_label = what->flow_label;
	if (ip_header_len(family) + what->len > path->mtu) {
		send_pieces(host, path, what, &header);
		return;
	}
	ip_header_whole(host, path, &header);
	send_part(host, path, what, &header, 0, what->len);
}
