/* The timers of a connection: RFC 6298 section 5 (retransmission), RFC 9293 section 3.8.6.1 (persist), 3.8.4
 * (keepalive), and the waits of FIN-WAIT-2 and TIME-WAIT.
 *
 * A connection has one entry in the wheel. A deadline that moves away leaves it where it is: when it fires early, it is
 * armed anew. So the acknowledgment of each segment costs a store, not a move. */
#include "tcb.h"

#define NS_PER_S 1000000000ull
#define NS_TIMEOUT_MAX (120 * NS_PER_S)
/* tcp(7) of Linux: TCP_CORK holds data for so long at most; it does so for a round trip longer. */
#define NS_CORK 200000000ull
#define NS_PERSIST_MAX (60 * NS_PER_S)

void tcp_timer_set(struct tcp_env *env, struct tcb *t, enum tcp_timer which, berth_time deadline)
{
	t->deadline[which] = deadline;
	if (!wheel_armed(&t->timer) || deadline < t->timer.deadline)
		wheel_arm(&env->wheel, &t->timer, deadline);
}

void tcp_timer_main(struct tcp_env *env, struct tcb *t, enum tcp_timer_kind kind, berth_time deadline)
{
	t->timer_kind = (uint8_t)kind;
	tcp_timer_set(env, t, TCP_TIMER_MAIN, deadline);
}

void tcp_timer_stop_all(struct tcp_env *env, struct tcb *t)
{
	for (unsigned i = 0; i < TCP_TIMER_N; i++)
		tcp_timer_stop(t, i);
	wheel_cancel(&env->wheel, &t->timer);
}

static uint64_t backed_off(const struct tcb *t, uint64_t max)
{
	uint64_t ns = t->ns_rto;

	for (unsigned i = 0; i < t->n_backoff && ns < max; i++)
		ns *= 2;
	return ns < max ? ns : max;
}

/* The window would take what waits: the program holds it back (TCP_CORK, MSG_MORE). */
static bool is_corked(const struct tcb *t)
{
	return !t->probing && t->snd_nxt == t->snd_una && t->sendq.right > t->snd_nxt &&
	       t->snd_wnd >= t->sendq.right - t->snd_nxt;
}

/* Something is in flight: the retransmission timer runs, and RFC 8985's two, which come before it, take its place
 * (section 8). A probe's deadline moves with each segment that is sent: that is looked at when it comes, but at once
 * where a second segment makes it earlier. */
static void wait_for_ack(struct tcp_env *env, struct tcb *t)
{
	enum tcp_timer_kind kind = TCP_MAIN_RETRANSMIT;
	berth_time rto, first = BERTH_NEVER;

	t->tlp.single = false;
	if (!t->giveup.since)
		t->giveup.since = env->now;
	rto = tcp_giveup_before(env, t, t->flight->rto_from + backed_off(t, NS_TIMEOUT_MAX));
	if (t->rack.waits) {
		kind = TCP_MAIN_REORDER;
		first = tcp_rack_deadline(t);
	} else if (tcp_tlp_wanted(env, t)) {
		kind = TCP_MAIN_PROBE;
		t->tlp.single = t->snd_nxt - t->snd_una <= t->mss;
		first = tcp_tlp_deadline(t);
	}
	if (kind == TCP_MAIN_REORDER && rto < first)
		kind = TCP_MAIN_RETRANSMIT;
	tcp_timer_main(env, t, kind, first < rto ? first : rto);
}

static void update_wait(struct tcp_env *env, struct tcb *t, bool restart)
{
	if (restart || !tcp_timer_waits_for_ack(t->timer_kind))
		t->flight->rto_from = env->now;
	else if (!t->tlp.single || t->snd_nxt - t->snd_una <= t->mss)
		return;
	wait_for_ack(env, t);
}

