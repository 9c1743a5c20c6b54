/* One host, 192.168.1.7 and if so wanted fd00::7, and a test that plays everybody else, the peer with 5 at its end
 * first of all: frames made by hand go in, and what comes out is kept to be looked at. All memory is from a heap that
 * must be empty at the end; every frame in is exactly as long as its bytes, so that a sanitizer sees a read beyond
 * them. */
#ifndef ONE_HOST_H
#define ONE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/berth.h>

#include "arp.h"
#include "checksum.h"
#include "families.h"
#include "heap.h"
#include "host_private.h"
#include "nd.h"
#include "neighbour.h"
#include "out.h"
#include "icmp.h"
#include "udp_header.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define HOST IP(192, 168, 1, 7)
#define PEER IP(192, 168, 1, 5)
#define OUT_MAX 300

/* The path to an IPv4 address, its neighbour there, and such an address as a number. */
#define PATH_TO(host, number) host_path(host, &(struct ip){.low = IP4_MAPPED | (uint32_t)(number)})
#define NEIGHBOUR_AT(host, number) neighbour_find(host, 1, &(struct ip){.low = IP4_MAPPED | (uint32_t)(number)})

struct sent_frame {
	uint8_t *bytes;
	size_t n;
};

struct one {
	struct heap heap;
	struct berth_host *host;
	berth_time now;
	struct sent_frame out[OUT_MAX]; /* what the host sent, since one_clear */
	unsigned n_out;
	uint8_t family; /* of what has no other family in its name; 0: IPv4 */
};

static const uint8_t mac_host[6] = {2, 0, 0, 0, 0, 7}, mac_peer[6] = {2, 0, 0, 0, 0, 5},
		     mac_everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static inline void one_init_with(struct one *o, const struct berth_host_config *change)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(192, 168, 1, 7);

	*o = (struct one){.now = SECOND};
	heap_init(&o->heap);
	berth_host_config_default(&config);
	if (change)
		config = *change;
	config.memory = &o->heap.memory;
	assert_int_equal(berth_host_new(&config, &o->host), 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, mac_host, 6);
	assert_int_equal(berth_host_interface_add(o->host, &interface), 1);
	assert_int_equal(berth_host_address_add(o->host, 1, &address, 24), 0);
}

static inline void one_init(struct one *o)
{
	one_init_with(o, NULL);
}

static inline void one_clear(struct one *o)
{
	while (o->n_out > 0)
		free(o->out[--o->n_out].bytes);
}

static inline void one_deinit(struct one *o)
{
	one_clear(o);
	o->host = berth_host_free(o->host);
	assert_int_equal(o->heap.n_blocks, 0);
}

/* Keeps everything that the host has to send now. How many frames, in all since one_clear. */
static inline unsigned one_out(struct one *o)
{
	struct berth_frame_out out[4];
	unsigned n;

	do {
		n = berth_host_frames_out(o->host, o->now, out, 4);
		for (unsigned i = 0; i < n; i++) {
			assert_true(o->n_out < OUT_MAX);
			o->out[o->n_out].bytes = malloc(out[i].len);
			o->out[o->n_out].n = out[i].len;
			berth_frame_gather(&out[i], o->out[o->n_out].bytes);
			o->n_out++;
		}
	} while (n == 4);
	return o->n_out;
}

static inline void one_frame_on(struct one *o, int interface, const void *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&o->heap.memory, (uint32_t)n);

	if (n)
		memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(o->host, interface, frame, o->now);
}

static inline void one_frame(struct one *o, const void *bytes, size_t n)
{
	one_frame_on(o, 1, bytes, n);
}

/* Lets time pass, running every deadline on the way and keeping what is sent. */
static inline void one_run(struct one *o, berth_time until)
{
	for (;;) {
		berth_time next;

		one_out(o);
		next = berth_host_deadline(o->host);
		if (next > until)
			break;
		o->now = next > o->now ? next : o->now;
		berth_host_expire(o->host, o->now);
	}
	o->now = until;
	berth_host_expire(o->host, o->now);
	one_out(o);
}

