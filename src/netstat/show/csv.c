/* Comma-separated values (RFC 4180), with the names of columns as its header line and CRLF behind each line.
 *
 * Section 2 of it has no room for control characters, so that they become '?', as in a table: one line is one row. What
 * is no UTF-8 becomes U+FFFD. A cell that says nothing is empty. */
#include "show/format.h"
#include "show/text.h"

enum {
	ENCODED_MAX = 4, /* bytes that one character becomes at most */
};

/* Takes one character, which is not a plain one. */
static char *put_character(const char **text, const char *end, char *to)
{
	uint32_t character;
	char *after = text_take(text, end, to, &character);

	if (after)
		return after;
	*to = '?';
	return to + 1;
}

static size_t encode(const char **text, const char *end, char *to, size_t room)
{
	char *start = to, *last = to + room - ENCODED_MAX;

	while (*text < end && to <= last) {
		if (**text == '"') {
			*to++ = '"';
			*to++ = *(*text)++;
		} else if (**text >= ' ' && **text <= '~') {
			*to++ = *(*text)++;
		} else {
			to = put_character(text, end, to);
		}
	}
	return (size_t)(to - start);
}

static bool needs_quotes(const char *text, size_t n)
{
	return memchr(text, ',', n) || memchr(text, '"', n) || (n && (text[0] == ' ' || text[n - 1] == ' '));
}

void csv_text(FILE *out, const char *text, size_t n)
{
	bool quotes = needs_quotes(text, n);
	const char *end = text + n;
	char piece[OUT_PIECE];

	if (quotes)
		putc('"', out);
	while (text < end)
		fwrite(piece, 1, encode(&text, end, piece, sizeof(piece)), out);
	if (quotes)
		putc('"', out);
}

static void put_text(struct out *out, const struct cell *cell)
{
	bool quotes = needs_quotes(cell->text, cell->length);

	if (quotes)
		out_byte(out, '"');
	out_encoded(out, encode, cell->text, cell->length);
	if (quotes)
		out_byte(out, '"');
}

static void put_value(struct out *out, const struct cell *cell)
{
	char value[TEXT_UNIT];

	if (cell->kind == CELL_TEXT)
		put_text(out, cell);
	else
		out_put(out, value, (size_t)(text_for_programs(cell, value) - value));
}

static int csv_begin(struct writer *writer)
{
	const struct columns *columns = &writer->config.columns;

	for (size_t i = 0; writer->config.headings && i < columns->n; i++) {
		const char *name = columns->columns[i]->name;
		out_put(&writer->out, name, strlen(name));
		out_put(&writer->out, i + 1 < columns->n ? "," : "\r\n", i + 1 < columns->n ? 1 : 2);
	}
	return 0;
}

static void csv_row(struct writer *writer, const struct netstat_row *row)
{
	const struct columns *columns = &writer->config.columns;
	struct cell cell;

	for (size_t i = 0; i < columns->n; i++) {
		columns->columns[i]->say(row, writer->config.numeric, &cell);
		if (i)
			out_byte(&writer->out, ',');
		put_value(&writer->out, &cell);
	}
	out_put(&writer->out, "\r\n", 2);
}

static void csv_end(struct writer *writer)
{
}

const struct format format_csv = {csv_begin, csv_row, csv_end};
