/* An IPv6 host on a link where routers, neighbours and liars say whatever they like of neighbour discovery, while the
 * program gives and takes addresses, listens or does not, sends, and time passes.
 *
 * The input is a little program: each record is an operation and its operands. Messages have right checksums, so that
 * what they say is looked at. After each record the tables are as they should be and no longer than they may be, IPv4
 * is what it was, and the host has not said more than it could have had a reason for. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../unit/heap.h"
#include "bytes.h"
#include "discovery.h"
#include "neighbour.h"
#include "out.h"

#define MS UINT64_C(1000000)
#define BODY_MAX 600
#define FRAMES_MAX 400 /* for one record: every neighbour may be asked, and some packets wait for each */

struct input {
	const uint8_t *p;
	size_t n;
};

struct world {
	struct heap heap;
	struct berth_host *host;
	berth_time now;
	struct input in;
	int socket;
};

static uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static size_t take_bytes(struct input *in, uint8_t *to, size_t n)
{
	if (n > in->n)
		n = in->n;
	if (n)
		memcpy(to, in->p, n);
	in->p += n;
	in->n -= n;
	return n;
}

/* One of a few stations, groups and far hosts, or an address of the host's own, whatever it is. */
static struct ip take_ip(struct world *w)
{
	uint8_t which = take(&w->in);
	uint64_t number = which & 0x0f;
	const struct host_address *a = &w->host->addresses[which % HOST_ADDRESSES_MAX];

	switch (which >> 4 & 7) {
	case 0:
		return (struct ip){.high = UINT64_C(0xfe80) << 48, .low = number, .scope = 1};
	case 1:
		return (struct ip){.high = UINT64_C(0x20010db800010000), .low = number};
	case 2:
		return (struct ip){.high = UINT64_C(0xff02) << 48, .low = number, .scope = 1};
	case 3:
		return (struct ip){.high = UINT64_C(0xff02) << 48, .low = UINT64_C(0x1ff000000) | number, .scope = 1};
	case 4:
		return (struct ip){.high = UINT64_C(0x20010db800990000) + number, .low = 1};
	case 5:
		return (struct ip){0};
	default:
		if (a->state != ADDRESS_FREE && !ip_is_ip4(&a->ip))
			return a->ip;
		return (struct ip){.high = UINT64_C(0xfd00) << 48, .low = number};
	}
}

static void message(struct world *w)
{
	struct eth_header eth = {.destination = {2, [5] = 7}, .source = {2, [5] = 5}, .type = ETH_TYPE_IP6};
	struct ip6_header ip = {.next_header = IP_PROTOCOL_ICMP6};
	uint8_t bytes[ETH_HEADER + IP6_HEADER + ICMP_HEADER + BODY_MAX], body[BODY_MAX] = {0}, flags = take(&w->in);
	struct icmp_message m = {.type = (uint8_t)(ICMP6_ROUTER_SOLICIT + flags % 5), .body = body};
	struct ip source = take_ip(w), destination = take_ip(w);
	struct berth_frame *frame;
	size_t n;

	m.code = flags & 0x80;
	ip.hop_limit = flags & 0x40 ? 64 : ND_HOP_LIMIT;
	m.rest = (uint32_t)take(&w->in) << 24 | (uint32_t)take(&w->in) << 16 | (uint32_t)take(&w->in) << 8;
	m.len_body = (size_t)take(&w->in) * 2;
	m.len_body = take_bytes(&w->in, body, m.len_body);
	/* Who asks or tells about an address of the host is what the input hardly finds by itself. */
	if ((flags & 0x20) && m.len_body >= 16) {
		struct ip target = take_ip(w);

		ip_to_bytes(&target, body);
	}
	if (ip_is_multicast(&destination)) {
		put_be16(eth.destination, 0x3333);
		put_be32(eth.destination + 2, (uint32_t)destination.low);
	}
	ip_to_bytes(&source, ip.source);
	ip_to_bytes(&destination, ip.destination);
	ip.payload_len = (uint16_t)(ICMP_HEADER + m.len_body);
	n = (size_t)(icmp6_emit(&m, ip.source, ip.destination, ip6_emit(&ip, eth_emit(&eth, bytes))) - bytes);
	frame = berth_frame_new(&w->heap.memory, (uint32_t)n);
	memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

/* From milliseconds to hours. */
static void time_passes(struct world *w)
{
	uint8_t much = take(&w->in);

	w->now += (berth_time)(take(&w->in) + 1) * MS << (much & 15);
	for (unsigned i = 0; i < 4; i++)
		berth_host_expire(w->host, w->now);
}

static void program(struct world *w)
{
	uint8_t what = take(&w->in);
	struct ip ip = take_ip(w);
	struct berth_address address = ip_to_address(&ip);

	if (what < 64)
		berth_host_interface_auto(w->host, 1, what & 3);
	else if (what < 128)
		berth_host_address_add(w->host, 1, &address, what & 1 ? 64 : 128);
	else if (what < 192)
		berth_host_address_remove(w->host, 1, &address);
	else
		w->host->interfaces[1].redirects = what & 1;
}

static void send(struct world *w)
{
	struct ip ip = take_ip(w);
	struct berth_socket_address to = {ip_to_address(&ip), 9};

	if (!ip_is_none(&ip))
		berth_sendto(w->host, w->socket, "x", 1, 0, &to);
}

/* ---- what must be so ---- */

static unsigned count_frames(struct world *w)
{
	struct berth_frame_out out[8];
	unsigned n, total = 0;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 8);
		total += n;
	} while (n == 8);
	return total;
}

