/* What else is to be known of a process: read from /proc when it is asked for. */
#ifndef NETSTAT_PROCESS_DETAIL_H
#define NETSTAT_PROCESS_DETAIL_H

#include "process/process_stat.h"
#include "row.h"

/* A process of the table. `seen` is what the table shows of it. */
struct process {
	struct netstat_process seen; /* first */
	struct process_stat stat;    /* all zero: not read yet */
	uint32_t number, scanned;    /* its number in the scan that has the second number; from 1 */
	uint32_t checked;            /* the scan after which it was last known to be still the same process */
};

/* Reads what `needs` (a set of NETSTAT_NEED_...) wants and has not been read; NETSTAT_NEED_OWNERS comes with any. What
 * may not be read, and what a process that has ended does not tell any more, stays NULL or false, with `known` set.
 * Texts go into `keep`. 0 or BERTH_ENOMEM. */
int process_detail_read(struct process *process, uint32_t needs, struct keep *keep);

/* Whether there is a process with this PID, and still the one that was read: one whose number was given away again has
 * started at another time, and one that has executed another program has, mostly, another name. */
bool process_detail_exists(int pid);
bool process_detail_same(const struct process *process);

#endif
