/* NewReno's window: RFC 5681 sections 3.1 and 3.2, with byte counting (RFC 3465) and RFC 8511's answer to ECN. */
#include "cc.h"

static void init(struct tcp_cc *cc, uint64_t seed)
{
	cc->n_credit = 0;
	cc->starting = false;
	cc->pacing_rate = 0;
}

static void on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	uint64_t left;

	if (!ack->cwnd_limited)
		return;
	left = tcp_cc_slow_start(cc, ack, 1);
	if (left)
		tcp_cc_avoid(cc, left, cc->cwnd);
}

/* n bytes, two segments at least (RFC 5681 equation 4). */
static void reduce(struct tcp_cc *cc, uint64_t n)
{
	tcp_cc_remember(cc);
	cc->ssthresh = n > 2ull * cc->mss ? n : 2ull * cc->mss;
	cc->n_credit = 0;
}

static void on_loss(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	reduce(cc, n_in_flight / 2);
}

/* RFC 8511 section 3.1: a mark is of a short queue, which half the window would leave empty. Not in slow start, where
 * too much is in flight by far. */
static void on_ecn(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	reduce(cc, cc->cwnd < cc->ssthresh ? n_in_flight / 2 : n_in_flight / 5 * 4);
}

const struct tcp_congestion tcp_cc_reno = {
	.name = "reno",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_timeout = on_loss,
	.on_undo = tcp_cc_restore,
};
