/* Loss recovery with selective acknowledgments: RFC 6675, 2018, 2883, and what a hostile peer can make of them. */
#include <berth/error.h>

#include "tcp_peer.h"
#include "ranges_sum.h"

enum { MSS = 1000 };

static const struct peer_setup sack = {.mss = MSS, .sack = true, .no_rack = true};

/* n segments of MSS in flight, from 1 on; the initial window of ten is opened first where that takes more. */
static void begin(struct peer *p, uint32_t n)
{
	peer_init(p, &sack);
	peer_establish_active(p);
	assert_int_equal(peer_send(p, 1, n * MSS), n * MSS);
	assert_int_equal(p->n_out, n < 10 ? n : 10);
	peer_advance(p, 50 * MS);
	peer_clear(p);
}

/* Segment i (0 the first) begins here. */
static uint32_t at(uint32_t i)
{
	return 1 + i * MSS;
}

/* Segments first..end-1 have arrived, nothing below: an ACK with one block. */
static void sacked(struct peer *p, uint32_t ack, uint32_t first, uint32_t end)
{
	const uint32_t edges[2] = {at(first), at(end)};

	peer_in_sack(p, 1, at(ack), 1, edges);
}

/* Those of the collected segments that lie below `below`, as a set of bits by number. */
static unsigned resent(const struct peer *p, uint32_t below)
{
	unsigned bits = 0;

	for (size_t i = 0; i < p->n_out; i++) {
		if (!p->out[i].len || p->out[i].seq >= at(below))
			continue;
		assert_int_equal((p->out[i].seq - 1) % MSS, 0);
		assert_false(bits & 1u << (p->out[i].seq - 1) / MSS); /* not twice */
		peer_expect(&p->out[i], TCP_ACK, p->out[i].seq, 1, MSS);
		bits |= 1u << (p->out[i].seq - 1) / MSS;
	}
	return bits;
}

/* RFC 6675 section 5: the third duplicate, as more than two segments' bytes or three stretches above say so. */
static void test_third_duplicate(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p, 10);
	sacked(&p, 0, 1, 2);
	sacked(&p, 0, 1, 3);
	assert_int_equal(resent(&p, 10), 0);
	sacked(&p, 0, 1, 4);
	assert_int_equal(resent(&p, 10), 1);
	assert_int_equal(p.env.counters.fast_recoveries, 1);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.ssthresh, 5000); /* half of what was in flight */
	peer_clear(&p);
	for (uint32_t end = 5; end <= 10; end++)
		sacked(&p, 0, 1, end);
	assert_int_equal(resent(&p, 10), 0); /* once is enough */
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.cwnd, 5000);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.segments_retransmitted, 1);
	peer_deinit(&p);
}

/* The same by three separate stretches that are less than two segments together, in one ACK; two are not enough. */
static void test_three_stretches(void **state)
{
	const uint32_t edges[6] = {at(5), at(6), at(3), at(4), at(1), at(2)};
	struct peer p;

	begin(&p, 10);
	peer_in_sack(&p, 1, at(0), 2, edges + 2);
	peer_none(&p);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	peer_in_sack(&p, 1, at(0), 3, edges);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_int_equal(tcp_sent(p.t)->n_lost, MSS); /* what lies below the third from above, and no more */
	peer_expect(peer_at(&p, 0), TCP_ACK, at(0), 1, MSS);
	peer_deinit(&p);
}

/* Holes of every pattern over ten segments: what is sent again is what was lost, each once, without a timeout. The peer
 * acknowledges each arrival, the blocks of the latest first. */
struct receiver {
	bool has[64];
	uint32_t n, next;
	uint32_t recent[64], n_recent;
};

static void receive(struct peer *p, struct receiver *r, uint32_t i)
{
	uint32_t edges[6], seen[3];
	unsigned n = 0;

	if (i < 64)
		r->has[i] = true;
	while (r->next < 64 && r->has[r->next])
		r->next++;
	memmove(r->recent + 1, r->recent, 40 * sizeof(r->recent[0]));
	r->recent[0] = i;
	r->n_recent += r->n_recent < 40;
	for (uint32_t k = 0; k < r->n_recent && n < 3; k++) {
		uint32_t left = r->recent[k], right = left;
		bool again = false;

		if (left < r->next)
			continue;
		while (left > 0 && r->has[left - 1])
			left--;
		while (right < 64 && r->has[right])
			right++;
		for (unsigned m = 0; m < n; m++)
			again |= seen[m] == left;
		if (again)
			continue;
		seen[n] = left;
		edges[2 * n] = at(left);
		edges[2 * n + 1] = at(right);
		n++;
	}
	peer_in_sack(p, 1, at(r->next), n, edges);
}

