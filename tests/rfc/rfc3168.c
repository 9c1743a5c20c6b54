/* Explicit congestion notification, RFC 3168 section 6.1. */
#include "tcp_peer.h"

#define MSS 1000u
#define SETUP (TCP_ECE | TCP_CWR)

static const struct peer_setup accepts = {.mss = MSS, .ecn = BERTH_ECN_ACCEPT};
static const struct peer_setup asks = {.mss = MSS, .ecn = BERTH_ECN_ON};

/* The peer asks and berth agrees. */
static void passive(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_listen(p);
	peer_in(p, TCP_SYN | SETUP, 0, 0, 0);
	peer_expect(peer_only(p), TCP_SYN | TCP_ACK | TCP_ECE, 0, 1, 0);
	peer_clear(p);
	peer_in(p, TCP_ACK, 1, 1, 0);
	peer_accept(p);
	assert_true(p->t->ecn.ok);
}

static void section_6_1_1_setup_flags_of_the_active_side(void **state)
{
	static const struct {
		uint8_t config, flags; /* of berth's SYN */
	} rows[] = {{BERTH_ECN_OFF, 0}, {BERTH_ECN_ACCEPT, 0}, {BERTH_ECN_ON, SETUP}};

	for (size_t i = 0; i < 3; i++) {
		const struct peer_setup setup = {.mss = MSS, .ecn = rows[i].config};
		struct peer p;

		peer_init(&p, &setup);
		assert_int_equal(peer_connect(&p), 0);
		peer_expect(peer_only(&p), TCP_SYN | rows[i].flags, 0, 0, 0);
		assert_int_equal(peer_at(&p, 0)->ecn, TCP_ECN_NOT_ECT); /* section 6.1.1: never on a SYN */
		peer_deinit(&p);
	}
}

static void section_6_1_1_only_ece_in_the_syn_ack_agrees(void **state)
{
	static const struct {
		uint8_t flags;
		bool ok;
	} rows[] = {{0, false}, {TCP_ECE, true}, {TCP_CWR, false}, {SETUP, false}};

	for (size_t i = 0; i < 4; i++) {
		struct peer p;

		peer_init(&p, &asks);
		assert_int_equal(peer_connect(&p), 0);
		peer_clear(&p);
		peer_in(&p, TCP_SYN | TCP_ACK | rows[i].flags, 0, 1, 0);
		assert_int_equal(p.t->ecn.ok, rows[i].ok);
		assert_int_equal(p.env.counters.ecn_agreed, rows[i].ok);
		peer_clear(&p);
		assert_int_equal(peer_send(&p, 1, 500), 500);
		assert_int_equal(peer_only(&p)->ecn, rows[i].ok ? TCP_ECN_ECT0 : TCP_ECN_NOT_ECT);
		peer_deinit(&p);
	}
}

