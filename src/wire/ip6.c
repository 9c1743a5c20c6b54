/* IPv6 headers and the extension headers between them and the upper layer, RFC 8200.
 *
 * Scope: what a packet says, with no judgement that needs an address of ours. Method: a walk of at most
 * IP6_EXTENSIONS_MAX steps, each of which takes at least eight bytes of the payload, so it ends. The walk stops at the
 * upper layer, at what cannot be read past (ESP, no next header, unknown kinds), and at a fragment whose beginning lies
 * elsewhere. A first fragment is walked to its upper layer, to see that it is there; what the caller is told of is then
 * the piece that begins behind the fragment header. */
#include "ip6.h"

#include <assert.h>

#include "bytes.h"
#include "ip4.h"
#include "tcp_header.h"

#define OPTION_PAD1 0
#define OPTION_PADN 1
#define OPTION_ROUTER_ALERT 5
/* The highest two bits of an option's type, for whom it is unknown (RFC 8200 section 4.2). */
#define OPTION_SKIP 0
#define OPTION_DROP 1
#define OPTION_TELL 2

#define ROUTING_TYPE_0 0

/* A packet being walked. */
struct walk {
	const uint8_t *p;
	size_t at, end;   /* the next header's first byte, the payload's end */
	size_t off_next;  /* where it says what lies there, */
	uint8_t next;     /* and what */
	bool first, rest; /* within a first fragment; before the piece of another */
	struct ip6_payload found;
	struct ip6_problem problem;
};

static void read_fixed(const uint8_t *p, struct ip6_header *out)
{
	uint32_t first = get_be32(p);

	out->traffic_class = (uint8_t)(first >> 20);
	out->flow_label = first & 0xfffff;
	out->payload_len = get_be16(p + IP6_OFF_PAYLOAD);
	out->next_header = p[IP6_OFF_NEXT_HEADER];
	out->hop_limit = p[IP6_OFF_HOP_LIMIT];
	memcpy(out->source, p + IP6_OFF_SOURCE, 16);
	memcpy(out->destination, p + IP6_OFF_DESTINATION, 16);
}

/* What is wrong, and that the sender may be told of the byte at `off`. */
static enum ip6_verdict tell(struct walk *w, enum ip6_verdict verdict, enum ip6_problem_code code, size_t off)
{
	w->problem = (struct ip6_problem){.tell = true, .code = (uint8_t)code, .off = (uint32_t)off};
	return verdict;
}

/* ---- options ---- */

/* An option that is not padding: its type's first byte lies at `at`, all of it is there. */
static enum ip6_verdict check_option(struct walk *w, size_t at, bool hop_by_hop)
{
	uint8_t type = w->p[at], len = w->p[at + 1];

	if (type == OPTION_ROUTER_ALERT && hop_by_hop) {
		w->found.router_alert = true;
		return len == 2 ? IP6_OK : tell(w, IP6_BAD_OPTION, IP6_PROBLEM_FIELD, at + 1);
	}
	if (type >> 6 == OPTION_SKIP)
		return IP6_OK;
	if (type >> 6 == OPTION_DROP)
		return IP6_BAD_OPTION;
	tell(w, IP6_BAD_OPTION, IP6_PROBLEM_OPTION, at);
	w->problem.multicast = type >> 6 == OPTION_TELL;
	return IP6_BAD_OPTION;
}

/* PadN's bytes are zero, or somebody says something with them (RFC 4942 section 2.1.9.5). */
static bool is_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	while (n--)
		any |= *p++;
	return any == 0;
}

/* The options in [at, end). Padding has no use beyond what aligns the next option to eight bytes. */
static enum ip6_verdict check_options(struct walk *w, size_t at, size_t end, bool hop_by_hop)
{
	unsigned n_options = 0;
	size_t len, n_padding = 0;

	for (; at < end; at += len) {
		uint8_t type = w->p[at];
		enum ip6_verdict verdict;

		if (type != OPTION_PAD1 && (end - at < 2 || w->p[at + 1] > end - at - 2))
			return tell(w, IP6_BAD_OPTION, IP6_PROBLEM_FIELD, end - at < 2 ? at : at + 1);
		len = type == OPTION_PAD1 ? 1 : 2 + (size_t)w->p[at + 1];
		if (type == OPTION_PAD1 || type == OPTION_PADN) {
			n_padding += len;
			if (n_padding > IP6_PADDING_MAX || (len > 2 && !is_zero(w->p + at + 2, len - 2)))
				return IP6_BAD_OPTION;
			continue;
		}
		n_padding = 0;
		if (n_options++ == IP6_OPTIONS_MAX)
			return tell(w, IP6_TOO_MANY, IP6_PROBLEM_OPTIONS, at);
		verdict = check_option(w, at, hop_by_hop);
		if (verdict != IP6_OK)
			return verdict;
	}
	return IP6_OK;
}

