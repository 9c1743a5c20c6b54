/* IPv6 headers and extension headers, RFC 8200: reading, writing, and what to tell the sender of a bad one. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP6_HEADER 40
/* Where fields lie, from the header's first byte. */
#define IP6_OFF_PAYLOAD 4
#define IP6_OFF_NEXT_HEADER 6
#define IP6_OFF_HOP_LIMIT 7
#define IP6_OFF_SOURCE 8
#define IP6_OFF_DESTINATION 24

/* Numbers of extension headers, and the one that says that nothing follows. */
#define IP6_NEXT_HOP_BY_HOP 0
#define IP6_NEXT_ROUTING 43
#define IP6_NEXT_FRAGMENT 44
#define IP6_NEXT_NONE 59
#define IP6_NEXT_DESTINATION 60

#define IP6_EXTENSIONS_MAX 8 /* more in one packet: IP6_TOO_MANY */
#define IP6_OPTIONS_MAX 8    /* padding not counted; more in one header: IP6_TOO_MANY (RFC 8504 section 5.3) */
#define IP6_PADDING_MAX 7    /* more bytes of it in a row: IP6_BAD_OPTION (RFC 8504 section 5.3) */

#define IP6_FRAGMENT 8     /* bytes of a fragment header */
#define IP6_ROUTER_ALERT 8 /* bytes of a hop-by-hop header that has a router alert */

struct ip6_header {
	uint8_t source[16], destination[16];
	uint16_t payload_len;
	uint8_t traffic_class, next_header, hop_limit;
	uint32_t flow_label; /* 20 bits */
};

/* What follows the fixed header once the extension headers are walked: hop-by-hop options, routing, fragment and
 * destination options. Any other kind ends the walk and is the upper layer, ESP, AH and "no next header" (59) included.
 *
 * Of a fragment (off_fragment or more_fragments set) protocol, off_protocol, off and len are those of the fragmentable
 * part's piece; what it holds is read once it is whole, from a packet that has a fixed header of the first fragment's
 * protocol before it and nothing between. A fragment header that says offset 0 and no more is walked past (RFC 6946);
 * `fragment` still tells of it, for neighbour discovery, which takes no fragments at all (RFC 6980). */
struct ip6_payload {
	uint8_t protocol;      /* the upper layer's */
	uint16_t off_protocol; /* where that number stands, from the packet's first byte: what ICMPv6 points at when
				* nobody knows it */
	uint16_t off, len; /* of the upper layer's bytes: off from the packet's first byte, len to the payload's end */
	bool router_alert; /* the hop-by-hop header has one (RFC 2711) */
	bool fragment;     /* a fragment header: the next three hold */
	bool more_fragments;
	uint16_t off_fragment; /* bytes */
	uint32_t id;
	bool routing; /* a routing header, used up: no segments left */
	uint8_t routing_type;
};

enum ip6_verdict {
	IP6_OK,
	IP6_SHORT,
	IP6_BAD_VERSION,
	IP6_BAD_LENGTH,   /* payload beyond the frame, or an extension header beyond the payload */
	IP6_TOO_MANY,     /* extension headers, or options in one of them */
	IP6_BAD_ORDER,    /* a hop-by-hop header that is not first */
	IP6_BAD_FRAGMENT, /* beyond 65,535, no data, a middle fragment not in eights, or two fragment headers */
	IP6_HEADERS_CUT,  /* a first fragment that does not hold all headers, the upper layer's included (RFC 7112) */
	IP6_BAD_OPTION,   /* an unknown option whose type says: drop (RFC 8200 section 4.2), one that runs over, or
			   * padding that is too long or not zero */
	IP6_BAD_ROUTING,  /* type 0 (RFC 5095), or a type with segments left (RFC 8200 section 4.4) */
};

/* Codes of ICMPv6's parameter problem: RFC 4443 section 3.4, 7112 section 5, 8883 section 2. */
enum ip6_problem_code {
	IP6_PROBLEM_FIELD = 0,
	IP6_PROBLEM_NEXT_HEADER = 1,
	IP6_PROBLEM_OPTION = 2,
	IP6_PROBLEM_FIRST_FRAGMENT = 3,
	IP6_PROBLEM_EXTENSIONS = 8,
	IP6_PROBLEM_OPTIONS = 9,
};

/* What may be told to the sender of a packet that is dropped: an ICMPv6 parameter problem. Whether the packet is for
 * this host at all, and whether its source can be answered (RFC 4443 section 2.4), is the caller's to look at first. */
struct ip6_problem {
	bool tell;      /* the three below hold; false: the packet is dropped in silence */
	bool multicast; /* told also when the packet went to a multicast address (RFC 4443 section 2.4, e.3) */
	uint8_t code;   /* enum ip6_problem_code */
	uint32_t off;   /* the pointer: the byte that is wrong, from the packet's first */
};

/* Reads a packet of n bytes (which may have padding after it) up to the upper layer. `out` is filled unless IP6_SHORT
 * or IP6_BAD_VERSION, `payload` when IP6_OK, `problem` (which may be NULL) always. */
enum ip6_verdict ip6_parse(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload,
			   struct ip6_problem *problem);

/* Reads the beginning of a packet of this host's own, as an ICMPv6 error quotes it: its n bytes may end anywhere. Fills
 * both when the walk comes to an upper layer of which at least one byte is there; payload->len is what is there of it.
 * false: it does not, or the packet is a fragment but the first. Options are not judged. */
bool ip6_parse_quoted(const uint8_t *p, size_t n, struct ip6_header *out, struct ip6_payload *payload);

/* Writes IP6_HEADER bytes; returns the next position. */
uint8_t *ip6_emit(const struct ip6_header *h, uint8_t *to);

/* A fragment header, RFC 8200 section 4.5. */
struct ip6_fragment {
	uint8_t next_header;
	bool more;
	uint16_t off; /* bytes, a multiple of eight */
	uint32_t id;
};

/* Writes IP6_FRAGMENT bytes; returns the next position. */
uint8_t *ip6_emit_fragment(const struct ip6_fragment *f, uint8_t *to);

/* Writes IP6_ROUTER_ALERT bytes: a hop-by-hop header whose only option is the router alert of multicast listener
 * messages (RFC 2711 section 2.1, 3810 section 5). Its number is IP6_NEXT_HOP_BY_HOP. Returns the next position. */
uint8_t *ip6_emit_router_alert(uint8_t next_header, uint8_t *to);

#endif
