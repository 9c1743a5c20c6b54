/* The software path: a link that takes partial checksums and large segments, and gives large segments, around one that
 * does not.
 *
 * Frames that the inner link can take as they are pass in runs, untouched. The others are worked on (split.h) into a
 * batch of gather lists that still point into the original's payload, and the batch goes to the inner link when it is
 * full or the call ends: a 64 KiB frame costs a few calls of the inner link, and no copy of its payload. */
#include <string.h>

#include <berth/link.h>

#include "coalesce.h"
#include "split.h"

#define BATCH 48

struct offload {
	struct berth_link link;
	struct berth_link *inner;
	const struct berth_memory *memory;
	struct coalesce coalesce;
	unsigned n_batch;
	struct berth_frame_out batch[BATCH];
};

static void offload_flush(struct offload *offload, berth_time now)
{
	if (offload->n_batch)
		berth_link_send(offload->inner, offload->batch, offload->n_batch, now);
	offload->n_batch = 0;
}

/* Room for one more frame in the batch. */
static struct berth_frame_out *offload_room(struct offload *offload, berth_time now)
{
	if (offload->n_batch == BATCH)
		offload_flush(offload, now);
	return &offload->batch[offload->n_batch];
}

static void count_sent(struct offload *offload, uint32_t len)
{
	offload->link.counters.sent++;
	offload->link.counters.sent_bytes += len;
}

static void offload_split(struct offload *offload, const struct berth_frame_out *frame, berth_time now)
{
	struct berth_frame_out *out = offload_room(offload, now);
	struct split split;

	if (!split_init(&split, frame, !(offload->inner->capabilities & BERTH_LINK_CHECKSUM))) {
		offload->link.counters.send_failed++;
		return;
	}
	while (split_next(&split, out)) {
		count_sent(offload, out->len);
		offload->link.counters.split++;
		offload->n_batch++;
		out = offload_room(offload, now);
	}
	offload->link.counters.send_failed += split.left != 0;
}

static void offload_complete(struct offload *offload, const struct berth_frame_out *frame, berth_time now)
{
	struct berth_frame_out *out = offload_room(offload, now);

	if (!split_complete(frame, out)) {
		offload->link.counters.send_failed++;
		return;
	}
	count_sent(offload, out->len);
	offload->n_batch++;
}

static bool is_split(const struct offload *offload, const struct berth_frame_out *frame)
{
	return frame->segment_size && !(offload->inner->capabilities & BERTH_LINK_SEGMENT);
}

static bool is_completed(const struct offload *offload, const struct berth_frame_out *frame)
{
	return frame->checksum == BERTH_CHECKSUM_PARTIAL && !(offload->inner->capabilities & BERTH_LINK_CHECKSUM);
}

/* How many frames from the first on the inner link takes as they are. */
static unsigned run_len(const struct offload *offload, const struct berth_frame_out *frames, unsigned n)
{
	unsigned run = 0;

	while (run < n && !is_split(offload, &frames[run]) && !is_completed(offload, &frames[run]))
		run++;
	return run;
}

static void offload_pass(struct offload *offload, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	offload_flush(offload, now);
	for (unsigned i = 0; i < n; i++)
		count_sent(offload, frames[i].len);
	berth_link_send(offload->inner, frames, n, now);
}

static void offload_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct offload *offload = (struct offload *)link;

	for (unsigned i = 0; i < n; i++) {
		unsigned run = run_len(offload, frames + i, n - i);

		if (run)
			offload_pass(offload, frames + i, run, now);
		i += run;
		if (i == n)
			break;
		if (is_split(offload, &frames[i]))
			offload_split(offload, &frames[i], now);
		else
			offload_complete(offload, &frames[i], now);
	}
	offload_flush(offload, now);
}

static struct berth_frame *offload_receive(struct berth_link *link, berth_time now)
{
	struct offload *offload = (struct offload *)link;
	struct berth_frame *frame =
		coalesce_receive(&offload->coalesce, offload->inner, offload->memory, now, &link->counters.coalesced);

	if (frame) {
		link->counters.received++;
		link->counters.received_bytes += frame->len;
	}
	return frame;
}

static berth_time offload_deadline(const struct berth_link *link)
{
	const struct offload *offload = (const struct offload *)link;

	return offload->coalesce.n ? 0 : berth_link_deadline(offload->inner);
}

static void offload_free(struct berth_link *link)
{
	struct offload *offload = (struct offload *)link;
	const struct berth_memory *memory = offload->memory;

	coalesce_deinit(&offload->coalesce);
	berth_link_free(offload->inner);
	memory->free(memory->context, offload, sizeof(*offload));
}

static const struct berth_link_operations offload_operations = {
	.send = offload_send,
	.receive = offload_receive,
	.deadline = offload_deadline,
	.free = offload_free,
};

int berth_link_offload(struct berth_link *inner, const struct berth_memory *memory, struct berth_link **out)
{
	struct offload *offload = memory->alloc(memory->context, sizeof(*offload));

	if (!offload) {
		berth_link_free(inner);
		return BERTH_ENOMEM;
	}
	memset(&offload->link, 0, sizeof(offload->link));
	offload->link.operations = &offload_operations;
	offload->link.capabilities = BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT;
	offload->link.mtu = inner->mtu;
	offload->link.fd = inner->fd;
	offload->link.ethernet = inner->ethernet;
	offload->inner = inner;
	offload->memory = memory;
	offload->coalesce.n = offload->coalesce.n_alone = 0;
	offload->n_batch = 0;
	*out = &offload->link;
	return 0;
}
