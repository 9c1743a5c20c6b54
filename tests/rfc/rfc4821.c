/* RFC 4821 and RFC 8899: the size of packets found by what arrives. */
#include "tcp_peer.h"

#ifdef PEER_IP6
#define HEADERS 60u
#define BASE 1280u
#else
#define HEADERS 40u
#define BASE 1200u
#endif
#define FULL 1460u

static const struct peer_setup plain = {.mss = FULL, .sack = true, .send_buffer = 1 << 20},
			       off = {.mss = FULL, .sack = true, .no_mtu_probing = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

static void timeouts(struct peer *p, unsigned n)
{
	unsigned wanted = (unsigned)p->env.counters.timeouts + n;

	while (p->env.counters.timeouts < wanted) {
		peer_clear(p);
		peer_advance(p, 10 * MS);
	}
}

/* Full segments vanish; after the second timeout they are of BASE_PLPMTU. */
static void fall_into_the_hole(struct peer *p)
{
	begin(p, &plain);
	peer_send(p, 1, 400000);
	timeouts(p, 1);
	assert_int_equal(peer_at(p, 0)->len, FULL);
	timeouts(p, 1);
	peer_expect(peer_at(p, 0), TCP_ACK, 1, 1, BASE - HEADERS);
	assert_int_equal(p->env.counters.mtu_black_holes, 1);
	peer_clear(p);
}

/* RFC 4821 section 7.7, "black hole detection"; RFC 8899 section 4.3. */
static void section_7_7_two_timeouts_of_full_segments_mean_a_black_hole(void **state)
{
	struct peer p;

	fall_into_the_hole(&p);
	peer_deinit(&p);
}

/* RFC 8899 section 5.1.2: below BASE_PLPMTU there is the least; an IPv6 path carries 1280 bytes. */
static void section_5_1_2_then_the_least(void **state)
{
	struct peer p;

	fall_into_the_hole(&p);
	timeouts(&p, 2);
#ifdef PEER_IP6
	assert_int_equal(peer_at(&p, 0)->len, 1280 - HEADERS);
#else
	assert_int_equal(peer_at(&p, 0)->len, 576 - HEADERS);
#endif
	timeouts(&p, 4);
	assert_in_range(p.env.counters.mtu_black_holes, 1, 2);
	peer_deinit(&p);
}

static void small_segments_that_vanish_mean_nothing(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 500);
	timeouts(&p, 5);
	assert_int_equal(p.env.counters.mtu_black_holes, 0);
	assert_int_equal(p.t->mtu, FULL + HEADERS);
	peer_deinit(&p);
}

static void a_host_that_does_not_probe_keeps_its_size(void **state)
{
	struct peer p;

	begin(&p, &off);
	peer_send(&p, 1, 10 * FULL);
	timeouts(&p, 5);
	assert_int_equal(peer_at(&p, 0)->len, FULL);
	peer_deinit(&p);
}

/* Acknowledges what is there until a probe has left: its sequence number; *right is the end of what was sent. */
static uint32_t find_probe(struct peer *p, uint32_t *right)
{
	for (unsigned i = 0; i < 100; i++) {
		for (size_t k = 0; k < p->n_out; k++) {
			const struct peer_segment *s = &p->out[k];

			*right = s->seq + s->len > *right ? s->seq + s->len : *right;
		}
		for (size_t k = 0; k < p->n_out; k++)
			if (p->out[k].len > p->t->mss)
				return p->out[k].seq;
		peer_clear(p);
		peer_advance(p, 10 * MS);
		peer_in(p, TCP_ACK, 1, *right, 0);
	}
	fail_msg("no probe");
	return 0;
}

/* What was away for a while looks like a black hole: the size from before is the first to be tried. */
static void section_7_3_the_size_from_before_is_tried_first(void **state)
{
	uint32_t right = 1 + BASE - HEADERS, probe;
	struct peer p;

	fall_into_the_hole(&p);
	probe = find_probe(&p, &right);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, probe + FULL, 0);
	assert_int_equal(p.t->mss, FULL);
	assert_int_equal(p.env.counters.mtu_raised, 1);
	peer_in(&p, TCP_ACK, 1, right, 0);
	assert_int_equal(peer_at(&p, p.n_out - 1)->len, FULL);
	peer_deinit(&p);
}

