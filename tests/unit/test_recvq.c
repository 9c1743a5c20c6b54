/* The receive queue beside an array of bytes: segments of any overlap in any order, caps, SACK blocks, failing memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heap.h"
#include "recvq.h"
#include "rng.h"

#define BASE ((1ull << 32) - 3000) /* positions cross 2^32 */
#define SPACE 20000u
#define NO_LIMIT (1ull << 40)

struct fixture {
	struct heap heap;
	struct recvq q;
	tcp_seq rcv_nxt;
	tcp_seq read;       /* what the user has had */
	uint8_t has[SPACE]; /* bytes that arrived ahead of rcv_nxt */
};

static uint8_t byte_at(tcp_seq at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 31);
}

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	heap_init(&f->heap);
	f->rcv_nxt = f->read = BASE;
}

static void end(struct fixture *f)
{
	recvq_deinit(&f->q, &f->heap.memory);
	assert_null(f->q.ahead);
	assert_int_equal(f->heap.n_blocks, 0);
	assert_int_equal(f->heap.n_bytes, 0);
}

/* A frame with `head` bytes of headers before the payload and `spare` bytes behind it. */
static struct berth_frame *make(struct fixture *f, tcp_seq seq, uint32_t len, uint32_t head, uint32_t spare)
{
	size_t fail_at = f->heap.fail_at;
	struct berth_frame *frame;

	f->heap.fail_at = SIZE_MAX;
	frame = berth_frame_new(&f->heap.memory, head + len + spare);
	f->heap.fail_at = fail_at;
	assert_non_null(frame);
	memset(frame->data, 0xdd, head);
	for (uint32_t i = 0; i < len; i++)
		frame->data[head + i] = byte_at(seq + i);
	frame->len = head + len;
	return frame;
}

/* Takes a segment as tcp does: in order to the queue, else ahead. */
static enum recvq_verdict arrive(struct fixture *f, tcp_seq seq, uint32_t len, uint32_t head, uint32_t spare,
				 uint64_t memory_max)
{
	struct berth_frame *frame = make(f, seq, len, head, spare);
	enum recvq_verdict verdict;
	uint32_t cut = 0;

	if (seq + len <= f->rcv_nxt) {
		berth_frame_unref(frame);
		return RECVQ_DUPLICATE;
	}
	if (seq < f->rcv_nxt)
		cut = (uint32_t)(f->rcv_nxt - seq);
	if (seq + cut == f->rcv_nxt) {
		verdict = recvq_push(&f->q, frame, head + cut, len - cut, &f->heap.memory);
		if (verdict == RECVQ_TAKEN)
			f->rcv_nxt = recvq_join(&f->q, seq + len, &f->heap.memory);
	} else {
		verdict = recvq_push_ahead(&f->q, seq, frame, head, len, memory_max, &f->heap.memory);
	}
	berth_frame_unref(frame);
	return verdict;
}

static void read_some(struct fixture *f, uint32_t n)
{
	static uint8_t bytes[SPACE];
	uint32_t peeked = recvq_peek(&f->q, 0, bytes, n), done;

	for (uint32_t i = 0; i < peeked; i++)
		assert_int_equal(bytes[i], byte_at(f->read + i));
	if (peeked > 3) { /* from the middle */
		uint8_t byte = 0;

		assert_int_equal(recvq_peek(&f->q, peeked / 2, &byte, 1), 1);
		assert_int_equal(byte, byte_at(f->read + peeked / 2));
	}
	memset(bytes, 0, n);
	done = recvq_read(&f->q, bytes, n);
	assert_int_equal(done, peeked);
	for (uint32_t i = 0; i < done; i++)
		if (bytes[i] != byte_at(f->read + i))
			fail_msg("byte %u read at %u is wrong", i, (unsigned)(f->read - BASE));
	f->read += done;
}

/* ---- the model ---- */

static void model_take(struct fixture *f, tcp_seq seq, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		f->has[seq - BASE + i] = 1;
}