/* A host whose addresses of that family are ready, and that has nothing more to say about itself. */
static inline void one_init_family(struct one *o, uint8_t family)
{
	struct berth_address address = {.family = BERTH_IP6, .bytes = {0xfd, [15] = 7}};
	struct berth_notice notice;
	struct berth_event event;

	one_init(o);
	o->family = family;
	if (family != BERTH_IP6)
		return;
	assert_int_equal(berth_host_address_add(o->host, 1, &address, 64), 0);
	one_run(o, o->now + 10 * SECOND);
	one_clear(o);
	while (berth_host_next_event(o->host, &event) || berth_host_next_notice(o->host, &notice))
		;
}

static inline uint64_t counter(const struct berth_host *host, const char *name)
{
	struct berth_counter c;

	for (size_t i = 0; berth_host_counter(host, i, &c); i++) {
		if (strcmp(c.name, name) == 0)
			return c.value;
	}
	fail_msg("no counter '%s'", name);
	return 0;
}

#define assert_counter(o, name, value) assert_int_equal(counter((o)->host, name), value)

/* ---- frames by hand ---- */

struct packet_spec {
	uint32_t source, destination; /* 0: the peer; the host */
	uint8_t protocol;
	uint8_t tos;
	uint16_t id;
	uint16_t off; /* bytes */
	bool more, dont;
	const void *payload;
	size_t n;
	const uint8_t *to; /* MAC; NULL: the host's */
};

/* An Ethernet frame with the packet; its length. */
static inline size_t make_packet(uint8_t *to, const struct packet_spec *s)
{
	struct eth_header eth = {.type = ETH_TYPE_IP4};
	struct ip4_header ip = {
		.total_len = (uint16_t)(IP4_HEADER + s->n),
		.id = s->id,
		.off_fragment = s->off,
		.more_fragments = s->more,
		.dont_fragment = s->dont,
		.tos = s->tos,
		.ttl = 64,
		.protocol = s->protocol,
	};

	memcpy(eth.destination, s->to ? s->to : mac_host, 6);
	memcpy(eth.source, mac_peer, 6);
	put_be32(ip.source, s->source ? s->source : PEER);
	put_be32(ip.destination, s->destination ? s->destination : HOST);
	to = ip4_emit(&ip, eth_emit(&eth, to));
	if (s->n)
		memcpy(to, s->payload, s->n);
	return ETH_HEADER + IP4_HEADER + s->n;
}

static inline void one_packet(struct one *o, const struct packet_spec *s)
{
	uint8_t *bytes = malloc(ETH_HEADER + IP4_HEADER + s->n);

	one_frame(o, bytes, make_packet(bytes, s));
	free(bytes);
}

/* A datagram with a right checksum, at `to`; its length. Addresses as in a packet_spec. */
static inline size_t make_udp(uint8_t *to, uint32_t source, uint32_t destination, uint16_t from_port, uint16_t to_port,
			      const void *data, size_t n)
{
	struct udp_header udp = {from_port, to_port, (uint16_t)(UDP_HEADER + n), 0};
	uint8_t a[4], b[4];
	uint16_t sum;

	put_be32(a, source ? source : PEER);
	put_be32(b, destination ? destination : HOST);
	if (n)
		memcpy(to + UDP_HEADER, data, n);
	udp_header_emit(&udp, to);
	sum = checksum_finish(checksum_add(checksum_pseudo(a, b, 4, 17, udp.len), to, udp.len));
	put_be16(to + 6, sum ? sum : 0xffff);
	return UDP_HEADER + n;
}

/* ---- of the host's family: 192.168.1.LAST or fd00::LAST ---- */

static inline struct berth_socket_address one_at(const struct one *o, unsigned last, uint16_t port)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, [15] = (uint8_t)last}};

	return (struct berth_socket_address){o->family == BERTH_IP6 ? ip6 : berth_ip4(192, 168, 1, (uint8_t)last),
					     port};
}

/* An IPv6 packet from fd00::LAST to the host. */
static inline void one_packet6(struct one *o, unsigned last, uint8_t hop_limit, uint8_t protocol, const void *payload,
			       size_t n)
{
	struct eth_header eth = {.type = ETH_TYPE_IP6};
	struct ip6_header ip = {.source = {0xfd, [15] = (uint8_t)last},
				.destination = {0xfd, [15] = 7},
				.payload_len = (uint16_t)n,
				.next_header = protocol,
				.hop_limit = hop_limit};
	uint8_t *bytes = malloc(ETH_HEADER + IP6_HEADER + n), *to;

	memcpy(eth.destination, mac_host, 6);
	memcpy(eth.source, mac_peer, 6);
	to = ip6_emit(&ip, eth_emit(&eth, bytes));
	if (n)
		memcpy(to, payload, n);
	one_frame(o, bytes, ETH_HEADER + IP6_HEADER + n);
	free(bytes);
}

