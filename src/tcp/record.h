/* Where the records of a stream end that a program sends with MSG_EOR: no segment reaches over such a place. */
#ifndef TCP_RECORD_H
#define TCP_RECORD_H

#include <stdbool.h>

#include <berth/memory.h>

#include "seq.h"

struct tcp_records {
	uint32_t head, n, capacity; /* capacity: a power of two */
	tcp_seq ends[];             /* ascending, a ring */
};

/* A record ends at `end`, after all others in *records. Without memory the place is not remembered: then a segment may
 * reach over it. */
void tcp_record_push(struct tcp_records **records, tcp_seq end, const struct berth_memory *memory);

/* What is below `left` is acknowledged: its ends are forgotten, and the memory goes back with the last of them. */
void tcp_record_cut(struct tcp_records **records, tcp_seq left, const struct berth_memory *memory);

/* How far a segment that begins at `left` may reach, `right` at most. */
tcp_seq tcp_record_reach(const struct tcp_records *records, tcp_seq left, tcp_seq right);

void tcp_record_deinit(struct tcp_records **records, const struct berth_memory *memory);

#endif
