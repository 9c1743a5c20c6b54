/* A whole host: a listener, UDP sockets and several connections, fed with whatever comes.
 *
 * The input is a little program: each record is an operation and its operands. Frames come raw, or built from operands
 * with right checksums and with sequence numbers near those that the host uses, so that the fuzzer gets behind the
 * first checks: segments and datagrams of either family, ICMP errors about what the host has sent, neighbour discovery,
 * routers, DHCP servers, listener queries, extension headers and fragments. Time passes; the program behind the sockets
 * sends, receives, closes and makes any call with any argument; allocations fail. After each operation the invariants
 * of the simulation hold. At the end the host is freed, and not one byte may still be allocated. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../sim/invariants.h"
#include "../unit/heap.h"
#include "calls.h"
#include "dhcp_message.h"
#include "host_frames.h"
#include "icmp.h"

#define CONVERSATIONS 4
#define MS UINT64_C(1000000)

/* What the input's first byte says. */
enum {
	WORLD_INTRODUCED = 0x01, /* the host knows the peer's MAC address */
	WORLD_IP6 = 0x02,        /* its interface speaks IPv6 too, and that is what conversations are over */
	WORLD_ASKS = 0x04,       /* the host asks whether its IPv4 addresses are taken (RFC 5227) */
	WORLD_FAST_OPEN = 0x10,  /* data on SYNs is taken, without a cookie (RFC 7413) */
	WORLD_AUTO = 0x08,       /* DHCP and routers tell it what to use */
	WORLD_SHORT = 0x20,      /* the memory for queues is as little as can be */
	WORLD_COOKIES = 0x40,    /* few handshakes are remembered */
};

/* A TCP conversation as the peer sees it. */
struct conversation {
	uint16_t port, host_port; /* the peer's port, the host's */
	uint32_t seq, ack;        /* what the peer sends next; what it has of the host */
};

struct world {
	struct heap heap;
	struct berth_host *host;
	berth_time now;
	struct input in;
	bool ip6;
	struct conversation talks[CONVERSATIONS];
	int descriptors[16];
	uint8_t last[FRAME_MAX]; /* the IP packet that the host sent last */
	size_t n_last;
	uint32_t xid; /* of DHCP, by the host's last message */
	struct invariants past;
};

static void frame_in(struct world *w, const uint8_t *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&w->heap.memory, (uint32_t)n);

	if (!frame) /* as a link has it that finds no memory */
		return;
	if (n)
		memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

static void packet_in(struct world *w, const struct packet *p)
{
	uint8_t frame[FRAME_MAX];

	frame_in(w, frame, packet_emit(p, frame));
}

/* What the host sends tells the peer where it stands. */
static void listen_to(struct world *w, const uint8_t *ip, size_t n)
{
	size_t len = n < 20 ? 0 : ip[0] >> 4 == 6 ? IP6_HEADER : (size_t)(ip[0] & 15) * 4;

	w->n_last = n < sizeof(w->last) ? n : sizeof(w->last);
	memcpy(w->last, ip, w->n_last);
	if (len && n >= len + 16 && ip[9] == IP_PROTOCOL_UDP && get_be16(ip + len + 2) == DHCP_SERVER_PORT)
		w->xid = get_be32(ip + len + 12);
	if (len == 0 || n < len + 20 || (ip[0] >> 4 == 6 ? ip[6] : ip[9]) != IP_PROTOCOL_TCP)
		return;
	for (unsigned i = 0; i < CONVERSATIONS; i++) {
		struct conversation *t = &w->talks[i];
		const uint8_t *tcp = ip + len;
		size_t header = (size_t)(tcp[12] >> 4) * 4;

		if (get_be16(tcp + 2) != t->port)
			continue;
		t->host_port = get_be16(tcp);
		t->ack = get_be32(tcp + 4) + (uint32_t)(n - len - header) + ((tcp[13] & 3) != 0);
	}
}

