/* See wire_mark.h. The two bits are the last of IPv4's second byte, and of IPv6's traffic class, which lies across the
 * first two bytes. */
#include "wire_mark.h"

#include "bytes.h"

#define ETHERNET_HEADER 14
#define IP4_HEADER 20
#define IP6_HEADER 40
#define ECN_MASK 3

/* The bits as they are before: not-ECT 0 cannot be marked, CE 3 is. */
static bool can_mark(unsigned ecn)
{
	return ecn == 1 || ecn == 2;
}

/* RFC 1624 equation 3, for the 16-bit word that version, length and the two bits are in. */
static void ip4_mark(uint8_t *header)
{
	uint32_t before = get_be16(header), sum;

	header[1] |= ECN_MASK;
	sum = (~get_be16(header + 10) & 0xffffu) + (~before & 0xffffu) + get_be16(header);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(header + 10, (uint16_t)~sum);
}

bool wire_mark_congested(struct berth_frame *frame, bool ethernet)
{
	uint32_t off = ethernet ? ETHERNET_HEADER : 0;
	uint8_t *header = frame->data + off;
	unsigned type;

	if (frame->len < off + IP4_HEADER)
		return false;
	type = ethernet ? get_be16(header - 2) : header[0] >> 4 == 6 ? 0x86dd : 0x0800;
	if (type == 0x0800 && header[0] >> 4 == 4 && can_mark(header[1] & ECN_MASK)) {
		ip4_mark(header);
		return true;
	}
	if (type == 0x86dd && frame->len >= off + IP6_HEADER && header[0] >> 4 == 6 &&
	    can_mark(header[1] >> 4 & ECN_MASK)) {
		header[1] |= ECN_MASK << 4;
		return true;
	}
	return false;
}
