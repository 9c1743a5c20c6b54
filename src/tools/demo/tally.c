/* Counting TCP payload on a link. Frames pass as they are; only their headers are looked at. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

/* Ethernet, IPv4 with all its options (IPv6 has fewer bytes), and the first bytes of TCP. */
#define ETHERNET 14
#define PEEK (ETHERNET + 60 + 20)

struct tally_link {
	struct berth_link link;
	struct berth_link *inner;
	struct tally *tally;
};

/* The first bytes of a frame out. How many, up to PEEK. */
static size_t peek(const struct berth_frame_out *frame, uint8_t *to)
{
	size_t n = frame->len_header;

	if (n > PEEK)
		n = PEEK;
	memcpy(to, frame->header + frame->off_header, n);
	for (unsigned i = 0; i < frame->n_slices && n < PEEK; i++) {
		size_t n_copy = frame->slices[i].len < PEEK - n ? frame->slices[i].len : PEEK - n;
		memcpy(to + n, frame->slices[i].data, n_copy);
		n += n_copy;
	}
	return n;
}

/* Where TCP begins in an IP packet, and how many bytes it is with what it carries. */
struct segment {
	unsigned off, len;
};

/* false: not TCP. IPv6 headers between IP and TCP are none that a berth host sends. */
static bool find_segment(const uint8_t *bytes, struct segment *out)
{
	const uint8_t *ip = bytes + ETHERNET;

	if (bytes[12] == 0x08 && bytes[13] == 0x00 && ip[9] == BERTH_PROTOCOL_TCP) {
		out->off = (ip[0] & 15u) * 4;
		unsigned total = ip[2] * 256u + ip[3];
		out->len = total > out->off ? total - out->off : 0;
		return true;
	}
	if (bytes[12] == 0x86 && bytes[13] == 0xdd && ip[6] == BERTH_PROTOCOL_TCP) {
		*out = (struct segment){40, ip[4] * 256u + ip[5]};
		return true;
	}
	return false;
}

/* Payload bytes of a TCP segment over IP over Ethernet; 0 for everything else. */
static unsigned payload_of(const struct berth_frame_out *frame)
{
	uint8_t bytes[PEEK];
	size_t n = peek(frame, bytes);
	struct segment segment;

	if (n < ETHERNET + 20 + 20 || !find_segment(bytes, &segment) || n < ETHERNET + segment.off + 20)
		return 0;
	unsigned len_tcp = (bytes[ETHERNET + segment.off + 12] >> 4) * 4u;
	return segment.len > len_tcp ? segment.len - len_tcp : 0;
}

static void tally_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct tally_link *t = (struct tally_link *)link;

	for (unsigned i = 0; i < n; i++) {
		unsigned payload = payload_of(&frames[i]);
		t->tally->n_segments += payload > 0;
		t->tally->n_bytes += payload;
	}
	berth_link_send(t->inner, frames, n, now);
}

static struct berth_frame *tally_receive(struct berth_link *link, berth_time now)
{
	return berth_link_receive(((struct tally_link *)link)->inner, now);
}

static berth_time tally_deadline(const struct berth_link *link)
{
	return berth_link_deadline(((const struct tally_link *)link)->inner);
}

static void tally_free(struct berth_link *link)
{
	berth_link_free(((struct tally_link *)link)->inner);
	free(link);
}

int tally_link(struct berth_link *inner, struct tally *tally, struct berth_link **out)
{
	static const struct berth_link_operations operations = {tally_send, tally_receive, tally_deadline, tally_free};
	struct tally_link *t = calloc(1, sizeof(*t));

	if (!t) {
		berth_link_free(inner);
		return BERTH_ENOMEM;
	}
	t->link = (struct berth_link){
		.operations = &operations, .mtu = inner->mtu, .fd = inner->fd, .ethernet = inner->ethernet};
	t->inner = inner;
	t->tally = tally;
	*out = &t->link;
	return 0;
}
