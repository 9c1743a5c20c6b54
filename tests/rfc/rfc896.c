/* RFC 896 and RFC 9293 section 3.7.4: Nagle's algorithm, as Minshall amends it, and what turns it off. */
#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* A small segment is the only one of its kind in flight; what comes meanwhile leaves together. */
static void small_segments_wait_for_one_another(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 0; i < 50; i++)
		peer_send(&p, 1 + i, 1);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	peer_expect(peer_only(&p), TCP_ACK, 2, 1, 49);
	peer_deinit(&p);
}

/* What has grown to a full segment does not wait. */
static void a_full_segment_does_not_wait(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 1);
	peer_send(&p, 2, 600);
	assert_int_equal(p.n_out, 1);
	peer_send(&p, 602, 600);
	assert_int_equal(p.n_out, 2);
	peer_expect(&p.out[1], TCP_ACK, 2, 1, 1000);
	peer_deinit(&p);
}

/* Minshall: the tail of a large send goes with it, since no small one is in flight; that of the next send waits. */
static void the_tail_of_a_large_send_goes_with_it(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 2500);
	peer_expect(peer_at(&p, 2), TCP_ACK, 2001, 1, 500);
	peer_send(&p, 2501, 2500);
	assert_int_equal(p.n_out, 5);
	peer_in(&p, TCP_ACK, 1, 2501, 0);
	peer_expect(peer_at(&p, 5), TCP_ACK, 4501, 1, 500);
	peer_deinit(&p);
}

/* A send that found room for a part only has more to follow: what it left at the end is no tail. */
static void the_end_of_a_send_that_was_cut_is_no_tail(void **state)
{
	static const struct peer_setup narrow = {.mss = 1000, .send_buffer = 4500};
	struct peer p;

	begin(&p, &narrow);
	assert_int_equal(peer_send(&p, 1, 8000), 4500);
	assert_int_equal(p.n_out, 4);
	assert_int_equal(peer_at(&p, 3)->len, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2001, 0); /* and it waits on: it is about to be filled up */
	peer_none(&p);
	peer_send(&p, 4501, 3500);
	peer_expect(peer_at(&p, 0), TCP_ACK, 4001, 1, 1000);
	peer_deinit(&p);
	begin(&p, &narrow); /* unless nobody fills it up */
	peer_send(&p, 1, 8000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 4001, 0);
	peer_expect(peer_only(&p), TCP_ACK, 4001, 1, 500);
	peer_deinit(&p);
}

/* Section 3.7.4, MUST-17: it can be turned off, and what waits leaves. */
static void nodelay_turns_it_off(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 1);
	peer_send(&p, 2, 1);
	assert_int_equal(p.n_out, 1);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	assert_int_equal(p.n_out, 2);
	for (uint32_t i = 0; i < 3; i++)
		peer_send(&p, 3 + i, 1);
	assert_int_equal(p.n_out, 5);
	peer_deinit(&p);
}

/* A cork holds everything that is not full, until it is taken out. */
static void a_cork_holds_what_is_not_full(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	peer_send(&p, 1, 999);
	peer_none(&p);
	peer_send(&p, 1000, 11);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1000);
	peer_clear(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 10);
	peer_deinit(&p);
}

/* FIN pushes out what is before it, on the same segment. */
static void fin_takes_what_waits_with_it(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	peer_send(&p, 1, 10);
	peer_none(&p);
	peer_shutdown(&p, BERTH_SHUT_WR);
	peer_expect(peer_only(&p), TCP_ACK | TCP_FIN, 1, 1, 10);
	assert_true(p.out[0].h.flags & TCP_PSH);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_segments_wait_for_one_another),
		cmocka_unit_test(a_full_segment_does_not_wait),
		cmocka_unit_test(the_tail_of_a_large_send_goes_with_it),
		cmocka_unit_test(the_end_of_a_send_that_was_cut_is_no_tail),
		cmocka_unit_test(nodelay_turns_it_off),
		cmocka_unit_test(a_cork_holds_what_is_not_full),
		cmocka_unit_test(fin_takes_what_waits_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
