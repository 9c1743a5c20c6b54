/* Congestion control: a table of functions over plain inputs. What is lost is found elsewhere (loss.c); here is only
 * how much may be in flight. */
#ifndef TCP_CC_H
#define TCP_CC_H

#include <stdbool.h>

#include <berth/frame.h>

struct tcp_cc;

/* What an acknowledgment tells it. */
struct tcp_cc_ack {
	uint64_t n_acked;  /* bytes that have left the network */
	uint64_t ns_srtt;  /* 0: none yet */
	bool cwnd_limited; /* cwnd held data back: only then may it grow (RFC 7661, RFC 9438 section 5.8) */
	berth_time now;
};

struct tcp_congestion {
	const char *name;
	/* The connection begins, or idled so long that what was known of the path is void. */
	void (*init)(struct tcp_cc *cc);
	/* Outside of fast recovery, for each acknowledgment of new data. */
	void (*on_ack)(struct tcp_cc *cc, const struct tcp_cc_ack *ack);
	/* Loss was found by acknowledgments: sets ssthresh and cwnd. Once a window. */
	void (*on_loss)(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now);
	/* The retransmission timer fired, for the first time in this loss: sets ssthresh; the caller sets cwnd to one
	 * segment. */
	void (*on_timeout)(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now);
};

struct tcp_cc_cubic {
	double w_max, k, w_est, cwnd_prior; /* segments, seconds */
	berth_time epoch;                   /* when the current growth began, 0: not yet */
};

struct tcp_cc {
	const struct tcp_congestion *ops;
	uint64_t cwnd, ssthresh; /* bytes; ssthresh UINT64_MAX at first */
	uint64_t n_credit;       /* bytes acknowledged that have not grown cwnd yet */
	uint32_t mss;
	union {
		struct tcp_cc_cubic cubic;
	} u;
};

/* By name, NULL: none. */
const struct tcp_congestion *tcp_congestion_find(const char *name);

/* Initial window of RFC 6928 section 2: min(10 * MSS, max(2 * MSS, 14,600)). */
uint64_t tcp_cc_initial_window(uint32_t mss);

/* Begins with ops: initial window, no threshold. */
void tcp_cc_begin(struct tcp_cc *cc, const struct tcp_congestion *ops, uint32_t mss);

/* Slow start (RFC 5681 section 3.1 with byte counting, RFC 3465): grows cwnd up to ssthresh; bytes acknowledged that
 * are left over. */
uint64_t tcp_cc_slow_start(struct tcp_cc *cc, uint64_t n_acked);

/* Congestion avoidance of RFC 5681: one MSS for each `window` bytes acknowledged. */
void tcp_cc_avoid(struct tcp_cc *cc, uint64_t n_acked, uint64_t window);

extern const struct tcp_congestion tcp_cc_reno, tcp_cc_cubic;

#endif
