/* The echo service of RFC 862.
 *
 * TCP: what was received is sent before more is received, so that a peer that does not read is slowed down by its own
 * window and never costs more than one buffer. The end of the peer's data is followed by the end of ours. UDP: each
 * datagram goes back as it came, from the address that it came to; one for which there is no room is lost, as UDP may.
 */
#include "echo.h"

#include <stdlib.h>

#define CONNECTION_BUFFER 16384
/* The largest UDP payload is 65,507 bytes over IPv4 and 65,527 over IPv6. */
#define DATAGRAM_BUFFER 65536
#define NS_SWEEP 1000000000ull

struct connection {
	struct berth_loop_socket socket;
	struct echo_server *server;
	struct connection *next, *prev;
	int descriptor;
	berth_time deadline;
	size_t n, off; /* buffer[off..n) is received and not sent back */
	uint8_t buffer[CONNECTION_BUFFER];
};

/* A socket of the service itself. */
struct door {
	struct berth_loop_socket socket;
	struct echo_server *server;
	int descriptor;
};

struct echo_server {
	struct echo_config config;
	struct door stream, datagram;
	struct connection *connections;
	unsigned n_connections;
	uint8_t buffer[DATAGRAM_BUFFER];
};

void echo_config_default(struct echo_config *config)
{
	*config = (struct echo_config){.n_connections_max = 256, .ns_idle = 300ull * 1000000000};
}

static void accept_all(struct echo_server *server);

static void connection_unlink(struct connection *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->server->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->server->n_connections--;
	free(c);
}

static void connection_end(struct connection *c)
{
	berth_close(c->server->config.host, c->descriptor);
	connection_unlink(c);
}

static void sweep(void *user)
{
	struct echo_server *server = user;
	berth_time now = berth_loop_now(server->config.loop);
	struct connection *next;

	for (struct connection *c = server->connections; c; c = next) {
		next = c->next;
		if (c->deadline > now)
			continue;
		service_reset(server->config.host, c->descriptor);
		connection_unlink(c);
	}
	accept_all(server);
	if (server->connections)
		berth_loop_at(server->config.loop, now + NS_SWEEP, sweep, server);
}

/* Sends back what is in the buffer. 0: all of it; BERTH_EAGAIN: later; another error: the connection is over. */
static int give_back(struct connection *c)
{
	while (c->off < c->n) {
		long n = berth_send(c->server->config.host, c->descriptor, c->buffer + c->off, c->n - c->off, 0);
		if (n < 0)
			return (int)n;
		c->off += (size_t)n;
		c->deadline = berth_loop_now(c->server->config.loop) + c->server->config.ns_idle;
	}
	return 0;
}

/* Moves what can be moved. 0: waiting for an event; 1: the peer's data has ended and all went back; else an error. */
static int connection_run(struct connection *c)
{
	for (;;) {
		int r = give_back(c);
		if (r < 0)
			return r == BERTH_EAGAIN ? 0 : r;

		long n = berth_recv(c->server->config.host, c->descriptor, c->buffer, sizeof(c->buffer), 0);
		if (n == BERTH_EAGAIN)
			return 0;
		if (n <= 0)
			return n < 0 ? (int)n : 1;
		c->off = 0;
		c->n = (size_t)n;
	}
}

static void connection_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct connection *c = (struct connection *)socket;
	struct echo_server *server = c->server;

	if (connection_run(c) == 0)
		return;
	/* An orderly end or an error: close sends the FIN behind what is queued, or finds the connection gone. */
	connection_end(c);
	accept_all(server);
}

static bool connection_new(struct echo_server *server, int descriptor)
{
	struct connection *c = malloc(sizeof(*c));

	if (!c)
		return false;
	c->socket.on_ready = connection_ready;
	c->server = server;
	c->descriptor = descriptor;
	c->n = c->off = 0;
	c->deadline = berth_loop_now(server->config.loop) + server->config.ns_idle;
	c->prev = NULL;
	c->next = server->connections;
	if (c->next)
		c->next->prev = c;
	else
		berth_loop_at(server->config.loop, berth_loop_now(server->config.loop) + NS_SWEEP, sweep, server);
	server->connections = c;
	server->n_connections++;
	berth_set_user(server->config.host, descriptor, c);
	/* What came before there was somebody to tell. */
	if (connection_run(c) != 0)
		connection_end(c);
	return true;
}

static void accept_all(struct echo_server *server)
{
	while (server->n_connections < server->config.n_connections_max) {
		int descriptor = berth_accept(server->config.host, server->stream.descriptor, NULL);
		if (descriptor < 0)
			return;
		if (!connection_new(server, descriptor))
			service_reset(server->config.host, descriptor);
	}
}

static void stream_ready(struct berth_loop_socket *socket, unsigned ready)
{
	accept_all(((struct door *)socket)->server);
}

static void datagram_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct echo_server *server = ((struct door *)socket)->server;
	struct berth_vector whole = {server->buffer, 0};
	struct berth_message message = {.vectors = &whole, .n_vectors = 1};

	for (;;) {
		whole.n = DATAGRAM_BUFFER;
		long n = berth_recvmsg(server->config.host, server->datagram.descriptor, &message, 0);
		if (n == BERTH_EAGAIN || n == BERTH_EBADF || n == BERTH_EINVAL)
			return;
		/* An ICMP error about an earlier answer is none about the next question. Two echo services would answer
		 * each other for ever: what comes from the service's own port gets no answer. */
		if (n < 0 || message.foreign.port == server->config.local.port)
			continue;
		whole.n = (size_t)n;
		berth_sendmsg(server->config.host, server->datagram.descriptor, &message, 0);
	}
}

int echo_server_new(const struct echo_config *config, struct echo_server **out)
{
	struct echo_server *server = calloc(1, sizeof(*server));

	if (!server)
		return BERTH_ENOMEM;
	server->config = *config;
	server->stream = (struct door){{stream_ready}, server, -1};
	server->datagram = (struct door){{datagram_ready}, server, -1};

	int r = service_open(config->host, BERTH_STREAM, &config->local, &server->stream.socket);
	if (r >= 0) {
		server->stream.descriptor = r;
		r = service_open(config->host, BERTH_DATAGRAM, &config->local, &server->datagram.socket);
		server->datagram.descriptor = r;
	}
	if (r < 0) {
		echo_server_free(server);
		return r;
	}
	*out = server;
	return 0;
}

struct echo_server *echo_server_free(struct echo_server *server)
{
	if (!server)
		return NULL;
	while (server->connections)
		connection_end(server->connections);
	if (server->stream.descriptor >= 0)
		berth_close(server->config.host, server->stream.descriptor);
	if (server->datagram.descriptor >= 0)
		berth_close(server->config.host, server->datagram.descriptor);
	berth_loop_at(server->config.loop, BERTH_NEVER, sweep, server);
	free(server);
	return NULL;
}
