/* IPv4 in: which packets the host takes, and to whom they go (RFC 791, 1122 section 3.2.1).
 *
 * Each packet meets one verdict, and every verdict is a counter. The order is: is the header sound, is the source one
 * that can be, is it for this host, is it whole; only then is the transport looked at. */
#include <string.h>

#include "icmp.h"
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
		host->counters.ip.bad_header++;
		break;
	case IP4_BAD_LENGTH:
		host->counters.ip.bad_length++;
		break;
	case IP4_BAD_CHECKSUM:
		host->counters.ip.bad_checksum++;
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

/* RFC 1122 section 3.2.1.3: a source is one host, and on a wire it is another one than this. */
static bool source_is_good(const struct berth_host *host, const struct ip_packet *packet)
{
	if (packet->interface == HOST_LOOPBACK)
		return host_is_own(host, packet->source);
	return ip_is_unicast(packet->source) && !host_address_find(host, packet->source) &&
	       !host_is_broadcast(host, packet->interface, packet->source);
}

/* The packet is to this host, alone or among others (then packet->broadcast is set). */
static bool destination_is_good(struct berth_host *host, struct ip_packet *packet)
{
	uint32_t ip = packet->destination;

	if (packet->interface == HOST_LOOPBACK ? host_is_own(host, ip)
					       : host_address_find(host, ip) && !ip_is_loopback(ip)) {
		/* RFC 1122 section 3.3.6: to one host in a frame to all: somebody uses the wire as an amplifier. */
		if (packet->broadcast)
			host->counters.ip.link_broadcast++;
		return !packet->broadcast;
	}
	if (host_is_broadcast(host, packet->interface, ip)) {
		packet->broadcast = true;
		return true;
	}
	if (ip_is_multicast(ip))
		host->counters.ip.not_joined++;
	else if (ip_is_loopback(ip) || ip >> 24 == 0 || ip >> 28 == 15)
		host->counters.ip.martian_destination++;
	else
		host->counters.ip.not_for_us++;
	return false;
}

void ip_pair(const struct ip_packet *packet, struct socket_pair *pair)
{
	*pair = (struct socket_pair){.family = BERTH_IP4, .protocol = packet->header.protocol};
	memcpy(pair->local, packet->header.destination, 4);
	memcpy(pair->foreign, packet->header.source, 4);
}

static void deliver(struct berth_host *host, const struct ip_packet *packet)
{
	switch (packet->header.protocol) {
	case IP_PROTOCOL_TCP:
		/* RFC 9293 section 3.9.2.3, MUST-57: a segment to all is nobody's. */
		if (packet->broadcast) {
			host->counters.ip.broadcast_refused++;
			return;
		}
		host->counters.ip.delivered++;
		host_tcp_in(host, packet);
		return;
	case IP_PROTOCOL_UDP:
		host->counters.ip.delivered++;
		host_udp_in(host, packet);
		return;
	case IP_PROTOCOL_ICMP4:
		host->counters.ip.delivered++;
		icmp_in(host, packet);
		return;
	case IP_PROTOCOL_IP4:
	case IP_PROTOCOL_IP6:
		/* A tunnel that nobody has set up would carry packets past every check above. */
		host->counters.ip.tunnelled++;
		return;
	default:
		host->counters.ip.unknown_protocol++;
		icmp_error(host, packet, ICMP4_UNREACHABLE, ICMP4_PROTOCOL_UNREACHABLE);
	}
}

/* Source and destination are both good, known at a glance: the other way of the path that the host used last. */
static bool is_answer(const struct berth_host *host, const struct ip_packet *packet)
{
	const struct host_path *path = &host->last;

	return packet->source == path->destination && packet->destination == path->source &&
	       packet->interface == path->interface && path->reach == REACH_UNICAST && path->destination &&
	       !packet->broadcast;
}

/* Points the packet at the bytes of `frame` from off on. false: the header is not sound. */
static bool open_packet(struct berth_host *host, struct berth_frame *frame, uint32_t off, struct ip_packet *packet)
{
	packet->frame = frame;
	packet->bytes = frame->data + off;
	if (!header_is_sound(host, ip4_parse(packet->bytes, frame->len - off, &packet->header)))
		return false;
	packet->source = get_be32(packet->header.source);
	packet->destination = get_be32(packet->header.destination);
	packet->off_payload = off + packet->header.len_header;
	packet->len_payload = (uint32_t)packet->header.total_len - packet->header.len_header;
	return true;
}

static void deliver_fragment(struct berth_host *host, const struct ip_packet *fragment)
{
	struct ip_packet packet = {.interface = fragment->interface, .broadcast = fragment->broadcast};
	struct berth_frame *whole;

	host->counters.ip.fragments_in++;
	whole = reassemble(host, fragment);
	if (!whole)
		return;
	host->counters.ip.reassembled++;
	if (open_packet(host, whole, 0, &packet))
		deliver(host, &packet);
	berth_frame_unref(whole);
}

void ip_in(struct berth_host *host, unsigned interface, struct berth_frame *frame, uint32_t off, bool to_all)
{
	struct ip_packet packet = {.interface = (uint8_t)interface, .broadcast = to_all};

	host->counters.ip.packets_in++;
	if (!open_packet(host, frame, off, &packet))
		return;
	/* RFC 7126 section 4.3 and 4.4. */
	if (packet.header.source_routed) {
		host->counters.ip.source_routed++;
		return;
	}
	if (!is_answer(host, &packet)) {
		if (!source_is_good(host, &packet)) {
			host->counters.ip.martian_source++;
			return;
		}
		if (!destination_is_good(host, &packet))
			return;
	}
	if (packet.header.more_fragments || packet.header.off_fragment)
		deliver_fragment(host, &packet);
	else
		deliver(host, &packet);
}
