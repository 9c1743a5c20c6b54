/* Columns: finding them by name, lists of them, and the order of rows by one. The columns themselves stand in
 * column/table.c, and what they say beside it. */
#include "column.h"
#include "column/table.h"

#include <berth/error.h>
#include <ctype.h>
#include <string.h>

size_t column_count(void)
{
	return columns_known.n;
}

const struct column *column_get(size_t i)
{
	return i < columns_known.n ? &columns_known.columns[i] : NULL;
}

/* ---- names ---- */

/* Case does not matter, and '-' is '_'. */
static char folded(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool is_name(const char *name, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!name[i] || name[i] != folded(text[i]))
			return false;
	return name[n] == 0;
}

static const struct column *find(const struct column_list *list, const char *text, size_t n)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_name(list->columns[i].name, text, n))
			return &list->columns[i];
	return NULL;
}

const struct column *column_by_name(const char *name)
{
	return find(&columns_known, name, strlen(name));
}

/* ---- lists ---- */

static void add(struct columns *columns, const struct column *column)
{
	for (size_t i = 0; i < columns->n; i++)
		if (columns->columns[i] == column)
			return;
	if (columns->n < COLUMNS_MAX)
		columns->columns[columns->n++] = column;
}

void columns_add(struct columns *columns, const char *name)
{
	const struct column *column = column_by_name(name);

	if (column)
		add(columns, column);
}

static bool has_part(const struct column *column, const char *name)
{
	for (const char *const *part = column->parts; part && *part; part++)
		if (!strcmp(*part, name))
			return true;
	return false;
}

static bool is_part(const struct column *column)
{
	for (size_t i = 0; i < columns_known.n; i++)
		if (&columns_known.columns[i] != column && has_part(&columns_known.columns[i], column->name))
			return true;
	return false;
}

static void add_all(struct columns *columns)
{
	for (size_t i = 0; i < columns_known.n; i++)
		if (!is_part(&columns_known.columns[i]))
			add(columns, &columns_known.columns[i]);
}

static bool parse_name(struct columns *columns, const char *text, size_t n)
{
	const struct column *column = find(&columns_known, text, n);

	if (column)
		add(columns, column);
	else if (is_name("all", text, n))
		add_all(columns);
	else
		return false;
	return true;
}

/* Blanks around a name do not count. */
static size_t trimmed(const char *text, size_t *at, size_t n)
{
	while (n && text[*at] == ' ') {
		++*at;
		n--;
	}
	while (n && text[*at + n - 1] == ' ')
		n--;
	return n;
}

int columns_parse(const char *text, struct columns *out, size_t *at, size_t *length)
{
	struct columns columns = {.n = 0};
	size_t i = 0;

	if (*text == '+') {
		columns = *out;
		i++;
	}
	for (;;) {
		size_t start = i, n_to_comma = strcspn(text + i, ","), n = trimmed(text, &start, n_to_comma);

		if (!parse_name(&columns, text + start, n)) {
			*at = start;
			*length = n;
			return BERTH_EINVAL;
		}
		i += n_to_comma;
		if (!text[i++])
			break;
	}
	*out = columns;
	return 0;
}

uint32_t columns_needs(const struct columns *columns)
{
	uint32_t needs = 0;

	for (size_t i = 0; i < columns->n; i++)
		needs |= columns->columns[i]->needs;
	return needs;
}

uint32_t columns_needs_numeric(const struct columns *columns)
{
	uint32_t needs = 0;

	for (size_t i = 0; i < columns->n; i++)
		needs |= columns->columns[i]->needs & ~columns->columns[i]->names;
	return needs;
}

/* What a part stands for: a column that only machines get, which may have the name of one that people get, too. */
static const struct column *part_by_name(const char *name)
{
	const struct column *column = find(&columns_of_machines, name, strlen(name));

	return column ? column : column_by_name(name);
}

void columns_take_apart(const struct columns *columns, struct columns *out)
{
	struct columns apart = {.n = 0};

	for (size_t i = 0; i < columns->n; i++) {
		const char *const *part = columns->columns[i]->parts;

		if (!part)
			add(&apart, columns->columns[i]);
		for (; part && *part; part++)
			add(&apart, part_by_name(*part));
	}
	*out = apart;
}

void columns_default(struct columns *out, bool unix_sockets)
{
	static const char *const ip[] = {"proto", "recv_q", "send_q", "local", "foreign", "state", NULL};
	static const char *const local[] = {"proto", "recv_q", "send_q", "type", "state",
					    "inode", "peer",   "path",   NULL};

	*out = (struct columns){.n = 0};
	for (const char *const *name = unix_sockets ? local : ip; *name; name++)
		columns_add(out, *name);
}

/* ---- order ---- */

static int compare_texts(const struct cell *a, const struct cell *b)
{
	size_t n = a->length < b->length ? a->length : b->length;
	int order = n ? memcmp(a->text, b->text, n) : 0;

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

int column_compare(const struct column *column, const struct netstat_row *a, const struct netstat_row *b)
{
	struct cell x, y;

	if (column->compare)
		return column->compare(a, b);
	column->say(a, false, &x);
	column->say(b, false, &y);
	if (x.kind == CELL_NONE || y.kind == CELL_NONE)
		return (x.kind == CELL_NONE) - (y.kind == CELL_NONE);
	return column->kind == CELL_TEXT ? compare_texts(&x, &y) : (x.number > y.number) - (x.number < y.number);
}
