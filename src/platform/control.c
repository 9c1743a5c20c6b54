/* The control socket of a running host: whoever may connect is sent a snapshot.
 *
 * The text is made as the reader takes it, a buffer at a time from the host's own cursor, so that a reader costs a few
 * kilobytes however many sockets there are, and one that stops reading holds up nobody. It is let go when it has taken
 * nothing for five seconds. Only the caller's own user (and root) gets in: by the directory's mode, the socket's mode,
 * and the peer's credentials. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "control_text.h"
#include "errors.h"

#define READERS_MAX 16
#define BUFFER (4 * BERTH_SNAPSHOT_LINE)
#define BURST 65536 /* bytes for one reader before others get their turn */
#define NS_PATIENCE UINT64_C(5000000000)
#define NS_ACCEPT_PAUSE UINT64_C(1000000000)
#define NAME_ROOM (BERTH_HOST_NAME_MAX + 32)

struct reader {
	struct berth_control *control;
	int fd; /* -1: free */
	struct control_text text;
	berth_time patience; /* let go when nothing was taken by then */
	size_t off, len;     /* buffer[off .. len) is to be sent */
	char buffer[BUFFER];
};

struct berth_control {
	struct berth_loop *loop;
	struct berth_host *host;
	int fd;
	bool bound; /* the path is ours to unlink */
	struct sockaddr_un address;
	struct reader *readers[READERS_MAX];
};

/* ---- readers ---- */

/* Fills the buffer with as many lines as surely have room. */
static void reader_fill(struct reader *reader)
{
	const struct berth_control *control = reader->control;
	size_t n = 1;

	reader->off = reader->len = 0;
	while (n && reader->len + BERTH_SNAPSHOT_LINE <= BUFFER) {
		n = control_text_line(&reader->text, control->host, berth_loop_now(control->loop),
				      reader->buffer + reader->len);
		reader->len += n;
	}
}

static void control_patience(void *user);

static void reader_free(struct reader *reader)
{
	struct berth_control *control = reader->control;

	for (unsigned i = 0; i < READERS_MAX; i++)
		if (control->readers[i] == reader)
			control->readers[i] = NULL;
	berth_loop_unwatch(control->loop, reader->fd);
	close(reader->fd);
	free(reader);
}

/* Sends until the socket is full, all is sent, or it is others' turn. false: the reader is done for. */
static bool reader_send(struct reader *reader)
{
	for (size_t n_sent = 0; n_sent < BURST;) {
		ssize_t n;

		if (reader->off == reader->len)
			reader_fill(reader);
		if (reader->off == reader->len)
			return false;
		n = send(reader->fd, reader->buffer + reader->off, reader->len - reader->off,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		reader->off += (size_t)n;
		n_sent += (size_t)n;
		reader->patience = berth_loop_now(reader->control->loop) + NS_PATIENCE;
	}
	return true;
}

static void reader_ready(void *user, unsigned ready)
{
	struct reader *reader = user;

	if ((ready & BERTH_HANGUP) || !reader_send(reader))
		reader_free(reader);
}

/* Lets go of readers that have run out of time, and sets the alarm for the next. */
static void control_patience(void *user)
{
	struct berth_control *control = user;
	berth_time now = berth_loop_now(control->loop), next = BERTH_NEVER;

	for (unsigned i = 0; i < READERS_MAX; i++) {
		struct reader *reader = control->readers[i];

		if (reader && reader->patience <= now)
			reader_free(reader);
		else if (reader && reader->patience < next)
			next = reader->patience;
	}
	berth_loop_at(control->loop, next, control_patience, control);
}

static struct reader **reader_slot(struct berth_control *control)
{
	for (unsigned i = 0; i < READERS_MAX; i++)
		if (!control->readers[i])
			return &control->readers[i];
	return NULL;
}

/* Takes the descriptor; one that cannot be served is closed. */
static void reader_new(struct berth_control *control, int fd)
{
	struct reader **slot = reader_slot(control);
	struct reader *reader = slot && control_peer_trusted(fd, true) ? calloc(1, sizeof(*reader)) : NULL;

	if (!reader || berth_loop_watch(control->loop, fd, BERTH_WRITABLE, reader_ready, reader)) {
		free(reader);
		close(fd);
		return;
	}
	reader->control = control;
	reader->fd = fd;
	reader->patience = berth_loop_now(control->loop) + NS_PATIENCE;
	*slot = reader;
	control_patience(control);
}

/* ---- the listening socket ---- */

static void control_ready(void *user, unsigned ready);

static void control_resume(void *user)
{
	struct berth_control *control = user;

	berth_loop_watch(control->loop, control->fd, BERTH_READABLE, control_ready, control);
}

/* Without a free descriptor the waiting reader cannot be accepted, and would wake the loop for ever. */
static void control_pause(struct berth_control *control)
{
	if (berth_loop_at(control->loop, berth_loop_now(control->loop) + NS_ACCEPT_PAUSE, control_resume, control))
		return;
	berth_loop_watch(control->loop, control->fd, 0, control_ready, control);
}

static void control_ready(void *user, unsigned ready)
{
	struct berth_control *control = user;

	for (unsigned n = 0; n < READERS_MAX; n++) {
		int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			reader_new(control, fd);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			control_pause(control);
		break;
	}
}

/* ---- the path ---- */

/* The host's name as part of a file's: what is no plain character, and a leading dot, becomes '_'. */
static void name_clean(const char *name, char out[BERTH_HOST_NAME_MAX])
{
	size_t n = 0;

	for (; n + 1 < BERTH_HOST_NAME_MAX && name[n]; n++) {
		char c = name[n];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '_' || (c == '.' && n);

		out[n] = plain ? c : '_';
	}
	out[n] = 0;
	if (!n)
		memcpy(out, "host", 5);
}

/* Nobody listens at the address. */
static bool address_refuses(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refuses;

	if (fd < 0)
		return false;
	refuses = connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
	close(fd);
	return refuses;
}

/* "NAME.PID.sock" with this name: its PID, else 0. */
static long name_pid(const char *file, const char *name)
{
	size_t n = strlen(name);
	char *end;
	long pid;

	if (strncmp(file, name, n) || file[n] != '.' || file[n + 1] < '1' || file[n + 1] > '9')
		return 0;
	pid = strtol(file + n + 1, &end, 10);
	return strcmp(end, CONTROL_SUFFIX) ? 0 : pid;
}

/* Removes what dead processes of the same name left behind. A process that is only about to listen is alive, and one of
 * another process namespace answers. */
static void stale_remove(const char *directory, const char *name)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct sockaddr_un address;
		long pid = name_pid(entry->d_name, name);

		if (!pid || !kill((pid_t)pid, 0) || errno != ESRCH ||
		    control_address(&address, directory, entry->d_name))
			continue;
		if (address_refuses(&address))
			unlink(address.sun_path);
	}
	if (dir)
		closedir(dir);
}

