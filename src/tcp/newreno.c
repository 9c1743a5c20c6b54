/* Loss without SACK. See newreno.h. */
#include "newreno.h"

#include "tcb.h"

/* Outside of recovery the first two duplicates let a new segment out each, and no more (RFC 3042 section 2). After a
 * timeout they let out nothing: what they answer was sent again already. */
static uint64_t room_for_duplicates(const struct tcb *t)
{
	uint64_t in_flight = t->snd_nxt - t->snd_una, few = 2ull * t->mss;

	switch ((enum tcp_recovery)t->recovery) {
	case TCP_RECOVERY_NONE:
		if (t->snd_una > t->recover) /* the one at which recovery begins */
			few = (uint64_t)t->reordering * t->mss;
		return in_flight < few ? in_flight : few;
	case TCP_RECOVERY_FAST:
		return in_flight;
	case TCP_RECOVERY_TIMEOUT:
		return 0;
	}
	return 0;
}

/* RFC 9937 section 5, DeliveredData without SACK: each duplicate is a segment, which the acknowledgment that follows
 * does not count again. Of a partial acknowledgment one segment is the hole, the others were duplicates before. */
void tcp_newreno_count(struct tcb *t, struct tcp_ack *ack, bool dup)
{
	uint64_t counted;

	if (ack->n_acked) {
		counted = ack->n_acked > t->mss ? ack->n_acked - t->mss : 0;
		if (counted > t->dup_bytes)
			counted = t->dup_bytes;
		t->dup_bytes -= (uint32_t)counted;
		ack->n_delivered = ack->n_acked - counted;
		if (t->recovery != TCP_RECOVERY_FAST)
			t->dup_bytes = 0;
	} else if (dup && t->dup_bytes + t->mss <= room_for_duplicates(t)) {
		t->dup_bytes += t->mss;
		ack->n_delivered = t->mss;
	}
}

uint64_t tcp_newreno_detect(struct tcp_env *env, struct tcb *t, struct tcp_ack *ack, bool dup)
{
	bool partial = ack->n_acked && t->recovery == TCP_RECOVERY_FAST;
	/* RFC 6582 section 3.2 step 2: not for duplicates of what was in flight before the last recovery. */
	bool third =
		dup && t->n_dup_acks == t->reordering && t->recovery == TCP_RECOVERY_NONE && t->snd_una > t->recover;

	if (!partial && !third)
		return 0;
	/* Step 3: only the first partial acknowledgment restarts the timer, so that a window with many holes ends in
	 * slow start and not in a hole a round trip. */
	if (partial && t->episode) {
		ack->keeps_timer = t->episode->partial;
		t->episode->partial = true;
	}
	t->retransmit_due = true; /* and the hole is filled whatever cwnd says */
	return sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_una + t->mss, false, env->memory);
}
