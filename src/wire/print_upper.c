/* One line of text for a frame: TCP, UDP, ICMP and ICMPv6.
 *
 * Scope: what stands in the headers, the ports and sequence numbers as they are on the wire. Checksums are verified and
 * a wrong one is said; a frame that leaves its transport checksum to the link shows as wrong until the link has filled
 * it in. */
#include <stdbool.h>
#include <string.h>

#include "checksum.h"
#include "icmp.h"
#include "igmp.h"
#include "ip4.h"
#include "print_line.h"
#include "tcp_header.h"
#include "udp_header.h"

struct name {
	uint8_t type;
	const char *text;
};

static const struct name icmp4_names[] = {
	{ICMP4_ECHO_REPLY, "echo reply"},
	{ICMP4_UNREACHABLE, "unreachable"},
	{5, "redirect"},
	{ICMP4_ECHO_REQUEST, "echo request"},
	{ICMP4_TIME_EXCEEDED, "time exceeded"},
	{ICMP4_PARAMETER, "parameter problem"},
	{13, "timestamp request"},
	{14, "timestamp reply"},
};

static const struct name unreachable_names[] = {
	{ICMP4_NET_UNREACHABLE, "net unreachable"},
	{ICMP4_HOST_UNREACHABLE, "host unreachable"},
	{ICMP4_PROTOCOL_UNREACHABLE, "protocol unreachable"},
	{ICMP4_PORT_UNREACHABLE, "port unreachable"},
	{ICMP4_TOO_BIG, "too big"},
};

static const struct name icmp6_names[] = {
	{ICMP6_UNREACHABLE, "unreachable"},
	{ICMP6_TOO_BIG, "too big"},
	{ICMP6_TIME_EXCEEDED, "time exceeded"},
	{ICMP6_PARAMETER, "parameter problem"},
	{ICMP6_ECHO_REQUEST, "echo request"},
	{ICMP6_ECHO_REPLY, "echo reply"},
	{ICMP6_ROUTER_SOLICIT, "router solicit"},
	{ICMP6_ROUTER_ADVERT, "router advert"},
	{ICMP6_NEIGHBOUR_SOLICIT, "neighbour solicit"},
	{ICMP6_NEIGHBOUR_ADVERT, "neighbour advert"},
	{ICMP6_REDIRECT, "redirect"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The type's name, or NULL. */
static const char *name_of(const struct name *names, size_t n, uint8_t type)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].type == type)
			return names[i].text;
	return NULL;
}

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
	/* What lies behind the datagram's own length is not summed (RFC 768). */
	datagram.len = h.len;
	if (h.checksum && !transport_checksum_ok(&datagram))
		print_add(line, ", bad checksum");
}

/* The packet that an ICMP error is about: addresses and, where eight of its bytes are there, ports. */
static void print_quoted(struct print_line *line, const struct icmp_message *m)
{
	struct print_packet quoted;
	struct ip4_header h;

	if (!ip4_parse_quoted(m->body, m->len_body, &h)) {
		print_add(line, " for what cannot be read");
		return;
	}
	quoted = (struct print_packet){
		.source = berth_ip4(h.source[0], h.source[1], h.source[2], h.source[3]),
		.destination = berth_ip4(h.destination[0], h.destination[1], h.destination[2], h.destination[3])};
	print_add(line, " for ");
	if ((h.protocol == IP_PROTOCOL_TCP || h.protocol == IP_PROTOCOL_UDP) && !h.off_fragment &&
	    m->len_body - h.len_header >= 4) {
		const uint8_t *ports = m->body + h.len_header;

		print_sockets(line, &quoted, (uint16_t)(ports[0] << 8 | ports[1]),
			      (uint16_t)(ports[2] << 8 | ports[3]));
	} else {
		print_addresses(line, &quoted);
	}
	print_protocol(line, h.protocol);
}

static bool is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

static void print_icmp4(struct print_line *line, const struct print_packet *p)
{
	struct icmp_message m;
	const char *name, *reason = NULL;

	print_addresses(line, p);
	if (!icmp4_parse(p->payload, p->len, &m)) {
		print_add(line, "ICMP, %zu bytes: %s", p->len,
			  p->len < ICMP_HEADER ? "header cut short" : "bad checksum");
		return;
	}
	name = name_of(icmp4_names, COUNT(icmp4_names), m.type);
	if (m.type == ICMP4_UNREACHABLE)
		reason = name_of(unreachable_names, COUNT(unreachable_names), m.code);
	if (reason)
		print_add(line, "ICMP %s", reason);
	else if (name)
		print_add(line, "ICMP %s", name);
	else
		print_add(line, "ICMP type %u", m.type);
	if (m.type == ICMP4_ECHO_REQUEST || m.type == ICMP4_ECHO_REPLY) {
		print_add(line, " id %u seq %u len %zu", (unsigned)(m.rest >> 16), (unsigned)(m.rest & 0xffff),
			  m.len_body);
		return;
	}
	if (!reason)
		print_add(line, " code %u", m.code);
	if (m.type == ICMP4_UNREACHABLE && m.code == ICMP4_TOO_BIG)
		print_add(line, " mtu %u", (unsigned)(m.rest & 0xffff));
	if (is_error(m.type))
		print_quoted(line, &m);
}

static void print_icmp6(struct print_line *line, const struct print_packet *p)
{
	struct icmp_message m;
	const char *name;

	print_addresses(line, p);
	if (p->source.family != BERTH_IP6) {
		print_add(line, "ICMPv6 in IPv4 len %zu", p->len);
		return;
	}
	if (!icmp6_parse(p->payload, p->len, p->source.bytes, p->destination.bytes, &m)) {
		print_add(line, "ICMPv6, %zu bytes: %s", p->len,
			  p->len < ICMP_HEADER ? "header cut short" : "bad checksum");
		return;
	}
	if (print_mld(line, &m))
		return;
	name = name_of(icmp6_names, COUNT(icmp6_names), m.type);
	if (name)
		print_add(line, "ICMPv6 %s", name);
	else
		print_add(line, "ICMPv6 type %u", m.type);
	if (m.type >= ICMP6_ROUTER_SOLICIT && m.type <= ICMP6_REDIRECT)
		print_nd(line, &m);
	else if (m.type == ICMP6_ECHO_REQUEST || m.type == ICMP6_ECHO_REPLY)
		print_add(line, " id %u seq %u len %zu", (unsigned)(m.rest >> 16), (unsigned)(m.rest & 0xffff),
			  m.len_body);
	else if (m.type == ICMP6_TOO_BIG)
		print_add(line, " mtu %u", (unsigned)m.rest);
	else
		print_add(line, " code %u", m.code);
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
