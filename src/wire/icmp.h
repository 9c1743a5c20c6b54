/* ICMPv4 (RFC 792, 1122 section 3.2.2, 1191) and ICMPv6 (RFC 4443). What neighbour discovery says in it: nd.h. */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include <stddef.h>
#include <stdint.h>

#define ICMP4_ECHO_REPLY 0
#define ICMP4_UNREACHABLE 3
#define ICMP4_ECHO_REQUEST 8
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAMETER 12
/* codes of ICMP4_UNREACHABLE */
#define ICMP4_NET_UNREACHABLE 0
#define ICMP4_HOST_UNREACHABLE 1
#define ICMP4_PROTOCOL_UNREACHABLE 2
#define ICMP4_PORT_UNREACHABLE 3
#define ICMP4_TOO_BIG 4

#define ICMP_HEADER 8

struct icmp_message {
	uint8_t type, code;
	uint32_t rest;       /* the second word: id and sequence, next-hop MTU, pointer; meaning by type */
	const uint8_t *body; /* borrowed: echo data, or the quoted packet */
	size_t len_body;
};

/* Reads an ICMPv4 message of n bytes, checksum included: ICMP_HEADER, or 0 when it is short or its checksum is wrong.
 */
size_t icmp4_parse(const uint8_t *p, size_t n, struct icmp_message *out);
/* Writes ICMP_HEADER + len_body bytes with the checksum; returns the next position. The body may overlap where it goes,
 * so a reply may be written over its request. */
uint8_t *icmp4_emit(const struct icmp_message *m, uint8_t *to);

#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG 2
#define ICMP6_TIME_EXCEEDED 3
#define ICMP6_PARAMETER 4
/* codes of ICMP6_UNREACHABLE */
#define ICMP6_NO_ROUTE 0
#define ICMP6_PROHIBITED 1
#define ICMP6_PORT_UNREACHABLE 4
#define ICMP6_POLICY 5
#define ICMP6_REJECT_ROUTE 6

#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY 129
#define ICMP6_ROUTER_SOLICIT 133
#define ICMP6_ROUTER_ADVERT 134
#define ICMP6_NEIGHBOUR_SOLICIT 135
#define ICMP6_NEIGHBOUR_ADVERT 136
#define ICMP6_REDIRECT 137

/* The same for ICMPv6, whose checksum takes in the addresses (16 bytes each). */
size_t icmp6_parse(const uint8_t *p, size_t n, const uint8_t *source, const uint8_t *destination,
		   struct icmp_message *out);
uint8_t *icmp6_emit(const struct icmp_message *m, const uint8_t *source, const uint8_t *destination, uint8_t *to);

#endif
