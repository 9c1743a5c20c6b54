/* Attacks on memory by way of TCP's queues: what a peer, or many, can make a host hold, and who still gets through.
 * Numbers are rows of the list of attacks. */
#include "rng.h"
#include "tcp_peer.h"

#define MAX (1u << 20)
#define FULL 1000u

static const struct peer_setup small_host = {
	.mss = 1000, .sack = true, .receive_buffer = 65536, .send_buffer = 65536, .memory_max = MAX, .backlog = 200};

/* Connection number i, from a port of its own. */
static void open_number(struct peer *p, unsigned i)
{
	p->pair.foreign_port = (uint16_t)(2000 + i);
	/* The clock of its first number has moved on, and its hash is another. */
	peer_clear(p);
	peer_in(p, TCP_SYN, 0, 0, 0);
	assert_true(p->n_out >= 1);
}

/* Establishes it. Positions of berth's stream are then not those of BERTH_ISS: *ack is what to acknowledge. */
static struct tcb *establish_number(struct peer *p, unsigned i, uint32_t *ack)
{
	open_number(p, i);
	*ack = peer_at(p, p->n_out - 1)->seq + 1;
	peer_clear(p);
	peer_in(p, TCP_ACK, 1, *ack, 0);
	peer_accept(p);
	return p->t;
}

static void check_limit(const struct peer *p)
{
	assert_true(p->budget.in_use <= p->budget.max);
}

/* 27, SegmentSmack: single bytes ahead of a gap, no two of them together. The memory and the runs have a cap. */
static void row_27_bytes_with_gaps_between_them_are_capped(void **state)
{
	struct peer p;

	peer_init(&p, &small_host);
	peer_establish_passive(&p);
	for (uint32_t i = 0; i < 30000; i++) {
		peer_in(&p, TCP_ACK, 3 + i * 2, 1, 1);
		peer_clear(&p);
		assert_true(recvq_memory(&p.t->recvq) <= 4 * 65536);
		check_limit(&p);
	}
	assert_true(p.t->recvq.ahead->n <= RECVQ_RUNS_MAX);
	assert_true(p.env.counters.queue_full > 0);
	peer_deinit(&p);
}

/* 26: a peer that says an MSS of nothing does not get its segments of nothing. */
static void row_26_the_mss_has_a_floor(void **state)
{
	struct peer_setup setup = small_host;
	struct peer p;

	setup.mss = 1;
	peer_init(&p, &setup);
	peer_establish_passive(&p);
	assert_true(p.t->mss >= 64);
	assert_int_equal(peer_send(&p, 1, 10000), 10000);
	assert_true(p.n_out < 10000 / 64 + 2);
	peer_deinit(&p);
}

/* A byte takes a byte and not the frame that it came in. */
static void row_26_tiny_segments_in_order_are_kept_together(void **state)
{
	struct peer p;

	peer_init(&p, &small_host);
	peer_establish_passive(&p);
	for (uint32_t i = 0; i < 20000; i++) {
		peer_in(&p, TCP_ACK, 1 + i, 1, 1);
		peer_clear(&p);
	}
	assert_int_equal(p.t->recvq.n_bytes, 20000);
	assert_in_range(p.budget.in_use, 20000, 30000);
	assert_int_equal(peer_recv(&p, 1, 20000), 20000);
	assert_int_equal(p.budget.in_use, 0);
	peer_deinit(&p);
}

/* 36: many connections that keep a gap open. What they pin gives way to whoever reads. */
static void row_36_open_gaps_give_way(void **state)
{
	uint32_t ack, at = 1;
	struct peer p;

	peer_init(&p, &small_host);
	peer_listen(&p);
	for (unsigned i = 0; i < 60; i++) {
		establish_number(&p, i, &ack);
		for (uint32_t k = 0; k < 60; k++) {
			peer_in(&p, TCP_ACK, 1001 + k * FULL, ack, FULL);
			peer_clear(&p);
			check_limit(&p);
		}
	}
	assert_true(p.budget.pressed);
	establish_number(&p, 100, &ack);
	for (unsigned i = 0; i < 200; i++, at += FULL) {
		peer_in(&p, TCP_ACK, at, ack, FULL);
		peer_clear(&p);
		assert_int_equal(peer_recv(&p, at, FULL), FULL);
	}
	check_limit(&p);
	peer_deinit(&p);
}

/* The same with more than the fair share in order: what was thrown away ahead of the gaps is counted, and the streams
 * are whole when it has come again (RFC 2018 section 8). */
