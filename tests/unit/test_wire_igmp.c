/* IGMP's messages: read, written, cut short, with every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "checksum.h"
#include "igmp.h"
#include "wire_packets.h"

/* IPv4 packets as Linux sends them: 239.1.2.3 joined with version 3 and with version 2, and left with each. */
static const uint8_t report3[40] = {
	0x46, 0xc0, 0x00, 0x28, 0x00, 0x00, 0x40, 0x00, 0x01, 0x02, 0x42, 0x4c, 0xc0, 0xa8,
	0x01, 0x05, 0xe0, 0x00, 0x00, 0x16, 0x94, 0x04, 0x00, 0x00, 0x22, 0x00, 0xe8, 0xf9,
	0x00, 0x00, 0x00, 0x01, 0x04, 0x00, 0x00, 0x00, 0xef, 0x01, 0x02, 0x03,
};
static const uint8_t report2[32] = {
	0x46, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x01, 0x02, 0x31, 0x66, 0xc0, 0xa8, 0x01, 0x05,
	0xef, 0x01, 0x02, 0x03, 0x94, 0x04, 0x00, 0x00, 0x16, 0x00, 0xf8, 0xfa, 0xef, 0x01, 0x02, 0x03,
};
static const uint8_t leave2[32] = {
	0x46, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x01, 0x02, 0x42, 0x68, 0xc0, 0xa8, 0x01, 0x05,
	0xe0, 0x00, 0x00, 0x02, 0x94, 0x04, 0x00, 0x00, 0x17, 0x00, 0xf7, 0xfa, 0xef, 0x01, 0x02, 0x03,
};

/* A copy that ends with its allocation, its checksum put right, parsed. `message` borrows from *copy. */
static bool parse(const uint8_t *bytes, size_t n, uint8_t **copy, struct igmp_message *message)
{
	*copy = exact_copy(bytes, n);
	if (n >= 4) {
		put_be16(*copy + 2, 0);
		put_be16(*copy + 2, checksum_finish(checksum_add(0, *copy, n)));
	}
	return igmp_parse(*copy, n, message);
}

static bool parses(const uint8_t *bytes, size_t n, struct igmp_message *message)
{
	uint8_t *copy;
	bool sound = parse(bytes, n, &copy, message);

	free(copy);
	return sound;
}

static void test_real_reports(void **state)
{
	static const uint8_t *const packets[] = {report2, leave2};
	static const uint8_t types[] = {IGMP2_REPORT, IGMP2_LEAVE};
	struct membership_record record;
	struct igmp_message m;
	uint8_t bytes[16];

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *p = packets[i] + IGMP_IP4_HEADER;

		assert_true(igmp_parse(p, IGMP_HEADER, &m));
		assert_int_equal(m.type, types[i]);
		assert_int_equal(ip_to_ip4(&m.group), 0xef010203);
		assert_ptr_equal(igmp_emit(m.type, &m.group, bytes), bytes + IGMP_HEADER);
		assert_memory_equal(bytes, p, IGMP_HEADER);
	}
	assert_true(igmp_parse(report3 + IGMP_IP4_HEADER, 16, &m));
	assert_int_equal(m.type, IGMP3_REPORT);
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, MEMBERSHIP_TO_EXCLUDE);
	assert_int_equal(record.n_sources, 0);
	assert_int_equal(ip_to_ip4(&record.group), 0xef010203);
	assert_false(membership_record_next(&m.records, &record));
	assert_int_equal(membership_record_len(&record.group), 8);
	assert_ptr_equal(membership_record_emit(record.type, &record.group, bytes + IGMP_HEADER), bytes + 16);
	igmp3_report_finish(bytes, 16, 1);
	assert_memory_equal(bytes, report3 + IGMP_IP4_HEADER, 16);
}

