/* Watching: `berth netstat --watch`, on a full screen or as a stream of events. */
#ifndef TOOLS_NETSTAT_WATCH_H
#define TOOLS_NETSTAT_WATCH_H

#include "ask/order.h"
#include "look.h"

struct watch {
	struct look_query query; /* as for a single look, with what columns and order need */
	const char *filter_text; /* that query.filter was parsed from, for the screen to show; NULL: none */
	struct columns columns;
	bool columns_chosen; /* --columns: a stream tells of changes in any of them, else of changes of state */
	struct order order;  /* of the screen */
	double seconds;      /* between two looks; 0: 1 */
	bool jsonl;          /* a stream of JSON objects, a line each, instead of text */
};

/* Events to stdout, a line each, until SIGINT, SIGTERM or SIGHUP comes or nobody reads them: TOOL_DONE. TOOL_FAILED,
 * and the error line is written, when the sockets cannot be read. */
int watch_events(const struct watch *watch);

/* A full screen on the terminal that stdin and stdout are, until 'q' or a signal: TOOL_DONE. TOOL_FAILED, with the line
 * written and the terminal as it was, when that is not possible. */
int watch_screen(const struct watch *watch);

#endif
