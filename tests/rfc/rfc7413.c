/* RFC 7413, TCP fast open: the client (first half) and the server. */
#include <berth/error.h>

#include "tcp_peer.h"

#define BOTH (BERTH_FAST_OPEN_CLIENT | BERTH_FAST_OPEN_SERVER)

static const struct peer_setup full = {
	.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true, .fast_open = BOTH};

static const uint8_t cookie[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* ---- the client ---- */

static void aim(struct peer *p)
{
	p->t = peer_socket(p);
	memcpy(p->t->e.pair.foreign, p->pair.foreign, 16);
	p->t->e.pair.foreign_port = p->pair.foreign_port;
}

/* Connects with n bytes for the SYN. */
static long fast(struct peer *p, uint32_t n)
{
	static uint8_t bytes[4096];
	struct berth_vector vector = {bytes, n};
	long done;

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = peer_byte(1 + i);
	aim(p);
	done = tcp_connect_send(&p->env, p->t, p->setup.mtu, &vector, 1);
	peer_pump(p);
	if (p->n_out)
		p->ts_ecr = p->out[p->n_out - 1].h.ts_val;
	return done;
}

/* The peer's SYN-ACK, with a cookie of n bytes, -1: without the option. */
static void syn_ack(struct peer *p, uint32_t ack, int n)
{
	struct tcp_header h = peer_syn(p, TCP_SYN | TCP_ACK, 0, ack);

	h.has_fast_open = n >= 0;
	h.n_fast_open = n > 0 ? (uint8_t)n : 0;
	memcpy(h.fast_open, cookie, sizeof(cookie));
	peer_in_header(p, &h, 0);
}

static void forget(struct peer *p)
{
	peer_in(p, TCP_RST, 1, 0, 0);
	assert_int_equal(peer_state(p), BERTH_TCP_CLOSED);
	peer_close(p);
	peer_clear(p);
}

/* A first connection that brings a cookie. */
static void learn(struct peer *p, int n)
{
	assert_int_equal(fast(p, 10), BERTH_EINPROGRESS);
	syn_ack(p, 1, n);
	assert_int_equal(peer_state(p), BERTH_TCP_ESTABLISHED);
	forget(p);
}

static void section_3_the_first_connection_asks_for_a_cookie(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	assert_int_equal(fast(&p, 10), BERTH_EINPROGRESS);
	peer_expect(peer_only(&p), TCP_SYN, 0, 0, 0);
	assert_true(p.out[0].h.has_fast_open && !p.out[0].h.fast_open_experimental);
	assert_int_equal(p.out[0].h.n_fast_open, 0);
	syn_ack(&p, 1, 8);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_clear(&p);
	assert_int_equal(peer_send(&p, 1, 10), 10);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 10);
	peer_deinit(&p);
}

static void section_4_2_1_data_leaves_with_the_syn_and_its_cookie(void **state)
{
	static const int lengths[] = {4, 6, 8, 16};

	for (size_t i = 0; i < 4; i++) {
		struct peer p;

		peer_init(&p, &full);
		learn(&p, lengths[i]);
		assert_int_equal(fast(&p, 100), 100);
		assert_int_equal(peer_only(&p)->h.flags, TCP_SYN);
		assert_int_equal(p.out[0].seq, 0);
		assert_int_equal(p.out[0].len, 100);
		assert_true(p.budget.in_use >= 100); /* what waits for the SYN-ACK counts like other data */
		for (uint32_t k = 0; k < 100; k++)
			assert_int_equal(p.out[0].data[k], peer_byte(1 + k));
		assert_int_equal(p.out[0].h.n_fast_open, lengths[i]);
		assert_memory_equal(p.out[0].h.fast_open, cookie, (size_t)lengths[i]);
		peer_clear(&p);
		syn_ack(&p, 101, -1);
		peer_expect(peer_only(&p), TCP_ACK, 101, 1, 0);
		assert_int_equal(p.env.counters.fast_open_out, 1);
		assert_int_equal(p.env.counters.fast_open_refused, 0);
		peer_clear(&p);
		assert_int_equal(peer_send(&p, 101, 100), 100);
		peer_expect(peer_only(&p), TCP_ACK, 101, 1, 100);
		peer_deinit(&p);
	}
}

