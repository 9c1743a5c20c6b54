/* UDP sockets: what the socket calls do for them. */
#include <string.h>

#include "error_queue.h"
#include "out.h"
#include "socket_private.h"
#include "udp_header.h"

static struct endpoint *datagram_new(struct berth_host *host, enum berth_family family)
{
	struct udp_socket *s = udp_new(&host->udp, family);

	return s ? &s->endpoint : NULL;
}

/* RFC 1122 section 4.1.4: to all stations only when the program has said that it means it. */
static bool may_send_to(const struct udp_socket *s, const struct host_path *path)
{
	return path->reach != REACH_BROADCAST || s->broadcast;
}

/* How s speaks to ip, by `interface` alone when that is not 0: everything of *pair but the foreign port. */
static int find_pair(struct berth_host *host, const struct udp_socket *s, struct ip ip, unsigned interface,
		     struct socket_pair *pair)
{
	const struct host_path *path;
	int error;

	if (interface && ip.scope == 0)
		ip.scope = interface;
	if (ip_is_multicast(&ip) && ip.scope == 0)
		ip.scope = s->multicast.interface;
	error = socket_path(host, &s->endpoint, &ip, pair, &path);
	if (error)
		return error;
	return may_send_to(s, path) ? BERTH_OK : BERTH_EACCES;
}

static int datagram_connect(struct berth_host *host, struct endpoint *e, const struct berth_socket_address *foreign)
{
	struct udp_socket *s = udp_of_endpoint(e);
	struct socket_pair pair;
	struct ip peer;
	int error;

	if (foreign->address.family == BERTH_ANY_FAMILY) {
		udp_disconnect(&host->udp, s);
		return BERTH_OK;
	}
	error = socket_peer(host, e, foreign, &peer);
	if (!error)
		error = find_pair(host, s, peer, 0, &pair);
	if (error)
		return error;
	pair.foreign_port = foreign->port;
	/* It goes on to hear the group alone, if that is what it was bound to: from this peer. */
	if (socket_is_bound_to_group(e)) {
		memcpy(pair.local, e->pair.local, sizeof(pair.local));
		if (endpoint_needs_scope(pair.local, pair.family))
			pair.scope = e->pair.scope;
	}
	return udp_connect(&host->udp, s, &pair);
}

/* By which interface the message has to leave; 0: any. */
static unsigned interface_of(const struct berth_control *control)
{
	return control->present & BERTH_CONTROL_INTERFACE ? (unsigned)control->interface : 0;
}

/* Whom the message is for, as a pair with the local address to send from. */
static int address_message(struct berth_host *host, const struct udp_socket *s, const struct berth_message *message,
			   struct socket_pair *pair)
{
	const struct endpoint *e = &s->endpoint;
	unsigned interface = interface_of(&message->control);
	uint16_t port = message->foreign.port;
	struct ip peer;
	int error;

	if (message->foreign.address.family == BERTH_ANY_FAMILY) {
		if (!s->connected)
			return BERTH_EDESTADDRREQ;
		*pair = e->pair;
		if (!socket_is_bound_to_group(e) && !interface)
			return BERTH_OK;
		peer = ip_of_bytes(e->pair.foreign, e->pair.family, e->pair.scope);
		port = e->pair.foreign_port;
	} else {
		error = socket_peer(host, e, &message->foreign, &peer);
		if (error)
			return error;
	}
	error = find_pair(host, s, peer, interface, pair);
	pair->foreign_port = port;
	return error;
}

static bool is_broadcast(const struct berth_host *host, const struct ip *ip)
{
	for (unsigned i = 0; i < host->n_interfaces; i++)
		if (host_is_broadcast(host, i, ip))
			return true;
	return false;
}

/* An answer comes from the address that was asked (RFC 1122 section 4.1.3.5), which recvmsg has told and sendmsg takes
 * back. Where that was no address to speak from - a group, all stations, another scope than the peer's - the host
 * chooses, as without. */
static int speak_from(const struct berth_host *host, const struct berth_address *local, struct socket_pair *pair)
{
	struct ip ip = ip_of_address(local), foreign = ip_of_bytes(pair->foreign, pair->family, pair->scope);

	if (local->family == BERTH_ANY_FAMILY || ip_is_any(&ip) || ip_is_multicast(&ip) || ip_is_loopback(&ip))
		return BERTH_OK;
	if (ip_is_ip4(&ip) != ip_is_ip4(&foreign) || ip_is_link_local(&ip) != ip_is_link_local(&foreign))
		return BERTH_OK;
	if (!host_is_own(host, &ip))
		return is_broadcast(host, &ip) ? BERTH_OK : BERTH_EADDRNOTAVAIL;
	ip_to_bytes(&ip, pair->local);
	return BERTH_OK;
}

