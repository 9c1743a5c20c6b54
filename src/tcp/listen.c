/* Listeners: SYNs become requests (request.h), and requests that complete the handshake become connections, which wait
 * for accept. Both queues are bounded by the backlog, and all requests of a host by n_half_open_max. A SYN that finds
 * no room among the requests is answered by a cookie (syncookie.h), which costs no memory; one that finds the accept
 * queue full is dropped, and will be sent again by an honest peer. */
#include "tcb.h"

#include "syncookie.h"

#define BACKLOG_MAX 4096

int tcp_listen(struct tcp_env *env, struct tcb *t, int backlog)
{
	struct tcp_listener *l = t->listener;

	if (t->state != BERTH_TCP_CLOSED && t->state != BERTH_TCP_LISTEN)
		return BERTH_EINVAL;
	if (t->connected)
		return BERTH_EINVAL;
	if (!l) {
		int error;

		l = env->memory->alloc(env->memory->context, sizeof(*l));
		if (!l)
			return BERTH_ENOMEM;
		t->e.kind = ENDPOINT_TCP_LISTENER;
		error = pairs_listen(env->pairs, &t->e);
		if (error) {
			t->e.kind = ENDPOINT_TCP;
			env->memory->free(env->memory->context, l, sizeof(*l));
			return error;
		}
		*l = (struct tcp_listener){0};
		list_init(&l->half_open);
		list_init(&l->waiting);
		t->listener = l;
		tcp_set_state(env, t, BERTH_TCP_LISTEN);
	}
	l->backlog = backlog < 1 ? 1 : backlog > BACKLOG_MAX ? BACKLOG_MAX : (uint32_t)backlog;
	return 0;
}

bool tcp_accept_queue_is_full(const struct tcb *listener)
{
	return listener->listener->n_waiting >= listener->listener->backlog;
}

bool tcp_listener_has_room(const struct endpoint *e)
{
	return e && e->kind == ENDPOINT_TCP_LISTENER && !tcp_accept_queue_is_full(CONTAINER_OF(e, const struct tcb, e));
}

bool tcp_can_accept(const struct tcb *t)
{
	return t->listener && t->listener->n_waiting;
}

struct tcb *tcp_accept(struct tcp_env *env, struct tcb *listener)
{
	struct list_node *node = listener->listener ? list_pop_front(&listener->listener->waiting) : NULL;
	struct tcb *t;

	if (!node)
		return NULL;
	t = CONTAINER_OF(node, struct tcb, queue);
	listener->listener->n_waiting--;
	t->parent = NULL;
	return t;
}

/* A child takes over what its listener's user has set. */
static void inherit(struct tcb *t, const struct tcb *listener)
{
	t->e.family = listener->e.family;
	t->e.v6only = listener->e.v6only;
	t->e.tos = listener->e.tos;
	t->e.ttl = listener->e.ttl;
	t->e.reuse = listener->e.reuse;
	t->e.reuse_port = listener->e.reuse_port;
	t->send_buffer = listener->send_buffer;
	t->receive_buffer = listener->receive_buffer;
	t->send_buffer_set = listener->send_buffer_set;
	t->receive_buffer_set = listener->receive_buffer_set;
	t->mss_user = listener->mss_user;
	t->nodelay = listener->nodelay;
	t->keepalive = listener->keepalive;
	t->linger = listener->linger;
	t->oob_inline = listener->oob_inline;
	t->cc.ops = listener->cc.ops;
	if (t->settings) /* but what is a listener's alone */
		t->settings->n_syn_retries = t->settings->n_defer_accept = 0;
}

/* A connection that follows another of the same pair begins above its numbers (RFC 9293 section 3.6.1, MAY-2), also
 * when the old one sent faster than the clock of RFC 6528 runs. */
static uint32_t first_number(const struct tcp_env *env, const struct tcp_segment *segment)
{
	uint32_t isn = tcp_isn(env, &segment->pair);

	if (segment->reuses && (int32_t)(isn - segment->isn_after) <= 0)
		isn = segment->isn_after + 65536;
	return isn;
}