/* Section 4.2.2: the server took the SYN alone. The data leaves again with the ACK, and nothing was lost. */
static void section_4_2_2_data_that_was_not_taken_is_sent_again_at_once(void **state)
{
	struct peer p;
	uint64_t cwnd;

	peer_init(&p, &full);
	learn(&p, 8);
	assert_int_equal(fast(&p, 100), 100);
	peer_clear(&p);
	syn_ack(&p, 1, 8);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 100);
	assert_int_equal(p.env.counters.fast_open_refused, 1);
	assert_int_equal(p.env.counters.timeouts + p.env.counters.fast_recoveries, 0);
	cwnd = p.t->cc.cwnd;
	assert_true(cwnd >= 10 * 1448);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 101, 0);
	assert_true(p.t->cc.cwnd >= cwnd);
	assert_int_equal(p.t->snd_una, p.t->snd_nxt);
	assert_int_equal(peer_send(&p, 101, 10), 10);
	peer_expect(peer_only(&p), TCP_ACK, 101, 1, 10);
	peer_deinit(&p);
}

static void section_4_1_3_the_mss_is_kept_with_the_cookie(void **state)
{
	struct peer_setup setup = full;
	struct peer p;

	setup.mss = 1000;
	peer_init(&p, &setup);
	learn(&p, 8);
	assert_int_equal(fast(&p, 4000), 960); /* room for options is left */
	assert_int_equal(peer_only(&p)->len, 960);
	peer_deinit(&p);
}

static void section_4_1_3_without_a_cookie_the_mss_is_the_least(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	aim(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_NO_COOKIE, 1);
	{
		static uint8_t bytes[4000];
		struct berth_vector vector = {bytes, sizeof(bytes)};

		assert_int_equal(tcp_connect_send(&p.env, p.t, p.setup.mtu, &vector, 1),
				 (p.setup.ip6 ? 1220 : 536) - 40);
	}
	peer_pump(&p);
	assert_int_equal(peer_only(&p)->len, (p.setup.ip6 ? 1220 : 536) - 40);
	assert_false(p.out[0].h.has_fast_open);
	peer_deinit(&p);
}

/* Section 4.1.3.1: what is sent again is a SYN like others; twice in a row, and data is not tried for a while. */
static void section_4_1_3_1_lost_data_is_given_up_for_a_while(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	learn(&p, 8);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fast(&p, 100), 100);
		peer_clear(&p);
		peer_advance(&p, 1100 * MS);
		assert_int_equal(peer_only(&p)->h.flags, TCP_SYN);
		assert_int_equal(p.out[0].len, 0);
		assert_false(p.out[0].h.has_fast_open);
		peer_clear(&p);
		{
			struct tcp_header h = peer_syn(&p, TCP_SYN | TCP_ACK, 0, 0);

			h.ack = (uint32_t)p.t->snd_una + 1;
			peer_in_header(&p, &h, 0);
		}
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
		assert_int_equal(peer_only(&p)->len, 100);
		forget(&p);
	}
	assert_int_equal(fast(&p, 100), BERTH_EINPROGRESS);
	assert_int_equal(peer_only(&p)->len, 0);
	assert_false(p.out[0].h.has_fast_open);
	peer_close(&p);
	peer_clear(&p);
	peer_advance(&p, 300 * S);
	assert_int_equal(fast(&p, 100), 100);
	peer_deinit(&p);
}

