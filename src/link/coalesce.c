/* Joining segments. See coalesce.h.
 *
 * Only what loses nothing by it is joined: IPv4 without options or fragments or IPv6 without extension headers, TCP
 * with nothing but ACK (and PSH, which ends a large frame), equal in every header field but those that must differ
 * (length, ID, checksums, sequence number). All but the last have the same length, so that the segments can be told
 * apart again. Headers are compared as bytes, not parsed: a train of segments differs from its first in places that are
 * known. */
#include "coalesce.h"

#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "eth.h"
#include "ip4.h"
#include "ip6.h"
#include "tcp_header.h"

/* Where things lie in a segment that may be joined. */
struct segment {
	const uint8_t *ip, *tcp, *payload;
	uint32_t len_tcp, len; /* header and payload */
	bool ip6;
};

/* Bytes of IP header and of what the IP header says that follows it, TCP header and payload. */
static inline uint32_t ip_len(bool ip6)
{
	return ip6 ? IP6_HEADER : IP4_HEADER;
}

static inline uint32_t transport_len(const uint8_t *ip, bool ip6)
{
	return ip6 ? get_be16(ip + IP6_OFF_PAYLOAD) : (uint32_t)get_be16(ip + IP4_OFF_TOTAL) - IP4_HEADER;
}

/* Finds them in a frame whose headers are known to be those of one. */
static inline void find_segment(const struct berth_frame *frame, uint32_t off, bool ip6, struct segment *s)
{
	s->ip = frame->data + off;
	s->tcp = s->ip + ip_len(ip6);
	s->len_tcp = (s->tcp[TCP_OFF_DATA_OFFSET] >> 4) * 4u;
	s->payload = s->tcp + s->len_tcp;
	s->len = transport_len(s->ip, ip6) - s->len_tcp;
	s->ip6 = ip6;
}

/* What follows the IP header, `len` bytes of which the frame has all, is a TCP header and payload that may be joined.
 */
static inline bool has_tcp(const uint8_t *tcp, uint32_t len)
{
	uint32_t len_tcp = (tcp[TCP_OFF_DATA_OFFSET] >> 4) * 4u;

	return len_tcp >= TCP_HEADER && len > len_tcp && (tcp[TCP_OFF_FLAGS] & ~TCP_PSH) == TCP_ACK;
}

/* The frame is a segment over IPv4 that may be joined, its IP header `off` bytes into it. */
static bool has_ip4_segment(const struct berth_frame *frame, uint32_t off)
{
	const uint8_t *ip;

	if (frame->len < off + IP4_HEADER + TCP_HEADER || frame->segment_size)
		return false;
	if (off && get_be16(frame->data + ETH_OFF_TYPE) != ETH_TYPE_IP4)
		return false;
	ip = frame->data + off;
	/* Version 4 and 20 bytes of header; neither a fragment nor one of several. A total length that is less than the
	 * header's leaves more than any frame has. */
	if (ip[0] != 0x45 || (get_be16(ip + IP4_OFF_FLAGS) & ~IP4_FLAG_DF) || ip[IP4_OFF_PROTOCOL] != IP_PROTOCOL_TCP ||
	    transport_len(ip, false) > frame->len - off - IP4_HEADER)
		return false;
	return has_tcp(ip + IP4_HEADER, transport_len(ip, false)) && checksum_ok(checksum_add(0, ip, IP4_HEADER));
}

static bool has_ip6_segment(const struct berth_frame *frame, uint32_t off)
{
	const uint8_t *ip;

	if (frame->len < off + IP6_HEADER + TCP_HEADER || frame->segment_size)
		return false;
	if (off && get_be16(frame->data + ETH_OFF_TYPE) != ETH_TYPE_IP6)
		return false;
	ip = frame->data + off;
	if (ip[0] >> 4 != 6 || ip[IP6_OFF_NEXT_HEADER] != IP_PROTOCOL_TCP ||
	    transport_len(ip, true) > frame->len - off - IP6_HEADER)
		return false;
	return has_tcp(ip + IP6_HEADER, transport_len(ip, true));
}

