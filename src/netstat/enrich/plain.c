/* A line of plain words: bounded appending, and a filter for what comes from outside. */
#include "enrich/plain.h"

#include "address_text.h"
#include "show/text.h"

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
	char digits[20];

	add(plain, digits, (size_t)(address_text_number(number, digits) - digits));
}

bool plain_shows(const char *text, const char *end, size_t *n)
{
	uint32_t c;

	*n = text_utf8(text, end, &c);
	if (*n)
		return !text_is_harmful(c);
	*n = 1;
	return false;
}

void plain_word(struct plain *plain, const char *foreign)
{
	char word[PLAIN_WORD + 4];
	const char *end = foreign + strlen(foreign);
	size_t n = 0, length;

	for (; foreign < end; foreign += length) {
		bool shown = plain_shows(foreign, end, &length);

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
