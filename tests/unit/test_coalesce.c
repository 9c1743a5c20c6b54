/* Joining segments that arrive in a train: what comes out against a segment that is built whole, which neighbours are
 * left alone, and that whatever is not joined comes out as the very frame that went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>

#include "coalesce.h"
#include "heap.h"
#include "two_hosts.h"

#define FRAMES_MAX 128
#define SEQ_BEFORE_WRAP 0xfffffc00u
#define FIN 0x01u
#define PSH 0x08u
#define ACK 0x10u

/* ---- frames by hand ---- */

/* What all segments of a train have. */
struct shape {
	bool ethernet;
	unsigned len_options; /* of TCP */
	uint32_t seq;
	bool ip6;
};

/* What most tests run with, one after the other: their state. */
static const struct shape plain4 = {true, 0, 1000, false}, plain6 = {true, 0, 1000, true};
static const struct shape shapes[] = {{true, 0, 1000, false},
				      {false, 0, 1000, false},
				      {true, 12, SEQ_BEFORE_WRAP, false},
				      {false, 40, SEQ_BEFORE_WRAP, false},
				      {true, 0, 1000, true},
				      {false, 0, 1000, true},
				      {true, 12, SEQ_BEFORE_WRAP, true},
				      {false, 40, SEQ_BEFORE_WRAP, true}};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t naive_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static unsigned off_ip(const struct shape *s)
{
	return s->ethernet ? 14 : 0;
}

static unsigned off_tcp(const struct shape *s)
{
	return off_ip(s) + (s->ip6 ? 40 : 20);
}

static unsigned len_headers(const struct shape *s)
{
	return off_tcp(s) + 20 + s->len_options;
}

/* Where the IP header has its length, and what it counts of itself. */
static unsigned off_length(const struct shape *s)
{
	return off_ip(s) + (s->ip6 ? 4 : 2);
}

static unsigned len_counted(const struct shape *s)
{
	return s->ip6 ? 0 : 20;
}

static void seal_ip4(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, ~naive_sum(0, ip, 20));
}

/* Makes the checksums right for the bytes as they are: the payload ends where the IP header says. */
static void seal(const struct shape *s, struct berth_frame *frame)
{
	uint8_t *ip = frame->data + off_ip(s), *tcp = frame->data + off_tcp(s), pseudo[4] = {0, 6};
	unsigned n = get16(frame->data + off_length(s)) - len_counted(s);
	uint32_t sum;

	if (!s->ip6)
		seal_ip4(ip);
	put16(pseudo + 2, n);
	put16(tcp + 16, 0);
	sum = s->ip6 ? naive_sum(0, ip + 8, 32) : naive_sum(0, ip + 12, 8);
	put16(tcp + 16, ~naive_sum(naive_sum(sum, pseudo, 4), tcp, n));
}

/* Byte i of the stream that the segments carry. */
static uint8_t stream(uint32_t i)
{
	return (uint8_t)((i * 2654435761u) >> 24);
}

/* An IP header for `len` bytes behind it. */
static void put_ip(const struct shape *s, uint8_t *ip, uint32_t len, unsigned id)
{
	static const uint8_t ip4[20] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 168, 1, 5, 192, 168, 1, 7};
	static const uint8_t ip6[40] = {0x60, 0x01, 0x23, 0x45, 0, 0, 6, 64, 0xfd, [23] = 5, [24] = 0xfd, [39] = 7};

	if (s->ip6) {
		memcpy(ip, ip6, 40);
		put16(ip + 4, len);
	} else {
		memcpy(ip, ip4, 20);
		put16(ip + 2, 20 + len);
		put16(ip + 4, id);
	}
}

/* The n bytes from off on as a segment, in a block that ends where the frame (with `padding` bytes) ends. IPv6 has no
 * ID. */
static struct berth_frame *segment(const struct shape *s, const struct berth_memory *memory, uint32_t off, uint32_t n,
				   unsigned flags, unsigned id, unsigned padding)
{
	static const uint8_t eth[12] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 5};
	uint32_t len = len_headers(s) + n + padding, seq = s->seq + off;
	struct berth_frame *frame = berth_frame_new(memory, len);
	uint8_t *tcp = frame->data + off_tcp(s);

	frame->len = len;
	memset(frame->data, 0, len);
	if (s->ethernet) {
		memcpy(frame->data, eth, 12);
		put16(frame->data + 12, s->ip6 ? 0x86dd : 0x0800);
	}
	put_ip(s, frame->data + off_ip(s), 20 + s->len_options + n, id);
	put16(tcp, 1099);
	put16(tcp + 2, 80);
	put16(tcp + 4, seq >> 16);
	put16(tcp + 6, seq & 0xffff);
	memset(tcp + 8, 0x77, 4);
	tcp[12] = (uint8_t)((20 + s->len_options) / 4 << 4);
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 502);
	memset(tcp + 20, 1, s->len_options);
	for (uint32_t i = 0; i < n; i++)
		tcp[20 + s->len_options + i] = stream(off + i);
	memset(frame->data + len - padding, 0xee, padding);
	seal(s, frame);
	return frame;
}

