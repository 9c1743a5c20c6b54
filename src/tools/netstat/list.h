/* What netstat prints of sockets: lists, groups, explanations. Each takes one look and prints it. */
#ifndef TOOLS_NETSTAT_LIST_H
#define TOOLS_NETSTAT_LIST_H

#include "options.h"

/* Each returns an exit status and has written the line that goes with it: TOOL_NO where nothing was found (of the
 * unexplained: where something was). */
int netstat_list(const struct netstat_options *options, struct look *look);
int netstat_group(const struct netstat_options *options, struct look *look);
int netstat_explain(const struct netstat_options *options, struct look *look);

/* Owners that could not be seen, and what would help: a line on standard error for people. */
struct unseen {
	uint64_t n_denied;    /* of processes that may not be looked at */
	uint64_t n_elsewhere; /* of no process of this PID namespace */
};
void netstat_count_unseen(struct unseen *unseen, const struct netstat_row *row);
void netstat_note_unseen(const struct netstat_options *options, const struct unseen *unseen);

/* The line for an error that look_new or look_run returned. TOOL_FAILED. */
int netstat_look_fail(const struct netstat_options *options, const struct look *look, int error);

/* Nothing was found: says so and what might be tried, unless the output is for machines. TOOL_NO. */
int netstat_nothing(const struct netstat_options *options);

#endif
