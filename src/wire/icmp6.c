/* ICMPv6, RFC 4443, and the two messages of neighbour discovery that find a neighbour, RFC 4861.
 *
 * Scope: formats and the checksum, which covers the pseudo-header here. That neighbour discovery comes with a hop limit
 * of 255 (RFC 4861 section 7.1) is the IP header's matter and so the host's. */
#include "icmp.h"

#include <assert.h>
#include <stdbool.h>

#include "bytes.h"
#include "checksum.h"
#include "ip4.h"

#define OPTION_SOURCE_MAC 1
#define OPTION_TARGET_MAC 2
#define FLAGS_ADVERT 0xe0000000u

static uint64_t pseudo(const uint8_t *source, const uint8_t *destination, size_t n)
{
	return checksum_pseudo(source, destination, 16, IP_PROTOCOL_ICMP6, (uint32_t)n);
}

size_t icmp6_parse(const uint8_t *p, size_t n, const uint8_t *source, const uint8_t *destination,
		   struct icmp_message *out)
{
	if (n < ICMP_HEADER || !checksum_ok(checksum_add(pseudo(source, destination, n), p, n)))
		return 0;
	*out = (struct icmp_message){.type = p[0],
				     .code = p[1],
				     .rest = get_be32(p + 4),
				     .body = p + ICMP_HEADER,
				     .len_body = n - ICMP_HEADER};
	return ICMP_HEADER;
}

uint8_t *icmp6_emit(const struct icmp_message *m, const uint8_t *source, const uint8_t *destination, uint8_t *to)
{
	size_t n = ICMP_HEADER + m->len_body;
	uint8_t *p = to;

	p = put_u8(p, m->type);
	p = put_u8(p, m->code);
	p = put_be16(p, 0);
	p = put_be32(p, m->rest);
	if (m->len_body)
		memmove(p, m->body, m->len_body);
	put_be16(to + 2, checksum_finish(checksum_add(pseudo(source, destination, n), to, n)));
	return p + m->len_body;
}

/* Options are type, length in eights, data (RFC 4861 section 4.6). The first address of the wanted kind counts; one of
 * another length belongs to another sort of link. */
static int parse_options(const uint8_t *p, size_t n, uint8_t wanted, struct nd_neighbour *out)
{
	size_t len;

	for (; n; p += len, n -= len) {
		if (n < 2)
			return 0;
		len = (size_t)p[1] * 8;
		if (len == 0 || len > n)
			return 0;
		if (p[0] == wanted && len == 8 && !out->has_mac) {
			out->has_mac = 1;
			memcpy(out->mac, p + 2, 6);
		}
	}
	return 1;
}

int nd_neighbour_parse(const struct icmp_message *m, struct nd_neighbour *out)
{
	struct nd_neighbour nd = {.has_mac = 0};
	bool advert = m->type == ICMP6_NEIGHBOUR_ADVERT;

	/* RFC 4861 sections 7.1.1 and 7.1.2: code 0, and no multicast target. */
	if ((!advert && m->type != ICMP6_NEIGHBOUR_SOLICIT) || m->code != 0)
		return 0;
	if (m->len_body < 16 || m->body[0] == 0xff)
		return 0;
	memcpy(nd.target, m->body, 16);
	nd.flags = advert ? m->rest & FLAGS_ADVERT : 0;
	if (!parse_options(m->body + 16, m->len_body - 16, advert ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC, &nd))
		return 0;
	*out = nd;
	return 1;
}

size_t nd_neighbour_emit(uint8_t type, const struct nd_neighbour *nd, uint8_t *to)
{
	uint8_t *p = put_bytes(to, nd->target, 16);

	assert(type == ICMP6_NEIGHBOUR_SOLICIT || type == ICMP6_NEIGHBOUR_ADVERT);
	if (nd->has_mac) {
		p = put_u8(p, type == ICMP6_NEIGHBOUR_ADVERT ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC);
		p = put_u8(p, 1);
		p = put_bytes(p, nd->mac, 6);
	}
	return (size_t)(p - to);
}
