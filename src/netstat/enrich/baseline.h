/* A baseline: which conversations are supposed to be there, as a text file that people edit and review.
 *
 * An entry is what stays the same over a restart: program, user, direction, protocol, service port, scope of the peer.
 * What an entry leaves open, or says as a pattern, matches many. */
#ifndef NETSTAT_BASELINE_H
#define NETSTAT_BASELINE_H

#include "enrich/services.h"
#include "row.h"
#include <stdio.h>

#define BASELINE_NEEDS                                                                                                 \
	(NETSTAT_NEED_TCP | NETSTAT_NEED_OWNERS | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_USER |                        \
	 NETSTAT_NEED_LISTENER | NETSTAT_NEED_DIRECTION)

struct baseline;
struct baseline *baseline_new(const struct services *services); /* empty; services borrowed; NULL: out of memory */
struct baseline *baseline_free(struct baseline *baseline);

/* Where a file is wrong, and why. */
struct baseline_error {
	unsigned line, column; /* from 1; 0: the file as such */
	char text[160];
};

/* Adds what a file says. 0; BERTH_EINVAL and *error; BERTH_EIO (reading failed), BERTH_ENOMEM. Lines may be of any
 * length up to 4,096 bytes. */
int baseline_read(struct baseline *baseline, FILE *file, struct baseline_error *error);

/* Compares: the entry that matches the row is marked as seen. true: there is one, or the row is none of a baseline's
 * business (no conversation, no listener). *line, when not NULL: the row as a line that would match it. */
bool baseline_check(struct baseline *baseline, const struct netstat_row *row, char *line, size_t n);

/* Records the row as an entry, unless one matches already. 0 or BERTH_ENOMEM. */
int baseline_record(struct baseline *baseline, const struct netstat_row *row);

/* Writes all entries, sorted, under a heading of comments that explains the format. 0 or BERTH_EIO. */
int baseline_write(const struct baseline *baseline, FILE *file);

/* Calls `each` with every entry that no row matched: its line as text. Those from a file only. */
void baseline_each_unseen(const struct baseline *baseline, void (*each)(void *user, const char *line), void *user);

#endif
