/* Snapshots: what a host's sockets, interfaces, addresses, routes, neighbours and counters are at one moment, as rows,
 * and the text that carries them between programs (docs/snapshot-format.md). netstat reads rows and never the host's
 * insides. */
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

/* X(name, text): what congestion control is about, as berth_tcp_info's tcpi_ca_state. */
#define BERTH_TCP_RECOVERY_MAP(X)                                                                                      \
	X(OPEN, "open")                                                                                                \
	X(DISORDER, "disorder") /* something is missing, and may yet come */                                           \
	X(CWR, "cwr")           /* the network has said that it is congested, and lost nothing */                      \
	X(RECOVERY, "recovery") /* of a loss that acknowledgments told */                                              \
	X(LOSS, "loss")         /* of a retransmission timeout */

enum berth_tcp_recovery {
#define X(name, text) BERTH_TCP_RECOVERY_##name,
	BERTH_TCP_RECOVERY_MAP(X)
#undef X
		BERTH_TCP_RECOVERY_N
};

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
	uint64_t drops;    /* UDP: datagrams that found the receive queue full */
	uint64_t not_sent; /* of send_queue, bytes that have not left once */
	/* Bytes: between what is acknowledged and what was sent; of those, what the peer has, and what is believed lost
	 */
	uint64_t in_flight, sacked, lost;
	uint64_t mss_advertised, mtu; /* bytes: the MSS that our SYN says; the largest packet on the path */
	uint64_t ns_rtt_min;
	uint64_t delivery_rate; /* bytes a second, as measured last; 0: not known */
	/* What both sides have agreed on: RFC 7323, 2018, 3168 */
	bool timestamps, sack, window_scale, ecn;
	uint8_t snd_wscale, rcv_wscale;
	uint8_t recovery; /* enum berth_tcp_recovery */
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

/* ---- what a host has besides sockets ----
 *
 * The rows below name their interface by its number and by its name, so that each stands by itself. Times that remain
 * are nanoseconds from the moment of the snapshot, BERTH_FOR_EVER when there is no end. */
#define BERTH_FOR_EVER UINT64_MAX

/* X(name, text): who says that the host has an address, a route or a server of names. */
#define BERTH_ORIGIN_MAP(X)                                                                                            \
	X(STATIC, "static")         /* given by hand */                                                                \
	X(LOOPBACK, "loopback")     /* every host has it */                                                            \
	X(ADDRESS, "address")       /* a route: came with an address, to its network */                                \
	X(LINK_LOCAL, "link-local") /* RFC 4291 section 2.5.6: formed by the host itself */                            \
	X(ROUTER, "router")         /* router advertisements, RFC 4861 and 4862 */                                     \
	X(DHCP, "dhcp")             /* RFC 2131 */                                                                     \
	X(REDIRECT, "redirect")     /* a router's redirect */

enum berth_origin {
#define X(name, text) BERTH_ORIGIN_##name,
	BERTH_ORIGIN_MAP(X)
#undef X
		BERTH_ORIGIN_N
};

/* X(name, text): what an address may be used for, RFC 4862 section 2. */
#define BERTH_ADDRESS_STATE_MAP(X)                                                                                     \
	X(PREFERRED, "preferred")   /* everything */                                                                   \
	X(TENTATIVE, "tentative")   /* nothing yet: is asked whether it is taken */                                    \
	X(DEPRECATED, "deprecated") /* conversations that there are, no new ones */                                    \
	X(DUPLICATE, "duplicate")   /* nothing: another station has it */

enum berth_address_state {
#define X(name, text) BERTH_ADDRESS_##name,
	BERTH_ADDRESS_STATE_MAP(X)
#undef X
		BERTH_ADDRESS_STATE_N
};

/* X(name, text): how far a neighbour is known, RFC 4861 section 7.3.2; of both families. */
#define BERTH_NEIGHBOUR_STATE_MAP(X)                                                                                   \
	X(INCOMPLETE, "INCOMPLETE") /* asked for, MAC address unknown */                                               \
	X(REACHABLE, "REACHABLE")   /* heard of lately */                                                              \
	X(STALE, "STALE")           /* not lately */                                                                   \
	X(DELAY, "DELAY")           /* used since then; will be asked again */                                         \
	X(PROBE, "PROBE")           /* is being asked again */                                                         \
	X(FAILED, "FAILED")         /* did not answer */

