/* The /proc way: the links in /proc/PID/fd say "socket:[INODE]".
 *
 * What it costs is the kernel's time for each link. Listing the directory and reading each link is a quarter dearer
 * than reading the links 0, 1, 2 ... until as many have been found as the directory's size says (Linux 6.2 and later
 * tell the number of open descriptors there): a kernel gives out the lowest free number, so that tables are dense.
 * Where the size says nothing, or the table has too many holes, the directory is listed. readlink is chosen over stat,
 * which costs the same, because it never waits for a file system that does not answer.
 *
 * Threads that do not share their process's table are passed by: looking for them would double the cost for what hardly
 * any program does. But where the first thread has ended and others live on, it has no table, and theirs is read. */
#include "process/process_scan.h"

#include "address_text.h"
#include "words.h"

#include <berth/error.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scan {
	process_on_socket *on_socket;
	void *user;
	struct process_unseen *unseen;
	uint64_t left; /* descriptors that may still be looked at */
	int proc;      /* descriptor of /proc */
	bool counts;   /* a descriptor directory's size is the number of its entries */
};

/* A decimal number that is all of the text and fits an int, or -1. */
static int number_of(const char *text)
{
	uint64_t number;

	return words_decimal(text, strlen(text), INT_MAX, &number) ? (int)number : -1;
}

/* "socket:[123]": true and the inode. */
static bool socket_link(const char *text, size_t n, uint64_t *inode)
{
	static const char prefix[] = "socket:[";
	size_t at = sizeof(prefix) - 1;

	return n > at + 1 && memcmp(text, prefix, at) == 0 && text[n - 1] == ']' &&
	       words_decimal(text + at, n - 1 - at, UINT64_MAX, inode);
}

/* Looks at one descriptor by its name: 0 or errno; what on_socket returned is in *stop. */
static int look_at(struct scan *scan, int directory, int pid, const char *name, int descriptor, int *stop)
{
	char link[64]; /* longer ones are no sockets */
	ssize_t n = readlinkat(directory, name, link, sizeof(link));
	uint64_t inode;

	if (n < 0)
		return errno;
	if (socket_link(link, (size_t)n, &inode))
		*stop = scan->on_socket(scan->user, pid, descriptor, inode);
	return 0;
}

/* Reads the links 0, 1, 2 ... until `n` are found, which is true, or too many numbers in between are not: then *next is
 * the number to go on with. Ends also when *stop is set, or with an *error that will not get better. */
static bool look_by_number(struct scan *scan, int directory, int pid, uint64_t n, int *next, int *stop, int *error)
{
	uint64_t found = 0, missed = 0;

	for (; found < n && missed <= 2 + found / 8; ++*next) {
		char name[24];

		*address_text_number((uint64_t)*next, name) = 0;
		int r = look_at(scan, directory, pid, name, *next, stop);
		if (*stop || (r && r != ENOENT)) {
			*error = r;
			return false;
		}
		found += !r;
		missed += r == ENOENT;
	}
	return found == n;
}

/* Lists the directory and reads the links from number `from` on. */
static void look_by_list(struct scan *scan, DIR *list, int pid, int from, int *stop, int *error)
{
	struct dirent *entry;

	while (!*stop && !*error && (entry = readdir(list))) {
		int descriptor = number_of(entry->d_name);

		if (descriptor < from)
			continue;
		if (!scan->counts && scan->left-- == 0) {
			*stop = PROCESS_SCAN_MANY;
			break;
		}
		*error = look_at(scan, dirfd(list), pid, entry->d_name, descriptor, stop);
		if (*error == ENOENT)
			*error = 0; /* closed meanwhile */
	}
}

/* The descriptors of this process could not be looked at. Its directory is its effective user's in any case. */
static void add_unseen(struct scan *scan, int pid)
{
	char path[16];
	struct stat status;

	snprintf(path, sizeof(path), "%d", pid);
	if (fstatat(scan->proc, path, &status, 0) == 0)
		process_unseen_add(scan->unseen, status.st_uid);
}

