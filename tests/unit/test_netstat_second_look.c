/* The second look: sockets whose owner is there now, which are gone, and which nobody has after all. */
#include "enrich/second_look.h"
#include "netstat_rows.h"

#include <berth/error.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODYS = 1, GONE = 2 }; /* no socket has such inodes */

static struct netstat_row unowned(uint64_t inode)
{
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, "10.0.0.1:1", "10.0.0.2:2");

	row.inode = inode;
	row.unowned = NETSTAT_UNOWNED_ELSEWHERE;
	return row;
}

/* All but GONE are there. */
static int sources(void *source, netstat_on_row *on_row, void *user)
{
	struct netstat_row row = unowned(NOBODYS);

	++*(int *)source;
	return on_row(user, &row);
}

static int count(void *user, struct netstat_row *row)
{
	assert_true(row->n_owners > 0);
	++*(int *)user;
	return 0;
}

static int stop(void *user, struct netstat_row *row)
{
	(void)user;
	(void)row;
	return 7;
}

static uint64_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

static void test_what_becomes_of_each(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), n_found = 0, n_asked = 0;
	struct process_table *processes = process_table_new();
	struct netstat_rows rows = {0};
	struct netstat_row all[] = {unowned(inode_of(fd)), unowned(NOBODYS), unowned(GONE), unowned(GONE)};

	(void)state;
	all[3].unowned = NETSTAT_UNOWNED_TIMEWAIT;
	for (size_t i = 0; i < LENGTH(all); i++)
		assert_int_equal(netstat_rows_add(&rows, &all[i]), 0);
	assert_int_equal(
		second_look(&rows, processes, PROCESS_PROC, NETSTAT_NEED_OWNERS, sources, &n_asked, count, &n_found),
		0);
	assert_int_equal(n_found, 1);
	assert_int_equal(rows.rows[0]->n_owners, 1);
	assert_int_equal(rows.rows[0]->owners[0].process->pid, getpid());
	assert_int_equal(rows.rows[0]->owners[0].descriptor, fd);
	assert_int_equal(rows.rows[3]->unowned, NETSTAT_UNOWNED_TIMEWAIT);
	/* Unless there are processes that may not be looked at: then these may be theirs. */
	if (rows.rows[1]->unowned != NETSTAT_UNOWNED_DENIED) {
		assert_int_equal(n_asked, 2);
		assert_int_equal(rows.rows[1]->unowned, NETSTAT_UNOWNED_ELSEWHERE);
		assert_int_equal(rows.rows[2]->unowned, NETSTAT_UNOWNED_CLOSED);
	}
	netstat_rows_free(&rows);
	process_table_free(processes);
	close(fd);
}

static void test_nothing_to_look_for(void **state)
{
	int n_asked = 0;
	struct process_table *processes = process_table_new();
	struct netstat_rows rows = {0};
	struct netstat_row row = unowned(NOBODYS);

	(void)state;
	row.unowned = NETSTAT_UNOWNED_DENIED;
	assert_int_equal(netstat_rows_add(&rows, &row), 0);
	assert_int_equal(second_look(&rows, processes, PROCESS_PROC, 0, sources, &n_asked, NULL, NULL), 0);
	assert_int_equal(n_asked, 0);
	assert_string_equal(process_table_way(processes), ""); /* no scan either */
	netstat_rows_free(&rows);
	process_table_free(processes);
}

static void test_what_is_found_may_end_it(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), n_asked = 0;
	struct process_table *processes = process_table_new();
	struct netstat_rows rows = {0};
	struct netstat_row row = unowned(inode_of(fd));

	(void)state;
	assert_int_equal(netstat_rows_add(&rows, &row), 0);
	assert_int_equal(second_look(&rows, processes, PROCESS_PROC, 0, sources, &n_asked, stop, NULL), 7);
	netstat_rows_free(&rows);
	process_table_free(processes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_becomes_of_each),
		cmocka_unit_test(test_nothing_to_look_for),
		cmocka_unit_test(test_what_is_found_may_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