static void test_holes(void **state)
{
	unsigned n_patterns = 0;

	/* At least three of ten must arrive for a fast recovery. */
	for (unsigned lost = 1; lost < 1u << 10; lost++) {
		struct receiver r = {.n = 10};
		unsigned again = 0;
		struct peer p;

		if (__builtin_popcount(lost) > 7 || lost >> 7) /* the last three arrive: no tail loss */
			continue;
		n_patterns++;
		begin(&p, 10);
		for (uint32_t i = 0; i < 10; i++)
			if (!(lost & 1u << i))
				receive(&p, &r, i);
		for (unsigned round = 0; round < 20 && r.next < 10; round++) {
			struct peer_segment copy[32];
			size_t n = p.n_out;

			assert_true(n <= 32);
			memcpy(copy, p.out, n * sizeof(copy[0]));
			again |= resent(&p, 10);
			peer_clear(&p);
			for (size_t i = 0; i < n; i++)
				if (copy[i].len)
					receive(&p, &r, (copy[i].seq - 1) / MSS);
		}
		if (again != lost || r.next != 10)
			fail_msg("lost %#x, sent again %#x, %u arrived in order", lost, again, r.next);
		assert_int_equal(p.env.counters.bytes_retransmitted, (uint64_t)__builtin_popcount(lost) * MSS);
		assert_int_equal(p.env.counters.timeouts, 0);
		assert_int_equal(p.env.counters.fast_recoveries, 1);
		peer_deinit(&p);
	}
	print_message("# %u patterns of loss\n", n_patterns);
}

/* Section 5, (4.3) and (C): in recovery, what is in the network stays within cwnd. */
static void test_pipe(void **state)
{
	uint64_t flight = 10 * MSS;
	struct peer p;

	peer_init(&p, &sack);
	peer_establish_active(&p);
	peer_send(&p, 1, 60 * MSS);
	peer_clear(&p);
	for (uint32_t end = 2; end <= 10; end++) {
		sacked(&p, 0, 1, end);
		assert_true(tcp_pipe(p.t) <= (p.t->cc.cwnd > flight ? p.t->cc.cwnd : flight));
	}
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_true(tcp_pipe(p.t) <= p.t->cc.cwnd);
	peer_deinit(&p);
}

/* Recovery ends when `recover` is acknowledged, not before; a loss in it does not halve cwnd again. */
static void test_recover(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p, 10);
	{
		const uint32_t edges[4] = {at(7), at(10), at(1), at(6)}; /* 0 and 6 are lost */

		peer_in_sack(&p, 1, 1, 2, edges);
	}
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	peer_clear(&p);
	sacked(&p, 6, 7, 10);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.cwnd, 5000);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.fast_recoveries, 1);
	peer_deinit(&p);
}

/* RFC 6675 section 5.1 and RFC 2018 section 8: what is known to have arrived is not sent again after a timeout. */
static void test_timeout_keeps_sacks(void **state)
{
	struct peer p;

	begin(&p, 10);
	sacked(&p, 0, 5, 7); /* two segments: no recovery by that */
	peer_clear(&p);
	for (uint32_t acked = 0, i = 0; acked < 10 && i < 50; i++) {
		unsigned bits;

		if (!p.n_out)
			peer_advance(&p, 2 * S);
		bits = resent(&p, 10);
		assert_false(bits & (1u << 5 | 1u << 6));
		peer_clear(&p);
		for (uint32_t k = 0; k < 10; k++)
			if (bits & 1u << k && k == acked)
				acked = k == 4 ? 7 : k + 1;
		if (bits)
			peer_in(&p, TCP_ACK, 1, at(acked), 0);
	}
	assert_int_equal(p.t->snd_una, p.t->snd_nxt);
	assert_int_equal(p.env.counters.bytes_retransmitted, 8 * MSS);
	peer_deinit(&p);
}

/* RFC 2018 section 8, reneging: the timeout finds the first byte reported and not acknowledged, and all is sent again.
 */
