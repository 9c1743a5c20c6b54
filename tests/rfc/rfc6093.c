/* RFC 6093 and RFC 9293 section 3.8.5: urgent data. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void begin(struct peer *p)
{
	peer_init(p, &plain);
	peer_establish_active(p);
}

/* A segment with URG and this pointer. */
static void urgent_in(struct peer *p, uint32_t seq, uint16_t pointer, uint32_t len)
{
	struct tcp_header h = peer_header(p, TCP_ACK | TCP_URG, seq, 1);

	h.urgent = pointer;
	peer_in_header(p, &h, len);
}

static long oob(struct peer *p, uint8_t *byte, unsigned flags)
{
	struct berth_vector vector = {byte, 1};

	return tcp_recv(&p->env, p->t, &vector, 1, BERTH_MSG_OOB | flags);
}

static long send_oob(struct peer *p, uint32_t position, uint32_t n)
{
	uint8_t bytes[5000];
	struct berth_vector vector = {bytes, n};
	long done;

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = peer_byte(position + i);
	done = tcp_send(&p->env, p->t, &vector, 1, BERTH_MSG_OOB);
	peer_pump(p);
	return done;
}

static bool is_urgent(const struct peer *p)
{
	return tcp_ready(p->t) & BERTH_URGENT;
}

/* RFC 6093 section 4, MUST-62: the pointer is the number after the urgent byte, over all of the send. */
static void section_4_pointer_is_past_the_byte(void **state)
{
	struct peer p;

	begin(&p);
	assert_int_equal(send_oob(&p, 1, 3), 3);
	peer_expect(peer_only(&p), TCP_ACK | TCP_URG, 1, 1, 3);
	assert_int_equal(p.out[0].h.urgent, 3);
	assert_int_equal(p.env.counters.urgent_out, 1);
	peer_deinit(&p);
}

/* RFC 9293 section 3.8.5: every segment up to the pointer says so, whatever link cuts them; none after it. */
static void section_3_8_5_all_segments_before_it_say_so(void **state)
{
	struct peer p;

	begin(&p);
	p.payload_max = 65000;
	peer_send(&p, 1, 1000);
	peer_clear(&p);
	assert_int_equal(send_oob(&p, 1001, 2500), 2500);
	assert_int_equal(p.n_out, 3);
	for (uint32_t i = 0; i < 3; i++) {
		peer_expect(&p.out[i], TCP_ACK | TCP_URG, 1001 + i * 1000, 1, i < 2 ? 1000 : 500);
		assert_int_equal(p.out[i].h.urgent, 2500 - i * 1000);
		assert_int_equal(p.out[i].segment_size, 0);
	}
	peer_clear(&p);
	peer_send(&p, 3501, 10);
	peer_expect(peer_only(&p), TCP_ACK, 3501, 1, 10);
	peer_deinit(&p);
}

/* The pointer does not go back, and an acknowledgment of it ends urgent mode. */
static void section_3_8_5_pointer_does_not_recede(void **state)
{
	struct peer p;

	begin(&p);
	send_oob(&p, 1, 1);
	send_oob(&p, 2, 1);
	assert_int_equal(p.n_out, 2); /* Nagle's rule does not hold urgent data back */
	assert_int_equal(p.out[1].h.urgent, 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 3, 0);
	peer_send(&p, 3, 10);
	peer_expect(peer_only(&p), TCP_ACK, 3, 1, 10);
	/* A retransmission before the pointer has it again. */
	peer_clear(&p);
	send_oob(&p, 13, 7);
	peer_clear(&p);
	peer_advance(&p, 5 * S);
	assert_true(p.n_out > 0);
	assert_int_equal(p.out[0].seq, 3);
	assert_int_equal(p.out[0].h.flags & TCP_URG, TCP_URG);
	assert_int_equal(p.out[0].h.urgent, 17);
	peer_deinit(&p);
}

