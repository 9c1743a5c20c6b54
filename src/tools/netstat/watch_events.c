/* The stream of events: `--watch` where nobody looks at a screen. A line an event,
 *
 *     2026-11-20T12:15:03.123Z opened  tcp 0 0 10.0.0.1:80 10.0.0.2:4000 ESTABLISHED
 *
 * or a JSON object, {"time": ..., "event": "opened", ...row}. Looks tell what is different from the look before, and
 * between them the kernel's notices tell of what has ended: also of what no look would ever have seen. */
#include "enrich/direction.h"
#include "enrich/services.h"
#include "show/text.h"
#include "show/writer.h"
#include "signals.h"
#include "tool.h"
#include "watch.h"
#include "watch/changes.h"

#include <berth/error.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct stream {
	const struct watch *watch;
	struct berth_loop *loop;
	struct signals signals;
	struct look *look;
	struct changes *changes;
	struct notices *notices; /* NULL: the kernel does not tell us */
	uint64_t ns_next;        /* look */
	/* Of JSON: a writer's line, before the time and the event go into it. */
	struct writer *writer;
	FILE *line;
	char *text;
	size_t n_text;
	int error; /* what ended it */
};

/* ---- an event ---- */

/* RFC 3339, of now, with milliseconds. */
static const char *time_text(char *out, size_t n)
{
	struct timespec now;
	struct tm utc;
	char day[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out, n, "%s.%03ldZ", day, now.tv_nsec / 1000000);
	return out;
}

/* A cell's text, whole. Returns its width on a screen. */
static size_t print_text(const char *text, size_t n)
{
	const char *end = text + n;
	size_t width = 0;

	while (text < end) {
		char piece[512];
		size_t n_piece = text_clean(&text, end, piece, sizeof(piece), &width);
		fwrite(piece, 1, n_piece, stdout);
	}
	return width;
}

static size_t print_cell(const struct column *column, const struct netstat_row *row, bool numeric)
{
	struct cell cell;
	char text[TEXT_UNIT];

	column->say(row, numeric, &cell);
	if (cell.kind == CELL_TEXT)
		return print_text(cell.text, cell.length);
	return print_text(text, (size_t)(text_of_cell(&cell, text) - text));
}

static void print_line(const struct stream *stream, enum change change, const struct netstat_row *row)
{
	const struct columns *columns = &stream->watch->columns;
	char time[48];

	printf("%s %-7s", time_text(time, sizeof(time)), change_name(change));
	for (size_t i = 0; i < columns->n; i++) {
		const struct column *column = columns->columns[i];
		putchar(' ');
		size_t width = print_cell(column, row, stream->watch->query.numeric);
		if (i + 1 < columns->n && width < column->width)
			printf("%*s", (int)(column->width - width), "");
	}
	putchar('\n');
}

/* The writer's object, with two members more at its beginning. */
static int print_object(struct stream *stream, enum change change, const struct netstat_row *row)
{
	char time[48];

	rewind(stream->line);
	if (writer_row(stream->writer, row) < 0 || fflush(stream->line) != 0 || stream->n_text < 2)
		return BERTH_ENOMEM;
	printf("{\"time\":\"%s\",\"event\":\"%s\",", time_text(time, sizeof(time)), change_name(change));
	fwrite(stream->text + 1, 1, stream->n_text - 1, stdout);
	return 0;
}

static int on_change(void *user, enum change change, const struct netstat_row *row)
{
	struct stream *stream = user;

	if (!stream->watch->jsonl)
		print_line(stream, change, row);
	else if (print_object(stream, change, row) < 0)
		return BERTH_ENOMEM;
	return tool_stdout_failed() ? BERTH_EPIPE : 0;
}

/* ---- looks and notices ---- */

static int on_row(void *user, struct netstat_row *row)
{
	return changes_row(user, row);
}

/* Would a look have shown it? It is over, so that its state says nothing any more. */
static bool is_wanted(const struct stream *stream, const struct netstat_row *row)
{
	const struct look_query *query = &stream->watch->query;

	if (query->filter && !filter_match(query->filter, row))
		return false;
	return query->which == LOOK_ALL || netstat_row_has_peer(row) == (query->which == LOOK_CONNECTED);
}

/* What a socket that is gone can still be asked for; its owner is not. */
static void enrich(const struct stream *stream, struct netstat_row *row)
{
	uint32_t needs = stream->watch->query.needs;

	if (needs & NETSTAT_NEED_DIRECTION)
		direction_enrich(row, false);
	if (needs & NETSTAT_NEED_SERVICES)
		services_enrich(look_services(stream->look), row);
	if ((needs & NETSTAT_NEED_USER) && row->has_uid)
		row->user = users_name(look_users(stream->look), row->uid);
}

static int on_notice(void *user, struct netstat_row *row)
{
	struct stream *stream = user;

	if (!changes_same(stream->changes, row)) {
		enrich(stream, row);
		if (!is_wanted(stream, row))
			return 0;
	}
	return changes_destroyed(stream->changes, row, berth_clock_now());
}

static void stop(struct stream *stream, int error)
{
	stream->error = error;
	berth_loop_stop(stream->loop);
}

/* What was printed is on its way; else there is nobody to print for. */
static void flush_events(struct stream *stream)
{
	if (fflush(stdout) != 0 || tool_stdout_failed())
		stop(stream, BERTH_EPIPE);
}

