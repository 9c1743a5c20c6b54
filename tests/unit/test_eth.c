/* Ethernet II headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eth.h"
#include "wire_packets.h"

static void test_real_frame(void **state)
{
	static const uint8_t to[] = {2, 0, 0, 0, 0, 7}, from[] = {2, 0, 0, 0, 0, 5};
	struct eth_header h;

	assert_int_equal(eth_parse(packet_syn4, sizeof(packet_syn4), &h), ETH_HEADER);
	assert_memory_equal(h.destination, to, 6);
	assert_memory_equal(h.source, from, 6);
	assert_int_equal(h.type, ETH_TYPE_IP4);
}

static void test_round_trip(void **state)
{
	static const uint16_t types[] = {0, 46, 0x5dc, ETH_TYPE_IP4, ETH_TYPE_ARP, 0x8100, ETH_TYPE_IP6, 0xffff};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct eth_header h = {.destination = {1, 2, 3, 4, 5, 6}, .source = {7, 8, 9, 10, 11, 12}}, back;
		uint8_t bytes[ETH_HEADER + 1] = {0};

		h.type = types[i];
		bytes[ETH_HEADER] = 0xa5;
		assert_ptr_equal(eth_emit(&h, bytes), bytes + ETH_HEADER);
		assert_int_equal(bytes[ETH_HEADER], 0xa5);
		assert_int_equal(eth_parse(bytes, ETH_HEADER, &back), ETH_HEADER);
		assert_memory_equal(back.destination, h.destination, 6);
		assert_memory_equal(back.source, h.source, 6);
		assert_int_equal(back.type, h.type);
	}
}

static void test_cut(void **state)
{
	for (size_t n = 0; n <= sizeof(packet_syn4); n++) {
		uint8_t *p = exact_copy(packet_syn4, n);
		struct eth_header h;

		assert_int_equal(eth_parse(p, n, &h), n < ETH_HEADER ? 0 : ETH_HEADER);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_frame),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
