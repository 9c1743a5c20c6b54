/* Tail loss probe, RFC 8985 section 7: when the last segments of a flight are lost, nothing arrives that would show it.
 * One probe, sent well before the retransmission timer would fire, brings an acknowledgment that does. */
#ifndef TCP_TLP_H
#define TCP_TLP_H

#include <stdbool.h>

#include <berth/frame.h>

#include "seq.h"

struct tcb;
struct tcp_env;
struct tcp_ack;

struct tcp_tlp {
	uint32_t end_seq;     /* snd_nxt after the probe was sent, low 32 bits: TLP.end_seq */
	bool outstanding : 1; /* it has left, and what became of it is not known yet */
	bool again : 1;       /* it repeated a segment: TLP.is_retrans */
	bool single : 1;      /* the timer is set for a flight of one segment */
	bool due : 1;         /* it has to leave */
};

/* A probe may be waited for: section 7.2. */
bool tcp_tlp_wanted(const struct tcp_env *env, const struct tcb *t);

/* When: PTO from the last sending or acknowledgment on. */
berth_time tcp_tlp_deadline(const struct tcb *t);

/* The probe has left: it ends at snd_nxt. */
void tcp_tlp_sent(struct tcp_env *env, struct tcb *t, bool again);

/* Section 7.4: what an acknowledgment says of the outstanding probe. `dup`: it has the form of a duplicate. */
void tcp_tlp_ack(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack, bool dup);

#endif
