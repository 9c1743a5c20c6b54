/* Loss recovery without SACK: RFC 5681 section 3.2 and RFC 6582. */
#include <berth/error.h>

#include "tcp_peer.h"

enum { MSS = 1000 };

static const struct peer_setup plain = {.mss = MSS};

static uint32_t at(uint32_t i)
{
	return 1 + i * MSS;
}

static void begin(struct peer *p, uint32_t n)
{
	peer_init(p, &plain);
	peer_establish_active(p);
	assert_int_equal(peer_send(p, 1, n * MSS), n * MSS);
	peer_clear(p);
}

static void duplicates(struct peer *p, uint32_t ack, unsigned n)
{
	while (n--)
		peer_in(p, TCP_ACK, 1, at(ack), 0);
}

/* How often segment i was sent since the last look. */
static unsigned times(const struct peer *p, uint32_t i)
{
	unsigned n = 0;

	for (size_t k = 0; k < p->n_out; k++)
		n += p->out[k].seq == at(i) && p->out[k].len;
	return n;
}

/* RFC 5681 section 3.2: on the third, once. */
static void test_third_duplicate(void **state)
{
	struct peer p;

	begin(&p, 10);
	duplicates(&p, 0, 2);
	peer_none(&p);
	duplicates(&p, 0, 1);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, MSS);
	assert_int_equal(p.t->cc.ssthresh, 5 * MSS);
	assert_int_equal(p.env.counters.fast_recoveries, 1);
	duplicates(&p, 0, 6);
	assert_int_equal(times(&p, 0), 1);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.t->cc.cwnd, 5 * MSS);
	assert_int_equal(p.env.counters.segments_retransmitted, 1);
	peer_deinit(&p);
}

/* Section 2: no duplicate is what carries data, changes the window, has nothing outstanding, or has FIN. */
static void test_no_duplicates(void **state)
{
	struct peer p;

	begin(&p, 10);
	for (uint32_t i = 0; i < 6; i++)
		peer_in(&p, TCP_ACK, 1 + i * 10, 1, 10);
	for (uint32_t i = 0; i < 6; i++) {
		p.window = (uint16_t)(50000 + i);
		peer_in(&p, TCP_ACK, 61, 1, 0);
	}
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	peer_in(&p, TCP_ACK, 61, at(10), 0);
	for (uint32_t i = 0; i < 6; i++)
		peer_in(&p, TCP_ACK, 61, at(10), 0);
	peer_send(&p, at(10), 2 * MSS);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	assert_int_equal(p.env.counters.segments_retransmitted, 0);
	peer_deinit(&p);
}

/* RFC 6582 section 3.2, step 3: each partial acknowledgment has the next hole sent again at once, and only that. */
static void test_partial(void **state)
{
	struct peer p;

	begin(&p, 10);
	duplicates(&p, 0, 7); /* 0, 3 and 6 are lost */
	assert_int_equal(times(&p, 0), 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, at(3), 0);
	assert_int_equal(times(&p, 3), 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, at(6), 0);
	assert_int_equal(times(&p, 6), 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.segments_retransmitted, 3);
	assert_int_equal(p.env.counters.fast_recoveries, 1);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* RFC 3042: the first two duplicates let a new segment out each. RFC 5681 section 3.2, step 3: then ssthresh is half of
 * what cwnd had let out, and RFC 9937 lets one out for each two duplicates beyond. */
static void test_inflation(void **state)
{
	struct peer p;

	begin(&p, 40);
	duplicates(&p, 0, 1);
	peer_expect(peer_only(&p), TCP_ACK, at(10), 1, MSS);
	duplicates(&p, 0, 1);
	peer_expect(peer_at(&p, 1), TCP_ACK, at(11), 1, MSS);
	duplicates(&p, 0, 1);
	peer_expect(peer_at(&p, 2), TCP_ACK, at(0), 1, MSS);
	assert_int_equal(p.t->cc.ssthresh, 5 * MSS);
	duplicates(&p, 0, 2); /* 5 of 12 have arrived, and half as much may leave: two and a part, of which one has */
	peer_expect(peer_at(&p, 3), TCP_ACK, at(12), 1, MSS);
	duplicates(&p, 0, 4);
	peer_expect(peer_at(&p, 4), TCP_ACK, at(13), 1, MSS);
	assert_true(tcp_pipe(p.t) <= p.t->cc.cwnd);
	peer_deinit(&p);
}

/* RFC 6582 section 3.2 step 1 and section 4.1: after a timeout, duplicates of what was in flight before begin nothing.
 */
static void test_after_timeout(void **state)
{
	struct peer p;

	begin(&p, 10);
	peer_advance(&p, 1100 * MS);
	assert_int_equal(p.env.counters.timeouts, 1);
	peer_clear(&p);
	duplicates(&p, 0, 5);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	assert_int_equal(times(&p, 0), 0);
	peer_in(&p, TCP_ACK, 1, at(4), 0);
	duplicates(&p, 4, 5);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	peer_deinit(&p);
}

/* Step 1: duplicates of just what was outstanding at the timeout may be answers to what was sent again needlessly;
 * those of more are a loss. */
static void test_covers_more_than_recover(void **state)
{
	struct peer p;

	begin(&p, 10);
	peer_advance(&p, 1100 * MS);
	peer_in(&p, TCP_ACK, 1, at(10), 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	p.t->cc.cwnd = 10 * MSS;
	peer_send(&p, at(10), 8 * MSS);
	peer_clear(&p);
	duplicates(&p, 10, 4);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	peer_in(&p, TCP_ACK, 1, at(11), 0);
	duplicates(&p, 11, 3);
	assert_int_equal(p.env.counters.fast_recoveries, 1);
	assert_int_equal(times(&p, 11), 1);
	peer_deinit(&p);
}

/* A second loss event after the first is over halves again. */
static void test_again(void **state)
{
	struct peer p;

	begin(&p, 40);
	duplicates(&p, 0, 3);
	peer_in(&p, TCP_ACK, 1, (uint32_t)(p.t->snd_nxt - TCP_SEQ_BASE) - BERTH_ISS, 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.t->cc.cwnd, 5 * MSS);
	{
		uint32_t una = (uint32_t)(p.t->snd_una - TCP_SEQ_BASE) - BERTH_ISS;

		peer_in(&p, TCP_ACK, 1, una + MSS, 0);
		for (unsigned i = 0; i < 3; i++)
			peer_in(&p, TCP_ACK, 1, una + MSS, 0);
	}
	assert_int_equal(p.env.counters.fast_recoveries, 2);
	peer_deinit(&p);
}

/* SACK blocks from a peer that never said SACK-permitted are not looked at (RFC 2018 section 3). */
static void test_blocks_uninvited(void **state)
{
	const uint32_t edges[2] = {at(1), at(9)};
	struct peer p;

	begin(&p, 10);
	for (unsigned i = 0; i < 10; i++)
		peer_in_sack(&p, 1, 1, 1, edges);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_duplicate), cmocka_unit_test(test_no_duplicates),
		cmocka_unit_test(test_partial),         cmocka_unit_test(test_inflation),
		cmocka_unit_test(test_after_timeout),   cmocka_unit_test(test_covers_more_than_recover),
		cmocka_unit_test(test_again),           cmocka_unit_test(test_blocks_uninvited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
