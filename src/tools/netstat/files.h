/* What netstat does with files: saved snapshots, baselines, metrics. */
#ifndef TOOLS_NETSTAT_FILES_H
#define TOOLS_NETSTAT_FILES_H

#include "options.h"

/* Each takes one look; an exit status, and the line is written. */
int netstat_save(const struct netstat_options *options, struct look *look);
int netstat_save_baseline(const struct netstat_options *options, struct look *look);
/* TOOL_NO when something is new. */
int netstat_baseline(const struct netstat_options *options, struct look *look);
int netstat_metrics(const struct netstat_options *options, struct look *look);

/* A file that is written beside its place and put there whole, so that nobody ever reads half of one; "-" is standard
 * output. NULL: the line is written. */
struct output {
	FILE *file;
	const char *path;
	char *temporary; /* NULL: standard output */
};
bool output_open(struct output *output, const char *path);
/* Closes, and puts the file in its place when `keep`. TOOL_DONE, or TOOL_FAILED and the line is written. */
int output_close(struct output *output, bool keep);

#endif
