/* Texts made fit to be shown, and how wide they are.
 *
 * Nearly all texts are plain ASCII, which is found out eight bytes at a time; the others go through the C library
 * character by character, as only it knows the locale. */
#include "show/text.h"
#include "address_text.h"

#include <limits.h>
#include <string.h>
#include <wchar.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* A byte of the word is below ' ', is DEL or has its high bit. Carries between bytes can only come from bytes that are
 * such themselves, so that the answer is right for the whole word. */
static bool word_is_plain(uint64_t word)
{
	uint64_t low = word - EACH_BYTE(' '), del = (word ^ EACH_BYTE(0x7f)) - EACH_BYTE(1);

	return ((word | low | del) & EACH_BYTE(0x80)) == 0;
}

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

bool text_is_plain(const char *text, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		if (!word_is_plain(word))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_plain(text[i]))
			return false;
	return true;
}

bool text_is_deceptive(uint32_t character)
{
	return (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0x061c || character == 0xfeff;
}

bool text_is_harmful(uint32_t character)
{
	return character < ' ' || (character >= 0x7f && character <= 0x9f) || text_is_deceptive(character);
}

/* The locale's character at p: how many bytes it has, and its width in cells. One that must not be shown, and a byte
 * that belongs to none, has the width -1. */
static size_t character_at(const char *p, const char *end, int *width)
{
	mbstate_t state = {0};
	wchar_t character;

	*width = 1;
	if (is_plain(*p))
		return 1;
	size_t n = mbrtowc(&character, p, (size_t)(end - p), &state);
	bool is_none = n == 0 || n > MB_LEN_MAX;
	*width = is_none || text_is_deceptive((uint32_t)character) ? -1 : wcwidth(character);
	return is_none ? 1 : n;
}

size_t text_clean(const char **text, const char *end, char *to, size_t room, size_t *width)
{
	char *start = to, *last = to + room - MB_LEN_MAX;
	const char *p = *text;

	while (p < end && to <= last) {
		int cells;
		size_t n = character_at(p, end, &cells);

		if (cells >= 0) {
			memcpy(to, p, n);
			to += n;
			*width += (size_t)cells;
		} else {
			*to++ = '?';
			++*width;
		}
		p += n;
	}
	*text = p;
	return (size_t)(to - start);
}

/* Walks a clean text for as long as it takes no more than `max` cells. */
static size_t walk(const char *text, size_t n, size_t max, size_t *width)
{
	const char *p = text, *end = text + n;

	*width = 0;
	while (p < end) {
		int cells;
		size_t length = character_at(p, end, &cells), more = cells > 0 ? (size_t)cells : 0;

		if (*width + more > max)
			break;
		*width += more;
		p += length;
	}
	return (size_t)(p - text);
}

size_t text_width(const char *text, size_t n)
{
	size_t width;

	walk(text, n, SIZE_MAX / 2, &width);
	return width;
}

size_t text_cut(const char *text, size_t n, size_t width)
{
	size_t taken;

	return walk(text, n, width, &taken);
}

/* ---- UTF-8 ---- */

/* How many bytes a character has by its first one, and the least number that takes so many; 0: no first byte. */
static size_t utf8_length(uint8_t first, uint32_t *least)
{
	if (first < 0x80) {
		*least = 0;
		return 1;
	}
	if (first >> 5 == 6) {
		*least = 0x80;
		return 2;
	}
	if (first >> 4 == 14) {
		*least = 0x800;
		return 3;
	}
	*least = 0x10000;
	return first >> 3 == 30 ? 4 : 0;
}

size_t text_utf8(const char *p, const char *end, uint32_t *character)
{
	uint32_t least, number;
	size_t n = utf8_length((uint8_t)*p, &least);

	if (n == 0 || n > (size_t)(end - p))
		return 0;
	number = n == 1 ? (uint8_t)*p : (uint8_t)*p & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)p[i] & 0xc0) != 0x80)
			return 0;
		number = number << 6 | ((uint8_t)p[i] & 0x3f);
	}
	if (number < least || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
		return 0;
	*character = number;
	return n;
}

char *text_take(const char **text, const char *end, char *to, uint32_t *character)
{
	const char *from = *text;
	size_t n = text_utf8(from, end, character);

	*text += n ? n : 1;
	if (n == 0) {
		memcpy(to, "\xef\xbf\xbd", 3); /* U+FFFD */
		return to + 3;
	}
	if (text_is_harmful(*character))
		return NULL;
	memcpy(to, from, n);
	return to + n;
}

/* ---- units ---- */

static char *put_two(uint64_t number, char *to)
{
	*to++ = (char)('0' + number / 10);
	*to++ = (char)('0' + number % 10);
	return to;
}

static char *put_text(const char *text, char *to)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return to + n;
}

/* Tenths, with one decimal as long as there are not more than two digits before it. */
static char *put_tenths(uint64_t tenths, const char *unit, char *to)
{
	to = address_text_number(tenths / 10, to);
	if (tenths < 1000) {
		*to++ = '.';
		*to++ = (char)('0' + tenths % 10);
	}
	return put_text(unit, to);
}

/* "12m05s": so many of the large unit, and what is left over in the small one. */
static char *put_pair(uint64_t number, uint64_t ratio, const char *units, char *to)
{
	to = address_text_number(number / ratio, to);
	*to++ = units[0];
	to = put_two(number % ratio, to);
	*to++ = units[1];
	return to;
}

char *text_duration(uint64_t ns, char *to)
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000)
		return put_text("ns", address_text_number(ns, to));
	if (ns < 1000000)
		return put_text("us", address_text_number(ns / 1000, to));
	if (s == 0)
		return put_tenths(ns / 100000, "ms", to);
	if (s < 60)
		return put_tenths(ns / 100000000, "s", to);
	if (s < 3600)
		return put_pair(s, 60, "ms", to);
	if (s < 86400)
		return put_pair(s / 60, 60, "hm", to);
	return put_pair(s / 3600, 24, "dh", to);
}

char *text_milliseconds(uint64_t ns, char *to)
{
	uint64_t fraction = ns % 1000000;

	to = address_text_number(ns / 1000000, to);
	if (fraction == 0)
		return to;
	*to++ = '.';
	for (uint64_t unit = 100000; fraction; unit /= 10) {
		*to++ = (char)('0' + fraction / unit);
		fraction %= unit;
	}
	return to;
}

char *text_of_cell(const struct cell *cell, char *to)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return address_text_number(cell->number, to);
	case CELL_DURATION:
		return text_duration(cell->number, to);
	case CELL_BOOL:
		return put_text(cell->number ? "yes" : "no", to);
	case CELL_NONE:
	case CELL_TEXT:
		break;
	}
	return put_text("-", to);
}

char *text_for_programs(const struct cell *cell, char *to)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return address_text_number(cell->number, to);
	case CELL_DURATION:
		return text_milliseconds(cell->number, to);
	case CELL_BOOL:
		return put_text(cell->number ? "true" : "false", to);
	case CELL_NONE:
	case CELL_TEXT:
		break;
	}
	return to;
}
