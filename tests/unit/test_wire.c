/* The impaired wire around a memory pair, on virtual time. Statistical tests have fixed seeds and wide bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>

#include "heap.h"

#define LEN 100
#define MS 1000000u

/* The wire is around `near`; `far` is the bare other end of the cable. */
struct bed {
	struct berth_link *near, *far;
};

static struct bed bed_new(const char *spec)
{
	struct berth_memory_pair_config config;
	struct berth_wire_config wire;
	struct bed bed;

	berth_memory_pair_config_default(&config);
	config.queue_max = 100000;
	assert_int_equal(berth_link_memory_pair(&config, &bed.near, &bed.far), 0);
	assert_int_equal(berth_wire_parse(spec, &wire, NULL, NULL), 0);
	assert_int_equal(berth_link_wire(bed.near, &wire, berth_memory_libc(), &bed.near), 0);
	return bed;
}

static void bed_free(struct bed *bed)
{
	berth_link_free(bed->near);
	berth_link_free(bed->far);
}

static void send_number(struct berth_link *link, uint32_t number, berth_time now)
{
	static const uint8_t filler[LEN - 4];
	struct berth_frame_out out = {.len = LEN, .len_header = 4, .n_slices = 1};

	for (unsigned i = 0; i < 4; i++)
		out.header[i] = (uint8_t)(number >> (24 - 8 * i));
	out.slices[0] = (struct berth_slice){filler, LEN - 4};
	berth_link_send(link, &out, 1, now);
}

/* The number of the next frame at `now`, -1: none. */
static long receive_number(struct berth_link *link, berth_time now)
{
	struct berth_frame *frame = berth_link_receive(link, now);
	long number;

	if (!frame)
		return -1;
	assert_int_equal(frame->len, LEN);
	number = (long)frame->data[0] << 24 | frame->data[1] << 16 | frame->data[2] << 8 | frame->data[3];
	berth_frame_unref(frame);
	return number;
}

/* Lets what is due on the way out leave. Nothing comes in in the tests that use it. */
static void tick(struct bed *bed, berth_time now)
{
	assert_int_equal(receive_number(bed->near, now), -1);
}

static void test_clean_wire_passes_at_once(void **state)
{
	struct bed bed = bed_new("loss=0");

	for (unsigned i = 0; i < 50; i++) {
		send_number(bed.near, i, i);
		assert_int_equal(receive_number(bed.far, i), i);
		send_number(bed.far, i, i);
		assert_true(berth_link_deadline(bed.near) <= i);
		assert_int_equal(receive_number(bed.near, i), i);
		assert_true(berth_link_deadline(bed.near) == BERTH_NEVER);
	}
	assert_int_equal(bed.near->counters.sent, 50);
	assert_int_equal(bed.near->counters.received_bytes, 50 * LEN);
	assert_int_equal(bed.near->capabilities, 0);
	bed_free(&bed);
}

static void test_delay_both_ways(void **state)
{
	struct bed bed = bed_new("out.delay=10ms,in.delay=4ms");

	send_number(bed.near, 1, 1000);
	send_number(bed.far, 2, 1000);
	assert_true(berth_link_deadline(bed.near) == 0); /* the far end's frame has to be looked at */
	tick(&bed, 1000);
	assert_true(berth_link_deadline(bed.near) == 1000 + 4 * MS);
	assert_int_equal(receive_number(bed.near, 999 + 4 * MS), -1);
	assert_int_equal(receive_number(bed.near, 1000 + 4 * MS), 2);
	assert_true(berth_link_deadline(bed.near) == 1000 + 10 * MS);
	tick(&bed, 999 + 10 * MS);
	assert_int_equal(receive_number(bed.far, 0), -1);
	tick(&bed, 1000 + 10 * MS);
	assert_int_equal(receive_number(bed.far, 0), 1);
	assert_true(berth_link_deadline(bed.near) == BERTH_NEVER);
	bed_free(&bed);
}

