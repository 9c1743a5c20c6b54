/* A row: one socket of the machine or of a berth host, and everything that netstat can say about it.
 *
 * Rows flow: a source makes one on its stack and hands it on, enrichment fills in what was asked for, the filter looks
 * at it, a writer prints it. Nobody keeps a row; who must (to sort, to compare) copies it with netstat_rows_add. Texts
 * and structs that a row points to are borrowed: those made by a source live for the call, those of the tables of
 * enrichment (processes, users, names) as long as their table.
 *
 * What is not known is 0 or NULL, and where 0 says something, a member or a bit beside it tells which. */
#ifndef NETSTAT_ROW_H
#define NETSTAT_ROW_H

#include "keep.h"

#include <berth/address.h>
#include <berth/snapshot.h>

/* X(NAME, text): what a socket speaks. The text is the column Proto's, without the 6 that follows it for IPv6. */
#define NETSTAT_PROTOCOL_MAP(X)                                                                                        \
	X(TCP, "tcp")                                                                                                  \
	X(MPTCP, "mptcp")                                                                                              \
	X(UDP, "udp")                                                                                                  \
	X(UDPLITE, "udplite")                                                                                          \
	X(SCTP, "sctp")                                                                                                \
	X(DCCP, "dccp")                                                                                                \
	X(RAW, "raw")                                                                                                  \
	X(UNIX, "unix")

enum netstat_protocol {
#define X(name, text) NETSTAT_##name,
	NETSTAT_PROTOCOL_MAP(X)
#undef X
		NETSTAT_PROTOCOL_N
};

/* X(NAME, text): TCP's states are those of berth_tcp_state, with the same numbers. OPEN is the state of whatever has no
 * peer and does not listen: an unconnected UDP socket, a raw one, a Unix socket that is not connected. */
#define NETSTAT_STATE_MAP(X)                                                                                           \
	BERTH_TCP_STATE_MAP(X)                                                                                         \
	X(OPEN, "")

enum netstat_state {
#define X(name, text) NETSTAT_STATE_##name,
	NETSTAT_STATE_MAP(X)
#undef X
		NETSTAT_STATE_N
};

/* Sets of protocols, of states and of families: bits by number. */
#define NETSTAT_BIT(n) (UINT32_C(1) << (n))
#define NETSTAT_ALL_PROTOCOLS (NETSTAT_BIT(NETSTAT_PROTOCOL_N) - 1)
#define NETSTAT_ALL_STATES (NETSTAT_BIT(NETSTAT_STATE_N) - 1)
#define NETSTAT_IP4 1u
#define NETSTAT_IP6 2u
#define NETSTAT_ALL_FAMILIES 3u /* Unix sockets have no family and are in every set */

/* What has to be known of each row; a set of these is what columns, filter, order and explanation ask for. A source
 * brings the first group, enrichment the second. */
enum netstat_need {
	NETSTAT_NEED_TCP = 1u << 0,        /* row.tcp */
	NETSTAT_NEED_CONGESTION = 1u << 1, /* row.congestion */
	NETSTAT_NEED_CGROUP_ID = 1u << 2,  /* row.cgroup_id */
	NETSTAT_NEED_PEER = 1u << 3,       /* a Unix socket's peer and path */

	NETSTAT_NEED_OWNERS = 1u << 8,       /* row.owners: which processes, with their names */
	NETSTAT_NEED_COMMAND = 1u << 9,      /* their command lines */
	NETSTAT_NEED_EXECUTABLE = 1u << 10,  /* their executables, and what is odd about them */
	NETSTAT_NEED_CGROUP = 1u << 11,      /* their control group, unit and container */
	NETSTAT_NEED_USER = 1u << 12,        /* row.user */
	NETSTAT_NEED_INTERFACE = 1u << 13,   /* row.interface_name */
	NETSTAT_NEED_SERVICES = 1u << 14,    /* row.local_service, row.foreign_service */
	NETSTAT_NEED_NAMES = 1u << 15,       /* row.local_name, row.foreign_name */
	NETSTAT_NEED_LISTENER = 1u << 16,    /* row.listener */
	NETSTAT_NEED_DIRECTION = 1u << 17,   /* row.direction */
	NETSTAT_NEED_EXPLANATION = 1u << 18, /* row.findings, row.explanation */
};

enum netstat_direction {
	NETSTAT_DIRECTION_NONE, /* not a connection */
	NETSTAT_DIRECTION_UNKNOWN,
	NETSTAT_DIRECTION_IN,  /* the peer opened it */
	NETSTAT_DIRECTION_OUT, /* this side did */
};

