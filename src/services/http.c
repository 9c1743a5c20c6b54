/* The HTTP service: connections, and the way each goes from request to response and round again.
 *
 * A connection reads one request, sends its response, and only then reads on: so a client that does not read its
 * answers is held back by its own window, and a connection costs a request, a buffer for input and, while it sends a
 * file, one chunk. An answer that ends the connection is followed by shutdown and a short while of reading over what
 * still comes, because closing with unread data would reset the connection and could take the answer with it (RFC 9112
 * section 9.6). Slow and silent clients run into a deadline; a sweep once a second looks for those. */
#include "http.h"
#include "http_response.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_BUFFER 4096
#define CHUNK 65536
#define NS_SECOND 1000000000ull
#define NS_SWEEP NS_SECOND
#define NS_DRAIN (2 * NS_SECOND)

enum state {
	READING,  /* a request */
	SENDING,  /* its response */
	DRAINING, /* shut down; reads over what comes until the client ends too */
};

struct connection {
	struct berth_loop_socket socket;
	struct http_server *server;
	struct connection *next, *prev;
	int descriptor;
	enum state state;
	berth_time deadline;
	struct http_response response;
	size_t off_text; /* of the response's text, sent */
	uint8_t *chunk;  /* of the response's file; NULL: none read */
	size_t n_chunk, off_chunk;
	size_t n_in, off_in; /* in[off_in..n_in) is received and not parsed */
	struct http_request request;
	char in[INPUT_BUFFER];
};

struct http_server {
	struct berth_loop_socket socket;
	struct http_config config;
	int descriptor;
	int root;
	struct connection *first, *last; /* newest first */
	unsigned n_connections;
};

/* How a step of a connection ended. */
enum step {
	STEP_ON,    /* there is more to do */
	STEP_WAIT,  /* for the next event */
	STEP_END,   /* the connection is over */
	STEP_ABORT, /* the connection is of no use: the client must not take what it has for the whole */
};

void http_config_default(struct http_config *config)
{
	*config = (struct http_config){
		.n_connections_max = 512,
		.ns_idle = 60 * NS_SECOND,
		.ns_request = 30 * NS_SECOND,
		.ns_stall = 60 * NS_SECOND,
	};
}

static void set_deadline(struct connection *c, berth_time ns)
{
	c->deadline = berth_loop_now(c->server->config.loop) + ns;
}

static void connection_free(struct connection *c)
{
	struct http_server *server = c->server;

	*(c->prev ? &c->prev->next : &server->first) = c->next;
	*(c->next ? &c->next->prev : &server->last) = c->prev;
	server->n_connections--;
	http_response_clear(&c->response);
	free(c->chunk);
	free(c);
}

/* ---- steps ---- */

static void begin_request(struct connection *c)
{
	http_request_init(&c->request);
	c->state = READING;
	set_deadline(c, c->server->config.ns_idle);
}

static void begin_response(struct connection *c)
{
	c->state = SENDING;
	c->off_text = 0;
	set_deadline(c, c->server->config.ns_stall);
}

static enum step parse_input(struct connection *c)
{
	struct http_request *request = &c->request;

	if (!request->begun)
		set_deadline(c, c->server->config.ns_request);
	c->off_in += http_request_parse(request, c->in + c->off_in, c->n_in - c->off_in);
	if (!request->complete && !request->status)
		return STEP_ON;
	if (!http_response_make(&c->response, request, c->server->root))
		return STEP_ABORT;
	begin_response(c);
	return STEP_ON;
}

static enum step read_step(struct connection *c)
{
	if (c->off_in == c->n_in) {
		long n = berth_recv(c->server->config.host, c->descriptor, c->in, sizeof(c->in), 0);
		if (n == BERTH_EAGAIN)
			return STEP_WAIT;
		if (n <= 0)
			return STEP_END;
		c->off_in = 0;
		c->n_in = (size_t)n;
	}
	return parse_input(c);
}

/* Sends bytes from *off on. ON: all of them went. */
static enum step send_bytes(struct connection *c, const void *data, size_t n, size_t *off)
{
	while (*off < n) {
		long r = berth_send(c->server->config.host, c->descriptor, (const uint8_t *)data + *off, n - *off, 0);
		if (r == BERTH_EAGAIN)
			return STEP_WAIT;
		if (r < 0)
			return STEP_END;
		*off += (size_t)r;
		set_deadline(c, c->server->config.ns_stall);
	}
	return STEP_ON;
}

/* Reads the next chunk of the response's file. */
static enum step read_chunk(struct connection *c)
{
	struct http_response *response = &c->response;
	size_t n = response->left < CHUNK ? (size_t)response->left : CHUNK;

	if (!c->chunk && !(c->chunk = malloc(CHUNK)))
		return STEP_ABORT;
	ssize_t r = pread(response->fd, c->chunk, n, (off_t)response->off);
	/* The file has become shorter, or cannot be read: the promised length cannot be kept. */
	if (r <= 0)
		return STEP_ABORT;
	c->n_chunk = (size_t)r;
	c->off_chunk = 0;
	response->off += (uint64_t)r;
	response->left -= (uint64_t)r;
	return STEP_ON;
}

static enum step end_response(struct connection *c)
{
	bool close = c->response.close;

	http_response_clear(&c->response);
	free(c->chunk);
	c->chunk = NULL;
	c->n_chunk = c->off_chunk = 0;
	if (!close) {
		begin_request(c);
		return STEP_ON;
	}
	berth_shutdown(c->server->config.host, c->descriptor, BERTH_SHUT_WR);
	c->state = DRAINING;
	set_deadline(c, NS_DRAIN);
	return STEP_ON;
}

