/* berth nc: standard input and output joined to a TCP or UDP conversation of a berth host.
 *
 * Each direction has one buffer and reads only when that is empty, so that a slow reader on either side holds back the
 * writer on the other. Standard input and output stay in blocking mode, since whoever else has them open would be
 * surprised: they are read when epoll says so, and written in pieces that a pipe which poll calls writable takes
 * without blocking. */
#include "host_setup.h"
#include "service.h"
#include "tool.h"
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
/* A UDP client whose input has ended waits so long for answers. */
#define NS_UDP_END NS_SECOND
/* What closing may take when the other side is slow to acknowledge. */
#define NS_SETTLE (10 * NS_SECOND)
#define BUFFER 65536
/* Standard input becomes datagrams that fit an Ethernet frame of either family. */
#define DATAGRAM 1452

const char nc_usage[] = "usage: berth nc --link tap:NAME --address A/P [options] HOST PORT\n"
			"       berth nc --link tap:NAME --address A/P [options] -l PORT\n"
			"\n"
			"Standard input goes to the other side, what comes from there to standard output.\n"
			"\n"
			"  -l, --listen        wait for one connection, or with -u one sender\n"
			"  -u, --udp           UDP instead of TCP\n"
			"  -4, -6              IPv4, or IPv6, alone\n"
			"  -p, --port PORT     the source port; with -l the port to listen on\n"
			"  -N                  shut down at the end of standard input (always so)\n"
			"  -w, --wait SECONDS  give up when nothing has moved for so long\n"
			"  -v, --verbose       say what happens\n" HOST_USAGE "  -h, --help          this text\n";

struct direction {
	size_t n, off; /* buffer[off..n) is waiting */
	bool over;     /* nothing follows what is in the buffer */
	bool always;   /* the file is always ready: a plain file, which epoll does not take */
	bool watched;
	uint8_t buffer[BUFFER];
};

struct nc {
	struct berth_loop_socket socket;
	struct host_options options;
	struct host_setup setup;
	bool listen, udp, verbose;
	uint8_t family;                      /* the only one wanted; 0: either */
	uint16_t port;                       /* local; 0: any */
	struct berth_socket_address foreign; /* family 0: nobody yet */
	berth_time ns_wait;                  /* 0: for ever */
	int listener, descriptor;            /* -1: none */
	bool connected, shut, finished;
	int status;
	struct direction in, out; /* from standard input, to standard output */
};

/* ---- how it ends ---- */

static void finish(struct nc *nc, int status)
{
	nc->finished = true;
	nc->status = status;
	berth_loop_stop(nc->setup.loop);
}

static const char *foreign_text(const struct nc *nc, char *out, size_t n)
{
	struct berth_socket_address foreign = nc->foreign;

	host_address_unmap(&foreign.address);
	return berth_socket_address_format(&foreign, out, n);
}

static void fail(struct nc *nc, int error)
{
	char where[BERTH_ADDRESS_TEXT];

	finish(nc, tool_fail("nc", TOOL_FAILED, "%s: %s; %s", foreign_text(nc, where, sizeof(where)),
			     berth_error_text(error), host_error_hint(error)));
}

static void on_time(void *user)
{
	struct nc *nc = user;
	char where[BERTH_ADDRESS_TEXT];
	unsigned long seconds = (unsigned long)(nc->ns_wait / NS_SECOND);

	if (nc->udp && nc->foreign.address.family)
		finish(nc, TOOL_DONE);
	else if (nc->listen && !nc->foreign.address.family)
		finish(nc, tool_fail("nc", TOOL_FAILED, "port %u: nobody came in %lu s; wait longer with -w", nc->port,
				     seconds));
	else
		finish(nc, tool_fail("nc", TOOL_FAILED, "%s: %s for %lu s; wait longer with -w",
				     foreign_text(nc, where, sizeof(where)),
				     nc->connected ? "nothing moved" : "no answer", seconds));
}

