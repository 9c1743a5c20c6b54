/* MSG_ZEROCOPY, for programs that use it on Linux. There a program leaves its memory alone until the socket's error
 * queue says that the kernel is done with it. This host always copies, as Linux does where a device cannot do without:
 * it says so at once, and that it has copied, from which programs learn that they may as well do without the flag. */
#ifndef TCP_ZEROCOPY_H
#define TCP_ZEROCOPY_H

#include <stdint.h>

struct tcb;
struct tcp_env;

/* Sends with MSG_ZEROCOPY that took something are numbered from 0. */
struct tcp_zerocopy {
	uint32_t next; /* the number of the next */
	uint32_t told; /* those before this are in the error queue, or were */
};

/* A send has taken something. Nothing without SO_ZEROCOPY. */
void tcp_zerocopy_sent(struct tcp_env *env, struct tcb *t);

/* What did not fit into the error queue may fit now. */
void tcp_zerocopy_tell(struct tcp_env *env, struct tcb *t);

#endif
