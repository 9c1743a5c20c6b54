/* RACK. See rack.h. */
#include "rack.h"

#include "tcb.h"

/* Section 6.2 step 4. */
#define PERSIST 16

void tcp_rack_begin(struct tcp_rack *rack)
{
	*rack = (struct tcp_rack){.reo_wnd_mult = 1};
}

/* RACK_update_reo_wnd, the part that D-SACKs play: once a round trip. */
static void take_dsack(struct tcb *t, const struct tcp_ack *ack)
{
	struct tcp_rack *rack = &t->rack;

	if (rack->dsack_seen && (int32_t)((uint32_t)t->snd_una - rack->dsack_round) >= 0)
		rack->dsack_seen = false;
	if (ack->dsack_left == ack->dsack_right || rack->dsack_seen || ack->dsack_of_probe)
		return;
	rack->dsack_seen = true;
	rack->dsack_round = (uint32_t)t->snd_nxt;
	if (rack->reo_wnd_mult < UINT8_MAX)
		rack->reo_wnd_mult++;
	rack->reo_wnd_persist = PERSIST;
}

void tcp_rack_learn(struct tcp_rack *rack, uint64_t ns_rtt)
{
	uint64_t us_late = ns_rtt > rack->ns_rtt ? (ns_rtt - rack->ns_rtt + 999) / 1000 : 0;

	if (us_late <= rack->us_late || us_late > UINT32_MAX)
		return;
	rack->us_late = (uint32_t)us_late;
	rack->reo_wnd_persist = PERSIST;
}

void tcp_rack_recovered(struct tcp_rack *rack)
{
	if (!rack->reo_wnd_persist || --rack->reo_wnd_persist)
		return;
	rack->reo_wnd_mult = 1;
	rack->us_late = 0;
}

void tcp_rack_update(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	const struct sent_record *newest = &ack->news.newest;
	struct tcp_rack *rack = &t->rack;

	if (newest->right) {
		/* Step 2 takes each segment in turn: RACK.rtt is that of the last, and longer than the newest's when an
		 * older one was late. */
		rack->ns_rtt = env->now - ack->news.latest_at;
		if (newest->at > t->flight->xmit_at ||
		    (newest->at == t->flight->xmit_at && newest->right > t->flight->end_seq)) {
			t->flight->xmit_at = newest->at;
			t->flight->end_seq = newest->right;
		}
	}
	take_dsack(t, ack);
}

/* As many segments have arrived out of order as mean a loss where nothing was ever reordered. */
static bool many_sacked(const struct tcb *t)
{
	return tcp_sacked(t)->n >= TCP_DUP_THRESH || t->n_dup_acks >= TCP_DUP_THRESH ||
	       tcp_sent(t)->n_sacked > (TCP_DUP_THRESH - 1) * t->mss;
}

/* Section 6.2 step 4. Where the segment that arrived was the last of its flight none is under way that would end the
 * wait as the third, and none waits for the hole: what is late then gets half as long again, which is a choice of ours
 * within "a small fraction of the round-trip time". */
static uint64_t reo_wnd(const struct tcb *t)
{
	uint64_t ns;

	if (!t->rack.reordering_seen && (t->recovery != TCP_RECOVERY_NONE || many_sacked(t)))
		return 0;
	ns = t->rack.reo_wnd_mult * tcp_rtt_min(&t->rtt_min) / 4;
	if (!t->rack.reordering_seen && t->flight->end_seq == t->snd_nxt)
		ns += ns / 2;
	if (ns < t->rack.us_late * 1000ull)
		ns = t->rack.us_late * 1000ull;
	return ns < t->ns_srtt || !t->ns_srtt ? ns : t->ns_srtt;
}

/* The wait for what is late ends when the segment that has arrived was sent a round trip and a window ago: all that was
 * sent before it is then lost at once, where a time for each would mean a timer for each. */
uint64_t tcp_rack_detect(struct tcp_env *env, struct tcb *t)
{
	struct tcp_rack *rack = &t->rack;
	uint64_t ns_wait = rack->ns_rtt + reo_wnd(t), n_lost, n_again;
	struct sent_limit limit = {
		.at = env->now > ns_wait ? env->now - ns_wait : 0,
		.newest_at = t->flight->xmit_at,
		.newest_right = t->flight->end_seq,
	};

	if (t->flight->lost_edge < t->snd_una)
		t->flight->lost_edge = t->snd_una;
	n_lost = sent_mark_late(&t->flight->sent, &limit, &t->flight->lost_edge, &n_again);
	rack->waits = limit.pending;
	if (n_lost)
		env->counters.rack_losses++;
	if (n_again)
		env->counters.lost_retransmits++;
	return n_lost;
}

berth_time tcp_rack_deadline(const struct tcb *t)
{
	return t->flight->xmit_at + t->rack.ns_rtt + reo_wnd(t);
}

void tcp_rack_mark_on_timeout(struct tcp_env *env, struct tcb *t)
{
	uint64_t ns_wait = t->rack.ns_rtt + reo_wnd(t);

	sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_una + t->mss, true, env->memory);
	if (env->now > ns_wait)
		sent_mark_all_late(&t->flight->sent, env->now - ns_wait);
	t->rack.waits = false;
}
