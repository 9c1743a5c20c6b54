/* IPv6 in: is the header sound, and what lies behind the extension headers (RFC 8200). */
#include "in.h"

static void count(struct berth_host *host, enum ip6_verdict verdict)
{
	switch (verdict) {
	case IP6_OK:
		break;
	case IP6_SHORT:
		host->counters.ip6.too_short++;
		break;
	case IP6_BAD_VERSION:
		host->counters.ip6.bad_version++;
		break;
	case IP6_BAD_LENGTH:
		host->counters.ip6.bad_length++;
		break;
	case IP6_TOO_MANY:
		host->counters.ip6_only.too_many_headers++;
		break;
	case IP6_BAD_ORDER:
		host->counters.ip6_only.bad_order++;
		break;
	case IP6_BAD_FRAGMENT:
		host->counters.ip6.bad_fragment++;
		break;
	case IP6_HEADERS_CUT:
		host->counters.ip6_only.headers_cut++;
		break;
	case IP6_BAD_OPTION:
		host->counters.ip6.bad_option++;
		break;
	case IP6_BAD_ROUTING:
		host->counters.ip6_only.routed++;
		break;
	}
}

/* What the fixed header says. */
static void read_header(struct ip_packet *packet, const struct ip6_header *header)
{
	packet->bytes = packet->frame->data + packet->off;
	packet->len = (uint32_t)IP6_HEADER + header->payload_len;
	packet->source = ip_of_bytes(header->source, BERTH_IP6, packet->scope);
	packet->destination = ip_of_bytes(header->destination, BERTH_IP6, packet->scope);
	packet->family = BERTH_IP6;
	packet->protocol = header->next_header;
	packet->tos = header->traffic_class;
	packet->ttl = header->hop_limit;
}

/* What stands for IPv4 inside a host has no business on a wire (RFC 4291 section 2.5.5.2). */
static bool ends_are_ip6(struct berth_host *host, const struct ip_packet *packet)
{
	if (!ip_is_ip4(&packet->source) && !ip_is_ip4(&packet->destination))
		return true;
	host->counters.ip6.martian_source++;
	return false;
}

/* The sender of a packet to this host hears what is wrong with it. */
static void tell(struct berth_host *host, struct ip_packet *packet, const struct ip6_header *header,
		 const struct ip6_problem *problem)
{
	uint32_t there = packet->frame->len - packet->off;

	read_header(packet, header);
	packet->len_payload = 0;
	if (packet->len > there)
		packet->len = there;
	if (ends_are_ip6(host, packet) && ip_ends_are_good(host, packet))
		icmp6_problem(host, packet, problem);
}

bool ip6_open(struct berth_host *host, struct ip_packet *packet, struct ip_fragment *fragment)
{
	struct ip6_payload payload;
	struct ip6_problem problem;
	struct ip6_header header;
	enum ip6_verdict verdict = ip6_parse(packet->frame->data + packet->off, packet->frame->len - packet->off,
					     &header, &payload, &problem);

	if (verdict != IP6_OK) {
		count(host, verdict);
		if (problem.tell)
			tell(host, packet, &header, &problem);
		return false;
	}
	read_header(packet, &header);
	packet->off_payload = packet->off + payload.off;
	packet->len_payload = payload.len;
	packet->off_protocol = payload.off_protocol;
	packet->protocol = payload.protocol;
	packet->was_fragment = payload.fragment;
	packet->router_alert = payload.router_alert;
	fragment->is_fragment = payload.more_fragments || payload.off_fragment;
	fragment->more = payload.more_fragments;
	fragment->id = payload.id;
	fragment->off = payload.off_fragment;
	return ends_are_ip6(host, packet);
}

void ip6_in(struct berth_host *host, struct ip_packet *packet)
{
	struct ip_fragment fragment;

	host->counters.ip6.packets_in++;
	if (!ip6_open(host, packet, &fragment) || !(ip_is_answer(host, packet) || ip_ends_are_good(host, packet)))
		return;
	if (fragment.is_fragment)
		ip_deliver_fragment(host, packet, &fragment);
	else
		ip_deliver(host, packet);
}
