/* A conversation under attack. Two hosts on a cable, .5 (a) and .7 (b), talk over TCP, and the test is the enemy: a
 * third station on their link, .9, that sends to b whatever it likes. All memory is from a heap that must be empty at
 * the end; every frame of the enemy is exactly as long as its bytes, so that a sanitizer sees a read beyond them. */
#ifndef SIEGE_H
#define SIEGE_H

#include <stdio.h>

#include "two_hosts.h"

#include "arp.h"
#include "checksum.h"
#include "discovery.h"
#include "eth.h"
#include "heap.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"
#include "mld.h"
#include "nd.h"
#include "neighbour.h"
#include "udp_header.h"

#define A 5
#define B 7
#define ENEMY 9
#define PORT_A 4000
#define PORT_B 80
#define TALK 3000 /* bytes each way */
#define FRAME_MOST 4096

struct siege {
	struct cable c; /* first: the cable's look finds the rest */
	struct heap heap;
	struct berth_host *host; /* b */
	uint8_t family;
	int talk[2];        /* the conversation's sockets */
	size_t bytes_quiet; /* of the heap before the attack */
	/* What b has sent to the enemy's station since siege_quiet. */
	unsigned n_seen;
	uint8_t seen[FRAME_MOST];
	size_t n_last;
	/* Looks at each frame of b, whoever it is for; NULL: nobody does. */
	void (*watch)(struct siege *s, const uint8_t *frame, size_t n);
	void *user;
};

static const uint8_t mac_b[6] = {2, 0, 0, 0, 0, 6}, mac_enemy[6] = {2, 0, 0, 0, 0, ENEMY};

/* ---- the two hosts ---- */

/* What is for the enemy does not get to a. */
static inline bool siege_look(struct cable *c, unsigned from, struct berth_frame *frame)
{
	struct siege *s = (struct siege *)c;

	if (from != 1)
		return true;
	if (s->watch)
		s->watch(s, frame->data, frame->len);
	if (memcmp(frame->data, mac_enemy, 6) != 0)
		return true;
	s->n_seen++;
	s->n_last = frame->len < FRAME_MOST ? frame->len : FRAME_MOST;
	memcpy(s->seen, frame->data, s->n_last);
	return false;
}

static inline void siege_say(struct siege *s, unsigned from)
{
	static uint8_t data[TALK], got[TALK + 1];

	for (unsigned i = 0; i < TALK; i++)
		data[i] = (uint8_t)(i * 7 + from);
	assert_int_equal(berth_send(s->c.host[from], s->talk[from], data, TALK, 0), TALK);
	cable_run(&s->c, s->c.now + 200 * MS);
	assert_int_equal(berth_recv(s->c.host[1 - from], s->talk[1 - from], got, sizeof(got), 0), TALK);
	assert_memory_equal(got, data, TALK);
}

/* The conversation lives: bytes go both ways, and nobody waits for a timeout. */
static inline void siege_talk(struct siege *s)
{
	struct berth_event event;

	siege_say(s, 0);
	siege_say(s, 1);
	for (unsigned i = 0; i < 2; i++) {
		while (berth_host_next_event(s->c.host[i], &event))
			;
	}
}

static inline void siege_connect(struct siege *s)
{
	struct berth_socket_address from = {.port = PORT_A}, at_b = {.port = PORT_B}, to = cable_at(&s->c, B, PORT_B);
	int family = s->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4;
	int listener = berth_socket(s->host, family, BERTH_STREAM);

	assert_int_equal(berth_bind(s->host, listener, &at_b), 0);
	assert_int_equal(berth_listen(s->host, listener, 8), 0);
	s->talk[0] = berth_socket(s->c.host[0], family, BERTH_STREAM);
	assert_int_equal(berth_bind(s->c.host[0], s->talk[0], &from), 0);
	assert_int_equal(berth_connect(s->c.host[0], s->talk[0], &to), BERTH_EINPROGRESS);
	cable_run(&s->c, s->c.now + 100 * MS);
	s->talk[1] = berth_accept(s->host, listener, NULL);
	assert_true(s->talk[1] >= 0);
}

