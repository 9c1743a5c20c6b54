/* What baseline.c and baseline_read.c share. */
#ifndef NETSTAT_BASELINE_PRIVATE_H
#define NETSTAT_BASELINE_PRIVATE_H

#include "enrich/baseline_entry.h"
#include "index.h"

/* The entry of a line, whose text is the key in the index. */
struct baseline_item {
	struct baseline_entry entry;
	bool from_file, seen;
};

struct baseline {
	const struct services *services;
	struct index lines;   /* text -> struct baseline_item */
	struct index checked; /* text of what was asked about -> bool: an entry matches it */
	struct keep patterns; /* those of the entries */
};

/* Adds the entry that text[n] is, unless it is there already. 1: there is such an entry; 0: a comment; or as
 * baseline_parse, or BERTH_ENOMEM. */
int baseline_add(struct baseline *baseline, const char *text, size_t n, bool from_file, struct baseline_error *error);

#endif
