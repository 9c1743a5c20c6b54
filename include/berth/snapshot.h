/* Snapshots: what a host's sockets and counters are at one moment, as rows, and the text that carries them between
 * programs (docs/snapshot-format.md). netstat reads rows and never the host's insides. */
#ifndef BERTH_SNAPSHOT_H
#define BERTH_SNAPSHOT_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text): the states of RFC 9293 section 3.3.2, with netstat's names for them. */
#define BERTH_TCP_STATE_MAP(X)                                                                                         \
	X(CLOSED, "CLOSED")                                                                                            \
	X(LISTEN, "LISTEN")                                                                                            \
	X(SYN_SENT, "SYN_SENT")                                                                                        \
	X(SYN_RECEIVED, "SYN_RECV")                                                                                    \
	X(ESTABLISHED, "ESTABLISHED")                                                                                  \
	X(FIN_WAIT_1, "FIN_WAIT1")                                                                                     \
	X(FIN_WAIT_2, "FIN_WAIT2")                                                                                     \
	X(CLOSE_WAIT, "CLOSE_WAIT")                                                                                    \
	X(CLOSING, "CLOSING")                                                                                          \
	X(LAST_ACK, "LAST_ACK")                                                                                        \
	X(TIME_WAIT, "TIME_WAIT")

enum berth_tcp_state {
#define X(name, text) BERTH_TCP_##name,
	BERTH_TCP_STATE_MAP(X)
#undef X
		BERTH_TCP_STATE_N
};

/* "ESTABLISHED", "FIN_WAIT1". Static text, "?" for a number that is no state. */
const char *berth_tcp_state_name(enum berth_tcp_state state);

#define BERTH_PROTOCOL_TCP 6
#define BERTH_PROTOCOL_UDP 17

/* One socket. Members that do not apply are 0 (UDP has no state and no windows). */
struct berth_socket_row {
	uint8_t protocol; /* BERTH_PROTOCOL_... */
	uint8_t state;    /* enum berth_tcp_state */
	int descriptor;   /* -1: the program has closed or not yet accepted it */
	struct berth_socket_address local, foreign;
	uint64_t recv_queue;       /* bytes received and not read; a listener: connections waiting for accept */
	uint64_t send_queue;       /* bytes sent and not acknowledged, or not sent; a listener: the backlog */
	uint64_t snd_wnd, rcv_wnd; /* bytes */
	uint64_t cwnd, ssthresh;   /* bytes; ssthresh UINT64_MAX: not set yet */
	uint64_t ns_srtt, ns_rttvar, ns_rto;
	uint64_t mss;                              /* payload bytes of a full segment */
	uint64_t bytes_sent, bytes_received;       /* payload, first transmissions and in-order arrivals; UDP: all */
	uint64_t segments_sent, segments_received; /* or datagrams */
	uint64_t segments_retransmitted, bytes_retransmitted;
	uint64_t drops; /* UDP: datagrams that found the receive queue full */
	char congestion[BERTH_CONGESTION_NAME_MAX];
};

/* Walks the host's sockets. *cursor is 0 before the first call and berth's own afterwards; it stays good while sockets
 * come and go (one that lives through the walk is seen once). true and *row, or false: no more. */
bool berth_host_snapshot_next(struct berth_host *host, uint64_t *cursor, struct berth_socket_row *row);

/* The host's counters by number, 0 and up: name ("tcp_segments_in"), text for people and value; false beyond the last.
 */
struct berth_counter {
	const char *name;
	const char *text;
	uint64_t value;
};
bool berth_host_counter(const struct berth_host *host, size_t i, struct berth_counter *out);

/* What a snapshot's first line tells. */
struct berth_snapshot_head {
	char host[BERTH_HOST_NAME_MAX];
	long pid;
};

/* Room for any line that the functions below write, newline and NUL included. */
#define BERTH_SNAPSHOT_LINE 1024

/* Each writes one line into out[BERTH_SNAPSHOT_LINE] and returns its length. A snapshot is a head, socket and counter
 * lines in any order, and an end line (without which it was cut short). */
size_t berth_snapshot_write_head(const struct berth_snapshot_head *head, char *out);
size_t berth_snapshot_write_socket(const struct berth_socket_row *row, char *out);
size_t berth_snapshot_write_counter(const struct berth_counter *counter, char *out);
size_t berth_snapshot_write_end(char *out);

enum berth_snapshot_line {
	BERTH_SNAPSHOT_HEAD,
	BERTH_SNAPSHOT_SOCKET,
	BERTH_SNAPSHOT_COUNTER, /* counter.name points into `line`, counter.text is "" */
	BERTH_SNAPSHOT_END,
	BERTH_SNAPSHOT_UNKNOWN, /* a line of a later version: skip it */
};

struct berth_snapshot_item {
	struct berth_snapshot_head head;
	struct berth_socket_row row;
	struct berth_counter counter;
};

/* Reads one line (NUL-terminated, with or without its newline; may be written to). Which kind it is and the member of
 * *out that goes with it; BERTH_EPROTO for a line that is no snapshot's, BERTH_EPROTONOSUPPORT for a version that is
 * not ours. */
int berth_snapshot_parse(char *line, struct berth_snapshot_item *out);

#ifdef __cplusplus
}
#endif
#endif
