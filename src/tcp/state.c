/* The state of a connection: RFC 9293 section 3.3.2, and figure 5 as a table. tcp_set_state is the only writer. */
#include "tcb.h"

#include <assert.h>

#define TO(state) (1u << BERTH_TCP_##state)

const struct tcp_state_facts tcp_states[BERTH_TCP_STATE_N] = {
	/* CLOSED may become SYN_RECEIVED because a listener's child begins there. */
	[BERTH_TCP_CLOSED] = {.next = TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECEIVED)},
	[BERTH_TCP_LISTEN] = {.next = TO(CLOSED)},
	[BERTH_TCP_SYN_SENT] = {.next = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED)},
	[BERTH_TCP_SYN_RECEIVED] = {.synchronised = true,
				    .next = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED)},
	[BERTH_TCP_ESTABLISHED] = {.synchronised = true,
				   .can_send = true,
				   .can_receive = true,
				   .next = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED)},
	[BERTH_TCP_FIN_WAIT_1] = {.synchronised = true,
				  .can_receive = true,
				  .next = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT) | TO(CLOSED)},
	[BERTH_TCP_FIN_WAIT_2] = {.synchronised = true, .can_receive = true, .next = TO(TIME_WAIT) | TO(CLOSED)},
	[BERTH_TCP_CLOSE_WAIT] = {.synchronised = true, .can_send = true, .next = TO(LAST_ACK) | TO(CLOSED)},
	[BERTH_TCP_CLOSING] = {.synchronised = true, .next = TO(TIME_WAIT) | TO(CLOSED)},
	[BERTH_TCP_LAST_ACK] = {.synchronised = true, .next = TO(CLOSED)},
	[BERTH_TCP_TIME_WAIT] = {.synchronised = true, .next = TO(CLOSED)},
};

#undef TO

static void enter_closed(struct tcp_env *env, struct tcb *t, enum berth_tcp_state from)
{
	bool waits = tcp_waits_for_accept(t);

	tcp_timer_stop_all(env, t);
	tcp_release_buffers(env, t);
	if (t->parent && !waits)
		tcp_listener_forget(t);
	if (from == BERTH_TCP_SYN_RECEIVED && t->fast_open.child)
		tcp_fast_open_proved(env, t);
	if (from == BERTH_TCP_TIME_WAIT)
		env->n_time_wait--;
	if (!waits)
		list_remove(&t->queue);
	if (from == BERTH_TCP_SYN_SENT || from == BERTH_TCP_SYN_RECEIVED)
		env->counters.failed_opens++;
	pairs_remove(env->pairs, &t->e);
	if (t->reset_due)
		tcp_want_output(env, t);
	else if (t->e.descriptor < 0 && !waits)
		tcp_end(env, t);
	tcp_tell(env, t, BERTH_READABLE | BERTH_WRITABLE | BERTH_HANGUP | (t->error ? BERTH_FAILED : 0));
}

void tcp_set_state(struct tcp_env *env, struct tcb *t, enum berth_tcp_state state)
{
	enum berth_tcp_state from = t->state;

	assert(tcp_states[from].next & 1u << state);
	t->state = (uint8_t)state;
	switch (state) {
	case BERTH_TCP_ESTABLISHED:
		tcp_establish(env, t);
		break;
	case BERTH_TCP_CLOSE_WAIT:
	case BERTH_TCP_CLOSING:
		tcp_tell(env, t, BERTH_READABLE);
		break;
	case BERTH_TCP_FIN_WAIT_2:
		if (t->orphan)
			tcp_linger_fin_wait_2(env, t);
		break;
	case BERTH_TCP_TIME_WAIT:
		tcp_time_wait_enter(env, t);
		tcp_tell(env, t, BERTH_READABLE | BERTH_HANGUP);
		break;
	case BERTH_TCP_CLOSED:
		enter_closed(env, t, from);
		break;
	case BERTH_TCP_LISTEN:
	case BERTH_TCP_SYN_SENT:
	case BERTH_TCP_SYN_RECEIVED:
	case BERTH_TCP_FIN_WAIT_1:
	case BERTH_TCP_LAST_ACK:
	case BERTH_TCP_STATE_N:
		break;
	}
}

void tcp_drop(struct tcp_env *env, struct tcb *t, int error)
{
	if (error && !t->error)
		t->error = error;
	tcp_set_state(env, t, BERTH_TCP_CLOSED);
}

/* RFC 9293 section 3.10.5 sends no RST in CLOSING and LAST-ACK. Here one leaves: the peer's user may still wait for the
 * rest of what was queued, and the peer for our FIN. */
void tcp_abort(struct tcp_env *env, struct tcb *t, int error)
{
	t->reset_due = tcp_states[t->state].synchronised && t->state != BERTH_TCP_TIME_WAIT;
	tcp_drop(env, t, error);
}

void tcp_address_gone(struct tcp_env *env, struct tcb *t)
{
	if (t->state == BERTH_TCP_CLOSED || t->state == BERTH_TCP_LISTEN)
		return;
	tcp_drop(env, t, BERTH_EADDRNOTAVAIL);
	tcp_reap(env);
}
