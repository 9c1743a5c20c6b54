/* The servers of names that berth hosts use, and the domains in which they look for names without a dot. They are a
 * host's, not an interface's: people see them below the interfaces, programs with each interface of the host. */
#ifndef NETSTAT_NAME_SERVERS_H
#define NETSTAT_NAME_SERVERS_H

#include "host_rows.h"
#include "layout.h"

/* The rows that the functions below look at, for host_rows_read. */
#define NAME_SERVERS_ROWS                                                                                              \
	(NETSTAT_BIT(BERTH_SNAPSHOT_INTERFACE) | NETSTAT_BIT(BERTH_SNAPSHOT_DNS) | NETSTAT_BIT(BERTH_SNAPSHOT_SEARCH))

/* For people: a section of servers, of the families that the query wants, and one of domains. 0 or BERTH_ENOMEM. */
int name_servers_print(struct layout *layout, const struct host_rows *hosts, const struct tables_query *query);

/* For programs: those of one host (its number), in the order of their use, as a JSON array. */
void name_servers_json(FILE *out, const struct host_rows *hosts, const struct tables_query *query, uint32_t host);
void search_domains_json(FILE *out, const struct host_rows *hosts, uint32_t host);

#endif
