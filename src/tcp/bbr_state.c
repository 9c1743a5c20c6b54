/* BBR's states: Startup and Drain once, then ProbeBW's four in turn, and ProbeRTT now and then. See bbr.h; sections are
 * those of draft-ietf-ccwg-bbr. */
#include "bbr.h"

#define NS_PER_S 1000000000ull
#define NS_PROBE_RTT 200000000ull
#define BETA 0.7
#define LOSS_THRESH 0.02
#define STARTUP_FULL_LOSS_COUNT 6
#define PROBE_RTT_CWND_GAIN 0.5
/* Section 5.3.3.5.2: what Reno would take to probe, in round trips. */
#define RENO_ROUNDS_MAX 63

const struct bbr_gains bbr_gains[BBR_STATE_N] = {
	[BBR_STARTUP] = {2.77, 2},
	[BBR_DRAIN] = {0.5, 2},
	[BBR_PROBE_BW_DOWN] = {0.9, 2},
	[BBR_PROBE_BW_CRUISE] = {1, 2},
	[BBR_PROBE_BW_REFILL] = {1, 2},
	[BBR_PROBE_BW_UP] = {1.25, 2.25},
	[BBR_PROBE_RTT] = {1, PROBE_RTT_CWND_GAIN},
};

bool bbr_state_lost_too_much(uint64_t n_lost, uint64_t n_in_flight, bool sack)
{
	return (double)n_lost > (double)n_in_flight * LOSS_THRESH || (n_lost && !sack);
}

/* Our estimate of what fits, unless congestion has cut cwnd. */
static uint64_t target_inflight(const struct tcp_cc *cc, const struct bbr *b)
{
	uint64_t bdp = bbr_model_bdp(cc, b, 1);

	return bdp < cc->cwnd ? bdp : cc->cwnd;
}

/* ---- entering ---- */

void bbr_state_enter_startup(struct bbr *b)
{
	b->state = BBR_STARTUP;
}

static void enter_drain(struct bbr *b)
{
	b->state = BBR_DRAIN;
	b->drain_start_round = b->round_count;
}

static void start_down(struct bbr *b, berth_time now)
{
	bbr_model_reset_congestion_signals(b);
	b->probe_up_acked_per_inc = BBR_INFINITY;
	/* Section 5.3.3.5.3: at random, so that flows do not probe all at once. */
	b->rounds_since_probe_up = (uint32_t)rng_below(&b->rng, 2);
	b->bw_probe_wait = 2 * NS_PER_S + rng_below(&b->rng, NS_PER_S);
	b->cycle_stamp = now;
	b->ack_phase = BBR_ACKS_PROBE_STOPPING;
	bbr_model_start_round(b);
	b->state = BBR_PROBE_BW_DOWN;
}

void bbr_state_start_refill(struct bbr *b)
{
	bbr_model_reset_short_term(b);
	b->bw_probe_up_rounds = 0;
	b->bw_probe_up_acked = 0;
	b->prev_probe_precautionary = false;
	b->ack_phase = BBR_ACKS_REFILLING;
	bbr_model_start_round(b);
	b->state = BBR_PROBE_BW_REFILL;
}

/* inflight_longterm grows by 1, 2, 4, ... segments a round trip. */
static void raise_slope(const struct tcp_cc *cc, struct bbr *b)
{
	uint64_t per_inc = cc->cwnd >> b->bw_probe_up_rounds;

	if (b->bw_probe_up_rounds < 30)
		b->bw_probe_up_rounds++;
	b->probe_up_acked_per_inc = per_inc > cc->mss ? per_inc : cc->mss;
}

static void start_up(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->ack_phase = BBR_ACKS_PROBE_STARTING;
	bbr_model_start_round(b);
	bbr_model_reset_full_bw(b);
	b->full_bw = s->delivery_rate;
	b->state = BBR_PROBE_BW_UP;
	raise_slope(s->cc, b);
}

/* ---- Startup and Drain ---- */