/* ---- a link that yields what a test has put there ---- */

struct source {
	struct berth_link link;
	struct berth_frame *frames[FRAMES_MAX]; /* as they went in; the test holds a reference too */
	unsigned n, next;
	bool freed;
};

struct bed {
	struct heap heap;
	struct source source;
	struct berth_link *link; /* the software path around the source */
};

static struct berth_frame *source_receive(struct berth_link *link, berth_time now)
{
	struct source *source = (struct source *)link;

	(void)now;
	return source->next < source->n ? berth_frame_ref(source->frames[source->next++]) : NULL;
}

static berth_time source_deadline(const struct berth_link *link)
{
	(void)link;
	return 77;
}

static void source_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	(void)link, (void)frames, (void)n, (void)now;
	fail();
}

static void source_free(struct berth_link *link)
{
	((struct source *)link)->freed = true;
}

static const struct berth_link_operations source_operations = {source_send, source_receive, source_deadline,
							       source_free};

static void bed_init(struct bed *bed, const struct shape *s)
{
	memset(bed, 0, sizeof(*bed));
	heap_init(&bed->heap);
	bed->source.link.operations = &source_operations;
	bed->source.link.ethernet = s->ethernet;
	bed->source.link.mtu = 1500;
	assert_int_equal(berth_link_offload(&bed->source.link, &bed->heap.memory, &bed->link), 0);
}

/* Everything that went in has gone. */
static void bed_deinit(struct bed *bed)
{
	berth_link_free(bed->link);
	assert_true(bed->source.freed);
	for (unsigned i = 0; i < bed->source.n; i++) {
		assert_int_equal(bed->source.frames[i]->n_refs, 1);
		berth_frame_unref(bed->source.frames[i]);
	}
	assert_int_equal(bed->heap.n_blocks, 0);
}

static struct berth_frame *bed_add(struct bed *bed, struct berth_frame *frame)
{
	assert_true(bed->source.n < FRAMES_MAX);
	bed->source.frames[bed->source.n++] = frame;
	return frame;
}

/* Segments of the stream one behind the other; ends with length 0. */
static void bed_add_train(struct bed *bed, const struct shape *s, const uint32_t *lens)
{
	uint32_t off = 0;

	for (unsigned i = 0; lens[i]; off += lens[i++])
		bed_add(bed, segment(s, &bed->heap.memory, off, lens[i], ACK, 100 + i, 0));
}

/* Where the payload of source frame i lies in the stream, and its length. */
static uint32_t stream_off(const struct shape *s, const struct berth_frame *frame)
{
	const uint8_t *seq = frame->data + off_tcp(s) + 4;

	return ((uint32_t)get16(seq) << 16 | get16(seq + 2)) - s->seq;
}

static uint32_t payload_len(const struct shape *s, const struct berth_frame *frame)
{
	return get16(frame->data + off_length(s)) - len_counted(s) - 20 - s->len_options;
}

/* The next frame is source frames first to first + n - 1 in one: the bytes of a segment that is built whole. */
static void expect_joined(struct bed *bed, const struct shape *s, unsigned first, unsigned n, unsigned flags)
{
	struct berth_frame *const *in = bed->source.frames + first;
	struct berth_frame *got = berth_link_receive(bed->link, 0), *whole;
	unsigned off_checksum = off_tcp(s) + 16;
	uint32_t len = 0;

	assert_non_null(got);
	for (unsigned i = 0; i < n; i++)
		len += payload_len(s, in[i]);
	whole = segment(s, berth_memory_libc(), stream_off(s, in[0]), len, flags, get16(in[0]->data + off_ip(s) + 4),
			0);
	/* Nobody looks at the checksum of a frame that is vouched for: it is still the first segment's. */
	memcpy(whole->data + off_checksum, in[0]->data + off_checksum, 2);
	assert_int_equal(got->len, whole->len);
	assert_memory_equal(got->data, whole->data, whole->len);
	assert_int_equal(got->segment_size, payload_len(s, in[0]));
	assert_int_equal(got->checksum, BERTH_CHECKSUM_VALID);
	assert_true(got->len <= got->capacity && got->n_refs == 1);
	berth_frame_unref(whole);
	berth_frame_unref(got);
}

