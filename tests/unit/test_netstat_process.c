/* Processes and their sockets, live: sockets of this process, shared with children, under many descriptors and few;
 * programs that were deleted, that have no file, that may be written by everybody; what is saved; users. Where it may
 * be had, in a PID namespace of their own. */
#include "process/cgroup.h"
#include "process/process_table.h"

#include <berth/error.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "not_here.h"
#include "own_processes.h"
#include "process_rows.h"

/* Also for children, in which nothing may be asserted. */
static bool copy_self(int to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char bytes[65536];
	ssize_t n = -1;

	while (from >= 0 && to >= 0 && (n = read(from, bytes, sizeof(bytes))) > 0 && write(to, bytes, (size_t)n) == n)
		;
	if (from >= 0)
		close(from);
	return n == 0;
}

/* A new directory that everybody may write: beside this program, where programs may be run, or, where this user may
 * not write, for temporary files. */
static void open_directory(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	assert_true(n > 0 && n < PATH_MAX - 64);
	path[n] = 0;
	strcpy(strrchr(path, '/'), "/test-XXXXXX");
	if (!mkdtemp(path))
		assert_non_null(mkdtemp(strcpy(path, "/tmp/berth-XXXXXX")));
	assert_int_equal(chmod(path, 0777), 0);
}

/* A copy of this program at `path`, running with `input` as standard input (or nothing changed: -1). */
static struct child run_copy(const char *path, int input)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	assert_true(copy_self(file));
	close(file);
	struct child child = child_begin();
	if (child.pid == 0) {
		if (input >= 0)
			dup2(input, STDIN_FILENO);
		execl(path, path, "--wait", "two words", "tab\there", (char *)NULL);
		_exit(1);
	}
	child_wait_ready(&child);
	return child;
}

/* ---- who has it ---- */

static void test_own(void **state)
{
	int descriptor = new_socket();
	struct process_table *table = scanned(PROCESS_PROC);
	struct netstat_row row = row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS);

	assert_string_equal(process_table_way(table), "proc");
	assert_int_equal(row.n_owners, 1);
	assert_int_equal(row.unowned, NETSTAT_OWNED);
	assert_int_equal(row.owners[0].descriptor, descriptor);
	assert_int_equal(row.owners[0].process->pid, getpid());
	assert_int_equal(row.owners[0].process->uid, geteuid());
	assert_string_equal(row.owners[0].process->program, "test_netstat_process");
	assert_true(row.owners[0].process->s_started > 0);
	assert_true(row.owners[0].process->known & NETSTAT_NEED_OWNERS);
	assert_null(row.owners[0].process->command);
	close(descriptor);
	process_table_free(table);
}

static void test_shared_with_child(void **state)
{
	int descriptor = new_socket();
	struct child child = child_begin();

	if (child.pid == 0)
		say_ready_and_wait();
	child_wait_ready(&child);
	struct process_table *table = scanned(PROCESS_PROC);
	struct netstat_row row = row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS);
	assert_int_equal(row.n_owners, 2);
	assert_true(row.owners[0].process->pid < row.owners[1].process->pid);
	assert_true(row.owners[0].process->pid == child.pid || row.owners[1].process->pid == child.pid);
	child_end(&child);

	/* The next scan does not find the child any more; what it said before stays. */
	const struct netstat_process *before = row.owners[1].process;
	assert_int_equal(process_table_scan(table, PROCESS_PROC), 0);
	row = row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS);
	assert_int_equal(row.n_owners, 1);
	assert_int_equal(row.owners[0].process->pid, getpid());
	assert_string_equal(before->program, "test_netstat_process");
	close(descriptor);
	process_table_free(table);
}

