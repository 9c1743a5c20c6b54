/* Explanations: a line of plain words for each socket, or only for those about which something is not explained. */
#include "list.h"
#include "tool.h"
#include "wrap.h"

#include <inttypes.h>
#include <stdio.h>

struct explaining {
	const struct netstat_options *options;
	struct writer *writer; /* for machines */
	struct netstat_rows rows;
	struct unseen unseen;
	size_t width; /* of the terminal; 0: none */
	uint64_t n, n_unexplained, n_printed;
};

enum {
	ENOUGH = 1, /* --top without an order: the walk may end */
};

static int print(struct explaining *explaining, const struct netstat_row *row)
{
	explaining->n_printed++;
	if (explaining->writer)
		return writer_row(explaining->writer, row);
	wrap_print(row->explanation, explaining->width);
	return 0;
}

static int on_row(void *user, struct netstat_row *row)
{
	struct explaining *explaining = user;

	explaining->n++;
	netstat_count_unseen(&explaining->unseen, row);
	if (row->findings)
		explaining->n_unexplained++;
	if (explaining->options->only_unexplained && !row->findings)
		return 0;
	if (explaining->options->order.n)
		return netstat_rows_add(&explaining->rows, row);
	int r = print(explaining, row);
	return r == 0 && explaining->n_printed == explaining->options->top ? ENOUGH : r;
}

static int print_sorted(struct explaining *explaining)
{
	int r = order_apply(&explaining->options->order, &explaining->rows, explaining->options->top);

	for (size_t i = 0; r == 0 && i < explaining->rows.n; i++)
		r = print(explaining, explaining->rows.rows[i]);
	return r;
}

/* Unexplained: 1 when there is something. Else: 1 when there is nothing. */
static int status_of(const struct explaining *explaining)
{
	const struct netstat_options *options = explaining->options;

	if (options->only_unexplained && explaining->n_unexplained)
		return TOOL_NO;
	if (options->only_unexplained) {
		if (options->format == WRITER_TABLE && explaining->unseen.n_denied)
			tool_fail("netstat", TOOL_DONE, "%" PRIu64 " sockets, and nothing that may be seen is odd",
				  explaining->n);
		else if (options->format == WRITER_TABLE)
			tool_fail("netstat", TOOL_DONE, "%" PRIu64 " %s", explaining->n,
				  explaining->n == 1 ? "socket, and it is explained"
						     : "sockets, and all are explained");
		return TOOL_DONE;
	}
	return explaining->n ? TOOL_DONE : netstat_nothing(options);
}

int netstat_explain(const struct netstat_options *options, struct look *look)
{
	struct explaining explaining = {.options = options, .width = wrap_width()};
	struct writer_config config = {.format = options->format,
				       .columns = options->columns,
				       .numeric = options->query.numeric,
				       .headings = options->headings};

	if (options->format != WRITER_TABLE && !(explaining.writer = writer_new(&config, stdout)))
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	int r = look_run(look, on_row, &explaining);
	if (r >= 0)
		r = print_sorted(&explaining);
	if (explaining.writer) {
		int ended = writer_end(explaining.writer);
		r = r ? r : ended;
	}
	netstat_rows_free(&explaining.rows);
	if (tool_stdout_failed())
		return TOOL_DONE;
	if (r != 0)
		return netstat_look_fail(options, look, r);
	netstat_note_unseen(options, &explaining.unseen);
	return status_of(&explaining);
}
