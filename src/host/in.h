/* What arrives: from a frame to a transport, or to an ICMP answer. */
#ifndef HOST_IN_H
#define HOST_IN_H

#include <string.h>

#include "checksum.h"
#include "host_private.h"

/* A packet that has arrived. It is filled in two steps: by whoever takes the frame, and from its IP header. */
struct ip_packet {
	/* Where it came in. */
	struct berth_frame *frame;
	uint32_t off;      /* of the IP header, from frame->data */
	uint32_t scope;    /* what link-local addresses in it belong to: the interface, but for the loopback */
	uint8_t interface; /* by which it came */
	bool to_many;      /* to more than this host, by the frame or (once judged) by IP */
	/* What its header says, once checked. */
	bool was_fragment; /* IPv6: a fragment header was there, be it of a whole packet (RFC 6980 asks) */
	bool router_alert; /* IPv6: a hop-by-hop header had one */
	uint8_t family, protocol, tos, ttl;
	const uint8_t *bytes;              /* the IP header, len bytes are there */
	uint32_t len;                      /* headers and payload */
	uint32_t off_payload, len_payload; /* of what the protocol is, from frame->data */
	uint32_t off_protocol;             /* IPv6: where the packet names its protocol, from bytes */
	struct host_path *path;            /* back to the source, when it is known already; else NULL */
	struct ip source, destination;
};

/* What a packet says of being a piece of one. Of a piece, the packet's payload is the piece, and its protocol what the
 * whole begins with. */
struct ip_fragment {
	bool is_fragment; /* the others hold */
	bool more;
	uint32_t id, off; /* off: of the piece in the whole, bytes */
};

/* frame is borrowed by all of these: who keeps it takes a reference. */

static inline void host_frame_arrives(struct host_interface *interface, const struct berth_frame *frame)
{
	interface->counters.frames_in++;
	interface->counters.bytes_in += frame->len;
}

/* ---- eth_in.c ---- */

void eth_in(struct berth_host *host, unsigned interface, struct berth_frame *frame);

/* ---- ip4_in.c, ip6_in.c: read and judge a packet ---- */

/* The first step of *packet is done. */
void ip4_in(struct berth_host *host, struct ip_packet *packet);
void ip6_in(struct berth_host *host, struct ip_packet *packet);
/* The same by the packet's own version, where no frame says it. */
void ip_in(struct berth_host *host, struct ip_packet *packet);
/* Only the second step: read the header. false, and counted: it is not sound. */
bool ip4_open(struct berth_host *host, struct ip_packet *packet, struct ip_fragment *fragment);
bool ip6_open(struct berth_host *host, struct ip_packet *packet, struct ip_fragment *fragment);

/* ---- ip_deliver.c: what is the same for both families ---- */

/* The packet comes the other way of the path that the host used last: source and destination are good, known at a
 * glance, and the path stays with the packet. */
static inline bool ip_is_answer(struct berth_host *host, struct ip_packet *packet)
{
	struct host_path *path = &host->last;
	bool is_answer = packet->interface == path->interface && path->reach == REACH_UNICAST && !packet->to_many &&
			 path->family == packet->family && host->now < path->until;

	/* The half that tells IPv4 addresses apart is all that there is to compare of them. */
	if (is_answer && packet->family == BERTH_IP4)
		is_answer = packet->source.low == path->destination.low && packet->destination.low == path->source.low;
	else if (is_answer)
		is_answer =
			ip_equal(&packet->source, &path->destination) && ip_equal(&packet->destination, &path->source);
	packet->path = is_answer ? path : NULL;
	return is_answer;
}
/* The packet comes from a host that can be, and is for this host (to_many set when not for it alone). Else a counter
 * says why not. */
bool ip_ends_are_good(struct berth_host *host, struct ip_packet *packet);
/* Takes a packet to whom it is for; or a piece of one, and the packet once it is whole. */
void ip_deliver(struct berth_host *host, const struct ip_packet *packet);
void ip_deliver_fragment(struct berth_host *host, const struct ip_packet *piece, const struct ip_fragment *fragment);

/* Fills everything but the ports of the pair of a packet's transport, as seen from this host. */
static inline void ip_pair(const struct ip_packet *packet, struct socket_pair *pair)
{
	*pair = (struct socket_pair){.family = packet->family, .protocol = packet->protocol};
	if (packet->family == BERTH_IP4) {
		memcpy(pair->local, packet->bytes + IP4_OFF_DESTINATION, 4);
		memcpy(pair->foreign, packet->bytes + IP4_OFF_SOURCE, 4);
	} else {
		memcpy(pair->local, packet->bytes + IP6_OFF_DESTINATION, 16);
		memcpy(pair->foreign, packet->bytes + IP6_OFF_SOURCE, 16);
		pair->scope = (uint8_t)(packet->source.scope | packet->destination.scope);
	}
}

