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

bool words_decimal(const char *word, size_t n, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)word[i] - '0';
		if (digit > 9 || digit > most || value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (n)
		*out = value;
	return n > 0;
}

int words_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
