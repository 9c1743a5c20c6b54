/* IPv6 packets that are dropped, and what their senders are told; quoted packets. Rows of "what has broken TCP/IP
 * stacks" are named where a test is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ip4.h"
#include "ip6.h"
#include "ip6_packet.h"
#include "wire_packets.h"

#define NO_ANSWER UINT32_MAX
/* Eight bytes of destination options: padding alone. */
#define PADDING "\x00\x00\x01\x04\x00\x00\x00\x00"

static enum ip6_verdict parse_exactly(const struct ip6_packet *p, struct ip6_payload *payload,
				      struct ip6_problem *problem)
{
	uint8_t *copy = exact_copy(p->bytes, p->n);
	struct ip6_header h;
	enum ip6_verdict verdict = ip6_parse(copy, p->n, &h, payload, problem);

	free(copy);
	return verdict;
}

/* The packet is dropped with this verdict, and told of with this code and pointer (NO_ANSWER: not). */
static void assert_dropped(const struct ip6_packet *p, enum ip6_verdict verdict, unsigned code, uint32_t off)
{
	struct ip6_payload payload;
	struct ip6_problem problem;

	assert_int_equal(parse_exactly(p, &payload, &problem), verdict);
	assert_int_equal(problem.tell, off != NO_ANSWER);
	if (!problem.tell)
		return;
	assert_int_equal(problem.code, code);
	assert_int_equal(problem.off, off);
}

static void assert_taken(const struct ip6_packet *p, struct ip6_payload *payload)
{
	struct ip6_problem problem;

	assert_int_equal(parse_exactly(p, payload, &problem), IP6_OK);
	assert_false(problem.tell);
}

/* One extension header of n bytes, then UDP. */
static void one(struct ip6_packet *p, uint8_t kind, const void *bytes, size_t n)
{
	ip6_begin(p);
	ip6_append(p, kind, bytes, n);
	ip6_finish(p, IP_PROTOCOL_UDP, 8);
}

/* RFC 8200 section 4.2: an unknown option's two highest bits say what becomes of the packet. */
static void test_unknown_options(void **state)
{
	for (unsigned type = 6; type < 256; type++) {
		uint8_t options[8] = {0, 0, 0, (uint8_t)type, 3};
		struct ip6_payload payload;
		struct ip6_problem problem;
		struct ip6_packet p;

		one(&p, IP6_NEXT_DESTINATION, options, 8);
		assert_int_equal(parse_exactly(&p, &payload, &problem), type >> 6 ? IP6_BAD_OPTION : IP6_OK);
		assert_int_equal(problem.tell, type >> 6 >= 2);
		assert_int_equal(problem.multicast, type >> 6 == 2);
		if (!problem.tell)
			continue;
		assert_int_equal(problem.code, IP6_PROBLEM_OPTION);
		assert_int_equal(problem.off, IP6_HEADER + 3);
	}
}

static void test_router_alert(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	one(&p, IP6_NEXT_HOP_BY_HOP, "\x00\x00\x05\x02\x00\x00\x01\x00", 8);
	assert_taken(&p, &payload);
	assert_true(payload.router_alert);
	/* It belongs in the hop-by-hop header; elsewhere it is one more option that is passed over. */
	one(&p, IP6_NEXT_DESTINATION, "\x00\x00\x05\x02\x00\x00\x01\x00", 8);
	assert_taken(&p, &payload);
	assert_false(payload.router_alert);
	one(&p, IP6_NEXT_HOP_BY_HOP, "\x00\x00\x05\x03\x00\x00\x00\x00", 8);
	assert_dropped(&p, IP6_BAD_OPTION, IP6_PROBLEM_FIELD, IP6_HEADER + 3);
}

