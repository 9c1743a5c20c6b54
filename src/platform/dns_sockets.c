/* Sockets of a berth host for c-ares.
 *
 * c-ares knows a socket by a number that is not given again soon, and a server by its placeholder; the host's
 * descriptor is made when it connects, as only then the server's family is known. The loop tells when something has
 * become true of a descriptor, once: c-ares is called for as long as it has something to do with one. */
#include "dns_cares.h"
#include "errors.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum {
	PUMP_MAX = 64, /* packets taken in a row */
	VECTORS_MAX = 16,
};

/* ---- leaving c-ares ---- */

static void sockets_sweep(struct dns *dns)
{
	struct dns_socket **at = &dns->sockets;

	while (*at) {
		struct dns_socket *socket = *at;

		if (socket->dead) {
			*at = socket->next;
			free(socket->stream.in);
			free(socket);
		} else {
			at = &socket->next;
		}
	}
}

void dns_leave(struct dns *dns)
{
	bool news = dns->news;

	sockets_sweep(dns);
	dns->news = false;
	if (news)
		dns->on_news(dns->user);
}

/* ---- c-ares's sockets ---- */

static struct dns_socket *socket_find(const struct dns *dns, ares_socket_t number)
{
	struct dns_socket *socket = dns->sockets;

	while (socket && (socket->dead || socket->number != number))
		socket = socket->next;
	return socket;
}

/* As the functions of POSIX end. */
static int fail(int error)
{
	errno = -error;
	return -1;
}

static void on_ready(struct berth_loop_socket *loop_socket, unsigned ready);

static ares_socket_t on_socket(int family, int type, int protocol, void *user)
{
	struct dns *dns = user;
	struct dns_socket *socket = calloc(1, sizeof(*socket));

	if (!socket)
		return fail(BERTH_ENOMEM);
	socket->loop_socket.on_ready = on_ready;
	socket->dns = dns;
	socket->number = dns->next_number;
	dns->next_number = dns->next_number == INT_MAX ? 0 : dns->next_number + 1;
	socket->descriptor = -1;
	socket->is_stream = type == SOCK_STREAM;
	socket->next = dns->sockets;
	dns->sockets = socket;
	return socket->number;
}

static int on_close(ares_socket_t number, void *user)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_find(dns, number);

	if (!socket)
		return fail(BERTH_EBADF);
	if (socket->descriptor >= 0)
		berth_close(dns->host, socket->descriptor);
	socket->dead = true;
	return 0;
}

static int on_connect(ares_socket_t number, const struct sockaddr *address, ares_socklen_t n, void *user)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_find(dns, number);
	const struct sockaddr_in *placeholder = (const struct sockaddr_in *)address;
	unsigned server =
		address->sa_family == AF_INET ? ntohl(placeholder->sin_addr.s_addr) - DNS_PLACEHOLDERS : UINT_MAX;

	if (!socket || server >= dns->config.n_servers)
		return fail(BERTH_EINVAL);
	socket->server = server;
	socket->descriptor = berth_socket(dns->host, dns->config.servers[server].address.family,
					  socket->is_stream ? BERTH_STREAM : BERTH_DATAGRAM);
	if (socket->descriptor < 0)
		return fail(socket->descriptor);
	berth_set_user(dns->host, socket->descriptor, socket);
	int r = berth_connect(dns->host, socket->descriptor, &dns->config.servers[server]);
	return r < 0 ? fail(r) : 0;
}

/* ---- what passes ---- */

static ares_ssize_t on_receive(ares_socket_t number, void *out, size_t n, int flags, struct sockaddr *from,
			       ares_socklen_t *n_from, void *user)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_find(dns, number);

	if (!socket || socket->descriptor < 0)
		return fail(BERTH_EBADF);
	long r = dns_exchange_receive(dns, socket, out, n);
	if (r < 0)
		return fail((int)r);
	if (from && n_from && (size_t)*n_from >= sizeof(struct sockaddr_in)) {
		/* The socket is connected: whatever it receives is its server's. */
		struct sockaddr_in placeholder = {
			.sin_family = AF_INET,
			.sin_port = htons(53),
			.sin_addr.s_addr = htonl(DNS_PLACEHOLDERS + socket->server),
		};
		memcpy(from, &placeholder, sizeof(placeholder));
		*n_from = sizeof(placeholder);
	}
	return r;
}

static ares_ssize_t on_send(ares_socket_t number, const struct iovec *data, int n, void *user)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_find(dns, number);
	struct berth_vector vectors[VECTORS_MAX];
	struct berth_message message = {.vectors = vectors, .n_vectors = n > VECTORS_MAX ? VECTORS_MAX : (size_t)n};

	if (!socket || socket->descriptor < 0)
		return fail(BERTH_EBADF);
	for (size_t i = 0; i < message.n_vectors; i++)
		vectors[i] = (struct berth_vector){data[i].iov_base, data[i].iov_len};
	if (!socket->is_stream && n == 1)
		dns_exchange_sent(dns, data[0].iov_base, data[0].iov_len);
	long r = berth_sendmsg(dns->host, socket->descriptor, &message, 0);
	/* A connection that is being made is not writable yet. */
	if (r == BERTH_ENOTCONN && socket->is_stream)
		r = BERTH_EAGAIN;
	return r < 0 ? fail((int)r) : r;
}

void dns_socket_interest(void *user, ares_socket_t number, int readable, int writable)
{
	struct dns *dns = user;
	struct dns_socket *socket = socket_find(dns, number);

	if (!socket)
		return;
	/* It may be writable already, which is no event any more. */
	if (writable && !socket->wants_write)
		dns->news = true;
	socket->wants_write = writable;
}

const struct ares_socket_functions dns_socket_functions = {
	.asocket = on_socket,
	.aclose = on_close,
	.aconnect = on_connect,
	.arecvfrom = on_receive,
	.asendv = on_send,
};

/* ---- readiness ---- */

/* Lets c-ares do what it can with one socket. false: it can do nothing. */
static bool pump_one(struct dns *dns)
{
	for (struct dns_socket *s = dns->sockets; s; s = s->next) {
		int ready = s->dead || s->descriptor < 0 ? 0 : berth_ready(dns->host, s->descriptor);
		bool reads = (ready > 0 && ready & (BERTH_READABLE | BERTH_HANGUP | BERTH_FAILED)) ||
			     (!s->dead && s->stream.off_out < s->stream.n_out); /* it reads piece by piece */
		bool writes = ready > 0 && ready & BERTH_WRITABLE && s->wants_write;

		if (!reads && !writes)
			continue;
		ares_process_fd(dns->channel, reads ? s->number : ARES_SOCKET_BAD,
				writes ? s->number : ARES_SOCKET_BAD);
		return true;
	}
	return false;
}

void dns_pump(struct dns *dns)
{
	unsigned n = 0;

	while (n < PUMP_MAX && pump_one(dns))
		n++;
	dns->news |= n == PUMP_MAX;
}

static void on_ready(struct berth_loop_socket *loop_socket, unsigned ready)
{
	struct dns *dns = ((struct dns_socket *)loop_socket)->dns;

	dns_pump(dns);
	dns->news = true; /* what was due may have changed */
	dns_leave(dns);
}

bool dns_has_socket(const struct dns *dns, const void *user)
{
	const struct dns_socket *socket = dns->sockets;

	while (socket && socket != user)
		socket = socket->next;
	return socket;
}