/* Section 5.3.1.3: much is lost, in many places, for a round trip. */
static void check_startup_loss(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	uint64_t bdp;

	if (s->ack->n_lost && b->loss_events_in_round < UINT8_MAX)
		b->loss_events_in_round++;
	if (!b->loss_round_start)
		return;
	if (s->ack->recovering && (b->loss_events_in_round >= STARTUP_FULL_LOSS_COUNT || !s->ack->sack) &&
	    bbr_state_lost_too_much(s->ack->rate.n_lost, s->ack->rate.n_in_flight_then, s->ack->sack)) {
		b->undo_state = BBR_STARTUP;
		b->full_bw_reached = b->full_bw_now = true;
		bdp = bbr_model_bdp(s->cc, b, 1);
		b->inflight_longterm = bdp > b->inflight_latest ? bdp : b->inflight_latest;
	}
	b->loss_events_in_round = 0;
}

static void check_startup_and_drain(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->state == BBR_STARTUP) {
		check_startup_loss(s);
		if (b->full_bw_reached)
			enter_drain(b);
	}
	if (b->state == BBR_DRAIN &&
	    (s->ack->n_in_flight <= bbr_model_inflight(s->cc, b, 1) || b->round_count > b->drain_start_round + 3))
		start_down(b, s->ack->now);
}

/* ---- ProbeBW ---- */

static bool is_time_to_probe(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	uint64_t reno_rounds = target_inflight(s->cc, b) / s->cc->mss;

	if (reno_rounds > RENO_ROUNDS_MAX)
		reno_rounds = RENO_ROUNDS_MAX;
	if (s->ack->now <= b->cycle_stamp + b->bw_probe_wait && b->rounds_since_probe_up < reno_rounds)
		return false;
	bbr_state_start_refill(b);
	return true;
}

static bool is_time_to_cruise(const struct bbr_step *s)
{
	return s->ack->n_in_flight <= bbr_model_with_headroom(s->cc, s->b) &&
	       s->ack->n_in_flight <= bbr_model_inflight(s->cc, s->b, 1);
}

static bool is_time_to_go_down(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->prev_probe_too_high && s->ack->n_in_flight >= b->inflight_longterm) {
		b->prev_probe_precautionary = true;
		return true;
	}
	if (s->ack->cwnd_limited && s->cc->cwnd >= b->inflight_longterm) {
		bbr_model_reset_full_bw(b);
		b->full_bw = s->delivery_rate;
		return false;
	}
	return b->full_bw_now;
}

static void probe_inflight_upward(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (!s->ack->cwnd_limited || s->cc->cwnd < b->inflight_longterm)
		return;
	b->bw_probe_up_acked += s->ack->n_delivered;
	if (b->bw_probe_up_acked >= b->probe_up_acked_per_inc) {
		uint64_t delta = b->bw_probe_up_acked / b->probe_up_acked_per_inc;

		b->bw_probe_up_acked -= delta * b->probe_up_acked_per_inc;
		b->inflight_longterm += delta * s->cc->mss;
	}
	if (b->round_start)
		raise_slope(s->cc, b);
}

/* What the acknowledgments of a probe say. true: the state was changed. */
static bool adapt_long_term(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->ack_phase == BBR_ACKS_PROBE_STARTING && b->round_start)
		b->ack_phase = BBR_ACKS_PROBE_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_PROBE_STOPPING && b->round_start) {
		b->is_bw_probe_sample = false;
		b->ack_phase = BBR_ACKS_INIT;
		if (bbr_is_in_probe_bw(b) && !s->ack->rate.app_limited)
			bbr_model_advance_max_bw(b);
		if (bbr_is_in_probe_bw(b) && b->prev_probe_precautionary && !b->prev_probe_too_high) {
			bbr_state_start_refill(b);
			return true;
		}
	}
	if (b->inflight_longterm == BBR_INFINITY ||
	    bbr_state_lost_too_much(s->ack->rate.n_lost, s->ack->rate.n_in_flight_then, s->ack->sack))
		return false;
	if (s->ack->rate.n_in_flight_then > b->inflight_longterm)
		b->inflight_longterm = s->ack->rate.n_in_flight_then;
	if (b->state == BBR_PROBE_BW_UP)
		probe_inflight_upward(s);
	return false;
}