/* What is due leaves in a later call of send, too, and before what that call sends. */
static void test_send_lets_leave(void **state)
{
	struct bed bed = bed_new("delay=1ms");

	send_number(bed.near, 1, 0);
	send_number(bed.near, 2, 1 * MS);
	assert_int_equal(receive_number(bed.far, 0), 1);
	assert_int_equal(receive_number(bed.far, 0), -1);
	bed_free(&bed);
}

static void test_jitter_keeps_order(void **state)
{
	struct bed bed = bed_new("delay=5ms,jitter=5ms,seed=3");
	berth_time last = 0, spread_low = BERTH_NEVER, spread_high = 0;

	for (unsigned i = 0; i < 500; i++) {
		berth_time sent = (berth_time)i * 20 * MS, due;

		send_number(bed.near, i, sent);
		due = berth_link_deadline(bed.near);
		assert_true(due >= sent + 5 * MS && due <= sent + 10 * MS);
		spread_low = due - sent < spread_low ? due - sent : spread_low;
		spread_high = due - sent > spread_high ? due - sent : spread_high;
		tick(&bed, due);
		assert_int_equal(receive_number(bed.far, 0), i);
		assert_true(due > last);
		last = due;
	}
	assert_true(spread_low < 5 * MS + MS / 4 && spread_high > 10 * MS - MS / 4);
	bed_free(&bed);
}

static void test_jitter_keeps_order_when_dense(void **state)
{
	struct bed bed = bed_new("jitter=5ms,seed=3");
	long expected = 0, got;

	for (unsigned i = 0; i < 1000; i++) {
		send_number(bed.near, i, i * 1000);
		while ((got = receive_number(bed.far, 0)) >= 0)
			assert_int_equal(got, expected++);
	}
	tick(&bed, 100 * MS);
	while ((got = receive_number(bed.far, 0)) >= 0)
		assert_int_equal(got, expected++);
	assert_int_equal(expected, 1000);
	bed_free(&bed);
}

static void test_loss(void **state)
{
	struct bed bed = bed_new("out.loss=10%,in.loss=30%,seed=1");
	unsigned n_far = 0, n_near = 0;

	for (unsigned i = 0; i < 20000; i++) {
		send_number(bed.near, i, i);
		send_number(bed.far, i, i);
		n_far += receive_number(bed.far, i) >= 0;
		n_near += receive_number(bed.near, i) >= 0;
	}
	assert_in_range(n_far, 17700, 18300);
	assert_in_range(n_near, 13600, 14400);
	assert_int_equal(bed.near->counters.lost_out, 20000 - n_far);
	assert_int_equal(bed.near->counters.lost_in, 20000 - n_near);
	assert_int_equal(bed.near->counters.lost_out_bytes, (20000 - n_far) * LEN);
	assert_int_equal(bed.near->counters.lost_in_bytes, (20000 - n_near) * LEN);
	assert_int_equal(bed.near->counters.received, n_near);
	bed_free(&bed);
}

static void test_total_loss(void **state)
{
	struct bed bed = bed_new("loss=100%");

	for (unsigned i = 0; i < 2000; i++) {
		send_number(bed.near, i, i);
		send_number(bed.far, i, i);
	}
	assert_int_equal(receive_number(bed.far, 3000), -1);
	/* One call looks at a bounded number of frames; the deadline says that there are more. */
	while (berth_link_deadline(bed.near) == 0)
		assert_int_equal(receive_number(bed.near, 3000), -1);
	assert_int_equal(bed.near->counters.lost_in, 2000);
	assert_int_equal(bed.near->counters.lost_out, 2000);
	bed_free(&bed);
}