static void test_reneging(void **state)
{
	unsigned bits = 0;
	struct peer p;

	begin(&p, 10);
	sacked(&p, 0, 1, 10);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, at(1), 0); /* the first has come, and what was reported is gone */
	peer_clear(&p);
	for (uint32_t i = 0; i < 40 && p.t->snd_una < p.t->snd_nxt; i++) {
		uint32_t acked = (uint32_t)(p.t->snd_una - TCP_SEQ_BASE) - BERTH_ISS;

		if (!p.n_out)
			peer_advance(&p, 2 * S);
		bits |= resent(&p, 10);
		for (size_t k = 0; k < p.n_out; k++)
			if (p.out[k].seq == acked)
				acked += p.out[k].len;
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, acked, 0);
	}
	assert_int_equal(bits, 0x3fe);
	assert_int_equal(p.t->snd_una, p.t->snd_nxt);
	peer_deinit(&p);
}

/* RFC 5681 section 3.1, 7: a timeout leaves one segment of cwnd, and slow start doubles it from there though nothing
 * new waits to be sent. */
static void test_timeout_slow_start(void **state)
{
	static const struct peer_setup setups[] = {{.mss = MSS, .sack = true}, {.mss = MSS}};

	for (size_t i = 0; i < 2; i++) {
		struct peer p;

		peer_init(&p, &setups[i]);
		peer_establish_active(&p);
		peer_send(&p, 1, 10 * MSS);
		peer_clear(&p);
		peer_advance(&p, 1100 * MS);
		assert_int_equal(resent(&p, 10), 1);
		assert_int_equal(p.t->cc.cwnd, MSS);
		assert_int_equal(p.t->cc.ssthresh, 5000);
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, at(1), 0);
		assert_int_equal(resent(&p, 10), 1u << 1 | 1u << 2);
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, at(3), 0);
		assert_int_equal(__builtin_popcount(resent(&p, 10)), 4);
		peer_in(&p, TCP_ACK, 1, at(10), 0);
		assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
		peer_deinit(&p);
	}
}

/* Segments 1, 2, 8 and 9 of ten have arrived, then the 0 that this finds lost, and 3. */
static void two_above(struct peer *p)
{
	const uint32_t blocks[4] = {at(8), at(10), at(1), at(3)};

	begin(p, 10);
	sacked(p, 0, 1, 3);
	peer_in_sack(p, 1, at(0), 2, blocks);
	assert_int_equal(resent(p, 10), 1u << 0);
	peer_advance(p, 50 * MS);
	peer_clear(p);
}

/* RFC 6675 section 5, NextSeg, rule 3: in recovery, when nothing new waits, a hole is sent again though too little lies
 * above it to call it lost. One segment for each acknowledgment that tells something new, and no timer has to run. */
static void test_guess(void **state)
{
	struct peer p;

	two_above(&p);
	for (uint32_t i = 4; i < 8; i++) {
		peer_clear(&p);
		sacked(&p, i, 8, 10);
		assert_int_equal(resent(&p, 10), 1u << i);
		sacked(&p, i, 8, 10);
		assert_int_equal(p.n_out, 1);
		peer_advance(&p, 50 * MS);
	}
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	peer_none(&p);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* Rule 2 comes before it: new data, which brings the acknowledgments that tell. */
static void test_new_before_guess(void **state)
{
	struct peer p;

	two_above(&p);
	assert_int_equal(peer_send(&p, at(10), MSS), MSS);
	peer_none(&p);
	sacked(&p, 4, 8, 10);
	peer_expect(peer_only(&p), TCP_ACK, at(10), 1, MSS);
	peer_clear(&p);
	sacked(&p, 4, 8, 11);
	/* Three above would mean that all are lost; but 3 came after 9, and so may they. */
	assert_int_equal(resent(&p, 10), 1u << 4);
	peer_deinit(&p);
}

/* RFC 6675 section 5: the scoreboard takes the blocks of any acknowledgment, also of one that a later one has
 * overtaken; what of them is acknowledged by now is cut off, and what such a one acknowledges by itself is no
 * duplicate. */
static void test_overtaken(void **state)
{
	const uint32_t new[2] = {at(5), at(8)}, across[2] = {at(3), at(5)}, old[2] = {at(2), at(3)};
	struct peer p;

	begin(&p, 10);
	peer_in(&p, TCP_ACK, 1, at(4), 0);
	peer_clear(&p);
	for (unsigned i = 0; i < 5; i++) {
		peer_in(&p, TCP_ACK, 1, at(1), 0);
		peer_in_sack(&p, 1, at(1), 1, old);
	}
	assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
	assert_int_equal(p.t->n_dup_acks, 0);
	peer_in_sack(&p, 1, at(1), 1, new);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 3 * MSS);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_int_equal(resent(&p, 10), 1u << 4);
	peer_in_sack(&p, 1, at(2), 1, across);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 4 * MSS);
	assert_int_equal(p.t->snd_una, p.t->sendq.left);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	peer_deinit(&p);
}

