/* JSON (RFC 8259): an array with an object a line, or an object a line and nothing else. Keys are the names of columns.
 *
 * What is no UTF-8 becomes U+FFFD, so that the output always is. Control characters beyond those that have to be
 * escaped, and those that would deceive who looks at the output on a terminal, are escaped, too: the text stays what it
 * is for who parses it. */
#include "show/format.h"
#include "show/text.h"

enum {
	ESCAPED_MAX = 6, /* bytes that one taken byte becomes at most */
};

static bool stands_as_it_is(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static char *put_hex(uint32_t character, char *to)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex[character >> shift & 15];
	return to;
}

/* The short escapes of RFC 8259 section 7: "\n"; 0: there is none. */
static char short_escape(unsigned char character)
{
	switch (character) {
	case '"':
	case '\\':
		return (char)character;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

/* Writes one character and moves *text behind it. */
static char *put_character(const char **text, const char *end, char *to)
{
	char escape = short_escape((unsigned char)**text);
	uint32_t character;

	if (escape) {
		++*text;
		*to++ = '\\';
		*to++ = escape;
		return to;
	}
	char *after = text_take(text, end, to, &character);
	return after ? after : put_hex(character, to);
}

static size_t encode(const char **text, const char *end, char *to, size_t room)
{
	char *start = to, *last = to + room - ESCAPED_MAX;

	while (*text < end && to <= last) {
		if (stands_as_it_is(**text))
			*to++ = *(*text)++;
		else
			to = put_character(text, end, to);
	}
	return (size_t)(to - start);
}

void json_text(FILE *out, const char *text, size_t n)
{
	const char *end = text + n;
	char piece[OUT_PIECE];

	putc('"', out);
	while (text < end)
		fwrite(piece, 1, encode(&text, end, piece, sizeof(piece)), out);
	putc('"', out);
}

/* ---- the formats ---- */

static void put_text(struct out *out, const char *text, size_t n, bool plain)
{
	out_byte(out, '"');
	if (plain)
		out_put(out, text, n);
	else
		out_encoded(out, encode, text, n);
	out_byte(out, '"');
}

static bool is_number(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return n > 0;
}

/* A text with commas becomes an array. */
static void put_list(struct out *out, const struct column *column, const struct cell *cell)
{
	const char *text = cell->text, *end = text + cell->length;
	char before = '[';

	while (text < end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		size_t n = (size_t)((comma ? comma : end) - text);

		if (column->list == LIST_OF_WORDS || is_number(text, n)) {
			out_byte(out, before);
			before = ',';
			if (column->list == LIST_OF_WORDS)
				put_text(out, text, n, cell->plain);
			else
				out_put(out, text, n);
		}
		text += n + 1;
	}
	if (before == '[')
		out_byte(out, '[');
	out_byte(out, ']');
}

static void put_value(struct out *out, const struct column *column, const struct cell *cell)
{
	char value[TEXT_UNIT];

	if (column->list)
		put_list(out, column, cell);
	else if (cell->kind == CELL_NONE)
		out_put(out, "null", 4);
	else if (cell->kind == CELL_TEXT)
		put_text(out, cell->text, cell->length, cell->plain);
	else
		out_put(out, value, (size_t)(text_for_programs(cell, value) - value));
}

static void put_object(struct writer *writer, const struct netstat_row *row)
{
	const struct columns *columns = &writer->config.columns;
	struct out *out = &writer->out;
	struct cell cell;

	out_byte(out, '{');
	for (size_t i = 0; i < columns->n; i++) {
		const struct column *column = columns->columns[i];

		column->say(row, writer->config.numeric, &cell);
		if (i)
			out_byte(out, ',');
		put_text(out, column->name, strlen(column->name), true);
		out_byte(out, ':');
		put_value(out, column, &cell);
	}
	out_byte(out, '}');
}

static int begin(struct writer *writer)
{
	return 0;
}

static void json_row(struct writer *writer, const struct netstat_row *row)
{
	out_put(&writer->out, writer->n_rows ? ",\n " : "[\n ", 3);
	put_object(writer, row);
}

static void json_end(struct writer *writer)
{
	out_put(&writer->out, writer->n_rows ? "\n]\n" : "[]\n", 3);
}

static void jsonl_row(struct writer *writer, const struct netstat_row *row)
{
	put_object(writer, row);
	out_byte(&writer->out, '\n');
}

static void jsonl_end(struct writer *writer)
{
}

const struct format format_json = {begin, json_row, json_end};
const struct format format_jsonl = {begin, jsonl_row, jsonl_end};