static void test_reorder(void **state)
{
	struct bed bed = bed_new("delay=10ms,reorder=20%,seed=5");
	unsigned n_early = 0;
	long got, last = -1;

	for (unsigned i = 0; i < 1000; i++) {
		send_number(bed.near, i, i * 1000);
		while ((got = receive_number(bed.far, 0)) >= 0) {
			assert_int_equal(got, i); /* only this one can be here before the delay is over */
			n_early++;
		}
	}
	tick(&bed, 1000 * MS);
	for (unsigned n = n_early; n < 1000; n++) {
		got = receive_number(bed.far, 0);
		assert_true(got > last); /* the others are in order */
		last = got;
	}
	assert_int_equal(receive_number(bed.far, 0), -1);
	assert_in_range(n_early, 150, 250);
	assert_int_equal(bed.near->counters.reordered, n_early);
	bed_free(&bed);
}

/* A late frame comes after those that were sent while it was on its way, by the lateness and no more; the others keep
 * their order, and so do the late ones. */
static void test_late(void **state)
{
	struct bed bed = bed_new("delay=10ms,late=20%,lateness=3ms,seed=5");
	long last = -1, last_late = -1;
	unsigned n_late = 0;

	for (unsigned i = 0; i < 1000; i++)
		send_number(bed.near, i, i * 1000);
	for (berth_time now = 0; berth_link_deadline(bed.near) != BERTH_NEVER;) {
		long got;

		now = berth_link_deadline(bed.near);
		tick(&bed, now);
		while ((got = receive_number(bed.far, 0)) >= 0) {
			bool late = now == (berth_time)got * 1000 + 13 * MS;

			assert_true(late || now == (berth_time)got * 1000 + 10 * MS);
			assert_true(got > (late ? last_late : last));
			*(late ? &last_late : &last) = got;
			n_late += late;
		}
	}
	assert_in_range(n_late, 150, 250);
	assert_int_equal(bed.near->counters.late, n_late);
	bed_free(&bed);
}

/* Late frames use the bottleneck and its queue as others do. */
static void test_late_waits_for_the_bottleneck(void **state)
{
	struct bed bed = bed_new("rate=8mbit,queue=5,late=50%,lateness=1ms,seed=2");
	unsigned n = 0;

	for (unsigned i = 0; i < 20; i++)
		send_number(bed.near, i, 0);
	assert_int_equal(bed.near->counters.queue_full, 15);
	assert_in_range(bed.near->counters.late, 1, 4);
	tick(&bed, 500000 + MS);
	while (receive_number(bed.far, 0) >= 0)
		n++;
	assert_int_equal(n, 5);
	bed_free(&bed);
}

/* As many are lost as without bursts, and bursts are as long as they are said to be. */
static void test_bursts(void **state)
{
	struct bed bed = bed_new("loss=5%,burst=8,seed=3");
	unsigned n_lost = 0, n_bursts = 0;
	bool before = false;

	for (unsigned i = 0; i < 200000; i++) {
		bool lost;

		send_number(bed.near, i, i);
		lost = receive_number(bed.far, i) < 0;
		n_lost += lost;
		n_bursts += lost && !before;
		before = lost;
	}
	assert_in_range(n_lost, 9000, 11000);
	assert_in_range(n_lost / n_bursts, 7, 8);
	bed_free(&bed);
	bed = bed_new("loss=100%,burst=8");
	for (unsigned i = 0; i < 100; i++)
		send_number(bed.near, i, i);
	assert_int_equal(bed.near->counters.lost_out, 100);
	bed_free(&bed);
}

/* Frames with a pause between them are lost each by itself, and as many. */
static void test_bursts_end_in_a_pause(void **state)
{
	struct bed bed = bed_new("loss=20%,burst=50,seed=3");
	unsigned n_lost = 0, n_after = 0;
	bool before = false;

	for (unsigned i = 0; i < 20000; i++) {
		berth_time now = (berth_time)i * 10 * MS;
		bool lost;

		send_number(bed.near, i, now);
		lost = receive_number(bed.far, now) < 0;
		n_lost += lost;
		n_after += lost && before;
		before = lost;
	}
	assert_in_range(n_lost, 3700, 4300);
	assert_in_range(n_after, 650, 950);
	bed_free(&bed);
}

