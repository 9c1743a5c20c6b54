/* One line of text for a frame: TCP and UDP.
 *
 * Scope: what stands in the headers, the ports and sequence numbers as they are on the wire. Checksums are verified and
 * a wrong one is said; a frame that leaves its transport checksum to the link shows as wrong until the link has filled
 * it in. */
#include <stdbool.h>
#include <string.h>

#include "checksum.h"
#include "dhcp_message.h"
#include "igmp.h"
#include "ip4.h"
#include "print_line.h"
#include "tcp_header.h"
#include "udp_header.h"

static bool transport_checksum_ok(const struct print_packet *p)
{
	size_t n_address = p->source.family == BERTH_IP4 ? 4 : 16;
	uint64_t sum = checksum_pseudo(p->source.bytes, p->destination.bytes, n_address, p->protocol, (uint32_t)p->len);

	return checksum_ok(checksum_add(sum, p->payload, p->len));
}

static void print_tcp_flags(struct print_line *line, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";
	char text[9];
	size_t n = 0;

	for (unsigned bit = 0; bit < 8; bit++)
		if (flags & 1u << bit)
			text[n++] = letters[bit];
	text[n] = '\0';
	print_add(line, "%s", n ? text : "no flags");
}

static void print_tcp_options(struct print_line *line, const struct tcp_header *h)
{
	const char *before = " <";

	if (h->has_mss) {
		print_add(line, "%smss %u", before, h->mss);
		before = ",";
	}
	if (h->has_sack_permitted) {
		print_add(line, "%ssackOK", before);
		before = ",";
	}
	if (h->has_timestamp) {
		print_add(line, "%sts %u %u", before, (unsigned)h->ts_val, (unsigned)h->ts_ecr);
		before = ",";
	}
	if (h->has_wscale) {
		print_add(line, "%swscale %u", before, h->wscale);
		before = ",";
	}
	for (size_t i = 0; i < h->n_sacks; i++) {
		print_add(line, "%ssack %u:%u", before, (unsigned)h->sacks[i].left, (unsigned)h->sacks[i].right);
		before = ",";
	}
	if (*before == ',')
		print_add(line, ">");
}

static void print_tcp(struct print_line *line, const struct print_packet *p)
{
	struct tcp_header h;
	size_t len = tcp_header_parse(p->payload, p->len, &h);

	if (!len) {
		print_addresses(line, p);
		print_add(line, "TCP, %zu bytes: %s", p->len,
			  p->len < TCP_HEADER ? "header cut short" : "header length does not fit");
		return;
	}
	print_sockets(line, p, h.source_port, h.destination_port);
	print_add(line, "TCP ");
	print_tcp_flags(line, h.flags);
	print_add(line, " seq %u", (unsigned)h.seq);
	if (h.flags & TCP_ACK)
		print_add(line, " ack %u", (unsigned)h.ack);
	print_add(line, " win %u", h.window);
	if (h.flags & TCP_URG)
		print_add(line, " urg %u", h.urgent);
	print_tcp_options(line, &h);
	if (p->len > len)
		print_add(line, " len %zu", p->len - len);
	if (!transport_checksum_ok(p))
		print_add(line, ", bad checksum");
}

static void print_udp(struct print_line *line, const struct print_packet *p)
{
	struct print_packet datagram = *p;
	struct udp_header h;

	if (!udp_header_parse(p->payload, p->len, &h)) {
		print_addresses(line, p);
		print_add(line, "UDP, %zu bytes: %s", p->len,
			  p->len < UDP_HEADER ? "header cut short" : "length does not fit");
		return;
	}
	print_sockets(line, p, h.source_port, h.destination_port);
	print_add(line, "UDP len %u", h.len - UDP_HEADER);
	if (h.source_port == DHCP_SERVER_PORT || h.source_port == DHCP_CLIENT_PORT)
		print_dhcp(line, p->payload + UDP_HEADER, h.len - (size_t)UDP_HEADER);
	/* What lies behind the datagram's own length is not summed (RFC 768), and over IPv6 all are (RFC 8200 section
	 * 8.1). */
	datagram.len = h.len;
	if ((h.checksum || p->source.family == BERTH_IP6) && !transport_checksum_ok(&datagram))
		print_add(line, ", bad checksum");
}

void print_upper(struct print_line *line, const struct print_packet *p)
{
	switch (p->protocol) {
	case IP_PROTOCOL_TCP:
		print_tcp(line, p);
		break;
	case IP_PROTOCOL_UDP:
		print_udp(line, p);
		break;
	case IP_PROTOCOL_ICMP4:
		print_icmp4(line, p);
		break;
	case IP_PROTOCOL_ICMP6:
		print_icmp6(line, p);
		break;
	case IP_PROTOCOL_IGMP:
		print_igmp(line, p);
		break;
	default:
		print_addresses(line, p);
		print_protocol(line, p->protocol);
		print_add(line, " len %zu", p->len);
		break;
	}
}
