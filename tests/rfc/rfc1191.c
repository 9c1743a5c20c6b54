/* RFC 1191 and RFC 8201, path MTU discovery, with the checks of RFC 5927 section 7. */
#include "tcp_peer.h"

#ifdef PEER_IP6
#define HEADERS 60u
#define FLOOR 1280u
#else
#define HEADERS 40u
#define FLOOR 552u
#endif
#define FULL 1460u

static const struct peer_setup plain = {.mss = FULL, .sack = true}, blind = {.mss = FULL, .no_mtu_probing = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* A router says that the packet at `seq` was too large, and that packets with `payload` fit. */
static bool too_big(struct peer *p, uint32_t seq, uint32_t payload)
{
	bool believed = tcp_icmp_mtu(&p->env, p->t, BERTH_ISS + seq, payload + HEADERS);

	peer_pump(p);
	return believed;
}

/* RFC 1191 section 6.5: at once, and without taking it for congestion. */
static void section_6_5_what_was_too_large_is_sent_again_at_once(void **state)
{
	uint64_t cwnd;
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10 * FULL);
	assert_int_equal(p.n_out, 10);
	cwnd = p.t->cc.cwnd;
	peer_clear(&p);
	assert_true(too_big(&p, 1, 1300));
	assert_int_equal(p.t->mss, 1300);
	assert_true(p.n_out >= 10);
	for (uint32_t i = 0, at = 1; i < p.n_out; at += p.out[i++].len) {
		peer_expect(&p.out[i], TCP_ACK, at, 1, p.out[i].len);
		assert_true(p.out[i].len <= 1300);
	}
	assert_int_equal(p.t->cc.cwnd, cwnd);
	assert_int_equal(p.env.counters.timeouts + p.env.counters.fast_recoveries, 0);
	assert_int_equal(p.env.counters.mtu_lowered, 1);
	peer_deinit(&p);
}

/* It is not congestion later either: the acknowledgments that come shrink no window. */
static void section_6_5_and_begins_no_recovery(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10 * FULL);
	too_big(&p, 1, 1300);
	peer_advance(&p, 50 * MS);
	for (uint32_t at = 1301; at < 1 + 10 * FULL; at += 1300)
		peer_in(&p, TCP_ACK, 1, at, 0);
	peer_in(&p, TCP_ACK, 1, 1 + 10 * FULL, 0);
	assert_int_equal(p.env.counters.timeouts + p.env.counters.fast_recoveries, 0);
	assert_true(p.t->cc.cwnd >= 10 * 1300);
	peer_deinit(&p);
}

static void section_6_5_small_segments_are_not_sent_again(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	peer_send(&p, 1, 100);
	peer_advance(&p, 1 * MS);
	peer_send(&p, 101, FULL);
	peer_clear(&p);
	too_big(&p, 101, 1300);
	assert_int_equal(p.n_out, 2);
	peer_expect(&p.out[0], TCP_ACK, 101, 1, 1300);
	peer_expect(&p.out[1], TCP_ACK, 1401, 1, FULL - 1300);
	peer_deinit(&p);
}

/* A large segment for the link to split says the new size. */
static void section_6_5_large_segments_are_cut_anew(void **state)
{
	struct peer p;

	begin(&p, &plain);
	p.payload_max = 65000;
	peer_send(&p, 1, 10 * FULL);
	assert_int_equal(peer_at(&p, 0)->segment_size, FULL);
	peer_clear(&p);
	too_big(&p, 1, 1300);
	for (uint32_t i = 0; i < p.n_out; i++)
		assert_true(p.out[i].len <= 1300 || p.out[i].segment_size == 1300);
	peer_deinit(&p);
}

/* RFC 1191 section 3 (and CVE-2004-1060), RFC 8201 section 4: no path is narrower. */
static void section_3_nobody_lowers_it_below_the_least(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10 * FULL);
	assert_true(tcp_icmp_mtu(&p.env, p.t, BERTH_ISS + 1, 68));
	assert_int_equal(p.t->mtu, FLOOR);
	peer_deinit(&p);
}

/* RFC 5927 section 4: whoever quotes a number that is not in flight has seen nothing of this connection. */
static void rfc5927_section_4_the_number_must_be_in_flight(void **state)
{
	static const uint32_t numbers[] = {0, 1 + FULL, 100000, 0x80000000};
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, FULL);
	for (unsigned i = 0; i < 4; i++)
		assert_false(too_big(&p, numbers[i], 1300));
	assert_int_equal(p.t->mss, FULL);
	assert_int_equal(p.env.counters.icmp_ignored, 4);
	peer_deinit(&p);
}

