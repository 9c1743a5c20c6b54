/* Near words: slips find the name that was meant, other words find none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nearest.h"

static void test_nearest(void **state)
{
	static const char *const names[] = {"netstat", "ports", "serve", "nc", "established", "4"};
	static const struct {
		const char *word, *want;
	} cases[] = {
		{"netstat", "netstat"},
		{"netsat", "netstat"},  /* left out */
		{"nestat", "netstat"},  /* left out */
		{"enttsat", "netstat"}, /* two swaps */
		{"posts", "ports"},     /* replaced */
		{"portss", "ports"},    /* one too many */
		{"estabished", "established"},
		{"stablisht", "established"},
		{"c", "nc"},
		{"x", NULL}, /* two changes of a word of two */
		{"5", NULL}, /* nothing of a word of one */
		{"pxxts", NULL},
		{"", NULL},
		{"a word that is longer than any name could be", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = nearest_word(cases[i].word, names, sizeof(names) / sizeof(names[0]));
		if (cases[i].want)
			assert_string_equal(near, cases[i].want);
		else
			assert_null(near);
	}
}

static void test_the_first_of_equals(void **state)
{
	struct nearest nearest = {.word = "por"};

	nearest_try(&nearest, "pot");
	nearest_try(&nearest, "pore");
	assert_string_equal(nearest.name, "pot");
	nearest_try(&nearest, "por");
	assert_string_equal(nearest.name, "por");
	nearest_try(&nearest, "a name of more than thirty-two letters");
	assert_string_equal(nearest.name, "por");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_the_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