static void test_queue_bytes(void **state)
{
	struct bed bed = bed_new("rate=8mbit,queue_bytes=550");

	for (unsigned i = 0; i < 20; i++)
		send_number(bed.near, i, 0);
	assert_int_equal(bed.near->counters.queue_full, 15);
	tick(&bed, 150000); /* one has left */
	send_number(bed.near, 20, 150000);
	send_number(bed.near, 21, 150000);
	assert_int_equal(bed.near->counters.queue_full, 16);
	bed_free(&bed);
}

/* A black hole of path MTU discovery: an IP packet of 100 bytes passes one of 100 and not one of 99. */
static void test_mtu(void **state)
{
	static const uint8_t bytes[114];
	struct berth_frame_out out = {.len = 114, .n_slices = 1, .slices = {{bytes, 114}}};

	for (unsigned fits = 0; fits < 2; fits++) {
		struct bed bed = bed_new(fits ? "mtu=100" : "mtu=99");
		struct berth_frame *frame;

		berth_link_send(bed.near, &out, 1, 0);
		berth_link_send(bed.far, &out, 1, 0);
		frame = berth_link_receive(bed.far, 0);
		assert_int_equal(frame != NULL, fits);
		berth_frame_unref(frame);
		frame = berth_link_receive(bed.near, 0);
		assert_int_equal(frame != NULL, fits);
		berth_frame_unref(frame);
		assert_int_equal(bed.near->counters.too_large, fits ? 0 : 2);
		assert_int_equal(bed.near->counters.lost_out, !fits);
		bed_free(&bed);
	}
}

/* An empty IP packet with these two bits, of either family. */
static struct berth_frame_out packet_make(unsigned version, unsigned ecn)
{
	struct berth_frame_out out = {.len = 54, .len_header = 54, .header = {[12] = 0x08, [14] = 0x45}};
	uint32_t sum = 0;

	out.header[15] = (uint8_t)(0xb8 | ecn);
	out.header[17] = 40;
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)(out.header[i] << 8 | out.header[i + 1]);
	out.header[24] = (uint8_t)(~sum >> 8);
	out.header[25] = (uint8_t)~sum;
	if (version == 4)
		return out;
	memset(out.header + 12, 0, 42);
	out.header[12] = 0x86;
	out.header[13] = 0xdd;
	out.header[14] = 0x6b;
	out.header[15] = (uint8_t)(0x85 | ecn << 4);
	return out;
}

/* The bits of a packet that has come, whose IPv4 checksum is right. */
static unsigned packet_ecn(const struct berth_frame *frame, unsigned version)
{
	const uint8_t *header = frame->data + 14;
	uint32_t sum = 0;

	if (version == 6) {
		assert_int_equal(header[0] << 8 | (header[1] & 0xcf), 0x6b85 & ~0x30);
		return header[1] >> 4 & 3;
	}
	assert_int_equal(header[1] & 0xfc, 0xb8);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	return header[1] & 3;
}

/* RFC 3168 section 5: from the queue's third frame on those are marked that say they understand. */
static void test_marks_congestion(void **state)
{
	for (unsigned version = 4; version <= 6; version += 2) {
		for (unsigned ecn = 0; ecn < 4; ecn++) {
			struct bed bed = bed_new("out.rate=8mbit,out.ecn=2");
			struct berth_frame_out out = packet_make(version, ecn);

			for (unsigned i = 0; i < 4; i++)
				berth_link_send(bed.near, &out, 1, 0);
			tick(&bed, 10 * MS);
			for (unsigned i = 0; i < 4; i++) {
				struct berth_frame *frame = berth_link_receive(bed.far, 0);
				bool marked = i >= 2 && (ecn == 1 || ecn == 2);

				assert_int_equal(packet_ecn(frame, version), marked ? 3 : ecn);
				berth_frame_unref(frame);
			}
			assert_int_equal(bed.near->counters.marked, ecn == 1 || ecn == 2 ? 2 : 0);
			bed_free(&bed);
		}
	}
}

