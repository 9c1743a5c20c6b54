/* The queue of errors. See error_queue.h. */
#include "error_queue.h"

#include <string.h>

#include <berth/error.h>

static size_t size_of(const struct queued_error *e)
{
	return sizeof(*e) + e->len;
}

static bool has_room(struct error_queue **queue, const struct berth_memory *memory)
{
	if (*queue)
		return (*queue)->n < ERROR_QUEUE_MAX;
	*queue = memory->alloc(memory->context, sizeof(**queue));
	if (!*queue)
		return false;
	**queue = (struct error_queue){0};
	return true;
}

static void drop_first(struct error_queue **queue, const struct berth_memory *memory)
{
	struct error_queue *q = *queue;
	struct queued_error *e = q->first;

	if (e) {
		q->first = e->next;
		q->n--;
		memory->free(memory->context, e, size_of(e));
	}
	if (q->n)
		return;
	memory->free(memory->context, q, sizeof(*q));
	*queue = NULL;
}

bool error_queue_push(struct error_queue **queue, const struct error_entry *entry, const struct berth_memory *memory)
{
	size_t len = entry->len < ERROR_QUOTE_MAX ? entry->len : ERROR_QUOTE_MAX;
	struct queued_error *e;

	if (!has_room(queue, memory))
		return false;
	e = memory->alloc(memory->context, sizeof(*e) + len);
	if (!e) {
		if (!(*queue)->n)
			drop_first(queue, memory);
		return false;
	}
	*e = (struct queued_error){
		.error = entry->error,
		.offender = entry->offender,
		.foreign = entry->foreign,
		.len = (uint32_t)len,
	};
	if (len)
		memcpy(e->quoted, entry->quoted, len);
	if ((*queue)->n++)
		(*queue)->last->next = e;
	else
		(*queue)->first = e;
	(*queue)->last = e;
	return true;
}

/* Copies what the vectors take; how much. */
static size_t scatter(const struct queued_error *e, const struct berth_message *message)
{
	size_t done = 0;

	for (size_t i = 0; i < message->n_vectors && done < e->len; i++) {
		size_t n = message->vectors[i].n;

		if (n > e->len - done)
			n = e->len - done;
		if (n)
			memcpy(message->vectors[i].data, e->quoted + done, n);
		done += n;
	}
	return done;
}

long error_queue_pop(struct error_queue **queue, struct berth_message *message, bool peek,
		     const struct berth_memory *memory)
{
	const struct queued_error *e = *queue ? (*queue)->first : NULL;
	size_t done;

	if (!e)
		return BERTH_EAGAIN;
	done = scatter(e, message);
	message->flags = BERTH_MSG_ERRQUEUE | (done < e->len ? BERTH_MSG_TRUNC : 0);
	message->foreign = e->foreign;
	message->control.present = BERTH_CONTROL_ERROR;
	message->control.error = e->error;
	message->control.offender = e->offender;
	if (!peek)
		drop_first(queue, memory);
	return (long)done;
}

void error_queue_deinit(struct error_queue **queue, const struct berth_memory *memory)
{
	while (*queue)
		drop_first(queue, memory);
}