/* RFC 8504 section 5.3: what pads without need is dropped in silence. */
static void test_padding(void **state)
{
	uint8_t options[280];
	struct ip6_payload payload;
	struct ip6_packet p;

	for (unsigned len = 0; len <= UINT8_MAX; len++) {
		/* 14 bytes of an option before it, so that the padding may begin anywhere; another one behind it. */
		unsigned n = (16 + 2 + len + 2 + 7) / 8 * 8, n_rest = n - (16 + 2 + len + 2);

		memset(options, 0, sizeof(options));
		options[1] = (uint8_t)(n / 8 - 1);
		options[2] = 0x1e;
		options[3] = 12;
		options[16] = 1;
		options[17] = (uint8_t)len;
		options[18 + len] = 0x1e;
		options[19 + len] = (uint8_t)n_rest;
		one(&p, IP6_NEXT_DESTINATION, options, n);
		if (len + 2 <= IP6_PADDING_MAX)
			assert_taken(&p, &payload);
		else
			assert_dropped(&p, IP6_BAD_OPTION, 0, NO_ANSWER);
	}
	/* One byte after the other, and both kinds together. */
	one(&p, IP6_NEXT_DESTINATION, "\x00\x01\x1e\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
	assert_taken(&p, &payload);
	one(&p, IP6_NEXT_DESTINATION, "\x00\x01\x1e\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
	assert_dropped(&p, IP6_BAD_OPTION, 0, NO_ANSWER);
	one(&p, IP6_NEXT_DESTINATION, "\x00\x01\x1e\x04\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00", 16);
	assert_dropped(&p, IP6_BAD_OPTION, 0, NO_ANSWER);
	/* Not zero. */
	one(&p, IP6_NEXT_DESTINATION, "\x00\x00\x01\x04\x00\x00\x00\x01", 8);
	assert_dropped(&p, IP6_BAD_OPTION, 0, NO_ANSWER);
}

/* RFC 8504 section 5.3, RFC 8883 section 2.5: the last option takes the rest of the header. */
static void test_too_many_options(void **state)
{
	for (unsigned n_options = 1; n_options <= 20; n_options++) {
		uint8_t options[48] = {0, 5};
		struct ip6_payload payload;
		struct ip6_packet p;

		for (unsigned i = 0; i < n_options; i++)
			options[2 + 2 * i] = 0x1e;
		options[2 + 2 * n_options - 1] = (uint8_t)(sizeof(options) - 2 - 2 * n_options);
		one(&p, IP6_NEXT_DESTINATION, options, sizeof(options));
		if (n_options <= IP6_OPTIONS_MAX)
			assert_taken(&p, &payload);
		else
			assert_dropped(&p, IP6_TOO_MANY, IP6_PROBLEM_OPTIONS, IP6_HEADER + 2 + 2 * IP6_OPTIONS_MAX);
	}
}

static void test_option_runs_over(void **state)
{
	struct ip6_packet p;

	one(&p, IP6_NEXT_DESTINATION, "\x00\x00\x1e\x05\x00\x00\x00\x00", 8);
	assert_dropped(&p, IP6_BAD_OPTION, IP6_PROBLEM_FIELD, IP6_HEADER + 3);
	one(&p, IP6_NEXT_DESTINATION, "\x00\x00\x1e\x03\x00\x00\x00\x1e", 8);
	assert_dropped(&p, IP6_BAD_OPTION, IP6_PROBLEM_FIELD, IP6_HEADER + 7);
}

/* Ripple20 CVE-2020-11897, -11909: source routing. Type 0 is never taken (RFC 5095); any other type when no segments
 * are left (RFC 8200 section 4.4). */
static void test_routing(void **state)
{
	for (unsigned i = 0; i < 256 * 256; i++) {
		uint8_t routing[8] = {0, 0, (uint8_t)(i >> 8), (uint8_t)i};
		struct ip6_payload payload;
		struct ip6_packet p;

		one(&p, IP6_NEXT_ROUTING, routing, 8);
		if (i & 255) {
			assert_dropped(&p, IP6_BAD_ROUTING, IP6_PROBLEM_FIELD, IP6_HEADER + 2);
			continue;
		}
		if (i == 0) {
			assert_dropped(&p, IP6_BAD_ROUTING, 0, NO_ANSWER);
			continue;
		}
		assert_taken(&p, &payload);
		assert_true(payload.routing);
		assert_int_equal(payload.routing_type, i >> 8);
	}
}

/* The same whichever place it takes among several. */
static void test_routing_among_others(void **state)
{
	for (unsigned at = 0; at < IP6_EXTENSIONS_MAX; at++) {
		struct ip6_packet p;

		ip6_begin(&p);
		for (unsigned i = 0; i < IP6_EXTENSIONS_MAX; i++)
			ip6_append(&p, 43, i == at ? "\0\0\0\1\0\0\0\0" : "\0\0\4\0\0\0\0\0", 8);
		ip6_finish(&p, IP_PROTOCOL_UDP, 8);
		assert_dropped(&p, IP6_BAD_ROUTING, IP6_PROBLEM_FIELD, IP6_HEADER + 8 * at + 2);
	}
}

/* Ripple20 CVE-2020-11898, -11900, -11902: IP in IP is not walked into, and says what it is. */
static void test_ip_in_ip(void **state)
{
	static const uint8_t kinds[] = {IP_PROTOCOL_IP4, IP_PROTOCOL_IP6};

	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
		ip6_finish(&p, kinds[i], 40);
		assert_taken(&p, &payload);
		assert_int_equal(payload.protocol, kinds[i]);
		assert_int_equal(payload.off_protocol, IP6_HEADER);
		assert_int_equal(payload.off, IP6_HEADER + 8);
	}
}

/* AMNESIA:33 CVE-2020-17441: lengths beyond the frame, around each power of two. */
static void test_payload_length_trusted(void **state)
{
	static uint8_t bytes[IP6_HEADER + UINT16_MAX];
	struct ip6_payload payload;
	struct ip6_problem problem;
	struct ip6_header h;

	for (unsigned k = 0; k <= 16; k++) {
		for (int d = -1; d <= 1; d++) {
			uint32_t len = (1u << k) + (uint32_t)d;

			if (len > UINT16_MAX)
				continue;
			h = (struct ip6_header){.next_header = IP_PROTOCOL_UDP, .payload_len = (uint16_t)len};
			ip6_emit(&h, bytes);
			assert_int_equal(ip6_parse(bytes, IP6_HEADER + len, &h, &payload, &problem), IP6_OK);
			assert_int_equal(payload.len, len);
			if (!len)
				continue;
			assert_int_equal(ip6_parse(bytes, IP6_HEADER + len - 1, &h, &payload, &problem),
					 IP6_BAD_LENGTH);
			assert_false(problem.tell);
			assert_int_equal(h.payload_len, len);
		}
	}
}

/* AMNESIA:33 CVE-2020-17442, -17444: chains and lengths that go on for ever. */
static void test_endless_headers(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;

	for (unsigned n_headers = 1; n_headers < 100; n_headers++) {
		ip6_begin(&p);
		for (unsigned i = 0; i < n_headers; i++)
			ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
		ip6_finish(&p, IP_PROTOCOL_TCP, 20);
		if (n_headers <= IP6_EXTENSIONS_MAX)
			assert_taken(&p, &payload);
		else
			assert_dropped(&p, IP6_TOO_MANY, IP6_PROBLEM_EXTENSIONS, IP6_HEADER + 8 * IP6_EXTENSIONS_MAX);
	}
	one(&p, IP6_NEXT_DESTINATION, "\x00\xff\x01\x04\x00\x00\x00\x00", 8);
	assert_dropped(&p, IP6_BAD_LENGTH, IP6_PROBLEM_FIELD, IP6_HEADER + 1);
	/* A length of which there is nothing. */
	ip6_begin(&p);
	ip6_finish(&p, IP6_NEXT_DESTINATION, 1);
	assert_dropped(&p, IP6_BAD_LENGTH, 0, NO_ANSWER);
	ip6_begin(&p);
	ip6_finish(&p, IP6_NEXT_DESTINATION, 2);
	assert_dropped(&p, IP6_BAD_LENGTH, IP6_PROBLEM_FIELD, IP6_HEADER + 1);
}

/* AMNESIA:33 CVE-2020-17445: options read out of bounds. Each header that has them is cut at every byte, by the frame
 * and by the payload length; the allocation ends where the packet does. */
static void test_truncated_options(void **state)
{
	static const uint8_t options[24] = {
		IP_PROTOCOL_UDP, 2, 0x1e, 6, 1, 2, 3, 4, 5, 6, 0, 0x1e, 0, 1, 3, 0, 0, 0, 5, 2, 0, 0, 0x1e, 0};
	static const uint8_t kinds[] = {IP6_NEXT_HOP_BY_HOP, IP6_NEXT_DESTINATION};

	for (size_t k = 0; k < sizeof(kinds); k++) {
		struct ip6_payload payload;
		struct ip6_problem problem;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, kinds[k], options, sizeof(options));
		ip6_finish(&p, IP_PROTOCOL_UDP, 0);
		assert_taken(&p, &payload);
		assert_int_equal(payload.router_alert, kinds[k] == IP6_NEXT_HOP_BY_HOP);
		for (p.n = 0; p.n < IP6_HEADER + sizeof(options); p.n++) {
			p.bytes[IP6_OFF_PAYLOAD + 1] = sizeof(options);
			assert_int_equal(parse_exactly(&p, &payload, &problem),
					 p.n < IP6_HEADER ? IP6_SHORT : IP6_BAD_LENGTH);
			if (p.n < IP6_HEADER)
				continue;
			p.bytes[IP6_OFF_PAYLOAD + 1] = (uint8_t)(p.n - IP6_HEADER);
			assert_int_equal(parse_exactly(&p, &payload, &problem), IP6_BAD_LENGTH);
		}
		/* And a header that is shorter than its options by every amount. */
		for (unsigned len = 0; len < 2; len++) {
			ip6_begin(&p);
			ip6_append(&p, kinds[k], options, sizeof(options));
			ip6_finish(&p, IP_PROTOCOL_UDP, 0);
			p.bytes[IP6_HEADER + 1] = (uint8_t)len;
			assert_int_equal(parse_exactly(&p, &payload, &problem), IP6_BAD_OPTION);
		}
	}
}

