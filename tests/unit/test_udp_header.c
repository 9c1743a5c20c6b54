/* UDP headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checksum.h"
#include "eth.h"
#include "ip4.h"
#include "udp_header.h"
#include "wire_packets.h"

static const uint8_t *const datagram = packet_udp4 + ETH_HEADER + IP4_HEADER;
#define DATAGRAM_LEN 19

static void test_real_datagram(void **state)
{
	const uint8_t *ip = packet_udp4 + ETH_HEADER;
	uint8_t bytes[UDP_HEADER];
	struct udp_header h;
	uint64_t sum;

	assert_int_equal(udp_header_parse(datagram, DATAGRAM_LEN, &h), UDP_HEADER);
	assert_int_equal(h.source_port, 5353);
	assert_int_equal(h.destination_port, 7);
	assert_int_equal(h.len, DATAGRAM_LEN);
	assert_int_equal(h.checksum, 0xe6ae);
	sum = checksum_pseudo(ip + 12, ip + 16, 4, IP_PROTOCOL_UDP, h.len);
	assert_int_equal(checksum_finish(checksum_add(sum, datagram, h.len)), 0);
	assert_ptr_equal(udp_header_emit(&h, bytes), bytes + UDP_HEADER);
	assert_memory_equal(bytes, datagram, UDP_HEADER);
}

/* A length that the bytes do not bear out, and one that they do with some to spare. */
static void test_length(void **state)
{
	for (unsigned len = 0; len <= UINT16_MAX; len++) {
		uint8_t *p = exact_copy(datagram, DATAGRAM_LEN);
		struct udp_header h;

		p[4] = (uint8_t)(len >> 8);
		p[5] = (uint8_t)len;
		assert_int_equal(udp_header_parse(p, DATAGRAM_LEN, &h),
				 len < UDP_HEADER || len > DATAGRAM_LEN ? 0 : UDP_HEADER);
		free(p);
	}
}

static void test_round_trip(void **state)
{
	static const struct udp_header headers[] = {
		{0, 0, 8, 0},
		{65535, 65535, 8, 65535},
		{0x1234, 0x5678, 8, 0x9abc},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		uint8_t bytes[UDP_HEADER];
		struct udp_header back;

		udp_header_emit(&headers[i], bytes);
		assert_int_equal(udp_header_parse(bytes, UDP_HEADER, &back), UDP_HEADER);
		assert_int_equal(back.source_port, headers[i].source_port);
		assert_int_equal(back.destination_port, headers[i].destination_port);
		assert_int_equal(back.len, headers[i].len);
		assert_int_equal(back.checksum, headers[i].checksum);
	}
}

static void test_cut(void **state)
{
	for (size_t n = 0; n <= DATAGRAM_LEN; n++) {
		uint8_t *p = exact_copy(datagram, n);
		struct udp_header h;

		assert_int_equal(udp_header_parse(p, n, &h), n < DATAGRAM_LEN ? 0 : UDP_HEADER);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_datagram),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
