/* Finding the other side: waiting for whoever comes, or connecting. */
#include "nc.h"
#include "service.h"
#include "../tool.h"

#include <stdio.h>
#include <string.h>

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
	nc_begin(nc);
}

/* The first datagram decides with whom we talk. */
static void take_peer(struct nc *nc)
{
	long n = berth_recvfrom(nc->setup.host, nc->descriptor, nc->out.buffer, NC_BUFFER, 0, &nc->foreign);

	if (n < 0)
		return;
	nc->out.n = (size_t)n;
	int r = berth_connect(nc->setup.host, nc->descriptor, &nc->foreign);
	if (r < 0)
		nc_fail(nc, r);
	else
		nc_begin(nc);
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
			nc_fail(nc, error);
		else if (ready & BERTH_WRITABLE)
			nc_begin(nc);
	}
	if (!nc->finished && nc->connected)
		nc_pump(nc);
}

/* ---- beginning ---- */

static int open_failed(const struct nc *nc, const char *what, int error)
{
	return tool_fail("nc", TOOL_FAILED, "%s port %u: %s; %s", what, nc->port, berth_error_text(error),
			 host_error_hint(&nc->setup, nc->family, error));
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

/* ---- connecting to an address ---- */

/* Begins to connect to nc->foreign from a new socket. 0, BERTH_EINPROGRESS, or an error and no socket is left. */
static int connect_foreign(struct nc *nc)
{
	enum berth_family family = nc->foreign.address.family;
	struct berth_socket_address local = {{.family = (uint8_t)family}, nc->port};
	struct berth_host *host = nc->setup.host;
	int r = berth_socket(host, family, nc->udp ? BERTH_DATAGRAM : BERTH_STREAM);

	if (r < 0)
		return r;
	nc->descriptor = r;
	berth_set_user(host, r, &nc->socket);
	r = nc->port ? berth_bind(host, nc->descriptor, &local) : 0;
	if (r == 0)
		r = berth_connect(host, nc->descriptor, &nc->foreign);
	if (r == 0 || r == BERTH_EINPROGRESS)
		return r;
	berth_close(host, nc->descriptor);
	nc->descriptor = -1;
	return r;
}

static int start_connecting(struct nc *nc)
{
	char where[NC_FOREIGN_TEXT];
	int r = connect_foreign(nc);

	if (r < 0 && r != BERTH_EINPROGRESS)
		return tool_fail("nc", TOOL_FAILED, "%s: %s; %s", nc_foreign_text(nc, where, sizeof(where)),
				 berth_error_text(r), host_error_hint(&nc->setup, nc->foreign.address.family, r));
	if (r == 0) {
		nc_begin(nc);
		nc_pump(nc);
	}
	return TOOL_DONE;
}

/* ---- names ---- */

bool nc_is_name(const char *text)
{
	size_t n = strlen(text);

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 127 || strchr("/:%\\", *c))
			return false;
	return n > 0 && n < BERTH_DOMAIN_MAX && strspn(text, "0123456789.") < n;
}

static const char *lookup_hint(const struct nc *nc, int error)
{
	switch (error) {
	case BERTH_ENOENT:
		return "is it spelt right?";
	case BERTH_ENODATA:
		return nc->family ? "leave -4 or -6 away" : "it stands for no host";
	case BERTH_EDESTADDRREQ:
		return "add --dns A; --address dhcp and auto find one";
	case BERTH_EPROTONOSUPPORT:
		return "give an address";
	default:
		return "is the server up, and in reach? --dns A names another";
	}
}

static int lookup_failed(const struct nc *nc, int error)
{
	return tool_fail("nc", TOOL_FAILED, "%s: %s; %s", nc->name, berth_resolve_error_text(error),
			 lookup_hint(nc, error));
}

/* The source port, for one of several sockets that are tried at once. */
static int prepare(void *user, struct berth_host *host, int descriptor)
{
	const struct nc *nc = user;
	struct berth_socket_address local = {.port = nc->port};
	int on = 1;

	if (nc->port == 0)
		return 0;
	int r = berth_setsockopt(host, descriptor, BERTH_SOL_SOCKET, BERTH_SO_REUSEADDR, &on, sizeof(on));
	return r == 0 ? berth_bind(host, descriptor, &local) : r;
}

static void on_dialed(void *user, int descriptor, const struct berth_socket_address *foreign)
{
	struct nc *nc = user;

	if (descriptor < 0 && !foreign->address.family) {
		nc_finish(nc, lookup_failed(nc, descriptor));
		return;
	}
	nc->foreign = *foreign;
	if (descriptor < 0) {
		nc_fail(nc, descriptor);
		return;
	}
	nc->descriptor = descriptor;
	berth_set_user(nc->setup.host, descriptor, &nc->socket);
	nc_begin(nc);
	nc_pump(nc);
}

/* UDP has nobody who would say that an address is the wrong one: the first that has a way is taken. */
static void on_resolved(void *user, int n, const struct berth_address *addresses)
{
	struct nc *nc = user;
	int r = 0;

	if (n < 0) {
		nc_finish(nc, lookup_failed(nc, n));
		return;
	}
	for (int i = 0; i < n; i++) {
		nc->foreign.address = addresses[i];
		r = connect_foreign(nc);
		if (r == 0)
			break;
	}
	if (r < 0) {
		nc_fail(nc, r);
		return;
	}
	nc_begin(nc);
	nc_pump(nc);
}

static int start_looking_up(struct nc *nc)
{
	struct berth_dial_config config;
	int r = berth_resolver_new(nc->setup.loop, nc->setup.host, &nc->resolver);

	berth_dial_config_default(&config);
	config.family = nc->family;
	config.prepare = prepare;
	if (r == 0 && nc->udp)
		r = berth_resolve(nc->resolver, nc->name, nc->family, on_resolved, nc, NULL);
	else if (r == 0)
		r = berth_dial(nc->resolver, nc->name, nc->foreign.port, &config, on_dialed, nc, NULL);
	if (r == BERTH_EINVAL)
		return tool_fail("nc", TOOL_USAGE, "'%s' is neither an address nor a name", nc->name);
	return r < 0 ? lookup_failed(nc, r) : TOOL_DONE;
}

int nc_reach(struct nc *nc)
{
	nc->socket.on_ready = on_ready;
	if (nc->listen)
		return start_listening(nc);
	return nc->name ? start_looking_up(nc) : start_connecting(nc);
}

void nc_reach_end(struct nc *nc)
{
	nc->resolver = berth_resolver_free(nc->resolver);
}
