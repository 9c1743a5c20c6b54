/* RACK, RFC 8985 section 6: what was sent long enough before something that has arrived is lost. It needs no duplicates
 * to be counted, finds retransmissions that are lost, and waits a little for what is only late. */
#ifndef TCP_RACK_H
#define TCP_RACK_H

#include <stdbool.h>

#include <berth/frame.h>

#include "seq.h"

struct tcb;
struct tcp_env;
struct tcp_ack;

struct tcp_rack {
	uint64_t ns_rtt;         /* of the segment sent last of those that have arrived */
	uint32_t us_late;        /* as much later than what overtook it a segment has arrived, since persist began */
	uint32_t dsack_round;    /* snd_nxt on the wire when a D-SACK last widened the window */
	uint8_t reo_wnd_mult;    /* the window in quarters of the least round trip */
	uint8_t reo_wnd_persist; /* recoveries until it is one quarter again */
	bool reordering_seen;
	bool dsack_seen : 1; /* in this round */
	bool waits : 1;      /* something is late by less than the window */
};

/* A connection begins. */
void tcp_rack_begin(struct tcp_rack *rack);

/* Takes what the acknowledgment says has arrived: section 6.2, steps 2 to 4. */
void tcp_rack_update(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack);

/* Step 5: marks what is lost. Bytes newly marked. */
uint64_t tcp_rack_detect(struct tcp_env *env, struct tcb *t);

/* A segment arrived ns_rtt after it was sent, and was overtaken. The window grows to what this one would have needed;
 * by D-SACKs alone it would learn a quarter of the least round trip with each recovery for nothing. */
void tcp_rack_learn(struct tcp_rack *rack, uint64_t ns_rtt);

/* A recovery ends: what D-SACKs have widened wears off. */
void tcp_rack_recovered(struct tcp_rack *rack);

/* While it waits: when what is late is lost. */
berth_time tcp_rack_deadline(const struct tcb *t);

/* Section 6.3: after a retransmission timeout the first segment is lost, and what was sent so long ago that it should
 * have been heard of. */
void tcp_rack_mark_on_timeout(struct tcp_env *env, struct tcb *t);

#endif
