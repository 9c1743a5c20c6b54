/* Splitting a large TCP frame, and completing checksums, without copying payload.
 *
 * All that the segments of a frame share is summed once: pseudo-header, TCP header, IPv4 header. A segment then costs a
 * copy of the headers, a handful of stores, and one pass over its payload for the checksum. Bytes come out as if the
 * sender had built each segment by itself: RFC 9293 section 3.1 for the header, RFC 1071 for the sums, RFC 768 for
 * UDP's zero. */
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "ip4.h"
#include "ip6.h"
#include "split.h"
#include "tcp_header.h"
#include "udp_header.h"

/* ---- walking a frame's pieces ---- */

static struct berth_slice piece_get(const struct berth_frame_out *frame, unsigned piece)
{
	if (!piece)
		return (struct berth_slice){frame->header + frame->off_header, frame->len_header};
	return frame->slices[piece - 1];
}

/* The rest of the piece that the cursor is in, at most n bytes, and past it; length 0 at the end of the frame. */
static struct berth_slice cursor_take(struct split_cursor *cursor, uint32_t n)
{
	while (cursor->piece <= cursor->frame->n_slices) {
		struct berth_slice piece = piece_get(cursor->frame, cursor->piece);
		uint32_t left = piece.len - cursor->off;

		if (left) {
			struct berth_slice got = {piece.data + cursor->off, left < n ? left : n};

			cursor->off += got.len;
			return got;
		}
		cursor->piece++;
		cursor->off = 0;
	}
	return (struct berth_slice){NULL, 0};
}

/* Copies the next n bytes. false: the frame ends before. */
static bool cursor_copy(struct split_cursor *cursor, uint8_t *to, uint32_t n)
{
	while (n) {
		struct berth_slice slice = cursor_take(cursor, n);

		if (!slice.len)
			return false;
		memcpy(to, slice.data, slice.len);
		to += slice.len;
		n -= slice.len;
	}
	return true;
}

/* The next n bytes as slices of *out, added to *sum when sum is not NULL; the first of them lies `off` bytes into what
 * is summed. false: the frame ends before, or there are too many slices. */
static bool cursor_slices(struct split_cursor *cursor, uint32_t n, uint32_t off, struct berth_frame_out *out,
			  uint64_t *sum)
{
	while (n) {
		struct berth_slice slice = cursor_take(cursor, n);

		if (!slice.len || out->n_slices == BERTH_SLICES_MAX)
			return false;
		if (sum)
			*sum = checksum_add_at(*sum, slice.data, slice.len, off);
		out->slices[out->n_slices++] = slice;
		off += slice.len;
		n -= slice.len;
	}
	return true;
}

/* ---- splitting ---- */

/* Sums the IPv4 header's constant part, and prepares it. false: not the header of a TCP packet. */
static bool split_init_ip4(struct split *split)
{
	uint8_t *ip = split->headers + split->off_network;
	size_t len = split->off_transport - split->off_network;

	if (len < IP4_HEADER || len > IP4_HEADER_MAX || len != (ip[0] & 15u) * 4u ||
	    ip[IP4_OFF_PROTOCOL] != IP_PROTOCOL_TCP)
		return false;
	split->ip_id = get_be16(ip + IP4_OFF_ID);
	put_be16(ip + IP4_OFF_TOTAL, 0);
	put_be16(ip + IP4_OFF_ID, 0);
	put_be16(ip + IP4_OFF_CHECKSUM, 0);
	split->sum_ip = checksum_add(0, ip, len);
	split->sum_base = checksum_pseudo(ip + IP4_OFF_SOURCE, ip + IP4_OFF_DESTINATION, 4, IP_PROTOCOL_TCP, 0);
	return true;
}