static void flush(struct world *w)
{
	struct berth_frame_out out[4];
	struct berth_notice notice;
	struct berth_event event;
	uint8_t bytes[70000];
	unsigned n, rounds = 0;
	const char *what;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 4);
		for (unsigned i = 0; i < n; i++) {
			CHECK(out[i].len <= 1514);
			berth_frame_gather(&out[i], bytes);
			if (get_be16(bytes + 12) == 0x0800 || get_be16(bytes + 12) == 0x86dd)
				listen_to(w, bytes + 14, out[i].len - 14);
		}
		CHECK(++rounds < 100000);
	} while (n == 4);
	while (berth_host_next_event(w->host, &event))
		CHECK(event.ready != 0 || event.descriptor == -1);
	while (berth_host_next_notice(w->host, &notice))
		CHECK(notice.interface <= 1);
	what = invariants_check(&w->past, w->host, NULL);
	if (what)
		fprintf(stderr, "%s\n", what);
	CHECK(!what);
}

static void raw_frame(struct world *w)
{
	size_t n = take(&w->in) * 8u + take(&w->in);
	const uint8_t *p = take_bytes(&w->in, &n);

	frame_in(w, p, n);
}

static void ip_packet(struct world *w)
{
	uint8_t bytes[TRANSPORT_MAX];
	struct packet packet = {.ends = ends_of(false), .protocol = take(&w->in), .transport = bytes};
	uint8_t bits = take(&w->in);
	const uint8_t *p;

	packet.n = take(&w->in) * 4u;
	packet.id = bits & 3;
	packet.more_fragments = bits & 4;
	packet.off_fragment = (uint16_t)(take(&w->in) * 8);
	packet.tos = bits & 8 ? 3 : 0;
	p = take_bytes(&w->in, &packet.n);
	if (packet.n)
		memcpy(bytes, p, packet.n);
	if (bits & 16)
		packet_seal(&packet, packet_off_checksum(packet.protocol));
	packet_in(w, &packet);
}

static void segment(struct world *w)
{
	uint8_t tcp[TRANSPORT_MAX] = {0};
	struct packet packet = {.ends = ends_of(w->ip6), .protocol = IP_PROTOCOL_TCP, .transport = tcp};
	struct conversation *t = &w->talks[take(&w->in) % CONVERSATIONS];
	uint8_t flags = take(&w->in), bits = take(&w->in);
	int8_t d_seq = (int8_t)take(&w->in), d_ack = (int8_t)take(&w->in);
	size_t n_options = (bits & 15u) * 4 <= 40 ? (bits & 15u) * 4 : 40, n_data = take(&w->in) * 4u, n;
	const uint8_t *options = take_bytes(&w->in, &n_options);

	n_options &= ~(size_t)3;
	n = 20 + n_options;
	put_be16(tcp, t->port);
	put_be16(tcp + 2, t->host_port);
	put_be32(tcp + 4, t->seq + (uint32_t)(d_seq * (bits & 16 ? 1000 : 1)));
	put_be32(tcp + 8, t->ack + (uint32_t)(d_ack * (bits & 32 ? 1000 : 1)));
	tcp[12] = (uint8_t)(n / 4 << 4);
	tcp[13] = flags;
	put_be16(tcp + 14, bits & 64 ? 0 : 0xffff);
	if (n_options)
		memcpy(tcp + 20, options, n_options);
	memset(tcp + n, 'd', n_data);
	packet.n = n + n_data;
	packet_seal(&packet, 16);
	if (!(bits & 128))
		t->seq += (uint32_t)n_data + ((flags & 3) != 0);
	packet_in(w, &packet);
}

/* An ICMP error about what the host sent last, of that packet's family. */
static void icmp_about_last(struct world *w)
{
	uint8_t icmp[TRANSPORT_MAX] = {0};
	bool ip6 = w->n_last && w->last[0] >> 4 == 6;
	struct packet packet = {.ends = ends_of(ip6), .transport = icmp};
	size_t n = take(&w->in);

	if (n > w->n_last)
		n = w->n_last;
	packet.protocol = ip6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP4;
	packet.n = n + 8;
	icmp[0] = take(&w->in) % 16;
	icmp[1] = take(&w->in) % 16;
	put_be16(icmp + 6, (uint16_t)(take(&w->in) * 8));
	memcpy(icmp + 8, w->last, n);
	packet_seal(&packet, 2);
	packet_in(w, &packet);
}

/* ---- DHCP ---- */

