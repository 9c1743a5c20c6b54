/* Sockets: from socket() to close(). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "object.h"

static void set_option(struct object *o, const struct file *f, int option, int value)
{
	berth_setsockopt(o->host, f->descriptor, BERTH_SOL_TCP, option, &value, sizeof(value));
}

int sockets_socket(void *user, int domain, int type, int protocol)
{
	struct object *o = user;
	struct file f = {.kind = FILE_SOCKET, .domain = domain, .nonblock = (type & SOCK_NONBLOCK) != 0};
	int fd;

	object_enter(o);
	if (domain != AF_INET && domain != AF_INET6)
		return (int)object_leave(o, BERTH_EAFNOSUPPORT);
	f.descriptor = berth_socket(o->host, domain == AF_INET ? BERTH_IP4 : BERTH_IP6,
				    (enum berth_socket_type)(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)));
	if (f.descriptor >= 0 && o->fast_open & FAST_OPEN_CLIENT_NO_COOKIE)
		set_option(o, &f, BERTH_TCP_FASTOPEN_NO_COOKIE, 1);
	fd = f.descriptor < 0 ? f.descriptor : file_new(o, f);
	return (int)object_leave(o, fd);
}

/* The arguments of the calls below; each uses what it needs. */
struct socket_call {
	int fd, number;
	struct berth_socket_address address;
	bool begun; /* connect: it is on its way, and is waited for */
	bool waits;
};

static struct file *socket_of(struct object *o, const struct socket_call *c)
{
	return file_get(o, c->fd, FILE_SOCKET);
}

int sockets_bind(void *user, int fd, const struct sockaddr *address, socklen_t n)
{
	struct object *o = user;
	struct file *f;
	struct berth_socket_address local;
	int error;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	error = f ? address_take(address, n, &local) : BERTH_EBADF;
	return (int)object_leave(o, error ? error : berth_bind(o->host, f->descriptor, &local));
}

/* What Linux's settings say of all listeners, options say of a listener here. */
static void set_fast_open(struct object *o, const struct file *f, int backlog)
{
	int n_max = 0;
	size_t n = sizeof(n_max);

	berth_getsockopt(o->host, f->descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, &n_max, &n);
	if (o->fast_open & FAST_OPEN_ALL_LISTENERS && !n_max)
		set_option(o, f, BERTH_TCP_FASTOPEN, backlog);
	if (o->fast_open & FAST_OPEN_SERVER_NO_COOKIE)
		set_option(o, f, BERTH_TCP_FASTOPEN_NO_COOKIE, 1);
	if (f->n_key)
		berth_setsockopt(o->host, f->descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, f->key, f->n_key);
	else if (o->has_fast_open_key)
		berth_setsockopt(o->host, f->descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, o->fast_open_key,
				 sizeof(o->fast_open_key));
}

/* Linux's queue is full when it holds more than the backlog, so it takes one more than it was asked for. */
int sockets_listen(void *user, int fd, int backlog)
{
	struct object *o = user;
	struct file *f;
	int error;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	error = f ? berth_listen(o->host, f->descriptor, backlog + 1) : BERTH_EBADF;
	if (!error)
		set_fast_open(o, f, backlog);
	return (int)object_leave(o, error);
}

static long try_accept(struct object *o, void *arguments)
{
	struct socket_call *c = arguments;
	struct file *f = socket_of(o, c), new = {.kind = FILE_SOCKET};

	if (!f)
		return BERTH_EBADF;
	new.domain = f->domain;
	new.descriptor = berth_accept(o->host, f->descriptor, &c->address);
	return new.descriptor < 0 ? new.descriptor : file_new(o, new);
}

/* Whether the program lets calls on the descriptor wait. */
static bool blocks(struct object *o, int fd)
{
	struct file *f;
	bool yes;

	pthread_mutex_lock(&o->mutex);
	f = file_get(o, fd, FILE_SOCKET);
	yes = f && !f->nonblock;
	pthread_mutex_unlock(&o->mutex);
	return yes;
}

int sockets_accept(void *user, int fd, struct sockaddr *address, socklen_t *n)
{
	struct object *o = user;
	struct socket_call c = {.fd = fd};
	int new = (int)call_run(o, try_accept, &c, blocks(o, fd), BERTH_NEVER);
	struct file *f = new < 0 ? NULL : file_get(o, new, FILE_SOCKET);

	if (f)
		address_give(&c.address, f->domain, address, n);
	return new;
}

long sockets_opened(struct object *o, const struct file *f)
{
	int error = 0;
	size_t n = sizeof(error);

	if (!(berth_ready(o->host, f->descriptor) & (int)(BERTH_WRITABLE | BERTH_FAILED | BERTH_HANGUP)))
		return BERTH_EAGAIN;
	berth_getsockopt(o->host, f->descriptor, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n);
	return -error;
}

static long try_connect(struct object *o, void *arguments)
{
	struct socket_call *c = arguments;
	struct file *f = socket_of(o, c);
	int result;

	if (!f)
		return BERTH_EBADF;
	if (c->begun)
		return sockets_opened(o, f);
	result = berth_connect(o->host, f->descriptor, &c->address);
	if (result != BERTH_EINPROGRESS || !c->waits)
		return result;
	c->begun = true;
	return BERTH_EAGAIN;
}

int sockets_connect(void *user, int fd, const struct sockaddr *address, socklen_t n)
{
	struct object *o = user;
	struct socket_call c = {.fd = fd};
	int error = address_take(address, n, &c.address);

	if (error) {
		errno = -error;
		return -1;
	}
	c.waits = blocks(o, fd) && call_may_wait(o);
	return (int)call_run(o, try_connect, &c, c.waits, BERTH_NEVER);
}

int sockets_shutdown(void *user, int fd, int how)
{
	struct object *o = user;
	struct file *f;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	return (int)object_leave(o, f ? berth_shutdown(o->host, f->descriptor, (enum berth_shutdown)how) : BERTH_EBADF);
}

int sockets_close(void *user, int fd)
{
	struct object *o = user;
	struct file *f;
	int result = 0;

	object_enter(o);
	f = file_get(o, fd, FILE_CLOSED);
	if (!f)
		return (int)object_leave(o, BERTH_EBADF);
	if (f->kind == FILE_SOCKET)
		result = berth_close(o->host, f->descriptor);
	file_forget_watches(o, fd);
	file_free(o, f);
	return (int)object_leave(o, result);
}

int sockets_fcntl(void *user, int fd, int command, ...)
{
	struct object *o = user;
	struct file *f;
	va_list list;
	long value;
	int result = BERTH_EINVAL;

	va_start(list, command);
	value = va_arg(list, long);
	va_end(list);
	object_enter(o);
	f = file_get(o, fd, FILE_CLOSED);
	if (!f)
		return (int)object_leave(o, BERTH_EBADF);
	if (command == F_GETFL)
		result = O_RDWR | (f->nonblock ? O_NONBLOCK : 0);
	if (command == F_SETFL) {
		f->nonblock = (value & O_NONBLOCK) != 0;
		result = 0;
	}
	return (int)object_leave(o, result);
}

int sockets_ioctl(void *user, int fd, unsigned long request, ...)
{
	struct object *o = user;
	struct file *f;
	va_list list;
	int *out;

	va_start(list, request);
	out = va_arg(list, int *);
	va_end(list);
	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	return (int)object_leave(o, f ? berth_ioctl(o->host, f->descriptor, (unsigned)request, out) : BERTH_EBADF);
}