static bool split_init_ip6(struct split *split)
{
	uint8_t *ip = split->headers + split->off_network;

	/* Nothing stands between the two headers in what is ever split. */
	if (split->off_transport - split->off_network != IP6_HEADER || ip[IP6_OFF_NEXT_HEADER] != IP_PROTOCOL_TCP)
		return false;
	split->ip6 = true;
	split->sum_base = checksum_pseudo(ip + IP6_OFF_SOURCE, ip + IP6_OFF_DESTINATION, 16, IP_PROTOCOL_TCP, 0);
	return true;
}

/* Splits flags into those of all segments and those of the edges (RFC 3168 section 6.1.2: CWR once), and sums the
 * constant part. */
static void split_init_tcp(struct split *split, size_t len)
{
	uint8_t *tcp = split->headers + split->off_transport;
	uint8_t flags = tcp[TCP_OFF_FLAGS];

	split->seq = get_be32(tcp + TCP_OFF_SEQ);
	split->flags_first = flags & TCP_CWR;
	split->flags_last = flags & (TCP_PSH | TCP_FIN);
	tcp[TCP_OFF_FLAGS] = flags & (uint8_t) ~(TCP_CWR | TCP_PSH | TCP_FIN);
	put_be32(tcp + TCP_OFF_SEQ, 0);
	put_be16(tcp + TCP_OFF_CHECKSUM, 0);
	/* Without `complete` the field holds the pseudo-header's sum alone. */
	if (split->complete)
		split->sum_base = checksum_add(split->sum_base, tcp, len);
}

bool split_init(struct split *split, const struct berth_frame_out *frame, bool complete)
{
	struct split_cursor *cursor = &split->cursor;
	unsigned len_fixed = frame->off_transport + TCP_HEADER;
	unsigned len_tcp;

	*cursor = (struct split_cursor){.frame = frame};
	split->first = true;
	split->complete = complete;
	split->ip6 = false;
	split->off_network = frame->off_network;
	split->off_transport = frame->off_transport;
	split->segment_size = frame->segment_size;
	if (frame->off_network >= frame->off_transport || len_fixed > BERTH_HEADER_MAX || !frame->segment_size ||
	    !cursor_copy(cursor, split->headers, len_fixed))
		return false;
	len_tcp = (split->headers[frame->off_transport + TCP_OFF_DATA_OFFSET] >> 4) * 4u;
	split->len_headers = (uint8_t)(frame->off_transport + len_tcp);
	if (len_tcp < TCP_HEADER || frame->off_transport + len_tcp > BERTH_HEADER_MAX ||
	    frame->len <= split->len_headers || !cursor_copy(cursor, split->headers + len_fixed, len_tcp - TCP_HEADER))
		return false;
	split->left = frame->len - split->len_headers;
	switch (split->headers[frame->off_network] >> 4) {
	case 4:
		if (!split_init_ip4(split))
			return false;
		break;
	case 6:
		if (!split_init_ip6(split))
			return false;
		break;
	default:
		return false;
	}
	split_init_tcp(split, len_tcp);
	return true;
}

/* Writes what differs from one segment's IP header to the next. */
static void segment_ip(struct split *split, uint8_t *ip, uint16_t len_transport)
{
	unsigned len_ip = split->off_transport - split->off_network;
	uint16_t total = (uint16_t)(len_ip + len_transport);

	if (split->ip6) {
		put_be16(ip + IP6_OFF_PAYLOAD, (uint16_t)(total - IP6_HEADER));
		return;
	}
	put_be16(ip + IP4_OFF_TOTAL, total);
	put_be16(ip + IP4_OFF_ID, split->ip_id);
	put_be16(ip + IP4_OFF_CHECKSUM,
		 checksum_finish(split->sum_ip + checksum_word(total) + checksum_word(split->ip_id)));
	split->ip_id++;
}

