/* The size of packets that the path carries: what routers say of it (RFC 1191, 8201), with the doubts of RFC 5927
 * section 7, and what is known for the search in plpmtud.h. */
#ifndef TCP_PMTU_H
#define TCP_PMTU_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;

/* Sizes are of whole IP packets; t->mtu is what is used. */
struct tcp_pmtu {
	uint16_t max;      /* what the host's routes say: nothing larger is tried */
	uint16_t high;     /* the smallest that did not get through, 0: none */
	uint16_t probe;    /* of the probe in flight, 0: none */
	uint16_t said;     /* by a router, and not believed yet; 0: nothing. Not while a probe is in flight */
	uint32_t left;     /* where the probe begins, or the packet that the router speaks of; low 32 bits */
	uint32_t s_search; /* when a larger size is tried next, seconds */
	uint8_t n_lost;    /* probes of one size that were lost in a row */
	bool proven : 1;   /* a full segment of the size in use has arrived since it is in use */
	bool blackout : 1; /* the size was lowered since nothing got through: the one before is tried first */
};

/* A connection begins on a path of that size. */
void tcp_pmtu_begin(struct tcb *t, uint32_t mtu);

/* The host's idea of the path's size is another than t->pmtu.max. */
void tcp_pmtu_path(struct tcp_env *env, struct tcb *t, uint32_t mtu);

/* n bytes were acknowledged, and something of the size in use is not known yet. */
void tcp_pmtu_acked(struct tcp_env *env, struct tcb *t, uint64_t n);
static inline bool tcp_pmtu_waits(const struct tcp_pmtu *pmtu)
{
	return !pmtu->proven || pmtu->probe || pmtu->said;
}

/* The retransmission timer fired; before the loss is recovered. */
void tcp_pmtu_timeout(struct tcp_env *env, struct tcb *t);

/* From now on packets are of at most `mtu` bytes. What is in flight and larger is lost, which is no congestion: it is
 * cut anew and sent again. */
void tcp_pmtu_lower(struct tcp_env *env, struct tcb *t, uint32_t mtu);

#endif
