/* What metrics.c counts and metrics_write.c writes. */
#ifndef NETSTAT_METRICS_PRIVATE_H
#define NETSTAT_METRICS_PRIVATE_H

#include "index.h"
#include "metrics.h"
#include "metrics_counters.h"

#define METRICS_RTT_BOUNDS 14u
#define METRICS_SCOPES (NETSTAT_SCOPE_PUBLIC + 1)
#define METRICS_DIRECTIONS (NETSTAT_DIRECTION_OUT + 1)
#define METRICS_UNKNOWN "unknown" /* the program of a socket whose owner is not known */
#define METRICS_OTHER "other"

struct metrics_bound {
	uint64_t ns;
	const char *seconds; /* as OpenMetrics wants it: a decimal number with a point */
};
extern const struct metrics_bound metrics_rtt_bounds[METRICS_RTT_BOUNDS];

enum metrics_family {
	METRICS_IP4,
	METRICS_IP6,
	METRICS_UNIX,
	METRICS_FAMILY_N,
};

typedef uint64_t metrics_sockets[NETSTAT_PROTOCOL_N][METRICS_FAMILY_N][NETSTAT_STATE_N];

/* Keyed by its name. */
struct metrics_host {
	metrics_sockets sockets;
	uint64_t *counters; /* by number of metrics_counters.h; both arrays are malloc's */
	bool *counted;      /* the counter was told, be it 0 */
};

/* Keyed by protocol, whether it has a name, and port. */
struct metrics_service {
	const char *name; /* NULL: it has none */
	uint16_t port;
	uint8_t protocol;
	uint64_t n[NETSTAT_STATE_N];
};

/* Keyed by its name. */
struct metrics_program {
	uint64_t n;
};

struct metrics_queues {
	uint64_t recv, send;             /* bytes, of all but listeners */
	uint64_t waiting, backlog, full; /* of listeners: connections, room for them, listeners without room */
	uint64_t drops;
	bool seen;
};

struct metrics_rtt {
	uint64_t buckets[METRICS_RTT_BOUNDS + 1]; /* each for itself, the last without bound */
	uint64_t n, ns_sum;
};

struct metrics {
	metrics_sockets sockets; /* the kernel's */
	uint64_t *counters;      /* as in metrics_host */
	bool *counted;
	struct index hosts, services, programs;
	struct metrics_queues queues[NETSTAT_PROTOCOL_N];
	struct metrics_rtt rtt[METRICS_SCOPES];
	uint64_t directions[METRICS_DIRECTIONS];
	uint64_t segments_sent, segments_retransmitted, bytes_retransmitted; /* of open TCP connections */
};

#endif
