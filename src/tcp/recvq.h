/* The receive queue: what has arrived in order and waits for the user, and what has arrived ahead of a gap.
 *
 * Frames are kept as they came when the payload is most of them; smaller payloads are copied together, so that a byte
 * never pins a large buffer. What lies ahead of a gap is in runs (contiguous stretches of frames), sorted; a new
 * segment finds its place by binary search. Both are bounded: by the window, by the number of runs, and by the memory
 * that frames take. */
#ifndef TCP_RECVQ_H
#define TCP_RECVQ_H

#include <stdbool.h>

#include <berth/frame.h>

#include "list.h"
#include "seq.h"
#include "tcp_header.h"

/* Runs that a connection keeps; a segment that would make one more is dropped and will be sent again. */
#define RECVQ_RUNS_MAX 1024

struct recvq_run {
	tcp_seq left, right;
	struct berth_frame *first, *last;
};

/* What is there only while there is a gap. */
struct recvq_ahead {
	struct list_node node; /* in env->ahead, oldest first */
	struct recvq *owner;
	struct recvq_run *runs;
	uint32_t n, capacity;
	uint64_t memory_used;
	tcp_seq recent[TCP_SACK_BLOCKS_MAX]; /* a position in each of the runs that changed last, latest first */
	uint8_t n_recent;
};

struct recvq {
	struct berth_frame *first, *last;
	uint32_t n_bytes;                /* in order, not yet read */
	uint32_t n_memory;               /* of the frames that they are in */
	struct recvq_ahead *ahead;       /* NULL: nothing is ahead of a gap */
	tcp_seq dsack_left, dsack_right; /* a duplicate to report (RFC 2883), none when equal */
};

/* Bytes of memory that the queue holds, storage and all. */
static inline uint64_t recvq_memory(const struct recvq *q)
{
	return q->n_memory +
	       (q->ahead ? q->ahead->memory_used + (uint64_t)q->ahead->capacity * sizeof(struct recvq_run) : 0);
}

enum recvq_verdict {
	RECVQ_TAKEN,
	RECVQ_DUPLICATE, /* every byte was there */
	RECVQ_FULL,      /* no room for another run or its memory */
	RECVQ_NO_MEMORY,
};

/* Adds `len` bytes at frame->data + off to the end of what is in order. Takes a reference when it keeps the frame. */
enum recvq_verdict recvq_push(struct recvq *q, struct berth_frame *frame, uint32_t off, uint32_t len,
			      const struct berth_memory *memory);

/* Adds bytes at position `seq`, ahead of a gap. memory_max: most bytes that all frames ahead may take. */
enum recvq_verdict recvq_push_ahead(struct recvq *q, tcp_seq seq, struct berth_frame *frame, uint32_t off, uint32_t len,
				    uint64_t memory_max, const struct berth_memory *memory);

/* In order up to rcv_nxt now: moves runs that have become in order to the queue. The new rcv_nxt. */
tcp_seq recvq_join(struct recvq *q, tcp_seq rcv_nxt, const struct berth_memory *memory);

/* Copies up to n bytes out and takes them away (not when `peek`, and then from `off` on). How many. `to` NULL: they are
 * not copied. */
uint32_t recvq_read(struct recvq *q, uint8_t *to, uint32_t n);
uint32_t recvq_peek(const struct recvq *q, uint32_t off, uint8_t *to, uint32_t n);

/* Fills blocks with the SACK blocks to report, the latest change first (RFC 2018 section 4), a duplicate before all
 * (RFC 2883). How many, at most n_max. */
unsigned recvq_sacks(struct recvq *q, struct tcp_sack_block *blocks, unsigned n_max);

/* Throws away what is ahead, or everything. */
void recvq_drop_ahead(struct recvq *q, const struct berth_memory *memory);
void recvq_deinit(struct recvq *q, const struct berth_memory *memory);

#endif
