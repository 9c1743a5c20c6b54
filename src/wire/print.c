/* One line of text for a frame: the layers below TCP, UDP and ICMP, which print_upper.c has.
 *
 * Scope: traces, failing tests and fuzzers, so it reads anything and trusts nothing. Method: the parsers of this
 * directory, their verdicts put in words; what they take is written field by field into a line that cuts itself off at
 * its end. */
#include "print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arp.h"
#include "eth.h"
#include "ip4.h"
#include "ip6.h"
#include "print_line.h"

void print_add(struct print_line *line, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line->at, line->room, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	if ((size_t)n >= line->room)
		n = (int)line->room - 1;
	line->at += n;
	line->room -= (size_t)n;
}

void print_addresses(struct print_line *line, const struct print_packet *p)
{
	char source[BERTH_ADDRESS_TEXT], destination[BERTH_ADDRESS_TEXT];

	berth_address_format(&p->source, source, sizeof(source));
	berth_address_format(&p->destination, destination, sizeof(destination));
	print_add(line, "%s > %s ", source, destination);
}

void print_sockets(struct print_line *line, const struct print_packet *p, uint16_t source_port,
		   uint16_t destination_port)
{
	struct berth_socket_address from = {.address = p->source, .port = source_port};
	struct berth_socket_address to = {.address = p->destination, .port = destination_port};
	char source[BERTH_ADDRESS_TEXT], destination[BERTH_ADDRESS_TEXT];

	berth_socket_address_format(&from, source, sizeof(source));
	berth_socket_address_format(&to, destination, sizeof(destination));
	print_add(line, "%s > %s ", source, destination);
}

void print_protocol(struct print_line *line, uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_ICMP4:
		print_add(line, "ICMP");
		break;
	case IP_PROTOCOL_TCP:
		print_add(line, "TCP");
		break;
	case IP_PROTOCOL_UDP:
		print_add(line, "UDP");
		break;
	case IP_PROTOCOL_ICMP6:
		print_add(line, "ICMPv6");
		break;
	default:
		print_add(line, "protocol %u", protocol);
		break;
	}
}

static const char *ip4_verdict_text(enum ip4_verdict verdict)
{
	switch (verdict) {
	case IP4_OK:
		break;
	case IP4_SHORT:
		return "header cut short";
	case IP4_BAD_VERSION:
		return "version is not 4";
	case IP4_BAD_HEADER:
		return "header length under 20";
	case IP4_BAD_LENGTH:
		return "total length does not fit";
	case IP4_BAD_CHECKSUM:
		return "bad header checksum";
	case IP4_BAD_OPTION:
		return "option with a bad length";
	case IP4_BAD_FRAGMENT:
		return "fragment that cannot be";
	}
	return "sound";
}

static const char *ip6_verdict_text(enum ip6_verdict verdict)
{
	switch (verdict) {
	case IP6_OK:
		break;
	case IP6_SHORT:
		return "header cut short";
	case IP6_BAD_VERSION:
		return "version is not 6";
	case IP6_BAD_LENGTH:
		return "payload or extension header does not fit";
	case IP6_TOO_MANY:
		return "too many extension headers or options";
	case IP6_BAD_ORDER:
		return "hop-by-hop header that is not first";
	case IP6_BAD_FRAGMENT:
		return "fragment that cannot be";
	case IP6_BAD_OPTION:
		return "option that forbids going on, with a bad length, or too much padding";
	case IP6_HEADERS_CUT:
		return "first fragment without all headers";
	case IP6_BAD_ROUTING:
		return "routing header of type 0 or with segments left";
	}
	return "sound";
}

static void print_fragment(struct print_line *line, const struct print_packet *p, uint32_t id, unsigned off, bool more)
{
	print_addresses(line, p);
	print_protocol(line, p->protocol);
	print_add(line, " fragment id %u at %u len %zu%s", (unsigned)id, off, p->len, more ? ", more follow" : "");
}