/* The first segment of what may be a train. */
static bool open_first(const struct berth_frame *frame, uint32_t off, struct segment *s)
{
	bool ip6 = false;

	if (!has_ip4_segment(frame, off)) {
		ip6 = has_ip6_segment(frame, off);
		if (!ip6)
			return false;
	}
	find_segment(frame, off, ip6, s);
	return true;
}

/* One that may follow it. */
static bool open_next(const struct berth_frame *frame, uint32_t off, bool ip6, struct segment *s)
{
	if (ip6 ? !has_ip6_segment(frame, off) : !has_ip4_segment(frame, off))
		return false;
	find_segment(frame, off, ip6, s);
	return true;
}

static inline bool same(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	return memcmp(a + from, b + from, to - from) == 0;
}

/* The IP headers are of one train, and so are the ports behind them. */
static inline bool same_ip4(const uint8_t *a, const uint8_t *b)
{
	return same(a, b, IP4_OFF_TOS, IP4_OFF_TOTAL) && same(a, b, IP4_OFF_FLAGS, IP4_OFF_CHECKSUM) &&
	       same(a, b, IP4_OFF_SOURCE, IP4_HEADER + TCP_OFF_SEQ);
}

/* Traffic class and flow label, then next header, hop limit and addresses. */
static inline bool same_ip6(const uint8_t *a, const uint8_t *b)
{
	return same(a, b, 0, IP6_OFF_PAYLOAD) && same(a, b, IP6_OFF_NEXT_HEADER, IP6_HEADER + TCP_OFF_SEQ);
}

/* `next` has the headers of `first` but for what differs within a train. The IP headers lie `off` bytes into frames;
 * that the TCP headers are equally long is known before their options are looked at. */
static bool same_train(const struct segment *first, const struct segment *next, uint32_t off)
{
	return memcmp(first->ip - off, next->ip - off, off) == 0 &&
	       (first->ip6 ? same_ip6(first->ip, next->ip) : same_ip4(first->ip, next->ip)) &&
	       same(first->tcp, next->tcp, TCP_OFF_ACK, TCP_OFF_FLAGS) &&
	       same(first->tcp, next->tcp, TCP_OFF_WINDOW, TCP_OFF_CHECKSUM) &&
	       same(first->tcp, next->tcp, TCP_OFF_URGENT, first->len_tcp);
}

/* So long may what an IP header's length counts be: IPv4's counts the header too. */
static inline uint32_t len_max(bool ip6)
{
	return ip6 ? UINT16_MAX : UINT16_MAX - IP4_HEADER;
}

/* `next` goes behind the `total` bytes that the train has so far. */
static bool continues(const struct segment *first, const struct segment *next, uint32_t off, uint32_t total)
{
	return same_train(first, next, off) &&
	       get_be32(next->tcp + TCP_OFF_SEQ) == get_be32(first->tcp + TCP_OFF_SEQ) + total &&
	       next->len <= first->len && first->len_tcp + total + next->len <= len_max(first->ip6);
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

		if (!frame || !open_next(frame, off, first->ip6, &last) || !continues(first, &last, off, *total))
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
	if (s->ip6)
		sum = checksum_pseudo(s->ip + IP6_OFF_SOURCE, s->ip + IP6_OFF_DESTINATION, 16, IP_PROTOCOL_TCP,
				      s->len_tcp + s->len);
	else
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
	ip[ip_len(s->ip6) + TCP_OFF_FLAGS] |= flags;
	if (s->ip6) {
		put_be16(ip + IP6_OFF_PAYLOAD, (uint16_t)(s->len_tcp + total));
		return;
	}
	put_be16(ip + IP4_OFF_TOTAL, (uint16_t)(IP4_HEADER + s->len_tcp + total));
	put_be16(ip + IP4_OFF_CHECKSUM, 0);
	put_be16(ip + IP4_OFF_CHECKSUM, checksum_finish(checksum_add(0, ip, IP4_HEADER)));
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

		find_segment(c->waiting[done], off, first->ip6, &s);
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
	if (c->n_alone || !open_first(c->waiting[0], inner->ethernet ? ETH_HEADER : 0, &first))
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
