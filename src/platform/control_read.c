/* Reading the control sockets of all hosts that run.
 *
 * One after the other, each with a limit on how long it may keep us waiting. What a host sends is read line by line and
 * handed on at once, so that any number of sockets passes through one small buffer. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "control.h"
#include "errors.h"

/* One host being read. */
struct source {
	const char *path;
	berth_control_item *on_item;
	void *user;
	int fd;
	bool begun, ended;
	size_t len; /* bytes in the buffer that are no whole line yet */
	char buffer[16 * BERTH_SNAPSHOT_LINE];
};

/* A line into an item for the caller. Lines of later versions are skipped. 0, or the error that ends the reading. */
static int source_line(struct source *source, char *line)
{
	struct berth_snapshot_item item;
	int kind = berth_snapshot_parse(line, &item);

	if (kind < 0)
		return kind;
	if (source->begun == (kind == BERTH_SNAPSHOT_HEAD) || source->ended)
		return BERTH_EPROTO;
	source->begun = true;
	source->ended = kind == BERTH_SNAPSHOT_END;
	if (kind != BERTH_SNAPSHOT_UNKNOWN)
		source->on_item(source->user, source->path, kind, &item);
	return 0;
}

/* Takes all whole lines out of the buffer. */
static int source_lines(struct source *source)
{
	char *line = source->buffer, *end = source->buffer + source->len, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		int error;

		/* A line with a NUL in it would be read as a shorter one. */
		if (newline - line >= BERTH_SNAPSHOT_LINE || memchr(line, 0, (size_t)(newline - line)))
			return BERTH_EPROTO;
		*newline = 0;
		error = source_line(source, line);
		if (error)
			return error;
		line = newline + 1;
	}
	source->len = (size_t)(end - line);
	memmove(source->buffer, line, source->len);
	return source->len >= BERTH_SNAPSHOT_LINE ? BERTH_EPROTO : 0;
}

static int source_read(struct source *source)
{
	int error = 0;

	while (!error) {
		ssize_t n = recv(source->fd, source->buffer + source->len, sizeof(source->buffer) - source->len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? BERTH_ETIMEDOUT : error_from_errno(errno);
		if (!n)
			return source->ended && !source->len ? 0 : BERTH_ECONNRESET;
		source->len += (size_t)n;
		error = source_lines(source);
	}
	return error;
}

/* Connects to a socket that is our own, in a directory that is, with an end that is. 0 or an error. */
static int source_connect(struct source *source, const struct sockaddr_un *address)
{
	const struct timeval limit = {.tv_sec = 1};
	struct stat st;

	if (lstat(address->sun_path, &st))
		return error_from_errno(errno);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return BERTH_EACCES;
	source->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (source->fd < 0 || setsockopt(source->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(source->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		return error_from_errno(errno);
	if (connect(source->fd, (const struct sockaddr *)address, sizeof(*address)))
		return errno == EAGAIN ? BERTH_ETIMEDOUT : error_from_errno(errno);
	return control_peer_trusted(source->fd, false) ? 0 : BERTH_EACCES;
}

/* Reads one host; errors go to the caller's function, except that a host that is gone is none. true: all of it was
 * read. */
static bool host_read(struct source *source, const char *directory, const char *name)
{
	struct sockaddr_un address;
	int error = control_address(&address, directory, name);

	source->path = error ? name : address.sun_path;
	source->fd = -1;
	source->begun = source->ended = false;
	source->len = 0;
	if (!error)
		error = source_connect(source, &address);
	if (!error)
		error = source_read(source);
	if (source->fd >= 0)
		close(source->fd);
	if (error && error != BERTH_ECONNREFUSED && error != BERTH_ENOENT)
		source->on_item(source->user, source->path, error, NULL);
	return !error;
}

static int name_is_socket(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name), n_suffix = strlen(CONTROL_SUFFIX);

	return n > n_suffix && !strcmp(entry->d_name + n - n_suffix, CONTROL_SUFFIX);
}

int berth_control_read(const char *directory, berth_control_item *on_item, void *user)
{
	struct dirent **entries;
	struct source *source;
	int n_read = 0, n, error = control_directory_check(directory);

	if (error)
		return error == BERTH_ENOENT ? 0 : error;
	n = scandir(directory, &entries, name_is_socket, alphasort);
	if (n < 0)
		return error_from_errno(errno);
	source = malloc(sizeof(*source));
	if (source) {
		source->on_item = on_item;
		source->user = user;
	}
	for (int i = 0; i < n; i++) {
		n_read += source && host_read(source, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	n_read = source ? n_read : BERTH_ENOMEM;
	free(source);
	return n_read;
}