struct tcb *tcp_listener_child(struct tcp_env *env, struct tcb *listener, const struct socket_pair *pair, uint32_t isn,
			       uint32_t mtu)
{
	struct tcb *t = tcp_new(env, pair->family);

	if (!t)
		return NULL;
	if (listener->settings && !tcp_settings_own(env, t, listener->settings)) {
		tcp_end(env, t);
		return NULL;
	}
	t->e.pair = *pair;
	t->passive = true;
	inherit(t, listener);
	pairs_adopt(env->pairs, &t->e);
	tcp_begin(env, t, isn, mtu);
	t->parent = listener;
	list_push_back(&listener->listener->half_open, &t->queue);
	listener->listener->n_half_open++;
	tcp_set_state(env, t, BERTH_TCP_SYN_RECEIVED);
	return t;
}

static bool queue_is_full(const struct tcp_env *env, const struct tcp_listener *l)
{
	return l->n_half_open >= l->backlog || env->requests.table.n >= env->config.n_half_open_max;
}

static void take_syn(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment)
{
	struct tcp_request r;

	if (tcp_accept_queue_is_full(listener)) {
		env->counters.backlog_full++;
		return;
	}
	tcp_request_fill(env, &r, listener, segment, first_number(env, segment));
	if (tcp_fast_open_take(env, listener, segment, &r))
		return;
	/* A connection that follows another of its pair may not begin at any number, as a cookie would. There are no
	 * more of these than there were in TIME-WAIT. */
	if (!segment->reuses && queue_is_full(env, listener->listener)) {
		tcp_syncookie_send(env, &r);
		return;
	}
	env->counters.passive_opens++;
	if (!tcp_request_keep(env, &r))
		env->counters.no_memory++;
}

static void reset(struct tcp_env *env, const struct tcp_segment *segment)
{
	env->counters.bad_ack++;
	tcp_reply_reset(env, segment);
}

/* No connection and no request is there for this ACK. */
static void take_ack(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment)
{
	bool expected = tcp_syncookie_expected(env, listener);
	struct tcp_request r;
	struct tcb *t;

	if (!expected || segment->header.flags & TCP_SYN) {
		reset(env, segment);
	} else if (!tcp_syncookie_check(env, listener, segment, &r)) {
		/* With data it may be the second segment of a peer whose first was lost: that will come again. */
		if (!segment->len)
			reset(env, segment);
	} else if (tcp_accept_queue_is_full(listener)) {
		env->counters.backlog_full++;
	} else if ((t = tcp_request_child(env, &r, segment->mtu))) {
		env->counters.passive_opens++;
		tcp_connection_in(env, t, segment);
	} else {
		env->counters.no_memory++;
	}
}

/* RFC 9293 section 3.10.7.2. Data on a SYN is not acknowledged and so comes again after the handshake. */
void tcp_listen_in(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment)
{
	uint8_t flags = segment->header.flags;

	if (flags & TCP_RST)
		env->counters.bad_flags++;
	else if (flags & TCP_ACK)
		take_ack(env, listener, segment);
	else if ((flags & (TCP_SYN | TCP_FIN)) == TCP_SYN)
		take_syn(env, listener, segment);
	else
		env->counters.bad_flags++;
}

void tcp_listener_ready(struct tcp_env *env, struct tcb *child)
{
	struct tcb *parent = child->parent;
	struct tcp_listener *l = parent->listener;

	list_remove(&child->queue);
	l->n_half_open--;
	list_push_back(&l->waiting, &child->queue);
	l->n_waiting++;
	tcp_tell(env, parent, BERTH_READABLE);
}

bool tcp_waits_for_accept(const struct tcb *t)
{
	return t->parent && t->connected;
}

void tcp_listener_forget(struct tcb *child)
{
	struct tcp_listener *l = child->parent->listener;

	list_remove(&child->queue);
	if (child->connected)
		l->n_waiting--;
	else
		l->n_half_open--;
	child->parent = NULL;
}

/* One that is over already has nobody to tell. */
static void end_child(struct tcp_env *env, struct tcb *child)
{
	tcp_listener_forget(child);
	if (child->state != BERTH_TCP_CLOSED)
		tcp_abort(env, child, BERTH_ECONNABORTED);
	else if (!child->reset_due)
		tcp_end(env, child);
}

void tcp_listener_end(struct tcp_env *env, struct tcb *t)
{
	struct tcp_listener *l = t->listener;
	struct list_node *node;

	tcp_requests_end(env, t);
	while ((node = list_first(&l->half_open)) || (node = list_first(&l->waiting)))
		end_child(env, CONTAINER_OF(node, struct tcb, queue));
	env->memory->free(env->memory->context, l, sizeof(*l));
	t->listener = NULL;
}
