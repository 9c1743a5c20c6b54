/* The queues of a UDP socket, and the program's side of them: sending gathers into one block, receiving scatters out of
 * it. */
#include "udp_queue.h"

#include <string.h>

/* Datagrams that one receive may give. */
#define UDP_GRO_MAX 64

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

struct udp_datagram *udp_datagram_new(struct udp_env *env, const struct socket_pair *pair, uint32_t n)
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
	d->tos = d->ttl = d->interface = d->pmtu_mode = 0;
	d->segment_size = 0;
	d->loop = false;
	budget_take(env->budget, size);
	return d;
}

void udp_datagram_charge(struct udp_env *env, struct udp_datagram *d, uint32_t n)
{
	d->charge += n;
	budget_take(env->budget, n);
}

struct udp_datagram *udp_datagram_keep(struct udp_env *env, const struct udp_arrival *arrival)
{
	/* Half a frame of payload is worth keeping the frame for; less is copied, and the frame goes back. */
	bool keep = arrival->len >= arrival->frame->capacity / 2;
	struct udp_datagram *d = udp_datagram_new(env, &arrival->pair, keep ? 0 : arrival->len);

	if (!d)
		return NULL;
	d->tos = arrival->tos;
	d->ttl = arrival->ttl;
	d->interface = arrival->interface;
	if (!keep) {
		memcpy(d->storage, arrival->frame->data + arrival->off, arrival->len);
		return d;
	}
	d->frame = berth_frame_ref(arrival->frame);
	d->data = arrival->frame->data + arrival->off;
	d->len = arrival->len;
	udp_datagram_charge(env, d, (uint32_t)sizeof(*arrival->frame) + arrival->frame->capacity);
	return d;
}

/* Copies the datagram to what the vectors have from `off` on; how much of it. */
static uint32_t scatter(const struct udp_datagram *d, const struct berth_message *message, size_t off)
{
	uint32_t done = 0;

	for (size_t i = 0; i < message->n_vectors && done < d->len; i++) {
		size_t n = message->vectors[i].n;

		if (off >= n) {
			off -= n;
			continue;
		}
		n -= off;
		if (n > d->len - done)
			n = d->len - done;
		memcpy((uint8_t *)message->vectors[i].data + off, d->data + done, n);
		done += (uint32_t)n;
		off = 0;
	}
	return done;
}

static size_t room_of(const struct berth_message *message)
{
	size_t sum = 0;

	for (size_t i = 0; i < message->n_vectors; i++)
		sum += message->vectors[i].n;
	return sum;
}

/* `next` may follow `last` in what one call gives, all of the first one's size. */
static bool joins(const struct udp_datagram *first, const struct udp_datagram *last, const struct udp_datagram *next)
{
	return next && next->len && last->len == first->len && next->len <= first->len && next->tos == first->tos &&
	       next->ttl == first->ttl && next->interface == first->interface &&
	       memcmp(&next->pair, &first->pair, sizeof(first->pair)) == 0;
}

/* Adds what can follow the first datagram, which has left `*done` bytes. How many datagrams. */
static uint32_t join(const struct udp_socket *s, struct berth_message *message, uint32_t *done)
{
	const struct udp_datagram *first = s->in.first, *last = first;
	size_t room = room_of(message);
	uint32_t n = 1;

	while (n < UDP_GRO_MAX && joins(first, last, last->next) && *done + last->next->len <= room) {
		last = last->next;
		*done += scatter(last, message, *done);
		n++;
	}
	if (n > 1) {
		message->control.present |= BERTH_CONTROL_SEGMENT_SIZE;
		message->control.segment_size = (uint16_t)first->len;
	}
	return n;
}

static void tell(const struct udp_socket *s, const struct udp_datagram *d, struct berth_message *message)
{
	message->foreign = endpoint_foreign(&d->pair, s->endpoint.family);
	message->local = endpoint_local(&d->pair, s->endpoint.family);
	message->control.present = s->tells;
	message->control.tos = d->tos;
	message->control.ttl = d->ttl;
	message->control.interface = d->interface;
}

/* Nothing is queued: what that means. */
static long recv_empty(struct udp_socket *s)
{
	int error = udp_error_take(s);

	if (error)
		return error;
	return s->shut_receive ? 0 : BERTH_EAGAIN;
}

long udp_recv(struct udp_env *env, struct udp_socket *s, struct berth_message *message, unsigned flags)
{
	struct udp_datagram *d = s->in.first;
	uint32_t done, len, n = 1;

	message->flags = 0;
	message->control.present = 0;
	if (!d)
		return recv_empty(s);
	len = d->len;
	done = scatter(d, message, 0);
	tell(s, d, message);
	if (done < len)
		message->flags |= BERTH_MSG_TRUNC;
	else if (s->gro && len) {
		n = join(s, message, &done);
		len = done;
	}
	while (!(flags & BERTH_MSG_PEEK) && n--)
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
