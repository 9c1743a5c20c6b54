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
static char short_escape(uint32_t character)
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

static bool must_be_escaped(uint32_t character)
{
	return character < ' ' || (character >= 0x7f && character <= 0x9f) || text_is_deceptive(character);
}

/* Writes one character and moves *text behind it. */
static char *put_character(const char **text, const char *end, char *to)
{
	uint32_t character;
	size_t n = text_utf8(*text, end, &character);

	if (n == 0) {
		memcpy(to, "\xef\xbf\xbd", 3); /* U+FFFD */
		++*text;
		return to + 3;
	}
	if (short_escape(character)) {
		*to++ = '\\';
		*to++ = short_escape(character);
	} else if (must_be_escaped(character)) {
		to = put_hex(character, to);
	} else {
		memcpy(to, *text, n);
		to += n;
	}
	*text += n;
	return to;
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

static void put_value(struct out *out, const struct cell *cell)
{
	char unit[TEXT_UNIT];

	switch (cell->kind) {
	case CELL_NONE:
		out_put(out, "null", 4);
		break;
	case CELL_TEXT:
		out_byte(out, '"');
		out_encoded(out, encode, cell->text, cell->length);
		out_byte(out, '"');
		break;
	case CELL_NUMBER:
		out_put(out, unit, (size_t)(text_of_cell(cell, unit) - unit));
		break;
	case CELL_DURATION:
		out_put(out, unit, (size_t)(text_milliseconds(cell->number, unit) - unit));
		break;
	case CELL_BOOL:
		out_put(out, cell->number ? "true" : "false", cell->number ? 4 : 5);
		break;
	}
}

static void put_object(struct writer *writer, const struct netstat_row *row)
{
	const struct columns *columns = &writer->config.columns;
	struct out *out = &writer->out;
	struct cell cell;

	out_byte(out, '{');
	for (size_t i = 0; i < columns->n; i++) {
		const char *name = columns->columns[i]->name;

		columns->columns[i]->say(row, writer->config.numeric, &cell);
		out_put(out, i ? ",\"" : "\"", i ? 2 : 1);
		out_put(out, name, strlen(name));
		out_put(out, "\":", 2);
		put_value(out, &cell);
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
