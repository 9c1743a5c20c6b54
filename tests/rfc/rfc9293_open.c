/* RFC 9293 sections 3.5, 3.10.7.2 and 3.10.7.3: how connections begin. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup full = {.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true};

/* ---- section 3.5, simultaneous open: figure 7 in every order ---- */

/* Our SYN has left, and the peer's has come. */
static void cross(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_connect(p);
	p->ts_ecr = peer_only(p)->h.ts_val;
	peer_clear(p);
	peer_in(p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(p), TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_int_equal(peer_state(p), BERTH_TCP_SYN_RECEIVED);
}

/* Data goes both ways. */
static void works(struct peer *p)
{
	assert_int_equal(peer_state(p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p->env.counters.established, 1);
	peer_clear(p);
	assert_int_equal(peer_send(p, 1, 100), 100);
	peer_expect(peer_only(p), TCP_ACK, 1, 1, 100);
	peer_in(p, TCP_ACK, 1, 101, 10);
	assert_int_equal(peer_recv(p, 1, 100), 10);
	peer_deinit(p);
}

static void section_3_5_crossed_syns_then_syn_ack(void **state)
{
	struct peer p;

	cross(&p, &full);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	works(&p);
}

static void section_3_5_crossed_syns_then_ack(void **state)
{
	struct peer p;

	cross(&p, &full);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	works(&p);
}

static void section_3_5_the_peers_syn_twice(void **state)
{
	struct peer p;

	cross(&p, &full);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	works(&p);
}

/* The peer has heard our SYN first: its SYN-ACK overtakes its SYN, which is then a stray. */
static void section_3_5_syn_ack_overtakes_the_syn(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	p.ts_ecr = peer_only(&p)->h.ts_val;
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 0);
	works(&p);
}

static void section_3_5_our_syn_ack_is_lost(void **state)
{
	struct peer p;

	cross(&p, &full);
	peer_clear(&p);
	peer_advance(&p, 3500 * MS);
	assert_true(p.n_out >= 1);
	peer_expect(&p.out[0], TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	works(&p);
}

static void section_3_5_data_on_the_crossed_syn_comes_again(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	p.ts_ecr = peer_only(&p)->h.ts_val;
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 50);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_int_equal(peer_recv(&p, 1, 100), BERTH_EAGAIN);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 50);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(peer_recv(&p, 1, 100), 50);
	peer_deinit(&p);
}

/* RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2: the SYN-ACK says what the peer's SYN has said. No ECN. */
static void section_3_5_crossed_options_are_agreed_on(void **state)
{
	for (unsigned i = 0; i < 8; i++) {
		const struct peer_setup setup = {
			.mss = 1200, .sack = i & 1, .timestamps = i & 2, .has_wscale = i & 4, .wscale = 5};
		struct peer p;

		cross(&p, &setup);
		assert_int_equal(p.out[0].h.flags, TCP_SYN | TCP_ACK);
		assert_int_equal(p.out[0].h.has_sack_permitted, setup.sack);
		assert_int_equal(p.out[0].h.has_timestamp, setup.timestamps);
		assert_int_equal(p.out[0].h.has_wscale, setup.has_wscale);
		assert_int_equal(p.out[0].h.mss, 1460);
		peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
		assert_int_equal(p.t->sack_ok, setup.sack);
		assert_int_equal(p.t->ts_ok, setup.timestamps);
		assert_int_equal(p.t->wscale_ok, setup.has_wscale);
		assert_int_equal(p.t->mss, setup.timestamps ? 1188 : 1200);
		works(&p);
	}
}

