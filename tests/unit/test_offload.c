/* The software path against a plain builder of single segments, byte for byte, over every mix of family, options, sizes
 * and slices; and the cable, which is the same the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>

#include "rng.h"

#define FRAME_MAX 70000

/* One frame of TCP as a test wants it. */
struct shape {
	const char *name;
	unsigned family; /* 4 or 6 */
	bool ethernet;
	unsigned len_ip_options, len_tcp_options;
	uint8_t flags;
	uint32_t seq;
	uint16_t id;
	uint32_t len_payload;
	uint16_t mss;
};

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define ECE 0x40
#define CWR 0x80

static const struct shape shapes[] = {
	{"one byte over", 4, true, 0, 0, ACK | PSH, 1000, 7, 1461, 1460},
	{"exactly two", 4, true, 0, 0, ACK | PSH, 1000, 7, 2920, 1460},
	{"64 KiB", 4, true, 0, 12, ACK | PSH, 1000, 7, 65000, 1448},
	{"fits one segment", 4, true, 0, 12, ACK | PSH | FIN, 1000, 7, 500, 1448},
	{"seq wraps", 4, true, 0, 12, ACK | PSH, 0xfffff000, 7, 20000, 1448},
	{"id wraps", 4, true, 0, 12, ACK | PSH, 1, 0xfffe, 20000, 1448},
	{"edge flags", 4, true, 0, 12, ACK | PSH | FIN | CWR | ECE, 1, 9, 20000, 1448},
	{"odd segments", 4, true, 0, 12, ACK | PSH, 1, 9, 20001, 1447},
	{"tiny segments", 4, true, 0, 0, ACK, 1, 9, 500, 1},
	{"all options", 4, true, 0, 40, ACK | PSH, 77, 9, 9999, 536},
	{"ip options", 4, true, 8, 12, ACK | PSH, 77, 9, 9999, 1000},
	{"no ethernet", 4, false, 0, 12, ACK | PSH, 77, 9, 9999, 1000},
	{"ip6, one byte over", 6, true, 0, 0, ACK | PSH, 1000, 0, 1441, 1440},
	{"ip6, exactly two", 6, true, 0, 0, ACK | PSH, 1000, 0, 2880, 1440},
	{"ip6, 64 KiB", 6, true, 0, 12, ACK | PSH | FIN | CWR, 0xffffff00, 0, 65000, 1428},
	{"ip6, fits one segment", 6, true, 0, 12, ACK | PSH | FIN, 1000, 0, 500, 1428},
	{"ip6, edge flags", 6, true, 0, 12, ACK | PSH | FIN | CWR | ECE, 1, 0, 20000, 1428},
	{"ip6, odd segments", 6, true, 0, 12, ACK | PSH, 1, 0, 20001, 1427},
	{"ip6, tiny segments", 6, true, 0, 0, ACK, 1, 0, 500, 1},
	{"ip6, all options", 6, true, 0, 40, ACK | PSH, 77, 0, 9999, 536},
	{"ip6, no ethernet", 6, false, 0, 0, ACK, 5, 0, 3001, 999},
};

/* The 64 KiB of each family. */
static const struct shape *const large_shapes[] = {&shapes[2], &shapes[14]};

static uint16_t naive_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t pseudo_sum(const uint8_t *addresses, size_t n, unsigned protocol, unsigned len)
{
	uint8_t tail[4] = {0, (uint8_t)protocol, (uint8_t)(len >> 8), (uint8_t)len};

	return naive_sum(naive_sum(0, addresses, n), tail, 4);
}

/* Writes a whole segment the plain way; its length. `off` is where its payload lies in the stream. The checksum is
 * complete, or the pseudo-header's only. */
