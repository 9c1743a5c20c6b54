/* How connections begin: the handshakes of RFC 9293 section 3.5, their options, the listener, initial sequence numbers.
 */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup full = {.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 9293 section 3.2, 7323, 2018: MSS, SACK-permitted, timestamps, NOP, window scale, as Linux orders them. */
static void test_syn_options(void **state)
{
	static const uint8_t want[20] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
	const struct peer_segment *s;
	struct peer p;

	peer_init(&p, &full);
	assert_int_equal(peer_connect(&p), 0);
	s = peer_only(&p);
	peer_expect(s, TCP_SYN, 0, 0, 0);
	assert_int_equal(s->n_options, 20);
	assert_memory_equal(s->options, want, 8);
	assert_int_equal(be32(s->options + 12), 0); /* nothing to echo yet */
	assert_memory_equal(s->options + 16, want + 16, 4);
	assert_int_equal(s->h.window, 65535);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	peer_deinit(&p);
}

/* Section 3.7.1: an IPv6 header is 20 bytes longer. */
static void test_syn_mss_ip6(void **state)
{
	const struct peer_setup setup = {.ip6 = true};
	struct peer p;

	peer_init(&p, &setup);
	peer_connect(&p);
	assert_int_equal(peer_only(&p)->h.mss, 1440);
	peer_deinit(&p);
}

/* What the SYN-ACK says follows what the SYN said (RFC 7323 section 2.2 and 3.2, RFC 2018 section 2). */
static void test_syn_ack_options(void **state)
{
	static const struct peer_setup setups[] = {
		{.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true},
		{.mss = 1460, .has_wscale = true, .wscale = 3, .sack = true},
		{.mss = 1460, .has_wscale = true, .wscale = 0, .timestamps = true},
		{.mss = 1460, .has_wscale = true, .wscale = 14},
		{.mss = 1460, .sack = true, .timestamps = true},
		{.mss = 1460, .sack = true},
		{.mss = 1460, .timestamps = true},
		{.mss = 1460},
		{0},
	};

	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		const struct peer_segment *s;
		struct peer p;

		peer_init(&p, &setups[i]);
		peer_listen(&p);
		peer_in(&p, TCP_SYN, 0, 0, 0);
		s = peer_only(&p);
		peer_expect(s, TCP_SYN | TCP_ACK, 0, 1, 0);
		assert_true(s->h.has_mss);
		assert_int_equal(s->h.mss, 1460);
		assert_int_equal(s->h.has_wscale, setups[i].has_wscale);
		assert_int_equal(s->h.has_sack_permitted, setups[i].sack);
		assert_int_equal(s->h.has_timestamp, setups[i].timestamps);
		if (setups[i].timestamps)
			assert_int_equal(s->h.ts_ecr, p.ts_val);
		peer_deinit(&p);
	}
}

