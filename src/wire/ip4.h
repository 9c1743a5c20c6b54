/* IPv4 headers, RFC 791. */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP4_HEADER 20
#define IP4_HEADER_MAX 60

/* Where fields lie, from the header's first byte, for those who touch a header's bytes in place. */
#define IP4_OFF_TOS 1
#define IP4_OFF_TOTAL 2
#define IP4_OFF_ID 4
#define IP4_OFF_FLAGS 6 /* and fragment offset */
#define IP4_OFF_PROTOCOL 9
#define IP4_OFF_CHECKSUM 10
#define IP4_OFF_SOURCE 12
#define IP4_OFF_DESTINATION 16

/* In the 16 bits at IP4_OFF_FLAGS. */
#define IP4_FLAG_DF 0x4000
#define IP4_FLAG_MF 0x2000

#define IP_PROTOCOL_ICMP4 1
#define IP_PROTOCOL_IP4 4
#define IP_PROTOCOL_TCP 6
#define IP_PROTOCOL_UDP 17
#define IP_PROTOCOL_IP6 41
#define IP_PROTOCOL_ICMP6 58

struct ip4_header {
	uint8_t source[4], destination[4];
	uint16_t total_len; /* header and payload */
	uint16_t id;
	uint16_t off_fragment; /* bytes */
	bool dont_fragment, more_fragments;
	uint8_t tos, ttl, protocol;
	uint8_t len_header; /* 20 to 60; emit writes 20 */
	bool source_routed; /* LSRR or SSRR among the options (RFC 1122 section 3.2.1.8: we drop these) */
};

enum ip4_verdict {
	IP4_OK,
	IP4_SHORT, /* less than a header, or than the header's own length */
	IP4_BAD_VERSION,
	IP4_BAD_HEADER, /* header length under 20 */
	IP4_BAD_LENGTH, /* total length less than the header or more than the frame */
	IP4_BAD_CHECKSUM,
	IP4_BAD_OPTION,   /* an option's length is 0, 1 or beyond the header */
	IP4_BAD_FRAGMENT, /* offset and length beyond 65,535, no data, a middle fragment not in eights, or DF with a
			     fragment */
};

/* Reads the header of a packet of n bytes (which may have padding after it). Fills *out when IP4_OK. The payload is
 * p[len_header .. total_len). */
enum ip4_verdict ip4_parse(const uint8_t *p, size_t n, struct ip4_header *out);

/* Reads the header that an ICMP error quotes: the packet itself may be cut short after its header, and its checksum and
 * total length are not held against it. false when not even the header is whole. */
bool ip4_parse_quoted(const uint8_t *p, size_t n, struct ip4_header *out);

/* Writes IP4_HEADER bytes with the checksum, off_fragment a multiple of 8; returns the next position. */
uint8_t *ip4_emit(const struct ip4_header *h, uint8_t *to);

#endif
