/* Words of the kernel's texts: where each ends, which are numbers, and what of them may be shown. */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_next(void **state)
{
	static const char *const words[] = {"TCP:", "inuse", "4"};
	const char *at = " \tTCP:  inuse\t4\n", *word;

	for (size_t i = 0; i < 3; i++) {
		size_t n = words_next(&at, &word);
		assert_true(words_is(word, n, words[i]));
		assert_false(words_is(word, n, "TCP"));
		assert_false(words_is(word, n, "inused"));
	}
	assert_int_equal(words_next(&at, &word), 0);
	assert_int_equal(words_next(&at, &word), 0);
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t most, value;
		bool good;
	} cases[] = {
		{"0", 0, 0, true},
		{"1", 0, 0, false},
		{"9", 8, 0, false},
		{"000000000000000000000012", 12, 12, true},
		{"65535", 65535, 65535, true},
		{"65536", 65535, 0, false},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
		{"18446744073709551616", UINT64_MAX, 0, false},
		{"99999999999999999999", UINT64_MAX, 0, false},
		{"", UINT64_MAX, 0, false},
		{"-1", UINT64_MAX, 0, false},
		{"+1", UINT64_MAX, 0, false},
		{" 1", UINT64_MAX, 0, false},
		{"1x", UINT64_MAX, 0, false},
		{"1\xb2", UINT64_MAX, 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 77;
		assert_int_equal(words_decimal(cases[i].text, strlen(cases[i].text), cases[i].most, &value),
				 cases[i].good);
		assert_true(value == (cases[i].good ? cases[i].value : 77));
	}
	uint64_t value;
	assert_true(words_decimal("123", 2, 99, &value) && value == 12);
	assert_int_equal(words_digits("80-90", 5, 65535, &value), 2);
	assert_true(value == 80);
	assert_int_equal(words_digits("80-90", 1, 65535, &value), 1);
	assert_true(value == 8);
	assert_int_equal(words_digits("65536x", 6, 65535, &value), 0);
	assert_int_equal(words_digits("x", 1, 65535, &value), 0);
	assert_int_equal(words_digits("", 0, 65535, &value), 0);
}

static void test_characters(void **state)
{
	static const char digits[] = "0123456789abcdef", capitals[] = "ABCDEF", others[] = "/:@G`g\x10\x1a ";

	for (int i = 0; i < 16; i++)
		assert_int_equal(words_hex_digit(digits[i]), i);
	for (int i = 0; i < 6; i++)
		assert_int_equal(words_hex_digit(capitals[i]), 10 + i);
	for (const char *c = others; *c; c++)
		assert_int_equal(words_hex_digit(*c), -1);
	for (int i = 0; i < 256; i++)
		assert_int_equal(words_printable((char)i), i < 32 || i == 127 ? '?' : (char)i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