/* The next frame is the very one that went in. */
static void expect_same(struct bed *bed, unsigned i)
{
	struct berth_frame *got = berth_link_receive(bed->link, 0);

	assert_ptr_equal(got, bed->source.frames[i]);
	berth_frame_unref(got);
}

/* counts: how many source frames each frame out stands for; ends with 0. */
static void expect_counts(struct bed *bed, const struct shape *s, const unsigned *counts, unsigned flags_last)
{
	unsigned first = 0, n_joined = 0, n_out = 0;

	for (; counts[n_out]; first += counts[n_out++]) {
		unsigned n = counts[n_out];

		if (n == 1) {
			expect_same(bed, first);
			continue;
		}
		expect_joined(bed, s, first, n, first + n == bed->source.n ? flags_last : ACK);
		n_joined += n;
	}
	assert_int_equal(first, bed->source.n);
	assert_null(berth_link_receive(bed->link, 0));
	assert_int_equal(bed->link->counters.coalesced, n_joined);
	assert_int_equal(bed->link->counters.received, n_out);
}

/* ---- trains ---- */

struct train {
	const char *name;
	uint32_t lens[12];
	unsigned counts[8];
};

static const struct train trains[] = {
	{"one", {1460}, {1}},
	{"two", {1460, 1460}, {2}},
	{"six", {1460, 1460, 1460, 1460, 1460, 1460}, {6}},
	{"odd lengths", {1447, 1447, 1447, 3}, {4}},
	{"single bytes", {1, 1, 1, 1, 1}, {5}},
	{"shorter last", {1000, 1000, 999}, {3}},
	{"shorter in the middle", {1000, 1000, 999, 1000, 1000}, {3, 2}},
	{"each shorter", {1000, 999, 998, 997}, {2, 2}},
	{"each longer", {997, 998, 999, 1000}, {1, 1, 1, 1}},
	{"longer second", {500, 1000, 1000}, {1, 2}},
	{"jumbo frames: 64 KiB is the limit", {8900, 8900, 8900, 8900, 8900, 8900, 8900, 8900, 8900}, {7, 2}},
	{"the limit to the byte", {32750, 32705}, {2}}, /* 65,455: with 40 bytes of options and 40 of headers 65,535 */
};

/* As from a link whose frames never had their checksums completed. */
static void vouch(const struct shape *s, struct berth_frame *frame)
{
	frame->data[off_tcp(s) + 16] ^= 0x55;
	frame->checksum = BERTH_CHECKSUM_VALID;
}

static void test_trains(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(trains) / sizeof(trains[0]); i++) {
		for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
			/* None, all, and every other one is vouched for: those need no right checksum. */
			for (unsigned valid = 0; valid < 3; valid++) {
				struct bed bed;

				bed_init(&bed, &shapes[j]);
				bed_add_train(&bed, &shapes[j], trains[i].lens);
				for (unsigned k = 0; k < bed.source.n; k++) {
					if (valid == 1 || (valid == 2 && k % 2))
						vouch(&shapes[j], bed.source.frames[k]);
				}
				expect_counts(&bed, &shapes[j], trains[i].counts, ACK);
				bed_deinit(&bed);
			}
		}
	}
}

/* What the IP header counts may be 65,535 bytes, and no more: of IPv4 the whole packet, of IPv6 its payload. */
static void test_largest(void **state)
{
	const struct shape *plain = *state;
	const struct shape options = {false, 40, 5, plain->ip6};

	for (uint32_t over = 0; over < 2; over++) {
		const uint32_t lens[] = {32750, (plain->ip6 ? 32725 : 32705) + over, 0};
		struct bed bed;

		bed_init(&bed, &options);
		bed_add_train(&bed, &options, lens);
		expect_counts(&bed, &options, over ? (unsigned[]){1, 1, 0} : (unsigned[]){2, 0}, ACK);
		bed_deinit(&bed);
	}
}

static void test_most_segments(void **state)
{
	const struct shape *plain = *state;
	uint32_t lens[2 * COALESCE_MAX + 4] = {0};
	struct bed bed;

	for (unsigned i = 0; i < 2 * COALESCE_MAX + 3; i++)
		lens[i] = 100;
	bed_init(&bed, plain);
	bed_add_train(&bed, plain, lens);
	expect_counts(&bed, plain, (unsigned[]){COALESCE_MAX, COALESCE_MAX, 3, 0}, ACK);
	bed_deinit(&bed);
}

