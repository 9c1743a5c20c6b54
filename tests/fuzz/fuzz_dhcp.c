/* A host's DHCP client, fed with whatever comes while time passes.
 *
 * The input is a little program: each record is an operation and its operands. Messages have the transaction and the
 * MAC address that the client has last said, so that they get behind the first checks; their options come from the
 * input. Stations claim addresses by ARP, the program switches DHCP off and on, and asks for an address by hand. At the
 * end not one byte may still be allocated. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../unit/heap.h"
#include "arp.h"
#include "dhcp_message.h"
#include "host_frames.h"
#include "host_private.h"
#include "udp_header.h"

#define MS UINT64_C(1000000)
#define SERVER 0xc0a80105u
#define FIRST 0xc0a80132u

struct world {
	struct heap heap;
	struct berth_host *host;
	berth_time now;
	struct input in;
	struct dhcp_message last; /* what the client has last said */
};

/* ---- from the host ---- */

static void listen_to(struct world *w, const uint8_t *p, size_t n)
{
	struct ip4_header ip;
	struct dhcp_message m;

	if (n < 42 || get_be16(p + 12) != 0x0800)
		return;
	CHECK(ip4_parse(p + 14, n - 14, &ip) == IP4_OK);
	if (ip.protocol != IP_PROTOCOL_UDP || get_be16(p + 36) != DHCP_SERVER_PORT)
		return;
	CHECK(dhcp_parse(p + 42, n - 42, &m) == DHCP_OK && m.op == DHCP_TO_SERVER && m.type != DHCP_NO_TYPE);
	CHECK(m.n_bad == 0 && m.n_cut == 0);
	w->last = m;
}

/* What holds at any moment. */
static void check_host(const struct world *w)
{
	const struct berth_host *host = w->host;
	unsigned n = 0;

	CHECK(host->n_routes <= HOST_ROUTES_MAX && host->n_addresses <= 6);
	CHECK(host->interfaces[1].mtu >= 576 && host->interfaces[1].mtu <= 1500);
	CHECK(berth_host_dns(host, NULL, 0) <= DHCP_IPS_MAX);
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->state == ADDRESS_FREE || a->origin != ORIGIN_DHCP)
			continue;
		CHECK(ip_is_unicast(&a->ip) && a->valid_until > w->now);
		n++;
	}
	CHECK(n <= 1);
}

static void flush(struct world *w)
{
	struct berth_frame_out out[4];
	struct berth_notice notice;
	uint8_t bytes[2000];
	unsigned n, rounds = 0;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 4);
		for (unsigned i = 0; i < n; i++) {
			CHECK(out[i].len <= 1514);
			berth_frame_gather(&out[i], bytes);
			listen_to(w, bytes, out[i].len);
		}
		CHECK(++rounds < 1000);
	} while (n == 4);
	while (berth_host_next_notice(w->host, &notice))
		CHECK(notice.interface <= 1);
	check_host(w);
}

/* ---- to the host ---- */

static void frame_in(struct world *w, const uint8_t *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&w->heap.memory, (uint32_t)n);

	memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

static void datagram(struct world *w, uint32_t to, uint16_t port, const uint8_t *payload, size_t n)
{
	uint8_t udp[TRANSPORT_MAX], frame[FRAME_MAX];
	struct packet packet = {.ends = ends_of(false), .protocol = IP_PROTOCOL_UDP, .transport = udp};
	struct udp_header header = {.source_port = port, .destination_port = DHCP_CLIENT_PORT};

	header.len = (uint16_t)(UDP_HEADER + n);
	memcpy(udp_header_emit(&header, udp), payload, n);
	packet.n = header.len;
	put_be32(packet.ends.destination, to);
	packet_seal(&packet, UDP_OFF_CHECKSUM);
	frame_in(w, frame, packet_emit(&packet, frame));
}

