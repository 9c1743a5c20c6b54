/* Buffers that size themselves: the receive buffer by what is read in a round trip, the send buffer by cwnd. */
#include "tcp_peer.h"

#define FULL 1000u

static const struct peer_setup with_ts = {.mss = 1012,
					  .has_wscale = true,
					  .wscale = 10,
					  .timestamps = true,
					  .receive_buffer = 65536,
					  .receive_buffer_max = 8 << 20,
					  .send_buffer = 20000,
					  .send_buffer_max = 4 << 20},
			       without = {.mss = 1000,
					  .has_wscale = true,
					  .wscale = 10,
					  .receive_buffer = 65536,
					  .receive_buffer_max = 8 << 20,
					  .send_buffer = 20000,
					  .send_buffer_max = 4 << 20};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* n round trips of 100 ms in which the peer sends as much as the window lets it, at most `most` bytes; all of it is
 * read. *at is the next byte of its stream. */
static void turns(struct peer *p, unsigned n, uint32_t most, uint32_t *at)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t end = (uint32_t)(p->t->rcv_adv - p->t->rcv_nxt), from = *at;

		end = end < most ? end : most;
		p->ts_ecr = tcp_timestamp(&p->env, p->t);
		peer_advance(p, 100 * MS);
		p->ts_val += 100;
		p->burst = true;
		for (; *at + FULL <= from + end; *at += FULL) {
			peer_in(p, TCP_ACK, *at, 1, FULL);
			assert_int_equal(peer_recv(p, *at, FULL), FULL);
		}
		p->burst = false;
		peer_pump(p);
		peer_clear(p);
	}
}

static void the_window_doubles_until_it_holds_what_the_path_carries(void **state)
{
	const struct peer_setup *const setups[] = {&with_ts, &without};

	for (size_t i = 0; i < 2; i++) {
		uint32_t at = 1;
		struct peer p;

		begin(&p, setups[i]);
		turns(&p, 12, 3000000, &at);
		assert_in_range(p.t->tune->us_rtt, 90000, 210000);
		assert_in_range(p.t->receive_buffer, 6000000, 8 << 20);
		assert_true(p.t->rcv_adv - p.t->rcv_nxt >= 6000000);
		peer_deinit(&p);
	}
}

static void a_peer_that_sends_little_leaves_it_small(void **state)
{
	uint32_t at = 1;
	struct peer p;

	begin(&p, &with_ts);
	turns(&p, 50, 10000, &at);
	assert_int_equal(p.t->receive_buffer, 65536);
	peer_deinit(&p);
}

/* What nobody reads is no reason to offer more. */
static void a_user_who_reads_nothing_leaves_it_small(void **state)
{
	struct peer p;

	begin(&p, &with_ts);
	for (uint32_t at = 1; at + FULL <= 65536; at += FULL) {
		peer_in(&p, TCP_ACK, at, 1, FULL);
		peer_advance(&p, 10 * MS);
	}
	assert_int_equal(p.t->receive_buffer, 65536);
	peer_deinit(&p);
}

static void rcvbuf_ends_it(void **state)
{
	uint32_t at = 1;
	struct peer p;

	begin(&p, &with_ts);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, 100000);
	turns(&p, 12, 3000000, &at);
	assert_in_range(p.t->receive_buffer, 65536, 200000);
	peer_deinit(&p);
}

static void it_ends_at_receive_buffer_max(void **state)
{
	uint32_t at = 1;
	struct peer p;

	begin(&p, &with_ts);
	turns(&p, 14, 8 << 20, &at);
	assert_int_equal(p.t->receive_buffer, 8 << 20);
	peer_deinit(&p);
}

static void the_scale_is_chosen_for_the_largest_buffer(void **state)
{
	static const struct {
		uint32_t max;
		uint8_t scale;
	} rows[] = {{0, 7}, {6 << 20, 7}, {8 << 20, 8}, {32 << 20, 10}, {64 << 20, 11}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_setup setup = with_ts;
		struct peer p;

		setup.receive_buffer_max = rows[i].max;
		peer_init(&p, &setup);
		peer_connect(&p);
		assert_int_equal(peer_only(&p)->h.wscale, rows[i].scale);
		assert_int_equal(peer_only(&p)->h.window, 65535);
		peer_deinit(&p);
	}
}

/* Memory is short: what is offered is not taken back, but it does not grow. */
static void pressure_stops_the_growth(void **state)
{
	uint32_t at = 1;
	struct peer p;

	begin(&p, &with_ts);
	budget_take(&p.budget, p.budget.max - p.budget.max / 8);
	assert_true(p.budget.pressed);
	turns(&p, 12, 3000000, &at);
	assert_int_equal(p.t->receive_buffer, 65536);
	budget_give(&p.budget, p.budget.max - p.budget.max / 8);
	turns(&p, 12, 3000000, &at);
	assert_true(p.t->receive_buffer > 3000000);
	peer_deinit(&p);
}

/* A program that always has more to send: twice cwnd is queued for it. */
static void fill(struct peer *p, unsigned n_turns)
{
	uint32_t sent = 1;

	for (unsigned i = 0; i < n_turns; i++) {
		long n;

		while ((n = peer_send(p, sent, 50000)) > 0)
			sent += (uint32_t)n;
		p->ts_ecr = tcp_timestamp(&p->env, p->t);
		peer_clear(p);
		peer_advance(p, 20 * MS);
		p->ts_val += 20;
		peer_in(p, TCP_ACK, 1, (uint32_t)p->t->snd_nxt - BERTH_ISS, 0);
	}
}

static void the_send_buffer_follows_cwnd(void **state)
{
	struct peer_setup setup = with_ts;
	struct peer p;

	setup.window = 65535;
	begin(&p, &setup);
	fill(&p, 12);
	assert_true(p.t->cc.cwnd > 100000);
	assert_true(p.t->send_buffer >= 2 * p.t->cc.cwnd * 3 / 4 || p.t->send_buffer == 4 << 20);
	assert_true(p.t->send_buffer <= 4 << 20);
	peer_deinit(&p);
}

static void sndbuf_ends_that(void **state)
{
	struct peer p;

	begin(&p, &with_ts);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_SNDBUF, 30000);
	fill(&p, 12);
	assert_in_range(p.t->send_buffer, 30000, 60000);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_doubles_until_it_holds_what_the_path_carries),
		cmocka_unit_test(a_peer_that_sends_little_leaves_it_small),
		cmocka_unit_test(a_user_who_reads_nothing_leaves_it_small),
		cmocka_unit_test(rcvbuf_ends_it),
		cmocka_unit_test(it_ends_at_receive_buffer_max),
		cmocka_unit_test(the_scale_is_chosen_for_the_largest_buffer),
		cmocka_unit_test(pressure_stops_the_growth),
		cmocka_unit_test(the_send_buffer_follows_cwnd),
		cmocka_unit_test(sndbuf_ends_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