static void test_hop_by_hop_not_first(void **state)
{
	struct ip6_packet p;

	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
	ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
	ip6_append(&p, IP6_NEXT_HOP_BY_HOP, PADDING, 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 8);
	assert_dropped(&p, IP6_BAD_ORDER, IP6_PROBLEM_NEXT_HEADER, IP6_HEADER + 8);
	/* Behind a fragment header, where only a first fragment shows it. */
	one(&p, IP6_NEXT_FRAGMENT, "\0\0\0\1\0\0\0\7", 8);
	p.bytes[IP6_HEADER] = IP6_NEXT_HOP_BY_HOP;
	assert_dropped(&p, IP6_BAD_ORDER, IP6_PROBLEM_NEXT_HEADER, IP6_HEADER);
}

static void test_bad_fragments(void **state)
{
	struct ip6_packet p;

	/* RFC 8200 section 4.5: a middle fragment that is not in eights, and one that reaches too far. */
	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_FRAGMENT, "\0\0\0\x09\0\0\0\7", 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 12);
	assert_dropped(&p, IP6_BAD_FRAGMENT, IP6_PROBLEM_FIELD, IP6_OFF_PAYLOAD);
	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
	ip6_append(&p, IP6_NEXT_FRAGMENT, "\0\0\xff\xf8\0\0\0\7", 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 8);
	assert_dropped(&p, IP6_BAD_FRAGMENT, IP6_PROBLEM_FIELD, IP6_HEADER + 8 + 2);
	/* Nothing in it, one in the other, a header that is not all there. */
	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_FRAGMENT, "\0\0\0\x09\0\0\0\7", 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 0);
	assert_dropped(&p, IP6_BAD_FRAGMENT, 0, NO_ANSWER);
	ip6_begin(&p);
	ip6_append(&p, IP6_NEXT_FRAGMENT, "\0\0\0\1\0\0\0\7", 8);
	ip6_append(&p, IP6_NEXT_FRAGMENT, "\0\0\0\x09\0\0\0\7", 8);
	ip6_finish(&p, IP_PROTOCOL_UDP, 8);
	assert_dropped(&p, IP6_BAD_FRAGMENT, 0, NO_ANSWER);
	ip6_begin(&p);
	ip6_finish(&p, IP6_NEXT_FRAGMENT, 7);
	assert_dropped(&p, IP6_BAD_LENGTH, 0, NO_ANSWER);
}

