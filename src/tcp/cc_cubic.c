/* CUBIC, RFC 9438. Windows are in segments and times in seconds, as in the document's equations. */
#include "cc.h"

/* Section 4.1.1, 4.6. */
#define C 0.4
#define BETA 0.7

static void init(struct tcp_cc *cc)
{
	cc->n_credit = 0;
	cc->u.cubic = (struct tcp_cc_cubic){0};
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

/* Section 4.2: a congestion avoidance stage begins. */
static void begin_epoch(struct tcp_cc *cc, berth_time now)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd = (double)cc->cwnd / cc->mss;

	q->epoch = now;
	q->w_est = cwnd;
	if (q->w_max < cwnd) {
		q->w_max = cwnd;
		q->k = 0;
	} else {
		q->k = cube_root((q->w_max - cwnd) / C); /* equation 2 */
	}
}

/* Section 4.2, equation 1: the window that is aimed at one round trip from now, within the bounds of section 4.4. */
static double target(const struct tcp_cc_cubic *q, double cwnd, const struct tcp_cc_ack *ack)
{
	double t = (double)(ack->now - q->epoch + ack->ns_srtt) / 1e9 - q->k;
	double w = C * t * t * t + q->w_max;

	if (w < cwnd)
		return cwnd;
	return w > 1.5 * cwnd ? 1.5 * cwnd : w;
}

/* Section 4.3: what Reno would have, so that CUBIC is never slower. */
static double estimate(struct tcp_cc_cubic *q, double cwnd, double acked)
{
	double alpha = q->w_est >= q->cwnd_prior ? 1 : 3 * (1 - BETA) / (1 + BETA);

	q->w_est += alpha * acked / cwnd;
	return q->w_est;
}

static void on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd, aim, reno, acked;
	uint64_t left;

	if (!ack->cwnd_limited)
		return;
	left = tcp_cc_slow_start(cc, ack->n_acked);
	if (!left)
		return;
	if (!q->epoch)
		begin_epoch(cc, ack->now);
	cwnd = (double)cc->cwnd / cc->mss;
	acked = (double)left / cc->mss;
	aim = target(q, cwnd, ack);
	reno = estimate(q, cwnd, acked);
	if (reno > aim)
		cc->cwnd = (uint64_t)(reno * cc->mss) > cc->cwnd ? (uint64_t)(reno * cc->mss) : cc->cwnd;
	else if (aim > cwnd)
		tcp_cc_avoid(cc, left, (uint64_t)(cwnd / (aim - cwnd) * cc->mss) + 1);
}

/* Sections 4.6 and 4.7: multiplicative decrease with fast convergence. */
static void decrease(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	struct tcp_cc_cubic *q = &cc->u.cubic;
	double cwnd = (double)cc->cwnd / cc->mss;
	uint64_t reduced = (uint64_t)((double)(n_in_flight < cc->cwnd ? n_in_flight : cc->cwnd) * BETA);

	tcp_cc_remember(cc);
	q->w_max = q->epoch && cwnd < q->w_max ? cwnd * (1 + BETA) / 2 : cwnd;
	q->cwnd_prior = cwnd;
	q->epoch = 0;
	cc->n_credit = 0;
	cc->ssthresh = reduced > 2ull * cc->mss ? reduced : 2ull * cc->mss;
}

const struct tcp_congestion tcp_cc_cubic = {
	.name = "cubic",
	.init = init,
	.on_ack = on_ack,
	.on_loss = decrease,
	.on_ecn = decrease,
	.on_timeout = decrease,
	.on_undo = tcp_cc_restore,
};
