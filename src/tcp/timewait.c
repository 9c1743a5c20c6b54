/* TIME-WAIT: two maximum segment lifetimes in which old segments die (RFC 9293 section 3.6.1), bounded in number: the
 * oldest makes room. */
#include "tcb.h"

static uint64_t ns_time_wait(const struct tcp_env *env)
{
	return 2 * env->config.ms_msl * 1000000ull;
}

void tcp_time_wait_enter(struct tcp_env *env, struct tcb *t)
{
	tcp_timer_stop_all(env, t);
	tcp_cc_end(&t->cc, env->memory);
	tcp_flight_end(env, t);
	tcp_episode_end(env, t);
	recvq_drop_ahead(&t->recvq, env->memory);
	list_remove(&t->queue);
	while (env->n_time_wait >= env->config.n_time_wait_max && !list_is_empty(&env->time_wait)) {
		env->counters.time_wait_recycled++;
		tcp_drop(env, CONTAINER_OF(list_first(&env->time_wait), struct tcb, queue), 0);
	}
	env->counters.time_wait++;
	env->n_time_wait++;
	list_push_back(&env->time_wait, &t->queue);
	tcp_timer_main(env, t, TCP_MAIN_TIME_WAIT, env->now + ns_time_wait(env));
}

void tcp_time_wait_restart(struct tcp_env *env, struct tcb *t)
{
	tcp_timer_main(env, t, TCP_MAIN_TIME_WAIT, env->now + ns_time_wait(env));
}

/* RFC 6191 section 2: whether a SYN is plainly newer than all that the old connection sent. What is not is challenged,
 * as RFC 9293 section 3.10.7.4 has it, and not dropped without a word. */
static bool is_newer(const struct tcp_env *env, const struct tcb *t, const struct tcp_header *h)
{
	bool newer_seq = tcp_seq_unwrap(h->seq, t->rcv_nxt) > t->rcv_nxt;
	bool will_have_ts = h->has_timestamp && env->config.timestamps;
	int32_t ts_ahead = (int32_t)(h->ts_val - t->ts_recent);

	if (!will_have_ts)
		return newer_seq;
	/* Without timestamps before, what is left of the old connection cannot be taken for the new one's (PAWS). */
	return !t->ts_ok || ts_ahead > 0 || (ts_ahead == 0 && newer_seq);
}

/* RFC 9293 section 3.10.7.4 (SYN in TIME-WAIT, MAY-2). */
bool tcp_time_wait_reuse(struct tcp_env *env, struct tcb *t, struct tcp_segment *segment)
{
	const struct tcp_header *h = &segment->header;

	if ((h->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN || !is_newer(env, t, h))
		return false;
	segment->reuses = true;
	segment->isn_after = (uint32_t)t->snd_nxt;
	tcp_drop(env, t, 0);
	return true;
}