/* A socket that connects to itself, over the loopback. */
static void section_3_5_a_socket_connects_to_itself(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address self = {berth_ip4(127, 0, 0, 1), 4000};
		struct berth_host_config config;
		struct berth_frame_out out[4];
		struct berth_host *host;
		struct heap heap;
		char got[8];
		int s;

		heap_init(&heap);
		berth_host_config_default(&config);
		config.memory = &heap.memory;
		assert_int_equal(berth_host_new(&config, &host), 0);
		if (i)
			self.address = (struct berth_address){.family = BERTH_IP6, .bytes = {[15] = 1}};
		s = berth_socket(host, i ? BERTH_IP6 : BERTH_IP4, BERTH_STREAM);
		assert_int_equal(berth_bind(host, s, &self), 0);
		assert_int_equal(berth_connect(host, s, &self), BERTH_EINPROGRESS);
		assert_int_equal(berth_host_frames_out(host, 1 * MS, out, 4), 0);
		assert_true(berth_ready(host, s) & BERTH_WRITABLE);
		assert_int_equal(berth_send(host, s, "echo", 4, 0), 4);
		assert_int_equal(berth_host_frames_out(host, 2 * MS, out, 4), 0);
		assert_int_equal(berth_recv(host, s, got, sizeof(got), 0), 4);
		assert_memory_equal(got, "echo", 4);
		berth_close(host, s);
		for (berth_time now = 3 * MS; now < 200 * S; now += 500 * MS) {
			berth_host_expire(host, now);
			assert_int_equal(berth_host_frames_out(host, now, out, 4), 0);
		}
		berth_host_free(host);
		assert_int_equal(heap.n_blocks, 0);
	}
}

/* ---- section 3.5.1 and figure 8: an old duplicate SYN at a listener ---- */

static void section_3_5_an_old_duplicate_syn_is_recovered_from(void **state)
{
	struct tcp_header h;
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	h = peer_syn(&p, TCP_SYN, 0, 0); /* the old one, seq 90 */
	h.seq -= 1000000;
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_only(&p)->h.ack, h.seq + 1);
	h = peer_header(&p, TCP_RST, 0, 0); /* the peer did not ask for that */
	h.seq = p.out[0].h.ack;
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_clear(&p);
	peer_establish_passive(&p);
	peer_deinit(&p);
}

/* The new SYN comes before the reset: it is answered by an ACK of the old one, whose reset makes way. */
static void section_3_5_a_new_syn_before_the_reset(void **state)
{
	struct tcp_header h;
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	h = peer_syn(&p, TCP_SYN, 0, 0);
	h.seq -= 1000000;
	peer_in_header(&p, &h, 0);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	assert_int_equal(peer_only(&p)->h.flags, TCP_ACK);
	h = peer_header(&p, TCP_RST, 0, 0);
	h.seq = p.out[0].h.ack;
	peer_in_header(&p, &h, 0);
	peer_clear(&p);
	peer_establish_passive(&p);
	peer_deinit(&p);
}

/* ---- section 3.10.7.2, LISTEN ---- */

static void section_3_10_7_2_reset_first_then_ack_then_syn(void **state)
{
	static const struct {
		uint8_t flags, answer;
	} rows[] = {
		{TCP_RST, 0},
		{TCP_RST | TCP_ACK, 0},
		{TCP_RST | TCP_SYN, 0},
		{TCP_ACK, TCP_RST},
		{TCP_SYN | TCP_ACK, TCP_RST},
		{TCP_FIN | TCP_ACK, TCP_RST},
		{0, 0},
		{TCP_FIN, 0},
		{TCP_URG | TCP_PSH, 0},
		{TCP_SYN | TCP_FIN, 0},
		{TCP_SYN, TCP_SYN | TCP_ACK},
		{TCP_SYN | TCP_URG | TCP_PSH, TCP_SYN | TCP_ACK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;

		peer_init(&p, &full);
		peer_listen(&p);
		peer_in(&p, rows[i].flags, 7, 77, 0);
		if (!rows[i].answer)
			peer_none(&p);
		else
			assert_int_equal(peer_only(&p)->h.flags, rows[i].answer);
		if (rows[i].answer == TCP_RST)
			assert_int_equal(peer_only(&p)->seq, 77);
		assert_int_equal(p.listener->state, BERTH_TCP_LISTEN);
		peer_deinit(&p);
	}
}

/* Attack 34: nothing but the SYN-ACK answers a SYN, whatever comes with it, and nobody gets its data. */
static void section_3_10_7_2_data_on_a_syn_is_not_delivered(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	for (uint32_t len = 1; len <= 1400; len += 233) {
		peer_clear(&p);
		p.pair.foreign_port++;
		peer_in(&p, TCP_SYN | TCP_PSH, 0, 0, len);
		assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
		assert_int_equal(peer_only(&p)->ack, 1);
		assert_int_equal(peer_only(&p)->len, 0);
		peer_in(&p, TCP_PSH, 1, 0, len); /* more of it without an ACK */
		assert_int_equal(p.n_out, 1);
		assert_false(tcp_can_accept(p.listener));
	}
	peer_deinit(&p);
}

/* ---- SYN-RECEIVED of a listener ---- */

/* RFC 6298 section 2.1 and 5.5: after 1, 2, 4, 8 and 16 seconds; given up 32 s later, without a word. */
static void section_3_8_3_the_syn_ack_is_repeated_five_times(void **state)
{
	static const uint64_t at[] = {1, 3, 7, 15, 31};
	berth_time began;
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	began = p.env.now;
	peer_clear(&p);
	peer_advance(&p, 100 * S);
	assert_int_equal(p.n_out, 5);
	for (unsigned i = 0; i < 5; i++) {
		peer_expect(&p.out[i], TCP_SYN | TCP_ACK, 0, 1, 0);
		assert_in_range(p.out[i].at - began, at[i] * S, at[i] * S + 20 * MS);
	}
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.env.counters.failed_opens, 1);
	peer_deinit(&p);
}

