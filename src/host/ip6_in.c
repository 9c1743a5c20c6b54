/* IPv6 in: is the header sound, and what lies behind the extension headers (RFC 8200). */
#include "in.h"

static bool header_is_sound(struct berth_host *host, enum ip6_verdict verdict)
{
	switch (verdict) {
	case IP6_OK:
		return true;
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
	return false;
}

/* What the fixed header says. */
static void read_header(const struct ip_arrival *arrival, const struct ip6_header *header, struct ip_packet *packet)
{
	*packet = (struct ip_packet){
		.frame = arrival->frame,
		.bytes = arrival->frame->data + arrival->off,
		.len = (uint32_t)IP6_HEADER + header->payload_len,
		.source = ip_of_bytes(header->source, BERTH_IP6, arrival->scope),
		.destination = ip_of_bytes(header->destination, BERTH_IP6, arrival->scope),
		.protocol = header->next_header,
		.tos = header->traffic_class,
		.ttl = header->hop_limit,
		.interface = arrival->interface,
		.family = BERTH_IP6,
		.to_many = arrival->to_all,
	};
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
static void tell(struct berth_host *host, const struct ip_arrival *arrival, const struct ip6_header *header,
		 const struct ip6_problem *problem)
{
	struct ip_packet packet;

	read_header(arrival, header, &packet);
	if (packet.len > arrival->frame->len - arrival->off)
		packet.len = arrival->frame->len - arrival->off;
	if (ends_are_ip6(host, &packet) && ip_ends_are_good(host, &packet))
		icmp6_problem(host, &packet, problem);
}

bool ip6_open(struct berth_host *host, const struct ip_arrival *arrival, struct ip_packet *out,
	      struct ip_fragment *fragment)
{
	struct ip6_payload payload;
	struct ip6_problem problem;
	struct ip6_header header;

	if (!header_is_sound(host, ip6_parse(arrival->frame->data + arrival->off, arrival->frame->len - arrival->off,
					     &header, &payload, &problem))) {
		if (problem.tell)
			tell(host, arrival, &header, &problem);
		return false;
	}
	read_header(arrival, &header, out);
	out->off_payload = arrival->off + payload.off;
	out->len_payload = payload.len;
	out->off_protocol = payload.off_protocol;
	out->protocol = payload.protocol;
	out->was_fragment = payload.fragment;
	out->router_alert = payload.router_alert;
	fragment->is_fragment = payload.more_fragments || payload.off_fragment;
	fragment->more = payload.more_fragments;
	fragment->id = payload.id;
	fragment->off = payload.off_fragment;
	return ends_are_ip6(host, out);
}

void ip6_in(struct berth_host *host, const struct ip_arrival *arrival)
{
	struct ip_fragment fragment;
	struct ip_packet packet;

	host->counters.ip6.packets_in++;
	if (ip6_open(host, arrival, &packet, &fragment) &&
	    (ip_is_answer(host, &packet) || ip_ends_are_good(host, &packet)))
		ip_deliver(host, &packet, &fragment);
}
