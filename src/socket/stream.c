/* TCP sockets: what the socket calls do for them. */
#include "socket_private.h"
#include "zerocopy.h"

static struct endpoint *stream_new(struct berth_host *host, enum berth_family family)
{
	struct tcb *t = tcp_new(&host->tcp, family);

	return t ? tcp_endpoint(t) : NULL;
}

static enum berth_tcp_state state_of(struct berth_host *host, struct endpoint *e)
{
	struct berth_socket_row row = {0};

	tcp_row(&host->tcp, tcp_of_endpoint(e), &row);
	return row.state;
}

/* Connects, with data on the SYN when there is a message. */
static long set_out(struct berth_host *host, struct endpoint *e, const struct berth_socket_address *foreign,
		    const struct berth_message *message)
{
	struct tcb *t = tcp_of_endpoint(e);
	const struct host_path *path;
	struct socket_pair before = e->pair, pair;
	struct ip peer;
	long done;
	int error;

	/* Already under way or over: TCP says which, and the pair stays what it is. */
	if (state_of(host, e) != BERTH_TCP_CLOSED)
		return tcp_connect(&host->tcp, t, 0);
	error = socket_peer(host, e, foreign, &peer);
	if (!error)
		error = socket_path(host, e, &peer, &pair, &path);
	if (error)
		return error;
	if (path->reach != REACH_LOCAL && path->reach != REACH_UNICAST)
		return BERTH_ENETUNREACH;
	e->pair = pair;
	e->pair.foreign_port = foreign->port;
	done = message ? tcp_connect_send(&host->tcp, t, path->mtu, message->vectors, message->n_vectors)
		       : tcp_connect(&host->tcp, t, path->mtu);
	if (done < 0 && done != BERTH_EINPROGRESS)
		e->pair = before;
	return done;
}

static int stream_connect(struct berth_host *host, struct endpoint *e, const struct berth_socket_address *foreign)
{
	int error = (int)set_out(host, e, foreign, NULL);

	return error || tcp_connect_is_deferred(tcp_of_endpoint(e)) ? error : BERTH_EINPROGRESS;
}

/* BERTH_MSG_FASTOPEN means something: as on Linux, where the connection is there it is a send like others. */
static bool opens(struct berth_host *host, struct endpoint *e)
{
	enum berth_tcp_state state = state_of(host, e);

	return state == BERTH_TCP_CLOSED ||
	       (state == BERTH_TCP_SYN_SENT && !tcp_connect_is_deferred(tcp_of_endpoint(e)));
}

static long send_or_open(struct berth_host *host, struct endpoint *e, const struct berth_message *message,
			 unsigned flags)
{
	if (flags & BERTH_MSG_FASTOPEN && opens(host, e))
		return message->foreign.address.family ? set_out(host, e, &message->foreign, message)
						       : BERTH_EOPNOTSUPP;
	return tcp_send(&host->tcp, tcp_of_endpoint(e), message->vectors, message->n_vectors, flags);
}

static long stream_send(struct berth_host *host, struct endpoint *e, const struct berth_message *message, size_t total,
			unsigned flags)
{
	long done = send_or_open(host, e, message, flags);

	(void)total;
	if (done > 0 && flags & BERTH_MSG_ZEROCOPY)
		tcp_zerocopy_sent(&host->tcp, tcp_of_endpoint(e));
	return done;
}

static long stream_recv(struct berth_host *host, struct endpoint *e, struct berth_message *message, unsigned flags)
{
	struct tcb *t = tcp_of_endpoint(e);
	long received = tcp_recv(&host->tcp, t, message->vectors, message->n_vectors, flags);

	message->flags = received > 0 ? flags & BERTH_MSG_OOB : 0;
	message->control.present = 0;
	if (received >= 0)
		tcp_control(t, &message->control);
	return received;
}

static int stream_shutdown(struct berth_host *host, struct endpoint *e, enum berth_shutdown how)
{
	return tcp_shutdown(&host->tcp, tcp_of_endpoint(e), how);
}

int berth_sockatmark(struct berth_host *host, int descriptor)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	if (e->kind == ENDPOINT_UDP)
		return BERTH_EOPNOTSUPP;
	return e->kind == ENDPOINT_TCP && tcp_has_peer(tcp_of_endpoint(e)) ? tcp_at_mark(tcp_of_endpoint(e))
									   : BERTH_ENOTCONN;
}

static void stream_close(struct berth_host *host, struct endpoint *e)
{
	tcp_close(&host->tcp, tcp_of_endpoint(e));
}

/* tcp_ready and tcp_has_peer only read. */
static const struct tcb *tcb_of(const struct endpoint *e)
{
	return tcp_of_endpoint((struct endpoint *)(uintptr_t)e);
}

static unsigned stream_ready(const struct endpoint *e)
{
	return tcp_ready(tcb_of(e));
}

static bool stream_has_peer(const struct endpoint *e)
{
	return tcp_has_peer(tcb_of(e));
}

static int stream_set(struct berth_host *host, struct endpoint *e, int level, int option, const void *value, size_t n)
{
	return tcp_setsockopt(&host->tcp, tcp_of_endpoint(e), level, option, value, n);
}

static int stream_get(struct berth_host *host, struct endpoint *e, int level, int option, void *value, size_t *n)
{
	return tcp_getsockopt(&host->tcp, tcp_of_endpoint(e), level, option, value, n);
}

static int stream_query(const struct endpoint *e, unsigned request, int *value)
{
	return tcp_query(tcb_of(e), request, value);
}

const struct socket_operations socket_stream = {
	.new = stream_new,
	.connect = stream_connect,
	.send = stream_send,
	.recv = stream_recv,
	.shutdown = stream_shutdown,
	.close = stream_close,
	.ready = stream_ready,
	.has_peer = stream_has_peer,
	.set = stream_set,
	.get = stream_get,
	.query = stream_query,
};