/* A server's message: what the host has asked for last, or what the input makes of it. */
static void dhcp_message(struct world *w)
{
	uint8_t udp[TRANSPORT_MAX] = {0}, type = take(&w->in), bits = take(&w->in), operand = take(&w->in);
	struct packet packet = {.ends = ends_of(false), .protocol = IP_PROTOCOL_UDP, .transport = udp};
	struct dhcp_message m = {.op = DHCP_TO_CLIENT,
				 .type = type % 9,
				 .xid = w->xid ^ (bits & 1),
				 .yours = 0xc0a80100u | operand,
				 .mac = {2, 0, 0, 0, 0, 7},
				 .has_server_id = !(bits & 2),
				 .server_id = 0xc0a80105,
				 .has_mask = bits & 4,
				 .mask = operand & 1 ? 0xffffff00 : UINT32_MAX << (operand & 31),
				 .has_lease = !(bits & 8),
				 .s_lease = UINT32_C(1) << (operand & 31),
				 .has_t1 = bits & 16,
				 .s_t1 = operand,
				 .routers = {{0xc0a80105, 0x08080808}, bits >> 5 & 3},
				 .dns = {{0xc0a80105, 0}, bits >> 6},
				 .has_mtu = bits & 32,
				 .mtu = (uint16_t)(68 + operand * 64)};
	size_t n_more = take(&w->in), len = dhcp_len(&m);
	const uint8_t *more = take_bytes(&w->in, &n_more);

	put_be16(udp, DHCP_SERVER_PORT);
	put_be16(udp + 2, DHCP_CLIENT_PORT);
	dhcp_emit(&m, udp + 8);
	/* More options in place of the end and what pads it. */
	if (n_more) {
		size_t at = DHCP_HEADER;

		while (at + 1 < len && udp[8 + at] != 255)
			at += udp[8 + at] ? 2u + udp[8 + at + 1] : 1;
		if (at + n_more > len)
			len = at + n_more;
		memcpy(udp + 8 + at, more, n_more);
	}
	packet.n = 8 + len;
	put_be16(udp + 4, (uint16_t)packet.n);
	memset(packet.ends.destination, 0xff, 4);
	packet_seal(&packet, 6);
	packet_in(w, &packet);
}

/* ---- IPv6 ---- */

/* Any ICMPv6 message, with the router alert of listener messages when bit 7 of the choice is set. */
static void icmp6_message(struct world *w)
{
	uint8_t icmp[TRANSPORT_MAX] = {0}, alert[IP6_ROUTER_ALERT], choice = take(&w->in), type = take(&w->in);
	struct packet packet = {.ends = ends_chosen(choice),
				.protocol = IP_PROTOCOL_ICMP6,
				.next = IP6_NEXT_HOP_BY_HOP,
				.transport = icmp};
	size_t n_body = take(&w->in) * 2u;
	const uint8_t *body = take_bytes(&w->in, &n_body);

	/* The types that exist, mostly. */
	icmp[0] = type >= 0x80 ? type : (uint8_t)(type % 5 ? 130 + type % 16 : type % 8);
	if (n_body)
		memcpy(icmp + 4, body, n_body);
	packet.n = 4 + n_body;
	if (choice & 0x80) {
		ip6_emit_router_alert(IP_PROTOCOL_ICMP6, alert);
		packet.extensions = alert;
		packet.n_extensions = sizeof(alert);
	}
	packet_seal(&packet, 2);
	packet_in(w, &packet);
}

/* An option of neighbour discovery: of its kind's length, its content from the input. */
static uint8_t *put_nd_option(struct world *w, uint8_t *to)
{
	static const struct {
		uint8_t type, n_eights;
	} kinds[] = {{1, 1}, {2, 1}, {3, 4}, {5, 1}, {14, 1}, {24, 3}, {25, 3}, {31, 4}};
	uint8_t choice = take(&w->in), prefix[16] = {0xfd, [3] = choice};
	size_t n = kinds[choice & 7].n_eights * 8u, n_content = n - 2;
	const uint8_t *content = take_bytes(&w->in, &n_content);

	memset(to, 0, n);
	to[0] = kinds[choice & 7].type;
	to[1] = kinds[choice & 7].n_eights;
	if (n_content)
		memcpy(to + 2, content, n_content);
	/* A prefix that an address can be made of, unless the input says otherwise. */
	if (to[0] == 3 && !(choice & 8)) {
		to[2] = 64;
		to[3] |= 0xc0;
		memcpy(to + 16, prefix, 16);
	}
	return to + n;
}

