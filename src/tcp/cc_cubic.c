/* CUBIC, RFC 9438, with HyStart++ (hystart.h) in the first slow start. Windows are in segments and times in seconds, as
 * in the document's equations. */
#include "cc.h"

/* Section 4.1.1, 4.6. */
#define C 0.4
#define BETA 0.7
/* What is left after a mark instead of a loss in congestion avoidance, RFC 8511 section 3.1. */
#define BETA_ECN 0.85
/* Section 4.3: growth that gives Reno's mean window with this BETA. */
#define ALPHA (3 * (1 - BETA) / (1 + BETA))

static void init(struct tcp_cc *cc, uint64_t seed)
{
	cc->n_credit = 0;
	cc->pacing_rate = 0;
	cc->starting = cc->ssthresh == UINT64_MAX;
	cc->u = (union tcp_cc_state){0};
}

/* By Newton's method: no library is needed, and it is done once a loss. */
static double cube_root(double x)
{
	double r = x > 1 ? x / 3 + 1 : 1;

	if (x <= 0)
		return 0;
	for (unsigned i = 0; i < 64; i++) {
		double next = (2 * r + x / (r * r)) / 3;

		if (next >= r)
			break;
		r = next;
	}
	return r;
}

static double segments(const struct tcp_cc *cc)
{
	return (double)cc->cwnd / cc->mss;
}

/* The first slow start is over. Section 4.10: there is no W_max then. */
static void leave_start(struct tcp_cc *cc)
{
	cc->starting = false;
	cc->u.cubic = (struct tcp_cc_cubic){.cwnd_prior = (float)segments(cc)};
}

static uint32_t us_of(berth_time at)
{
	return (uint32_t)(at / 1000);
}

/* Section 4.2: a congestion avoidance stage begins. Without a W_max, as after a timeout (4.8) and the first slow start
 * (4.10), the curve begins at its plateau. */
static void begin_epoch(struct tcp_cc *cc, berth_time now)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd = segments(cc);

	q->epoch = now;
	q->us_at = us_of(now);
	q->w_est = cwnd;
	if (q->w_max < cwnd) {
		q->w_max = (float)cwnd;
		q->k = 0;
	} else {
		q->k = (float)cube_root((q->w_max - cwnd) / C); /* equation 2 */
	}
}

/* Equation 1. */
static double curve(const struct tcp_cc_cubic *q, uint64_t ns_elapsed)
{
	double t = (double)ns_elapsed / 1e9 - q->k;

	return C * t * t * t + q->w_max;
}

/* Section 4.2: the window that is aimed at one round trip from now. */
static double target(const struct tcp_cc_cubic *q, double cwnd, const struct tcp_cc_ack *ack)
{
	double w = curve(q, ack->now - q->epoch + ack->ns_srtt);

	if (w < cwnd)
		return cwnd;
	return w > 1.5 * cwnd ? 1.5 * cwnd : w;
}

/* Section 4.3, equation 4: what Reno would have, so that CUBIC is never slower. */
static void estimate(struct tcp_cc_cubic *q, double cwnd, double acked)
{
	q->w_est += (q->w_est >= q->cwnd_prior ? 1 : ALPHA) * acked / cwnd;
}

static void avoid(struct tcp_cc *cc, const struct tcp_cc_ack *ack, uint64_t n_acked)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd = segments(cc), aim;

	if (!q->epoch)
		begin_epoch(cc, ack->now);
	q->us_at = us_of(ack->now);
	estimate(q, cwnd, (double)n_acked / cc->mss);
	if (curve(q, ack->now - q->epoch) < q->w_est) { /* the Reno-friendly region */
		uint64_t reno = (uint64_t)(q->w_est * cc->mss);

		cc->cwnd = reno > cc->cwnd ? reno : cc->cwnd;
		return;
	}
	aim = target(q, cwnd, ack);
	if (aim > cwnd)
		tcp_cc_avoid(cc, n_acked, (uint64_t)(cwnd / (aim - cwnd) * cc->mss) + 1);
}

/* RFC 9406 section 4.2: what is acknowledged beyond the slow start. */
static uint64_t start(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	unsigned divisor = 1;

	if (cc->cwnd >= cc->ssthresh) {
		leave_start(cc);
		return ack->n_acked;
	}
	switch (hystart_ack(&cc->u.hystart, ack->snd_una, ack->snd_nxt, ack->ns_rtt)) {
	case HYSTART_SLOW_START:
		break;
	case HYSTART_CAUTIOUS:
		divisor = HYSTART_GROWTH_DIVISOR;
		break;
	case HYSTART_DONE:
		cc->ssthresh = cc->cwnd;
		return 0;
	}
	return ack->cwnd_limited ? tcp_cc_slow_start(cc, ack, divisor) : 0;
}

static void on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	uint64_t left = ack->n_acked;

	if (cc->starting) {
		left = start(cc, ack);
	} else if (!ack->cwnd_limited) {
		/* Section 4.2, 5.8: time in which the program was the limit is no time of the curve. */
		if (q->epoch) {
			q->epoch += (uint32_t)(us_of(ack->now) - q->us_at) * 1000ull;
			q->us_at = us_of(ack->now);
		}
		return;
	} else if (cc->cwnd < cc->ssthresh) {
		left = tcp_cc_slow_start(cc, ack, 1);
	}
	if (left && !cc->starting && ack->cwnd_limited)
		avoid(cc, ack, left);
}

/* Sections 4.6 and 4.7: multiplicative decrease with fast convergence. Of what was in flight, not of a window that the
 * program has not used. */
static void decrease(struct tcp_cc *cc, uint64_t n_in_flight, double beta)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd = segments(cc);
	uint64_t reduced = (uint64_t)((double)(n_in_flight < cc->cwnd ? n_in_flight : cc->cwnd) * beta);

	tcp_cc_remember(cc);
	if (cc->starting)
		leave_start(cc);
	q->w_max = (float)(cwnd < q->w_max ? cwnd * (1 + BETA) / 2 : cwnd);
	q->cwnd_prior = (float)cwnd;
	q->epoch = 0;
	cc->n_credit = 0;
	cc->ssthresh = reduced > 2ull * cc->mss ? reduced : 2ull * cc->mss;
}

static void on_loss(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	decrease(cc, n_in_flight, BETA);
}

/* RFC 8511 section 3.1, section 4.6: as a loss in slow start. */
static void on_ecn(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	decrease(cc, n_in_flight, cc->cwnd < cc->ssthresh ? BETA : BETA_ECN);
}

/* Section 4.8: the curve of the congestion avoidance that follows begins where slow start ends. */
static void on_timeout(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	decrease(cc, n_in_flight, BETA);
	cc->u.cubic.w_max = 0;
}

/* The window grows anew to what it was, and that is then where a new stage begins (section 5.8). */
static void on_idle(struct tcp_cc *cc, berth_time now)
{
	tcp_cc_restart(cc);
	if (cc->starting)
		cc->u.hystart = (struct hystart){0};
	else
		cc->u.cubic.epoch = 0;
}

const struct tcp_congestion tcp_cc_cubic = {
	.name = "cubic",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_timeout = on_timeout,
	.on_undo = tcp_cc_restore,
	.on_idle = on_idle,
};