/* What is no IP packet passes as it is. */
static void test_marks_nothing_else(void **state)
{
	struct bed bed = bed_new("out.rate=8mbit,out.ecn=1,in.loss=0");

	for (unsigned i = 0; i < 3; i++)
		send_number(bed.near, i, 0);
	for (uint8_t len = 0; len < 34; len++) {
		struct berth_frame_out out = packet_make(4, 2);

		out.len = out.len_header = len;
		berth_link_send(bed.near, &out, 1, 0);
	}
	tick(&bed, 10 * MS);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(receive_number(bed.far, 0), i);
	assert_int_equal(bed.near->counters.marked, 0);
	bed_free(&bed);
}

static void test_duplicate(void **state)
{
	struct bed bed = bed_new("delay=1ms,duplicate=25%,seed=9");
	unsigned n_twice = 0;
	long got, last = -1;

	for (unsigned i = 0; i < 1000; i++)
		send_number(bed.near, i, 0);
	tick(&bed, 1 * MS);
	while ((got = receive_number(bed.far, 0)) >= 0) {
		assert_true(got == last || got == last + 1);
		n_twice += got == last;
		last = got;
	}
	assert_int_equal(last, 999);
	assert_in_range(n_twice, 200, 300);
	assert_int_equal(bed.near->counters.duplicated, n_twice);
	bed_free(&bed);
}

/* Every bit of a frame can be hit, and each hit frame differs in one bit. */
static void test_corrupt(void **state)
{
	struct bed bed = bed_new("in.corrupt=100%,seed=11");
	static const uint8_t zeros[LEN];
	unsigned hits[LEN] = {0};
	unsigned bits_seen = 0;

	for (unsigned i = 0; i < 5000; i++) {
		struct berth_frame_out out = {.len = LEN, .n_slices = 1, .slices = {{zeros, LEN}}};
		struct berth_frame *frame;
		unsigned n_bits = 0;

		berth_link_send(bed.far, &out, 1, i);
		frame = berth_link_receive(bed.near, i);
		assert_non_null(frame);
		for (unsigned at = 0; at < LEN; at++) {
			n_bits += (unsigned)__builtin_popcount(frame->data[at]);
			hits[at] += frame->data[at] != 0;
			bits_seen |= frame->data[at];
		}
		assert_int_equal(n_bits, 1);
		berth_frame_unref(frame);
	}
	assert_int_equal(bits_seen, 0xff);
	for (unsigned at = 0; at < LEN; at++)
		assert_in_range(hits[at], 15, 100);
	assert_int_equal(bed.near->counters.corrupted, 5000);
	bed_free(&bed);
}

/* 100 bytes at 8 Mbit/s are 100 us each. */
static void test_rate(void **state)
{
	struct bed bed = bed_new("rate=8mbit,delay=1ms");

	for (unsigned i = 0; i < 10; i++)
		send_number(bed.near, i, 0);
	for (unsigned i = 0; i < 10; i++) {
		berth_time due = (i + 1) * 100000 + MS;

		assert_true(berth_link_deadline(bed.near) == due);
		tick(&bed, due - 1);
		assert_int_equal(receive_number(bed.far, 0), -1);
		tick(&bed, due);
		assert_int_equal(receive_number(bed.far, 0), i);
	}
	/* After a pause the bottleneck begins anew. */
	send_number(bed.near, 10, 50 * MS);
	assert_true(berth_link_deadline(bed.near) == 50 * MS + 100000 + MS);
	bed_free(&bed);
}

static void test_queue_full(void **state)
{
	struct bed bed = bed_new("rate=8mbit,queue=5,delay=100ms");
	unsigned n = 0;

	for (unsigned i = 0; i < 20; i++)
		send_number(bed.near, i, 0);
	assert_int_equal(bed.near->counters.queue_full, 15);
	assert_int_equal(bed.near->counters.lost_out, 15);
	/* Two have left the bottleneck, though they are still on their way: room for two more. */
	for (unsigned i = 0; i < 4; i++)
		send_number(bed.near, 100 + i, 200000);
	assert_int_equal(bed.near->counters.queue_full, 17);
	tick(&bed, 1000 * MS);
	while (receive_number(bed.far, 0) >= 0)
		n++;
	assert_int_equal(n, 7);
	bed_free(&bed);
}

