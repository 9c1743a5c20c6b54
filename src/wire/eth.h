/* Ethernet II frames. */
#ifndef WIRE_ETH_H
#define WIRE_ETH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"

#define ETH_HEADER 14
#define ETH_OFF_TYPE 12 /* from the header's first byte */
#define ETH_TYPE_IP4 0x0800
#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IP6 0x86dd

struct eth_header {
	uint8_t destination[6], source[6];
	uint16_t type;
};

/* Reads the header of a frame of n bytes: its length, or 0 when the frame is too short. */
static inline size_t eth_parse(const uint8_t *p, size_t n, struct eth_header *out)
{
	if (n < ETH_HEADER)
		return 0;
	memcpy(out->destination, p, 6);
	memcpy(out->source, p + 6, 6);
	out->type = get_be16(p + ETH_OFF_TYPE);
	return ETH_HEADER;
}
/* Writes ETH_HEADER bytes; returns the next position. */
uint8_t *eth_emit(const struct eth_header *h, uint8_t *to);

#endif
