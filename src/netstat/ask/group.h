/* Groups: `--by program` counts the rows that have the same cell in a column, and sums their queues and bytes. */
#ifndef NETSTAT_GROUP_H
#define NETSTAT_GROUP_H

#include "column.h"

struct group_line {
	const char *key; /* "" : rows that say nothing there */
	/* Sums that stay at UINT64_MAX once they are there. Queues without those of listeners, which are no bytes. */
	uint64_t n_rows, recv_q, send_q, bytes_sent, bytes_received;
};

struct group;
/* By a column's name, or one of process, remote, service, state, user, ... as the man page lists them. NULL and *error
 * BERTH_EINVAL (no such column) or BERTH_ENOMEM. */
struct group *group_new(const char *by, int *error);
struct group *group_free(struct group *group);
const struct column *group_column(const struct group *group);
uint32_t group_needs(const struct group *group);
int group_add(struct group *group, const struct netstat_row *row, bool numeric); /* 0 or BERTH_ENOMEM */
/* The most rows first, then by key; the array is the group's. */
const struct group_line *group_lines(struct group *group, size_t *n);

#endif
