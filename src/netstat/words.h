/* The kernel's texts, as parsers of /proc and of netlink's names take them apart: words between blanks, numbers that
 * are the whole of a word, and texts that somebody else has chosen. */
#ifndef NETSTAT_WORDS_H
#define NETSTAT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next word of the NUL-terminated text *at, and its length, or 0. *at is behind it then. */
size_t words_next(const char **at, const char **word);

/* word[n] is this text. */
bool words_is(const char *word, size_t n, const char *text);

/* How many decimal digits text[n] begins with, and their number, which is `most` at most. 0: it begins with none, or
 * the number is greater. */
size_t words_digits(const char *text, size_t n, uint64_t most, uint64_t *out);

/* The whole of word[n] is such a number. */
bool words_decimal(const char *word, size_t n, uint64_t most, uint64_t *out);

/* The value of a hexadecimal digit, or -1. */
int words_hex_digit(char c);

/* The byte as it may be shown: '?' in place of a control character of ASCII. */
static inline char words_printable(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

#endif
