/* Joining segments. See coalesce.h.
 *
 * Only what loses nothing by it is joined: IPv4 without options or fragments, TCP with nothing but ACK (and PSH, which
 * ends a large frame), equal in every header field but those that must differ (length, ID, checksums, sequence number).
 * All but the last have the same length, so that the segments can be told apart again. Headers are compared as bytes,
 * not parsed: a train of segments differs from its first in places that are known. */
#include "coalesce.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "eth.h"
#include "ip4.h"
#include "tcp_header.h"

/* Where things lie in a segment that may be joined. */
struct segment {
	const uint8_t *ip, *tcp, *payload;
	uint32_t len_tcp, len; /* header and payload */
};

/* Finds them in a frame that has_segment, or whose headers are known to be those of one. */
static void find_segment(const struct berth_frame *frame, uint32_t off, struct segment *s)
{
	s->ip = frame->data + off;
	s->tcp = s->ip + IP4_HEADER;
	s->len_tcp = (s->tcp[TCP_OFF_DATA_OFFSET] >> 4) * 4u;
	s->payload = s->tcp + s->len_tcp;
	s->len = get_be16(s->ip + IP4_OFF_TOTAL) - IP4_HEADER - s->len_tcp;
}

/* The frame is a segment that may be joined, its IP header `off` bytes into it. */
static bool has_segment(const struct berth_frame *frame, uint32_t off)
{
	const uint8_t *ip, *tcp;
	uint32_t total, len_tcp;

	if (frame->len < off + IP4_HEADER + TCP_HEADER || frame->segment_size)
		return false;
	if (off && get_be16(frame->data + ETH_OFF_TYPE) != ETH_TYPE_IP4)
		return false;
	ip = frame->data + off;
	tcp = ip + IP4_HEADER;
	total = get_be16(ip + IP4_OFF_TOTAL);
	len_tcp = (tcp[TCP_OFF_DATA_OFFSET] >> 4) * 4u;
	/* Version 4 and 20 bytes of header; neither a fragment nor one of several. */
	if (ip[0] != 0x45 || (get_be16(ip + IP4_OFF_FLAGS) & ~IP4_FLAG_DF) || ip[IP4_OFF_PROTOCOL] != IP_PROTOCOL_TCP ||
	    total > frame->len - off)
		return false;
	if (len_tcp < TCP_HEADER || total <= IP4_HEADER + len_tcp || (tcp[TCP_OFF_FLAGS] & ~TCP_PSH) != TCP_ACK)
		return false;
	return checksum_ok(checksum_add(0, ip, IP4_HEADER));
}

