/* NewReno's window, RFC 5681 sections 3.1 and 3.2. */
#include "cc.h"

static void init(struct tcp_cc *cc)
{
	cc->n_credit = 0;
}

static void on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	uint64_t left;

	if (!ack->cwnd_limited)
		return;
	left = tcp_cc_slow_start(cc, ack->n_acked);
	if (left)
		tcp_cc_avoid(cc, left, cc->cwnd);
}

/* RFC 5681 equation 4. */
static void halve(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	tcp_cc_remember(cc);
	cc->ssthresh = n_in_flight / 2 > 2ull * cc->mss ? n_in_flight / 2 : 2ull * cc->mss;
	cc->n_credit = 0;
}

const struct tcp_congestion tcp_cc_reno = {
	.name = "reno",
	.init = init,
	.on_ack = on_ack,
	.on_loss = halve,
	.on_ecn = halve,
	.on_timeout = halve,
	.on_undo = tcp_cc_restore,
};
