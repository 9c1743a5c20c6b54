/* See ecn.h. */
#include "ecn.h"

#include "tcb.h"

#define SETUP (TCP_ECE | TCP_CWR)

void tcp_ecn_begin(const struct tcp_env *env, struct tcb *t)
{
	t->ecn = (struct tcp_ecn){.asked = !t->passive && env->config.ecn == BERTH_ECN_ON};
}

/* RFC 3168 section 6.1.1.1: a SYN without an answer may have met a middlebox that knows no such flags, so that those
 * that follow go without. Nothing that is sent afterwards is then ECN-capable (section 6.1.1). */
static bool still_asks(const struct tcb *t)
{
	return t->ecn.asked && !t->syn_retransmitted;
}

unsigned tcp_ecn_syn_flags(const struct tcb *t)
{
	if (t->state == BERTH_TCP_SYN_RECEIVED)
		return t->ecn.ok ? TCP_ECE : 0;
	return still_asks(t) ? SETUP : 0;
}

unsigned tcp_ecn_answer(const struct tcp_env *env, unsigned syn_flags)
{
	return env->config.ecn != BERTH_ECN_OFF && (syn_flags & SETUP) == SETUP ? TCP_ECE : 0;
}

void tcp_ecn_take_syn(struct tcp_env *env, struct tcb *t, const struct tcp_header *h)
{
	/* Both flags in a SYN-ACK are our own, thrown back by who does not look at them (section 6.1.1). */
	unsigned wanted = h->flags & TCP_ACK ? TCP_ECE : SETUP;
	bool willing = t->passive ? env->config.ecn != BERTH_ECN_OFF : still_asks(t);

	t->ecn.ok = willing && (h->flags & SETUP) == wanted;
	env->counters.ecn_agreed += t->ecn.ok;
}

void tcp_ecn_repeated_syn(struct tcb *t, const struct tcp_header *h)
{
	if ((h->flags & SETUP) != SETUP)
		t->ecn.ok = false;
}

/* Section 6.1.3. The first mark is answered at once: a sender with little in flight would wait for the delayed one. */
void tcp_ecn_data_in(struct tcp_env *env, struct tcb *t, unsigned flags, unsigned bits)
{
	if (flags & TCP_CWR)
		t->ecn.echo = false;
	if (bits != TCP_ECN_CE)
		return;
	env->counters.ecn_marks_in++;
	if (!t->ecn.echo)
		tcp_ack_now(env, t, false);
	t->ecn.echo = true;
}

bool tcp_ecn_may_reduce(const struct tcb *t)
{
	return !t->flight || t->snd_una >= t->flight->reduced;
}

void tcp_ecn_reduced(struct tcb *t)
{
	if (t->flight)
		t->flight->reduced = t->snd_nxt;
	t->ecn.cwr_due = t->ecn.ok;
}

/* Section 6.1.2. A window of one segment is not made smaller, and two are the least that a control asks for: then it is
 * the delayed acknowledgment that sets the pace. With nothing in flight there is nothing that a router can have marked:
 * it was answered when it was acknowledged, and in TIME-WAIT the control is gone. */
void tcp_ecn_echo_in(struct tcp_env *env, struct tcb *t)
{
	uint64_t in_flight = t->snd_nxt - t->snd_una;

	if (!in_flight || !tcp_ecn_may_reduce(t) || t->recovery != TCP_RECOVERY_NONE)
		return;
	env->counters.ecn_reductions++;
	t->cc.ops->on_ecn(&t->cc, in_flight < t->cc.cwnd ? in_flight : t->cc.cwnd, env->now);
	if (t->cc.cwnd > t->cc.ssthresh)
		t->cc.cwnd = t->cc.ssthresh;
	tcp_cc_remember(&t->cc); /* a loss that turns out to be none does not take this back */
	tcp_ecn_reduced(t);
}

void tcp_ecn_plan(struct tcb *t, struct tcp_plan *plan)
{
	plan->ect = true;
	if (t->ecn.cwr_due)
		plan->flags |= TCP_CWR;
}
