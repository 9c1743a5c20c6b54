/* TCP out: tcp decides and builds, the host adds checksum, IP and Ethernet.
 *
 * This is the way of bulk data, so it is short: the path is the cached one, the headers are written where they stay,
 * and the payload is touched once, for the checksum, and not at all when the link makes that. */
#include "out.h"

/* The most payload of one IP packet with the longest headers. IPv6 does not count its own header in the length. */
#define PAYLOAD_MAX (UINT16_MAX - IP4_HEADER - TCP_HEADER_MAX)

bool host_tcp_frame(struct berth_host *host, struct tcb *t, struct berth_frame_out *out)
{
	struct endpoint *e = tcp_endpoint(t);
	struct host_path *path = host_path_of(host, e);
	unsigned capabilities = path ? host->interfaces[path->interface].capabilities : 0;
	struct ip_header header;

	out->checksum = BERTH_CHECKSUM_FULL;
	out->segment_size = 0;
	out->n_slices = 0;
	if (!tcp_output(&host->tcp, t, capabilities & BERTH_LINK_SEGMENT ? PAYLOAD_MAX : 0, out)) {
		list_remove(&e->tx);
		return false;
	}
	if (!path) {
		/* As if lost on the way: TCP sends it again, and gives up in its own time. */
		host_counters_of(host, e->pair.family)->no_route++;
		return false;
	}
	ip_header_init(&header, e->pair.family, IP_PROTOCOL_TCP, e->tos | host->tcp.ecn_out, e->ttl, e->pair.local,
		       e->pair.foreign);
	if (e->pair.family == BERTH_IP6) {
		if (e->flow_label == 0)
			e->flow_label = ip_flow_label(host, &e->pair);
		header.ip6.flow_label = e->flow_label;
	}
	if (e->ttl == 0)
		ip_header_set_ttl(&header, ip_ttl(host, path));
	ip_header_whole(host, path, &header);
	ip_checksum(out, &header, TCP_OFF_CHECKSUM, capabilities & BERTH_LINK_CHECKSUM);
	out->off_transport = 1; /* where it lies depends on the IP header */
	return ip_frame(host, path, &header, out);
}
