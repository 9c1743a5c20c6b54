/* What arrives: from a frame to a transport, or to an ICMP answer. */
#ifndef HOST_IN_H
#define HOST_IN_H

#include "host_private.h"

/* A packet that has arrived, its header checked. */
struct ip_packet {
	struct berth_frame *frame;
	const uint8_t *bytes; /* the IP header, header.total_len bytes are there */
	struct ip4_header header;
	uint32_t source, destination;
	uint32_t off_payload, len_payload; /* from frame->data */
	uint8_t interface;
	bool broadcast; /* to more than this host, by IP or by the frame */
};

/* ---- eth_in.c, ip_in.c, reassemble.c ---- */

/* frame is borrowed: who keeps it takes a reference. */
void eth_in(struct berth_host *host, unsigned interface, struct berth_frame *frame);
/* `to_all`: the frame went to more stations than this. */
void ip_in(struct berth_host *host, unsigned interface, struct berth_frame *frame, uint32_t off, bool to_all);
void host_udp_in(struct berth_host *host, const struct ip_packet *packet);
/* Fills everything but the ports of the pair of a packet's transport, as seen from this host. */
void ip_pair(const struct ip_packet *packet, struct socket_pair *pair);

void reassemble_init(struct berth_host *host);
void reassemble_deinit(struct berth_host *host);
/* Takes in a fragment. The frame of the whole packet, with header in front and a reference for the caller, once this
 * one was the last that was missing; else NULL. */
struct berth_frame *reassemble(struct berth_host *host, const struct ip_packet *fragment);

/* ---- icmp_in.c, icmp_out.c ---- */

void icmp_in(struct berth_host *host, const struct ip_packet *packet);
/* A packet of this host, quoted from its IP header on, did not get there. `error` is a BERTH_E number. */
void icmp_deliver(struct berth_host *host, const uint8_t *quote, size_t n, int error, bool hard);
/* Sends an error about a packet, if one may be sent (RFC 1122 section 3.2.2) and the limit allows. */
void icmp_error(struct berth_host *host, const struct ip_packet *about, uint8_t type, uint8_t code);
void icmp_echo_reply(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *request);
void icmp_limit_init(struct berth_host *host);

/* ---- tcp_in.c ---- */

void host_tcp_in(struct berth_host *host, const struct ip_packet *packet);
/* Sends the answer that TCP has left in its env, if any. */
void host_tcp_reply(struct berth_host *host);

#endif
