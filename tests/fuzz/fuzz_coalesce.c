/* Joining segments, whatever arrives: every frame out is either the very frame that went in, bit for bit, or the join
 * of frames that a plain reading of the headers lets pass as segments of one train; each frame in is in exactly one, in
 * order. The input is a script that makes frames, so that trains with right checksums are as likely as noise. */
#include <string.h>

#include <berth/link.h>

#include "bytes.h"
#include "checksum.h"
#include "fuzz.h"
#include "ip4.h"
#include "tcp_header.h"

#define FRAMES_MAX 200

/* A step of the script: what it does, then its operands. */
enum {
	STEP_KIND = 0x03,    /* noise, or a segment that continues the last one (three of four) */
	STEP_CHANGE = 0x04,  /* one byte is another: operands place, bits */
	STEP_LATE = 0x08,    /* ... and the checksums do not know */
	STEP_VALID = 0x10,   /* the link vouches for it */
	STEP_PUSH = 0x20,    /* PSH */
	STEP_PADDING = 0x40, /* bytes behind the packet */
	STEP_BACK = 0x80,    /* the sequence number does not go on */
};

struct script {
	const uint8_t *at;
	size_t left;
};

struct world {
	struct berth_link link; /* the inner one */
	struct berth_memory memory;
	struct berth_frame *frames[FRAMES_MAX]; /* NULL: at this place nothing has arrived */
	uint8_t *copies[FRAMES_MAX];            /* of their bytes */
	unsigned n, next, n_taken, n_out, n_frames, n_joined;
	uint64_t fail; /* bit i: allocation i of the software path fails */
	long n_blocks;
};

static uint8_t take(struct script *script)
{
	if (!script->left)
		return 0;
	script->left--;
	return *script->at++;
}

/* ---- frames ---- */

static uint64_t tcp_sum(const uint8_t *ip, uint32_t n)
{
	uint64_t sum = checksum_pseudo(ip + IP4_OFF_SOURCE, ip + IP4_OFF_DESTINATION, 4, IP_PROTOCOL_TCP, n);

	return checksum_add_portable(sum, ip + IP4_HEADER, n);
}

/* Makes the checksums right where there is anything that they could be of. */
static void seal(struct berth_frame *frame, uint32_t off)
{
	uint8_t *ip = frame->data + off;
	uint32_t total;

	if (frame->len < off + IP4_HEADER + TCP_HEADER)
		return;
	put_be16(ip + IP4_OFF_CHECKSUM, 0);
	put_be16(ip + IP4_OFF_CHECKSUM, checksum_finish(checksum_add(0, ip, IP4_HEADER)));
	total = get_be16(ip + IP4_OFF_TOTAL);
	if (total < IP4_HEADER + TCP_HEADER || total > frame->len - off)
		return;
	put_be16(ip + IP4_HEADER + TCP_OFF_CHECKSUM, 0);
	put_be16(ip + IP4_HEADER + TCP_OFF_CHECKSUM, checksum_finish(tcp_sum(ip, total - IP4_HEADER)));
}

static struct berth_frame *noise(struct script *script)
{
	uint32_t n = take(script);
	struct berth_frame *frame;

	if (n > script->left)
		n = (uint32_t)script->left;
	frame = berth_frame_new(berth_memory_libc(), n);
	CHECK(frame);
	frame->len = n;
	memcpy(frame->data, script->at, n);
	script->at += n;
	script->left -= n;
	return frame;
}

