/* The two directions between the standard streams and a socket of the host, and how they end.
 *
 * Each direction has one buffer and reads only when that is empty, so that a slow reader on either side holds back the
 * writer on the other. Standard input and output stay in blocking mode, since whoever else has them open would be
 * surprised: they are read when epoll says so, and written in pieces that a pipe which poll calls writable takes
 * without blocking. */
#include "nc.h"
#include "../tool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
/* A UDP client whose input has ended waits so long for answers. */
#define NS_UDP_END NS_SECOND
/* Standard input becomes datagrams that fit an Ethernet frame of either family. */
#define DATAGRAM 1452

/* ---- how it ends ---- */

void nc_finish(struct nc *nc, int status)
{
	nc->finished = true;
	nc->status = status;
	berth_loop_stop(nc->setup.loop);
}

const char *nc_foreign_text(const struct nc *nc, char *out, size_t n)
{
	struct berth_socket_address foreign = nc->foreign;
	char address[BERTH_ADDRESS_TEXT];

	host_address_unmap(&foreign.address);
	berth_socket_address_format(&foreign, address, sizeof(address));
	if (!nc->name)
		snprintf(out, n, "%s", address);
	else if (foreign.address.family)
		snprintf(out, n, "%s (%s)", nc->name, address);
	else
		snprintf(out, n, "%s:%u", nc->name, foreign.port);
	return out;
}

void nc_fail(struct nc *nc, int error)
{
	char where[NC_FOREIGN_TEXT];

	nc_finish(nc,
		  tool_fail("nc", TOOL_FAILED, "%s: %s; %s", nc_foreign_text(nc, where, sizeof(where)),
			    berth_error_text(error), host_error_hint(&nc->setup, nc->foreign.address.family, error)));
}

static void on_time(void *user)
{
	struct nc *nc = user;
	char where[NC_FOREIGN_TEXT];
	unsigned long seconds = (unsigned long)(nc->ns_wait / NS_SECOND);

	if (nc->udp && nc->foreign.address.family)
		nc_finish(nc, TOOL_DONE);
	else if (nc->listen && !nc->foreign.address.family)
		nc_finish(nc, tool_fail("nc", TOOL_FAILED, "port %u: nobody came in %lu s; wait longer with -w",
					nc->port, seconds));
	else
		nc_finish(nc, tool_fail("nc", TOOL_FAILED, "%s: %s for %lu s; wait longer with -w",
					nc_foreign_text(nc, where, sizeof(where)),
					nc->connected ? "nothing moved" : "no answer", seconds));
}

/* Something moved: the clock of -w begins anew. */
void nc_touch(struct nc *nc)
{
	berth_time ns = nc->ns_wait;

	/* UDP has no end that could be seen: silence after the end of input must do. */
	if (ns == 0 && nc->udp && !nc->listen && nc->in.over && nc->in.off == nc->in.n)
		ns = NS_UDP_END;
	if (ns)
		berth_loop_at(nc->setup.loop, berth_loop_now(nc->setup.loop) + ns, on_time, nc);
}

/* ---- standard input to the host ---- */

static void on_stdin(void *user, unsigned ready);
static void on_stdout(void *user, unsigned ready);

static void watch(struct nc *nc, struct direction *d, int fd, unsigned wanted, berth_loop_ready *on_ready, bool want)
{
	if (want == d->watched || d->always)
		return;
	if (!want) {
		berth_loop_unwatch(nc->setup.loop, fd);
	} else {
		int r = berth_loop_watch(nc->setup.loop, fd, wanted, on_ready, nc);
		if (r == BERTH_EPERM) {
			d->always = true;
			return;
		}
		if (r < 0) {
			nc_finish(nc, tool_fail("nc", TOOL_FAILED, "standard %s cannot be watched: %s",
						fd == STDIN_FILENO ? "input" : "output", berth_error_text(r)));
			return;
		}
	}
	d->watched = want;
}

static bool wants_input(const struct nc *nc)
{
	return nc->connected && !nc->in.over && nc->in.off == nc->in.n;
}

static void read_input(struct nc *nc)
{
	ssize_t n = read(STDIN_FILENO, nc->in.buffer, nc->udp ? DATAGRAM : NC_BUFFER);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		nc_finish(nc, tool_fail("nc", TOOL_FAILED, "standard input: %s", strerror(errno)));
		return;
	}
	nc->in.off = 0;
	nc->in.n = (size_t)n;
	nc->in.over = n == 0;
}