/* All but the probe arrives. */
static void lose_probe(struct peer *p, uint32_t probe, uint32_t len, uint32_t right)
{
	uint32_t edges[2] = {probe + len, probe + len};

	peer_clear(p);
	peer_advance(p, 10 * MS);
	peer_in(p, TCP_ACK, 1, probe, 0);
	while (edges[1] < right) {
		edges[1] += p->t->mss;
		edges[1] = edges[1] < right ? edges[1] : right;
		peer_in_sack(p, 1, probe, 1, edges);
	}
	peer_advance(p, 5 * MS);
}

/* RFC 4821 section 7.6.2: the loss of a probe is no congestion. Its data goes out again in segments that fit. */
static void section_7_6_2_a_lost_probe_shrinks_no_window(void **state)
{
	uint32_t right = 1 + BASE - HEADERS, probe, n_again = 0;
	uint64_t cwnd;
	struct peer p;

	fall_into_the_hole(&p);
	probe = find_probe(&p, &right);
	cwnd = p.t->cc.cwnd;
	lose_probe(&p, probe, FULL, right);
	for (size_t i = 0; i < p.n_out; i++)
		if (p.out[i].seq >= probe && p.out[i].seq < probe + FULL) {
			assert_true(p.out[i].len <= BASE - HEADERS);
			n_again += p.out[i].len;
		}
	assert_int_equal(n_again, FULL);
	assert_true(p.t->cc.cwnd >= cwnd);
	assert_int_equal(p.env.counters.fast_recoveries, 0);
	assert_int_equal(p.t->mss, BASE - HEADERS);
	peer_deinit(&p);
}

/* RFC 8899 section 5.1.2, MAX_PROBES: three of a size, then it is too large and the middle is tried. */
static void section_5_1_2_three_probes_then_a_smaller_one(void **state)
{
	uint32_t right = 1 + BASE - HEADERS, probe = 0, len = FULL;
	struct peer p;

	fall_into_the_hole(&p);
	for (unsigned i = 0; i < 3; i++) {
		probe = find_probe(&p, &right);
		len = p.t->pmtu.probe - HEADERS;
		assert_int_equal(len, FULL);
		lose_probe(&p, probe, len, right);
	}
	probe = find_probe(&p, &right);
	len = p.t->pmtu.probe - HEADERS;
	assert_int_equal(len, (FULL + BASE - HEADERS) / 2);
	peer_in(&p, TCP_ACK, 1, probe + len, 0);
	assert_int_equal(p.t->mss, len);
	peer_deinit(&p);
}

/* RFC 4821 section 7.4: a probe takes data that is there, and only when enough follows to tell that it is lost. */
static void section_7_4_no_probe_without_data_that_follows(void **state)
{
	struct peer p;
	uint32_t at = 1;

	begin(&p, &plain);
	peer_send(&p, 1, FULL);
	timeouts(&p, 2);
	peer_in(&p, TCP_ACK, 1, at += FULL, 0);
	for (unsigned i = 0; i < 30; i++) {
		peer_clear(&p);
		peer_send(&p, at, 2000);
		for (size_t k = 0; k < p.n_out; k++)
			assert_true(p.out[k].len <= BASE - HEADERS);
		peer_advance(&p, 10 * MS);
		peer_in(&p, TCP_ACK, 1, at += 2000, 0);
	}
	assert_int_equal(p.env.counters.mtu_probes, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_7_7_two_timeouts_of_full_segments_mean_a_black_hole),
		cmocka_unit_test(section_5_1_2_then_the_least),
		cmocka_unit_test(small_segments_that_vanish_mean_nothing),
		cmocka_unit_test(a_host_that_does_not_probe_keeps_its_size),
		cmocka_unit_test(section_7_3_the_size_from_before_is_tried_first),
		cmocka_unit_test(section_7_6_2_a_lost_probe_shrinks_no_window),
		cmocka_unit_test(section_5_1_2_three_probes_then_a_smaller_one),
		cmocka_unit_test(section_7_4_no_probe_without_data_that_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
