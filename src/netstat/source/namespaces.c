/* The sockets of every network namespace.
 *
 * Namespaces are found by the links of all processes and by what is mounted, and known by their inodes. One after the
 * other the thread enters them, asks the kernel (namespace_read.c), and comes back. */
#include <berth/error.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "index.h"
#include "source/namespace_read.h"
#include "source/namespace_text.h"
#include "source/source.h"

#define OWN "/proc/thread-self/ns/net"

/* A namespace, by its inode. */
struct space {
	struct netstat_namespace ns;
	unsigned long seen; /* by the walk of this number; what follows is of that walk */
	int pid;            /* of the lowest process in it; 0: none */
	bool mounted;       /* at `path` */
	const char *path;
};

struct namespaces {
	struct index spaces; /* of struct space */
	struct keep texts;   /* names and paths, as long as namespaces are */
	unsigned long walk;
};

/* One namespaces_rows. */
struct look {
	struct namespaces *namespaces;
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	int own; /* descriptor of the thread's own namespace */
	uint64_t own_inode;
	uint32_t spoken;                /* protocols that the kernel speaks at all */
	const struct space *space;      /* that the thread is in */
	unsigned long n_hidden;         /* processes that may not be looked at */
	unsigned long n_denied, n_read; /* namespaces */
	int error;                      /* the first of a namespace; 0: none */
	int result;                     /* on_row's, when it ended the walk */
};

struct namespaces *namespaces_new(void)
{
	struct namespaces *namespaces = calloc(1, sizeof(*namespaces));

	if (namespaces && index_init(&namespaces->spaces, sizeof(struct space)) < 0) {
		free(namespaces);
		return NULL;
	}
	return namespaces;
}

struct namespaces *namespaces_free(struct namespaces *namespaces)
{
	if (namespaces) {
		index_deinit(&namespaces->spaces);
		keep_free(&namespaces->texts);
		free(namespaces);
	}
	return NULL;
}

/* ---- finding them ---- */

/* The namespace of this inode, as this walk sees it. NULL: out of memory. */
static struct space *space_get(struct look *look, uint64_t inode)
{
	struct space *space = index_get(&look->namespaces->spaces, &inode, sizeof(inode), NULL);

	if (!space)
		return NULL;
	if (space->seen != look->namespaces->walk) {
		space->seen = look->namespaces->walk;
		space->ns.inode = inode;
		space->pid = 0;
		space->mounted = false;
		if (!space->ns.name)
			space->ns.name = "";
	}
	return space;
}

static int process_take(struct look *look, int proc, const char *pid)
{
	char path[NAME_MAX + 16], text[64];

	snprintf(path, sizeof(path), "%s/ns/net", pid);
	ssize_t n = readlinkat(proc, path, text, sizeof(text) - 1);
	if (n <= 0) {
		/* One that is gone, or has no namespaces any more, is none. */
		look->n_hidden += n < 0 && (errno == EACCES || errno == EPERM);
		return 0;
	}
	text[n] = 0;
	uint64_t inode = namespace_of_link(text);
	struct space *space = inode ? space_get(look, inode) : NULL;
	if (inode && !space)
		return BERTH_ENOMEM;
	int number = atoi(pid);
	if (space && (!space->pid || number < space->pid))
		space->pid = number;
	return 0;
}

