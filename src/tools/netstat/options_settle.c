/* What the options say together: which sockets are looked at, which columns are shown, what has to be found out for
 * them, and which options do not go with each other. */
#include "enrich/baseline.h"
#include "nearest.h"
#include "options_private.h"
#include "show/metrics.h"
#include "tool.h"

#include <berth/error.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void settle_sockets(struct netstat_options *options, const struct pending *pending)
{
	struct look_query *query = &options->query;
	bool explains =
		options->mode == MODE_EXPLAIN || options->mode == MODE_BASELINE || options->mode == MODE_SAVE_BASELINE;

	if (pending->protocols)
		query->protocols = pending->protocols;
	else if (pending->families || explains)
		query->protocols = NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX);
	else
		query->protocols = NETSTAT_ALL_PROTOCOLS;
	if (pending->families)
		query->families = pending->families;
	query->which = pending->listening ? LOOK_LISTENING : pending->all ? LOOK_ALL : LOOK_CONNECTED;
	/* These speak of a machine as a whole, its servers included. */
	if (!pending->listening && (explains || options->mode == MODE_SAVE || options->mode == MODE_METRICS))
		query->which = LOOK_ALL;
}

static int bad_column(const char *option, const char *text, size_t at, size_t length)
{
	char word[64];
	struct nearest nearest = {.word = word};

	snprintf(word, sizeof(word), "%.*s", (int)(length < 60 ? length : 60), text + at);
	for (size_t i = 0; i < column_count(); i++)
		nearest_try(&nearest, column_get(i)->name);
	if (nearest.name)
		return tool_fail("netstat", TOOL_USAGE, "%s: '%s' is no column; did you mean '%s'?", option, word,
				 nearest.name);
	return tool_fail("netstat", TOOL_USAGE, "%s: '%s' is no column; --columns help lists them", option, word);
}

static int settle_columns(struct netstat_options *options, const struct pending *pending)
{
	bool only_unix = options->query.protocols == NETSTAT_BIT(NETSTAT_UNIX);
	size_t at, length;

	columns_default(&options->columns, only_unix && options->format != WRITER_TABLE);
	if (options->mode == MODE_EXPLAIN && options->format != WRITER_TABLE) {
		columns_add(&options->columns, "findings");
		columns_add(&options->columns, "explanation");
	}
	if (options->extend) {
		columns_add(&options->columns, "user");
		columns_add(&options->columns, "inode");
	}
	if (pending->programs)
		columns_add(&options->columns, "process");
	if (pending->timers)
		columns_add(&options->columns, "timer");
	if (options->query.all_namespaces)
		columns_add(&options->columns, "namespace");
	if (pending->columns && columns_parse(pending->columns, &options->columns, &at, &length) < 0)
		return bad_column("--columns", pending->columns, at, length);
	options->columns_chosen = pending->columns && pending->columns[0] != '+';
	if (pending->sort && order_parse(pending->sort, &options->order, &at, &length) < 0)
		return bad_column("--sort", pending->sort, at, length);
	return TOOL_DONE;
}

/* The groups are made when they are counted; here is only seen whether they can be. */
static int settle_group(struct netstat_options *options)
{
	int error;
	struct group *group;

	if (!options->by)
		return TOOL_DONE;
	group = group_new(options->by, &error);
	if (!group && error == BERTH_EINVAL)
		return bad_column("--by", options->by, 0, strlen(options->by));
	if (!group)
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	options->query.needs |= group_needs(group);
	group_free(group);
	return TOOL_DONE;
}

/* Columns say names where they have them: so what is not wanted is not looked up. */
static uint32_t needs_of_columns(const struct netstat_options *options, const struct pending *pending)
{
	struct columns columns = options->columns;
	uint32_t needs;

	/* A table for people has a second part with columns of its own. */
	if (options->format == WRITER_TABLE && !options->columns_chosen &&
	    (options->query.protocols & NETSTAT_BIT(NETSTAT_UNIX))) {
		columns_add(&columns, "peer");
		columns_add(&columns, "path");
	}
	if (options->format != WRITER_TABLE)
		columns_take_apart(&options->columns, &columns);
	needs = pending->numeric ? columns_needs_numeric(&columns) : columns_needs(&columns);
	if (pending->numeric_hosts)
		needs &= ~(uint32_t)NETSTAT_NEED_NAMES;
	if (pending->numeric_ports)
		needs &= ~(uint32_t)NETSTAT_NEED_SERVICES;
	if (pending->numeric_users)
		needs &= ~(uint32_t)NETSTAT_NEED_USER;
	return needs;
}

