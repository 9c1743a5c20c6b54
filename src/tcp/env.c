/* What a host's TCP is made of, and the life of its connections' memory.
 *
 * A connection that ends in the middle of a segment must live until the segment is done with: tcp_end puts it aside,
 * and tcp_reap frees it at the end of the call. */
#include "error_queue.h"
#include "tcb.h"

#include <string.h>

int tcp_congestion_check(const char *name)
{
	return tcp_congestion_find(name) ? 0 : BERTH_EINVAL;
}

int tcp_env_init(struct tcp_env *env, const struct berth_host_config *config, struct pairs *pairs,
		 struct endpoints *endpoints, struct budget *budget, berth_time now)
{
	const struct tcp_congestion *congestion = tcp_congestion_find(config->congestion);

	if (!congestion)
		return BERTH_EINVAL;
	*env = (struct tcp_env){
		.now = now,
		.memory = config->memory,
		.pairs = pairs,
		.endpoints = endpoints,
		.budget = budget,
		.config = {.send_buffer = config->send_buffer,
			   .receive_buffer = config->receive_buffer,
			   .send_buffer_max = config->send_buffer_max,
			   .receive_buffer_max = config->receive_buffer_max,
			   .mtu_probing = config->mtu_probing,
			   .ms_msl = config->ms_msl,
			   .n_time_wait_max = config->n_time_wait_max,
			   .n_half_open_max = config->n_half_open_max,
			   .fast_open = config->fast_open,
			   .sack = config->sack,
			   .timestamps = config->timestamps,
			   .window_scaling = config->window_scaling,
			   .ttl = config->ttl,
			   .rack = config->rack,
			   .congestion = congestion,
			   .ecn = config->ecn},
		.secret = siphash_key(config->secret),
	};
	rng_init(&env->rng, config->seed);
	wheel_init(&env->wheel, now);
	list_init(&env->time_wait);
	list_init(&env->ahead);
	list_init(&env->ended);
	tcp_fast_open_init(env);
	return tcp_requests_init(env);
}

void tcp_release_buffers(struct tcp_env *env, struct tcb *t)
{
	tcp_cc_end(&t->cc, env->memory);
	sendq_deinit(&t->sendq, env->memory);
	tcp_flight_end(env, t);
	tcp_episode_end(env, t);
	tcp_record_deinit(&t->records, env->memory);
	recvq_drop_ahead(&t->recvq, env->memory);
	tcp_tune_end(env, t);
	if (t->e.descriptor < 0 && !tcp_waits_for_accept(t))
		recvq_deinit(&t->recvq, env->memory);
	tcp_memory_settle(env, t);
}

static void tcb_free(struct tcp_env *env, struct tcb *t)
{
	error_queue_deinit(&t->e.errors, env->memory);
	tcp_settings_free(env, t);
	list_remove(&t->queue);
	recvq_deinit(&t->recvq, env->memory);
	tcp_memory_settle(env, t);
	endpoints_remove(env->endpoints, &t->e);
	env->memory->free(env->memory->context, t, sizeof(*t));
}

void tcp_end(struct tcp_env *env, struct tcb *t)
{
	list_remove(&t->queue);
	list_remove(&t->e.tx);
	list_push_back(&env->ended, &t->queue);
}

void tcp_reap(struct tcp_env *env)
{
	struct list_node *node;

	while ((node = list_pop_front(&env->ended)))
		tcb_free(env, CONTAINER_OF(node, struct tcb, queue));
}

void tcp_tell(struct tcp_env *env, struct tcb *t, unsigned events)
{
	if (t->e.descriptor >= 0)
		endpoints_tell(env->endpoints, &t->e, events);
}

/* The children are destroyed by themselves; they only must not stand in a queue that is gone. */
static void listener_free(struct tcp_env *env, struct tcp_listener *l)
{
	while (list_pop_front(&l->half_open) || list_pop_front(&l->waiting))
		;
	env->memory->free(env->memory->context, l, sizeof(*l));
}

/* Everything that a connection of any state may hold. */
static void tcb_destroy(struct tcp_env *env, struct tcb *t)
{
	tcp_timer_stop_all(env, t);
	tcp_release_buffers(env, t);
	if (t->listener)
		listener_free(env, t->listener);
	pairs_remove(env->pairs, &t->e);
	tcb_free(env, t);
}

static void destroy_all(struct tcp_env *env, bool listeners)
{
	struct list *all = &env->endpoints->all;
	struct list_node *node = all->ring.next;

	while (node != &all->ring) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);

		node = node->next;
		if (e->pair.protocol == BERTH_PROTOCOL_TCP && (tcp_of_endpoint(e)->listener != NULL) == listeners)
			tcb_destroy(env, tcp_of_endpoint(e));
	}
}

/* Listeners last: their children are in their queues. */
void tcp_env_deinit(struct tcp_env *env)
{
	tcp_requests_deinit(env);
	tcp_fast_open_deinit(env);
	destroy_all(env, false);
	destroy_all(env, true);
}

struct tcb *tcp_new(struct tcp_env *env, enum berth_family family)
{
	struct tcb *t = env->memory->alloc(env->memory->context, sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->state = BERTH_TCP_CLOSED;
	t->e.kind = ENDPOINT_TCP;
	t->e.family = t->e.pair.family = (uint8_t)family;
	t->e.pair.protocol = BERTH_PROTOCOL_TCP;
	/* 0 is what the routers of the interface say, for IPv6 (RFC 4861 section 6.3.2). */
	t->e.ttl = family == BERTH_IP4 ? env->config.ttl : 0;
	t->send_buffer = env->config.send_buffer;
	t->receive_buffer = env->config.receive_buffer;
	tcp_linger_init(env, t);
	t->cc.ops = env->config.congestion;
	for (unsigned i = 0; i < TCP_TIMER_N; i++)
		t->deadline[i] = BERTH_NEVER;
	endpoints_add(env->endpoints, &t->e);
	return t;
}

struct endpoint *tcp_endpoint(struct tcb *t)
{
	return &t->e;
}

struct tcb *tcp_of_endpoint(struct endpoint *e)
{
	return CONTAINER_OF(e, struct tcb, e);
}
