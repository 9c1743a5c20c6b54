/* Selective acknowledgments as they are taken (RFC 2018, 2883), on a control block of its own: which blocks count, what
 * they add up to, which are duplicates, across 2^32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heap.h"
#include "ranges_sum.h"
#include "rng.h"
#include "tcb.h"

/* In flight: 4,000 bytes, over the wrap of the wire's numbers. */
#define UNA ((2ull << 32) - 1500)
enum { FLIGHT = 4000 };

struct fixture {
	struct heap heap;
	struct tcp_env env;
	struct tcb t;
	struct tcp_flight flight;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){.t = {.sack_ok = true, .snd_una = UNA, .snd_nxt = UNA + FLIGHT, .mss = 1}};
	f->t.flight = &f->flight;
	heap_init(&f->heap);
	f->env.memory = &f->heap.memory;
	f->env.now = 5000;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(
			sent_push(&f->flight.sent, UNA + i * 1000, UNA + (i + 1) * 1000, 1000 + i, 0, f->env.memory),
			0);
}

static void end(struct fixture *f)
{
	sent_deinit(&f->flight.sent, f->env.memory);
	ranges_deinit(&f->flight.sacked, f->env.memory);
	assert_int_equal(f->heap.n_blocks, 0);
}

/* n blocks, as offsets from UNA. */
static struct tcp_ack take(struct fixture *f, int64_t off_ack, unsigned n, const int64_t *edges)
{
	struct tcp_ack ack = {.ack = UNA + (uint64_t)off_ack};
	struct tcp_header h = {.n_sacks = (uint8_t)n};

	for (unsigned i = 0; i < n; i++)
		h.sacks[i] = (struct tcp_sack_block){(uint32_t)(UNA + (uint64_t)edges[2 * i]),
						     (uint32_t)(UNA + (uint64_t)edges[2 * i + 1])};
	tcp_sack_in(&f->env, &f->t, &h, &ack);
	return ack;
}

struct row {
	const char *what;
	int64_t ack;
	unsigned n;
	int64_t edges[8];
	uint32_t n_sacked;
	bool dsack;
};

static const struct row rows[] = {
	{"one block", 0, 1, {1000, 2000}, 1000, false},
	{"over the wrap", 0, 1, {1400, 1600}, 200, false},
	{"up to the end", 0, 1, {3999, 4000}, 1, false},
	{"beyond the end", 0, 1, {3999, 4001}, 0, false},
	{"wholly beyond", 0, 1, {5000, 6000}, 0, false},
	{"empty", 0, 1, {1000, 1000}, 0, false},
	{"inverted", 0, 1, {2000, 1000}, 0, false},
	{"half the circle long", 0, 1, {100, 0x80000000}, 0, false},
	{"four", 0, 4, {100, 200, 300, 400, 500, 600, 700, 800}, 400, false},
	{"overlapping ones count once", 0, 3, {100, 300, 200, 400, 150, 250}, 300, false},
	{"a duplicate below the acknowledgment", 500, 1, {100, 200}, 0, true},
	{"a duplicate below, and news", 500, 2, {100, 200, 600, 700}, 100, true},
	{"a duplicate inside the second block", 0, 2, {1100, 1200, 1000, 2000}, 1000, true},
	{"the second block inside the first is no duplicate", 0, 2, {1000, 2000, 1100, 1200}, 1000, false},
	{"below the acknowledgment, but not the first", 500, 2, {600, 700, 100, 200}, 100, false},
	{"across the acknowledgment", 500, 1, {400, 600}, 0, false},
	{"older than all that is in flight", 0, 1, {-1000, -900}, 0, true},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct fixture f;
		struct tcp_ack ack;

		begin(&f);
		ack = take(&f, r->ack, r->n, r->edges);
		if (ack.n_sacked != r->n_sacked || f.flight.sent.n_sacked != r->n_sacked ||
		    ranges_sum(&f.flight.sacked) != r->n_sacked)
			fail_msg("%s: %u bytes new, %u marked", r->what, (unsigned)ack.n_sacked,
				 f.flight.sent.n_sacked);
		assert_int_equal(f.env.counters.dsacks_in, r->dsack);
		end(&f);
	}
}

/* The same block again adds nothing, and costs no memory. */
static void test_repeated(void **state)
{
	static const int64_t edges[] = {1000, 2000}, more[] = {900, 2100};
	struct fixture f;
	size_t n_allocs;

	begin(&f);
	assert_int_equal(take(&f, 0, 1, edges).n_sacked, 1000);
	n_allocs = f.heap.n_allocs;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(take(&f, 0, 1, edges).n_sacked, 0);
	assert_int_equal(f.heap.n_allocs, n_allocs);
	assert_int_equal(take(&f, 0, 1, more).n_sacked, 200);
	end(&f);
}

/* Any blocks: what is marked is what the set of bytes says. */
static void test_random(void **state)
{
	for (uint64_t seed = 0; seed < 100; seed++) {
		uint8_t has[FLIGHT] = {0};
		struct fixture f;
		struct rng rng;

		begin(&f);
		rng_init(&rng, seed);
		for (unsigned step = 0; step < 60; step++) {
			int64_t left = (int64_t)rng_below(&rng, FLIGHT),
				right = left + 1 + (int64_t)rng_below(&rng, 300);
			const int64_t edges[] = {left, right};
			uint32_t n_new = 0, n_all = 0;

			for (int64_t i = left; i < right && right <= FLIGHT; i++) {
				n_new += !has[i];
				has[i] = 1;
			}
			assert_int_equal(take(&f, 0, 1, edges).n_sacked, n_new);
			for (unsigned i = 0; i < FLIGHT; i++)
				n_all += has[i];
			assert_int_equal(f.flight.sent.n_sacked, n_all);
			assert_int_equal(ranges_sum(&f.flight.sacked), n_all);
		}
		end(&f);
	}
}

/* The Nth allocation fails: nothing leaks, and the sums of the records are right. */
static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 12; n++) {
		struct fixture f;

		begin(&f);
		f.heap.fail_at = n;
		for (int64_t left = 10; left < FLIGHT - 10; left += 40) {
			const int64_t edges[] = {left, left + 10};
			uint32_t sum = 0;

			take(&f, 0, 1, edges);
			for (uint32_t i = 0; i < f.flight.sent.n; i++)
				if (sent_at(&f.flight.sent, i)->flags & SENT_SACKED)
					sum += (uint32_t)(sent_at(&f.flight.sent, i)->right -
							  sent_at(&f.flight.sent, i)->left);
			assert_int_equal(f.flight.sent.n_sacked, sum);
		}
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
