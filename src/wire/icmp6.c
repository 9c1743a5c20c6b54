/* ICMPv6, RFC 4443.
 *
 * Scope: the format and its checksum, which covers the pseudo-header here. */
#include "icmp.h"

#include "bytes.h"
#include "checksum.h"
#include "ip4.h"

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