enum netstat_timer {
	NETSTAT_TIMER_OFF,
	NETSTAT_TIMER_ON, /* retransmission, or early retransmit or tail loss probe */
	NETSTAT_TIMER_KEEPALIVE,
	NETSTAT_TIMER_TIMEWAIT,
	NETSTAT_TIMER_PROBE, /* of a closed window */
};

/* Why a socket has no owner to show. */
enum netstat_unowned {
	NETSTAT_OWNED,             /* it has, or nobody looked */
	NETSTAT_UNOWNED_TIMEWAIT,  /* TIME_WAIT: the program has closed it and only the kernel keeps it */
	NETSTAT_UNOWNED_CLOSED,    /* the program has closed it, and the kernel finishes the conversation */
	NETSTAT_UNOWNED_WAITING,   /* the handshake is not done, or it waits for accept: its listener has it */
	NETSTAT_UNOWNED_DENIED,    /* another user's; its processes may not be looked at */
	NETSTAT_UNOWNED_ELSEWHERE, /* of the kernel itself, or of a process that is not in this PID namespace */
};

/* A network namespace. The text is "" for the one netstat runs in when nothing better is known. */
struct netstat_namespace {
	uint64_t inode;   /* of /proc/PID/ns/net; 0: not known */
	const char *name; /* of `ip netns`, else "pid:N", N a process in it, else its path; never NULL */
};

/* A process, as far as it was looked at (process/process_table.h). */
struct netstat_process {
	int pid;
	uint32_t uid;           /* effective */
	uint32_t known;         /* set of NETSTAT_NEED_OWNERS, _COMMAND, _EXECUTABLE, _CGROUP that have been read */
	const char *program;    /* last part of its executable's path or of argv[0]; else the kernel's name of it; never
				   NULL */
	const char *command;    /* arguments with a space between them; control characters as '?' */
	const char *executable; /* path, without " (deleted)"; NULL: may not be read */
	bool executable_deleted;
	bool executable_writable; /* it, or a directory above it, may be written by everybody (sticky or not) */
	bool stdin_socket;        /* its standard input is a socket */
	const char *cgroup;       /* path in the unified hierarchy, else the first one's; NULL: none */
	const char *unit;         /* systemd's: "nginx.service", "session-4.scope"; NULL: none */
	const char *container;    /* "docker:0123456789ab", "podman:...", "lxc:NAME", "machine:NAME"; NULL: none */
	uint64_t s_started;       /* since boot; 0: not known */
};

struct netstat_owner {
	const struct netstat_process *process;
	int descriptor;
};

/* What only TCP has. A berth host knows all but what is marked (kernel). */
struct netstat_tcp {
	uint64_t ns_srtt, ns_rttvar, ns_rto;
	uint64_t cwnd, ssthresh; /* bytes; ssthresh UINT64_MAX: not set yet */
	uint64_t snd_wnd, rcv_wnd, mss;
	uint64_t bytes_sent, bytes_received;       /* payload; sent: first transmissions only */
	uint64_t bytes_retransmitted, bytes_acked; /* bytes_acked (kernel): counts an active opener's SYN */
	uint64_t segments_sent, segments_received, segments_retransmitted;
	uint64_t notsent;                        /* (kernel) of send_q, bytes not yet sent once */
	uint64_t ms_last_sent, ms_last_received; /* (kernel) since the last data segment each way */
	uint64_t delivery_rate;                  /* bytes per second */
	bool has_bytes; /* bytes_sent, bytes_acked and notsent are known: the kernel is 4.19 or later */
};

struct netstat_row {
	uint8_t protocol;  /* enum netstat_protocol */
	uint8_t state;     /* enum netstat_state */
	uint8_t family;    /* BERTH_IP4, BERTH_IP6; 0: Unix */
	uint8_t timer;     /* enum netstat_timer */
	uint8_t unowned;   /* enum netstat_unowned */
	uint8_t direction; /* enum netstat_direction */
	uint8_t unix_type; /* SOCK_STREAM ...; 0: not Unix */
	bool v6only;
	struct berth_socket_address local,
		foreign; /* any:0 where there is none; raw: the port is the IP protocol's number */
	uint64_t recv_q; /* bytes not read; a listener: connections waiting for accept */
	uint64_t send_q; /* bytes not acknowledged, or not sent; a listener: its backlog */
	uint64_t inode, cookie;
	uint64_t drops;
	uint64_t cgroup_id;
	uint32_t uid, interface, mark;
	uint32_t timer_count; /* retransmissions, probes */
	uint64_t ms_timer;    /* until it expires */
	uint64_t ms_age;      /* since it was opened, or entered TIME_WAIT */
	bool has_uid, has_age;
	const struct netstat_tcp *tcp; /* NULL: not TCP, not asked for, or not known */
	const char *congestion;
	const char *path;    /* Unix: of the file system, or "@NAME" of the abstract name space; NULL: none */
	uint64_t peer_inode; /* Unix: the other end's */
	const char *host;    /* the berth host that has it; NULL: the machine's kernel */
	const struct netstat_namespace *ns; /* NULL: netstat's own */

