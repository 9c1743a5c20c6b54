/* A whole host: a listener, UDP sockets and several connections, fed with whatever comes.
 *
 * The input is a little program: each record is an operation and its operands. Frames come raw, or built from operands
 * with right checksums and with sequence numbers near those that the host uses, so that the fuzzer gets behind the
 * first checks; time passes; the program behind the sockets sends, receives and closes. At the end the host is freed,
 * and not one byte may still be allocated. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../unit/heap.h"
#include "bytes.h"
#include "checksum.h"
#include "ip4.h"

#define CONVERSATIONS 4
#define FRAME_MAX 2048
#define MS UINT64_C(1000000)

struct input {
	const uint8_t *p;
	size_t n;
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
	struct conversation talks[CONVERSATIONS];
	int descriptors[16];
	uint8_t last[FRAME_MAX]; /* the IP packet that the host sent last */
	size_t n_last;
};

static uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static const uint8_t *take_bytes(struct input *in, size_t *n)
{
	const uint8_t *p = in->p;

	if (*n > in->n)
		*n = in->n;
	in->p += *n;
	in->n -= *n;
	return p;
}

static void frame_in(struct world *w, const uint8_t *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&w->heap.memory, (uint32_t)n);

	if (n)
		memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

/* An IP packet whose transport lies at bytes + 34 already; headers are put before it. */
static void packet_in(struct world *w, uint8_t *bytes, size_t n_transport, const struct ip4_header *proto)
{
	static const uint8_t macs[] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 5, 8, 0};
	struct ip4_header h = *proto;

	memcpy(bytes, macs, sizeof(macs));
	h.total_len = (uint16_t)(IP4_HEADER + n_transport);
	h.ttl = 64;
	memcpy(h.source, (uint8_t[]){192, 168, 1, 5}, 4);
	memcpy(h.destination, (uint8_t[]){192, 168, 1, 7}, 4);
	ip4_emit(&h, bytes + 14);
	frame_in(w, bytes, 34 + n_transport);
}

static void fix_checksum(uint8_t *transport, size_t n, uint8_t protocol, size_t off)
{
	static const uint8_t from[] = {192, 168, 1, 5}, to[] = {192, 168, 1, 7};
	uint64_t sum = protocol == IP_PROTOCOL_ICMP4 ? 0 : checksum_pseudo(from, to, 4, protocol, (uint32_t)n);

	if (n < off + 2)
		return;
	put_be16(transport + off, 0);
	put_be16(transport + off, checksum_finish(checksum_add(sum, transport, n)));
}

/* What the host sends tells the peer where it stands. */
static void listen_to(struct world *w, const uint8_t *ip, size_t n)
{
	size_t len = n >= 20 ? (size_t)(ip[0] & 15) * 4 : 0;

	w->n_last = n < FRAME_MAX ? n : FRAME_MAX;
	memcpy(w->last, ip, w->n_last);
	if (n < 40 || ip[9] != IP_PROTOCOL_TCP)
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
	struct berth_event event;
	uint8_t bytes[70000];
	unsigned n, rounds = 0;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 4);
		for (unsigned i = 0; i < n; i++) {
			CHECK(out[i].len <= 1514);
			berth_frame_gather(&out[i], bytes);
			if (bytes[12] == 8 && bytes[13] == 0)
				listen_to(w, bytes + 14, out[i].len - 14);
		}
		CHECK(++rounds < 100000);
	} while (n == 4);
	while (berth_host_next_event(w->host, &event))
		CHECK(event.ready != 0);
}

static void raw_frame(struct world *w)
{
	size_t n = take(&w->in) * 8u + take(&w->in);
	const uint8_t *p = take_bytes(&w->in, &n);

	frame_in(w, p, n);
}

