/* A pipe and splice(): data from a socket into a pipe and out of it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

int pipes_pipe(void *user, int fds[2])
{
	struct object *o = user;
	struct pipe_bytes *p;

	object_enter(o);
	p = calloc(1, sizeof(*p));
	if (!p)
		return (int)object_leave(o, BERTH_ENOMEM);
	p->n_ends = 2;
	for (int i = 0; i < 2; i++)
		fds[i] = file_new(o, (struct file){.kind = FILE_PIPE, .pipe = p});
	return (int)object_leave(o, fds[1] < 0 ? fds[1] : 0);
}

static long into_pipe(struct object *o, const struct file *socket, struct pipe_bytes *p, size_t n)
{
	size_t room = sizeof(p->bytes) - p->n;
	long got;

	if (!room)
		return BERTH_EAGAIN;
	got = berth_recv(o->host, socket->descriptor, p->bytes + p->n, n < room ? n : room, 0);
	if (got > 0)
		p->n += (size_t)got;
	return got;
}

static long out_of_pipe(struct object *o, struct pipe_bytes *p, const struct file *socket, size_t n)
{
	long sent;

	if (!p->n)
		return BERTH_EAGAIN;
	sent = berth_send(o->host, socket->descriptor, p->bytes, n < p->n ? n : p->n, 0);
	if (sent > 0) {
		p->n -= (size_t)sent;
		memmove(p->bytes, p->bytes + sent, p->n);
	}
	return sent;
}

ssize_t pipes_splice(void *user, int in, loff_t *off_in, int out, loff_t *off_out, size_t n, unsigned flags)
{
	struct object *o = user;
	struct file *from, *to;
	long result = BERTH_EINVAL;

	object_enter(o);
	from = file_get(o, in, FILE_CLOSED);
	to = file_get(o, out, FILE_CLOSED);
	if (!from || !to)
		result = BERTH_EBADF;
	else if (from->kind == FILE_SOCKET && to->kind == FILE_PIPE)
		result = into_pipe(o, from, to->pipe, n);
	else if (from->kind == FILE_PIPE && to->kind == FILE_SOCKET)
		result = out_of_pipe(o, from->pipe, to, n);
	return object_leave(o, result);
}