void tcp_timer_update(struct tcp_env *env, struct tcb *t, bool restart)
{
	enum tcp_timer_kind kind = TCP_MAIN_NONE;
	uint64_t ns;

	if (t->timer_kind == TCP_MAIN_TIME_WAIT || t->timer_kind == TCP_MAIN_FIN_WAIT_2)
		return;
	if (t->snd_nxt > t->snd_una && !t->probing)
		kind = TCP_MAIN_RETRANSMIT;
	else if (t->probing || t->sendq.right > t->snd_nxt || (t->fin_queued && !tcp_fin_sent(t)))
		kind = TCP_MAIN_PERSIST;
	if (kind == TCP_MAIN_NONE) {
		tcp_timer_stop(t, TCP_TIMER_MAIN);
	} else if (kind == TCP_MAIN_RETRANSMIT) {
		update_wait(env, t, restart);
	} else if (restart || kind != (enum tcp_timer_kind)t->timer_kind) {
		if (!t->giveup.since)
			t->giveup.since = env->now;
		ns = is_corked(t) ? NS_CORK + t->ns_srtt : backed_off(t, NS_PERSIST_MAX);
		tcp_timer_main(env, t, kind, tcp_giveup_before(env, t, env->now + ns));
	}
}

void tcp_timer_review(struct tcp_env *env, struct tcb *t)
{
	if (tcp_timer_waits_for_ack(t->timer_kind))
		wait_for_ack(env, t);
}

void tcp_keepalive_restart(struct tcp_env *env, struct tcb *t)
{
	berth_time idle_until = t->heard_at + tcp_settings(t)->s_keep_idle * NS_PER_S;

	t->n_keep = 0;
	if (t->keepalive && t->connected && t->state != BERTH_TCP_TIME_WAIT && t->state != BERTH_TCP_CLOSED)
		tcp_timer_set(env, t, TCP_TIMER_KEEPALIVE, idle_until > env->now ? idle_until : env->now);
	else
		tcp_timer_stop(t, TCP_TIMER_KEEPALIVE);
}

static void count_try(struct tcb *t)
{
	t->n_backoff += t->n_backoff < UINT8_MAX;
	t->giveup.n_tries += t->giveup.n_tries < UINT8_MAX;
}

static void retransmit_timeout(struct tcp_env *env, struct tcb *t)
{
	berth_time since = t->giveup.since;
	bool first = !t->timed_out;

	/* RFC 9293 SHLD-17: what a shrunk window leaves outside is no reason to end a connection whose peer answers. */
	if (tcp_states[t->state].synchronised && !t->snd_wnd && !t->orphan && !tcp_settings(t)->ms_user_timeout &&
	    t->heard_at > since)
		since = t->heard_at;
	if (tcp_giveup_due(env, t, since)) {
		tcp_give_up(env, t);
		return;
	}
	env->counters.timeouts++;
	t->tally.n_timeouts++;
	tcp_rate_check(t);
	if (t->state == BERTH_TCP_SYN_SENT || t->state == BERTH_TCP_SYN_RECEIVED) {
		tcp_fast_open_timeout(env, t);
		t->syn_due = t->syn_retransmitted = true;
	} else if (t->flight) {
		tcp_pmtu_timeout(env, t);
		tcp_loss_timeout(env, t, first);
	}
	t->timed_out = true;
	count_try(t);
	tcp_timer_update(env, t, true); /* RFC 6298 section 5.5, 5.6 */
	tcp_want_output(env, t);
}

/* RFC 8985 section 7.3: one probe, and then the retransmission timer. */
static void probe_timeout(struct tcp_env *env, struct tcb *t)
{
	t->timer_kind = TCP_MAIN_RETRANSMIT;
	wait_for_ack(env, t);
	if (t->deadline[TCP_TIMER_MAIN] > env->now)
		return; /* a segment was sent since */
	t->tlp.due = true;
	tcp_timer_update(env, t, true);
	tcp_want_output(env, t);
}

/* RFC 8985 section 6.2 step 5. The retransmission timer goes on as it was. */
static void reorder_timeout(struct tcp_env *env, struct tcb *t)
{
	t->timer_kind = TCP_MAIN_RETRANSMIT;
	tcp_loss_late(env, t);
	wait_for_ack(env, t);
	tcp_want_output(env, t);
}

/* A peer that answers may keep its window shut as long as it likes (RFC 9293 MUST-37). When nobody is left to wait for
 * it, or somebody has said how long, it must take at least a byte in that time: a peer that never reads holds no memory
 * for ever. */
