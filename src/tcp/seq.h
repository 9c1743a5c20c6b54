/* Sequence numbers, unwrapped. */
#ifndef TCP_SEQ_H
#define TCP_SEQ_H

#include <stdint.h>

/* A position in a connection's sequence space; its low 32 bits are what the wire carries. */
typedef uint64_t tcp_seq;

/* Where a connection's own numbers begin: high enough that nothing subtracted from them goes below zero. */
#define TCP_SEQ_BASE (1ull << 32)

/* The position nearest to `near` with these low 32 bits (RFC 9293 section 3.4: arithmetic modulo 2^32). */
static inline tcp_seq tcp_seq_unwrap(uint32_t wire, tcp_seq near)
{
	return near + (uint64_t)(int64_t)(int32_t)(wire - (uint32_t)near);
}

#endif