static void check_runs(const struct fixture *f)
{
	const struct recvq_ahead *a = f->q.ahead;
	uint32_t at = (uint32_t)(f->rcv_nxt - BASE), run = 0;
	uint64_t memory = 0;

	while (at < SPACE) {
		uint32_t left = at;

		if (!f->has[at]) {
			at++;
			continue;
		}
		while (at < SPACE && f->has[at])
			at++;
		assert_non_null(a);
		assert_true(run < a->n);
		assert_int_equal(a->runs[run].left - BASE, left);
		assert_int_equal(a->runs[run].right - BASE, at);
		for (const struct berth_frame *b = a->runs[run].first; b; b = b->next)
			memory += sizeof(*b) + b->capacity;
		run++;
	}
	assert_int_equal(a ? a->n : 0, run);
	assert_int_equal(a ? a->memory_used : 0, memory);
	assert_int_equal(f->q.n_bytes, f->rcv_nxt - f->read);
}

static bool model_new(const struct fixture *f, tcp_seq seq, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (!f->has[seq - BASE + i])
			return true;
	return false;
}

static void model_step(struct fixture *f, struct rng *rng)
{
	tcp_seq seq = f->rcv_nxt + rng_below(rng, rng_below(rng, 3) ? 60 : 2500);
	uint32_t len = 1 + (uint32_t)rng_below(rng, rng_below(rng, 4) ? 40 : 1500);
	bool new;

	seq -= rng_below(rng, seq - BASE < 20 ? 1 : 20);
	if (seq - BASE >= SPACE)
		return;
	if (seq - BASE + len > SPACE)
		len = (uint32_t)(SPACE - (seq - BASE));
	new = model_new(f, seq, len);
	assert_int_equal(arrive(f, seq, len, (uint32_t)rng_below(rng, 80), rng_below(rng, 2) ? 0 : 4096, NO_LIMIT),
			 new ? RECVQ_TAKEN : RECVQ_DUPLICATE);
	model_take(f, seq, len);
	for (tcp_seq at = BASE; at < f->rcv_nxt; at++)
		assert_int_equal(f->has[at - BASE], 1);
	assert_true(f->rcv_nxt - BASE == SPACE || !f->has[f->rcv_nxt - BASE]);
}

static void test_model(void **state)
{
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct fixture f;
		struct rng rng;

		begin(&f);
		rng_init(&rng, seed);
		for (unsigned step = 0; step < 5000 && f.rcv_nxt - BASE < SPACE; step++) {
			model_step(&f, &rng);
			if (step % 8 == 0)
				check_runs(&f);
			if (!rng_below(&rng, 5))
				read_some(&f, (uint32_t)rng_below(&rng, 500));
		}
		read_some(&f, SPACE);
		assert_int_equal(f.read, f.rcv_nxt);
		end(&f);
	}
}

/* ---- what a frame may pin ---- */

/* One byte in a frame of 64 KiB is copied out; many of them share a frame; a full one is kept as it is. */
static void test_small_segments(void **state)
{
	struct fixture f;
	struct berth_frame *frame;

	begin(&f);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(arrive(&f, f.rcv_nxt, 1, 54, 65536, NO_LIMIT), RECVQ_TAKEN);
	assert_true(f.heap.n_bytes < 4096);
	read_some(&f, 1000);
	frame = make(&f, f.rcv_nxt, 1400, 54, 0);
	assert_int_equal(recvq_push(&f.q, frame, 54, 1400, &f.heap.memory), RECVQ_TAKEN);
	assert_int_equal(frame->n_refs, 2);
	f.rcv_nxt += 1400;
	berth_frame_unref(frame);
	read_some(&f, 1400);
	assert_int_equal(f.heap.n_blocks, 0); /* empty, it holds nothing */
	end(&f);
}

/* A frame that somebody else holds is not written to, though it has room. */
static void test_shared_frame(void **state)
{
	struct fixture f;
	struct berth_frame *frame;

	begin(&f);
	frame = make(&f, BASE, 1000, 0, 100);
	memset(frame->storage + 1000, 0x77, 100);
	assert_int_equal(recvq_push(&f.q, frame, 0, 1000, &f.heap.memory), RECVQ_TAKEN);
	f.rcv_nxt += 1000;
	assert_int_equal(arrive(&f, f.rcv_nxt, 10, 54, 4096, NO_LIMIT), RECVQ_TAKEN);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(frame->storage[1000 + i], 0x77);
	berth_frame_unref(frame);
	read_some(&f, 2000);
	assert_int_equal(f.read, f.rcv_nxt);
	end(&f);
}

/* ---- caps ---- */

