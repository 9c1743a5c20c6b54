/* What columns say of who has a socket: processes, users, control groups.
 *
 * Several processes may have a socket. Columns that say one thing say it of the first, which has the lowest PID. */
#include "say.h"

enum {
	PROGRAM_MAX = 255, /* what a file's name has at most; so much of a longer argv[0] */
};

static const struct netstat_process *first(const struct netstat_row *row)
{
	return row->owners && row->n_owners ? row->owners[0].process : NULL;
}

static char *put_program(struct cell *cell, char *at, const struct netstat_process *process)
{
	at = cell_put_number(cell, at, (uint64_t)process->pid);
	at = cell_put_text(cell, at, "/");
	return cell_put(cell, at, process->program, strnlen(process->program, PROGRAM_MAX));
}

/* net-tools' "812/nginx", and "812/nginx +3" when three more descriptors are the same socket. */
void say_process(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	const struct netstat_process *process = first(row);

	if (!process) {
		cell_none(cell);
		return;
	}
	char *at = put_program(cell, cell->buffer, process);
	if (row->n_owners > 1) {
		at = cell_put_text(cell, at, " +");
		at = cell_put_number(cell, at, row->n_owners - 1);
	}
	cell_done(cell, at, false);
}

void say_pid(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	const struct netstat_process *process = first(row);

	cell_number_known(cell, process && process->pid > 0 ? (uint64_t)process->pid : 0);
}

void say_program(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, first(row) ? first(row)->program : NULL);
}

void say_owners(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->n_owners);
}

/* Each process once, with a comma between them; "..." when there are more than rows keep. */
void say_pids(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	uint32_t n = row->n_owners < NETSTAT_OWNERS_MAX ? row->n_owners : NETSTAT_OWNERS_MAX;
	char *at = cell->buffer;
	int last = -1;

	if (!first(row)) {
		cell_none(cell);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && row->owners[i].process->pid == last)
			continue;
		if (i > 0)
			at = cell_put_text(cell, at, ",");
		last = row->owners[i].process->pid;
		at = cell_put_number(cell, at, (uint64_t)last);
	}
	if (n < row->n_owners)
		at = cell_put_text(cell, at, ",...");
	cell_done(cell, at, true);
}

void say_fd(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (first(row) && row->owners[0].descriptor >= 0)
		cell_number(cell, (uint64_t)row->owners[0].descriptor);
	else
		cell_none(cell);
}

void say_unowned(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_word(cell, netstat_unowned_text(row->unowned));
}

void say_uid(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->has_uid)
		cell_number(cell, row->uid);
	else
		cell_none(cell);
}

/* A user without a name, or in a numeric listing, is a number, as in net-tools. */
void say_user(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->user && !numeric)
		cell_text(cell, row->user);
	else if (row->has_uid)
		cell_done(cell, cell_put_number(cell, cell->buffer, row->uid), true);
	else
		cell_none(cell);
}

#define SAY_OF_PROCESS(member)                                                                                         \
	void say_##member(const struct netstat_row *row, bool numeric, struct cell *cell)                              \
	{                                                                                                              \
		cell_text(cell, first(row) ? first(row)->member : NULL);                                               \
	}

SAY_OF_PROCESS(command)
SAY_OF_PROCESS(executable)
SAY_OF_PROCESS(cgroup)
SAY_OF_PROCESS(unit)
SAY_OF_PROCESS(container)

void say_executable_deleted(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (first(row) && first(row)->executable)
		cell_bool(cell, first(row)->executable_deleted);
	else
		cell_none(cell);
}

/* Sockets that nobody has come last. */
int compare_process(const struct netstat_row *a, const struct netstat_row *b)
{
	const struct netstat_process *x = first(a), *y = first(b);

	return x && y ? (x->pid > y->pid) - (x->pid < y->pid) : !x - !y;
}
