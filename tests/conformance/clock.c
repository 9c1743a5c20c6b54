/* Virtual time: one clock behind sleeping, looking at it, and waiting for packets. */
#include <time.h>

#include "object.h"

#define NS_US 1000
#define NS_S 1000000000

static _Thread_local berth_time override; /* 0: none */

void clock_override(berth_time at)
{
	override = at;
}

berth_time clock_next(const struct object *o)
{
	berth_time next = o->host ? berth_host_deadline(o->host) : BERTH_NEVER;

	return o->waiting.try && o->waiting.limit < next ? o->waiting.limit : next;
}

void clock_step(struct object *o, berth_time until)
{
	while (clock_next(o) <= until) {
		berth_time next = clock_next(o);

		if (next > o->now)
			o->now = next;
		berth_host_expire(o->host, o->now);
		packets_pull(o);
		/* What is still due has been asked at this time and has nothing to do: a microsecond is the least
		 * that packetdrill sees. */
		if (clock_next(o) <= o->now)
			o->now += NS_US;
	}
	if (until > o->now)
		o->now = until;
}

int clock_usleep(void *user, useconds_t us)
{
	static const struct timespec moment = {.tv_nsec = 5000000};
	struct object *o = user;
	bool ended;

	pthread_mutex_lock(&o->mutex);
	clock_step(o, o->now + us * (berth_time)NS_US);
	ended = o->ended;
	o->ended = false;
	pthread_mutex_unlock(&o->mutex);
	/* Nothing but real time lets the second thread tell packetdrill what came of its call. */
	if (ended)
		nanosleep(&moment, NULL);
	return 0;
}

/* packetdrill spins on the clock for the last milliseconds before an event, so each look moves it. */
int clock_gettimeofday(void *user, struct timeval *tv, struct timezone *tz)
{
	struct object *o = user;
	berth_time at;

	pthread_mutex_lock(&o->mutex);
	if (override) {
		at = override;
		override = 0;
	} else {
		clock_step(o, o->now + NS_US);
		at = o->now;
	}
	tv->tv_sec = (time_t)(at / NS_S);
	tv->tv_usec = (suseconds_t)(at / NS_US % 1000000);
	pthread_mutex_unlock(&o->mutex);
	return 0;
}
