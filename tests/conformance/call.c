/* Calls that may block: on the second thread they sleep on a condition variable until a step of the host lets them
 * end. */
#include "object.h"

bool call_may_wait(const struct object *o)
{
	return !pthread_equal(pthread_self(), o->main) && !o->waiting.try;
}

bool call_retry(struct object *o)
{
	struct waiting_call *w = &o->waiting;
	long result;

	if (!w->try)
		return false;
	result = w->try(o, w->arguments);
	if (result == BERTH_EAGAIN && o->now < w->limit)
		return false;
	w->try = NULL;
	w->result = result;
	w->done_at = o->now;
	o->ended = true;
	pthread_cond_signal(&o->done);
	return true;
}

long call_run(struct object *o, call_try *try, void *arguments, bool blocks, berth_time limit)
{
	long result;

	object_enter(o);
	result = try(o, arguments);
	if (result != BERTH_EAGAIN || !blocks || !call_may_wait(o) || limit <= o->now)
		return object_leave(o, result);
	o->waiting = (struct waiting_call){.try = try, .arguments = arguments, .limit = limit};
	packets_pull(o);
	while (o->waiting.try)
		pthread_cond_wait(&o->done, &o->mutex);
	result = o->waiting.result;
	clock_override(o->waiting.done_at);
	return object_leave(o, result);
}
