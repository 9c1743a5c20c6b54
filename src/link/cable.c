/* The cable: frames in as a real cable would have carried them, around a link that coalesces them or vouches for their
 * checksums.
 *
 * Impairments and captures belong on a cable: losing one frame must lose one segment, a turned bit must be found by the
 * checksum, and a file must hold checksums that are right. Frames that arrive coalesced are split again, and checksums
 * that the link vouches for, which may never have been completed, are made anew. A frame whose headers cannot be
 * followed passes unchanged, with nobody vouching for it. */
#include <string.h>

#include <berth/link.h>

#include "bytes.h"
#include "checksum.h"
#include "eth.h"
#include "ip4.h"
#include "ip6.h"
#include "split.h"
#include "tcp_header.h"
#include "udp_header.h"

struct cable {
	struct berth_link link;
	struct berth_link *inner;
	const struct berth_memory *memory;
	struct berth_frame *first,
		*last; /* segments of a split frame that have not been received, through frame->next */
};

/* Where the headers of a received frame lie. */
struct layout {
	uint32_t off_network, off_transport;
	uint32_t end; /* of the IP packet; the frame may have padding after it */
	uint8_t protocol;
	uint8_t n_address, off_source; /* the addresses, one after the other, from off_network */
};

static bool layout_ip4(const uint8_t *p, size_t n, struct layout *layout)
{
	struct ip4_header ip;

	if (ip4_parse(p, n, &ip) != IP4_OK || ip.off_fragment || ip.more_fragments)
		return false;
	layout->off_transport = layout->off_network + ip.len_header;
	layout->end = layout->off_network + ip.total_len;
	layout->protocol = ip.protocol;
	layout->n_address = 4;
	layout->off_source = IP4_OFF_SOURCE;
	return true;
}

/* Only a transport header right behind the fixed header: nothing else is ever coalesced. */
static bool layout_ip6(const uint8_t *p, size_t n, struct layout *layout)
{
	if (n < IP6_HEADER || get_be16(p + IP6_OFF_PAYLOAD) > n - IP6_HEADER)
		return false;
	layout->off_transport = layout->off_network + IP6_HEADER;
	layout->end = layout->off_transport + get_be16(p + IP6_OFF_PAYLOAD);
	layout->protocol = p[IP6_OFF_NEXT_HEADER];
	layout->n_address = 16;
	layout->off_source = IP6_OFF_SOURCE;
	return true;
}

static bool layout_find(const struct berth_frame *frame, bool ethernet, struct layout *layout)
{
	struct eth_header eth;
	const uint8_t *p = frame->data;

	layout->off_network = 0;
	if (ethernet) {
		layout->off_network = (uint32_t)eth_parse(p, frame->len, &eth);
		if (!layout->off_network || (eth.type != ETH_TYPE_IP4 && eth.type != ETH_TYPE_IP6))
			return false;
	}
	if (frame->len <= layout->off_network)
		return false;
	p += layout->off_network;
	switch (p[0] >> 4) {
	case 4:
		return layout_ip4(p, frame->len - layout->off_network, layout);
	case 6:
		return layout_ip6(p, frame->len - layout->off_network, layout);
	default:
		return false;
	}
}

/* Where the frame's transport checksum lies, from its transport header; 0: there is none to make. */
static uint32_t layout_checksum(const struct berth_frame *frame, const struct layout *layout)
{
	const uint8_t *p = frame->data + layout->off_transport;
	uint32_t n = layout->end - layout->off_transport;

	if (layout->protocol == IP_PROTOCOL_TCP && n >= TCP_HEADER)
		return TCP_OFF_CHECKSUM;
	/* RFC 768: zero says that the sender made none. */
	if (layout->protocol == IP_PROTOCOL_UDP && n >= UDP_HEADER && get_be16(p + UDP_OFF_CHECKSUM))
		return UDP_OFF_CHECKSUM;
	return 0;
}

static void checksum_renew(struct berth_frame *frame, const struct layout *layout)
{
	const uint8_t *source = frame->data + layout->off_network + layout->off_source;
	uint32_t off = layout_checksum(frame, layout), n = layout->end - layout->off_transport;
	uint8_t *transport = frame->data + layout->off_transport;
	uint64_t sum;
	uint16_t field;

	if (!off)
		return;
	put_be16(transport + off, 0);
	sum = checksum_pseudo(source, source + layout->n_address, layout->n_address, layout->protocol, n);
	field = checksum_finish(checksum_add(sum, transport, n));
	if (!field && layout->protocol == IP_PROTOCOL_UDP)
		field = 0xffff;
	put_be16(transport + off, field);
}