static void section_6_1_1_only_both_flags_in_a_syn_ask(void **state)
{
	static const struct {
		uint8_t config, flags, answer;
	} rows[] = {
		{BERTH_ECN_OFF, SETUP, 0},      {BERTH_ECN_ACCEPT, SETUP, TCP_ECE}, {BERTH_ECN_ON, SETUP, TCP_ECE},
		{BERTH_ECN_ACCEPT, TCP_ECE, 0}, {BERTH_ECN_ACCEPT, TCP_CWR, 0},     {BERTH_ECN_ACCEPT, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct peer_setup setup = {.mss = MSS, .ecn = rows[i].config};
		struct peer p;

		peer_init(&p, &setup);
		peer_listen(&p);
		peer_in(&p, TCP_SYN | rows[i].flags, 0, 0, 0);
		peer_expect(peer_only(&p), TCP_SYN | TCP_ACK | rows[i].answer, 0, 1, 0);
		assert_int_equal(peer_only(&p)->ecn, TCP_ECN_NOT_ECT);
		peer_deinit(&p);
	}
}

static void section_6_1_1_a_plain_syn_afterwards_takes_it_back(void **state)
{
	struct peer p;

	peer_init(&p, &accepts);
	peer_listen(&p);
	peer_in(&p, TCP_SYN | SETUP, 0, 0, 0);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_accept(&p);
	peer_send(&p, 1, 500);
	assert_int_equal(peer_only(&p)->ecn, TCP_ECN_NOT_ECT);
	peer_deinit(&p);
}

static void section_6_1_1_both_sides_at_once(void **state)
{
	struct peer p;

	peer_init(&p, &asks);
	assert_int_equal(peer_connect(&p), 0);
	peer_clear(&p);
	peer_in(&p, TCP_SYN | SETUP, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK | TCP_ECE, 0, 1, 0);
	assert_true(p.t->ecn.ok);
	peer_deinit(&p);
}

static void section_6_1_1_1_the_second_syn_asks_no_more(void **state)
{
	struct peer p;

	peer_init(&p, &asks);
	assert_int_equal(peer_connect(&p), 0);
	peer_clear(&p);
	peer_advance(&p, 1100 * MS);
	peer_expect(peer_only(&p), TCP_SYN, 0, 0, 0);
	peer_clear(&p);
	/* The answer to the first comes after all: having sent a plain SYN, berth may not mark. */
	peer_in(&p, TCP_SYN | TCP_ACK | TCP_ECE, 0, 1, 0);
	peer_clear(&p);
	peer_send(&p, 1, 500);
	assert_int_equal(peer_only(&p)->ecn, TCP_ECN_NOT_ECT);
	peer_deinit(&p);
}

static void section_6_1_2_cwnd_is_reduced_once_a_round_trip(void **state)
{
	uint64_t before, reduced;
	struct peer p;

	passive(&p, &accepts);
	peer_send(&p, 1, 20000);
	assert_int_equal(p.n_out, 10);
	before = p.t->cc.cwnd;
	peer_in(&p, TCP_ACK | TCP_ECE, 1, 1001, 0);
	reduced = p.t->cc.cwnd;
	assert_int_equal(reduced, before / 2); /* in slow start as for a loss: RFC 8511 section 3.1 */
	assert_int_equal(p.env.counters.ecn_reductions, 1);
	for (uint32_t i = 2; i <= 10; i++)
		peer_in(&p, TCP_ACK | TCP_ECE, 1, 1 + i * 1000, 0);
	/* The tenth acknowledges the last that was in flight: what is echoed from here on is news. */
	assert_in_range(p.env.counters.ecn_reductions, 1, 2);
	peer_deinit(&p);
}

/* Nor a second time when something of the same window is lost. */
static void section_6_1_2_a_mark_and_a_loss_in_one_window_reduce_once(void **state)
{
	uint64_t ssthresh;
	struct peer p;

	passive(&p, &accepts);
	peer_send(&p, 1, 10000);
	peer_in(&p, TCP_ACK | TCP_ECE, 1, 1001, 0);
	ssthresh = p.t->cc.ssthresh;
	assert_int_equal(ssthresh, 5000);
	for (unsigned i = 0; i < 4; i++)
		peer_in(&p, TCP_ACK | TCP_ECE, 1, 1001, 0);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_int_equal(p.t->cc.ssthresh, ssthresh);
	peer_deinit(&p);
}

/* Whatever the control, and also when it is gone: in TIME-WAIT none is kept. */
static void section_6_1_2_with_nothing_in_flight_ece_means_nothing(void **state)
{
	static const char *const controls[] = {"cubic", "reno", "bbr"};

	for (size_t i = 0; i < 3; i++) {
		struct peer_setup setup = accepts;
		struct peer p;

		setup.congestion = controls[i];
		passive(&p, &setup);
		peer_in(&p, TCP_ACK | TCP_ECE, 1, 1, 0);
		peer_in(&p, TCP_ACK | TCP_ECE, 1, 1, 100);
		peer_recv(&p, 1, 100);
		peer_close(&p);
		peer_in(&p, TCP_ACK, 101, 2, 0);
		peer_in(&p, TCP_FIN | TCP_ACK | TCP_ECE, 101, 2, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
		peer_in(&p, TCP_ACK | TCP_ECE, 102, 2, 0);
		peer_in(&p, TCP_FIN | TCP_ACK | TCP_ECE, 101, 2, 0);
		assert_int_equal(p.env.counters.ecn_reductions, 0);
		peer_deinit(&p);
	}
}

static void section_6_1_2_the_next_new_data_has_cwr(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	p.payload_max = 60000;
	peer_send(&p, 1, 10000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK | TCP_ECE, 1, 10001, 0);
	peer_none(&p);
	peer_send(&p, 10001, 4000);
	/* One segment, not a large one that a link splits, and then no more. */
	peer_expect(peer_at(&p, 0), TCP_ACK | TCP_CWR, 10001, 1, 1000);
	for (size_t i = 1; i < p.n_out; i++)
		assert_false(p.out[i].h.flags & TCP_CWR);
	assert_true(peer_at(&p, 1)->len > MSS);
	assert_int_equal(peer_at(&p, 0)->ecn, TCP_ECN_ECT0);
	peer_deinit(&p);
}

/* For any reason, also a retransmission timeout; and the retransmission itself has not got it. */
static void section_6_1_2_cwr_after_a_loss(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	peer_send(&p, 1, 1000);
	peer_clear(&p);
	peer_advance(&p, 1100 * MS);
	for (size_t i = 0; i < p.n_out; i++) {
		peer_expect(&p.out[i], TCP_ACK, 1, 1, 1000);
		assert_int_equal(p.out[i].ecn, TCP_ECN_NOT_ECT);
	}
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_clear(&p);
	peer_send(&p, 1001, 1000);
	peer_expect(peer_only(&p), TCP_ACK | TCP_CWR, 1001, 1, 1000);
	peer_deinit(&p);
}

static void section_6_1_2_without_agreement_ece_means_nothing(void **state)
{
	struct peer p;

	peer_init(&p, &accepts);
	peer_establish_passive(&p);
	peer_send(&p, 1, 10000);
	peer_in(&p, TCP_ACK | TCP_ECE, 1, 1001, 0);
	assert_int_equal(p.t->cc.ssthresh, UINT64_MAX);
	p.ecn = TCP_ECN_CE;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1001, 2000);
	for (size_t i = 0; i < p.n_out; i++)
		assert_false(p.out[i].h.flags & SETUP);
	peer_deinit(&p);
}

static void section_6_1_3_a_mark_is_echoed_until_cwr(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	p.ecn = TCP_ECN_CE;
	peer_in(&p, TCP_ACK, 1, 1, 1000);
	peer_expect(peer_only(&p), TCP_ACK | TCP_ECE, 1, 1001, 0); /* at once */
	p.ecn = TCP_ECN_ECT0;
	for (uint32_t i = 1; i < 6; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
		peer_advance(&p, 50 * MS);
		peer_expect(peer_only(&p), TCP_ACK | TCP_ECE, 1, 1001 + i * 1000, 0);
	}
	/* Data has it too. */
	peer_clear(&p);
	peer_send(&p, 1, 1000);
	peer_expect(peer_only(&p), TCP_ACK | TCP_ECE, 1, 6001, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK | TCP_CWR, 6001, 1001, 1000);
	peer_advance(&p, 50 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 7001, 0);
	peer_deinit(&p);
}

static void section_6_1_3_a_segment_with_cwr_that_is_marked_starts_anew(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	p.ecn = TCP_ECN_CE;
	peer_in(&p, TCP_ACK, 1, 1, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK | TCP_CWR, 1001, 1, 1000);
	peer_advance(&p, 50 * MS);
	peer_expect(peer_only(&p), TCP_ACK | TCP_ECE, 1, 2001, 0);
	peer_deinit(&p);
}

static void section_6_1_4_pure_acknowledgments_are_not_capable(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	peer_in(&p, TCP_ACK, 1, 1, 3000);
	peer_advance(&p, 50 * MS);
	assert_true(p.n_out > 0);
	for (size_t i = 0; i < p.n_out; i++)
		assert_int_equal(p.out[i].ecn, TCP_ECN_NOT_ECT);
	peer_deinit(&p);
}

static void section_6_1_5_retransmissions_are_not_capable(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	peer_send(&p, 1, 10000);
	for (size_t i = 0; i < p.n_out; i++)
		assert_int_equal(p.out[i].ecn, TCP_ECN_ECT0);
	peer_clear(&p);
	for (unsigned i = 0; i < 3; i++)
		peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 1, 1000);
	assert_int_equal(peer_at(&p, 0)->ecn, TCP_ECN_NOT_ECT);
	peer_deinit(&p);
}

