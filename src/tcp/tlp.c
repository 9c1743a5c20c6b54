/* Tail loss probe. See tlp.h. */
#include "tlp.h"

#include "tcb.h"

/* Section 7.2, TLP.max_ack_delay: how long the peer may keep the acknowledgment of a single segment back. */
#define NS_ACK_DELAY_MAX 200000000ull
/* What two and more segments take at least, where a round trip is shorter than clocks are exact. */
#define NS_PTO_MARGIN 2000000ull

bool tcp_tlp_wanted(const struct tcp_env *env, const struct tcb *t)
{
	return t->sack_ok && env->config.rack && t->ns_srtt && !t->tlp.outstanding && !t->tlp.due &&
	       t->recovery == TCP_RECOVERY_NONE && !tcp_sent(t)->n_sacked && !tcp_sent(t)->n_lost &&
	       tcp_states[t->state].synchronised;
}

berth_time tcp_tlp_deadline(const struct tcb *t)
{
	berth_time from = t->sent_at > t->flight->rto_from ? t->sent_at : t->flight->rto_from;

	return from + 2 * t->ns_srtt + (t->snd_nxt - t->snd_una <= t->mss ? NS_ACK_DELAY_MAX : NS_PTO_MARGIN);
}

void tcp_tlp_sent(struct tcp_env *env, struct tcb *t, bool again)
{
	env->counters.tail_probes++;
	t->tlp = (struct tcp_tlp){.end_seq = (uint32_t)t->snd_nxt, .outstanding = true, .again = again};
}

void tcp_tlp_ack(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack, bool dup)
{
	int32_t beyond = (int32_t)((uint32_t)ack->ack - t->tlp.end_seq);

	if (!t->tlp.outstanding || beyond < 0)
		return;
	if (t->tlp.again && !ack->dsack_of_probe) {
		if (beyond == 0 && !(dup && !ack->n_sacked && !ack->n_acked))
			return; /* the original or the probe, and it is too early to say which */
		if (beyond > 0) {
			/* What follows the probe has arrived and no second copy was reported: the probe has repaired a
			 * loss. */
			env->counters.tail_probe_recoveries++;
			tcp_loss_reduce(env, t);
		}
	}
	t->tlp.outstanding = false;
}
