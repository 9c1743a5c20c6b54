/* IPv6 headers and the walk over extension headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eth.h"
#include "ip4.h"
#include "ip6.h"
#include "ip6_packet.h"
#include "wire_packets.h"

static enum ip6_verdict parse_exactly(const uint8_t *bytes, size_t n, struct ip6_payload *out)
{
	uint8_t *p = exact_copy(bytes, n);
	struct ip6_header h;
	enum ip6_verdict verdict = ip6_parse(p, n, &h, out, NULL);

	free(p);
	return verdict;
}

static void test_real_packet(void **state)
{
	const uint8_t *p = packet_syn6 + ETH_HEADER;
	struct ip6_payload payload;
	struct ip6_header h;
	uint8_t bytes[IP6_HEADER];

	assert_int_equal(ip6_parse(p, sizeof(packet_syn6) - ETH_HEADER, &h, &payload, NULL), IP6_OK);
	assert_int_equal(h.traffic_class, 0);
	assert_int_equal(h.flow_label, 0xc0fa);
	assert_int_equal(h.payload_len, 32);
	assert_int_equal(h.next_header, IP_PROTOCOL_TCP);
	assert_int_equal(h.hop_limit, 64);
	assert_memory_equal(h.source, p + 8, 16);
	assert_memory_equal(h.destination, p + 24, 16);
	assert_int_equal(payload.protocol, IP_PROTOCOL_TCP);
	assert_int_equal(payload.off, IP6_HEADER);
	assert_int_equal(payload.len, 32);
	assert_false(payload.fragment);
	assert_false(payload.routing);
	assert_ptr_equal(ip6_emit(&h, bytes), bytes + IP6_HEADER);
	assert_memory_equal(bytes, p, IP6_HEADER);
}

static void test_real_hop_by_hop(void **state)
{
	struct ip6_payload payload;

	assert_int_equal(parse_exactly(packet_report6 + ETH_HEADER, sizeof(packet_report6) - ETH_HEADER, &payload),
			 IP6_OK);
	assert_int_equal(payload.protocol, IP_PROTOCOL_ICMP6);
	assert_int_equal(payload.off, IP6_HEADER + 8);
	assert_int_equal(payload.len, 28);
	assert_true(payload.router_alert);
}

static void test_round_trip(void **state)
{
	static const struct ip6_header headers[] = {
		{.payload_len = 0, .next_header = 59},
		{.payload_len = 0, .next_header = 6, .traffic_class = 0xff, .hop_limit = 255, .flow_label = 0xfffff},
		{.source = {1, 2, 3, [15] = 4}, .destination = {5, [15] = 6}, .next_header = 17, .flow_label = 0x12345},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct ip6_payload payload;
		struct ip6_header back;
		uint8_t bytes[IP6_HEADER];

		ip6_emit(&headers[i], bytes);
		assert_int_equal(ip6_parse(bytes, sizeof(bytes), &back, &payload, NULL), IP6_OK);
		assert_memory_equal(back.source, headers[i].source, 16);
		assert_memory_equal(back.destination, headers[i].destination, 16);
		assert_int_equal(back.payload_len, headers[i].payload_len);
		assert_int_equal(back.traffic_class, headers[i].traffic_class);
		assert_int_equal(back.next_header, headers[i].next_header);
		assert_int_equal(back.hop_limit, headers[i].hop_limit);
		assert_int_equal(back.flow_label, headers[i].flow_label);
		assert_int_equal(payload.protocol, headers[i].next_header);
		assert_int_equal(payload.len, 0);
	}
}

static void test_version(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_finish(&p, IP_PROTOCOL_UDP, 8);
	for (unsigned first = 0; first < 256; first++) {
		p.bytes[0] = (uint8_t)first;
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload), first >> 4 == 6 ? IP6_OK : IP6_BAD_VERSION);
	}
}

/* AMNESIA:33: the payload length against the frame's. */
static void test_every_payload_length(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_finish(&p, IP_PROTOCOL_UDP, 100);
	for (unsigned len = 0; len <= UINT16_MAX; len++) {
		p.bytes[4] = (uint8_t)(len >> 8);
		p.bytes[5] = (uint8_t)len;
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload), len > 100 ? IP6_BAD_LENGTH : IP6_OK);
		if (len <= 100)
			assert_int_equal(payload.len, len);
	}
}

/* Hop-by-hop, destination options, routing, fragment, destination options, UDP: as long as such chains get. */
static void chain(struct ip6_packet *p)
{
	ip6_begin(p);
	ip6_append(p, 0, "\x00\x00\x05\x02\x00\x00\x01\x00", 8);
	ip6_append(p, 60, "\x00\x01\x1e\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x00\x00", 16);
	ip6_append(p, 43, "\x00\x00\x03\x00\x00\x00\x00\x00", 8);
	ip6_append(p, 44, "\x00\x00\x00\x00\x01\x02\x03\x04", 8);
	ip6_append(p, 60, "\x00\x00\x1e\x02\x00\x00\x00\x00", 8);
	ip6_finish(p, IP_PROTOCOL_UDP, 20);
}

