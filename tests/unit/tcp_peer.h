/* One berth TCP on virtual time, and its peer played by hand.
 *
 * Sequence numbers are relative: 0 is a side's SYN, 1 its first byte. On the wire both sides begin a little below 2^32,
 * so that every test crosses the wrap. Payload is position dependent: peer_byte says what lies at each place of a
 * stream. */
#ifndef TESTS_TCP_PEER_H
#define TESTS_TCP_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/host.h>
#include <berth/socket.h>

#include "heap.h"
#include "tcb.h"

#define MS 1000000ull
#define S 1000000000ull

/* Where the sides' numbers begin. */
#define PEER_ISS 0xfffffe00u
#define BERTH_ISS 0xffffff00u

#define PEER_PORT 1099
#define BERTH_PORT 80

/* A segment that berth sent. */
struct peer_segment {
	struct tcp_header h;
	uint32_t seq, ack; /* relative */
	uint32_t len;
	const uint8_t *data;
	const uint8_t *options;
	uint32_t n_options;
	uint16_t segment_size;
	bool reply;       /* from env->reply, not from a connection */
	uint8_t tos, ttl; /* of a reply */
	uint8_t ecn;      /* of the IP header */
	struct socket_pair pair;
	berth_time at;
};

/* What differs between tests; all zero is: no options on the peer's SYN, window 65535, MTU 1500. */
struct peer_setup {
	uint16_t mss;   /* 0: the option is absent */
	uint8_t wscale; /* said when has_wscale */
	bool has_wscale, sack, timestamps;
	uint16_t window;                              /* of the peer, field; 0: 65535 */
	uint32_t send_buffer_max, receive_buffer_max; /* 0: the buffers stay as they are */
	uint64_t memory_max;                          /* of all queues; 0: plenty */
	bool no_rack;                                 /* RFC 6675 instead of RFC 8985 */
	uint32_t send_buffer, receive_buffer, mtu, n_time_wait_max, n_half_open_max, ms_msl;
	unsigned fast_open;                             /* BERTH_FAST_OPEN_... */
	bool no_sack, no_timestamps, no_window_scaling; /* of berth */
	const char *congestion;
	int backlog;
	uint8_t ecn; /* enum berth_ecn */
	bool ip6;
	bool no_mtu_probing;
	bool quick_acks; /* the first acknowledgments leave at once; else tests begin with delayed ones */
};

struct peer {
	struct heap heap;
	struct berth_host_config config;
	struct peer_setup setup;
	struct pairs pairs;
	struct endpoints endpoints;
	struct budget budget;
	struct tcp_env env;
	struct socket_pair pair; /* of the connection */
	struct tcb *listener;
	struct tcb *t;           /* the user's, or the child that waits; NULL: none */
	uint16_t window;         /* field of segments in */
	uint32_t ts_val, ts_ecr; /* of segments in, when timestamps are in use */
	uint32_t payload_max;    /* for tcp_output */
	uint8_t ecn;             /* ECN bits of segments in */
	bool burst;              /* segments in come without a call of tcp_output between them */
	uint16_t segment_size;   /* of segments in that a link has joined; else 0 */
	struct peer_segment *out;
	size_t n_out, n_out_max;
	uint8_t *bytes;
	size_t n_bytes;
	berth_time began;
};

void peer_init(struct peer *p, const struct peer_setup *setup);
/* Frees all, and asserts that nothing is left allocated. */
void peer_deinit(struct peer *p);

uint8_t peer_byte(uint32_t position);

/* The peer's SYN, by its setup. */
struct tcp_header peer_syn(const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack);
/* A header with relative numbers, the window and timestamps of p. */
struct tcp_header peer_header(const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack);
/* Delivers a segment whose payload is the stream's bytes from `seq` on; then collects what leaves. */
void peer_in_header(struct peer *p, const struct tcp_header *h, uint32_t len);
void peer_in(struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len);
/* An ACK with SACK blocks, relative: n pairs of left and right. */
void peer_in_sack(struct peer *p, uint32_t seq, uint32_t ack, unsigned n, const uint32_t *edges);
/* The same with raw bytes: header, options and payload as they are. */
void peer_in_raw(struct peer *p, const uint8_t *segment, size_t n);

/* Collects what leaves. */
void peer_pump(struct peer *p);
void peer_clear(struct peer *p);
/* Virtual time goes on, timers run and what they send is collected. */
void peer_advance(struct peer *p, uint64_t ns);

/* The n-th segment collected; fails the test when there are not so many. */
const struct peer_segment *peer_at(const struct peer *p, size_t i);
/* Exactly one segment was collected: it. */
const struct peer_segment *peer_only(const struct peer *p);
void peer_none(const struct peer *p);
/* s is this; its payload is the stream's. */
void peer_expect(const struct peer_segment *s, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len);

/* ---- the user ---- */
struct tcb *peer_socket(struct peer *p);
void peer_listen(struct peer *p);
int peer_connect(struct peer *p);
/* Takes the waiting connection. */
void peer_accept(struct peer *p);
/* Sends the stream's bytes from `position` (of berth's stream, 1 the first) on; collects. How many. */
long peer_send(struct peer *p, uint32_t position, uint32_t n);
/* Reads all there is, which must be the peer's stream from `position` on. How many, or the error. */
long peer_recv(struct peer *p, uint32_t position, uint32_t n_max);
void peer_shutdown(struct peer *p, enum berth_shutdown how);
void peer_close(struct peer *p);
void peer_option(struct peer *p, int level, int option, int value);
int peer_error(struct peer *p);
enum berth_tcp_state peer_state(const struct peer *p);
const char *peer_state_name(enum berth_tcp_state state);

/* To ESTABLISHED, by either side, nothing in flight and nothing collected. */
void peer_establish_active(struct peer *p);
void peer_establish_passive(struct peer *p);
/* To any state, by real segments and calls, from `passive` or active opens. What is in flight then: see the grid. */
void peer_to_state(struct peer *p, enum berth_tcp_state state, bool passive);

#endif
