/* Addresses: what is accepted and what is not, beside the C library's inet_pton and inet_ntop; texts; classes;
 * prefixes. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/address.h>
#include <berth/error.h>

#include "address_text.h"
#include "rng.h"

static struct berth_address parsed(const char *text)
{
	struct berth_address a;

	if (berth_address_parse(text, &a))
		fail_msg("%s is not accepted", text);
	return a;
}

static void test_texts_accepted(void **state)
{
	/* Text, and what it is written as again. */
	static const char *const rows[][2] = {
		{"0.0.0.0", "0.0.0.0"},
		{"192.168.1.7", "192.168.1.7"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:DB8::A", "2001:db8::a"},
		{"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
		/* RFC 5952 section 4: the longest run, the first of equals, never one group alone. */
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"1:2:3:4:5:6::", "1:2:3:4:5:6::"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"::ffff:c000:201", "::ffff:192.0.2.1"},
		{"::192.0.2.1", "::c000:201"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
		{"fe80::1%3", "fe80::1%3"},
		{"fe80::1%4294967295", "fe80::1%4294967295"},
		{"fe80::1%0", "fe80::1"},
		{"ff02::1%2", "ff02::1%2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_address a = parsed(rows[i][0]), again;
		char text[BERTH_ADDRESS_TEXT];

		assert_ptr_equal(berth_address_format(&a, text, sizeof(text)), text);
		assert_string_equal(text, rows[i][1]);
		again = parsed(text);
		assert_true(berth_address_equal(&a, &again));
	}
}

static void test_texts_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"*",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"1.2.3.04",
		"1.2.3.00",
		"01.2.3.4",
		"1..2.3",
		"1.2.3.",
		".1.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.-4",
		"+1.2.3.4",
		"0x1.2.3.4",
		"1.2.3.4a",
		"1.2.3.99999999999999999999",
		"1.2.3.4%1",
		":",
		":::",
		"1",
		"1:",
		":1",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8:",
		":1:2:3:4:5:6:7:8",
		"1::2::3",
		"1:::2",
		"12345::",
		"::g",
		"1:2:3:4:5:6:7:8::",
		"::1:2:3:4:5:6:7:8",
		"1:2:3:4::5:6:7:8",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3",
		"::1.2.3.4.5",
		"::1.2.3.4:5",
		"1.2.3.4::",
		"::01.2.3.4",
		"::1.2.3.256",
		"::1 ",
		"[::1]",
		"::1/64",
		"fe80::1%",
		"fe80::1%eth0",
		"fe80::1%1x",
		"fe80::1%01",
		"fe80::1%4294967296",
		"fe80::1%-1",
		"2001:db8::1%1",
		"::1%1",
		"%1",
		"ff05::1%1",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_address a = {.family = 99, .scope = 7};

		if (berth_address_parse(rows[i], &a) != BERTH_EINVAL)
			fail_msg("'%s' is accepted", rows[i]);
		assert_int_equal(a.family, 99);
		assert_int_equal(a.scope, 7);
	}
}

/* Same verdict and same bytes as inet_pton. */
static void assert_like_system(const char *text)
{
	struct berth_address a;
	uint8_t bytes[16];
	int error = berth_address_parse(text, &a);

	if (inet_pton(AF_INET, text, bytes) == 1) {
		assert_int_equal(error, 0);
		assert_int_equal(a.family, BERTH_IP4);
		assert_memory_equal(a.bytes, bytes, 4);
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		if (error)
			fail_msg("'%s' is refused", text);
		assert_int_equal(a.family, BERTH_IP6);
		assert_memory_equal(a.bytes, bytes, 16);
	} else if (error != BERTH_EINVAL) {
		fail_msg("'%s' is accepted", text);
	}
}

