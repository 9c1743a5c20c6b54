/* Words: each is taken as a whole or not at all. */
#include "words.h"

#include <string.h>

size_t words_next(const char **at, const char **word)
{
	*at += strspn(*at, " \t\n");
	*word = *at;
	size_t n = strcspn(*at, " \t\n");
	*at += n;
	return n;
}

bool words_is(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(word, text, n) == 0;
}

size_t words_digits(const char *text, size_t n, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
		unsigned digit = (unsigned)text[i] - '0';
		if (digit > most || value > (most - digit) / 10)
			return 0;
		value = value * 10 + digit;
	}
	if (i)
		*out = value;
	return i;
}

bool words_decimal(const char *word, size_t n, uint64_t most, uint64_t *out)
{
	uint64_t value;

	if (!n || words_digits(word, n, most, &value) != n)
		return false;
	*out = value;
	return true;
}

int words_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
