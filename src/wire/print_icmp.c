/* One line of text for a frame: ICMP and ICMPv6, and the packets that their errors quote. */
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"
#include "print_line.h"

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

static const struct name unreachable6_names[] = {
	{ICMP6_NO_ROUTE, "no route"},
	{ICMP6_PROHIBITED, "prohibited"},
	{2, "scope too small"},
	{3, "address unreachable"},
	{ICMP6_PORT_UNREACHABLE, "port unreachable"},
	{ICMP6_POLICY, "source against policy"},
	{ICMP6_REJECT_ROUTE, "route that rejects"},
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

/* What an error is about, and which of its bytes are its upper layer's: they need not be all. false: that cannot be
 * read. */
static bool read_quoted4(const struct icmp_message *m, struct print_packet *out, bool *has_ports)
{
	struct ip4_header h;

	if (!ip4_parse_quoted(m->body, m->len_body, &h))
		return false;
	*out = (struct print_packet){
		.source = berth_ip4(h.source[0], h.source[1], h.source[2], h.source[3]),
		.destination = berth_ip4(h.destination[0], h.destination[1], h.destination[2], h.destination[3]),
		.protocol = h.protocol,
		.payload = m->body + h.len_header,
		.len = m->len_body - h.len_header};
	*has_ports = !h.off_fragment;
	return true;
}

static bool read_quoted6(const struct icmp_message *m, struct print_packet *out, bool *has_ports)
{
	struct ip6_payload payload;
	struct ip6_header h;

	if (!ip6_parse_quoted(m->body, m->len_body, &h, &payload))
		return false;
	*out = (struct print_packet){.source.family = BERTH_IP6,
				     .destination.family = BERTH_IP6,
				     .protocol = payload.protocol,
				     .payload = m->body + payload.off,
				     .len = payload.len};
	memcpy(out->source.bytes, h.source, 16);
	memcpy(out->destination.bytes, h.destination, 16);
	*has_ports = true;
	return true;
}

/* The packet that an ICMP error is about: addresses and, where four bytes of its upper layer are there, ports. */
static void print_quoted(struct print_line *line, const struct icmp_message *m, bool ip6)
{
	struct print_packet quoted;
	bool has_ports;

	if (ip6 ? !read_quoted6(m, &quoted, &has_ports) : !read_quoted4(m, &quoted, &has_ports)) {
		print_add(line, " for what cannot be read");
		return;
	}
	print_add(line, " for ");
	if ((quoted.protocol == IP_PROTOCOL_TCP || quoted.protocol == IP_PROTOCOL_UDP) && has_ports && quoted.len >= 4)
		print_sockets(line, &quoted, get_be16(quoted.payload), get_be16(quoted.payload + 2));
	else
		print_addresses(line, &quoted);
	print_protocol(line, quoted.protocol);
}

static bool is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

void print_icmp4(struct print_line *line, const struct print_packet *p)
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
		print_quoted(line, &m, false);
}

/* What an error says, behind its name, and what it is about. */
static void print_error6(struct print_line *line, const struct icmp_message *m, bool has_reason)
{
	if (m->type == ICMP6_TOO_BIG)
		print_add(line, " mtu %u", (unsigned)m->rest);
	else if (!has_reason)
		print_add(line, " code %u", m->code);
	if (m->type == ICMP6_PARAMETER)
		print_add(line, " at %u", (unsigned)m->rest);
	if (m->type <= ICMP6_PARAMETER && m->type != 0)
		print_quoted(line, m, true);
}

static void print_message6(struct print_line *line, const struct icmp_message *m)
{
	const char *name = name_of(icmp6_names, COUNT(icmp6_names), m->type), *reason = NULL;

	if (m->type == ICMP6_UNREACHABLE)
		reason = name_of(unreachable6_names, COUNT(unreachable6_names), m->code);
	if (reason || name)
		print_add(line, "ICMPv6 %s", reason ? reason : name);
	else
		print_add(line, "ICMPv6 type %u", m->type);
	if (m->type >= ICMP6_ROUTER_SOLICIT && m->type <= ICMP6_REDIRECT)
		print_nd(line, m);
	else if (m->type == ICMP6_ECHO_REQUEST || m->type == ICMP6_ECHO_REPLY)
		print_add(line, " id %u seq %u len %zu", (unsigned)(m->rest >> 16), (unsigned)(m->rest & 0xffff),
			  m->len_body);
	else
		print_error6(line, m, reason != NULL);
}

void print_icmp6(struct print_line *line, const struct print_packet *p)
{
	struct icmp_message m;

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
	if (!print_mld(line, &m))
		print_message6(line, &m);
}
