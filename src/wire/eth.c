/* Ethernet II frames: fourteen bytes, two addresses and a type.
 *
 * Scope: the header alone. Lengths in the type field (IEEE 802.3 framing, under 0x600) come out as they are; the host
 * takes only the types that it knows. VLAN tags are a type like any other. */
#include "eth.h"

#include "bytes.h"

uint8_t *eth_emit(const struct eth_header *h, uint8_t *to)
{
	to = put_bytes(to, h->destination, 6);
	to = put_bytes(to, h->source, 6);
	return put_be16(to, h->type);
}
