/* RFC 9293, where no other test shows a rule of it: named by section and rule. docs/rfc9293.md has them all. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void begin(struct peer *p)
{
	peer_init(p, &plain);
	peer_establish_passive(p);
}

static struct tcb *connection(const struct peer *p)
{
	return tcp_of_endpoint(pairs_find(&p->pairs, &p->pair));
}

/* MUST-1, REC-1: the window is unsigned, and 32 bits of it count, also with the largest scale. */
static void section_3_1_window_is_unsigned(void **state)
{
	const struct peer_setup wide = {.mss = 1000, .has_wscale = true, .wscale = 14};
	struct peer p;

	peer_init(&p, &wide);
	peer_establish_active(&p);
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_int_equal(p.t->snd_wnd, 65535u << 14);
	peer_send(&p, 1, 1000);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1000);
	p.window = 0x8000;
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	assert_int_equal(p.t->snd_wnd, 0x8000u << 14);
	peer_deinit(&p);
}

/* MUST-5: an option in any segment: here the MSS where it has no business, and what nobody knows. */
static void section_3_1_options_in_any_segment(void **state)
{
	struct tcp_header h;
	struct peer p;

	begin(&p);
	h = peer_header(&p, TCP_ACK, 1, 1);
	h.has_mss = true; /* MUST-65 is the peer's to keep; it changes nothing */
	h.mss = 100;
	peer_in_header(&p, &h, 50);
	assert_int_equal(peer_recv(&p, 1, 100), 50);
	assert_int_equal(p.t->mss, 1000);
	peer_deinit(&p);
}

/* MUST-65: only SYNs say the MSS; MAY-3: they always do. */
static void section_3_7_1_mss_on_syns_alone(void **state)
{
	struct peer p;

	begin(&p);
	peer_send(&p, 1, 2500);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 2501, 0);
	peer_close(&p);
	for (size_t i = 0; i < p.n_out; i++)
		assert_false(p.out[i].h.has_mss);
	peer_deinit(&p);
	peer_init(&p, &plain);
	peer_connect(&p);
	assert_true(peer_only(&p)->h.has_mss);
	peer_deinit(&p);
}

/* MUST-60, MUST-61: no call to push: what is queued leaves by itself, and its last segment says PSH. */
static void section_3_9_1_2_the_last_segment_is_pushed(void **state)
{
	struct peer p;

	begin(&p);
	peer_send(&p, 1, 2500);
	assert_int_equal(p.n_out, 3);
	assert_false(p.out[0].h.flags & TCP_PSH);
	assert_true(p.out[2].h.flags & TCP_PSH);
	peer_deinit(&p);
}

/* MUST-11: SYN-RECEIVED remembers how it came about: a reset is the listener's affair, or the user's. */
static void section_3_5_syn_received_remembers(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_to_state(&p, BERTH_TCP_SYN_RECEIVED, true);
	peer_in(&p, TCP_RST, 1, 0, 0);
	assert_int_equal(p.listener->state, BERTH_TCP_LISTEN);
	assert_int_equal(p.listener->error, 0);
	assert_int_equal(p.listener->listener->n_half_open, 0);
	peer_deinit(&p);

	peer_init(&p, &plain);
	peer_to_state(&p, BERTH_TCP_SYN_RECEIVED, false);
	peer_in(&p, TCP_RST, 1, 0, 0);
	assert_int_equal(peer_error(&p), BERTH_ECONNREFUSED);
	peer_deinit(&p);
}