/* The window holds the byte back, but not the news of it. */
static void section_3_8_5_a_shut_window_lets_the_news_out(void **state)
{
	struct peer p;

	begin(&p);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_int_equal(send_oob(&p, 1, 1), 1);
	peer_expect(peer_only(&p), TCP_ACK | TCP_URG, 1, 1, 0);
	assert_int_equal(p.out[0].h.urgent, 1);
	peer_deinit(&p);
}

/* Further away than the field can say: as far as it can. */
static void section_3_8_5_pointer_is_cut_at_65535(void **state)
{
	struct peer p;

	begin(&p);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_send(&p, 1, 100000), 100000);
	peer_clear(&p);
	assert_int_equal(send_oob(&p, 100001, 1), 1);
	assert_int_equal(peer_only(&p)->h.urgent, 65535);
	peer_deinit(&p);
}

/* MUST-32: the user is told when the pointer advances, and of the byte once it is there. */
static void section_3_8_5_user_is_told(void **state)
{
	uint8_t byte = 0;
	struct peer p;

	begin(&p);
	assert_int_equal(oob(&p, &byte, 0), BERTH_EINVAL); /* nothing urgent */
	urgent_in(&p, 1, 20, 10);                          /* the byte is at 20, the first ten are here */
	assert_true(is_urgent(&p));
	assert_true(p.t->e.events & BERTH_URGENT);
	assert_int_equal(oob(&p, &byte, 0), BERTH_EAGAIN);
	assert_int_equal(p.env.counters.urgent_in, 1);
	urgent_in(&p, 11, 10, 10); /* the same pointer: no news */
	assert_int_equal(p.env.counters.urgent_in, 1);
	assert_int_equal(oob(&p, &byte, BERTH_MSG_PEEK), 1);
	assert_int_equal(oob(&p, &byte, 0), 1);
	assert_int_equal(byte, peer_byte(20));
	assert_false(is_urgent(&p));
	assert_int_equal(oob(&p, &byte, 0), BERTH_EINVAL); /* taken */
	urgent_in(&p, 21, 1, 1);
	assert_true(is_urgent(&p));
	assert_int_equal(p.env.counters.urgent_in, 2);
	peer_deinit(&p);
}

/* MUST-33: reading stops at the mark once, and the byte is stepped over. */
static void section_3_8_5_reading_stops_at_the_mark(void **state)
{
	uint8_t byte = 0;
	struct peer p;

	begin(&p);
	urgent_in(&p, 1, 11, 30); /* the byte is at 11 */
	assert_false(tcp_at_mark(p.t));
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	assert_true(tcp_at_mark(p.t));
	assert_int_equal(oob(&p, &byte, 0), 1);
	assert_int_equal(byte, peer_byte(11));
	assert_true(tcp_at_mark(p.t));
	assert_int_equal(peer_recv(&p, 12, 100), 19);
	assert_false(tcp_at_mark(p.t));
	assert_int_equal(oob(&p, &byte, 0), BERTH_EINVAL);
	peer_deinit(&p);
}

/* As on Linux: a byte that is never asked for is lost to the stream all the same. */
static void section_3_8_5_unread_byte_is_stepped_over(void **state)
{
	uint8_t bytes[40];
	struct berth_vector vector = {bytes, 40};
	struct peer p;

	begin(&p);
	urgent_in(&p, 1, 1, 30); /* at 1: the mark is where reading begins */
	assert_true(tcp_at_mark(p.t));
	assert_int_equal(tcp_recv(&p.env, p.t, &vector, 1, BERTH_MSG_PEEK), 29);
	assert_int_equal(bytes[0], peer_byte(2));
	assert_int_equal(peer_recv(&p, 2, 100), 29);
	assert_false(is_urgent(&p));
	peer_deinit(&p);
}

