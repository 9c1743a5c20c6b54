/* Reading and writing a baseline's file: line by line, with no line longer than BASELINE_LINE. */
#include "enrich/baseline_private.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static int fail(struct baseline_error *error, unsigned column, const char *text)
{
	error->column = column;
	snprintf(error->text, sizeof(error->text), "%s", text);
	return BERTH_EINVAL;
}

/* Reads a line into line[BASELINE_LINE] and its length without the newline. 1; 0 at the file's end; or an error. */
static int read_line(FILE *file, char *line, size_t *n, struct baseline_error *error)
{
	int c;

	*n = 0;
	while ((c = getc(file)) != EOF && c != '\n') {
		if (*n == BASELINE_LINE)
			return fail(error, BASELINE_LINE + 1, "the line is longer than 4096 bytes");
		line[(*n)++] = (char)c;
	}
	if (ferror(file))
		return BERTH_EIO;
	return c != EOF || *n;
}

int baseline_read(struct baseline *baseline, FILE *file, struct baseline_error *error)
{
	char line[BASELINE_LINE];
	size_t n;
	int got;

	*error = (struct baseline_error){0};
	index_deinit(&baseline->checked);
	if (index_init(&baseline->checked, sizeof(bool)) < 0)
		return BERTH_ENOMEM;
	do {
		error->line++;
		got = read_line(file, line, &n, error);
		if (got > 0) {
			int added = baseline_add(baseline, line, n, true, error);
			got = added < 0 ? added : 1;
		}
	} while (got > 0);
	return got;
}

/* ---- writing ---- */

static const char heading[] = "# Conversations that are supposed to be there; `berth netstat --baseline FILE`\n"
			      "# says what else is there, and which of these were not seen. Edit it freely.\n"
			      "#\n"
			      "#   allow DIRECTION PROTOCOL PORT at|from|to SCOPE program PROGRAM user USER\n"
			      "#\n"
			      "# DIRECTION  listen, in, out\n"
			      "# PROTOCOL   tcp, udp, mptcp, udplite, sctp, dccp\n"
			      "# PORT       of the service, here (listen, in) or there (out): 443, 6000-6063,\n"
			      "#            or ephemeral: any that the system picks\n"
			      "# SCOPE      where it waits (at), where the peer is (from, to): any, loopback,\n"
			      "#            link, private, public, multicast; may be left out\n"
			      "# PROGRAM    its path, or, when there is no / in it, its name; may be left out\n"
			      "# USER       may be left out\n"
			      "#\n"
			      "# Each of the first four may be a list (80,443) or * for all. PROGRAM and USER\n"
			      "# may be patterns (/opt/*/bin/python3.?), \\ before a character takes away its\n"
			      "# meaning, and - is one that is not known. # begins a comment.\n"
			      "\n";

static int kind_order(const struct baseline_item *line)
{
	return line->entry.kinds & NETSTAT_BIT(CONVERSATION_LISTEN) ? 0
	       : line->entry.kinds & NETSTAT_BIT(CONVERSATION_IN)   ? 1
								    : 2;
}

static int first_port(const struct baseline_item *line)
{
	return line->entry.n_ports ? line->entry.ports[0].first : line->entry.ephemeral ? UINT16_MAX + 1 : -1;
}

/* By direction, port and text. */
static int compare(const void *a, const void *b)
{
	const struct baseline_item *x = *(const struct baseline_item *const *)a;
	const struct baseline_item *y = *(const struct baseline_item *const *)b;

	if (kind_order(x) != kind_order(y))
		return kind_order(x) - kind_order(y);
	if (first_port(x) != first_port(y))
		return first_port(x) - first_port(y);
	return strcmp(index_key(x, NULL), index_key(y, NULL));
}

int baseline_write(const struct baseline *baseline, FILE *file)
{
	size_t n = index_count(&baseline->lines), i = 0;
	const struct baseline_item **sorted = calloc(n ? n : 1, sizeof(const struct baseline_item *));

	if (!sorted)
		return BERTH_ENOMEM;
	for (const struct baseline_item *line = NULL; (line = index_next(&baseline->lines, line));)
		sorted[i++] = line;
	qsort(sorted, n, sizeof(const struct baseline_item *), compare);
	fputs(heading, file);
	for (i = 0; i < n; i++) {
		fputs(index_key(sorted[i], NULL), file);
		putc('\n', file);
	}
	free(sorted);
	return fflush(file) == 0 && !ferror(file) ? 0 : BERTH_EIO;
}
