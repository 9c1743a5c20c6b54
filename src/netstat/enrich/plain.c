/* A line of plain words: bounded appending, and a filter for what comes from outside. */
#include "enrich/plain.h"

#include <stdio.h>
#include <string.h>

static void add(struct plain *plain, const char *text, size_t n)
{
	if (n >= sizeof(plain->text) - plain->n)
		return;
	memcpy(plain->text + plain->n, text, n);
	plain->n += n;
	plain->text[plain->n] = 0;
}

void plain_add(struct plain *plain, const char *ours)
{
	add(plain, ours, strlen(ours));
}

void plain_number(struct plain *plain, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	add(plain, at, (size_t)(digits + sizeof(digits) - at));
}

/* The character that begins at text, and how many bytes it takes; UINT32_MAX and 1 for a byte that begins none (RFC
 * 3629 section 3: nothing overlong, no surrogates, nothing above U+10FFFF). */
static uint32_t character(const char *text, size_t *n)
{
	const unsigned char *b = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = b[0] < 0x80 ? 1 : b[0] >> 5 == 6 ? 2 : b[0] >> 4 == 14 ? 3 : b[0] >> 3 == 30 ? 4 : 0;
	uint32_t value = length == 1 ? b[0] : b[0] & (0x7fu >> length);

	*n = 1;
	for (size_t i = 1; i < length; i++) {
		if (b[i] >> 6 != 2) /* a NUL is none either */
			return UINT32_MAX;
		value = value << 6 | (b[i] & 0x3f);
	}
	if (!length || value < least[length] || value > 0x10ffff || value >> 11 == 0x1b)
		return UINT32_MAX;
	*n = length;
	return value;
}

/* Not shown: controls, and those of "general punctuation" that have no width, end a line or change the direction of
 * what follows. */
bool plain_shows(const char *text, size_t *n)
{
	uint32_t c = character(text, n);

	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200b && c <= 0x200f) &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff && c != UINT32_MAX;
}

void plain_word(struct plain *plain, const char *foreign)
{
	char word[PLAIN_WORD + 4];
	size_t n = 0, length;

	for (; *foreign; foreign += length) {
		bool shown = plain_shows(foreign, &length);

		if (n + (shown ? length : 1) > PLAIN_WORD) {
			memcpy(word + n, "...", 3);
			n += 3;
			break;
		}
		if (shown)
			memcpy(word + n, foreign, length);
		else
			word[n] = '?';
		n += shown ? length : 1;
	}
	add(plain, word, n);
}
