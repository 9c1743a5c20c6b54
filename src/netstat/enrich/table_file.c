/* Tables as text: lines into words, in place, and a file into memory. Nothing here knows what the words mean. */
#include "enrich/table_file.h"

#include <berth/error.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void split(const char *at, const char *end, struct table_file_line *line)
{
	line->n_words = 0;
	while (line->n_words < TABLE_FILE_WORDS) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return;
		const char *word = at;
		while (at < end && !is_blank(*at))
			at++;
		line->words[line->n_words++] = (struct table_file_word){word, (size_t)(at - word)};
	}
}

size_t table_file_next(const char **text, size_t *n, struct table_file_line *line)
{
	line->n_words = 0;
	while (*n && !line->n_words) {
		const char *newline = memchr(*text, '\n', *n);
		size_t n_line = newline ? (size_t)(newline - *text) : *n;
		const char *comment = memchr(*text, '#', n_line);

		split(*text, comment ? comment : *text + n_line, line);
		n_line += newline != NULL;
		*text += n_line;
		*n -= n_line;
	}
	return line->n_words;
}

/* A file that grows while it is read ends where it ended when it was opened. */
static int read_all(int fd, char *text, size_t *n)
{
	size_t have = 0;

	while (have < *n) {
		ssize_t got = read(fd, text + have, *n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return BERTH_EIO;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	*n = have;
	return 0;
}

static int read_file(int fd, size_t max, char **text, size_t *n)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return BERTH_ENOENT;
	if (status.st_size < 0 || (uintmax_t)status.st_size > max)
		return BERTH_EOVERFLOW;
	size_t size = (size_t)status.st_size;
	char *bytes = size ? malloc(size) : NULL;
	if (size && !bytes)
		return BERTH_ENOMEM;
	int error = read_all(fd, bytes, &size);
	if (error < 0) {
		free(bytes);
		return error;
	}
	*text = bytes;
	*n = size;
	return 0;
}

int table_file_read(const char *path, size_t max, char **text, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return BERTH_ENOENT;
	int error = read_file(fd, max, text, n);
	close(fd);
	return error;
}
