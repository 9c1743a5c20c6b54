/* Congestion control: a table of functions over plain inputs. What is lost is found elsewhere (loss.c); here is only
 * how much may be in flight. */
#ifndef TCP_CC_H
#define TCP_CC_H

#include <stdbool.h>

#include <berth/frame.h>

#include "hystart.h"

struct tcp_cc;

/* How fast the network delivered over the round trip that ended with an acknowledgment (draft-ietf-ccwg-bbr, section
 * on delivery rate samples). ns_interval 0: no sample. */
struct tcp_rate_sample {
	uint64_t n_delivered; /* bytes delivered over the interval */
	uint64_t ns_interval;
	uint64_t n_lost;            /* bytes found lost over it */
	uint64_t n_in_flight_then;  /* in the network when the segment that it is measured by was sent, with it */
	uint64_t n_delivered_then;  /* delivered in all when it was sent */
	uint64_t n_delivered_total; /* delivered in all now */
	bool app_limited;           /* the program, not the network, was the limit when it was sent */
};

/* What was found lost last, since the acknowledgment before. n 0: nothing was. */
struct tcp_rate_loss {
	uint64_t n;                /* bytes of the transmission */
	uint64_t n_lost;           /* bytes found lost since it was sent, with it */
	uint64_t n_in_flight_then; /* in the network when it was sent, with it */
	bool app_limited;          /* as in a sample */
};

/* What an acknowledgment tells it. Bytes, nanoseconds; 0 where nothing is known. */
struct tcp_cc_ack {
	uint64_t n_acked; /* arrived by what lets the window grow: an acknowledgment that advances */
	uint64_t
		n_delivered; /* arrived by what this acknowledgment says, cumulatively or selectively, and not before */
	uint64_t n_lost;     /* found lost because of it */
	uint64_t n_in_flight; /* believed to be in the network after it */
	uint64_t ns_rtt;      /* the round trip that it measured */
	uint64_t ns_srtt, ns_rtt_min;
	uint64_t snd_una,
		snd_nxt;   /* positions after it: a round trip is over when what was sent at its begin is acked */
	bool cwnd_limited; /* cwnd held data back: only then may it grow (RFC 7661, RFC 9438 section 5.8) */
	bool recovering;   /* of a loss, found by acknowledgments or by the timer */
	bool sack;         /* several losses are found in a round trip */
	struct tcp_rate_sample rate;
	struct tcp_rate_loss loss; /* for those with wants_rate */
	berth_time now;
};

/* The window in recovery is moved by RFC 9937 (prr.c) towards the ssthresh that on_loss has set, unless the control
 * moves it itself. */
struct tcp_congestion {
	const char *name;
	bool rules_recovery; /* on_ack is called in recovery too, and cwnd is its own there */
	bool wants_rate;     /* acknowledgments carry samples of the delivery rate */
	size_t n_own;        /* bytes that it keeps beside struct tcp_cc, at u.own */
	/* The connection begins, or another control takes over from one that was used. Randomness follows from the
	 * seed. */
	void (*init)(struct tcp_cc *cc, uint64_t seed);
	/* For each acknowledgment that tells something new; outside of fast recovery unless rules_recovery. */
	void (*on_ack)(struct tcp_cc *cc, const struct tcp_cc_ack *ack);
	/* Loss was found by acknowledgments: sets ssthresh, not cwnd. Once a window. */
	void (*on_loss)(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now);
	/* The path says that it is congested without losing anything (RFC 3168 section 6.1.2, RFC 8511): sets ssthresh.
	 * Once a window. */
	void (*on_ecn)(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now);
	/* The retransmission timer fired, for the first time in this loss: sets ssthresh; the caller sets cwnd to one
	 * segment. */
	void (*on_timeout)(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now);
	/* What on_loss or on_timeout was told was not so (RFC 3522, 4015, 5682): all is again as before it. */
	void (*on_undo)(struct tcp_cc *cc);
	/* More is about to be sent and nothing is in flight. Nothing was sent for longer than a retransmission timeout
	 * (RFC 5681 section 4.1), or, for those with wants_rate, there was nothing to send. NULL: the restart window.
	 */
	void (*on_idle)(struct tcp_cc *cc, berth_time now);
};

struct tcp_cc_cubic {
	double w_est;               /* segments */
	berth_time epoch;           /* when the current growth began, 0: not yet */
	float w_max, k, cwnd_prior; /* segments, seconds */
	uint32_t us_at;             /* the last acknowledgment in it, low bits */
};

/* What a control knows beside the windows. Before the first congestion that is how the slow start goes, and cubic's
 * curve afterwards. */
union tcp_cc_state {
	struct hystart hystart;
	struct tcp_cc_cubic cubic;
	void *own;
};

/* What a reduction took away. */
struct tcp_cc_before {
	uint64_t cwnd, ssthresh;
	union tcp_cc_state u;
	bool starting;
};

struct tcp_cc {
	const struct tcp_congestion *ops;
	uint64_t cwnd, ssthresh; /* bytes; ssthresh UINT64_MAX at first */
	uint64_t n_credit;       /* bytes acknowledged that have not grown cwnd yet */
	uint64_t pacing_rate;    /* bytes a second; 0: segments leave as soon as they may */
	uint32_t mss;
	bool holds_back;              /* less is in flight than the path takes, on purpose: its rate is not measured */
	bool starting;                /* in the first slow start: u.hystart is what counts */
	struct tcp_cc_before *before; /* for on_undo; not its own, NULL: nobody asks */
	union tcp_cc_state u;
};

/* By name, NULL: none. */
const struct tcp_congestion *tcp_congestion_find(const char *name);

/* Initial window of RFC 6928 section 2: min(10 * MSS, max(2 * MSS, 14,600)). */
uint64_t tcp_cc_initial_window(uint32_t mss);

/* Begins with ops: initial window, no threshold. ops with n_own is not begun: tcp_cc_take follows. */
void tcp_cc_begin(struct tcp_cc *cc, const struct tcp_congestion *ops, uint32_t mss);

/* ops takes the place of what rules now, with what it needs of its own; the windows stay. 0, or BERTH_ENOMEM: all is as
 * it was. */
int tcp_cc_take(struct tcp_cc *cc, const struct tcp_congestion *ops, uint64_t seed, const struct berth_memory *memory);
/* Gives back what the control has of its own. Nothing more is asked of it until it begins again. */
void tcp_cc_end(struct tcp_cc *cc, const struct berth_memory *memory);

/* Slow start (RFC 5681 section 3.1 with byte counting, RFC 3465): grows cwnd up to ssthresh; bytes acknowledged that
 * are left over. An acknowledgment of much grows it by a few segments only, two after a timeout, and by the part of
 * that which `divisor` says. */
uint64_t tcp_cc_slow_start(struct tcp_cc *cc, const struct tcp_cc_ack *ack, unsigned divisor);

/* Congestion avoidance of RFC 5681: one MSS for each `window` bytes acknowledged. */
void tcp_cc_avoid(struct tcp_cc *cc, uint64_t n_acked, uint64_t window);

/* The restart window after an idle time (RFC 5681 section 4.1). What was in use is remembered as the threshold (RFC
 * 2861 section 3.1). */
void tcp_cc_restart(struct tcp_cc *cc);

/* Keeps what a reduction is about to change, and brings it back: cwnd is never less than it is then. */
void tcp_cc_remember(struct tcp_cc *cc);
void tcp_cc_restore(struct tcp_cc *cc);

extern const struct tcp_congestion tcp_cc_reno, tcp_cc_cubic, tcp_cc_bbr;

#endif
