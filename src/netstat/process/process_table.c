/* The table of processes: what a scan finds goes into the owners, each process once into an index by PID; what else is
 * to be known of a process is read when a row of it is shown.
 *
 * The way is chosen by what it costs. A BPF program takes some 25 ms to load and 0.5 us for each socket; /proc takes
 * nothing to begin with and 3 us for each descriptor of any kind. So /proc is read until it has more than MANY
 * descriptors to look at, and only then, where the privileges are there, the program is loaded; once it is, it stays
 * loaded and is used for every scan. */
#include "process/process_table.h"

#include "index.h"
#include "process/owners.h"
#include "process/process_detail.h"
#include "process/process_scan.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 8192 };

struct process_table {
	struct owners owners;
	struct index pids;        /* PID -> struct process *, the latest that had it */
	struct keep keep;         /* processes and their texts */
	struct process **scanned; /* those of this scan, by number */
	size_t n_scanned, room;
	struct process *last; /* the one that a socket was found of last */
	uint32_t scan;        /* the number of the scan, from 1 */
	uint32_t uid;
	bool ordered; /* numbers go up with PIDs */
	bool saved;
	bool bpf_failed;
	struct process_bpf *bpf;
	struct process_unseen unseen;
	const char *way;
	struct netstat_owner shown[NETSTAT_OWNERS_MAX];
};

struct process_table *process_table_new(void)
{
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	owners_init(&table->owners);
	table->way = "";
	table->uid = geteuid();
	table->ordered = true;
	table->scan = 1;
	if (index_init(&table->pids, sizeof(struct process *)) < 0)
		return process_table_free(table);
	return table;
}

struct process_table *process_table_free(struct process_table *table)
{
	if (table) {
		process_bpf_free(table->bpf);
		owners_deinit(&table->owners);
		index_deinit(&table->pids);
		keep_free(&table->keep);
		free(table->scanned);
		free(table);
	}
	return NULL;
}

/* ---- processes ---- */

static struct process *process_find(const struct process_table *table, int pid)
{
	struct process **slot = index_find(&table->pids, &pid, sizeof(pid));

	return slot ? *slot : NULL;
}

/* The process with this PID that is there now; made when there is none, or when another one had the number before. */
static struct process *process_now(struct process_table *table, int pid)
{
	struct process **slot = index_get(&table->pids, &pid, sizeof(pid), NULL), *process;

	if (!slot)
		return NULL;
	process = *slot;
	if (process && process->checked != table->scan && process->seen.known && !table->saved &&
	    !process_detail_same(process))
		process = NULL;
	if (!process) {
		process = keep_bytes(&table->keep, sizeof(*process));
		if (!process)
			return NULL;
		process->seen.pid = pid;
		process->seen.program = "";
		*slot = process;
	}
	process->checked = table->scan;
	return process;
}

/* Gives it the next number of this scan. */
static int process_number(struct process_table *table, struct process *process)
{
	if (table->n_scanned == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		struct process **scanned = realloc(table->scanned, room * sizeof(struct process *));

		if (!scanned)
			return BERTH_ENOMEM;
		table->scanned = scanned;
		table->room = room;
	}
	if (table->n_scanned && table->scanned[table->n_scanned - 1]->seen.pid > process->seen.pid)
		table->ordered = false;
	process->number = (uint32_t)table->n_scanned;
	process->scanned = table->scan;
	table->scanned[table->n_scanned++] = process;
	return 0;
}

static int compare_pids(const void *left, const void *right)
{
	const struct process *const *a = left, *const *b = right;

	return ((*a)->seen.pid > (*b)->seen.pid) - ((*a)->seen.pid < (*b)->seen.pid);
}

/* Numbers anew by PID: saved processes, and threads with tables of their own, come in any order. */
static int order_processes(struct process_table *table)
{
	uint32_t *renumbered = malloc(table->n_scanned * sizeof(*renumbered));

	if (!renumbered)
		return BERTH_ENOMEM;
	qsort(table->scanned, table->n_scanned, sizeof(struct process *), compare_pids);
	for (size_t i = 0; i < table->n_scanned; i++) {
		renumbered[table->scanned[i]->number] = (uint32_t)i;
		table->scanned[i]->number = (uint32_t)i;
	}
	for (size_t i = 0; i < table->owners.n; i++)
		table->owners.entries[i].process = renumbered[table->owners.entries[i].process];
	free(renumbered);
	table->ordered = true;
	return 0;
}

