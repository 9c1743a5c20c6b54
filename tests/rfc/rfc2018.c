/* Selective acknowledgments at the sender. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true};

/* Section 8: what is reported is not sent again, also after a timeout. */
static void section_8_what_is_reported_is_not_sent_again(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 4, 6);
	peer_advance(&p, 10 * S);
	assert_true(times(&p, 0) >= 1);
	assert_int_equal(times(&p, 4) + times(&p, 5), 0);
	peer_deinit(&p);
}

/* Section 8: a peer that has thrown away what it reported gets it again, after a timeout. */
static void section_8_reneging_is_repaired(void **state)
{
	struct peer p;
	uint32_t next = 1;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 1, 10);
	acked(&p, 1); /* and nothing of the rest */
	peer_clear(&p);
	for (unsigned i = 0; i < 30 && next < 10; i++) {
		peer_advance(&p, 1 * S);
		while (next < 10 && times(&p, next))
			next++;
		peer_clear(&p);
		acked(&p, next);
		while (next < 10 && times(&p, next))
			next++;
	}
	assert_int_equal(next, 10);
	assert_int_equal(p.env.counters.reneging, 1);
	acked(&p, 10);
	assert_int_equal(p.t->snd_una, p.t->snd_nxt);
	peer_deinit(&p);
}

/* A part of a segment is no segment: it counts when the rest of it is reported. Where the flight was sent at one
 * instant, blocks of a byte make no records. */
static void section_5_parts_of_segments_do_not_count(void **state)
{
	const uint32_t parts[8] = {at(9) + 999, at(10), at(7) + 1, at(8), at(4) + 500, at(6) - 1, at(2), at(2) + 1};
	struct peer p;

	flight_begin(&p, &sack, 10);
	peer_in_sack(&p, 1, at(0), 4, parts);
	assert_int_equal(tcp_sent(p.t)->n_sacked, 0);
	assert_int_equal(tcp_sent(p.t)->n, 1);
	sacked(&p, 0, 7, 9); /* the rest of 7, and 8 */
	assert_int_equal(tcp_sent(p.t)->n_sacked, 2 * MSS);
	assert_int_equal(tcp_sent(p.t)->n, 3);
	peer_deinit(&p);
}

/* The end of a flight is whole though it is small, and with or without the FIN behind it. */
static void section_5_a_small_segment_is_a_whole_one(void **state)
{
	const uint32_t last[2] = {at(2), at(2) + 300};
	struct tcb *t;
	struct peer p;

	flight_open(&p, &sack);
	t = p.t;
	assert_int_equal(peer_send(&p, at(0), 2 * MSS + 300), 2 * MSS + 300);
	peer_close(&p);
	peer_in_sack(&p, 1, at(0), 1, last);
	assert_int_equal(tcp_sent(t)->n_sacked, 300);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_5_a_small_segment_is_a_whole_one),
		cmocka_unit_test(section_5_parts_of_segments_do_not_count),
		cmocka_unit_test(section_8_reneging_is_repaired),
		cmocka_unit_test(section_8_what_is_reported_is_not_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