static void check_routes(const struct berth_host *host)
{
	unsigned n[3] = {0}, n_redirects = 0;

	CHECK(host->n_routes <= HOST_ROUTES_MAX);
	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i], *next = r + 1;

		CHECK(i + 1 == host->n_routes || r->prefix > next->prefix ||
		      (r->prefix == next->prefix && r->preference >= next->preference));
		if (r->origin == ORIGIN_ROUTER)
			n[ip_is_none(&r->gateway) ? 2 : r->prefix ? 1 : 0]++;
		n_redirects += r->origin == ORIGIN_REDIRECT;
		if (r->origin == ORIGIN_ROUTER || r->origin == ORIGIN_REDIRECT)
			CHECK(!ip_is_ip4(&r->destination) && !(r->prefix >= 96 && r->destination.high == 0));
	}
	CHECK(n[0] <= 8 && n[1] <= 16 && n[2] <= 16 && n_redirects <= 16);
}

static void check_addresses(const struct berth_host *host)
{
	unsigned n_router = 0;

	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->state == ADDRESS_FREE)
			continue;
		n_router += a->origin == ORIGIN_ROUTER;
		CHECK(wheel_armed(&host->dads[i].timer.timer) == (a->state == ADDRESS_TENTATIVE));
		for (unsigned j = 0; j < i; j++)
			CHECK(host->addresses[j].state == ADDRESS_FREE || !ip_equal(&a->ip, &host->addresses[j].ip));
	}
	CHECK(n_router <= 16);
}

static void check(struct world *w)
{
	const struct ip peer = ip_of_ip4(0xc0a80105);
	struct host_path path;

	CHECK(w->host->neighbours.n <= 512);
	CHECK(count_frames(w) <= FRAMES_MAX);
	check_routes(w->host);
	check_addresses(w->host);
	CHECK(w->host->interfaces[1].mtu_ip6 >= 1280 && w->host->interfaces[1].mtu_ip6 <= 1500);
	CHECK(host_route(w->host, &peer, &path));
	CHECK(ip_equal(&path.next_hop, &peer) && path.mtu == 1500);
}

static void init(struct world *w, const uint8_t *data, size_t n)
{
	struct berth_address address = berth_ip4(192, 168, 1, 7);
	struct berth_interface_config interface;
	struct berth_host_config config;

	*w = (struct world){.now = 1000 * MS, .in = {data, n}};
	heap_init(&w->heap);
	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	CHECK(berth_host_new(&config, &w->host) == 0);
	berth_interface_config_default(&interface);
	memcpy(interface.name, "eth0", 5);
	memcpy(interface.mac, "\2\0\0\0\0\7", 6);
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	CHECK(berth_host_address_add(w->host, 1, &address, 24) == 0);
	w->socket = berth_socket(w->host, BERTH_IP6, BERTH_DATAGRAM);
	CHECK(w->socket >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w;

	init(&w, data, n);
	while (w.in.n) {
		uint8_t operation = take(&w.in);

		if (operation < 128)
			message(&w);
		else if (operation < 192)
			time_passes(&w);
		else if (operation < 224)
			program(&w);
		else
			send(&w);
		check(&w);
	}
	berth_host_free(w.host);
	CHECK(w.heap.n_blocks == 0);
	return 0;
}
