/* IPv6 headers and extension headers, RFC 8200. The formats only: the IPv6 host is not here yet. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP6_HEADER 40
/* Where fields lie, from the header's first byte. */
#define IP6_OFF_PAYLOAD 4
#define IP6_OFF_NEXT_HEADER 6
#define IP6_OFF_SOURCE 8
#define IP6_OFF_DESTINATION 24

#define IP6_EXTENSIONS_MAX 8 /* more in one packet: IP6_TOO_MANY */

struct ip6_header {
	uint8_t source[16], destination[16];
	uint16_t payload_len;
	uint8_t traffic_class, next_header, hop_limit;
	uint32_t flow_label; /* 20 bits */
};

/* What follows the fixed header once the extension headers are walked: hop-by-hop options, routing, fragment and
 * destination options. Any other kind ends the walk and is the upper layer, ESP, AH and "no next header" (59) included.
 *
 * The walk also ends at the header of a fragment (off_fragment or more_fragments set): protocol, off and len are then
 * those of the fragmentable part's piece, and what follows is read once it is whole. A fragment header that says offset
 * 0 and no more is walked past (RFC 6946). */
struct ip6_payload {
	uint8_t protocol;  /* the upper layer's */
	uint16_t off, len; /* of the upper layer's bytes: off from the packet's first byte, len to the payload's end */
	bool fragment;     /* a fragment header: the next three hold */
	bool more_fragments;
	uint16_t off_fragment; /* bytes */
	uint32_t id;
	bool routing;         /* a routing header: type 0 is dropped (RFC 5095) */
	uint8_t routing_type; /* of the last one, but 0 when any was 0 */
	uint8_t routing_left; /* its segments left: an unknown type with some is dropped (RFC 8200 section 4.4) */
};

enum ip6_verdict {
	IP6_OK,
	IP6_SHORT,
	IP6_BAD_VERSION,
	IP6_BAD_LENGTH,   /* payload beyond the frame, or an extension header beyond the payload */
	IP6_TOO_MANY,     /* extension headers */
	IP6_BAD_ORDER,    /* a hop-by-hop header that is not first */
	IP6_BAD_FRAGMENT, /* beyond 65,535, no data, a middle fragment not in eights, or two fragment headers */
	IP6_BAD_OPTION,   /* an unknown option whose type says: drop (RFC 8200 section 4.2), or one that runs over */
};

/* Reads a packet of n bytes (which may have padding after it) up to the upper layer. Fills both when IP6_OK. */
enum ip6_verdict ip6_parse(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload);
/* Writes IP6_HEADER bytes; returns the next position. */
uint8_t *ip6_emit(const struct ip6_header *h, uint8_t *to);

#endif