/* Writes what differs from one segment's TCP header to the next; sum_payload is its payload's. */
static void segment_tcp(struct split *split, uint8_t *tcp, uint16_t len_transport, bool last, uint64_t sum_payload)
{
	uint8_t flags = (uint8_t)((split->first ? split->flags_first : 0) | (last ? split->flags_last : 0));
	uint64_t sum = split->sum_base + checksum_word(len_transport);

	put_be32(tcp + TCP_OFF_SEQ, split->seq);
	tcp[TCP_OFF_FLAGS] |= flags;
	if (!split->complete) {
		put_be16(tcp + TCP_OFF_CHECKSUM, checksum_fold(sum));
		return;
	}
	sum += checksum_word(flags) + checksum_word((uint16_t)(split->seq >> 16)) + checksum_word((uint16_t)split->seq);
	put_be16(tcp + TCP_OFF_CHECKSUM, checksum_finish(sum + sum_payload));
}

/* Payload that the original has behind its headers, at most n bytes, goes behind the segment's: a slice is not spent on
 * it. */
static uint32_t segment_head(struct split *split, struct berth_frame_out *out, uint32_t n, uint64_t *sum)
{
	struct split_cursor *cursor = &split->cursor;
	uint32_t left = cursor->piece ? 0 : cursor->frame->len_header - cursor->off;

	if (left > n)
		left = n;
	if (left) {
		cursor_copy(cursor, out->header + split->len_headers, left);
		*sum = checksum_add(0, out->header + split->len_headers, left);
	}
	return left;
}

bool split_next(struct split *split, struct berth_frame_out *out)
{
	uint32_t n = split->left < split->segment_size ? split->left : split->segment_size, n_head;
	uint16_t len_transport = (uint16_t)(split->len_headers - split->off_transport + n);
	uint64_t sum = 0;

	if (!n)
		return false;
	/* All of it: a copy of constant length is a handful of vector moves. */
	memcpy(out->header, split->headers, sizeof(split->headers));
	n_head = segment_head(split, out, n, &sum);
	out->n_slices = 0;
	if (!cursor_slices(&split->cursor, n - n_head, n_head, out, split->complete ? &sum : NULL))
		return false;
	out->len = split->len_headers + n;
	out->off_header = 0;
	out->len_header = (uint8_t)(split->len_headers + n_head);
	out->checksum = split->complete ? BERTH_CHECKSUM_FULL : BERTH_CHECKSUM_PARTIAL;
	out->off_network = split->off_network;
	out->off_transport = split->off_transport;
	out->off_checksum = TCP_OFF_CHECKSUM;
	out->segment_size = 0;
	out->interface = split->cursor.frame->interface;
	segment_ip(split, out->header + split->off_network, len_transport);
	segment_tcp(split, out->header + split->off_transport, len_transport, n == split->left, sum);
	split->seq += n;
	split->left -= n;
	split->first = false;
	return true;
}

/* ---- completing ---- */

bool split_complete(const struct berth_frame_out *frame, struct berth_frame_out *out)
{
	uint32_t off_field = (uint32_t)frame->off_transport + frame->off_checksum;
	/* The field has to be where it can be written. */
	uint32_t len_header = off_field + 2 > frame->len_header ? off_field + 2 : frame->len_header;
	struct split_cursor cursor = {.frame = frame};
	uint64_t sum;
	uint16_t field;

	if (off_field + 2 > BERTH_HEADER_MAX || off_field + 2 > frame->len ||
	    !cursor_copy(&cursor, out->header, len_header))
		return false;
	sum = checksum_add(0, out->header + frame->off_transport, len_header - frame->off_transport);
	out->n_slices = 0;
	if (!cursor_slices(&cursor, frame->len - len_header, len_header - frame->off_transport, out, &sum))
		return false;
	field = checksum_finish(sum);
	/* A UDP checksum of zero would say that there is none (RFC 768). */
	if (!field && frame->off_checksum == UDP_OFF_CHECKSUM)
		field = 0xffff;
	put_be16(out->header + off_field, field);
	out->len = frame->len;
	out->off_header = 0;
	out->len_header = (uint8_t)len_header;
	out->checksum = BERTH_CHECKSUM_FULL;
	out->off_network = frame->off_network;
	out->off_transport = frame->off_transport;
	out->off_checksum = frame->off_checksum;
	out->segment_size = 0;
	out->interface = frame->interface;
	return true;
}