static void row_36_what_was_thrown_away_comes_again(void **state)
{
	struct peer_setup setup = small_host;
	uint32_t ack, other;
	struct tcb *first;
	struct peer p;

	setup.receive_buffer = 1 << 20;
	setup.memory_max = 300000;
	peer_init(&p, &setup);
	peer_listen(&p);
	first = establish_number(&p, 0, &ack);
	for (uint32_t k = 0; k < 50; k++)
		peer_in(&p, TCP_ACK, 1001 + k * FULL, ack, FULL);
	for (unsigned i = 1; i < 6; i++) {
		establish_number(&p, i, &other);
		for (uint32_t k = 0; k < 64; k++)
			peer_in(&p, TCP_ACK, 1 + k * FULL, other, FULL);
		peer_clear(&p);
	}
	check_limit(&p);
	assert_null(first->recvq.ahead);
	assert_true(p.budget.pruned > 0);
	assert_true(p.budget.refused > 0);
	p.t = first;
	p.pair.foreign_port = 2000;
	for (uint32_t k = 0; k < 51; k++) {
		peer_in(&p, TCP_ACK, 1 + k * FULL, ack, FULL);
		assert_int_equal(peer_recv(&p, 1 + k * FULL, FULL), FULL);
		peer_clear(&p);
	}
	peer_deinit(&p);
}

/* 36: users who do not read. What was acknowledged is kept, whatever the pressure; the windows stay where they were;
 * and a connection that holds little gets its data. */
static void row_36_unread_data_is_kept_and_leaves_room_for_others(void **state)
{
	uint32_t acks[60], taken[60], newcomer;
	struct tcb *all[60];
	struct peer p;

	peer_init(&p, &small_host);
	peer_listen(&p);
	for (unsigned i = 0; i < 60; i++) {
		all[i] = establish_number(&p, i, &acks[i]);
		for (uint32_t k = 0; k < 65; k++) {
			tcp_seq edge = all[i]->rcv_adv;

			peer_in(&p, TCP_ACK, 1 + k * FULL, acks[i], FULL);
			peer_clear(&p);
			assert_true(all[i]->rcv_adv >= edge);
			check_limit(&p);
		}
		taken[i] = all[i]->recvq.n_bytes;
	}
	assert_true(p.budget.refused > 0);
	establish_number(&p, 100, &newcomer);
	for (uint32_t k = 0; k < 100; k++) {
		peer_in(&p, TCP_ACK, 1 + k * 500, newcomer, 500);
		assert_int_equal(peer_recv(&p, 1 + k * 500, 500), 500);
		peer_clear(&p);
	}
	for (unsigned i = 0; i < 60; i++) {
		p.t = all[i];
		p.pair.foreign_port = (uint16_t)(2000 + i);
		if (taken[i])
			assert_int_equal(peer_recv(&p, 1, 1 << 20), taken[i]);
		peer_clear(&p);
	}
	assert_int_equal(p.budget.in_use, 0);
	assert_false(p.budget.pressed);
	peer_deinit(&p);
}

/* 36: peers with a shut window. Their senders' queues fill, within the limit; somebody else can still send, and who
 * was put off goes on as soon as there is room. */
static void row_36_shut_windows_do_not_stop_other_senders(void **state)
{
	uint32_t ack, all = 0;
	struct peer p;

	peer_init(&p, &small_host);
	p.window = 0;
	peer_listen(&p);
	for (unsigned i = 0; i < 40; i++) {
		establish_number(&p, i, &ack);
		for (long n; (n = peer_send(&p, 1, 30000)) > 0;)
			all += (uint32_t)n;
		peer_clear(&p);
		/* Whoever has nothing queued may queue a little. */
		assert_true(p.budget.in_use <= MAX + i * 4096);
	}
	assert_true(p.budget.refused > 0);
	p.window = 65535;
	establish_number(&p, 100, &ack);
	for (unsigned i = 0; i < 50; i++) {
		peer_clear(&p);
		assert_true(peer_send(&p, 1, 1000) == 1000);
		assert_true(p.n_out > 0);
		peer_in(&p, TCP_ACK, 1, ack += 1000, 0);
	}
	peer_deinit(&p);
}

/* ---- 25: the work of one acknowledgment ---- */

enum { STORM_SEGMENTS = 4000, STORM_ACKS = 3000 };

static const struct peer_setup wide = {
	.mss = 1000, .sack = true, .has_wscale = true, .wscale = 8, .send_buffer = STORM_SEGMENTS * FULL};

