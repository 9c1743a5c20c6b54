/* RACK-TLP. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true};

/* What was sent before something that has arrived is lost when it stays away for a quarter of the round trip more. */
static void section_6_2_step_5_what_was_sent_before_is_lost_after_the_window(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 5);
	sacked(&p, 0, 1, 2);
	peer_none(&p);
	peer_advance(&p, RTT / 4 - 1 * MS);
	peer_none(&p);
	peer_advance(&p, 2 * MS);
	only(&p, 0, 1);
	assert_int_equal(p.env.counters.rack_losses, 1);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* Where nothing was ever reordered, three segments above are enough. */
static void section_6_2_step_4_three_above_mean_no_window(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 5);
	sacked(&p, 0, 1, 3);
	peer_none(&p);
	sacked(&p, 0, 1, 4);
	only(&p, 0, 1);
	peer_deinit(&p);
}

/* Of one instant, the order of sequence counts: what is above the segment that has arrived is not lost. */
static void section_6_2_step_5_of_one_instant_the_sequence_decides(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 8);
	sacked(&p, 0, 2, 5);
	assert_int_equal(tcp_sent(p.t)->n_lost, 2 * MSS);
	assert_int_equal(times(&p, 0), 1);
	peer_advance(&p, 2 * RTT);
	assert_int_equal(tcp_sent(p.t)->n_lost, 2 * MSS);
	peer_deinit(&p);
}

/* A retransmission that is lost is found when what was sent after it arrives. */
static void section_6_2_step_5_a_lost_retransmission_is_found(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 1, 4);
	only(&p, 0, 1);
	peer_clear(&p);
	peer_advance(&p, 1 * MS);
	assert_int_equal(peer_send(&p, at(10), MSS), MSS);
	sacked(&p, 0, 1, 10); /* lets new data out */
	assert_true(times(&p, 10) == 1);
	assert_int_equal(times(&p, 0), 0);
	peer_clear(&p);
	peer_advance(&p, RTT);
	sacked(&p, 0, 1, 11);
	assert_int_equal(times(&p, 0), 1);
	assert_int_equal(p.env.counters.lost_retransmits, 1);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* RACK.rtt is that of the segment that was taken last, here of one that was late: what else was sent with it is not
 * lost because a retransmission came back quickly. */
static void section_6_2_step_2_the_round_trip_is_that_of_the_last_segment(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 10);
	sacked(&p, 0, 1, 3);
	peer_advance(&p, RTT / 4 + 1 * MS);
	assert_int_equal(times(&p, 0), 1);
	peer_advance(&p, RTT);
	acked(&p, 4); /* 0, sent a round trip ago, and 3, sent long before */
	assert_int_equal(p.t->rack.ns_rtt, 2 * RTT + RTT / 4 + 1 * MS);
	peer_deinit(&p);
}

/* At the end of a flight nothing comes that would end the wait: it is half as long again. */
static void section_6_2_step_4_the_last_of_a_flight_waits_longer(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 4);
	sacked(&p, 0, 3, 4);
	peer_advance(&p, RTT / 4 + 5 * MS);
	peer_none(&p);
	peer_advance(&p, RTT / 8);
	assert_int_equal(times(&p, 0), 1);
	peer_deinit(&p);
}

/* Once something that was sent once has arrived late, the window is waited for in spite of three above. */
static void section_6_2_step_3_reordering_that_was_seen_is_waited_for(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 8);
	sacked(&p, 0, 1, 2);
	peer_advance(&p, 5 * MS);
	acked(&p, 2); /* 0 was late */
	assert_int_equal(p.env.counters.reordering_seen, 1);
	peer_none(&p);
	sacked(&p, 2, 3, 8);
	peer_none(&p);
	peer_advance(&p, RTT / 4 + 1 * MS);
	only(&p, 2, 3);
	peer_deinit(&p);
}

