/* Loss by selective acknowledgments alone, RFC 6675: where RACK is not wanted. */
#ifndef TCP_SACK_LOSS_H
#define TCP_SACK_LOSS_H

#include <stdint.h>

struct tcb;
struct tcp_env;
struct tcp_ack;

/* Marks what the scoreboard shows to be lost, and in recovery what NextSeg's last rules send for want of better. Bytes
 * newly marked. */
uint64_t tcp_sack_loss_detect(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack);

#endif