/* Texts put together from the pieces of addresses: most are wrong by a little, thousands are right. */
static void test_random_texts_beside_the_system(void **state)
{
	static const char *const pieces[] = {":", ":",  ":",   "::",  ".",    ".",  "0",       "1",
					     "f", "12", "255", "256", "ffff", "00", "1.2.3.4", "x"};
	struct rng rng;

	rng_init(&rng, 5);
	for (unsigned i = 0; i < 300000; i++) {
		char text[160] = "";
		unsigned n = 1 + (unsigned)rng_below(&rng, 17);

		for (unsigned k = 0; k < n; k++) {
			/* Most of the time a number and a separator in turn. */
			uint64_t piece = rng_below(&rng, 8) == 0 ? rng_below(&rng, 16)
					 : k % 2 == 0            ? 6 + rng_below(&rng, 7)
								 : rng_below(&rng, 4);

			strcat(text, pieces[piece]);
		}
		assert_like_system(text);
	}
}

/* Right addresses with one byte changed, taken out or doubled. */
static void test_damaged_texts_beside_the_system(void **state)
{
	static const char *const seeds[] = {
		"192.168.1.7", "2001:db8:1:2:3:4:5:6", "2001:db8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:1.2.3.4", "::",
		"1::"};
	static const char bytes[] = "0123456789abcdefABCDEFg:. x-";

	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		size_t n = strlen(seeds[i]);

		for (size_t at = 0; at <= n; at++) {
			char text[64];

			for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
				snprintf(text, sizeof(text), "%.*s%c%s", (int)at, seeds[i], bytes[k], seeds[i] + at);
				assert_like_system(text);
				if (at == n)
					continue;
				snprintf(text, sizeof(text), "%s", seeds[i]);
				text[at] = bytes[k];
				assert_like_system(text);
			}
			if (at < n) {
				snprintf(text, sizeof(text), "%.*s%s", (int)at, seeds[i], seeds[i] + at + 1);
				assert_like_system(text);
			}
		}
	}
}

/* The same texts as inet_ntop, but for IPv4-compatible addresses, which RFC 5952 section 5 gives no dots. */
static void test_format_beside_the_system(void **state)
{
	struct rng rng;

	rng_init(&rng, 8);
	for (unsigned i = 0; i < 100000; i++) {
		struct berth_address a = {.family = i % 4 ? BERTH_IP6 : BERTH_IP4}, again;
		char ours[BERTH_ADDRESS_TEXT], system[INET6_ADDRSTRLEN];
		uint64_t zeros = rng_next(&rng);

		for (unsigned k = 0; k < (a.family == BERTH_IP6 ? 16 : 4); k++)
			a.bytes[k] = zeros >> (k / 2) & 1 ? 0 : (uint8_t)rng_next(&rng);
		if (a.family == BERTH_IP6 && i % 50 == 1)
			memcpy(a.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
		berth_address_format(&a, ours, sizeof(ours));
		again = parsed(ours);
		assert_true(berth_address_equal(&a, &again));
		if (a.family == BERTH_IP6 && memcmp(a.bytes, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) == 0)
			continue;
		inet_ntop(a.family == BERTH_IP6 ? AF_INET6 : AF_INET, a.bytes, system, sizeof(system));
		assert_string_equal(ours, system);
	}
}

/* Every length that a number can have, and both sides of where it changes. */
static void test_numbers_beside_the_system(void **state)
{
	uint64_t power = 1;

	for (unsigned i = 0; i < 20; i++, power *= 10) {
		const uint64_t numbers[] = {power - 1, power, power + 1, power * 9 + 8, power / 7 * 3, ~power};
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
			char text[32], expected[32];
			*address_text_number(numbers[j], text) = 0;
			snprintf(expected, sizeof(expected), "%" PRIu64, numbers[j]);
			assert_string_equal(text, expected);
		}
	}
	for (uint64_t number = 0; number < 70000; number++) {
		char text[32];
		*address_text_number(number, text) = 0;
		assert_int_equal(strtoull(text, NULL, 10), number);
		assert_true(text[0] != '0' || number == 0);
	}
}

