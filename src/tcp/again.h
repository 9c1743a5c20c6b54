/* Retransmissions in the order in which they were sent, so that those which are lost themselves are found without a
 * look at all that is in flight (RFC 8985 section 6.2 step 5).
 *
 * The records of `sent` are in order of sequence, which for what was sent once is the order of time too; for what was
 * sent again it is not. An entry whose bytes have arrived or were sent once more since stays until it is the first. */
#ifndef TCP_AGAIN_H
#define TCP_AGAIN_H

#include <berth/frame.h>

#include "seq.h"

struct again_entry {
	tcp_seq left, right;
	berth_time at;
};

struct again {
	uint32_t head, n, capacity; /* capacity: a power of two */
	struct again_entry ring[];
};

/* Appends [left, right), sent again now; NULL is an empty queue. Without memory, or when there are too many, it is not
 * noted: the timer then finds its loss. */
void again_push(struct again **a, tcp_seq left, tcp_seq right, berth_time now, const struct berth_memory *memory);

/* The oldest, NULL: none. */
static inline struct again_entry *again_first(struct again *a)
{
	return a && a->n ? &a->ring[a->head] : NULL;
}

/* Takes the oldest away. */
void again_pop(struct again *a);

void again_deinit(struct again **a, const struct berth_memory *memory);

#endif
