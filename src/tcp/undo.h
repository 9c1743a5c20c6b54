/* Recoveries for nothing: what was sent again had arrived, or was late. Found by the timestamp of the acknowledgment
 * (Eifel detection, RFC 3522), by D-SACKs for all that was sent again (RFC 3708) or by F-RTO (RFC 5682), and answered
 * by RFC 4015.
 */
#ifndef TCP_UNDO_H
#define TCP_UNDO_H

#include <stdbool.h>

#include <berth/frame.h>

#include "seq.h"

struct tcb;
struct tcp_env;
struct tcp_ack;
struct tcp_header;

struct tcp_undo {
	tcp_seq marker;                /* snd_una when recovery began; 0: there is nothing to undo */
	tcp_seq until;                 /* beyond it, nothing more is heard of what was sent again */
	uint64_t n_again, n_duplicate; /* bytes sent again since then, and those that the peer reports it had */
	uint32_t ts_again;             /* timestamp of the first retransmission */
	bool ts_waits;                 /* no acknowledgment has advanced since it */
	bool timeout;                  /* the timer began it */
	uint64_t ns_srtt, ns_rttvar;   /* before it */
};

/* A recovery begins. */
void tcp_undo_begin(struct tcb *t, bool timeout);

/* n bytes were sent again. */
void tcp_undo_sent(const struct tcp_env *env, struct tcb *t, uint64_t n);

/* Looks whether the acknowledgment shows that the recovery was for nothing; then undoes it. true: it was. `una` is
 * snd_una before it. */
bool tcp_undo_ack(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, const struct tcp_ack *ack);

/* It was for nothing: RFC 4015 section 3.2. */
void tcp_undo(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack);

#endif
