/* Sockets: their life, from berth_socket to berth_close. What TCP and UDP do differently is behind struct
 * socket_operations; what is here is the same for both. */
#include "socket_private.h"

int berth_socket(struct berth_host *host, enum berth_family family, enum berth_socket_type type)
{
	const struct socket_operations *operations = type == BERTH_STREAM ? &socket_stream : &socket_datagram;
	struct endpoint *e;
	int error;

	if (family != BERTH_IP4 && family != BERTH_IP6)
		return BERTH_EAFNOSUPPORT;
	if (type != BERTH_STREAM && type != BERTH_DATAGRAM)
		return BERTH_EPROTOTYPE;
	error = socket_descriptor_reserve(host);
	if (error)
		return error;
	e = operations->new (host, family);
	if (!e)
		return BERTH_ENOMEM;
	return socket_descriptor_new(host, e);
}

int berth_set_user(struct berth_host *host, int descriptor, void *user)
{
	struct host_descriptor *d = socket_descriptor(host, descriptor);

	if (!d)
		return BERTH_EBADF;
	d->user = user;
	return BERTH_OK;
}

int berth_listen(struct berth_host *host, int descriptor, int backlog)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	int error = BERTH_OK;

	if (!e)
		return BERTH_EBADF;
	if (e->kind == ENDPOINT_UDP)
		return BERTH_EOPNOTSUPP;
	if (backlog < 1)
		backlog = 1;
	if (backlog > 4096)
		backlog = 4096;
	if (!e->bound && !e->in_pairs) {
		socket_unname(e); /* an attempt to connect may have left a pair behind */
		error = pairs_bind(&host->pairs, e, 0);
	}
	return error ? error : tcp_listen(&host->tcp, tcp_of_endpoint(e), backlog);
}

int berth_accept(struct berth_host *host, int descriptor, struct berth_socket_address *foreign)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	struct tcb *t;
	int error;

	if (!e)
		return BERTH_EBADF;
	if (e->kind == ENDPOINT_UDP)
		return BERTH_EOPNOTSUPP;
	if (e->kind != ENDPOINT_TCP_LISTENER)
		return BERTH_EINVAL;
	if (!tcp_can_accept(tcp_of_endpoint(e)))
		return BERTH_EAGAIN;
	/* The descriptor first: without one the connection stays where it is. */
	error = socket_descriptor_reserve(host);
	if (error)
		return error == BERTH_ENOMEM ? BERTH_EMFILE : error;
	t = tcp_accept(&host->tcp, tcp_of_endpoint(e));
	if (!t)
		return BERTH_EAGAIN;
	e = tcp_endpoint(t);
	if (foreign)
		*foreign = endpoint_foreign(&e->pair, e->family);
	/* What became true before there was a descriptor to tell it of is news now. */
	endpoints_tell(&host->endpoints, e, socket_operations(e)->ready(e));
	return socket_descriptor_new(host, e);
}

int berth_connect(struct berth_host *host, int descriptor, const struct berth_socket_address *foreign)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	return socket_operations(e)->connect(host, e, foreign);
}

int berth_shutdown(struct berth_host *host, int descriptor, enum berth_shutdown how)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	if (how != BERTH_SHUT_RD && how != BERTH_SHUT_WR && how != BERTH_SHUT_RDWR)
		return BERTH_EINVAL;
	return socket_operations(e)->shutdown(host, e, how);
}

int berth_close(struct berth_host *host, int descriptor)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	socket_descriptor_free(host, descriptor);
	e->descriptor = -1;
	socket_operations(e)->close(host, e);
	return BERTH_OK;
}
