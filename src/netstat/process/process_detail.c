/* Details of processes. All of them are read through one descriptor of /proc/PID, so that they are of one process even
 * if its number is given away meanwhile.
 *
 * A program is named by its executable, because that is what the process cannot say of itself; only where that may not
 * be read, by argv[0], and then by the kernel's name of it. So a script is shown by its interpreter's name
 * ("python3.11"), not its own: the command line has that. The kernel's own threads have neither, and stand in brackets
 * as in ps. */
#include "process/cgroup.h"
#include "process/process_detail.h"
#include "words.h"

#include <berth/error.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COMMAND_MAX = 32 * 1024, /* longer ones are cut */
	CGROUP_MAX = 16 * 1024,
	STAT_MAX = 2048,
};

static const char deleted[] = " (deleted)";

static int open_process(int pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The beginning of a file; nothing when it may not be read. */
static size_t read_file(int directory, const char *name, char *buffer, size_t size)
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;

	if (file < 0)
		return 0;
	while (n < size && ((got = read(file, buffer + n, size - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	close(file);
	return n;
}

static bool read_stat(int directory, struct process_stat *out)
{
	char text[STAT_MAX];

	return process_stat_parse(text, read_file(directory, "stat", text, sizeof(text)), out);
}

/* Control characters as '?', those of the C1 set (U+0080 to U+009F in UTF-8) as two. */
static void make_printable(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		text[i] = words_printable(text[i]);
		if (c == 0xc2 && i + 1 < n && (unsigned char)text[i + 1] >= 0x80 && (unsigned char)text[i + 1] < 0xa0)
			text[i] = text[i + 1] = '?';
	}
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "[name]", of the kernel's threads and of processes that have ended and wait for their parents. */
static const char *bracketed(const struct process *process, struct keep *keep)
{
	char text[sizeof(process->stat.name) + 2];

	snprintf(text, sizeof(text), "[%s]", process->stat.name[0] ? process->stat.name : "?");
	return keep_text(keep, text, strlen(text));
}

/* ---- the executable ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The path is good in this process's own view of the file system (AT_FDCWD), or in the other's (a descriptor of its
 * root, for the caller to close), or -1: in neither. */
static int view_of(int directory, const char *path, const struct stat *file)
{
	struct stat status;
	int root;

	if (lstat(path, &status) == 0 && same_file(&status, file))
		return AT_FDCWD;
	root = openat(directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && fstatat(root, path + 1, &status, AT_SYMLINK_NOFOLLOW) == 0 && same_file(&status, file))
		return root;
	if (root >= 0)
		close(root);
	return -1;
}

/* The link of a deleted file says so behind the path, and so may the name of one that is there. */
static bool is_deleted(int directory, const char *path, size_t n)
{
	struct stat file;
	int view;

	if (n < sizeof(deleted) || strcmp(path + n - (sizeof(deleted) - 1), deleted) != 0)
		return false;
	if (fstatat(directory, "exe", &file, 0) < 0)
		return true;
	view = view_of(directory, path, &file);
	if (view >= 0)
		close(view);
	return view == -1;
}

static int read_executable(struct process *process, int directory, struct keep *keep)
{
	static const char memory[] = "/memfd:"; /* memfd_create(2): has no place in any file system */
	char path[PATH_MAX + sizeof(deleted)];
	ssize_t got = readlinkat(directory, "exe", path, sizeof(path) - 1);
	const char *begin = path;
	size_t n;

	if (got <= 0)
		return 0;
	n = (size_t)got;
	path[n] = 0;
	process->seen.executable_deleted = is_deleted(directory, path, n);
	if (process->seen.executable_deleted) {
		n -= sizeof(deleted) - 1;
		if (n > sizeof(memory) - 1 && memcmp(path, memory, sizeof(memory) - 1) == 0) {
			begin++;
			n--;
		}
	}
	process->seen.executable = keep_text(keep, begin, n);
	if (!process->seen.executable)
		return BERTH_ENOMEM;
	make_printable((char *)process->seen.executable, n);
	return 0;
}

static bool everybody_writes(const struct stat *status)
{
	return !S_ISLNK(status->st_mode) && (status->st_mode & S_IWOTH);
}

/* One of the directories that lead to the path. The path is absolute; a directory that is gone is passed by. */
static bool directory_writable(int view, const char *path)
{
	char above[PATH_MAX];
	struct stat status;
	size_t n = strlen(path);

	if (n >= sizeof(above))
		return false;
	memcpy(above, path, n + 1);
	for (; n > 0; n--) {
		if (above[n] != '/')
			continue;
		above[n] = 0;
		if (fstatat(view, view == AT_FDCWD ? above : above + 1, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    everybody_writes(&status))
			return true;
	}
	return fstatat(view, view == AT_FDCWD ? "/" : ".", &status, 0) == 0 && everybody_writes(&status);
}

/* Reads the path again, since the one that is shown has no control characters. */
static bool executable_writable(const struct process *process, int directory)
{
	char path[PATH_MAX + sizeof(deleted)];
	ssize_t n = readlinkat(directory, "exe", path, sizeof(path) - 1);
	struct stat file;
	int view;

	if (n <= 0 || path[0] != '/' || process->seen.executable[0] != '/' || fstatat(directory, "exe", &file, 0) < 0)
		return false;
	path[n] = 0;
	if (process->seen.executable_deleted && n > (ssize_t)sizeof(deleted))
		path[n - (ssize_t)(sizeof(deleted) - 1)] = 0;
	if (everybody_writes(&file))
		return true;
	view = view_of(directory, path, &file);
	if (view == -1 && process->seen.executable_deleted)
		view = openat(directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool writable = view != -1 && directory_writable(view, path);
	if (view >= 0)
		close(view);
	return writable;
}

static void read_place(struct process *process, int directory)
{
	char link[16];
	ssize_t n = readlinkat(directory, "fd/0", link, sizeof(link));

	process->seen.stdin_socket = n > 8 && memcmp(link, "socket:[", 8) == 0;
	process->seen.executable_writable = process->seen.executable && executable_writable(process, directory);
}

/* ---- the rest ---- */

/* argv[0] alone, or all of it with spaces in between. NULL: there is none. */
static int read_command(int directory, bool all, struct keep *keep, const char **out)
{
	char text[COMMAND_MAX];
	size_t n = read_file(directory, "cmdline", text, sizeof(text));

	while (n > 0 && !text[n - 1])
		n--;
	if (!all)
		n = strnlen(text, n);
	*out = NULL;
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	make_printable(text, n);
	*out = keep_text(keep, text, n);
	return *out ? 0 : BERTH_ENOMEM;
}

static int read_program(struct process *process, int directory, struct keep *keep)
{
	const char *text = process->seen.executable;
	int r = text ? 0 : read_command(directory, false, keep, &text);

	if (r < 0)
		return r;
	process->seen.program = text ? last_part(text) : bracketed(process, keep);
	return process->seen.program ? 0 : BERTH_ENOMEM;
}

static int read_owner(struct process *process, int directory, struct keep *keep)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct stat status;
	int r;

	if (fstatat(directory, "", &status, AT_EMPTY_PATH) == 0)
		process->seen.uid = status.st_uid; /* the effective one */
	if (read_stat(directory, &process->stat) && ticks > 0)
		process->seen.s_started = process->stat.started / (uint64_t)ticks;
	r = read_executable(process, directory, keep);
	return r < 0 ? r : read_program(process, directory, keep);
}

static int read_whole_command(struct process *process, int directory, struct keep *keep)
{
	int r = read_command(directory, true, keep, &process->seen.command);

	if (r == 0 && !process->seen.command && !(process->seen.command = bracketed(process, keep)))
		r = BERTH_ENOMEM;
	return r;
}

static int read_cgroup(struct process *process, int directory, struct keep *keep)
{
	char text[CGROUP_MAX];
	struct cgroup cgroup;
	size_t n;
	const char *path = cgroup_path(text, read_file(directory, "cgroup", text, sizeof(text)), &n);
	char *copy;

	if (!path)
		return 0;
	cgroup_parse(path, n, &cgroup);
	if (!(copy = keep_text(keep, path, n)))
		return BERTH_ENOMEM;
	make_printable(copy, n);
	process->seen.cgroup = copy;
	if (cgroup.unit[0] && !(process->seen.unit = keep_text(keep, cgroup.unit, strlen(cgroup.unit))))
		return BERTH_ENOMEM;
	if (cgroup.container[0] &&
	    !(process->seen.container = keep_text(keep, cgroup.container, strlen(cgroup.container))))
		return BERTH_ENOMEM;
	return 0;
}

int process_detail_read(struct process *process, uint32_t needs, struct keep *keep)
{
	uint32_t missing = ((needs & (NETSTAT_NEED_COMMAND | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP)) |
			    NETSTAT_NEED_OWNERS) &
			   ~process->seen.known;
	int directory, r = 0;

	if (!missing)
		return 0;
	directory = open_process(process->seen.pid); /* when it is gone, all that follows reads nothing */
	if (missing & NETSTAT_NEED_OWNERS)
		r = read_owner(process, directory, keep);
	if (r == 0 && (missing & NETSTAT_NEED_COMMAND))
		r = read_whole_command(process, directory, keep);
	if (r == 0 && (missing & NETSTAT_NEED_EXECUTABLE))
		read_place(process, directory);
	if (r == 0 && (missing & NETSTAT_NEED_CGROUP))
		r = read_cgroup(process, directory, keep);
	if (directory >= 0)
		close(directory);
	if (r == 0)
		process->seen.known |= missing;
	return r;
}

bool process_detail_exists(int pid)
{
	int directory = open_process(pid);

	if (directory >= 0)
		close(directory);
	return directory >= 0;
}

bool process_detail_same(const struct process *process)
{
	struct process_stat stat;
	int directory = open_process(process->seen.pid);
	bool same = directory >= 0 && read_stat(directory, &stat) && stat.started == process->stat.started &&
		    strcmp(stat.name, process->stat.name) == 0;

	if (directory >= 0)
		close(directory);
	return same;
}
