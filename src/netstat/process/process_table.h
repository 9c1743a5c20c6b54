/* Which processes have a socket, and what these processes are.
 *
 * One look at the machine fills a hash table from inode to owners that grows with what it finds. What else is to be
 * known of a process is read when it is asked for the first time, once a process. */
#ifndef NETSTAT_PROCESS_TABLE_H
#define NETSTAT_PROCESS_TABLE_H

#include "row.h"

struct process_table;

/* NULL: out of memory. */
struct process_table *process_table_new(void);
/* And every struct and text that came out of it. Accepts NULL, returns NULL. */
struct process_table *process_table_free(struct process_table *table);

enum process_way {
	PROCESS_BEST, /* by BPF where there are so many descriptors that it pays, and it may be loaded; else /proc */
	PROCESS_PROC, /* threads with a table of descriptors of their own are passed by */
	PROCESS_BPF,  /* only in the machine's first PID namespace */
};

/* Looks at all processes that may be looked at, and forgets what was found before (structs of processes stay good as
 * long as the table). 0; BERTH_ENOMEM; BERTH_EIO (no /proc); with PROCESS_BPF: BERTH_EPERM, BERTH_EOPNOTSUPP. */
int process_table_scan(struct process_table *table, enum process_way way);

/* The way that the last scan went: "bpf", "proc", "saved" or "". */
const char *process_table_way(const struct process_table *table);

/* Fills in row->owners, row->n_owners and row->unowned by its inode, with what `needs` wants to be known of the first
 * NETSTAT_OWNERS_MAX; the array is the table's and good until the next call. A berth host's row has its process
 * (row->owners already set by its source) and only gets the details; none, when the process has ended. 0 or
 * BERTH_ENOMEM. */
int process_table_enrich(struct process_table *table, struct netstat_row *row, uint32_t needs);

/* What is told of a process:
 *
 * - The program is named by the last part of its executable's path, which the process cannot choose; so a script has
 * its interpreter's name ("python3.11") and the command line tells the script's. Where the executable may not be read,
 * by argv[0]'s; without either, by the kernel's name of it, in brackets ("[kworker/0:1]").
 * - A program that was run from memory (memfd_create) has the executable "memfd:NAME", and counts as deleted.
 * - The executable's place is looked at as the process sees it, in its own root directory and mounts.
 * - One that runs another program is another process from the next scan on, if the kernel's name of it has changed. */

/* The process with this PID, looked up now if need be; NULL: there is none, or out of memory. */
const struct netstat_process *process_table_process(struct process_table *table, int pid, uint32_t needs);

/* Makes the table that of a saved snapshot, and empty when it was none: it never looks at the machine again, and says
 * nothing of why a socket has no owner. 0 or BERTH_ENOMEM. */
int process_table_use_saved(struct process_table *table);
/* For saved snapshots: puts in what a file says. Texts are copied. 0 or BERTH_ENOMEM. The table is a saved one then. */
int process_table_put_process(struct process_table *table, const struct netstat_process *process);
int process_table_put_owner(struct process_table *table, uint64_t inode, int pid, int descriptor);
/* Walks all owners, by inode in no order; of a process that no row has shown yet only the PID is known (ask for more
 * with process_table_process): calls `each` until it returns other than 0, which is returned. */
int process_table_each(const struct process_table *table,
		       int (*each)(void *user, uint64_t inode, const struct netstat_process *process, int descriptor),
		       void *user);

/* Users: the name of an UID, from the system's database once each; its number as text when it has none. Borrowed from
 * the cache. NULL: out of memory. */
struct users;
struct users *users_new(void);
struct users *users_free(struct users *users);
const char *users_name(struct users *users, uint32_t uid);
/* For saved snapshots: from then on, the system is not asked for others. 0 or BERTH_ENOMEM. */
int users_put(struct users *users, uint32_t uid, const char *name);

#endif
