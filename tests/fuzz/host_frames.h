/* What fuzz_host makes frames of: a fuzzer's input taken bit by bit, and packets of either family with right lengths
 * and checksums. The host is 192.168.1.7, fd00::7 and fe80::ff:fe00:7 at 02:00:00:00:00:07; who speaks to it is one of
 * a few. */
#ifndef TESTS_HOST_FRAMES_H
#define TESTS_HOST_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "ip4.h"
#include "ip6.h"

#define FRAME_MAX 3072
#define TRANSPORT_MAX 2100

struct input {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static inline const uint8_t *take_bytes(struct input *in, size_t *n)
{
	const uint8_t *p = in->p;

	if (*n > in->n)
		*n = in->n;
	in->p += *n;
	in->n -= *n;
	return p;
}

/* Who speaks to whom. */
struct ends {
	bool ip6;
	uint8_t source[16], destination[16]; /* IPv4 in the first 4 */
	uint8_t ttl;
};

/* The peer to the host. */
static inline struct ends ends_of(bool ip6)
{
	if (ip6)
		return (struct ends){true, {0xfd, [15] = 5}, {0xfd, [15] = 7}, 64};
	return (struct ends){false, {192, 168, 1, 5}, {192, 168, 1, 7}, 64};
}

/* By a byte of the input: who may say something to the host over IPv6, and to which of its addresses. */
static inline struct ends ends_chosen(uint8_t choice)
{
	static const uint8_t sources[][16] = {
		{0xfd, [15] = 5},                                         /* the peer */
		{0xfe, 0x80, [15] = 1},                                   /* a router */
		{0},                                                      /* who has no address yet */
		{0xfe, 0x80, [11] = 0xff, [12] = 0xfe, [15] = 5},         /* the peer's link-local one */
		{0xfd, [15] = 7},                                         /* the host itself */
		{0x20, 0x01, 0x0d, 0xb8, [15] = 1},                       /* somebody far away */
		{0xff, 0x02, [15] = 1},                                   /* nobody */
		{[10] = 0xff, [11] = 0xff, [12] = 192, 168, 1, [15] = 5}, /* IPv4 in disguise */
	};
	static const uint8_t destinations[][16] = {
		{0xfd, [15] = 7},
		{0xff, 0x02, [15] = 1},
		{0xff, 0x02, [11] = 1, [12] = 0xff, [15] = 7},
		{0xfe, 0x80, [8] = 0, [11] = 0xff, [12] = 0xfe, [15] = 7},
	};
	struct ends ends = {.ip6 = true, .ttl = choice & 0x20 ? 64 : 255};

	memcpy(ends.source, sources[choice & 7], 16);
	memcpy(ends.destination, destinations[choice >> 3 & 3], 16);
	return ends;
}

struct packet {
	struct ends ends;
	uint8_t protocol; /* of `transport` */
	uint8_t tos;
	uint16_t id, off_fragment; /* IPv4 */
	bool more_fragments;
	uint8_t next; /* IPv6: what the extension headers begin with; without any, the protocol */
	const uint8_t *extensions;
	size_t n_extensions;
	uint8_t *transport;
	size_t n;
};

/* Puts the checksum at `off` of the transport right, if it is there. */
static inline void packet_seal(const struct packet *p, size_t off)
{
	unsigned n_address = p->ends.ip6 ? 16 : 4;
	bool pseudo = p->protocol != IP_PROTOCOL_ICMP4 && p->protocol != 2;
	uint64_t sum =
		pseudo ? checksum_pseudo(p->ends.source, p->ends.destination, n_address, p->protocol, (uint32_t)p->n)
		       : 0;

	if (p->n < off + 2)
		return;
	put_be16(p->transport + off, 0);
	put_be16(p->transport + off, checksum_finish(checksum_add(sum, p->transport, p->n)));
}

/* Where a protocol has its checksum. */
static inline size_t packet_off_checksum(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_UDP:
		return 6;
	case IP_PROTOCOL_ICMP4:
	case IP_PROTOCOL_ICMP6:
	case 2: /* IGMP */
		return 2;
	default:
		return 16;
	}
}

static inline uint8_t *packet_emit_ip4(const struct packet *p, uint8_t *to)
{
	struct ip4_header h = {.total_len = (uint16_t)(IP4_HEADER + p->n),
			       .id = p->id,
			       .off_fragment = p->off_fragment,
			       .more_fragments = p->more_fragments,
			       .tos = p->tos,
			       .ttl = p->ends.ttl,
			       .protocol = p->protocol};

	memcpy(h.source, p->ends.source, 4);
	memcpy(h.destination, p->ends.destination, 4);
	return ip4_emit(&h, to);
}

static inline uint8_t *packet_emit_ip6(const struct packet *p, uint8_t *to)
{
	struct ip6_header h = {.payload_len = (uint16_t)(p->n_extensions + p->n),
			       .traffic_class = p->tos,
			       .next_header = p->n_extensions ? p->next : p->protocol,
			       .hop_limit = p->ends.ttl};

	memcpy(h.source, p->ends.source, 16);
	memcpy(h.destination, p->ends.destination, 16);
	to = ip6_emit(&h, to);
	return p->n_extensions ? put_bytes(to, p->extensions, p->n_extensions) : to;
}

/* Writes the whole frame into to[FRAME_MAX]; its length. */
static inline size_t packet_emit(const struct packet *p, uint8_t *to)
{
	static const uint8_t host[6] = {2, 0, 0, 0, 0, 7}, peer[6] = {2, 0, 0, 0, 0, 5};
	uint8_t group[6] = {0x33, 0x33}, *at = to;

	memcpy(group + 2, p->ends.destination + 12, 4);
	at = put_bytes(at, p->ends.ip6 && p->ends.destination[0] == 0xff ? group : host, 6);
	at = put_bytes(at, peer, 6);
	at = put_be16(at, p->ends.ip6 ? 0x86dd : 0x0800);
	at = p->ends.ip6 ? packet_emit_ip6(p, at) : packet_emit_ip4(p, at);
	if (p->n)
		at = put_bytes(at, p->transport, p->n);
	return (size_t)(at - to);
}

#endif
