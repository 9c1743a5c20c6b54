/* TCP in: from an IP packet to tcp, and the answers that no connection gives. */
#include <string.h>

#include "checksum.h"
#include "in.h"
#include "neighbour.h"
#include "out.h"

static bool checksum_is_good(const struct ip_packet *packet, const uint8_t *p)
{
	if (packet->frame->checksum == BERTH_CHECKSUM_VALID)
		return true;
	return checksum_finish(checksum_add(ip_pseudo(packet, packet->len_payload), p, packet->len_payload)) == 0;
}

void host_tcp_in(struct berth_host *host, const struct ip_packet *packet)
{
	const uint8_t *p = packet->frame->data + packet->off_payload;
	struct host_path *path;
	struct tcp_segment segment;
	size_t len_header;

	if (!checksum_is_good(packet, p)) {
		host_counters_of(host, packet->family)->bad_tcp_checksum++;
		return;
	}
	len_header = tcp_header_parse(p, packet->len_payload, &segment.header);
	if (len_header == 0) {
		host_counters_of(host, packet->family)->bad_tcp_header++;
		return;
	}
	ip_pair(packet, &segment.pair);
	segment.pair.local_port = segment.header.destination_port;
	segment.pair.foreign_port = segment.header.source_port;
	segment.frame = packet->frame;
	segment.off = packet->off_payload + (uint32_t)len_header;
	segment.len = packet->len_payload - (uint32_t)len_header;
	segment.ecn = packet->tos & 3;
	path = packet->path ? packet->path : host_path(host, &packet->source);
	segment.mtu = path ? path->mtu : host->interfaces[packet->interface].mtu;
	tcp_segment_in(&host->tcp, &segment);
	if (host->tcp.progress) {
		host->tcp.progress = false;
		/* RFC 4861 section 7.3.1: what the peer says could not be without what was sent to it. */
		if (path && path->neighbour)
			neighbour_confirm(host, path->neighbour);
	}
	host_tcp_reply(host);
}

void host_tcp_send_reply(struct berth_host *host)
{
	struct tcp_reply *reply = &host->tcp.reply;
	uint8_t buffer[TCP_HEADER_MAX];
	struct ip_send what = {.protocol = IP_PROTOCOL_TCP, .tos = reply->tos, .ttl = reply->ttl, .payload = buffer};
	struct ip foreign;
	struct host_path *path;
	uint64_t sum;

	reply->wanted = false;
	foreign = ip_of_bytes(reply->pair.foreign, reply->pair.family, reply->pair.scope);
	path = host_path(host, &foreign);
	if (!path) {
		host_counters_of(host, reply->pair.family)->no_route++;
		return;
	}
	if (reply->pair.family == BERTH_IP6)
		what.flow_label = ip_flow_label(host, &reply->pair);
	what.source = ip_of_bytes(reply->pair.local, reply->pair.family, reply->pair.scope);
	what.len = (uint32_t)tcp_header_len(&reply->header);
	what.len_transport = (uint8_t)what.len;
	tcp_header_emit(&reply->header, buffer);
	sum = checksum_pseudo(reply->pair.local, reply->pair.foreign, ip_address_len(reply->pair.family),
			      IP_PROTOCOL_TCP, what.len);
	put_be16(buffer + TCP_OFF_CHECKSUM, checksum_finish(checksum_add(sum, buffer, what.len)));
	ip_send(host, path, &what);
}