/* RFC 7323 section 2.2 and 2.3: scaled after the handshake when both said so, never in a SYN, 14 at most. */
static void test_window_scale(void **state)
{
	static const struct {
		bool has;
		uint8_t wscale;
		uint32_t want;
	} rows[] = {{false, 0, 1000}, {true, 0, 1000}, {true, 7, 128000}, {true, 14, 16384000}, {true, 200, 16384000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct peer_setup setup = {
			.mss = 1460, .has_wscale = rows[i].has, .wscale = rows[i].wscale, .window = 1000};
		struct berth_socket_row row = {0};
		struct peer p;

		peer_init(&p, &setup);
		peer_connect(&p);
		peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
		tcp_row(&p.env, p.t, &row);
		assert_int_equal(row.snd_wnd, 1000);
		/* Ours, likewise: 262,144 bytes take a scale. */
		assert_int_equal(p.out[1].h.window, rows[i].has ? 262144 >> 7 : 65535);
		peer_in(&p, TCP_ACK, 1, 1, 0);
		peer_in(&p, TCP_ACK, 1, 1, 1);
		tcp_row(&p.env, p.t, &row);
		assert_int_equal(row.snd_wnd, rows[i].want);
		peer_deinit(&p);
	}
}

/* RFC 9293 section 3.7.1 (MUST-15: 536 without the option, over IPv6 1220; MUST-16: the least of the peer's, the path's
 * and options), CVE-2019-11479: a floor. */
static void test_mss(void **state)
{
	static const struct {
		uint16_t said;
		bool timestamps;
		uint32_t mtu, want;
	} rows[] = {
		{0, false, 1500, 536},    {0, true, 1500, 524},      {1460, false, 1500, 1460},
		{1460, true, 1500, 1448}, {9000, false, 1500, 1460}, {1460, false, 576, 536},
		{500, true, 1500, 488},   {88, false, 1500, 88},     {87, false, 1500, 88},
		{1, true, 1500, 76},      {48, false, 1500, 88},     {65535, false, 65535, 65495},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct peer_setup setup = {
			.mss = rows[i].said, .timestamps = rows[i].timestamps, .mtu = rows[i].mtu};
		struct berth_socket_row row = {0};
		uint32_t want = rows[i].want;
		struct peer p;

		peer_init(&p, &setup);
		if (rows[i].said == 0 && p.setup.ip6)
			want += 1220 - 536;
		peer_establish_active(&p);
		tcp_row(&p.env, p.t, &row);
		assert_int_equal(row.mss, want);
		assert_int_equal(peer_send(&p, 1, 100000), 100000);
		assert_int_equal(peer_at(&p, 0)->len, want);
		peer_deinit(&p);
	}
}

/* CVE-2019-11479: an MSS option of 0 is an option all the same. */
static void test_mss_zero(void **state)
{
	struct tcp_header h;
	struct berth_socket_row row = {0};
	struct peer p;

	peer_init(&p, NULL);
	peer_connect(&p);
	h = peer_syn(&p, TCP_SYN | TCP_ACK, 0, 1);
	h.has_mss = true;
	peer_in_header(&p, &h, 0);
	tcp_row(&p.env, p.t, &row);
	assert_int_equal(row.mss, 88);
	peer_deinit(&p);
}

/* RFC 9293 section 3.5, figure 6. */
static void test_handshake(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_establish_passive(&p);
	assert_int_equal(p.env.counters.passive_opens, 1);
	assert_int_equal(p.env.counters.established, 1);
	assert_true(p.listener->e.events & BERTH_READABLE);
	peer_deinit(&p);
	peer_init(&p, &full);
	peer_establish_active(&p);
	assert_int_equal(p.env.counters.active_opens, 1);
	assert_true(p.t->e.events & BERTH_WRITABLE);
	assert_true(tcp_ready(p.t) & BERTH_WRITABLE);
	peer_deinit(&p);
}

/* Figure 7: both sides' SYNs cross, then their SYN-ACKs. */
static void test_simultaneous(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	peer_clear(&p);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_clear(&p);
	assert_int_equal(peer_send(&p, 1, 3000), 3000);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 1, 1448);
	peer_in(&p, TCP_ACK, 1, 3001, 10);
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	peer_deinit(&p);
}

/* Section 3.10.4: CLOSE in SYN-RECEIVED; the SYN is still in flight, then the FIN follows it. */
static void test_simultaneous_then_close(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_clear(&p);
	peer_shutdown(&p, BERTH_SHUT_WR);
	peer_advance(&p, 5 * S); /* the SYN-ACK goes again, with the FIN or without it */
	assert_true(p.n_out > 0);
	peer_clear(&p);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_advance(&p, 30 * S);
	peer_in(&p, TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_in(&p, TCP_FIN | TCP_ACK, 1, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* The same when the user closes before the peer's SYN-ACK, and nothing has left in between. */
static void test_simultaneous_close_at_once(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	p.t = peer_socket(&p);
	memcpy(p.t->e.pair.foreign, p.pair.foreign, 16);
	p.t->e.pair.foreign_port = p.pair.foreign_port;
	assert_int_equal(tcp_connect(&p.env, p.t, 1500), 0);
	{
		struct tcp_header h = peer_syn(&p, TCP_SYN, 0, 0);
		struct tcp_segment segment = {.pair = p.pair, .header = h, .mtu = 1500};

		tcp_segment_in(&p.env, &segment); /* our own SYN has not left yet */
	}
	peer_close(&p);
	peer_advance(&p, 10 * S);
	assert_int_equal(peer_at(&p, 0)->h.flags & TCP_SYN, TCP_SYN);
	peer_deinit(&p);
}

/* Section 3.10.7.3: data on the SYN-ACK is taken. */
static void test_data_on_syn_ack(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_clear(&p);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_expect(peer_only(&p), TCP_ACK, 1, 101, 0);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	peer_deinit(&p);
}

/* A SYN-ACK with FIN and data: the connection goes straight to CLOSE-WAIT. */
static void test_fin_on_syn_ack(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_clear(&p);
	peer_in(&p, TCP_SYN | TCP_FIN | TCP_ACK, 0, 1, 10);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSE_WAIT);
	peer_expect(peer_only(&p), TCP_ACK, 1, 12, 0);
	assert_int_equal(peer_recv(&p, 1, 1000), 10);
	assert_int_equal(peer_recv(&p, 11, 1000), 0);
	peer_deinit(&p);
}

/* Section 3.10.7.2: what comes with a SYN to a listener is not acknowledged; it comes again and is taken then. Nothing
 * is answered but the SYN-ACK before the handshake (middlebox reflection). */
static void test_data_on_syn(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 500);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 500);
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 1000), 500);
	peer_deinit(&p);
}