/* ---- headers ---- */

static enum ip6_verdict check_routing(struct walk *w, size_t at)
{
	uint8_t type = w->p[at + 2], n_left = w->p[at + 3];

	/* An unknown type that is used up is passed over, and so would RFC 5095 section 3 have type 0. But a packet
	 * that has been where its sender led it is what type 0 was deprecated for; as with IPv4's source routes
	 * (RFC 7126 section 4.3), it is not taken. */
	if (n_left)
		return tell(w, IP6_BAD_ROUTING, IP6_PROBLEM_FIELD, at + 2);
	if (type == ROUTING_TYPE_0)
		return IP6_BAD_ROUTING;
	w->found.routing = true;
	w->found.routing_type = type;
	return IP6_OK;
}

/* The headers whose second byte is their length in eights, the first eight not counted. Steps over it; *at becomes
 * where it began. false: it is not all there. */
static bool step_over(struct walk *w, size_t *at)
{
	size_t len;

	if (w->end - w->at < 8)
		return false;
	len = ((size_t)w->p[w->at + 1] + 1) * 8;
	if (len > w->end - w->at)
		return false;
	*at = w->at;
	w->next = w->p[*at];
	w->off_next = *at;
	w->at += len;
	return true;
}

static enum ip6_verdict read_extension(struct walk *w)
{
	uint8_t kind = w->next;
	size_t at;

	if (!step_over(w, &at)) {
		if (w->first)
			return tell(w, IP6_HEADERS_CUT, IP6_PROBLEM_FIRST_FRAGMENT, 0);
		if (w->end - w->at < 2)
			return IP6_BAD_LENGTH;
		return tell(w, IP6_BAD_LENGTH, IP6_PROBLEM_FIELD, w->at + 1);
	}
	if (kind == IP6_NEXT_ROUTING)
		return check_routing(w, at);
	return check_options(w, at + 2, w->at, kind == IP6_NEXT_HOP_BY_HOP);
}

/* Steps over a fragment header that is all there, and notes what it says. */
static void open_fragment(struct walk *w)
{
	const uint8_t *p = w->p + w->at;
	struct ip6_payload *found = &w->found;

	found->fragment = true;
	found->off_fragment = get_be16(p + 2) & 0xfff8;
	found->more_fragments = p[3] & 1;
	found->id = get_be32(p + 4);
	w->next = p[0];
	w->off_next = w->at;
	w->at += IP6_FRAGMENT;
}

/* The piece begins where the walk has come to. */
static void mark_piece(struct walk *w)
{
	w->found.protocol = w->next;
	w->found.off_protocol = (uint16_t)w->off_next;
	w->found.off = (uint16_t)w->at;
	w->found.len = (uint16_t)(w->end - w->at);
}

static enum ip6_verdict read_fragment(struct walk *w)
{
	size_t at = w->at, len;

	if (w->end - at < IP6_FRAGMENT)
		return w->first ? tell(w, IP6_HEADERS_CUT, IP6_PROBLEM_FIRST_FRAGMENT, 0) : IP6_BAD_LENGTH;
	if (w->found.fragment)
		return IP6_BAD_FRAGMENT;
	open_fragment(w);
	/* RFC 6946: offset 0 and no more to come is a whole packet. */
	if (!w->found.off_fragment && !w->found.more_fragments)
		return IP6_OK;
	len = w->end - w->at;
	if (w->found.more_fragments && len % 8)
		return tell(w, IP6_BAD_FRAGMENT, IP6_PROBLEM_FIELD, IP6_OFF_PAYLOAD);
	/* The whole packet's payload has the headers before this one in it. */
	if (at - IP6_HEADER + w->found.off_fragment + len > UINT16_MAX)
		return tell(w, IP6_BAD_FRAGMENT, IP6_PROBLEM_FIELD, at + 2);
	w->first = w->found.off_fragment == 0;
	w->rest = !w->first;
	if (len == 0)
		return w->first ? tell(w, IP6_HEADERS_CUT, IP6_PROBLEM_FIRST_FRAGMENT, 0) : IP6_BAD_FRAGMENT;
	mark_piece(w);
	return IP6_OK;
}

