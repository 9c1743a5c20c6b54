/* Signals through a descriptor, so that what ends a program is an event like any other and everything is put in order.
 */
#include "signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_signal(void *user, unsigned ready)
{
	struct signals *signals = user;
	struct signalfd_siginfo info;

	if (read(signals->fd, &info, sizeof(info)) != sizeof(info))
		return;
	signals->number = (int)info.ssi_signo;
	berth_loop_stop(signals->loop);
}

int signals_watch(struct signals *signals, struct berth_loop *loop)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*signals = (struct signals){.loop = loop, .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
	int r = signals->fd < 0 ? BERTH_EIO : berth_loop_watch(loop, signals->fd, BERTH_READABLE, on_signal, signals);
	if (r < 0)
		signals_unwatch(signals);
	return r;
}

void signals_unwatch(struct signals *signals)
{
	if (!signals->loop)
		return;
	if (signals->fd >= 0) {
		berth_loop_unwatch(signals->loop, signals->fd);
		close(signals->fd);
	}
	signals->loop = NULL;
}