static inline void siege_quiet(struct siege *s)
{
	s->n_seen = 0;
	s->n_last = 0;
}

static inline void siege_init(struct siege *s, uint8_t family)
{
	struct berth_address net = berth_ip4(10, 0, 0, B);

	*s = (struct siege){.family = family};
	heap_init(&s->heap);
	s->c.memory = &s->heap.memory;
	s->c.family = family;
	s->c.now = SECOND;
	s->c.look = siege_look;
	for (unsigned i = 0; i < 2; i++)
		s->c.host[i] = cable_host(&s->c, i);
	s->host = s->c.host[1];
	assert_int_equal(berth_host_address_add(s->host, 1, &net, 8), 0);
	cable_run(&s->c, s->c.now + 10 * SECOND);
	siege_connect(s);
	siege_talk(s);
	s->bytes_quiet = s->heap.n_bytes;
}

/* In the middle of an attack: the hosts hold at most `more` bytes more than before. */
static inline void siege_bounded(struct siege *s, size_t more)
{
	if (s->heap.n_bytes > s->bytes_quiet + more)
		fail_msg("%zu bytes before, %zu now", s->bytes_quiet, s->heap.n_bytes);
}

/* After it: the conversation lives, and once nothing waits for a station that is not there, so it is with memory. */
static inline void siege_holds(struct siege *s, size_t more)
{
	siege_talk(s);
	cable_run(&s->c, s->c.now + 5 * SECOND);
	siege_bounded(s, more);
	siege_talk(s);
}

static inline void siege_deinit(struct siege *s)
{
	siege_talk(s);
	for (unsigned i = 0; i < 2; i++)
		s->c.host[i] = berth_host_free(s->c.host[i]);
	assert_int_equal(s->heap.n_blocks, 0);
}

/* Counter "ip_NAME" or "ip6_NAME" (and so on) of b, by the family. */
static inline uint64_t siege_counter(const struct siege *s, const char *module, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s_%s", module, s->family == BERTH_IP6 ? "6" : "", name);
	return counter(s->host, full);
}

#define assert_siege_counter(s, module, name, value) assert_int_equal(siege_counter(s, module, name), value)

/* A UDP socket of b. */
static inline int siege_udp_socket(struct siege *s, uint16_t port)
{
	return udp_at(&s->c, 1, port);
}

/* Nothing has come to it. */
static inline void assert_nothing_came(struct siege *s, int socket)
{
	uint8_t got[8];

	assert_int_equal(berth_recv(s->host, socket, got, sizeof(got), 0), BERTH_EAGAIN);
}

/* ---- the enemy's packets ---- */

/* 192.168.1.LAST or fd00::LAST. */
static inline struct ip siege_ip(const struct siege *s, uint32_t last)
{
	if (s->family == BERTH_IP6)
		return (struct ip){.high = UINT64_C(0xfd) << 56, .low = last};
	return ip_of_ip4(0xc0a80100u + last);
}

/* Any number of others on the link: 10.1.x.x or fd00::1:x:x. */
static inline struct ip siege_stranger(const struct siege *s, uint32_t i)
{
	if (s->family == BERTH_IP6)
		return (struct ip){.high = UINT64_C(0xfd) << 56, .low = UINT64_C(0x100000000) + i};
	return ip_of_ip4(0x0a010000u + i);
}

static inline void siege_stranger_mac(uint32_t i, uint8_t mac[6])
{
	put_be16(mac, 0x0209);
	put_be32(mac + 2, i);
}

struct foul {
	struct ip source, destination; /* none: the enemy; b */
	uint8_t protocol;              /* of the payload */
	uint8_t hop_limit;             /* 0: 64 */
	const void *payload;
	size_t n;
	bool is_fragment, more;
	uint32_t id;
	uint16_t off;
	/* IPv6: n_before bytes of extension headers, the first of kind `next`; IPv4: of options. */
	uint8_t next;
	const void *before;
	size_t n_before;
	size_t lie;         /* added to the length that the header says */
	const uint8_t *mac; /* of the sender; NULL: the enemy's */
};