static uint64_t run_digest(const char *spec)
{
	struct bed bed = bed_new(spec);
	uint64_t digest = 14695981039346656037u;
	long got;

	for (unsigned i = 0; i < 3000; i++) {
		berth_time now = i * 50000;

		send_number(bed.near, i, now);
		send_number(bed.far, i, now);
		while ((got = receive_number(bed.near, now)) >= 0)
			digest = (digest ^ (uint64_t)got ^ now) * 1099511628211u;
		while ((got = receive_number(bed.far, now)) >= 0)
			digest = (digest ^ (uint64_t)got ^ now << 1) * 1099511628211u;
	}
	bed_free(&bed);
	return digest;
}

static void test_repeats_with_its_seed(void **state)
{
#define EVERYTHING "delay=2ms,jitter=1ms,loss=5%,reorder=5%,duplicate=5%,late=5%,burst=3,rate=20mbit,queue=50"
	assert_true(run_digest(EVERYTHING ",seed=1") == run_digest(EVERYTHING ",seed=1"));
	assert_true(run_digest(EVERYTHING ",seed=1") != run_digest(EVERYTHING ",seed=2"));
}

/* The fate of the survivors does not depend on how many are lost. */
static void test_chances_are_apart(void **state)
{
	struct bed low = bed_new("duplicate=50%,loss=0,seed=4"), high = bed_new("duplicate=50%,loss=50%,seed=4");

	for (unsigned i = 0; i < 1000; i++) {
		unsigned n_low = 0, n_high = 0;

		send_number(low.near, i, i);
		send_number(high.near, i, i);
		while (receive_number(low.far, i) >= 0)
			n_low++;
		while (receive_number(high.far, i) >= 0)
			n_high++;
		assert_true(n_high == 0 || n_high == n_low);
	}
	bed_free(&low);
	bed_free(&high);
}

static void test_refuses(void **state)
{
	struct berth_memory_pair_config config;
	struct berth_wire_config wire = {.out = {.loss = 1.5}};
	struct berth_link *a, *b, *out = NULL;

	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, &a, &b), 0);
	assert_int_equal(berth_link_wire(a, &wire, berth_memory_libc(), &out), BERTH_EINVAL); /* takes a */
	wire.out.loss = 0;
	wire.in.corrupt = 0.0 / 0.0;
	assert_int_equal(berth_link_wire(b, &wire, berth_memory_libc(), &out), BERTH_EINVAL);
	assert_null(out);
}

/* A long fast wire holds a bounded number of frames. */
static void test_flight_is_bounded(void **state)
{
	struct bed bed = bed_new("delay=1s,queue=1000000");

	for (unsigned i = 0; i < 70000; i++)
		send_number(bed.near, i, i);
	assert_int_equal(bed.near->counters.queue_full, 70000 - 65536);
	bed_free(&bed);
}

/* With memory for `left` objects only: what wraps takes the inner link also on failure, and frames that find no memory
 * are lost and counted. */
static void wrap_poorly(unsigned left)
{
	struct heap heap;
	struct berth_memory_pair_config config;
	struct berth_wire_config wire = {.out = {.delay = 1}};
	struct bed bed;

	heap_init(&heap);
	heap.fail_at = left;
	berth_memory_pair_config_default(&config);
	config.capabilities = BERTH_LINK_CHECKSUM;
	assert_int_equal(berth_link_memory_pair(&config, &bed.near, &bed.far), 0);
	if (left < 2) {
		assert_int_equal(berth_link_wire(bed.near, &wire, &heap.memory, &bed.near), BERTH_ENOMEM);
	} else if (left < 3) {
		assert_int_equal(berth_link_wire(bed.near, &wire, &heap.memory, &bed.near), 0);
		assert_int_equal(berth_link_offload(bed.near, &heap.memory, &bed.near), BERTH_ENOMEM);
	} else {
		assert_int_equal(berth_link_wire(bed.near, &wire, &heap.memory, &bed.near), 0);
		send_number(bed.near, 1, 0);
		send_number(bed.near, 2, 0);
		assert_int_equal(bed.near->counters.send_failed, 1);
		assert_int_equal(bed.near->counters.lost_out, 1);
		berth_link_free(bed.near);
	}
	assert_int_equal(heap.n_bytes, 0);
	berth_link_free(bed.far);
}

