/* IPv4 in: is the header sound, and does it say nothing that a host does not do (RFC 791, 1122 section 3.2.1). */
#include "in.h"

static bool header_is_sound(struct berth_host *host, enum ip4_verdict verdict)
{
	switch (verdict) {
	case IP4_OK:
		return true;
	case IP4_SHORT:
		host->counters.ip.too_short++;
		break;
	case IP4_BAD_VERSION:
		host->counters.ip.bad_version++;
		break;
	case IP4_BAD_HEADER:
		host->counters.ip4_only.bad_header++;
		break;
	case IP4_BAD_LENGTH:
		host->counters.ip.bad_length++;
		break;
	case IP4_BAD_CHECKSUM:
		host->counters.ip4_only.bad_checksum++;
		break;
	case IP4_BAD_OPTION:
		host->counters.ip.bad_option++;
		break;
	case IP4_BAD_FRAGMENT:
		host->counters.ip.bad_fragment++;
		break;
	}
	return false;
}

bool ip4_open(struct berth_host *host, const struct ip_arrival *arrival, struct ip_packet *out,
	      struct ip_fragment *fragment)
{
	const uint8_t *bytes = arrival->frame->data + arrival->off;
	struct ip4_header header;

	if (!header_is_sound(host, ip4_parse(bytes, arrival->frame->len - arrival->off, &header)))
		return false;
	/* RFC 7126 sections 4.3 and 4.4. */
	if (header.source_routed) {
		host->counters.ip4_only.source_routed++;
		return false;
	}
	*out = (struct ip_packet){
		.frame = arrival->frame,
		.bytes = bytes,
		.len = header.total_len,
		.source = ip_of_ip4(get_be32(header.source)),
		.destination = ip_of_ip4(get_be32(header.destination)),
		.off_payload = arrival->off + header.len_header,
		.len_payload = (uint32_t)header.total_len - header.len_header,
		.off_protocol = IP4_OFF_PROTOCOL,
		.protocol = header.protocol,
		.tos = header.tos,
		.ttl = header.ttl,
		.interface = arrival->interface,
		.family = BERTH_IP4,
		.to_many = arrival->to_all,
	};
	fragment->is_fragment = header.more_fragments || header.off_fragment;
	fragment->more = header.more_fragments;
	fragment->id = header.id;
	fragment->off = header.off_fragment;
	return true;
}

void ip4_in(struct berth_host *host, const struct ip_arrival *arrival)
{
	struct ip_fragment fragment;
	struct ip_packet packet;

	host->counters.ip.packets_in++;
	if (ip4_open(host, arrival, &packet, &fragment) &&
	    (ip_is_answer(host, &packet) || ip_ends_are_good(host, &packet)))
		ip_deliver(host, &packet, &fragment);
}
