/* HTTP responses for a directory of files, RFC 9110 sections 8, 9 and 15.
 *
 * A response is put together in memory except for the content of a file, of which only the place is kept. */
#include "http_response.h"
#include "http_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DATE_TEXT 80

static const char *reason_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

/* RFC 9110 section 5.6.7, whatever the locale. */
static const char *date_text(time_t when, char *out)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	/* A file from the far future is shown as one from the beginning. */
	if (when < 0 || when > 253402300799 || !gmtime_r(&when, &tm))
		gmtime_r(&(time_t){0}, &tm);
	snprintf(out, DATE_TEXT, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7], tm.tm_mday,
		 months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

/* Everything that a response's text is made of while it is written. */
struct writer {
	struct http_response *response;
	const struct http_request *request; /* NULL: there was none */
	FILE *out;
};

static bool is_head(const struct http_request *request)
{
	return request && request->complete && request->parser.method == HTTP_HEAD;
}

/* The status line and the fields that all responses have; the caller adds others and the empty line. */
static void put_head(struct writer *w, unsigned status, uint64_t n_content)
{
	char date[DATE_TEXT];

	fprintf(w->out, "HTTP/1.1 %u %s\r\nServer: berth\r\nDate: %s\r\nContent-Length: %" PRIu64 "\r\n", status,
		reason_of(status), date_text(time(NULL), date), n_content);
	/* HTTP/1.0 clients are told when the connection stays, too. */
	fprintf(w->out, "Connection: %s\r\n", w->response->close ? "close" : "keep-alive");
}

/* A response that is all status. `fields` are whole lines. */
static void put_status(struct writer *w, unsigned status, const char *fields)
{
	char content[64];
	int n = snprintf(content, sizeof(content), "%u %s\n", status, reason_of(status));

	put_head(w, status, (uint64_t)n);
	fprintf(w->out, "Content-Type: text/plain; charset=utf-8\r\n%s\r\n%s", fields,
		is_head(w->request) ? "" : content);
}

static unsigned status_of_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EACCES:
	case EPERM:
	case EXDEV: /* leads out of the root */
	case ELOOP:
	case ENXIO: /* a socket or a FIFO */
		return 403;
	default:
		return 500;
	}
}

/* To the same directory with a slash behind, so that the links of its listing lead into it. */
static void put_redirect(struct writer *w, const char *path)
{
	put_head(w, 301, 0);
	fputs("Location: /", w->out);
	http_put_percent(path, w->out);
	fputs("/\r\n\r\n", w->out);
}

static void put_listing(struct writer *w, int root, int fd, const char *path)
{
	char *page = NULL;
	size_t n_page = 0;
	FILE *out = open_memstream(&page, &n_page);
	int r = out ? http_list(root, fd, path, out) : -ENOMEM;

	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r < 0) {
		put_status(w, status_of_errno(-r), "");
	} else {
		put_head(w, 200, n_page);
		fputs("Content-Type: text/html; charset=utf-8\r\n\r\n", w->out);
		if (!is_head(w->request))
			fwrite(page, 1, n_page, w->out);
	}
	free(page);
}

static void put_directory(struct writer *w, int root, int fd, char *path)
{
	size_t n = strlen(path);

	if (strcmp(path, ".") != 0 && path[n - 1] != '/') {
		put_redirect(w, path);
		return;
	}
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	put_listing(w, root, fd, path);
}

/* RFC 9110 section 14.2: a range holds only when If-Range, if there, names what we have. */
static enum http_range range_of(const struct http_request *request, uint64_t size, const char *modified,
				uint64_t *first, uint64_t *last)
{
	if (!request->has_range || request->parser.method != HTTP_GET)
		return HTTP_RANGE_WHOLE;
	if (request->has_if_range && strcmp(request->if_range, modified) != 0)
		return HTTP_RANGE_WHOLE;
	return http_range_parse(request->range, size, first, last);
}

/* A regular file; takes fd. */
static void put_file(struct writer *w, int fd, const struct stat *status, const char *path)
{
	uint64_t size = (uint64_t)status->st_size, first = 0, last = 0;
	char modified[DATE_TEXT], fields[64];
	enum http_range range = range_of(w->request, size, date_text(status->st_mtime, modified), &first, &last);

	if (range == HTTP_RANGE_UNSATISFIABLE) {
		close(fd);
		snprintf(fields, sizeof(fields), "Content-Range: bytes */%" PRIu64 "\r\n", size);
		put_status(w, 416, fields);
		return;
	}
	uint64_t n = range == HTTP_RANGE_PART ? last - first + 1 : size;
	put_head(w, range == HTTP_RANGE_PART ? 206 : 200, n);
	if (range == HTTP_RANGE_PART)
		fprintf(w->out, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", first, last, size);
	fprintf(w->out, "Content-Type: %s\r\nLast-Modified: %s\r\nAccept-Ranges: bytes\r\n\r\n",
		http_content_type(path), modified);
	if (is_head(w->request)) {
		close(fd);
		return;
	}
	w->response->fd = fd;
	w->response->off = first;
	w->response->left = n;
}

static void put_path(struct writer *w, int root, char *path)
{
	struct stat status;
	int fd = http_open(root, path);

	if (fd < 0) {
		put_status(w, status_of_errno(-fd), "");
		return;
	}
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		put_file(w, fd, &status, path);
		return;
	}
	if (S_ISDIR(status.st_mode))
		put_directory(w, root, fd, path);
	else
		put_status(w, 403, "");
	close(fd);
}

static void put_answer(struct writer *w, int root)
{
	char path[HTTP_TARGET_MAX + 1];
	const struct http_request *request = w->request;

	if (request->status) {
		put_status(w, request->status, "");
		return;
	}
	if (request->parser.method != HTTP_GET && request->parser.method != HTTP_HEAD) {
		put_status(w, 405, "Allow: GET, HEAD\r\n");
		return;
	}
	unsigned status = http_target_path(request->target, path, sizeof(path));
	if (status)
		put_status(w, status, "");
	else
		put_path(w, root, path);
}

static bool begin(struct writer *w, struct http_response *response, const struct http_request *request)
{
	*response = (struct http_response){.fd = -1};
	w->response = response;
	w->request = request;
	w->out = open_memstream(&response->text, &response->n_text);
	return w->out != NULL;
}

static bool finish(struct writer *w)
{
	bool failed = ferror(w->out);

	if (fclose(w->out) != 0 || failed) {
		http_response_clear(w->response);
		return false;
	}
	return true;
}

bool http_response_make(struct http_response *out, const struct http_request *request, int root)
{
	struct writer w;

	if (!begin(&w, out, request))
		return false;
	out->close = request->status != 0 || !request->keep_alive;
	put_answer(&w, root);
	return finish(&w);
}

bool http_response_refuse(struct http_response *out, unsigned status)
{
	struct writer w;

	if (!begin(&w, out, NULL))
		return false;
	out->close = true;
	put_status(&w, status, "");
	return finish(&w);
}

void http_response_clear(struct http_response *response)
{
	if (response->fd >= 0)
		close(response->fd);
	free(response->text);
	*response = (struct http_response){.fd = -1};
}
