/* What leaves: packets that the host owns, IP, the frames of transports, and the way back into the host itself. */
#ifndef HOST_OUT_H
#define HOST_OUT_H

#include <string.h>

#include "eth.h"
#include "host_private.h"

/* ---- packet.c ---- */

/* A packet with room for n bytes; NULL when out of memory. */
struct host_packet *packet_new(struct berth_host *host, uint32_t n);
struct host_packet *packet_free(struct berth_host *host, struct host_packet *packet);
/* The same bytes as the frame (no Ethernet header before them), owned. NULL when out of memory. */
struct host_packet *packet_of_frame(struct berth_host *host, const struct berth_frame_out *out);
void packets_push(struct host_packets *packets, struct host_packet *packet);
struct host_packet *packets_pop(struct host_packets *packets);
void packets_clear(struct berth_host *host, struct host_packets *packets);
/* Takes a packet whose MAC is known (or that needs none) to the queue of those that leave next. */
void packet_ready(struct berth_host *host, struct host_packet *packet);
/* Fills a frame from a packet; the frame shows the packet's bytes. */
void packet_to_frame(struct berth_host *host, const struct host_packet *packet, struct berth_frame_out *out);

/* The frame is complete, and the next to leave by the interface. */
static inline void host_frame_leaves(struct host_interface *interface, const struct berth_frame_out *out)
{
	interface->counters.frames_out++;
	interface->counters.bytes_out += out->len;
}

/* Puts an Ethernet header, ready-made, before what is in the frame, which is then complete. */
static inline void host_eth_prepend(struct host_interface *interface, const uint8_t header[ETH_HEADER],
				    struct berth_frame_out *out)
{
	memcpy(out->header + out->off_header - ETH_HEADER, header, ETH_HEADER);
	out->off_header = (uint8_t)(out->off_header - ETH_HEADER);
	out->len_header = (uint8_t)(out->len_header + ETH_HEADER);
	out->len += ETH_HEADER;
	out->off_network = ETH_HEADER;
	if (out->off_transport)
		out->off_transport += ETH_HEADER;
	host_frame_leaves(interface, out);
}

/* The header for frames of this type to a station or group. */
static inline void host_eth_header(const struct host_interface *interface, const uint8_t mac[6], uint16_t type,
				   uint8_t out[ETH_HEADER])
{
	put_be16(put_bytes(put_bytes(out, mac, 6), interface->mac, 6), type);
}

/* ---- ip_out.c ---- */

/* An IP header of either family, for a packet on its way out. */
struct ip_header {
	uint8_t family; /* which of the two it is */
	union {
		struct ip4_header ip4;
		struct {
			struct ip6_header ip6; /* next_header: the transport's */
			bool is_fragment;      /* `fragment` goes between the two, with its next_header left to it */
			struct ip6_fragment fragment;
		};
	};
};

/* A whole packet from and to these addresses (network order; IPv4 in the first 4 bytes). */
static inline void ip_header_init(struct ip_header *header, uint8_t family, uint8_t protocol, uint8_t tos, uint8_t ttl,
				  const uint8_t source[16], const uint8_t destination[16])
{
	header->family = family;
	if (family == BERTH_IP4) {
		header->ip4 = (struct ip4_header){.protocol = protocol, .tos = tos, .ttl = ttl};
		memcpy(header->ip4.source, source, 4);
		memcpy(header->ip4.destination, destination, 4);
	} else {
		header->is_fragment = false;
		header->ip6 = (struct ip6_header){.next_header = protocol, .traffic_class = tos, .hop_limit = ttl};
		memcpy(header->ip6.source, source, 16);
		memcpy(header->ip6.destination, destination, 16);
	}
}

static inline void ip_header_set_ttl(struct ip_header *header, uint8_t ttl)
{
	*(header->family == BERTH_IP4 ? &header->ip4.ttl : &header->ip6.hop_limit) = ttl;
}

