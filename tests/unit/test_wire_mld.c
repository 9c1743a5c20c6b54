/* MLD's messages: read, written, cut short, with every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "eth.h"
#include "ip6.h"
#include "mld.h"
#include "wire_packets.h"

/* IPv6 packets as Linux sends them: ff0e::1234 joined and left with version 1. (packet_report6 is of version 2.) */
static const uint8_t report1[72] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x01, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0xff, 0xfe, 0x00, 0x00, 0x05, 0xff, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x12, 0x34, 0x3a, 0x00, 0x05, 0x02, 0x00, 0x00, 0x01, 0x00, 0x83, 0x00, 0x5c, 0xa1, 0x00, 0x00,
	0x00, 0x00, 0xff, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x34,
};
static const uint8_t done1[72] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x01, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0xff, 0xfe, 0x00, 0x00, 0x05, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x02, 0x3a, 0x00, 0x05, 0x02, 0x00, 0x00, 0x01, 0x00, 0x84, 0x00, 0x6d, 0xdf, 0x00, 0x00,
	0x00, 0x00, 0xff, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x34,
};

/* Parses a message whose body is these n bytes, from an allocation of just that size. */
static bool parses(uint8_t type, uint32_t rest, const uint8_t *body, size_t n, struct mld_message *out)
{
	uint8_t *copy = exact_copy(body, n);
	struct icmp_message m = {.type = type, .rest = rest, .body = copy, .len_body = n};
	bool sound = mld_parse(&m, out);

	free(copy);
	return sound;
}

/* Reads a packet from its IPv6 header on. */
static void parse_packet(const uint8_t *p, size_t n, struct icmp_message *icmp, struct mld_message *out)
{
	struct ip6_payload payload;
	struct ip6_header h;

	assert_int_equal(ip6_parse(p, n, &h, &payload, NULL), IP6_OK);
	assert_int_equal(h.hop_limit, 1);
	assert_true(payload.router_alert);
	assert_int_equal(icmp6_parse(p + payload.off, payload.len, h.source, h.destination, icmp), ICMP_HEADER);
	assert_true(mld_parse(icmp, out));
}

static void test_real_version_1(void **state)
{
	static const uint8_t *const packets[] = {report1, done1};
	static const uint8_t types[] = {ICMP6_MLD1_REPORT, ICMP6_MLD1_DONE};

	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[IP6_ROUTER_ALERT + ICMP_HEADER + MLD1_BODY], *p;
		struct icmp_message icmp;
		struct mld_message m;

		parse_packet(packets[i], sizeof(report1), &icmp, &m);
		assert_int_equal(m.type, types[i]);
		assert_true(m.group.high == UINT64_C(0xff0e) << 48 && m.group.low == 0x1234);
		p = ip6_emit_router_alert(58, bytes);
		assert_ptr_equal(p, bytes + IP6_ROUTER_ALERT);
		assert_ptr_equal(mld1_emit(&m.group, p + ICMP_HEADER), bytes + sizeof(bytes));
		icmp = (struct icmp_message){.type = m.type, .body = p + ICMP_HEADER, .len_body = MLD1_BODY};
		icmp6_emit(&icmp, packets[i] + IP6_OFF_SOURCE, packets[i] + IP6_OFF_DESTINATION, p);
		assert_memory_equal(bytes, packets[i] + IP6_HEADER, sizeof(bytes));
	}
}

static void test_real_version_2(void **state)
{
	const uint8_t *packet = packet_report6 + ETH_HEADER;
	uint8_t bytes[ICMP_HEADER + 20];
	struct membership_record record;
	struct icmp_message icmp;
	struct mld_message m;

	parse_packet(packet, sizeof(packet_report6) - ETH_HEADER, &icmp, &m);
	assert_int_equal(m.type, ICMP6_MLD2_REPORT);
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, MEMBERSHIP_TO_EXCLUDE);
	assert_int_equal(record.n_sources, 0);
	assert_true(record.group.high == UINT64_C(0xff02) << 48 && record.group.low == 0x1ff000005);
	assert_false(membership_record_next(&m.records, &record));
	assert_int_equal(membership_record_len(&record.group), 20);
	assert_ptr_equal(membership_record_emit(record.type, &record.group, bytes + ICMP_HEADER),
			 bytes + sizeof(bytes));
	icmp = (struct icmp_message){.type = m.type, .rest = 1, .body = bytes + ICMP_HEADER, .len_body = 20};
	icmp6_emit(&icmp, packet + IP6_OFF_SOURCE, packet + IP6_OFF_DESTINATION, bytes);
	assert_memory_equal(bytes, packet + IP6_HEADER + IP6_ROUTER_ALERT, sizeof(bytes));
}

