/* Sockets whose owners are to be found, and children that have them. */
#ifndef TESTS_PROCESS_ROWS_H
#define TESTS_PROCESS_ROWS_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/process_table.h"

#define EVERYTHING (NETSTAT_NEED_OWNERS | NETSTAT_NEED_COMMAND | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP)

static inline int new_socket(void)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(descriptor >= 0);
	return descriptor;
}

static inline uint64_t inode_of(int descriptor)
{
	struct stat status;

	assert_int_equal(fstat(descriptor, &status), 0);
	return status.st_ino;
}

static inline struct process_table *scanned(enum process_way way)
{
	struct process_table *table = process_table_new();

	assert_non_null(table);
	assert_int_equal(process_table_scan(table, way), 0);
	return table;
}

static inline struct netstat_row row_of(struct process_table *table, uint64_t inode, uint32_t needs)
{
	struct netstat_row row = {.protocol = NETSTAT_UNIX, .state = NETSTAT_STATE_OPEN, .inode = inode};

	assert_int_equal(process_table_enrich(table, &row, needs), 0);
	return row;
}

/* A child and the end of a pipe that it writes to when it is ready. */
struct child {
	pid_t pid;
	int ready;
};

static inline struct child child_begin(void)
{
	int ends[2];
	struct child child;

	assert_int_equal(pipe(ends), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[1]);
	} else {
		close(ends[1]);
	}
	child.ready = ends[0];
	return child;
}

static inline void child_wait_ready(struct child *child)
{
	char byte;

	if (child->pid == 0)
		return;
	assert_int_equal(read(child->ready, &byte, 1), 1);
	close(child->ready);
}

static inline void child_end(struct child *child)
{
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

/* What a child does that only has to be there. */
static inline _Noreturn void say_ready_and_wait(void)
{
	if (write(STDOUT_FILENO, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

#endif