/* A packet from LAST to the host. */
static inline void one_packet_from(struct one *o, unsigned last, uint8_t protocol, const void *payload, size_t n)
{
	if (o->family == BERTH_IP6)
		one_packet6(o, last, 64, protocol, payload, n);
	else
		one_packet(o,
			   &(struct packet_spec){
				   .source = IP(192, 168, 1, last), .protocol = protocol, .payload = payload, .n = n});
}

/* A datagram from LAST to the host, as make_udp; its length. */
static inline size_t one_make_udp(const struct one *o, uint8_t *to, unsigned last, uint16_t from_port, uint16_t to_port,
				  const void *data, size_t n)
{
	struct berth_socket_address from = one_at(o, last, 0), host = one_at(o, 7, 0);
	size_t len = make_udp(to, IP(192, 168, 1, last), 0, from_port, to_port, data, n);
	uint64_t sum;

	if (o->family == BERTH_IP6) {
		put_be16(to + 6, 0);
		sum = checksum_pseudo(from.address.bytes, host.address.bytes, 16, 17, (uint32_t)len);
		put_be16(to + 6, checksum_finish(checksum_add(sum, to, len)));
	}
	return len;
}

static inline void one_udp_from(struct one *o, unsigned last, uint16_t from_port, uint16_t to_port, const void *data,
				size_t n)
{
	uint8_t *bytes = malloc(UDP_HEADER + n);

	one_packet_from(o, last, 17, bytes, one_make_udp(o, bytes, last, from_port, to_port, data, n));
	free(bytes);
}

static inline void one_udp(struct one *o, uint16_t from_port, uint16_t to_port, const void *data, size_t n)
{
	one_udp_from(o, 5, from_port, to_port, data, n);
}

static inline void one_icmp(struct one *o, uint32_t source, uint8_t type, uint8_t code, uint32_t rest, const void *body,
			    size_t n)
{
	struct icmp_message m = {.type = type, .code = code, .rest = rest, .body = body, .len_body = n};
	uint8_t *bytes = malloc(ICMP_HEADER + n);

	icmp4_emit(&m, bytes);
	one_packet(o, &(struct packet_spec){.source = source, .protocol = 1, .payload = bytes, .n = ICMP_HEADER + n});
	free(bytes);
}

static inline void one_arp(struct one *o, uint16_t operation, const uint8_t sender_mac[6], uint32_t sender,
			   uint32_t target)
{
	struct eth_header eth = {.type = ETH_TYPE_ARP};
	struct arp_packet arp = {.operation = operation};
	uint8_t bytes[ETH_HEADER + ARP_LEN];

	memcpy(eth.destination, operation == ARP_REQUEST ? mac_everybody : mac_host, 6);
	memcpy(eth.source, sender_mac, 6);
	memcpy(arp.sender_mac, sender_mac, 6);
	put_be32(arp.sender_ip, sender);
	put_be32(arp.target_ip, target);
	arp_emit(&arp, eth_emit(&eth, bytes));
	one_frame(o, bytes, sizeof(bytes));
}

/* The peer looks for the host. */
static inline void one_peer_solicits(struct one *o)
{
	struct nd_neighbour nd = {.target = {0xfd, [15] = 7}, .has_mac = true};
	uint8_t body[ND_NEIGHBOUR_MAX], bytes[ICMP_HEADER + ND_NEIGHBOUR_MAX];
	struct berth_socket_address peer = one_at(o, 5, 0), host = one_at(o, 7, 0);
	struct icmp_message m = {.type = ICMP6_NEIGHBOUR_SOLICIT, .body = body};

	memcpy(nd.mac, mac_peer, 6);
	m.len_body = nd_neighbour_emit(m.type, &nd, body);
	icmp6_emit(&m, peer.address.bytes, host.address.bytes, bytes);
	one_packet6(o, 5, 255, 58, bytes, ICMP_HEADER + m.len_body);
}

/* The host knows where the peer is. */
static inline void one_introduce(struct one *o)
{
	if (o->family == BERTH_IP6)
		one_peer_solicits(o);
	else
		one_arp(o, ARP_REQUEST, mac_peer, PEER, HOST);
	one_out(o);
	one_clear(o);
}

