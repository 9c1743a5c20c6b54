/* Snapshots and baselines: a look into a file, and a look against one. */
#include "files.h"
#include "enrich/baseline.h"
#include "list.h"
#include "tool.h"

#include <berth/error.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- saved snapshots ---- */

struct saving {
	struct look *look;
	FILE *file;
	struct saved_writer *writer; /* begun with the first row: the processes are known then */
	uint64_t n;
};

static int saving_begin(struct saving *saving)
{
	struct saved_head head = {.s_time = (uint64_t)time(NULL)};

	const struct saved_head *read = look_read_head(saving->look);

	if (read) { /* of whatever machine that was, and when */
		head = *read;
	} else {
		gethostname(head.machine, sizeof(head.machine) - 1);
		services_system_range(&head.ephemeral_first, &head.ephemeral_last);
	}
	return saved_writer_new(saving->file, &head, look_processes(saving->look), look_users(saving->look),
				&saving->writer);
}

static int on_saved_row(void *user, struct netstat_row *row)
{
	struct saving *saving = user;
	int r = saving->writer ? 0 : saving_begin(saving);

	saving->n++;
	return r == 0 ? saved_writer_row(saving->writer, row) : r;
}

int netstat_save(const struct netstat_options *options, struct look *look)
{
	struct saving saving = {.look = look};
	struct output output;
	int r;

	if (!output_open(&output, options->file))
		return TOOL_FAILED;
	saving.file = output.file;
	r = look_run(look, on_saved_row, &saving);
	if (r == 0 && !saving.writer)
		r = saving_begin(&saving);
	if (saving.writer) {
		int ended = saved_writer_end(saving.writer);
		r = r ? r : ended;
	}
	int status = output_close(&output, r == 0);
	if (status != TOOL_DONE)
		return status;
	if (r != 0)
		return ferror(stdout) ? TOOL_DONE : netstat_look_fail(options, look, r);
	return tool_fail("netstat", TOOL_DONE, "%" PRIu64 " %s saved in %s", saving.n,
			 saving.n == 1 ? "socket" : "sockets",
			 strcmp(options->file, "-") == 0 ? "standard output" : options->file);
}

/* ---- baselines ---- */

static FILE *baseline_open(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!file)
		tool_fail("netstat", TOOL_FAILED, "%s: %s; 'berth netstat --save-baseline FILE' makes one", path,
			  strerror(errno));
	return file;
}

static int baseline_load(struct baseline *baseline, const char *path)
{
	struct baseline_error error = {0};
	FILE *file = baseline_open(path);

	if (!file)
		return TOOL_FAILED;
	int r = baseline_read(baseline, file, &error);
	if (file != stdin)
		fclose(file);
	if (r == BERTH_EINVAL && error.line)
		return tool_fail("netstat", TOOL_USAGE, "%s, line %u, column %u: %s", path, error.line, error.column,
				 error.text);
	return r < 0 ? tool_fail("netstat", TOOL_FAILED, "%s: %s", path, berth_error_text(r)) : TOOL_DONE;
}

struct comparing {
	struct baseline *baseline, *told; /* told: what was new, so that each line is said once */
	uint64_t n_new;
};

static int on_compared_row(void *user, struct netstat_row *row)
{
	struct comparing *comparing = user;
	char line[512];

	if (baseline_check(comparing->baseline, row, line, sizeof(line)) ||
	    baseline_check(comparing->told, row, NULL, 0))
		return 0;
	comparing->n_new++;
	printf("new   %s\n", line);
	return baseline_record(comparing->told, row);
}

static void on_gone(void *user, const char *line)
{
	printf("gone  %s\n", line);
}

/* Nobody can say that a conversation is gone who has looked at some only. */
static bool is_narrowed(const struct look_query *query)
{
	return query->filter || query->families != NETSTAT_ALL_FAMILIES || query->which != LOOK_ALL || query->host ||
	       !query->hosts;
}

static int compare(const struct netstat_options *options, struct look *look, struct comparing *comparing)
{
	int status = baseline_load(comparing->baseline, options->file);
	int r = status == TOOL_DONE ? look_run(look, on_compared_row, comparing) : 0;

	if (status != TOOL_DONE)
		return status;
	if (r != 0)
		return netstat_look_fail(options, look, r);
	if (!is_narrowed(&options->query))
		baseline_each_unseen(comparing->baseline, options->query.protocols, on_gone, NULL);
	return comparing->n_new ? TOOL_NO : TOOL_DONE;
}

int netstat_baseline(const struct netstat_options *options, struct look *look)
{
	struct comparing comparing = {.baseline = baseline_new(look_services(look)),
				      .told = baseline_new(look_services(look))};
	int status = comparing.baseline && comparing.told ? compare(options, look, &comparing)
							  : tool_fail("netstat", TOOL_FAILED, "out of memory");

	baseline_free(comparing.baseline);
	baseline_free(comparing.told);
	return status;
}

static int on_recorded_row(void *user, struct netstat_row *row)
{
	return baseline_record(user, row);
}

int netstat_save_baseline(const struct netstat_options *options, struct look *look)
{
	struct baseline *baseline = baseline_new(look_services(look));
	struct output output;

	if (!baseline)
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	int r = look_run(look, on_recorded_row, baseline);
	int status = r != 0 ? netstat_look_fail(options, look, r) : TOOL_DONE;
	if (status == TOOL_DONE && !output_open(&output, options->file))
		status = TOOL_FAILED;
	else if (status == TOOL_DONE)
		status = output_close(&output, baseline_write(baseline, output.file) == 0);
	baseline_free(baseline);
	return status;
}