/* RFC 1191: what was too big was the data. */
static void a_syn_that_is_too_big_goes_again_without_data(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	learn(&p, 8);
	assert_int_equal(fast(&p, 1400), 1400);
	peer_clear(&p);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS, 1300);
	peer_pump(&p);
	assert_int_equal(peer_only(&p)->h.flags, TCP_SYN);
	assert_int_equal(p.out[0].len, 0);
	peer_clear(&p);
	tcp_icmp_mtu(&p.env, p.t, BERTH_ISS, 1290); /* once is enough */
	peer_pump(&p);
	peer_none(&p);
	syn_ack(&p, 1, -1);
	assert_int_equal(peer_at(&p, 0)->seq, 1);
	assert_true(p.out[0].len > 1000 && p.out[0].len < 1290);
	peer_deinit(&p);
}

/* Data that the server did not take and that fills no segment is no reason for Nagle's rule: the SYN had no room for
 * more. */
static void section_4_2_2_what_follows_the_syns_data_does_not_wait_for_it(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	learn(&p, 8);
	assert_int_equal(fast(&p, 4000), 1420);
	peer_clear(&p);
	syn_ack(&p, 1, 8);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1420);
	peer_clear(&p);
	assert_int_equal(peer_send(&p, 1421, 100), 100);
	peer_expect(peer_only(&p), TCP_ACK, 1421, 1, 100);
	peer_clear(&p);
	assert_int_equal(peer_send(&p, 1521, 100), 100); /* but for this */
	peer_none(&p);
	peer_deinit(&p);
}

/* Section 4.1.3.2: the MSS is that of the latest SYN-ACK, with a cookie or without. */
static void section_4_1_3_2_the_mss_follows_the_server(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	learn(&p, 8);
	assert_int_equal(fast(&p, 2000), 1420);
	p.setup.mss = 940;
	syn_ack(&p, 1421, -1);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	forget(&p);
	assert_int_equal(fast(&p, 2000), 900);
	peer_deinit(&p);
}

/* Section 4.1.1: a length that cannot be is no cookie. */
static void section_4_1_1_bad_lengths_are_no_cookies(void **state)
{
	static const uint8_t options[][8] = {
		{34, 3, 1, 1}, {34, 4, 1, 2, 1, 1, 1, 1}, {34, 5, 1, 2, 3, 1, 1, 1}, {34, 7, 1, 2, 3, 4, 5, 1}};

	for (size_t i = 0; i < 4; i++) {
		uint8_t bytes[28] = {[12] = 0x70, [13] = TCP_SYN};
		struct tcp_header h;

		memcpy(bytes + 20, options[i], 8);
		assert_int_equal(tcp_header_parse(bytes, 28, &h), 28);
		assert_false(h.has_fast_open);
		bytes[20] = 34;
		bytes[21] = 6;
		assert_int_equal(tcp_header_parse(bytes, 28, &h), 28);
		assert_true(h.has_fast_open && h.n_fast_open == 4);
		bytes[13] = TCP_ACK; /* without SYN */
		assert_int_equal(tcp_header_parse(bytes, 28, &h), 28);
		assert_false(h.has_fast_open);
	}
}

static void section_4_1_3_the_cache_is_bounded(void **state)
{
	size_t n_bytes = 0;
	struct peer p;

	peer_init(&p, &full);
	for (unsigned i = 0; i < 1000; i++) {
		p.pair.foreign[3] = (uint8_t)i;
		p.pair.foreign[2] = (uint8_t)(i >> 8);
		p.env.now += 1;
		assert_int_equal(fast(&p, 10), BERTH_EINPROGRESS);
		{
			struct tcp_header h = peer_syn(&p, TCP_SYN | TCP_ACK, 0, 0);

			h.ack = p.out[0].h.seq + 1;
			h.has_fast_open = true;
			h.n_fast_open = 8;
			memcpy(h.fast_open, cookie, 8);
			peer_in_header(&p, &h, 0);
		}
		forget(&p);
		if (i == 0)
			n_bytes = p.heap.n_bytes;
	}
	assert_int_equal(p.heap.n_bytes, n_bytes);
	assert_int_equal(fast(&p, 10), 10); /* the latest is there */
	peer_deinit(&p);
}