/* PSH ends a large frame, which has it then. */
static void test_push(void **state)
{
	const struct shape *plain = *state;
	static const unsigned counts[5][5] = {{1, 4}, {2, 3}, {3, 2}, {4, 1}, {5}};

	for (unsigned at = 0; at < 5; at++) {
		unsigned last = at == 4 ? ACK | PSH : ACK;
		struct bed bed;

		bed_init(&bed, plain);
		for (unsigned i = 0; i < 5; i++)
			bed_add(&bed, segment(plain, &bed.heap.memory, i * 100, 100, i == at ? ACK | PSH : ACK, i, 0));
		if (at == 0) {
			expect_same(&bed, 0);
			expect_joined(&bed, plain, 1, 4, ACK);
		} else if (at < 4) {
			expect_joined(&bed, plain, 0, at + 1, ACK | PSH);
			if (at == 3)
				expect_same(&bed, 4);
			else
				expect_joined(&bed, plain, at + 1, 4 - at, ACK);
		} else {
			expect_counts(&bed, plain, counts[at], last);
		}
		assert_null(berth_link_receive(bed.link, 0));
		bed_deinit(&bed);
	}
}

/* Padding of short Ethernet frames is nobody's payload. */
static void test_padding(void **state)
{
	const struct shape *plain = *state;
	struct bed bed;

	bed_init(&bed, plain);
	for (unsigned i = 0; i < 4; i++)
		bed_add(&bed, segment(plain, &bed.heap.memory, i, 1, ACK, i, i % 2 ? 1 : 5));
	expect_joined(&bed, plain, 0, 4, ACK);
	assert_null(berth_link_receive(bed.link, 0));
	bed_deinit(&bed);
}

/* ---- what is not joined ---- */

/* Two segments of which one has a bit turned, checksums right again: joined only where the headers of a train differ.
 */
static bool may_differ(const struct shape *s, unsigned at, unsigned bit)
{
	unsigned ip = off_ip(s);

	if (at < ip)
		return false;
	/* PSH of the last, and checksums (which are made anew). */
	if (at >= off_tcp(s)) {
		at -= off_tcp(s);
		return at == 16 || at == 17 || (at == 13 && 1u << bit == PSH);
	}
	at -= ip;
	return !s->ip6 && (at == 4 || at == 5 || at == 10 || at == 11); /* the ID too */
}

static void pair_with_bit(const struct shape *s, unsigned which, unsigned at, unsigned bit)
{
	struct bed bed;
	bool joined = may_differ(s, at, bit);

	/* A first segment with PSH is also the last. */
	if (which == 0 && at == off_tcp(s) + 13)
		joined = false;
	bed_init(&bed, s);
	bed_add_train(&bed, s, (uint32_t[]){700, 700, 0});
	bed.source.frames[which]->data[at] ^= (uint8_t)(1u << bit);
	seal(s, bed.source.frames[which]);
	if (joined) {
		expect_joined(&bed, s, 0, 2, ACK | (at == off_tcp(s) + 13 ? PSH : 0));
	} else {
		expect_same(&bed, 0);
		expect_same(&bed, 1);
	}
	assert_null(berth_link_receive(bed.link, 0));
	bed_deinit(&bed);
}

static void test_every_header_bit(void **state)
{
	(void)state;
	for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
		const struct shape *s = &shapes[j];

		for (unsigned at = 0; at < len_headers(s); at++) {
			/* The length has a test of its own. */
			if (at == off_length(s) || at == off_length(s) + 1)
				continue;
			for (unsigned bit = 0; bit < 8; bit++) {
				pair_with_bit(s, 0, at, bit);
				pair_with_bit(s, 1, at, bit);
			}
		}
	}
}

