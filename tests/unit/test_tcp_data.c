/* Data each way once connected: Nagle's algorithm and its options, order of arrival and acknowledgments, duplicates. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};
static const struct peer_setup sack = {.mss = 1000, .sack = true};

static void begin(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
}

/* RFC 896, RFC 9293 section 3.7.4: a small segment waits while another is unacknowledged; full ones do not. */
static void test_nagle(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 10);
	peer_clear(&p);
	peer_send(&p, 11, 10);
	peer_send(&p, 21, 10);
	peer_none(&p);
	peer_in(&p, TCP_ACK, 1, 11, 0);
	peer_expect(peer_only(&p), TCP_ACK, 11, 1, 20); /* together */
	peer_clear(&p);
	peer_send(&p, 31, 1000);
	peer_expect(peer_only(&p), TCP_ACK, 31, 1, 1000);
	peer_deinit(&p);
}

/* The tail of a large write does not wait for an acknowledgment (Minshall). */
static void test_tail(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 2500);
	assert_int_equal(p.n_out, 3);
	peer_expect(&p.out[2], TCP_ACK, 2001, 1, 500);
	assert_int_equal(p.out[2].h.flags & TCP_PSH, TCP_PSH);
	assert_int_equal(p.out[0].h.flags & TCP_PSH, 0);
	peer_deinit(&p);
}

static void test_nodelay(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	for (uint32_t i = 0; i < 5; i++)
		peer_send(&p, 1 + i * 10, 10);
	assert_int_equal(p.n_out, 5);
	peer_deinit(&p);
	begin(&p, &plain); /* setting it lets out what waits */
	peer_send(&p, 1, 10);
	peer_send(&p, 11, 10);
	peer_clear(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	peer_expect(peer_only(&p), TCP_ACK, 11, 1, 10);
	peer_deinit(&p);
}

static void test_cork(void **state)
{
	struct peer p;

	begin(&p, &plain);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	peer_send(&p, 1, 10);
	peer_send(&p, 11, 10);
	peer_none(&p);
	peer_send(&p, 21, 990);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 1000);
	peer_clear(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1001, 1, 10);
	peer_deinit(&p);
}

/* RFC 5681 section 4.2: ahead of a gap, and when a gap is filled, at once; each such segment has its own ACK. */
static void test_out_of_order(void **state)
{
	struct peer p;

	begin(&p, &sack);
	peer_in(&p, TCP_ACK, 1001, 1, 1000);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 0);
	assert_int_equal(p.out[0].h.n_sacks, 1);
	assert_int_equal(p.out[0].h.sacks[0].left, PEER_ISS + 1001);
	assert_int_equal(p.out[0].h.sacks[0].right, PEER_ISS + 2001);
	peer_in(&p, TCP_ACK, 3001, 1, 1000);
	assert_int_equal(p.n_out, 2);
	assert_int_equal(p.out[1].h.n_sacks, 2);
	assert_int_equal(p.out[1].h.sacks[0].left, PEER_ISS + 3001);
	assert_int_equal(p.out[1].h.sacks[1].left, PEER_ISS + 1001);
	peer_in(&p, TCP_ACK, 1, 1, 1000);
	assert_int_equal(p.n_out, 3);
	peer_expect(&p.out[2], TCP_ACK, 1, 2001, 0);
	assert_int_equal(p.out[2].h.n_sacks, 1);
	peer_in(&p, TCP_ACK, 2001, 1, 1000);
	peer_expect(&p.out[3], TCP_ACK, 1, 4001, 0);
	assert_int_equal(p.out[3].h.n_sacks, 0);
	assert_int_equal(peer_recv(&p, 1, 10000), 4000);
	peer_deinit(&p);
}

/* RFC 9293 section 3.8.6.3, SHLD-19: a burst that the host takes in at one go is acknowledged after 2, 2, 4, 4 and then
 * each 8 segments, and what is left when it has been taken in. */