/* The host knows it, and has heard of it just now: nothing is asked. */
static inline void one_meet(struct one *o)
{
	struct ip peer;

	one_introduce(o);
	peer = ip_of_address(&(struct berth_address[]){one_at(o, 5, 0).address}[0]);
	neighbour_learn(o->host, neighbour_find(o->host, 1, &peer), mac_peer, true);
}

static inline struct berth_socket_address socket_address(uint32_t ip, uint16_t port)
{
	return (struct berth_socket_address){
		berth_ip4((uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip), port};
}

static inline int one_udp_socket(struct one *o, uint16_t port)
{
	struct berth_socket_address any = {.port = port};
	int s = berth_socket(o->host, o->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, BERTH_DATAGRAM);

	assert_true(s >= 0);
	assert_int_equal(berth_bind(o->host, s, &any), 0);
	return s;
}

/* ---- what came out ---- */

/* Frame i is IPv4: its header, and its payload in *payload. */
static inline struct ip4_header sent_ip(const struct one *o, unsigned i, const uint8_t **payload)
{
	struct ip4_header ip = {0};

	assert_true(i < o->n_out);
	assert_int_equal(get_be16(o->out[i].bytes + 12), ETH_TYPE_IP4);
	assert_int_equal(ip4_parse(o->out[i].bytes + ETH_HEADER, o->out[i].n - ETH_HEADER, &ip), IP4_OK);
	*payload = o->out[i].bytes + ETH_HEADER + ip.len_header;
	return ip;
}

/* Frame i is a datagram of the host's family: its UDP header, and the length of header and payload. */
static inline const uint8_t *sent_udp(const struct one *o, unsigned i, size_t *len)
{
	struct ip6_payload payload;
	struct ip6_header h;
	const uint8_t *udp;
	struct ip4_header ip;

	if (o->family == BERTH_IP6) {
		assert_true(i < o->n_out);
		assert_int_equal(get_be16(o->out[i].bytes + 12), ETH_TYPE_IP6);
		assert_int_equal(ip6_parse(o->out[i].bytes + ETH_HEADER, o->out[i].n - ETH_HEADER, &h, &payload, NULL),
				 IP6_OK);
		assert_int_equal(payload.protocol, 17);
		*len = payload.len;
		return o->out[i].bytes + ETH_HEADER + payload.off;
	}
	ip = sent_ip(o, i, &udp);
	assert_int_equal(ip.protocol, 17);
	*len = (size_t)ip.total_len - ip.len_header;
	return udp;
}

/* The peer says that the port which frame i went to is nobody's. */
static inline void one_refuse(struct one *o, unsigned i)
{
	struct icmp_message m = {.type = ICMP6_UNREACHABLE,
				 .code = ICMP6_PORT_UNREACHABLE,
				 .body = o->out[i].bytes + ETH_HEADER,
				 .len_body = o->out[i].n - ETH_HEADER};
	struct berth_socket_address peer = one_at(o, 5, 0), host = one_at(o, 7, 0);
	uint8_t *bytes;

	if (o->family != BERTH_IP6) {
		one_icmp(o, 0, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE, 0, m.body, 28);
		return;
	}
	bytes = malloc(ICMP_HEADER + m.len_body);
	icmp6_emit(&m, peer.address.bytes, host.address.bytes, bytes);
	one_packet6(o, 5, 64, 58, bytes, ICMP_HEADER + m.len_body);
	free(bytes);
}

/* Frame i is ICMP with a right checksum. */
static inline struct icmp_message sent_icmp(const struct one *o, unsigned i)
{
	const uint8_t *payload;
	struct ip4_header ip = sent_ip(o, i, &payload);
	struct icmp_message m = {0};

	assert_int_equal(ip.protocol, 1);
	assert_int_equal(icmp4_parse(payload, ip.total_len - (size_t)ip.len_header, &m), ICMP_HEADER);
	return m;
}

static inline bool sent_is_arp(const struct one *o, unsigned i, struct arp_packet *arp)
{
	return get_be16(o->out[i].bytes + 12) == ETH_TYPE_ARP &&
	       arp_parse(o->out[i].bytes + ETH_HEADER, o->out[i].n - ETH_HEADER, arp) == ARP_LEN;
}

#endif