/* RFC 2883: duplicates below the acknowledgment, and inside the second block, are counted and change nothing. */
static void test_dsack(void **state)
{
	struct peer p;

	begin(&p, 10);
	{
		const uint32_t below[2] = {at(0), at(1)};
		const uint32_t inside[4] = {at(4), at(5), at(3), at(6)};

		peer_in_sack(&p, 1, at(2), 1, below);
		assert_int_equal(p.env.counters.dsacks_in, 1);
		assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
		peer_in_sack(&p, 1, at(2), 2, inside);
		assert_int_equal(p.env.counters.dsacks_in, 2);
		assert_int_equal(tcp_sent(p.t)->n_sacked, 3 * MSS);
	}
	peer_deinit(&p);
}

/* Blocks that cannot be: of what was never sent, inverted, empty, far away. */
static void test_bad_blocks(void **state)
{
	static const uint32_t bad[][2] = {
		{1 + 9 * MSS, 1 + 11 * MSS},
		{1 + 20 * MSS, 1 + 21 * MSS},
		{3001, 2001},
		{3001, 3001},
		{0x80000000, 0x80001000},
		{0x7ffff000, 0x90000000},
		{2001, 2001 + 0x80000000},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct peer p;

		begin(&p, 10);
		for (unsigned k = 0; k < 5; k++)
			peer_in_sack(&p, 1, at(0), 1, bad[i]);
		assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
		assert_int_equal(tcp_sacked(p.t)->n, 0);
		peer_in(&p, TCP_ACK, 1, at(10), 0);
		assert_int_equal(p.t->snd_una, p.t->snd_nxt);
		peer_deinit(&p);
	}
}

/* SACK Panic, SACK Slowness (CVE-2019-11477, -11478; attacks 24 and 25): the smallest MSS, a large flight, and blocks
 * of single bytes without end. The scoreboard is bounded, and so is what an ACK allocates. */
static void test_storm(void **state)
{
	const struct peer_setup setup = {
		.mss = 1, .sack = true, .has_wscale = true, .wscale = 7, .send_buffer = 4 << 20};
	size_t n_before, n_most = 0, bytes_before;
	uint32_t acked = 1;
	struct rng rng;
	struct peer p;

	peer_init(&p, &setup);
	peer_establish_active(&p);
	peer_send(&p, 1, 2 << 20);
	for (unsigned i = 0; i < 1000 && p.t->snd_nxt - p.t->snd_una <= 100000; i++) { /* grow cwnd */
		acked += 8 * p.t->mss;
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, acked, 0);
	}
	peer_clear(&p);
	assert_true(p.t->snd_nxt - p.t->snd_una > 100000);
	rng_init(&rng, 3);
	bytes_before = p.heap.n_bytes;
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t flight = (uint32_t)(p.t->snd_nxt - p.t->snd_una), edges[8];

		for (unsigned k = 0; k < 4; k++) {
			edges[2 * k] = acked + 1 + (uint32_t)rng_below(&rng, flight - 2);
			edges[2 * k + 1] = edges[2 * k] + 1;
		}
		n_before = p.heap.n_allocs;
		peer_in_sack(&p, 1, acked, 4, edges);
		if (p.heap.n_allocs - n_before > n_most)
			n_most = p.heap.n_allocs - n_before;
		peer_clear(&p);
	}
	assert_true(tcp_sacked(p.t)->n <= 1024);
	print_message(
		"# SACK storm: at most %zu allocations for an ACK, %u stretches, %u records, %zu more bytes held\n",
		n_most, tcp_sacked(p.t)->n, tcp_sent(p.t)->n, p.heap.n_bytes - bytes_before);
	assert_true(n_most <= 8);
	assert_true(tcp_sent(p.t)->n <= 2 * 1024 + (p.t->snd_nxt - p.t->snd_una) / 88 + 64);
	peer_in(&p, TCP_ACK, 1, (uint32_t)(p.t->snd_nxt - TCP_SEQ_BASE) - BERTH_ISS, 0);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
	peer_deinit(&p);
}

