/* Tables for people.
 *
 * A line is written from left to right: each column has its place, and a cell that is too wide pushes what follows
 * until a gap makes up for it. Blanks are only written before a cell, so that no line ends with one. Nothing is cut
 * short.
 *
 * The first rows are held back, as shown texts in a bounded buffer, so that columns can be as wide as what stands in
 * them; when the buffer or the number of rows is full, they go out and everything after them streams. When somebody
 * watches rows come one by one, nothing is held back, and columns widen as they go.
 *
 * libsmartcols, which the other tables of berth use, needs all rows before it can write the first: 400,000
 * of them take it 2.0 s and 210 MB, and this file 0.04 s and no more memory than a few rows. */
#include "show/format.h"
#include "show/text.h"

#include <berth/error.h>
#include <limits.h>
#include <stdlib.h>

enum {
	HOLD_ROWS = 200,
	HOLD_BYTES = 32 * 1024,
	WIDTH_MAX = 64, /* columns grow so far, and what is wider pushes: one long command is not everybody's */
	SCRATCH = 512,
};

/* A cell that waits. */
struct held_cell {
	uint32_t n, width; /* bytes and display cells */
};

struct table_hold {
	size_t n_rows, n_bytes;
	struct held_cell *cells; /* n_columns of each row */
	char bytes[HOLD_BYTES];
};

/* What is shown of a cell. */
struct shown {
	const char *text;
	size_t n, width; /* bytes and display cells */
	bool raw;        /* not cleaned yet, because it is long; the width is not known */
};

/* ---- cells ---- */

/* Cuts an address short and leaves its port; what has no port is cut at its end. */
static void trim(struct shown *shown, size_t width, char *scratch)
{
	const char *colon = memrchr(shown->text, ':', shown->n);
	size_t n_port = colon ? (size_t)(shown->text + shown->n - colon) : 0;

	if (shown->n > SCRATCH || !colon || n_port >= width) {
		shown->n = text_cut(shown->text, shown->n, width);
	} else {
		size_t n = text_cut(shown->text, (size_t)(colon - shown->text), width - n_port);
		memmove(scratch, shown->text, n);
		memmove(scratch + n, colon, n_port);
		shown->text = scratch;
		shown->n = n + n_port;
	}
	shown->width = text_width(shown->text, shown->n);
}

static struct shown show_dirty(const struct cell *cell, char *scratch)
{
	const char *text = cell->text;
	struct shown shown = {.text = scratch};

	if (cell->length > SCRATCH)
		return (struct shown){.text = cell->text, .n = cell->length, .raw = true};
	shown.n = text_clean(&text, text + cell->length, scratch, SCRATCH + MB_LEN_MAX, &shown.width);
	return shown;
}

/* The text is borrowed from the cell, or stands in scratch[SCRATCH + MB_LEN_MAX]. */
static struct shown show(const struct writer *writer, const struct column *column, const struct cell *cell,
			 char *scratch)
{
	struct shown shown = {.text = cell->text, .n = cell->length, .width = cell->length};

	if (cell->kind != CELL_TEXT) {
		shown.text = scratch;
		shown.width = shown.n = (size_t)(text_of_cell(cell, scratch) - scratch);
	} else if (!cell->plain && !text_is_plain(cell->text, cell->length)) {
		shown = show_dirty(cell, scratch);
	}
	if (writer->config.trim && column->trims && shown.width > column->width)
		trim(&shown, column->width, scratch);
	return shown;
}

/* ---- lines ---- */

static void set_places(struct writer *writer)
{
	size_t at = 0;

	for (size_t i = 0; i < writer->config.columns.n; i++) {
		writer->places[i] =
			(struct table_place){at, at + writer->widths[i], writer->config.columns.columns[i]->right};
		at += writer->widths[i] + 1;
	}
}

static void put_raw(struct writer *writer, struct shown *shown)
{
	const char *text = shown->text, *end = text + shown->n;

	while (text < end) {
		char *to = out_room(&writer->out, OUT_PIECE);
		writer->out.n += text_clean(&text, end, to, OUT_SIZE - writer->out.n, &shown->width);
	}
}

/* Goes on from `at` to where a cell of this width begins, and returns that. */
static inline size_t put_gap(struct writer *writer, size_t i, size_t width, size_t at)
{
	const struct table_place *place = &writer->places[i];
	size_t from = place->start;

	if (place->right && place->end - from > width)
		from = place->end - width;
	if (from <= at && i > 0)
		from = at + 1;
	if (from > at)
		out_spaces(&writer->out, from - at);
	return from;
}

/* Puts a cell at its place on a line that has got as far as `at`. Returns how far it is now. */
static inline size_t put_plain(struct writer *writer, size_t i, const char *text, size_t n, size_t at)
{
	if (n == 0)
		return at;
	at = put_gap(writer, i, n, at);
	out_put(&writer->out, text, n);
	return at + n;
}

static size_t put_shown(struct writer *writer, size_t i, struct shown *shown, size_t at)
{
	if (shown->n == 0)
		return at;
	at = put_gap(writer, i, shown->width, at);
	if (shown->raw)
		put_raw(writer, shown);
	else
		out_put(&writer->out, shown->text, shown->n);
	return at + shown->width;
}

