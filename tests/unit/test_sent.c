/* Records of what is in flight beside a model with a byte for each position. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/error.h>

#include "heap.h"
#include "rng.h"
#include "sent.h"

#define BASE ((1ull << 32) - 2000)
#define SPACE 60000u

struct fixture {
	struct heap heap;
	struct sent s;
	tcp_seq una, nxt;
	uint8_t flags[SPACE]; /* of each position */
	berth_time at[SPACE];
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	heap_init(&f->heap);
	f->una = f->nxt = BASE;
}

static void end(struct fixture *f)
{
	sent_deinit(&f->s, &f->heap.memory);
	assert_int_equal(f->heap.n_blocks, 0);
}

/* Records are contiguous over [una, nxt), say of each byte what the model says, and the sums are the sums. */
static void check(const struct fixture *f)
{
	uint32_t n_sacked = 0, n_lost = 0, n_again = 0;
	tcp_seq at = f->una;

	for (uint32_t i = 0; i < f->s.n; i++) {
		const struct sent_record *r = sent_at(&f->s, i);

		assert_int_equal(r->left, at);
		assert_true(r->right > r->left);
		for (; at < r->right; at++) {
			if (r->flags != f->flags[at - BASE])
				fail_msg("flags at %u are %#x, expected %#x", (unsigned)(at - BASE), r->flags,
					 f->flags[at - BASE]);
			assert_int_equal(r->at, f->at[at - BASE]);
			n_sacked += !!(r->flags & SENT_SACKED);
			n_lost += !!(r->flags & SENT_LOST);
			n_again += !!(r->flags & SENT_AGAIN);
			assert_false(r->flags & SENT_AGAIN && !(r->flags & SENT_LOST));
			assert_false(r->flags & SENT_SACKED && r->flags & SENT_LOST);
		}
	}
	assert_int_equal(at, f->nxt);
	assert_int_equal(f->s.n_sacked, n_sacked);
	assert_int_equal(f->s.n_lost, n_lost);
	assert_int_equal(f->s.n_again, n_again);
	if (!f->s.n)
		assert_int_equal(f->heap.n_blocks, 0);
}

static uint8_t *flags_at(struct fixture *f, tcp_seq at)
{
	return &f->flags[at - BASE];
}

static void push(struct fixture *f, uint32_t n, berth_time now, uint32_t n_join)
{
	int error = sent_push(&f->s, f->nxt, f->nxt + n, now, n_join, &f->heap.memory);

	if (error) {
		assert_int_equal(error, BERTH_ENOMEM);
		return;
	}
	for (uint32_t i = 0; i < n; i++, f->nxt++)
		f->at[f->nxt - BASE] = now;
}

/* What an acknowledgment tells of the byte at i, which is not sacked. */
static void tell(const struct fixture *f, struct sent_news *want, tcp_seq i)
{
	berth_time at = f->at[i - BASE];

	want->n_delivered++;
	if (!(f->flags[i - BASE] & SENT_EVER_AGAIN)) {
		want->once = at > want->once ? at : want->once;
		if (!want->once_left || i < want->once_left) {
			want->once_left = i;
			want->once_left_at = at;
		}
	} else if (at > want->again_until) {
		return;
	}
	if (at > want->newest.at || (at == want->newest.at && i + 1 > want->newest.right))
		want->newest = (struct sent_record){.at = at, .right = i + 1, .flags = f->flags[i - BASE]};
}

static void assert_news(const struct sent_news *news, const struct sent_news *want)
{
	assert_int_equal(news->n_delivered, want->n_delivered);
	assert_int_equal(news->once, want->once);
	assert_int_equal(news->once_left, want->once_left);
	assert_int_equal(news->once_left_at, want->once_left_at);
	assert_int_equal(news->again, want->again);
	assert_int_equal(news->newest.at, want->newest.at);
	assert_int_equal(news->newest.right, want->newest.right);
	assert_int_equal(news->newest.flags, want->newest.flags);
}

static void cut(struct fixture *f, tcp_seq left, berth_time again_until)
{
	struct sent_news news = {.again_until = again_until}, want = news;

	for (tcp_seq i = f->una; i < left; i++) {
		if (*flags_at(f, i) & SENT_EVER_AGAIN)
			want.again = f->at[i - BASE] > want.again ? f->at[i - BASE] : want.again;
		if (!(*flags_at(f, i) & SENT_SACKED))
			tell(f, &want, i);
	}
	sent_cut(&f->s, left, &news, &f->heap.memory);
	assert_news(&news, &want);
	f->una = left;
}