static void advance_probe_bw(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (!b->full_bw_reached || adapt_long_term(s))
		return;
	switch ((enum bbr_state)b->state) {
	case BBR_PROBE_BW_DOWN:
		if (!is_time_to_probe(s) && is_time_to_cruise(s))
			b->state = BBR_PROBE_BW_CRUISE;
		break;
	case BBR_PROBE_BW_CRUISE:
		is_time_to_probe(s);
		break;
	case BBR_PROBE_BW_REFILL:
		if (b->round_start) {
			b->is_bw_probe_sample = true;
			start_up(s);
		}
		break;
	case BBR_PROBE_BW_UP:
		if (is_time_to_go_down(s)) {
			b->prev_probe_too_high = false;
			start_down(b, s->ack->now);
		}
		break;
	case BBR_STARTUP:
	case BBR_DRAIN:
	case BBR_PROBE_RTT:
	case BBR_STATE_N:
		break;
	}
}

void bbr_state_inflight_too_high(struct tcp_cc *cc, struct bbr *b, uint64_t n_in_flight, bool app_limited,
				 berth_time now)
{
	uint64_t floor = (uint64_t)((double)target_inflight(cc, b) * BETA);

	b->prev_probe_too_high = true;
	b->is_bw_probe_sample = false;
	if (!app_limited)
		b->inflight_longterm = n_in_flight > floor ? n_in_flight : floor;
	if (b->state == BBR_PROBE_BW_UP) {
		b->undo_state = BBR_PROBE_BW_UP;
		start_down(b, now);
	}
}

/* ---- ProbeRTT ---- */

static void exit_probe_rtt(struct bbr *b, berth_time now)
{
	bbr_model_reset_short_term(b);
	if (b->full_bw_reached) {
		start_down(b, now);
		b->state = BBR_PROBE_BW_CRUISE;
	} else {
		bbr_state_enter_startup(b);
	}
}

void bbr_state_check_probe_rtt_done(struct tcp_cc *cc, struct bbr *b, berth_time now)
{
	if (!b->probe_rtt_done_stamp || now <= b->probe_rtt_done_stamp)
		return;
	b->probe_rtt_min_stamp = now;
	if (cc->cwnd < b->prior_cwnd)
		cc->cwnd = b->prior_cwnd;
	exit_probe_rtt(b, now);
}

static void handle_probe_rtt(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	uint64_t cwnd = bbr_model_bdp(s->cc, b, PROBE_RTT_CWND_GAIN), least = bbr_model_min_pipe_cwnd(s->cc);

	s->cc->holds_back = true;
	if (!b->probe_rtt_done_stamp) {
		if (s->ack->n_in_flight > (cwnd > least ? cwnd : least))
			return;
		b->probe_rtt_done_stamp = s->ack->now + NS_PROBE_RTT;
		b->probe_rtt_round_done = false;
		bbr_model_start_round(b);
		return;
	}
	b->probe_rtt_round_done = b->probe_rtt_round_done || b->round_start;
	if (b->probe_rtt_round_done)
		bbr_state_check_probe_rtt_done(s->cc, b, s->ack->now);
}

static void check_probe_rtt(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->state != BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		bbr_model_save_cwnd(s->cc, b);
		b->state = BBR_PROBE_RTT;
		b->probe_rtt_done_stamp = 0;
		b->ack_phase = BBR_ACKS_PROBE_STOPPING;
		bbr_model_start_round(b);
	}
	if (b->state == BBR_PROBE_RTT)
		handle_probe_rtt(s);
	if (s->ack->rate.n_delivered)
		b->idle_restart = false;
}

void bbr_state_advance(const struct bbr_step *s)
{
	check_startup_and_drain(s);
	advance_probe_bw(s);
	bbr_model_min_rtt(s);
	check_probe_rtt(s);
}