static void test_runs_max(void **state)
{
	struct fixture f;

	begin(&f);
	for (uint32_t i = 0; i < RECVQ_RUNS_MAX; i++)
		assert_int_equal(arrive(&f, BASE + 10 + 2 * i, 1, 0, 0, NO_LIMIT), RECVQ_TAKEN);
	assert_int_equal(f.q.ahead->n, RECVQ_RUNS_MAX);
	assert_int_equal(arrive(&f, BASE + 10 + 2 * RECVQ_RUNS_MAX, 1, 0, 0, NO_LIMIT), RECVQ_FULL);
	assert_int_equal(arrive(&f, BASE + 8, 1, 0, 0, NO_LIMIT), RECVQ_FULL);
	/* What makes no new run is taken still: at an end, between two, over many. */
	assert_int_equal(arrive(&f, BASE + 9, 1, 0, 0, NO_LIMIT), RECVQ_TAKEN);
	assert_int_equal(arrive(&f, BASE + 11, 1, 0, 0, NO_LIMIT), RECVQ_TAKEN);
	assert_int_equal(f.q.ahead->n, RECVQ_RUNS_MAX - 1);
	assert_int_equal(arrive(&f, BASE + 100, 1000, 0, 0, NO_LIMIT), RECVQ_TAKEN);
	assert_true(f.q.ahead->n < RECVQ_RUNS_MAX / 2 + 60);
	assert_int_equal(arrive(&f, BASE, 4000, 0, 0, NO_LIMIT), RECVQ_TAKEN);
	assert_null(f.q.ahead);
	read_some(&f, 5000);
	end(&f);
}

/* SegmentSmack (attack 27): the memory of what is ahead is bounded whatever its segments look like. */
static void test_memory_max(void **state)
{
	static const struct {
		uint32_t len, step, spare;
	} rows[] = {{1, 2, 0}, {1, 1, 0}, {1, 2, 60000}, {1000, 1001, 0}, {600, 601, 599}};
	enum { MAX = 30000 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		size_t n_full = 0;

		begin(&f);
		for (uint32_t k = 0; k < 1000; k++) {
			enum recvq_verdict verdict =
				arrive(&f, BASE + 10 + k * rows[i].step, rows[i].len, 54, rows[i].spare, MAX);

			assert_true(verdict == RECVQ_TAKEN || verdict == RECVQ_FULL);
			n_full += verdict == RECVQ_FULL;
			assert_true(f.q.ahead->memory_used <
				    MAX + sizeof(struct berth_frame) + 54 + rows[i].len + rows[i].spare);
			assert_true(f.heap.n_bytes < MAX + 40000);
		}
		assert_true(n_full > 0);
		recvq_drop_ahead(&f.q, &f.heap.memory);
		end(&f);
	}
}

/* ---- SACK blocks ---- */

/* A history of arrivals, each {left, length} from BASE on; then the blocks to report. */
struct sacks_row {
	const char *what;
	uint16_t arrivals[10][2];
	unsigned n_arrivals, n_max, n;
	uint16_t blocks[4][2];
};

static const struct sacks_row sacks_rows[] = {
	{"nothing", {{0, 10}}, 1, 4, 0, {{0, 0}}},
	{"one", {{100, 10}}, 1, 4, 1, {{100, 110}}},
	{"the latest first", {{100, 10}, {300, 10}, {200, 10}}, 3, 4, 3, {{200, 210}, {300, 310}, {100, 110}}},
	{"as many as fit", {{100, 10}, {300, 10}, {200, 10}}, 3, 2, 2, {{200, 210}, {300, 310}}},
	{"no room", {{100, 10}}, 1, 0, 0, {{0, 0}}},
	{"the block that holds the latest segment",
	 {{100, 10}, {300, 10}, {110, 10}},
	 3,
	 4,
	 2,
	 {{100, 120}, {300, 310}}},
	{"two that have become one", {{100, 10}, {120, 10}, {110, 10}}, 3, 4, 1, {{100, 130}}},
	{"over others", {{100, 10}, {300, 10}, {120, 10}, {90, 60}}, 4, 4, 2, {{90, 150}, {300, 310}}},
	{"one that is in order now", {{100, 10}, {300, 10}, {0, 100}}, 3, 4, 1, {{300, 310}}},
	{"a run that grows does not push the others out",
	 {{100, 10}, {300, 10}, {310, 10}, {320, 10}, {330, 10}, {340, 10}},
	 6,
	 4,
	 2,
	 {{300, 350}, {100, 110}}},
	{"nor one that grows downwards",
	 {{500, 10}, {700, 10}, {340, 10}, {330, 10}, {320, 10}, {310, 10}},
	 6,
	 4,
	 3,
	 {{310, 350}, {700, 710}, {500, 510}}},
	{"five runs, four blocks",
	 {{100, 10}, {200, 10}, {300, 10}, {400, 10}, {500, 10}},
	 5,
	 4,
	 4,
	 {{500, 510}, {400, 410}, {300, 310}, {200, 210}}},
};