/* Makes the owners ready to be asked for. */
static int settle(struct process_table *table)
{
	int r = table->ordered ? 0 : order_processes(table);

	return r < 0 ? r : owners_group(&table->owners);
}

/* ---- scanning ---- */

static int add_owner(struct process_table *table, uint64_t inode, int pid, int descriptor)
{
	struct process *process = table->last;

	if (!process || process->seen.pid != pid) {
		process = process_now(table, pid);
		if (!process)
			return BERTH_ENOMEM;
		if (process->scanned != table->scan && process_number(table, process) < 0)
			return BERTH_ENOMEM;
		table->last = process;
	}
	return owners_add(&table->owners, inode, process->number, descriptor);
}

static int on_socket(void *user, int pid, int descriptor, uint64_t inode)
{
	return add_owner(user, inode, pid, descriptor);
}

static void forget(struct process_table *table)
{
	owners_clear(&table->owners);
	table->n_scanned = 0;
	table->last = NULL;
	table->ordered = true;
	table->scan++;
	table->unseen = (struct process_unseen){0};
}

static int scan_bpf(struct process_table *table)
{
	int r = table->bpf ? 0 : process_bpf_new(&table->bpf);

	forget(table);
	if (r == 0)
		r = process_bpf_scan(table->bpf, on_socket, table);
	if (r == 0)
		table->way = "bpf";
	return r;
}

static int scan_proc(struct process_table *table, uint64_t limit)
{
	int r;

	forget(table);
	r = process_scan_proc(limit, on_socket, table, &table->unseen);
	if (r == 0)
		table->way = "proc";
	return r;
}

static int scan_best(struct process_table *table)
{
	bool may = !table->bpf_failed && process_bpf_likely();
	int r = table->bpf ? PROCESS_SCAN_MANY : scan_proc(table, may ? MANY : UINT64_MAX);

	if (r != PROCESS_SCAN_MANY)
		return r;
	r = scan_bpf(table);
	if (r >= 0 || r == BERTH_ENOMEM)
		return r;
	table->bpf_failed = true;
	table->bpf = process_bpf_free(table->bpf);
	return scan_proc(table, UINT64_MAX);
}

int process_table_scan(struct process_table *table, enum process_way way)
{
	int r;

	if (table->saved)
		return 0;
	table->way = "";
	r = way == PROCESS_BPF    ? scan_bpf(table)
	    : way == PROCESS_PROC ? scan_proc(table, UINT64_MAX)
				  : scan_best(table);
	return r < 0 ? r : settle(table);
}

const char *process_table_way(const struct process_table *table)
{
	return table->way;
}

/* ---- asking ---- */

static int read_details(struct process_table *table, struct process *process, uint32_t needs)
{
	return table->saved ? 0 : process_detail_read(process, needs, &table->keep);
}

/* Why nobody was found: some processes could not be looked at, and the socket's user is one whose they may be. */
static enum netstat_unowned why_unowned(const struct process_table *table, const struct netstat_row *row)
{
	const struct process_unseen *unseen = &table->unseen;
	bool denied =
		row->has_uid ? process_unseen_may_be_of(unseen, row->uid, table->uid) : process_unseen_any(unseen);

	return denied ? NETSTAT_UNOWNED_DENIED : NETSTAT_UNOWNED_ELSEWHERE;
}

/* A berth host tells its PID. What its source has put into the row is the source's, so that nothing of it may stay: a
 * row that is kept would point at a stack that is gone. */
static int enrich_host(struct process_table *table, struct netstat_row *row, uint32_t needs)
{
	const struct netstat_process *process;

	if (!row->n_owners || !row->owners[0].process)
		return 0;
	process = process_table_process(table, row->owners[0].process->pid, needs);
	if (process)
		table->shown[0] = (struct netstat_owner){process, row->owners[0].descriptor};
	row->owners = process ? table->shown : NULL; /* it may have ended meanwhile */
	row->n_owners = process ? 1 : 0;
	return 0;
}

