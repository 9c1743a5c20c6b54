/* Ending sockets: those of the kernel that match are shown, asked about, and destroyed one by one. A berth host's
 * sockets are its program's to close. */
#include "kill.h"
#include "list.h"
#include "tool.h"

#include <berth/error.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct killing {
	struct netstat_rows rows;
	size_t n_of_hosts;
};

static int on_row(void *user, struct netstat_row *row)
{
	struct killing *killing = user;

	if (row->host) {
		killing->n_of_hosts++;
		return 0;
	}
	return netstat_rows_add(&killing->rows, row);
}

static int show(const struct netstat_options *options, const struct netstat_rows *rows)
{
	struct writer_config config = {.format = options->format,
				       .columns = options->columns,
				       .numeric = options->query.numeric,
				       .headings = options->headings};
	struct writer *writer = writer_new(&config, stdout);
	int r = writer ? 0 : BERTH_ENOMEM;

	for (size_t i = 0; r == 0 && i < rows->n; i++)
		r = writer_row(writer, rows->rows[i]);
	if (writer) {
		int ended = writer_end(writer);
		r = r ? r : ended;
	}
	fflush(stdout);
	return r;
}

/* Only a person may say yes. */
static int ask(size_t n)
{
	char answer[16];

	if (!isatty(STDIN_FILENO))
		return tool_fail("netstat", TOOL_USAGE,
				 "--kill asks before it ends %zu socket%s, and nobody is at the terminal; "
				 "--yes does not ask",
				 n, n == 1 ? "" : "s");
	fprintf(stderr, "End %s? [y/N] ", n == 1 ? "this socket" : "these sockets");
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
		return tool_fail("netstat", TOOL_NO, "nothing was ended");
	return TOOL_DONE;
}

static int end_all(const struct netstat_rows *rows)
{
	size_t n_ended = 0, n_gone = 0;
	int error = 0;

	for (size_t i = 0; i < rows->n; i++) {
		int r = kernel_destroy(rows->rows[i]);
		if (r == 0)
			n_ended++;
		else if (r == BERTH_ENOENT)
			n_gone++;
		else
			error = r;
	}
	if (error == BERTH_EPERM)
		return tool_fail("netstat", TOOL_FAILED,
				 "%zu of %zu sockets were ended; for the others CAP_NET_ADMIN is needed: "
				 "try as root",
				 n_ended, rows->n);
	if (error)
		return tool_fail("netstat", TOOL_FAILED, "%zu of %zu sockets were ended; the others could not be: %s",
				 n_ended, rows->n,
				 error == BERTH_EOPNOTSUPP ? "this kernel does not end such sockets"
							   : berth_error_text(error));
	return tool_fail("netstat", TOOL_DONE,
			 n_gone ? "%zu sockets were ended, %zu had ended before" : "%zu sockets were ended", n_ended,
			 n_gone);
}

int netstat_kill(const struct netstat_options *options, struct look *look)
{
	struct killing killing = {0};
	int r = look_run(look, on_row, &killing);
	int status;

	/* Those beyond --top are not shown, so they must not be ended either. */
	if (r == 0)
		r = order_apply(&options->order, &killing.rows, options->top);
	if (r == 0 && killing.rows.n)
		r = show(options, &killing.rows);
	if (r != 0)
		status = netstat_look_fail(options, look, r);
	else if (killing.rows.n == 0 && killing.n_of_hosts)
		status = tool_fail("netstat", TOOL_NO, "only sockets of berth hosts match; their programs close them");
	else if (killing.rows.n == 0)
		status = netstat_nothing(options);
	else if (!options->yes && (status = ask(killing.rows.n)) != TOOL_DONE)
		;
	else
		status = end_all(&killing.rows);
	netstat_rows_free(&killing.rows);
	return status;
}