/* RFC 5927 section 7.2: what has arrived cannot be too large. Who says so is not believed while acknowledgments come.
 */
static void rfc5927_section_7_2_a_size_that_arrived_is_not_given_up(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 20 * FULL);
	peer_in(&p, TCP_ACK, 1, 1 + 2 * FULL, 0);
	peer_clear(&p);
	assert_false(too_big(&p, 1 + 3 * FULL, 1000));
	peer_none(&p);
	assert_int_equal(p.t->mss, FULL);
	assert_int_equal(p.env.counters.mtu_doubted, 1);
	peer_in(&p, TCP_ACK, 1, 1 + 10 * FULL, 0);
	peer_advance(&p, 10 * S);
	assert_int_equal(p.env.counters.mtu_lowered, 0);
	peer_deinit(&p);
}

/* "... unless the segment is not acknowledged in time": a route has changed. */
static void rfc5927_section_7_2_unless_it_is_not_acknowledged_any_more(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10 * FULL);
	peer_in(&p, TCP_ACK, 1, 1 + 10 * FULL, 0);
	peer_send(&p, 1 + 10 * FULL, FULL);
	assert_false(too_big(&p, 1 + 10 * FULL, 1300));
	peer_clear(&p);
	while (!p.env.counters.timeouts)
		peer_advance(&p, 10 * MS);
	assert_int_equal(p.t->mss, 1300);
	peer_expect(peer_at(&p, p.n_out - 1), TCP_ACK, 1 + 10 * FULL, 1, 1300);
	peer_deinit(&p);
}

/* RFC 1191 section 3.1: a size that is no smaller says nothing. */
static void section_3_1_no_smaller_is_nothing_new(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 2 * FULL);
	peer_clear(&p);
	too_big(&p, 1, FULL);
	too_big(&p, 1, 9000);
	peer_none(&p);
	assert_int_equal(p.t->mss, FULL);
	peer_deinit(&p);
}

/* Sends 20 full segments and acknowledges them; the longest of them. */
static uint32_t longest(struct peer *p, uint32_t *at)
{
	uint32_t len = 0, right = *at;

	peer_clear(p);
	peer_send(p, *at, 20 * FULL);
	*at += 20 * FULL;
	for (unsigned i = 0; i < 50 && right < *at; i++) {
		peer_advance(p, 1 * MS);
		for (size_t k = 0; k < p->n_out; k++) {
			len = p->out[k].len > len ? p->out[k].len : len;
			if (p->out[k].seq + p->out[k].len > right)
				right = p->out[k].seq + p->out[k].len;
		}
		peer_clear(p);
		peer_in(p, TCP_ACK, 1, right, 0);
	}
	return len;
}

/* RFC 1191 section 6.3, RFC 8201 section 4: after ten minutes, not before, a larger size is tried. */
static void section_6_3_after_ten_minutes_more_is_tried(void **state)
{
	const struct peer_setup *const setups[] = {&plain, &blind};

	for (unsigned i = 0; i < 2; i++) {
		uint32_t at = 1;
		struct peer p;

		begin(&p, setups[i]);
		longest(&p, &at);
		longest(&p, &at);
		p.t->pmtu.proven = false;
		peer_send(&p, at, FULL);
		too_big(&p, at, 1300);
		peer_in(&p, TCP_ACK, 1, at += FULL, 0);
		assert_int_equal(longest(&p, &at), 1300);
		peer_advance(&p, 590 * S);
		longest(&p, &at); /* the window is small after the pause */
		assert_int_equal(longest(&p, &at), 1300);
		peer_advance(&p, 10 * S);
		longest(&p, &at);
		longest(&p, &at);
		assert_int_equal(longest(&p, &at), FULL);
		assert_int_equal(p.t->mss, FULL);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_nobody_lowers_it_below_the_least),
		cmocka_unit_test(section_3_1_no_smaller_is_nothing_new),
		cmocka_unit_test(section_6_3_after_ten_minutes_more_is_tried),
		cmocka_unit_test(section_6_5_what_was_too_large_is_sent_again_at_once),
		cmocka_unit_test(section_6_5_and_begins_no_recovery),
		cmocka_unit_test(section_6_5_small_segments_are_not_sent_again),
		cmocka_unit_test(section_6_5_large_segments_are_cut_anew),
		cmocka_unit_test(rfc5927_section_4_the_number_must_be_in_flight),
		cmocka_unit_test(rfc5927_section_7_2_a_size_that_arrived_is_not_given_up),
		cmocka_unit_test(rfc5927_section_7_2_unless_it_is_not_acknowledged_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
