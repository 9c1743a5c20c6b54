/* How a small table is laid out: a line is a list of cells, which people see in sections of chosen columns, and
 * machines as one JSON array of objects with all of them. */
#ifndef NETSTAT_LAYOUT_H
#define NETSTAT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a cell's text is in JSON. A cell that is NULL is null. */
enum layout_kind {
	LAYOUT_TEXT,
	LAYOUT_NUMBER, /* decimal */
	LAYOUT_BOOL,   /* "true" or "false" */
	LAYOUT_TEXTS,  /* words with a space between them: an array of texts */
	LAYOUT_JSON,   /* it is JSON already */
};

/* Each cell of a line, for machines. */
struct layout_key {
	const char *key; /* NULL: they do not see it */
	enum layout_kind kind;
};

/* A cell that people see. */
struct layout_column {
	unsigned cell;
	const char *heading; /* NULL in every column of a section: no line of headings */
	unsigned width;      /* at least */
	bool right;
	unsigned when; /* 0: always; else only in a section that shows one of these bits */
};

struct layout {
	const struct layout_key *keys;
	size_t n_keys;
	bool json;
	FILE *out;
	const struct layout_column *columns; /* of the section */
	size_t n_columns;
	unsigned shows;               /* bits, as those of its columns */
	struct libscols_table *table; /* people: the section's lines so far; NULL: none */
	char title[160];
	long n_lines;
	bool any; /* a section has been printed */
};

/* The keys and `out` are borrowed. */
void layout_init(struct layout *layout, const struct layout_key *keys, size_t n_keys, bool json, FILE *out);

/* The lines that follow stand under this title (copied), in these columns (borrowed until the section ends). A section
 * without lines is not seen. 0 or BERTH_ENOMEM. Machines see no sections. */
int layout_section(struct layout *layout, const char *title, const struct layout_column *columns, size_t n_columns,
		   unsigned shows);

/* A line of n_keys cells, which are copied; people need those alone that the section's columns name. 0 or BERTH_ENOMEM.
 */
int layout_line(struct layout *layout, const char *const *cells);

/* Prints what there is still to print, and frees; `error`, when not 0, is returned as it is and ends a JSON array as
 * well. How many lines there were, or BERTH_ENOMEM. Whether all could be written is for the owner of `out` to ask. */
long layout_end(struct layout *layout, int error);

/* Writes `value` into out[24] and returns it. */
const char *layout_number(uint64_t value, char out[24]);

#endif