/* A router speaks, or a neighbour: a sound message with up to seven options. */
static void nd_message(struct world *w)
{
	uint8_t icmp[TRANSPORT_MAX] = {0}, choice = take(&w->in), n_options = take(&w->in), *at = icmp + 8;
	struct packet packet = {.ends = ends_chosen(choice), .protocol = IP_PROTOCOL_ICMP6, .transport = icmp};
	/* The rest of the header, then the target (and of a redirect the destination), or a router's times. */
	size_t n_fixed, n;
	const uint8_t *p;

	icmp[0] = (uint8_t)(ICMP6_ROUTER_SOLICIT + (n_options >> 4) % 5);
	n_fixed = icmp[0] == ICMP6_ROUTER_SOLICIT  ? 0
		  : icmp[0] == ICMP6_ROUTER_ADVERT ? 8
		  : icmp[0] == ICMP6_REDIRECT      ? 32
						   : 16;
	n = 4;
	p = take_bytes(&w->in, &n);
	if (n)
		memcpy(icmp + 4, p, n);
	if (n_fixed >= 16) {
		struct ends about = ends_chosen(take(&w->in));

		memcpy(at, about.destination, 16);
		memcpy(at + 16, about.source, 16);
	}
	at += n_fixed;
	for (unsigned i = 0; i < (n_options & 7u); i++)
		at = put_nd_option(w, at);
	packet.n = (size_t)(at - icmp);
	packet_seal(&packet, 2);
	packet_in(w, &packet);
}

/* Extension headers, and in them a fragment header, before a datagram or whatever the input says. */
static void extended_packet(struct world *w)
{
	uint8_t transport[TRANSPORT_MAX], extensions[640], *at = extensions, choice = take(&w->in);
	struct packet packet = {.ends = ends_chosen(choice), .protocol = take(&w->in), .transport = transport};
	uint8_t n_headers = take(&w->in), *next = &packet.next;
	const uint8_t *p;

	for (unsigned i = 0; i < (n_headers & 3u); i++) {
		static const uint8_t kinds[] = {IP6_NEXT_HOP_BY_HOP, IP6_NEXT_ROUTING, IP6_NEXT_FRAGMENT,
						IP6_NEXT_DESTINATION};
		uint8_t kind = kinds[n_headers >> (2 * i + 2) & 3], len = take(&w->in);
		size_t n = kind == IP6_NEXT_FRAGMENT ? 8 : 8 + 8 * (len & 15u), n_content = n - 2;

		*next = kind;
		next = at;
		memset(at, 0, n);
		p = take_bytes(&w->in, &n_content);
		if (n_content)
			memcpy(at + 2, p, n_content);
		if (kind == IP6_NEXT_FRAGMENT) {
			/* Few packets, so that fragments meet. */
			at[2] &= 0x03;
			put_be32(at + 4, at[7] & 3);
		} else {
			at[1] = (uint8_t)(len & 15);
		}
		at += n;
	}
	*next = packet.protocol;
	packet.extensions = extensions;
	packet.n_extensions = (size_t)(at - extensions);
	packet.n = take(&w->in) * 8u;
	p = take_bytes(&w->in, &packet.n);
	if (packet.n)
		memcpy(transport, p, packet.n);
	if (choice & 0x80)
		packet_seal(&packet, packet_off_checksum(packet.protocol));
	packet_in(w, &packet);
}

/* ---- the program ---- */

static void pass_time(struct world *w)
{
	w->now += UINT64_C(1) << (take(&w->in) % 38);
	berth_host_expire(w->host, w->now);
}

static void keep(struct world *w, int descriptor)
{
	for (unsigned i = 0; descriptor >= 0 && i < 16; i++) {
		if (w->descriptors[i] < 0) {
			w->descriptors[i] = descriptor;
			return;
		}
	}
	if (descriptor >= 0)
		berth_close(w->host, descriptor);
}

