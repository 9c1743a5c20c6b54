/* Who has a socket, by BPF: the same as by /proc. It walks the tables of all processes and is only for the machine's
 * first PID namespace, so that these few tests see what else is running. */
#include "process/process_table.h"

#include <berth/error.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "not_here.h"
#include "process_rows.h"

struct count {
	size_t n;
	uint64_t sum;
};

static int count_own(void *user, uint64_t inode, const struct netstat_process *process, int descriptor)
{
	struct count *count = user;

	if (process->pid == getpid()) {
		count->n++;
		count->sum += inode * (uint64_t)(descriptor + 1);
	}
	return 0;
}

static void test_bpf_says_the_same(void **state)
{
	int sockets[50], pair[2];
	struct process_table *table = process_table_new(), *proc;
	struct count by_bpf = {0}, by_proc = {0};

	for (unsigned i = 0; i < 50; i++)
		sockets[i] = socket(i % 2 ? AF_INET : AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(pipe(pair), 0);
	/* A socket's path that is open is a file, not the socket. */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/berth-process-%d", getpid());
	assert_int_equal(bind(sockets[0], (struct sockaddr *)&address, sizeof(address)), 0);
	int file = open(address.sun_path, O_PATH);
	assert_true(file >= 0);
	assert_int_equal(unlink(address.sun_path), 0);
	int r = process_table_scan(table, PROCESS_BPF);
	if (r == 0) {
		assert_string_equal(process_table_way(table), "bpf");
		proc = scanned(PROCESS_PROC);
		process_table_each(table, count_own, &by_bpf);
		process_table_each(proc, count_own, &by_proc);
		assert_true(by_bpf.n >= 50);
		assert_int_equal(by_bpf.n, by_proc.n);
		assert_true(by_bpf.sum == by_proc.sum);
		struct netstat_row row = row_of(table, inode_of(sockets[7]), EVERYTHING);
		assert_int_equal(row.n_owners, 1);
		assert_string_equal(row.owners[0].process->program, "test_netstat_process_bpf");
		/* Once it is loaded, it is the best. */
		assert_int_equal(process_table_scan(table, PROCESS_BEST), 0);
		assert_string_equal(process_table_way(table), "bpf");
		process_table_free(proc);
	}
	for (unsigned i = 0; i < 50; i++)
		close(sockets[i]);
	close(pair[0]);
	close(pair[1]);
	close(file);
	process_table_free(table);
	if (r < 0) {
		assert_true(r == BERTH_EPERM || r == BERTH_EOPNOTSUPP);
		not_here(berth_error_text(r));
	}
}

/* With very many descriptors the best way is BPF where it may be had, and else /proc; the same is found. */
static void test_best_of_many(void **state)
{
	enum { MANY = 9000 };
	struct rlimit before, limit;
	int descriptor = new_socket(), last = descriptor;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	if (before.rlim_max < MANY + 100) {
		close(descriptor);
		not_here("so many descriptors");
	}
	limit = (struct rlimit){before.rlim_max < MANY + 100 ? before.rlim_max : MANY + 100, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < MANY; i++) {
		last = fcntl(descriptor, F_DUPFD, 0);
		assert_true(last > 0);
	}
	struct process_table *table = process_table_new();
	bool bpf = process_table_scan(table, PROCESS_BPF) == 0;
	process_table_free(table);
	table = scanned(PROCESS_BEST);
	assert_string_equal(process_table_way(table), bpf ? "bpf" : "proc");
	assert_int_equal(row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS).n_owners, MANY + 1);
	process_table_free(table);
	for (int i = descriptor; i <= last; i++)
		close(i);
	setrlimit(RLIMIT_NOFILE, &before);
}

static void *thread_pauses(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void *thread_waits(void *unused)
{
	say_ready_and_wait();
	return NULL;
}

/* A process whose first thread has ended still has its sockets, and each once, however many threads share them. */
static void test_first_thread_ended(void **state)
{
	int descriptor = new_socket();
	struct child child = child_begin();

	if (child.pid == 0) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, thread_pauses, NULL) == 0 &&
		    pthread_create(&thread, NULL, thread_waits, NULL) == 0)
			syscall(SYS_exit, 0); /* of this thread alone */
		_exit(1);
	}
	child_wait_ready(&child);
	char path[64], stat[256] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", child.pid);
	while (!strstr(stat, ") Z ")) {
		int file = open(path, O_RDONLY);
		assert_true(file >= 0 && read(file, stat, sizeof(stat) - 1) > 0);
		close(file);
	}
	uint64_t inode = inode_of(descriptor);
	close(descriptor);
	for (enum process_way way = PROCESS_PROC; way <= PROCESS_BPF; way++) {
		struct process_table *table = process_table_new();
		if (process_table_scan(table, way) == 0) {
			struct netstat_row row = row_of(table, inode, NETSTAT_NEED_OWNERS);
			assert_int_equal(row.n_owners, 1);
			assert_int_equal(row.owners[0].process->pid, child.pid);
			assert_int_equal(row.owners[0].descriptor, descriptor);
		} else {
			assert_int_equal(way, PROCESS_BPF);
		}
		process_table_free(table);
	}
	child_end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_or_not_here(test_bpf_says_the_same),
		unit_test_or_not_here(test_best_of_many),
		cmocka_unit_test(test_first_thread_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