/* A segment of `len` bytes with 0 to 40 bytes of options, at *seq. */
static struct berth_frame *segment(uint32_t off, uint32_t len, uint32_t len_options, uint32_t padding, uint32_t seq,
				   uint8_t flags)
{
	static const uint8_t headers[] = {2,    0, 0,   0,   0, 7, 2,    0,    0,  0, 0, 5, 8,   0,   /* Ethernet */
					  0x45, 0, 0,   0,   0, 0, 0x40, 0,    64, 6, 0, 0, 192, 168, /* IP */
					  1,    5, 192, 168, 1, 7, 4,    0x4b, 0,  80};
	uint32_t len_headers = off + IP4_HEADER + TCP_HEADER + len_options;
	struct berth_frame *frame = berth_frame_new(berth_memory_libc(), len_headers + len + padding);
	uint8_t *ip, *tcp;

	CHECK(frame);
	frame->len = frame->capacity;
	ip = frame->data + off;
	tcp = ip + IP4_HEADER;
	memset(frame->data, 0, len_headers);
	memset(frame->data + len_headers, (int)(seq * 2654435761u >> 24), len + padding);
	/* Bytes of its own at both ends, so that no shift goes unseen. */
	for (uint32_t i = 0; i < len && i < 4; i++) {
		frame->data[len_headers + i] ^= (uint8_t)(seq >> 8 * i);
		frame->data[len_headers + len - 1 - i] ^= (uint8_t)(i + 1);
	}
	memcpy(frame->data, headers + 14 - off, off + IP4_HEADER + 4);
	put_be16(ip + IP4_OFF_TOTAL, (uint16_t)(IP4_HEADER + TCP_HEADER + len_options + len));
	put_be16(ip + IP4_OFF_ID, (uint16_t)seq);
	put_be32(tcp + TCP_OFF_SEQ, seq);
	tcp[TCP_OFF_DATA_OFFSET] = (uint8_t)((TCP_HEADER + len_options) << 2);
	tcp[TCP_OFF_FLAGS] = flags;
	return frame;
}

/* The lengths that matter: none, few, odd, usual, and such that a dozen are too many. */
static uint32_t segment_len(uint8_t operand)
{
	static const uint32_t lens[] = {1460, 1460, 100, 101, 1, 0, 3000, 32000};

	return operand & 0x80 ? lens[operand & 7] : operand;
}

static struct berth_frame *script_frame(struct script *script, uint32_t off, uint8_t step, uint32_t len_options,
					uint32_t *seq)
{
	struct berth_frame *frame;

	if (step & STEP_KIND) {
		uint32_t len = segment_len(take(script));

		if (step & STEP_BACK)
			*seq -= take(script);
		frame = segment(off, len, len_options, step & STEP_PADDING ? take(script) : 0, *seq,
				step & STEP_PUSH ? TCP_ACK | TCP_PSH : TCP_ACK);
		*seq += len;
	} else {
		frame = noise(script);
	}
	if (!(step & STEP_LATE))
		seal(frame, off);
	if ((step & STEP_CHANGE) && frame->len) {
		frame->data[take(script) % frame->len] ^= take(script);
		if (!(step & STEP_LATE))
			seal(frame, off);
	}
	if (step & STEP_LATE && step & STEP_KIND) {
		uint32_t at = take(script) * 7u % frame->len;

		seal(frame, off);
		frame->data[at] ^= take(script);
	}
	frame->checksum = step & STEP_VALID ? BERTH_CHECKSUM_VALID : BERTH_CHECKSUM_FULL;
	return frame;
}

/* ---- the inner link and the memory ---- */

static struct berth_frame *inner_receive(struct berth_link *link, berth_time now)
{
	struct world *world = (struct world *)link;
	struct berth_frame *frame;

	(void)now;
	if (world->next == world->n)
		return NULL;
	frame = world->frames[world->next++];
	if (!frame)
		return NULL;
	world->n_taken++;
	return berth_frame_ref(frame);
}

static void inner_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	(void)link, (void)frames, (void)n, (void)now;
}

static berth_time inner_deadline(const struct berth_link *link)
{
	(void)link;
	return BERTH_NEVER;
}

static void inner_free(struct berth_link *link)
{
	(void)link;
}

static const struct berth_link_operations inner_operations = {inner_send, inner_receive, inner_deadline, inner_free};

static void *world_alloc(void *context, size_t size)
{
	struct world *world = context;
	bool fails = world->fail & 1;

	world->fail >>= 1;
	if (fails)
		return NULL;
	world->n_blocks++;
	return malloc(size);
}

static void world_free(void *context, void *p, size_t size)
{
	struct world *world = context;

	(void)size;
	world->n_blocks--;
	free(p);
}

/* ---- the model ---- */

/* A segment that may be in a train, read field by field. */
struct reading {
	struct ip4_header ip;
	struct tcp_header tcp;
	const uint8_t *bytes, *options, *payload;
	uint32_t len_tcp, len;
};

