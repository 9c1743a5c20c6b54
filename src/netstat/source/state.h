/* The kernel's numbers for states, and ours. */
#ifndef NETSTAT_KERNEL_STATE_H
#define NETSTAT_KERNEL_STATE_H

#include "row.h"

/* include/net/tcp_states.h, which programs are not given; they are part of the interface all the same. */
enum kernel_state {
	KERNEL_ESTABLISHED = 1,
	KERNEL_SYN_SENT,
	KERNEL_SYN_RECV,
	KERNEL_FIN_WAIT1,
	KERNEL_FIN_WAIT2,
	KERNEL_TIME_WAIT,
	KERNEL_CLOSE,
	KERNEL_CLOSE_WAIT,
	KERNEL_LAST_ACK,
	KERNEL_LISTEN,
	KERNEL_CLOSING,
	KERNEL_NEW_SYN_RECV, /* a connection that is no more than a SYN yet */
};

/* The state of a socket of this protocol; false for a number that is none. */
bool kernel_state_read(enum netstat_protocol protocol, unsigned number, uint8_t *state);

/* The state of an SCTP association, which counts in its own numbers; false for a number that is none. */
bool kernel_state_read_association(unsigned number, uint8_t *state);

/* A set of our states as a set of the kernel's numbers; 0 when the protocol has none of them. */
uint32_t kernel_state_set(enum netstat_protocol protocol, uint32_t states);

/* Why nobody owns a socket that has no inode, which is to say no file that a process could hold. */
enum netstat_unowned kernel_state_unowned(enum netstat_protocol protocol, uint8_t state);

#endif