static void test_burst(void **state)
{
	static const uint32_t acked[] = {2, 4, 8, 12, 20, 28};
	struct peer p;

	begin(&p, &plain);
	tcp_endpoint(p.t)->ttl = 9;
	tcp_endpoint(p.t)->tos = 0x10;
	p.burst = true;
	for (uint32_t i = 0; i < 30; i++)
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
	assert_int_equal(p.n_out, 6);
	for (uint32_t i = 0; i < 6; i++) {
		peer_expect(&p.out[i], TCP_ACK, 1, 1 + acked[i] * 1000, 0);
		assert_int_equal(p.out[i].ttl, 9); /* the socket's, as of every segment */
		assert_int_equal(p.out[i].tos, 0x10);
	}
	peer_pump(&p);
	assert_int_equal(p.n_out, 7);
	peer_expect(&p.out[6], TCP_ACK, 1, 30001, 0);
	peer_deinit(&p);
}

/* The same burst in one frame that a link has joined: half, and all. Of three segments there is one acknowledgment. */
static void test_joined(void **state)
{
	struct peer p;

	begin(&p, &plain);
	p.segment_size = 1000;
	peer_in(&p, TCP_ACK, 1, 1, 9500);
	assert_int_equal(p.n_out, 2);
	peer_expect(&p.out[0], TCP_ACK, 1, 4001, 0);
	peer_expect(&p.out[1], TCP_ACK, 1, 9501, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 9501, 1, 3000);
	peer_expect(peer_only(&p), TCP_ACK, 1, 12501, 0);
	assert_int_equal(peer_recv(&p, 1, 20000), 12500);
	/* Ahead of a gap it is five duplicates for a peer that counts them. */
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 13501, 1, 4500);
	assert_int_equal(p.n_out, 5);
	for (uint32_t i = 0; i < 5; i++)
		peer_expect(&p.out[i], TCP_ACK, 1, 12501, 0);
	peer_deinit(&p);
}

/* RFC 9438 section 5.8, RFC 7661: cwnd grows by what is acknowledged of a window that was in use, in slow start to more
 * than the half, and not of one that was not; by ten segments at most (RFC 3465 section 2.2, RFC 9406 section 4.3).
 */
static void test_cwnd_used(void **state)
{
	static const struct {
		uint32_t n_sent;
		uint64_t cwnd; /* after all is acknowledged; 10,000 before */
	} rows[] = {{5000, 10000}, {5001, 15001}, {8000, 18000}, {10000, 20000}, {30000, 20000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_row row = {0};
		struct peer p;

		begin(&p, &plain);
		peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
		peer_send(&p, 1, rows[i].n_sent);
		peer_in(&p, TCP_ACK, 1, 1 + (rows[i].n_sent < 10000 ? rows[i].n_sent : 10000), 0);
		tcp_row(&p.env, p.t, &row);
		if (row.cwnd != rows[i].cwnd)
			fail_msg("%u bytes: cwnd %llu", rows[i].n_sent, (unsigned long long)row.cwnd);
		peer_deinit(&p);
	}
}

/* Without SACK: the duplicates that a sender counts, one for each segment. */
static void test_duplicate_acks(void **state)
{
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 1; i < 10; i++)
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
	assert_int_equal(p.n_out, 9);
	for (uint32_t i = 0; i < 9; i++)
		peer_expect(&p.out[i], TCP_ACK, 1, 1, 0);
	/* RFC 5681 section 2: all with the same window, or they would not count. */
	for (uint32_t i = 1; i < 9; i++)
		assert_int_equal(p.out[i].h.window, p.out[0].h.window);
	peer_deinit(&p);
}

/* RFC 2883: a duplicate is reported, once, whether it is known wholly, in part, or ahead. */
static void test_dsack(void **state)
{
	struct peer p;

	begin(&p, &sack);
	peer_in(&p, TCP_ACK, 1, 1, 1000);
	peer_in(&p, TCP_ACK, 1001, 1, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 501, 1, 500); /* wholly known */
	assert_int_equal(peer_only(&p)->h.n_sacks, 1);
	assert_int_equal(p.out[0].h.sacks[0].left, PEER_ISS + 501);
	assert_int_equal(p.out[0].h.sacks[0].right, PEER_ISS + 1001);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1501, 1, 1000); /* half known */
	assert_int_equal(p.out[0].h.sacks[0].left, PEER_ISS + 1501);
	assert_int_equal(p.out[0].h.sacks[0].right, PEER_ISS + 2001);
	assert_int_equal(p.out[0].ack, 2501);
	peer_in(&p, TCP_ACK, 4001, 1, 1000);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 4001, 1, 1000); /* known ahead: in the second block */
	assert_int_equal(peer_only(&p)->h.n_sacks, 2);
	assert_int_equal(p.out[0].h.sacks[0].left, PEER_ISS + 4001);
	assert_int_equal(p.out[0].h.sacks[1].left, PEER_ISS + 4001);
	assert_int_equal(peer_recv(&p, 1, 10000), 2500);
	peer_deinit(&p);
}