static void test_refused(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_clear(&p);
	peer_in(&p, TCP_RST | TCP_ACK, 0, 1, 0);
	peer_none(&p);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_true(tcp_ready(p.t) & BERTH_FAILED);
	assert_int_equal(peer_error(&p), BERTH_ECONNREFUSED);
	assert_int_equal(peer_error(&p), 0);
	peer_deinit(&p);
}

/* A second attempt on the same socket begins afresh: its SYN is tried as long as the first one's. */
static void test_connect_again(void **state)
{
	size_t n_first, n_second;
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_advance(&p, 400 * S);
	n_first = p.n_out;
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_clear(&p);
	assert_int_equal(peer_connect(&p), 0);
	peer_advance(&p, 400 * S);
	n_second = p.n_out;
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	assert_true(n_first > 5);
	assert_int_equal(n_first, n_second);
	assert_in_range(p.out[1].at - p.out[0].at, 1 * S, 1 * S + 20 * MS);
	peer_deinit(&p);
}

/* RFC 9293 section 3.10.7.4: RST in SYN-RECEIVED of a passive open: back to LISTEN, and its place is free. */
static void test_passive_reset(void **state)
{
	const struct peer_setup setup = {.mss = 1460, .backlog = 1};
	struct peer p;

	peer_init(&p, &setup);
	peer_listen(&p);
	for (unsigned i = 0; i < 5; i++) {
		peer_clear(&p);
		peer_in(&p, TCP_SYN, 0, 0, 0);
		assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
		peer_in(&p, TCP_RST, 1, 0, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	}
	assert_int_equal(p.env.counters.backlog_full, 0);
	peer_deinit(&p);
}

static void syn_from(struct peer *p, uint16_t port)
{
	p->pair.foreign_port = port;
	peer_in(p, TCP_SYN, 0, 0, 0);
}

/* The ACK that completes the handshake whose SYN-ACK is this. */
static void answer(struct peer *p, const struct peer_segment *syn_ack)
{
	struct tcp_header h;

	p->pair.foreign_port = syn_ack->pair.foreign_port;
	h = peer_header(p, TCP_ACK, 1, 0);
	h.ack = syn_ack->h.seq + 1;
	h.ts_ecr = syn_ack->h.ts_val;
	peer_in_header(p, &h, 0);
}

/* The backlog bounds those that are remembered in SYN-RECEIVED and those that wait; an accept makes room. Memory is
 * flat (attack 35). */
static void test_backlog(void **state)
{
	const struct peer_setup setup = {.mss = 1460, .backlog = 3};
	size_t n_blocks;
	struct peer p;

	peer_init(&p, &setup);
	peer_listen(&p);
	for (unsigned i = 0; i < 3; i++)
		syn_from(&p, (uint16_t)(2000 + i));
	assert_int_equal(p.n_out, 3);
	n_blocks = p.heap.n_blocks;
	for (unsigned i = 3; i < 1000; i++)
		syn_from(&p, (uint16_t)(2000 + i));
	assert_int_equal(p.n_out, 1000);
	assert_int_equal(p.env.counters.syn_cookies_out, 997);
	assert_int_equal(p.heap.n_blocks, n_blocks);
	for (unsigned i = 0; i < 3; i++) { /* each has an ISS of its own */
		answer(&p, &p.out[i]);
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	}
	peer_clear(&p);
	syn_from(&p, 4000);
	peer_none(&p); /* dropped without a word: an honest peer asks again */
	assert_int_equal(p.env.counters.backlog_full, 1);
	p.t = tcp_accept(&p.env, p.listener);
	assert_non_null(p.t);
	p.t->e.descriptor = 9;
	assert_int_equal(p.t->e.pair.foreign_port, 2000); /* in order */
	syn_from(&p, 4000);
	assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
	peer_deinit(&p);
}

/* What ends before accept is handed out all the same, as on Linux: what has arrived can be read, and then how it ended.
 */
static void test_reset_before_accept(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	syn_from(&p, PEER_PORT);
	answer(&p, &p.out[0]);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_in(&p, TCP_RST, 101, 0, 0);
	assert_true(tcp_can_accept(p.listener));
	assert_null(pairs_find(&p.pairs, &p.pair)); /* and its pair is free */
	peer_accept(&p);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(peer_recv(&p, 1, 100), 100);
	assert_int_equal(peer_recv(&p, 101, 100), BERTH_ECONNRESET);
	assert_int_equal(peer_recv(&p, 101, 100), 0);
	assert_int_equal(peer_send(&p, 1, 100), BERTH_EPIPE);
	assert_false(tcp_can_accept(p.listener));
	peer_deinit(&p);
}

/* They count in the backlog, and a listener that closes, or a host that goes, frees them. */
static void test_reset_and_never_accepted(void **state)
{
	for (unsigned closes = 0; closes < 2; closes++) {
		const struct peer_setup setup = {.mss = 1460, .backlog = 2};
		struct peer p;

		peer_init(&p, &setup);
		peer_listen(&p);
		for (uint16_t i = 0; i < 2; i++) {
			p.pair.foreign_port = (uint16_t)(2000 + i);
			peer_clear(&p);
			syn_from(&p, p.pair.foreign_port);
			answer(&p, &p.out[0]);
			peer_in(&p, TCP_RST, 1, 0, 0);
		}
		peer_clear(&p);
		syn_from(&p, 4000);
		peer_none(&p);
		if (closes) {
			tcp_close(&p.env, p.listener);
			p.listener = NULL;
			peer_pump(&p);
			peer_none(&p);
		}
		p.t = NULL;
		peer_deinit(&p);
	}
}

/* A listener that closes resets those that wait; those that it remembers are reset when they come back; accepted ones
 * live on. */
static void test_listener_closes(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_establish_passive(&p);
	syn_from(&p, 2000);
	syn_from(&p, 2001);
	answer(&p, &p.out[0]);
	assert_int_equal(p.n_out, 2);
	tcp_close(&p.env, p.listener);
	p.listener = NULL;
	peer_pump(&p);
	assert_int_equal(p.n_out, 3);
	assert_int_equal(p.out[2].h.flags & TCP_RST, TCP_RST);
	assert_int_equal(p.out[2].pair.foreign_port, 2000);
	answer(&p, &p.out[1]);
	assert_int_equal(p.n_out, 4);
	assert_int_equal(p.out[3].h.flags & TCP_RST, TCP_RST);
	p.pair.foreign_port = PEER_PORT;
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* A hard ICMP error ends SYN-SENT, when it quotes our SYN (RFC 9293 section 3.9.2.2, RFC 5927 section 4). */
static void test_icmp(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS + 5, BERTH_ECONNREFUSED, true);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	assert_int_equal(p.env.counters.icmp_ignored, 1);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS, BERTH_EHOSTUNREACH, false);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS, BERTH_ECONNREFUSED, true);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(peer_error(&p), BERTH_ECONNREFUSED);
	peer_deinit(&p);
	peer_init(&p, &full); /* RFC 5927 section 5.2: not once it is established */
	peer_establish_active(&p);
	peer_send(&p, 1, 100);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS + 1, BERTH_ECONNREFUSED, true);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* Every allocation of a handshake and a few bytes fails in turn: nothing leaks, and the connection works in the end. */