/* RFC 1122 section 3.3.3: the program wants datagrams that are not cut, and this is longer than what fits. */
static int refuse_long(struct berth_host *host, struct endpoint *e, const struct socket_pair *pair, uint32_t mtu)
{
	struct error_entry entry = {
		.error = {.number = -BERTH_EMSGSIZE, .origin = BERTH_ERROR_LOCAL, .info = mtu},
		.foreign = endpoint_foreign(pair, e->family),
	};

	if (e->recv_error && error_queue_push(&e->errors, &entry, host->memory))
		endpoints_tell(&host->endpoints, e, BERTH_FAILED);
	return BERTH_EMSGSIZE;
}

/* Does a datagram of `len` bytes fit the path, where it has to? A segment has to, always: it stands for what a link
 * would send. */
static int check_length(struct berth_host *host, struct endpoint *e, const struct socket_pair *pair, size_t len,
			bool segmented, unsigned interface)
{
	bool whole = e->pmtu_mode == BERTH_PMTUDISC_DO || e->pmtu_mode == BERTH_PMTUDISC_PROBE;
	struct ip peer = ip_of_bytes(pair->foreign, pair->family, pair->scope ? pair->scope : interface);
	const struct host_path *path;
	uint32_t mtu;

	if (!whole && !segmented)
		return BERTH_OK;
	path = host_path(host, &peer);
	if (!path)
		return BERTH_ENETUNREACH;
	mtu = e->pmtu_mode == BERTH_PMTUDISC_PROBE ? host_link_mtu(host, path) : path->mtu;
	if (ip_header_len(pair->family) + UDP_HEADER + len <= mtu)
		return BERTH_OK;
	return refuse_long(host, e, pair, mtu);
}

/* Control data that a message may have. */
static int check_control(const struct berth_host *host, const struct berth_control *control)
{
	if (control->present & BERTH_CONTROL_TTL && control->ttl == 0)
		return BERTH_EINVAL;
	if (control->present & BERTH_CONTROL_INTERFACE &&
	    (control->interface < 0 || (uint32_t)control->interface >= host->n_interfaces))
		return BERTH_EINVAL;
	return BERTH_OK;
}

/* To whom, from where, and whether it can leave at all. */
static int prepare(struct berth_host *host, struct udp_socket *s, const struct berth_message *message, size_t total,
		   struct socket_pair *pair)
{
	const struct berth_control *control = &message->control;
	size_t segment = control->present & BERTH_CONTROL_SEGMENT_SIZE ? control->segment_size : s->segment_size;
	struct endpoint *e = &s->endpoint;
	int error = check_control(host, control);

	if (!error)
		error = address_message(host, s, message, pair);
	if (!error && (!e->bound || e->bound_any) && !s->connected)
		error = speak_from(host, &message->local.address, pair);
	if (error)
		return error;
	if (total > udp_payload_max(pair->family))
		return BERTH_EMSGSIZE;
	error = check_length(host, e, pair, segment && segment < total ? segment : total, segment != 0,
			     interface_of(control));
	if (error)
		return error;
	/* An answer to the ephemeral port may come to any of the host's addresses. */
	if (!e->bound && pairs_bind(&host->pairs, e, 0))
		return BERTH_EADDRNOTAVAIL;
	pair->local_port = e->pair.local_port;
	return BERTH_OK;
}

static long datagram_send(struct berth_host *host, struct endpoint *e, const struct berth_message *message,
			  size_t total, unsigned flags)
{
	struct udp_socket *s = udp_of_endpoint(e);
	struct socket_pair pair = {0};
	int error;

	/* What never works is refused before anything else is looked at. */
	if (flags & BERTH_MSG_OOB)
		return BERTH_EOPNOTSUPP;
	error = udp_error_take(s);
	if (error)
		return error;
	if (s->shut_send)
		return BERTH_EPIPE;
	/* More of a datagram goes where its beginning goes. */
	error = s->pending ? BERTH_OK : prepare(host, s, message, total, &pair);
	if (error)
		return error;
	return udp_send(&host->udp, s, &pair, message, total, flags & BERTH_MSG_MORE);
}

static long datagram_recv(struct berth_host *host, struct endpoint *e, struct berth_message *message, unsigned flags)
{
	return udp_recv(&host->udp, udp_of_endpoint(e), message, flags);
}