static inline uint8_t *foul_ip4(const struct siege *s, const struct foul *f, const struct ip *from, const struct ip *to,
				uint8_t *p)
{
	struct ip4_header h = {.id = (uint16_t)f->id,
			       .off_fragment = f->off,
			       .more_fragments = f->more,
			       .ttl = f->hop_limit ? f->hop_limit : 64,
			       .protocol = f->protocol};
	uint8_t *end;

	(void)s;
	put_be32(h.source, ip_to_ip4(from));
	put_be32(h.destination, ip_to_ip4(to));
	end = ip4_emit(&h, p);
	if (f->n_before)
		end = put_bytes(end, f->before, f->n_before);
	p[0] = (uint8_t)(0x40 | (IP4_HEADER + f->n_before) / 4);
	put_be16(p + IP4_OFF_TOTAL, (uint16_t)(IP4_HEADER + f->n_before + f->n + f->lie));
	put_be16(p + IP4_OFF_CHECKSUM, 0);
	put_be16(p + IP4_OFF_CHECKSUM, checksum_finish(checksum_add(0, p, IP4_HEADER + f->n_before)));
	return end;
}

static inline uint8_t *foul_ip6(const struct siege *s, const struct foul *f, const struct ip *from, const struct ip *to,
				uint8_t *p)
{
	size_t n_fragment = f->is_fragment ? IP6_FRAGMENT : 0;
	struct ip6_fragment fragment = {.next_header = f->protocol, .more = f->more, .off = f->off, .id = f->id};
	struct ip6_header h = {.payload_len = (uint16_t)(f->n_before + n_fragment + f->n + f->lie),
			       .next_header = f->n_before      ? f->next
					      : f->is_fragment ? IP6_NEXT_FRAGMENT
							       : f->protocol,
			       .hop_limit = f->hop_limit ? f->hop_limit : 64};

	(void)s;
	put_be32(put_be32(h.source, (uint32_t)(from->high >> 32)), (uint32_t)from->high);
	put_be32(put_be32(h.source + 8, (uint32_t)(from->low >> 32)), (uint32_t)from->low);
	ip_to_bytes(to, h.destination);
	p = ip6_emit(&h, p);
	if (f->n_before)
		p = put_bytes(p, f->before, f->n_before);
	return f->is_fragment ? ip6_emit_fragment(&fragment, p) : p;
}

/* The frame, into to[FRAME_MOST]; its length. */
static inline size_t foul_make(const struct siege *s, const struct foul *f, uint8_t *to)
{
	struct ip from = ip_is_none(&f->source) ? siege_ip(s, ENEMY) : f->source;
	struct ip dest = ip_is_none(&f->destination) ? siege_ip(s, B) : f->destination;
	bool ip4 = s->family != BERTH_IP6;
	struct eth_header eth = {.type = ip4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6};
	uint8_t *p;

	memcpy(eth.destination, mac_b, 6);
	if (ip_is_multicast(&dest)) {
		put_be16(eth.destination, ip4 ? 0x0100 : 0x3333);
		put_be32(eth.destination + 2, ip4 ? 0x5e000000u | (ip_to_ip4(&dest) & 0x7fffff) : (uint32_t)dest.low);
	}
	memcpy(eth.source, f->mac ? f->mac : mac_enemy, 6);
	p = (ip4 ? foul_ip4 : foul_ip6)(s, f, &from, &dest, eth_emit(&eth, to));
	if (f->n)
		p = put_bytes(p, f->payload, f->n);
	assert_true(p - to <= FRAME_MOST);
	return (size_t)(p - to);
}

static inline void siege_frame(struct siege *s, const void *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&s->heap.memory, (uint32_t)n);

	if (n)
		memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(s->host, 1, frame, s->c.now);
}

static inline void siege_packet(struct siege *s, const struct foul *f)
{
	uint8_t bytes[FRAME_MOST];

	siege_frame(s, bytes, foul_make(s, f, bytes));
}

