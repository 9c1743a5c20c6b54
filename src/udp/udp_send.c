/* Sending: what a program gives becomes datagrams in the socket's queue. One by one; or several from one call
 * (UDP_SEGMENT), which then share the memory of their bytes; or several calls one datagram (UDP_CORK, MSG_MORE). */
#include <string.h>

#include "udp_queue.h"

/* Linux's UDP_MAX_SEGMENTS. */
#define SEGMENTS_MAX 128
/* Room that a datagram is given at least that more will be added to. */
#define CORK_ROOM 1472

static uint8_t *gather(const struct berth_message *message, uint8_t *to)
{
	for (size_t i = 0; i < message->n_vectors; i++) {
		if (message->vectors[i].n == 0)
			continue;
		memcpy(to, message->vectors[i].data, message->vectors[i].n);
		to += message->vectors[i].n;
	}
	return to;
}

static bool is_to_group(const struct socket_pair *pair)
{
	struct ip foreign = ip_of_bytes(pair->foreign, pair->family, 0);

	return ip_is_multicast(&foreign);
}

/* How the datagram leaves: as the socket says, or the message for itself. */
static void dress(const struct udp_socket *s, const struct berth_control *control, struct udp_datagram *d)
{
	d->tos = s->endpoint.tos;
	d->ttl = s->endpoint.ttl;
	d->pmtu_mode = s->endpoint.pmtu_mode;
	if (is_to_group(&d->pair)) {
		d->ttl = s->multicast.ttl;
		d->interface = s->multicast.interface;
		d->loop = s->multicast.loop;
	}
	if (control->present & BERTH_CONTROL_TOS)
		d->tos = control->tos;
	if (control->present & BERTH_CONTROL_TTL)
		d->ttl = control->ttl;
	if (control->present & BERTH_CONTROL_INTERFACE && control->interface)
		d->interface = (uint8_t)control->interface;
}

static void queue_one(struct udp_env *env, struct udp_socket *s, struct udp_datagram *d)
{
	udp_queue_push(&s->out, d);
	endpoints_want_tx(env->endpoints, &s->endpoint);
}

/* ---- segments ---- */

/* All of `whole`, a frame that holds the bytes, as datagrams of `size`. 0, or BERTH_ENOBUFS and nothing is queued. */
static int queue_segments(struct udp_env *env, struct udp_socket *s, const struct udp_datagram *model,
			  struct berth_frame *whole, uint32_t size)
{
	struct udp_queue made = {0};
	struct udp_datagram *d;

	for (uint32_t off = 0; off < whole->len; off += size) {
		d = udp_datagram_new(env, &model->pair, 0);
		if (!d) {
			udp_queue_clear(env, &made);
			return BERTH_ENOBUFS;
		}
		d->tos = model->tos;
		d->ttl = model->ttl;
		d->pmtu_mode = model->pmtu_mode;
		d->interface = model->interface;
		d->loop = model->loop;
		d->frame = berth_frame_ref(whole);
		d->data = whole->data + off;
		d->len = whole->len - off < size ? whole->len - off : size;
		udp_datagram_charge(env, d, d->len);
		udp_queue_push(&made, d);
	}
	while ((d = udp_queue_pop(&made)))
		queue_one(env, s, d);
	return BERTH_OK;
}

static long send_segments(struct udp_env *env, struct udp_socket *s, const struct udp_datagram *model,
			  const struct berth_message *message, size_t total, uint32_t size)
{
	struct berth_frame *whole;
	int error;

	if (total > (size_t)size * SEGMENTS_MAX)
		return BERTH_EINVAL;
	whole = berth_frame_new(env->memory, (uint32_t)total);
	if (!whole)
		return BERTH_ENOBUFS;
	whole->len = (uint32_t)total;
	gather(message, whole->data);
	error = queue_segments(env, s, model, whole, size);
	berth_frame_unref(whole);
	return error ? error : (long)total;
}

/* ---- corked ---- */

static uint32_t room_in(const struct udp_datagram *d)
{
	return d->size - (uint32_t)sizeof(*d) - d->len;
}

void udp_cork_drop(struct udp_env *env, struct udp_socket *s)
{
	s->pending = udp_datagram_free(env, s->pending);
}

/* The pending datagram with room for n more bytes. false: no memory. */
static bool make_room(struct udp_env *env, struct udp_socket *s, uint32_t n)
{
	struct udp_datagram *before = s->pending, *d;

	if (room_in(before) >= n)
		return true;
	d = udp_datagram_new(env, &before->pair, 2 * before->len + n);
	if (!d)
		return false;
	memcpy(d->storage, before->storage, before->len);
	d->len = before->len;
	d->tos = before->tos;
	d->ttl = before->ttl;
	d->pmtu_mode = before->pmtu_mode;
	d->interface = before->interface;
	d->loop = before->loop;
	d->segment_size = before->segment_size;
	s->pending = d;
	udp_datagram_free(env, before);
	return true;
}

static long cork(struct udp_env *env, struct udp_socket *s, const struct berth_message *message, size_t total)
{
	struct udp_datagram *d = s->pending;

	/* As on Linux, what cannot become a datagram any more is given up. */
	if (d->len + total > udp_payload_max(d->pair.family)) {
		udp_cork_drop(env, s);
		return BERTH_EMSGSIZE;
	}
	if (!make_room(env, s, (uint32_t)total)) {
		udp_cork_drop(env, s);
		return BERTH_ENOBUFS;
	}
	d = s->pending;
	gather(message, d->storage + d->len);
	d->len += (uint32_t)total;
	return (long)total;
}

int udp_uncork(struct udp_env *env, struct udp_socket *s)
{
	struct udp_datagram *d = s->pending;
	struct berth_vector vector;
	struct berth_message message = {.vectors = &vector, .n_vectors = 1};
	long sent;

	if (!d)
		return BERTH_OK;
	s->pending = NULL;
	if (!d->segment_size || d->len <= d->segment_size) {
		queue_one(env, s, d);
		return BERTH_OK;
	}
	vector = (struct berth_vector){.data = d->storage, .n = d->len};
	sent = send_segments(env, s, d, &message, d->len, d->segment_size);
	udp_datagram_free(env, d);
	return sent < 0 ? (int)sent : BERTH_OK;
}

static uint16_t segment_size_of(const struct udp_socket *s, const struct berth_control *control)
{
	return control->present & BERTH_CONTROL_SEGMENT_SIZE ? control->segment_size : s->segment_size;
}

long udp_send(struct udp_env *env, struct udp_socket *s, const struct socket_pair *pair,
	      const struct berth_message *message, size_t total, bool more)
{
	uint16_t size = segment_size_of(s, &message->control);
	bool corked = more || s->cork;
	struct udp_datagram *d;
	long sent;

	if (!s->pending && !udp_queue_has_room(&s->out, s->send_buffer)) {
		s->send_blocked = true;
		return BERTH_EAGAIN;
	}
	if (!s->pending && size && total > size && !corked) {
		struct udp_datagram model = {.pair = *pair};

		dress(s, &message->control, &model);
		return send_segments(env, s, &model, message, total, size);
	}
	if (!s->pending) {
		d = udp_datagram_new(env, pair, corked && total < CORK_ROOM ? CORK_ROOM : (uint32_t)total);
		if (!d)
			return BERTH_ENOBUFS;
		d->len = 0;
		d->segment_size = size;
		dress(s, &message->control, d);
		s->pending = d;
	}
	sent = cork(env, s, message, total);
	if (sent >= 0 && !corked) {
		int error = udp_uncork(env, s);

		sent = error ? error : sent;
	}
	return sent;
}