/* Segments of every overlap in random order: each byte arrives once, in order. */
static void test_shuffled(void **state)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		uint32_t read = 1;
		struct rng rng;
		struct peer p;

		begin(&p, seed % 2 ? &sack : &plain);
		rng_init(&rng, seed);
		while (read < 200001) {
			uint32_t next = (uint32_t)(p.t->rcv_nxt - TCP_SEQ_BASE) - PEER_ISS;
			uint32_t seq = next + (uint32_t)rng_below(&rng, 5000);
			uint32_t len = 1 + (uint32_t)rng_below(&rng, 1400);
			long done;

			seq -= (uint32_t)rng_below(&rng, seq > 2000 ? 2000 : seq);
			if (!rng_below(&rng, 4))
				seq = next;
			peer_in(&p, TCP_ACK, seq, 1, len);
			peer_clear(&p);
			done = peer_recv(&p, read, 1 + (uint32_t)rng_below(&rng, 3000));
			read += done > 0 ? (uint32_t)done : 0;
		}
		peer_deinit(&p);
	}
}

/* After shutdown for reading, a receive that finds nothing says that it is the end; what arrives is queued like before,
 * and no more of it than the window. */
static void test_shut_reading(void **state)
{
	struct peer p;
	uint32_t n;

	begin(&p, &plain);
	peer_shutdown(&p, BERTH_SHUT_RD);
	assert_int_equal(peer_recv(&p, 1, 10), 0);
	for (uint32_t i = 0; i < 1000; i++)
		peer_in(&p, TCP_ACK, 1 + i * 1000, 1, 1000);
	assert_int_equal(p.out[p.n_out - 1].h.window, 0);
	n = p.t->recvq.n_bytes;
	assert_in_range(n, 1000, p.t->receive_buffer);
	assert_int_equal(peer_recv(&p, 1, 1000000), n);
	assert_int_equal(peer_recv(&p, 1 + n, 10), 0);
	peer_deinit(&p);
}

/* Urgent pointers of any value: the text is in line (RFC 6093 section 6; URGENT/11, attack 11). */
static void test_urgent(void **state)
{
	static const uint16_t pointers[] = {0, 1, 99, 100, 101, 65535};
	struct peer p;

	begin(&p, &plain);
	for (uint32_t i = 0; i < 6; i++) {
		struct tcp_header h = peer_header(&p, TCP_ACK | TCP_URG, 1 + i * 100, 1);

		h.urgent = pointers[i];
		peer_in_header(&p, &h, 100);
	}
	assert_int_equal(peer_recv(&p, 1, 1000), 600);
	peer_deinit(&p);
}

/* A large send where the link cuts segments itself: one header, the MSS with it. */
static void test_large_segments(void **state)
{
	struct peer p;

	begin(&p, &plain);
	p.payload_max = 65000;
	peer_send(&p, 1, 10000);
	/* each at most half the window */
	peer_expect(peer_at(&p, 0), TCP_ACK, 1, 1, 5000);
	peer_expect(peer_at(&p, 1), TCP_ACK, 5001, 1, 5000);
	assert_int_equal(p.n_out, 2);
	assert_int_equal(p.out[0].segment_size, 1000);
	assert_int_equal(p.env.counters.segments_out, 2 + 10);
	peer_deinit(&p);
}

/* A send takes what there is room for; room comes with acknowledgments, and is told. */
static void test_send_buffer(void **state)
{
	const struct peer_setup setup = {.mss = 1000, .send_buffer = 5000};
	struct peer p;

	begin(&p, &setup);
	assert_int_equal(peer_send(&p, 1, 8000), 5000);
	assert_int_equal(peer_send(&p, 5001, 1), BERTH_EAGAIN);
	assert_int_equal(tcp_ready(p.t) & BERTH_WRITABLE, 0);
	p.t->e.events = 0;
	peer_in(&p, TCP_ACK, 1, 5001, 0);
	assert_true(tcp_ready(p.t) & BERTH_WRITABLE);
	assert_true(p.t->e.events & BERTH_WRITABLE);
	assert_int_equal(peer_send(&p, 5001, 8000), 5000);
	peer_deinit(&p);
}