static uint32_t needs_of_mode(const struct netstat_options *options, const struct pending *pending)
{
	switch (options->mode) {
	case MODE_LIST:
	case MODE_WATCH:
	case MODE_KILL:
		return needs_of_columns(options, pending);
	case MODE_EXPLAIN:
		return NETSTAT_NEED_EXPLANATION | (options->format ? needs_of_columns(options, pending) : 0);
	case MODE_BASELINE:
	case MODE_SAVE_BASELINE:
		return BASELINE_NEEDS;
	case MODE_METRICS:
		return METRICS_NEEDS;
	case MODE_SAVE:
		return SAVED_NEEDS;
	case MODE_GROUP:
	case MODE_ROUTES:
	case MODE_INTERFACES:
	case MODE_GROUPS:
	case MODE_NEIGHBOURS:
	case MODE_COUNTERS:
		break;
	}
	return 0;
}

static void settle_needs(struct netstat_options *options, const struct pending *pending)
{
	struct look_query *query = &options->query;

	query->numeric = pending->numeric;
	query->needs |= order_needs(&options->order) | needs_of_mode(options, pending);
	query->names_stream = isatty(STDOUT_FILENO) && (query->needs & NETSTAT_NEED_NAMES);
}

/* An option that would be ignored is a question that would not be answered. */
static int check_use(const struct netstat_options *options, const struct pending *pending)
{
	enum netstat_mode mode = options->mode;
	bool lists = mode == MODE_LIST || mode == MODE_EXPLAIN || mode == MODE_WATCH || mode == MODE_KILL;
	const char *unused = NULL;

	if (options->top && mode != MODE_GROUP && (!lists || mode == MODE_WATCH))
		unused = "--top";
	else if (pending->sort && mode != MODE_GROUP && !lists)
		unused = "--sort";
	else if (pending->columns && !lists)
		unused = "--columns";
	if (unused)
		return netstat_options_fail("%s has no meaning for %s; leave it away", unused, pending->mode_option);
	if (mode == MODE_WATCH && (options->format == WRITER_JSON || options->format == WRITER_CSV))
		return netstat_options_fail(
			"--watch does not end, so that of the forms for programs it has --jsonl only%s%s", "", "");
	if (mode >= MODE_ROUTES && (options->format == WRITER_JSONL || options->format == WRITER_CSV))
		return netstat_options_fail("of the forms for programs %s has --json only%s", pending->mode_option, "");
	if (options->format != WRITER_TABLE &&
	    (mode == MODE_BASELINE || mode == MODE_SAVE_BASELINE || mode == MODE_METRICS || mode == MODE_SAVE))
		return netstat_options_fail("%s has a form of its own; leave --json, --jsonl and --csv away%s",
					    pending->mode_option, "");
	return TOOL_DONE;
}

static int check(const struct netstat_options *options, const struct pending *pending)
{
	if (options->mode == MODE_KILL && !options->filter)
		return tool_fail("netstat", TOOL_USAGE,
				 "--kill needs a filter that says which sockets, such as 'dport 443'");
	if (options->mode == MODE_KILL && (options->query.all_namespaces || options->query.read))
		return tool_fail("netstat", TOOL_USAGE, "--kill ends sockets of this network namespace only, and now");
	if (options->yes && options->mode != MODE_KILL)
		return tool_fail("netstat", TOOL_USAGE, "--yes goes with --kill");
	if (options->query.read && (options->query.host || options->query.all_namespaces))
		return tool_fail("netstat", TOOL_USAGE,
				 "--read takes all from the file; %s goes with a running machine",
				 options->query.host ? "--host" : "--all-netns");
	if (options->query.read && options->mode >= MODE_ROUTES)
		return netstat_options_fail("--read: a saved snapshot has no %s to show%s", pending->mode_option, "");
	return TOOL_DONE;
}

int netstat_options_settle(struct netstat_options *options, const struct pending *pending)
{
	int status;

	settle_sockets(options, pending);
	status = settle_columns(options, pending);
	if (status == TOOL_DONE)
		status = settle_group(options);
	if (status == TOOL_DONE)
		settle_needs(options, pending);
	if (status == TOOL_DONE)
		status = check_use(options, pending);
	return status == TOOL_DONE ? check(options, pending) : status;
}
