/* ICMP and ICMPv6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eth.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"
#include "wire_packets.h"

static const uint8_t *const ping = packet_ping4 + ETH_HEADER + IP4_HEADER;
#define PING_LEN (sizeof(packet_ping4) - ETH_HEADER - IP4_HEADER)
static const uint8_t *const solicit = packet_solicit6 + ETH_HEADER + IP6_HEADER;
#define SOLICIT_LEN (sizeof(packet_solicit6) - ETH_HEADER - IP6_HEADER)
static const uint8_t *const source6 = packet_solicit6 + ETH_HEADER + 8;
static const uint8_t *const destination6 = packet_solicit6 + ETH_HEADER + 24;

static void test_real_ping(void **state)
{
	uint8_t bytes[PING_LEN];
	struct icmp_message m;

	assert_int_equal(icmp4_parse(ping, PING_LEN, &m), ICMP_HEADER);
	assert_int_equal(m.type, ICMP4_ECHO_REQUEST);
	assert_int_equal(m.code, 0);
	assert_int_equal(m.rest, 0x35070001);
	assert_ptr_equal(m.body, ping + ICMP_HEADER);
	assert_int_equal(m.len_body, 16);
	assert_ptr_equal(icmp4_emit(&m, bytes), bytes + PING_LEN);
	assert_memory_equal(bytes, ping, PING_LEN);
}

static void test_round_trip(void **state)
{
	uint8_t body[1001], bytes[ICMP_HEADER + sizeof(body)];

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= sizeof(body); n++) {
		struct icmp_message m = {
			.type = ICMP4_UNREACHABLE, .code = 4, .rest = 1400, .body = body, .len_body = n};
		struct icmp_message back;

		assert_ptr_equal(icmp4_emit(&m, bytes), bytes + ICMP_HEADER + n);
		assert_int_equal(icmp4_parse(bytes, ICMP_HEADER + n, &back), ICMP_HEADER);
		assert_int_equal(back.type, m.type);
		assert_int_equal(back.code, m.code);
		assert_int_equal(back.rest, m.rest);
		assert_int_equal(back.len_body, n);
		assert_memory_equal(back.body, body, n);
	}
}

static void test_reply_in_place(void **state)
{
	uint8_t *p = exact_copy(ping, PING_LEN);
	struct icmp_message m, back;

	assert_int_equal(icmp4_parse(p, PING_LEN, &m), ICMP_HEADER);
	m.type = ICMP4_ECHO_REPLY;
	icmp4_emit(&m, p);
	assert_int_equal(icmp4_parse(p, PING_LEN, &back), ICMP_HEADER);
	assert_int_equal(back.type, ICMP4_ECHO_REPLY);
	assert_memory_equal(p + ICMP_HEADER, ping + ICMP_HEADER, PING_LEN - ICMP_HEADER);
	free(p);
}

/* AMNESIA:33: an echo of 0 to 7 bytes, and every other cut (which the checksum finds). */
static void test_cut(void **state)
{
	for (size_t n = 0; n < PING_LEN; n++) {
		uint8_t *p = exact_copy(ping, n);
		/* The last five bytes of this ping are zero and sum up to nothing. */
		bool sums_up = n >= PING_LEN - 5;
		struct icmp_message m;

		assert_int_equal(icmp4_parse(p, n, &m), n >= ICMP_HEADER && sums_up ? ICMP_HEADER : 0);
		free(p);
	}
}

static void test_checksum(void **state)
{
	uint8_t *p = exact_copy(ping, PING_LEN);
	struct icmp_message m;

	for (size_t bit = 0; bit < 8 * PING_LEN; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(icmp4_parse(p, PING_LEN, &m), 0);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

static void test_real_solicit(void **state)
{
	uint8_t bytes[SOLICIT_LEN];
	struct icmp_message m;

	assert_int_equal(icmp6_parse(solicit, SOLICIT_LEN, source6, destination6, &m), ICMP_HEADER);
	assert_int_equal(m.type, ICMP6_NEIGHBOUR_SOLICIT);
	assert_int_equal(m.rest, 0);
	assert_int_equal(m.len_body, SOLICIT_LEN - ICMP_HEADER);
	assert_ptr_equal(icmp6_emit(&m, source6, destination6, bytes), bytes + SOLICIT_LEN);
	assert_memory_equal(bytes, solicit, SOLICIT_LEN);
}

/* The addresses are part of the sum. */
static void test_checksum6(void **state)
{
	uint8_t *p = exact_copy(solicit, SOLICIT_LEN), other[16];
	struct icmp_message m;

	for (size_t bit = 0; bit < 8 * SOLICIT_LEN; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(icmp6_parse(p, SOLICIT_LEN, source6, destination6, &m), 0);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 128; bit++) {
		memcpy(other, destination6, 16);
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(icmp6_parse(p, SOLICIT_LEN, source6, other, &m), 0);
	}
	for (size_t n = 0; n < ICMP_HEADER; n++) {
		uint8_t *cut = exact_copy(solicit, n);

		assert_int_equal(icmp6_parse(cut, n, source6, destination6, &m), 0);
		free(cut);
	}
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_ping),      cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reply_in_place), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_checksum),       cmocka_unit_test(test_real_solicit),
		cmocka_unit_test(test_checksum6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
