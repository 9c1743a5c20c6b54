/* Sends without copying, which copy. See zerocopy.h. */
#include "error_queue.h"
#include "tcb.h"

/* As on Linux, sends in a row are told as one: info is the first, data the last. */
static bool joins(struct error_queue *queue, const struct tcp_zerocopy *z)
{
	struct berth_extended_error *last = queue ? &queue->last->error : NULL;

	if (!last || last->origin != BERTH_ERROR_ZEROCOPY || last->data + 1 != z->told || z->next - 1 < last->info)
		return false;
	last->data = z->next - 1;
	return true;
}

void tcp_zerocopy_tell(struct tcp_env *env, struct tcb *t)
{
	struct tcp_zerocopy *z = t->settings ? &t->settings->zerocopies : NULL;
	struct error_entry entry = {.error = {.origin = BERTH_ERROR_ZEROCOPY, .code = BERTH_ZEROCOPY_COPIED}};

	if (!z || z->told == z->next)
		return;
	entry.error.info = z->told;
	entry.error.data = z->next - 1;
	if (!joins(t->e.errors, z) && !error_queue_push(&t->e.errors, &entry, env->memory))
		return;
	z->told = z->next;
	tcp_tell(env, t, BERTH_FAILED);
}

void tcp_zerocopy_sent(struct tcp_env *env, struct tcb *t)
{
	if (!t->settings || !t->settings->zerocopy)
		return;
	t->settings->zerocopies.next++;
	tcp_zerocopy_tell(env, t);
}