/* RFC 2018 section 4: first the block of the segment that triggered the ACK, then those reported latest, each once. */
static void test_sacks(void **state)
{
	for (size_t i = 0; i < sizeof(sacks_rows) / sizeof(sacks_rows[0]); i++) {
		const struct sacks_row *r = &sacks_rows[i];
		struct tcp_sack_block blocks[TCP_SACK_BLOCKS_MAX];
		struct fixture f;
		unsigned n;

		begin(&f);
		for (unsigned k = 0; k < r->n_arrivals; k++)
			arrive(&f, BASE + r->arrivals[k][0], r->arrivals[k][1], 0, 0, NO_LIMIT);
		n = recvq_sacks(&f.q, blocks, r->n_max);
		if (n != r->n)
			fail_msg("%s: %u blocks, expected %u", r->what, n, r->n);
		for (unsigned k = 0; k < n; k++)
			if (blocks[k].left != (uint32_t)(BASE + r->blocks[k][0]) ||
			    blocks[k].right != (uint32_t)(BASE + r->blocks[k][1]))
				fail_msg("%s: block %u is %u-%u", r->what, k, blocks[k].left - (uint32_t)BASE,
					 blocks[k].right - (uint32_t)BASE);
		end(&f);
	}
}

/* RFC 2883 section 4: a duplicate is reported once, before all. */
static void test_dsack(void **state)
{
	struct tcp_sack_block blocks[TCP_SACK_BLOCKS_MAX];
	struct fixture f;

	begin(&f);
	arrive(&f, BASE, 50, 0, 0, NO_LIMIT);
	arrive(&f, BASE + 100, 10, 0, 0, NO_LIMIT);
	f.q.dsack_left = BASE + 5;
	f.q.dsack_right = BASE + 15;
	assert_int_equal(recvq_sacks(&f.q, blocks, 3), 2);
	assert_int_equal(blocks[0].left, (uint32_t)(BASE + 5));
	assert_int_equal(blocks[0].right, (uint32_t)(BASE + 15));
	assert_int_equal(blocks[1].left, (uint32_t)(BASE + 100));
	assert_int_equal(recvq_sacks(&f.q, blocks, 3), 1);
	end(&f);
}

/* ---- failing memory ---- */

/* The Nth allocation fails: the segment is not taken, nothing else changes, and it is taken when it comes again. */
static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 60; n++) {
		struct fixture f;
		struct rng rng;
		unsigned n_refused = 0;

		begin(&f);
		rng_init(&rng, n);
		f.heap.fail_at = n;
		for (unsigned step = 0; step < 300; step++) {
			tcp_seq seq = f.rcv_nxt + rng_below(&rng, 400);
			uint32_t len = 1 + (uint32_t)rng_below(&rng, 30);
			enum recvq_verdict verdict = arrive(&f, seq, len, 54, 300, NO_LIMIT);

			if (verdict == RECVQ_NO_MEMORY) {
				n_refused++;
				check_runs(&f);
				verdict = arrive(&f, seq, len, 54, 300, NO_LIMIT);
			}
			assert_int_equal(verdict, model_new(&f, seq, len) ? RECVQ_TAKEN : RECVQ_DUPLICATE);
			model_take(&f, seq, len);
			check_runs(&f);
		}
		assert_int_equal(n_refused, f.heap.fail_at == SIZE_MAX);
		assert_true(n_refused || n > 20);
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),        cmocka_unit_test(test_small_segments),
		cmocka_unit_test(test_shared_frame), cmocka_unit_test(test_runs_max),
		cmocka_unit_test(test_memory_max),   cmocka_unit_test(test_sacks),
		cmocka_unit_test(test_dsack),        cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
