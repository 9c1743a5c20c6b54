/* UDP, RFC 768: sockets, arrival and errors.
 *
 * A socket is an endpoint with two bounded queues. What arrives is charged with all the memory that it holds, so that a
 * flood of small datagrams in large frames cannot hold more than SO_RCVBUF says; what is sent waits until the host
 * takes it. */
#include "udp.h"

#include <assert.h>

#include "error_queue.h"
#include "udp_group.h"
#include "udp_queue.h"

void udp_env_init(struct udp_env *env, const struct berth_host_config *config, struct pairs *pairs,
		  struct endpoints *endpoints, struct budget *budget)
{
	*env = (struct udp_env){
		.memory = config->memory,
		.pairs = pairs,
		.endpoints = endpoints,
		.budget = budget,
		.config =
			{
				.send_buffer = config->send_buffer,
				.receive_buffer = config->receive_buffer,
				.ttl = config->ttl,
			},
	};
}

struct udp_socket *udp_new(struct udp_env *env, enum berth_family family)
{
	struct udp_socket *s = env->memory->alloc(env->memory->context, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct udp_socket){
		.endpoint =
			{
				.kind = ENDPOINT_UDP,
				/* 0 is what the routers of the interface say, for IPv6 (RFC 4861 section 6.3.2). */
				.ttl = family == BERTH_IP4 ? env->config.ttl : 0,
				.family = (uint8_t)family,
				.pair = {.family = family, .protocol = BERTH_PROTOCOL_UDP},
			},
		.send_buffer = env->config.send_buffer,
		.receive_buffer = env->config.receive_buffer,
		/* RFC 1112 section 6.1, 3493 section 5.2: what a program does not say stays on the link. */
		.multicast = {.ttl = 1, .loop = true},
	};
	endpoints_add(env->endpoints, &s->endpoint);
	return s;
}

static void socket_free(struct udp_env *env, struct udp_socket *s)
{
	udp_queue_clear(env, &s->in);
	udp_queue_clear(env, &s->out);
	udp_cork_drop(env, s);
	error_queue_deinit(&s->endpoint.errors, env->memory);
	udp_leave_all(env, s);
	pairs_remove(env->pairs, &s->endpoint);
	endpoints_remove(env->endpoints, &s->endpoint);
	env->memory->free(env->memory->context, s, sizeof(*s));
}

void udp_env_deinit(struct udp_env *env)
{
	struct list_node *node = env->endpoints->all.ring.next;

	while (node != &env->endpoints->all.ring) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);

		node = node->next;
		if (e->kind == ENDPOINT_UDP)
			socket_free(env, udp_of_endpoint(e));
	}
}

void udp_close(struct udp_env *env, struct udp_socket *s)
{
	udp_cork_drop(env, s);
	if (!s->out.first) {
		socket_free(env, s);
		return;
	}
	/* What was sent before leaves still, as it would have from a kernel; nobody can be heard any more. */
	s->closing = true;
	s->endpoint.descriptor = -1;
	udp_queue_clear(env, &s->in);
	udp_leave_all(env, s);
	pairs_remove(env->pairs, &s->endpoint);
	list_remove(&s->endpoint.news);
}

void udp_disconnect(struct udp_env *env, struct udp_socket *s)
{
	struct endpoint *e = &s->endpoint;

	if (!s->connected)
		return;
	pairs_disconnect(env->pairs, e);
	s->connected = false;
}

int udp_connect(struct udp_env *env, struct udp_socket *s, const struct socket_pair *pair)
{
	struct endpoint *e = &s->endpoint;
	struct socket_pair before;
	int error;

	udp_disconnect(env, s);
	before = e->pair;
	e->pair = *pair;
	e->pair.local_port = before.local_port;
	error = pairs_connect(env->pairs, e);
	if (error) {
		/* When it is bound this is what it is already, and it stands in the table by that. */
		e->pair = before;
		return error;
	}
	s->connected = true;
	return BERTH_OK;
}

/* Into the socket's queue, or dropped. */
static void take_in(struct udp_env *env, struct udp_socket *s, const struct udp_arrival *arrival)
{
	struct udp_datagram *d;

	if (s->shut_receive) {
		env->counters.shut_down++;
		return;
	}
	if (!udp_queue_has_room(&s->in, s->receive_buffer)) {
		s->drops++;
		env->counters.queue_full++;
		return;
	}
	if (!budget_admits(env->budget, s->in.charge, sizeof(*arrival->frame) + arrival->len)) {
		s->drops++;
		env->budget->refused++;
		return;
	}
	d = udp_datagram_keep(env, arrival);
	if (!d) {
		s->drops++;
		env->counters.no_memory++;
		return;
	}
	udp_queue_push(&s->in, d);
	s->datagrams_in++;
	s->bytes_in += d->len;
	env->counters.datagrams_in++;
	env->counters.bytes_in += d->len;
	endpoints_tell(env->endpoints, &s->endpoint, BERTH_READABLE);
}