static void test_chain(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	chain(&p);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_OK);
	assert_int_equal(payload.protocol, IP_PROTOCOL_UDP);
	assert_int_equal(payload.off, p.n - 20);
	assert_int_equal(payload.len, 20);
	assert_true(payload.fragment);
	assert_false(payload.more_fragments);
	assert_int_equal(payload.off_fragment, 0);
	assert_int_equal(payload.id, 0x01020304);
	assert_true(payload.routing);
	assert_int_equal(payload.routing_type, 3);
	assert_true(payload.router_alert);
}

/* Cut by the frame, and cut by the payload length: at every byte. */
static void test_every_truncation(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;
	size_t n_whole;

	chain(&p);
	n_whole = p.n;
	for (size_t n = 0; n < n_whole; n++)
		assert_int_equal(parse_exactly(p.bytes, n, &payload), n < IP6_HEADER ? IP6_SHORT : IP6_BAD_LENGTH);
	for (size_t n = IP6_HEADER; n <= n_whole; n++) {
		p.bytes[4] = 0;
		p.bytes[5] = (uint8_t)(n - IP6_HEADER);
		assert_int_equal(parse_exactly(p.bytes, n, &payload), n < n_whole - 20 ? IP6_BAD_LENGTH : IP6_OK);
	}
}

/* An extension header of every length, in 64 bytes of payload. */
static void test_every_extension_length(void **state)
{
	static const uint8_t kinds[] = {0, 43, 60};

	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (unsigned len = 0; len < 256; len++) {
			/* A used-up routing header, or one unknown option that is passed over. */
			uint8_t extension[64] = {59, (uint8_t)len, 0x1e, kinds[k] == 43 ? 0 : (uint8_t)(len * 8 + 4)};
			struct ip6_payload payload;
			struct ip6_packet p;

			ip6_begin(&p);
			ip6_append(&p, kinds[k], extension, sizeof(extension));
			ip6_finish(&p, 59, 0);
			assert_int_equal(parse_exactly(p.bytes, p.n, &payload), len < 8 ? IP6_OK : IP6_BAD_LENGTH);
			if (len < 8)
				assert_int_equal(payload.off, IP6_HEADER + 8 * (len + 1));
		}
	}
}

static void test_too_many(void **state)
{
	for (unsigned n_headers = 0; n_headers <= IP6_EXTENSIONS_MAX + 2; n_headers++) {
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		for (unsigned i = 0; i < n_headers; i++)
			ip6_append(&p, 60, "\x00\x00\x01\x04\x00\x00\x00\x00", 8);
		ip6_finish(&p, IP_PROTOCOL_TCP, 20);
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload),
				 n_headers > IP6_EXTENSIONS_MAX ? IP6_TOO_MANY : IP6_OK);
	}
}

static void test_order(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_append(&p, 60, "\x00\x00\x01\x04\x00\x00\x00\x00", 8);
	ip6_append(&p, 0, "\x00\x00\x01\x04\x00\x00\x00\x00", 8);
	ip6_finish(&p, IP_PROTOCOL_TCP, 20);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_BAD_ORDER);
}

/* Every option kind at every length, in six bytes of room, in both headers that have options. */
static void test_every_option(void **state)
{
	static const uint8_t headers[] = {0, 60};

	for (unsigned i = 0; i < 2 * 256 * 256; i++) {
		unsigned header = headers[i >> 16], kind = i >> 8 & 255, len = i & 255;
		uint8_t options[8] = {0, 0, (uint8_t)kind, (uint8_t)len};
		/* Kind 0 is one byte of padding, so that len is the next option's kind, one of zero bytes. */
		bool sound = kind == 0 ? len >> 6 == 0 && !(header == 0 && len == 5)
				       : kind >> 6 == 0 && len <= 4 && !(header == 0 && kind == 5 && len != 2);
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, (uint8_t)header, options, sizeof(options));
		ip6_finish(&p, IP_PROTOCOL_UDP, 8);
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload), sound ? IP6_OK : IP6_BAD_OPTION);
		if (sound)
			assert_int_equal(payload.router_alert, header == 0 && kind == 5);
	}
}

/* An option's first byte as the header's last: its length is not there. */
static void test_option_cut(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_append(&p, 60, "\x00\x00\x01\x03\x00\x00\x00\x05", 8);
	ip6_finish(&p, 59, 0);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_BAD_OPTION);
}

