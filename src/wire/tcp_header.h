/* TCP headers and options, RFC 9293 section 3.1, 7323, 2018. */
#ifndef WIRE_TCP_HEADER_H
#define WIRE_TCP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_HEADER 20
#define TCP_HEADER_MAX 60
#define TCP_SACK_BLOCKS_MAX 4

#define TCP_FAST_OPEN_MIN 4 /* bytes of a cookie, RFC 7413 section 4.1.1: even */
#define TCP_FAST_OPEN_MAX 16

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_URG 0x20u
#define TCP_ECE 0x40u
#define TCP_CWR 0x80u

/* Where fields lie, from the header's first byte. */
#define TCP_OFF_SEQ 4
#define TCP_OFF_ACK 8
#define TCP_OFF_DATA_OFFSET 12
#define TCP_OFF_FLAGS 13
#define TCP_OFF_WINDOW 14
#define TCP_OFF_CHECKSUM 16
#define TCP_OFF_URGENT 18

struct tcp_sack_block {
	uint32_t left, right; /* wire sequence numbers, half open */
};

/* A segment's header in host order, with the options that we use; others are skipped (RFC 9293 MUST-6). */
struct tcp_header {
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint16_t window; /* as on the wire, not scaled */
	uint16_t urgent;
	uint8_t flags; /* TCP_FIN ... */
	uint8_t n_sacks;
	bool has_mss, has_wscale, has_sack_permitted, has_timestamp;
	uint16_t mss;
	uint8_t wscale; /* as on the wire: may exceed 14 */
	uint32_t ts_val, ts_ecr;
	bool has_fast_open;          /* RFC 7413; with SYN alone */
	bool fast_open_experimental; /* the option is that of before the RFC (RFC 6994) */
	uint8_t n_fast_open;         /* bytes of the cookie; 0: one is asked for */
	uint8_t fast_open[TCP_FAST_OPEN_MAX];
	struct tcp_sack_block sacks[TCP_SACK_BLOCKS_MAX];
};

/* Reads the header of a segment of n bytes: the header's length with options (20 to 60), or 0 when the segment is
 * shorter than its header says or the header shorter than 20 (*out is then untouched). Options: each is taken once (the
 * first), unknown kinds are skipped, a bad length ends the list and never the segment. The checksum is not looked at.
 * What is not there is 0, except that sacks is only written up to n_sacks, and the fast-open members only if
 * has_fast_open. */
size_t tcp_header_parse(const uint8_t *p, size_t n, struct tcp_header *out);

/* What tcp_header_emit writes: 20 to 60, a multiple of 4. n_sacks (4 at most) is cut to what fits beside the other
 * options. */
size_t tcp_header_len(const struct tcp_header *h);

/* Writes tcp_header_len(h) bytes, checksum 0; returns the next position. SYN options in Linux's order: MSS,
 * SACK-permitted, timestamps, NOP, window scale (without timestamps: MSS, NOP, NOP, SACK-permitted, NOP, window scale),
 * fast open and NOPs behind it;
 * otherwise NOP NOP timestamps, NOP NOP SACK. */
uint8_t *tcp_header_emit(const struct tcp_header *h, uint8_t *to);

#endif
