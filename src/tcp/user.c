/* What a program does with a connection: RFC 9293 section 3.9.1 and 3.10.2 to 3.10.6. */
#include "tcb.h"

/* Most bytes that one send queues while memory is short. */
#define QUEUE_PRESSED 4000u /* with its header a chunk of 4 KiB */

/* The pending error, told once. */
static int take_error(struct tcb *t)
{
	int error = t->error;

	t->error = 0;
	return error;
}

static uint64_t queued(const struct tcb *t)
{
	return t->sendq.right - t->sendq.left;
}

static uint64_t not_sent(const struct tcb *t)
{
	return t->sendq.right > t->snd_nxt ? t->sendq.right - t->snd_nxt : 0;
}

/* New bytes that would leave as soon as they are asked for. */
static uint64_t leaves_at_once(const struct tcb *t)
{
	uint64_t pipe = tcp_pipe(t), room = t->cc.cwnd > pipe ? t->cc.cwnd - pipe : 0;
	tcp_seq edge = t->snd_una + t->snd_wnd;

	if (edge < t->snd_nxt + room)
		return edge > t->snd_nxt ? edge - t->snd_nxt : 0;
	return room;
}

/* Of the unsent bytes those that would not. */
static uint64_t held_back(const struct tcb *t)
{
	uint64_t unsent = not_sent(t), room = leaves_at_once(t);

	return unsent > room ? unsent - room : 0;
}

/* Room again is worth an event when it is a third of the buffer: one wake-up for many segments. Likewise half of
 * TCP_NOTSENT_LOWAT. */
static bool has_room(const struct tcb *t)
{
	if (tcp_settings(t)->notsent_lowat && 2 * held_back(t) >= tcp_settings(t)->notsent_lowat)
		return false;
	return queued(t) <= t->send_buffer - t->send_buffer / 3 && queued(t) < t->send_buffer;
}

/* Bytes that a send may add while TCP_NOTSENT_LOWAT is set: as on Linux what can leave now, and then large segments (of
 * half the peer's window at most) until so much is held back. A low mark of a byte lets one be filled. */
static uint64_t room_below(const struct tcb *t, uint64_t lowat)
{
	uint64_t held = held_back(t), half = t->snd_wnd_max / 2, whole, can_leave;

	if (held >= lowat)
		return 0;
	whole = half < UINT16_MAX ? half : UINT16_MAX;
	whole = t->mss && whole > t->mss ? whole / t->mss * t->mss : t->mss ? t->mss : 1;
	/* What more could leave than is waiting. */
	can_leave = held ? 0 : leaves_at_once(t) - not_sent(t);
	return can_leave + (lowat - held + whole - 1) / whole * whole;
}

/* Bytes that a send may add. */
static size_t room_of(const struct tcb *t)
{
	uint64_t used = queued(t), below;
	uint64_t room = t->send_buffer > used ? t->send_buffer - used : 0;

	if (!tcp_settings(t)->notsent_lowat || !room)
		return (size_t)room;
	below = room_below(t, tcp_settings(t)->notsent_lowat);
	return (size_t)(room < below ? room : below);
}

/* Bytes in order that make the socket readable: SO_RCVLOWAT, but no more than what the buffer will hold. */
static uint32_t readable_from(const struct tcb *t)
{
	uint32_t lowat = tcp_settings(t)->receive_lowat ? tcp_settings(t)->receive_lowat : 1;

	return lowat < t->receive_buffer / 2 ? lowat : t->receive_buffer / 2;
}

void tcp_tell_room(struct tcp_env *env, struct tcb *t)
{
	if (!t->want_write || !(tcp_ready(t) & BERTH_WRITABLE))
		return;
	t->want_write = false;
	tcp_tell(env, t, BERTH_WRITABLE);
}

bool tcp_has_peer(const struct tcb *t)
{
	return t->connected && t->state != BERTH_TCP_CLOSED;
}

unsigned tcp_ready(const struct tcb *t)
{
	unsigned ready = 0;

	if (t->state == BERTH_TCP_LISTEN)
		return tcp_can_accept(t) ? BERTH_READABLE : 0;
	if (t->recvq.n_bytes >= readable_from(t) || t->rcv_fin || t->rcv_shut)
		ready |= BERTH_READABLE;
	if ((tcp_can_send(t) || tcp_connect_is_deferred(t)) && !t->fin_queued && has_room(t))
		ready |= BERTH_WRITABLE;
	if (tcp_urgent_waits(t))
		ready |= BERTH_URGENT;
	if (t->e.errors)
		ready |= BERTH_FAILED;
	if (t->error)
		ready |= BERTH_FAILED | BERTH_READABLE | BERTH_WRITABLE;
	/* Over: also for a socket that was never connected, as poll says it on Linux. */
	if (t->state == BERTH_TCP_CLOSED || (t->rcv_fin && t->fin_queued))
		ready |= BERTH_HANGUP | (t->connected ? BERTH_READABLE | BERTH_WRITABLE : 0);
	return ready;
}