/* Queues the segments that the frame stands for. Borrows the frame. */
static void cable_split(struct cable *cable, const struct berth_frame *frame, struct split *split)
{
	struct berth_frame_out out;

	while (split_next(split, &out)) {
		struct berth_frame *segment = berth_frame_copy(&out, cable->memory);

		if (!segment) {
			cable->link.counters.receive_failed++;
			continue;
		}
		segment->next = NULL;
		if (cable->last)
			cable->last->next = segment;
		else
			cable->first = segment;
		cable->last = segment;
		cable->link.counters.split++;
	}
}

static struct berth_frame *cable_pop(struct cable *cable)
{
	struct berth_frame *frame = cable->first;

	if (!frame)
		return NULL;
	cable->first = frame->next;
	if (!cable->first)
		cable->last = NULL;
	frame->next = NULL;
	return frame;
}

/* What a cable would have carried in place of the frame; NULL when not even a part of it could be made. Takes the
 * frame. */
static struct berth_frame *cable_lay(struct cable *cable, struct berth_frame *frame)
{
	struct berth_frame_out whole;
	struct layout layout;
	struct split split;

	if (layout_find(frame, cable->link.ethernet, &layout)) {
		berth_frame_borrow(frame, &whole);
		whole.len = whole.slices[0].len = layout.end;
		whole.off_network = (uint16_t)layout.off_network;
		whole.off_transport = (uint16_t)layout.off_transport;
		whole.segment_size = frame->segment_size;
		if (layout.protocol == IP_PROTOCOL_TCP && split_init(&split, &whole, true)) {
			cable_split(cable, frame, &split);
			berth_frame_unref(frame);
			return cable_pop(cable);
		}
		checksum_renew(frame, &layout);
	}
	frame->checksum = BERTH_CHECKSUM_FULL;
	frame->segment_size = 0;
	return frame;
}

static struct berth_frame *cable_next(struct cable *cable, berth_time now)
{
	struct berth_frame *frame = cable_pop(cable);

	while (!frame) {
		frame = berth_link_receive(cable->inner, now);
		if (!frame)
			break;
		if (frame->segment_size || frame->checksum != BERTH_CHECKSUM_FULL)
			frame = cable_lay(cable, frame);
	}
	return frame;
}

static struct berth_frame *cable_receive(struct berth_link *link, berth_time now)
{
	struct berth_frame *frame = cable_next((struct cable *)link, now);

	if (frame) {
		link->counters.received++;
		link->counters.received_bytes += frame->len;
	}
	return frame;
}

/* The cable takes whole frames only, so that nothing needs doing on the way out. */
static void cable_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	for (unsigned i = 0; i < n; i++) {
		link->counters.sent++;
		link->counters.sent_bytes += frames[i].len;
	}
	berth_link_send(((struct cable *)link)->inner, frames, n, now);
}

static berth_time cable_deadline(const struct berth_link *link)
{
	const struct cable *cable = (const struct cable *)link;

	return cable->first ? 0 : berth_link_deadline(cable->inner);
}

static void cable_free(struct berth_link *link)
{
	struct cable *cable = (struct cable *)link;
	const struct berth_memory *memory = cable->memory;
	struct berth_frame *frame;

	while ((frame = cable_pop(cable)))
		berth_frame_unref(frame);
	berth_link_free(cable->inner);
	memory->free(memory->context, cable, sizeof(*cable));
}

static const struct berth_link_operations cable_operations = {
	.send = cable_send,
	.receive = cable_receive,
	.deadline = cable_deadline,
	.free = cable_free,
};

int berth_link_cable(struct berth_link *inner, const struct berth_memory *memory, struct berth_link **out)
{
	struct cable *cable;

	if (!inner->capabilities) {
		*out = inner;
		return 0;
	}
	cable = memory->alloc(memory->context, sizeof(*cable));
	if (!cable) {
		berth_link_free(inner);
		return BERTH_ENOMEM;
	}
	memset(cable, 0, sizeof(*cable));
	cable->link.operations = &cable_operations;
	cable->link.mtu = inner->mtu;
	cable->link.fd = inner->fd;
	cable->link.ethernet = inner->ethernet;
	cable->inner = inner;
	cable->memory = memory;
	*out = &cable->link;
	return 0;
}
