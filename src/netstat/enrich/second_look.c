/* The second look: processes first, then, when some rows are left without an owner, the sockets. A socket that was
 * there before the processes were looked at, and is still there after that, was somebody's all the while; so one that
 * nobody had then is nobody's. A descriptor on its way from a process to another may escape once, hence two rounds. */
#include "enrich/second_look.h"

#include "index.h"

#include <berth/error.h>
#include <string.h>

enum { ROUNDS = 2 };

struct looking {
	struct netstat_rows *rows;
	struct process_table *processes;
	uint32_t needs;
	netstat_on_row *found;
	void *user;
	struct index there; /* by inode: the sockets that there are now */
};

static bool is_open(const struct netstat_row *row)
{
	return row->unowned == NETSTAT_UNOWNED_ELSEWHERE && !row->n_owners && row->inode && !row->host;
}

static size_t count_open(const struct netstat_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += is_open(rows->rows[i]);
	return n;
}

/* The table's array is good until the next row is asked about. */
static int keep_owners(struct looking *looking, struct netstat_row *row)
{
	size_t n = row->n_owners < NETSTAT_OWNERS_MAX ? row->n_owners : NETSTAT_OWNERS_MAX;
	struct netstat_owner *copy = keep_bytes(&looking->rows->keep, n * sizeof(*copy));

	if (!copy)
		return BERTH_ENOMEM;
	memcpy(copy, row->owners, n * sizeof(*copy));
	row->owners = copy;
	return looking->found ? looking->found(looking->user, row) : 0;
}

static int ask_processes(struct looking *looking)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < looking->rows->n; i++) {
		struct netstat_row *row = looking->rows->rows[i];
		if (!is_open(row))
			continue;
		row->unowned = NETSTAT_OWNED;
		r = process_table_enrich(looking->processes, row, looking->needs);
		if (r == 0 && row->n_owners)
			r = keep_owners(looking, row);
	}
	return r;
}

static int on_there(void *user, struct netstat_row *row)
{
	struct looking *looking = user;

	if (!row->inode || row->host)
		return 0;
	return index_get(&looking->there, &row->inode, sizeof(row->inode), NULL) ? 0 : BERTH_ENOMEM;
}

static int ask_sockets(struct looking *looking, second_look_source *sources, void *source)
{
	int r = index_init(&looking->there, 1);

	if (r == 0)
		r = sources(source, on_there, looking);
	for (size_t i = 0; r == 0 && i < looking->rows->n; i++) {
		struct netstat_row *row = looking->rows->rows[i];
		if (is_open(row) && !index_find(&looking->there, &row->inode, sizeof(row->inode)))
			row->unowned = NETSTAT_UNOWNED_CLOSED;
	}
	index_deinit(&looking->there);
	return r;
}

int second_look(struct netstat_rows *rows, struct process_table *processes, enum process_way way, uint32_t needs,
		second_look_source *sources, void *source, netstat_on_row *found, void *user)
{
	struct looking looking = {.rows = rows, .processes = processes, .needs = needs, .found = found, .user = user};
	int r = 0;

	for (int i = 0; r == 0 && i < ROUNDS && count_open(rows); i++) {
		r = process_table_scan(processes, way);
		if (r == 0)
			r = ask_processes(&looking);
		if (r == 0 && count_open(rows))
			r = ask_sockets(&looking, sources, source);
	}
	return r;
}