/* The IPv4 header with its option, byte for byte. */
static void test_real_ip4(void **state)
{
	static const uint8_t *const packets[] = {report3, report2, leave2};
	static const size_t lengths[] = {sizeof(report3), sizeof(report2), sizeof(leave2)};

	for (size_t i = 0; i < 3; i++) {
		uint8_t bytes[IGMP_IP4_HEADER];
		struct ip4_header h;

		assert_int_equal(ip4_parse(packets[i], lengths[i], &h), IP4_OK);
		assert_int_equal(h.ttl, 1);
		assert_int_equal(h.len_header, IGMP_IP4_HEADER);
		assert_true(igmp_router_alert(packets[i], IGMP_IP4_HEADER));
		assert_ptr_equal(igmp_ip4_emit(&h, bytes), bytes + IGMP_IP4_HEADER);
		assert_memory_equal(bytes, packets[i], IGMP_IP4_HEADER);
	}
}

static void test_queries_by_length(void **state)
{
	static const uint8_t bytes[40] = {IGMP_QUERY, 0, 0, 0, 239, 1, 2, 3, 0x0a, 125, 0, 2};
	uint8_t query[40];
	struct igmp_message m;

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (unsigned code = 0; code < 256; code++) {
			unsigned version = n == 8 ? 1 + (code != 0) : n >= 20 ? 3 : 0;
			uint32_t code3 = code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3);

			memcpy(query, bytes, n);
			query[1] = (uint8_t)code;
			assert_int_equal(parses(query, n, &m), version != 0);
			if (!version)
				continue;
			assert_int_equal(m.query.version, version);
			assert_int_equal(ip_to_ip4(&m.query.group), 0xef010203);
			assert_int_equal(m.query.ms_response,
					 version == 1 ? 10000 : 100 * (version == 2 ? code : code3));
		}
	}
}

static void test_query3(void **state)
{
	static const uint8_t bytes[28] = {IGMP_QUERY, 0x8f, 0, 0, 232, 0, 0, 9, 0x0b, 0x90, 0, 3,
					  10,         0,    0, 1, 10,  0, 0, 2, 10,   0,    0, 3};
	struct igmp_message m;
	uint8_t *copy;

	/* Four bytes more than the sources: RFC 3376 section 4.1.10 has them ignored. */
	assert_true(parse(bytes, sizeof(bytes), &copy, &m));
	assert_int_equal(m.query.ms_response, 100 * (31 << 3));
	assert_true(m.query.suppress);
	assert_int_equal(m.query.robustness, 3);
	assert_int_equal(m.query.s_interval, 16 << 4);
	assert_int_equal(m.query.n_sources, 3);
	assert_ptr_equal(m.query.sources, copy + 12);
	free(copy);
}

/* A number of sources that the message has not. */
static void test_query3_sources(void **state)
{
	uint8_t bytes[12 + 16] = {IGMP_QUERY, 1};
	struct igmp_message m;

	for (unsigned n = 0; n < 65536; n = n < 16 ? n + 1 : n * 2 - 7) {
		put_be16(bytes + 10, (uint16_t)n);
		assert_int_equal(parses(bytes, sizeof(bytes), &m), n <= 4);
	}
}

/* A group that is asked about is one, or none at all. */
static void test_query_groups(void **state)
{
	uint8_t bytes[8] = {IGMP_QUERY, 100};
	struct igmp_message m;

	for (unsigned first = 0; first < 256; first++) {
		bytes[4] = (uint8_t)first;
		assert_int_equal(parses(bytes, 8, &m), first == 0 || first >> 4 == 14);
		bytes[0] = IGMP2_REPORT;
		assert_int_equal(parses(bytes, 8, &m), first >> 4 == 14);
		bytes[0] = IGMP_QUERY;
	}
}

