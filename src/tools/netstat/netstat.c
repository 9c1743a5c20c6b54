/* berth netstat: every conversation of the machine and of the berth hosts that run on it.
 *
 * What was asked for is read in options.c; each thing that may be asked for has its own file. Here they meet. */
#include "files.h"
#include "kill.h"
#include "list.h"
#include "tables/tables.h"
#include "tool.h"
#include "verbs.h"
#include "watch.h"

#include <berth/error.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char netstat_usage[] = "usage: berth netstat [options] [FILTER]\n"
			     "\n"
			     "The sockets of this machine and of this user's berth hosts that have a peer.\n"
			     "\n"
			     "Which:\n"
			     "  -a, --all            those that wait for a peer, too\n"
			     "  -l, --listening      only those that wait for one\n"
			     "  -t -u -x -w          TCP, UDP, Unix, raw; also -U UDP-Lite, -S SCTP, --mptcp,\n"
			     "                       --dccp; none of them: all\n"
			     "  -4, -6, -A FAMILY    IPv4, IPv6; inet, inet6, unix\n"
			     "  FILTER               'state established and dport 443 and not scope loopback'\n"
			     "      --host NAME      only berth hosts of this name\n"
			     "      --kernel         only the machine's, no berth hosts\n"
			     "      --all-netns      of every network namespace\n"
			     "      --read FILE      of a saved snapshot\n"
			     "What is shown:\n"
			     "  -n, --numeric        numbers; also --numeric-hosts, -ports, -users\n"
			     "  -p, --programs       PID and program\n"
			     "  -e, --extend         user and inode\n"
			     "  -o, --timers         timers\n"
			     "      --columns LIST   these columns; '+rtt,cwnd' adds; 'help' lists them all\n"
			     "      --trim           cut long addresses short (-W, the default: never)\n"
			     "  -H, --no-header      no headings\n"
			     "      --sort LIST      by columns; '-recv_q' is the greatest first\n"
			     "      --top N          only the first N\n"
			     "      --by COLUMN      count by program, remote, service, state ...\n"
			     "  -j, --json --jsonl --csv    for programs\n"
			     "      --deadline S     seconds that names of hosts may take (1)\n"
			     "      --dns SERVERS    ask these for names: ADDRESS[:PORT],...\n"
			     "What is wrong:\n"
			     "      --explain        each in a line of plain words\n"
			     "      --unexplained    only those that something is odd about; status 1 if any\n"
			     "      --save-baseline FILE   record what is there\n"
			     "      --baseline FILE        what is new and what is gone; status 1 if new\n"
			     "More:\n"
			     "  -c [S]               again and again; --watch[=S] on a full screen, or as\n"
			     "                       a stream of events in a pipe\n"
			     "      --kill [--yes]   end the sockets that FILTER matches\n"
			     "      --save FILE      everything, to --read it later\n"
			     "      --openmetrics FILE|PORT\n"
			     "  -r -i -g -s          routes, interfaces, multicast groups, counters\n"
			     "      --neighbours     neighbours\n"
			     "  -h, --help -V, --version\n";

/* ---- the small tables ---- */

static int print_table(const struct netstat_options *options)
{
	struct tables_query query = {
		.families = options->query.families,
		.protocols = options->query.protocols,
		.kernel = options->query.kernel,
		.hosts = options->query.hosts,
		.host = options->query.host,
		.numeric = options->query.numeric,
		.all = options->query.which == LOOK_ALL,
		.extend = options->extend,
		.json = options->format != WRITER_TABLE,
		.warn = options->query.warn,
	};
	long n;

	switch (options->mode) {
	case MODE_ROUTES:
		n = tables_routes(&query);
		break;
	case MODE_INTERFACES:
		n = tables_interfaces(&query);
		break;
	case MODE_GROUPS:
		n = tables_groups(&query);
		break;
	case MODE_NEIGHBOURS:
		n = tables_neighbours(&query);
		break;
	default:
		n = tables_counters(&query);
		break;
	}
	if (n == BERTH_ENOENT)
		return tool_fail("netstat", TOOL_NO, "no berth host '%s' of this user runs", options->query.host);
	if (n < 0)
		return tool_fail("netstat", TOOL_FAILED, "the %s could not be read: %s",
				 options->query.kernel ? "kernel's tables" : "tables of berth hosts",
				 berth_error_text((int)n));
	return n ? TOOL_DONE : TOOL_NO;
}

/* ---- sockets ---- */

static int act(const struct netstat_options *options, struct look *look)
{
	switch (options->mode) {
	case MODE_LIST:
	case MODE_WATCH:
		return netstat_list(options, look);
	case MODE_EXPLAIN:
		return netstat_explain(options, look);
	case MODE_GROUP:
		return netstat_group(options, look);
	case MODE_KILL:
		return netstat_kill(options, look);
	case MODE_SAVE:
		return netstat_save(options, look);
	case MODE_BASELINE:
		return netstat_baseline(options, look);
	case MODE_SAVE_BASELINE:
		return netstat_save_baseline(options, look);
	case MODE_METRICS:
		return netstat_metrics(options, look);
	case MODE_ROUTES:
	case MODE_INTERFACES:
	case MODE_GROUPS:
	case MODE_NEIGHBOURS:
	case MODE_COUNTERS:
		break;
	}
	return print_table(options);
}

static int look_and_act(const struct netstat_options *options)
{
	struct look *look;
	int r, status;

	if (options->mode >= MODE_ROUTES)
		return print_table(options);
	r = look_new(&options->query, &look);
	if (r < 0)
		return netstat_look_fail(options, NULL, r);
	status = act(options, look);
	look_free(look);
	return status;
}

static void sleep_seconds(double seconds)
{
	struct timespec time = {.tv_sec = (time_t)seconds,
				.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

	nanosleep(&time, NULL);
}

/* -c: the same again and again, until nobody reads it. */
static int repeat(const struct netstat_options *options)
{
	int status;

	for (;;) {
		status = look_and_act(options);
		if (status >= TOOL_USAGE || fflush(stdout) != 0 || tool_stdout_failed())
			return status;
		sleep_seconds(options->seconds);
	}
}

/* On a terminal a screen, else events. */
static int watch(const struct netstat_options *options)
{
	struct watch watch = {
		.query = options->query,
		.filter_text = options->filter_text,
		.columns = options->columns,
		.columns_chosen = options->columns_chosen,
		.order = options->order,
		.seconds = options->seconds,
		.jsonl = options->format != WRITER_TABLE,
	};

	if (watch.jsonl || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return watch_events(&watch);
	if (!watch.columns_chosen) {
		columns_add(&watch.columns, "rx_rate");
		columns_add(&watch.columns, "tx_rate");
	}
	return watch_screen(&watch);
}

static int run(const struct netstat_options *options)
{
	if (options->mode == MODE_WATCH)
		return watch(options);
	return options->seconds > 0 ? repeat(options) : look_and_act(options);
}

static int print_columns(void)
{
	for (size_t i = 0; i < column_count(); i++)
		printf("%-20s %s\n", column_get(i)->name, column_get(i)->help);
	return TOOL_DONE;
}

int netstat_main(int argc, char **argv)
{
	struct netstat_options options;
	int status = netstat_options_parse(&options, argc, argv);

	if (status == -1)
		status = tool_help(netstat_usage);
	else if (status == -2)
		status = printf("berth " BERTH_VERSION "\n") < 0 ? TOOL_FAILED : TOOL_DONE;
	else if (status == -3)
		status = print_columns();
	else if (status == TOOL_DONE)
		status = run(&options);
	netstat_options_free(&options);
	return status;
}