static void a_host_may_do_without(void **state)
{
	struct peer_setup setup = full;
	struct peer p;
	int on = 1;

	setup.fast_open = 0;
	peer_init(&p, &setup);
	assert_int_equal(fast(&p, 10), BERTH_EOPNOTSUPP);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_CONNECT, &on, sizeof(on)),
			 BERTH_EOPNOTSUPP);
	assert_int_equal(peer_connect(&p), 0);
	assert_false(peer_only(&p)->h.has_fast_open);
	peer_deinit(&p);
}

/* TCP_FASTOPEN_CONNECT, as Linux has it. */
static void connect_waits_for_data_where_there_is_a_cookie(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	aim(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_CONNECT, 1);
	assert_int_equal(tcp_connect(&p.env, p.t, p.setup.mtu), 0);
	peer_pump(&p);
	assert_false(tcp_connect_is_deferred(p.t));
	assert_true(peer_only(&p)->h.has_fast_open);
	p.ts_ecr = p.out[0].h.ts_val;
	syn_ack(&p, 1, 8);
	forget(&p);
	aim(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_CONNECT, 1);
	assert_int_equal(tcp_connect(&p.env, p.t, p.setup.mtu), 0);
	peer_pump(&p);
	peer_none(&p);
	assert_true(tcp_connect_is_deferred(p.t));
	assert_true(tcp_ready(p.t) & BERTH_WRITABLE);
	assert_int_equal(tcp_connect(&p.env, p.t, p.setup.mtu), BERTH_EISCONN);
	assert_int_equal(peer_send(&p, 1, 50), 50);
	assert_int_equal(tcp_connect(&p.env, p.t, p.setup.mtu), BERTH_EALREADY);
	assert_int_equal(peer_only(&p)->h.flags, TCP_SYN);
	assert_int_equal(p.out[0].len, 50);
	assert_int_equal(peer_send(&p, 51, 50), BERTH_EAGAIN);
	peer_deinit(&p);
}

static void a_refused_connection_tells_so(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	learn(&p, 8);
	assert_int_equal(fast(&p, 100), 100);
	peer_in(&p, TCP_RST | TCP_ACK, 0, 101, 0);
	assert_int_equal(peer_error(&p), BERTH_ECONNREFUSED);
	peer_deinit(&p);
}

/* ---- the server ---- */

static void serve(struct peer *p, int n_max)
{
	peer_listen(p);
	assert_int_equal(tcp_setsockopt(&p->env, p->listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, &n_max, sizeof(n_max)),
			 0);
}

/* A SYN of the peer with len bytes and a cookie of n bytes from `from`. */
static void syn(struct peer *p, uint32_t len, const uint8_t *from, uint8_t n)
{
	struct tcp_header h = peer_syn(p, TCP_SYN, 0, 0);

	h.has_fast_open = true;
	h.n_fast_open = n;
	if (n)
		memcpy(h.fast_open, from, n);
	peer_in_header(p, &h, len);
}

/* The cookie for the peer's address. */
static void ask(struct peer *p, uint8_t got[8])
{
	uint16_t port = p->pair.foreign_port;

	p->pair.foreign_port = 999;
	syn(p, 0, NULL, 0);
	assert_int_equal(p->n_out, 1);
	assert_int_equal(p->out[0].h.flags, TCP_SYN | TCP_ACK);
	assert_true(p->out[0].h.has_fast_open);
	assert_int_equal(p->out[0].h.n_fast_open, 8);
	memcpy(got, p->out[0].h.fast_open, 8);
	peer_in(p, TCP_RST, 1, 0, 0);
	assert_int_equal(p->listener->listener->n_half_open, 0);
	p->pair.foreign_port = port;
	peer_clear(p);
}