/* Binds; a socket at the path that nobody listens at is what an earlier process with our PID left. The mode is set
 * before the socket can be seen. */
static int control_bind(struct berth_control *control)
{
	const struct sockaddr *address = (const struct sockaddr *)&control->address;

	if (fchmod(control->fd, 0600))
		return BERTH_EIO;
	if (!bind(control->fd, address, sizeof(control->address)))
		return 0;
	if (errno == EADDRINUSE && address_refuses(&control->address) && !unlink(control->address.sun_path) &&
	    !bind(control->fd, address, sizeof(control->address)))
		return 0;
	return errno == EADDRINUSE || errno == EACCES ? error_from_errno(errno) : BERTH_EIO;
}

static int control_path(struct berth_control *control)
{
	char directory[256], name[BERTH_HOST_NAME_MAX], file[NAME_ROOM];
	int error = berth_control_directory(directory, sizeof(directory));

	if (error)
		return error;
	name_clean(berth_host_name(control->host), name);
	snprintf(file, sizeof(file), "%s.%ld%s", name, (long)getpid(), CONTROL_SUFFIX);
	error = control_address(&control->address, directory, file);
	if (error)
		return error;
	if (mkdir(directory, 0700) && errno != EEXIST)
		return errno == EACCES || errno == EROFS ? BERTH_EACCES : BERTH_EIO;
	error = control_directory_check(directory);
	if (error)
		return error == BERTH_ENOENT ? BERTH_EIO : error;
	stale_remove(directory, name);
	return 0;
}

static int control_open(struct berth_control *control)
{
	int error = control_path(control);

	if (error)
		return error;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control->fd < 0)
		return BERTH_EIO;
	error = control_bind(control);
	if (error)
		return error;
	control->bound = true;
	if (listen(control->fd, READERS_MAX))
		return BERTH_EIO;
	error = berth_loop_watch(control->loop, control->fd, BERTH_READABLE, control_ready, control);
	return error == BERTH_ENOMEM ? BERTH_ENOMEM : error ? BERTH_EIO : 0;
}

int berth_control_new(struct berth_loop *loop, struct berth_host *host, struct berth_control **out)
{
	struct berth_control *control = calloc(1, sizeof(*control));
	int error;

	if (!control)
		return BERTH_ENOMEM;
	control->loop = loop;
	control->host = host;
	control->fd = -1;
	error = control_open(control);
	if (error) {
		berth_control_free(control);
		return error;
	}
	*out = control;
	return 0;
}

struct berth_control *berth_control_free(struct berth_control *control)
{
	if (!control)
		return NULL;
	for (unsigned i = 0; i < READERS_MAX; i++)
		if (control->readers[i])
			reader_free(control->readers[i]);
	berth_loop_at(control->loop, BERTH_NEVER, control_patience, control);
	berth_loop_at(control->loop, BERTH_NEVER, control_resume, control);
	if (control->bound)
		unlink(control->address.sun_path);
	if (control->fd >= 0) {
		berth_loop_unwatch(control->loop, control->fd);
		close(control->fd);
	}
	free(control);
	return NULL;
}
