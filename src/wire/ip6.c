/* IPv6 headers and the extension headers between them and the upper layer, RFC 8200.
 *
 * Scope: what a packet says, with no judgement that needs an address of ours. Method: a walk of at most
 * IP6_EXTENSIONS_MAX steps, each of which takes at least eight bytes of the payload, so it ends. The walk stops at the
 * upper layer, at what cannot be read past (ESP, no next header, unknown kinds), and at a fragment, whose rest only
 * means something once put together. */
#include "ip6.h"

#include <assert.h>

#include "bytes.h"

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

#define OPTION_PAD1 0
#define FRAGMENT_LEN 8

/* A packet being walked. */
struct walk {
	const uint8_t *p;
	size_t at, end; /* the next header's first byte, the payload's end */
	uint8_t next;   /* what lies there */
	bool whole;     /* nothing more to walk */
};

static void read_fixed(const uint8_t *p, struct ip6_header *out)
{
	uint32_t first = get_be32(p);

	out->traffic_class = (uint8_t)(first >> 20);
	out->flow_label = first & 0xfffff;
	out->payload_len = get_be16(p + 4);
	out->next_header = p[6];
	out->hop_limit = p[7];
	memcpy(out->source, p + 8, 16);
	memcpy(out->destination, p + 24, 16);
}

/* RFC 8200 section 4.2: an unknown option's two highest bits say whether the packet goes on without it. We know padding
 * only, and those whose bits let us pass. */
static enum ip6_verdict check_options(const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		if (*p == OPTION_PAD1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] > end - p - 2)
			return IP6_BAD_OPTION;
		if (*p >> 6 != 0)
			return IP6_BAD_OPTION;
		p += 2 + p[1];
	}
	return IP6_OK;
}

static enum ip6_verdict read_fragment(struct walk *w, struct ip6_payload *out)
{
	const uint8_t *p = w->p + w->at;
	size_t len;

	if (w->end - w->at < FRAGMENT_LEN)
		return IP6_BAD_LENGTH;
	if (out->fragment)
		return IP6_BAD_FRAGMENT;
	len = w->end - w->at - FRAGMENT_LEN;
	out->fragment = true;
	out->off_fragment = get_be16(p + 2) & 0xfff8;
	out->more_fragments = p[3] & 1;
	out->id = get_be32(p + 4);
	w->next = p[0];
	w->at += FRAGMENT_LEN;
	/* RFC 6946: offset 0 and no more to come is a whole packet. */
	w->whole = out->off_fragment || out->more_fragments;
	if (w->whole && (len == 0 || out->off_fragment + len > UINT16_MAX || (out->more_fragments && len % 8)))
		return IP6_BAD_FRAGMENT;
	return IP6_OK;
}

/* The headers whose second byte is their length in eights, the first eight not counted. */
static enum ip6_verdict read_extension(struct walk *w, struct ip6_payload *out)
{
	const uint8_t *p = w->p + w->at;
	size_t room = w->end - w->at, len;
	uint8_t kind = w->next;

	if (room < 8)
		return IP6_BAD_LENGTH;
	len = ((size_t)p[1] + 1) * 8;
	if (len > room)
		return IP6_BAD_LENGTH;
	w->next = p[0];
	w->at += len;
	if (kind != NEXT_ROUTING)
		return check_options(p + 2, p + len);
	/* The worst of several is what the host is told of: type 0 stays. */
	if (!out->routing || out->routing_type != 0) {
		out->routing = true;
		out->routing_type = p[2];
		out->routing_left = p[3];
	}
	return IP6_OK;
}

static enum ip6_verdict walk_on(struct walk *w, struct ip6_payload *out)
{
	unsigned n_headers = 0;

	for (;;) {
		enum ip6_verdict verdict;

		switch (w->next) {
		case NEXT_HOP_BY_HOP:
			if (n_headers > 0)
				return IP6_BAD_ORDER;
			break;
		case NEXT_ROUTING:
		case NEXT_FRAGMENT:
		case NEXT_DESTINATION:
			break;
		default:
			return IP6_OK;
		}
		if (n_headers++ == IP6_EXTENSIONS_MAX)
			return IP6_TOO_MANY;
		verdict = w->next == NEXT_FRAGMENT ? read_fragment(w, out) : read_extension(w, out);
		if (verdict != IP6_OK || w->whole)
			return verdict;
	}
}

enum ip6_verdict ip6_parse(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload)
{
	struct ip6_payload found = {.protocol = 0};
	struct walk w = {.p = p, .at = IP6_HEADER};
	struct ip6_header h;
	enum ip6_verdict verdict;

	if (n < IP6_HEADER)
		return IP6_SHORT;
	if (p[0] >> 4 != 6)
		return IP6_BAD_VERSION;
	read_fixed(p, &h);
	if (h.payload_len > n - IP6_HEADER)
		return IP6_BAD_LENGTH;
	w.end = (size_t)IP6_HEADER + h.payload_len;
	w.next = h.next_header;
	verdict = walk_on(&w, &found);
	if (verdict != IP6_OK)
		return verdict;
	found.protocol = w.next;
	found.off = (uint16_t)w.at;
	found.len = (uint16_t)(w.end - w.at);
	*out = h;
	*payload = found;
	return IP6_OK;
}

uint8_t *ip6_emit(const struct ip6_header *h, uint8_t *to)
{
	assert(h->flow_label <= 0xfffff);
	to = put_be32(to, 6u << 28 | (uint32_t)h->traffic_class << 20 | h->flow_label);
	to = put_be16(to, h->payload_len);
	to = put_u8(to, h->next_header);
	to = put_u8(to, h->hop_limit);
	to = put_bytes(to, h->source, 16);
	return put_bytes(to, h->destination, 16);
}