/* Why nothing can be sent; 0: it can. */
static int send_refused(struct tcb *t)
{
	if (t->error)
		return take_error(t);
	if (t->fin_queued)
		return BERTH_EPIPE;
	if (tcp_can_send(t))
		return 0;
	if (t->state == BERTH_TCP_SYN_SENT || t->state == BERTH_TCP_SYN_RECEIVED)
		return BERTH_EAGAIN;
	return t->connected ? BERTH_EPIPE : BERTH_ENOTCONN;
}

/* How much of n bytes the host's memory has room for. Somebody who has nothing queued gets a little in any case: no
 * acknowledgment would tell him when to try again. */
static size_t may_queue(struct tcp_env *env, struct tcb *t, size_t n)
{
	if (!env->budget->pressed)
		return n;
	if (n > QUEUE_PRESSED)
		n = QUEUE_PRESSED;
	return tcp_memory_admits(env, t, n) || !queued(t) ? n : 0;
}

long tcp_send(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags)
{
	int error = send_refused(t);
	size_t done = 0, wanted = 0;

	if (error == BERTH_EAGAIN && tcp_connect_is_deferred(t))
		return tcp_fast_open_send(env, t, vectors, n);
	tcp_rate_check(t);
	if (error == BERTH_EAGAIN)
		t->want_write = true;
	if (error)
		return error;
	for (size_t i = 0; i < n; i++) {
		size_t room = room_of(t);
		size_t part = may_queue(env, t, vectors[i].n < room ? vectors[i].n : room);
		size_t taken = part ? sendq_append(&t->sendq, vectors[i].data, part, env->memory) : 0;

		wanted += vectors[i].n;
		done += taken;
		if (taken < vectors[i].n)
			break;
	}
	t->cut = done < wanted;
	if (t->cut)
		t->want_write = true;
	if (!done)
		return wanted ? BERTH_EAGAIN : 0;
	t->more = t->more_waits = flags & BERTH_MSG_MORE;
	t->push = false;
	/* When there was not room for all, the urgent byte, which is the last, is still to come. */
	if (flags & BERTH_MSG_OOB && done == wanted)
		tcp_urgent_send(env, t);
	tcp_memory_settle(env, t);
	if (flags & BERTH_MSG_EOR && done == wanted)
		tcp_record_push(&t->records, t->sendq.right, env->memory);
	tcp_want_output(env, t);
	return (long)done;
}

/* Nothing is queued: what that means. */
static long recv_empty(struct tcb *t)
{
	if (t->error)
		return take_error(t);
	if (t->rcv_fin || t->rcv_shut)
		return 0;
	if (t->state == BERTH_TCP_CLOSED || t->state == BERTH_TCP_LISTEN)
		return t->connected ? 0 : BERTH_ENOTCONN;
	return BERTH_EAGAIN;
}

long tcp_recv(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags)
{
	bool copies = !(flags & BERTH_MSG_TRUNC);
	size_t done = 0, wanted = 0;
	uint32_t most = UINT32_MAX, skip = 0;

	if (flags & BERTH_MSG_OOB)
		return tcp_urgent_recv(t, vectors, n, flags);
	if (t->urgent.rcv_up) {
		most = tcp_urgent_stop(t, flags & BERTH_MSG_PEEK, &skip);
		tcp_memory_settle(env, t); /* a byte may have been stepped over, and be all there was */
	}
	for (size_t i = 0; i < n && done == wanted && done < most; i++) {
		uint32_t room = most - (uint32_t)done;
		uint32_t part = vectors[i].n < room ? (uint32_t)vectors[i].n : room;
		uint8_t *to = copies ? vectors[i].data : NULL;

		wanted += part;
		if (flags & BERTH_MSG_PEEK)
			done += recvq_peek(&t->recvq, skip + (uint32_t)done, to, part);
		else
			done += recvq_read(&t->recvq, to, part);
	}
	if (!wanted)
		return 0;
	if (!done)
		return recv_empty(t);
	if (!(flags & BERTH_MSG_PEEK)) {
		tcp_memory_settle(env, t);
		tcp_tune_read(env, t);
		tcp_window_opened(env, t);
	}
	return (long)done;
}

