/* UDP headers, RFC 768: eight bytes.
 *
 * Scope: the fields and the one length that can lie. The checksum needs the pseudo-header and is the caller's. */
#include "udp_header.h"

#include "bytes.h"

size_t udp_header_parse(const uint8_t *p, size_t n, struct udp_header *out)
{
	uint16_t len;

	if (n < UDP_HEADER)
		return 0;
	len = get_be16(p + 4);
	if (len < UDP_HEADER || len > n)
		return 0;
	out->source_port = get_be16(p);
	out->destination_port = get_be16(p + 2);
	out->len = len;
	out->checksum = get_be16(p + 6);
	return UDP_HEADER;
}

uint8_t *udp_header_emit(const struct udp_header *h, uint8_t *to)
{
	to = put_be16(to, h->source_port);
	to = put_be16(to, h->destination_port);
	to = put_be16(to, h->len);
	return put_be16(to, h->checksum);
}
