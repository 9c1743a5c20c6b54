/* What all congestion controls share. See cc.h. */
#include "cc.h"

#include <string.h>

#include <berth/error.h>

static const struct tcp_congestion *const all[] = {&tcp_cc_cubic, &tcp_cc_reno, &tcp_cc_bbr};

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
	if (!ops->n_own)
		ops->init(cc, 0);
}

int tcp_cc_take(struct tcp_cc *cc, const struct tcp_congestion *ops, uint64_t seed, const struct berth_memory *memory)
{
	void *own = ops->n_own ? memory->alloc(memory->context, ops->n_own) : NULL;

	if (ops->n_own && !own)
		return BERTH_ENOMEM;
	tcp_cc_end(cc, memory);
	cc->ops = ops;
	cc->u.own = own;
	if (cc->before)
		*cc->before = (struct tcp_cc_before){0};
	cc->holds_back = false;
	ops->init(cc, seed);
	return 0;
}

void tcp_cc_end(struct tcp_cc *cc, const struct berth_memory *memory)
{
	if (cc->ops->n_own && cc->u.own)
		memory->free(memory->context, cc->u.own, cc->ops->n_own);
	cc->u = (union tcp_cc_state){0};
}

/* RFC 3465 section 2.2 bounds what one acknowledgment of many segments adds, so that no burst follows. Its bound of two
 * segments is from before receivers joined segments; ten is RFC 9406's as tuned (hystart.h), and paced nothing bursts.
 * After a timeout it stays two, as what is then acknowledged may have arrived long before (section 2.3; its one would
 * make slow start slower than a receiver that acknowledges each second segment is meant to make it). */
static uint64_t growth_max(const struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	if (ack->recovering)
		return 2ull * cc->mss;
	return cc->pacing_rate ? UINT64_MAX : HYSTART_L * (uint64_t)cc->mss;
}

uint64_t tcp_cc_slow_start(struct tcp_cc *cc, const struct tcp_cc_ack *ack, unsigned divisor)
{
	uint64_t room = cc->ssthresh > cc->cwnd ? cc->ssthresh - cc->cwnd : 0;
	uint64_t most = growth_max(cc, ack), grown = (ack->n_acked < most ? ack->n_acked : most) / divisor;

	if (grown < room) {
		cc->cwnd += grown;
		return 0;
	}
	cc->cwnd += room;
	return ack->n_acked - room;
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

void tcp_cc_restart(struct tcp_cc *cc)
{
	uint64_t initial = tcp_cc_initial_window(cc->mss), used = cc->cwnd - cc->cwnd / 4;

	if (cc->cwnd <= initial)
		return;
	if (cc->ssthresh < used)
		cc->ssthresh = used;
	cc->cwnd = initial;
	cc->n_credit = 0;
}

void tcp_cc_remember(struct tcp_cc *cc)
{
	if (!cc->before)
		return;
	*cc->before = (struct tcp_cc_before){
		.cwnd = cc->cwnd, .ssthresh = cc->ssthresh, .u = cc->u, .starting = cc->starting};
}

void tcp_cc_restore(struct tcp_cc *cc)
{
	const struct tcp_cc_before *before = cc->before;

	/* RFC 9438 section 4.9.2: what has grown beyond it meanwhile has gone on from a newer state. */
	if (!before || cc->cwnd >= before->cwnd)
		return;
	cc->cwnd = before->cwnd;
	cc->ssthresh = before->ssthresh;
	cc->u = before->u;
	cc->starting = before->starting;
}
