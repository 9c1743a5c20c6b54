/* BBR version 3 as a congestion control: the three things that it steers, the rate, cwnd and the quantum (which pace.c
 * derives from the rate). The model and the states are bbr_model.c and bbr_state.c; sections are those of
 * draft-ietf-ccwg-bbr. */
#include <string.h>

#include "bbr.h"

#define PACING_MARGIN 0.99
#define LOSS_THRESH 0.02
#define NS_PER_S 1e9

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Section 5.6.2: what the initial window makes in a round trip, or in a millisecond while none is known. */
static void init_pacing_rate(struct tcp_cc *cc, uint64_t ns_srtt)
{
	double ns = ns_srtt ? (double)ns_srtt : 1e6;

	cc->pacing_rate =
		(uint64_t)(bbr_gains[BBR_STARTUP].pacing * (double)tcp_cc_initial_window(cc->mss) * NS_PER_S / ns);
}

static void init(struct tcp_cc *cc, uint64_t seed)
{
	struct bbr *b = cc->u.own;

	memset(b, 0, sizeof(*b));
	rng_init(&b->rng, seed);
	b->min_rtt = b->probe_rtt_min_delay = BBR_INFINITY;
	b->inflight_longterm = b->probe_up_acked_per_inc = BBR_INFINITY;
	b->undo_state = BBR_STATE_N;
	bbr_model_reset_short_term(b);
	bbr_state_enter_startup(b);
	init_pacing_rate(cc, 0);
}

/* The clock is known now. */
static void begin(struct bbr *b, const struct tcp_cc_ack *ack)
{
	b->begun = true;
	b->min_rtt_stamp = b->probe_rtt_min_stamp = b->cycle_stamp = ack->now;
	b->extra_acked_interval_start = ack->now;
	b->delivered = ack->rate.n_delivered_total;
	/* A control that takes over in the middle begins with the next round trip. */
	b->next_round_delivered = b->loss_round_delivered = ack->rate.n_delivered_then;
}

static void set_pacing_rate(struct tcp_cc *cc, const struct bbr *b, double gain)
{
	uint64_t rate = (uint64_t)(gain * (double)b->bw * PACING_MARGIN);

	if (b->full_bw_reached || rate > cc->pacing_rate)
		cc->pacing_rate = max(rate, cc->mss);
}

/* Section 5.6.4.6. */
static uint64_t cwnd_cap(const struct tcp_cc *cc, const struct bbr *b)
{
	uint64_t cap = BBR_INFINITY;

	if (b->state == BBR_PROBE_RTT || b->state == BBR_PROBE_BW_CRUISE)
		cap = bbr_model_with_headroom(cc, b);
	else if (bbr_is_in_probe_bw(b))
		cap = b->inflight_longterm;
	cap = min(cap, b->inflight_shortterm);
	if (b->state == BBR_PROBE_RTT)
		cap = min(cap, bbr_model_bdp(cc, b, bbr_gains[BBR_PROBE_RTT].cwnd));
	return max(cap, bbr_model_min_pipe_cwnd(cc));
}

/* Section 5.6.4.5. */
static void set_cwnd(const struct bbr_step *s)
{
	const struct bbr *b = s->b;
	struct tcp_cc *cc = s->cc;
	uint64_t most = bbr_model_max_inflight(cc, b);

	if (b->full_bw_reached)
		cc->cwnd = min(cc->cwnd + s->ack->n_delivered, most);
	else if (cc->cwnd < most || b->delivered < tcp_cc_initial_window(cc->mss))
		cc->cwnd += s->ack->n_delivered;
	cc->cwnd = min(max(cc->cwnd, bbr_model_min_pipe_cwnd(cc)), cwnd_cap(cc, b));
}

/* Section 5.5.10.2: how much was in flight when losses went beyond what is tolerated, within a transmission that may be
 * of many segments. */
static uint64_t inflight_at_loss(const struct tcp_rate_loss *loss)
{
	double size = (double)loss->n, before = (double)loss->n_in_flight_then - size;
	double prefix = (LOSS_THRESH * before - ((double)loss->n_lost - size)) / (1 - LOSS_THRESH);
	double at = before + prefix;

	return at > 0 ? (uint64_t)at : 0;
}