static void test_format_cuts_short(void **state)
{
	struct berth_address a = parsed("192.168.1.7"), none = {.family = BERTH_ANY_FAMILY};
	char text[BERTH_ADDRESS_TEXT] = "xxxxxxx";

	assert_string_equal(berth_address_format(&a, text, 6), "192.1");
	assert_string_equal(berth_address_format(&a, text, 1), "");
	text[0] = 'x';
	berth_address_format(&a, text, 0);
	assert_int_equal(text[0], 'x');
	assert_string_equal(berth_address_format(&none, text, sizeof(text)), "*");
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text;
		int error;
		unsigned prefix;
	} rows[] = {
		{"192.168.1.7/24", 0, 24},
		{"192.168.1.7", 0, 32},
		{"0.0.0.0/0", 0, 0},
		{"192.168.1.7/32", 0, 32},
		{"192.168.1.7/33", BERTH_EINVAL, 0},
		{"192.168.1.7/", BERTH_EINVAL, 0},
		{"192.168.1.7/024", BERTH_EINVAL, 0},
		{"192.168.1.7/24 ", BERTH_EINVAL, 0},
		{"192.168.1.7/-1", BERTH_EINVAL, 0},
		{"/24", BERTH_EINVAL, 0},
		{"fd00::7/64", 0, 64},
		{"fd00::7", 0, 128},
		{"::/0", 0, 0},
		{"fe80::1%2/64", 0, 64},
		{"fd00::7/129", BERTH_EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_address a = {.family = 99};
		unsigned prefix = 999;

		assert_int_equal(berth_prefix_parse(rows[i].text, &a, &prefix), rows[i].error);
		assert_int_equal(prefix, rows[i].error ? 999 : rows[i].prefix);
		assert_int_equal(a.family == 99, rows[i].error != 0);
	}
}