/* TCP_SYNCNT of a listener. */
static void section_3_8_3_the_user_says_how_often(void **state)
{
	struct peer p;
	int n = 2;

	peer_init(&p, &full);
	peer_listen(&p);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_SYNCNT, &n, sizeof(n)), 0);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_advance(&p, 100 * S);
	assert_int_equal(p.n_out, 3);
	peer_deinit(&p);
}

/* TCP_SYNCNT of a socket that connects; without it, MUST-23: three minutes at least. */
static void section_3_8_3_a_syn_is_repeated(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_connect(&p);
	peer_advance(&p, 179 * S);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	assert_int_equal(p.n_out, 8);
	peer_advance(&p, 200 * S);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_deinit(&p);
	for (int n = 1; n <= 3; n++) {
		peer_init(&p, &full);
		p.t = peer_socket(&p);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_SYNCNT, n);
		peer_connect(&p);
		peer_advance(&p, ((1u << (n + 1)) - 2) * S);
		assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
		peer_advance(&p, 1500 * MS);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
		assert_int_equal(p.n_out, n + 1);
		peer_deinit(&p);
	}
}

/* An ACK that finds the accept queue full is as good as lost; the SYN-ACK asks again, and a SYN is dropped. */
static void a_full_accept_queue_drops_the_ack(void **state)
{
	struct peer_setup setup = full;
	struct peer p;

	setup.backlog = 1;
	peer_init(&p, &setup);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	p.ts_ecr = peer_only(&p)->h.ts_val;
	p.pair.foreign_port = 2000; /* this one finds the queue of requests full, and the accept queue then is */
	peer_in(&p, TCP_SYN, 0, 0, 0);
	assert_int_equal(p.env.counters.syn_cookies_out, 1);
	{
		struct tcp_header h = peer_header(&p, TCP_ACK, 1, 0);

		h.ack = p.out[1].h.seq + 1;
		h.ts_ecr = p.out[1].h.ts_val;
		peer_in_header(&p, &h, 0);
	}
	assert_true(tcp_can_accept(p.listener));
	p.pair.foreign_port = PEER_PORT;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_none(&p);
	assert_int_equal(p.env.counters.backlog_full, 1);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	peer_advance(&p, 1100 * MS);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_non_null(p.t = tcp_accept(&p.env, p.listener));
	peer_in(&p, TCP_ACK, 1, 1, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	p.t->e.descriptor = 5;
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	peer_deinit(&p);
}

/* TCP_DEFER_ACCEPT, as Linux has it. */
static void deferred_accept_waits_for_data(void **state)
{
	int n = 5, got = 0;
	size_t size = sizeof(got);
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_DEFER_ACCEPT, &n, sizeof(n)), 0);
	assert_int_equal(tcp_getsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_DEFER_ACCEPT, &got, &size), 0);
	assert_int_equal(got, 7); /* up to the timeout after 1, 3 and 7 s */
	peer_in(&p, TCP_SYN, 0, 0, 0);
	p.ts_ecr = peer_only(&p)->h.ts_val;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_false(tcp_can_accept(p.listener));
	peer_advance(&p, 2 * S);
	peer_none(&p); /* it is there: it needs no SYN-ACK */
	peer_in(&p, TCP_ACK, 1, 1, 20);
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 100), 20);
	peer_deinit(&p);
	/* Nothing comes: the SYN-ACK at the end of the time asks for one more ACK, and that will do. */
	peer_init(&p, &full);
	peer_listen(&p);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_DEFER_ACCEPT, &n, sizeof(n)), 0);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	p.ts_ecr = peer_only(&p)->h.ts_val;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_clear(&p);
	peer_advance(&p, 7100 * MS);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_true(tcp_can_accept(p.listener));
	peer_deinit(&p);
}

