/* RFC 9293 section 3.8.6: the window, as its receiver offers it and as its sender keeps to it. The timers of probing
 * are in tests/unit/test_tcp_window.c. */
#include "tcp_peer.h"

#define FULL 1000u

static const struct peer_setup small = {.mss = FULL, .receive_buffer = 8000}, plain = {.mss = FULL};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_passive(p);
}

/* The right edge that the last segment offers; no scale is in use. */
static uint32_t edge(const struct peer *p)
{
	const struct peer_segment *s = peer_at(p, p->n_out - 1);

	return s->ack + s->h.window;
}

/* n full segments from `at` on. */
static void arrive(struct peer *p, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		peer_in(p, TCP_ACK, at + i * FULL, 1, FULL);
}

/* RFC 7323 section 2.2: the window of a SYN is not scaled, and what follows begins from what it offered. */
static void rfc7323_section_2_2_the_window_of_a_syn_is_not_scaled(void **state)
{
	const struct peer_setup scaled = {.mss = FULL, .has_wscale = true, .wscale = 7, .receive_buffer = 1 << 20};
	struct peer p;

	peer_init(&p, &scaled);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	assert_int_equal(peer_only(&p)->h.window, 65535);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_accept(&p);
	arrive(&p, 1, 4);
	assert_in_range((uint32_t)p.out[p.n_out - 1].h.window << 7, (1u << 20) - 4 * FULL - 127, 1u << 20);
	peer_deinit(&p);
}

/* MUST-1: a window is unsigned, also one of a gigabyte. */
static void must_1_a_window_is_unsigned(void **state)
{
	const struct peer_setup scaled = {.mss = FULL, .has_wscale = true, .wscale = 14};
	struct berth_socket_row row = {0};
	struct peer p;

	begin(&p, &scaled);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.snd_wnd, 65535u << 14);
	assert_int_equal(peer_send(&p, 1, 5000), 5000);
	assert_int_equal(p.n_out, 5);
	peer_deinit(&p);
}

/* SHLD-14, and section 3.8.6.2.2: reading a little moves nothing; a segment's worth does, and nothing moves back. */
static void section_3_8_6_2_2_the_edge_moves_by_a_segment_or_stays(void **state)
{
	uint32_t before = 8001;
	struct peer p;

	begin(&p, &small);
	arrive(&p, 1, 8);
	assert_int_equal(edge(&p), before);
	for (uint32_t at = 1; at < 8001; at += 50) {
		assert_int_equal(peer_recv(&p, at, 50), 50);
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, 1, 1); /* a duplicate: its answer says where the edge is */
		assert_true(edge(&p) == before || edge(&p) >= before + FULL);
		before = edge(&p);
	}
	assert_true(before >= 15001);
	peer_deinit(&p);
}

/* SHLD-14: a smaller SO_RCVBUF does not take back what was offered, and what is within is taken. */
static void shld_14_a_smaller_buffer_takes_nothing_back(void **state)
{
	struct peer p;

	begin(&p, &small);
	arrive(&p, 1, 2);
	assert_int_equal(edge(&p), 8001);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, 4096);
	arrive(&p, 2001, 6);
	assert_int_equal(edge(&p), 8001);
	assert_int_equal(peer_at(&p, p.n_out - 1)->ack, 8001);
	assert_int_equal(peer_recv(&p, 1, 8000), 8000);
	peer_deinit(&p);
}

/* SHLD-14 when the host runs short of memory. */
static void shld_14_nor_does_want_of_memory(void **state)
{
	const struct peer_setup setup = {.mss = FULL, .receive_buffer = 60000};
	struct peer p;

	begin(&p, &setup);
	arrive(&p, 1, 10);
	budget_take(&p.budget, p.budget.max / 8 * 7);
	assert_true(p.budget.pressed);
	for (uint32_t i = 10; i < 60; i += 2) {
		uint32_t before = edge(&p);

		arrive(&p, 1 + i * FULL, 2);
		assert_true(edge(&p) >= before);
	}
	budget_give(&p.budget, p.budget.max / 8 * 7);
	peer_deinit(&p);
}

/* Section 3.8.6: a sender is robust against a window that shrinks. SHLD-15: no new data; SHLD-16: what was sent is sent
 * again as ever; MUST-34. */
static void must_34_a_window_that_shrinks_stops_new_data_alone(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 8 * FULL);
	assert_int_equal(p.n_out, 8);
	p.window = 2000;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	peer_send(&p, 8001, 5 * FULL);
	for (size_t i = 0; i < p.n_out; i++)
		assert_true(p.out[i].seq + p.out[i].len <= 8001);
	peer_clear(&p);
	peer_advance(&p, 3 * S);
	assert_true(p.n_out >= 1);
	peer_expect(&p.out[0], TCP_ACK, 1001, 1, FULL);
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 8001, 0);
	peer_expect(peer_at(&p, p.n_out - 1), TCP_ACK, 8001 + (uint32_t)(p.n_out ? p.out[p.n_out - 1].seq - 8001 : 0),
		    1, p.out[p.n_out - 1].len);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* Section 3.8.6.1: a probe of our shut window is answered with where we are (MUST-35's other side), and its byte is
 * not acknowledged. */
static void section_3_8_6_1_probes_of_a_shut_window_are_answered(void **state)
{
	struct peer p;

	begin(&p, &small);
	arrive(&p, 1, 8);
	for (unsigned i = 0; i < 5; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 8001, 1, 1);
		peer_expect(peer_only(&p), TCP_ACK, 1, 8001, 0);
		assert_int_equal(peer_only(&p)->h.window, 0);
		peer_advance(&p, 1 * S);
	}
	assert_int_equal(peer_recv(&p, 1, 8000), 8000);
	assert_int_equal(edge(&p), 16001); /* and the peer hears when it opens */
	peer_deinit(&p);
}

/* The same section: a probe that found no memory was none, and the next one is the first. */
static void section_3_8_6_1_a_probe_without_memory_was_none(void **state)
{
	struct peer p;

	for (size_t n = 0; n < 4; n++) {
		begin(&p, &plain);
		p.window = 0;
		peer_in(&p, TCP_ACK, 1, 1, 0);
		peer_send(&p, 1, 100);
		peer_clear(&p);
		p.heap.fail_at = n;
		for (unsigned i = 0; i < 3; i++)
			peer_advance(&p, 5 * S);
		assert_true(p.n_out > 0);
		for (size_t i = 0; i < p.n_out; i++)
			peer_expect(peer_at(&p, i), p.out[i].h.flags, 1, 1, 1);
		p.heap.fail_at = SIZE_MAX;
		p.window = 65535;
		peer_in(&p, TCP_ACK, 1, 1, 0);
		peer_in(&p, TCP_ACK, 1, 101, 0);
		assert_int_equal(p.t->snd_una, p.t->snd_nxt);
		assert_int_equal(p.t->sendq.right, p.t->snd_nxt);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc7323_section_2_2_the_window_of_a_syn_is_not_scaled),
		cmocka_unit_test(must_1_a_window_is_unsigned),
		cmocka_unit_test(section_3_8_6_2_2_the_edge_moves_by_a_segment_or_stays),
		cmocka_unit_test(shld_14_a_smaller_buffer_takes_nothing_back),
		cmocka_unit_test(shld_14_nor_does_want_of_memory),
		cmocka_unit_test(must_34_a_window_that_shrinks_stops_new_data_alone),
		cmocka_unit_test(section_3_8_6_1_probes_of_a_shut_window_are_answered),
		cmocka_unit_test(section_3_8_6_1_a_probe_without_memory_was_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
