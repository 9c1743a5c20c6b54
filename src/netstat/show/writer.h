/* Writers: rows as a table for people, as JSON, JSON lines or CSV. A writer streams: a row is on its way when the call
 * returns, save the first few of a table, which wait so that columns can be as wide as what stands in them. */
#ifndef NETSTAT_WRITER_H
#define NETSTAT_WRITER_H

#include "column.h"
#include <stdio.h>

enum writer_format {
	WRITER_TABLE, /* texts clean for a terminal (show/text.h), "-" where a cell says nothing */
	WRITER_JSON,  /* an array of objects; null where a cell says nothing, durations in milliseconds */
	WRITER_JSONL, /* an object a line */
	WRITER_CSV,   /* RFC 4180, with a header line */
};

struct writer_config {
	enum writer_format format;
	struct columns columns;
	bool numeric;
	bool headings; /* of a table, of CSV */
	bool trim;     /* a table: addresses may be cut short to the width of net-tools; else nothing ever is */
	bool flush; /* after each row: somebody is watching them come. A table then holds nothing back, and its columns
		     * widen as they go */
};

struct writer;
/* The config is copied, `out` borrowed; for machines, columns are taken apart. Several writers may follow each other on
 * one `out`, and others may write to it between them. NULL: out of memory. */
struct writer *writer_new(const struct writer_config *config, FILE *out);
/* 0 to go on, or BERTH_EIO: nothing more can be written. */
int writer_row(struct writer *writer, const struct netstat_row *row);
/* Writes what it holds back, and the end of an array (also when there was no row). 0 or BERTH_EIO. Then frees. */
int writer_end(struct writer *writer);

/* For others who write JSON: a text with its quotation marks, escaped by RFC 8259 section 7; bytes that are no UTF-8
 * become U+FFFD. */
void json_text(FILE *out, const char *text, size_t n);
/* As much for CSV: with quotation marks where RFC 4180 wants them, control characters as '?'. */
void csv_text(FILE *out, const char *text, size_t n);

#endif
