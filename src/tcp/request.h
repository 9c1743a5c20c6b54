/* Half-open connections: what is kept of a peer's SYN until its ACK completes the handshake (RFC 9293 section 3.5). A
 * record of some 150 bytes instead of a whole control block, so that a flood of SYNs costs little and that is bounded;
 * the control block is made when the handshake is complete. */
#ifndef TCP_REQUEST_H
#define TCP_REQUEST_H

#include <berth/frame.h>

#include "endpoint.h"
#include "list.h"
#include "table.h"
#include "tcp_header.h"
#include "wheel.h"

struct tcb;
struct tcp_env;
struct tcp_segment;

/* Waits of 1, 2, 4 ... 64 and 120 seconds. */
#define TCP_REQUEST_STAGES 8

/* All of a host. Those that wait equally long are a list in the order of their ends, so that one timer serves all. */
struct tcp_requests {
	struct table table; /* by socket pair */
	struct list all;    /* by id, ascending */
	struct list stages[TCP_REQUEST_STAGES];
	struct tcp_request *walked; /* where the last snapshot walk stands, or NULL */
	struct wheel_timer timer;
	bool due; /* some waits are over: tcp_request_output has something to do */
};

struct tcp_request {
	struct table_node node;
	struct list_node all, stage;
	struct socket_pair pair;
	struct tcb *listener;
	uint64_t id;            /* as endpoints have them */
	berth_time waits_since; /* for the peer's ACK: the SYN-ACK left then, for the first time or again */
	uint32_t iss, irs;
	uint32_t ts_recent;
	uint32_t ms_challenge; /* when the next challenge ACK may leave: the clock's low bits */
	uint16_t mss_peer;     /* 0: it said none */
	uint16_t mss;          /* that our SYN-ACK says */
	uint16_t window;       /* of the SYN, and that of our SYN-ACK */
	uint16_t window_own;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t flags;      /* of the SYN */
	uint8_t n_timeouts; /* of the SYN-ACK, in a row */
	bool sack_ok : 1, ts_ok : 1, wscale_ok : 1;
	bool cookie : 1;  /* iss is a cookie (syncookie.h); such a record is never kept */
	bool again : 1;   /* the SYN-ACK left more than once: what comes back may answer any of them */
	bool acked : 1;   /* the peer's ACK came, but there was no room for the connection, or its data is waited for */
	bool has_rtt : 1; /* waits_since is when the SYN-ACK left */
	bool challenged : 1;                                  /* ms_challenge counts */
	bool fast_open_gives : 1, fast_open_experimental : 1; /* the SYN-ACK has a cookie (fastopen.h) */
};

/* 0 or BERTH_ENOMEM. */
int tcp_requests_init(struct tcp_env *env);
void tcp_requests_deinit(struct tcp_env *env);

/* The record of this pair, or NULL. */
struct tcp_request *tcp_request_find(const struct tcp_env *env, const struct socket_pair *pair);

/* What a SYN to the listener asks for. */
void tcp_request_fill(const struct tcp_env *env, struct tcp_request *r, struct tcb *listener,
		      const struct tcp_segment *segment, uint32_t iss);
/* Keeps a copy of r, and answers with the SYN-ACK. false: out of memory. */
bool tcp_request_keep(struct tcp_env *env, const struct tcp_request *r);
/* The SYN-ACK as env->reply. */
void tcp_request_reply(struct tcp_env *env, const struct tcp_request *r);

/* A segment for r: RFC 9293 section 3.10.7.4, SYN-RECEIVED. */
void tcp_request_in(struct tcp_env *env, struct tcp_request *r, const struct tcp_segment *segment);

/* The connection that r becomes, in SYN-RECEIVED, half open at its listener; r (which need not be one that was kept)
 * stays. NULL: out of memory. */
struct tcb *tcp_request_child(struct tcp_env *env, const struct tcp_request *r, uint32_t mtu);

/* Ends all of a listener's, without a word: their peers are told when they ask. */
void tcp_requests_end(struct tcp_env *env, const struct tcb *listener);

/* Some waits are over. */
void tcp_requests_expire(struct tcp_env *env);

#endif
