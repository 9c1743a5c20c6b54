/* RFC 9293 section 3.9.1.2 and 3.8.6.2.1: PSH, and what a sender waits for before it sends little. */
#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000}, sack = {.mss = 1000, .sack = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

static bool pushed(const struct peer_segment *s)
{
	return s->h.flags & TCP_PSH;
}

/* Sends the stream's bytes from `position` on, with flags; collects. */
static void send_flags(struct peer *p, uint32_t position, uint32_t n, unsigned flags)
{
	uint8_t bytes[4096];
	struct berth_vector v = {.data = bytes, .n = n};

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = peer_byte(position + i);
	assert_int_equal(tcp_send(&p->env, p->t, &v, 1, flags), n);
	peer_pump(p);
}

/* MUST-61: the last of what is queued, and no other. */
static void section_3_9_1_2_the_last_buffered_segment_is_pushed(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 4000);
	assert_int_equal(p.n_out, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pushed(&p.out[i]), i == 3);
	peer_deinit(&p);
}

/* MAY-16, MUST-60: several sends may become one segment, which has one PSH at its end (SHLD-27). */
static void section_3_9_1_2_successive_pushes_are_one(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10);
	peer_send(&p, 11, 10);
	peer_send(&p, 21, 10);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 11, 0);
	peer_expect(peer_only(&p), TCP_ACK, 11, 1, 20);
	assert_true(pushed(&p.out[0]));
	peer_deinit(&p);
}

/* The end of a send that says that more follows is none (the PUSH flag of section 3.9.1.2, the other way round). */
static void section_3_9_1_2_what_more_follows_is_not_pushed(void **state)
{
	struct peer p;

	begin(&p, &plain);
	send_flags(&p, 1, 1000, BERTH_MSG_MORE);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1000);
	assert_false(pushed(&p.out[0]));
	peer_clear(&p);
	send_flags(&p, 1001, 10, BERTH_MSG_MORE);
	peer_none(&p);
	send_flags(&p, 1011, 10, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 20);
	assert_true(pushed(&p.out[0]));
	peer_deinit(&p);
}

/* MUST-60: what more was to follow does not wait for ever; then it is pushed. */
static void section_3_9_1_2_nothing_waits_for_more_for_ever(void **state)
{
	struct peer p;

	begin(&p, &plain);
	send_flags(&p, 1, 10, BERTH_MSG_MORE);
	peer_none(&p);
	peer_advance(&p, 1 * S);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 1, 10);
	assert_true(pushed(&p.out[0]));
	peer_deinit(&p);
}

/* An acknowledgment lets it go before. */
static void section_3_9_1_2_an_acknowledgment_ends_the_wait_for_more(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 1000);
	send_flags(&p, 1001, 10, BERTH_MSG_MORE);
	assert_int_equal(p.n_out, 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 10);
	assert_false(pushed(&p.out[0]));
	peer_deinit(&p);
}

/* Sent again, a segment has PSH where it had it, although more has been sent since. */
static void section_3_9_1_2_a_retransmission_is_pushed_as_it_was(void **state)
{
	bool again = false;
	struct peer p;

	begin(&p, &sack);
	peer_send(&p, 1, 2000);
	peer_send(&p, 2001, 1000);
	peer_clear(&p);
	peer_advance(&p, 5 * S);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_advance(&p, 5 * S);
	for (size_t i = 0; i < p.n_out; i++) {
		assert_int_equal(pushed(&p.out[i]), p.out[i].seq != 1);
		again |= p.out[i].seq == 1001;
	}
	assert_true(again);
	peer_deinit(&p);
}

/* A large segment, which the link cuts, is pushed: its receiver joins it again and need not wait for more. */
static void section_3_9_1_2_a_large_segment_is_pushed(void **state)
{
	struct peer p;

	begin(&p, &plain);
	p.payload_max = 65000;
	peer_send(&p, 1, 20000);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 1, 5000); /* half of the window */
	assert_true(pushed(&p.out[0]));
	peer_deinit(&p);
}

/* Section 3.8.6.2.1 (1): a full segment leaves at once; (2): all that is queued; (3): half of the largest window. */
static void section_3_8_6_2_1_little_is_sent_for_a_reason_only(void **state)
{
	static const struct peer_setup small = {.mss = 1000, .window = 600};
	struct peer p;

	begin(&p, &small);
	peer_send(&p, 1, 2000);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 600); /* (3): the window has never been larger */
	peer_clear(&p);
	p.window = 100;
	peer_in(&p, TCP_ACK, 1, 601, 0);
	peer_none(&p); /* less than half of it */
	p.window = 300;
	peer_in(&p, TCP_ACK, 1, 601, 0);
	peer_expect(peer_only(&p), TCP_ACK, 601, 1, 300);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_9_1_2_the_last_buffered_segment_is_pushed),
		cmocka_unit_test(section_3_9_1_2_successive_pushes_are_one),
		cmocka_unit_test(section_3_9_1_2_what_more_follows_is_not_pushed),
		cmocka_unit_test(section_3_9_1_2_nothing_waits_for_more_for_ever),
		cmocka_unit_test(section_3_9_1_2_an_acknowledgment_ends_the_wait_for_more),
		cmocka_unit_test(section_3_9_1_2_a_retransmission_is_pushed_as_it_was),
		cmocka_unit_test(section_3_9_1_2_a_large_segment_is_pushed),
		cmocka_unit_test(section_3_8_6_2_1_little_is_sent_for_a_reason_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
