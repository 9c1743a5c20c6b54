/* SIGINT, SIGTERM and SIGHUP as events of a loop: the first of them lets it return. */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include <berth/berth.h>

struct signals {
	struct berth_loop *loop; /* NULL: not watched */
	int fd;
	int number; /* the signal that came, 0: none */
};

/* Blocks the signals for the rest of the process's life and watches for them. 0, or BERTH_EIO, BERTH_ENOMEM. */
int signals_watch(struct signals *signals, struct berth_loop *loop);

/* Watches no more. May be called twice. */
void signals_unwatch(struct signals *signals);

#endif
