/* BBR's model of the path. See bbr.h; sections are those of draft-ietf-ccwg-bbr. */
#include "bbr.h"

#include "pace.h"

#define NS_PER_S 1e9
#define BETA 0.7
#define HEADROOM 0.15
/* Section 2.13: the round trip's filter, and how often ProbeRTT looks for a shorter one. */
#define NS_MIN_RTT_FILTER 10000000000ull
#define NS_PROBE_RTT_INTERVAL 5000000000ull
/* Two slots of this many round trips make the filter of section 5.5.9. */
#define EXTRA_ACKED_ROUNDS 5

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Infinity stays what it is. */
static uint64_t scaled(uint64_t n, double gain)
{
	return n == BBR_INFINITY ? n : (uint64_t)((double)n * gain);
}

/* ---- what to have in flight (section 5.6.4) ---- */

uint64_t bbr_model_min_pipe_cwnd(const struct tcp_cc *cc)
{
	return 4ull * cc->mss;
}

uint64_t bbr_model_bdp(const struct tcp_cc *cc, const struct bbr *b, double gain)
{
	if (b->min_rtt == BBR_INFINITY || !b->bw)
		return scaled(tcp_cc_initial_window(cc->mss), gain > 1 ? gain : 1);
	return (uint64_t)(gain * (double)b->bw * (double)b->min_rtt / NS_PER_S);
}

static uint64_t quantization_budget(const struct tcp_cc *cc, const struct bbr *b, uint64_t inflight_cap)
{
	uint64_t offload_budget = 3ull * tcp_pace_quantum(cc->pacing_rate, cc->mss);

	inflight_cap = max(inflight_cap, offload_budget);
	inflight_cap = max(inflight_cap, bbr_model_min_pipe_cwnd(cc));
	return b->state == BBR_PROBE_BW_UP ? inflight_cap + 2ull * cc->mss : inflight_cap;
}

uint64_t bbr_model_inflight(const struct tcp_cc *cc, const struct bbr *b, double gain)
{
	return quantization_budget(cc, b, bbr_model_bdp(cc, b, gain));
}

uint64_t bbr_model_max_inflight(const struct tcp_cc *cc, const struct bbr *b)
{
	uint64_t extra = max(b->extra_acked.now, b->extra_acked.before);

	return quantization_budget(cc, b, bbr_model_bdp(cc, b, bbr_gains[b->state].cwnd) + extra);
}

uint64_t bbr_model_with_headroom(const struct tcp_cc *cc, const struct bbr *b)
{
	uint64_t headroom;

	if (b->inflight_longterm == BBR_INFINITY)
		return BBR_INFINITY;
	headroom = max(cc->mss, scaled(b->inflight_longterm, HEADROOM));
	return max(b->inflight_longterm > headroom ? b->inflight_longterm - headroom : 0, bbr_model_min_pipe_cwnd(cc));
}

/* ---- beginnings ---- */

void bbr_model_reset_short_term(struct bbr *b)
{
	b->bw_shortterm = b->inflight_shortterm = BBR_INFINITY;
}

void bbr_model_reset_congestion_signals(struct bbr *b)
{
	b->is_loss_in_round = false;
	b->bw_latest = b->inflight_latest = 0;
}

void bbr_model_reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

void bbr_model_start_round(struct bbr *b)
{
	b->next_round_delivered = b->delivered;
}

/* ---- loss (section 5.5.10, 5.5.11) ---- */

void bbr_model_save_cwnd(const struct tcp_cc *cc, struct bbr *b)
{
	if (!b->recovering && b->state != BBR_PROBE_RTT)
		b->prior_cwnd = cc->cwnd;
	else
		b->prior_cwnd = max(b->prior_cwnd, cc->cwnd);
}

void bbr_model_note_loss(struct tcp_cc *cc, struct bbr *b)
{
	if (!b->is_loss_in_round) {
		b->loss_round_delivered = b->delivered;
		bbr_model_save_cwnd(cc, b);
		b->undo_state = BBR_STATE_N;
		b->undo_bw_shortterm = b->bw_shortterm;
		b->undo_inflight_shortterm = b->inflight_shortterm;
		b->undo_inflight_longterm = b->inflight_longterm;
	}
	b->is_loss_in_round = true;
}

/* Once a round trip, when not probing: down towards what was delivered last (section 5.5.10.3). */
static void adapt_lower_bounds(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->state == BBR_STARTUP || b->state == BBR_PROBE_BW_REFILL || b->state == BBR_PROBE_BW_UP ||
	    !b->is_loss_in_round)
		return;
	if (b->bw_shortterm == BBR_INFINITY)
		b->bw_shortterm = b->max_bw;
	if (b->inflight_shortterm == BBR_INFINITY)
		b->inflight_shortterm = s->cc->cwnd;
	b->bw_shortterm = max(b->bw_latest, scaled(b->bw_shortterm, BETA));
	b->inflight_shortterm = max(b->inflight_latest, scaled(b->inflight_shortterm, BETA));
}

