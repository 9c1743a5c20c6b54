/* Changes: what is different between one look at the sockets and the next.
 *
 *     changes_begin; changes_row for each row of the look; changes_end      ... and again; changes_destroyed in between
 *
 * A socket is known again by the kernel's number of it (cookie), else by its inode, else by its socket pair, in its
 * network namespace or berth host. It is opened when a look shows it for the first time, and closed when a look does
 * not show it any more, when it is in TIME_WAIT (its program has closed it and only the kernel remembers it), or when
 * the kernel tells that it was destroyed. What the first look shows was there before: it is neither.
 *
 * Two looks are kept in memory. Nothing here makes a system call: time is the caller's. */
#ifndef NETSTAT_CHANGES_H
#define NETSTAT_CHANGES_H

#include "column.h"

enum change {
	CHANGE_OPENED,
	CHANGE_CLOSED,
	CHANGE_CHANGED, /* another state, or another cell in one of the columns that are compared */
};

/* "opened". Static text. */
const char *change_name(enum change change);

/* Takes a change for the time of the call. `row` is the socket as it is, or as it was last seen. 0 to go on; anything
 * else ends the look, which returns it. */
typedef int changes_on(void *user, enum change change, const struct netstat_row *row);

struct changes_config {
	const struct columns *compare; /* columns in which a difference is a change; NULL: the state only; borrowed */
	uint64_t own_namespace;        /* inode of the network namespace of rows that have none of their own */
	changes_on *on_change;         /* NULL: nobody wants to know */
	/* Called, too, with CHANGE_CLOSED and each row that a look does not show any more, whether it was told as
	 * closed before (TIME_WAIT, a notice) or is now. NULL: nobody wants to know. */
	changes_on *on_gone;
	void *user;
};

struct changes;
struct changes *changes_new(const struct changes_config *config); /* copied; NULL: out of memory */
struct changes *changes_free(struct changes *changes);

/* A look begins; ns_now is any clock that does not go back. A look that was begun and not ended is forgotten. 0 or
 * BERTH_ENOMEM. */
int changes_begin(struct changes *changes, uint64_t ns_now);
/* A row of the look. Fills in what is known from the looks before: row->ms_age (unless the source knew it) and the
 * rates. The row is copied, with what its source and enrichment lent it; structs of processes and of namespaces stay
 * borrowed. 0, BERTH_ENOMEM, or what on_change returned. */
int changes_row(struct changes *changes, struct netstat_row *row);
/* That was all: what was there before and was not shown again is closed. 0, or what on_change returned. */
int changes_end(struct changes *changes);

/* The kernel tells that a socket was destroyed, at ns_now: closed; and opened before, when no look has seen it. 0,
 * BERTH_ENOMEM, or what on_change returned. */
int changes_destroyed(struct changes *changes, struct netstat_row *row, uint64_t ns_now);

/* The rows of the last look that was ended; the array may be put in another order. */
struct netstat_rows *changes_rows(struct changes *changes);
/* How many looks ago, from 0, one of these rows was seen for the first time; UINT_MAX: in the first look, or it is none
 * of these. */
unsigned changes_looks_since_opened(const struct changes *changes, const struct netstat_row *row);
/* The row of the last look that is the same socket as this one, or NULL. */
const struct netstat_row *changes_same(const struct changes *changes, const struct netstat_row *row);

/* Adds a copy of a row, with what its source and enrichment lent it, as above. 0 or BERTH_ENOMEM. */
int changes_keep(struct netstat_rows *rows, const struct netstat_row *row);

#endif