static void test_out_of_memory(void **state)
{
	for (unsigned left = 0; left < 4; left++)
		wrap_poorly(left);
}

static void test_extreme_delay(void **state)
{
	struct berth_memory_pair_config config;
	struct berth_wire_config wire = {.out = {.delay = BERTH_NEVER, .jitter = BERTH_NEVER}};
	struct bed bed;

	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, &bed.near, &bed.far), 0);
	assert_int_equal(berth_link_wire(bed.near, &wire, berth_memory_libc(), &bed.near), 0);
	send_number(bed.near, 1, 5);
	send_number(bed.near, 2, 6);
	assert_true(berth_link_deadline(bed.near) == BERTH_NEVER - 1);
	bed_free(&bed);
}

/* A wire around a link that passes large frames: it loses segments, and they carry whole checksums. */
static void test_large_frames_in(void **state)
{
	/* IPv4, TCP without options, 4 segments of 1000 bytes. */
	uint8_t head[54] = {[12] = 8, [14] = 0x45, [23] = 6, [22] = 64, [46] = 0x50, [47] = 0x18};
	struct berth_frame_out out = {
		.len = 4054, .n_slices = 2, .off_network = 14, .off_transport = 34, .off_checksum = 16};
	static const uint8_t payload[4000];
	struct berth_memory_pair_config config;
	struct berth_wire_config wire = {.seed = 1};
	struct bed bed;
	uint32_t sum = 0;
	unsigned n = 0;
	struct berth_frame *frame;

	head[16] = 4040 >> 8;
	head[17] = 4040 & 0xff;
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)(head[i] << 8 | head[i + 1]);
	head[24] = (uint8_t)(~sum >> 8);
	head[25] = (uint8_t)~sum;
	out.slices[0] = (struct berth_slice){head, 54};
	out.slices[1] = (struct berth_slice){payload, 4000};
	out.checksum = BERTH_CHECKSUM_PARTIAL;
	out.segment_size = 1000;
	berth_memory_pair_config_default(&config);
	config.capabilities = BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT;
	assert_int_equal(berth_link_memory_pair(&config, &bed.near, &bed.far), 0);
	assert_int_equal(berth_link_wire(bed.near, &wire, berth_memory_libc(), &bed.near), 0);
	berth_link_send(bed.far, &out, 1, 0);
	while ((frame = berth_link_receive(bed.near, 0))) {
		assert_int_equal(frame->len, 1054);
		assert_int_equal(frame->segment_size, 0);
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_FULL);
		assert_int_equal(frame->data[40] << 8 | frame->data[41], n * 1000); /* seq */
		assert_int_not_equal(frame->data[50] << 8 | frame->data[51], 0);
		berth_frame_unref(frame);
		n++;
	}
	assert_int_equal(n, 4);
	bed_free(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_wire_passes_at_once),
		cmocka_unit_test(test_delay_both_ways),
		cmocka_unit_test(test_send_lets_leave),
		cmocka_unit_test(test_jitter_keeps_order),
		cmocka_unit_test(test_jitter_keeps_order_when_dense),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_total_loss),
		cmocka_unit_test(test_reorder),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_late_waits_for_the_bottleneck),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_bursts_end_in_a_pause),
		cmocka_unit_test(test_queue_bytes),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_marks_congestion),
		cmocka_unit_test(test_marks_nothing_else),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_repeats_with_its_seed),
		cmocka_unit_test(test_chances_are_apart),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_extreme_delay),
		cmocka_unit_test(test_flight_is_bounded),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_large_frames_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
