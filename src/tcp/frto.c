/* F-RTO. See frto.h. */
#include "frto.h"

#include "tcb.h"

/* Section 2.1 and 3.1, step 1: not when this recovery has sent more than the first segment again already. */
void tcp_frto_timeout(struct tcb *t, bool again)
{
	if (t->episode)
		t->episode->frto.step = again ? TCP_FRTO_OFF : TCP_FRTO_FIRST;
}

bool tcp_frto_holds(const struct tcb *t)
{
	return t->episode->frto.step == TCP_FRTO_NEW && !t->retransmit_due;
}

/* Step 2: up to two new segments, where there are any and the peer has room for them. */
static void send_new(struct tcb *t, struct tcp_frto *frto)
{
	tcp_seq edge = t->snd_una + t->snd_wnd;

	frto->step = TCP_FRTO_OFF;
	if (t->sendq.right <= t->snd_nxt || edge <= t->snd_nxt)
		return;
	frto->step = TCP_FRTO_NEW;
	frto->new_until = t->snd_nxt + 2ull * t->mss;
}

/* Step 3: what was never sent again and was in flight when the timer fired has arrived. Without SACK, what the first
 * retransmission fills may have arrived long before: an acknowledgment that covers anything sent again says nothing. */
static bool original_arrived(const struct tcb *t, const struct tcp_ack *ack)
{
	const struct sent_news *news = &ack->news;

	return news->once_left && news->once_left < t->recover && (t->sack_ok || !news->again);
}

bool tcp_frto_ack(struct tcb *t, const struct tcp_ack *ack, bool dup)
{
	struct tcp_frto *frto = t->episode ? &t->episode->frto : NULL;

	if (!frto || frto->step == TCP_FRTO_OFF)
		return false;
	if (frto->step == TCP_FRTO_FIRST) {
		if (ack->n_acked && t->snd_una < t->recover)
			send_new(t, frto);
		else if (ack->n_acked || dup)
			frto->step = TCP_FRTO_OFF;
		return false;
	}
	if (original_arrived(t, ack)) {
		frto->step = TCP_FRTO_OFF;
		return true;
	}
	if (!ack->n_acked && !dup && !ack->n_sacked)
		return false;
	/* Step 3a: the loss was real, and the new segments were sent too early. */
	frto->step = TCP_FRTO_OFF;
	if (t->cc.cwnd > 3ull * t->mss && !t->cc.ops->rules_recovery)
		t->cc.cwnd = 3ull * t->mss;
	return false;
}
