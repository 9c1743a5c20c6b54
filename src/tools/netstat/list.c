/* Lists: rows through writers. A table for people has two parts as net-tools has them, IP sockets and then Unix
 * sockets; everything else is one list. Rows stream unless they have to be sorted first. */
#include "list.h"
#include "tool.h"

#include <berth/error.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	ENOUGH = 1, /* --top without an order: the walk may end */
};

struct list {
	const struct netstat_options *options;
	struct columns columns;
	struct writer *writer;         /* NULL: no row has come yet */
	struct netstat_rows rows;      /* to be sorted */
	struct netstat_rows unix_rows; /* of a table for people: its second part */
	bool has_hosts;                /* one of them is a berth host's */
	struct unseen unseen;
	uint64_t n;
	size_t n_streamed; /* up to --top */
};

int netstat_look_fail(const struct netstat_options *options, const struct look *look, int error)
{
	const struct saved_error *at = look ? look_read_error(look) : NULL;
	const char *read = options->query.read;

	if (at && at->text[0] && at->line)
		return tool_fail("netstat", TOOL_FAILED, "%s, line %" PRIu64 ": %s", read, at->line, at->text);
	if (at && at->text[0])
		return tool_fail("netstat", TOOL_FAILED, "%s: %s", read, at->text);
	if (read && error == BERTH_EIO)
		return tool_fail("netstat", TOOL_FAILED, "%s: it could not be read", read);
	if (error == BERTH_EINVAL)
		return tool_fail("netstat", TOOL_USAGE,
				 "--dns '%s' is no list of addresses, such as 192.168.1.1,[fd00::1]:5353",
				 options->query.names.servers);
	if (options->query.process_way == PROCESS_BPF && (error == BERTH_EPERM || error == BERTH_EOPNOTSUPP))
		return tool_fail(
			"netstat", TOOL_FAILED,
			"--find-by bpf: %s; it needs CAP_BPF and CAP_PERFMON, the machine's first PID namespace, "
			"and a berth that is built with libbpf and clang",
			error == BERTH_EPERM ? berth_error_text(error) : "not possible here");
	if (error == BERTH_EOPNOTSUPP && options->query.names.servers)
		return tool_fail("netstat", TOOL_FAILED, "--dns: this berth is built without c-ares, and asks nobody");
	return tool_fail("netstat", TOOL_FAILED, "the sockets could not be read: %s", berth_error_text(error));
}

int netstat_nothing(const struct netstat_options *options)
{
	const struct look_query *query = &options->query;

	if (options->format != WRITER_TABLE)
		return TOOL_NO;
	if (query->host)
		return tool_fail("netstat", TOOL_NO,
				 "no such socket of a berth host '%s' of this user; 'berth netstat -a' "
				 "lists all",
				 query->host);
	if (query->filter)
		return tool_fail("netstat", TOOL_NO, "no socket matches '%s'%s", options->filter_text,
				 query->which == LOOK_ALL || filter_has_state(query->filter)
					 ? ""
					 : "; -a asks all, listening ones, too");
	if (query->which == LOOK_ALL)
		return tool_fail("netstat", TOOL_NO, "no such socket is open");
	return tool_fail("netstat", TOOL_NO, "no such socket is open; -a shows %s, too",
			 query->which == LOOK_LISTENING ? "those with a peer" : "those that wait for a peer");
}

/* ---- the two parts of a table ---- */

static void print_title(const struct netstat_options *options, const char *which)
{
	static const char *const what[] = {
		[LOOK_CONNECTED] = "w/o servers",
		[LOOK_LISTENING] = "only servers",
		[LOOK_ALL] = "servers and established",
	};

	if (options->headings)
		printf("Active %s (%s)\n", which, what[options->query.which]);
}

static struct writer *writer_start(const struct netstat_options *options, const struct columns *columns)
{
	struct writer_config config = {
		.format = options->format,
		.columns = *columns,
		.numeric = options->query.numeric,
		.headings = options->headings,
		.trim = options->trim,
		.flush = options->query.names_stream,
	};

	return writer_new(&config, stdout);
}

static int list_begin(struct list *list)
{
	const struct netstat_options *options = list->options;

	/* Which host a socket is of is worth a column when there is more than one. */
	if (list->has_hosts && !options->query.host && options->format == WRITER_TABLE && !options->columns_chosen)
		columns_add(&list->columns, "host");
	if (options->format == WRITER_TABLE && !options->columns_chosen)
		print_title(options, "Internet connections");
	list->writer = writer_start(options, &list->columns);
	return list->writer ? 0 : BERTH_ENOMEM;
}

