/* UDP out: datagrams of sockets as frames, in fragments when they are longer than the path's MTU.
 *
 * The payload is never copied here: frames show it where the socket put it, and the datagram is given back when the
 * next call says that the frames have been used. */
#include <string.h>

#include "checksum.h"
#include "out.h"
#include "udp_header.h"

/* The datagram has left, all of it; frames may show its bytes until the next call. */
static void leave(struct berth_host *host, struct udp_datagram *d)
{
	d->next = host->left_datagrams;
	host->left_datagrams = d;
}

static void ip_header_of(const struct berth_host *host, const struct udp_datagram *d, const struct host_path *path,
			 struct ip_header *header)
{
	ip_header_init(header, d->pair.family, IP_PROTOCOL_UDP, d->tos, d->ttl ? d->ttl : ip_ttl(host, path),
		       d->pair.local, d->pair.foreign);
	if (d->pair.family == BERTH_IP6)
		header->ip6.flow_label = ip_flow_label(host, &d->pair);
}

/* The UDP header at its place, checksum 0, and the first n bytes of payload as a slice. */
static void begin_frame(const struct udp_datagram *d, uint32_t n, uint16_t checksum, struct berth_frame_out *out)
{
	struct udp_header udp = {
		.source_port = d->pair.local_port,
		.destination_port = d->pair.foreign_port,
		.len = (uint16_t)(UDP_HEADER + d->len),
		.checksum = checksum,
	};

	out->off_header = HOST_OFF_TRANSPORT;
	out->len_header = UDP_HEADER;
	udp_header_emit(&udp, out->header + HOST_OFF_TRANSPORT);
	out->len = UDP_HEADER + n;
	out->n_slices = n > 0;
	out->slices[0] = (struct berth_slice){.data = d->data, .len = n};
	out->segment_size = 0;
	out->checksum = BERTH_CHECKSUM_FULL;
	out->off_checksum = 0;
}

/* Sets what IPv4 says about fragments: as the path has it, unless the program knows better. */
static void may_be_cut(struct berth_host *host, const struct udp_datagram *d, const struct host_path *path,
		       struct ip_header *header)
{
	struct host_path said = {.dont_fragment = path->dont_fragment};

	if (d->pmtu_mode != BERTH_PMTUDISC_WANT)
		said.dont_fragment = d->pmtu_mode != BERTH_PMTUDISC_DONT;
	ip_header_whole(host, &said, header);
}

static bool whole_frame(struct berth_host *host, struct host_path *path, const struct udp_datagram *d,
			struct berth_frame_out *out)
{
	bool partial = host->interfaces[path->interface].capabilities & BERTH_LINK_CHECKSUM;
	struct ip_header header;

	ip_header_of(host, d, path, &header);
	may_be_cut(host, d, path, &header);
	begin_frame(d, d->len, 0, out);
	ip_checksum(out, &header, 6, partial);
	out->off_transport = 1; /* where it lies depends on the IP header */
	return ip_frame(host, path, &header, out);
}

static uint16_t whole_checksum(const struct berth_host *host, const struct udp_datagram *d,
			       const struct host_path *path)
{
	struct berth_frame_out out;
	struct ip_header header;

	ip_header_of(host, d, path, &header);
	begin_frame(d, d->len, 0, &out);
	ip_checksum(&out, &header, 6, false);
	return get_be16(out.header + HOST_OFF_TRANSPORT + 6);
}

bool host_fragment_frame(struct berth_host *host, struct berth_frame_out *out)
{
	struct host_fragmenting *f = &host->fragmenting;
	struct udp_datagram *d = f->datagram;
	uint32_t total = UDP_HEADER + d->len, n_max = ip_piece_max(&f->path);
	uint32_t n = total - f->off < n_max ? total - f->off : n_max;
	struct ip_header header;

	ip_header_of(host, d, &f->path, &header);
	ip_header_piece(&header, f->id, f->off, n, total);
	if (f->off == 0) {
		begin_frame(d, n - UDP_HEADER, f->checksum, out);
	} else {
		begin_frame(d, 0, 0, out);
		out->len_header = 0;
		out->len = n;
		out->n_slices = 1;
		out->slices[0] = (struct berth_slice){.data = d->data + f->off - UDP_HEADER, .len = n};
	}
	out->off_transport = 0;
	f->off += n;
	if (f->off == total) {
		f->datagram = NULL;
		leave(host, d);
	}
	host_counters_of(host, f->path.family)->fragments_out++;
	return ip_frame(host, &f->path, &header, out);
}

