/* IPv6 packets put together header by header, for the tests of wire. */
#ifndef TESTS_IP6_PACKET_H
#define TESTS_IP6_PACKET_H

#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ip6.h"

/* A packet being put together: extension headers one after the other. */
struct ip6_packet {
	uint8_t bytes[1024];
	size_t n;
	size_t at_next; /* where the number of what comes next goes */
};

static inline void ip6_begin(struct ip6_packet *p)
{
	struct ip6_header h = {.source = {0xfd, [15] = 5}, .destination = {0xfd, [15] = 7}, .hop_limit = 64};

	memset(p, 0, sizeof(*p));
	p->n = (size_t)(ip6_emit(&h, p->bytes) - p->bytes);
	p->at_next = 6;
}

/* Appends n bytes of kind `kind`, whose first byte says what comes next. */
static inline void ip6_append(struct ip6_packet *p, uint8_t kind, const void *bytes, size_t n)
{
	assert_true(p->n + n <= sizeof(p->bytes));
	p->bytes[p->at_next] = kind;
	p->at_next = p->n;
	if (n)
		memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

/* The upper layer: n bytes of protocol `protocol`; sets the payload length. */
static inline void ip6_finish(struct ip6_packet *p, uint8_t protocol, size_t n)
{
	static const uint8_t zeros[512];

	ip6_append(p, protocol, zeros, n);
	p->bytes[4] = (uint8_t)((p->n - IP6_HEADER) >> 8);
	p->bytes[5] = (uint8_t)(p->n - IP6_HEADER);
}

#endif