static enum step send_step(struct connection *c)
{
	enum step step = send_bytes(c, c->response.text, c->response.n_text, &c->off_text);

	if (step == STEP_ON)
		step = send_bytes(c, c->chunk, c->n_chunk, &c->off_chunk);
	if (step != STEP_ON)
		return step;
	return c->response.left ? read_chunk(c) : end_response(c);
}

static enum step drain_step(struct connection *c)
{
	long n = berth_recv(c->server->config.host, c->descriptor, c->in, sizeof(c->in), 0);

	if (n == BERTH_EAGAIN)
		return STEP_WAIT;
	return n > 0 ? STEP_ON : STEP_END;
}

/* ---- connections ---- */

static enum step take_step(struct connection *c)
{
	switch (c->state) {
	case READING:
		return read_step(c);
	case SENDING:
		return send_step(c);
	case DRAINING:
		return drain_step(c);
	}
	return STEP_ABORT;
}

/* Does all that can be done now. false: the connection is gone. */
static bool connection_run(struct connection *c)
{
	enum step step;

	do
		step = take_step(c);
	while (step == STEP_ON);
	if (step == STEP_WAIT)
		return true;
	if (step == STEP_ABORT)
		service_reset(c->server->config.host, c->descriptor);
	else
		berth_close(c->server->config.host, c->descriptor);
	connection_free(c);
	return false;
}

static void accept_all(struct http_server *server);

static void connection_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct connection *c = (struct connection *)socket;
	struct http_server *server = c->server;

	if (!connection_run(c))
		accept_all(server);
}

/* The deadline has passed. */
static void connection_expire(struct connection *c)
{
	if (c->state == READING && c->request.begun && http_response_refuse(&c->response, 408)) {
		begin_response(c);
		connection_run(c);
		return;
	}
	if (c->state == READING)
		berth_close(c->server->config.host, c->descriptor);
	else
		service_reset(c->server->config.host, c->descriptor);
	connection_free(c);
}

static void sweep(void *user)
{
	struct http_server *server = user;
	berth_time now = berth_loop_now(server->config.loop);
	struct connection *next;

	for (struct connection *c = server->first; c; c = next) {
		next = c->next;
		if (c->deadline <= now)
			connection_expire(c);
	}
	accept_all(server);
	if (server->first)
		berth_loop_at(server->config.loop, now + NS_SWEEP, sweep, server);
}

static void connection_new(struct http_server *server, int descriptor)
{
	struct connection *c = malloc(sizeof(*c));

	if (!c) {
		service_reset(server->config.host, descriptor);
		return;
	}
	memset(c, 0, offsetof(struct connection, request));
	c->socket.on_ready = connection_ready;
	c->server = server;
	c->descriptor = descriptor;
	c->response.fd = -1;
	c->next = server->first;
	*(c->next ? &c->next->prev : &server->last) = c;
	server->first = c;
	if (server->n_connections++ == 0)
		berth_loop_at(server->config.loop, berth_loop_now(server->config.loop) + NS_SWEEP, sweep, server);
	begin_request(c);
	berth_set_user(server->config.host, descriptor, c);
	/* What came before there was somebody to tell. */
	connection_run(c);
}

/* Makes room by closing the connection that has waited longest for a request to begin. false: all are at work. */
static bool evict_idle(struct http_server *server)
{
	for (struct connection *c = server->last; c; c = c->prev) {
		if (c->state == READING && !c->request.begun) {
			berth_close(server->config.host, c->descriptor);
			connection_free(c);
			return true;
		}
	}
	return false;
}

static void accept_all(struct http_server *server)
{
	for (;;) {
		int ready = berth_ready(server->config.host, server->descriptor);
		if (ready < 0 || !(ready & BERTH_READABLE))
			return;
		if (server->n_connections >= server->config.n_connections_max && !evict_idle(server))
			return;
		int descriptor = berth_accept(server->config.host, server->descriptor, NULL);
		if (descriptor < 0)
			return;
		connection_new(server, descriptor);
	}
}

static void server_ready(struct berth_loop_socket *socket, unsigned ready)
{
	accept_all((struct http_server *)socket);
}

/* ---- the server ---- */

static int error_of_errno(int error)
{
	switch (error) {
	case ENOENT:
		return BERTH_ENOENT;
	case EACCES:
	case EPERM:
		return BERTH_EACCES;
	case ENOTDIR:
		return BERTH_EINVAL;
	default:
		return BERTH_EIO;
	}
}

int http_server_new(const struct http_config *config, struct http_server **out)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return BERTH_ENOMEM;
	server->socket.on_ready = server_ready;
	server->config = *config;
	server->config.root = NULL;
	server->root = open(config->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server->root < 0) {
		int error = error_of_errno(errno);
		free(server);
		return error;
	}
	server->descriptor = service_open(config->host, BERTH_STREAM, &config->local, &server->socket);
	if (server->descriptor < 0) {
		int error = server->descriptor;
		close(server->root);
		free(server);
		return error;
	}
	*out = server;
	return 0;
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	while (server->first) {
		berth_close(server->config.host, server->first->descriptor);
		connection_free(server->first);
	}
	berth_close(server->config.host, server->descriptor);
	berth_loop_at(server->config.loop, BERTH_NEVER, sweep, server);
	close(server->root);
	free(server);
	return NULL;
}
