/* Groups: how many sockets have the same program, state, peer ..., with their queues and bytes. */
#include "list.h"
#include "show/text.h"
#include "tool.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_COLUMNS = 6 };

static const struct {
	const char *heading, *key;
	bool right;
} columns[N_COLUMNS] = {
	{"Sockets", "sockets", true}, {"Recv-Q", "recv_q", true},           {"Send-Q", "send_q", true},
	{"Sent", "bytes_sent", true}, {"Received", "bytes_received", true}, {NULL, NULL, false},
};

struct grouping {
	const struct netstat_options *options;
	struct group *group;
	uint64_t n;
};

static int on_row(void *user, struct netstat_row *row)
{
	struct grouping *grouping = user;

	grouping->n++;
	return group_add(grouping->group, row, grouping->options->query.numeric);
}

static void values_of(const struct group_line *line, uint64_t values[N_COLUMNS - 1])
{
	values[0] = line->n_rows;
	values[1] = line->recv_q;
	values[2] = line->send_q;
	values[3] = line->bytes_sent;
	values[4] = line->bytes_received;
}

/* As it may stand on a terminal, and "-" for those that say nothing in the column. */
static bool line_set_key(struct libscols_line *line, const struct group_line *group)
{
	const char *key = group->key[0] ? group->key : "-", *end = key + strlen(key);
	size_t room = strlen(key) + TEXT_UNIT, width = 0;
	char *text = malloc(room);

	if (!text)
		return false;
	text[text_clean(&key, end, text, room, &width)] = 0;
	bool ok = scols_line_set_data(line, N_COLUMNS - 1, text) == 0;
	free(text);
	return ok;
}

static bool table_fill(struct libscols_table *table, const struct group_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);
		uint64_t values[N_COLUMNS - 1];
		char text[24];

		values_of(&lines[i], values);
		for (size_t j = 0; line && j < N_COLUMNS - 1; j++) {
			snprintf(text, sizeof(text), "%" PRIu64, values[j]);
			if (scols_line_set_data(line, j, text) != 0)
				return false;
		}
		if (!line || !line_set_key(line, &lines[i]))
			return false;
	}
	return true;
}

static int print_table(const struct grouping *grouping, const struct group_line *lines, size_t n)
{
	struct libscols_table *table = scols_new_table();
	bool ok = table != NULL;

	if (table) {
		scols_table_enable_noheadings(table, !grouping->options->headings);
		/* A table wider than the terminal is still whole: nothing in it may be cut. */
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	}
	for (size_t i = 0; ok && i < N_COLUMNS; i++)
		ok = scols_table_new_column(
			     table, columns[i].heading ? columns[i].heading : group_column(grouping->group)->heading, 0,
			     columns[i].right ? SCOLS_FL_RIGHT : 0) != NULL;
	ok = ok && table_fill(table, lines, n);
	if (ok)
		scols_print_table(table);
	scols_unref_table(table);
	return ok ? TOOL_DONE : tool_fail("netstat", TOOL_FAILED, "out of memory");
}

static void print_object(const struct grouping *grouping, const struct group_line *line)
{
	uint64_t values[N_COLUMNS - 1];

	values_of(line, values);
	printf("{\"%s\":", group_column(grouping->group)->name);
	if (line->key[0])
		json_text(stdout, line->key, strlen(line->key));
	else
		fputs("null", stdout);
	for (size_t i = 0; i < N_COLUMNS - 1; i++)
		printf(",\"%s\":%" PRIu64, columns[i].key, values[i]);
	putchar('}');
}

static void print_json(const struct grouping *grouping, const struct group_line *lines, size_t n)
{
	bool array = grouping->options->format == WRITER_JSON;

	if (array)
		putchar('[');
	for (size_t i = 0; i < n; i++) {
		if (array)
			fputs(i ? ",\n " : "\n ", stdout);
		print_object(grouping, &lines[i]);
		if (!array)
			putchar('\n');
	}
	if (array)
		puts(n ? "\n]" : "]");
}

static void print_csv(const struct grouping *grouping, const struct group_line *lines, size_t n)
{
	printf("%s", group_column(grouping->group)->name);
	for (size_t i = 0; i < N_COLUMNS - 1; i++)
		printf(",%s", columns[i].key);
	fputs("\r\n", stdout);
	for (size_t i = 0; i < n; i++) {
		uint64_t values[N_COLUMNS - 1];

		values_of(&lines[i], values);
		csv_text(stdout, lines[i].key, strlen(lines[i].key));
		for (size_t j = 0; j < N_COLUMNS - 1; j++)
			printf(",%" PRIu64, values[j]);
		fputs("\r\n", stdout);
	}
}

static int print_groups(const struct grouping *grouping)
{
	const struct netstat_options *options = grouping->options;
	size_t n;
	const struct group_line *lines = group_lines(grouping->group, &n);

	if (options->top && options->top < n)
		n = options->top;
	if (options->format == WRITER_CSV)
		print_csv(grouping, lines, n);
	else if (options->format != WRITER_TABLE)
		print_json(grouping, lines, n);
	else if (n)
		return print_table(grouping, lines, n);
	return TOOL_DONE;
}

int netstat_group(const struct netstat_options *options, struct look *look)
{
	int r;
	struct grouping grouping = {.options = options, .group = group_new(options->by, &r)};

	if (grouping.group)
		r = look_run(look, on_row, &grouping);
	int status = r == 0 ? print_groups(&grouping) : netstat_look_fail(options, look, r);
	group_free(grouping.group);
	return status == TOOL_DONE && grouping.n == 0 ? netstat_nothing(options) : status;
}