static void ip_packet(struct world *w)
{
	uint8_t bytes[FRAME_MAX];
	struct ip4_header h = {.protocol = take(&w->in)};
	uint8_t bits = take(&w->in);
	size_t n = take(&w->in) * 4u;
	const uint8_t *p;

	h.id = bits & 3;
	h.more_fragments = bits & 4;
	h.off_fragment = (uint16_t)(take(&w->in) * 8);
	h.tos = bits & 8 ? 3 : 0;
	p = take_bytes(&w->in, &n);
	memcpy(bytes + 34, p, n);
	if (bits & 16)
		fix_checksum(bytes + 34, n, h.protocol, h.protocol == 17 ? 6 : h.protocol == 1 ? 2 : 16);
	packet_in(w, bytes, n, &h);
}

static void segment(struct world *w)
{
	uint8_t bytes[FRAME_MAX] = {0}, *tcp = bytes + 34;
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
	memcpy(tcp + 20, options, n_options);
	memset(tcp + n, 'd', n_data);
	fix_checksum(tcp, n + n_data, IP_PROTOCOL_TCP, 16);
	if (!(bits & 128))
		t->seq += (uint32_t)n_data + ((flags & 3) != 0);
	packet_in(w, bytes, n + n_data, &(struct ip4_header){.protocol = IP_PROTOCOL_TCP});
}

/* An ICMP error about what the host sent last. */
static void icmp_about_last(struct world *w)
{
	uint8_t bytes[FRAME_MAX] = {0}, *icmp = bytes + 34;
	size_t n = take(&w->in);

	if (n > w->n_last)
		n = w->n_last;
	icmp[0] = take(&w->in) % 16;
	icmp[1] = take(&w->in) % 16;
	put_be16(icmp + 6, (uint16_t)(take(&w->in) * 8));
	memcpy(icmp + 8, w->last, n);
	fix_checksum(icmp, n + 8, IP_PROTOCOL_ICMP4, 2);
	packet_in(w, bytes, n + 8, &(struct ip4_header){.protocol = IP_PROTOCOL_ICMP4});
}

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
	int s = berth_socket(w->host, BERTH_IP4, BERTH_STREAM);

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
		berth_send(w->host, *s, data, n);
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
		berth_sendto(w->host, *s, data, n, &to);
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

static void make_host(struct world *w)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(192, 168, 1, 7);
	struct berth_socket_address tcp = {.port = 80}, udp = {.port = 7};

	heap_init(&w->heap);
	w->now = MS;
	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	config.send_buffer = config.receive_buffer = 16384;
	config.n_time_wait_max = 2;
	CHECK(berth_host_new(&config, &w->host) == 0);
	berth_interface_config_default(&interface);
	memcpy(interface.name, "eth0", 5);
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	CHECK(berth_host_address_add(w->host, 1, &address, 24) == 0);
	for (unsigned i = 0; i < 16; i++)
		w->descriptors[i] = -1;
	w->descriptors[0] = berth_socket(w->host, BERTH_IP4, BERTH_STREAM);
	berth_bind(w->host, w->descriptors[0], &tcp);
	berth_listen(w->host, w->descriptors[0], 2);
	w->descriptors[1] = berth_socket(w->host, BERTH_IP4, BERTH_DATAGRAM);
	berth_bind(w->host, w->descriptors[1], &udp);
	for (unsigned i = 0; i < CONVERSATIONS; i++)
		w->talks[i] = (struct conversation){.port = (uint16_t)(1000 + i), .host_port = 80, .seq = 0xffffff00u};
}

/* The peer's ARP entry, so that what the host sends leaves. */
static void introduce(struct world *w)
{
	static const uint8_t arp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   5,   8, 6,
				      0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,   0, 5,
				      192,  168,  1,    5,    0,    0,    0, 0, 0, 0, 192, 168, 1, 7};

	frame_in(w, arp, sizeof(arp));
	flush(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w = {.in = {data, n}};

	make_host(&w);
	if (take(&w.in) & 1)
		introduce(&w);
	while (w.in.n > 0) {
		static void (*const operations[])(struct world *) = {raw_frame,       ip_packet, segment,
								     icmp_about_last, pass_time, program};

		operations[take(&w.in) % 6](&w);
		flush(&w);
		CHECK(w.heap.n_bytes < 16u << 20);
	}
	berth_host_free(w.host);
	CHECK(w.heap.n_blocks == 0);
	return 0;
}