/* Something moved: the clock of -w begins anew. */
static void touch(struct nc *nc)
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
			finish(nc, tool_fail("nc", TOOL_FAILED, "standard %s cannot be watched: %s",
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
	ssize_t n = read(STDIN_FILENO, nc->in.buffer, nc->udp ? DATAGRAM : BUFFER);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		finish(nc, tool_fail("nc", TOOL_FAILED, "standard input: %s", strerror(errno)));
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
	long n = berth_send(nc->setup.host, nc->descriptor, nc->in.buffer + nc->in.off, nc->in.n - nc->in.off);
	if (n == BERTH_EAGAIN || (nc->udp && n == BERTH_ENOBUFS))
		return false;
	if (n < 0) {
		fail(nc, (int)n);
		return false;
	}
	nc->in.off += (size_t)n;
	touch(nc);
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
		touch(nc);
	}
	return moved;
}

/* ---- the host to standard output ---- */

static bool receive_output(struct nc *nc)
{
	struct direction *out = &nc->out;

	if (out->over || out->off < out->n)
		return false;
	long n = berth_recv(nc->setup.host, nc->descriptor, out->buffer, BUFFER, 0);
	if (n == BERTH_EAGAIN)
		return false;
	if (n < 0) {
		fail(nc, (int)n);
		return false;
	}
	out->off = 0;
	out->n = (size_t)n;
	out->over = n == 0 && !nc->udp;
	touch(nc);
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
			finish(nc, errno == EPIPE
					   ? TOOL_DONE
					   : tool_fail("nc", TOOL_FAILED, "standard output: %s", strerror(errno)));
			return false;
		}
		out->off += (size_t)r;
		touch(nc);
	}
	return out->off == out->n;
}

static bool move_output(struct nc *nc)
{
	return nc->connected && write_output(nc) && receive_output(nc);
}

/* ---- both ---- */

static void pump(struct nc *nc)
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
		finish(nc, TOOL_DONE);
}

static void on_stdin(void *user, unsigned ready)
{
	struct nc *nc = user;

	if (wants_input(nc))
		read_input(nc);
	pump(nc);
}

static void on_stdout(void *user, unsigned ready)
{
	pump(user);
}

/* Whether a file is of the kind that is always ready: known before the first byte is wanted. */
static void probe(struct nc *nc, struct direction *d, int fd, unsigned wanted, berth_loop_ready *on_ready)
{
	watch(nc, d, fd, wanted, on_ready, true);
	watch(nc, d, fd, wanted, on_ready, false);
}

static void begin(struct nc *nc)
{
	char where[BERTH_ADDRESS_TEXT];

	nc->connected = true;
	if (nc->verbose && nc->foreign.address.family)
		fprintf(stderr, "berth nc: %s %s\n", nc->listen ? "conversation with" : "connected to",
			foreign_text(nc, where, sizeof(where)));
	probe(nc, &nc->in, STDIN_FILENO, BERTH_READABLE, on_stdin);
	probe(nc, &nc->out, STDOUT_FILENO, BERTH_WRITABLE, on_stdout);
	touch(nc);
}

/* ---- the socket's events ---- */

static void accept_one(struct nc *nc)
{
	int r = berth_accept(nc->setup.host, nc->listener, &nc->foreign);

	if (r < 0)
		return;
	nc->descriptor = r;
	berth_set_user(nc->setup.host, r, nc);
	berth_close(nc->setup.host, nc->listener);
	nc->listener = -1;
	begin(nc);
}

/* The first datagram decides with whom we talk. */
static void take_peer(struct nc *nc)
{
	long n = berth_recvfrom(nc->setup.host, nc->descriptor, nc->out.buffer, BUFFER, 0, &nc->foreign);

	if (n < 0)
		return;
	nc->out.n = (size_t)n;
	int r = berth_connect(nc->setup.host, nc->descriptor, &nc->foreign);
	if (r < 0)
		fail(nc, r);
	else
		begin(nc);
}

static int pending_error(struct nc *nc)
{
	int error = 0;
	size_t n = sizeof(error);

	berth_getsockopt(nc->setup.host, nc->descriptor, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n);
	return -error;
}

static void on_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct nc *nc = (struct nc *)socket;

	if (nc->finished)
		return;
	if (nc->listener >= 0) {
		accept_one(nc);
	} else if (!nc->connected && nc->udp) {
		take_peer(nc);
	} else if (!nc->connected) {
		int error = pending_error(nc);
		if (error)
			fail(nc, error);
		else if (ready & BERTH_WRITABLE)
			begin(nc);
	}
	if (!nc->finished && nc->connected)
		pump(nc);
}