/* The descriptors in the directory `path` (below /proc), n of them if that is known. */
static int look_at_table(struct scan *scan, const char *path, int pid, uint64_t n)
{
	int directory = openat(scan->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next = 0, stop = 0, error = 0;
	DIR *list = NULL;

	if (directory < 0)
		error = errno;
	else if ((!scan->counts || !look_by_number(scan, directory, pid, n, &next, &stop, &error)) && !stop && !error &&
		 (list = fdopendir(directory)))
		look_by_list(scan, list, pid, next, &stop, &error);
	if (error == EACCES || error == EPERM)
		add_unseen(scan, pid);
	if (list)
		closedir(list);
	else if (directory >= 0)
		close(directory);
	return stop;
}

/* The first of a process's threads, but the one it began with, that has descriptors: the others share them. */
static int look_at_threads(struct scan *scan, DIR *list, int pid)
{
	struct dirent *entry;

	while ((entry = readdir(list))) {
		int thread = number_of(entry->d_name);
		struct stat status;
		char path[48];

		snprintf(path, sizeof(path), "%d/task/%d/fd", pid, thread);
		if (thread > 0 && thread != pid && fstatat(scan->proc, path, &status, 0) == 0 && status.st_size > 0)
			return look_at_table(scan, path, pid, (uint64_t)status.st_size);
	}
	return 0;
}

/* A process without descriptors is the kernel's own, or has ended, or its first thread has and others live on. */
static int look_behind_thread(struct scan *scan, int pid)
{
	char path[32];
	struct stat status;
	DIR *list = NULL;
	int directory, r = 0;

	snprintf(path, sizeof(path), "%d/task", pid);
	/* It has two links of its own and one for each thread. */
	if (fstatat(scan->proc, path, &status, 0) < 0 || status.st_nlink <= 3)
		return 0;
	directory = openat(scan->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0 && !(list = fdopendir(directory)))
		close(directory);
	if (list) {
		r = look_at_threads(scan, list, pid);
		closedir(list);
	}
	return r;
}

static int look_at_process(struct scan *scan, int pid)
{
	char path[32];
	struct stat status;
	uint64_t n = 0;

	snprintf(path, sizeof(path), "%d/fd", pid);
	if (scan->counts) {
		if (fstatat(scan->proc, path, &status, 0) < 0)
			return 0; /* it has ended */
		if (status.st_size <= 0)
			return look_behind_thread(scan, pid);
		n = (uint64_t)status.st_size;
		if (n > scan->left)
			return PROCESS_SCAN_MANY;
		scan->left -= n;
	}
	return look_at_table(scan, path, pid, n);
}

static int look_at_all(struct scan *scan, DIR *list)
{
	struct dirent *entry;
	struct stat status;
	int r = 0;

	/* An empty directory is no /proc. */
	if (fstatat(scan->proc, "thread-self/fd", &status, 0) < 0)
		return BERTH_EIO;
	scan->counts = status.st_size > 0; /* this thread has at least /proc open */
	scan->unseen->hidden = fstatat(scan->proc, "1", &status, 0) < 0;
	while (r == 0 && (entry = readdir(list))) {
		int pid = number_of(entry->d_name);

		if (pid > 0)
			r = look_at_process(scan, pid);
	}
	return r;
}

int process_scan_proc(uint64_t limit, process_on_socket *on_socket, void *user, struct process_unseen *unseen)
{
	struct scan scan = {.on_socket = on_socket, .user = user, .unseen = unseen, .left = limit};
	DIR *list = opendir("/proc");

	*unseen = (struct process_unseen){0};
	if (!list)
		return BERTH_EIO;
	scan.proc = dirfd(list);
	int r = look_at_all(&scan, list);
	closedir(list);
	return r;
}

bool process_namespace_is_first(void)
{
	static const char first[] = "pid:[4026531836]"; /* PROC_PID_INIT_INO of Linux, since 3.8 */
	char link[64];
	ssize_t n = readlink("/proc/self/ns/pid", link, sizeof(link));

	return n == sizeof(first) - 1 && memcmp(link, first, sizeof(first) - 1) == 0;
}