static void put_headings(struct writer *writer)
{
	const struct columns *columns = &writer->config.columns;
	size_t at = 0;

	for (size_t i = 0; i < columns->n; i++) {
		const char *heading = columns->columns[i]->heading;
		at = put_plain(writer, i, heading, strlen(heading), at);
	}
	out_byte(&writer->out, '\n');
}

/* Somebody watches: what comes after a wide cell stands in a line with it. */
static void grow(struct writer *writer, size_t i, size_t width)
{
	if (width <= writer->widths[i])
		return;
	writer->widths[i] = width < WIDTH_MAX ? width : WIDTH_MAX;
	set_places(writer);
}

static void put_row(struct writer *writer, const struct netstat_row *row)
{
	const struct columns *columns = &writer->config.columns;
	bool numeric = writer->config.numeric, simple = !writer->config.trim && !writer->config.flush;
	char scratch[SCRATCH + MB_LEN_MAX];
	struct cell cell;
	size_t at = 0;

	for (size_t i = 0; i < columns->n; i++) {
		columns->columns[i]->say(row, numeric, &cell);
		/* What nearly every cell of a long listing is, without a detour through a struct. */
		if (cell.kind == CELL_TEXT && simple && (cell.plain || text_is_plain(cell.text, cell.length))) {
			at = put_plain(writer, i, cell.text, cell.length, at);
		} else if (cell.kind == CELL_NUMBER && simple) {
			at = put_plain(writer, i, scratch, (size_t)(text_of_cell(&cell, scratch) - scratch), at);
		} else {
			struct shown shown = show(writer, columns->columns[i], &cell, scratch);
			at = put_shown(writer, i, &shown, at);
			if (writer->config.flush)
				grow(writer, i, shown.width);
		}
	}
	out_byte(&writer->out, '\n');
}

/* ---- the rows that wait ---- */

static int hold_new(struct writer *writer)
{
	struct table_hold *hold = malloc(sizeof(*hold));

	if (!hold)
		return BERTH_ENOMEM;
	hold->n_rows = hold->n_bytes = 0;
	hold->cells = calloc(HOLD_ROWS * writer->config.columns.n + 1, sizeof(*hold->cells));
	if (!hold->cells) {
		free(hold);
		return BERTH_ENOMEM;
	}
	writer->hold = hold;
	return 0;
}

/* false: there is no room for it. */
static bool hold_row(struct writer *writer, const struct netstat_row *row)
{
	const struct columns *columns = &writer->config.columns;
	struct table_hold *hold = writer->hold;
	struct held_cell *cells = hold->cells + hold->n_rows * columns->n;
	size_t n_bytes = hold->n_bytes;
	char scratch[SCRATCH + MB_LEN_MAX];
	struct cell cell;

	if (hold->n_rows == HOLD_ROWS)
		return false;
	for (size_t i = 0; i < columns->n; i++) {
		columns->columns[i]->say(row, writer->config.numeric, &cell);
		struct shown shown = show(writer, columns->columns[i], &cell, scratch);
		if (shown.raw || shown.n > HOLD_BYTES - n_bytes)
			return false;
		memcpy(hold->bytes + n_bytes, shown.text, shown.n);
		n_bytes += shown.n;
		cells[i] = (struct held_cell){(uint32_t)shown.n, (uint32_t)shown.width};
	}
	hold->n_bytes = n_bytes;
	hold->n_rows++;
	return true;
}

/* Columns grow to what stands in them. */
static void widen(struct writer *writer)
{
	const struct table_hold *hold = writer->hold;
	size_t n_columns = writer->config.columns.n;

	for (size_t i = 0; i < hold->n_rows * n_columns; i++) {
		size_t width = hold->cells[i].width < WIDTH_MAX ? hold->cells[i].width : WIDTH_MAX;
		if (width > writer->widths[i % n_columns])
			writer->widths[i % n_columns] = width;
	}
}

/* Everything that waits goes out, and from now on nothing does. */
static void release(struct writer *writer)
{
	struct table_hold *hold = writer->hold;
	const struct held_cell *cell = hold->cells;
	const char *text = hold->bytes;

	widen(writer);
	set_places(writer);
	if (writer->config.headings)
		put_headings(writer);
	for (size_t row = 0; row < hold->n_rows; row++) {
		size_t at = 0;
		for (size_t i = 0; i < writer->config.columns.n; i++, text += cell->n, cell++) {
			struct shown shown = {.text = text, .n = cell->n, .width = cell->width};
			at = put_shown(writer, i, &shown, at);
		}
		out_byte(&writer->out, '\n');
	}
	free(hold->cells);
	free(hold);
	writer->hold = NULL;
}

/* ---- the format ---- */

static int table_begin(struct writer *writer)
{
	for (size_t i = 0; i < writer->config.columns.n; i++) {
		const struct column *column = writer->config.columns.columns[i];
		size_t heading = writer->config.headings ? strlen(column->heading) : 0;
		writer->widths[i] = heading > column->width ? heading : column->width;
	}
	if (!writer->config.flush)
		return hold_new(writer);
	set_places(writer);
	if (writer->config.headings)
		put_headings(writer);
	return 0;
}

static void table_row(struct writer *writer, const struct netstat_row *row)
{
	if (writer->hold) {
		if (hold_row(writer, row))
			return;
		release(writer);
	}
	put_row(writer, row);
}

static void table_end(struct writer *writer)
{
	if (writer->hold)
		release(writer);
}

const struct format format_table = {table_begin, table_row, table_end};