static void section_6_1_5_marks_outside_the_window_say_nothing(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	peer_in(&p, TCP_ACK, 1, 1, 1000);
	peer_clear(&p);
	p.ecn = TCP_ECN_CE;
	peer_in(&p, TCP_ACK, 1, 1, 1000);       /* all of it is old */
	peer_in(&p, TCP_ACK, 10000001, 1, 500); /* far beyond */
	peer_advance(&p, 50 * MS);
	assert_true(p.n_out > 0);
	for (size_t i = 0; i < p.n_out; i++)
		assert_false(p.out[i].h.flags & TCP_ECE);
	peer_deinit(&p);
}

static void section_6_1_6_window_probes_are_not_capable(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_send(&p, 1, 5000);
	peer_none(&p);
	peer_advance(&p, 5 * S);
	assert_true(p.n_out > 0);
	for (size_t i = 0; i < p.n_out; i++) {
		assert_true(p.out[i].len <= 1);
		assert_int_equal(p.out[i].ecn, TCP_ECN_NOT_ECT);
	}
	peer_deinit(&p);
}

static void section_5_a_fin_alone_and_a_reset_are_not_capable(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	peer_shutdown(&p, BERTH_SHUT_WR);
	assert_int_equal(peer_only(&p)->ecn, TCP_ECN_NOT_ECT);
	peer_deinit(&p);
}