static bool read_segment(const struct berth_frame *frame, uint32_t off, struct reading *r)
{
	const uint8_t *p = frame->data + off;

	if (frame->len < off || frame->segment_size || (off && get_be16(frame->data + 12) != 0x0800))
		return false;
	if (ip4_parse(p, frame->len - off, &r->ip) != IP4_OK || r->ip.len_header != 20 || r->ip.more_fragments ||
	    r->ip.off_fragment || p[6] & 0x80 || r->ip.protocol != 6)
		return false;
	r->len_tcp = (uint32_t)tcp_header_parse(p + 20, r->ip.total_len - 20u, &r->tcp);
	if (!r->len_tcp || (r->tcp.flags & ~TCP_PSH) != TCP_ACK || r->ip.total_len == 20 + r->len_tcp)
		return false;
	r->bytes = frame->data;
	r->options = p + 40;
	r->payload = p + 20 + r->len_tcp;
	r->len = r->ip.total_len - 20 - r->len_tcp;
	return frame->checksum == BERTH_CHECKSUM_VALID || checksum_ok(tcp_sum(p, r->ip.total_len - 20u));
}

/* b, which comes `done` bytes of payload after a, is of a's train. */
static bool of_train(const struct reading *a, const struct reading *b, uint32_t off, uint32_t done)
{
	const uint8_t *tcp_a = a->bytes + off + 20, *tcp_b = b->bytes + off + 20;

	return !memcmp(a->bytes, b->bytes, off) && a->ip.tos == b->ip.tos && a->ip.ttl == b->ip.ttl &&
	       a->ip.dont_fragment == b->ip.dont_fragment && !memcmp(a->ip.source, b->ip.source, 4) &&
	       !memcmp(a->ip.destination, b->ip.destination, 4) && a->tcp.source_port == b->tcp.source_port &&
	       a->tcp.destination_port == b->tcp.destination_port && a->tcp.ack == b->tcp.ack &&
	       a->tcp.window == b->tcp.window && a->tcp.urgent == b->tcp.urgent && a->len_tcp == b->len_tcp &&
	       tcp_a[12] == tcp_b[12] && !memcmp(a->options, b->options, a->len_tcp - 20) &&
	       (uint32_t)(b->tcp.seq - a->tcp.seq) == done && b->len <= a->len &&
	       20 + a->len_tcp + done + b->len <= 65535;
}

/* The next frame that went in, which some frame out must hold. */
static unsigned world_consume(struct world *world)
{
	while (world->n_out < world->n && !world->frames[world->n_out])
		world->n_out++;
	CHECK(world->n_out < world->next);
	return world->n_out++;
}

/* The frame out's headers are the first segment's, but for those of length and PSH. */
static void check_headers(const struct berth_frame *large, const struct reading *first, uint32_t off, uint32_t total,
			  uint8_t flags)
{
	uint8_t expected[14 + 20 + 60];
	uint32_t len = off + 20 + first->len_tcp;

	memcpy(expected, first->bytes, len);
	put_be16(expected + off + 2, (uint16_t)(20 + first->len_tcp + total));
	put_be16(expected + off + 10, 0);
	put_be16(expected + off + 10, checksum_finish(checksum_add_portable(0, expected + off, 20)));
	expected[off + 20 + 13] = flags;
	CHECK(large->len == len + total);
	CHECK(memcmp(large->data, expected, len) == 0);
}

static void check_large(struct world *world, const struct berth_frame *large, uint32_t off)
{
	struct reading first, last;
	uint32_t done;
	unsigned n = 1;

	CHECK(read_segment(world->frames[world_consume(world)], off, &first));
	CHECK(large->checksum == BERTH_CHECKSUM_VALID && large->segment_size == first.len && large->n_refs == 1);
	CHECK(large->len > off + 20 + first.len_tcp + first.len);
	CHECK(memcmp(large->data + off + 20 + first.len_tcp, first.payload, first.len) == 0);
	last = first;
	for (done = first.len; done < large->len - off - 20 - first.len_tcp; done += last.len, n++) {
		CHECK(last.len == first.len && !(last.tcp.flags & TCP_PSH));
		CHECK(read_segment(world->frames[world_consume(world)], off, &last));
		CHECK(of_train(&first, &last, off, done));
		CHECK(off + 20 + first.len_tcp + done + last.len <= large->len);
		CHECK(memcmp(large->data + off + 20 + first.len_tcp + done, last.payload, last.len) == 0);
	}
	check_headers(large, &first, off, done, last.tcp.flags);
	world->n_joined += n;
}

