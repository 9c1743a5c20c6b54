/* Files for the HTTP service.
 *
 * The kernel confines each lookup to the root (openat2 with RESOLVE_BENEATH, Linux 5.6). Where it cannot, or a sandbox
 * forbids the call, the path is walked one name at a time and symbolic links and ".." are refused altogether. */
#include "http_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO must not make us wait for its writer. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
/* A listing holds at most so many entries, and says so when there are more. */
#define LIST_MAX 5000

static int open_beneath(int root, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* Opens the name of n characters in `directory`, and closes that. */
static int open_step(int directory, const char *name, size_t n, int flags)
{
	char text[NAME_MAX + 1];
	int fd = -ENAMETOOLONG;

	if (n <= NAME_MAX) {
		memcpy(text, name, n);
		text[n] = '\0';
		fd = strcmp(text, "..") == 0 ? -EXDEV : openat(directory, text, flags | O_NOFOLLOW);
		if (fd == -1)
			fd = -errno;
	}
	close(directory);
	return fd;
}

static int open_by_steps(int root, const char *path, int flags)
{
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (fd >= 0) {
		size_t n = strcspn(path, "/");
		size_t n_slashes = strspn(path + n, "/");
		bool last = path[n + n_slashes] == '\0';
		fd = open_step(fd, n ? path : ".", n ? n : 1,
			       last ? flags | (n_slashes ? O_DIRECTORY : 0) : O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (last)
			return fd;
		path += n + n_slashes;
	}
	return fd;
}

static int open_confined(int root, const char *path, int flags)
{
	int fd = open_beneath(root, path, (uint64_t)flags);

	if (fd == -ENOSYS || fd == -EPERM)
		fd = open_by_steps(root, path, flags);
	return fd;
}

int http_open(int root, const char *path)
{
	return open_confined(root, path, OPEN_FLAGS);
}

void http_put_html(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void http_put_percent(const char *text, FILE *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	for (; *text; text++) {
		if (strchr(plain, *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

struct entry {
	char *name;
	off_t size;
	bool directory;
};

/* Directories first, then by name. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->directory != y->directory)
		return x->directory ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Looks at a name as a request for it would. false: there is nothing to ask for. */
static bool entry_get(int root, const char *path, const char *name, struct entry *out)
{
	struct stat status;
	char *full;
	bool ok = false;

	if (asprintf(&full, "%s/%s", path, name) < 0)
		return false;
	int fd = open_confined(root, full, O_PATH | O_CLOEXEC);
	free(full);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
		*out = (struct entry){strdup(name), status.st_size, S_ISDIR(status.st_mode)};
		ok = out->name != NULL;
	}
	close(fd);
	return ok;
}

/* Up to LIST_MAX entries, sorted. How many; *more: there are others. */
static size_t read_entries(int root, DIR *stream, const char *path, struct entry *entries, bool *more)
{
	const struct dirent *d;
	size_t n = 0;

	*more = false;
	while ((d = readdir(stream))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (n == LIST_MAX) {
			*more = true;
			break;
		}
		if (entry_get(root, path, d->d_name, &entries[n]))
			n++;
	}
	qsort(entries, n, sizeof(*entries), compare_entries);
	return n;
}

static void put_entry(const struct entry *entry, FILE *out)
{
	const char *end = entry->directory ? "/" : "";

	fputs("<tr><td><a href=\"./", out);
	http_put_percent(entry->name, out);
	fprintf(out, "%s\">", end);
	http_put_html(entry->name, out);
	fprintf(out, "%s</a></td><td align=\"right\">", end);
	if (!entry->directory)
		fprintf(out, "%lld", (long long)entry->size);
	fputs("</td></tr>\n", out);
}

static void put_page(const char *path, const struct entry *entries, size_t n, bool more, FILE *out)
{
	bool is_root = strcmp(path, ".") == 0;

	fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>/", out);
	http_put_html(is_root ? "" : path, out);
	fputs("</title></head>\n<body><h1>/", out);
	http_put_html(is_root ? "" : path, out);
	fputs("</h1>\n<table>\n", out);
	if (!is_root)
		fputs("<tr><td><a href=\"../\">../</a></td><td></td></tr>\n", out);
	for (size_t i = 0; i < n; i++)
		put_entry(&entries[i], out);
	fputs("</table>\n", out);
	if (more)
		fprintf(out, "<p>There is more: a listing ends after %d entries.</p>\n", LIST_MAX);
	fputs("</body></html>\n", out);
}

int http_list(int root, int directory, const char *path, FILE *out)
{
	struct entry *entries = calloc(LIST_MAX, sizeof(*entries));
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	bool more;

	if (!entries || !stream) {
		int error = entries ? errno : ENOMEM;
		if (fd >= 0)
			close(fd);
		free(entries);
		return -error;
	}
	size_t n = read_entries(root, stream, path, entries, &more);
	put_page(path, entries, n, more, out);
	for (size_t i = 0; i < n; i++)
		free(entries[i].name);
	free(entries);
	closedir(stream);
	return 0;
}

const char *http_content_type(const char *path)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{".css", "text/css; charset=utf-8"},
		{".csv", "text/csv; charset=utf-8"},
		{".gif", "image/gif"},
		{".gz", "application/gzip"},
		{".htm", "text/html; charset=utf-8"},
		{".html", "text/html; charset=utf-8"},
		{".ico", "image/vnd.microsoft.icon"},
		{".jpeg", "image/jpeg"},
		{".jpg", "image/jpeg"},
		{".js", "text/javascript; charset=utf-8"},
		{".json", "application/json"},
		{".md", "text/markdown; charset=utf-8"},
		{".mp4", "video/mp4"},
		{".pdf", "application/pdf"},
		{".png", "image/png"},
		{".svg", "image/svg+xml"},
		{".tar", "application/x-tar"},
		{".txt", "text/plain; charset=utf-8"},
		{".wasm", "application/wasm"},
		{".webp", "image/webp"},
		{".xml", "application/xml"},
		{".zip", "application/zip"},
	};
	const char *name = strrchr(path, '/');
	const char *end = strrchr(name ? name : path, '.');

	for (size_t i = 0; end && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(end, types[i].end) == 0)
			return types[i].type;
	return "application/octet-stream";
}