/* Headers that no segment of a train has, though both are the same. */
static const struct {
	const char *name;
	unsigned family; /* whose packets can have it: 4, 6, or 0 for both, then `at` is from the TCP header */
	unsigned at;     /* from the IP header */
	uint8_t value;
} never[] = {
	{"version 6", 4, 0, 0x65},
	{"IP options", 4, 0, 0x46},
	{"short IP header", 4, 0, 0x44},
	{"more fragments", 4, 6, 0x20},
	{"reserved flag", 4, 6, 0x80},
	{"fragment", 4, 7, 1},
	{"not TCP", 4, 9, 17},
	{"version 4", 6, 0, 0x45},
	{"version 7", 6, 0, 0x70},
	{"not TCP", 6, 6, 17},
	{"hop-by-hop options", 6, 6, 0},
	{"a routing header", 6, 6, 43},
	{"a fragment header", 6, 6, 44},
	{"destination options", 6, 6, 60},
	{"short TCP header", 0, 12, 0x40},
	{"no TCP header", 0, 12, 0x00},
	{"TCP header beyond the packet", 0, 12, 0xf0},
	{"FIN", 0, 13, ACK | FIN},
	{"SYN", 0, 13, ACK | 2},
	{"RST", 0, 13, ACK | 4},
	{"URG", 0, 13, ACK | 0x20},
	{"ECE", 0, 13, ACK | 0x40},
	{"CWR", 0, 13, ACK | 0x80},
	{"no ACK", 0, 13, 0},
};

static void test_never(void **state)
{
	const struct shape *plain = *state;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		unsigned off = never[i].family ? off_ip(plain) : off_tcp(plain);
		struct bed bed;

		if (never[i].family == (plain->ip6 ? 4 : 6))
			continue;
		bed_init(&bed, plain);
		bed_add_train(&bed, plain, (uint32_t[]){20, 20, 0});
		for (unsigned k = 0; k < 2; k++) {
			bed.source.frames[k]->data[off + never[i].at] = never[i].value;
			seal(plain, bed.source.frames[k]);
			bed.source.frames[k]->checksum = BERTH_CHECKSUM_VALID;
		}
		for (unsigned k = 0; k < 2; k++)
			expect_same(&bed, k);
		bed_deinit(&bed);
	}
}

/* Other types than those of IP and the other family's, frames that are joined already, and IP headers that are wrong:
 * both the same. */
static void test_never_whole(void **state)
{
	const struct shape *plain = *state;

	for (unsigned what = 0; what < (plain->ip6 ? 3 : 5); what++) {
		struct bed bed;

		bed_init(&bed, plain);
		bed_add_train(&bed, plain, (uint32_t[]){20, 20, 0});
		for (unsigned k = 0; k < 2; k++) {
			struct berth_frame *frame = bed.source.frames[k];

			if (what == 0)
				frame->data[12] ^= 1;
			else if (what == 1)
				frame->segment_size = 10;
			else if (what == 2)
				put16(frame->data + 12, plain->ip6 ? 0x0800 : 0x86dd);
			else if (what == 3)
				frame->data[14 + 10] ^= 1; /* the IP checksum */
			else
				frame->data[14 + 8] ^= 1; /* what it is of */
			frame->checksum = BERTH_CHECKSUM_VALID;
		}
		expect_same(&bed, 0);
		expect_same(&bed, 1);
		bed_deinit(&bed);
	}
}

/* A train ends where the other family begins, with and without Ethernet headers to tell them apart. */
static void test_families(void **state)
{
	(void)state;
	for (unsigned bare = 0; bare < 2; bare++) {
		const struct shape ip4 = {!bare, 0, 1000, false}, ip6 = {!bare, 0, 1000, true};
		struct bed bed;

		bed_init(&bed, &ip4);
		for (unsigned i = 0; i < 8; i++)
			bed_add(&bed,
				segment(i < 3 || i == 6 ? &ip4 : &ip6, &bed.heap.memory, i * 100, 100, ACK, i, 0));
		expect_joined(&bed, &ip4, 0, 3, ACK);
		expect_joined(&bed, &ip6, 3, 3, ACK);
		expect_same(&bed, 6);
		expect_same(&bed, 7);
		assert_null(berth_link_receive(bed.link, 0));
		bed_deinit(&bed);
	}
}

static void test_gaps(void **state)
{
	const struct shape *plain = *state;
	static const struct {
		uint32_t off;
		bool joined;
	} next[] = {{100, true}, {101, false}, {99, false}, {0, false}, {200, false}, {(uint32_t)-100, false}};

	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		struct bed bed;

		bed_init(&bed, plain);
		bed_add(&bed, segment(plain, &bed.heap.memory, 0, 100, ACK, 1, 0));
		bed_add(&bed, segment(plain, &bed.heap.memory, next[i].off, 100, ACK, 2, 0));
		expect_counts(&bed, plain, next[i].joined ? (unsigned[]){2, 0} : (unsigned[]){1, 1, 0}, ACK);
		bed_deinit(&bed);
	}
}

