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

static void ip_header_of(const struct udp_datagram *d, const struct host_path *path, struct ip4_header *header)
{
	*header = (struct ip4_header){.tos = d->tos, .ttl = d->ttl, .protocol = IP_PROTOCOL_UDP};
	memcpy(header->source, d->pair.local, 4);
	ip_to_bytes(path->destination, header->destination);
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

static bool whole_frame(struct berth_host *host, struct host_path *path, const struct udp_datagram *d,
			struct berth_frame_out *out)
{
	bool partial = host->interfaces[path->interface].capabilities & BERTH_LINK_CHECKSUM;
	struct ip4_header header;

	ip_header_of(d, path, &header);
	header.dont_fragment = path->dont_fragment;
	if (!header.dont_fragment)
		header.id = ip_draw_id(host);
	begin_frame(d, d->len, 0, out);
	ip_checksum(out, &header, 6, partial);
	out->off_transport = IP4_HEADER;
	return ip_frame(host, path, &header, out);
}

static uint16_t whole_checksum(const struct udp_datagram *d, const struct host_path *path)
{
	struct berth_frame_out out;
	struct ip4_header header;

	ip_header_of(d, path, &header);
	begin_frame(d, d->len, 0, &out);
	ip_checksum(&out, &header, 6, false);
	return get_be16(out.header + HOST_OFF_TRANSPORT + 6);
}

bool host_fragment_frame(struct berth_host *host, struct berth_frame_out *out)
{
	struct host_fragmenting *f = &host->fragmenting;
	struct udp_datagram *d = f->datagram;
	uint32_t total = UDP_HEADER + d->len, n_max = (f->path.mtu - IP4_HEADER) & ~7u;
	uint32_t n = total - f->off < n_max ? total - f->off : n_max;
	struct ip4_header header;

	ip_header_of(d, &f->path, &header);
	header.id = f->id;
	header.off_fragment = (uint16_t)f->off;
	header.more_fragments = f->off + n < total;
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
	host->counters.ip.fragments_out++;
	return ip_frame(host, &f->path, &header, out);
}

bool host_udp_frame(struct berth_host *host, struct udp_socket *s, struct berth_frame_out *out)
{
	struct udp_datagram *d = udp_output(&host->udp, s);
	struct host_path *path;

	if (!d)
		return false;
	path = host_path(host, get_be32(d->pair.foreign));
	if (!path) {
		host->counters.ip.no_route++;
		udp_datagram_free(&host->udp, d);
		return false;
	}
	if (IP4_HEADER + UDP_HEADER + d->len > path->mtu) {
		host->counters.ip.fragmented++;
		host->fragmenting = (struct host_fragmenting){
			.datagram = d,
			.path = *path,
			.id = ip_draw_id(host),
			.checksum = whole_checksum(d, path),
		};
		return host_fragment_frame(host, out);
	}
	leave(host, d);
	return whole_frame(host, path, d, out);
}
