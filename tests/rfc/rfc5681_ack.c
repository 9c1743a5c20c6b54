/* RFC 5681 section 4.2 and RFC 9293 section 3.8.6.3: when what has arrived is acknowledged. */
#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000, .sack = true}, quick = {.mss = 1000, .quick_acks = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_passive(p);
}

/* Teaches berth what a full segment of the peer is. */
static void meet(struct peer *p, const struct peer_setup *setup)
{
	begin(p, setup);
	peer_in(p, TCP_ACK, 1, 1, 1000);
	peer_in(p, TCP_ACK, 1001, 1, 1000);
	peer_expect(peer_at(p, 0), TCP_ACK, 1, 2001, 0);
	peer_clear(p);
}

static uint32_t last_ack(const struct peer *p)
{
	return peer_at(p, p->n_out - 1)->ack;
}

/* MUST-58, SHLD-18, SHLD-19: each second full segment. */
static void section_4_2_each_second_full_segment_is_acknowledged(void **state)
{
	struct peer p;

	meet(&p, &plain);
	for (uint32_t i = 0; i < 20; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 2001 + i * 1000, 1, 1000);
		if (i % 2)
			peer_expect(peer_only(&p), TCP_ACK, 1, 3001 + i * 1000, 0);
		else
			peer_none(&p);
	}
	peer_deinit(&p);
}

/* MUST-40: no later than 0.5 s; here 40 ms. */
static void section_4_2_the_first_of_two_waits_less_than_half_a_second(void **state)
{
	struct peer p;

	meet(&p, &plain);
	for (uint32_t i = 0; i < 5; i++) {
		peer_in(&p, TCP_ACK, 2001 + i * 1000, 1, 1000);
		peer_none(&p);
		peer_advance(&p, 39 * MS);
		peer_none(&p);
		peer_advance(&p, 2 * MS);
		peer_expect(peer_only(&p), TCP_ACK, 1, 3001 + i * 1000, 0);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 0);
		peer_clear(&p);
	}
	peer_deinit(&p);
}

/* Small segments: what is more than one full one is acknowledged, not each. */
static void section_4_2_small_segments_are_counted_by_their_bytes(void **state)
{
	struct peer p;

	meet(&p, &plain);
	for (uint32_t i = 0; i < 10; i++)
		peer_in(&p, TCP_ACK, 2001 + i * 100, 1, 100);
	peer_none(&p);
	peer_in(&p, TCP_ACK, 3001, 1, 100);
	peer_expect(peer_only(&p), TCP_ACK, 1, 3101, 0);
	peer_deinit(&p);
}

/* "Out-of-order data segments SHOULD be acknowledged immediately", each of them. */
static void section_4_2_ahead_of_a_gap_each_segment_at_once(void **state)
{
	struct peer p;

	meet(&p, &plain);
	for (uint32_t i = 0; i < 5; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 3001 + i * 1000, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 2001, 0);
	}
	peer_deinit(&p);
}

/* "when the incoming segment fills in all or part of a gap in the sequence space". */
static void section_4_2_what_fills_all_or_part_of_a_gap_at_once(void **state)
{
	struct peer p;

	meet(&p, &plain);
	peer_in(&p, TCP_ACK, 5001, 1, 1000); /* 2001 to 5001 are missing */
	peer_in(&p, TCP_ACK, 3001, 1, 500);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 2001, 1, 500);
	peer_expect(peer_only(&p), TCP_ACK, 1, 2501, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 2501, 1, 500);
	peer_expect(peer_only(&p), TCP_ACK, 1, 3501, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 3501, 1, 1500);
	peer_expect(peer_only(&p), TCP_ACK, 1, 6001, 0);
	peer_deinit(&p);
}

/* A duplicate tells that our acknowledgment was lost (RFC 9293 section 3.10.7.4, first: "an acknowledgment"). */
static void section_4_2_a_duplicate_at_once(void **state)
{
	struct peer p;

	meet(&p, &plain);
	for (unsigned i = 0; i < 5; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 2001, 0);
	}
	peer_deinit(&p);
}

/* RFC 9293 section 3.10.7.4: what lies beyond the window is answered with where it is. */
static void section_3_10_7_4_beyond_the_window_at_once(void **state)
{
	const struct peer_setup small = {.mss = 1000, .receive_buffer = 8000};
	struct peer p;

	meet(&p, &small);
	for (uint32_t i = 0; i < 3; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 20001 + i * 1000, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 2001, 0);
	}
	peer_deinit(&p);
}

/* As Linux: a peer in slow start gets an acknowledgment for each of its first 16 segments, so that its window grows by
 * what it sent and not by half of it. */
static void the_first_sixteen_segments_are_acknowledged_one_by_one(void **state)
{
	struct peer p;

	begin(&p, &quick);
	for (uint32_t i = 0; i < 16; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 1001 + i * 1000, 0);
	}
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 16001, 1, 1000);
	peer_none(&p);
	peer_in(&p, TCP_ACK, 17001, 1, 1000);
	assert_int_equal(last_ack(&p), 18001);
	peer_deinit(&p);
}