static uint32_t build(const struct shape *s, uint8_t *to, const uint8_t *payload, uint32_t off, uint32_t n,
		      uint8_t flags, uint16_t id, bool complete)
{
	static const uint8_t eth[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	unsigned len_ip = s->family == 4 ? 20 + s->len_ip_options : 40, len_tcp = 20 + s->len_tcp_options;
	uint8_t *ip = to + (s->ethernet ? 14 : 0), *tcp = ip + len_ip, *addresses = ip + (s->family == 4 ? 12 : 8);
	unsigned len_addresses = s->family == 4 ? 8 : 32;

	if (s->ethernet) {
		memcpy(to, eth, 12);
		put16(to + 12, s->family == 4 ? 0x0800 : 0x86dd);
	}
	memset(ip, 0, len_ip + len_tcp);
	for (unsigned i = 0; i < len_addresses; i++)
		addresses[i] = (uint8_t)(192 + i * 5);
	put16(tcp, 80);
	put16(tcp + 2, 1099);
	put32(tcp + 4, s->seq + off);
	put32(tcp + 8, 0xcafebabe);
	tcp[12] = (uint8_t)(len_tcp / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, 502);
	memset(tcp + 20, 1, s->len_tcp_options);
	memcpy(tcp + len_tcp, payload + off, n);
	if (s->family == 4) {
		ip[0] = (uint8_t)(0x40 | len_ip / 4);
		put16(ip + 2, len_ip + len_tcp + n);
		put16(ip + 4, id);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = 6;
		memset(ip + 20, 1, s->len_ip_options);
		put16(ip + 10, (uint16_t)~naive_sum(0, ip, len_ip));
	} else {
		put32(ip, 0x6b812345); /* a traffic class and a flow label, which all segments keep */
		put16(ip + 4, len_tcp + n);
		ip[6] = 6;
		ip[7] = 64;
	}
	put16(tcp + 16, pseudo_sum(addresses, len_addresses, 6, len_tcp + n));
	if (complete)
		put16(tcp + 16, (uint16_t)~naive_sum(0, tcp, len_tcp + n));
	return (uint32_t)(tcp + len_tcp + n - to);
}

static uint32_t headers_len(const struct shape *s)
{
	return (s->ethernet ? 14 : 0) + (s->family == 4 ? 20 + s->len_ip_options : 40) + 20 + s->len_tcp_options;
}

/* The large frame, its bytes in `bytes`: `len_header` of them in the header, the rest in slices of the given length
 * (the last has what is left). */
static struct berth_frame_out large(const struct shape *s, uint8_t *bytes, const uint8_t *payload, uint32_t len_header,
				    uint32_t len_slice)
{
	struct berth_frame_out out = {.off_header = 1, .len_header = (uint8_t)len_header, .interface = 3};
	uint32_t at = len_header;

	out.len = build(s, bytes, payload, 0, s->len_payload, s->flags, s->id, false);
	memcpy(out.header + 1, bytes, len_header);
	while (at < out.len) {
		uint32_t n = out.len - at;

		if (n > len_slice && out.n_slices < BERTH_SLICES_MAX - 1)
			n = len_slice;
		out.slices[out.n_slices++] = (struct berth_slice){bytes + at, n};
		at += n;
	}
	out.off_network = s->ethernet ? 14 : 0;
	out.off_transport = (uint16_t)(headers_len(s) - 20 - s->len_tcp_options);
	out.off_checksum = 16;
	out.checksum = BERTH_CHECKSUM_PARTIAL;
	out.segment_size = s->mss;
	return out;
}

static void pair_new(unsigned capabilities, bool ethernet, struct berth_link **a, struct berth_link **b)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.capabilities = capabilities;
	config.ethernet = ethernet;
	assert_int_equal(berth_link_memory_pair(&config, a, b), 0);
}

