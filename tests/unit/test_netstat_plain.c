/* Plain words: what comes from outside can neither break a line nor hide in it. */
#include "enrich/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"nginx", "nginx"},
		{"a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa2", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa2"},
		{"\xc2\x85next", "?next"},            /* C1: next line */
		{"\xe2\x80\xa8line", "?line"},        /* U+2028 */
		{"\xe2\x80\xaegpj.exe", "?gpj.exe"},  /* right to left */
		{"\xe2\x81\xa6x\xe2\x81\xa9", "?x?"}, /* isolates */
		{"\xe2\x80\x8b.\xef\xbb\xbf", "?.?"}, /* no width */
		{"\xff\xfe", "??"},                   /* no UTF-8 */
		{"\xc3", "?"},                        /* cut short */
		{"\xe2\x82", "??"},
		{"\xf0\x9f\x9a", "???"},
		{"\xc0\xaf", "??"},           /* overlong '/' */
		{"\xe0\x80\x8a", "???"},      /* overlong newline */
		{"\xed\xa0\x80", "???"},      /* a surrogate */
		{"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
		{"\x80"
		 "a",
		 "?a"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct plain plain = {.n = 0};
		plain_word(&plain, cases[i].in);
		assert_string_equal(plain.text, cases[i].out);
		assert_int_equal(plain.n, strlen(cases[i].out));
	}
}

static void test_a_long_word_ends(void **state)
{
	struct plain plain = {.n = 0};
	char word[2000];

	(void)state;
	memset(word, 'x', sizeof(word));
	word[PLAIN_WORD] = 0;
	plain_word(&plain, word);
	assert_string_equal(plain.text, word);
	plain.n = 0;
	word[PLAIN_WORD] = 'x';
	word[sizeof(word) - 1] = 0;
	plain_word(&plain, word);
	assert_int_equal(plain.n, PLAIN_WORD + 3);
	assert_string_equal(plain.text + PLAIN_WORD - 1, "x...");
	/* A character of more bytes is not cut in two. */
	plain.n = 0;
	memcpy(word + PLAIN_WORD - 1, "\xc3\xa9\xc3\xa9", 4);
	plain_word(&plain, word);
	assert_int_equal(plain.n, PLAIN_WORD + 2);
	assert_string_equal(plain.text + PLAIN_WORD - 2, "x...");
}

static void test_a_full_line_takes_no_more(void **state)
{
	struct plain plain = {.n = 0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		plain_word(&plain, "0123456789");
	assert_in_range(plain.n, sizeof(plain.text) - 11, sizeof(plain.text) - 1);
	assert_int_equal(plain.n, strlen(plain.text));
}

static void test_numbers(void **state)
{
	struct plain plain = {.n = 0};

	(void)state;
	plain_number(&plain, 0);
	plain_add(&plain, " ");
	plain_number(&plain, 4711);
	plain_add(&plain, " ");
	plain_number(&plain, UINT64_MAX);
	assert_string_equal(plain.text, "0 4711 18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_a_long_word_ends),
		cmocka_unit_test(test_a_full_line_takes_no_more),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
