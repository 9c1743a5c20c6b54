/* The event loop on epoll: descriptors by level, alarms, and rounds.
 *
 * A round waits until something is ready or due, reads the clock once, calls back for descriptors and alarms, and then
 * lets the hosts run (loop_hosts.c), which sends what the callbacks have caused. Waiting is exact to the nanosecond
 * that epoll_pwait2 takes; on a kernel without it, it is rounded up to a millisecond. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "loop.h"

#define READY_MAX 64
#define FD_LIMIT (1 << 24)

/* ---- sources ---- */

static uint32_t epoll_bits(unsigned wanted)
{
	return (wanted & BERTH_READABLE ? EPOLLIN | EPOLLRDHUP : 0) | (wanted & BERTH_WRITABLE ? EPOLLOUT : 0);
}

static unsigned ready_bits(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLRDHUP) ? BERTH_READABLE : 0) | (events & EPOLLOUT ? BERTH_WRITABLE : 0) |
	       (events & (EPOLLHUP | EPOLLERR) ? BERTH_HANGUP : 0);
}

int loop_source_set(struct berth_loop *loop, struct source *source, unsigned wanted)
{
	struct epoll_event event = {.events = epoll_bits(wanted), .data.ptr = source};

	if (!epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event))
		return 0;
	if (errno == EEXIST && !epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event))
		return 0;
	if (errno == EPERM)
		return BERTH_EPERM;
	return errno == ENOMEM || errno == ENOSPC ? BERTH_ENOMEM : BERTH_EIO;
}

/* The fd may be closed by now, and then is out of epoll by itself. */
void loop_source_remove(struct berth_loop *loop, struct source *source)
{
	if (source->fd >= 0 && !source->dead)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

/* ---- watches ---- */

/* Room for an fd in the table. */
static bool watches_reserve(struct berth_loop *loop, int fd)
{
	size_t n = loop->n_watches ? loop->n_watches : 64;
	struct watch **grown;

	while (n <= (size_t)fd)
		n *= 2;
	if (n == loop->n_watches)
		return true;
	grown = realloc(loop->watches, n * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + loop->n_watches, 0, (n - loop->n_watches) * sizeof(*grown));
	loop->watches = grown;
	loop->n_watches = n;
	return true;
}

static struct watch *watch_find(const struct berth_loop *loop, int fd)
{
	return fd >= 0 && (size_t)fd < loop->n_watches ? loop->watches[fd] : NULL;
}

static struct watch *watch_new(struct berth_loop *loop, int fd)
{
	struct watch *watch;

	if (!watches_reserve(loop, fd))
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (watch)
		watch->source = (struct source){.kind = SOURCE_WATCH, .fd = fd};
	return watch;
}

int berth_loop_watch(struct berth_loop *loop, int fd, unsigned wanted, berth_loop_ready *on_ready, void *user)
{
	struct watch *known = watch_find(loop, fd), *watch = known;
	int error;

	if (fd < 0 || fd >= FD_LIMIT)
		return BERTH_EIO;
	if (!watch)
		watch = watch_new(loop, fd);
	if (!watch)
		return BERTH_ENOMEM;
	error = loop_source_set(loop, &watch->source, wanted);
	if (error) {
		if (!known)
			free(watch);
		return error;
	}
	watch->wanted = wanted;
	watch->on_ready = on_ready;
	watch->user = user;
	loop->watches[fd] = watch;
	return 0;
}

static void watches_sweep(struct berth_loop *loop)
{
	struct watch *watch;

	while ((watch = loop->dead_watches)) {
		loop->dead_watches = watch->next_dead;
		free(watch);
	}
}

void berth_loop_unwatch(struct berth_loop *loop, int fd)
{
	struct watch *watch = watch_find(loop, fd);

	if (!watch)
		return;
	loop_source_remove(loop, &watch->source);
	watch->source.dead = true;
	loop->watches[fd] = NULL;
	watch->next_dead = loop->dead_watches;
	loop->dead_watches = watch;
	if (!loop->depth)
		watches_sweep(loop);
}

/* Of two things that became true, one may have been unwanted since. Hang-up is always told. */
static void watch_call(struct watch *watch, uint32_t events)
{
	unsigned ready = ready_bits(events) & (watch->wanted | BERTH_HANGUP);

	if (ready)
		watch->on_ready(watch->user, ready);
}

static void dispatch(struct berth_loop *loop, const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		struct source *source = events[i].data.ptr;

		if (source->dead)
			continue;
		if (source->kind == SOURCE_WATCH)
			watch_call((struct watch *)source, events[i].events);
		else
			loop_link_ready(loop, (struct attachment *)source, events[i].events & EPOLLIN);
	}
}

/* ---- alarms ---- */

static struct alarm *alarm_take(struct berth_loop *loop, berth_loop_time *on_time, const void *user)
{
	for (struct alarm **at = &loop->alarms; *at; at = &(*at)->next) {
		struct alarm *alarm = *at;

		if (alarm->on_time != on_time || alarm->user != user)
			continue;
		*at = alarm->next;
		return alarm;
	}
	return NULL;
}