static void persist_timeout(struct tcp_env *env, struct tcb *t)
{
	if (is_corked(t)) { /* for ever is too long (RFC 9293 MUST-60): what has been sent so far is pushed */
		t->push = true;
		t->more = false;
		tcp_want_output(env, t);
		return;
	}
	if (tcp_giveup_due(env, t, t->orphan || tcp_settings(t)->ms_user_timeout ? t->giveup.since : t->heard_at)) {
		tcp_give_up(env, t);
		return;
	}
	t->probe_due = true;
	count_try(t);
	tcp_timer_update(env, t, true);
	tcp_want_output(env, t);
}

static void main_timeout(struct tcp_env *env, struct tcb *t)
{
	enum tcp_timer_kind kind = t->timer_kind;

	tcp_timer_stop(t, TCP_TIMER_MAIN);
	switch (kind) {
	case TCP_MAIN_RETRANSMIT:
		retransmit_timeout(env, t);
		break;
	case TCP_MAIN_PROBE:
		probe_timeout(env, t);
		break;
	case TCP_MAIN_REORDER:
		reorder_timeout(env, t);
		break;
	case TCP_MAIN_PERSIST:
		persist_timeout(env, t);
		break;
	case TCP_MAIN_FIN_WAIT_2:
	case TCP_MAIN_TIME_WAIT:
		tcp_drop(env, t, 0);
		break;
	case TCP_MAIN_NONE:
		break;
	}
}

/* Something waits for the peer: then its silence is the retransmission timer's or the persist timer's to judge. */
static bool is_idle(const struct tcb *t)
{
	return t->snd_nxt == t->snd_una && t->sendq.right <= t->snd_nxt && (!t->fin_queued || tcp_fin_sent(t));
}

/* RFC 9293 section 3.8.4: only on an idle connection (MUST-26), and one answer is enough. */
static void keepalive_timeout(struct tcp_env *env, struct tcb *t)
{
	berth_time idle_until = t->heard_at + tcp_settings(t)->s_keep_idle * NS_PER_S;

	tcp_timer_stop(t, TCP_TIMER_KEEPALIVE);
	if (idle_until > env->now || !is_idle(t)) {
		t->n_keep = 0;
		tcp_timer_set(env, t, TCP_TIMER_KEEPALIVE,
			      idle_until > env->now ? idle_until : env->now + tcp_settings(t)->s_keep_idle * NS_PER_S);
		return;
	}
	if (tcp_giveup_keepalive_due(env, t)) {
		tcp_give_up(env, t);
		return;
	}
	if (t->n_keep < UINT8_MAX)
		t->n_keep++;
	t->keepalive_due = true;
	tcp_want_output(env, t);
	tcp_timer_set(env, t, TCP_TIMER_KEEPALIVE,
		      tcp_giveup_before_keepalive(env, t, env->now + tcp_settings(t)->s_keep_interval * NS_PER_S));
}

static void pace_timeout(struct tcp_env *env, struct tcb *t)
{
	tcp_timer_stop(t, TCP_TIMER_PACE);
	tcp_want_output(env, t);
}

static void run(struct tcp_env *env, struct tcb *t)
{
	static void (*const handlers[TCP_TIMER_N])(struct tcp_env *, struct tcb *) = {
		[TCP_TIMER_MAIN] = main_timeout,
		[TCP_TIMER_ACK] = tcp_delack_timeout,
		[TCP_TIMER_KEEPALIVE] = keepalive_timeout,
		[TCP_TIMER_PACE] = pace_timeout,
	};
	berth_time next = BERTH_NEVER;

	for (unsigned i = 0; i < TCP_TIMER_N && t->state != BERTH_TCP_CLOSED; i++)
		if (t->deadline[i] <= env->now)
			handlers[i](env, t);
	if (t->state == BERTH_TCP_CLOSED)
		return;
	for (unsigned i = 0; i < TCP_TIMER_N; i++)
		if (t->deadline[i] < next)
			next = t->deadline[i];
	if (next != BERTH_NEVER)
		wheel_arm(&env->wheel, &t->timer, next);
}

void tcp_expire(struct tcp_env *env)
{
	struct wheel_timer *timer;

	while ((timer = wheel_pop(&env->wheel, env->now))) {
		if (timer == &env->requests.timer)
			tcp_requests_expire(env);
		else
			run(env, CONTAINER_OF(timer, struct tcb, timer));
	}
	tcp_reap(env);
}
