/* ARP for IPv4 over Ethernet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arp.h"
#include "eth.h"
#include "wire_packets.h"

static const uint8_t *const request = packet_arp_request + ETH_HEADER;

static void test_real_request(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 5}, none[6];
	static const uint8_t sender[] = {192, 168, 1, 5}, target[] = {192, 168, 1, 7};
	uint8_t bytes[ARP_LEN];
	struct arp_packet a;

	assert_int_equal(arp_parse(request, ARP_LEN, &a), ARP_LEN);
	assert_int_equal(a.operation, ARP_REQUEST);
	assert_memory_equal(a.sender_mac, mac, 6);
	assert_memory_equal(a.sender_ip, sender, 4);
	assert_memory_equal(a.target_mac, none, 6);
	assert_memory_equal(a.target_ip, target, 4);
	assert_ptr_equal(arp_emit(&a, bytes), bytes + ARP_LEN);
	assert_memory_equal(bytes, request, ARP_LEN);
}

static void test_round_trip(void **state)
{
	const struct arp_packet a = {
		.operation = ARP_REPLY,
		.sender_mac = {1, 2, 3, 4, 5, 6},
		.sender_ip = {10, 0, 0, 1},
		.target_mac = {7, 8, 9, 10, 11, 12},
		.target_ip = {10, 255, 254, 253},
	};
	uint8_t bytes[ARP_LEN];
	struct arp_packet back;

	arp_emit(&a, bytes);
	assert_int_equal(arp_parse(bytes, ARP_LEN, &back), ARP_LEN);
	assert_int_equal(back.operation, ARP_REPLY);
	assert_memory_equal(back.sender_mac, a.sender_mac, 6);
	assert_memory_equal(back.sender_ip, a.sender_ip, 4);
	assert_memory_equal(back.target_mac, a.target_mac, 6);
	assert_memory_equal(back.target_ip, a.target_ip, 4);
}

/* Each byte of the fixed part, at each value: only what is there now, or the other operation, is a packet. */
static void test_fixed_part(void **state)
{
	for (size_t at = 0; at < 8; at++) {
		for (unsigned v = 0; v < 256; v++) {
			uint8_t *p = exact_copy(request, ARP_LEN);
			bool sound = v == p[at] || (at == 7 && v == ARP_REPLY);
			struct arp_packet a;

			p[at] = (uint8_t)v;
			assert_int_equal(arp_parse(p, ARP_LEN, &a), sound ? ARP_LEN : 0);
			free(p);
		}
	}
}

static void test_cut(void **state)
{
	for (size_t n = 0; n <= ARP_LEN; n++) {
		uint8_t *p = exact_copy(request, n);
		struct arp_packet a;

		assert_int_equal(arp_parse(p, n, &a), n < ARP_LEN ? 0 : ARP_LEN);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_request),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_fixed_part),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