/* Threads that share a table which their process's first thread does not have any more are found one by one. */
static bool same_owner(const struct owner_entry *a, const struct owner_entry *b)
{
	return a->inode == b->inode && a->process == b->process && a->descriptor == b->descriptor;
}

/* Puts the first owners into `shown`, and counts all of them. */
static int show_owners(struct process_table *table, const struct owner_entry *entry, size_t n, uint32_t needs,
		       uint32_t *n_owners)
{
	*n_owners = 0;
	for (size_t i = 0; i < n; i++) {
		struct process *process = table->scanned[entry[i].process];
		int r;

		if (i > 0 && same_owner(&entry[i], &entry[i - 1]))
			continue;
		if (*n_owners < NETSTAT_OWNERS_MAX) {
			if ((r = read_details(table, process, needs)) < 0)
				return r;
			table->shown[*n_owners] = (struct netstat_owner){&process->seen, entry[i].descriptor};
		}
		++*n_owners;
	}
	return 0;
}

int process_table_enrich(struct process_table *table, struct netstat_row *row, uint32_t needs)
{
	const struct owner_entry *entries;
	size_t n;
	int r;

	if (row->host)
		return enrich_host(table, row, needs);
	if (row->inode == 0)
		return 0;
	if ((r = settle(table)) < 0)
		return r;
	entries = owners_find(&table->owners, row->inode, &n);
	if ((r = show_owners(table, entries, n, needs, &row->n_owners)) < 0)
		return r;
	row->owners = n ? table->shown : NULL;
	if (n)
		row->unowned = NETSTAT_OWNED;
	else if (row->unowned == NETSTAT_OWNED && !table->saved)
		row->unowned = why_unowned(table, row);
	return 0;
}

const struct netstat_process *process_table_process(struct process_table *table, int pid, uint32_t needs)
{
	struct process *process;

	if (table->saved || !process_detail_exists(pid))
		process = process_find(table, pid);
	else
		process = process_now(table, pid);
	return process && read_details(table, process, needs) == 0 ? &process->seen : NULL;
}

/* ---- saved snapshots ---- */

/* What was found on the machine before is not in it any more. */
int process_table_use_saved(struct process_table *table)
{
	struct index none;

	if (table->saved)
		return 0;
	if (index_init(&none, sizeof(struct process *)) < 0)
		return BERTH_ENOMEM;
	forget(table);
	index_deinit(&table->pids);
	table->pids = none;
	table->saved = true;
	table->way = "saved";
	return 0;
}

/* A copy, or NULL for NULL; *failed is set when there is no memory for it. */
static const char *copy_text(struct process_table *table, const char *text, bool *failed)
{
	const char *copy = text ? keep_text(&table->keep, text, strlen(text)) : NULL;

	*failed = *failed || (text && !copy);
	return copy;
}

int process_table_put_process(struct process_table *table, const struct netstat_process *process)
{
	struct netstat_process copy = *process;
	struct process *put;
	bool failed = false;

	if (process_table_use_saved(table) < 0)
		return BERTH_ENOMEM;
	copy.program = copy_text(table, process->program ? process->program : "", &failed);
	copy.command = copy_text(table, process->command, &failed);
	copy.executable = copy_text(table, process->executable, &failed);
	copy.cgroup = copy_text(table, process->cgroup, &failed);
	copy.unit = copy_text(table, process->unit, &failed);
	copy.container = copy_text(table, process->container, &failed);
	if (failed || !(put = process_now(table, process->pid)))
		return BERTH_ENOMEM;
	put->seen = copy;
	return 0;
}

int process_table_put_owner(struct process_table *table, uint64_t inode, int pid, int descriptor)
{
	int r = process_table_use_saved(table);

	return r < 0 ? r : add_owner(table, inode, pid, descriptor);
}

int process_table_each(const struct process_table *table,
		       int (*each)(void *user, uint64_t inode, const struct netstat_process *process, int descriptor),
		       void *user)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->owners.n; i++) {
		const struct owner_entry *entry = &table->owners.entries[i];

		if (i > 0 && same_owner(entry, entry - 1))
			continue;
		r = each(user, entry->inode, &table->scanned[entry->process]->seen, entry->descriptor);
	}
	return r;
}
