/* What the files that read the command line have in common. */
#ifndef TOOLS_NETSTAT_OPTIONS_PRIVATE_H
#define TOOLS_NETSTAT_OPTIONS_PRIVATE_H

#include "options.h"

/* Options whose meaning waits for the others. */
struct pending {
	uint32_t protocols, families; /* 0: none was named */
	bool all, listening;
	bool numeric, numeric_hosts, numeric_ports, numeric_users;
	bool programs, timers;
	const char *mode_option; /* the option that chose the mode */
	const char *columns, *sort;
};

/* The line of a wrong command line; TOOL_USAGE. */
int netstat_options_fail(const char *format, const char *a, const char *b);

/* options_filter.c: the words from argv[optind] on are the filter. An exit status. */
int netstat_options_filter(struct netstat_options *options, const struct pending *pending, int argc, char **argv);

/* options_settle.c: what all options say together, and whether they go together. An exit status. */
int netstat_options_settle(struct netstat_options *options, const struct pending *pending);

#endif