static inline unsigned ip_header_len(uint8_t family)
{
	return family == BERTH_IP4 ? IP4_HEADER : IP6_HEADER;
}

static inline unsigned ip_address_len(uint8_t family)
{
	return family == BERTH_IP4 ? 4 : 16;
}

struct ip_send {
	struct ip source; /* none: the path's */
	uint8_t protocol, tos;
	uint8_t ttl;            /* 0: the host's */
	uint8_t len_transport;  /* of the payload: its header, when a link may have to change it; else 0 */
	bool router_alert;      /* routers look at it; it has to fit the path's MTU */
	const uint8_t *payload; /* borrowed */
	uint32_t len;
	uint32_t flow_label; /* IPv6 */
};

/* What a packet of this family has for its hop limit when its sender does not say. */
uint8_t ip_ttl(const struct berth_host *host, const struct host_path *path);
/* The flow label of a conversation's IPv6 packets: a keyed hash of the pair, as RFC 6437 section 3 has it; never 0. */
uint32_t ip_flow_label(const struct berth_host *host, const struct socket_pair *pair);
/* A fragment's ID that nobody can foretell (RFC 6864, 7739). */
uint32_t ip_draw_id(struct berth_host *host);
/* Sets what IPv4 says about fragments of a whole packet on this path: none may be made, or the ID by which to know
 * them. */
static inline void ip_header_whole(struct berth_host *host, const struct host_path *path, struct ip_header *header)
{
	if (header->family != BERTH_IP4)
		return;
	header->ip4.dont_fragment = path->dont_fragment;
	if (!path->dont_fragment)
		header->ip4.id = (uint16_t)ip_draw_id(host);
}
/* The packet is the piece [off, off + n) of the payload's `total` bytes. */
void ip_header_piece(struct ip_header *header, uint32_t id, uint32_t off, uint32_t n, uint32_t total);
/* The most payload of one fragment on this path. */
uint32_t ip_piece_max(const struct host_path *path);
/* Sends a payload in one packet, or in fragments when it is longer than the path's MTU. */
void ip_send(struct berth_host *host, struct host_path *path, const struct ip_send *what);
/* Puts an IP header before the transport header and payload in `out`, and gives it to the link layer. An off_transport
 * other than 0 becomes that of the frame. true: the frame
 * is to leave now; false: it was kept or dropped. */
bool ip_frame(struct berth_host *host, struct host_path *path, struct ip_header *header, struct berth_frame_out *out);
/* The same for a frame that has its IP header. */
bool ip_transmit(struct berth_host *host, struct host_path *path, struct berth_frame_out *out);
/* Completes the transport checksum of a frame that has no headers below transport yet, at HOST_OFF_TRANSPORT +
 * off_checksum (now 0); or leaves it to the link when `partial`. */
void ip_checksum(struct berth_frame_out *out, const struct ip_header *header, uint16_t off_checksum, bool partial);

/* ---- udp_out.c ---- */

/* The next frame of the datagram that is leaving in fragments. As host_udp_frame. */
bool host_fragment_frame(struct berth_host *host, struct berth_frame_out *out);
/* The next frame of a UDP socket. true: it is in *out; false: nothing this time. */
bool host_udp_frame(struct berth_host *host, struct udp_socket *s, struct berth_frame_out *out);

/* ---- tcp_out.c ---- */

/* The next frame of a connection, as host_udp_frame. */
bool host_tcp_frame(struct berth_host *host, struct tcb *t, struct berth_frame_out *out);

/* ---- frames_out.c ---- */

/* Something has to leave, or the host has something to say to itself. */
bool host_has_frames(const struct berth_host *host);

/* ---- loopback.c ---- */

/* Queues a copy of the frame for this host itself. scope: what link-local addresses in it belong to. */
void loopback_push(struct berth_host *host, const struct berth_frame_out *out, uint32_t scope);
/* Takes in what waits, at most n_max packets. */
void loopback_run(struct berth_host *host, unsigned n_max);
void loopback_deinit(struct berth_host *host);

#endif
