/* The words behind the options: the filter, and the lines that show what is wrong with it. */
#include "options_private.h"
#include "show/text.h"
#include "tool.h"

#include <berth/error.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words that are left are the filter. */
static char *join(int argc, char **argv)
{
	size_t n = 1;
	char *text;

	for (int i = optind; i < argc; i++)
		n += strlen(argv[i]) + 1;
	text = calloc(n, 1);
	for (int i = optind; text && i < argc; i++) {
		strcat(text, argv[i]);
		if (i + 1 < argc)
			strcat(text, " ");
	}
	return text;
}

/* Shows the text up to `end` on standard error, at most `most` cells of it; returns how many cells it took. */
static size_t text_show(const char *text, const char *end, size_t most)
{
	char clean[512];
	size_t cells = 0;
	size_t n = text_clean(&text, end, clean, sizeof(clean), &cells);
	size_t cut = text_cut(clean, n, most);

	fwrite(clean, 1, cut, stderr);
	return text_width(clean, cut);
}

/* The line, and the text with a mark under the word. Returns TOOL_USAGE. */
static int filter_fail(const char *text, const struct filter_error *error)
{
	enum {
		BEFORE = 48, /* bytes that are shown of what is before the word */
		ALL = 76,
	};
	const char *end = text + strlen(text), *word = text + error->at, *from = text;
	size_t lead = 0, mark = 0;

	tool_fail("netstat", TOOL_USAGE, "filter: %s", error->text);
	if (error->at > BEFORE) {
		from = word - BEFORE;
		while ((*from & 0xc0) == 0x80) /* within a UTF-8 character */
			from++;
	}
	fputs("  ", stderr);
	lead = text_show(from, word, ALL);
	mark = text_show(word, word + error->length, ALL - lead);
	text_show(word + error->length, end, ALL - lead - mark);
	fprintf(stderr, "\n  %*s", (int)lead, "");
	for (size_t i = 0; i < mark || i == 0; i++)
		fputc('^', stderr);
	fputc('\n', stderr);
	return TOOL_USAGE;
}

int netstat_options_filter(struct netstat_options *options, const struct pending *pending, int argc, char **argv)
{
	struct filter_error error = {0};
	int r;

	if (optind >= argc)
		return TOOL_DONE;
	if (options->mode >= MODE_ROUTES)
		return netstat_options_fail("'%s': %s lists no sockets that a filter could choose from", argv[optind],
					    pending->mode_option);
	options->filter_text = join(argc, argv);
	r = options->filter_text ? filter_parse(options->filter_text, &options->filter, &error) : BERTH_ENOMEM;
	if (r == BERTH_EINVAL)
		return filter_fail(options->filter_text, &error);
	if (r < 0)
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	options->query.filter = options->filter;
	return TOOL_DONE;
}