/* A D-SACK widens the window once a round trip; sixteen recoveries later it is as it was. */
static void section_6_2_step_4_dsack_widens_the_window_for_sixteen_recoveries(void **state)
{
	struct peer p;

	flight_begin(&p, &sack, 8);
	sacked(&p, 0, 1, 4);
	assert_int_equal(times(&p, 0), 1);
	acked(&p, 4);
	assert_int_equal(p.t->rack.reo_wnd_mult, 1);
	dsacked(&p, 4, 0);
	dsacked(&p, 4, 0);
	assert_int_equal(p.t->rack.reo_wnd_mult, 2);
	acked(&p, 8);
	dsacked(&p, 8, 1);
	assert_int_equal(p.t->rack.reo_wnd_mult, 3);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(p.t->rack.reo_wnd_mult, 3);
		tcp_rack_recovered(&p.t->rack);
	}
	assert_int_equal(p.t->rack.reo_wnd_mult, 1);
	peer_deinit(&p);
}

/* Section 6.2, step 2: an acknowledgment that comes at once after a retransmission is of the first copy. */
static void section_6_2_step_2_an_early_acknowledgment_is_of_the_first_copy(void **state)
{
	struct peer p;
	berth_time before;

	flight_begin(&p, &sack, 8);
	sacked(&p, 0, 1, 4);
	before = p.t->flight->xmit_at;
	peer_advance(&p, 1 * MS);
	acked(&p, 4);
	assert_int_equal(p.t->flight->xmit_at, before);
	peer_deinit(&p);
}

/* Two round trips without an acknowledgment, and a margin: the last segment goes again. */
static void section_7_2_a_probe_leaves_after_two_round_trips(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), 3 * MSS);
	peer_clear(&p);
	peer_advance(&p, 2 * RTT);
	peer_none(&p);
	peer_advance(&p, 5 * MS);
	only(&p, 2, 3);
	assert_int_equal(p.env.counters.tail_probes, 1);
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	peer_deinit(&p);
}

/* One segment is given the time of a delayed acknowledgment; where the timer would be first, the probe takes its turn.
 */
static void section_7_2_a_single_segment_is_probed_when_the_timer_would_fire(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), MSS);
	peer_clear(&p);
	peer_advance(&p, p.t->ns_rto - 1 * MS);
	peer_none(&p);
	peer_advance(&p, 2 * MS);
	only(&p, 0, 1);
	assert_int_equal(p.env.counters.tail_probes, 1);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* Sending restarts the wait, and so does what is acknowledged. */
static void section_7_2_the_wait_begins_with_the_last_sending(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), 3 * MSS);
	peer_advance(&p, RTT);
	acked(&p, 1);
	peer_advance(&p, RTT / 2);
	peer_send(&p, at(3), MSS);
	peer_clear(&p);
	peer_advance(&p, 2 * RTT - RTT / 2);
	peer_none(&p);
	peer_advance(&p, RTT / 2 + 5 * MS);
	only(&p, 3, 4);
	peer_deinit(&p);
}

/* New data is a better probe, whatever cwnd says. */
static void section_7_3_a_probe_is_new_data_where_there_is_any(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), 15 * MSS);
	only(&p, 0, 10);
	peer_clear(&p);
	peer_advance(&p, 2 * RTT + 5 * MS);
	only(&p, 10, 11);
	peer_deinit(&p);
}

/* One is outstanding at a time; then the timer runs from it. */
static void section_7_3_after_one_probe_the_timer_runs(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), 3 * MSS);
	peer_advance(&p, 2 * RTT + 5 * MS);
	peer_clear(&p);
	peer_advance(&p, p.t->ns_rto - 10 * MS);
	peer_none(&p);
	peer_advance(&p, 20 * MS);
	assert_int_equal(p.env.counters.tail_probes, 1);
	assert_int_equal(p.env.counters.timeouts, 1);
	only(&p, 0, 1);
	peer_deinit(&p);
}

/* Three in flight, a probe of the last, and then `ack`. */
static void probed(struct peer *p)
{
	flight_open(p, &sack);
	peer_send(p, at(0), 3 * MSS);
	peer_advance(p, 2 * RTT + 5 * MS);
	assert_int_equal(p->env.counters.tail_probes, 1);
	peer_clear(p);
}

