/* UDP in: from an IP packet to a socket. */
#include "checksum.h"
#include "dhcp_message.h"
#include "dhcp.h"
#include "in.h"
#include "udp_header.h"

/* RFC 768: a checksum of 0 is none; IPv6 does not allow that (RFC 8200 section 8.1). */
static bool checksum_is_good(const struct ip_packet *packet, const uint8_t *p, const struct udp_header *udp)
{
	if (packet->frame->checksum == BERTH_CHECKSUM_VALID)
		return true;
	if (udp->checksum == 0)
		return packet->family == BERTH_IP4;
	return checksum_finish(checksum_add(ip_pseudo(packet, udp->len), p, udp->len)) == 0;
}

void host_udp_in(struct berth_host *host, const struct ip_packet *packet)
{
	const uint8_t *p = packet->frame->data + packet->off_payload;
	struct udp_arrival arrival = {.frame = packet->frame,
				      .interface = packet->interface,
				      .tos = packet->tos,
				      .ttl = packet->ttl,
				      .to_many = packet->to_many};
	struct udp_header udp;

	if (!udp_header_parse(p, packet->len_payload, &udp)) {
		host->udp.counters.bad_length++;
		return;
	}
	if (!checksum_is_good(packet, p, &udp)) {
		host->udp.counters.bad_checksum++;
		return;
	}
	if (udp.destination_port == 0) {
		host->udp.counters.bad_port++;
		return;
	}
	arrival.off = packet->off_payload + UDP_HEADER;
	arrival.len = (uint32_t)udp.len - UDP_HEADER;
	if (udp.destination_port == DHCP_CLIENT_PORT && packet->family == BERTH_IP4 &&
	    dhcp_in(host, packet, udp.source_port, arrival.off, arrival.len))
		return;
	ip_pair(packet, &arrival.pair);
	arrival.pair.local_port = udp.destination_port;
	arrival.pair.foreign_port = udp.source_port;
	if (!udp_datagram_in(&host->udp, &arrival))
		icmp_error(host, packet, ICMP_PORT_UNREACHABLE);
}