static void connect_out(struct world *w)
{
	struct conversation *t = &w->talks[CONVERSATIONS - 1];
	struct berth_socket_address to = {berth_ip4(192, 168, 1, 5), t->port};
	int s = berth_socket(w->host, w->ip6 ? BERTH_IP6 : BERTH_IP4, BERTH_STREAM);

	if (w->ip6)
		to.address = (struct berth_address){.family = BERTH_IP6, .bytes = {0xfd, [15] = 5}};

	if (s >= 0)
		berth_connect(w->host, s, &to);
	keep(w, s);
}

static void program(struct world *w)
{
	static uint8_t data[5000];
	uint8_t what = take(&w->in), operand = take(&w->in);
	int *s = &w->descriptors[operand % 16];
	struct berth_socket_address to = {berth_ip4(192, 168, 1, operand), operand};
	size_t n = operand * 19u;

	switch (what % 9) {
	case 0:
		keep(w, berth_accept(w->host, w->descriptors[0], NULL));
		break;
	case 1:
		berth_send(w->host, *s, data, n, 0);
		break;
	case 2:
		berth_recv(w->host, *s, data, n, what & 0x80 ? BERTH_MSG_PEEK : 0);
		break;
	case 3:
		if (operand % 16 > 1) {
			berth_close(w->host, *s);
			*s = -1;
		}
		break;
	case 4:
		berth_shutdown(w->host, *s, operand % 3);
		break;
	case 5:
		berth_sendto(w->host, *s, data, n, 0, &to);
		break;
	case 6:
		connect_out(w);
		break;
	case 7:
		berth_setsockopt(w->host, *s, operand % 7, what, &(int){operand * 97}, sizeof(int));
		break;
	case 8:
		berth_connect(w->host, *s, &to);
		break;
	}
}

/* Any call, with any argument. */
static void call(struct world *w)
{
	uint8_t what = take(&w->in), operand = take(&w->in);
	struct berth_socket_address to = {berth_ip4(192, 168, 1, 5), 1000};
	int s = w->descriptors[operand % 16];

	if (w->ip6)
		to.address = (struct berth_address){.family = BERTH_IP6, .bytes = {0xfd, [15] = 5}};
	switch (what % 7) {
	case 0:
		call_setsockopt(w->host, s, &w->in);
		break;
	case 1:
		call_getsockopt(w->host, s, &w->in);
		break;
	case 2:
		call_recvmsg(w->host, s, &w->in);
		break;
	case 3:
		call_sendmsg(w->host, s, &to, &w->in);
		break;
	case 4:
		call_asks(w->host, s);
		break;
	case 5:
		w->heap.fail_at = operand % 32;
		break;
	case 6:
		keep(w, berth_socket(w->host, w->ip6 ? BERTH_IP6 : BERTH_IP4,
				     what & 0x80 ? BERTH_STREAM : BERTH_DATAGRAM));
		break;
	}
}

/* Addresses and routes come and go. */
static void configure(struct world *w)
{
	uint8_t what = take(&w->in), operand = take(&w->in);
	struct berth_address address = {.family = BERTH_IP6, .bytes = {0xfd, [3] = what, [15] = operand}};
	struct berth_address any = {.family = BERTH_IP6}, gateway = address;

	if (what & 0x10)
		address = berth_ip4(192, 168, what, operand);
	switch (what & 7) {
	case 0:
		berth_host_address_add(w->host, 1, &address, what & 0x10 ? 24 : 64);
		break;
	case 1:
		berth_host_address_remove(w->host, 1, &address);
		break;
	case 2:
		gateway.bytes[0] = what & 0x20 ? 0xfe : 0xfd;
		gateway.bytes[1] = what & 0x20 ? 0x80 : 0;
		berth_host_route_add(w->host, &any, operand % 65, &gateway);
		break;
	case 3:
		berth_host_route_remove(w->host, &any, operand % 65, &gateway);
		break;
	default:
		berth_host_interface_auto(w->host, 1, operand % 8);
		break;
	}
}

