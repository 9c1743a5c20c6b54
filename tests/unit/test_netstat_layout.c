/* Small tables: what people see of a line, what machines do, and that nothing is cut. */
#include "tables/layout.h"

#include <berth/error.h>
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum cell {
	NAME,
	COUNT,
	LIST,
	UP,
	SHOWN, /* to people only */
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[NAME] = {"name", LAYOUT_TEXT},
	[COUNT] = {"count", LAYOUT_NUMBER},
	[LIST] = {"list", LAYOUT_TEXTS},
	[UP] = {"up", LAYOUT_BOOL},
};

static const struct layout_column columns[] = {
	{NAME, "Name", 8, false, 0},
	{COUNT, "Count", 5, true, 0},
	{SHOWN, "Shown", 0, false, 2},
};

static const struct layout_column bare[] = {{COUNT, NULL, 6, true, 0}, {NAME, NULL, 0, false, 0}};

/* A table in memory. */
struct paper {
	struct layout layout;
	char *text;
	size_t n;
	FILE *out;
};

static void begin(struct paper *paper, bool json)
{
	*paper = (struct paper){0};
	paper->out = open_memstream(&paper->text, &paper->n);
	assert_non_null(paper->out);
	layout_init(&paper->layout, keys, N_CELLS, json, paper->out);
}

static void line(struct paper *paper, const char *name, const char *count, const char *shown)
{
	const char *cells[N_CELLS] = {[NAME] = name, [COUNT] = count, [UP] = "true", [SHOWN] = shown};

	assert_int_equal(layout_line(&paper->layout, cells), 0);
}

static void assert_paper(struct paper *paper, int error, long expected, const char *text)
{
	assert_int_equal(layout_end(&paper->layout, error), expected);
	fclose(paper->out);
	assert_string_equal(paper->text, text);
	free(paper->text);
}

static void test_people(void **state)
{
	struct paper paper;

	begin(&paper, false);
	assert_int_equal(layout_section(&paper.layout, "First", columns, 3, 0), 0);
	line(&paper, "a", "1", "never");
	line(&paper, "longer than its column", "1234567", "never");
	assert_int_equal(layout_section(&paper.layout, "Empty", columns, 3, 0), 0);
	assert_int_equal(layout_section(&paper.layout, "Second", columns, 3, 2), 0);
	line(&paper, "b", "2", "now");
	assert_int_equal(layout_section(&paper.layout, "Bare", bare, 2, 0), 0);
	line(&paper, "c", "3", NULL);
	assert_paper(&paper, 0, 4,
		     "First\n"
		     "Name                     Count\n"
		     "a                            1\n"
		     "longer than its column 1234567\n"
		     "\n"
		     "Second\n"
		     "Name     Count Shown\n"
		     "b            2 now\n"
		     "\n"
		     "Bare\n"
		     "     3 c\n");
}

/* A terminal's width is no reason to cut, and what a terminal would obey is not sent to it. */
static void test_people_see_all(void **state)
{
	struct paper paper;
	char name[201];

	memset(name, 'x', 200);
	name[200] = 0;
	assert_int_equal(setenv("COLUMNS", "20", 1), 0);
	begin(&paper, false);
	assert_int_equal(layout_section(&paper.layout, "Long", columns, 3, 0), 0);
	line(&paper, name, "1", NULL);
	line(&paper, "\x1b[2Jq", "1", NULL);
	assert_int_equal(layout_end(&paper.layout, 0), 2);
	fclose(paper.out);
	assert_non_null(strstr(paper.text, name));
	assert_null(strchr(paper.text, '\x1b'));
	free(paper.text);
	unsetenv("COLUMNS");
}

static void test_nothing(void **state)
{
	struct paper paper;

	begin(&paper, false);
	assert_int_equal(layout_section(&paper.layout, "Empty", columns, 3, 0), 0);
	assert_paper(&paper, 0, 0, "");
	begin(&paper, true);
	assert_int_equal(layout_section(&paper.layout, "Empty", columns, 3, 0), 0);
	assert_paper(&paper, 0, 0, "[]\n");
}

static void test_machines(void **state)
{
	const char *cells[N_CELLS] = {[NAME] = "q\"\\\x1b\n",
				      [COUNT] = "18446744073709551615",
				      [LIST] = "a b",
				      [UP] = "false",
				      [SHOWN] = "x"};
	struct paper paper;

	begin(&paper, true);
	assert_int_equal(layout_section(&paper.layout, "First", columns, 3, 0), 0);
	line(&paper, "a", NULL, "never");
	assert_int_equal(layout_section(&paper.layout, "Second", columns, 3, 0), 0);
	assert_int_equal(layout_line(&paper.layout, cells), 0);
	cells[LIST] = "";
	assert_int_equal(layout_line(&paper.layout, cells), 0);
	assert_int_equal(layout_end(&paper.layout, 0), 3);
	fclose(paper.out);
	cJSON *json = cJSON_Parse(paper.text);
	assert_int_equal(cJSON_GetArraySize(json), 3);
	const cJSON *first = cJSON_GetArrayItem(json, 0), *second = cJSON_GetArrayItem(json, 1);
	assert_int_equal(cJSON_GetArraySize(first), 4);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(first, "name")), "a");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "count")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "list")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "up")));
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(second, "name")), "q\"\\\x1b\n");
	assert_non_null(strstr(paper.text, "\"count\":18446744073709551615"));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(second, "up")));
	const cJSON *list = cJSON_GetObjectItem(second, "list");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(list, 1)), "b");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetArrayItem(json, 2), "list")), 0);
	cJSON_Delete(json);
	free(paper.text);
}

/* An error half-way: what there is is printed, an array is whole, and the caller hears of it. */
static void test_errors(void **state)
{
	struct paper paper;

	begin(&paper, true);
	assert_paper(&paper, BERTH_EPERM, BERTH_EPERM, "[]\n");
	begin(&paper, false);
	assert_int_equal(layout_section(&paper.layout, "First", bare, 2, 0), 0);
	line(&paper, "a", "1", NULL);
	assert_paper(&paper, BERTH_EIO, BERTH_EIO, "First\n     1 a\n");
}

/* Texts that somebody chose to do harm: as they are to programs, and harmless to a terminal. */
static void test_harmful(void **state)
{
	struct paper paper;

	begin(&paper, false);
	assert_int_equal(layout_section(&paper.layout, "a\x1b[2Jb", columns, 1, 0), 0);
	line(&paper, "x\x1b[31my", "1", NULL);
	line(&paper,
	     "\xe2\x80\xae"
	     "abc\xff",
	     "1", NULL);
	assert_paper(&paper, 0, 2,
		     "a?[2Jb\nName\nx?[31my\n"
		     "?"
		     "?"
		     "?abc?\n");
}

static void test_json_in_json(void **state)
{
	static const struct layout_key raw[] = {{"list", LAYOUT_JSON}, {"none", LAYOUT_JSON}};
	const char *cells[] = {"[{\"a\":1}]", NULL};
	struct paper paper;

	begin(&paper, true);
	paper.layout.keys = raw;
	paper.layout.n_keys = 2;
	assert_int_equal(layout_line(&paper.layout, cells), 0);
	assert_paper(&paper, 0, 1, "[\n{\"list\":[{\"a\":1}],\"none\":null}\n]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harmful), cmocka_unit_test(test_json_in_json),
		cmocka_unit_test(test_people),  cmocka_unit_test(test_people_see_all),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_machines),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("netstat_layout", tests, NULL, NULL);
}