void tcp_control(const struct tcb *t, struct berth_control *control)
{
	if (!tcp_settings(t)->inq)
		return;
	control->present |= BERTH_CONTROL_INQ;
	/* As on Linux: 1 when nothing but the end of data remains. */
	control->inq = t->recvq.n_bytes ? (int)t->recvq.n_bytes : t->rcv_fin;
}

static int bounded(uint64_t n)
{
	return n < INT32_MAX ? (int)n : INT32_MAX;
}

int tcp_query(const struct tcb *t, unsigned request, int *value)
{
	bool idle = t->state == BERTH_TCP_CLOSED || t->state == BERTH_TCP_SYN_SENT;

	if (t->state == BERTH_TCP_LISTEN)
		return BERTH_EINVAL;
	switch (request) {
	case BERTH_SIOCINQ:
		*value = bounded(t->recvq.n_bytes);
		return BERTH_OK;
	case BERTH_SIOCOUTQ:
		*value = idle ? 0 : bounded(queued(t) + (t->fin_queued && !tcp_fin_acked(t)));
		return BERTH_OK;
	case BERTH_SIOCOUTQNSD:
		*value = idle ? 0 : bounded(not_sent(t) + (t->fin_queued && !tcp_fin_sent(t)));
		return BERTH_OK;
	default:
		return BERTH_EINVAL;
	}
}

/* No more will be sent: FIN follows what is queued (RFC 9293 section 3.10.4). */
static void send_fin(struct tcp_env *env, struct tcb *t)
{
	t->fin_queued = true;
	if (t->state != BERTH_TCP_SYN_RECEIVED) /* there it waits for ESTABLISHED */
		tcp_set_state(env, t, t->state == BERTH_TCP_CLOSE_WAIT ? BERTH_TCP_LAST_ACK : BERTH_TCP_FIN_WAIT_1);
	tcp_want_output(env, t);
}

static void shut_receiving(struct tcp_env *env, struct tcb *t)
{
	t->rcv_shut = true;
	tcp_tell(env, t, BERTH_READABLE);
}

int tcp_shutdown(struct tcp_env *env, struct tcb *t, enum berth_shutdown how)
{
	if (t->state == BERTH_TCP_LISTEN || (t->state == BERTH_TCP_CLOSED && !t->connected) ||
	    t->state == BERTH_TCP_SYN_SENT)
		return BERTH_ENOTCONN;
	if (how != BERTH_SHUT_WR)
		shut_receiving(env, t);
	if (how != BERTH_SHUT_RD && !t->fin_queued &&
	    (tcp_states[t->state].can_send || t->state == BERTH_TCP_SYN_RECEIVED))
		send_fin(env, t);
	return 0;
}

static bool must_reset(const struct tcb *t)
{
	if (t->state == BERTH_TCP_TIME_WAIT)
		return false;
	/* RFC 2525 section 2.17, RFC 9293 section 3.6.1: data that nobody will read. */
	return t->recvq.n_bytes || (t->linger.on && !t->linger.s_close);
}

/* RFC 9293 section 3.10.4, state by state. */
void tcp_close(struct tcp_env *env, struct tcb *t)
{
	bool reset = must_reset(t);

	t->e.descriptor = -1;
	t->orphan = true;
	list_remove(&t->e.news);
	recvq_deinit(&t->recvq, env->memory);
	tcp_memory_settle(env, t);
	switch ((enum berth_tcp_state)t->state) {
	case BERTH_TCP_CLOSED:
		pairs_remove(env->pairs, &t->e);
		if (!t->reset_due)
			tcp_end(env, t);
		break;
	case BERTH_TCP_LISTEN:
		tcp_listener_end(env, t);
		tcp_drop(env, t, 0);
		break;
	case BERTH_TCP_SYN_SENT:
		tcp_drop(env, t, 0);
		break;
	case BERTH_TCP_SYN_RECEIVED:
	case BERTH_TCP_ESTABLISHED:
	case BERTH_TCP_CLOSE_WAIT:
		if (reset)
			tcp_abort(env, t, 0);
		else
			send_fin(env, t);
		break;
	case BERTH_TCP_FIN_WAIT_2:
		if (reset || t->linger.s_fin_wait_2 < 0)
			tcp_abort(env, t, 0);
		else
			tcp_linger_fin_wait_2(env, t);
		break;
	case BERTH_TCP_FIN_WAIT_1:
	case BERTH_TCP_CLOSING:
	case BERTH_TCP_LAST_ACK:
		if (reset)
			tcp_abort(env, t, 0);
		break;
	case BERTH_TCP_TIME_WAIT:
	case BERTH_TCP_STATE_N:
		break;
	}
	tcp_reap(env);
}