static void test_fragments(void **state)
{
	static const struct {
		uint16_t off_and_more;
		uint16_t len;
		enum ip6_verdict verdict;
	} cases[] = {
		{0x0001, 16, IP6_OK},          {0x0001, 15, IP6_BAD_FRAGMENT},
		{0x0008, 15, IP6_OK},          {0x0009, 15, IP6_BAD_FRAGMENT},
		{0x0009, 0, IP6_BAD_FRAGMENT}, {0x0008, 0, IP6_BAD_FRAGMENT},
		{0x0001, 0, IP6_HEADERS_CUT},  {0x7ff8, 8, IP6_OK},
		{0x8000, 8, IP6_OK},           {0x8001, 8, IP6_OK},
		{0xfff8, 7, IP6_OK},           {0xfff8, 8, IP6_BAD_FRAGMENT},
		{0xfff1, 8, IP6_OK},           {0xfff1, 16, IP6_BAD_FRAGMENT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t fragment[8] = {0, 0, (uint8_t)(cases[i].off_and_more >> 8), (uint8_t)cases[i].off_and_more};
		uint16_t off = cases[i].off_and_more & 0xfff8;
		/* What follows is a piece of a destination header, and is not read unless it is its beginning. */
		uint8_t protocol = off ? 60 : IP_PROTOCOL_UDP;
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, 44, fragment, 8);
		ip6_finish(&p, protocol, cases[i].len);
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload), cases[i].verdict);
		if (cases[i].verdict != IP6_OK)
			continue;
		assert_true(payload.fragment);
		assert_int_equal(payload.off_fragment, off);
		assert_int_equal(payload.more_fragments, cases[i].off_and_more & 1);
		assert_int_equal(payload.protocol, protocol);
		assert_int_equal(payload.off_protocol, IP6_HEADER);
		assert_int_equal(payload.off, IP6_HEADER + 8);
		assert_int_equal(payload.len, cases[i].len);
	}
}

/* The payload length of the whole packet takes in the headers that come before the fragment header. */
static void test_fragment_behind_headers(void **state)
{
	for (unsigned off = 0xffc8; off <= 0xfff8; off += 8) {
		uint8_t fragment[8] = {0, 0, (uint8_t)(off >> 8), (uint8_t)off};
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, 60, "\x00\x00\x01\x04\x00\x00\x00\x00", 8);
		ip6_append(&p, 44, fragment, 8);
		ip6_finish(&p, IP_PROTOCOL_UDP, 7);
		assert_int_equal(parse_exactly(p.bytes, p.n, &payload), off < 0xfff8 ? IP6_OK : IP6_BAD_FRAGMENT);
	}
}

/* RFC 6946: offset 0 and no more to come is a whole packet, which says that it came in a fragment (RFC 6980). */
static void test_atomic_fragment(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_append(&p, 44, "\x00\x00\x00\x00\x00\x00\x00\x01", 8);
	ip6_finish(&p, IP_PROTOCOL_ICMP6, 11);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_OK);
	assert_true(payload.fragment);
	assert_int_equal(payload.id, 1);
	assert_int_equal(payload.protocol, IP_PROTOCOL_ICMP6);
	assert_int_equal(payload.off, IP6_HEADER + 8);
	assert_int_equal(payload.len, 11);
}

static void test_two_fragment_headers(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_append(&p, 44, "\x00\x00\x00\x00\x00\x00\x00\x01", 8);
	ip6_append(&p, 44, "\x00\x00\x00\x09\x00\x00\x00\x02", 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 8);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_BAD_FRAGMENT);
}

/* What is written is what is read. */
static void test_emit_extensions(void **state)
{
	const struct ip6_fragment fragment = {.next_header = 60, .more = true, .off = 0xfff0, .id = 0x89abcdef};
	struct ip6_payload payload;
	struct ip6_packet p;
	uint8_t bytes[8];

	assert_ptr_equal(ip6_emit_router_alert(44, bytes), bytes + IP6_ROUTER_ALERT);
	assert_memory_equal(bytes, "\x2c\x00\x05\x02\x00\x00\x01\x00", 8);
	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_HOP_BY_HOP, bytes, 8);
	assert_ptr_equal(ip6_emit_fragment(&fragment, bytes), bytes + IP6_FRAGMENT);
	ip6_append(&p, IP6_NEXT_FRAGMENT, bytes, 8);
	ip6_finish(&p, 60, 0);
	p.bytes[5] = 16;
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_BAD_FRAGMENT);
	p.bytes[IP6_HEADER + 8 + 2] = 0xff;
	p.bytes[IP6_HEADER + 8 + 3] = 0xe1;
	ip6_finish(&p, 60, 8);
	assert_int_equal(parse_exactly(p.bytes, p.n, &payload), IP6_OK);
	assert_true(payload.router_alert);
	assert_true(payload.more_fragments);
	assert_int_equal(payload.id, 0x89abcdef);
	assert_int_equal(payload.off_fragment, 0xffe0);
	assert_int_equal(payload.protocol, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_packet),
		cmocka_unit_test(test_real_hop_by_hop),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_every_payload_length),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_extension_length),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_option_cut),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_two_fragment_headers),
		cmocka_unit_test(test_fragment_behind_headers),
		cmocka_unit_test(test_atomic_fragment),
		cmocka_unit_test(test_emit_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
