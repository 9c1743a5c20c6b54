/* What a writer is made of, and what each format does; for the formats alone. */
#ifndef NETSTAT_FORMAT_H
#define NETSTAT_FORMAT_H

#include "show/out.h"
#include "show/writer.h"

/* Where a column of a table stands on the line, in display cells from its beginning: [start, end), one blank before. */
struct table_place {
	size_t start, end;
	bool right;
};

struct table_hold; /* rows that wait for others (table.c) */

struct writer {
	struct writer_config config;
	const struct format *format;
	uint64_t n_rows;
	struct table_hold *hold;                /* NULL: rows are written as they come */
	size_t widths[COLUMNS_MAX];             /* of a table's columns */
	struct table_place places[COLUMNS_MAX]; /* and where they stand by these */
	struct out out;
};

/* What differs between formats. */
struct format {
	int (*begin)(struct writer *writer); /* 0 or BERTH_ENOMEM */
	void (*row)(struct writer *writer, const struct netstat_row *row);
	void (*end)(struct writer *writer); /* writes what is left, and frees what `begin` made */
};

extern const struct format format_table, format_json, format_jsonl, format_csv;

#endif