/* Under many descriptors; some far away, so that the table of descriptors has holes. */
static void test_many_descriptors(void **state)
{
	enum { COPIES = 20 };
	int descriptor = new_socket(), copies[COPIES];

	for (int i = 0; i < COPIES; i++) {
		copies[i] = fcntl(descriptor, F_DUPFD, i % 2 ? 100 + 20 * i : 0);
		assert_true(copies[i] > 0);
	}
	struct process_table *table = scanned(PROCESS_PROC);
	struct netstat_row row = row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS);
	assert_int_equal(row.n_owners, COPIES + 1);
	assert_int_equal(row.owners[0].descriptor, descriptor);
	for (unsigned i = 1; i < NETSTAT_OWNERS_MAX; i++)
		assert_true(row.owners[i - 1].descriptor < row.owners[i].descriptor);
	for (int i = 0; i < COPIES; i++)
		close(copies[i]);
	close(descriptor);
	process_table_free(table);
}

/* ---- what it is ---- */

static void test_deleted_and_writable(void **state)
{
	int descriptor = new_socket(), pair[2];
	char directory[PATH_MAX], path[PATH_MAX + 32];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	open_directory(directory);
	snprintf(path, sizeof(path), "%s/program", directory);
	struct child child = run_copy(path, pair[0]);
	for (int deleted = 0; deleted < 2; deleted++) {
		if (deleted)
			assert_int_equal(unlink(path), 0);
		struct process_table *table = scanned(PROCESS_PROC);
		const struct netstat_process *process = process_table_process(table, child.pid, EVERYTHING);
		assert_non_null(process);
		assert_string_equal(process->program, "program");
		assert_string_equal(process->executable, path);
		assert_int_equal(process->executable_deleted, deleted);
		assert_true(process->executable_writable);
		assert_true(process->stdin_socket);
		assert_string_equal(process->command + strlen(path), " --wait two words tab?here");
		assert_int_equal(row_of(table, inode_of(descriptor), NETSTAT_NEED_OWNERS).n_owners, 2);
		process_table_free(table);
	}
	child_end(&child);
	assert_int_equal(rmdir(directory), 0);
	close(pair[0]);
	close(pair[1]);
	close(descriptor);
}

/* A file whose name ends as the kernel's word for a deleted one does. */
static void test_named_deleted(void **state)
{
	char directory[PATH_MAX], path[PATH_MAX + 32];

	open_directory(directory);
	snprintf(path, sizeof(path), "%s/program (deleted)", directory);
	struct child child = run_copy(path, -1);
	struct process_table *table = process_table_new();
	const struct netstat_process *process = process_table_process(table, child.pid, EVERYTHING);
	assert_non_null(process);
	assert_string_equal(process->executable, path);
	assert_false(process->executable_deleted);
	child_end(&child);
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
	process_table_free(table);
}

static void test_memory_file(void **state)
{
	int file = memfd_create("hidden", MFD_CLOEXEC);

	if (file < 0)
		not_here("memfd_create");
	assert_true(copy_self(file));
	struct child child = child_begin();
	if (child.pid == 0) {
		char *arguments[] = {"innocent", "--wait", NULL};
		fexecve(file, arguments, environ);
		_exit(1);
	}
	child_wait_ready(&child);
	struct process_table *table = process_table_new();
	const struct netstat_process *process = process_table_process(table, child.pid, EVERYTHING);
	assert_non_null(process);
	assert_string_equal(process->executable, "memfd:hidden");
	assert_string_equal(process->program, "memfd:hidden");
	assert_true(process->executable_deleted);
	assert_string_equal(process->command, "innocent --wait");
	child_end(&child);
	close(file);
	process_table_free(table);
}

static bool write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

	return file >= 0 && close(file) == 0 && written;
}

/* Goes into a mount namespace in which `directory` is a file system that everybody may write; an ordinary user needs a
 * user namespace for that, in which he and his group are known. */
static bool own_mounts(const char *directory)
{
	uid_t uid = geteuid();
	char users[32], groups[32];

	snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		return false;
	if (uid && !(write_file("/proc/self/uid_map", users) && write_file("/proc/self/setgroups", "deny") &&
		     write_file("/proc/self/gid_map", groups)))
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", directory, "tmpfs", 0, "mode=0777") == 0;
}