/* No more than half a window of them: with a small buffer the acknowledgments would be mostly window updates. */
static void a_small_window_has_a_short_first_phase(void **state)
{
	const struct peer_setup small = {.mss = 1000, .receive_buffer = 8000, .quick_acks = true};
	unsigned n_quick = 0;
	struct peer p;

	begin(&p, &small);
	for (uint32_t i = 0; i < 8; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
		assert_int_equal(peer_recv(&p, 1 + i * 1000, 1000), 1000);
		n_quick += p.n_out == 1 && last_ack(&p) == 1001 + i * 1000;
	}
	assert_in_range(n_quick, 4, 7);
	peer_deinit(&p);
}

/* After an idle time the peer's window is small again (section 4.1). */
static void after_an_idle_time_acknowledgments_are_quick_again(void **state)
{
	struct peer p;

	meet(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
	for (uint32_t i = 0; i < 18; i++)
		peer_in(&p, TCP_ACK, 2001 + i * 1000, 1, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 20001, 1, 1000);
	peer_none(&p);
	peer_advance(&p, 5 * S);
	for (uint32_t i = 0; i < 10; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 21001 + i * 1000, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 22001 + i * 1000, 0);
	}
	peer_deinit(&p);
}

/* Somebody who answers carries the acknowledgment along; when no answer comes, the timer ends that. */
static void an_interactive_connection_lets_acknowledgments_wait_for_answers(void **state)
{
	struct peer p;

	begin(&p, &quick);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_expect(peer_only(&p), TCP_ACK, 1, 101, 0);
	assert_int_equal(peer_send(&p, 1, 50), 50);
	for (uint32_t i = 0; i < 3; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 101 + i * 100, 51 + i * 50, 100);
		peer_none(&p);
		assert_int_equal(peer_send(&p, 51 + i * 50, 50), 50);
		peer_expect(peer_only(&p), TCP_ACK, 51 + i * 50, 201 + i * 100, 50);
	}
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 401, 201, 100);
	peer_none(&p);
	peer_advance(&p, 41 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 201, 501, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 501, 201, 100);
	peer_expect(peer_only(&p), TCP_ACK, 201, 601, 0);
	peer_deinit(&p);
}

/* TCP_QUICKACK: what waits leaves at once; 0 lets it wait. It says how things stand (Linux's tcp(7)). */
static void quickack_sets_and_tells_how_things_stand(void **state)
{
	int value = -1;
	size_t n = sizeof(value);
	struct peer p;

	begin(&p, &plain);
	assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, &value, &n), 0);
	assert_int_equal(value, 0);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_none(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
	peer_expect(peer_only(&p), TCP_ACK, 1, 101, 0);
	assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, &value, &n), 0);
	assert_int_equal(value, 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 101, 1, 1);
	peer_expect(peer_only(&p), TCP_ACK, 1, 102, 0);
	peer_deinit(&p);
}

/* What comes after a gap has been filled is acknowledged one by one: the peer recovers with a small window. */
static void after_a_gap_acknowledgments_are_quick(void **state)
{
	struct peer p;

	meet(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
	for (uint32_t i = 0; i < 18; i++)
		peer_in(&p, TCP_ACK, 2001 + i * 1000, 1, 1000);
	peer_in(&p, TCP_ACK, 21001, 1, 1000);
	peer_in(&p, TCP_ACK, 20001, 1, 1000);
	for (uint32_t i = 0; i < 8; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 22001 + i * 1000, 1, 1000);
		peer_expect(peer_only(&p), TCP_ACK, 1, 23001 + i * 1000, 0);
	}
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_2_each_second_full_segment_is_acknowledged),
		cmocka_unit_test(section_4_2_the_first_of_two_waits_less_than_half_a_second),
		cmocka_unit_test(section_4_2_small_segments_are_counted_by_their_bytes),
		cmocka_unit_test(section_4_2_ahead_of_a_gap_each_segment_at_once),
		cmocka_unit_test(section_4_2_what_fills_all_or_part_of_a_gap_at_once),
		cmocka_unit_test(section_4_2_a_duplicate_at_once),
		cmocka_unit_test(section_3_10_7_4_beyond_the_window_at_once),
		cmocka_unit_test(the_first_sixteen_segments_are_acknowledged_one_by_one),
		cmocka_unit_test(a_small_window_has_a_short_first_phase),
		cmocka_unit_test(after_an_idle_time_acknowledgments_are_quick_again),
		cmocka_unit_test(an_interactive_connection_lets_acknowledgments_wait_for_answers),
		cmocka_unit_test(quickack_sets_and_tells_how_things_stand),
		cmocka_unit_test(after_a_gap_acknowledgments_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
