/* RFC 4987, SYN flooding: what is remembered of a SYN is small and bounded (sections 3.4 and 3.5), and what finds no
 * room is answered by a cookie (section 3.6). */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup full = {
	.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true, .backlog = 2};

static void syn_from(struct peer *p, uint16_t port)
{
	p->pair.foreign_port = port;
	peer_in(p, TCP_SYN, 0, 0, 0);
}

/* Two that never answer fill the queue; nothing is left collected. */
static void press(struct peer *p)
{
	peer_listen(p);
	syn_from(p, 2000);
	syn_from(p, 2001);
	assert_int_equal(p->env.counters.syn_cookies_out, 0);
	peer_clear(p);
}

/* The ACK of this SYN-ACK, with `len` bytes from the peer's `seq` on. */
static void answer(struct peer *p, const struct peer_segment *syn_ack, uint32_t seq, uint32_t len)
{
	struct tcp_header h;

	p->pair.foreign_port = syn_ack->pair.foreign_port;
	h = peer_header(p, TCP_ACK, seq, 0);
	h.ack = syn_ack->h.seq + 1;
	h.ts_ecr = syn_ack->h.ts_val;
	peer_in_header(p, &h, len);
}

static void section_3_4_a_record_is_small_and_their_number_is_capped(void **state)
{
	struct peer_setup setup = full;
	size_t bytes;
	struct peer p;

	setup.backlog = 4096;
	setup.n_half_open_max = 300;
	peer_init(&p, &setup);
	peer_listen(&p);
	bytes = p.heap.n_bytes;
	for (unsigned i = 0; i < 10000; i++)
		syn_from(&p, (uint16_t)(2000 + i));
	assert_int_equal(p.n_out, 10000);
	assert_int_equal(p.env.counters.syn_cookies_out, 9700);
	assert_true(sizeof(struct tcp_request) <= 176);
	/* With the table that finds them. */
	assert_true(p.heap.n_bytes - bytes <= 300 * (sizeof(struct tcp_request) + 2 * 2 * sizeof(void *)));
	print_message("# %zu bytes for each half-open connection, %zu for a control block\n",
		      sizeof(struct tcp_request), sizeof(struct tcb));
	peer_deinit(&p);
}

static void section_3_6_the_cookie_brings_back_what_the_syn_said(void **state)
{
	static const struct {
		uint16_t said, mss;
	} rows[] = {{0, 0}, {88, 88}, {535, 88}, {536, 536}, {1300, 1220}, {1459, 1440}, {1460, 1460}, {9000, 1460}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_setup setup = full;
		uint32_t mss = rows[i].mss;
		struct peer p;

		setup.mss = rows[i].said;
		setup.window = 1000;
		peer_init(&p, &setup);
		if (!rows[i].said)
			mss = p.setup.ip6 ? 1220 : 536;
		press(&p);
		syn_from(&p, 3000);
		assert_int_equal(p.env.counters.syn_cookies_out, 1);
		assert_true(peer_only(&p)->h.has_wscale && peer_only(&p)->h.has_sack_permitted);
		assert_int_equal(peer_only(&p)->h.ts_ecr, p.ts_val);
		assert_null(tcp_request_find(&p.env, &p.pair));
		answer(&p, &p.out[0], 1, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
		assert_int_equal(p.env.counters.syn_cookies_in, 1);
		p.t = tcp_accept(&p.env, p.listener);
		assert_non_null(p.t);
		assert_int_equal(p.t->mss, mss - 12);
		assert_true(p.t->sack_ok && p.t->ts_ok && p.t->wscale_ok);
		assert_int_equal(p.t->snd_wnd, 1000 << 7);
		assert_int_equal(p.t->rcv_wscale, p.out[0].h.wscale);
		peer_deinit(&p);
	}
}

/* Each of the options alone, in the timestamp's low bits. */
static void section_3_6_only_what_was_said_is_agreed_to(void **state)
{
	for (unsigned i = 0; i < 16; i++) {
		const struct peer_setup setup = {.mss = 1460,
						 .timestamps = i & 1,
						 .sack = i & 2,
						 .has_wscale = i & 4,
						 .wscale = i & 8 ? 14 : 0,
						 .backlog = 2};
		struct peer p;

		peer_init(&p, &setup);
		press(&p);
		syn_from(&p, 3000);
		assert_int_equal(peer_only(&p)->h.has_timestamp, setup.timestamps);
		assert_int_equal(peer_only(&p)->h.has_sack_permitted, setup.sack && setup.timestamps);
		assert_int_equal(peer_only(&p)->h.has_wscale, setup.has_wscale && setup.timestamps);
		answer(&p, &p.out[0], 1, 0);
		p.t = tcp_accept(&p.env, p.listener);
		assert_non_null(p.t);
		assert_int_equal(p.t->ts_ok, setup.timestamps);
		assert_int_equal(p.t->sack_ok, setup.sack && setup.timestamps);
		assert_int_equal(p.t->wscale_ok, setup.has_wscale && setup.timestamps);
		assert_int_equal(p.t->snd_wscale, p.t->wscale_ok ? setup.wscale : 0);
		peer_deinit(&p);
	}
}

/* RFC 7323 section 5.4: the timestamp of a SYN-ACK with a cookie is not ahead of what follows. */
static void section_3_6_the_timestamp_never_runs_ahead(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t behind;

		peer_advance(&p, 1 * MS);
		peer_clear(&p);
		syn_from(&p, (uint16_t)(3000 + i));
		behind = tcp_timestamp_of_pair(&p.env, &p.pair) - p.out[p.n_out - 1].h.ts_val;
		assert_in_range(behind, 0, 127);
	}
	peer_deinit(&p);
}

