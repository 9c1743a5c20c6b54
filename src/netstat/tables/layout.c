/* Tables for people are libsmartcols's, one a section; JSON is written as the lines come. */
#include "layout.h"

#include "show/text.h"
#include "show/writer.h"

#include <berth/error.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

void layout_init(struct layout *layout, const struct layout_key *keys, size_t n_keys, bool json, FILE *out)
{
	*layout = (struct layout){.keys = keys, .n_keys = n_keys, .json = json, .out = out};
	if (json)
		fputc('[', out);
}

/* ---- people ---- */

static int section_print(struct layout *layout)
{
	int r = 0;

	if (layout->table) {
		fprintf(layout->out, "%s%s\n", layout->any ? "\n" : "", layout->title);
		layout->any = true;
		r = scols_print_table(layout->table) == 0 ? 0 : BERTH_ENOMEM;
	}
	scols_unref_table(layout->table);
	layout->table = NULL;
	return r;
}

int layout_section(struct layout *layout, const char *title, const struct layout_column *columns, size_t n_columns,
		   unsigned shows)
{
	int r = section_print(layout);
	size_t width = 0;

	layout->title[text_clean(&title, title + strlen(title), layout->title, sizeof(layout->title) - 1, &width)] = 0;
	layout->columns = columns;
	layout->n_columns = n_columns;
	layout->shows = shows;
	return r;
}

static bool is_shown(const struct layout *layout, const struct layout_column *column)
{
	return column->when == 0 || (column->when & layout->shows);
}

static struct libscols_table *table_new(const struct layout *layout)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	/* A table wider than the terminal is still whole: nothing in it may be cut. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_set_stream(table, layout->out);
	bool headings = false;
	for (size_t i = 0; i < layout->n_columns; i++) {
		const struct layout_column *column = &layout->columns[i];
		if (!is_shown(layout, column))
			continue;
		const char *heading = column->heading ? column->heading : "";
		/* libsmartcols takes the larger of a width and of the heading's only so: a width that is to be kept
		 * stands in place of the heading's. */
		int flags = (column->right ? SCOLS_FL_RIGHT : 0) |
			    (column->width > strlen(heading) ? SCOLS_FL_STRICTWIDTH : 0);
		headings |= column->heading != NULL;
		if (!scols_table_new_column(table, heading, column->width, flags)) {
			scols_unref_table(table);
			return NULL;
		}
	}
	scols_table_enable_noheadings(table, !headings);
	return table;
}

/* What somebody else has chosen does no harm to a terminal. */
static int set_cell(struct libscols_line *line, size_t at, const char *text)
{
	size_t n = strlen(text), width = 0;
	const char *end = text + n;

	if (text_is_plain(text, n))
		return scols_line_set_data(line, at, text) == 0 ? 0 : BERTH_ENOMEM;
	char *clean = malloc(n + 16 + 1);
	if (!clean)
		return BERTH_ENOMEM;
	clean[text_clean(&text, end, clean, n + 16, &width)] = 0;
	int r = scols_line_refer_data(line, at, clean) == 0 ? 0 : BERTH_ENOMEM;
	if (r < 0)
		free(clean);
	return r;
}

static int people_line(struct layout *layout, const char *const *cells)
{
	if (!layout->table && !(layout->table = table_new(layout)))
		return BERTH_ENOMEM;
	struct libscols_line *line = scols_table_new_line(layout->table, NULL);
	size_t at = 0;
	for (size_t i = 0; line && i < layout->n_columns; i++) {
		const char *text = cells[layout->columns[i].cell];
		if (!is_shown(layout, &layout->columns[i]))
			continue;
		if (text && set_cell(line, at, text) < 0)
			return BERTH_ENOMEM;
		at++;
	}
	return line ? 0 : BERTH_ENOMEM;
}

/* ---- machines ---- */

static void json_words(FILE *out, const char *text)
{
	const char *comma = "";

	fputc('[', out);
	while (*text) {
		size_t n = strcspn(text, " ");
		fputs(comma, out);
		json_text(out, text, n);
		comma = ",";
		text += n + (text[n] == ' ');
	}
	fputc(']', out);
}

static void json_cell(FILE *out, enum layout_kind kind, const char *text)
{
	if (!text)
		fputs("null", out);
	else if (kind == LAYOUT_TEXT)
		json_text(out, text, strlen(text));
	else if (kind == LAYOUT_TEXTS)
		json_words(out, text);
	else
		fputs(text, out);
}

static void json_line(const struct layout *layout, const char *const *cells)
{
	const char *comma = "";

	fputs(layout->n_lines ? ",\n{" : "\n{", layout->out);
	for (size_t i = 0; i < layout->n_keys; i++) {
		if (!layout->keys[i].key)
			continue;
		fprintf(layout->out, "%s\"%s\":", comma, layout->keys[i].key);
		json_cell(layout->out, layout->keys[i].kind, cells[i]);
		comma = ",";
	}
	fputc('}', layout->out);
}

int layout_line(struct layout *layout, const char *const *cells)
{
	int r = 0;

	if (layout->json)
		json_line(layout, cells);
	else
		r = people_line(layout, cells);
	layout->n_lines += r == 0;
	return r;
}

long layout_end(struct layout *layout, int error)
{
	int r = section_print(layout);

	if (layout->json)
		fputs(layout->n_lines ? "\n]\n" : "]\n", layout->out);
	if (error < 0 || r < 0)
		return error < 0 ? error : r;
	return layout->n_lines;
}

const char *layout_number(uint64_t value, char out[24])
{
	snprintf(out, 24, "%" PRIu64, value);
	return out;
}