/* Receives all segments of the shape and holds each against the builder. */
static void expect_segments(const struct shape *s, struct berth_link *from, const uint8_t *payload, bool complete)
{
	uint8_t *expected = malloc(FRAME_MAX);
	uint16_t id = s->id;

	for (uint32_t off = 0; off < s->len_payload; id++) {
		uint32_t n = s->len_payload - off < s->mss ? s->len_payload - off : s->mss;
		uint8_t flags = s->flags & (uint8_t) ~((off ? CWR : 0) | (off + n < s->len_payload ? PSH | FIN : 0));
		uint32_t len = build(s, expected, payload, off, n, flags, id, complete);
		struct berth_frame *frame = berth_link_receive(from, 0);

		if (!frame || frame->len != len || memcmp(frame->data, expected, len))
			fail_msg("%s: segment at %u", s->name, off);
		assert_int_equal(frame->checksum, complete ? BERTH_CHECKSUM_FULL : BERTH_CHECKSUM_VALID);
		berth_frame_unref(frame);
		off += n;
	}
	assert_null(berth_link_receive(from, 0));
	free(expected);
}

static uint8_t *noise(size_t n, uint64_t seed)
{
	uint8_t *p = malloc(n);
	struct rng rng;

	rng_init(&rng, seed);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rng_next(&rng);
	return p;
}

static void split_one(const struct shape *s, const uint8_t *payload, unsigned capabilities, uint32_t len_header,
		      uint32_t len_slice)
{
	uint8_t *bytes = malloc(FRAME_MAX);
	struct berth_frame_out out = large(s, bytes, payload, len_header, len_slice);
	struct berth_link *a, *b;

	pair_new(capabilities, s->ethernet, &a, &b);
	assert_int_equal(berth_link_offload(a, berth_memory_libc(), &a), 0);
	assert_int_equal(a->capabilities, BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT);
	berth_link_send(a, &out, 1, 0);
	expect_segments(s, b, payload, !capabilities);
	assert_int_equal(a->counters.split, (s->len_payload + s->mss - 1) / s->mss);
	assert_int_equal(a->counters.sent_bytes, b->counters.received_bytes);
	assert_int_equal(a->counters.send_failed, 0);
	berth_link_free(a);
	berth_link_free(b);
	free(bytes);
}

static void test_split(void **state)
{
	static const uint32_t slices[] = {FRAME_MAX, 16384, 4096, 1000, 333, 1};
	uint8_t *payload = noise(FRAME_MAX, 1);

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (size_t j = 0; j < sizeof(slices) / sizeof(slices[0]); j++) {
			uint32_t n = headers_len(&shapes[i]);

			split_one(&shapes[i], payload, 0, n, slices[j]);
			split_one(&shapes[i], payload, BERTH_LINK_CHECKSUM, n, slices[j]);
			split_one(&shapes[i], payload, 0, 0, slices[j]);                   /* the headers in slices */
			split_one(&shapes[i], payload, 0, n < 120 ? n + 5 : n, slices[j]); /* payload in the header */
		}
	}
	free(payload);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void order_among_others(const struct shape *s)
{
	uint8_t *payload = noise(FRAME_MAX, 2), *bytes = malloc(FRAME_MAX);
	static const uint8_t small[60] = {9};
	struct berth_frame_out frames[3] = {{.len = 60, .n_slices = 1, .slices = {{small, 60}}}};
	unsigned n_segments = (s->len_payload + s->mss - 1) / s->mss;
	struct berth_link *a, *b;
	struct berth_frame *frame;
	uint32_t off = 0;

	pair_new(0, true, &a, &b);
	assert_int_equal(berth_link_offload(a, berth_memory_libc(), &a), 0);
	frames[1] = large(s, bytes, payload, headers_len(s), FRAME_MAX);
	frames[2] = frames[0];
	berth_link_send(a, frames, 3, 0);
	for (unsigned i = 0; i < n_segments + 2; i++) {
		frame = berth_link_receive(b, 0);
		assert_non_null(frame);
		if (i == 0 || i == n_segments + 1) {
			assert_int_equal(frame->len, 60);
		} else {
			assert_int_equal(get32(frame->data + frames[1].off_transport + 4) - s->seq, off);
			off += s->mss;
		}
		berth_frame_unref(frame);
	}
	assert_null(berth_link_receive(b, 0));
	berth_link_free(a);
	berth_link_free(b);
	free(bytes);
	free(payload);
}

