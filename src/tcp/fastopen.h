/* Fast open (RFC 7413): data on the SYN, taken at once from a peer that has proved by a cookie that it is where it
 * says.
 */
#ifndef TCP_FASTOPEN_H
#define TCP_FASTOPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/frame.h>
#include <berth/socket.h>

#include "endpoint.h"
#include "siphash.h"
#include "tcp_header.h"

struct tcb;
struct tcp_env;
struct tcp_request;
struct tcp_segment;

/* Of a connection or listener; all zero is none of it. */
struct tcp_fast_open {
	uint16_t n_max;        /* TCP_FASTOPEN: connections that have not proved themselves yet; 0: no fast open */
	bool on_connect : 1;   /* TCP_FASTOPEN_CONNECT */
	bool no_cookie : 1;    /* TCP_FASTOPEN_NO_COOKIE */
	bool asks : 1;         /* the first SYN has the option */
	bool has_data : 1;     /* and data */
	bool deferred : 1;     /* connect has been called, and the SYN waits for the first data */
	bool child : 1;        /* a listener made it of a SYN with a good cookie: the user has it in SYN-RECEIVED */
	bool gives : 1;        /* the SYN-ACK has a cookie */
	bool experimental : 1; /* in the option of old */
	bool taken : 1;        /* the data on the SYN was taken, by the peer or from it */
};

/* What makes and checks a server's cookies: those of the old key are good, too, while a new one goes round. */
struct tcp_fast_open_keys {
	struct siphash_key now, old;
	bool has_old;
};

/* What a listener keeps of those that it has let in before their handshake was complete (section 5.1). */
struct tcp_fast_open_pending {
	uint32_t n;       /* in SYN-RECEIVED */
	uint32_t n_reset; /* were reset there: they count for a while, or a liar would have no limit */
	berth_time reset_until;
	bool own_keys;
	struct tcp_fast_open_keys keys;
};

/* What is known of a server, as seen from one of our addresses. */
struct tcp_fast_open_entry {
	uint8_t local[16], foreign[16];
	uint8_t family, scope;
	uint8_t n_cookie;  /* 0: none */
	bool experimental; /* it came in the option of old */
	uint8_t n_lost;    /* SYNs with data in a row that were not answered in time */
	uint8_t cookie[TCP_FAST_OPEN_MAX];
	uint16_t mss;
	berth_time lost_at, used_at;
};

#define TCP_FAST_OPEN_ENTRIES 64

struct tcp_fast_open_host {
	struct tcp_fast_open_keys keys;
	struct tcp_fast_open_entry *entries; /* of TCP_FAST_OPEN_ENTRIES; NULL: none was needed so far */
	unsigned n;
};

void tcp_fast_open_init(struct tcp_env *env);
void tcp_fast_open_deinit(struct tcp_env *env);

/* ---- the client ---- */

/* t, for which all of tcp_connect is done, begins: `wanted` for this once, else as its options say. true: its SYN waits
 * for data. */
bool tcp_fast_open_begin(struct tcp_env *env, struct tcb *t, bool wanted);
/* The data of t's SYN: how many bytes it takes, or BERTH_EINPROGRESS: none, as there is no cookie yet. The SYN leaves.
 */
long tcp_fast_open_send(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n);
/* The payload of t's first SYN. */
uint32_t tcp_fast_open_len(const struct tcb *t);
/* The SYN-ACK has come, and what it acknowledges is done with. */
void tcp_fast_open_answered(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, uint64_t iss);
/* A SYN was too big for the path: without its data it is sent again at once. */
void tcp_fast_open_too_big(struct tcp_env *env, struct tcb *t);
/* The first SYN was not answered in time. */
void tcp_fast_open_timeout(struct tcp_env *env, struct tcb *t);

/* ---- the server ---- */

/* A SYN to a listener. true: a connection has been made of it. false: it is a SYN like others; r then says whether the
 * SYN-ACK gives a cookie. */
bool tcp_fast_open_take(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment,
			struct tcp_request *r);
/* A connection that was let in before its handshake was complete has left SYN-RECEIVED. */
void tcp_fast_open_proved(struct tcp_env *env, struct tcb *t);
/* It was reset there. */
void tcp_fast_open_reset(struct tcp_env *env, struct tcb *t);
/* A new key of t, a listener: 16 bytes, and 16 more of the one before it. 0 or BERTH_EINVAL. */
int tcp_fast_open_set_key(struct tcb *t, const void *value, size_t n);

/* ---- both ---- */

/* The option of t's SYN or SYN-ACK; `again`: not the first. */
void tcp_fast_open_option(const struct tcp_env *env, const struct tcb *t, bool again, struct tcp_header *h);
/* The option with this listener's cookie for a peer. */
void tcp_fast_open_cookie(const struct tcp_env *env, const struct tcb *listener, const struct socket_pair *pair,
			  bool experimental, struct tcp_header *h);

#endif
