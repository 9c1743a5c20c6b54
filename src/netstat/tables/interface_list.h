/* The interfaces of the machine and of berth hosts, with their addresses. */
#ifndef NETSTAT_INTERFACE_LIST_H
#define NETSTAT_INTERFACE_LIST_H

#include "host_rows.h"
#include "index.h"
#include "link_message.h"

/* An interface, of the kernel (host number 0) or of a berth host. */
struct interface {
	struct link link;
	uint32_t host;
	const char *host_name;
	long pid;
	uint8_t hop_limit; /* of a berth host's */
};

/* The addresses of an interface. */
struct interface_addresses {
	struct link_address *items;
	size_t n, room;
};

struct interfaces {
	const struct tables_query *query;
	struct host_rows hosts; /* their servers of names and search domains among them */
	struct interface *items;
	size_t n, room;
	struct index addresses; /* of struct interface_addresses, by whose and which interface */
};

/* Reads what the query wants: hosts' interfaces first, the kernel's by number. 0; BERTH_EPERM, BERTH_EIO,
 * BERTH_ENOMEM, and those of host_rows_read. To be freed in any case. */
int interfaces_read(struct interfaces *interfaces, const struct tables_query *query);
void interfaces_free(struct interfaces *interfaces);

/* Borrowed; may be empty. */
const struct interface_addresses *interfaces_addresses(const struct interfaces *interfaces,
						       const struct interface *interface);

#endif