static int datagram_shutdown(struct berth_host *host, struct endpoint *e, enum berth_shutdown how)
{
	return udp_shutdown(&host->udp, udp_of_endpoint(e), how);
}

static void datagram_close(struct berth_host *host, struct endpoint *e)
{
	socket_leave_all(host, udp_of_endpoint(e));
	udp_close(&host->udp, udp_of_endpoint(e));
}

static unsigned datagram_ready(const struct endpoint *e)
{
	return udp_ready((const struct udp_socket *)(const void *)e);
}

static bool datagram_has_peer(const struct endpoint *e)
{
	return ((const struct udp_socket *)(const void *)e)->connected;
}

static int set_udp(struct berth_host *host, struct udp_socket *s, int option, const void *value, size_t n)
{
	int number;
	int error = socket_option_int(value, n, INT32_MIN, INT32_MAX, &number);

	if (error)
		return error;
	switch (option) {
	case BERTH_UDP_CORK:
		s->cork = number != 0;
		return s->cork ? BERTH_OK : udp_uncork(&host->udp, s);
	case BERTH_UDP_SEGMENT:
		if (number < 0 || number > UINT16_MAX)
			return BERTH_EINVAL;
		s->segment_size = (uint16_t)number;
		return BERTH_OK;
	case BERTH_UDP_GRO:
		s->gro = number != 0;
		return BERTH_OK;
	default:
		return BERTH_ENOPROTOOPT;
	}
}

static int get_udp(const struct udp_socket *s, int option, void *value, size_t *n)
{
	switch (option) {
	case BERTH_UDP_CORK:
		return socket_option_get_int(s->cork, value, n);
	case BERTH_UDP_SEGMENT:
		return socket_option_get_int(s->segment_size, value, n);
	case BERTH_UDP_GRO:
		return socket_option_get_int(s->gro, value, n);
	default:
		return BERTH_ENOPROTOOPT;
	}
}

static int datagram_set(struct berth_host *host, struct endpoint *e, int level, int option, const void *value, size_t n)
{
	struct udp_socket *s = udp_of_endpoint(e);
	int number, error;

	if (level == BERTH_SOL_UDP)
		return set_udp(host, s, option, value, n);
	if (level != BERTH_SOL_SOCKET)
		return BERTH_ENOPROTOOPT;
	switch (option) {
	case BERTH_SO_BROADCAST:
		error = socket_option_int(value, n, INT32_MIN, INT32_MAX, &number);
		if (!error)
			s->broadcast = number != 0;
		return error;
	case BERTH_SO_SNDBUF:
		return socket_option_buffer(value, n, &s->send_buffer);
	case BERTH_SO_RCVBUF:
		return socket_option_buffer(value, n, &s->receive_buffer);
	default:
		return BERTH_ENOPROTOOPT;
	}
}

static int datagram_get(struct berth_host *host, struct endpoint *e, int level, int option, void *value, size_t *n)
{
	struct udp_socket *s = udp_of_endpoint(e);

	(void)host;
	if (level == BERTH_SOL_UDP)
		return get_udp(s, option, value, n);
	if (level != BERTH_SOL_SOCKET)
		return BERTH_ENOPROTOOPT;
	switch (option) {
	case BERTH_SO_BROADCAST:
		return socket_option_get_int(s->broadcast, value, n);
	case BERTH_SO_SNDBUF:
		return socket_option_get_int((int)s->send_buffer, value, n);
	case BERTH_SO_RCVBUF:
		return socket_option_get_int((int)s->receive_buffer, value, n);
	case BERTH_SO_ACCEPTCONN:
		return socket_option_get_int(0, value, n);
	case BERTH_SO_ERROR: {
		int error = socket_option_get_int(-s->error, value, n);

		if (!error)
			s->error = BERTH_OK;
		return error;
	}
	default:
		return BERTH_ENOPROTOOPT;
	}
}

static int datagram_query(const struct endpoint *e, unsigned request, int *value)
{
	return udp_query((const struct udp_socket *)(const void *)e, request, value);
}

const struct socket_operations socket_datagram = {
	.new = datagram_new,
	.connect = datagram_connect,
	.send = datagram_send,
	.recv = datagram_recv,
	.shutdown = datagram_shutdown,
	.close = datagram_close,
	.ready = datagram_ready,
	.has_peer = datagram_has_peer,
	.set = datagram_set,
	.get = datagram_get,
	.query = datagram_query,
};