static void open_sockets(struct world *w, bool fast_open)
{
	struct berth_socket_address tcp = {.port = 80}, udp = {.port = 7};
	int family = w->ip6 ? BERTH_IP6 : BERTH_IP4;

	for (unsigned i = 0; i < 16; i++)
		w->descriptors[i] = -1;
	w->descriptors[0] = berth_socket(w->host, family, BERTH_STREAM);
	berth_bind(w->host, w->descriptors[0], &tcp);
	berth_listen(w->host, w->descriptors[0], 2);
	if (fast_open) {
		berth_setsockopt(w->host, w->descriptors[0], BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, &(int){2}, sizeof(int));
		berth_setsockopt(w->host, w->descriptors[0], BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_NO_COOKIE, &(int){1},
				 sizeof(int));
	}
	w->descriptors[1] = berth_socket(w->host, family, BERTH_DATAGRAM);
	berth_bind(w->host, w->descriptors[1], &udp);
}

static void make_host(struct world *w, uint8_t options)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(192, 168, 1, 7);

	heap_init(&w->heap);
	w->now = MS;
	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	config.send_buffer = config.receive_buffer = 16384;
	config.n_time_wait_max = 2;
	if (options & WORLD_SHORT)
		config.memory_max = 65536;
	if (options & WORLD_COOKIES)
		config.n_half_open_max = 1;
	config.fast_open = BERTH_FAST_OPEN_CLIENT | BERTH_FAST_OPEN_SERVER;
	CHECK(berth_host_new(&config, &w->host) == 0);
	berth_interface_config_default(&interface);
	memcpy(interface.name, "eth0", 5);
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	interface.ms_acd = options & WORLD_ASKS ? 1000 : 0;
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	CHECK(berth_host_address_add(w->host, 1, &address, 24) == 0);
	if (w->ip6) {
		address = (struct berth_address){.family = BERTH_IP6, .bytes = {0xfd, [15] = 7}};
		CHECK(berth_host_address_add(w->host, 1, &address, 64) == 0);
	}
	if ((options & WORLD_AUTO) && berth_host_interface_auto(w->host, 1, 7))
		CHECK(berth_host_interface_auto(w->host, 1, BERTH_AUTO_DHCP) == 0);
	open_sockets(w, options & WORLD_FAST_OPEN);
	for (unsigned i = 0; i < CONVERSATIONS; i++)
		w->talks[i] = (struct conversation){.port = (uint16_t)(1000 + i), .host_port = 80, .seq = 0xffffff00u};
}

/* The peer's ARP entry, so that what the host sends leaves; over IPv6 it asks for the host, with its MAC address. */
static void introduce(struct world *w)
{
	static const uint8_t arp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   5,   8, 6,
				      0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,   0, 5,
				      192,  168,  1,    5,    0,    0,    0, 0, 0, 0, 192, 168, 1, 7};
	uint8_t solicit[32] = {ICMP6_NEIGHBOUR_SOLICIT, [8] = 0xfd, [23] = 7, 1, 1, 2, [31] = 5};
	struct packet packet = {
		.ends = ends_chosen(0x10), .protocol = IP_PROTOCOL_ICMP6, .transport = solicit, .n = sizeof(solicit)};

	if (w->ip6) {
		/* By then nobody has said that the addresses are taken. */
		for (unsigned i = 0; i < 50; i++) {
			w->now += 100 * MS;
			berth_host_expire(w->host, w->now);
			flush(w);
		}
		packet_seal(&packet, 2);
		packet_in(w, &packet);
	}
	frame_in(w, arp, sizeof(arp));
	flush(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const operations[])(struct world *) = {
		raw_frame,     ip_packet,  segment,         icmp_about_last, pass_time,    program,
		icmp6_message, nd_message, extended_packet, configure,       dhcp_message, call,
	};
	struct world w = {.in = {data, n}};
	uint8_t options = take(&w.in);

	w.ip6 = options & WORLD_IP6;
	make_host(&w, options);
	if (options & WORLD_INTRODUCED)
		introduce(&w);
	while (w.in.n > 0) {
		operations[take(&w.in) % (sizeof(operations) / sizeof(operations[0]))](&w);
		flush(&w);
		CHECK(w.heap.n_bytes < 16u << 20);
	}
	berth_host_free(w.host);
	CHECK(w.heap.n_blocks == 0);
	return 0;
}