/* Frames between the segments of a train keep their place. */
static void test_order(void **state)
{
	const struct shape *plain = *state;
	struct berth_frame *between;
	struct bed bed;

	bed_init(&bed, plain);
	bed_add_train(&bed, plain, (uint32_t[]){100, 100, 0});
	between = bed_add(&bed, berth_frame_new(&bed.heap.memory, 42));
	memset(between->data, 0xff, 42);
	between->len = 42;
	for (unsigned i = 2; i < 4; i++)
		bed_add(&bed, segment(plain, &bed.heap.memory, i * 100, 100, ACK, i, 0));
	bed_add(&bed, segment(plain, &bed.heap.memory, 400, 0, ACK, 9, 0)); /* an acknowledgment */
	bed_add(&bed, segment(plain, &bed.heap.memory, 400, 100, ACK, 10, 0));
	expect_counts(&bed, plain, (unsigned[]){2, 1, 2, 1, 1, 0}, ACK);
	bed_deinit(&bed);
}

/* Nothing is waited for: what has not arrived starts a train of its own. */
static void test_not_arrived(void **state)
{
	const struct shape *plain = *state;
	struct bed bed;

	bed_init(&bed, plain);
	bed_add_train(&bed, plain, (uint32_t[]){100, 100, 100, 100, 0});
	bed.source.n = 2;
	expect_joined(&bed, plain, 0, 2, ACK);
	assert_int_equal(berth_link_deadline(bed.link), 77);
	assert_null(berth_link_receive(bed.link, 0));
	bed.source.n = 3;
	expect_same(&bed, 2);
	bed.source.n = 4;
	expect_same(&bed, 3);
	bed_deinit(&bed);
}

/* ---- lengths that cannot be ---- */

/* Each of two segments cut short at every length: no byte behind the frame's last is looked at (the blocks end there),
 * and both come out as they are. */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]); j++) {
		const struct shape *s = &shapes[j];
		uint32_t whole = len_headers(s) + 30;

		for (uint32_t i = 0; i < 2 * whole; i++) {
			struct bed bed;
			struct berth_frame *cut;
			unsigned which = i % 2;

			bed_init(&bed, s);
			bed_add_train(&bed, s, (uint32_t[]){30, 30, 0});
			cut = berth_frame_new(&bed.heap.memory, i / 2);
			memcpy(cut->data, bed.source.frames[which]->data, i / 2);
			cut->len = i / 2;
			berth_frame_unref(bed.source.frames[which]);
			bed.source.frames[which] = cut;
			for (unsigned k = 0; k < 2; k++)
				bed.source.frames[k]->checksum = BERTH_CHECKSUM_VALID;
			expect_same(&bed, 0);
			expect_same(&bed, 1);
			bed_deinit(&bed);
		}
	}
}

/* Every length that the IP header of the second may claim. */
static void test_claimed_length(void **state)
{
	const struct shape *plain = *state;

	for (unsigned len = 0; len < 200; len++) {
		struct bed bed;
		struct berth_frame *second;

		bed_init(&bed, plain);
		bed_add_train(&bed, plain, (uint32_t[]){30, 30, 0});
		second = bed.source.frames[1];
		put16(second->data + off_length(plain), len);
		if (len > len_counted(plain) + 20 && len <= len_counted(plain) + 50) { /* the rest is padding */
			seal(plain, second);
			expect_joined(&bed, plain, 0, 2, ACK);
		} else {
			if (!plain->ip6)
				seal_ip4(second->data + off_ip(plain));
			second->checksum = BERTH_CHECKSUM_VALID;
			expect_same(&bed, 0);
			expect_same(&bed, 1);
		}
		bed_deinit(&bed);
	}
}

/* ---- wrong checksums ---- */

/* One of five has a bit of its payload, of its checksum or of nothing but the ports turned: it comes out as it went in,
 * with nobody vouching for it, and those before it are joined. */
static void test_bad_checksum(void **state)
{
	const struct shape *plain = *state;
	static const unsigned counts[5][6] = {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, {2, 1, 1, 1}, {3, 1, 1}, {4, 1}};

	for (unsigned bad = 0; bad < 5; bad++) {
		for (unsigned at = off_tcp(plain) + 16; at < len_headers(plain) + 101; at++) {
			uint8_t before[256];
			struct bed bed;
			struct berth_frame *frame;

			if (at == off_tcp(plain) + 18 ||
			    at == off_tcp(plain) + 19) /* the urgent pointer: another header */
				continue;
			bed_init(&bed, plain);
			bed_add_train(&bed, plain, (uint32_t[]){101, 101, 101, 101, 101, 0});
			frame = bed.source.frames[bad];
			frame->data[at] ^= 0x10;
			memcpy(before, frame->data, frame->len);
			expect_counts(&bed, plain, counts[bad], ACK);
			assert_memory_equal(frame->data, before, frame->len);
			assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
			bed_deinit(&bed);
		}
	}
}