static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 8; n++) {
		struct peer p;

		peer_init(&p, &full);
		peer_listen(&p);
		p.heap.fail_at = n;
		for (unsigned i = 0; i < 4 && peer_state(&p) == BERTH_TCP_CLOSED; i++)
			peer_in(&p, TCP_SYN, 0, 0, 0);
		peer_advance(&p, 4 * S); /* a SYN-ACK that found no memory is tried again */
		assert_true(p.n_out > 0);
		for (unsigned i = 0; i < 4 && peer_state(&p) != BERTH_TCP_ESTABLISHED; i++)
			answer(&p, &p.out[p.n_out - 1]);
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_options),
		cmocka_unit_test(test_syn_mss_ip6),
		cmocka_unit_test(test_syn_ack_options),
		cmocka_unit_test(test_window_scale),
		cmocka_unit_test(test_mss),
		cmocka_unit_test(test_mss_zero),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_simultaneous),
		cmocka_unit_test(test_data_on_syn_ack),
		cmocka_unit_test(test_fin_on_syn_ack),
		cmocka_unit_test(test_data_on_syn),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_connect_again),
		cmocka_unit_test(test_passive_reset),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_listener_closes),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_reset_before_accept),
		cmocka_unit_test(test_reset_and_never_accepted),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_simultaneous_close_at_once),
		cmocka_unit_test(test_simultaneous_then_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
