/* What netstat prints of sockets: lists, groups, explanations. Each takes one look and prints it. */
#ifndef TOOLS_NETSTAT_LIST_H
#define TOOLS_NETSTAT_LIST_H

#include "options.h"

/* Each returns an exit status and has written the line that goes with it: TOOL_NO where nothing was found (of the
 * unexplained: where something was). */
int netstat_list(const struct netstat_options *options, struct look *look);
int netstat_group(const struct netstat_options *options, struct look *look);
int netstat_explain(const struct netstat_options *options, struct look *look);

/* The line for an error that look_new or look_run returned. TOOL_FAILED. */
int netstat_look_fail(const struct netstat_options *options, const struct look *look, int error);

/* Nothing was found: says so and what might be tried, unless the output is for machines. TOOL_NO. */
int netstat_nothing(const struct netstat_options *options);

#endif