/* RFC 8311 section 3: ECT(1) is no mark. */
static void rfc8311_section_3_ect_1_is_not_marked(void **state)
{
	struct peer p;

	passive(&p, &accepts);
	p.ecn = TCP_ECN_ECT1;
	peer_in(&p, TCP_ACK, 1, 1, 3000);
	for (size_t i = 0; i < p.n_out; i++)
		assert_false(p.out[i].h.flags & TCP_ECE);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_6_1_1_setup_flags_of_the_active_side),
		cmocka_unit_test(section_6_1_1_only_ece_in_the_syn_ack_agrees),
		cmocka_unit_test(section_6_1_1_only_both_flags_in_a_syn_ask),
		cmocka_unit_test(section_6_1_1_a_plain_syn_afterwards_takes_it_back),
		cmocka_unit_test(section_6_1_1_both_sides_at_once),
		cmocka_unit_test(section_6_1_1_1_the_second_syn_asks_no_more),
		cmocka_unit_test(section_6_1_2_cwnd_is_reduced_once_a_round_trip),
		cmocka_unit_test(section_6_1_2_a_mark_and_a_loss_in_one_window_reduce_once),
		cmocka_unit_test(section_6_1_2_with_nothing_in_flight_ece_means_nothing),
		cmocka_unit_test(section_6_1_2_the_next_new_data_has_cwr),
		cmocka_unit_test(section_6_1_2_cwr_after_a_loss),
		cmocka_unit_test(section_6_1_2_without_agreement_ece_means_nothing),
		cmocka_unit_test(section_6_1_3_a_mark_is_echoed_until_cwr),
		cmocka_unit_test(section_6_1_3_a_segment_with_cwr_that_is_marked_starts_anew),
		cmocka_unit_test(section_6_1_4_pure_acknowledgments_are_not_capable),
		cmocka_unit_test(section_6_1_5_retransmissions_are_not_capable),
		cmocka_unit_test(section_6_1_5_marks_outside_the_window_say_nothing),
		cmocka_unit_test(section_6_1_6_window_probes_are_not_capable),
		cmocka_unit_test(section_5_a_fin_alone_and_a_reset_are_not_capable),
		cmocka_unit_test(rfc8311_section_3_ect_1_is_not_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
