/* The order of rows.
 *
 * What the columns say of each row is asked once, before anything is compared: a comparison is then one of numbers or
 * of texts. Equal rows are told apart by where they stood, so that the order is stable whatever way it is made. When
 * only the first few are wanted, they are held in a heap with the last of them on top, which each further row is
 * compared with: most are gone after that. */
#include "ask/order.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 64 };

/* ---- what is asked for ---- */

/* Blanks around a name do not count. */
static void trim(const char *text, size_t *at, size_t *length)
{
	while (*length > 0 && text[*at] == ' ') {
		++*at;
		--*length;
	}
	while (*length > 0 && text[*at + *length - 1] == ' ')
		--*length;
}

/* One name, with or without its sign. */
static bool parse_key(const char *text, size_t length, struct order *order)
{
	bool descending = length > 0 && *text == '-';
	bool sign = descending || (length > 0 && *text == '+');
	char name[NAME_ROOM];
	const struct column *column;

	if (sign) {
		text++;
		length--;
	}
	if (length >= sizeof(name) || order->n == ORDER_KEYS_MAX)
		return false;
	memcpy(name, text, length);
	name[length] = 0;
	column = column_by_name(name);
	if (!column)
		return false;
	order->keys[order->n] = column;
	order->descending[order->n++] = descending;
	return true;
}

int order_parse(const char *text, struct order *out, size_t *at, size_t *length)
{
	struct order order = {.n = 0};
	size_t i = 0;

	do {
		size_t start = i, n = strcspn(text + i, ","), n_name = n;

		trim(text, &start, &n_name);
		if (!parse_key(text + start, n_name, &order)) {
			*at = start;
			*length = n_name;
			return BERTH_EINVAL;
		}
		i += n;
	} while (text[i++]);
	*out = order;
	return 0;
}

uint32_t order_needs(const struct order *order)
{
	uint32_t needs = 0;

	for (size_t i = 0; i < order->n; i++)
		needs |= order->keys[i]->needs;
	return needs;
}

/* ---- keys ---- */

/* What a column says of a row. */
struct key {
	const char *text;
	uint64_t number; /* of a text, its length */
	bool none;
};

struct sorting {
	const struct order *order;
	struct netstat_row **rows;
	struct key *keys; /* order->n a row */
	struct keep keep; /* texts that stood in a cell */
};

static int key_make(struct sorting *sorting, const struct column *column, const struct netstat_row *row,
		    struct key *key)
{
	struct cell cell;

	*key = (struct key){0};
	if (column->compare)
		return 0;
	column->say(row, false, &cell);
	key->none = cell.kind == CELL_NONE;
	key->number = cell.number;
	if (key->none || column->kind != CELL_TEXT)
		return 0;
	key->number = cell.length;
	key->text = cell.text;
	if (cell.text >= cell.buffer && cell.text < cell.buffer + sizeof(cell.buffer))
		key->text = keep_text(&sorting->keep, cell.text, cell.length);
	return key->text ? 0 : BERTH_ENOMEM;
}

static int keys_make(struct sorting *sorting, size_t n)
{
	const struct order *order = sorting->order;

	sorting->keys = reallocarray(NULL, n, order->n * sizeof(struct key));
	if (!sorting->keys)
		return BERTH_ENOMEM;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < order->n; j++) {
			struct key *key = &sorting->keys[i * order->n + j];
			if (key_make(sorting, order->keys[j], sorting->rows[i], key) < 0)
				return BERTH_ENOMEM;
		}
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_texts(const struct key *a, const struct key *b)
{
	size_t n = a->number < b->number ? a->number : b->number;
	int order = n ? memcmp(a->text, b->text, n) : 0;

	return order ? order : compare_numbers(a->number, b->number);
}

/* Of one column. A row that says nothing comes last either way: the greatest are asked for to be seen. */
static int compare_column(const struct sorting *sorting, size_t column, size_t a, size_t b)
{
	const struct order *order = sorting->order;
	const struct key *x = &sorting->keys[a * order->n + column], *y = &sorting->keys[b * order->n + column];
	int result;

	if (x->none || y->none)
		return x->none - y->none;
	if (order->keys[column]->compare)
		result = order->keys[column]->compare(sorting->rows[a], sorting->rows[b]);
	else if (x->text)
		result = compare_texts(x, y);
	else
		result = compare_numbers(x->number, y->number);
	return order->descending[column] ? -result : result;
}

/* Of two rows by where they stand. */
static int compare(const void *left, const void *right, void *user)
{
	const struct sorting *sorting = user;
	size_t a = *(const size_t *)left, b = *(const size_t *)right;

	for (size_t i = 0; i < sorting->order->n; i++) {
		int result = compare_column(sorting, i, a, b);
		if (result)
			return result;
	}
	return compare_numbers(a, b);
}

/* ---- the first of all ---- */

/* The last in order is heap[0]; what stands at i is moved down to where it belongs. */
static void heap_settle(struct sorting *sorting, size_t *heap, size_t n, size_t i)
{
	for (;;) {
		size_t last = i, child = 2 * i + 1;

		for (size_t j = child; j < n && j <= child + 1; j++)
			if (compare(&heap[j], &heap[last], sorting) > 0)
				last = j;
		if (last == i)
			return;
		size_t moved = heap[i];
		heap[i] = heap[last];
		heap[last] = moved;
		i = last;
	}
}

/* Of places[n], the first `top` in order, in any order. */
static void select_first(struct sorting *sorting, size_t *places, size_t n, size_t top)
{
	for (size_t i = top / 2; i-- > 0;)
		heap_settle(sorting, places, top, i);
	for (size_t i = top; i < n; i++)
		if (compare(&places[i], &places[0], sorting) < 0) {
			places[0] = places[i];
			heap_settle(sorting, places, top, 0);
		}
}

/* ---- all together ---- */

static int sort(struct sorting *sorting, struct netstat_rows *rows, size_t top)
{
	size_t *places = reallocarray(NULL, rows->n, sizeof(*places));
	struct netstat_row **sorted = reallocarray(NULL, top, sizeof(struct netstat_row *));
	int status = places && sorted ? keys_make(sorting, rows->n) : BERTH_ENOMEM;

	if (status == 0) {
		for (size_t i = 0; i < rows->n; i++)
			places[i] = i;
		if (top < rows->n)
			select_first(sorting, places, rows->n, top);
		qsort_r(places, top, sizeof(*places), compare, sorting);
		for (size_t i = 0; i < top; i++)
			sorted[i] = rows->rows[places[i]];
		memcpy(rows->rows, sorted, top * sizeof(struct netstat_row *));
		rows->n = top;
	}
	free(places);
	free(sorted);
	return status;
}

int order_apply(const struct order *order, struct netstat_rows *rows, size_t top)
{
	struct sorting sorting = {.order = order, .rows = rows->rows};
	int status = 0;

	if (top == 0 || top > rows->n)
		top = rows->n;
	if (order->n == 0)
		rows->n = top;
	else if (top > 0)
		status = sort(&sorting, rows, top);
	free(sorting.keys);
	keep_free(&sorting.keep);
	return status;
}