static int list_write(struct list *list, const struct netstat_row *row)
{
	int r = list->writer ? 0 : list_begin(list);

	return r == 0 ? writer_row(list->writer, row) : r;
}

static bool has_parts(const struct netstat_options *options)
{
	return options->format == WRITER_TABLE && !options->columns_chosen;
}

static bool is_unix_part(const struct netstat_options *options, const struct netstat_row *row)
{
	return has_parts(options) && row->protocol == NETSTAT_UNIX;
}

/* --top without an order: what comes first is enough, of each part. Unix sockets come last, so the walk may have to go
 * on for them. */
static int stream(struct list *list, const struct netstat_row *row)
{
	const struct netstat_options *options = list->options;
	bool unix_follow = has_parts(options) && (options->query.protocols & NETSTAT_BIT(NETSTAT_UNIX));
	int r = options->top && list->n_streamed == options->top ? 0 : list_write(list, row);

	if (r == 0 && list->n_streamed < options->top)
		list->n_streamed++;
	return r == 0 && options->top && list->n_streamed == options->top && !unix_follow ? ENOUGH : r;
}

static int on_row(void *user, struct netstat_row *row)
{
	struct list *list = user;

	list->n++;
	netstat_count_unseen(&list->unseen, row);
	list->has_hosts |= row->host != NULL; /* in a stream, hosts come first */
	if (is_unix_part(list->options, row))
		return netstat_rows_add(&list->unix_rows, row);
	return list->options->order.n ? netstat_rows_add(&list->rows, row) : stream(list, row);
}

static int write_sorted(struct list *list)
{
	int r = order_apply(&list->options->order, &list->rows, list->options->top);

	for (size_t i = 0; r == 0 && i < list->rows.n; i++)
		r = list_write(list, list->rows.rows[i]);
	return r;
}

static int write_unix(struct list *list)
{
	const struct netstat_options *options = list->options;
	struct columns columns;
	int r = order_apply(&options->order, &list->unix_rows, options->top);

	columns_default(&columns, true);
	columns.n--; /* the path stays the last, as it is in net-tools: it may be long, and scripts take the last field
		      */
	for (size_t i = 0; i < list->columns.n; i++)
		if (list->columns.columns[i]->needs & (NETSTAT_NEED_OWNERS | NETSTAT_NEED_USER))
			columns_add(&columns, list->columns.columns[i]->name);
	columns_add(&columns, "path");
	print_title(options, "UNIX domain sockets");
	struct writer *writer = writer_start(options, &columns);
	if (!writer)
		return BERTH_ENOMEM;
	for (size_t i = 0; r == 0 && i < list->unix_rows.n; i++)
		r = writer_row(writer, list->unix_rows.rows[i]);
	int ended = writer_end(writer);
	return r ? r : ended;
}

/* What is left to write when the last row has come, or the walk has ended with an error. A part without rows shows its
 * heading, as net-tools' do. */
static int list_end(struct list *list, int error)
{
	const struct netstat_options *options = list->options;
	bool only_unix = options->query.protocols == NETSTAT_BIT(NETSTAT_UNIX);
	int r = error < 0 ? error : write_sorted(list);

	if (r == 0 && !list->writer && (!has_parts(options) || !only_unix))
		r = list_begin(list);
	if (list->writer) {
		int ended = writer_end(list->writer);
		r = r ? r : ended;
	}
	if (r == 0 && has_parts(options) && (list->unix_rows.n || only_unix))
		r = write_unix(list);
	return r;
}

int netstat_list(const struct netstat_options *options, struct look *look)
{
	struct list list = {.options = options, .columns = options->columns};
	int r = look_run(look, on_row, &list);

	r = list_end(&list, r);

	netstat_rows_free(&list.rows);
	netstat_rows_free(&list.unix_rows);
	if (tool_stdout_failed())
		return TOOL_DONE; /* main says why, or the reader has gone and wants no more */
	if (r != 0)
		return netstat_look_fail(options, look, r);
	netstat_note_unseen(options, &list.unseen);
	return list.n ? TOOL_DONE : netstat_nothing(options);
}