/* ---- ICMP and what lists those half open ---- */

static void section_3_9_2_2_icmp_about_our_syn_ack(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	assert_true(tcp_request_icmp(&p.env, &p.pair, BERTH_ISS + 1, true));
	assert_true(tcp_request_icmp(&p.env, &p.pair, BERTH_ISS, false));
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	assert_int_equal(p.env.counters.icmp_ignored, 1);
	assert_true(tcp_request_icmp(&p.env, &p.pair, BERTH_ISS, true));
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_false(tcp_request_icmp(&p.env, &p.pair, BERTH_ISS, true));
	peer_deinit(&p);
}

static void half_open_connections_are_rows_and_go_with_their_address(void **state)
{
	struct socket_pair other;
	uint64_t id = 0;
	unsigned n = 0;
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	for (uint16_t i = 0; i < 5; i++) {
		p.pair.foreign_port = (uint16_t)(2000 + i);
		peer_in(&p, TCP_SYN, 0, 0, 0);
	}
	for (struct tcp_request *r; (r = tcp_request_after(&p.env, id)); n++) {
		struct berth_socket_row row = {0};

		id = tcp_request_row(&p.env, r, &row);
		assert_int_equal(row.state, BERTH_TCP_SYN_RECEIVED);
		assert_int_equal(row.foreign.port, 2000 + n);
		assert_int_equal(row.local.port, BERTH_PORT);
	}
	assert_int_equal(n, 5);
	other = p.pair;
	other.local[3] ^= 1;
	tcp_requests_address_gone(&p.env, &other);
	assert_int_equal(p.listener->listener->n_half_open, 5);
	tcp_requests_address_gone(&p.env, &p.pair);
	assert_int_equal(p.listener->listener->n_half_open, 0);
	peer_deinit(&p);
}

/* ---- section 3.10.7.3, SYN-SENT ---- */

