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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_8_reneging_is_repaired),
		cmocka_unit_test(section_8_what_is_reported_is_not_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