int berth_loop_at(struct berth_loop *loop, berth_time at, berth_loop_time *on_time, void *user)
{
	struct alarm *alarm = alarm_take(loop, on_time, user), **place = &loop->alarms;

	if (at == BERTH_NEVER) {
		free(alarm);
		return 0;
	}
	if (!alarm)
		alarm = malloc(sizeof(*alarm));
	if (!alarm)
		return BERTH_ENOMEM;
	while (*place && (*place)->at <= at)
		place = &(*place)->next;
	*alarm = (struct alarm){*place, at, loop->round, on_time, user};
	*place = alarm;
	return 0;
}

/* The first alarm that is due and was not set in this round: one that sets itself anew for a time that has passed gets
 * its turn in the next. */
static struct alarm *alarm_due(const struct berth_loop *loop)
{
	struct alarm *alarm = loop->alarms;

	while (alarm && alarm->at <= loop->now && alarm->round == loop->round)
		alarm = alarm->next;
	return alarm && alarm->at <= loop->now ? alarm : NULL;
}

static void alarms_run(struct berth_loop *loop)
{
	struct alarm *due;

	while ((due = alarm_due(loop))) {
		berth_loop_time *on_time = due->on_time;
		void *user = due->user;

		free(alarm_take(loop, on_time, user));
		on_time(user);
	}
}

/* ---- rounds ---- */

/* What of a round's time is left to wait for. */
static berth_time wait_time(const struct berth_loop *loop, berth_time until)
{
	berth_time deadline = loop_hosts_deadline(loop), now;

	if (loop->alarms && loop->alarms->at < deadline)
		deadline = loop->alarms->at;
	if (until < deadline)
		deadline = until;
	if (deadline == BERTH_NEVER)
		return BERTH_NEVER;
	now = berth_clock_now();
	return deadline > now ? deadline - now : 0;
}

/* As epoll_wait, for `ns` nanoseconds. */
static int wait_exact(struct berth_loop *loop, struct epoll_event *events, berth_time ns)
{
	struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};

	return epoll_pwait2(loop->epoll_fd, events, READY_MAX, ns == BERTH_NEVER ? NULL : &timeout, NULL);
}

static int wait_coarse(struct berth_loop *loop, struct epoll_event *events, berth_time ns)
{
	berth_time ms = ns / 1000000 + (ns % 1000000 != 0);

	return epoll_wait(loop->epoll_fd, events, READY_MAX, ns == BERTH_NEVER ? -1 : ms > INT_MAX ? INT_MAX : (int)ms);
}

static int wait(struct berth_loop *loop, struct epoll_event *events, berth_time ns)
{
	int n;

	if (!loop->coarse) {
		n = wait_exact(loop, events, ns);
		if (n >= 0 || (errno != ENOSYS && errno != EPERM))
			return n;
		loop->coarse = true;
	}
	return wait_coarse(loop, events, ns);
}

static void round_end(struct berth_loop *loop)
{
	if (--loop->depth)
		return;
	watches_sweep(loop);
	loop_hosts_sweep(loop, false);
}

int berth_loop_once(struct berth_loop *loop, berth_time until)
{
	struct epoll_event events[READY_MAX];
	int n;

	loop->depth++;
	n = wait(loop, events, loop->busy ? 0 : wait_time(loop, until));
	if (n < 0 && errno != EINTR) {
		round_end(loop);
		return BERTH_EIO;
	}
	loop->busy = false;
	loop->round++;
	loop->now = berth_clock_now();
	dispatch(loop, events, n);
	alarms_run(loop);
	loop_hosts_run(loop);
	round_end(loop);
	return 0;
}

int berth_loop_run(struct berth_loop *loop)
{
	int error = 0;

	loop->stopped = false;
	while (!error && !loop->stopped)
		error = berth_loop_once(loop, BERTH_NEVER);
	return error;
}

void berth_loop_stop(struct berth_loop *loop)
{
	loop->stopped = true;
}

berth_time berth_loop_now(const struct berth_loop *loop)
{
	return loop->now;
}

struct berth_loop *berth_loop_new(void)
{
	struct berth_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return NULL;
	}
	loop->now = berth_clock_now();
	return loop;
}

struct berth_loop *berth_loop_free(struct berth_loop *loop)
{
	struct alarm *alarm;

	if (!loop)
		return NULL;
	for (size_t fd = 0; fd < loop->n_watches; fd++)
		berth_loop_unwatch(loop, (int)fd);
	watches_sweep(loop);
	loop_hosts_sweep(loop, true);
	while ((alarm = loop->alarms)) {
		loop->alarms = alarm->next;
		free(alarm);
	}
	free(loop->watches);
	close(loop->epoll_fd);
	free(loop);
	return NULL;
}
