/* The event loop's hosts: frames from links to hosts, deadlines, events to the program, frames from hosts to links.
 *
 * A turn does these in this order for all hosts, and turns follow each other at one reading of the clock until nothing
 * moves: a program's answer to an event leaves in the same round, and so do frames between two hosts on one loop. What
 * one turn takes from a link or a host is bounded, and so is the number of turns; when a bound is reached the round
 * ends, other descriptors get their say, and the next round does not wait. */
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "loop.h"

#define FRAMES_IN_MAX 256 /* of one link in one turn */
#define BATCHES_OUT_MAX 8 /* of one host in one turn */
#define EVENTS_MAX 256    /* of one host in one turn */
#define TURNS_MAX 16

/* ---- one turn ---- */

/* Takes what has arrived. true: something had. */
static bool link_run(struct berth_loop *loop, struct attached_host *attached, struct attachment *attachment)
{
	unsigned n = 0;

	if (!attachment->readable && berth_link_deadline(attachment->link) > loop->now)
		return false;
	while (n < FRAMES_IN_MAX) {
		struct berth_frame *frame = berth_link_receive(attachment->link, loop->now);

		if (!frame) {
			attachment->readable = false;
			break;
		}
		berth_host_frame_in(attached->host, attachment->interface, frame, loop->now);
		n++;
	}
	return n;
}

void berth_loop_dispatch(const struct berth_event *event)
{
	struct berth_loop_socket *socket = event->user;

	if (socket)
		socket->on_ready(socket, event->ready);
}

static bool events_run(struct berth_loop *loop, struct attached_host *attached)
{
	struct berth_event event;
	unsigned n = 0;

	while (n < EVENTS_MAX && !attached->dead && berth_host_next_event(attached->host, &event)) {
		if (attached->on_event)
			attached->on_event(attached->user, attached->host, &event);
		else
			berth_loop_dispatch(&event);
		n++;
	}
	return n;
}

static bool host_run_in(struct berth_loop *loop, struct attached_host *attached)
{
	bool moved = false;

	for (struct attachment *a = attached->attachments; a; a = a->next)
		moved |= link_run(loop, attached, a);
	if (berth_host_deadline(attached->host) <= loop->now)
		berth_host_expire(attached->host, loop->now);
	return events_run(loop, attached) || moved;
}

static struct berth_link *link_find(const struct attached_host *attached, int interface)
{
	for (struct attachment *a = attached->attachments; a; a = a->next)
		if (a->interface == interface)
			return a->link;
	return NULL;
}

/* Gives each run of frames to the link of its interface. An interface without a link is a cable that is not plugged in.
 */
static void frames_send(struct berth_loop *loop, struct attached_host *attached, unsigned n)
{
	const struct berth_frame_out *frames = loop->frames;

	for (unsigned first = 0, end; first < n; first = end) {
		struct berth_link *link = link_find(attached, frames[first].interface);

		for (end = first + 1; end < n && frames[end].interface == frames[first].interface; end++)
			;
		if (link)
			berth_link_send(link, frames + first, end - first, loop->now);
	}
}

static bool host_run_out(struct berth_loop *loop, struct attached_host *attached)
{
	unsigned n = LOOP_BATCH, batches = 0;

	for (; n == LOOP_BATCH && batches < BATCHES_OUT_MAX; batches++) {
		n = berth_host_frames_out(attached->host, loop->now, loop->frames, LOOP_BATCH);
		frames_send(loop, attached, n);
	}
	return batches > 1 || n;
}

/* What a host sends to itself arrives while frames are fetched, so that there may be events after that as well. */
static bool turn(struct berth_loop *loop)
{
	bool moved = false;

	for (struct attached_host *h = loop->hosts; h; h = h->next)
		if (!h->dead)
			moved |= host_run_in(loop, h);
	for (struct attached_host *h = loop->hosts; h; h = h->next)
		if (!h->dead) {
			moved |= host_run_out(loop, h);
			moved |= events_run(loop, h);
		}
	return moved;
}

