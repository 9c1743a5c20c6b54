/* Explicit congestion notification, RFC 3168: routers mark instead of dropping, the receiver says so, the sender slows
 * down.
 *
 *	sender                                   receiver
 *	new data with ECT(0) -------- CE ------> echoes with ECE in every segment
 *	reduces cwnd once a round trip <-- ECE --
 *	the next new data with CWR ------------> stops echoing
 *
 * Only ECT(0) is sent: the nonce of ECT(1) is history (RFC 8311 section 3), and what arrives with it is not marked. */
#ifndef TCP_ECN_H
#define TCP_ECN_H

#include <stdbool.h>

#include "seq.h"

struct tcb;
struct tcp_env;
struct tcp_header;
struct tcp_plan;

/* The two bits of an IP header. */
enum tcp_ecn_bits {
	TCP_ECN_NOT_ECT = 0,
	TCP_ECN_ECT1 = 1,
	TCP_ECN_ECT0 = 2,
	TCP_ECN_CE = 3,
};

struct tcp_ecn {
	bool asked : 1;   /* our SYN says that we can */
	bool ok : 1;      /* both sides have said so */
	bool echo : 1;    /* a mark has come and its CWR has not */
	bool cwr_due : 1; /* the next new data says that cwnd was reduced */
};

/* A connection begins with our own SYN, or with the peer's. */
void tcp_ecn_begin(const struct tcp_env *env, struct tcb *t);
/* What our SYN or SYN-ACK says of it: header flags. */
unsigned tcp_ecn_syn_flags(const struct tcb *t);
/* The SYN-ACK's flags in answer to a SYN with these. */
unsigned tcp_ecn_answer(const struct tcp_env *env, unsigned syn_flags);
/* What the peer's SYN or SYN-ACK says of it. */
void tcp_ecn_take_syn(struct tcp_env *env, struct tcb *t, const struct tcp_header *h);
/* The peer's SYN has come again. */
void tcp_ecn_repeated_syn(struct tcb *t, const struct tcp_header *h);

/* For connections with `ok`: a segment of data or FIN that lies in the window has come, with these bits. */
void tcp_ecn_data_in(struct tcp_env *env, struct tcb *t, unsigned flags, unsigned bits);
/* An acknowledgment with ECE has come. */
void tcp_ecn_echo_in(struct tcp_env *env, struct tcb *t);
/* The plan is new data: CWR when it is due. Its packet may be marked. */
void tcp_ecn_plan(struct tcb *t, struct tcp_plan *plan);

/* cwnd has not been reduced for what was sent in this round trip: a loss counts. */
bool tcp_ecn_may_reduce(const struct tcb *t);
/* cwnd was reduced, for whatever reason. */
void tcp_ecn_reduced(struct tcb *t);

#endif