/* RFC 7112: a first fragment that stops before the upper layer's header does. */
static void test_first_fragment(void **state)
{
	static const uint8_t first[8] = {0, 0, 0, 1, 0, 0, 0, 7};

	for (size_t n = 0; n <= 56; n += 8) {
		struct ip6_payload payload;
		struct ip6_packet p;

		ip6_begin(&p);
		ip6_append(&p, IP6_NEXT_FRAGMENT, first, 8);
		ip6_append(&p, IP6_NEXT_DESTINATION, "\x00\x01\x1e\x05\0\0\0\0\0\0\0\0\0\0\0\0", 16);
		ip6_append(&p, IP_PROTOCOL_TCP, "\0\1\0\2\0\0\0\0\0\0\0\0\x70\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			   32);
		p.n = IP6_HEADER + 8 + n;
		p.bytes[IP6_OFF_PAYLOAD + 1] = (uint8_t)(8 + n);
		if (n < 16 + 28) {
			assert_dropped(&p, IP6_HEADERS_CUT, IP6_PROBLEM_FIRST_FRAGMENT, 0);
			continue;
		}
		/* What is put together begins with the options. */
		assert_taken(&p, &payload);
		assert_int_equal(payload.protocol, IP6_NEXT_DESTINATION);
		assert_int_equal(payload.off_protocol, IP6_HEADER);
		assert_int_equal(payload.off, IP6_HEADER + 8);
		assert_int_equal(payload.len, n);
	}
}

/* ---- quoted packets ---- */

/* Hop-by-hop, routing, first fragment, destination options, UDP: cut off at every byte. */
static void test_quoted(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;
	struct ip6_header h;
	size_t upper;

	ip6_begin(&p);
	ip6_append(&p, 0, PADDING, 8);
	ip6_append(&p, 43, "\0\0\4\0\0\0\0\0", 8);
	ip6_append(&p, 44, "\0\0\0\1\0\0\0\7", 8);
	ip6_append(&p, 60, PADDING, 8);
	upper = p.n;
	ip6_finish(&p, IP_PROTOCOL_UDP, 24);
	for (size_t n = 0; n <= p.n; n++) {
		uint8_t *copy = exact_copy(p.bytes, n);
		bool found = ip6_parse_quoted(copy, n, &h, &payload);

		assert_int_equal(found, n > upper);
		if (found) {
			assert_int_equal(payload.protocol, IP_PROTOCOL_UDP);
			assert_int_equal(payload.off, upper);
			assert_int_equal(payload.len, n - upper);
			assert_memory_equal(h.destination, p.bytes + IP6_OFF_DESTINATION, 16);
		}
		free(copy);
	}
	/* The payload length ends it too: an error may have padding. */
	p.bytes[IP6_OFF_PAYLOAD + 1] = (uint8_t)(upper - IP6_HEADER + 8);
	assert_true(ip6_parse_quoted(p.bytes, p.n, &h, &payload));
	assert_int_equal(payload.len, 8);
}

static void test_quoted_not_there(void **state)
{
	struct ip6_payload payload;
	struct ip6_packet p;
	struct ip6_header h;

	/* Not the first fragment, version 4, and a chain without end. */
	one(&p, IP6_NEXT_FRAGMENT, "\0\0\0\x08\0\0\0\7", 8);
	assert_false(ip6_parse_quoted(p.bytes, p.n, &h, &payload));
	one(&p, IP6_NEXT_FRAGMENT, "\0\0\0\x01\0\0\0\7", 8);
	assert_true(ip6_parse_quoted(p.bytes, p.n, &h, &payload));
	p.bytes[0] = 0x45;
	assert_false(ip6_parse_quoted(p.bytes, p.n, &h, &payload));
	for (unsigned n_headers = 0; n_headers < 20; n_headers++) {
		ip6_begin(&p);
		for (unsigned i = 0; i < n_headers; i++)
			ip6_append(&p, IP6_NEXT_DESTINATION, PADDING, 8);
		ip6_finish(&p, IP_PROTOCOL_TCP, 8);
		assert_int_equal(ip6_parse_quoted(p.bytes, p.n, &h, &payload), n_headers <= IP6_EXTENSIONS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_router_alert),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_too_many_options),
		cmocka_unit_test(test_option_runs_over),
		cmocka_unit_test(test_routing),
		cmocka_unit_test(test_routing_among_others),
		cmocka_unit_test(test_ip_in_ip),
		cmocka_unit_test(test_payload_length_trusted),
		cmocka_unit_test(test_endless_headers),
		cmocka_unit_test(test_truncated_options),
		cmocka_unit_test(test_hop_by_hop_not_first),
		cmocka_unit_test(test_bad_fragments),
		cmocka_unit_test(test_first_fragment),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_quoted_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
