/* UDP headers, RFC 768. */
#ifndef WIRE_UDP_HEADER_H
#define WIRE_UDP_HEADER_H

#include <stddef.h>
#include <stdint.h>

#define UDP_HEADER 8
/* Where the checksum lies, from the header's first byte. */
#define UDP_OFF_CHECKSUM 6

struct udp_header {
	uint16_t source_port, destination_port;
	uint16_t len;      /* header and payload */
	uint16_t checksum; /* 0: the sender made none */
};

/* Reads the header of a datagram of n bytes: UDP_HEADER, or 0 when it is short or its length is under 8 or over n. The
 * checksum is not looked at: that takes the pseudo-header. */
size_t udp_header_parse(const uint8_t *p, size_t n, struct udp_header *out);
/* Writes UDP_HEADER bytes, checksum as given; returns the next position. */
uint8_t *udp_header_emit(const struct udp_header *h, uint8_t *to);

#endif