static void section_3_6_data_and_fin_on_the_first_ack_are_taken(void **state)
{
	struct tcp_header h;
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	syn_from(&p, 3000);
	h = peer_header(&p, TCP_ACK | TCP_FIN, 1, 0);
	h.ack = p.out[0].h.seq + 1;
	h.ts_ecr = p.out[0].h.ts_val;
	peer_in_header(&p, &h, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSE_WAIT);
	p.t = tcp_accept(&p.env, p.listener);
	assert_int_equal(peer_recv(&p, 1, 1000), 100);
	peer_deinit(&p);
}

/* The count changes each 64 s: a cookie lives between one and two of these. */
static void section_3_6_a_cookie_is_good_for_one_to_two_minutes(void **state)
{
	static const struct {
		unsigned s;
		bool good;
	} rows[] = {{0, true}, {10, true}, {60, true}, {64, true}, {128, false}, {200, false}, {64 * 32, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_segment syn_ack;
		struct peer p;

		peer_init(&p, &full);
		press(&p);
		syn_from(&p, 3000);
		syn_ack = *peer_only(&p);
		for (unsigned s = 0; s < rows[i].s; s += 2) { /* the flood goes on */
			peer_advance(&p, 2 * S);
			for (uint16_t k = 0; k < 4; k++)
				syn_from(&p, (uint16_t)(5000 + k));
		}
		peer_clear(&p);
		answer(&p, &syn_ack, 1, 0);
		assert_int_equal(peer_state(&p), rows[i].good ? BERTH_TCP_ESTABLISHED : BERTH_TCP_CLOSED);
		assert_int_equal(p.env.counters.syn_cookies_bad, !rows[i].good);
		if (!rows[i].good)
			assert_int_equal(peer_only(&p)->h.flags, TCP_RST);
		peer_deinit(&p);
	}
}

/* Another peer's, another number's, and any bit changed. */
static void section_3_6_a_cookie_is_good_for_its_own_syn_alone(void **state)
{
	struct peer_segment syn_ack;
	struct tcp_header h;
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	syn_from(&p, 3000);
	syn_ack = *peer_only(&p);
	syn_ack.pair.foreign_port = 3001;
	answer(&p, &syn_ack, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	syn_ack.pair.foreign_port = 3000;
	answer(&p, &syn_ack, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	for (unsigned bit = 0; bit < 32; bit++) {
		h = peer_header(&p, TCP_ACK, 1, 0);
		h.ack = (syn_ack.h.seq ^ 1u << bit) + 1;
		peer_in_header(&p, &h, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	}
	assert_int_equal(p.env.counters.syn_cookies_bad, 34);
	answer(&p, &syn_ack, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

/* Where no cookie can be out, nothing is hashed for an ACK that comes from nowhere. */
static void section_3_6_without_pressure_no_cookie_is_looked_for(void **state)
{
	struct peer p;

	peer_init(&p, &full);
	peer_listen(&p);
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_only(&p)->h.flags, TCP_RST);
	assert_int_equal(p.env.counters.syn_cookies_bad, 0);
	peer_clear(&p);
	syn_from(&p, 2000);
	syn_from(&p, 2001);
	syn_from(&p, 2002);
	peer_advance(&p, 300 * S);
	peer_clear(&p);
	p.pair.foreign_port = 2002;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_only(&p)->h.flags, TCP_RST);
	assert_int_equal(p.env.counters.syn_cookies_bad, 0);
	peer_deinit(&p);
}

/* The second segment of a peer whose first was lost does not end it. */
static void section_3_6_data_without_its_cookie_is_not_reset(void **state)
{
	struct peer_segment syn_ack;
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	syn_from(&p, 3000);
	syn_ack = *peer_only(&p);
	peer_clear(&p);
	answer(&p, &syn_ack, 101, 100);
	peer_none(&p);
	answer(&p, &syn_ack, 1, 100);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

static void section_3_6_a_full_accept_queue_leaves_the_cookie_for_later(void **state)
{
	struct peer_segment syn_acks[3];
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	for (unsigned i = 0; i < 3; i++)
		syn_from(&p, (uint16_t)(3000 + i));
	for (unsigned i = 0; i < 3; i++)
		syn_acks[i] = *peer_at(&p, i);
	peer_clear(&p);
	for (unsigned i = 0; i < 3; i++)
		answer(&p, &syn_acks[i], 1, 0);
	peer_none(&p);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.env.counters.backlog_full, 1);
	assert_non_null(p.t = tcp_accept(&p.env, p.listener));
	answer(&p, &syn_acks[2], 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	peer_deinit(&p);
}

static void section_3_6_forged_acks_cost_no_memory(void **state)
{
	size_t n_blocks;
	struct peer p;

	peer_init(&p, &full);
	press(&p);
	syn_from(&p, 3000);
	peer_clear(&p);
	n_blocks = p.heap.n_blocks;
	for (uint32_t i = 0; i < 100000; i++) {
		struct tcp_header h;

		p.pair.foreign_port = (uint16_t)(4000 + i % 50000);
		h = peer_header(&p, TCP_ACK, i, i * 2654435761u);
		peer_in_header(&p, &h, 0);
		peer_clear(&p);
	}
	assert_int_equal(p.env.counters.syn_cookies_bad, 100000);
	assert_int_equal(p.env.counters.syn_cookies_in, 0);
	assert_int_equal(p.heap.n_blocks, n_blocks);
	peer_deinit(&p);
}

/* What a flood leaves behind goes sooner when the queue is full than when it is not. */
static void section_3_5_records_live_shorter_under_pressure(void **state)
{
	struct peer_setup setup = full;
	struct peer p;

	setup.backlog = 8;
	for (unsigned n = 1; n <= 8; n += 7) {
		peer_init(&p, &setup);
		peer_listen(&p);
		for (uint16_t i = 0; i < n; i++)
			syn_from(&p, (uint16_t)(2000 + i));
		peer_advance(&p, 8 * S);
		p.pair.foreign_port = 2000;
		assert_int_equal(peer_state(&p), n == 1 ? BERTH_TCP_SYN_RECEIVED : BERTH_TCP_CLOSED);
		peer_advance(&p, 62 * S);
		assert_int_equal(p.env.requests.table.n, 0);
		assert_int_equal(p.listener->listener->n_half_open, 0);
		peer_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_4_a_record_is_small_and_their_number_is_capped),
		cmocka_unit_test(section_3_5_records_live_shorter_under_pressure),
		cmocka_unit_test(section_3_6_the_cookie_brings_back_what_the_syn_said),
		cmocka_unit_test(section_3_6_only_what_was_said_is_agreed_to),
		cmocka_unit_test(section_3_6_the_timestamp_never_runs_ahead),
		cmocka_unit_test(section_3_6_data_and_fin_on_the_first_ack_are_taken),
		cmocka_unit_test(section_3_6_a_cookie_is_good_for_one_to_two_minutes),
		cmocka_unit_test(section_3_6_a_cookie_is_good_for_its_own_syn_alone),
		cmocka_unit_test(section_3_6_without_pressure_no_cookie_is_looked_for),
		cmocka_unit_test(section_3_6_data_without_its_cookie_is_not_reset),
		cmocka_unit_test(section_3_6_a_full_accept_queue_leaves_the_cookie_for_later),
		cmocka_unit_test(section_3_6_forged_acks_cost_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
