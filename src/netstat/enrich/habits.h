/* What services each program has conversations of, so that one that does not go with the others can be told. */
#ifndef NETSTAT_HABITS_H
#define NETSTAT_HABITS_H

#include "enrich/services.h"
#include "row.h"

struct habits;
struct habits *habits_new(const struct services *services); /* borrowed; NULL: out of memory */
struct habits *habits_free(struct habits *habits);

/* Counts the row for its program. 0 or BERTH_ENOMEM. */
int habits_look(struct habits *habits, const struct netstat_row *row);

/* After all rows were counted: this one does not go with the other conversations of its program. All of this holds:
 *
 * - its program opened it, and its peer is at a public address;
 * - no other conversation of the program is of its service, and there are eight or more others, which are of one or two
 *   services, a service being a port and which end has it;
 * - its service is none that nearly every program asks beside its own: domain (53), http (80), ntp (123), https (443),
 *   domain-s (853);
 * - the others came in (a server that suddenly opens something), or its port has no registered name.
 *
 * A program is an executable of a user in a control group's unit; interpreters are not judged, for each of their
 * scripts is a program of its own. */
bool habits_unusual(const struct habits *habits, const struct netstat_row *row);

/* The program is a shell or an interpreter: by the last part of its path, a version behind it aside ("python3.11"). */
bool habits_is_interpreter(const char *program);

#endif
