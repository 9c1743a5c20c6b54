/* IP in, of both families: which packets the host takes, and to whom they go (RFC 1122 section 3.2.1, 8200).
 *
 * Each packet meets one verdict, and every verdict is a counter. The order is: is the header sound (ip4_in, ip6_in), is
 * the source one that can be, is it for this host, is it whole; only then is the transport looked at. */
#include "dhcp.h"
#include "group.h"
#include "igmp.h"

/* RFC 1122 section 3.2.1.3: a source is one host, and on a wire it is another one than this. IPv6 has the unspecified
 * address for who has none yet; it may only speak to the link (RFC 4291 section 2.5.2). 0.0.0.0 asks for groups where
 * a switch does so in a router's stead (RFC 4541 section 2.1.1). */
static bool source_is_good(struct berth_host *host, const struct ip_packet *packet)
{
	if (packet->interface == HOST_LOOPBACK)
		return host_is_own(host, &packet->source);
	if (ip_is_any(&packet->source))
		return packet->protocol == (packet->family == BERTH_IP4 ? IP_PROTOCOL_IGMP : IP_PROTOCOL_ICMP6);
	return ip_is_unicast(&packet->source) && !host_is_own(host, &packet->source) &&
	       !host_is_broadcast(host, packet->interface, &packet->source);
}

/* A unicast address of this host, but none of 127.0.0.0/8 and ::1 that comes by wire. */
static bool is_to_us(struct berth_host *host, const struct ip_packet *packet)
{
	if (packet->interface == HOST_LOOPBACK)
		return host_is_own(host, &packet->destination);
	return !ip_is_loopback(&packet->destination) && host_is_own(host, &packet->destination);
}

/* The packet is to this host, alone or among others (then packet->to_many is set). */
static bool destination_is_good(struct berth_host *host, struct ip_packet *packet, struct ip_counters *counters)
{
	const struct ip *ip = &packet->destination;

	if (is_to_us(host, packet)) {
		/* RFC 1122 section 3.3.6: to one host in a frame to all: somebody uses the wire as an amplifier. */
		if (packet->to_many)
			counters->link_broadcast++;
		return !packet->to_many;
	}
	if (dhcp_listens(host, packet))
		return true;
	if (host_is_broadcast(host, packet->interface, ip) ||
	    (ip_is_multicast(ip) && !ip_is_interface_local(ip) && group_joined(host, packet->interface, ip))) {
		packet->to_many = true;
		return true;
	}
	if (ip_is_multicast(ip) && !ip_is_interface_local(ip))
		counters->not_joined++;
	else if (!ip_is_unicast(ip))
		counters->martian_destination++;
	else
		counters->not_for_us++;
	return false;
}

bool ip_ends_are_good(struct berth_host *host, struct ip_packet *packet)
{
	struct ip_counters *counters = host_counters_of(host, packet->family);

	if (!source_is_good(host, packet)) {
		counters->martian_source++;
		return false;
	}
	return destination_is_good(host, packet, counters);
}

static void deliver_icmp(struct berth_host *host, const struct ip_packet *packet, struct ip_counters *counters)
{
	if ((packet->protocol == IP_PROTOCOL_ICMP4) != (packet->family == BERTH_IP4)) {
		counters->unknown_protocol++;
		return;
	}
	counters->delivered++;
	if (packet->family == BERTH_IP4)
		icmp4_in(host, packet);
	else
		icmp6_in(host, packet);
}

void ip_deliver(struct berth_host *host, const struct ip_packet *packet)
{
	struct ip_counters *counters = host_counters_of(host, packet->family);

	switch (packet->protocol) {
	case IP_PROTOCOL_TCP:
		/* RFC 9293 section 3.9.2.3, MUST-57: a segment to many is nobody's. */
		if (packet->to_many) {
			counters->broadcast_refused++;
			return;
		}
		counters->delivered++;
		host_tcp_in(host, packet);
		return;
	case IP_PROTOCOL_UDP:
		counters->delivered++;
		host_udp_in(host, packet);
		return;
	case IP_PROTOCOL_ICMP4:
	case IP_PROTOCOL_ICMP6:
		deliver_icmp(host, packet, counters);
		return;
	case IP_PROTOCOL_IGMP:
		if (packet->family != BERTH_IP4)
			break;
		counters->delivered++;
		igmp_in(host, packet);
		return;
	case IP_PROTOCOL_IP4:
	case IP_PROTOCOL_IP6:
		/* A tunnel that nobody has set up would carry packets past every check above. */
		counters->tunnelled++;
		return;
	case IP6_NEXT_NONE:
		if (packet->family == BERTH_IP6)
			return; /* RFC 8200 section 4.7 */
		break;
	default:
		break;
	}
	counters->unknown_protocol++;
	icmp_error(host, packet, ICMP_PROTOCOL_UNREACHABLE);
}

void ip_deliver_fragment(struct berth_host *host, const struct ip_packet *piece, const struct ip_fragment *fragment)
{
	struct ip_counters *counters = host_counters_of(host, piece->family);
	struct ip_packet whole = {.interface = piece->interface, .scope = piece->scope};
	struct ip_fragment of_whole;

	counters->fragments_in++;
	whole.frame = reassemble(host, piece, fragment);
	if (!whole.frame)
		return;
	counters->reassembled++;
	if ((piece->family == BERTH_IP4 ? ip4_open : ip6_open)(host, &whole, &of_whole) && !of_whole.is_fragment) {
		whole.was_fragment = true;
		whole.to_many = piece->to_many;
		whole.path = NULL;
		ip_deliver(host, &whole);
	}
	berth_frame_unref(whole.frame);
}

void ip_in(struct berth_host *host, struct ip_packet *packet)
{
	const struct berth_frame *frame = packet->frame;

	if (frame->len <= packet->off || frame->data[packet->off] >> 4 != 6)
		ip4_in(host, packet);
	else if (host->interfaces[packet->interface].ip6)
		ip6_in(host, packet);
	else
		host->counters.eth.unknown_type++;
}