/* In mounts of its own the program's file is where only it sees it. */
static void test_own_mounts(void **state)
{
	char directory[PATH_MAX], path[PATH_MAX + 32];
	char byte;

	open_directory(directory);
	assert_int_equal(chmod(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/program", directory);
	struct child child = child_begin();
	if (child.pid == 0) {
		int file = own_mounts(directory) ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700) : -1;
		if (copy_self(file) && close(file) == 0)
			execl(path, path, "--wait", (char *)NULL);
		_exit(1);
	}
	ssize_t n = read(child.ready, &byte, 1);
	close(child.ready);
	if (n == 1) {
		struct process_table *table = process_table_new();
		const struct netstat_process *process = process_table_process(table, child.pid, EVERYTHING);
		assert_non_null(process);
		assert_string_equal(process->executable, path);
		assert_false(process->executable_deleted);
		assert_true(process->executable_writable);
		process_table_free(table);
	}
	child_end(&child);
	assert_int_equal(rmdir(directory), 0);
	if (n != 1)
		not_here("mounts in a namespace of its own");
}

/* An ordinary program of the system; and the same process before it ran it. */
static void test_runs_another_program(void **state)
{
	int descriptor = new_socket(), go[2];
	char byte;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	struct child child = child_begin();
	if (child.pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		dup2(null, STDIN_FILENO);
		if (write(STDOUT_FILENO, "r", 1) == 1 && read(go[0], &byte, 1) == 1)
			execlp("sh", "sh", "-c", "echo; read x < /dev/zero; echo $x", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(read(child.ready, &byte, 1), 1);
	struct process_table *table = scanned(PROCESS_PROC);
	const struct netstat_process *before = process_table_process(table, child.pid, EVERYTHING);
	assert_string_equal(before->program, "test_netstat_process");
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(read(child.ready, &byte, 1), 1);
	close(child.ready);

	assert_int_equal(process_table_scan(table, PROCESS_PROC), 0);
	const struct netstat_process *after = process_table_process(table, child.pid, EVERYTHING);
	assert_true(after && after != before && after->pid == before->pid);
	assert_true(strncmp(after->command, "sh -c echo", 10) == 0);
	assert_false(after->executable_writable);
	assert_false(after->executable_deleted);
	assert_false(after->stdin_socket);
	assert_string_equal(before->program, "test_netstat_process");
	assert_ptr_equal(process_table_process(table, child.pid, EVERYTHING), after);
	child_end(&child);
	close(go[0]);
	close(go[1]);
	close(descriptor);
	process_table_free(table);
}

static void test_cgroup(void **state)
{
	struct process_table *table = process_table_new();
	const struct netstat_process *process = process_table_process(table, getpid(), NETSTAT_NEED_CGROUP);
	int file = open("/proc/self/cgroup", O_RDONLY);
	char text[16384];
	ssize_t n = file < 0 ? 0 : read(file, text, sizeof(text));
	size_t n_path;
	const char *path = n > 0 ? cgroup_path(text, (size_t)n, &n_path) : NULL;

	assert_non_null(process);
	if (path) {
		assert_int_equal(strlen(process->cgroup), n_path);
		assert_memory_equal(process->cgroup, path, n_path);
	} else {
		assert_null(process->cgroup);
	}
	close(file);
	process_table_free(table);
}

static void test_nobody(void **state)
{
	struct process_table *table = scanned(PROCESS_PROC);

	assert_null(process_table_process(table, INT32_MAX, EVERYTHING));
	assert_null(process_table_process(table, -1, EVERYTHING));
	assert_null(process_table_process(table, 0, EVERYTHING));
	process_table_free(table);
}

/* ---- what may not be seen ---- */

/* What an ordinary user is told of sockets that nobody seems to have; as the number of the check that fails, or 0. */
static int as_ordinary_user(void)
{
	struct process_table *table = process_table_new();
	struct netstat_row row = {.inode = UINT64_MAX - 1, .has_uid = true, .uid = 0};
	int r;

	if (!table || process_table_scan(table, PROCESS_BEST) < 0 || strcmp(process_table_way(table), "proc") != 0)
		return 1;
	if (process_table_enrich(table, &row, EVERYTHING) < 0 || row.n_owners || row.owners ||
	    row.unowned != NETSTAT_UNOWNED_DENIED)
		return 2;
	row = (struct netstat_row){.inode = UINT64_MAX - 1};
	if (process_table_enrich(table, &row, EVERYTHING) < 0 || row.unowned != NETSTAT_UNOWNED_DENIED)
		return 3;
	row = (struct netstat_row){.inode = UINT64_MAX - 1, .has_uid = true, .uid = geteuid()};
	if (process_table_enrich(table, &row, EVERYTHING) < 0 || row.unowned != NETSTAT_UNOWNED_ELSEWHERE)
		return 4;
	/* Nobody else's processes could be looked at; but this user has none, if they are shown at all. */
	row = (struct netstat_row){.inode = UINT64_MAX - 1, .has_uid = true, .uid = 3999999998u};
	if (process_table_enrich(table, &row, EVERYTHING) < 0 ||
	    row.unowned != (access("/proc/1", F_OK) < 0 ? NETSTAT_UNOWNED_DENIED : NETSTAT_UNOWNED_ELSEWHERE))
		return 8;
	row = (struct netstat_row){.inode = UINT64_MAX - 1, .unowned = NETSTAT_UNOWNED_WAITING};
	if (process_table_enrich(table, &row, EVERYTHING) < 0 || row.unowned != NETSTAT_UNOWNED_WAITING)
		return 5;
	row = (struct netstat_row){.inode = 0, .unowned = NETSTAT_UNOWNED_TIMEWAIT};
	if (process_table_enrich(table, &row, EVERYTHING) < 0 || row.unowned != NETSTAT_UNOWNED_TIMEWAIT)
		return 6;
	r = process_table_scan(table, PROCESS_BPF);
	if (r != BERTH_EPERM && r != BERTH_EOPNOTSUPP)
		return 7;
	process_table_free(table);
	return 0;
}

/* In a child, as a user that has nothing else running: what others run must be what may not be seen. */
static void test_ordinary_user(void **state)
{
	enum { STRANGER = 64321, NO_STRANGER = 99 };
	int status;

	if (geteuid() != 0)
		not_here("the right to become a user with no other processes");
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgid(STRANGER) < 0 || setuid(STRANGER) < 0)
			_exit(NO_STRANGER);
		prctl(PR_SET_DUMPABLE, 1); /* else it could not even look at itself */
		_exit(as_ordinary_user());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_STRANGER)
		not_here("other users in this user namespace");
	assert_int_equal(status, 0);
}

/* ---- saved ---- */

static int count_each(void *user, uint64_t inode, const struct netstat_process *process, int descriptor)
{
	int *n = user;

	assert_true(inode == 5 || inode == 6);
	assert_true(process->pid == 20 || process->pid == 10);
	return ++*n == 3 ? 77 : 0;
}

static void test_saved(void **state)
{
	int descriptor = new_socket();
	struct process_table *table = scanned(PROCESS_PROC);
	char program[] = "nginx";
	struct netstat_process process = {
		.pid = 20, .uid = 33, .known = EVERYTHING, .program = program, .unit = "a.service"};
	int n = 0;

	assert_int_equal(process_table_put_process(table, &process), 0);
	program[0] = '-';
	assert_int_equal(process_table_put_owner(table, 5, 20, 9), 0);
	assert_int_equal(process_table_put_owner(table, 5, 10, 3), 0);
	assert_int_equal(process_table_put_owner(table, 5, 20, 8), 0);
	assert_int_equal(process_table_put_owner(table, 6, 10, 4), 0);
	process = (struct netstat_process){.pid = 10, .program = "sshd"};
	assert_int_equal(process_table_put_process(table, &process), 0);

	struct netstat_row row = row_of(table, 5, EVERYTHING);
	assert_int_equal(row.n_owners, 3);
	assert_int_equal(row.owners[0].process->pid, 10);
	assert_string_equal(row.owners[0].process->program, "sshd");
	assert_int_equal(row.owners[1].process->pid, 20);
	assert_int_equal(row.owners[1].descriptor, 8);
	assert_string_equal(row.owners[1].process->program, "nginx");
	assert_string_equal(row.owners[1].process->unit, "a.service");
	assert_null(row.owners[1].process->container);
	assert_int_equal(row.owners[2].descriptor, 9);

	/* It never looks at the machine again, and says of a socket what the file does. */
	assert_string_equal(process_table_way(table), "saved");
	assert_int_equal(process_table_scan(table, PROCESS_PROC), 0);
	assert_int_equal(row_of(table, inode_of(descriptor), EVERYTHING).n_owners, 0);
	assert_int_equal(row_of(table, inode_of(descriptor), EVERYTHING).unowned, NETSTAT_OWNED);
	assert_null(process_table_process(table, getpid(), EVERYTHING));
	assert_string_equal(process_table_process(table, 10, EVERYTHING)->program, "sshd");
	assert_int_equal(process_table_each(table, count_each, &n), 77);
	close(descriptor);
	process_table_free(table);
	assert_null(process_table_free(NULL));
}

/* A snapshot without a single process is one all the same. */
static void test_saved_empty(void **state)
{
	int descriptor = new_socket();
	struct process_table *table = scanned(PROCESS_PROC);

	assert_int_equal(row_of(table, inode_of(descriptor), EVERYTHING).n_owners, 1);
	assert_int_equal(process_table_use_saved(table), 0);
	assert_string_equal(process_table_way(table), "saved");
	assert_int_equal(process_table_scan(table, PROCESS_PROC), 0);
	struct netstat_row row = row_of(table, inode_of(descriptor), EVERYTHING);
	assert_int_equal(row.n_owners, 0);
	assert_int_equal(row.unowned, NETSTAT_OWNED);
	assert_null(process_table_process(table, getpid(), EVERYTHING));
	close(descriptor);
	process_table_free(table);
}

/* A berth host tells its PID, and is asked nothing else. */
static void test_host(void **state)
{
	struct process_table *table = process_table_new();
	struct netstat_process process = {.pid = getpid(), .program = ""};
	struct netstat_owner owner = {&process, -1};
	struct netstat_row row = {.host = "box", .owners = &owner, .n_owners = 1, .inode = 1};

	assert_int_equal(process_table_enrich(table, &row, EVERYTHING), 0);
	assert_int_equal(row.n_owners, 1);
	assert_string_equal(row.owners[0].process->program, "test_netstat_process");
	process.pid = INT32_MAX;
	row.owners = &owner;
	row.n_owners = 1;
	assert_int_equal(process_table_enrich(table, &row, EVERYTHING), 0);
	assert_null(row.owners); /* of a process that has ended nothing is left to point at */
	assert_int_equal(row.n_owners, 0);
	process_table_free(table);
}

static void test_users(void **state)
{
	struct users *users = users_new();
	struct passwd *self = getpwuid(geteuid());
	char number[16];

	assert_non_null(users);
	snprintf(number, sizeof(number), "%u", geteuid());
	assert_string_equal(users_name(users, geteuid()), self ? self->pw_name : number);
	assert_ptr_equal(users_name(users, geteuid()), users_name(users, geteuid()));
	if (!getpwuid(3999999999u))
		assert_string_equal(users_name(users, 3999999999u), "3999999999");
	assert_int_equal(users_put(users, 3999999999u, "somebody"), 0);
	assert_string_equal(users_name(users, 3999999999u), "somebody");
	assert_null(users_free(users));
	assert_null(users_free(NULL));
}

int main(int n_arguments, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_shared_with_child),
		cmocka_unit_test(test_many_descriptors),
		cmocka_unit_test(test_deleted_and_writable),
		cmocka_unit_test(test_named_deleted),
		unit_test_or_not_here(test_memory_file),
		unit_test_or_not_here(test_own_mounts),
		cmocka_unit_test(test_runs_another_program),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_nobody),
		unit_test_or_not_here(test_ordinary_user),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_saved_empty),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_users),
	};

	if (n_arguments > 1 && !strcmp(arguments[1], "--wait"))
		say_ready_and_wait();
	if (geteuid() == 0) /* others see little of the machine anyhow */
		own_processes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