/* All wrong, and the train behind them is joined again. */
static void test_all_bad(void **state)
{
	const struct shape *plain = *state;
	struct bed bed;

	bed_init(&bed, plain);
	for (unsigned i = 0; i < 2 * COALESCE_MAX; i++) {
		bed_add(&bed, segment(plain, &bed.heap.memory, i * 100, 100, ACK, i, 0));
		if (i < COALESCE_MAX)
			bed.source.frames[i]->data[100] ^= 1;
	}
	for (unsigned i = 0; i < COALESCE_MAX; i++)
		expect_same(&bed, i);
	/* One large frame was begun for them, and given up. */
	assert_int_equal(bed.heap.n_allocs, 1 + 2 * COALESCE_MAX + 1);
	expect_joined(&bed, plain, COALESCE_MAX, COALESCE_MAX, ACK);
	assert_int_equal(bed.link->counters.coalesced, COALESCE_MAX);
	bed_deinit(&bed);
}

/* ---- memory ---- */

static void test_no_memory(void **state)
{
	const struct shape *plain = *state;
	struct bed bed;

	bed_init(&bed, plain);
	bed_add_train(&bed, plain, (uint32_t[]){100, 100, 100, 50, 100, 100, 0});
	bed.heap.fail_at = 0; /* the first large frame, not the second */
	for (unsigned i = 0; i < 4; i++)
		expect_same(&bed, i);
	assert_int_equal(bed.link->counters.coalesced, 0);
	expect_joined(&bed, plain, 4, 2, ACK);
	bed_deinit(&bed);

	heap_init(&bed.heap);
	bed.heap.fail_at = 0;
	bed.source.freed = false;
	assert_int_equal(berth_link_offload(&bed.source.link, &bed.heap.memory, &bed.link), BERTH_ENOMEM);
	assert_true(bed.source.freed);
}

/* The link says so when it holds something back, and lets go of it when it ends. */
static void test_waiting(void **state)
{
	const struct shape *plain = *state;

	for (unsigned n_received = 0; n_received <= 5; n_received++) {
		struct bed bed;

		bed_init(&bed, plain);
		/* Joined, then four that are alone: no memory. */
		bed_add_train(&bed, plain, (uint32_t[]){100, 50, 100, 100, 100, 100, 0});
		assert_int_equal(berth_link_deadline(bed.link), 77);
		for (unsigned i = 0; i < n_received; i++) {
			bed.heap.fail_at = i == 1 ? 0 : SIZE_MAX;
			berth_frame_unref(berth_link_receive(bed.link, 0));
		}
		/* Behind the short segment nothing is taken; of the four, three wait. */
		assert_int_equal(berth_link_deadline(bed.link), n_received >= 2 && n_received <= 4 ? 0 : 77);
		bed_deinit(&bed);
	}
}

/* ---- a whole transfer ---- */

#define TRANSFER 1000000u

struct transfer {
	struct cable c;
	struct berth_link *link[2];
	int listener, from, to;
	uint32_t n_sent, n_received;
};

