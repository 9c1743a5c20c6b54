/* Packetisation layer path MTU discovery (RFC 4821, RFC 8899): finding the size of packets by what arrives, where
 * routers say nothing.
 *
 *	a black hole   two timeouts in a row of a full segment: on with BASE_PLPMTU, then with the least
 *	the search     whenever a smaller size is in use than the route's, a segment of the user's data may be larger
 *than the others. Arrives it, then its size is used; three in a row lost, and it is too large. Nobody takes that loss
 *for congestion the end        when what works and what does not are near each other, until ten minutes later */
#ifndef TCP_PLPMTUD_H
#define TCP_PLPMTUD_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;

/* Of the next `unsent` new bytes a probe may leave now: its payload; 0: none. *hold: one may leave soon, and what else
 * there is to send waits until cwnd has room for it. */
uint32_t tcp_plpmtud_probe(struct tcp_env *env, struct tcb *t, uint64_t unsent, bool *hold);

/* It has left. */
void tcp_plpmtud_sent(struct tcp_env *env, struct tcb *t, uint32_t len);

/* It has arrived. */
void tcp_plpmtud_arrived(struct tcp_env *env, struct tcb *t);

/* Something was found lost outside of recovery. true: it is the probe alone; it is sent again in smaller segments, and
 * no recovery begins. */
bool tcp_plpmtud_lost(struct tcp_env *env, struct tcb *t);

/* The retransmission timer fired: perhaps the path swallows what is large. */
void tcp_plpmtud_timeout(struct tcp_env *env, struct tcb *t);

#endif