static void test_order_among_others(void **state)
{
	for (size_t i = 0; i < 2; i++)
		order_among_others(large_shapes[i]);
}

/* A UDP datagram of five bytes whose checksum is partial, ending in `tail`; from the Ethernet header on. Its length. */
static uint32_t udp_build(unsigned family, uint16_t tail, uint8_t *to)
{
	unsigned len_ip = family == 4 ? 20 : 40, off_addresses = family == 4 ? 26 : 22;
	uint8_t *udp = to + 14 + len_ip;

	memset(to, 0, 14 + len_ip + 13);
	put16(to + 12, family == 4 ? 0x0800 : 0x86dd);
	to[14] = family == 4 ? 0x45 : 0x60;
	if (family == 4)
		put16(to + 16, 33);
	else
		put16(to + 18, 13);
	to[family == 4 ? 23 : 20] = 17;
	to[off_addresses] = to[off_addresses + len_ip / 5] = 10;
	to[off_addresses + 3] = 1;
	to[13 + len_ip] = 2;
	if (family == 4)
		put16(to + 24, (uint16_t)~naive_sum(0, to + 14, 20));
	put16(udp, 7);
	put16(udp + 2, 7);
	put16(udp + 4, 13);
	put16(udp + 6, pseudo_sum(to + off_addresses, family == 4 ? 8 : 32, 17, 13));
	put16(udp + 8, tail);
	return 14 + len_ip + 13;
}

static void udp_complete(unsigned family, uint16_t tail, uint32_t len_header)
{
	uint8_t bytes[14 + 40 + 8 + 5], expected[sizeof(bytes)];
	uint32_t len = udp_build(family, tail, bytes);
	struct berth_frame_out out = {.len = len,
				      .n_slices = 1,
				      .checksum = BERTH_CHECKSUM_PARTIAL,
				      .off_network = 14,
				      .off_transport = (uint16_t)(len - 13),
				      .off_checksum = 6};
	struct berth_link *a, *b;
	struct berth_frame *frame;
	uint16_t field;

	memcpy(expected, bytes, len);
	field = (uint16_t)~naive_sum(0, bytes + len - 13, 13);
	put16(expected + len - 7, field ? field : 0xffff);
	out.len_header = (uint8_t)len_header;
	memcpy(out.header, bytes, len_header);
	out.slices[0] = (struct berth_slice){bytes + len_header, len - len_header};
	pair_new(0, true, &a, &b);
	assert_int_equal(berth_link_offload(a, berth_memory_libc(), &a), 0);
	berth_link_send(a, &out, 1, 0);
	frame = berth_link_receive(b, 0);
	assert_non_null(frame);
	assert_int_equal(frame->len, len);
	assert_memory_equal(frame->data, expected, len);
	assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
	berth_frame_unref(frame);
	berth_link_free(a);
	berth_link_free(b);
}

/* Any tail, and the one that makes the sum ffff and so the field 0, which would say that there is no checksum. */
static void test_udp(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		uint8_t bytes[80];
		uint32_t len = udp_build(family, 0, bytes);
		uint16_t sum = naive_sum(0, bytes + len - 13, 13);

		for (uint32_t len_header = 0; len_header <= len - 2; len_header += 3) {
			udp_complete(family, 0x1234, len_header);
			udp_complete(family, (uint16_t)(0xffff - sum), len_header);
		}
	}
}

struct broken {
	const char *name;
	void (*break_it)(struct berth_frame_out *out);
};

static void break_transport(struct berth_frame_out *out)
{
	out->off_transport = 200;
}

