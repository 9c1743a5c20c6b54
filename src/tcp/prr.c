/* Proportional rate reduction. See prr.h. */
#include "prr.h"

void tcp_prr_begin(struct tcp_prr *p, uint64_t recover_fs)
{
	*p = (struct tcp_prr){.recover_fs = recover_fs ? recover_fs : 1};
}

/* Section 6.2: ssthresh bytes leave for each RecoverFS that arrive; CEIL is to a whole segment, as nothing less leaves,
 * and what is sent too early so counts as sent. */
static uint64_t proportional(const struct tcp_prr *p, uint64_t ssthresh, uint32_t mss)
{
	uint64_t due = (p->delivered * ssthresh + p->recover_fs - 1) / p->recover_fs;

	due = (due + mss - 1) / mss * mss;
	return due > p->out ? due - p->out : 0;
}

/* Less is in flight than is aimed at: the conservative reduction bound, and one segment more (the slow start reduction
 * bound) while recovery goes well. A small segment that has arrived lets a whole one out, as one did arrive. */
static uint64_t bounded(const struct tcp_prr *p, uint64_t n_delivered, uint64_t missing, uint32_t mss, bool safe)
{
	uint64_t n = p->delivered > p->out ? p->delivered - p->out : 0;

	if (n < n_delivered)
		n = n_delivered;
	if (n < mss)
		n = mss;
	if (safe)
		n += mss;
	return n < missing ? n : missing;
}

uint64_t tcp_prr_ack(struct tcp_prr *p, uint64_t n_delivered, uint64_t pipe, uint64_t ssthresh, uint32_t mss, bool safe)
{
	uint64_t n;

	p->delivered += n_delivered;
	if (pipe > ssthresh)
		n = proportional(p, ssthresh, mss);
	else
		n = bounded(p, n_delivered, ssthresh - pipe, mss, safe);
	/* The fast retransmit itself leaves in any case; here too when less than a segment is due, as part of one helps
	 * nobody. */
	if (!p->out && n < mss)
		n = mss;
	return n;
}
