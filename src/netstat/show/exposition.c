/* OpenMetrics 1.0 as text. The standard wants metadata in the order TYPE, UNIT, HELP before a family's samples, and
 * '\\', '\"' and '\n' for what would end a label's value. */
#include "exposition.h"
#include "text.h"

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

static void write_value(FILE *out, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		uint32_t character;
		size_t n = text_utf8(text, end, &character);

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, n, out);
		text += n ? n : 1;
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
