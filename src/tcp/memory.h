/* What a connection's queues hold of the host's memory for queues (budget.h), and what gives way when that runs short.
 */
#ifndef TCP_MEMORY_H
#define TCP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;

/* Bytes of what lies ahead of a gap that a connection may keep while memory is short. */
#define TCP_AHEAD_PRESSED 65536u

/* t may keep `n` bytes more. In want of room, what lies ahead of a gap is thrown away first: t's own, then that of
 * those whose gap is oldest. It was not acknowledged, and comes again (RFC 2018 section 8 allows it although it was
 * reported). What was acknowledged is never thrown away. false, and counted: it may not. */
bool tcp_memory_admits(struct tcp_env *env, struct tcb *t, uint64_t n);

#endif