/* What is sacked around `at` becomes one record. */
static void join(struct fixture *f, tcp_seq at)
{
	tcp_seq left = at, right = at;
	berth_time latest = 0;
	uint8_t flags = 0;

	while (left > f->una && *flags_at(f, left - 1) & SENT_SACKED)
		left--;
	while (right < f->nxt && *flags_at(f, right) & SENT_SACKED)
		right++;
	for (tcp_seq i = left; i < right; i++) {
		flags |= *flags_at(f, i);
		latest = f->at[i - BASE] > latest ? f->at[i - BASE] : latest;
	}
	for (tcp_seq i = left; i < right; i++) {
		*flags_at(f, i) = flags;
		f->at[i - BASE] = latest;
	}
}

static void sacked(struct fixture *f, tcp_seq left, tcp_seq right, berth_time again_until)
{
	struct sent_news news = {.again_until = again_until}, want = news;

	for (tcp_seq i = left; i < right; i++) {
		if (!(*flags_at(f, i) & SENT_SACKED))
			tell(f, &want, i);
		*flags_at(f, i) = (uint8_t)((*flags_at(f, i) & SENT_EVER_AGAIN) | SENT_SACKED);
	}
	assert_int_equal(sent_mark_sacked(&f->s, left, right, &news, &f->heap.memory), want.n_delivered);
	want.newest.flags &= SENT_EVER_AGAIN | SENT_LOST | SENT_AGAIN;
	assert_news(&news, &want);
	if (want.n_delivered)
		join(f, left);
}

static void lost(struct fixture *f, tcp_seq left, tcp_seq right, bool also_again)
{
	uint64_t n_new = 0;

	for (tcp_seq i = left; i < right; i++) {
		uint8_t flags = *flags_at(f, i);

		if (flags & SENT_SACKED || (flags & SENT_LOST && !(also_again && flags & SENT_AGAIN)))
			continue;
		n_new++;
		*flags_at(f, i) = (uint8_t)((flags & SENT_EVER_AGAIN) | SENT_LOST);
	}
	assert_int_equal(sent_mark_lost(&f->s, left, right, also_again, &f->heap.memory), n_new);
}

/* The first that is lost and not sent again is what sent_next_lost gives; some of it is sent again. */
static void again(struct fixture *f, struct rng *rng, berth_time now)
{
	tcp_seq left, right, want = f->una;

	while (want < f->nxt && (*flags_at(f, want) & (SENT_LOST | SENT_AGAIN)) != SENT_LOST)
		want++;
	if (!sent_next_lost(&f->s, &left, &right)) {
		assert_int_equal(want, f->nxt);
		return;
	}
	assert_int_equal(left, want);
	assert_true(right > left && right <= f->nxt);
	right = left + 1 + rng_below(rng, right - left);
	assert_int_equal(sent_mark_again(&f->s, left, right, now, &f->heap.memory), 0);
	for (tcp_seq i = left; i < right; i++) {
		*flags_at(f, i) = SENT_LOST | SENT_AGAIN | SENT_EVER_AGAIN;
		f->at[i - BASE] = now;
	}
}

static void forget(struct fixture *f)
{
	sent_forget_sacks(&f->s);
	for (tcp_seq i = f->una; i < f->nxt; i++)
		if (*flags_at(f, i) & SENT_SACKED)
			*flags_at(f, i) &= SENT_EVER_AGAIN;
}

static void step(struct fixture *f, struct rng *rng, berth_time now)
{
	tcp_seq left = f->una + rng_below(rng, f->nxt - f->una + 1);
	tcp_seq right = left + rng_below(rng, (f->nxt - left < 300 ? f->nxt - left : 300) + 1);

	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
		if (f->nxt - BASE + 100 < SPACE)
			push(f, 1 + (uint32_t)rng_below(rng, 100), now, rng_below(rng, 2) ? 200 : 0);
		break;
	case 2:
		if (!rng_below(rng, 3))
			cut(f, f->una + rng_below(rng, (f->nxt - f->una) / 4 + 1), now - rng_below(rng, 2));
		break;
	case 3:
		if (left < right)
			sacked(f, left, right, now - rng_below(rng, 2));
		break;
	case 4:
		if (left < right)
			lost(f, left, right, rng_below(rng, 2));
		break;
	case 5:
	case 6:
		again(f, rng, now);
		break;
	case 7:
		if (!rng_below(rng, 50))
			forget(f);
		else if (!rng_below(rng, 40))
			cut(f, f->nxt, now);
		break;
	}
}