/* ---- beginning ---- */

static int open_failed(const struct nc *nc, const char *what, int error)
{
	return tool_fail("nc", TOOL_FAILED, "%s port %u: %s; %s", what, nc->port, berth_error_text(error),
			 host_error_hint(error));
}

static struct berth_address listen_address(const struct nc *nc)
{
	return nc->family ? (struct berth_address){.family = nc->family} : host_listen_address(&nc->options);
}

static int start_listening(struct nc *nc)
{
	struct berth_socket_address local = {listen_address(nc), nc->port};
	char where[BERTH_ADDRESS_TEXT];
	int r = service_open(nc->setup.host, nc->udp ? BERTH_DATAGRAM : BERTH_STREAM, &local, &nc->socket);

	if (r < 0)
		return open_failed(nc, "cannot listen on", r);
	*(nc->udp ? &nc->descriptor : &nc->listener) = r;
	if (nc->verbose)
		fprintf(stderr, "berth nc: listening on %s\n",
			berth_socket_address_format(&local, where, sizeof(where)));
	return TOOL_DONE;
}

static int start_connecting(struct nc *nc)
{
	enum berth_family family = nc->foreign.address.family;
	struct berth_socket_address local = {{.family = (uint8_t)family}, nc->port};
	struct berth_host *host = nc->setup.host;
	char where[BERTH_ADDRESS_TEXT];

	int r = berth_socket(host, family, nc->udp ? BERTH_DATAGRAM : BERTH_STREAM);
	if (r < 0)
		return open_failed(nc, "no socket for", r);
	nc->descriptor = r;
	berth_set_user(host, r, &nc->socket);
	r = nc->port ? berth_bind(host, nc->descriptor, &local) : 0;
	if (r < 0)
		return open_failed(nc, "cannot use source", r);
	r = berth_connect(host, nc->descriptor, &nc->foreign);
	if (r < 0 && r != BERTH_EINPROGRESS)
		return tool_fail("nc", TOOL_FAILED, "%s: %s; %s", foreign_text(nc, where, sizeof(where)),
				 berth_error_text(r), host_error_hint(r));
	if (r == 0) {
		begin(nc);
		pump(nc);
	}
	return TOOL_DONE;
}

static int converse(struct nc *nc)
{
	nc->socket.on_ready = on_ready;
	int status = nc->listen ? start_listening(nc) : start_connecting(nc);

	if (status != TOOL_DONE)
		return status;
	touch(nc);
	while (!nc->finished && !nc->setup.signals.number && !nc->setup.lost) {
		if (berth_loop_run(nc->setup.loop) < 0)
			return tool_fail("nc", TOOL_FAILED, "the event loop failed");
	}
	if (nc->finished)
		return nc->status;
	if (nc->setup.lost)
		return TOOL_FAILED;
	return nc->udp ? TOOL_DONE : tool_fail("nc", TOOL_FAILED, "ended by a signal before the conversation was over");
}

/* Takes the socket away: in order when all is well, at once when not. */
static void end(struct nc *nc)
{
	bool whole = nc->status == TOOL_DONE && nc->shut && nc->out.over;

	if (nc->in.watched)
		berth_loop_unwatch(nc->setup.loop, STDIN_FILENO);
	if (nc->out.watched)
		berth_loop_unwatch(nc->setup.loop, STDOUT_FILENO);
	if (nc->listener >= 0)
		berth_close(nc->setup.host, nc->listener);
	if (nc->descriptor >= 0 && (whole || nc->udp))
		berth_close(nc->setup.host, nc->descriptor);
	else if (nc->descriptor >= 0)
		service_reset(nc->setup.host, nc->descriptor);
	berth_loop_at(nc->setup.loop, BERTH_NEVER, on_time, nc);
	host_settle(nc->setup.loop, nc->setup.host, NS_SETTLE);
}

/* ---- options ---- */

static int take_port(const struct nc *nc, const char *text, uint16_t *out)
{
	if (host_port_parse(text, nc->udp ? BERTH_TRANSPORT_UDP : BERTH_TRANSPORT_TCP, out))
		return TOOL_DONE;
	return tool_fail("nc", TOOL_USAGE,
			 "'%s' is no port from 1 to 65535 and no %s service's name; try 'berth ports %s'", text,
			 nc->udp ? "udp" : "tcp", text);
}

