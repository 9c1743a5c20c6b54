/* Sending and receiving. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "object.h"
#include "tcb.h"

#define N_VECTORS 64

struct transfer {
	int fd, flags;
	const struct iovec *vectors;
	int n_vectors;
	struct berth_socket_address foreign;
	struct berth_message got; /* what came beside the data */
	int domain;
	size_t done;  /* of a send that waits for room */
	bool all;     /* a blocking send ends when everything is queued, */
	bool opening; /* and that of a connection which it has begun itself, when that is there */
};

/* The vectors but for their first `skip` bytes. */
static struct berth_message message_of(const struct transfer *c, struct berth_vector *vectors, size_t skip)
{
	struct berth_message m = {.vectors = vectors, .foreign = c->foreign};

	for (int i = 0; i < c->n_vectors; i++) {
		size_t n = c->vectors[i].iov_len, off = skip < n ? skip : n;

		skip -= off;
		if (n > off)
			vectors[m.n_vectors++] =
				(struct berth_vector){(uint8_t *)c->vectors[i].iov_base + off, n - off};
	}
	return m;
}

static size_t total(const struct transfer *c)
{
	size_t sum = 0;

	for (int i = 0; i < c->n_vectors; i++)
		sum += c->vectors[i].iov_len;
	return sum;
}

static long try_recv(struct object *o, void *arguments)
{
	struct transfer *c = arguments;
	struct file *f = file_get(o, c->fd, FILE_SOCKET);
	struct berth_vector vectors[N_VECTORS];
	struct berth_message m;
	long got;

	if (!f)
		return BERTH_EBADF;
	m = message_of(c, vectors, 0);
	got = berth_recvmsg(o->host, f->descriptor, &m, (unsigned)c->flags);
	c->foreign = m.foreign;
	c->got = m;
	return got;
}

static bool is_opening(struct object *o, const struct file *f)
{
	struct endpoint *e = socket_endpoint(o->host, f->descriptor);

	return e && e->kind != ENDPOINT_UDP && tcp_of_endpoint(e)->state == BERTH_TCP_SYN_SENT;
}

/* One attempt: what is left of the call. */
static long send_rest(struct object *o, const struct file *f, struct transfer *c)
{
	struct berth_vector vectors[N_VECTORS];
	struct berth_message m = message_of(c, vectors, c->done);
	long sent = berth_sendmsg(o->host, f->descriptor, &m, (unsigned)c->flags);

	if (c->all && is_opening(o, f) && (sent >= 0 || sent == BERTH_EINPROGRESS)) {
		c->done += sent > 0 ? (size_t)sent : 0;
		c->opening = true;
		return BERTH_EAGAIN;
	}
	if (sent < 0)
		return c->done && sent != BERTH_EAGAIN ? (long)c->done : sent;
	c->done += (size_t)sent;
	return c->all && c->done < total(c) ? BERTH_EAGAIN : (long)c->done;
}

static long try_send(struct object *o, void *arguments)
{
	struct transfer *c = arguments;
	struct file *f = file_get(o, c->fd, FILE_SOCKET);
	long opened;

	if (!f)
		return BERTH_EBADF;
	if (!c->opening)
		return send_rest(o, f, c);
	opened = sockets_opened(o, f);
	if (opened)
		return opened;
	c->opening = false;
	c->flags &= ~MSG_FASTOPEN;
	return c->done == total(c) ? (long)c->done : send_rest(o, f, c);
}

/* Whether the call may wait; the descriptor's domain. BERTH_EBADF. */
static int look(struct object *o, int fd, int flags, bool *blocks, int *domain)
{
	struct file *f;

	pthread_mutex_lock(&o->mutex);
	f = file_get(o, fd, FILE_SOCKET);
	if (f) {
		*blocks = !f->nonblock && !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE));
		*domain = f->domain;
	}
	pthread_mutex_unlock(&o->mutex);
	return f ? 0 : BERTH_EBADF;
}

