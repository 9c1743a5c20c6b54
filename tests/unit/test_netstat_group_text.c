/* The texts of multicast memberships: what the kernel writes, what it might, and what it never would. */
#include "tables/group_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "4 eth0 ff02::1 1" */
static void format(const struct group *group, char *out, size_t n)
{
	char address[BERTH_ADDRESS_TEXT];

	snprintf(out, n, "%u %s %s %llu", group->interface, group->interface_name,
		 berth_address_format(&group->address, address, sizeof(address)), (unsigned long long)group->users);
}

static void test_ip6(void **state)
{
	static const struct {
		const char *line, *group; /* NULL: none */
	} cases[] = {
		{"1    lo              ff020000000000000000000000000001     1 0000000C 0\n", "1 lo ff02::1 1"},
		{"4294967295 abcdefghijklmno FF0200000000000000000001FF000002 4294967295 00000004 0",
		 "4294967295 abcdefghijklmno ff02::1:ff00:2 4294967295"},
		{"4 eth0 ff020000000000000000000000000001 7", "4 eth0 ff02::1 7"},
		{"4 abcdefghijklmnop ff020000000000000000000000000001 1 0 0", NULL},
		{"4294967296 eth0 ff020000000000000000000000000001 1 0 0", NULL},
		{"4 eth0 ff020000000000000000000000000001 4294967296 0 0", NULL},
		{"4 eth0 ff02000000000000000000000000000 1 0 0", NULL},
		{"4 eth0 ff0200000000000000000000000000012 1 0 0", NULL},
		{"4 eth0 fg020000000000000000000000000001 1 0 0", NULL},
		{"4 eth0 ff020000000000000000000000000001 -1 0 0", NULL},
		{"4 eth0 ff020000000000000000000000000001", NULL},
		{"four eth0 ff020000000000000000000000000001 1", NULL},
		{"4 eth0", NULL},
		{"", NULL},
		{"\n", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct group group = {0};
		char text[128];
		assert_int_equal(group_line6(cases[i].line, &group), cases[i].group != NULL);
		format(&group, text, sizeof(text));
		assert_string_equal(text, cases[i].group ? cases[i].group : "0  * 0");
	}
}

/* The kernel writes an IPv4 group as a number, so its digits stand in this machine's order. */
static const char *as_written(uint8_t a, uint8_t b, uint8_t c, uint8_t d, const char *rest)
{
	static char line[128];
	const uint8_t bytes[4] = {a, b, c, d};
	uint32_t number;

	memcpy(&number, bytes, 4);
	snprintf(line, sizeof(line), "\t\t\t\t%08X %s", number, rest);
	return line;
}

static void test_ip4(void **state)
{
	struct group group = {0};
	char text[128];

	assert_false(group_line4("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n", &group));
	/* Nobody has said where. */
	assert_false(group_line4(as_written(224, 0, 0, 1, "    1 0:00000000\t\t0\n"), &group));
	assert_false(group_line4("1\tlo        :     2      V3\n", &group));
	assert_true(group_line4(as_written(224, 0, 0, 1, "    1 0:00000000\t\t0\n"), &group));
	format(&group, text, sizeof(text));
	assert_string_equal(text, "1 lo 224.0.0.1 1");
	assert_true(group_line4(as_written(239, 1, 2, 3, "   12 0:00000000\t\t0"), &group));
	format(&group, text, sizeof(text));
	assert_string_equal(text, "1 lo 239.1.2.3 12");
	/* A name that fills its column leaves no blank before the colon, and may hold one. */
	assert_false(group_line4("17\tvery-long-name0:     1      V3\n", &group));
	assert_true(group_line4(as_written(224, 0, 0, 251, "1"), &group));
	format(&group, text, sizeof(text));
	assert_string_equal(text, "17 very-long-name0 224.0.0.251 1");
}

static void test_ip4_hostile(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"\t",
		"\t\t\t\t010000E0",
		"\t\t\t\t010000E0 ",
		"\t\t\t\t010000E0 x",
		"\t\t\t\t010000E0 99999999999",
		"\t\t\t\t010000E 1",
		"\t\t\t\t010000E01 1",
		"\t\t\t\t01000\377E0 1",
		"5\tabcdefghijklmnop: 1 V3",
		"99999999999\teth0 : 1 V3",
		"x\teth0 : 1 V3",
		"5\t:",
		"5",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct group group = {.interface = 3, .interface_name = "eth0"};
		assert_false(group_line4(lines[i], &group));
		assert_int_equal(group.interface, 3);
		assert_string_equal(group.interface_name, "eth0");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip6),
		cmocka_unit_test(test_ip4),
		cmocka_unit_test(test_ip4_hostile),
	};

	return cmocka_run_group_tests_name("netstat_group_text", tests, NULL, NULL);
}