static void break_network(struct berth_frame_out *out)
{
	out->off_network = out->off_transport;
}

static void break_version(struct berth_frame_out *out)
{
	out->header[out->off_header + 14] = 0x55;
}

static void break_data_offset(struct berth_frame_out *out)
{
	out->header[out->off_header + out->off_transport + 12] = 0x40;
}

static void break_no_payload(struct berth_frame_out *out)
{
	out->len = out->len_header;
	out->n_slices = 0;
}

static void break_protocol(struct berth_frame_out *out)
{
	out->header[out->off_header + (out->off_transport == 34 ? 23 : 20)] = 17;
}

/* As with options that the version does not have, or extension headers before TCP. */
static void break_ip_length(struct berth_frame_out *out)
{
	out->off_network -= 8;
	memmove(out->header + out->off_header + out->off_network, out->header + out->off_header + out->off_network + 8,
		1);
}

static void break_checksum_place(struct berth_frame_out *out)
{
	out->segment_size = 0;
	out->off_checksum = 60000;
}

static void break_len(struct berth_frame_out *out)
{
	out->segment_size = 0;
	out->len += 100; /* more than its slices hold */
}

static const struct broken breaks[] = {
	{"transport", break_transport},     {"network", break_network},
	{"version", break_version},         {"data offset", break_data_offset},
	{"no payload", break_no_payload},   {"protocol", break_protocol},
	{"checksum", break_checksum_place}, {"length", break_len},
	{"IP length", break_ip_length},
};

static void test_broken(void **state)
{
	uint8_t *payload = noise(FRAME_MAX, 3), *bytes = malloc(FRAME_MAX);

	for (size_t i = 0; i < 2 * sizeof(breaks) / sizeof(breaks[0]); i++) {
		const struct shape *s = large_shapes[i % 2];
		struct berth_frame_out out = large(s, bytes, payload, headers_len(s), FRAME_MAX);
		struct berth_link *a, *b;

		pair_new(0, true, &a, &b);
		assert_int_equal(berth_link_offload(a, berth_memory_libc(), &a), 0);
		breaks[i / 2].break_it(&out);
		berth_link_send(a, &out, 1, 0);
		if (a->counters.send_failed != 1 || berth_link_receive(b, 0))
			fail_msg("%s: %s", s->name, breaks[i / 2].name);
		berth_link_free(a);
		berth_link_free(b);
	}
	free(bytes);
	free(payload);
}

/* The other way round: what arrives large comes out of a cable as the segments it stands for. */
static void test_cable_splits(void **state)
{
	uint8_t *payload = noise(FRAME_MAX, 4), *bytes = malloc(FRAME_MAX);

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct berth_frame_out out = large(&shapes[i], bytes, payload, headers_len(&shapes[i]), FRAME_MAX);
		struct berth_link *a, *b;

		pair_new(BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT, shapes[i].ethernet, &a, &b);
		assert_int_equal(berth_link_cable(a, berth_memory_libc(), &a), 0);
		assert_int_equal(a->capabilities, 0);
		berth_link_send(b, &out, 1, 0);
		assert_true(berth_link_deadline(a) == 0);
		expect_segments(&shapes[i], a, payload, true);
		assert_true(berth_link_deadline(a) == BERTH_NEVER);
		berth_link_send(b, &out, 1, 0);
		berth_frame_unref(berth_link_receive(a, 0));
		berth_link_free(a); /* with segments waiting */
		berth_link_free(b);
	}
	free(bytes);
	free(payload);
}

