/* The snapshots of this user's running berth hosts, item by item. */
#ifndef NETSTAT_HOST_ITEMS_H
#define NETSTAT_HOST_ITEMS_H

#include "row.h"

/* What comes of one host: BERTH_SNAPSHOT_HEAD first, its items, and BERTH_SNAPSHOT_END, also of one that was cut short
 * (and *item is no end's then). All borrowed for the call. 0 to go on; else no more is handed on. */
typedef int host_item(void *user, const struct berth_snapshot_head *head, int kind,
		      const struct berth_snapshot_item *item);

struct host_items_query {
	const char *name; /* only hosts of this name; NULL: all */
	netstat_warn *warn;
	void *warn_user;
};

/* Reads all hosts, one after the other in the order of their names, and hands on what is wanted. What is wrong with one
 * of them is said, and the next follows. *n_hosts: how many of those that are wanted were read to their end. 0; what
 * `each` returned; when no host could be read at all, which has been said, BERTH_EACCES, BERTH_EIO, BERTH_ENOMEM. */
int host_items(const struct host_items_query *query, host_item *each, void *user, size_t *n_hosts);

#endif
