/* Buffers that size themselves, until the user says how large they are to be (SO_SNDBUF, SO_RCVBUF).
 *
 * The receive buffer follows what the user reads in a round trip (dynamic right-sizing): the peer sends no faster than
 * the window lets it, so twice of what was read lets it double its rate, and what grows is grown ahead. The receiver's
 * round trip comes from the timestamps that the peer sends back, or from the time that it takes to use up a window. The
 * send buffer follows cwnd: as much again as is in flight waits for its acknowledgments. */
#ifndef TCP_TUNE_H
#define TCP_TUNE_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;
struct tcp_header;

/* What is measured of a connection that receives a lot. Times are microseconds, positions the low 32 bits: both only
 * ever compared with near ones. */
struct tcp_tune {
	uint32_t us_rtt;    /* as the receiver sees it, 0: not known yet */
	uint32_t turn_end;  /* rcv_nxt when it is measured next */
	uint32_t us_turn;   /* when that measurement began */
	uint32_t read_from; /* what the user had had when counting began */
	uint32_t us_read;   /* when that was */
	uint32_t n_read;    /* most bytes that were read in a round trip */
};

/* Data is in order up to rcv_nxt by a segment with header h, before its acknowledgment is thought of. */
void tcp_tune_arrival(struct tcp_env *env, struct tcb *t, const struct tcp_header *h);

/* The user has read. */
void tcp_tune_read(struct tcp_env *env, struct tcb *t);

void tcp_tune_end(struct tcp_env *env, struct tcb *t);

/* An acknowledgment has come, and a send found no room before it. */
void tcp_tune_send(struct tcp_env *env, struct tcb *t);

#endif
