/* F-RTO, RFC 5682: whether a retransmission timeout was for nothing shows when new segments are sent after the first
 * retransmission instead of more retransmissions. */
#ifndef TCP_FRTO_H
#define TCP_FRTO_H

#include <stdbool.h>

#include <berth/frame.h>

#include "seq.h"

struct tcb;
struct tcp_env;
struct tcp_ack;

enum tcp_frto_step {
	TCP_FRTO_OFF,
	TCP_FRTO_FIRST, /* the first segment was sent again; its acknowledgment is waited for (step 2) */
	TCP_FRTO_NEW,   /* new segments were sent; theirs is waited for (step 3) */
};

struct tcp_frto {
	uint8_t step;      /* enum tcp_frto_step */
	tcp_seq new_until; /* new segments of step 2 end here at the latest */
};

/* The timer has fired; `again`: not for the first time in this recovery. */
void tcp_frto_timeout(struct tcb *t, bool again);

/* true: the timeout was for nothing. */
bool tcp_frto_ack(struct tcb *t, const struct tcp_ack *ack, bool dup);

/* In an episode: retransmissions wait, as new segments have to leave first. */
bool tcp_frto_holds(const struct tcb *t);

#endif
