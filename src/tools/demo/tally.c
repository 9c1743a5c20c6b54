/* Counting TCP payload on a link. Frames pass as they are; only their headers are looked at. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

/* Ethernet, IPv4 with all its options, and the first bytes of TCP. */
#define PEEK (14 + 60 + 20)

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

/* Payload bytes of a TCP segment over IPv4 over Ethernet; 0 for everything else. */
static unsigned payload_of(const struct berth_frame_out *frame)
{
	uint8_t bytes[PEEK];
	size_t n = peek(frame, bytes);

	if (n < 14 + 20 + 20 || bytes[12] != 0x08 || bytes[13] != 0x00 || bytes[23] != BERTH_PROTOCOL_TCP)
		return 0;
	unsigned len_ip = (bytes[14] & 15u) * 4, total = bytes[16] * 256u + bytes[17];
	if (n < 14 + len_ip + 20)
		return 0;
	unsigned len_tcp = (bytes[14 + len_ip + 12] >> 4) * 4u;
	return total > len_ip + len_tcp ? total - len_ip - len_tcp : 0;
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
