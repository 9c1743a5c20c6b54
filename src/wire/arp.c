/* ARP for IPv4 over Ethernet, RFC 826.
 *
 * Scope: the 28 bytes of a request or a reply. Anything else that ARP's format could say (other hardware, other
 * protocols, other operations) is not a packet to us: RFC 826 has the receiver ask "do I have the hardware type, do I
 * speak the protocol" before it looks further. */
#include "arp.h"

#include "bytes.h"

#define HARDWARE_ETHERNET 1
#define PROTOCOL_IP4 0x0800

size_t arp_parse(const uint8_t *p, size_t n, struct arp_packet *out)
{
	uint16_t operation;

	if (n < ARP_LEN)
		return 0;
	if (get_be16(p) != HARDWARE_ETHERNET || get_be16(p + 2) != PROTOCOL_IP4 || p[4] != 6 || p[5] != 4)
		return 0;
	operation = get_be16(p + 6);
	if (operation != ARP_REQUEST && operation != ARP_REPLY)
		return 0;
	out->operation = operation;
	memcpy(out->sender_mac, p + 8, 6);
	memcpy(out->sender_ip, p + 14, 4);
	memcpy(out->target_mac, p + 18, 6);
	memcpy(out->target_ip, p + 24, 4);
	return ARP_LEN;
}

uint8_t *arp_emit(const struct arp_packet *a, uint8_t *to)
{
	to = put_be16(to, HARDWARE_ETHERNET);
	to = put_be16(to, PROTOCOL_IP4);
	to = put_u8(to, 6);
	to = put_u8(to, 4);
	to = put_be16(to, a->operation);
	to = put_bytes(to, a->sender_mac, 6);
	to = put_bytes(to, a->sender_ip, 4);
	to = put_bytes(to, a->target_mac, 6);
	return put_bytes(to, a->target_ip, 4);
}
