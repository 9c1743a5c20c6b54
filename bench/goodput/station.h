/* A station: one end of a flow, which is a TCP connection that sends as much as it may from one side of the bottleneck
 * to the other. It is a berth host in this process, or the machine's kernel in a network namespace. */
#ifndef GOODPUT_STATION_H
#define GOODPUT_STATION_H

#include "hub.h"

#define STATION_PORT 5001

/* What it knows of its flow so far. Bytes of payload. */
struct station_report {
	/* of the one that receives */
	uint64_t n_received; /* by the program */
	uint64_t n_known;    /* segments that were there already; berth only */
	/* of the one that sends */
	uint64_t n_retransmitted;
	uint64_t n_timeouts, n_recoveries;
	uint64_t cwnd, ssthresh, ns_srtt, ns_rto;
	char failure[64]; /* "" while it lives */
};

struct station;

struct station_operations {
	/* A sender begins to connect. */
	void (*start)(struct station *station, berth_time now);
	/* Moves what there is to move. How many frames moved. */
	unsigned (*drive)(struct station *station, berth_time now);
	berth_time (*deadline)(const struct station *station);
	void (*report)(struct station *station, struct station_report *out);
	/* Writes what its TCP has counted to standard error, each line with `name` before it. */
	void (*counters)(struct station *station, const char *name);
	/* Its link belongs to the hub. */
	void (*free)(struct station *station);
};

struct station {
	const struct station_operations *operations;
};

struct station_config {
	bool sends;
	uint8_t own, peer;      /* their addresses are 10.0.0.own and 10.0.0.peer */
	const char *congestion; /* by name */
	uint64_t seed;
	uint32_t mtu;
	uint32_t buffer; /* bytes that a berth socket holds either way; 0: what the host gives by itself */
	bool offload;    /* a berth host makes and takes large segments, and the cable carries small ones */
	struct hub *hub; /* its side of the bottleneck */
};

/* Both: a station that listens or is ready to connect, its link at the hub. NULL and *why: it is not to be had here. */
struct station *station_berth(const struct station_config *config, const char **why);
struct station *station_kernel(const struct station_config *config, const char **why);

#endif
