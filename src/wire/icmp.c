/* ICMP for IPv4, RFC 792: type, code, checksum, one word whose meaning the type gives, and a body.
 *
 * Scope: the format and its checksum. What a message means, and whether one may be answered (RFC 1122 section 3.2.2),
 * the host decides. ICMPv6 is in icmp6.c. */
#include "icmp.h"

#include "bytes.h"
#include "checksum.h"

size_t icmp4_parse(const uint8_t *p, size_t n, struct icmp_message *out)
{
	if (n < ICMP_HEADER || !checksum_ok(checksum_add(0, p, n)))
		return 0;
	*out = (struct icmp_message){.type = p[0],
				     .code = p[1],
				     .rest = get_be32(p + 4),
				     .body = p + ICMP_HEADER,
				     .len_body = n - ICMP_HEADER};
	return ICMP_HEADER;
}

uint8_t *icmp4_emit(const struct icmp_message *m, uint8_t *to)
{
	uint8_t *p = to;

	p = put_u8(p, m->type);
	p = put_u8(p, m->code);
	p = put_be16(p, 0);
	p = put_be32(p, m->rest);
	/* The body may already lie where it goes: a reply is written over its request. */
	if (m->len_body)
		memmove(p, m->body, m->len_body);
	put_be16(to + 2, checksum_finish(checksum_add(0, to, ICMP_HEADER + m->len_body)));
	return p + m->len_body;
}
