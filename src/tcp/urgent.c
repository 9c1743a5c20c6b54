/* Urgent data: RFC 9293 section 3.8.5, RFC 6093, and the socket interface to it as on Linux.
 *
 * A position of the stream is marked as the end of urgent data; the pointer on the wire is its distance from the
 * segment's number, and points to the byte after the last urgent one (MUST-62, RFC 6093 section 4). The last urgent
 * byte is what MSG_OOB reads; it stays in its place of the stream (RFC 6093 section 6), where reading stops before it
 * and then steps over it, or, with SO_OOBINLINE, reads it like any other. Whatever number a peer says is a position on
 * our 64-bit line: the pointer is added to it and nothing is ever subtracted from it, and nothing is stored but the
 * latest such position, so a sequence of any length (MUST-31) costs the same. */
#include "tcb.h"

/* The number of the next byte that the user reads. */
static tcp_seq read_at(const struct tcb *t)
{
	return t->rcv_nxt - t->rcv_fin - t->recvq.n_bytes;
}

/* The urgent byte's number, when there is one that the user has not read past. */
static bool mark_of(const struct tcb *t, tcp_seq *mark)
{
	*mark = t->urgent.rcv_up - 1;
	return t->urgent.rcv_up && *mark >= read_at(t);
}

/* Section 3.10.7.4, sixth. Only what advances the pointer beyond what has arrived already is news: what was received is
 * not made urgent afterwards. An earlier mark that the user has not reached becomes ordinary data. */
void tcp_urgent_in(struct tcp_env *env, struct tcb *t, tcp_seq seq, uint16_t pointer)
{
	tcp_seq up = seq + pointer;

	if (t->orphan || up <= t->rcv_nxt || up <= t->urgent.rcv_up)
		return;
	t->urgent.rcv_up = up;
	t->oob_taken = false;
	env->counters.urgent_in++;
	tcp_tell(env, t, BERTH_URGENT);
}

bool tcp_urgent_waits(const struct tcb *t)
{
	tcp_seq mark;

	/* Beyond the peer's FIN nothing comes any more. */
	return mark_of(t, &mark) && !t->oob_taken && !(t->rcv_fin && mark >= t->rcv_nxt - 1);
}

bool tcp_at_mark(const struct tcb *t)
{
	tcp_seq mark;

	return mark_of(t, &mark) && mark == read_at(t);
}

long tcp_urgent_recv(struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags)
{
	uint8_t byte;
	tcp_seq mark;

	if (t->oob_inline || !mark_of(t, &mark) || t->oob_taken)
		return BERTH_EINVAL;
	if (!recvq_peek(&t->recvq, (uint32_t)(mark - read_at(t)), &byte, 1))
		return t->rcv_fin || t->state == BERTH_TCP_CLOSED ? 0 : BERTH_EAGAIN; /* announced, not here yet */
	if (!(flags & BERTH_MSG_PEEK))
		t->oob_taken = true;
	for (size_t i = 0; i < n; i++) {
		if (!vectors[i].n)
			continue;
		*(uint8_t *)vectors[i].data = byte;
		return 1;
	}
	return 0;
}

uint32_t tcp_urgent_stop(struct tcb *t, bool peek, uint32_t *skip)
{
	uint8_t byte;
	tcp_seq mark;

	*skip = 0;
	if (!mark_of(t, &mark)) {
		t->urgent.rcv_up = 0;
		return UINT32_MAX;
	}
	if (mark > read_at(t))
		return mark - read_at(t) < UINT32_MAX ? (uint32_t)(mark - read_at(t)) : UINT32_MAX;
	if (t->oob_inline || !t->recvq.n_bytes)
		return UINT32_MAX;
	if (peek)
		*skip = 1;
	else
		recvq_read(&t->recvq, &byte, 1);
	return UINT32_MAX;
}

void tcp_urgent_send(struct tcp_env *env, struct tcb *t)
{
	t->urgent.snd_up = t->sendq.right;
	env->counters.urgent_out++;
	/* The window holds the byte back, but not the news of it. */
	if (!t->snd_wnd)
		tcp_ack_now(env, t, false);
}

bool tcp_urgent_is_sending(const struct tcb *t)
{
	return t->urgent.snd_up > t->snd_una;
}

void tcp_urgent_fields(const struct tcb *t, tcp_seq seq, struct tcp_header *h)
{
	uint64_t distance = t->urgent.snd_up - seq;

	h->flags |= TCP_URG;
	/* Further than the field says: as far as it says; what follows moves the pointer on. */
	h->urgent = (uint16_t)(distance < UINT16_MAX ? distance : UINT16_MAX);
}