static void section_3_10_7_3_ack_then_reset_then_syn(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t ack;
		uint8_t answer;
		enum berth_tcp_state next;
		int error;
	} rows[] = {
		{TCP_ACK, 0, TCP_RST, BERTH_TCP_SYN_SENT, 0},
		{TCP_ACK, 2, TCP_RST, BERTH_TCP_SYN_SENT, 0},
		{TCP_SYN | TCP_ACK, 2, TCP_RST, BERTH_TCP_SYN_SENT, 0},
		{TCP_RST | TCP_ACK, 2, 0, BERTH_TCP_SYN_SENT, 0},
		{TCP_RST | TCP_ACK, 0, 0, BERTH_TCP_SYN_SENT, 0},
		{TCP_RST, 0, 0, BERTH_TCP_SYN_SENT, 0},
		{TCP_RST | TCP_ACK, 1, 0, BERTH_TCP_CLOSED, BERTH_ECONNREFUSED},
		{TCP_ACK, 1, 0, BERTH_TCP_SYN_SENT, 0},
		{TCP_FIN, 0, 0, BERTH_TCP_SYN_SENT, 0},
		{0, 0, 0, BERTH_TCP_SYN_SENT, 0},
		{TCP_SYN, 0, TCP_SYN | TCP_ACK, BERTH_TCP_SYN_RECEIVED, 0},
		{TCP_SYN | TCP_ACK, 1, TCP_ACK, BERTH_TCP_ESTABLISHED, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;

		peer_init(&p, &full);
		peer_connect(&p);
		peer_clear(&p);
		peer_in(&p, rows[i].flags, 0, rows[i].ack, 0);
		if (!rows[i].answer)
			peer_none(&p);
		else
			assert_int_equal(peer_only(&p)->h.flags, rows[i].answer);
		if (rows[i].answer == TCP_RST)
			assert_int_equal(peer_only(&p)->seq, rows[i].ack);
		assert_int_equal(peer_state(&p), rows[i].next);
		assert_int_equal(peer_error(&p), rows[i].error);
		peer_deinit(&p);
	}
}

/* ---- options that a host does without ---- */

static void options_of_the_host_are_obeyed(void **state)
{
	for (unsigned i = 0; i < 16; i++) {
		struct peer_setup setup = full;
		bool passive = i & 8;
		const struct tcp_header *h;
		struct peer p;

		setup.no_sack = i & 1;
		setup.no_timestamps = i & 2;
		setup.no_window_scaling = i & 4;
		peer_init(&p, &setup);
		if (passive) {
			peer_listen(&p);
			peer_in(&p, TCP_SYN, 0, 0, 0);
		} else {
			peer_connect(&p);
		}
		h = &peer_only(&p)->h;
		assert_int_equal(h->has_sack_permitted, !setup.no_sack);
		assert_int_equal(h->has_timestamp, !setup.no_timestamps);
		assert_int_equal(h->has_wscale, !setup.no_window_scaling);
		p.ts_ecr = h->ts_val;
		if (passive) {
			peer_in(&p, TCP_ACK, 1, 1, 0);
			peer_accept(&p);
		} else {
			peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
		}
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
		assert_int_equal(p.t->sack_ok, !setup.no_sack);
		assert_int_equal(p.t->ts_ok, !setup.no_timestamps);
		assert_int_equal(p.t->snd_wscale, setup.no_window_scaling ? 0 : 7);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_5_crossed_syns_then_syn_ack),
		cmocka_unit_test(section_3_5_crossed_syns_then_ack),
		cmocka_unit_test(section_3_5_the_peers_syn_twice),
		cmocka_unit_test(section_3_5_syn_ack_overtakes_the_syn),
		cmocka_unit_test(section_3_5_our_syn_ack_is_lost),
		cmocka_unit_test(section_3_5_data_on_the_crossed_syn_comes_again),
		cmocka_unit_test(section_3_5_crossed_options_are_agreed_on),
		cmocka_unit_test(section_3_5_a_socket_connects_to_itself),
		cmocka_unit_test(section_3_5_an_old_duplicate_syn_is_recovered_from),
		cmocka_unit_test(section_3_5_a_new_syn_before_the_reset),
		cmocka_unit_test(section_3_10_7_2_reset_first_then_ack_then_syn),
		cmocka_unit_test(section_3_10_7_2_data_on_a_syn_is_not_delivered),
		cmocka_unit_test(section_3_8_3_the_syn_ack_is_repeated_five_times),
		cmocka_unit_test(section_3_8_3_the_user_says_how_often),
		cmocka_unit_test(section_3_8_3_a_syn_is_repeated),
		cmocka_unit_test(a_full_accept_queue_drops_the_ack),
		cmocka_unit_test(deferred_accept_waits_for_data),
		cmocka_unit_test(section_3_9_2_2_icmp_about_our_syn_ack),
		cmocka_unit_test(half_open_connections_are_rows_and_go_with_their_address),
		cmocka_unit_test(section_3_10_7_3_ack_then_reset_then_syn),
		cmocka_unit_test(options_of_the_host_are_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
