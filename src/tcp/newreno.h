/* Loss without SACK: duplicate acknowledgments, RFC 5681 section 3.2, RFC 6582 (NewReno) and RFC 3042. */
#ifndef TCP_NEWRENO_H
#define TCP_NEWRENO_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;
struct tcp_ack;

/* What an acknowledgment says has left the network, where a duplicate does not say which segment: ack->n_delivered. */
void tcp_newreno_count(struct tcb *t, struct tcp_ack *ack, bool dup);

/* Marks what it shows to be lost. Bytes newly marked. */
uint64_t tcp_newreno_detect(struct tcp_env *env, struct tcb *t, struct tcp_ack *ack, bool dup);

#endif