/* RFC 6093 section 6: in line, the byte is where it was; the mark is still found. */
/* The host's sum of memory follows also where stepping over the byte was all that a receive did. */
static void section_6_a_byte_alone_that_is_stepped_over_gives_its_memory_back(void **state)
{
	uint8_t bytes[10];
	struct berth_vector vector = {bytes, 10};
	struct peer p;

	begin(&p);
	urgent_in(&p, 1, 1, 1);
	assert_true(p.budget.in_use > 0);
	assert_int_equal(tcp_recv(&p.env, p.t, &vector, 1, 0), BERTH_EAGAIN);
	assert_int_equal(p.budget.in_use, 0);
	peer_deinit(&p);
}

static void section_6_in_line(void **state)
{
	uint8_t byte = 0;
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_OOBINLINE, 1);
	urgent_in(&p, 1, 11, 30);
	assert_true(is_urgent(&p));
	assert_int_equal(oob(&p, &byte, 0), BERTH_EINVAL);
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	assert_true(tcp_at_mark(p.t));
	assert_true(is_urgent(&p));
	assert_int_equal(peer_recv(&p, 11, 100), 20);
	assert_false(is_urgent(&p));
	peer_deinit(&p);
}

/* A second mark before the first is reached: the first is ordinary data, nothing is lost. */
static void section_6_a_later_mark_takes_over(void **state)
{
	uint8_t byte = 0;
	struct peer p;

	begin(&p);
	urgent_in(&p, 1, 5, 10);
	urgent_in(&p, 11, 5, 10); /* at 15 */
	assert_int_equal(peer_recv(&p, 1, 100), 14);
	assert_int_equal(oob(&p, &byte, 0), 1);
	assert_int_equal(byte, peer_byte(15));
	assert_int_equal(peer_recv(&p, 16, 100), 5);
	peer_deinit(&p);
}

/* MUST-66: the pointer of a segment that finds the window shut counts. */
static void section_3_10_7_4_urg_with_a_shut_window(void **state)
{
	const struct peer_setup small = {.mss = 1000, .receive_buffer = 4096};
	struct peer p;

	peer_init(&p, &small);
	peer_establish_active(&p);
	for (uint32_t at = 1; at < 4097; at += 1024)
		peer_in(&p, TCP_ACK, at, 1, 1024);
	assert_true(p.t->rcv_adv == p.t->rcv_nxt);
	urgent_in(&p, 4097, 1, 1);
	assert_true(is_urgent(&p));
	assert_int_equal(peer_recv(&p, 1, 5000), 4096);
	peer_deinit(&p);
}

/* After the peer's FIN nothing is urgent, and what was announced beyond it never comes. */
static void section_3_10_7_4_nothing_is_urgent_after_fin(void **state)
{
	uint8_t byte = 0;
	struct peer p;

	begin(&p);
	urgent_in(&p, 1, 500, 10);
	assert_true(is_urgent(&p));
	peer_in(&p, TCP_FIN | TCP_ACK, 11, 1, 0);
	assert_false(is_urgent(&p));
	assert_int_equal(oob(&p, &byte, 0), 0);
	urgent_in(&p, 12, 5, 0);
	assert_int_equal(p.env.counters.urgent_in, 1);
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	assert_int_equal(peer_recv(&p, 11, 100), 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_pointer_is_past_the_byte),
		cmocka_unit_test(section_3_8_5_all_segments_before_it_say_so),
		cmocka_unit_test(section_3_8_5_pointer_does_not_recede),
		cmocka_unit_test(section_3_8_5_a_shut_window_lets_the_news_out),
		cmocka_unit_test(section_3_8_5_pointer_is_cut_at_65535),
		cmocka_unit_test(section_3_8_5_user_is_told),
		cmocka_unit_test(section_3_8_5_reading_stops_at_the_mark),
		cmocka_unit_test(section_3_8_5_unread_byte_is_stepped_over),
		cmocka_unit_test(section_6_a_byte_alone_that_is_stepped_over_gives_its_memory_back),
		cmocka_unit_test(section_6_in_line),
		cmocka_unit_test(section_6_a_later_mark_takes_over),
		cmocka_unit_test(section_3_10_7_4_urg_with_a_shut_window),
		cmocka_unit_test(section_3_10_7_4_nothing_is_urgent_after_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
