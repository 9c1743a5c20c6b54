/* RFC 1122 section 4.2: what RFC 9293 takes over from it, where no other test shows it. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void begin(struct peer *p)
{
	peer_init(p, &plain);
	peer_establish_passive(p);
}

static void keepalive(struct peer *p, int idle, int interval, int n)
{
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, idle);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, interval);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, n);
	peer_option(p, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 1);
}

static void linger(struct peer *p, int on, int seconds)
{
	const struct berth_linger value = {.on = on, .seconds = seconds};

	assert_int_equal(tcp_setsockopt(&p->env, p->t, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &value, sizeof(value)), 0);
}

/* Section 4.2.2.13: a close by a user who reads no more, with data unread or with data still to come, is told by RST.
 */
static void section_4_2_2_13_data_lost_by_close_is_told(void **state)
{
	static const enum berth_tcp_state from[] = {BERTH_TCP_ESTABLISHED, BERTH_TCP_FIN_WAIT_1, BERTH_TCP_FIN_WAIT_2};

	for (size_t i = 0; i < 3; i++) {
		struct peer p;

		peer_init(&p, &plain);
		peer_to_state(&p, from[i], true);
		peer_close(&p);
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 11, 21, 50);
		assert_true(p.n_out > 0);
		assert_int_equal(p.out[p.n_out - 1].h.flags & TCP_RST, TCP_RST);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
		peer_deinit(&p);
	}
}

/* A segment that has nothing new is no such data. */
static void section_4_2_2_13_old_data_is_not_lost(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_to_state(&p, BERTH_TCP_FIN_WAIT_2, true);
	peer_close(&p);
	peer_in(&p, TCP_ACK, 1, 22, 10);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_deinit(&p);
}

/* SO_LINGER: 0 seconds resets; more is as without it, as no call waits here; and what was set is what is got. */
static void section_4_2_2_13_linger(void **state)
{
	struct berth_linger value;
	size_t n = sizeof(value);
	struct peer p;

	begin(&p);
	linger(&p, 1, 30);
	assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &value, &n), 0);
	assert_int_equal(value.on, 1);
	assert_int_equal(value.seconds, 30);
	peer_send(&p, 1, 100);
	peer_clear(&p);
	peer_close(&p);
	peer_expect(peer_only(&p), TCP_FIN | TCP_ACK, 101, 1, 0);
	peer_advance(&p, 60 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_1); /* it goes on to be sent, whatever the linger time */
	peer_deinit(&p);

	begin(&p);
	peer_send(&p, 1, 100);
	peer_clear(&p);
	linger(&p, 1, 0);
	peer_close(&p);
	peer_expect(peer_only(&p), TCP_RST | TCP_ACK, 101, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);

	begin(&p);
	linger(&p, 0, 0);
	peer_close(&p);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_1);
	peer_deinit(&p);
}

static int get_linger2(struct peer *p)
{
	size_t n = sizeof(int);
	int value;

	assert_int_equal(tcp_getsockopt(&p->env, p->t, BERTH_SOL_TCP, BERTH_TCP_LINGER2, &value, &n), 0);
	return value;
}

/* TCP_LINGER2 as on Linux: how long FIN-WAIT-2 lasts without a user. */
static void section_4_2_2_13_fin_wait_2_lasts_so_long(void **state)
{
	static const struct {
		int set, got;
		uint64_t s;
	} rows[] = {{0, 60, 60}, {5, 5, 5}, {120, 120, 120}, {1000, 120, 120}, {1, 1, 4}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;

		begin(&p); /* without a sample the timeout is a second, of which 3.5 are the least */
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_LINGER2, rows[i].set);
		assert_int_equal(get_linger2(&p), rows[i].got);
		peer_close(&p);
		peer_in(&p, TCP_ACK, 1, 2, 0);
		peer_advance(&p, rows[i].s * S - 600 * MS);
		assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
		peer_advance(&p, 700 * MS);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
		peer_deinit(&p);
	}
}

/* Negative: not at all. */
static void section_4_2_2_13_no_fin_wait_2(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_LINGER2, -5);
	assert_int_equal(get_linger2(&p), -1);
	peer_close(&p);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_none(&p);
	peer_deinit(&p);

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_LINGER2, -1);
	peer_shutdown(&p, BERTH_SHUT_WR);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2); /* the user is there */
	peer_clear(&p);
	peer_close(&p);
	assert_int_equal(peer_only(&p)->h.flags & TCP_RST, TCP_RST);
	peer_deinit(&p);
}