static void section_4_2_2_a_good_cookie_lets_the_data_in(void **state)
{
	uint8_t good[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	ask(&p, good);
	syn(&p, 200, good, 8);
	assert_int_equal(p.env.counters.fast_open_in, 1);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 201, 0);
	assert_false(p.out[0].h.has_fast_open);
	p.ts_ecr = p.out[0].h.ts_val;
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	peer_clear(&p);
	peer_accept(&p);
	assert_true(p.budget.in_use >= 200);
	assert_int_equal(peer_recv(&p, 1, 1000), 200);
	/* The answer does not wait for the handshake. */
	assert_int_equal(peer_send(&p, 1, 3000), 3000);
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 201, 1448);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 201, 3001, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p.listener->listener->fast_open.n, 0);
	assert_int_equal(p.t->snd_una, p.t->snd_nxt);
	assert_false(tcp_can_accept(p.listener));
	peer_deinit(&p);
}

static void section_4_2_2_a_bad_cookie_is_a_syn_like_others(void **state)
{
	uint8_t good[8], bad[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	ask(&p, good);
	for (unsigned i = 0; i < 64; i++) {
		memcpy(bad, good, 8);
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
		p.pair.foreign_port = (uint16_t)(2000 + i);
		peer_clear(&p);
		syn(&p, 200, bad, 8);
		peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, (uint32_t)(p.out[0].h.seq - BERTH_ISS), 1, 0);
		if (i < 8)                                                  /* beyond the backlog: a SYN cookie */
			assert_memory_equal(p.out[0].h.fast_open, good, 8); /* the right one is given */
		assert_false(tcp_can_accept(p.listener));
	}
	assert_int_equal(p.env.counters.fast_open_bad, 64);
	assert_int_equal(p.env.counters.fast_open_in, 0);
	peer_deinit(&p);
}

static void section_4_1_2_a_cookie_is_of_one_address(void **state)
{
	uint8_t good[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	ask(&p, good);
	p.pair.foreign[3] ^= 1;
	syn(&p, 200, good, 8);
	assert_int_equal(p.env.counters.fast_open_in, 0);
	assert_int_equal(p.env.counters.fast_open_bad, 1);
	peer_deinit(&p);
}

/* Section 4.1.2: after the key has changed, the old cookie is good once more and a new one goes with the answer. */
static void section_4_1_2_the_key_may_be_changed(void **state)
{
	static const char keys[] = "the second key..the first key...";
	uint8_t first[8], second[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, keys + 16, 16), 0);
	ask(&p, first);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, keys, 32), 0);
	ask(&p, second);
	assert_memory_not_equal(first, second, 8);
	syn(&p, 200, first, 8);
	assert_int_equal(p.env.counters.fast_open_in, 1);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 201, 0);
	assert_memory_equal(p.out[0].h.fast_open, second, 8);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, keys, 16), 0);
	p.pair.foreign_port = 2000;
	syn(&p, 200, first, 8);
	assert_int_equal(p.env.counters.fast_open_in, 1);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, keys, 15),
			 BERTH_EINVAL);
	peer_deinit(&p);
}

/* The same key makes the same cookies as on Linux (known from packetdrill's scripts). */
static void section_4_1_2_cookies_are_those_of_linux(void **state)
{
	static const uint8_t key[16] = {0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2,
					0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4};
	static const uint8_t ip4[2][16] = {{192, 168, 0, 1}, {192, 0, 2, 1}};
	static const uint8_t ip6[2][16] = {{0xfd, 0x3d, 0x0a, 0x0b, 0x17, 0xd6, [15] = 1},
					   {0xfd, 0x3d, 0xfa, 0x7b, 0xd1, 0x7d, [15] = 1}};
	static const uint8_t wanted4[8] = {0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb};
	static const uint8_t wanted6[8] = {0xc1, 0xd1, 0xe9, 0x74, 0x2a, 0x47, 0xa9, 0xbc};
	uint8_t got[8];
	struct peer p;

	peer_init(&p, &full);
	memcpy(p.pair.local, p.setup.ip6 ? ip6[0] : ip4[0], 16);
	memcpy(p.pair.foreign, p.setup.ip6 ? ip6[1] : ip4[1], 16);
	serve(&p, 5);
	assert_int_equal(tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, key, 16), 0);
	ask(&p, got);
	assert_memory_equal(got, p.setup.ip6 ? wanted6 : wanted4, 8);
	peer_deinit(&p);
}

