/* A server for one answer. It is no HTTP server: no connection is used twice, and no body is read. */
#include "metrics_http.h"
#include "show/scrape.h"
#include "tool.h"

#include <arpa/inet.h>
#include <berth/platform.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 8192u
#define NS_CLIENT UINT64_C(5000000000) /* from accept to the end of the request; and for each piece of the answer */

/* ---- one client ---- */

/* Waits until fd is ready for `events`; false: not before `until`. */
static bool wait_for(int fd, short events, uint64_t until)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = events};
		uint64_t now = berth_clock_now();
		int r = poll(&ready, 1, until > now ? (int)((until - now) / 1000000 + 1) : 0);

		if (r > 0)
			return true;
		if (r == 0 || errno != EINTR)
			return false;
	}
}

/* The request's head, up to the empty line, NUL-terminated. 1; 0: the client is gone or silent; -1: it is too long, or
 * has a NUL. */
static int read_head(int fd, char out[REQUEST_MAX])
{
	uint64_t until = berth_clock_now() + NS_CLIENT;
	size_t n = 0;

	while (n < REQUEST_MAX - 1) {
		if (!wait_for(fd, POLLIN, until))
			return 0;
		ssize_t got = recv(fd, out + n, REQUEST_MAX - 1 - n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return 0;
		n += (size_t)got;
		out[n] = '\0';
		if (strlen(out) != n)
			return -1;
		if (strstr(out, "\r\n\r\n") || strstr(out, "\n\n"))
			return 1;
	}
	return -1;
}

static bool send_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		if (!wait_for(fd, POLLOUT, berth_clock_now() + NS_CLIENT))
			return false;
		ssize_t sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

/* true: it went out whole. */
static bool answer(int fd, struct scrape_verdict verdict, const char *type, const char *body, size_t n)
{
	char head[512];
	int n_head = snprintf(head, sizeof(head),
			      "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
			      "Connection: close\r\n\r\n",
			      verdict.status, verdict.reason, type, n, verdict.more);

	return send_all(fd, head, (size_t)n_head) && send_all(fd, body, n);
}

/* `head` is the request's, which may have wished for no body (RFC 9110 section 9.3.2). */
static void answer_text(int fd, struct scrape_verdict verdict, const char *head)
{
	char body[128];
	int n = snprintf(body, sizeof(body), "%d %s; the metrics are at " SCRAPE_PATH "\n", verdict.status,
			 verdict.reason);

	answer(fd, verdict, "text/plain; charset=utf-8", body, strncmp(head, "HEAD ", 5) == 0 ? 0 : (size_t)n);
}

/* What is still on its way from the client is read, so that the answer is not lost to a reset; not for ever. */
static void finish(int fd)
{
	uint64_t until = berth_clock_now() + NS_CLIENT / 5;
	char rest[1024];

	shutdown(fd, SHUT_WR);
	for (size_t i = 0; i < 64 && wait_for(fd, POLLIN, until); i++)
		if (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) <= 0)
			break;
}

/* An exit status: the exposition was wanted and made. */
static int answer_metrics(int fd, struct scrape_verdict verdict, int (*write)(void *user, FILE *out), void *user)
{
	char *body = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&body, &n);
	bool failed = !out || write(user, out) != 0;

	if (out && fclose(out) != 0)
		failed = true;
	if (failed)
		answer_text(fd, (struct scrape_verdict){500, "Internal Server Error", ""}, "");
	else if (!answer(fd, verdict, "application/openmetrics-text; version=1.0.0; charset=utf-8", body, n))
		failed = tool_fail("netstat", TOOL_FAILED, "metrics: the client left before it had all of them") != 0;
	free(body);
	return failed ? TOOL_FAILED : TOOL_DONE;
}

/* An exit status, or -1: the next client. */
static int serve(int fd, int (*write)(void *user, FILE *out), void *user)
{
	char head[REQUEST_MAX];
	int got = read_head(fd, head), status = -1;

	if (got == 0)
		return -1;
	struct scrape_verdict verdict = got < 0 ? (struct scrape_verdict){400, "Bad Request", ""} : scrape_judge(head);
	if (verdict.status == 200)
		status = answer_metrics(fd, verdict, write, user);
	else
		answer_text(fd, verdict, got < 0 ? "" : head);
	finish(fd);
	return status;
}

/* ---- the port ---- */

/* The listening socket, or -1 and the error line is written. */
static int listen_on(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t n = sizeof(address);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, n) == 0 && listen(fd, 1) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &n) == 0) {
		*port = ntohs(address.sin_port);
		return fd;
	}
	tool_fail("netstat", TOOL_FAILED, "port %u of 127.0.0.1: %s; choose another one, or 0 for any that is free",
		  *port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int metrics_http(uint16_t port, int (*write)(void *user, FILE *out), void *user)
{
	int listener = listen_on(&port), status = -1;

	if (listener < 0)
		return TOOL_FAILED;
	tool_fail("netstat", TOOL_DONE, "the metrics are at http://127.0.0.1:%u" SCRAPE_PATH " for one request", port);
	while (status < 0) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
			status = tool_fail("netstat", TOOL_FAILED, "port %u of 127.0.0.1: %s", port, strerror(errno));
		} else if (fd >= 0) {
			status = serve(fd, write, user);
			close(fd);
		}
	}
	close(listener);
	return status;
}
