/* Finding the other side: waiting for whoever comes, or connecting. */
#include "nc.h"
#include "service.h"
#include "../tool.h"

#include <stdio.h>

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
		return tool_fail("nc", TOOL_FAILED, "%s: %s; %s", nc_foreign_text(nc, where, sizeof(where)),
				 berth_error_text(r), host_error_hint(r));
	if (r == 0) {
		nc_begin(nc);
		nc_pump(nc);
	}
	return TOOL_DONE;
}

int nc_reach(struct nc *nc)
{
	nc->socket.on_ready = on_ready;
	return nc->listen ? start_listening(nc) : start_connecting(nc);
}