/* Begins as an answer of a good server, with or without the options that make one; then what the input has. */
static void message(struct world *w)
{
	uint8_t bytes[TRANSPORT_MAX - UDP_HEADER], type = take(&w->in), bits = take(&w->in);
	struct dhcp_message m = {
		.op = DHCP_TO_CLIENT,
		.type = type,
		.xid = w->last.xid + (bits >> 7),
		.yours = FIRST + (bits & 3),
		.has_server_id = bits & 4,
		.server_id = SERVER,
		.has_lease = bits & 8,
		.s_lease = 10u + take(&w->in) * 16u,
		.has_mask = bits & 16,
		.mask = 0xffffff00u,
	};
	size_t n_end = DHCP_HEADER, n_options = take(&w->in) * 2u;
	const uint8_t *options = take_bytes(&w->in, &n_options);

	memcpy(m.mac, w->last.mac, 6);
	dhcp_emit(&m, bytes);
	while (bytes[n_end] != 255)
		n_end += 2u + bytes[n_end + 1];
	if (n_options)
		memcpy(bytes + n_end, options, n_options);
	if (bits & 64)
		bytes[44] = 12; /* sname, should it be said to hold options */
	datagram(w, bits & 32 ? UINT32_MAX : m.yours, DHCP_SERVER_PORT, bytes, n_end + n_options);
}

static void raw_message(struct world *w)
{
	size_t n = take(&w->in) * 2u;
	const uint8_t *p = take_bytes(&w->in, &n);

	datagram(w, n & 1 ? UINT32_MAX : FIRST, n & 2 ? 1 : DHCP_SERVER_PORT, p ? p : (const uint8_t *)"", n);
}

static void claim(struct world *w)
{
	static const uint8_t macs[][6] = {{2, 0, 0, 0, 0, 5}, {2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 7}};
	uint8_t bytes[14 + ARP_LEN], bits = take(&w->in), *to = bytes;
	struct arp_packet arp = {.operation = bits & 1 ? ARP_REPLY : ARP_REQUEST};
	const uint8_t *mac = macs[(bits >> 6) % 3];

	memcpy(arp.sender_mac, mac, 6);
	put_be32(arp.sender_ip, bits & 2 ? 0 : bits & 4 ? SERVER : FIRST + (bits >> 3 & 3));
	put_be32(arp.target_ip, FIRST + (bits >> 3 & 3));
	memset(to, 0xff, 6);
	to = put_be16(put_bytes(to + 6, mac, 6), 0x0806);
	arp_emit(&arp, to);
	frame_in(w, bytes, sizeof(bytes));
}

static void pass_time(struct world *w)
{
	w->now += UINT64_C(1) << (take(&w->in) % 44);
	berth_host_expire(w->host, w->now);
}

/* To the next deadline. */
static void wait(struct world *w)
{
	berth_time next = berth_host_deadline(w->host);

	if (next != BERTH_NEVER && next > w->now)
		w->now = next;
	berth_host_expire(w->host, w->now);
}

static void program(struct world *w)
{
	uint8_t what = take(&w->in);
	struct berth_address a = berth_ip4(192, 168, 1, (uint8_t)(50 + (what >> 4)));

	switch (what & 3) {
	case 0:
		berth_host_interface_auto(w->host, 1, BERTH_AUTO_DHCP);
		break;
	case 1:
		berth_host_interface_auto(w->host, 1, 0);
		break;
	case 2:
		if (w->host->n_addresses < 5)
			berth_host_address_add(w->host, 1, &a, 24);
		break;
	case 3:
		berth_host_address_remove(w->host, 1, &a);
		break;
	}
}

static void make_host(struct world *w)
{
	struct berth_host_config config;
	struct berth_interface_config interface;

	heap_init(&w->heap);
	w->now = MS;
	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	CHECK(berth_host_new(&config, &w->host) == 0);
	berth_interface_config_default(&interface);
	memcpy(interface.name, "eth0", 5);
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	interface.ms_acd = 100;
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	berth_host_expire(w->host, w->now);
	CHECK(berth_host_interface_auto(w->host, 1, BERTH_AUTO_DHCP) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const operations[])(struct world *) = {
		message, wait, pass_time, claim, raw_message, program,
	};
	struct world w = {.in = {data, n}};

	make_host(&w);
	while (w.in.n > 0) {
		operations[take(&w.in) % (sizeof(operations) / sizeof(operations[0]))](&w);
		flush(&w);
	}
	berth_host_free(w.host);
	CHECK(w.heap.n_blocks == 0);
	return 0;
}
