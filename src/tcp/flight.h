/* What a connection keeps only while something is in flight: allocated with the first transmission after silence, freed
 * by the acknowledgment of the last. An idle connection has none of it, and none of what is here says anything of the
 * next flight. */
#ifndef TCP_FLIGHT_H
#define TCP_FLIGHT_H

#include <stdbool.h>

#include "ranges.h"
#include "rate.h"
#include "sent.h"
#include "validate.h"

struct tcb;
struct tcp_env;

struct tcp_flight {
	struct sent sent;
	struct ranges sacked; /* of [snd_una, snd_nxt), what the peer has */
	tcp_seq lost_edge;   /* below it all that was sent once and is neither sacked nor acknowledged is marked lost */
	berth_time xmit_at;  /* RFC 8985, of the segment sent last of those that have arrived: RACK.xmit_ts, */
	tcp_seq end_seq;     /* RACK.end_seq */
	tcp_seq small;       /* end of the last segment that was smaller than the MSS (Minshall's Nagle) */
	tcp_seq rtt_mark;    /* the next round trip is measured when it is acknowledged */
	tcp_seq reduced;     /* snd_nxt when cwnd was reduced last: once a round trip is enough (RFC 3168) */
	berth_time rto_from; /* when the retransmission timer was last started */
	struct tcp_rate_flight rate;
	struct tcp_validate validate;
};

/* What stands for it in an idle connection. */
extern const struct tcp_flight tcp_flight_none;

/* Something is about to be in flight. false: no memory. */
bool tcp_flight_begin(struct tcp_env *env, struct tcb *t);

/* Nothing is any more. */
void tcp_flight_end(struct tcp_env *env, struct tcb *t);

#endif