static bool to_one(struct udp_env *env, const struct udp_arrival *arrival)
{
	struct endpoint *e = pairs_lookup(env->pairs, &arrival->pair);

	if (!e)
		return false;
	assert(e->kind == ENDPOINT_UDP);
	take_in(env, udp_of_endpoint(e), arrival);
	return true;
}

/* The socket after `last` (NULL: the first) that wants a datagram to many; NULL: no more. */
static struct udp_socket *next_wanting(const struct udp_env *env, const struct udp_arrival *arrival,
				       const struct udp_socket *last)
{
	const struct socket_pair *pair = &arrival->pair;
	struct ip destination = ip_of_bytes(pair->local, pair->family, arrival->interface);
	bool is_group = ip_is_multicast(&destination);
	struct endpoint *e = pairs_next_of_many(env->pairs, pair, last ? &last->endpoint : NULL);

	while (e && is_group && !udp_is_member(udp_of_endpoint(e), arrival->interface, &destination))
		e = pairs_next_of_many(env->pairs, pair, e);
	return e ? udp_of_endpoint(e) : NULL;
}

static bool to_many(struct udp_env *env, const struct udp_arrival *arrival)
{
	struct udp_socket *s = next_wanting(env, arrival, NULL);
	bool wanted = s != NULL;

	for (; s; s = next_wanting(env, arrival, s))
		take_in(env, s, arrival);
	return wanted;
}

bool udp_is_wanted(const struct udp_env *env, const struct udp_arrival *arrival)
{
	return next_wanting(env, arrival, NULL) != NULL;
}

bool udp_datagram_in(struct udp_env *env, const struct udp_arrival *arrival)
{
	bool wanted = arrival->to_many ? to_many(env, arrival) : to_one(env, arrival);

	if (!wanted)
		env->counters.no_socket++;
	return wanted;
}

struct udp_datagram *udp_output(struct udp_env *env, struct udp_socket *s)
{
	struct udp_datagram *d = udp_queue_pop(&s->out);

	if (d) {
		s->datagrams_out++;
		s->bytes_out += d->len;
		env->counters.datagrams_out++;
		env->counters.bytes_out += d->len;
	}
	if (s->send_blocked && udp_queue_has_room(&s->out, s->send_buffer)) {
		s->send_blocked = false;
		endpoints_tell(env->endpoints, &s->endpoint, BERTH_WRITABLE);
	}
	if (!s->out.first) {
		list_remove(&s->endpoint.tx);
		if (s->closing)
			socket_free(env, s);
	}
	return d;
}

bool udp_icmp_error(struct udp_env *env, struct udp_socket *s, int error, bool hard)
{
	if (!s->endpoint.recv_error && (!hard || !s->connected)) {
		env->counters.errors_ignored++;
		return false;
	}
	env->counters.errors_in++;
	s->error = error;
	endpoints_tell(env->endpoints, &s->endpoint, BERTH_FAILED);
	return true;
}

int udp_error_take(struct udp_socket *s)
{
	int error = s->error;

	s->error = BERTH_OK;
	return error;
}

int udp_shutdown(struct udp_env *env, struct udp_socket *s, enum berth_shutdown how)
{
	if (!s->connected)
		return BERTH_ENOTCONN;
	if (how != BERTH_SHUT_WR) {
		s->shut_receive = true;
		endpoints_tell(env->endpoints, &s->endpoint, BERTH_READABLE);
	}
	if (how != BERTH_SHUT_RD)
		s->shut_send = true;
	if (s->shut_receive && s->shut_send)
		endpoints_tell(env->endpoints, &s->endpoint, BERTH_HANGUP);
	return BERTH_OK;
}

unsigned udp_ready(const struct udp_socket *s)
{
	unsigned ready = 0;

	if (s->in.first || s->shut_receive)
		ready |= BERTH_READABLE;
	/* Sending on a socket that is shut down does not block either: it fails. */
	if (s->shut_send || udp_queue_has_room(&s->out, s->send_buffer))
		ready |= BERTH_WRITABLE;
	if (s->shut_receive && s->shut_send)
		ready |= BERTH_HANGUP;
	if (s->error || s->endpoint.errors)
		ready |= BERTH_FAILED;
	return ready;
}

void udp_row(const struct udp_socket *s, struct berth_socket_row *row)
{
	row->protocol = BERTH_PROTOCOL_UDP;
	row->recv_queue = s->in.charge;
	row->send_queue = s->out.charge;
	row->bytes_sent = s->bytes_out;
	row->bytes_received = s->bytes_in;
	row->segments_sent = s->datagrams_out;
	row->segments_received = s->datagrams_in;
	row->drops = s->drops;
}