/* ---- an acknowledgment ---- */

static void update_round(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->round_start = s->ack->rate.n_delivered && s->ack->rate.n_delivered_then >= b->next_round_delivered;
	if (!b->round_start)
		return;
	bbr_model_start_round(b);
	b->round_count++;
	b->rounds_since_probe_up++;
}

/* Section 5.5.2 to 5.5.5. A sample of the program's rate counts when it is more than was known. */
static void update_max_bw(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	update_round(s);
	if (!s->delivery_rate || (s->delivery_rate < b->max_bw && s->ack->rate.app_limited))
		return;
	b->max_bw_filter.now = max(b->max_bw_filter.now, s->delivery_rate);
	b->max_bw = max(b->max_bw_filter.now, b->max_bw_filter.before);
}

void bbr_model_advance_max_bw(struct bbr *b)
{
	if (!b->max_bw_filter.now)
		return; /* nothing was measured in this slot: what was before stays the best that is known */
	b->max_bw_filter.before = b->max_bw_filter.now;
	b->max_bw_filter.now = 0;
}

static void update_latest_signals(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->bw_latest = max(b->bw_latest, s->delivery_rate);
	b->inflight_latest = max(b->inflight_latest, s->ack->rate.n_delivered);
	b->loss_round_start = s->ack->rate.n_delivered && s->ack->rate.n_delivered_then >= b->loss_round_delivered;
	if (b->loss_round_start)
		b->loss_round_delivered = b->delivered;
}

/* Section 5.5.9: how much more arrives at once than the rate explains. */
static void update_extra_acked(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	double expected = (double)b->bw * (double)(s->ack->now - b->extra_acked_interval_start) / NS_PER_S;
	uint64_t extra;

	if ((double)b->extra_acked_delivered <= expected) {
		b->extra_acked_delivered = 0;
		b->extra_acked_interval_start = s->ack->now;
		expected = 0;
	}
	b->extra_acked_delivered += s->ack->n_delivered;
	extra = min(b->extra_acked_delivered - (uint64_t)expected, s->cc->cwnd);
	if (b->round_start && ++b->n_extra_acked_rounds >= (b->full_bw_reached ? EXTRA_ACKED_ROUNDS : 1)) {
		b->n_extra_acked_rounds = 0;
		b->extra_acked.before = b->full_bw_reached ? b->extra_acked.now : 0;
		b->extra_acked.now = 0;
	}
	b->extra_acked.now = max(b->extra_acked.now, extra);
}

/* Section 5.3.1.2: three round trips in which more was sent and no more arrived. */
static void check_full_bw(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->full_bw_now || !b->round_start || s->ack->rate.app_limited || !s->delivery_rate)
		return;
	if ((double)s->delivery_rate >= (double)b->full_bw * 1.25) {
		bbr_model_reset_full_bw(b);
		b->full_bw = s->delivery_rate;
		return;
	}
	b->full_bw_count++;
	b->full_bw_now = b->full_bw_count >= 3;
	b->full_bw_reached = b->full_bw_reached || b->full_bw_now;
}

void bbr_model_before(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	update_latest_signals(s);
	update_max_bw(s);
	if (b->loss_round_start) {
		adapt_lower_bounds(s);
		b->is_loss_in_round = false;
	}
	update_extra_acked(s);
	check_full_bw(s);
}

void bbr_model_after(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->loss_round_start) {
		b->bw_latest = s->delivery_rate;
		b->inflight_latest = s->ack->rate.n_delivered;
	}
	b->bw = min(b->max_bw, b->bw_shortterm);
}

/* Section 5.3.4.3. */
void bbr_model_min_rtt(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	uint64_t rtt = s->ack->ns_rtt, now = s->ack->now;

	b->probe_rtt_expired = now > b->probe_rtt_min_stamp + NS_PROBE_RTT_INTERVAL;
	if (rtt && (rtt < b->probe_rtt_min_delay || b->probe_rtt_expired)) {
		b->probe_rtt_min_delay = rtt;
		b->probe_rtt_min_stamp = now;
	}
	if (b->probe_rtt_min_delay < b->min_rtt || now > b->min_rtt_stamp + NS_MIN_RTT_FILTER) {
		b->min_rtt = b->probe_rtt_min_delay;
		b->min_rtt_stamp = b->probe_rtt_min_stamp;
	}
}
