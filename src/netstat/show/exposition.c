/* OpenMetrics 1.0 as text. The standard wants metadata in the order TYPE, UNIT, HELP before a family's samples, and
 * '\\', '\"' and '\n' for what would end a label's value. */
#include "exposition.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

void exposition_family(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/* How many bytes the first character of a text has, by RFC 3629 section 4; 0: it is none. The NUL ends the text. */
static size_t character_length(const unsigned char *c)
{
	size_t n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or beyond the last character. */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
	    (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

static void write_value(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		size_t n = character_length(c);

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '\\' || *c == '"')
			fprintf(out, "\\%c", *c);
		else
			fwrite(c, 1, n, out);
		c += n ? n : 1;
	}
}

static void write_name(FILE *out, const char *name, const char *suffix, const struct exposition_label *labels,
		       size_t n_labels)
{
	bool open = false;

	fputs(name, out);
	fputs(suffix, out);
	for (size_t i = 0; i < n_labels; i++) {
		if (!labels[i].value || !*labels[i].value)
			continue;
		fprintf(out, "%c%s=\"", open ? ',' : '{', labels[i].name);
		write_value(out, labels[i].value);
		fputc('"', out);
		open = true;
	}
	fputs(open ? "} " : " ", out);
}

void exposition_sample(FILE *out, const char *name, const char *suffix, const struct exposition_label *labels,
		       size_t n_labels, uint64_t value)
{
	write_name(out, name, suffix, labels, n_labels);
	fprintf(out, "%" PRIu64 "\n", value);
}

void exposition_seconds(FILE *out, const char *name, const char *suffix, const struct exposition_label *labels,
			size_t n_labels, uint64_t ns)
{
	write_name(out, name, suffix, labels, n_labels);
	fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / UINT64_C(1000000000), ns % UINT64_C(1000000000));
}

void exposition_end(FILE *out)
{
	fputs("# EOF\n", out);
}
