/* Recovering what is lost: RFC 5681, 6582 and 6675, with the rate reduced by RFC 9937, and RFC 6298 after a timeout.
 * What is lost is found by RACK (rack.c), by the scoreboard (sack_loss.c) or by duplicates (newreno.c).
 *
 * What is decided here is written into the records of `sent`; tcp_output sends again what is marked lost, as far as
 * cwnd allows. */
#include "newreno.h"
#include "plpmtud.h"
#include "sack_loss.h"
#include "tcb.h"

/* As Linux: what was seen to arrive later than this many segments is not waited for. */
#define REORDERING_MAX 300

static bool uses_rack(const struct tcp_env *env, const struct tcb *t)
{
	return t->sack_ok && env->config.rack;
}

void tcp_episode_end(struct tcp_env *env, struct tcb *t)
{
	if (t->episode)
		env->memory->free(env->memory->context, t->episode, sizeof(*t->episode));
	t->episode = NULL;
	t->cc.before = NULL;
}

static void begin_episode(struct tcp_env *env, struct tcb *t, bool timeout)
{
	if (!t->episode)
		t->episode = env->memory->alloc(env->memory->context, sizeof(*t->episode));
	if (!t->episode)
		return;
	*t->episode = (struct tcp_episode){0};
	t->cc.before = &t->episode->before;
	tcp_cc_remember(&t->cc); /* also where nothing is reduced for it */
	tcp_undo_begin(t, timeout);
}

void tcp_reordered(struct tcp_env *env, struct tcb *t, uint64_t n_segments)
{
	env->counters.reordering_seen++;
	t->rack.reordering_seen = true;
	if (n_segments > REORDERING_MAX)
		n_segments = REORDERING_MAX;
	if (n_segments > t->reordering)
		t->reordering = (uint16_t)n_segments;
}

/* RFC 8985 section 6.2 step 3: what was sent once has arrived after what was sent later. */
static void look_for_reordering(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	tcp_seq once_left = ack->news.once_left;

	if (!once_left || once_left >= ack->fack)
		return;
	tcp_reordered(env, t, (ack->fack - once_left + t->mss - 1) / t->mss);
	tcp_rack_learn(&t->rack, env->now - ack->news.once_left_at);
}

/* RFC 5681 section 3.2, step 2: of what is in flight, not what left by the first duplicates, beyond cwnd (RFC 3042). */
static void reduce(struct tcp_env *env, struct tcb *t)
{
	uint64_t in_flight = t->snd_nxt - t->snd_una;

	/* RFC 3168 section 6.1.2: not again for what was in flight when a mark reduced it. */
	if (tcp_ecn_may_reduce(t))
		t->cc.ops->on_loss(&t->cc, in_flight < t->cc.cwnd ? in_flight : t->cc.cwnd, env->now);
	tcp_ecn_reduced(t);
}

void tcp_loss_reduce(struct tcp_env *env, struct tcb *t)
{
	reduce(env, t);
	if (!t->cc.ops->rules_recovery && t->cc.cwnd > t->cc.ssthresh)
		t->cc.cwnd = t->cc.ssthresh;
}

/* RFC 9937 section 6.2, RecoverFS: what this acknowledgment has delivered counts as in flight. */
static void enter_fast(struct tcp_env *env, struct tcb *t, const struct tcp_ack *ack)
{
	uint64_t flight = t->snd_nxt - t->snd_una + ack->n_acked - tcp_sent(t)->n_sacked + ack->n_sacked;

	if (!t->sack_ok)
		flight -= t->dup_bytes - ack->n_delivered < flight ? t->dup_bytes - ack->n_delivered : 0;
	env->counters.fast_recoveries++;
	t->recovery = TCP_RECOVERY_FAST;
	t->recover = t->snd_nxt;
	t->retransmit_due = true; /* RFC 6675 section 5, step 4.3: the first leaves in any case */
	t->tlp.outstanding = false;
	begin_episode(env, t, false);
	reduce(env, t);
	if (t->episode)
		tcp_prr_begin(&t->episode->prr, flight);
	else if (!t->cc.ops->rules_recovery)
		t->cc.cwnd = t->cc.ssthresh;
}

static void leave(struct tcb *t)
{
	/* RFC 9937 section 6.2, RFC 6582 section 3.2 step 3. */
	if (t->recovery == TCP_RECOVERY_FAST && !t->cc.ops->rules_recovery)
		t->cc.cwnd = t->cc.ssthresh;
	t->recovery = TCP_RECOVERY_NONE;
	t->retransmit_due = false;
	t->n_dup_acks = 0;
	t->dup_bytes = 0;
	tcp_rack_recovered(&t->rack);
	if (t->episode) {
		t->episode->undo.until = t->snd_nxt;
		t->episode->frto.step = TCP_FRTO_OFF;
	}
}

/* RFC 9937 for this acknowledgment. Without memory for it the window is at ssthresh since recovery began. */
static void set_rate(struct tcb *t, const struct tcp_ack *ack)
{
	uint64_t pipe = tcp_pipe(t);

	if (t->recovery != TCP_RECOVERY_FAST || !t->episode || t->cc.ops->rules_recovery || !ack->n_delivered)
		return;
	t->cc.cwnd = pipe + tcp_prr_ack(&t->episode->prr, ack->n_delivered, pipe, t->cc.ssthresh, t->mss,
					ack->n_acked && !ack->n_lost);
}

