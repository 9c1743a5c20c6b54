/* The queues of a UDP socket, and the program's side of them: sending gathers into one block, receiving scatters out of
 * it. */
#include "udp_queue.h"

#include <string.h>

void udp_queue_push(struct udp_queue *queue, struct udp_datagram *datagram)
{
	datagram->next = NULL;
	if (queue->last)
		queue->last->next = datagram;
	else
		queue->first = datagram;
	queue->last = datagram;
	queue->charge += datagram->charge;
	queue->n++;
}

struct udp_datagram *udp_queue_pop(struct udp_queue *queue)
{
	struct udp_datagram *datagram = queue->first;

	if (!datagram)
		return NULL;
	queue->first = datagram->next;
	if (!queue->first)
		queue->last = NULL;
	queue->charge -= datagram->charge;
	queue->n--;
	datagram->next = NULL;
	return datagram;
}

void udp_queue_clear(struct udp_env *env, struct udp_queue *queue)
{
	struct udp_datagram *datagram;

	while ((datagram = udp_queue_pop(queue)))
		udp_datagram_free(env, datagram);
}

struct udp_datagram *udp_datagram_free(struct udp_env *env, struct udp_datagram *datagram)
{
	if (!datagram)
		return NULL;
	budget_give(env->budget, datagram->charge);
	berth_frame_unref(datagram->frame);
	env->memory->free(env->memory->context, datagram, datagram->size);
	return NULL;
}

/* A datagram with n bytes of storage, which its charge counts. */
static struct udp_datagram *datagram_new(struct udp_env *env, const struct socket_pair *pair, uint32_t n)
{
	uint32_t size = (uint32_t)sizeof(struct udp_datagram) + n;
	struct udp_datagram *d = env->memory->alloc(env->memory->context, size);

	if (!d)
		return NULL;
	d->next = NULL;
	d->frame = NULL;
	d->data = d->storage;
	d->len = n;
	d->size = d->charge = size;
	d->pair = *pair;
	d->tos = d->ttl = d->interface = 0;
	d->loop = false;
	return d;
}

struct udp_datagram *udp_datagram_keep(struct udp_env *env, const struct udp_arrival *arrival)
{
	/* Half a frame of payload is worth keeping the frame for; less is copied, and the frame goes back. */
	bool keep = arrival->len >= arrival->frame->capacity / 2;
	struct udp_datagram *d = datagram_new(env, &arrival->pair, keep ? 0 : arrival->len);

	if (!d)
		return NULL;
	if (!keep) {
		memcpy(d->storage, arrival->frame->data + arrival->off, arrival->len);
		budget_take(env->budget, d->charge);
		return d;
	}
	d->frame = berth_frame_ref(arrival->frame);
	d->data = arrival->frame->data + arrival->off;
	d->len = arrival->len;
	d->charge += (uint32_t)sizeof(*arrival->frame) + arrival->frame->capacity;
	budget_take(env->budget, d->charge);
	return d;
}

static bool is_to_group(const struct socket_pair *pair)
{
	struct ip foreign = ip_of_bytes(pair->foreign, pair->family, 0);

	return ip_is_multicast(&foreign);
}

long udp_send(struct udp_env *env, struct udp_socket *s, const struct socket_pair *pair,
	      const struct berth_message *message, size_t total)
{
	struct udp_datagram *d;
	uint8_t *to;

	if (!udp_queue_has_room(&s->out, s->send_buffer)) {
		s->send_blocked = true;
		return BERTH_EAGAIN;
	}
	d = datagram_new(env, pair, (uint32_t)total);
	if (!d)
		return BERTH_ENOBUFS;
	budget_take(env->budget, d->charge);
	d->tos = s->endpoint.tos;
	d->ttl = s->endpoint.ttl;
	if (is_to_group(pair)) {
		d->ttl = s->multicast.ttl;
		d->interface = s->multicast.interface;
		d->loop = s->multicast.loop;
	}
	to = d->storage;
	for (size_t i = 0; i < message->n_vectors; i++) {
		if (message->vectors[i].n == 0)
			continue;
		memcpy(to, message->vectors[i].data, message->vectors[i].n);
		to += message->vectors[i].n;
	}
	udp_queue_push(&s->out, d);
	endpoints_want_tx(env->endpoints, &s->endpoint);
	return (long)total;
}

/* Copies as much of the datagram as the vectors take; how much. */
static uint32_t scatter(const struct udp_datagram *d, const struct berth_message *message)
{
	uint32_t done = 0;

	for (size_t i = 0; i < message->n_vectors && done < d->len; i++) {
		size_t n = message->vectors[i].n;

		if (n > d->len - done)
			n = d->len - done;
		if (n == 0)
			continue;
		memcpy(message->vectors[i].data, d->data + done, n);
		done += (uint32_t)n;
	}
	return done;
}

long udp_recv(struct udp_env *env, struct udp_socket *s, struct berth_message *message, unsigned flags)
{
	struct udp_datagram *d = s->in.first;
	uint32_t done, len;

	message->flags = 0;
	message->control.present = 0;
	if (!d) {
		int error = udp_error_take(s);

		if (error)
			return error;
		return s->shut_receive ? 0 : BERTH_EAGAIN;
	}
	len = d->len;
	done = scatter(d, message);
	message->foreign = endpoint_foreign(&d->pair, s->endpoint.family);
	message->local = endpoint_local(&d->pair, s->endpoint.family);
	if (done < len)
		message->flags |= BERTH_MSG_TRUNC;
	if (!(flags & BERTH_MSG_PEEK))
		udp_datagram_free(env, udp_queue_pop(&s->in));
	return flags & BERTH_MSG_TRUNC ? (long)len : (long)done;
}

int udp_query(const struct udp_socket *s, unsigned request, int *value)
{
	switch (request) {
	case BERTH_SIOCINQ:
		*value = s->in.first ? (int)s->in.first->len : 0;
		return BERTH_OK;
	case BERTH_SIOCOUTQ:
		*value = (int)s->out.charge;
		return BERTH_OK;
	default:
		return BERTH_EINVAL;
	}
}