static void test_model(void **state)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		static struct fixture f;
		struct rng rng;

		begin(&f);
		rng_init(&rng, seed);
		for (unsigned i = 1; i < 1500; i++) {
			step(&f, &rng, 1 + i / 4);
			check(&f);
		}
		end(&f);
	}
}

/* Sendings of one instant share a record, as large as is asked for and not larger; other instants do not. */
static void test_join(void **state)
{
	static struct fixture f;

	begin(&f);
	push(&f, 100, 5, 250);
	push(&f, 100, 5, 250);
	assert_int_equal(f.s.n, 1);
	push(&f, 100, 5, 250);
	assert_int_equal(f.s.n, 2);
	push(&f, 100, 6, 250);
	assert_int_equal(f.s.n, 3);
	sacked(&f, BASE + 350, BASE + 400, 6);
	push(&f, 10, 6, 250); /* not with one that is acknowledged */
	assert_int_equal(f.s.n, 5);
	check(&f);
	end(&f);
}

/* A probe of one byte that was refused, also after it was sent again. */
static void test_take_back(void **state)
{
	static struct fixture f;
	struct rng rng;

	for (unsigned again_too = 0; again_too < 2; again_too++) {
		begin(&f);
		rng_init(&rng, 1);
		push(&f, 1, 5, 100);
		if (again_too) {
			lost(&f, BASE, BASE + 1, true);
			again(&f, &rng, 6);
		}
		sent_take_back(&f.s, BASE + 1, &f.heap.memory);
		f.nxt--;
		f.flags[0] = 0;
		check(&f);
		assert_int_equal(f.s.n_lost + f.s.n_again, 0);
		push(&f, 50, 7, 100);
		check(&f);
		end(&f);
	}
}

/* Marking is by edges that lie anywhere; the number of the record at a place is what counting says. */
static void test_find(void **state)
{
	static struct fixture f;

	begin(&f);
	for (unsigned i = 0; i < 100; i++)
		push(&f, 10, i + 1, 0);
	for (uint32_t at = 0; at < 1000; at++)
		assert_int_equal(sent_find(&f.s, BASE + at), at / 10);
	assert_int_equal(sent_find(&f.s, BASE + 1000), 100);
	cut(&f, BASE + 505, 100);
	assert_int_equal(sent_find(&f.s, BASE + 509), 0);
	assert_int_equal(sent_find(&f.s, BASE + 510), 1);
	check(&f);
	end(&f);
}

/* Without memory, nothing is half done: sums are the sums, records are contiguous, nothing leaks. */
static void check_loosely(const struct fixture *f)
{
	uint32_t n_sacked = 0, n_lost = 0, n_again = 0;
	tcp_seq at = f->una;

	for (uint32_t i = 0; i < f->s.n; i++) {
		const struct sent_record *r = sent_at(&f->s, i);
		uint32_t n = (uint32_t)(r->right - r->left);

		assert_int_equal(r->left, at);
		at = r->right;
		n_sacked += r->flags & SENT_SACKED ? n : 0;
		n_lost += r->flags & SENT_LOST ? n : 0;
		n_again += r->flags & SENT_AGAIN ? n : 0;
	}
	assert_int_equal(at, f->nxt);
	assert_int_equal(f->s.n_sacked, n_sacked);
	assert_int_equal(f->s.n_lost, n_lost);
	assert_int_equal(f->s.n_again, n_again);
}

static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 6; n++) {
		static struct fixture f;
		struct rng rng;

		begin(&f);
		rng_init(&rng, n);
		f.heap.fail_at = n;
		for (unsigned i = 1; i < 400; i++) {
			tcp_seq left = f.una + rng_below(&rng, f.nxt - f.una + 1), right, l, r;
			struct sent_news news = {0};

			push(&f, 1 + (uint32_t)rng_below(&rng, 50), i, 0);
			if (left == f.nxt)
				continue;
			right = left + 1 + rng_below(&rng, f.nxt - left);
			sent_mark_sacked(&f.s, left, right < left + 20 ? right : left + 20, &news, &f.heap.memory);
			sent_mark_lost(&f.s, left, right, true, &f.heap.memory);
			if (sent_next_lost(&f.s, &l, &r) && r - l > 1)
				sent_mark_again(&f.s, l, l + 1, i, &f.heap.memory);
			check_loosely(&f);
		}
		assert_int_equal(f.heap.fail_at, SIZE_MAX); /* it did fail */
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model), cmocka_unit_test(test_join),      cmocka_unit_test(test_take_back),
		cmocka_unit_test(test_find),  cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
