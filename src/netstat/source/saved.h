/* Saved snapshots: everything that a look at the machine has brought, in a file, so that it can be asked again later
 * and elsewhere. The format is JSON lines, and docs/netstat-saved.md has it. */
#ifndef NETSTAT_SAVED_H
#define NETSTAT_SAVED_H

#include "keep.h"
#include "process/process_table.h"
#include "source/source.h"
#include <stdio.h>

/* What all rows share. */
struct saved_head {
	uint64_t s_time;                          /* when it was saved, since 1970 */
	uint16_t ephemeral_first, ephemeral_last; /* the system's range */
	char machine[64];                         /* the machine's name */
};

/* What a row that is saved has to have of its source, so that everything can be worked out again. */
#define SAVED_NEEDS                                                                                                    \
	(NETSTAT_NEED_TCP | NETSTAT_NEED_CONGESTION | NETSTAT_NEED_CGROUP_ID | NETSTAT_NEED_PEER |                     \
	 NETSTAT_NEED_OWNERS | NETSTAT_NEED_USER | NETSTAT_NEED_INTERFACE)

/* ---- writing ---- */
struct saved_writer;
/* Writes the head, and all owners and processes of `processes` with all that may be known of them; the table and the
 * users are borrowed. 0 and *out, or BERTH_EIO, BERTH_ENOMEM. */
int saved_writer_new(FILE *out, const struct saved_head *head, struct process_table *processes, struct users *users,
		     struct saved_writer **writer);
int saved_writer_row(struct saved_writer *writer, const struct netstat_row *row); /* 0, BERTH_EIO, BERTH_ENOMEM */
/* Writes the end, without which a file was cut short, and frees. 0 or BERTH_EIO. */
int saved_writer_end(struct saved_writer *writer);

/* ---- reading ---- */
struct saved_error {
	uint64_t line; /* from 1 */
	char text[160];
};
/* Reads the whole file once: puts processes, owners and users where they belong and hands on each row that the request
 * wants, with its source's members (docs: which). What rows borrow that must outlive the call, namespaces and names, is
 * put into `keep`, which the caller frees when the rows are gone. 0; what on_row returned; BERTH_EPROTO (*error: no
 * saved snapshot, a bad line, or cut short), BERTH_EPROTONOSUPPORT (of a later version, *error, too), BERTH_EIO,
 * BERTH_ENOMEM. Lines have at most 64 KiB. on_head is called when the head is known; it may be NULL. */
int saved_read(FILE *in, void (*on_head)(void *user, const struct saved_head *head), struct process_table *processes,
	       struct users *users, struct keep *keep, const struct netstat_request *request, netstat_on_row *on_row,
	       void *user, struct saved_error *error);

#endif
