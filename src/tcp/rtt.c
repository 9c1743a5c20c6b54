/* The retransmission timeout, RFC 6298.
 *
 * A deliberate deviation: the least timeout is 200 ms above the smoothed round trip where section 2.4 says 1 s in all.
 * Delayed acknowledgments of the machines of today stay below it also on long paths, and a lost last segment costs a
 * fifth on short ones. Linux does the same. */
#include "tcb.h"

#define VARIATION_MIN 200000000ull
#define RTO_MAX 120000000000ull

static void set_rto(struct tcb *t)
{
	t->ns_rto = t->ns_srtt + (4 * t->ns_rttvar > VARIATION_MIN ? 4 * t->ns_rttvar : VARIATION_MIN);
	if (t->ns_rto > RTO_MAX)
		t->ns_rto = RTO_MAX;
}

void tcp_rtt_sample(struct tcb *t, uint64_t ns_rtt)
{
	if (!t->ns_srtt) {
		t->ns_srtt = ns_rtt ? ns_rtt : 1;
		t->ns_rttvar = ns_rtt / 2;
	} else {
		uint64_t difference = t->ns_srtt > ns_rtt ? t->ns_srtt - ns_rtt : ns_rtt - t->ns_srtt;

		t->ns_rttvar = t->ns_rttvar - t->ns_rttvar / 4 + difference / 4;
		t->ns_srtt = t->ns_srtt - t->ns_srtt / 8 + ns_rtt / 8;
	}
	set_rto(t);
}

void tcp_rtt_at_least(struct tcb *t, uint64_t ns_rtt)
{
	if (t->ns_srtt < ns_rtt)
		t->ns_srtt = ns_rtt;
	if (t->ns_rttvar < ns_rtt / 2)
		t->ns_rttvar = ns_rtt / 2;
	set_rto(t);
}
