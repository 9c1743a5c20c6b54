/* IPv6 headers and extension headers, RFC 8200. The formats only: the IPv6 host is not here yet. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP6_HEADER 40
#define IP6_EXTENSIONS_MAX 8 /* more in one packet: IP6_TOO_MANY */

struct ip6_header {
	uint8_t source[16], destination[16];
	uint16_t payload_len;
	uint8_t traffic_class, next_header, hop_limit;
	uint32_t flow_label; /* 20 bits */
};

/* What follows the fixed header once the extension headers are walked. */
struct ip6_payload {
	uint8_t protocol;      /* the upper layer's */
	uint16_t off, len;     /* of the upper layer's bytes, from the packet's first byte */
	bool fragment;         /* a fragment header: the next four hold */
	bool more_fragments;
	uint16_t off_fragment; /* bytes */
	uint32_t id;
	bool routing;          /* a routing header: type 0 is dropped (RFC 5095) */
	uint8_t routing_type;
};

enum ip6_verdict {
	IP6_OK,
	IP6_SHORT,
	IP6_BAD_VERSION,
	IP6_BAD_LENGTH,    /* payload beyond the frame, or an extension header beyond the payload */
	IP6_TOO_MANY,      /* extension headers */
	IP6_BAD_ORDER,     /* a hop-by-hop header that is not first */
	IP6_BAD_FRAGMENT,  /* beyond 65,535, or a middle fragment not in eights */
	IP6_BAD_OPTION,    /* an unknown option whose type says: drop (RFC 8200 section 4.2), or one that runs over */
};

enum ip6_verdict ip6_parse(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload);
/* Writes IP6_HEADER bytes; returns the next position. */
uint8_t *ip6_emit(const struct ip6_header *h, uint8_t *to);

#endif