/* `pure`: nothing stands in the way of joining but the frames themselves: all has arrived, there is memory, and no
 * checksum is wrong. Then two neighbours of one train are never handed on one by one. */
static void check_alone(struct world *world, const struct berth_frame *frame, uint32_t off, bool pure)
{
	unsigned i = world_consume(world);
	struct reading a, b;

	CHECK(frame == world->frames[i]);
	if (!pure || i + 1 == world->n || !read_segment(frame, off, &a) || !read_segment(world->frames[i + 1], off, &b))
		return;
	CHECK(a.tcp.flags & TCP_PSH || !of_train(&a, &b, off, a.len));
}

static void check_out(struct world *world, struct berth_link *link, uint32_t off, bool pure)
{
	struct berth_frame *frame = berth_link_receive(link, 0);
	unsigned n_held = 0;

	if (frame) {
		world->n_frames++;
		/* Noise has no segment size: what has one was made. */
		if (frame->segment_size)
			check_large(world, frame, off);
		else
			check_alone(world, frame, off, pure);
	}
	for (unsigned i = world->n_out; i < world->next; i++)
		n_held += world->frames[i] != NULL;
	CHECK(berth_link_deadline(link) == (n_held ? 0 : BERTH_NEVER));
	CHECK(frame || !n_held);
	CHECK(link->counters.received == world->n_frames && link->counters.coalesced == world->n_joined);
	berth_frame_unref(frame);
}

/* ---- one input ---- */

/* Makes the frames. Whether nothing stands in the way of joining them. */
static bool world_fill(struct world *world, struct script *script, uint32_t off)
{
	uint32_t len_options = take(script) % 11u * 4u, seq = take(script) * 0x01010101u;
	bool pure = !world->fail;

	while (script->left && world->n < FRAMES_MAX) {
		uint8_t step = take(script);
		struct berth_frame *frame;

		if (step == STEP_PUSH) { /* nothing arrives for a while */
			world->n++;
			pure = false;
			continue;
		}
		pure &= !(step & STEP_LATE) && (step & STEP_KIND);
		frame = script_frame(script, off, step, len_options, &seq);
		world->copies[world->n] = malloc(frame->len ? frame->len : 1);
		CHECK(world->copies[world->n]);
		memcpy(world->copies[world->n], frame->data, frame->len);
		world->frames[world->n++] = frame;
	}
	return pure;
}

/* What went in is as it was, and nobody else holds it. */
static void world_empty(struct world *world)
{
	for (unsigned i = 0; i < world->n; i++) {
		if (!world->frames[i])
			continue;
		CHECK(world->frames[i]->n_refs == 1);
		CHECK(memcmp(world->frames[i]->data, world->copies[i], world->frames[i]->len) == 0);
		berth_frame_unref(world->frames[i]);
		free(world->copies[i]);
	}
	CHECK(world->n_blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world world = {.link = {.operations = &inner_operations, .mtu = 1500, .fd = -1}};
	struct script script = {data, n};
	uint8_t options = take(&script), stop = options & 2 ? take(&script) : UINT8_MAX;
	uint32_t off = options & 1 ? 14 : 0;
	struct berth_link *link;
	bool pure;

	world.link.ethernet = off != 0;
	world.memory = (struct berth_memory){world_alloc, world_free, &world};
	CHECK(berth_link_offload(&world.link, &world.memory, &link) == 0);
	world.fail = options & 4 ? take(&script) : 0;
	pure = world_fill(&world, &script, off);
	/* All of it, or so much: what is left goes with the link. */
	for (unsigned i = 0; i < stop && (world.next < world.n || berth_link_deadline(link) == 0); i++)
		check_out(&world, link, off, pure);
	berth_link_free(link);
	world_empty(&world);
	return 0;
}