/* Walks to the upper layer, or to a piece that is not the first. */
static enum ip6_verdict walk_on(struct walk *w)
{
	for (unsigned n_headers = 0; !w->rest; n_headers++) {
		enum ip6_verdict verdict;

		switch (w->next) {
		case IP6_NEXT_HOP_BY_HOP:
			/* RFC 8200 section 4: taken for a number that is not known. */
			if (n_headers > 0)
				return tell(w, IP6_BAD_ORDER, IP6_PROBLEM_NEXT_HEADER, w->off_next);
			break;
		case IP6_NEXT_ROUTING:
		case IP6_NEXT_FRAGMENT:
		case IP6_NEXT_DESTINATION:
			break;
		default:
			return IP6_OK;
		}
		if (n_headers == IP6_EXTENSIONS_MAX)
			return w->at == w->end ? IP6_TOO_MANY : tell(w, IP6_TOO_MANY, IP6_PROBLEM_EXTENSIONS, w->at);
		verdict = w->next == IP6_NEXT_FRAGMENT ? read_fragment(w) : read_extension(w);
		if (verdict != IP6_OK)
			return verdict;
	}
	return IP6_OK;
}

/* A first fragment has the upper layer's header to its end (RFC 7112 section 3). All others that we know are no longer
 * than the eight bytes which a fragment with more to follow has at least. */
static bool has_upper_header(const struct walk *w)
{
	size_t len = w->end - w->at;

	if (w->next == IP_PROTOCOL_TCP)
		return len >= TCP_HEADER && len >= (size_t)(w->p[w->at + TCP_OFF_DATA_OFFSET] >> 4) * 4;
	return len > 0;
}

enum ip6_verdict ip6_parse(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload,
			   struct ip6_problem *problem)
{
	struct walk w = {.p = p, .at = IP6_HEADER, .off_next = IP6_OFF_NEXT_HEADER};
	enum ip6_verdict verdict = IP6_BAD_LENGTH;

	if (problem)
		*problem = w.problem;
	if (n < IP6_HEADER)
		return IP6_SHORT;
	if (p[0] >> 4 != 6)
		return IP6_BAD_VERSION;
	read_fixed(p, out);
	if (out->payload_len <= n - IP6_HEADER) {
		w.end = (size_t)IP6_HEADER + out->payload_len;
		w.next = out->next_header;
		verdict = walk_on(&w);
		if (verdict == IP6_OK && w.first && !has_upper_header(&w))
			verdict = tell(&w, IP6_HEADERS_CUT, IP6_PROBLEM_FIRST_FRAGMENT, 0);
	}
	if (problem)
		*problem = w.problem;
	if (verdict != IP6_OK)
		return verdict;
	if (!w.first && !w.rest)
		mark_piece(&w);
	*payload = w.found;
	return IP6_OK;
}

/* ---- quoted ---- */

/* One header further. false: it is not all there, or what follows is not what it leads to. */
static bool skip_quoted(struct walk *w)
{
	size_t at;

	if (w->next != IP6_NEXT_FRAGMENT)
		return step_over(w, &at);
	if (w->end - w->at < IP6_FRAGMENT || w->found.fragment)
		return false;
	open_fragment(w);
	return w->found.off_fragment == 0;
}

static bool is_extension(uint8_t next)
{
	return next == IP6_NEXT_HOP_BY_HOP || next == IP6_NEXT_ROUTING || next == IP6_NEXT_FRAGMENT ||
	       next == IP6_NEXT_DESTINATION;
}

bool ip6_parse_quoted(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload)
{
	struct walk w = {.p = p, .at = IP6_HEADER, .off_next = IP6_OFF_NEXT_HEADER};
	struct ip6_header h;

	if (n < IP6_HEADER || p[0] >> 4 != 6)
		return false;
	read_fixed(p, &h);
	w.end = (size_t)IP6_HEADER + h.payload_len;
	if (w.end > n)
		w.end = n;
	w.next = h.next_header;
	for (unsigned n_headers = 0; is_extension(w.next); n_headers++)
		if (n_headers == IP6_EXTENSIONS_MAX || !skip_quoted(&w))
			return false;
	if (w.at == w.end)
		return false;
	mark_piece(&w);
	*out = h;
	*payload = w.found;
	return true;
}

/* ---- out ---- */

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

uint8_t *ip6_emit_fragment(const struct ip6_fragment *f, uint8_t *to)
{
	assert(f->off % 8 == 0);
	to = put_u8(to, f->next_header);
	to = put_u8(to, 0);
	to = put_be16(to, (uint16_t)(f->off | f->more));
	return put_be32(to, f->id);
}

uint8_t *ip6_emit_router_alert(uint8_t next_header, uint8_t *to)
{
	to = put_u8(to, next_header);
	to = put_u8(to, 0); /* eight bytes */
	to = put_u8(to, OPTION_ROUTER_ALERT);
	to = put_u8(to, 2);
	to = put_be16(to, 0); /* a multicast listener message */
	to = put_u8(to, OPTION_PADN);
	return put_u8(to, 0);
}
