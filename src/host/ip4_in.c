/* IPv4 in: is the header sound, and does it say nothing that a host does not do (RFC 791, 1122 section 3.2.1). */
#include "in.h"

static void count(struct berth_host *host, enum ip4_verdict verdict)
{
	switch (verdict) {
	case IP4_OK:
		break;
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
}

/* Member by member: this is done for every packet, and a struct that is made whole and then copied costs twice. */
static inline bool open_packet(struct berth_host *host, struct ip_packet *packet, struct ip_fragment *fragment)
{
	const uint8_t *bytes = packet->frame->data + packet->off;
	struct ip4_header header;
	enum ip4_verdict verdict = ip4_parse(bytes, packet->frame->len - packet->off, &header);

	if (verdict != IP4_OK) {
		count(host, verdict);
		return false;
	}
	/* RFC 7126 sections 4.3 and 4.4. */
	if (header.source_routed) {
		host->counters.ip4_only.source_routed++;
		return false;
	}
	packet->family = BERTH_IP4;
	packet->protocol = header.protocol;
	packet->tos = header.tos;
	packet->ttl = header.ttl;
	packet->bytes = bytes;
	packet->len = header.total_len;
	packet->off_payload = packet->off + header.len_header;
	packet->len_payload = (uint32_t)header.total_len - header.len_header;
	packet->source = ip_of_ip4(get_be32(bytes + IP4_OFF_SOURCE));
	packet->destination = ip_of_ip4(get_be32(bytes + IP4_OFF_DESTINATION));
	fragment->is_fragment = header.more_fragments || header.off_fragment;
	if (fragment->is_fragment) {
		fragment->more = header.more_fragments;
		fragment->id = header.id;
		fragment->off = header.off_fragment;
	}
	return true;
}

bool ip4_open(struct berth_host *host, struct ip_packet *packet, struct ip_fragment *fragment)
{
	return open_packet(host, packet, fragment);
}

void ip4_in(struct berth_host *host, struct ip_packet *packet)
{
	struct ip_fragment fragment;

	host->counters.ip.packets_in++;
	if (!open_packet(host, packet, &fragment) || !(ip_is_answer(host, packet) || ip_ends_are_good(host, packet)))
		return;
	if (fragment.is_fragment)
		ip_deliver_fragment(host, packet, &fragment);
	else
		ip_deliver(host, packet);
}
