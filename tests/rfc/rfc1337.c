/* RFC 1337: what comes in TIME-WAIT neither ends it nor makes it last longer, but for the peer's FIN again. */
#include <berth/error.h>

#include "tcp_peer.h"

#define MSL (30 * S)

static const struct peer_setup plain = {.mss = 1460};

/* The peer's FIN was at 11, rcv_nxt is 12; ours at 21, snd_nxt 22. */
static void time_wait(struct peer *p)
{
	peer_init(p, &plain);
	peer_to_state(p, BERTH_TCP_TIME_WAIT, true);
}

/* Section 3, fix F1, against the hazards of section 2: wherever the reset lies. */
static void section_3_resets_are_ignored(void **state)
{
	static const uint32_t places[] = {0, 11, 12, 13, 1000, 100000};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct peer p;

		time_wait(&p);
		peer_in(&p, TCP_RST, places[i], 0, 0);
		peer_in(&p, TCP_RST | TCP_ACK, places[i], 22, 0);
		peer_none(&p);
		assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
		assert_int_equal(p.env.counters.resets_in, 0);
		peer_deinit(&p);
	}
}

/* Section 2: an old duplicate is answered, the peer that knows no such connection resets, and that is not heard. */
static void section_2_an_old_duplicate_does_not_assassinate(void **state)
{
	struct peer p;

	time_wait(&p);
	peer_in(&p, TCP_ACK, 1, 1, 10);
	peer_expect(peer_only(&p), TCP_ACK, 22, 12, 0);
	peer_in(&p, TCP_RST, 12, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

static void expect_end(struct peer *p, uint64_t ns)
{
	peer_advance(p, ns - 100 * MS);
	assert_int_equal(peer_state(p), BERTH_TCP_TIME_WAIT);
	peer_advance(p, 200 * MS);
	assert_int_equal(p->env.n_time_wait, 0);
}

/* RFC 9293 section 3.10.7.4: the FIN that is sent again restarts the wait. */
static void the_fin_again_restarts_the_wait(void **state)
{
	struct peer p;

	time_wait(&p);
	peer_advance(&p, MSL);
	peer_in(&p, TCP_FIN | TCP_ACK, 11, 22, 0);
	peer_expect(peer_only(&p), TCP_ACK, 22, 12, 0);
	expect_end(&p, 2 * MSL);
	peer_deinit(&p);
}

/* With the data before it, too. */
static void the_fin_again_with_data_restarts_the_wait(void **state)
{
	struct peer p;

	time_wait(&p);
	peer_advance(&p, MSL);
	peer_in(&p, TCP_FIN | TCP_ACK, 6, 22, 5);
	expect_end(&p, 2 * MSL);
	peer_deinit(&p);
}

static void nothing_else_restarts_the_wait(void **state)
{
	struct peer p;

	time_wait(&p);
	peer_advance(&p, MSL);
	peer_in(&p, TCP_ACK, 1, 1, 10);
	peer_in(&p, TCP_FIN | TCP_ACK, 5, 22, 0);   /* some other FIN, before */
	peer_in(&p, TCP_FIN | TCP_ACK, 500, 22, 0); /* and behind */
	peer_in(&p, TCP_ACK, 12, 22, 0);
	peer_in(&p, TCP_SYN, 5, 0, 0);
	peer_in(&p, TCP_RST, 12, 0, 0);
	expect_end(&p, MSL);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_resets_are_ignored),
		cmocka_unit_test(section_2_an_old_duplicate_does_not_assassinate),
		cmocka_unit_test(the_fin_again_restarts_the_wait),
		cmocka_unit_test(the_fin_again_with_data_restarts_the_wait),
		cmocka_unit_test(nothing_else_restarts_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