static void print_ip4(struct print_line *line, const uint8_t *bytes, size_t n)
{
	struct ip4_header h;
	enum ip4_verdict verdict = ip4_parse(bytes, n, &h);
	struct print_packet p;

	if (verdict != IP4_OK) {
		print_add(line, "IPv4, %zu bytes: %s", n, ip4_verdict_text(verdict));
		return;
	}
	p = (struct print_packet){
		.protocol = h.protocol,
		.payload = bytes + h.len_header,
		.len = (size_t)h.total_len - h.len_header,
		.source = berth_ip4(h.source[0], h.source[1], h.source[2], h.source[3]),
		.destination = berth_ip4(h.destination[0], h.destination[1], h.destination[2], h.destination[3])};
	if (h.off_fragment || h.more_fragments)
		print_fragment(line, &p, h.id, h.off_fragment, h.more_fragments);
	else
		print_upper(line, &p);
	if (h.source_routed)
		print_add(line, ", source routed");
}

static struct berth_address address6(const uint8_t *bytes)
{
	struct berth_address a = {.family = BERTH_IP6};

	memcpy(a.bytes, bytes, 16);
	return a;
}

static void print_ip6(struct print_line *line, const uint8_t *bytes, size_t n)
{
	struct ip6_header h;
	struct ip6_payload payload;
	enum ip6_verdict verdict = ip6_parse(bytes, n, &h, &payload, NULL);
	struct print_packet p;

	if (verdict != IP6_OK) {
		print_add(line, "IPv6, %zu bytes: %s", n, ip6_verdict_text(verdict));
		return;
	}
	p = (struct print_packet){.protocol = payload.protocol,
				  .payload = bytes + payload.off,
				  .len = payload.len,
				  .source = address6(h.source),
				  .destination = address6(h.destination)};
	if (payload.off_fragment || payload.more_fragments)
		print_fragment(line, &p, payload.id, payload.off_fragment, payload.more_fragments);
	else
		print_upper(line, &p);
	if (payload.router_alert)
		print_add(line, ", router alert");
	if (payload.fragment && !payload.off_fragment && !payload.more_fragments)
		print_add(line, ", in one fragment");
	if (payload.routing)
		print_add(line, ", routing header type %u", payload.routing_type);
}

static void print_mac(struct print_line *line, const uint8_t *mac)
{
	print_add(line, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void print_arp(struct print_line *line, const uint8_t *bytes, size_t n)
{
	struct arp_packet a;

	if (!arp_parse(bytes, n, &a)) {
		print_add(line, "arp, %zu bytes: %s", n,
			  n < ARP_LEN ? "cut short" : "not a request or reply for IPv4 over Ethernet");
		return;
	}
	if (a.operation == ARP_REQUEST) {
		print_add(line, "arp who-has %u.%u.%u.%u tell %u.%u.%u.%u", a.target_ip[0], a.target_ip[1],
			  a.target_ip[2], a.target_ip[3], a.sender_ip[0], a.sender_ip[1], a.sender_ip[2],
			  a.sender_ip[3]);
		return;
	}
	print_add(line, "arp reply %u.%u.%u.%u is-at ", a.sender_ip[0], a.sender_ip[1], a.sender_ip[2], a.sender_ip[3]);
	print_mac(line, a.sender_mac);
}

static void print_ethernet(struct print_line *line, const uint8_t *frame, size_t n)
{
	struct eth_header h;
	size_t at = eth_parse(frame, n, &h);

	if (!at) {
		print_add(line, "Ethernet, %zu bytes: header cut short", n);
		return;
	}
	switch (h.type) {
	case ETH_TYPE_IP4:
		print_ip4(line, frame + at, n - at);
		break;
	case ETH_TYPE_IP6:
		print_ip6(line, frame + at, n - at);
		break;
	case ETH_TYPE_ARP:
		print_arp(line, frame + at, n - at);
		break;
	default:
		print_mac(line, h.source);
		print_add(line, " > ");
		print_mac(line, h.destination);
		print_add(line, " Ethernet type 0x%04x len %zu", h.type, n - at);
		break;
	}
}

char *print_frame(const uint8_t *frame, size_t n, bool ethernet, char *out)
{
	struct print_line line = {.at = out, .room = PRINT_LINE};

	*out = '\0';
	if (ethernet)
		print_ethernet(&line, frame, n);
	else if (n == 0)
		print_add(&line, "empty");
	else if (frame[0] >> 4 == 4)
		print_ip4(&line, frame, n);
	else if (frame[0] >> 4 == 6)
		print_ip6(&line, frame, n);
	else
		print_add(&line, "%zu bytes: IP version %u", n, frame[0] >> 4);
	return out;
}
