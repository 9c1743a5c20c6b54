/* BBR version 3, draft-ietf-ccwg-bbr: a model of the path (its bandwidth, its round trip, what may be in flight) and a
 * state machine that tests the model. Private to cc_bbr.c, bbr_model.c, bbr_state.c and their tests. Names are the
 * draft's; bytes, nanoseconds, bytes a second. */
#ifndef TCP_BBR_H
#define TCP_BBR_H

#include "cc.h"
#include "rng.h"

#define BBR_INFINITY UINT64_MAX

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_PROBE_BW_DOWN,
	BBR_PROBE_BW_CRUISE,
	BBR_PROBE_BW_REFILL,
	BBR_PROBE_BW_UP,
	BBR_PROBE_RTT,
	BBR_STATE_N
};

enum bbr_ack_phase {
	BBR_ACKS_INIT,           /* not probing */
	BBR_ACKS_REFILLING,      /* the pipe is being filled */
	BBR_ACKS_PROBE_STARTING, /* more is in flight, its acknowledgments are yet to come */
	BBR_ACKS_PROBE_FEEDBACK, /* they come */
	BBR_ACKS_PROBE_STOPPING, /* the last of them */
};

/* The model's memory of one slot of time, and of the one before. */
struct bbr_max {
	uint64_t now, before;
};

struct bbr {
	struct rng rng; /* when to probe */
	uint8_t state, ack_phase;
	bool begun;        /* has seen an acknowledgment */
	bool recovering;   /* of a loss, when last asked */
	bool seen_srtt;    /* the first rate was computed from a round trip */
	bool program_gap;  /* the sample of the last acknowledgment was the program's rate, not the path's */
	bool idle_restart; /* what is sent follows an idle time */
	bool round_start;  /* this acknowledgment begins a round trip */
	bool loss_round_start, is_loss_in_round;
	bool is_bw_probe_sample; /* acknowledgments are those of a probe, and none has yet said that it was too much */
	bool prev_probe_too_high, prev_probe_precautionary;
	bool full_bw_now, full_bw_reached;
	bool probe_rtt_expired, probe_rtt_round_done;
	uint8_t full_bw_count, bw_probe_up_rounds, loss_events_in_round;
	uint8_t n_extra_acked_rounds; /* in the filter's slot */

	/* round trips, counted in bytes delivered */
	uint64_t delivered, next_round_delivered, loss_round_delivered;
	uint32_t round_count, drain_start_round, rounds_since_probe_up;

	/* rates */
	struct bbr_max max_bw_filter;
	uint64_t max_bw, bw_shortterm, bw_latest, bw, full_bw;

	/* volumes */
	uint64_t inflight_longterm, inflight_shortterm, inflight_latest;
	struct bbr_max extra_acked;
	uint64_t extra_acked_delivered;
	berth_time extra_acked_interval_start;
	uint64_t bw_probe_up_acked, probe_up_acked_per_inc;
	uint64_t prior_cwnd;

	/* times */
	uint64_t min_rtt, probe_rtt_min_delay; /* BBR_INFINITY: none yet */
	berth_time min_rtt_stamp, probe_rtt_min_stamp, probe_rtt_done_stamp;
	berth_time cycle_stamp;
	uint64_t bw_probe_wait;

	/* as it was before the loss that may turn out to be none; state BBR_STATE_N: it did not end a probe */
	uint8_t undo_state;
	uint64_t undo_bw_shortterm, undo_inflight_shortterm, undo_inflight_longterm;
};

/* A control at work on one acknowledgment. */
struct bbr_step {
	struct tcp_cc *cc;
	struct bbr *b;
	const struct tcp_cc_ack *ack;
	uint64_t delivery_rate; /* of its sample, 0: none */
};

/* How it sends in each state (draft section 5.6.1). */
struct bbr_gains {
	double pacing, cwnd;
};
extern const struct bbr_gains bbr_gains[BBR_STATE_N];

static inline bool bbr_is_in_probe_bw(const struct bbr *b)
{
	return b->state >= BBR_PROBE_BW_DOWN && b->state <= BBR_PROBE_BW_UP;
}

/* ---- bbr_model.c: draft section 5.5 ---- */
void bbr_model_reset_short_term(struct bbr *b);
void bbr_model_reset_congestion_signals(struct bbr *b);
void bbr_model_reset_full_bw(struct bbr *b);
/* A round trip begins with what is sent from here on. */
void bbr_model_start_round(struct bbr *b);
/* Before the states are looked at, and after. */
void bbr_model_before(const struct bbr_step *s);
void bbr_model_after(const struct bbr_step *s);
void bbr_model_min_rtt(const struct bbr_step *s);
void bbr_model_advance_max_bw(struct bbr *b);
/* Something was lost: what is to come back when that was not so. */
void bbr_model_note_loss(struct tcp_cc *cc, struct bbr *b);
void bbr_model_save_cwnd(const struct tcp_cc *cc, struct bbr *b);
/* gain times bandwidth and round trip. */
uint64_t bbr_model_bdp(const struct tcp_cc *cc, const struct bbr *b, double gain);
/* The same with what hosts need that handle segments in bursts. */
uint64_t bbr_model_inflight(const struct tcp_cc *cc, const struct bbr *b, double gain);
/* What to have in flight at most. */
uint64_t bbr_model_max_inflight(const struct tcp_cc *cc, const struct bbr *b);
/* inflight_longterm less what others are left. */
uint64_t bbr_model_with_headroom(const struct tcp_cc *cc, const struct bbr *b);
uint64_t bbr_model_min_pipe_cwnd(const struct tcp_cc *cc);

/* ---- bbr_state.c: draft section 5.3 ---- */
void bbr_state_enter_startup(struct bbr *b);
void bbr_state_start_refill(struct bbr *b);
/* Runs the machine on an acknowledgment. */
void bbr_state_advance(const struct bbr_step *s);
/* Probing has met more loss, or marks, than it may: *s with what was in flight then. */
void bbr_state_inflight_too_high(struct tcp_cc *cc, struct bbr *b, uint64_t n_in_flight, bool app_limited,
				 berth_time now);
/* The time in ProbeRTT is over, if it is. */
void bbr_state_check_probe_rtt_done(struct tcp_cc *cc, struct bbr *b, berth_time now);
/* What of `lost` is more than a path may lose of `in_flight` (2 %). */
bool bbr_state_lost_too_much(uint64_t n_lost, uint64_t n_in_flight, bool sack);

#endif