/* The kernel finds out by a page fault; here the one bad address that scripts use is looked for. */
static int check_vectors(const struct transfer *c)
{
	if (c->n_vectors < 0 || c->n_vectors > N_VECTORS)
		return BERTH_EINVAL;
	for (int i = 0; i < c->n_vectors; i++)
		if (!c->vectors[i].iov_base && c->vectors[i].iov_len)
			return -EFAULT;
	return 0;
}

static ssize_t fail(int error)
{
	errno = -error;
	return -1;
}

static ssize_t run_recv(struct object *o, struct transfer *c, struct sockaddr *from, socklen_t *len)
{
	bool blocks;
	int domain, error = look(o, c->fd, c->flags, &blocks, &domain);
	ssize_t got;

	if (!error)
		error = check_vectors(c);
	if (error)
		return fail(error);
	c->domain = domain;
	got = call_run(o, try_recv, c, blocks, BERTH_NEVER);
	if (got >= 0)
		address_give(&c->foreign, domain, from, len);
	return got;
}

static ssize_t run_send(struct object *o, struct transfer *c, const struct sockaddr *to, socklen_t len)
{
	bool blocks;
	int domain, error = look(o, c->fd, c->flags, &blocks, &domain);

	if (!error)
		error = check_vectors(c);
	if (!error && to)
		error = address_take(to, len, &c->foreign);
	if (error)
		return fail(error);
	c->all = blocks && call_may_wait(o);
	return call_run(o, try_send, c, blocks, BERTH_NEVER);
}

ssize_t transfer_recvfrom(void *user, int fd, void *bytes, size_t n, int flags, struct sockaddr *from, socklen_t *len)
{
	struct iovec vector = {.iov_base = bytes, .iov_len = n};
	struct transfer c = {.fd = fd, .flags = flags, .vectors = &vector, .n_vectors = 1};

	return run_recv(user, &c, from, len);
}

ssize_t transfer_recv(void *user, int fd, void *bytes, size_t n, int flags)
{
	return transfer_recvfrom(user, fd, bytes, n, flags, NULL, NULL);
}

ssize_t transfer_read(void *user, int fd, void *bytes, size_t n)
{
	return transfer_recvfrom(user, fd, bytes, n, 0, NULL, NULL);
}

ssize_t transfer_readv(void *user, int fd, const struct iovec *vectors, int n)
{
	struct transfer c = {.fd = fd, .vectors = vectors, .n_vectors = n};

	return run_recv(user, &c, NULL, NULL);
}

ssize_t transfer_recvmsg(void *user, int fd, struct msghdr *message, int flags)
{
	struct transfer c = {.fd = fd, .flags = flags, .vectors = message->msg_iov};
	ssize_t got;

	c.n_vectors = message->msg_iovlen > N_VECTORS ? -1 : (int)message->msg_iovlen;
	got = run_recv(user, &c, message->msg_name, &message->msg_namelen);
	if (got >= 0)
		control_give(&c.got, c.domain, message);
	return got;
}

ssize_t transfer_sendto(void *user, int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
			socklen_t len)
{
	/* The vector serves both directions, so its pointer is not const; sending only reads. */
	struct iovec vector = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	struct transfer c = {.fd = fd, .flags = flags, .vectors = &vector, .n_vectors = 1};

	return run_send(user, &c, to, len);
}

ssize_t transfer_send(void *user, int fd, const void *bytes, size_t n, int flags)
{
	return transfer_sendto(user, fd, bytes, n, flags, NULL, 0);
}

ssize_t transfer_write(void *user, int fd, const void *bytes, size_t n)
{
	return transfer_sendto(user, fd, bytes, n, 0, NULL, 0);
}

ssize_t transfer_writev(void *user, int fd, const struct iovec *vectors, int n)
{
	struct transfer c = {.fd = fd, .vectors = vectors, .n_vectors = n};

	return run_send(user, &c, NULL, 0);
}

ssize_t transfer_sendmsg(void *user, int fd, const struct msghdr *message, int flags)
{
	struct transfer c = {.fd = fd, .flags = flags, .vectors = message->msg_iov};

	c.n_vectors = message->msg_iovlen > N_VECTORS ? -1 : (int)message->msg_iovlen;
	return run_send(user, &c, message->msg_name, message->msg_namelen);
}