static int take_arguments(struct nc *nc, const char *source, int n, char **arguments)
{
	int status = source ? take_port(nc, source, &nc->port) : TOOL_DONE;

	if (status != TOOL_DONE)
		return status;
	if (nc->listen) {
		if (n > 1 || (n == 1 && source))
			return tool_bad_argument("nc", arguments[n - 1]);
		if (n == 0 && !source)
			return tool_fail("nc", TOOL_USAGE, "no port to listen on; try 'berth nc -l ... 7000'");
		return n == 1 ? take_port(nc, arguments[0], &nc->port) : TOOL_DONE;
	}
	if (n > 2)
		return tool_bad_argument("nc", arguments[2]);
	if (n < 2)
		return tool_fail("nc", TOOL_USAGE, "whom to talk to? HOST and PORT are needed, or -l PORT to listen");
	int r = host_address_parse(arguments[0], &nc->foreign.address);
	if (r == BERTH_ENOENT)
		return tool_fail("nc", TOOL_USAGE, "'%s': the host's interface is %s; leave what follows the %% away",
				 arguments[0], HOST_INTERFACE_NAME);
	if (r < 0)
		return tool_fail("nc", TOOL_USAGE, "'%s' is no address; names are not looked up", arguments[0]);
	if (nc->family && nc->foreign.address.family != nc->family)
		return tool_fail("nc", TOOL_USAGE, "'%s' is no IPv%d address; leave -%d away", arguments[0], nc->family,
				 nc->family);
	return take_port(nc, arguments[1], &nc->foreign.port);
}

static int take_option(struct nc *nc, int c, const char **source, char **argv)
{
	uint64_t seconds;
	int status;

	switch (c) {
	case 'l':
		nc->listen = true;
		return TOOL_DONE;
	case 'u':
		nc->udp = true;
		return TOOL_DONE;
	case 'v':
		nc->verbose = nc->setup.talks = true;
		return TOOL_DONE;
	case '4':
	case '6':
		nc->family = (uint8_t)(c - '0');
		return TOOL_DONE;
	case 'N':
		return TOOL_DONE;
	case 'p':
		*source = optarg;
		return TOOL_DONE;
	case 'w':
		status = tool_option_number("nc", "--wait", optarg, 1, 86400, &seconds);
		if (status == TOOL_DONE)
			nc->ns_wait = seconds * NS_SECOND;
		return status;
	default:
		status = host_options_take(&nc->options, c, optarg);
		return status < 0 ? tool_bad_option("nc", argv, c) : status;
	}
}

/* TOOL_DONE, another status, or -1: help was wanted. */
static int parse_options(struct nc *nc, int argc, char **argv)
{
	static const struct option options[] = {
		HOST_LONG_OPTIONS,
		{"listen", no_argument, NULL, 'l'},
		{"udp", no_argument, NULL, 'u'},
		{"port", required_argument, NULL, 'p'},
		{"wait", required_argument, NULL, 'w'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *source = NULL;
	int c, status = TOOL_DONE;

	while (status == TOOL_DONE && (c = getopt_long(argc, argv, ":hlup:Nw:v46", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		status = take_option(nc, c, &source, argv);
	}
	if (status == TOOL_DONE)
		status = take_arguments(nc, source, argc - optind, argv + optind);
	return status == TOOL_DONE ? host_options_check(&nc->options) : status;
}

int nc_main(int argc, char **argv)
{
	struct nc *nc = calloc(1, sizeof(*nc));

	if (!nc)
		return tool_fail("nc", TOOL_FAILED, "out of memory");
	nc->options.verb = "nc";
	nc->listener = nc->descriptor = -1;
	int status = parse_options(nc, argc, argv);
	if (status == -1) {
		status = tool_help(nc_usage);
	} else if (status == TOOL_DONE && (status = host_setup_open(&nc->setup, &nc->options)) == TOOL_DONE) {
		nc->status = status = converse(nc);
		end(nc);
		status = host_setup_close(&nc->setup, status);
	}
	free(nc);
	return status;
}