/* true: bytes went. */
static bool send_input(struct nc *nc)
{
	if (nc->in.off == nc->in.n)
		return false;
	long n = berth_send(nc->setup.host, nc->descriptor, nc->in.buffer + nc->in.off, nc->in.n - nc->in.off, 0);
	if (n == BERTH_EAGAIN || (nc->udp && n == BERTH_ENOBUFS))
		return false;
	if (n < 0) {
		nc_fail(nc, (int)n);
		return false;
	}
	nc->in.off += (size_t)n;
	nc_touch(nc);
	return true;
}

static bool move_input(struct nc *nc)
{
	if (nc->in.always && wants_input(nc))
		read_input(nc);
	bool moved = !nc->finished && nc->connected && send_input(nc);
	if (!nc->finished && nc->connected && nc->in.over && nc->in.off == nc->in.n && !nc->shut) {
		nc->shut = true;
		if (!nc->udp)
			berth_shutdown(nc->setup.host, nc->descriptor, BERTH_SHUT_WR);
		nc_touch(nc);
	}
	return moved;
}

/* ---- the host to standard output ---- */

static bool receive_output(struct nc *nc)
{
	struct direction *out = &nc->out;

	if (out->over || out->off < out->n)
		return false;
	long n = berth_recv(nc->setup.host, nc->descriptor, out->buffer, NC_BUFFER, 0);
	if (n == BERTH_EAGAIN)
		return false;
	if (n < 0) {
		nc_fail(nc, (int)n);
		return false;
	}
	out->off = 0;
	out->n = (size_t)n;
	out->over = n == 0 && !nc->udp;
	nc_touch(nc);
	return true;
}

static bool output_ready(const struct nc *nc)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return nc->out.always || (poll(&p, 1, 0) == 1 && p.revents);
}

/* true: the buffer is empty. */
static bool write_output(struct nc *nc)
{
	struct direction *out = &nc->out;

	while (out->off < out->n && output_ready(nc)) {
		size_t n = out->n - out->off;
		ssize_t r = write(STDOUT_FILENO, out->buffer + out->off, n < PIPE_BUF || out->always ? n : PIPE_BUF);
		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r < 0) {
			/* Nobody reads any more: that ends the conversation and is not worth a word. */
			nc_finish(nc, errno == EPIPE
					      ? TOOL_DONE
					      : tool_fail("nc", TOOL_FAILED, "standard output: %s", strerror(errno)));
			return false;
		}
		out->off += (size_t)r;
		nc_touch(nc);
	}
	return out->off == out->n;
}

static bool move_output(struct nc *nc)
{
	return nc->connected && write_output(nc) && receive_output(nc);
}

/* ---- both ---- */

void nc_pump(struct nc *nc)
{
	bool moved = true;

	while (moved && !nc->finished) {
		moved = move_input(nc);
		if (!nc->finished)
			moved |= move_output(nc);
	}
	if (nc->finished)
		return;
	watch(nc, &nc->in, STDIN_FILENO, BERTH_READABLE, on_stdin, wants_input(nc));
	watch(nc, &nc->out, STDOUT_FILENO, BERTH_WRITABLE, on_stdout, nc->out.off < nc->out.n);
	if (nc->shut && nc->out.over && nc->out.off == nc->out.n)
		nc_finish(nc, TOOL_DONE);
}

static void on_stdin(void *user, unsigned ready)
{
	struct nc *nc = user;

	if (wants_input(nc))
		read_input(nc);
	nc_pump(nc);
}

static void on_stdout(void *user, unsigned ready)
{
	nc_pump(user);
}

/* Whether a file is of the kind that is always ready: known before the first byte is wanted. */
static void probe(struct nc *nc, struct direction *d, int fd, unsigned wanted, berth_loop_ready *on_ready)
{
	watch(nc, d, fd, wanted, on_ready, true);
	watch(nc, d, fd, wanted, on_ready, false);
}

void nc_begin(struct nc *nc)
{
	char where[NC_FOREIGN_TEXT];

	nc->connected = true;
	if (nc->verbose && nc->foreign.address.family)
		fprintf(stderr, "berth nc: %s %s\n", nc->listen ? "conversation with" : "connected to",
			nc_foreign_text(nc, where, sizeof(where)));
	probe(nc, &nc->in, STDIN_FILENO, BERTH_READABLE, on_stdin);
	probe(nc, &nc->out, STDOUT_FILENO, BERTH_WRITABLE, on_stdout);
	nc_touch(nc);
}

void nc_stop(struct nc *nc)
{
	if (nc->in.watched)
		berth_loop_unwatch(nc->setup.loop, STDIN_FILENO);
	if (nc->out.watched)
		berth_loop_unwatch(nc->setup.loop, STDOUT_FILENO);
	berth_loop_at(nc->setup.loop, BERTH_NEVER, on_time, nc);
}
