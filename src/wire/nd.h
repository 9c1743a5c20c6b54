/* The messages of IPv6 neighbour discovery and their options: RFC 4861 section 4, with those of RFC 3971 (nonce), RFC
 * 4191 (routes and preferences) and RFC 8106 (DNS).
 *
 * What is checked here are the rules of RFC 4861 sections 6.1, 7.1 and 8.1 that a message's own bytes decide. Hop
 * limit, source, destination and that nothing was fragmented (RFC 6980) are the IP header's and so the host's. In all
 * parse functions: code 0, no option of length 0 and none that runs over, or the message is none at all; options of
 * kinds that nobody knows here, and known ones of another length than theirs, are skipped. */
#ifndef WIRE_ND_H
#define WIRE_ND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "icmp.h"

#define ND_NONCE 6            /* bytes of the nonces that this host makes, RFC 3971 section 5.3.2's least */
#define ND_NEIGHBOUR_MAX 32   /* body of a solicitation or advertisement with all its options, as emitted */
#define ND_NAME_MAX 254       /* a search domain's text with the NUL: 255 bytes of labels, RFC 1035 section 2.3.4 */
#define ND_FOREVER UINT32_MAX /* a lifetime that does not end */

/* Flags of a neighbour advertisement, as in its message's `rest`. */
#define ND_ROUTER 0x80000000u
#define ND_SOLICITED 0x40000000u
#define ND_OVERRIDE 0x20000000u

/* ---- options ---- */

enum nd_option_type {
	ND_SOURCE_MAC = 1,
	ND_TARGET_MAC = 2,
	ND_PREFIX = 3,
	ND_REDIRECTED = 4,
	ND_MTU = 5,
	ND_NONCE_OPTION = 14,
	ND_ROUTE = 24,
	ND_DNS_SERVERS = 25,
	ND_SEARCH_NAMES = 31,
};

struct nd_prefix {
	uint8_t prefix[16]; /* bits behind the length may be anything */
	uint8_t len;        /* bits, 0 to 128 */
	bool on_link, autonomous;
	uint32_t s_valid, s_preferred; /* seconds, or ND_FOREVER; preferred may be the longer one here */
};

struct nd_route {
	uint8_t prefix[16];
	uint8_t len;       /* bits, 0 to 128; what was not sent of the prefix is 0 */
	int8_t preference; /* -1 low, 0 medium, 1 high */
	uint32_t s_lifetime;
};

struct nd_dns_servers {
	uint32_t s_lifetime;
	const uint8_t *addresses; /* borrowed from the message: n times 16 bytes */
	size_t n;                 /* at least 1 */
};

struct nd_search_names {
	uint32_t s_lifetime;
	const uint8_t *names; /* borrowed: for nd_name_next */
	size_t len;
};

struct nd_option {
	uint8_t type; /* enum nd_option_type */
	union {
		uint8_t mac[6]; /* of both kinds */
		struct nd_prefix prefix;
		uint32_t mtu;
		uint8_t nonce[ND_NONCE]; /* those of other lengths are skipped: they are not this host's */
		struct nd_route route;
		struct nd_dns_servers servers;
		struct nd_search_names names;
		struct {
			const uint8_t *bytes; /* borrowed: the packet, cut or padded to whole eights */
			size_t len;
		} redirected;
	};
};

/* What is left of a message's options; borrows the message's bytes. */
struct nd_options {
	const uint8_t *at;
	size_t left;
};

/* The next sound option of a known kind, in the message's order: true and *out, or false: there are no more. For
 * options that a parse function below has handed out; on others it ends at the first bad length. */
bool nd_option_next(struct nd_options *options, struct nd_option *out);
/* Writes an option, padded to whole eights (a MAC: 8 bytes, a prefix 32, an MTU 8, a nonce 8, a route 8, 16 or 24,
 * servers 8 + 16n, names and a redirected packet 8 + len rounded up). Returns the next position. */
uint8_t *nd_option_emit(const struct nd_option *option, uint8_t *to);

/* The next search domain, as text without the last dot: true and *out, or false: there are no more (a label that runs
 * over, one longer than 63, a compression pointer (RFC 8106 section 5.2 has none) and a name of more than 255 bytes end
 * the list). Names with anything but letters, digits, '-' and '_' in them are skipped: they could not be looked up as
 * host names and would reach people's terminals. */
bool nd_name_next(struct nd_search_names *names, char out[ND_NAME_MAX]);

/* ---- neighbour solicitation and advertisement, RFC 4861 sections 4.3 and 4.4 ---- */

struct nd_neighbour {
	uint8_t target[16];
	uint32_t flags; /* of an advertisement: ND_ROUTER, ND_SOLICITED, ND_OVERRIDE */
	bool has_mac;   /* the source (of an advertisement: target) link-layer address was there */
	bool has_nonce; /* RFC 7527: a solicitation by which duplicates are looked for says whose it is */
	uint8_t mac[6];
	uint8_t nonce[ND_NONCE];
};

/* From a message's body and rest: false when it is neither of the two, or bad (RFC 4861 section 7.1), or its target is
 * multicast; *out is then untouched. The first of two equal options counts. */
bool nd_neighbour_parse(const struct icmp_message *m, struct nd_neighbour *out);
/* Writes the body of such a message into `to` (ND_NEIGHBOUR_MAX bytes of room); its length. The flags go into the
 * message's rest. */
size_t nd_neighbour_emit(uint8_t type, const struct nd_neighbour *nd, uint8_t *to);

/* ---- router solicitation and advertisement, RFC 4861 sections 4.1 and 4.2 ---- */

/* false: not a router solicitation, or a bad one. */
bool nd_router_solicit_parse(const struct icmp_message *m, struct nd_options *out);

struct nd_router {
	uint8_t hop_limit;                    /* 0: not said */
	bool managed, other;                  /* DHCPv6 has addresses; other things */
	int8_t preference;                    /* RFC 4191 section 2.2: -1, 0, 1; the reserved one is 0 */
	uint16_t s_lifetime;                  /* 0: no default router */
	uint32_t ms_reachable, ms_retransmit; /* 0: not said */
	struct nd_options options;
};

/* false: not a router advertisement, or a bad one (RFC 4861 section 6.1.2). */
bool nd_router_parse(const struct icmp_message *m, struct nd_router *out);
/* Writes the first 8 bytes of the body (options follow them) and sets the message's type, code and rest. Returns the
 * next position. */
uint8_t *nd_router_emit(const struct nd_router *router, struct icmp_message *m, uint8_t *to);

/* ---- redirect, RFC 4861 section 4.5 ---- */

struct nd_redirect {
	uint8_t target[16], destination[16];
	bool has_mac; /* of the target */
	uint8_t mac[6];
	struct nd_options options;
};

/* false: not a redirect, or a bad one by what RFC 4861 section 8.1 says of its bytes: the destination is not multicast,
 * and the target is it or link-local. */
bool nd_redirect_parse(const struct icmp_message *m, struct nd_redirect *out);
/* Writes the first 32 bytes of the body. Returns the next position. */
uint8_t *nd_redirect_emit(const struct nd_redirect *redirect, uint8_t *to);

#endif