static void take_loss(const struct bbr_step *s)
{
	const struct tcp_rate_loss *loss = &s->ack->loss;

	if (!loss->n)
		return;
	bbr_model_note_loss(s->cc, s->b);
	if (s->b->is_bw_probe_sample && bbr_state_lost_too_much(loss->n_lost, loss->n_in_flight_then, s->ack->sack))
		bbr_state_inflight_too_high(s->cc, s->b, inflight_at_loss(loss), loss->app_limited, s->ack->now);
}

/* Section 5.6.4.4: recovery over, cwnd is again what it was. */
static void leave_recovery(const struct bbr_step *s)
{
	if (s->b->recovering && !s->ack->recovering)
		s->cc->cwnd = max(s->cc->cwnd, s->b->prior_cwnd);
	s->b->recovering = s->ack->recovering;
}

static void on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr_step s = {.cc = cc, .b = cc->u.own, .ack = ack};
	struct bbr *b = s.b;

	if (ack->rate.ns_interval)
		s.delivery_rate = (uint64_t)((double)ack->rate.n_delivered * NS_PER_S / (double)ack->rate.ns_interval);
	if (!b->begun)
		begin(b, ack);
	if (!b->seen_srtt && ack->ns_srtt) {
		b->seen_srtt = true;
		init_pacing_rate(cc, ack->ns_srtt);
	}
	b->delivered = ack->rate.n_delivered_total;
	b->program_gap = ack->rate.app_limited;
	cc->holds_back = false;
	take_loss(&s);
	bbr_model_before(&s);
	bbr_state_advance(&s);
	bbr_model_after(&s);
	leave_recovery(&s);
	set_pacing_rate(cc, b, bbr_gains[b->state].pacing);
	set_cwnd(&s);
}

/* The bounds come from the model and not from a threshold. */
static void on_loss(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	struct bbr *b = cc->u.own;

	bbr_model_note_loss(cc, b);
	bbr_model_save_cwnd(cc, b);
	b->recovering = true;
	cc->ssthresh = cc->cwnd;
}

/* The draft leaves the answer open but wants one (section 3.7): a mark is what a loss is. */
static void on_ecn(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	struct bbr *b = cc->u.own;

	bbr_model_note_loss(cc, b);
	if (b->is_bw_probe_sample)
		bbr_state_inflight_too_high(cc, b, n_in_flight, b->program_gap, now);
	else if (b->state == BBR_STARTUP && ++b->full_bw_count >= 3)
		b->full_bw_now = b->full_bw_reached = true;
	cc->ssthresh = cc->cwnd;
}

/* Section 5.5.11.2. */
static void on_undo(struct tcp_cc *cc)
{
	struct bbr *b = cc->u.own;

	cc->cwnd = max(cc->cwnd, b->prior_cwnd);
	b->is_loss_in_round = false;
	bbr_model_reset_full_bw(b);
	b->bw_shortterm = max(b->bw_shortterm, b->undo_bw_shortterm);
	b->inflight_shortterm = max(b->inflight_shortterm, b->undo_inflight_shortterm);
	b->inflight_longterm = max(b->inflight_longterm, b->undo_inflight_longterm);
	if (b->undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			bbr_state_enter_startup(b);
	} else if (b->undo_state == BBR_PROBE_BW_UP && b->state != BBR_PROBE_BW_UP && b->state != BBR_PROBE_RTT) {
		bbr_state_start_refill(b);
	}
	b->undo_state = BBR_STATE_N;
}

/* Section 5.4: what it knows of the path holds, and it sends at that rate. */
static void on_idle(struct tcp_cc *cc, berth_time now)
{
	struct bbr *b = cc->u.own;

	b->idle_restart = true;
	b->extra_acked_interval_start = now;
	if (bbr_is_in_probe_bw(b))
		set_pacing_rate(cc, b, 1);
	else if (b->state == BBR_PROBE_RTT)
		bbr_state_check_probe_rtt_done(cc, b, now);
}

const struct tcp_congestion tcp_cc_bbr = {
	.name = "bbr",
	.rules_recovery = true,
	.wants_rate = true,
	.n_own = sizeof(struct bbr),
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_timeout = on_loss,
	.on_undo = on_undo,
	.on_idle = on_idle,
};
