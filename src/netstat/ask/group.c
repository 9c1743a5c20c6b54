/* Groups: an index by what a column says, and sums. */
#include "ask/group.h"

#include "index.h"
#include "show/text.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct group {
	const struct column *column;
	struct index index; /* what the column says: struct group_line */
	struct group_line *lines;
};

/* Words for columns that have another name, or whose name stands for more than what a group goes by. */
static const char *column_name(const char *by)
{
	static const char *const names[][2] = {
		{"process", "program"},     {"remote", "foreign_address"}, {"foreign", "foreign_address"},
		{"local", "local_address"}, {"protocol", "proto"},         {"netns", "namespace"},
		{"berth", "host"},          {"port", "service"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i][0], by) == 0)
			return names[i][1];
	return by;
}

struct group *group_new(const char *by, int *error)
{
	const struct column *column = column_by_name(column_name(by));
	struct group *group = column ? calloc(1, sizeof(*group)) : NULL;

	*error = column ? BERTH_ENOMEM : BERTH_EINVAL;
	if (!group)
		return NULL;
	group->column = column;
	return index_init(&group->index, sizeof(struct group_line)) < 0 ? group_free(group) : group;
}

struct group *group_free(struct group *group)
{
	if (group) {
		index_deinit(&group->index);
		free(group->lines);
		free(group);
	}
	return NULL;
}

const struct column *group_column(const struct group *group)
{
	return group->column;
}

uint32_t group_needs(const struct group *group)
{
	return group->column->needs | NETSTAT_NEED_TCP;
}

/* A sum that does not wrap: a saved snapshot may say anything. */
static void add(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

int group_add(struct group *group, const struct netstat_row *row, bool numeric)
{
	struct cell cell;
	char unit[TEXT_UNIT];
	struct group_line *line;

	group->column->say(row, numeric, &cell);
	if (cell.kind == CELL_NONE) {
		cell.length = 0;
	} else if (cell.kind != CELL_TEXT) {
		cell.text = unit;
		cell.length = (size_t)(text_of_cell(&cell, unit) - unit);
	}
	line = index_get(&group->index, cell.text, cell.length, NULL);
	if (!line)
		return BERTH_ENOMEM;
	line->n_rows++;
	if (row->state != NETSTAT_STATE_LISTEN) {
		add(&line->recv_q, row->recv_q);
		add(&line->send_q, row->send_q);
	}
	if (row->tcp) {
		add(&line->bytes_sent, row->tcp->bytes_sent);
		add(&line->bytes_received, row->tcp->bytes_received);
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct group_line *a = left, *b = right;

	if (a->n_rows != b->n_rows)
		return a->n_rows > b->n_rows ? -1 : 1;
	return strcmp(a->key, b->key);
}

const struct group_line *group_lines(struct group *group, size_t *n)
{
	size_t i = 0, n_lines = index_count(&group->index);
	struct group_line *lines = reallocarray(group->lines, n_lines + 1, sizeof(*lines));

	*n = 0;
	if (!lines)
		return NULL;
	group->lines = lines;
	for (struct group_line *line = index_next(&group->index, NULL); line; line = index_next(&group->index, line)) {
		lines[i] = *line;
		lines[i++].key = index_key(line, NULL);
	}
	qsort(lines, n_lines, sizeof(*lines), compare);
	*n = n_lines;
	return lines;
}