static void transfer_init(struct transfer *t, const struct berth_wire_direction *wire, bool ethernet, uint8_t family)
{
	struct berth_memory_pair_config pair;
	struct berth_wire_config config = {.out = *wire, .in = *wire, .seed = 4};
	struct berth_socket_address server;

	memset(t, 0, sizeof(*t));
	t->c.family = family;
	server = cable_at(&t->c, 7, 80);
	t->c.bare = !ethernet;
	t->c.capabilities = BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT;
	cable_init(&t->c);
	berth_memory_pair_config_default(&pair);
	pair.memory = t->c.memory;
	pair.ethernet = ethernet;
	assert_int_equal(berth_link_memory_pair(&pair, &t->link[0], &t->link[1]), 0);
	assert_int_equal(berth_link_wire(t->link[0], &config, t->c.memory, &t->link[0]), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(berth_link_offload(t->link[i], t->c.memory, &t->link[i]), 0);
	t->listener = berth_socket(t->c.host[1], family, BERTH_STREAM);
	assert_int_equal(berth_bind(t->c.host[1], t->listener, &server), 0);
	assert_int_equal(berth_listen(t->c.host[1], t->listener, 1), 0);
	t->from = berth_socket(t->c.host[0], family, BERTH_STREAM);
	assert_int_equal(berth_connect(t->c.host[0], t->from, &server), BERTH_EINPROGRESS);
	t->to = -1;
}

/* Both programs do what they can; what the one reads is what the other wrote. */
static void transfer_programs(struct transfer *t)
{
	uint8_t bytes[20000];
	long n;

	do {
		for (uint32_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = stream(t->n_sent + i);
		n = TRANSFER - t->n_sent < sizeof(bytes) ? TRANSFER - t->n_sent : sizeof(bytes);
		n = n ? berth_send(t->c.host[0], t->from, bytes, (size_t)n, 0) : 0;
		t->n_sent += n > 0 ? (uint32_t)n : 0;
	} while (n > 0);
	if (t->to < 0)
		t->to = berth_accept(t->c.host[1], t->listener, NULL);
	while (t->to >= 0 && (n = berth_recv(t->c.host[1], t->to, bytes, sizeof(bytes), 0)) > 0) {
		for (uint32_t i = 0; i < (uint32_t)n; i++)
			assert_int_equal(bytes[i], stream(t->n_received + i));
		t->n_received += (uint32_t)n;
	}
}

static void transfer_run(struct transfer *t)
{
	while (t->n_received < TRANSFER) {
		berth_time next = BERTH_NEVER;
		unsigned moved;

		assert_true(t->c.now < 1000 * SECOND);
		do {
			moved = 0;
			transfer_programs(t);
			for (unsigned i = 0; i < 2; i++)
				moved += berth_link_exchange(t->link[i], t->c.host[i], 1, t->c.now, 7);
		} while (moved);
		for (unsigned i = 0; i < 2; i++) {
			berth_time host = berth_host_deadline(t->c.host[i]), link = berth_link_deadline(t->link[i]);

			next = host < next ? host : next;
			next = link < next ? link : next;
		}
		t->c.now = next > t->c.now ? next : t->c.now + 1;
		for (unsigned i = 0; i < 2; i++)
			berth_host_expire(t->c.host[i], t->c.now);
	}
}

static void test_transfer(void **state)
{
	static const struct berth_wire_direction wires[] = {
		{0},
		{.delay = 10 * MS},
		{.delay = 5 * MS, .loss = 0.02, .corrupt = 0.02},
		{.delay = 5 * MS, .jitter = 2 * MS, .loss = 0.01, .corrupt = 0.01, .reorder = 0.02, .duplicate = 0.02},
	};

	for (unsigned i = 0; i < 2 * sizeof(wires) / sizeof(wires[0]); i++) {
		const struct berth_wire_direction *wire = &wires[i / 2];
		struct transfer t;

		transfer_init(&t, wire, i % 2, family_of(state));
		transfer_run(&t);
		assert_true(t.link[0]->counters.split > TRANSFER / 1460 / 4);
		assert_true(t.link[1]->counters.coalesced > TRANSFER / 1460 / 4);
		assert_true(wire->loss > 0 || t.link[1]->counters.received < t.link[0]->counters.sent / 2);
		/* What the wire broke is found by the host, frame by frame. */
		assert_true((counter(t.c.host[1],
				     t.c.family == BERTH_IP4 ? "ip_bad_tcp_checksum" : "ip6_bad_tcp_checksum") > 0) ==
			    (wire->corrupt > 0));
		for (unsigned k = 0; k < 2; k++)
			t.c.host[k] = berth_host_free(t.c.host[k]);
		for (unsigned k = 0; k < 2; k++)
			berth_link_free(t.link[k]);
		cable_deinit(&t.c);
	}
}

/* clang-format off */
#define OVER(test, family) {#test " over IPv" #family, test, NULL, NULL, (void *)(uintptr_t)&plain##family}
/* clang-format on */
#define BOTH(test) OVER(test, 4), OVER(test, 6)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trains),
		BOTH(test_largest),
		BOTH(test_most_segments),
		BOTH(test_push),
		BOTH(test_padding),
		cmocka_unit_test(test_every_header_bit),
		BOTH(test_never),
		BOTH(test_never_whole),
		cmocka_unit_test(test_families),
		BOTH(test_gaps),
		BOTH(test_order),
		BOTH(test_not_arrived),
		cmocka_unit_test(test_truncated),
		BOTH(test_claimed_length),
		BOTH(test_bad_checksum),
		BOTH(test_all_bad),
		BOTH(test_no_memory),
		BOTH(test_waiting),
		IN_BOTH_FAMILIES(test_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
