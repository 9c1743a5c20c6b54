/* The memory pair: a cable that lies in memory.
 *
 * What one end is given to send is copied once, into a frame of just its size, and waits in the other end's queue until
 * that end receives it. A queue is a singly linked list through the frames themselves, so that a frame costs one
 * allocation and constant time. The two ends live in one block, which goes when the second of them is freed. */
#include <string.h>

#include <berth/link.h>

#include "bytes.h"
#include "checksum.h"
#include "udp_header.h"

#define ETHERNET_HEADER 14

struct queue {
	struct berth_frame *first, *last;
	uint32_t n;
};

struct end {
	struct berth_link link;
	struct pair *pair;
	struct end *other;
	struct queue queue; /* frames that this end has not received yet */
	bool open;
};

struct pair {
	struct end ends[2];
	const struct berth_memory *memory;
	uint32_t queue_max;
	bool complete;
};

static void queue_push(struct queue *queue, struct berth_frame *frame)
{
	frame->next = NULL;
	if (queue->last)
		queue->last->next = frame;
	else
		queue->first = frame;
	queue->last = frame;
	queue->n++;
}

static struct berth_frame *queue_pop(struct queue *queue)
{
	struct berth_frame *frame = queue->first;

	if (!frame)
		return NULL;
	queue->first = frame->next;
	if (!queue->first)
		queue->last = NULL;
	queue->n--;
	frame->next = NULL;
	return frame;
}

/* Whether the cable carries such a frame: what needs a capability that the pair does not have cannot pass, and a frame
 * beyond the MTU only when it stands for several segments. */
static bool carries(const struct berth_link *link, const struct berth_frame_out *frame)
{
	if (frame->checksum == BERTH_CHECKSUM_PARTIAL && !(link->capabilities & BERTH_LINK_CHECKSUM))
		return false;
	if (frame->segment_size)
		return link->capabilities & BERTH_LINK_SEGMENT;
	return frame->len <= link->mtu + (link->ethernet ? ETHERNET_HEADER : 0);
}

/* Copies n bytes that lie `off` bytes into what is summed. */
static uint64_t copy_at(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n, size_t off)
{
	if (off % 2 == 0)
		return checksum_copy(sum, to, from, n);
	memcpy(to, from, n);
	return checksum_add_at(sum, to, n, off);
}

/* Copies a frame and completes its transport checksum in the same pass: the bytes are touched once for both. */
static struct berth_frame *copy_completed(const struct berth_frame_out *out, const struct berth_memory *memory)
{
	struct berth_frame *frame;
	uint32_t at = out->len_header, off_field = (uint32_t)out->off_transport + out->off_checksum;
	uint16_t field;
	uint64_t sum;

	if (out->off_transport > at || off_field + 2 > out->len)
		return NULL;
	frame = berth_frame_new(memory, out->len);
	if (!frame)
		return NULL;
	memcpy(frame->data, out->header + out->off_header, at);
	sum = checksum_add(0, frame->data + out->off_transport, at - out->off_transport);
	for (unsigned i = 0; i < out->n_slices; i++) {
		sum = copy_at(sum, frame->data + at, out->slices[i].data, out->slices[i].len, at - out->off_transport);
		at += out->slices[i].len;
	}
	field = checksum_finish(sum);
	/* RFC 768: in UDP zero says that there is none. */
	if (!field && out->off_checksum == UDP_OFF_CHECKSUM)
		field = 0xffff;
	put_be16(frame->data + off_field, field);
	frame->len = out->len;
	return frame;
}

static void end_send_one(struct end *end, const struct berth_frame_out *out)
{
	struct queue *queue = &end->other->queue;
	struct berth_frame *frame;

	if (!end->other->open || !carries(&end->link, out)) {
		end->link.counters.send_failed++;
		return;
	}
	if (queue->n >= end->pair->queue_max) {
		end->link.counters.queue_full++;
		end->link.counters.send_failed++;
		return;
	}
	/* A checksum that is not completed was never at risk: the copy vouches for it. One that the sender completed is
	 * looked at, as it may have been made wrong. */
	if (out->checksum == BERTH_CHECKSUM_PARTIAL && end->pair->complete)
		frame = copy_completed(out, end->pair->memory);
	else
		frame = berth_frame_copy(out, end->pair->memory);
	if (!frame) {
		end->link.counters.send_failed++;
		return;
	}
	frame->segment_size = out->segment_size;
	queue_push(queue, frame);
	end->link.counters.sent++;
	end->link.counters.sent_bytes += out->len;
}

static void end_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	for (unsigned i = 0; i < n; i++)
		end_send_one((struct end *)link, &frames[i]);
}

static struct berth_frame *end_receive(struct berth_link *link, berth_time now)
{
	struct berth_frame *frame = queue_pop(&((struct end *)link)->queue);

	if (frame) {
		link->counters.received++;
		link->counters.received_bytes += frame->len;
	}
	return frame;
}

static berth_time end_deadline(const struct berth_link *link)
{
	return ((const struct end *)link)->queue.n ? 0 : BERTH_NEVER;
}

static void end_free(struct berth_link *link)
{
	struct end *end = (struct end *)link;
	struct pair *pair = end->pair;
	struct berth_frame *frame;

	while ((frame = queue_pop(&end->queue)))
		berth_frame_unref(frame);
	end->open = false;
	if (!end->other->open)
		pair->memory->free(pair->memory->context, pair, sizeof(*pair));
}

static const struct berth_link_operations end_operations = {
	.send = end_send,
	.receive = end_receive,
	.deadline = end_deadline,
	.free = end_free,
};

void berth_memory_pair_config_default(struct berth_memory_pair_config *config)
{
	*config = (struct berth_memory_pair_config){
		.size = sizeof(*config),
		.memory = berth_memory_libc(),
		.mtu = 1500,
		.ethernet = true,
		.queue_max = 4096,
	};
}

static bool config_valid(const struct berth_memory_pair_config *config)
{
	return config->size == sizeof(*config) && config->memory && config->queue_max && config->mtu >= 576 &&
	       config->mtu <= 65535 && !(config->capabilities & ~(BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT));
}

int berth_link_memory_pair(const struct berth_memory_pair_config *config, struct berth_link **a, struct berth_link **b)
{
	struct pair *pair;

	if (!config_valid(config))
		return BERTH_EINVAL;
	pair = config->memory->alloc(config->memory->context, sizeof(*pair));
	if (!pair)
		return BERTH_ENOMEM;
	memset(pair, 0, sizeof(*pair));
	pair->memory = config->memory;
	pair->queue_max = config->queue_max;
	pair->complete = config->complete;
	for (unsigned i = 0; i < 2; i++) {
		struct end *end = &pair->ends[i];

		end->link.operations = &end_operations;
		end->link.capabilities = config->capabilities;
		end->link.mtu = config->mtu;
		end->link.ethernet = config->ethernet;
		end->link.fd = -1;
		end->pair = pair;
		end->other = &pair->ends[1 - i];
		end->open = true;
	}
	*a = &pair->ends[0].link;
	*b = &pair->ends[1].link;
	return 0;
}