/* A record with sources and auxiliary data, then a plain one, cut everywhere. */
static void test_records(void **state)
{
	static const uint8_t bytes[] = {IGMP3_REPORT, 0, 0, 0, 0, 0, 0, 2, 1, 2, 0, 1, 224, 0, 1, 1,
					10,           0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9,   0, 0, 0,
					224,          0, 1, 2};
	struct membership_record record;
	struct igmp_message m;
	uint8_t *copy;

	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_false(parses(bytes, n, &m));
	assert_true(parse(bytes, sizeof(bytes), &copy, &m));
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, MEMBERSHIP_IS_INCLUDE);
	assert_int_equal(record.n_sources, 1);
	assert_int_equal(record.len_aux, 2);
	assert_memory_equal(record.sources, "\x0a\0\0\1", 4);
	assert_true(membership_record_next(&m.records, &record));
	assert_int_equal(record.type, 9);
	assert_int_equal(ip_to_ip4(&record.group), 0xe0000102);
	assert_false(membership_record_next(&m.records, &record));
	free(copy);
}

/* As many records as a report may claim to have. */
static void test_record_counts(void **state)
{
	uint8_t bytes[8 + 8 * 9] = {IGMP3_REPORT};
	struct igmp_message m;

	for (unsigned n = 0; n < 65536; n = n < 32 ? n + 1 : n * 2 - 9) {
		put_be16(bytes + 6, (uint16_t)n);
		assert_int_equal(parses(bytes, sizeof(bytes), &m), n <= 9);
	}
}

static void test_checksum(void **state)
{
	const size_t n = sizeof(report3) - IGMP_IP4_HEADER;
	uint8_t *p = exact_copy(report3 + IGMP_IP4_HEADER, n);
	struct igmp_message m;

	for (size_t bit = 0; bit < 8 * n; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(igmp_parse(p, n, &m));
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

/* What is none of ours is read as far as its type. */
static void test_types(void **state)
{
	uint8_t bytes[8] = {0};
	struct igmp_message m;

	for (unsigned type = 0; type < 256; type++) {
		bool has_group = type == IGMP1_REPORT || type == IGMP2_REPORT || type == IGMP2_LEAVE;

		bytes[0] = (uint8_t)type;
		assert_int_equal(parses(bytes, 8, &m), !has_group);
		if (!has_group)
			assert_int_equal(m.type, type);
	}
}

/* The option among others, behind the end, and cut: its 40 bytes at every length. */
static void test_router_alert(void **state)
{
	static const struct {
		uint8_t options[12];
		bool has;
	} cases[] = {
		{{148, 4, 0, 0}, true},
		{{1, 1, 148, 4, 0, 0}, true},
		{{7, 3, 4, 1, 148, 4, 0, 0}, true},
		{{0, 148, 4, 0, 0}, false},
		{{148, 3, 0, 1}, false},
		{{148, 0, 0, 1}, false},
		{{7, 1, 148, 4, 0, 0}, false},
		{{7, 200, 148, 4, 0, 0}, false},
		{{1, 1, 1, 1, 1, 1, 1, 1, 1, 148, 4, 0}, false},
		{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 148}, false},
		{{1, 1, 1, 1, 1, 1, 1, 1, 148, 4, 0, 0}, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t header[IP4_HEADER + 12] = {0x48};
		uint8_t *p;

		memcpy(header + IP4_HEADER, cases[i].options, 12);
		for (size_t n = IP4_HEADER; n <= sizeof(header); n++) {
			bool has;

			p = exact_copy(header, n);
			has = igmp_router_alert(p, n);
			free(p);
			assert_true(!has || cases[i].has);
			if (n == sizeof(header))
				assert_int_equal(has, cases[i].has);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_reports),      cmocka_unit_test(test_real_ip4),
		cmocka_unit_test(test_queries_by_length), cmocka_unit_test(test_query3),
		cmocka_unit_test(test_query3_sources),    cmocka_unit_test(test_query_groups),
		cmocka_unit_test(test_records),           cmocka_unit_test(test_record_counts),
		cmocka_unit_test(test_checksum),          cmocka_unit_test(test_types),
		cmocka_unit_test(test_router_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