/* What goes to a group comes back to its members on this host (RFC 1112 section 6.1): straight to UDP, since it has
 * been made by this host and nothing about it needs to be checked. */
static void loop_back(struct berth_host *host, const struct host_path *path, const struct udp_datagram *d)
{
	struct udp_arrival arrival = {.pair = d->pair,
				      .len = d->len,
				      .interface = path->interface,
				      .tos = d->tos,
				      .ttl = d->ttl,
				      .to_many = true};

	memcpy(arrival.pair.local, d->pair.foreign, sizeof(arrival.pair.local));
	memcpy(arrival.pair.foreign, d->pair.local, sizeof(arrival.pair.foreign));
	arrival.pair.local_port = d->pair.foreign_port;
	arrival.pair.foreign_port = d->pair.local_port;
	if (!udp_is_wanted(&host->udp, &arrival))
		return;
	arrival.frame = berth_frame_new(host->memory, d->len);
	if (!arrival.frame) {
		host->udp.counters.no_memory++;
		return;
	}
	if (d->len)
		memcpy(arrival.frame->data, d->data, d->len);
	udp_datagram_in(&host->udp, &arrival);
	berth_frame_unref(arrival.frame);
}

/* It was this host's address when the datagram was made, and still is. Within the host nobody asks. */
static bool source_is_good(const struct berth_host *host, const struct host_path *path, const struct udp_datagram *d)
{
	struct ip source = ip_of_bytes(d->pair.local, d->pair.family, path->interface);

	return path->reach == REACH_LOCAL || ip_equal(&source, &path->source) || host_is_own(host, &source);
}

static uint32_t mtu_for(const struct berth_host *host, const struct host_path *path, const struct udp_datagram *d)
{
	return d->pmtu_mode == BERTH_PMTUDISC_PROBE ? host_link_mtu(host, path) : path->mtu;
}

bool host_udp_frame(struct berth_host *host, struct udp_socket *s, struct berth_frame_out *out)
{
	struct udp_datagram *d = udp_output(&host->udp, s);
	struct ip foreign;
	struct host_path *path;

	if (!d)
		return false;
	foreign = ip_of_bytes(d->pair.foreign, d->pair.family, d->pair.scope);
	if (foreign.scope == 0)
		foreign.scope = d->interface;
	path = host_path(host, &foreign);
	if (!path) {
		host_counters_of(host, d->pair.family)->no_route++;
		udp_datagram_free(&host->udp, d);
		return false;
	}
	if (!source_is_good(host, path, d)) {
		host_counters_of(host, d->pair.family)->lost_source++;
		udp_datagram_free(&host->udp, d);
		return false;
	}
	if (path->reach == REACH_MULTICAST) {
		if (d->loop)
			loop_back(host, path, d);
		if (d->ttl == 0 || ip_is_interface_local(&path->destination)) {
			udp_datagram_free(&host->udp, d);
			return false;
		}
	}
	if (ip_header_len(d->pair.family) + UDP_HEADER + d->len > mtu_for(host, path, d)) {
		if (d->pmtu_mode == BERTH_PMTUDISC_DO || d->pmtu_mode == BERTH_PMTUDISC_PROBE) {
			/* The path has become narrower since it was accepted. */
			host->udp.counters.too_long++;
			udp_datagram_free(&host->udp, d);
			return false;
		}
		host_counters_of(host, d->pair.family)->fragmented++;
		host->fragmenting = (struct host_fragmenting){
			.datagram = d,
			.path = *path,
			.id = ip_draw_id(host),
			.checksum = whole_checksum(host, d, path),
		};
		return host_fragment_frame(host, out);
	}
	leave(host, d);
	return whole_frame(host, path, d, out);
}
