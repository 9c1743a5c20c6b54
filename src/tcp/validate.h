/* Congestion window validation: was the window that an acknowledgment would grow in use at all? (RFC 2861, RFC 7661,
 * RFC 9438 section 5.8.) */
#ifndef TCP_VALIDATE_H
#define TCP_VALIDATE_H

#include <stdbool.h>

#include "seq.h"

struct tcb;

struct tcp_validate {
	tcp_seq round_end;   /* what follows holds until this is acknowledged */
	uint32_t flight_max; /* most bytes in flight in this round trip */
	bool limited;        /* cwnd held data back in it */
};

/* Nothing more leaves now: t->cwnd_limited says whether that is cwnd's doing. */
void tcp_validate_note(struct tcb *t);

/* cwnd was in use: it may grow. In slow start also when more than half of it was, as it has just doubled. */
bool tcp_validate_used(const struct tcb *t);

#endif