/* A vouched-for frame that is not large, with Ethernet padding behind it. */
static void test_cable_completes(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		struct shape s = {"small", family, true, 0, 0, ACK, 1, 2, 3, 0};
		uint8_t bytes[80] = {0}, expected[80] = {0};
		static const uint8_t payload[3] = {1, 2, 3};
		uint32_t len = headers_len(&s) + 6;
		struct berth_frame_out out = {
			.len = len, .n_slices = 1, .slices = {{bytes, len}}, .checksum = BERTH_CHECKSUM_PARTIAL};
		struct berth_link *a, *b;
		struct berth_frame *frame;

		assert_int_equal(build(&s, bytes, payload, 0, 3, ACK, 2, false), len - 3);
		build(&s, expected, payload, 0, 3, ACK, 2, true);
		pair_new(BERTH_LINK_CHECKSUM, true, &a, &b);
		assert_int_equal(berth_link_cable(a, berth_memory_libc(), &a), 0);
		berth_link_send(b, &out, 1, 0);
		frame = berth_link_receive(a, 0);
		assert_int_equal(frame->len, len);
		assert_memory_equal(frame->data, expected, len);
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
		berth_frame_unref(frame);
		berth_link_free(a);
		berth_link_free(b);
	}
}

/* A vouched-for datagram leaves the cable with its checksum, which is never zero. */
static void test_cable_completes_udp(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		uint8_t bytes[80];
		uint32_t len = udp_build(family, 0, bytes);
		struct berth_frame_out out = {
			.len = len, .n_slices = 1, .slices = {{bytes, len}}, .checksum = BERTH_CHECKSUM_PARTIAL};
		uint16_t sum = naive_sum(0, bytes + len - 13, 13);
		struct berth_link *a, *b;
		struct berth_frame *frame;

		put16(bytes + len - 5, 0xffff - sum);
		pair_new(BERTH_LINK_CHECKSUM, true, &a, &b);
		assert_int_equal(berth_link_cable(a, berth_memory_libc(), &a), 0);
		berth_link_send(b, &out, 1, 0);
		frame = berth_link_receive(a, 0);
		assert_int_equal(frame->len, len);
		put16(bytes + len - 7, 0xffff);
		assert_memory_equal(frame->data, bytes, len);
		berth_frame_unref(frame);
		berth_link_free(a);
		berth_link_free(b);
	}
}

static void cable_takes_anything(const struct shape *s)
{
	uint8_t *payload = noise(FRAME_MAX, 5), *bytes = malloc(FRAME_MAX);
	uint32_t len = build(s, bytes, payload, 0, 200, ACK, 1, false), n_headers = headers_len(s) + 6;
	struct berth_link *a, *b;
	struct rng rng;

	rng_init(&rng, 6);
	pair_new(BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT, true, &a, &b);
	assert_int_equal(berth_link_cable(a, berth_memory_libc(), &a), 0);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t cut = (uint32_t)rng_below(&rng, len + 1);
		uint8_t *copy = malloc(cut + 1);
		struct berth_frame_out out = {.len = cut, .n_slices = 1, .slices = {{copy, cut}}};
		struct berth_frame *frame;

		memcpy(copy, bytes, cut);
		for (unsigned n = (unsigned)rng_below(&rng, 3); cut && n; n--)
			copy[rng_below(&rng, cut < n_headers ? cut : n_headers)] = (uint8_t)rng_next(&rng);
		out.checksum = BERTH_CHECKSUM_PARTIAL;
		out.segment_size = (uint16_t)rng_below(&rng, 300);
		berth_link_send(b, &out, 1, 0);
		while ((frame = berth_link_receive(a, 0))) {
			assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
			assert_int_equal(frame->segment_size, 0);
			berth_frame_unref(frame);
		}
		free(copy);
	}
	berth_link_free(a);
	berth_link_free(b);
	free(bytes);
	free(payload);
}

/* Anything at all, vouched for and said to be coalesced: nothing is read beyond its end. */
static void test_cable_takes_anything(void **state)
{
	for (size_t i = 0; i < 2; i++)
		cable_takes_anything(large_shapes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_order_among_others),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cable_splits),
		cmocka_unit_test(test_cable_completes),
		cmocka_unit_test(test_cable_completes_udp),
		cmocka_unit_test(test_cable_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