/* Nothing but one large flight, sent at one instant. */
static void begin_storm(struct peer *p)
{
	peer_init(p, &wide);
	peer_establish_active(p);
	peer_in(p, TCP_ACK, 1, 1, 0); /* the window of a SYN is not scaled */
	p->t->cc.cwnd = STORM_SEGMENTS * FULL;
	assert_int_equal(peer_send(p, 1, STORM_SEGMENTS * FULL), STORM_SEGMENTS * FULL);
	assert_int_equal(p->t->snd_nxt - p->t->snd_una, STORM_SEGMENTS * FULL);
}

/* Takes the blocks; how many records were moved or changed for them, wherever in the ring. */
static uint32_t work_of(struct peer *p, const struct tcp_header *h)
{
	static struct sent_record before[2 * STORM_SEGMENTS + 1];
	const struct sent *s = &p->t->flight->sent;
	struct tcp_ack ack = {.ack = p->t->snd_una};
	uint32_t n = s->capacity, n_changed = 0;

	assert_true(n <= sizeof(before) / sizeof(before[0]));
	memcpy(before, s->ring, n * sizeof(before[0]));
	tcp_sack_in(&p->env, p->t, h, &ack);
	if (s->capacity != n) /* it has grown, which doubles it: each record was copied once */
		return s->n;
	for (uint32_t i = 0; i < n; i++)
		n_changed += memcmp(&before[i], &s->ring[i], sizeof(before[0])) != 0;
	return n_changed;
}

static struct tcp_header blocks(const struct peer *p, struct rng *rng, uint32_t offset, uint32_t len)
{
	struct tcp_header h = {.n_sacks = 4};

	for (unsigned i = 0; i < 4; i++) {
		uint32_t left = (uint32_t)p->t->snd_una + (1 + (uint32_t)rng_below(rng, STORM_SEGMENTS - 2)) * FULL;

		h.sacks[i] = (struct tcp_sack_block){left + offset, left + offset + len};
	}
	return h;
}

/* Segments at random, four an acknowledgment. Each block moves at most half of the records once for each of its edges
 * and once for what it is joined with; there are never more than segments, and no more stretches than the cap. */
static void row_25_blocks_everywhere_cost_a_bounded_amount(void **state)
{
	uint32_t n_most = 0, n_records = 0;
	struct rng rng;
	struct peer p;

	begin_storm(&p);
	rng_init(&rng, 25);
	for (unsigned i = 0; i < STORM_ACKS; i++) {
		struct tcp_header h = blocks(&p, &rng, 0, FULL);
		uint32_t n_work = work_of(&p, &h), n = tcp_sent(p.t)->n;

		assert_true(n_work <= 4 * 3 * (n / 2 + 2));
		assert_true(n <= STORM_SEGMENTS);
		assert_true(tcp_sacked(p.t)->n <= 1025);
		n_most = n_work > n_most ? n_work : n_most;
		n_records = n > n_records ? n : n_records;
	}
	print_message("# at most %u of %u records changed for one acknowledgment\n", n_most, n_records);
	peer_deinit(&p);
}

/* Parts of segments, which no receiver has reason to report: nothing is done for them at all. */
static void row_25_parts_of_segments_cost_nothing(void **state)
{
	struct rng rng;
	struct peer p;
	uint32_t n;

	begin_storm(&p);
	rng_init(&rng, 25);
	n = tcp_sent(p.t)->n;
	for (unsigned i = 0; i < STORM_ACKS; i++) {
		struct tcp_header h = blocks(&p, &rng, 1 + i % (FULL - 2), 1);

		assert_int_equal(work_of(&p, &h), 0);
	}
	assert_int_equal(tcp_sent(p.t)->n, n);
	assert_int_equal(tcp_sacked(p.t)->n, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_25_blocks_everywhere_cost_a_bounded_amount),
		cmocka_unit_test(row_25_parts_of_segments_cost_nothing),
		cmocka_unit_test(row_27_bytes_with_gaps_between_them_are_capped),
		cmocka_unit_test(row_26_the_mss_has_a_floor),
		cmocka_unit_test(row_26_tiny_segments_in_order_are_kept_together),
		cmocka_unit_test(row_36_open_gaps_give_way),
		cmocka_unit_test(row_36_what_was_thrown_away_comes_again),
		cmocka_unit_test(row_36_unread_data_is_kept_and_leaves_room_for_others),
		cmocka_unit_test(row_36_shut_windows_do_not_stop_other_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
