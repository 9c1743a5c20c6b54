/* Saved snapshots: what one is read from is written and read again, and written the same. */
#include "source/saved.h"

#include <berth/error.h>
#include <string.h>

#include "fuzz.h"

struct snapshot {
	struct saved_head head;
	struct netstat_rows rows;
	struct process_table *processes;
	struct users *users;
	struct keep keep;
};

static void on_head(void *user, const struct saved_head *head)
{
	((struct snapshot *)user)->head = *head;
}

static int on_row(void *user, struct netstat_row *row)
{
	return netstat_rows_add(&((struct snapshot *)user)->rows, row);
}

static void snapshot_free(struct snapshot *snapshot)
{
	netstat_rows_free(&snapshot->rows);
	process_table_free(snapshot->processes);
	users_free(snapshot->users);
	keep_free(&snapshot->keep);
}

static int snapshot_read(struct snapshot *snapshot, const void *text, size_t n)
{
	static const struct netstat_request everything = {
		.protocols = NETSTAT_ALL_PROTOCOLS, .states = NETSTAT_ALL_STATES, .families = NETSTAT_ALL_FAMILIES};
	FILE *in = fmemopen((void *)(uintptr_t)text, n, "r");
	struct saved_error error;
	int status;

	*snapshot = (struct snapshot){.processes = process_table_new(), .users = users_new()};
	CHECK(in && snapshot->processes && snapshot->users);
	status = saved_read(in, on_head, snapshot->processes, snapshot->users, &snapshot->keep, &everything, on_row,
			    snapshot, &error);
	CHECK(status == 0 || status == BERTH_EPROTO || status == BERTH_EPROTONOSUPPORT);
	CHECK(status == 0 || error.text[0]);
	for (const char *c = error.text; *c; c++)
		CHECK((uint8_t)*c >= ' ' && *c != 0x7f);
	fclose(in);
	return status;
}

static char *snapshot_write(struct snapshot *snapshot, size_t *n)
{
	struct saved_writer *writer;
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	CHECK(out);
	CHECK(saved_writer_new(out, &snapshot->head, snapshot->processes, snapshot->users, &writer) == 0);
	for (size_t i = 0; i < snapshot->rows.n; i++)
		CHECK(saved_writer_row(writer, snapshot->rows.rows[i]) == 0);
	CHECK(saved_writer_end(writer) == 0);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct snapshot first, second;

	if (n == 0)
		return 0;
	if (snapshot_read(&first, data, n) == 0) {
		size_t n_once, n_twice;
		char *once = snapshot_write(&first, &n_once), *twice;

		CHECK(snapshot_read(&second, once, n_once) == 0);
		CHECK(second.rows.n == first.rows.n);
		twice = snapshot_write(&second, &n_twice);
		CHECK(n_once == n_twice && memcmp(once, twice, n_once) == 0);
		snapshot_free(&second);
		free(once);
		free(twice);
	}
	snapshot_free(&first);
	return 0;
}
