/* Writers: what all formats share. A format puts rows into the writer's buffer; here is decided when that goes out. */
#include "show/format.h"

#include <berth/error.h>
#include <stdlib.h>

static const struct format *format_of(enum writer_format format)
{
	switch (format) {
	case WRITER_TABLE:
		break;
	case WRITER_JSON:
		return &format_json;
	case WRITER_JSONL:
		return &format_jsonl;
	case WRITER_CSV:
		return &format_csv;
	}
	return &format_table;
}

struct writer *writer_new(const struct writer_config *config, FILE *out)
{
	struct writer *writer = malloc(sizeof(*writer));

	if (!writer)
		return NULL;
	writer->config = *config;
	writer->format = format_of(config->format);
	writer->n_rows = 0;
	writer->hold = NULL;
	writer->out.file = out;
	writer->out.failed = false;
	writer->out.n = 0;
	if (config->format != WRITER_TABLE)
		columns_take_apart(&config->columns, &writer->config.columns);
	if (writer->format->begin(writer) == 0)
		return writer;
	free(writer);
	return NULL;
}

int writer_row(struct writer *writer, const struct netstat_row *row)
{
	writer->format->row(writer, row);
	writer->n_rows++;
	if (writer->config.flush)
		return out_flush(&writer->out);
	return writer->out.failed ? BERTH_EIO : 0;
}

int writer_end(struct writer *writer)
{
	writer->format->end(writer);
	int r = out_flush(&writer->out);

	free(writer);
	return r;
}