/* What is sacked, lost and sent again must sum up, whatever comes: random blocks, acknowledgments and timeouts. */
static void test_sums(void **state)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct rng rng;
		struct peer p;

		peer_init(&p, &sack);
		peer_establish_active(&p);
		rng_init(&rng, seed);
		for (unsigned step = 0; step < 400 && peer_state(&p) == BERTH_TCP_ESTABLISHED; step++) {
			uint32_t una = (uint32_t)(p.t->snd_una - TCP_SEQ_BASE) - BERTH_ISS;
			uint32_t flight = (uint32_t)(p.t->snd_nxt - p.t->snd_una), edges[2];
			struct sent sum = {0};

			peer_send(&p, (uint32_t)(p.t->sendq.right - TCP_SEQ_BASE) - BERTH_ISS,
				  (uint32_t)rng_below(&rng, 5000));
			edges[0] = una + (uint32_t)rng_below(&rng, flight + 1);
			edges[1] = edges[0] + (uint32_t)rng_below(&rng, 3000);
			peer_in_sack(&p, 1, una + (rng_below(&rng, 4) ? 0 : (uint32_t)rng_below(&rng, flight + 1)), 1,
				     edges);
			peer_advance(&p, rng_below(&rng, 8) ? 1 * MS : 3 * S);
			peer_clear(&p);
			for (uint32_t i = 0; i < tcp_sent(p.t)->n; i++) {
				const struct sent_record *r = sent_at(tcp_sent(p.t), i);

				assert_int_equal(r->left, i ? sent_at(tcp_sent(p.t), i - 1)->right : p.t->snd_una);
				sum.n_sacked += r->flags & SENT_SACKED ? (uint32_t)(r->right - r->left) : 0;
				sum.n_lost += r->flags & SENT_LOST ? (uint32_t)(r->right - r->left) : 0;
				sum.n_again += r->flags & SENT_AGAIN ? (uint32_t)(r->right - r->left) : 0;
			}
			assert_int_equal(tcp_sent(p.t)->n_sacked, sum.n_sacked);
			assert_int_equal(tcp_sent(p.t)->n_lost, sum.n_lost);
			assert_int_equal(tcp_sent(p.t)->n_again, sum.n_again);
			assert_int_equal(ranges_sum(tcp_sacked(p.t)), sum.n_sacked);
		}
		peer_deinit(&p);
	}
}

/* Five segments are in flight whose size is the MTU's. */
static void begin_large(struct peer *p)
{
	struct peer_setup large = sack;

	large.mss = 1460;
	peer_init(p, &large);
	peer_establish_active(p);
	assert_int_equal(peer_send(p, 1, 5 * 1460), 5 * 1460);
	assert_int_equal(p->n_out, 5);
	peer_advance(p, 50 * MS);
	peer_clear(p);
}

/* RFC 1191 section 6.5: a lower MTU sends what was too large again in smaller segments, and is no congestion. */
static void test_mtu(void **state)
{
	struct berth_socket_row before = {0}, after = {0};
	uint32_t n = 0, n_max;
	struct peer p;

	begin_large(&p);
	n_max = p.setup.ip6 ? 1220 : 600;
	tcp_row(&p.env, p.t, &before);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1, p.setup.ip6 ? 1280 : 640);
	peer_pump(&p);
	for (size_t i = 0; i < p.n_out; i++) {
		assert_true(p.out[i].len <= n_max);
		peer_expect(&p.out[i], TCP_ACK, 1 + n, 1, p.out[i].len);
		n += p.out[i].len;
	}
	assert_true(n >= 1000);
	peer_in(&p, TCP_ACK, 1, 1 + n_max, 0);
	tcp_row(&p.env, p.t, &after);
	assert_int_equal(p.env.counters.mtu_lowered, 1);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	assert_true(after.cwnd >= before.cwnd);
	peer_deinit(&p);
}

/* RFC 5927: one that quotes what is not in flight, one that says more, and one below any path (CVE-2004-1060; RFC 8200
 * section 5). */
static void test_mtu_lies(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin_large(&p);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1 + 5 * 1460, 1300);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS, 1300);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1, p.setup.mtu);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1, 9000);
	peer_pump(&p);
	peer_none(&p);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.mss, 1460);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1, 68);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.mss, p.setup.ip6 ? 1220 : 512);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_duplicate),
		cmocka_unit_test(test_three_stretches),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_recover),
		cmocka_unit_test(test_timeout_keeps_sacks),
		cmocka_unit_test(test_reneging),
		cmocka_unit_test(test_timeout_slow_start),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_new_before_guess),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_dsack),
		cmocka_unit_test(test_bad_blocks),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_mtu_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