/* Section 4.2.3.6: not while data is outstanding, be it sent or held back by the window. */
static void section_4_2_3_6_no_keepalive_while_data_waits(void **state)
{
	struct peer p;

	begin(&p);
	keepalive(&p, 1, 1, 3);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_send(&p, 1, 100);
	for (unsigned i = 0; i < 300; i++) { /* the probes of the window are answered */
		peer_advance(&p, 1 * S);
		if (p.n_out)
			peer_in(&p, TCP_ACK, 1, 1, 0);
		peer_clear(&p);
	}
	assert_int_equal(p.env.counters.keepalives, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* MUST-26: an acknowledgment is a sign of life as data is; the time runs from the last one, also when the option is set
 * later. */
static void section_4_2_3_6_idle_since_the_last_segment(void **state)
{
	struct peer p;

	begin(&p);
	peer_advance(&p, 6 * S);
	keepalive(&p, 10, 2, 3);
	peer_advance(&p, 3900 * MS);
	peer_none(&p);
	peer_advance(&p, 200 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 0, 1, 0);
	peer_deinit(&p);
}

/* MUST-29: a lost answer is no death; the one to the second probe counts, and the count begins anew. */
static void section_4_2_3_6_tolerant_of_lost_answers(void **state)
{
	struct peer p;

	begin(&p);
	keepalive(&p, 10, 2, 3);
	for (unsigned i = 0; i < 20; i++) {
		peer_clear(&p);
		peer_advance(&p, 13 * S); /* at 10 and 12 */
		assert_int_equal(p.n_out, 2);
		peer_in(&p, TCP_ACK, 1, 1, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	}
	peer_deinit(&p);
}

/* MUST-28: two hours unless said otherwise; MUST-25: off. */
static void section_4_2_3_6_defaults(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 1);
	peer_advance(&p, 7199 * S);
	peer_none(&p);
	peer_advance(&p, 2 * S);
	assert_int_equal(p.n_out, 1);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 0);
	peer_clear(&p);
	peer_advance(&p, 100000 * S);
	peer_none(&p);
	peer_deinit(&p);
}

/* Section 4.2.2.20 (e), section 3.4: the reset for a segment that belongs to no connection. */
static void section_4_2_2_20_reset_for_nobody(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t len, ack;
	} rows[] = {{TCP_SYN, 0, 101}, {TCP_SYN, 10, 111}, {TCP_FIN, 0, 101}, {TCP_SYN | TCP_FIN, 5, 107}, {0, 7, 107}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;

		peer_init(&p, &plain);
		peer_in(&p, rows[i].flags, 100, 0, rows[i].len);
		assert_int_equal(peer_only(&p)->h.flags, TCP_RST | TCP_ACK);
		assert_int_equal(p.out[0].h.seq, 0);
		assert_int_equal(p.out[0].ack, rows[i].ack);
		peer_clear(&p);
		peer_in(&p, (uint8_t)(rows[i].flags | TCP_ACK), 100, 5000, rows[i].len);
		peer_expect(peer_only(&p), TCP_RST, 5000, 0, 0);
		peer_clear(&p);
		peer_in(&p, (uint8_t)(rows[i].flags | TCP_RST), 100, 0, rows[i].len);
		peer_in(&p, (uint8_t)(rows[i].flags | TCP_RST | TCP_ACK), 100, 5000, rows[i].len);
		peer_none(&p);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_2_2_13_data_lost_by_close_is_told),
		cmocka_unit_test(section_4_2_2_13_old_data_is_not_lost),
		cmocka_unit_test(section_4_2_2_13_linger),
		cmocka_unit_test(section_4_2_2_13_fin_wait_2_lasts_so_long),
		cmocka_unit_test(section_4_2_2_13_no_fin_wait_2),
		cmocka_unit_test(section_4_2_2_20_reset_for_nobody),
		cmocka_unit_test(section_4_2_3_6_no_keepalive_while_data_waits),
		cmocka_unit_test(section_4_2_3_6_idle_since_the_last_segment),
		cmocka_unit_test(section_4_2_3_6_tolerant_of_lost_answers),
		cmocka_unit_test(section_4_2_3_6_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