/* The sum of the pseudo-header of a packet's transport, of `len` bytes. */
static inline uint64_t ip_pseudo(const struct ip_packet *packet, uint32_t len)
{
	if (packet->family == BERTH_IP4)
		return checksum_pseudo(packet->bytes + IP4_OFF_SOURCE, packet->bytes + IP4_OFF_DESTINATION, 4,
				       packet->protocol, len);
	return checksum_pseudo(packet->bytes + IP6_OFF_SOURCE, packet->bytes + IP6_OFF_DESTINATION, 16,
			       packet->protocol, len);
}

/* ---- reassemble.c ---- */

void reassemble_init(struct berth_host *host);
void reassemble_deinit(struct berth_host *host);
/* Takes in a fragment. The frame of the whole packet, with an IP header in front and a reference for the caller, once
 * this one was the last that was missing; else NULL. */
struct berth_frame *reassemble(struct berth_host *host, const struct ip_packet *packet,
			       const struct ip_fragment *fragment);

/* ---- udp_in.c, tcp_in.c ---- */

void host_udp_in(struct berth_host *host, const struct ip_packet *packet);
void host_tcp_in(struct berth_host *host, const struct ip_packet *packet);
/* Sends the answer that TCP has left in its env. */
void host_tcp_send_reply(struct berth_host *host);
/* The same, if there is one. */
static inline void host_tcp_reply(struct berth_host *host)
{
	if (host->tcp.reply.wanted)
		host_tcp_send_reply(host);
}

/* ---- igmp.c, mld.c ---- */

struct icmp_message;

void igmp_in(struct berth_host *host, const struct ip_packet *packet);
/* `message` is of one of MLD's types. */
void mld_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message);

/* ---- icmp_in.c (what both families share), icmp4_in.c, icmp6_in.c ---- */

void icmp4_in(struct berth_host *host, const struct ip_packet *packet);
void icmp6_in(struct berth_host *host, const struct ip_packet *packet);

struct icmp_quote {
	struct socket_pair pair; /* of the quoted packet, as seen from this host, which sent it */
	uint32_t seq;            /* TCP */
	uint32_t total_len;      /* of the packet, as it says */
	size_t off_data;         /* of UDP's payload, or TCP's header, in what is quoted */
};
/* What is said about a packet of this host, and by whom. */
struct icmp_report {
	int error; /* a BERTH_E number */
	bool hard; /* it will not pass by itself */
	struct berth_extended_error detail;
	struct ip offender; /* none: this host itself */
};
/* The report that a message is: everything but what the error means. */
void icmp_report_of(const struct ip_packet *packet, const struct icmp_message *message, struct icmp_report *report);
/* Reads the packet that an error quotes, of either family, from its IP header on. `scope`: what
 * link-local addresses in it belong to. false: cut off too early, or not this host's. */
bool icmp_quote_read(const struct berth_host *host, unsigned scope, const uint8_t *p, size_t n, struct icmp_quote *out);
/* A packet of this host, quoted from its IP header on, did not get there. */
void icmp_deliver(struct berth_host *host, unsigned scope, const uint8_t *quote, size_t n,
		  const struct icmp_report *report);
/* A router says that a quoted packet was too big; `mtu` is what is not (0: it does not say). */
void icmp_too_big(struct berth_host *host, unsigned scope, const uint8_t *quote, size_t n, uint32_t mtu,
		  struct icmp_report *report);

/* ---- icmp_out.c ---- */

struct icmp_message;

/* What may be wrong with a packet that has arrived. */
enum icmp_fault {
	ICMP_PORT_UNREACHABLE,
	ICMP_PROTOCOL_UNREACHABLE, /* IPv6: unrecognised next header, RFC 4443 section 3.4 */
	ICMP_REASSEMBLY_TIME,
};
/* Sends an error about a packet, if one may be sent (RFC 1122 section 3.2.2, 4443 section 2.4 (e)) and the limit
 * allows. */
void icmp_error(struct berth_host *host, const struct ip_packet *about, enum icmp_fault fault);
/* The same for a parameter problem of IPv6, as ip6_parse has it. */
void icmp6_problem(struct berth_host *host, const struct ip_packet *about, const struct ip6_problem *problem);
void icmp_echo_reply(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *request);
void icmp_limit_init(struct berth_host *host);

#endif