static void test_queries_by_length(void **state)
{
	static const uint8_t body[60] = {0xff, 0x0e, [15] = 7, [16] = 0x0a, 0x8f, 0, 2};
	struct mld_message m;

	for (size_t n = 0; n <= sizeof(body); n++) {
		unsigned version = n == 16 ? 1 : n >= 52 ? 2 : 0;

		assert_int_equal(parses(ICMP6_MLD_QUERY, 0x9abc0000, body, n, &m), version != 0);
		if (!version)
			continue;
		assert_int_equal(m.query.version, version);
		assert_int_equal(m.query.ms_response, version == 1 ? 0x9abc : 0x1abc << 4);
		assert_true(m.query.group.high == UINT64_C(0xff0e) << 48 && m.query.group.low == 7);
		assert_int_equal(m.query.suppress, version == 2);
		assert_int_equal(m.query.robustness, version == 2 ? 2 : 0);
		assert_int_equal(m.query.s_interval, version == 2 ? 31 << 3 : 0);
		assert_int_equal(m.query.n_sources, version == 2 ? 2 : 0);
	}
}

static void test_sources(void **state)
{
	uint8_t body[20 + 48] = {0xff, 0x0e};
	struct mld_message m;

	for (unsigned n = 0; n < 65536; n = n < 16 ? n + 1 : n * 2 - 7) {
		put_be16(body + 18, (uint16_t)n);
		assert_int_equal(parses(ICMP6_MLD_QUERY, 0, body, sizeof(body), &m), n <= 3);
	}
}

/* A group, or none at all; and no group of IPv4's in IPv6's clothes. */
static void test_groups(void **state)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 224, 0, 0, 9}, mapped_any[16] = {[10] = 0xff, 0xff};
	uint8_t body[16] = {0};
	struct mld_message m;

	for (unsigned first = 0; first < 256; first++) {
		body[0] = (uint8_t)first;
		assert_int_equal(parses(ICMP6_MLD_QUERY, 0, body, 16, &m), first == 0 || first == 0xff);
		assert_int_equal(parses(ICMP6_MLD1_REPORT, 0, body, 16, &m), first == 0xff);
		assert_int_equal(parses(ICMP6_MLD1_DONE, 0, body, 16, &m), first == 0xff);
	}
	assert_false(parses(ICMP6_MLD_QUERY, 0, mapped, 16, &m));
	assert_false(parses(ICMP6_MLD1_REPORT, 0, mapped, 16, &m));
	assert_false(parses(ICMP6_MLD_QUERY, 0, mapped_any, 16, &m));
}

static void test_records(void **state)
{
	uint8_t body[20 + 16 + 4 + 20] = {5, 1, 0, 1, 0xff, 0x0e, [19] = 1, [40] = 6, [44] = 0xff, 0x0e, [59] = 2};
	struct membership_record record;
	struct mld_message m;
	struct icmp_message icmp = {
		.type = ICMP6_MLD2_REPORT, .rest = 0xabcd0002, .body = body, .len_body = sizeof(body)};

	for (size_t n = 0; n < sizeof(body); n++)
		assert_false(parses(ICMP6_MLD2_REPORT, 2, body, n, &m));
	for (unsigned n = 0; n < 65536; n = n < 16 ? n + 1 : n * 2 - 7)
		assert_int_equal(parses(ICMP6_MLD2_REPORT, n, body, sizeof(body), &m), n <= 2);
	assert_true(mld_parse(&icmp, &m));
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, MEMBERSHIP_ALLOW);
	assert_int_equal(record.n_sources, 1);
	assert_int_equal(record.group.low, 1);
	assert_ptr_equal(record.sources, body + 20);
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, MEMBERSHIP_BLOCK);
	assert_int_equal(record.group.low, 2);
	assert_false(membership_record_next(&m.records, &record));
}

static void test_types(void **state)
{
	static const uint8_t body[16] = {0xff, 2, [15] = 1};
	struct mld_message m;

	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(parses((uint8_t)type, 0, body, 16, &m),
				 (type >= ICMP6_MLD_QUERY && type <= ICMP6_MLD1_DONE) || type == ICMP6_MLD2_REPORT);
}

/* Both codes against their definition, and without a gap. */
static void test_codes(void **state)
{
	for (uint32_t code = 0; code < 256; code++) {
		uint32_t exponent = code >> 4 & 7, mantissa = code & 15;

		assert_int_equal(membership_code8((uint8_t)code),
				 code < 128 ? code : (mantissa | 16) << (exponent + 3));
		if (code)
			assert_true(membership_code8((uint8_t)code) > membership_code8((uint8_t)(code - 1)));
	}
	for (uint32_t code = 1; code < 65536; code++) {
		uint32_t step = membership_code16((uint16_t)code) - membership_code16((uint16_t)(code - 1));

		assert_int_equal(step, code <= 32768 ? 1 : 1u << (((code - 1) >> 12 & 7) + 3));
	}
	assert_int_equal(membership_code8(255), 31744);
	assert_int_equal(membership_code16(32768), 32768);
	assert_int_equal(membership_code16(65535), 8387584);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_version_1),
		cmocka_unit_test(test_real_version_2),
		cmocka_unit_test(test_queries_by_length),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
