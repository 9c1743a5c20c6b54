/* When what has arrived in order is acknowledged (RFC 5681 section 4.2, RFC 9293 section 3.8.6.3): at once while the
 * peer is likely to be in slow start or to recover from a loss, else each second full segment or after a while.
 *
 * What is out of order, fills a gap, is there already or lies beyond the window is acknowledged at once by whoever
 * finds that; it is not asked about here. */
#ifndef TCP_DELACK_H
#define TCP_DELACK_H

#include <stdbool.h>

#include <stdint.h>

struct tcb;
struct tcp_env;

/* All zero is a connection that has received nothing yet. */
struct tcp_delack {
	uint32_t us_at;   /* the latest data in order, microseconds that wrap; 0: none yet */
	uint8_t n_quick;  /* acknowledgments that still leave at once */
	bool interactive; /* what came was answered with data: an acknowledgment may wait for the next answer */
};

static inline bool tcp_delack_is_quick(const struct tcp_delack *d)
{
	return d->n_quick && !d->interactive;
}

/* `len` bytes have arrived in order: an acknowledgment leaves now, or the timer is set. */
void tcp_delack_data(struct tcp_env *env, struct tcb *t, uint32_t len);

/* An acknowledgment is due when the timer runs out, if not before. */
void tcp_delack_wait(struct tcp_env *env, struct tcb *t);

/* The next acknowledgments leave at once, `n_max` of them, or for half a window when that is less: the peer has lost
 * something or begins anew. */
void tcp_delack_quick(struct tcb *t, unsigned n_max);
#define TCP_QUICK_ACKS 16 /* as Linux: an initial window of ten, and half of the next */

/* New data leaves, and some has come before: when it answers what has just come, acknowledgments wait for its like. */
void tcp_delack_answer(struct tcp_env *env, struct tcb *t);

/* The timer has run out. */
void tcp_delack_timeout(struct tcp_env *env, struct tcb *t);

/* TCP_QUICKACK, with Linux's meaning: it sets where things stand now, and what comes moves them on. */
void tcp_delack_set(struct tcp_env *env, struct tcb *t, bool quick);

#endif
