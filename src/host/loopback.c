/* The loopback: what the host sends to itself, by 127.0.0.0/8 or by an address of its own.
 *
 * It goes through the same input as everything else. A packet is copied into a frame (whoever receives it keeps frames,
 * and what is sent belongs to the sender), waits in a bounded queue, and is taken in when the sender's call is over. */
#include "in.h"
#include "out.h"

static struct berth_frame *pop(struct host_frames *frames)
{
	struct berth_frame *frame = frames->first;

	if (!frame)
		return NULL;
	frames->first = frame->next;
	if (!frames->first)
		frames->last = NULL;
	frames->n--;
	frames->bytes -= frame->capacity;
	frame->next = NULL;
	return frame;
}

void loopback_push(struct berth_host *host, const struct berth_frame_out *out, uint32_t scope)
{
	struct host_frames *frames = &host->loop;
	struct ip_counters *counters =
		out->header[out->off_header] >> 4 == 6 ? &host->counters.ip6 : &host->counters.ip;
	struct berth_frame *frame;

	if (frames->n >= HOST_LOOP_MAX || frames->bytes + out->len > HOST_LOOP_BYTES) {
		counters->queue_full++;
		return;
	}
	frame = berth_frame_copy(out, host->memory);
	if (!frame) {
		counters->no_memory++;
		return;
	}
	frame->mark = scope;
	if (frames->last)
		frames->last->next = frame;
	else
		frames->first = frame;
	frames->last = frame;
	frames->n++;
	frames->bytes += frame->capacity;
	counters->looped++;
}

void loopback_run(struct berth_host *host, unsigned n_max)
{
	struct berth_frame *frame;

	while (n_max-- > 0 && (frame = pop(&host->loop))) {
		struct ip_packet packet = {.frame = frame, .scope = (uint32_t)frame->mark, .interface = HOST_LOOPBACK};

		ip_in(host, &packet);
		berth_frame_unref(frame);
	}
}

void loopback_deinit(struct berth_host *host)
{
	struct berth_frame *frame;

	while ((frame = pop(&host->loop)))
		berth_frame_unref(frame);
}
