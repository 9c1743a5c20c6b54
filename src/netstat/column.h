/* Columns: each thing that can be said of a row has a name, a heading, a kind, and one function that says it. Tables,
 * JSON, CSV, the order of rows, their grouping and the live view all read rows through this table and nothing else. */
#ifndef NETSTAT_COLUMN_H
#define NETSTAT_COLUMN_H

#include "row.h"

enum cell_kind {
	CELL_NONE, /* nothing to say: "-" in a table, null in JSON */
	CELL_TEXT,
	CELL_NUMBER,   /* unsigned */
	CELL_DURATION, /* nanoseconds; people see "1.2ms", machines milliseconds as a decimal number */
	CELL_BOOL,
};

/* A cell. The text is borrowed from the row or static, or stands in `buffer`. */
struct cell {
	enum cell_kind kind;
	bool plain; /* for certain the text is printable ASCII without quotes and backslashes: nobody has to look */
	const char *text; /* never NULL */
	size_t length;    /* of text */
	uint64_t number;
	char buffer[320];
};

/* A text may be a list with commas between. JSON has an array of it instead, which is empty when the cell says nothing;
 * in one of numbers, what is none ("...") is left out. */
enum column_list_of {
	LIST_OF_NOTHING, /* no list */
	LIST_OF_NUMBERS,
	LIST_OF_WORDS,
};

struct column {
	const char *name;    /* on the command line and as JSON key: "recv_q" */
	const char *heading; /* "Recv-Q" */
	const char *help;    /* a few words, for the list of columns and the man page */
	enum cell_kind kind; /* of every cell that is not CELL_NONE */
	unsigned width;      /* at least, in a table */
	bool right;          /* numbers stand right */
	uint32_t needs;      /* set of enum netstat_need */
	void (*say)(const struct netstat_row *row, bool numeric,
		    struct cell *cell); /* fills in all of *cell but buffer */
	/* For machines, a column that puts several things together stands for these; NULL-terminated, or NULL. */
	const char *const *parts;
	uint32_t names; /* of `needs`, what only serves to say names: not needed when numeric */
	/* How rows are ordered by it, where that is not by what the cells say; or NULL. */
	int (*compare)(const struct netstat_row *a, const struct netstat_row *b);
	enum column_list_of list; /* the text is a list */
	bool trims; /* an address and a port: the address may be cut short to `width` when that is asked for */
};

size_t column_count(void);
const struct column *column_get(size_t i);
/* By name; case does not matter, '-' is '_'. NULL: there is none. */
const struct column *column_by_name(const char *name);

#define COLUMNS_MAX 96u

/* A list of columns as they were asked for. */
struct columns {
	const struct column *columns[COLUMNS_MAX];
	size_t n;
};

/* "proto,local,rtt", "+rtt,cwnd" (added to what *out has), "all" (each column that is not a part of another). A column
 * that comes twice stays where it came first. 0; or BERTH_EINVAL, *out untouched, and *at and *length tell which part
 * of the text names no column. */
int columns_parse(const char *text, struct columns *out, size_t *at, size_t *length);
/* At the end, unless it is there already. */
void columns_add(struct columns *columns, const char *name);
/* What has to be known of rows that are said in these columns; numeric: without names of hosts, services and users. */
uint32_t columns_needs(const struct columns *columns);
uint32_t columns_needs_numeric(const struct columns *columns);
/* With compound columns taken apart, for JSON and CSV; no column twice. */
void columns_take_apart(const struct columns *columns, struct columns *out);

/* What netstat shows when nobody says otherwise: for IP sockets, for Unix sockets. */
void columns_default(struct columns *out, bool unix_sockets);

/* < 0, 0, > 0, as two rows' cells of one column: numbers by value, texts by byte order, nothing last. Addresses go by
 * family, then by value, then by port. */
int column_compare(const struct column *column, const struct netstat_row *a, const struct netstat_row *b);

#endif
