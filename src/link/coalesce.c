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

/* Offsets within the headers. */
#define IP_TOTAL 2
#define IP_ID 4
#define IP_FLAGS 6
#define IP_TTL 8
#define IP_CHECKSUM 10
#define IP_SOURCE 12
#define TCP_SEQ 4
#define TCP_ACKNOWLEDGMENT 8
#define TCP_DATA_OFFSET 12
#define TCP_FLAGS 13
#define TCP_WINDOW 14
#define TCP_URGENT 18

/* Where things lie in a segment that may be joined. */
struct segment {
	const uint8_t *ip, *tcp, *payload;
	uint32_t len_tcp, len; /* header and payload */
};

static bool open_segment(const struct berth_frame *frame, bool ethernet, struct segment *s)
{
	uint32_t off = ethernet ? ETH_HEADER : 0, total;

	if (frame->len < off + IP4_HEADER + TCP_HEADER || frame->segment_size)
		return false;
	if (ethernet && get_be16(frame->data + 12) != ETH_TYPE_IP4)
		return false;
	s->ip = frame->data + off;
	s->tcp = s->ip + IP4_HEADER;
	total = get_be16(s->ip + IP_TOTAL);
	s->len_tcp = (s->tcp[TCP_DATA_OFFSET] >> 4) * 4u;
	/* Version 4 and 20 bytes of header; neither a fragment nor one of several. */
	if (s->ip[0] != 0x45 || (get_be16(s->ip + IP_FLAGS) & 0xbfff) || s->ip[9] != IP_PROTOCOL_TCP ||
	    total > frame->len - off)
		return false;
	if (s->len_tcp < TCP_HEADER || total <= IP4_HEADER + s->len_tcp || (s->tcp[TCP_FLAGS] & ~TCP_PSH) != TCP_ACK)
		return false;
	s->payload = s->tcp + s->len_tcp;
	s->len = total - IP4_HEADER - s->len_tcp;
	return checksum_ok(checksum_add(0, s->ip, IP4_HEADER));
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

/* `next` has the headers of `first` but for what differs within a train. */
static bool same_train(const struct segment *first, const struct segment *next, bool ethernet)
{
	return next->len_tcp == first->len_tcp && next->ip[1] == first->ip[1] &&
	       same(first->ip, next->ip, IP_FLAGS, IP_CHECKSUM) &&
	       same(first->ip, next->ip, IP_SOURCE, IP4_HEADER + TCP_SEQ) &&
	       same(first->tcp, next->tcp, TCP_ACKNOWLEDGMENT, TCP_FLAGS) &&
	       same(first->tcp, next->tcp, TCP_WINDOW, TCP_OFF_CHECKSUM) &&
	       same(first->tcp, next->tcp, TCP_URGENT, first->len_tcp) &&
	       (!ethernet || memcmp(first->ip - ETH_HEADER, next->ip - ETH_HEADER, ETH_HEADER) == 0);
}

/* How many of the frames that wait make one train, taking more from the inner link as long as they continue it. *total:
 * their payload. */
static unsigned train_len(struct coalesce *c, struct berth_link *inner, berth_time now, const struct segment *first,
			  uint32_t *total)
{
	uint32_t seq = get_be32(first->tcp + TCP_SEQ), len_last = first->len;
	uint8_t flags = first->tcp[TCP_FLAGS];
	unsigned n = 1;

	*total = first->len;
	while (n < COALESCE_MAX && len_last == first->len && !(flags & TCP_PSH)) {
		struct segment next;

		if (n == c->n) {
			c->waiting[n] = berth_link_receive(inner, now);
			if (!c->waiting[n])
				break;
			c->n++;
		}
		if (!open_segment(c->waiting[n], inner->ethernet, &next) ||
		    !same_train(first, &next, inner->ethernet) || get_be32(next.tcp + TCP_SEQ) != seq + *total ||
		    next.len > first->len || IP4_HEADER + first->len_tcp + *total + next.len > UINT16_MAX)
			break;
		len_last = next.len;
		flags = next.tcp[TCP_FLAGS];
		*total += next.len;
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
	sum = checksum_pseudo(s->ip + IP_SOURCE, s->ip + IP_SOURCE + 4, 4, IP_PROTOCOL_TCP, s->len_tcp + s->len);
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
			  uint32_t len_headers, uint32_t total, uint8_t flags)
{
	uint8_t *ip = large->data + (s->ip - first->data);

	memcpy(large->data, first->data, len_headers);
	large->len = len_headers + total;
	put_be16(ip + IP_TOTAL, (uint16_t)(IP4_HEADER + s->len_tcp + total));
	put_be16(ip + IP_CHECKSUM, 0);
	put_be16(ip + IP_CHECKSUM, checksum_finish(checksum_add(0, ip, IP4_HEADER)));
	ip[IP4_HEADER + TCP_FLAGS] = flags;
}

/* The first n frames that wait as one; NULL: they are to be handed on one by one. */
static struct berth_frame *join(struct coalesce *c, bool ethernet, unsigned n, const struct segment *first,
				uint32_t total, const struct berth_memory *memory)
{
	uint32_t len_headers = (uint32_t)(first->payload - c->waiting[0]->data), at = len_headers;
	struct berth_frame *large = berth_frame_new(memory, len_headers + total);
	uint8_t flags = first->tcp[TCP_FLAGS];
	unsigned done = 0;

	while (large && done < n) {
		struct segment s = {0};

		open_segment(c->waiting[done], ethernet, &s);
		if (!copy_payload(c->waiting[done], &s, large->data + at))
			break;
		flags |= s.tcp[TCP_FLAGS];
		at += s.len;
		done++;
	}
	if (done < 2)
		return berth_frame_unref(large);
	write_headers(large, c->waiting[0], first, len_headers, at - len_headers, flags);
	large->segment_size = (uint16_t)first->len;
	large->checksum = BERTH_CHECKSUM_VALID;
	drop_front(c, done);
	return large;
}

static struct berth_frame *pop(struct coalesce *c)
{
	struct berth_frame *frame = berth_frame_ref(c->waiting[0]);

	drop_front(c, 1);
	return frame;
}

struct berth_frame *coalesce_receive(struct coalesce *c, struct berth_link *inner, const struct berth_memory *memory,
				     berth_time now, uint64_t *n_joined)
{
	struct berth_frame *large;
	struct segment first;
	uint32_t total;
	unsigned n, n_before;

	if (!c->n) {
		c->waiting[0] = berth_link_receive(inner, now);
		if (!c->waiting[0])
			return NULL;
		c->n = 1;
	}
	if (!open_segment(c->waiting[0], inner->ethernet, &first))
		return pop(c);
	n = train_len(c, inner, now, &first, &total);
	if (n < 2)
		return pop(c);
	n_before = c->n;
	large = join(c, inner->ethernet, n, &first, total, memory);
	if (!large)
		return pop(c);
	*n_joined += n_before - c->n;
	return large;
}

void coalesce_deinit(struct coalesce *c)
{
	drop_front(c, c->n);
}
