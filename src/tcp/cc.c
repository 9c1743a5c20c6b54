/* What all congestion controls share. See cc.h. */
#include "cc.h"

#include <string.h>

static const struct tcp_congestion *const all[] = {&tcp_cc_cubic, &tcp_cc_reno};

const struct tcp_congestion *tcp_congestion_find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

uint64_t tcp_cc_initial_window(uint32_t mss)
{
	uint64_t floor = 2ull * mss > 14600 ? 2ull * mss : 14600;

	return 10ull * mss < floor ? 10ull * mss : floor;
}

void tcp_cc_begin(struct tcp_cc *cc, const struct tcp_congestion *ops, uint32_t mss)
{
	*cc = (struct tcp_cc){.ops = ops, .mss = mss, .ssthresh = UINT64_MAX};
	cc->cwnd = tcp_cc_initial_window(mss);
	ops->init(cc);
}

uint64_t tcp_cc_slow_start(struct tcp_cc *cc, uint64_t n_acked)
{
	uint64_t room = cc->ssthresh > cc->cwnd ? cc->ssthresh - cc->cwnd : 0;
	uint64_t grown = n_acked < room ? n_acked : room;

	cc->cwnd += grown;
	return n_acked - grown;
}

void tcp_cc_avoid(struct tcp_cc *cc, uint64_t n_acked, uint64_t window)
{
	/* Credit from when growth was slower is worth one segment, not a burst at the new rate. */
	if (cc->n_credit >= window) {
		cc->n_credit = 0;
		cc->cwnd += cc->mss;
	}
	cc->n_credit += n_acked;
	if (cc->n_credit >= window) {
		uint64_t n = cc->n_credit / window;

		cc->n_credit -= n * window;
		cc->cwnd += n * cc->mss;
	}
}

void tcp_cc_remember(struct tcp_cc *cc)
{
	cc->before = (struct tcp_cc_before){.cwnd = cc->cwnd, .ssthresh = cc->ssthresh, .cubic = cc->u.cubic};
}

void tcp_cc_restore(struct tcp_cc *cc)
{
	if (cc->cwnd < cc->before.cwnd)
		cc->cwnd = cc->before.cwnd;
	cc->ssthresh = cc->before.ssthresh;
	cc->u.cubic = cc->before.cubic;
}
