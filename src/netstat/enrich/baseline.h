/* A baseline: which conversations are supposed to be there, as a text file that people edit and review.
 *
 * An entry is what stays the same over a restart: program, user, direction, protocol, service port, scope of the peer.
 * What an entry leaves open, or says as a pattern, matches many.
 *
 *     # the web server
 *     allow listen tcp 80,443 at any      program /usr/sbin/nginx user root
 *     allow in     tcp 80,443 from *      program /usr/sbin/nginx user www-data
 *     allow out    *   53     to private
 *
 * Each entry is a line: "allow", directions, protocols, ports, and then in any order the scope ("at" of what waits,
 * "from" and "to" of the peer), program and user. Directions, protocols, ports and scopes are lists with commas, or
 * "*"; a part that is missing is "*". The port is the service's: the local one of what listens or came in, the foreign
 * one of what went out; a range is 6000-6063, and "ephemeral" any port that the system chooses from, as it does for a
 * UDP socket that only asks. Program and user are patterns of the shell (fnmatch(3), where "*" is any text, "/"
 * included), a backslash before a character takes its meaning away, and "-" is for a program or user that is not known.
 * A program with a "/" in it is compared with the path of the executable, else with its name. "#" begins a comment. */
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

/* Adds what a file says. 0; BERTH_EINVAL and *error, and what stood before that line has been added; BERTH_EIO (reading
 * failed), BERTH_ENOMEM. Lines may be of any length up to 4,096 bytes. */
int baseline_read(struct baseline *baseline, FILE *file, struct baseline_error *error);

/* Compares: all entries that match the row are marked as seen. true: there is one, or the row is none of a baseline's
 * business: no ports (Unix, raw), no peer and no waiting for one, or a conversation that is not accepted yet, or over,
 * so that only the kernel has it. line[n], when not NULL: the row as a line that would match it, or "" for one that is
 * none of its business. The row has what BASELINE_NEEDS says. */
bool baseline_check(struct baseline *baseline, const struct netstat_row *row, char *line, size_t n);

/* Records the row as an entry, unless one matches already. 0 or BERTH_ENOMEM. */
int baseline_record(struct baseline *baseline, const struct netstat_row *row);

/* Writes all entries, sorted, under a heading of comments that explains the format. Those from a file are written as
 * they stood there, without their comments. 0, BERTH_EIO or BERTH_ENOMEM. */
int baseline_write(const struct baseline *baseline, FILE *file);

/* Calls `each` with every entry that no row matched: its line as text. Those from a file only, and only those of which
 * all rows can have come when no others than these `protocols` (a set) were asked for. */
void baseline_each_unseen(const struct baseline *baseline, uint32_t protocols,
			  void (*each)(void *user, const char *line), void *user);

#endif