	/* Filled in by enrichment. */
	const struct netstat_owner
		*owners;   /* by PID and descriptor; n_owners may be more than the array has: see below */
	uint32_t n_owners; /* all of them; the array has at most NETSTAT_OWNERS_MAX */
	const char *user;
	const char *interface_name;
	const char *local_service, *foreign_service;
	const char *local_name, *foreign_name;       /* of hosts */
	const struct berth_socket_address *listener; /* where the listener it came in through waits; NULL: none */
	const struct netstat_process *listener_process;
	bool foreign_listens; /* the foreign end is a listener of this machine, too: this end opened the connection */
	uint64_t findings;    /* set of bits by enum finding (finding.h) */
	const char *explanation; /* a line in plain words */

	/* Filled in by the difference between two looks (watch/changes.h). */
	uint64_t rx_rate, tx_rate; /* payload, bytes per second */
	bool has_rates;
};

#define NETSTAT_OWNERS_MAX 8u

/* "tcp", "unix". Static text. */
const char *netstat_protocol_name(enum netstat_protocol protocol);

/* "ESTABLISHED"; of Unix sockets "LISTENING", "CONNECTED"; of an unconnected one "". Static text. */
const char *netstat_state_name(const struct netstat_row *row);

/* "in", "out", "unknown", "". "off", "on", "keepalive", "timewait", "probe". Static texts. */
const char *netstat_direction_name(enum netstat_direction direction);
const char *netstat_timer_name(enum netstat_timer timer);

/* Why it has no owner, in a few plain words; "" for NETSTAT_OWNED. Static text. */
const char *netstat_unowned_text(enum netstat_unowned why);

/* It has a peer: foreign is an address and not the wildcard, or a Unix socket is connected. */
bool netstat_row_has_peer(const struct netstat_row *row);

/* It waits for whoever comes: LISTEN, or a socket without a peer of a protocol that does not listen. */
bool netstat_row_waits(const struct netstat_row *row);

/* The port at which the service of a conversation is. For a listener, and what came in, the local port; for what went
 * out, the foreign one; else the one that has a registered name, or the lower one. 0: none. *local tells which end it
 * is. */
uint16_t netstat_row_service_port(const struct netstat_row *row, bool *local);

/* The widest network that an address belongs to. */
enum netstat_scope {
	NETSTAT_SCOPE_NONE,      /* no address */
	NETSTAT_SCOPE_ANY,       /* 0.0.0.0, :: : a listener for all of them */
	NETSTAT_SCOPE_LOOPBACK,  /* 127.0.0.0/8, ::1 */
	NETSTAT_SCOPE_LINK,      /* 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291) */
	NETSTAT_SCOPE_PRIVATE,   /* RFC 1918, RFC 6598's 100.64.0.0/10, fc00::/7 (RFC 4193) */
	NETSTAT_SCOPE_MULTICAST, /* and broadcast */
	NETSTAT_SCOPE_PUBLIC,
};
enum netstat_scope netstat_scope(const struct berth_address *address); /* v4-mapped: that of the IPv4 address */
const char *netstat_scope_name(enum netstat_scope scope);              /* "" , "any", "loopback" ... Static text. */

/* How a row's source or a part of enrichment tells what it could not read: one line without newline, in plain words. */
typedef void netstat_warn(void *user, const char *text);

/* Takes a row for the time of the call and may fill in what is borrowed. 0 to go on; anything else ends the walk, which
 * returns it. */
typedef int netstat_on_row(void *user, struct netstat_row *row);

/* Rows that are kept. What a row borrows from its source (path, congestion, tcp, owners) is copied; the rest stays
 * borrowed. Zero-initialise; a kept row does not move. */
struct netstat_rows {
	struct netstat_row **rows;
	size_t n, room;
	struct keep keep;
};
/* 0, or BERTH_ENOMEM and nothing is added. */
int netstat_rows_add(struct netstat_rows *rows, const struct netstat_row *row);
void netstat_rows_free(struct netstat_rows *rows);

#endif