/* Section 3.5.2, group 2: in SYN-RECEIVED an acknowledgment of what was never sent gets a reset, and nothing ends. */
static void section_3_5_2_bad_ack_in_syn_received(void **state)
{
	for (unsigned passive = 0; passive < 2; passive++) {
		struct peer p;

		peer_init(&p, &plain);
		peer_to_state(&p, BERTH_TCP_SYN_RECEIVED, passive);
		peer_in(&p, TCP_ACK, 1, 77, 0);
		peer_expect(peer_only(&p), TCP_RST, 77, 0, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
		peer_deinit(&p);
	}
}

/* What a close on both sides is made of. */
enum step {
	OUR_FIN, /* the user closes */
	THEIR_FIN,
	THEIR_ACK, /* of our FIN */
	THEIR_FIN_ACK,
};

/* Figures 12 and 13: each order in which the two FINs and the acknowledgment of ours can meet. */
static void section_3_6_close_in_all_orders(void **state)
{
	static const struct {
		enum step steps[3];
		unsigned n;
		enum berth_tcp_state states[3];
	} rows[] = {
		{{OUR_FIN, THEIR_ACK, THEIR_FIN}, 3, {BERTH_TCP_FIN_WAIT_1, BERTH_TCP_FIN_WAIT_2, BERTH_TCP_TIME_WAIT}},
		{{OUR_FIN, THEIR_FIN_ACK}, 2, {BERTH_TCP_FIN_WAIT_1, BERTH_TCP_TIME_WAIT}},
		{{OUR_FIN, THEIR_FIN, THEIR_ACK}, 3, {BERTH_TCP_FIN_WAIT_1, BERTH_TCP_CLOSING, BERTH_TCP_TIME_WAIT}},
		{{THEIR_FIN, OUR_FIN, THEIR_ACK}, 3, {BERTH_TCP_CLOSE_WAIT, BERTH_TCP_LAST_ACK, BERTH_TCP_CLOSED}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seq = 1;
		struct peer p;

		begin(&p);
		for (unsigned k = 0; k < rows[i].n; k++) {
			enum step step = rows[i].steps[k];

			peer_clear(&p);
			if (step == OUR_FIN)
				peer_shutdown(&p, BERTH_SHUT_WR);
			else if (step == THEIR_ACK)
				peer_in(&p, TCP_ACK, seq, 2, 0);
			else
				peer_in(&p, TCP_FIN | TCP_ACK, seq, step == THEIR_FIN_ACK ? 2 : 1, 0);
			if (step == THEIR_FIN || step == THEIR_FIN_ACK) {
				seq++;
				assert_int_equal(p.out[p.n_out - 1].ack, 2);
			}
			assert_int_equal(peer_state(&p), rows[i].states[k]);
		}
		peer_deinit(&p);
	}
}

/* A FIN that nobody acknowledges is sent again like data, later and later, in each state that has one in flight. */
static void section_3_6_fin_is_sent_again(void **state)
{
	static const enum berth_tcp_state with_fin[] = {BERTH_TCP_FIN_WAIT_1, BERTH_TCP_CLOSING, BERTH_TCP_LAST_ACK};

	for (size_t i = 0; i < 3; i++) {
		uint64_t gap = 0;
		struct peer p;

		peer_init(&p, &plain);
		peer_to_state(&p, with_fin[i], true);
		peer_in(&p, TCP_ACK, connection(&p)->rcv_fin ? 12 : 11, 21, 0); /* all but the FIN */
		peer_clear(&p);
		peer_advance(&p, 40 * S);
		assert_true(p.n_out >= 4);
		for (size_t k = 0; k < p.n_out; k++) {
			peer_expect(&p.out[k], TCP_FIN | TCP_ACK, 21, p.out[k].ack, 0);
			if (k > 1)
				assert_true(p.out[k].at - p.out[k - 1].at > gap + gap / 2);
			if (k)
				gap = p.out[k].at - p.out[k - 1].at;
		}
		peer_deinit(&p);
	}
}

/* A FIN without data is taken through a shut window (here its sender would repeat it until the user reads). */
static void section_3_10_7_4_fin_through_a_shut_window(void **state)
{
	const struct peer_setup small = {.mss = 1024, .receive_buffer = 4096};
	struct peer p;

	peer_init(&p, &small);
	peer_establish_active(&p);
	for (uint32_t at = 1; at < 4097; at += 1024)
		peer_in(&p, TCP_ACK, at, 1, 1024);
	assert_true(p.t->rcv_adv == p.t->rcv_nxt);
	peer_clear(&p);
	peer_in(&p, TCP_FIN | TCP_ACK, 4097, 1, 1); /* with data: a probe */
	peer_expect(peer_only(&p), TCP_ACK, 1, 4097, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_clear(&p);
	peer_in(&p, TCP_FIN | TCP_ACK, 4097, 1, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1, 4098, 0);
	assert_int_equal(peer_only(&p)->h.window, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSE_WAIT);
	assert_int_equal(peer_recv(&p, 1, 10000), 4096);
	assert_int_equal(peer_recv(&p, 4097, 10), 0);
	peer_deinit(&p);
}

/* MUST-66: a reset counts when the window is shut, at the one number that there is. */
static void section_3_8_6_reset_through_a_shut_window(void **state)
{
	const struct peer_setup small = {.mss = 1024, .receive_buffer = 4096};
	struct peer p;

	peer_init(&p, &small);
	peer_establish_active(&p);
	for (uint32_t at = 1; at < 4097; at += 1024)
		peer_in(&p, TCP_ACK, at, 1, 1024);
	peer_in(&p, TCP_RST, 4098, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_in(&p, TCP_RST, 4097, 0, 0);
	assert_int_equal(peer_error(&p), BERTH_ECONNRESET);
	peer_deinit(&p);
}

/* SHLD-2: a reset with data is a reset. */
static void section_3_5_3_reset_with_data(void **state)
{
	struct peer p;

	begin(&p);
	peer_in(&p, TCP_RST, 1, 0, 20);
	assert_int_equal(peer_error(&p), BERTH_ECONNRESET);
	assert_int_equal(p.t->recvq.n_bytes, 0);
	peer_deinit(&p);
}

/* MAY-1, as berth decides it: what comes after SHUT_RD is acknowledged and thrown away, also when both directions are
 * shut; only a closed descriptor makes it a reset. */
static void section_3_6_1_shut_for_reading_still_reads(void **state)
{
	struct peer p;

	begin(&p);
	peer_shutdown(&p, BERTH_SHUT_RDWR);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 2, 100);
	peer_advance(&p, 100 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 2, 101, 0);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	assert_int_equal(peer_recv(&p, 101, 10), 0);
	peer_in(&p, TCP_FIN | TCP_ACK, 101, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* RFC 1337 section 3: an old segment's echo does not end TIME-WAIT; only the FIN itself, again, begins it anew. */
static void rfc1337_section_3_time_wait_is_not_assassinated(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_to_state(&p, BERTH_TCP_TIME_WAIT, true);
	peer_in(&p, TCP_ACK, 5, 11, 5); /* an old one; our ACK finds the peer closed, and its RST is exact */
	assert_int_equal(peer_only(&p)->ack, 12);
	peer_in(&p, TCP_RST, 12, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_advance(&p, 40 * S);
	peer_in(&p, TCP_FIN | TCP_ACK, 5, 22, 2); /* no FIN of this connection: at 7 */
	peer_in(&p, TCP_FIN | TCP_ACK, 0x40000000, 22, 0);
	peer_advance(&p, 21 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* A stray SYN|FIN is no new connection, and so ends no old one. */
static void section_3_6_1_syn_with_fin_in_time_wait(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_to_state(&p, BERTH_TCP_TIME_WAIT, true);
	peer_in(&p, TCP_SYN | TCP_FIN, 5000, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* MUST-20, SHLD-9 and -10: from the third retransmission on, and before the end, who asks is told of the trouble. */
static void section_3_8_3_trouble_can_be_seen(void **state)
{
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p);
	peer_send(&p, 1, 100);
	peer_advance(&p, 20 * S);
	tcp_row(&p.env, p.t, &row);
	assert_true(row.segments_retransmitted >= 3);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* MUST-31: as much urgent data as one likes; the mark is where it ends. */
static void section_3_8_5_urgent_data_of_any_length(void **state)
{
	struct tcp_header h;
	struct peer p;

	begin(&p);
	for (uint32_t at = 1; at < 100001; at += 1000) {
		h = peer_header(&p, TCP_ACK | TCP_URG, at, 1);
		h.urgent = (uint16_t)(100001 - at < 65535 ? 100001 - at : 65535);
		peer_in_header(&p, &h, 1000);
	}
	assert_true(tcp_ready(p.t) & BERTH_URGENT);
	assert_int_equal(peer_recv(&p, 1, 200000), 99999);
	assert_true(tcp_at_mark(p.t));
	peer_deinit(&p);
}

/* MUST-58, MUST-59: what comes in one go is taken in whole before the ACK that ends it. */
static void section_3_10_7_4_acks_are_aggregated(void **state)
{
	struct peer p;

	begin(&p);
	for (uint32_t at = 1; at < 40001; at += 1000) /* past the first, quick acknowledgments */
		peer_in(&p, TCP_ACK, at, 1, 1000);
	assert_int_equal(peer_recv(&p, 1, 100000), 40000);
	peer_clear(&p);
	p.burst = true;
	for (uint32_t at = 40001; at < 80001; at += 1000)
		peer_in(&p, TCP_ACK, at, 1, 1000);
	p.burst = false;
	peer_pump(&p);
	assert_in_range(p.n_out, 1, 10); /* of 20 that each second segment would make */
	assert_int_equal(p.out[p.n_out - 1].ack, 80001);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_1_window_is_unsigned),
		cmocka_unit_test(section_3_1_options_in_any_segment),
		cmocka_unit_test(section_3_5_syn_received_remembers),
		cmocka_unit_test(section_3_5_2_bad_ack_in_syn_received),
		cmocka_unit_test(section_3_5_3_reset_with_data),
		cmocka_unit_test(section_3_6_close_in_all_orders),
		cmocka_unit_test(section_3_6_fin_is_sent_again),
		cmocka_unit_test(section_3_6_1_shut_for_reading_still_reads),
		cmocka_unit_test(section_3_6_1_syn_with_fin_in_time_wait),
		cmocka_unit_test(section_3_7_1_mss_on_syns_alone),
		cmocka_unit_test(section_3_8_3_trouble_can_be_seen),
		cmocka_unit_test(section_3_8_5_urgent_data_of_any_length),
		cmocka_unit_test(section_3_8_6_reset_through_a_shut_window),
		cmocka_unit_test(section_3_9_1_2_the_last_segment_is_pushed),
		cmocka_unit_test(section_3_10_7_4_acks_are_aggregated),
		cmocka_unit_test(section_3_10_7_4_fin_through_a_shut_window),
		cmocka_unit_test(rfc1337_section_3_time_wait_is_not_assassinated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
