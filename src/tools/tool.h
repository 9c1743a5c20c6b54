/* What every verb of the berth tool shares: exit statuses, error lines, options, numbers, standard output.
 *
 * A verb is a file NAME.c with
 *
 *     const char NAME_usage[];                  what `berth NAME --help` prints; begins "usage: berth NAME"
 *     int NAME_main(int argc, char **argv);     argv[0] is NAME; returns an exit status
 *
 * and a line in verbs.h. getopt is ready for use on entry (optind is 0) and prints nothing by itself when the option
 * string begins with ':'. Verbs write data to stdout through stdio and leave flushing and its errors to main, save
 * those that run for long: they end when tool_stdout_failed. SIGPIPE is ignored: a write to a pipe that nobody reads is
 * EPIPE; a verb that starts programs gives them the default action back. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tool_status {
	TOOL_DONE = 0,   /* done */
	TOOL_NO = 1,     /* the answer is no: nothing found, something unexplained */
	TOOL_USAGE = 2,  /* wrong usage */
	TOOL_FAILED = 3, /* could not do it */
};

/* Writes "berth VERB: ..." and a newline to stderr ("berth: ..." when verb is NULL) and returns `status`. The text says
 * what, on what, why, and what to try, in one line. Control characters that came with an argument show as '?'. */
int tool_fail(const char *verb, enum tool_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The line for what getopt_long just returned: ':' (with an option string that begins with ':') or '?'. Returns
 * TOOL_USAGE. */
int tool_bad_option(const char *verb, char **argv, int returned);

/* The line for an argument that the verb has no use for. Returns TOOL_USAGE. */
int tool_bad_argument(const char *verb, const char *argument);

/* Writes a usage text to stdout. Returns TOOL_DONE. */
int tool_help(const char *usage);

/* The whole text is a decimal number from min to max, without sign or space: true and *out; else false and *out
 * untouched. */
bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* As tool_number for the value of an option ("--count"): TOOL_DONE, or TOOL_USAGE and the error line is written. */
int tool_option_number(const char *verb, const char *option, const char *text, uint64_t min, uint64_t max,
		       uint64_t *out);

/* Nothing more can be written to stdout. */
bool tool_stdout_failed(void);

/* Flushes stdout. `status`; but TOOL_FAILED and an error line when something written got lost, save to a pipe that
 * nobody reads any more, which is not worth a word. */
int tool_finish(const char *verb, int status);

#endif
