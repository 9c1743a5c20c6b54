/* Metrics: a look and the counters, as OpenMetrics text into a file or as one answer by HTTP. */
#include "enrich/listeners.h"
#include "files.h"
#include "list.h"
#include "metrics_http.h"
#include "show/metrics.h"
#include "tables/tables.h"
#include "tool.h"

#include <berth/error.h>
#include <berth/platform.h>
#include <stdio.h>

struct scrape {
	const struct netstat_options *options;
	struct look *look;
	char host[BERTH_HOST_NAME_MAX]; /* whose counters are being read */
	struct metrics *metrics;
	int error;
};

static int on_row(void *user, struct netstat_row *row)
{
	return metrics_add(user, row);
}

static int on_kernel_counter(void *user, const char *group, const char *name, const char *text, uint64_t value)
{
	return metrics_counter(user, NULL, group, name, value);
}

static void on_host_item(void *user, const char *path, int kind, const struct berth_snapshot_item *item)
{
	struct scrape *scrape = user;

	if (kind == BERTH_SNAPSHOT_HEAD)
		snprintf(scrape->host, sizeof(scrape->host), "%s", item->head.host);
	else if (kind == BERTH_SNAPSHOT_COUNTER && scrape->error == 0)
		scrape->error =
			metrics_counter(scrape->metrics, scrape->host, "", item->counter.name, item->counter.value);
}

/* A saved snapshot has no counters. */
static int add_counters(struct scrape *scrape)
{
	const struct netstat_options *options = scrape->options;
	struct tables_query query = {.families = NETSTAT_ALL_FAMILIES,
				     .protocols = NETSTAT_ALL_PROTOCOLS,
				     .all = true,
				     .warn = options->query.warn};
	char directory[512];
	int r = 0;

	if (options->query.read)
		return 0;
	if (options->query.kernel)
		r = tables_counters_each(&query, on_kernel_counter, scrape->metrics);
	if (r == 0 && options->query.hosts && berth_control_directory(directory, sizeof(directory)) == 0)
		r = berth_control_read(directory, on_host_item, scrape);
	return r < 0 ? r : scrape->error;
}

static int write_scrape(void *user, FILE *out)
{
	struct scrape *scrape = user;
	int r;

	scrape->error = 0;
	scrape->metrics = metrics_new();
	r = scrape->metrics ? look_run(scrape->look, on_row, scrape->metrics) : BERTH_ENOMEM;
	if (r == 0)
		r = add_counters(scrape);
	if (r == 0)
		r = metrics_write(scrape->metrics, out);
	scrape->metrics = metrics_free(scrape->metrics);
	return r;
}

int netstat_metrics(const struct netstat_options *options, struct look *look)
{
	struct scrape scrape = {.options = options, .look = look};
	struct output output;

	if (!options->file)
		return metrics_http(options->port, write_scrape, &scrape);
	if (!output_open(&output, options->file))
		return TOOL_FAILED;
	int r = write_scrape(&scrape, output.file);
	int status = output_close(&output, r == 0);
	if (tool_stdout_failed())
		return TOOL_DONE;
	return r != 0 && status == TOOL_DONE ? netstat_look_fail(options, look, r) : status;
}