/* An idle established connection holds its control block and nothing else. */
static void test_idle_holds_nothing(void **state)
{
	size_t n_blocks;
	struct peer p;

	begin(&p, &sack);
	n_blocks = p.heap.n_blocks;
	peer_send(&p, 1, 50000);
	peer_in(&p, TCP_ACK, 2001, 1, 1000);
	peer_in(&p, TCP_ACK, 1, 1, 2000);
	while (p.t->snd_una < p.t->sendq.right)
		peer_in(&p, TCP_ACK, 3001, (uint32_t)(p.t->snd_nxt - TCP_SEQ_BASE) - BERTH_ISS, 0);
	assert_int_equal(peer_recv(&p, 1, 5000), 3000);
	assert_int_equal(p.heap.n_blocks, n_blocks);
	peer_deinit(&p);
}

/* Every allocation of an exchange with a gap fails in turn: bytes are right in the end, nothing leaks. */
static void test_no_memory(void **state)
{
	for (size_t n = 0; n < 30; n++) {
		uint32_t sent = 1, read = 1;
		struct peer p;

		begin(&p, &sack);
		p.heap.fail_at = n;
		for (unsigned round = 0; round < 60 && (sent < 8001 || read < 8001); round++) {
			uint32_t got = (uint32_t)(p.t->rcv_nxt - TCP_SEQ_BASE) - PEER_ISS;
			long done;

			if (sent < 8001)
				done = peer_send(&p, sent, 8001 - sent), sent += done > 0 ? (uint32_t)done : 0;
			if (got < 8001) {
				peer_in(&p, TCP_ACK, got + 1000, (uint32_t)(p.t->snd_una - TCP_SEQ_BASE) - BERTH_ISS,
					500);
				peer_in(&p, TCP_ACK, got, (uint32_t)(p.t->snd_nxt - TCP_SEQ_BASE) - BERTH_ISS, 1000);
			}
			done = peer_recv(&p, read, 8001 - read);
			read += done > 0 ? (uint32_t)done : 0;
			peer_advance(&p, 2 * S);
		}
		assert_int_equal(sent, 8001);
		assert_true(read >= 8001);
		peer_deinit(&p);
	}
}

/* A host without memory for what it sends still acknowledges what it receives. */
static void *no_alloc(void *context, size_t size)
{
	return NULL;
}

static void test_acks_without_memory(void **state)
{
	struct berth_memory broke;
	struct peer p;

	begin(&p, &plain);
	peer_send(&p, 1, 10000);
	for (uint32_t acked = 1001; acked <= 10001; acked += 1000)
		peer_in(&p, TCP_ACK, 1, acked, 0);
	broke = p.heap.memory;
	broke.alloc = no_alloc;
	peer_clear(&p);
	{
		uint8_t bytes[1000] = {0};

		assert_int_equal(sendq_append(&p.t->sendq, bytes, sizeof(bytes), p.env.memory), 1000);
	}
	p.env.memory = &broke; /* there are bytes to send, and no record for them */
	peer_in(&p, TCP_ACK, 0, 10001, 1);
	peer_expect(peer_only(&p), TCP_ACK, 10001, 1, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 0, 10001, 1);
	peer_expect(peer_only(&p), TCP_ACK, 10001, 1, 0);
	p.env.memory = &p.heap.memory;
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nagle),        cmocka_unit_test(test_tail),
		cmocka_unit_test(test_nodelay),      cmocka_unit_test(test_cork),
		cmocka_unit_test(test_out_of_order), cmocka_unit_test(test_duplicate_acks),
		cmocka_unit_test(test_burst),        cmocka_unit_test(test_cwnd_used),
		cmocka_unit_test(test_joined),       cmocka_unit_test(test_dsack),
		cmocka_unit_test(test_shuffled),     cmocka_unit_test(test_shut_reading),
		cmocka_unit_test(test_urgent),       cmocka_unit_test(test_large_segments),
		cmocka_unit_test(test_send_buffer),  cmocka_unit_test(test_idle_holds_nothing),
		cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_acks_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
