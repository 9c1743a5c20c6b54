/* poll and epoll. */
#include <errno.h>
#include <stdlib.h>

#include "object.h"
#include "tcb.h"

#define NS_MS 1000000

/* What poll would say of a socket, whatever it was asked. */
static unsigned events_of(struct object *o, const struct file *f)
{
	int ready = berth_ready(o->host, f->descriptor);
	struct endpoint *e = socket_endpoint(o->host, f->descriptor);
	unsigned events = 0;

	if (ready < 0 || !e)
		return POLLNVAL;
	if (ready & (int)BERTH_READABLE)
		events |= POLLIN | POLLRDNORM;
	if (ready & (int)BERTH_WRITABLE)
		events |= POLLOUT | POLLWRNORM;
	if (ready & (int)BERTH_HANGUP)
		events |= POLLHUP;
	if (ready & (int)BERTH_FAILED)
		events |= POLLERR;
	if (e->kind != ENDPOINT_UDP) {
		const struct tcb *t = tcp_of_endpoint(e);

		if (t->rcv_fin || t->rcv_shut || (t->connected && t->state == BERTH_TCP_CLOSED))
			events |= POLLRDHUP;
	}
	return events;
}

struct ready_call {
	struct pollfd *fds;
	nfds_t n_fds;
	int epoll;
	struct epoll_event *events;
	int n_events;
};

/* When a call that waits so long gives up. */
static berth_time limit(const struct object *o, int ms)
{
	return ms < 0 ? BERTH_NEVER : o->now + (berth_time)ms * NS_MS;
}

static long try_poll(struct object *o, void *arguments)
{
	struct ready_call *c = arguments;
	long n = 0;

	for (nfds_t i = 0; i < c->n_fds; i++) {
		struct pollfd *p = &c->fds[i];
		struct file *f = file_get(o, p->fd, FILE_SOCKET);
		unsigned events = f ? events_of(o, f) : POLLNVAL;

		p->revents = (short)(events & ((unsigned short)p->events | POLLERR | POLLHUP | POLLNVAL));
		n += p->revents != 0;
	}
	return n ? n : BERTH_EAGAIN;
}

/* A wait that has come to its end is no error. */
static int run(struct object *o, call_try *try, struct ready_call *c, int ms)
{
	long n = call_run(o, try, c, ms != 0, limit(o, ms));

	return n < 0 && errno == EAGAIN ? 0 : (int)n;
}

int ready_poll(void *user, struct pollfd *fds, nfds_t n, int ms)
{
	struct ready_call c = {.fds = fds, .n_fds = n};

	return run(user, try_poll, &c, ms);
}

int ready_epoll_create(void *user, int size)
{
	struct object *o = user;

	object_enter(o);
	return (int)object_leave(o, size > 0 ? file_new(o, (struct file){.kind = FILE_EPOLL}) : BERTH_EINVAL);
}

static struct watch **find_watch(struct file *f, int fd)
{
	struct watch **at = &f->watches;

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

/* New watches go to the end: events come in the order in which they were asked for. */
static int add_watch(struct watch **at, int fd, const struct epoll_event *event)
{
	struct watch *w;

	if (*at)
		return -EEXIST;
	w = calloc(1, sizeof(*w));
	if (!w)
		return BERTH_ENOMEM;
	*w = (struct watch){.fd = fd, .events = event->events, .data = event->data.u64};
	*at = w;
	return 0;
}

static int change_watch(struct watch **at, int operation, const struct epoll_event *event)
{
	struct watch *w = *at;

	if (!w)
		return BERTH_ENOENT;
	if (operation == EPOLL_CTL_DEL) {
		*at = w->next;
		free(w);
		return 0;
	}
	if ((event->events | w->events) & EPOLLEXCLUSIVE)
		return BERTH_EINVAL;
	w->events = event->events;
	w->data = event->data.u64;
	w->spent = false;
	return 0;
}

int ready_epoll_ctl(void *user, int epoll, int operation, int fd, struct epoll_event *event)
{
	struct object *o = user;
	struct file *set, *f;
	struct watch **at;
	int error;

	object_enter(o);
	set = file_get(o, epoll, FILE_EPOLL);
	f = file_get(o, fd, FILE_SOCKET);
	if (!set || !f)
		return (int)object_leave(o, BERTH_EBADF);
	at = find_watch(set, fd);
	error = operation == EPOLL_CTL_ADD ? add_watch(at, fd, event) : change_watch(at, operation, event);
	/* What is true now is told once, also to an edge-triggered watch. */
	if (!error && operation != EPOLL_CTL_DEL)
		f->news = true;
	return (int)object_leave(o, error);
}

static long try_epoll(struct object *o, void *arguments)
{
	struct ready_call *c = arguments;
	struct file *set = file_get(o, c->epoll, FILE_EPOLL);
	int n = 0;

	if (!set)
		return BERTH_EBADF;
	for (struct watch *w = set->watches; w && n < c->n_events; w = w->next) {
		struct file *f = file_get(o, w->fd, FILE_SOCKET);
		uint32_t events = f && !w->spent ? events_of(o, f) & (w->events | EPOLLERR | EPOLLHUP) : 0;

		if (!events || (w->events & EPOLLET && !f->news))
			continue;
		f->news = false;
		w->spent = (w->events & EPOLLONESHOT) != 0;
		c->events[n++] = (struct epoll_event){.events = events, .data.u64 = w->data};
	}
	return n ? n : BERTH_EAGAIN;
}

int ready_epoll_wait(void *user, int epoll, struct epoll_event *events, int n, int ms)
{
	struct ready_call c = {.epoll = epoll, .events = events, .n_events = n};

	return run(user, try_epoll, &c, ms);
}