/* The probe repaired a loss: the window is reduced as for any other. */
static void section_7_4_a_repaired_loss_reduces_the_window(void **state)
{
	struct peer p;

	probed(&p);
	acked(&p, 3);
	peer_send(&p, at(3), MSS);
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	acked(&p, 4);
	assert_int_equal(p.env.counters.tail_probe_recoveries, 1);
	assert_true(p.t->cc.cwnd < 10 * MSS);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	peer_deinit(&p);
}

/* The peer had it already: nothing was lost, and the window of reordering stays as it is. */
static void section_7_4_a_reported_duplicate_reduces_nothing(void **state)
{
	struct peer p;

	probed(&p);
	acked(&p, 3);
	dsacked(&p, 3, 2);
	peer_send(&p, at(3), MSS);
	acked(&p, 4);
	assert_int_equal(p.env.counters.tail_probe_recoveries, 0);
	assert_int_equal(p.t->cc.cwnd, 10 * MSS);
	assert_int_equal(p.t->rack.reo_wnd_mult, 1);
	peer_deinit(&p);
}

/* The first of a flight is lost with its end: the probe's acknowledgment shows it, and no timer fires. */
static void section_7_4_the_answer_to_a_probe_starts_recovery(void **state)
{
	struct peer p;

	probed(&p);
	peer_advance(&p, RTT);
	sacked(&p, 0, 2, 3);
	peer_advance(&p, RTT / 2);
	assert_int_equal(times(&p, 0), 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_FAST);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_deinit(&p);
}

/* What was sent a moment ago is not lost because the timer has fired for something older. */
static void section_6_3_a_timeout_loses_only_what_is_old(void **state)
{
	struct peer p;

	flight_open(&p, &sack);
	peer_send(&p, at(0), 2 * MSS);
	peer_advance(&p, 2 * RTT + 5 * MS); /* a probe has left */
	peer_advance(&p, p.t->ns_rto - 30 * MS);
	assert_int_equal(p.env.counters.timeouts, 0);
	peer_send(&p, at(2), 3 * MSS);
	peer_clear(&p);
	peer_advance(&p, 100 * MS);
	assert_int_equal(p.env.counters.timeouts, 1);
	only(&p, 0, 1);
	assert_int_equal(tcp_sent(p.t)->n_lost, 2 * MSS);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_6_2_step_2_an_early_acknowledgment_is_of_the_first_copy),
		cmocka_unit_test(section_6_2_step_3_reordering_that_was_seen_is_waited_for),
		cmocka_unit_test(section_6_2_step_4_dsack_widens_the_window_for_sixteen_recoveries),
		cmocka_unit_test(section_6_2_step_4_three_above_mean_no_window),
		cmocka_unit_test(section_6_2_step_2_the_round_trip_is_that_of_the_last_segment),
		cmocka_unit_test(section_6_2_step_4_the_last_of_a_flight_waits_longer),
		cmocka_unit_test(section_6_2_step_5_a_lost_retransmission_is_found),
		cmocka_unit_test(section_6_2_step_5_of_one_instant_the_sequence_decides),
		cmocka_unit_test(section_6_2_step_5_what_was_sent_before_is_lost_after_the_window),
		cmocka_unit_test(section_6_3_a_timeout_loses_only_what_is_old),
		cmocka_unit_test(section_7_2_a_probe_leaves_after_two_round_trips),
		cmocka_unit_test(section_7_2_a_single_segment_is_probed_when_the_timer_would_fire),
		cmocka_unit_test(section_7_2_the_wait_begins_with_the_last_sending),
		cmocka_unit_test(section_7_3_a_probe_is_new_data_where_there_is_any),
		cmocka_unit_test(section_7_3_after_one_probe_the_timer_runs),
		cmocka_unit_test(section_7_4_a_repaired_loss_reduces_the_window),
		cmocka_unit_test(section_7_4_a_reported_duplicate_reduces_nothing),
		cmocka_unit_test(section_7_4_the_answer_to_a_probe_starts_recovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
