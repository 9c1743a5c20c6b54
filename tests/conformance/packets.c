/* The wire: packets that packetdrill sends in, and those that the host has sent, each with the time it left. */
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "split.h"

#define N_FRAMES 16
#define NS_HORIZON (3600ull * 1000000000)

/* packetdrill follows conversations and the errors about them; what a host tells its link of itself (neighbours,
 * routers, groups) is none of a script's business. */
static bool is_for_scripts(const uint8_t *packet, size_t n)
{
	if (n < 20)
		return false;
	if (packet[0] >> 4 == 4)
		return packet[9] == 6 || packet[9] == 17 || packet[9] == 1;
	if (n < 41)
		return false;
	return packet[6] == 6 || packet[6] == 17 || (packet[6] == 58 && packet[40] < 128);
}

static void queue(struct object *o, const struct berth_frame_out *frame)
{
	struct packet *p = malloc(sizeof(*p) + frame->len);

	if (!p)
		abort();
	*p = (struct packet){.left_at = o->now, .n = frame->len};
	berth_frame_gather(frame, p->bytes);
	if (!is_for_scripts(p->bytes, p->n)) {
		free(p);
		return;
	}
	*o->last = p;
	o->last = &p->next;
}

/* The link takes large segments, as those of Linux do, and cuts them: packetdrill adds up what a script writes as one.
 */
static void queue_parts(struct object *o, const struct berth_frame_out *frame)
{
	struct berth_frame_out part;
	struct split split;

	if (!frame->segment_size || !split_init(&split, frame, true)) {
		bool completed = frame->checksum == BERTH_CHECKSUM_PARTIAL && split_complete(frame, &part);

		queue(o, completed ? &part : frame);
		return;
	}
	while (split_next(&split, &part))
		queue(o, &part);
}

static void take_frames(struct object *o)
{
	struct berth_frame_out frames[N_FRAMES];
	unsigned n;

	do {
		n = berth_host_frames_out(o->host, o->now, frames, N_FRAMES);
		for (unsigned i = 0; i < n; i++)
			queue_parts(o, &frames[i]);
	} while (n == N_FRAMES);
}

static void take_news(struct object *o)
{
	struct berth_event event;

	while (berth_host_next_event(o->host, &event))
		for (int i = 0; i < o->n_files; i++)
			if (o->files[i].kind == FILE_SOCKET && o->files[i].descriptor == event.descriptor)
				o->files[i].news = true;
}

void packets_pull(struct object *o)
{
	do {
		take_frames(o);
		take_news(o);
	} while (call_retry(o));
}

void packets_free(struct object *o)
{
	struct packet *p;

	while ((p = o->first)) {
		o->first = p->next;
		free(p);
	}
	o->last = &o->first;
}

int packets_send(void *user, const void *bytes, size_t n)
{
	struct object *o = user;
	struct berth_frame *frame;

	object_enter(o);
	frame = berth_frame_new(berth_memory_libc(), (uint32_t)n);
	if (!frame)
		return (int)object_leave(o, BERTH_ENOMEM);
	memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(o->host, o->interface, frame, o->now);
	return (int)object_leave(o, 0);
}

/* Nothing will come: an hour in which nothing leaves is as good as for ever. */
static bool wait_for_packet(struct object *o)
{
	berth_time horizon = o->now + NS_HORIZON;

	while (!o->first) {
		berth_time next = clock_next(o);

		if (next > horizon)
			return false;
		clock_step(o, next > o->now ? next : o->now);
	}
	return true;
}

int packets_receive(void *user, void *bytes, size_t *n, long long *us)
{
	struct object *o = user;
	struct packet *p;

	object_enter(o);
	packets_pull(o);
	if (!wait_for_packet(o)) {
		*n = 0;
		return (int)object_leave(o, 0);
	}
	p = o->first;
	o->first = p->next;
	if (!o->first)
		o->last = &o->first;
	if (p->n < *n)
		*n = p->n;
	memcpy(bytes, p->bytes, *n);
	*us = (long long)(p->left_at / 1000);
	free(p);
	return (int)object_leave(o, 0);
}
