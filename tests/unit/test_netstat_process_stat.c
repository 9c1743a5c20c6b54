/* /proc/PID/stat: names that try to look like the rest, and what is no such file. */
#include "process/process_stat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS " S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
#define KERNEL " S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 "

static const struct {
	const char *text, *name; /* NULL: not such a file */
	uint64_t started;
} cases[] = {
	{"7 (cat)" FIELDS "1209629 3133440 394", "cat", 1209629},
	{"7 (cat)" FIELDS "1209629", "cat", 1209629},
	{"7 (cat)" FIELDS "18446744073709551615 1", "cat", UINT64_MAX},
	{"7 (a) S 1 (b) c)" FIELDS "5 0", "a) S 1 (b) c", 5},
	{"7 ()" FIELDS "5 0", "", 5},
	{"7 (new\nline\x7f)" FIELDS "5 0", "new?line?", 5},
	{"2 (kthreadd)" KERNEL "3 0", "kthreadd", 3},
	{"7 (cat)" FIELDS "18446744073709551616 1", NULL, 0},
	{"7 (cat)" FIELDS, NULL, 0},
	{"7 (cat)" FIELDS "x", NULL, 0},
	{"7 (cat) S 1 7 7 0 -1 x 1 2 3 4 5 6 7 8 20 0 1 5", NULL, 0},
	{"7 (cat) S", NULL, 0},
	{"7 (cat) ", NULL, 0},
	{"7 (cat)", NULL, 0},
	{"7 )cat( S 1", NULL, 0},
	{"7 cat S 1", NULL, 0},
	{"", NULL, 0},
};

static void test_parse(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_stat stat = {.started = 77};
		size_t n = strlen(cases[i].text);
		char *text = malloc(n + !n);

		memcpy(text, cases[i].text, n);
		if (process_stat_parse(text, n, &stat) != (cases[i].name != NULL))
			fail_msg("%s", cases[i].text);
		free(text);
		if (!cases[i].name) {
			assert_int_equal(stat.started, 77);
			continue;
		}
		assert_string_equal(stat.name, cases[i].name);
		assert_true(stat.started == cases[i].started);
	}
}

/* The kernel's own may be longer than what a process can set. */
static void test_long_name(void **state)
{
	char text[512] = "7 (";
	struct process_stat stat;

	memset(text + 3, 'n', 200);
	strcpy(text + 203, ")" FIELDS "5 0");
	assert_true(process_stat_parse(text, strlen(text), &stat));
	assert_int_equal(strlen(stat.name), sizeof(stat.name) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
