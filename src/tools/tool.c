/* The helpers of tool.h: error lines, getopt's complaints in one form, numbers, the end of standard output. */
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest error line; what is beyond it is cut. */
#define LINE_MAX_BYTES 1024

int tool_fail(const char *verb, enum tool_status status, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	/* One line stays one line, and a terminal is not steered by an argument. */
	for (char *c = line; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	fprintf(stderr, "berth%s%s: %s\n", verb ? " " : "", verb ? verb : "", line);
	return status;
}

/* What to try: "berth ports --help". */
static const char *help_of(const char *verb, char *out, size_t n)
{
	snprintf(out, n, "berth%s%s --help", verb ? " " : "", verb ? verb : "");
	return out;
}

int tool_bad_option(const char *verb, char **argv, int returned)
{
	/* getopt has gone past a long option but not past the last of joined short ones (-xyz). */
	const char *word = argv[optind - 1];
	char option[128], help[64];
	bool is_long = word && strncmp(word, "--", 2) == 0;

	if (is_long)
		snprintf(option, sizeof(option), "%.*s", (int)strcspn(word, "="), word);
	else
		snprintf(option, sizeof(option), "-%c", optopt);
	help_of(verb, help, sizeof(help));
	if (returned == ':')
		return tool_fail(verb, TOOL_USAGE, "option '%s' needs a value; '%s' says which", option, help);
	/* A known long option: getopt names it in optopt, and its value is what is wrong. */
	if (is_long && optopt)
		return tool_fail(verb, TOOL_USAGE, "option '%s' takes no value; leave '%s' away", option,
				 word + strcspn(word, "="));
	return tool_fail(verb, TOOL_USAGE, "unknown option '%s'; '%s' lists the options", option, help);
}

int tool_bad_argument(const char *verb, const char *argument)
{
	char help[64];

	return tool_fail(verb, TOOL_USAGE, "'%s' is one argument too many; '%s' says which it takes", argument,
			 help_of(verb, help, sizeof(help)));
}

int tool_help(const char *usage)
{
	fputs(usage, stdout);
	return TOOL_DONE;
}

bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned digit = (unsigned)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

int tool_option_number(const char *verb, const char *option, const char *text, uint64_t min, uint64_t max,
		       uint64_t *out)
{
	if (tool_number(text, min, max, out))
		return TOOL_DONE;
	return tool_fail(verb, TOOL_USAGE, "%s '%s' is not a number from %" PRIu64 " to %" PRIu64, option, text, min,
			 max);
}

bool tool_stdout_failed(void)
{
	return ferror(stdout);
}

/* Whoever read our output has gone away: the pipe or socket says so. */
static bool reader_gone(int error)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return error == EPIPE || (poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)));
}

int tool_finish(const char *verb, int status)
{
	bool failed_before = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !failed_before)
		return status;

	int error = errno;
	if (reader_gone(error))
		return status;
	return tool_fail(verb, TOOL_FAILED, "standard output: %s; the output is not complete",
			 error ? strerror(error) : "a write failed");
}
