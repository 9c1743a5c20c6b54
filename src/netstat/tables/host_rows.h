/* What berth hosts have, for tables that show it beside the kernel's: all hosts are read before the first line is
 * printed, since whether there are any says which columns the table has. */
#ifndef NETSTAT_HOST_ROWS_H
#define NETSTAT_HOST_ROWS_H

#include "tables.h"

/* Sections show columns by these bits (layout.h), and those of the table's own, from TABLES_OWN on. */
enum {
	TABLES_HOST = 1,   /* whose a line is: there are some of hosts and others */
	TABLES_KERNEL = 2, /* no line is a host's: columns that hosts say nothing in, as net-tools has them */
	TABLES_EXTENDED = 4,
	TABLES_ALL = 8,
	TABLES_OWN = 16,
};

struct host_row {
	const char *host; /* of the list's, as all below */
	long pid;
	uint32_t number; /* of the host, from 1 */
	int kind;        /* BERTH_SNAPSHOT_INTERFACE ... */
	union {
		struct berth_interface_row interface;
		struct berth_address_row address;
		struct berth_route_row route;
		struct berth_group_row group;
		struct berth_neighbour_row neighbour;
		struct berth_dns_row dns;
		struct berth_search_row search;
	};
};

struct host_rows {
	struct keep names;
	struct host_row *rows; /* host by host */
	size_t n, room;
	uint32_t n_hosts;
	const char *host; /* the one that is being read */
	uint32_t kinds;
};

/* Reads the rows of these kinds (a set by NETSTAT_BIT(BERTH_SNAPSHOT_...)) that the query wants. That hosts cannot be
 * read is said, and an error only to who asked for some by name. 0; BERTH_ENOENT: none has the name; BERTH_EACCES,
 * BERTH_EIO, BERTH_ENOMEM. To be freed in any case. */
int host_rows_read(struct host_rows *rows, const struct tables_query *query, uint32_t kinds);
void host_rows_free(struct host_rows *rows);

/* Which of the columns above a section has. */
unsigned host_rows_shows(const struct host_rows *rows, const struct tables_query *query);

/* Whose table it is: "Kernel IP routing table", "IP routing table of web"; "IP routing table" when it is of both. */
#define TABLES_TITLE 160
const char *host_rows_title(const struct host_rows *rows, const struct tables_query *query, const char *what,
			    char out[TABLES_TITLE]);

/* The text of an address without its scope, which is the interface beside it; "" without an address. Returns out. */
const char *host_rows_address(const struct berth_address *address, char out[BERTH_ADDRESS_TEXT]);

/* The name of an interface, or its number when it has none. */
const char *host_rows_interface(const char *name, uint32_t index, char out[BERTH_INTERFACE_NAME_MAX]);

/* A duration for people ("12m05s", and "-" for BERTH_FOR_EVER) and as milliseconds (NULL). */
const char *tables_duration(uint64_t ns, char out[24]);
const char *tables_milliseconds(uint64_t ns, char out[24]);

/* The family is one that is asked for. */
static inline bool tables_wants(const struct tables_query *query, uint8_t family)
{
	return query->families & (family == BERTH_IP4 ? NETSTAT_IP4 : NETSTAT_IP6);
}

#endif