static void count(struct tcb *t, struct tcp_ack *ack, bool dup)
{
	ack->n_dup_before = t->n_dup_acks;
	if (ack->n_acked)
		t->n_dup_acks = 0;
	else if (dup && t->n_dup_acks < UINT8_MAX)
		t->n_dup_acks++;
	if (t->sack_ok)
		ack->n_delivered = ack->news.n_delivered;
	else
		tcp_newreno_count(t, ack, dup);
}

static void detect(struct tcp_env *env, struct tcb *t, struct tcp_ack *ack, bool dup)
{
	if (!t->flight)
		return;
	if (uses_rack(env, t)) {
		if (tcp_sent(t)->n_sacked || again_first(tcp_sent(t)->again) ||
		    t->rack.waits) /* else nothing was overtaken */
			ack->n_lost = tcp_rack_detect(env, t);
	} else if (t->sack_ok)
		ack->n_lost = tcp_sack_loss_detect(env, t, ack);
	else if (ack->n_acked || dup)
		ack->n_lost = tcp_newreno_detect(env, t, ack, dup);
	if (t->recovery == TCP_RECOVERY_NONE && tcp_sent(t)->n_lost > tcp_sent(t)->n_again && !tcp_plpmtud_lost(env, t))
		enter_fast(env, t, ack);
}

/* What there is to undo, and when nothing is heard of it any more. */
static void look_for_undo(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack, bool dup)
{
	if (tcp_frto_ack(t, ack, dup))
		tcp_undo(env, t, ack);
	else
		tcp_undo_ack(env, t, h, ack);
	if (t->recovery == TCP_RECOVERY_NONE && (t->snd_una > t->episode->undo.until || !t->episode->undo.marker))
		tcp_episode_end(env, t);
}

void tcp_loss_ack(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack, bool dup)
{
	count(t, ack, dup);
	if (t->tlp.outstanding)
		tcp_tlp_ack(env, t, ack, dup);
	if (t->sack_ok)
		look_for_reordering(env, t, ack);
	if (uses_rack(env, t))
		tcp_rack_update(env, t, ack);
	if (t->episode)
		look_for_undo(env, t, h, ack, dup);
	if (t->recovery != TCP_RECOVERY_NONE && t->snd_una >= t->recover)
		leave(t);
	detect(env, t, ack, dup);
	set_rate(t, ack);
}

/* Something stayed late for longer than it is waited for. As no acknowledgment came, no more leaves than was due, but a
 * segment at least (RFC 9937 has no rule for it). */
void tcp_loss_late(struct tcp_env *env, struct tcb *t)
{
	uint64_t pipe = tcp_pipe(t), room = t->cc.cwnd > pipe ? t->cc.cwnd - pipe : 0;
	struct tcp_ack ack = {.ack = t->snd_una};
	bool was_fast = t->recovery == TCP_RECOVERY_FAST;

	detect(env, t, &ack, false);
	if (!ack.n_lost || t->recovery != TCP_RECOVERY_FAST || !t->episode || t->cc.ops->rules_recovery)
		return;
	if (!was_fast || room < t->mss)
		room = t->mss;
	t->cc.cwnd = tcp_pipe(t) + room;
}

/* RFC 2018 section 8: the first byte is reported as received and yet not acknowledged: the peer has thrown it away. */
static void check_reneging(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_sent(t)->n || !(sent_at(&t->flight->sent, 0)->flags & SENT_SACKED))
		return;
	env->counters.reneging++;
	sent_forget_sacks(&t->flight->sent);
	ranges_deinit(&t->flight->sacked, env->memory);
	sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_nxt, true, env->memory);
}

void tcp_loss_timeout(struct tcp_env *env, struct tcb *t, bool first)
{
	bool again = t->recovery == TCP_RECOVERY_TIMEOUT;

	if (!again)
		begin_episode(env, t, true);
	/* RFC 5681 section 3.1, equation 4: once, not for each time the same segment is sent again. */
	if (first)
		t->cc.ops->on_timeout(&t->cc, t->snd_nxt - t->snd_una, env->now);
	tcp_frto_timeout(t, again);
	t->cc.cwnd = t->mss;
	t->cc.n_credit = 0;
	tcp_ecn_reduced(t);
	check_reneging(env, t);
	if (uses_rack(env, t))
		tcp_rack_mark_on_timeout(env, t);
	else
		sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_nxt, true, env->memory);
	t->recovery = TCP_RECOVERY_TIMEOUT;
	t->recover = t->snd_nxt;
	t->retransmit_due = true;
	t->flight->lost_edge = uses_rack(env, t) ? t->snd_una : t->snd_nxt;
	t->reordering = TCP_DUP_THRESH;
	t->tlp = (struct tcp_tlp){0};
	t->n_dup_acks = 0;
	t->dup_bytes = 0;
}
