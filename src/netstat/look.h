/* A look at the machine: sources, enrichment and filter put together, so that who asks gets finished rows.
 *
 *     sources -> rows -> enrich -> filter -> on_row (order, groups, writers: the caller's)
 *
 * What a query does not need is not read. Rows stream, unless explanation needs all of them before it can speak of one.
 */
#ifndef NETSTAT_LOOK_H
#define NETSTAT_LOOK_H

#include "ask/filter.h"
#include "enrich/explain.h"
#include "enrich/names.h"
#include "process/process_table.h"
#include "source/saved.h"
#include "source/source.h"

/* Which sockets, by what they are doing. */
enum look_which {
	LOOK_CONNECTED, /* those with a peer */
	LOOK_LISTENING, /* those that wait for one */
	LOOK_ALL,
};

struct look_query {
	uint32_t protocols, families; /* sets, as in struct netstat_request */
	enum look_which which;        /* a filter that names states overrules it */
	uint32_t needs;               /* of columns, order, groups ...; the filter's are added */
	const struct filter *filter;  /* NULL: everything; borrowed */
	bool numeric;                 /* explanations in numbers */
	bool kernel, hosts;           /* the machine's sockets; those of berth hosts */
	bool all_namespaces;
	const char *host; /* only berth hosts of this name; NULL: all */
	const char *read; /* instead of all of these a saved snapshot: a path, or "-"; NULL: none */
	enum process_way process_way;
	const char *services; /* "/etc/services"; NULL: none */
	struct names_config names;
	bool names_stream; /* rows are handed on as their names become known; else when all are */
	netstat_warn *warn;
	void *warn_user;
};

/* Everything of the machine, IP sockets with a peer, no needs. */
void look_query_default(struct look_query *query);

struct look;
/* The query is copied. 0 and *out; BERTH_ENOMEM; those of names_new. */
int look_new(const struct look_query *query, struct look **out);
/* And everything that rows have borrowed. */
struct look *look_free(struct look *look);

/* One look, now. May be called again: what was found out about processes, users and names before is used again, and
 * what may have changed is read anew. 0; what on_row returned; an error of the sources, said by `warn` already. */
int look_run(struct look *look, netstat_on_row *on_row, void *user);

/* Where and why the saved snapshot could not be read, when look_run returned an error of it (line 0: it could not be
 * opened); text "" otherwise. */
const struct saved_error *look_read_error(const struct look *look);

/* What the saved snapshot that was read says of its machine; NULL: none has been read. */
const struct saved_head *look_read_head(const struct look *look);

struct process_table *look_processes(struct look *look);
struct users *look_users(struct look *look);
const struct services *look_services(const struct look *look);

#endif
