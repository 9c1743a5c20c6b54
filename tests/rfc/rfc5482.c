/* RFC 5482 section 3.1 and RFC 9293 section 3.8.3: how long data may be unacknowledged is the user's to say
 * (TCP_USER_TIMEOUT), and exact. The TCP option that tells the peer of it is not sent. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void begin(struct peer *p, int ms)
{
	peer_init(p, &plain);
	peer_establish_active(p);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, ms);
}

/* Goes on to the end of the connection; how long that took since `began`, in ms. */
static uint64_t ms_to_the_end(struct peer *p, berth_time began)
{
	for (unsigned i = 0; i < 200000 && peer_state(p) != BERTH_TCP_CLOSED; i++)
		peer_advance(p, 1 * MS);
	assert_int_equal(peer_state(p), BERTH_TCP_CLOSED);
	return (p->env.now - began) / MS;
}

/* Not at the next backed-off retransmission, which would be at 1, 3, 7, 15 ... seconds. */
static void section_3_1_data_ends_at_the_time(void **state)
{
	static const int ms[] = {2000, 4500, 10000, 12345, 60000};

	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		struct peer p;

		begin(&p, ms[i]);
		peer_send(&p, 1, 100);
		assert_in_range(ms_to_the_end(&p, p.env.now), (uint64_t)ms[i], (uint64_t)ms[i] + 5);
		assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
		peer_deinit(&p);
	}
}

/* Each byte that the peer takes begins the time anew; what it does not take does not. */
static void section_3_1_progress_begins_it_anew(void **state)
{
	struct peer p;
	berth_time began;

	begin(&p, 5000);
	peer_send(&p, 1, 5000);
	for (uint32_t i = 1; i < 5; i++) {
		peer_advance(&p, 4 * S);
		peer_in(&p, TCP_ACK, 1, 1 + i * 1000, 0);
	}
	began = p.env.now;
	peer_advance(&p, 2 * S);
	peer_in(&p, TCP_ACK, 1, 4001, 0); /* a duplicate */
	assert_in_range(ms_to_the_end(&p, began), 5000, 5005);
	peer_deinit(&p);
}

/* Shorter than a retransmission timeout: still one retransmission, and the time of an answer for it. */
static void section_3_1_never_without_a_second_try(void **state)
{
	struct peer p;

	begin(&p, 10);
	peer_send(&p, 1, 100);
	peer_clear(&p);
	ms_to_the_end(&p, p.env.now);
	assert_true(p.n_out >= 2);
	peer_expect(&p.out[0], TCP_ACK, 1, 1, 100);
	assert_int_equal(p.out[p.n_out - 1].h.flags & TCP_RST, TCP_RST);
	peer_deinit(&p);
}

/* An idle connection knows no time. */
static void section_3_1_idle_lasts(void **state)
{
	struct peer p;

	begin(&p, 1000);
	peer_advance(&p, 10000 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* A peer that answers, but keeps its window shut: as on Linux the time runs all the same. */
static void section_3_8_3_a_shut_window_counts(void **state)
{
	struct peer p;
	berth_time began;

	begin(&p, 20000);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	began = p.env.now;
	peer_send(&p, 1, 100);
	while (peer_state(&p) == BERTH_TCP_ESTABLISHED && p.env.now - began < 100 * S) {
		peer_clear(&p);
		peer_advance(&p, 1 * MS);
		if (p.n_out && peer_state(&p) == BERTH_TCP_ESTABLISHED)
			peer_in(&p, TCP_ACK, 1, 1, 0);
	}
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	assert_in_range((p.env.now - began) / MS, 20000, 20005);
	peer_deinit(&p);
}

/* A SYN too. */
static void section_3_8_3_syn(void **state)
{
	int ms = 10000;
	struct peer p;

	peer_init(&p, &plain);
	p.t = peer_socket(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, ms);
	peer_connect(&p);
	assert_in_range(ms_to_the_end(&p, p.env.now), 10000, 10005);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_deinit(&p);
}

/* With keepalive, it takes the place of the number of probes (as tcp(7) of Linux says). */
static void section_3_8_4_keepalive(void **state)
{
	static const struct {
		int ms;
		uint64_t ends;
	} rows[] = {{15000, 15000}, {30500, 30500}, {5000, 12000}, {0, 16000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;
		berth_time heard;

		begin(&p, rows[i].ms);
		heard = p.env.now;
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 10);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, 2);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, 3);
		peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 1);
		assert_in_range(ms_to_the_end(&p, heard), rows[i].ends, rows[i].ends + 5);
		assert_true(p.env.counters.keepalives >= 1);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_1_data_ends_at_the_time),
		cmocka_unit_test(section_3_1_progress_begins_it_anew),
		cmocka_unit_test(section_3_1_never_without_a_second_try),
		cmocka_unit_test(section_3_1_idle_lasts),
		cmocka_unit_test(section_3_8_3_a_shut_window_counts),
		cmocka_unit_test(section_3_8_3_syn),
		cmocka_unit_test(section_3_8_4_keepalive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