/* Section 5.1: few are let in that have not proved themselves; one that is reset counts for a minute. */
static void section_5_1_pending_requests_are_limited(void **state)
{
	struct tcp_header h;
	uint8_t good[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 2);
	ask(&p, good);
	for (uint16_t i = 0; i < 3; i++) {
		p.pair.foreign_port = (uint16_t)(2000 + i);
		syn(&p, 10, good, 8);
	}
	assert_int_equal(p.env.counters.fast_open_in, 2);
	assert_int_equal(p.env.counters.fast_open_full, 1);
	assert_int_equal(peer_at(&p, 2)->ack, 1);
	p.pair.foreign_port = 2000; /* this one proves itself */
	h = peer_header(&p, TCP_ACK, 11, 0);
	h.ack = p.out[0].h.seq + 1;
	h.ts_ecr = p.out[0].h.ts_val;
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(p.listener->listener->fast_open.n, 1);
	p.pair.foreign_port = 2001; /* and this one is reset */
	peer_in(&p, TCP_RST, 11, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.listener->listener->fast_open.n, 0);
	p.pair.foreign_port = 2003;
	syn(&p, 10, good, 8);
	assert_int_equal(p.env.counters.fast_open_in, 3);
	p.pair.foreign_port = 2004;
	syn(&p, 10, good, 8);
	assert_int_equal(p.env.counters.fast_open_in, 3);
	peer_advance(&p, 64 * S); /* that of 2003 is over by then, too */
	p.pair.foreign_port = 2005;
	syn(&p, 10, good, 8);
	p.pair.foreign_port = 2006;
	syn(&p, 10, good, 8);
	assert_int_equal(p.env.counters.fast_open_in, 5);
	peer_deinit(&p);
}

/* The same SYN again: its SYN-ACK again, and its data not. */
static void section_4_2_2_the_syn_again_brings_its_data_once(void **state)
{
	uint8_t good[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	ask(&p, good);
	syn(&p, 100, good, 8);
	syn(&p, 100, good, 8);
	assert_int_equal(p.n_out, 2);
	peer_expect(&p.out[1], TCP_SYN | TCP_ACK, 0, 101, 0);
	peer_clear(&p);
	peer_advance(&p, 1100 * MS); /* and by the timer, without data of ours */
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 101, 0);
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	peer_deinit(&p);
}

static void the_option_of_old_is_answered_in_kind(void **state)
{
	struct tcp_header h;
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	h = peer_syn(&p, TCP_SYN, 0, 0);
	h.has_fast_open = h.fast_open_experimental = true;
	h.n_fast_open = 0;
	peer_in_header(&p, &h, 0);
	assert_true(peer_only(&p)->h.has_fast_open && p.out[0].h.fast_open_experimental);
	h.n_fast_open = 8;
	memcpy(h.fast_open, p.out[0].h.fast_open, 8);
	p.pair.foreign_port = 2000;
	peer_in_header(&p, &h, 50);
	assert_int_equal(p.env.counters.fast_open_in, 1);
	peer_deinit(&p);
}

static void listeners_and_hosts_that_do_not_want_it_do_not(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer_setup setup = full;
		struct peer p;

		setup.fast_open = i ? BERTH_FAST_OPEN_CLIENT : BOTH;
		peer_init(&p, &setup);
		serve(&p, i ? 5 : 0);
		syn(&p, 0, NULL, 0);
		assert_false(peer_only(&p)->h.has_fast_open);
		p.pair.foreign_port = 2000;
		syn(&p, 100, cookie, 8);
		assert_int_equal(p.env.counters.fast_open_in + p.env.counters.fast_open_bad, 0);
		peer_deinit(&p);
	}
}