/* Puts the checksum at `off` of f's payload right, for f's protocol: with the pseudo-header but for ICMPv4. */
static inline void foul_seal(const struct siege *s, const struct foul *f, uint8_t *payload, size_t off)
{
	struct ip from = ip_is_none(&f->source) ? siege_ip(s, ENEMY) : f->source;
	struct ip dest = ip_is_none(&f->destination) ? siege_ip(s, B) : f->destination;
	uint8_t a[16], b[16];
	uint64_t sum = 0;

	if (f->n < off + 2)
		return;
	ip_to_bytes(&from, a);
	ip_to_bytes(&dest, b);
	if (f->protocol != IP_PROTOCOL_ICMP4 && f->protocol != 2)
		sum = checksum_pseudo(a, b, s->family == BERTH_IP6 ? 16 : 4, f->protocol, (uint32_t)f->n);
	put_be16(payload + off, 0);
	put_be16(payload + off, checksum_finish(checksum_add(sum, payload, f->n)));
}

/* f with a datagram from port 1000 as its payload, in to[UDP_HEADER + n]. */
static inline void foul_udp(const struct siege *s, struct foul *f, uint8_t *to, uint16_t port, const void *data,
			    size_t n)
{
	struct udp_header udp = {1000, port, (uint16_t)(UDP_HEADER + n), 0};

	udp_header_emit(&udp, to);
	if (n)
		memcpy(to + UDP_HEADER, data, n);
	f->protocol = IP_PROTOCOL_UDP;
	f->payload = to;
	f->n = UDP_HEADER + n;
	foul_seal(s, f, to, UDP_OFF_CHECKSUM);
}

static inline void siege_udp(struct siege *s, struct foul f, uint16_t port, const void *data, size_t n)
{
	uint8_t bytes[FRAME_MOST];

	foul_udp(s, &f, bytes, port, data, n);
	siege_packet(s, &f);
}

/* An ICMP message of the family. */
static inline void siege_icmp(struct siege *s, struct foul f, uint8_t type, uint8_t code, uint32_t rest,
			      const void *body, size_t n)
{
	uint8_t bytes[FRAME_MOST] = {type, code};

	put_be32(bytes + 4, rest);
	if (n)
		memcpy(bytes + ICMP_HEADER, body, n);
	f.protocol = s->family == BERTH_IP6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP4;
	f.payload = bytes;
	f.n = ICMP_HEADER + n;
	foul_seal(s, &f, bytes, 2);
	siege_packet(s, &f);
}

/* A station at this MAC address looks for b: over IPv4 by ARP. */
static inline void siege_ask(struct siege *s, const struct ip *who, const uint8_t mac[6])
{
	struct eth_header eth = {.destination = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, .type = ETH_TYPE_ARP};
	struct arp_packet arp = {.operation = ARP_REQUEST};
	struct nd_neighbour nd = {.has_mac = true};
	struct ip target = siege_ip(s, B);
	uint8_t bytes[ETH_HEADER + ARP_LEN], body[ND_NEIGHBOUR_MAX];

	if (s->family == BERTH_IP6) {
		ip_to_bytes(&target, nd.target);
		memcpy(nd.mac, mac, 6);
		siege_icmp(s, (struct foul){.source = *who, .hop_limit = 255, .mac = mac}, ICMP6_NEIGHBOUR_SOLICIT, 0,
			   0, body, nd_neighbour_emit(ICMP6_NEIGHBOUR_SOLICIT, &nd, body));
		return;
	}
	memcpy(eth.source, mac, 6);
	memcpy(arp.sender_mac, mac, 6);
	put_be32(arp.sender_ip, ip_to_ip4(who));
	put_be32(arp.target_ip, ip_to_ip4(&target));
	arp_emit(&arp, eth_emit(&eth, bytes));
	siege_frame(s, bytes, sizeof(bytes));
}

/* b knows where the enemy is. */
static inline void siege_meet(struct siege *s)
{
	struct ip enemy = siege_ip(s, ENEMY);

	siege_ask(s, &enemy, mac_enemy);
	cable_settle(&s->c);
	assert_true(s->n_seen > 0);
	siege_quiet(s);
}

#endif