static void test_socket_addresses(void **state)
{
	static const struct {
		const char *text;
		int family, port; /* port -1: refused */
	} rows[] = {
		{"192.168.1.7:80", 4, 80},
		{"192.168.1.7:0", 4, 0},
		{"192.168.1.7:65535", 4, 65535},
		{"[fd00::7]:80", 6, 80},
		{"[fe80::1%3]:80", 6, 80},
		{"[::ffff:192.0.2.1]:1", 6, 1},
		{"[2001:db8:1111:2222:3333:4444:5555:6666]:65535", 6, 65535},
		{"*:80", 0, 80},
		{"192.168.1.7:65536", 0, -1},
		{"192.168.1.7:080", 0, -1},
		{"192.168.1.7:", 0, -1},
		{"192.168.1.7", 0, -1},
		{"192.168.1.7:80 ", 0, -1},
		{"192.168.1.7:http", 0, -1},
		{"fd00::7:80", 0, -1},
		{"[192.168.1.7]:80", 0, -1},
		{"[fd00::7]", 0, -1},
		{"[fd00::7]80", 0, -1},
		{"[fd00::7:80", 0, -1},
		{"[]:80", 0, -1},
		{":80", 0, -1},
		{"*80", 0, -1},
		{"**:80", 0, -1},
		{"80", 0, -1},
		{"", 0, -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_address a = {.port = 7};
		char text[BERTH_ADDRESS_TEXT];
		int error = berth_socket_address_parse(rows[i].text, &a);

		assert_int_equal(error, rows[i].port < 0 ? BERTH_EINVAL : 0);
		assert_int_equal(a.port, error ? 7 : rows[i].port);
		assert_int_equal(a.address.family, rows[i].family);
		if (!error)
			assert_string_equal(berth_socket_address_format(&a, text, sizeof(text)), rows[i].text);
	}
}

/* The longest text of all has room. */
static void test_the_longest_text(void **state)
{
	struct berth_socket_address a = {.port = 65535};
	char text[BERTH_ADDRESS_TEXT];

	memset(a.address.bytes, 0xff, 16);
	a.address.family = BERTH_IP6;
	a.address.scope = UINT32_MAX;
	berth_socket_address_format(&a, text, sizeof(text));
	assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

static void test_classes(void **state)
{
	static const struct {
		const char *text;
		bool any, multicast, loopback;
	} rows[] = {
		{"0.0.0.0", true, false, false},     {"::", true, false, false},
		{"0.0.0.1", false, false, false},    {"223.255.255.255", false, false, false},
		{"224.0.0.0", false, true, false},   {"239.255.255.255", false, true, false},
		{"240.0.0.0", false, false, false},  {"127.0.0.1", false, false, true},
		{"127.255.0.9", false, false, true}, {"128.0.0.1", false, false, false},
		{"::1", false, false, true},         {"::2", false, false, false},
		{"1::1", false, false, false},       {"ff02::1", false, true, false},
		{"fe80::1", false, false, false},    {"e000::1", false, false, false},
		{"7f00::1", false, false, false},
	};
	struct berth_address none = {.bytes = {1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_address a = parsed(rows[i].text);

		assert_int_equal(berth_address_is_any(&a), rows[i].any);
		assert_int_equal(berth_address_is_multicast(&a), rows[i].multicast);
		assert_int_equal(berth_address_is_loopback(&a), rows[i].loopback);
	}
	assert_true(berth_address_is_any(&none));
	assert_false(berth_address_is_multicast(&none));
	assert_false(berth_address_is_loopback(&none));
}

static void test_equal_looks_at_what_counts(void **state)
{
	struct berth_address a = berth_ip4(192, 168, 1, 7), b = parsed("192.168.1.7");

	b.bytes[4] = 1;
	assert_true(berth_address_equal(&a, &b));
	b.bytes[3] = 8;
	assert_false(berth_address_equal(&a, &b));
	a = parsed("fe80::1%1");
	b = parsed("fe80::1%2");
	assert_false(berth_address_equal(&a, &b));
	a = parsed("::");
	b = parsed("0.0.0.0");
	assert_false(berth_address_equal(&a, &b));
}

static void test_in_prefix(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned prefix;
		bool in;
	} rows[] = {
		{"192.168.1.7", "192.168.1.0", 24, true},  {"192.168.1.7", "192.168.2.0", 24, false},
		{"192.168.1.7", "192.168.2.0", 22, true},  {"192.168.1.7", "192.168.1.6", 32, false},
		{"192.168.1.7", "192.168.1.6", 31, true},  {"192.168.1.7", "10.0.0.0", 0, true},
		{"128.0.0.0", "0.0.0.0", 1, false},        {"192.168.1.7", "::", 0, false},
		{"192.168.1.7", "192.168.1.7", 200, true}, {"2001:db8::1", "2001:db8::", 32, true},
		{"2001:db8::1", "2001:db9::", 32, false},  {"2001:db8::1", "2001:db9::", 31, true},
		{"2001:db8::1", "2001:db8::2", 126, true}, {"2001:db8::1", "2001:db8::2", 127, false},
		{"2001:db8::1", "2001:db8::1", 128, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_address a = parsed(rows[i].a), b = parsed(rows[i].b);

		assert_int_equal(berth_address_in_prefix(&a, &b, rows[i].prefix), rows[i].in);
		assert_int_equal(berth_address_in_prefix(&b, &a, rows[i].prefix), rows[i].in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_accepted),
		cmocka_unit_test(test_texts_refused),
		cmocka_unit_test(test_random_texts_beside_the_system),
		cmocka_unit_test(test_damaged_texts_beside_the_system),
		cmocka_unit_test(test_format_beside_the_system),
		cmocka_unit_test(test_numbers_beside_the_system),
		cmocka_unit_test(test_format_cuts_short),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_socket_addresses),
		cmocka_unit_test(test_the_longest_text),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_equal_looks_at_what_counts),
		cmocka_unit_test(test_in_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
