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

/* From a link-local address of this host to one that needs no scope: what interface the source is of. */
static uint32_t scope_of_source(const struct berth_host *host, const uint8_t *header)
{
	struct ip source = ip_of_bytes(header + IP6_OFF_SOURCE, BERTH_IP6, 0);

	for (uint32_t i = 0; ip_is_link_local(&source) && i < host->n_interfaces; i++) {
		source.scope = i;
		if (host_is_own(host, &source))
			return i;
	}
	return 0;
}

void loopback_push(struct berth_host *host, const struct berth_frame_out *out, uint32_t scope)
{
	struct host_frames *frames = &host->loop;
	const uint8_t *header = out->header + out->off_header;
	bool ip6 = header[0] >> 4 == 6;
	struct ip_counters *counters = ip6 ? &host->counters.ip6 : &host->counters.ip;
	struct host_interface *interface = &host->interfaces[HOST_LOOPBACK];
	struct berth_frame *frame;

	if (frames->n >= HOST_LOOP_MAX || frames->bytes + out->len > HOST_LOOP_BYTES) {
		counters->queue_full++;
		interface->counters.drops_out++;
		return;
	}
	frame = berth_frame_copy(out, host->memory);
	if (!frame) {
		counters->no_memory++;
		return;
	}
	frame->mark = ip6 && scope == 0 ? scope_of_source(host, header) : scope;
	if (frames->last)
		frames->last->next = frame;
	else
		frames->first = frame;
	frames->last = frame;
	frames->n++;
	frames->bytes += frame->capacity;
	counters->looped++;
	interface->counters.frames_out++;
	interface->counters.bytes_out += out->len;
}

void loopback_run(struct berth_host *host, unsigned n_max)
{
	struct berth_frame *frame;

	while (n_max-- > 0 && (frame = pop(&host->loop))) {
		struct ip_packet packet = {.frame = frame, .scope = (uint32_t)frame->mark, .interface = HOST_LOOPBACK};

		host_frame_arrives(&host->interfaces[HOST_LOOPBACK], frame);
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