static void on_notices(void *user, unsigned ready)
{
	struct stream *stream = user;
	const struct look_query *query = &stream->watch->query;
	struct netstat_request request = {
		.protocols = query->protocols,
		.states = NETSTAT_ALL_STATES,
		.families = query->families,
		.needs = NETSTAT_NEED_TCP,
		.warn = query->warn,
		.warn_user = query->warn_user,
	};
	int r = notices_rows(stream->notices, &request, on_notice, stream);

	/* What the kernel had to drop, the next look will tell of. */
	if (r != 0 && r != BERTH_EOVERFLOW)
		stop(stream, r);
	flush_events(stream);
}

static int look_once(struct stream *stream)
{
	int r = changes_begin(stream->changes, berth_clock_now());

	if (r == 0)
		r = look_run(stream->look, on_row, stream->changes);
	return r == 0 ? changes_end(stream->changes) : r;
}

static void on_time(void *user)
{
	struct stream *stream = user;
	double seconds = stream->watch->seconds > 0 ? stream->watch->seconds : 1;
	int r = look_once(stream);

	if (r != 0) {
		stop(stream, r);
		return;
	}
	flush_events(stream);
	/* A look that takes longer than the interval is followed by the next after a whole one. */
	uint64_t now = berth_clock_now(), ns = (uint64_t)(seconds * 1e9);
	stream->ns_next = stream->ns_next + ns > now ? stream->ns_next + ns : now + ns;
	r = berth_loop_at(stream->loop, stream->ns_next, on_time, stream);
	if (r < 0)
		stop(stream, r);
}

static void on_output(void *user, unsigned ready)
{
	if (ready & BERTH_HANGUP)
		stop(user, BERTH_EPIPE); /* nobody reads */
}

/* ---- begin and end ---- */

static void warn(const struct stream *stream, const char *text)
{
	if (stream->watch->query.warn)
		stream->watch->query.warn(stream->watch->query.warn_user, text);
}

static int listen_to_notices(struct stream *stream)
{
	const struct look_query *query = &stream->watch->query;
	bool has_notices = (query->protocols & (NETSTAT_BIT(NETSTAT_TCP) | NETSTAT_BIT(NETSTAT_UDP))) != 0;

	if (!query->kernel || query->read || !has_notices)
		return 0;
	int r = notices_new(&stream->notices);
	if (r == BERTH_ENOMEM)
		return r;
	if (r < 0) {
		warn(stream, "sockets that live and end between two looks are not seen: only a process with "
			     "CAP_NET_ADMIN (root) is told of them");
		return 0;
	}
	return berth_loop_watch(stream->loop, notices_fd(stream->notices), BERTH_READABLE, on_notices, stream);
}

static uint64_t own_namespace(void)
{
	struct stat about;

	return stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
}

static int open_writer(struct stream *stream)
{
	struct writer_config config = {
		.format = WRITER_JSONL,
		.columns = stream->watch->columns,
		.numeric = stream->watch->query.numeric,
		.flush = true,
	};

	if (!stream->watch->jsonl)
		return 0;
	stream->line = open_memstream(&stream->text, &stream->n_text);
	stream->writer = stream->line ? writer_new(&config, stream->line) : NULL;
	return stream->writer ? 0 : BERTH_ENOMEM;
}

static int stream_open(struct stream *stream)
{
	const struct watch *watch = stream->watch;
	struct look_query query = watch->query;
	struct changes_config config = {
		.compare = watch->columns_chosen ? &watch->columns : NULL,
		.own_namespace = own_namespace(),
		.on_change = on_change,
		.user = stream,
	};

	query.names_stream = false;
	stream->loop = berth_loop_new();
	stream->changes = changes_new(&config);
	if (!stream->loop || !stream->changes)
		return BERTH_ENOMEM;
	int r = signals_watch(&stream->signals, stream->loop);
	if (r == 0)
		r = look_new(&query, &stream->look);
	if (r == 0)
		r = open_writer(stream);
	if (r == 0)
		r = listen_to_notices(stream);
	if (r == 0)
		r = berth_loop_watch(stream->loop, STDOUT_FILENO, 0, on_output, stream);
	return r == BERTH_EPERM ? 0 : r; /* a plain file has no reader who may leave */
}

static void stream_close(struct stream *stream)
{
	if (stream->notices)
		berth_loop_unwatch(stream->loop, notices_fd(stream->notices));
	notices_free(stream->notices);
	signals_unwatch(&stream->signals);
	if (stream->writer)
		writer_end(stream->writer);
	if (stream->line)
		fclose(stream->line);
	free(stream->text);
	changes_free(stream->changes);
	look_free(stream->look);
	berth_loop_free(stream->loop);
}

int watch_events(const struct watch *watch)
{
	struct stream stream = {.watch = watch};
	int r = stream_open(&stream);

	if (r == 0) {
		stream.ns_next = berth_clock_now();
		r = berth_loop_at(stream.loop, stream.ns_next, on_time, &stream);
	}
	if (r == 0)
		r = berth_loop_run(stream.loop);
	if (r == 0)
		r = stream.error;
	stream_close(&stream);
	if (r == 0 || r == BERTH_EPIPE)
		return TOOL_DONE;
	return tool_fail("netstat", TOOL_FAILED, "the sockets could not be read: %s", berth_error_text(r));
}