static int processes_take(struct look *look)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int r = 0;

	while (proc && r == 0 && (entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			r = process_take(look, dirfd(proc), entry->d_name);
	if (proc)
		closedir(proc);
	return r;
}

static int mount_take(struct look *look, const char *line)
{
	char path[PATH_MAX];
	uint64_t inode;

	if (!namespace_of_mount(line, &inode, path, sizeof(path)))
		return 0;
	struct space *space = space_get(look, inode);
	if (!space)
		return BERTH_ENOMEM;
	/* A name of `ip netns` is better than another path. */
	if (space->mounted && (namespace_ip_name(space->path) || !namespace_ip_name(path)))
		return 0;
	space->mounted = true;
	if (!space->path || strcmp(space->path, path) != 0)
		space->path = keep_text(&look->namespaces->texts, path, strlen(path));
	return space->path ? 0 : BERTH_ENOMEM;
}

static int mounts_take(struct look *look)
{
	FILE *mounts = fopen("/proc/thread-self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int r = 0;

	while (mounts && r == 0 && getline(&line, &room, mounts) >= 0)
		r = mount_take(look, line);
	free(line);
	if (mounts)
		fclose(mounts);
	return r;
}

static int space_name(struct look *look, struct space *space)
{
	const char *name = space->mounted ? namespace_ip_name(space->path) : NULL;
	char text[32];

	if (!name && space->ns.inode == look->own_inode) {
		name = "";
	} else if (!name && space->pid) {
		snprintf(text, sizeof(text), "pid:%d", space->pid);
		name = text;
	} else if (!name && space->mounted) {
		name = space->path;
	}
	/* Rows that somebody keeps have the struct: what it says is not changed without need. */
	if (!name || strcmp(space->ns.name, name) == 0)
		return 0;
	space->ns.name = keep_text(&look->namespaces->texts, name, strlen(name));
	return space->ns.name ? 0 : BERTH_ENOMEM;
}

static int find_all(struct look *look)
{
	struct space *space = NULL;

	look->namespaces->walk++;
	int r = space_get(look, look->own_inode) ? mounts_take(look) : BERTH_ENOMEM;
	if (r == 0)
		r = processes_take(look);
	while (r == 0 && (space = index_next(&look->namespaces->spaces, space)))
		if (space->seen == look->namespaces->walk)
			r = space_name(look, space);
	return r;
}

/* ---- going there and back ---- */

/* Opens a namespace, if it is (still) at this path. Its descriptor or -1, and errno. */
static int space_open(const char *path, uint64_t inode)
{
	/* Should something else have taken the place: opening a FIFO would wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC && st.st_ino == inode)
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

static int space_open_any(const struct space *space)
{
	char path[48];
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", space->pid);
	errno = ENOENT;
	if (space->pid)
		fd = space_open(path, space->ns.inode);
	if (fd < 0 && space->mounted)
		fd = space_open(space->path, space->ns.inode);
	return fd;
}

static void space_warn(const struct look *look, const struct space *space, int error)
{
	char text[256];

	if (!look->request->warn)
		return;
	snprintf(text, sizeof(text), "network namespace %s: %s", space->ns.name, berth_error_text(error));
	look->request->warn(look->request->warn_user, text);
}

/* What reading a namespace came to. Other than 0 ends the walk. */
static int space_end(struct look *look, const struct space *space, int r)
{
	if (look->result)
		return look->result;
	if (r == 0) {
		look->n_read++;
		return 0;
	}
	if (!look->error)
		look->error = r;
	space_warn(look, space, r);
	return r == BERTH_ENOMEM ? r : 0;
}

/* false, and errno: the thread is where it was. */
static bool space_enter(const struct space *space)
{
	int fd = space_open_any(space);
	bool entered = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
	int number = errno;

	if (fd >= 0)
		close(fd);
	errno = number;
	return entered;
}

static int on_row(void *user, struct netstat_row *row)
{
	struct look *look = user;

	row->ns = &look->space->ns;
	return look->result = look->on_row(look->user, row);
}

static int space_read(struct look *look, const struct space *space)
{
	bool away = space->ns.inode != look->own_inode;

	if (away && !space_enter(space)) {
		/* One that has gone since is none. */
		look->n_denied += errno != ENOENT && errno != ESRCH;
		return 0;
	}
	look->space = space;
	/* The own one says the same as when it is asked for alone. */
	int r = away ? namespace_read(look->request, look->spoken, on_row, look)
		     : kernel_rows(look->request, on_row, look);
	if (away && setns(look->own, CLONE_NEWNET) < 0) {
		space_warn(look, space, BERTH_EPERM);
		return BERTH_EIO;
	}
	return space_end(look, space, r);
}

static const char *plural(unsigned long n, const char *ending)
{
	return n == 1 ? "" : ending;
}

static void warn_of_hidden(const struct look *look)
{
	unsigned long denied = look->n_denied, hidden = look->n_hidden;
	char text[256];
	size_t n = 0;

	if (!look->request->warn || !(denied || hidden))
		return;
	if (denied)
		n = (size_t)snprintf(text, sizeof(text),
				     "%lu network namespace%s may not be entered (that needs CAP_SYS_ADMIN)%s", denied,
				     plural(denied, "s"), hidden ? ", and " : "");
	if (hidden)
		snprintf(text + n, sizeof(text) - n,
			 "the network namespace%s of %lu process%s may not be seen (that needs CAP_SYS_PTRACE)",
			 plural(hidden, "s"), hidden, plural(hidden, "es"));
	look->request->warn(look->request->warn_user, text);
}

static int read_all(struct look *look)
{
	const struct space *space = NULL;
	int r = find_all(look);

	look->spoken = namespace_protocols();
	/* The own one has been found first, and in any walk before this, too. */
	while (r == 0 && (space = index_next(&look->namespaces->spaces, space)))
		if (space->seen == look->namespaces->walk)
			r = space_read(look, space);
	if (r == 0)
		warn_of_hidden(look);
	return r == 0 && !look->n_read ? look->error : r;
}

int namespaces_rows(struct namespaces *namespaces, const struct netstat_request *request, netstat_on_row *on_row_asked,
		    void *user)
{
	struct look look = {.namespaces = namespaces, .request = request, .on_row = on_row_asked, .user = user};
	struct stat st;

	look.own = open(OWN, O_RDONLY | O_CLOEXEC);
	if (look.own < 0 || fstat(look.own, &st) < 0) {
		if (look.own >= 0)
			close(look.own);
		return BERTH_EIO;
	}
	look.own_inode = st.st_ino;
	int r = read_all(&look);
	close(look.own);
	return r;
}