enum berth_neighbour_state {
#define X(name, text) BERTH_NEIGHBOUR_##name,
	BERTH_NEIGHBOUR_STATE_MAP(X)
#undef X
		BERTH_NEIGHBOUR_STATE_N
};

/* X(name, text): which of two routes to the same network is taken, RFC 4191 section 2.1. */
#define BERTH_PREFERENCE_MAP(X)                                                                                        \
	X(MEDIUM, "medium")                                                                                            \
	X(HIGH, "high")                                                                                                \
	X(LOW, "low")

enum berth_preference {
#define X(name, text) BERTH_PREFERENCE_##name,
	BERTH_PREFERENCE_MAP(X)
#undef X
		BERTH_PREFERENCE_N
};

/* Their texts. Static, "?" for a number that is none. */
const char *berth_origin_name(enum berth_origin origin);
const char *berth_address_state_name(enum berth_address_state state);
const char *berth_neighbour_state_name(enum berth_neighbour_state state);
const char *berth_preference_name(enum berth_preference preference);

struct berth_interface_row {
	uint32_t index; /* 0: the loopback */
	char name[BERTH_INTERFACE_NAME_MAX];
	uint8_t mac[6]; /* all zero: none */
	bool up, ethernet;
	uint8_t hop_limit; /* of packets that the host sends here */
	uint32_t mtu;      /* bytes of an IP packet */
	/* Frames, or packets where the link has none; bytes count their headers. A frame that is received and dropped
	 * as wrong is an error, one that there was no room for a drop. */
	uint64_t frames_in, bytes_in, multicast_in, errors_in, drops_in;
	uint64_t frames_out, bytes_out, drops_out;
};

struct berth_address_row {
	uint32_t index;
	char interface[BERTH_INTERFACE_NAME_MAX];
	struct berth_address address;
	uint8_t prefix;
	uint8_t state;                   /* enum berth_address_state */
	uint8_t origin;                  /* enum berth_origin */
	uint64_t ns_valid, ns_preferred; /* remain */
};

struct berth_route_row {
	uint32_t index;
	char interface[BERTH_INTERFACE_NAME_MAX];
	struct berth_address destination; /* the network: of the right family, all zero for a default route */
	uint8_t prefix;
	struct berth_address gateway; /* family BERTH_ANY_FAMILY: none, on the link */
	struct berth_address source;  /* of packets that go there; family BERTH_ANY_FAMILY: chosen for each */
	uint8_t origin;               /* enum berth_origin */
	uint8_t preference;           /* enum berth_preference */
	uint32_t mtu;                 /* 0: the interface's */
	uint64_t ns_remaining;
};

/* A multicast group that an interface has joined. */
struct berth_group_row {
	uint32_t index;
	char interface[BERTH_INTERFACE_NAME_MAX];
	struct berth_address group;
	uint32_t users; /* sockets, and the host itself */
};

struct berth_neighbour_row {
	uint32_t index;
	char interface[BERTH_INTERFACE_NAME_MAX];
	struct berth_address address;
	uint8_t mac[6];    /* all zero: not known */
	uint8_t state;     /* enum berth_neighbour_state */
	bool router;       /* says that it is one */
	uint64_t ns_since; /* it was known to be reachable; BERTH_FOR_EVER: it never was */
};

/* A server of names. */
struct berth_dns_row {
	struct berth_address server;
	uint8_t origin; /* enum berth_origin */
	uint64_t ns_remaining;
};

/* A domain in which names without a dot are looked for. */
struct berth_search_row {
	char domain[BERTH_DOMAIN_MAX];
	uint8_t origin; /* enum berth_origin */
	uint64_t ns_remaining;
};

