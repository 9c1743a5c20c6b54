/* What netstat was asked for: the command line as a struct. */
#ifndef TOOLS_NETSTAT_OPTIONS_H
#define TOOLS_NETSTAT_OPTIONS_H

#include "ask/group.h"
#include "ask/order.h"
#include "column.h"
#include "look.h"
#include "show/writer.h"

enum netstat_mode {
	MODE_LIST,
	MODE_EXPLAIN, /* a line of plain words a socket */
	MODE_GROUP,
	MODE_WATCH,
	MODE_KILL,
	MODE_SAVE,
	MODE_BASELINE,      /* compare */
	MODE_SAVE_BASELINE, /* record */
	MODE_METRICS,
	MODE_ROUTES,
	MODE_INTERFACES,
	MODE_GROUPS, /* multicast */
	MODE_NEIGHBOURS,
	MODE_COUNTERS,
};

struct netstat_options {
	enum netstat_mode mode;
	struct look_query query; /* filter and host are borrowed from here, and warn writes to standard error */
	struct filter *filter;   /* NULL: none was given; owned */
	struct columns columns;  /* of IP sockets, or of all when chosen */
	bool columns_chosen;     /* --columns: one table for all sockets */
	struct order order;
	const char *by; /* --by; NULL: no groups */
	size_t top;     /* 0: all */
	enum writer_format format;
	bool trim, headings, extend;
	bool only_unexplained;
	bool yes;
	double seconds;    /* between two looks; 0: one look only */
	const char *file;  /* of --save, --baseline ...; "-": standard input or output */
	uint16_t port;     /* of --openmetrics, when no file; 0: any that is free */
	char *filter_text; /* owned */
};

/* Reads the command line. TOOL_DONE and *out; another status when it is wrong, with the line written; -1: help was
 * wanted, -2: the version, -3: the list of columns. Free *out in any case. */
int netstat_options_parse(struct netstat_options *out, int argc, char **argv);
void netstat_options_free(struct netstat_options *options);

#endif