static bool open_segment(const struct berth_frame *frame, uint32_t off, struct segment *s)
{
	if (!has_segment(frame, off))
		return false;
	find_segment(frame, off, s);
	return true;
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

/* `next` has the headers of `first` but for what differs within a train. The IP headers lie `off` bytes into frames;
 * that the TCP headers are equally long is known before their options are looked at. */
static bool same_train(const struct segment *first, const struct segment *next, uint32_t off)
{
	return memcmp(first->ip - off, next->ip - off, off) == 0 &&
	       same(first->ip, next->ip, IP4_OFF_TOS, IP4_OFF_TOTAL) &&
	       same(first->ip, next->ip, IP4_OFF_FLAGS, IP4_OFF_CHECKSUM) &&
	       same(first->ip, next->ip, IP4_OFF_SOURCE, IP4_HEADER + TCP_OFF_SEQ) &&
	       same(first->tcp, next->tcp, TCP_OFF_ACK, TCP_OFF_FLAGS) &&
	       same(first->tcp, next->tcp, TCP_OFF_WINDOW, TCP_OFF_CHECKSUM) &&
	       same(first->tcp, next->tcp, TCP_OFF_URGENT, first->len_tcp);
}

/* `next` goes behind the `total` bytes that the train has so far. */
static bool continues(const struct segment *first, const struct segment *next, uint32_t off, uint32_t total)
{
	return same_train(first, next, off) &&
	       get_be32(next->tcp + TCP_OFF_SEQ) == get_be32(first->tcp + TCP_OFF_SEQ) + total &&
	       next->len <= first->len && IP4_HEADER + first->len_tcp + total + next->len <= UINT16_MAX;
}

/* Frame i of those that wait, taken from the inner link when it is not there yet; NULL: there is none. */
static const struct berth_frame *waiting_get(struct coalesce *c, struct berth_link *inner, berth_time now, unsigned i)
{
	if (i == c->n) {
		c->waiting[i] = berth_link_receive(inner, now);
		c->n += c->waiting[i] != NULL;
	}
	return i < c->n ? c->waiting[i] : NULL;
}

/* How many of the frames that wait make one train, taking more from the inner link as long as they continue it. *total:
 * their payload. */
static unsigned train_len(struct coalesce *c, struct berth_link *inner, berth_time now, const struct segment *first,
			  uint32_t *total)
{
	uint32_t off = inner->ethernet ? ETH_HEADER : 0;
	struct segment last = *first;
	unsigned n = 1;

	*total = first->len;
	while (n < COALESCE_MAX && last.len == first->len && !(last.tcp[TCP_OFF_FLAGS] & TCP_PSH)) {
		const struct berth_frame *frame = waiting_get(c, inner, now, n);

		if (!frame || !open_segment(frame, off, &last) || !continues(first, &last, off, *total))
			break;
		*total += last.len;
		n++;
	}
	return n;
}

/* Copies a segment's payload and looks at its checksum in the same pass. */
static bool copy_payload(const struct berth_frame *frame, const struct segment *s, uint8_t *to)
{
	uint64_t sum;

	if (frame->checksum == BERTH_CHECKSUM_VALID) {
		memcpy(to, s->payload, s->len);
		return true;
	}
	sum = checksum_pseudo(s->ip + IP4_OFF_SOURCE, s->ip + IP4_OFF_DESTINATION, 4, IP_PROTOCOL_TCP,
			      s->len_tcp + s->len);
	sum = checksum_add(sum, s->tcp, s->len_tcp);
	return checksum_ok(checksum_copy(sum, to, s->payload, s->len));
}

static void drop_front(struct coalesce *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		berth_frame_unref(c->waiting[i]);
	memmove(c->waiting, c->waiting + n, (c->n - n) * sizeof(c->waiting[0]));
	c->n -= n;
}

/* The headers of the first segment, made to fit them all. */
static void write_headers(struct berth_frame *large, const struct berth_frame *first, const struct segment *s,
			  uint32_t total, uint8_t flags)
{
	uint32_t len_headers = (uint32_t)(s->payload - first->data);
	uint8_t *ip = large->data + (s->ip - first->data);

	memcpy(large->data, first->data, len_headers);
	large->len = len_headers + total;
	put_be16(ip + IP4_OFF_TOTAL, (uint16_t)(IP4_HEADER + s->len_tcp + total));
	put_be16(ip + IP4_OFF_CHECKSUM, 0);
	put_be16(ip + IP4_OFF_CHECKSUM, checksum_finish(checksum_add(0, ip, IP4_HEADER)));
	ip[IP4_HEADER + TCP_OFF_FLAGS] |= flags;
}

/* The first n frames that wait as one, or as many of them as come before one whose checksum is wrong; NULL: there is
 * nothing to join, or no memory. */
static struct berth_frame *join(struct coalesce *c, unsigned n, const struct segment *first, uint32_t total,
				const struct berth_memory *memory)
{
	uint32_t off = (uint32_t)(first->ip - c->waiting[0]->data);
	uint32_t len_headers = (uint32_t)(first->payload - c->waiting[0]->data), at = len_headers;
	struct berth_frame *large = berth_frame_new(memory, len_headers + total);
	uint8_t flags = 0;
	unsigned done = 0;

	while (large && done < n) {
		struct segment s;

		find_segment(c->waiting[done], off, &s);
		if (!copy_payload(c->waiting[done], &s, large->data + at))
			break;
		flags |= s.tcp[TCP_OFF_FLAGS];
		at += s.len;
		done++;
	}
	if (done < 2)
		return berth_frame_unref(large);
	write_headers(large, c->waiting[0], first, at - len_headers, flags);
	large->segment_size = (uint16_t)first->len;
	large->checksum = BERTH_CHECKSUM_VALID;
	drop_front(c, done);
	return large;
}

/* The frame in front as it is. */
static struct berth_frame *pop(struct coalesce *c)
{
	struct berth_frame *frame = berth_frame_ref(c->waiting[0]);

	drop_front(c, 1);
	c->n_alone -= c->n_alone > 0;
	return frame;
}

struct berth_frame *coalesce_receive(struct coalesce *c, struct berth_link *inner, const struct berth_memory *memory,
				     berth_time now, uint64_t *n_joined)
{
	struct berth_frame *large;
	struct segment first;
	uint32_t total;
	unsigned n, n_before;

	if (!waiting_get(c, inner, now, 0))
		return NULL;
	if (c->n_alone || !open_segment(c->waiting[0], inner->ethernet ? ETH_HEADER : 0, &first))
		return pop(c);
	n = train_len(c, inner, now, &first, &total);
	if (n < 2)
		return pop(c);
	n_before = c->n;
	large = join(c, n, &first, total, memory);
	if (!large) {
		/* Not tried again with one frame less: a flood of wrong checksums would have each train looked at as
		 * often as it has frames. */
		c->n_alone = n;
		return pop(c);
	}
	*n_joined += n_before - c->n;
	return large;
}

void coalesce_deinit(struct coalesce *c)
{
	drop_front(c, c->n);
}