/* Walks what the host has at `now`, as berth_host_snapshot_next walks sockets: *cursor is 0 before the first call and
 * berth's own afterwards; true and *row, or false: no more. Of addresses, routes, groups, servers and domains that come
 * and go during a walk some may be missed or seen twice; neighbours and interfaces that live through it are seen once.
 */
bool berth_host_interface_next(const struct berth_host *host, uint64_t *cursor, struct berth_interface_row *row);
bool berth_host_address_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			     struct berth_address_row *row);
bool berth_host_route_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			   struct berth_route_row *row);
/* The groups that every host has joined for good (224.0.0.1, ff02::1) are among them. */
bool berth_host_group_next(const struct berth_host *host, uint64_t *cursor, struct berth_group_row *row);
bool berth_host_neighbour_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			       struct berth_neighbour_row *row);
/* Servers of names and search domains, in the order of their use. */
bool berth_host_dns_next(const struct berth_host *host, berth_time now, uint64_t *cursor, struct berth_dns_row *row);
bool berth_host_search_next(const struct berth_host *host, berth_time now, uint64_t *cursor,
			    struct berth_search_row *row);

/* ---- text ---- */

/* What a snapshot's first line tells. */
struct berth_snapshot_head {
	char host[BERTH_HOST_NAME_MAX];
	long pid;
};

/* Room for any line that the functions below write, newline and NUL included. */
#define BERTH_SNAPSHOT_LINE 2048

/* Each writes one line into out[BERTH_SNAPSHOT_LINE] and returns its length. A snapshot is a head, the lines of rows
 * and counters in any order (servers of names and domains in that of their use), and an end line (without which it was
 * cut short). */
size_t berth_snapshot_write_head(const struct berth_snapshot_head *head, char *out);
size_t berth_snapshot_write_socket(const struct berth_socket_row *row, char *out);
size_t berth_snapshot_write_interface(const struct berth_interface_row *row, char *out);
size_t berth_snapshot_write_address(const struct berth_address_row *row, char *out);
size_t berth_snapshot_write_route(const struct berth_route_row *row, char *out);
size_t berth_snapshot_write_group(const struct berth_group_row *row, char *out);
size_t berth_snapshot_write_neighbour(const struct berth_neighbour_row *row, char *out);
size_t berth_snapshot_write_dns(const struct berth_dns_row *row, char *out);
size_t berth_snapshot_write_search(const struct berth_search_row *row, char *out);
size_t berth_snapshot_write_counter(const struct berth_counter *counter, char *out);
size_t berth_snapshot_write_end(char *out);

enum berth_snapshot_line {
	BERTH_SNAPSHOT_HEAD,
	BERTH_SNAPSHOT_SOCKET,
	BERTH_SNAPSHOT_COUNTER, /* counter.name points into `line`, counter.text is "" */
	BERTH_SNAPSHOT_END,
	BERTH_SNAPSHOT_UNKNOWN, /* a line of a later version: skip it */
	BERTH_SNAPSHOT_INTERFACE,
	BERTH_SNAPSHOT_ADDRESS,
	BERTH_SNAPSHOT_ROUTE,
	BERTH_SNAPSHOT_GROUP,
	BERTH_SNAPSHOT_NEIGHBOUR,
	BERTH_SNAPSHOT_DNS,
	BERTH_SNAPSHOT_SEARCH,
};

struct berth_snapshot_item {
	struct berth_snapshot_head head;
	struct berth_socket_row row;
	struct berth_counter counter;
	struct berth_interface_row interface;
	struct berth_address_row address;
	struct berth_route_row route;
	struct berth_group_row group;
	struct berth_neighbour_row neighbour;
	struct berth_dns_row dns;
	struct berth_search_row search;
};

/* Reads one line (NUL-terminated, with or without its newline; may be written to). Which kind it is and the member of
 * *out that goes with it; BERTH_EPROTO for a line that is no snapshot's, BERTH_EPROTONOSUPPORT for a version that is
 * not ours. */
int berth_snapshot_parse(char *line, struct berth_snapshot_item *out);

#ifdef __cplusplus
}
#endif
#endif
