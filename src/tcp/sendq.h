/* The send queue: the user's bytes from the first that is not acknowledged on, in chunks that come from memory with the
 * data and go back with its acknowledgment. An empty queue holds none. */
#ifndef TCP_SENDQ_H
#define TCP_SENDQ_H

#include <berth/frame.h>

#include "seq.h"

struct sendq_chunk {
	struct sendq_chunk *next;
	tcp_seq left; /* position of data[0] */
	uint32_t len; /* bytes filled */
	uint32_t capacity;
	uint8_t data[];
};

struct sendq {
	struct sendq_chunk *first, *last;
	/* Where slices were taken last: the next are likely there or after. What is sent again has a place of its own,
	 * or the way from there to what is new would be walked for each segment of a large window. */
	struct sendq_chunk *cursor, *cursor_again;
	uint32_t n_memory;   /* of the chunks */
	tcp_seq left, right; /* the bytes that are queued */
};

void sendq_init(struct sendq *q, tcp_seq left);

/* Copies n bytes to the end. How many found memory. */
size_t sendq_append(struct sendq *q, const uint8_t *data, size_t n, const struct berth_memory *memory);

/* Writes slices of the bytes [left, left + n), which are queued, into slices[0..n_max): how many; *n_covered says how
 * many of the n bytes they cover (less than n only when n_max were not enough). */
unsigned sendq_slices(struct sendq *q, tcp_seq left, uint32_t n, struct berth_slice *slices, unsigned n_max,
		      uint32_t *n_covered);

/* Takes away everything below `left`, which is at most q->right. */
void sendq_cut(struct sendq *q, tcp_seq left, const struct berth_memory *memory);

void sendq_deinit(struct sendq *q, const struct berth_memory *memory);

#endif
