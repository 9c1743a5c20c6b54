/* IPv4 headers, RFC 791.
 *
 * Scope: the header and whether it can be believed; nothing of where the packet goes. Method: one length check for the
 * fixed twenty bytes, and a walk over the options only when there are any, which is hardly ever. */
#include "ip4.h"

#include <assert.h>

#include "bytes.h"
#include "checksum.h"

#define OFF_MASK 0x1fff

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LSRR 131
#define OPTION_SSRR 137

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* The fixed header's running sum, unrolled: this is done for every packet. */
static inline uint64_t sum_header(const uint8_t *p)
{
	return (uint64_t)load32(p) + load32(p + 4) + load32(p + 8) + load32(p + 12) + load32(p + 16);
}

/* Walks the options (RFC 791 section 3.1). false when one of them is not whole. */
static bool parse_options(const uint8_t *p, const uint8_t *end, bool *source_routed)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return false;
		if (*p == OPTION_LSRR || *p == OPTION_SSRR)
			*source_routed = true;
		p += p[1];
	}
	return true;
}

static inline void read_fields(const uint8_t *p, struct ip4_header *out)
{
	uint16_t fragment = get_be16(p + 6);

	out->tos = p[1];
	out->total_len = get_be16(p + 2);
	out->id = get_be16(p + 4);
	out->dont_fragment = fragment & IP4_FLAG_DF;
	out->more_fragments = fragment & IP4_FLAG_MF;
	out->off_fragment = (uint16_t)(fragment << 3);
	out->ttl = p[8];
	out->protocol = p[9];
	memcpy(out->source, p + 12, 4);
	memcpy(out->destination, p + 16, 4);
	out->len_header = (uint8_t)((p[0] & 15) * 4);
	out->source_routed = false;
}

/* A fragment must end within 65,535 bytes and, unless it is the last, on a multiple of eight; and what may not be
 * fragmented is no fragment. */
static bool fragment_is_sound(const struct ip4_header *h)
{
	unsigned len = h->total_len - h->len_header;

	if (!h->more_fragments && !h->off_fragment)
		return true;
	if (h->dont_fragment || len == 0 || (h->more_fragments && len % 8))
		return false;
	return h->off_fragment + len + h->len_header <= UINT16_MAX;
}

/* Version 4 and twenty bytes of header are known of p, and that it is no fragment. */
static inline enum ip4_verdict parse_plain(const uint8_t *p, size_t n, struct ip4_header *out)
{
	unsigned total_len = get_be16(p + 2);

	if (total_len < IP4_HEADER || total_len > n)
		return IP4_BAD_LENGTH;
	if (!checksum_ok(sum_header(p)))
		return IP4_BAD_CHECKSUM;
	read_fields(p, out);
	return IP4_OK;
}

/* Not inlined, so that the short way saves no registers for it. */
__attribute__((noinline)) static enum ip4_verdict parse_any(const uint8_t *p, size_t n, struct ip4_header *out)
{
	struct ip4_header h;
	uint64_t sum;

	if (p[0] >> 4 != 4)
		return IP4_BAD_VERSION;
	read_fields(p, &h);
	if (h.len_header < IP4_HEADER)
		return IP4_BAD_HEADER;
	if (n < h.len_header)
		return IP4_SHORT;
	if (h.total_len < h.len_header || h.total_len > n)
		return IP4_BAD_LENGTH;
	sum = checksum_add(sum_header(p), p + IP4_HEADER, (size_t)h.len_header - IP4_HEADER);
	if (!checksum_ok(sum))
		return IP4_BAD_CHECKSUM;
	if (!parse_options(p + IP4_HEADER, p + h.len_header, &h.source_routed))
		return IP4_BAD_OPTION;
	if (!fragment_is_sound(&h))
		return IP4_BAD_FRAGMENT;
	*out = h;
	return IP4_OK;
}

enum ip4_verdict ip4_parse(const uint8_t *p, size_t n, struct ip4_header *out)
{
	if (n < IP4_HEADER)
		return IP4_SHORT;
	if (p[0] == 0x45 && !(get_be16(p + 6) & (IP4_FLAG_MF | OFF_MASK)))
		return parse_plain(p, n, out);
	return parse_any(p, n, out);
}

bool ip4_parse_quoted(const uint8_t *p, size_t n, struct ip4_header *out)
{
	size_t len;

	if (n < IP4_HEADER || p[0] >> 4 != 4)
		return false;
	len = (size_t)(p[0] & 15) * 4;
	if (len < IP4_HEADER || n < len)
		return false;
	read_fields(p, out);
	/* Routers on the way rewrite options; one that they spoilt does not make the quotation worthless. */
	(void)parse_options(p + IP4_HEADER, p + len, &out->source_routed);
	return true;
}

/* The checksum of the header that these fields make, from the fields: to read back what was only just written, in other
 * pieces than it was written in, makes the processor wait. */
static inline uint16_t header_checksum(const struct ip4_header *h, unsigned fragment)
{
	uint32_t sum = 0x4500u + h->tos + h->total_len + h->id + fragment + ((unsigned)h->ttl << 8) + h->protocol;

	sum += (uint32_t)get_be16(h->source) + get_be16(h->source + 2);
	sum += (uint32_t)get_be16(h->destination) + get_be16(h->destination + 2);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

uint8_t *ip4_emit(const struct ip4_header *h, uint8_t *to)
{
	unsigned fragment = h->off_fragment >> 3;

	assert(h->off_fragment % 8 == 0);
	fragment |= h->dont_fragment ? IP4_FLAG_DF : 0;
	fragment |= h->more_fragments ? IP4_FLAG_MF : 0;
	to = put_u8(to, 0x45);
	to = put_u8(to, h->tos);
	to = put_be16(to, h->total_len);
	to = put_be16(to, h->id);
	to = put_be16(to, (uint16_t)fragment);
	to = put_u8(to, h->ttl);
	to = put_u8(to, h->protocol);
	to = put_be16(to, header_checksum(h, fragment));
	to = put_bytes(to, h->source, 4);
	return put_bytes(to, h->destination, 4);
}
