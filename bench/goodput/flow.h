/* A flow: one TCP connection that sends as much as it may from one side of the bottleneck to the other. Its ends are
 * two berth hosts in this process, or the machine's kernel in two network namespaces. */
#ifndef GOODPUT_FLOW_H
#define GOODPUT_FLOW_H

#include "hub.h"

/* What a flow has done so far. Bytes of payload. */
struct flow_report {
	uint64_t n_received; /* by the receiving program */
	uint64_t n_retransmitted;
	uint64_t n_timeouts;
	uint64_t n_recoveries;
	uint64_t n_spurious; /* segments that the receiver had already; berth only */
	uint64_t cwnd, ssthresh, ns_srtt, ns_rto;
	uint64_t pacing_rate; /* bytes a second; kernel only */
	char failure[64];     /* "" while it lives */
};

struct flow;

struct flow_operations {
	/* Begins to connect. */
	void (*start)(struct flow *flow, berth_time now);
	/* Moves what there is to move. How many frames moved. */
	unsigned (*drive)(struct flow *flow, berth_time now);
	berth_time (*deadline)(const struct flow *flow);
	void (*report)(struct flow *flow, struct flow_report *out);
	/* Its links belong to the hubs. */
	void (*free)(struct flow *flow);
};

struct flow {
	const struct flow_operations *operations;
};

struct flow_config {
	unsigned number;        /* from 0; its addresses are 10.0.0.(2n + 1) and 10.0.0.(2n + 2) */
	const char *congestion; /* by name */
	uint64_t seed;
	uint32_t mtu;
	uint32_t buffer;       /* bytes that berth's sockets hold either way; 0: what the host gives by itself */
	bool offload;          /* berth's hosts make and take large segments, and the cable carries small ones */
	struct hub *from, *to; /* the sides of the bottleneck */
};

/* Ends the program when it cannot be made. NULL: this berth has no congestion control of that name. */
struct flow *flow_berth(const struct flow_config *config);

/* NULL and *why: this system does not allow it. */
struct flow *flow_kernel(const struct flow_config *config, const char **why);

#endif
