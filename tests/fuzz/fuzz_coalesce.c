/* Joining segments, whatever arrives: every frame out is either the very frame that went in, bit for bit, or the join
 * of frames that a plain reading of the headers lets pass as segments of one train; each frame in is in exactly one, in
 * order. The input is a script that makes frames, so that trains with right checksums are as likely as noise. */
#include <string.h>

#include <berth/link.h>

#include "bytes.h"
#include "checksum.h"
#include "fuzz.h"
#include "ip4.h"
#include "ip6.h"
#include "tcp_header.h"

#define FRAMES_MAX 200

/* What the first byte says. */
enum {
	OPTION_ETHERNET = 0x01,
	OPTION_STOP = 0x02, /* not all frames out are asked for */
	OPTION_FAIL = 0x04, /* some allocations fail */
	OPTION_IP6 = 0x08,
	OPTION_MIXED = 0x10, /* both families */
};

/* A step of the script: what it does, then its operands. */
enum {
	STEP_KIND = 0x03,    /* noise, or a segment that continues the last one (three of four) */
	STEP_CHANGE = 0x04,  /* one byte is another: operands place, bits */
	STEP_LATE = 0x08,    /* ... and the checksums do not know */
	STEP_VALID = 0x10,   /* the link vouches for it */
	STEP_PUSH = 0x20,    /* PSH */
	STEP_PADDING = 0x40, /* bytes behind the packet; where families are mixed, a segment of the other one */
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

/* The sum of n bytes of TCP behind an IP header. */
static uint64_t tcp_sum(const uint8_t *ip, bool ip6, uint32_t n)
{
	uint64_t sum = ip6 ? checksum_pseudo(ip + IP6_OFF_SOURCE, ip + IP6_OFF_DESTINATION, 16, IP_PROTOCOL_TCP, n)
			   : checksum_pseudo(ip + IP4_OFF_SOURCE, ip + IP4_OFF_DESTINATION, 4, IP_PROTOCOL_TCP, n);

	return checksum_add_portable(sum, ip + (ip6 ? IP6_HEADER : IP4_HEADER), n);
}

/* Makes the checksums right where there is anything that they could be of. */
static void seal(struct berth_frame *frame, uint32_t off, bool ip6)
{
	uint32_t len_ip = ip6 ? IP6_HEADER : IP4_HEADER, len;
	uint8_t *ip = frame->data + off;

	if (frame->len < off + len_ip + TCP_HEADER)
		return;
	if (!ip6) {
		put_be16(ip + IP4_OFF_CHECKSUM, 0);
		put_be16(ip + IP4_OFF_CHECKSUM, checksum_finish(checksum_add(0, ip, IP4_HEADER)));
	}
	len = ip6 ? get_be16(ip + IP6_OFF_PAYLOAD) : get_be16(ip + IP4_OFF_TOTAL) - (uint32_t)IP4_HEADER;
	if (len < TCP_HEADER || len > frame->len - off - len_ip)
		return;
	put_be16(ip + len_ip + TCP_OFF_CHECKSUM, 0);
	put_be16(ip + len_ip + TCP_OFF_CHECKSUM, checksum_finish(tcp_sum(ip, ip6, len)));
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

/* An Ethernet header's type and an IP header for `len` bytes of TCP. */
static void put_ip(uint8_t *frame, uint32_t off, bool ip6, uint32_t len, uint16_t id)
{
	static const uint8_t ip4_bytes[IP4_HEADER] = {0x45, 0, 0,   0,   0, 0, 0x40, 0,   64, 6,
						      0,    0, 192, 168, 1, 5, 192,  168, 1,  7};
	static const uint8_t ip6_bytes[IP6_HEADER] = {0x60, 0x01, 0x23, 0x45,     0,           0,
						      6,    64,   0xfd, [23] = 5, [24] = 0xfd, [39] = 7};
	uint8_t *ip = frame + off;

	if (off)
		put_be16(frame + 12, ip6 ? 0x86dd : 0x0800);
	if (ip6) {
		memcpy(ip, ip6_bytes, IP6_HEADER);
		put_be16(ip + IP6_OFF_PAYLOAD, (uint16_t)len);
		return;
	}
	memcpy(ip, ip4_bytes, IP4_HEADER);
	put_be16(ip + IP4_OFF_TOTAL, (uint16_t)(IP4_HEADER + len));
	put_be16(ip + IP4_OFF_ID, id);
}

/* A segment of `len` bytes with 0 to 40 bytes of options, at seq. */
static struct berth_frame *segment(uint32_t off, bool ip6, uint32_t len, uint32_t len_options, uint32_t padding,
				   uint32_t seq, uint8_t flags)
{
	uint32_t len_headers = off + (ip6 ? IP6_HEADER : IP4_HEADER) + TCP_HEADER + len_options;
	struct berth_frame *frame = berth_frame_new(berth_memory_libc(), len_headers + len + padding);
	uint8_t *tcp;

	CHECK(frame);
	frame->len = frame->capacity;
	tcp = frame->data + len_headers - len_options - TCP_HEADER;
	memset(frame->data, 0, len_headers);
	memset(frame->data + len_headers, (int)(seq * 2654435761u >> 24), len + padding);
	/* Bytes of its own at both ends, so that no shift goes unseen. */
	for (uint32_t i = 0; i < len && i < 4; i++) {
		frame->data[len_headers + i] ^= (uint8_t)(seq >> 8 * i);
		frame->data[len_headers + len - 1 - i] ^= (uint8_t)(i + 1);
	}
	put_ip(frame->data, off, ip6, TCP_HEADER + len_options + len, (uint16_t)seq);
	put_be16(tcp, 1099);
	put_be16(tcp + 2, 80);
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

/* What all frames of an input have. */
struct manner {
	uint32_t off, len_options;
	bool ip6, mixed;
};

static struct berth_frame *script_frame(struct script *script, const struct manner *manner, uint8_t step, uint32_t *seq)
{
	bool other = manner->mixed && (step & STEP_PADDING), ip6 = manner->ip6 != other;
	uint32_t off = manner->off;
	struct berth_frame *frame;

	if (step & STEP_KIND) {
		uint32_t len = segment_len(take(script));

		if (step & STEP_BACK)
			*seq -= take(script);
		frame = segment(off, ip6, len, manner->len_options, step & STEP_PADDING ? take(script) : 0, *seq,
				step & STEP_PUSH ? TCP_ACK | TCP_PSH : TCP_ACK);
		*seq += len;
	} else {
		frame = noise(script);
	}
	if (!(step & STEP_LATE))
		seal(frame, off, ip6);
	if ((step & STEP_CHANGE) && frame->len) {
		frame->data[take(script) % frame->len] ^= take(script);
		if (!(step & STEP_LATE))
			seal(frame, off, ip6);
	}
	if (step & STEP_LATE && step & STEP_KIND) {
		uint32_t at = take(script) * 7u % frame->len;

		seal(frame, off, ip6);
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
	bool ip6;
	struct ip4_header ip4;
	struct ip6_header h6;
	struct tcp_header tcp;
	const uint8_t *bytes, *segment, *payload;
	uint32_t len_ip, len_tcp, len;
};

/* The IP header; `len` becomes what lies behind it. */
static bool read_ip4(const uint8_t *p, size_t n, struct reading *r)
{
	if (ip4_parse(p, n, &r->ip4) != IP4_OK || r->ip4.len_header != 20 || r->ip4.more_fragments ||
	    r->ip4.off_fragment || p[6] & 0x80 || r->ip4.protocol != 6)
		return false;
	r->len_ip = 20;
	r->len = r->ip4.total_len - 20u;
	return true;
}

static bool read_ip6(const uint8_t *p, size_t n, struct reading *r)
{
	struct ip6_payload payload;

	if (ip6_parse(p, n, &r->h6, &payload, NULL) != IP6_OK || payload.off != 40 || payload.protocol != 6)
		return false;
	r->ip6 = true;
	r->len_ip = 40;
	r->len = payload.len;
	return true;
}

static bool read_segment(const struct berth_frame *frame, uint32_t off, struct reading *r)
{
	const uint8_t *p = frame->data + off;
	unsigned type = off && frame->len >= off ? get_be16(frame->data + 12) : 0;

	*r = (struct reading){.bytes = frame->data};
	if (frame->len < off || frame->segment_size)
		return false;
	if (!((!off || type == 0x0800) && read_ip4(p, frame->len - off, r)) &&
	    !((!off || type == 0x86dd) && read_ip6(p, frame->len - off, r)))
		return false;
	r->segment = p + r->len_ip;
	r->len_tcp = (uint32_t)tcp_header_parse(r->segment, r->len, &r->tcp);
	if (!r->len_tcp || (r->tcp.flags & ~TCP_PSH) != TCP_ACK || r->len == r->len_tcp)
		return false;
	if (frame->checksum != BERTH_CHECKSUM_VALID && !checksum_ok(tcp_sum(p, r->ip6, r->len)))
		return false;
	r->payload = r->segment + r->len_tcp;
	r->len -= r->len_tcp;
	return true;
}

static bool same_ip(const struct reading *a, const struct reading *b)
{
	if (a->ip6 != b->ip6)
		return false;
	if (a->ip6)
		return a->h6.traffic_class == b->h6.traffic_class && a->h6.flow_label == b->h6.flow_label &&
		       a->h6.hop_limit == b->h6.hop_limit && !memcmp(a->h6.source, b->h6.source, 16) &&
		       !memcmp(a->h6.destination, b->h6.destination, 16);
	return a->ip4.tos == b->ip4.tos && a->ip4.ttl == b->ip4.ttl && a->ip4.dont_fragment == b->ip4.dont_fragment &&
	       !memcmp(a->ip4.source, b->ip4.source, 4) && !memcmp(a->ip4.destination, b->ip4.destination, 4);
}

/* b, which comes `done` bytes of payload after a, is of a's train. */
static bool of_train(const struct reading *a, const struct reading *b, uint32_t off, uint32_t done)
{
	return !memcmp(a->bytes, b->bytes, off) && same_ip(a, b) && a->tcp.source_port == b->tcp.source_port &&
	       a->tcp.destination_port == b->tcp.destination_port && a->tcp.ack == b->tcp.ack &&
	       a->tcp.window == b->tcp.window && a->tcp.urgent == b->tcp.urgent && a->len_tcp == b->len_tcp &&
	       a->segment[12] == b->segment[12] && !memcmp(a->segment + 20, b->segment + 20, a->len_tcp - 20) &&
	       (uint32_t)(b->tcp.seq - a->tcp.seq) == done && b->len <= a->len &&
	       (a->ip6 ? 0 : 20) + a->len_tcp + done + b->len <= 65535;
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
	uint8_t expected[14 + 40 + 60], *ip = expected + off;
	uint32_t len = off + first->len_ip + first->len_tcp;

	memcpy(expected, first->bytes, len);
	if (first->ip6) {
		put_be16(ip + 4, (uint16_t)(first->len_tcp + total));
	} else {
		put_be16(ip + 2, (uint16_t)(20 + first->len_tcp + total));
		put_be16(ip + 10, 0);
		put_be16(ip + 10, checksum_finish(checksum_add_portable(0, ip, 20)));
	}
	ip[first->len_ip + 13] = flags;
	CHECK(large->len == len + total);
	CHECK(memcmp(large->data, expected, len) == 0);
}

static void check_large(struct world *world, const struct berth_frame *large, uint32_t off)
{
	struct reading first, last;
	uint32_t done, len_headers;
	unsigned n = 1;

	CHECK(read_segment(world->frames[world_consume(world)], off, &first));
	len_headers = off + first.len_ip + first.len_tcp;
	CHECK(large->checksum == BERTH_CHECKSUM_VALID && large->segment_size == first.len && large->n_refs == 1);
	CHECK(large->len > len_headers + first.len);
	CHECK(memcmp(large->data + len_headers, first.payload, first.len) == 0);
	last = first;
	for (done = first.len; done < large->len - len_headers; done += last.len, n++) {
		CHECK(last.len == first.len && !(last.tcp.flags & TCP_PSH));
		CHECK(read_segment(world->frames[world_consume(world)], off, &last));
		CHECK(of_train(&first, &last, off, done));
		CHECK(len_headers + done + last.len <= large->len);
		CHECK(memcmp(large->data + len_headers + done, last.payload, last.len) == 0);
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
static bool world_fill(struct world *world, struct script *script, struct manner *manner)
{
	bool pure = !world->fail;
	uint32_t seq;

	manner->len_options = take(script) % 11u * 4u;
	seq = take(script) * 0x01010101u;
	while (script->left && world->n < FRAMES_MAX) {
		uint8_t step = take(script);
		struct berth_frame *frame;

		if (step == STEP_PUSH) { /* nothing arrives for a while */
			world->n++;
			pure = false;
			continue;
		}
		pure &= !(step & STEP_LATE) && (step & STEP_KIND);
		frame = script_frame(script, manner, step, &seq);
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
	uint8_t options = take(&script), stop = options & OPTION_STOP ? take(&script) : UINT8_MAX;
	struct manner manner = {.off = options & OPTION_ETHERNET ? 14 : 0,
				.ip6 = options & OPTION_IP6,
				.mixed = options & OPTION_MIXED};
	struct berth_link *link;
	bool pure;

	world.link.ethernet = manner.off != 0;
	world.memory = (struct berth_memory){world_alloc, world_free, &world};
	CHECK(berth_link_offload(&world.link, &world.memory, &link) == 0);
	world.fail = options & OPTION_FAIL ? take(&script) : 0;
	pure = world_fill(&world, &script, &manner);
	/* All of it, or so much: what is left goes with the link. */
	for (unsigned i = 0; i < stop && (world.next < world.n || berth_link_deadline(link) == 0); i++)
		check_out(&world, link, manner.off, pure);
	berth_link_free(link);
	world_empty(&world);
	return 0;
}