void loop_hosts_run(struct berth_loop *loop)
{
	unsigned n = 0;

	while (n < TURNS_MAX && turn(loop))
		n++;
	loop->busy |= n == TURNS_MAX;
}

berth_time loop_hosts_deadline(const struct berth_loop *loop)
{
	berth_time deadline = BERTH_NEVER;

	for (struct attached_host *h = loop->hosts; h; h = h->next) {
		berth_time at = h->dead ? BERTH_NEVER : berth_host_deadline(h->host);

		for (struct attachment *a = h->attachments; a && !h->dead; a = a->next) {
			berth_time link_at = a->readable ? 0 : berth_link_deadline(a->link);

			at = link_at < at ? link_at : at;
		}
		deadline = at < deadline ? at : deadline;
	}
	return deadline;
}

/* A link that has an event and nothing to read is broken (its device is gone): waiting for it would never wait again.
 */
void loop_link_ready(struct berth_loop *loop, struct attachment *attachment, bool readable)
{
	if (readable)
		attachment->readable = true;
	else
		loop_source_remove(loop, &attachment->source);
}

/* ---- attaching ---- */

static struct attached_host *host_find(const struct berth_loop *loop, const struct berth_host *host)
{
	struct attached_host *h = loop->hosts;

	while (h && (h->dead || h->host != host))
		h = h->next;
	return h;
}

/* At the end, so that hosts take turns in the order in which they came. */
static struct attached_host *host_add(struct berth_loop *loop, struct berth_host *host, berth_loop_event *on_event,
				      void *user)
{
	struct attached_host *attached = calloc(1, sizeof(*attached)), **at = &loop->hosts;

	if (!attached)
		return NULL;
	attached->host = host;
	attached->on_event = on_event;
	attached->user = user;
	while (*at)
		at = &(*at)->next;
	*at = attached;
	return attached;
}

static void attachment_add(struct attached_host *attached, struct attachment *attachment)
{
	struct attachment **at = &attached->attachments;

	while (*at)
		at = &(*at)->next;
	*at = attachment;
}

int berth_loop_attach(struct berth_loop *loop, struct berth_host *host, int interface, struct berth_link *link,
		      berth_loop_event *on_event, void *user)
{
	struct attached_host *attached = host_find(loop, host);
	struct attachment *attachment = calloc(1, sizeof(*attachment));
	int error = 0;

	if (!attachment)
		return BERTH_ENOMEM;
	attachment->source = (struct source){.kind = SOURCE_LINK, .fd = link->fd};
	attachment->link = link;
	attachment->interface = interface;
	attachment->readable = true; /* it may have frames already */
	if (link->fd >= 0)
		error = loop_source_set(loop, &attachment->source, BERTH_READABLE);
	if (!error && !attached) {
		attached = host_add(loop, host, on_event, user);
		error = attached ? 0 : BERTH_ENOMEM;
		if (error && link->fd >= 0)
			loop_source_remove(loop, &attachment->source);
	}
	if (error) {
		free(attachment);
		return error == BERTH_ENOMEM ? BERTH_ENOMEM : BERTH_EIO;
	}
	attachment_add(attached, attachment);
	return 0;
}

void berth_loop_detach(struct berth_loop *loop, struct berth_host *host)
{
	struct attached_host *attached = host_find(loop, host);

	if (!attached)
		return;
	attached->dead = true;
	for (struct attachment *a = attached->attachments; a; a = a->next) {
		loop_source_remove(loop, &a->source);
		a->source.dead = true;
	}
	if (!loop->depth)
		loop_hosts_sweep(loop, false);
}

static void attached_free(struct attached_host *attached)
{
	struct attachment *next;

	for (struct attachment *a = attached->attachments; a; a = next) {
		next = a->next;
		free(a);
	}
	free(attached);
}

void loop_hosts_sweep(struct berth_loop *loop, bool all)
{
	struct attached_host **at = &loop->hosts;

	while (*at) {
		struct attached_host *attached = *at;

		if (attached->dead || all) {
			*at = attached->next;
			attached_free(attached);
		} else {
			at = &attached->next;
		}
	}
}