static void without_cookies_data_is_taken_as_it_comes(void **state)
{
	struct peer p;
	int on = 1;

	peer_init(&p, &full);
	serve(&p, 5);
	assert_int_equal(
		tcp_setsockopt(&p.env, p.listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_NO_COOKIE, &on, sizeof(on)), 0);
	peer_in(&p, TCP_SYN, 0, 0, 100);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 101, 0);
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	peer_deinit(&p);
}

/* RFC 9293 section 3.10.4: closed before the handshake is complete; data and FIN get there all the same. */
static void a_connection_let_in_may_be_closed(void **state)
{
	uint8_t good[8];
	struct peer p;

	peer_init(&p, &full);
	serve(&p, 5);
	ask(&p, good);
	syn(&p, 100, good, 8);
	p.ts_ecr = p.out[0].h.ts_val;
	peer_accept(&p);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	assert_int_equal(peer_send(&p, 1, 10), 10);
	peer_clear(&p);
	peer_close(&p);
	peer_in(&p, TCP_ACK, 101, 11, 0);
	peer_in(&p, TCP_ACK, 101, 12, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_FIN_WAIT_2);
	peer_in(&p, TCP_FIN | TCP_ACK, 101, 12, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* Every allocation fails in turn: nothing leaks. */
static void no_memory(void **state)
{
	for (size_t n = 0; n < 10; n++) {
		uint8_t good[8];
		struct peer p;

		peer_init(&p, &full);
		serve(&p, 5);
		ask(&p, good);
		p.heap.fail_at = n;
		syn(&p, 100, good, 8);
		peer_advance(&p, 2 * S);
		p.heap.fail_at = SIZE_MAX;
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_the_first_connection_asks_for_a_cookie),
		cmocka_unit_test(section_4_2_1_data_leaves_with_the_syn_and_its_cookie),
		cmocka_unit_test(section_4_2_2_data_that_was_not_taken_is_sent_again_at_once),
		cmocka_unit_test(section_4_2_2_what_follows_the_syns_data_does_not_wait_for_it),
		cmocka_unit_test(section_4_1_3_the_mss_is_kept_with_the_cookie),
		cmocka_unit_test(section_4_1_3_without_a_cookie_the_mss_is_the_least),
		cmocka_unit_test(section_4_1_3_1_lost_data_is_given_up_for_a_while),
		cmocka_unit_test(section_4_1_1_bad_lengths_are_no_cookies),
		cmocka_unit_test(section_4_1_3_the_cache_is_bounded),
		cmocka_unit_test(a_host_may_do_without),
		cmocka_unit_test(a_syn_that_is_too_big_goes_again_without_data),
		cmocka_unit_test(section_4_1_3_2_the_mss_follows_the_server),
		cmocka_unit_test(connect_waits_for_data_where_there_is_a_cookie),
		cmocka_unit_test(a_refused_connection_tells_so),
		cmocka_unit_test(section_4_2_2_a_good_cookie_lets_the_data_in),
		cmocka_unit_test(section_4_2_2_a_bad_cookie_is_a_syn_like_others),
		cmocka_unit_test(section_4_1_2_a_cookie_is_of_one_address),
		cmocka_unit_test(section_4_1_2_the_key_may_be_changed),
		cmocka_unit_test(section_4_1_2_cookies_are_those_of_linux),
		cmocka_unit_test(section_5_1_pending_requests_are_limited),
		cmocka_unit_test(section_4_2_2_the_syn_again_brings_its_data_once),
		cmocka_unit_test(the_option_of_old_is_answered_in_kind),
		cmocka_unit_test(listeners_and_hosts_that_do_not_want_it_do_not),
		cmocka_unit_test(without_cookies_data_is_taken_as_it_comes),
		cmocka_unit_test(a_connection_let_in_may_be_closed),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
