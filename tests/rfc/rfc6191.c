/* RFC 6191 section 2: which SYN may begin a new connection where the old one is in TIME-WAIT. */
#include <berth/error.h>

#include "tcp_peer.h"

/* To TIME-WAIT; the peer's FIN was at 11, rcv_nxt is 12. */
static void time_wait(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_to_state(p, BERTH_TCP_TIME_WAIT, true);
}

struct row {
	bool ts_before, ts_now;
	int ts_ahead; /* of what the old connection saw last */
	uint32_t seq;
	bool honoured;
};

static const struct row rows[] = {
	/* with timestamps before, and now */
	{true, true, 1, 5, true},
	{true, true, 1, 1000, true},
	{true, true, 0, 13, true},
	{true, true, 0, 12, false},
	{true, true, 0, 5, false},
	{true, true, -1, 1000, false},
	{true, true, -1, 5, false},
	/* with timestamps before, and none now */
	{true, false, 0, 13, true},
	{true, false, 0, 12, false},
	{true, false, 0, 5, false},
	/* none before, but now */
	{false, true, 0, 5, true},
	{false, true, 0, 13, true},
	/* none at all */
	{false, false, 0, 13, true},
	{false, false, 0, 12, false},
	{false, false, 0, 5, false},
};

static void section_2_each_case(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const struct peer_setup setup = {.mss = 1460, .timestamps = r->ts_before};
		struct tcp_header h;
		struct peer p;

		time_wait(&p, &setup);
		h = peer_syn(&p, TCP_SYN, r->seq, 0);
		h.has_timestamp = r->ts_now;
		h.ts_val = r->ts_now ? p.ts_val + (uint32_t)r->ts_ahead : 0;
		peer_in_header(&p, &h, 0);
		if (r->honoured) {
			assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
			assert_int_equal(peer_only(&p)->ack, r->seq + 1);
			assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
			/* RFC 9293 MAY-13: above what the old one sent. */
			assert_true((int32_t)(peer_only(&p)->seq - 22) > 0);
		} else { /* RFC 9293 section 3.10.7.4: a challenge */
			if (r->ts_before && !r->ts_now)
				peer_none(&p); /* RFC 7323 section 3.2: silently */
			else
				peer_expect(peer_only(&p), TCP_ACK, 22, 12, 0);
			assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
		}
		peer_deinit(&p);
	}
}

/* "Would be enabled for the new incarnation" depends on this host, too. */
static void section_2_timestamps_that_will_not_be_used_say_nothing(void **state)
{
	const struct peer_setup setup = {.mss = 1460, .no_timestamps = true};
	struct tcp_header h;
	struct peer p;

	time_wait(&p, &setup);
	h = peer_syn(&p, TCP_SYN, 5, 0);
	h.has_timestamp = true;
	h.ts_val = 0x7ffffff0;
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* Only a bare SYN begins a connection. */
static void section_2_other_flags_do_not_take_over(void **state)
{
	static const uint8_t flags[] = {TCP_SYN | TCP_ACK, TCP_SYN | TCP_RST, TCP_SYN | TCP_FIN};

	for (size_t i = 0; i < sizeof(flags); i++) {
		const struct peer_setup setup = {.mss = 1460};
		struct peer p;

		time_wait(&p, &setup);
		peer_in(&p, flags[i], 1000, 22, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
		peer_deinit(&p);
	}
}

/* Where the new connection would find no room the old one's wait is not ended for nothing. */
static void section_2_a_full_accept_queue_leaves_time_wait_alone(void **state)
{
	const struct peer_setup setup = {.mss = 1460, .backlog = 1};
	struct socket_pair pair;
	struct tcp_header h;
	struct peer p;

	time_wait(&p, &setup);
	pair = p.pair;
	p.pair.foreign_port = 2000;
	peer_in(&p, TCP_SYN, 0, 0, 0);
	h = peer_header(&p, TCP_ACK, 1, 0);
	h.ack = peer_only(&p)->h.seq + 1;
	peer_in_header(&p, &h, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	p.pair = pair;
	peer_in(&p, TCP_SYN, 1000, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_TIME_WAIT);
	peer_deinit(&p);
}

/* The whole of it: the new connection works, and old segments are none of its business. */
static void section_2_the_new_connection_works(void **state)
{
	const struct peer_setup setup = {.mss = 1460, .timestamps = true};
	uint32_t iss, old;
	struct tcp_header h;
	struct peer p;

	time_wait(&p, &setup);
	old = p.ts_val;
	p.ts_val += 100;
	peer_in(&p, TCP_SYN, 5, 0, 0);
	iss = peer_only(&p)->h.seq;
	h = peer_header(&p, TCP_ACK, 6, 0);
	h.ack = iss + 1;
	h.ts_ecr = peer_only(&p)->h.ts_val;
	peer_in_header(&p, &h, 0);
	peer_accept(&p);
	peer_clear(&p);
	h.ts_val = old; /* a segment of the old connection, in the new one's window */
	peer_in_header(&p, &h, 10);
	assert_int_equal(p.t->recvq.n_bytes, 0);
	h.ts_val = p.ts_val;
	peer_in_header(&p, &h, 10);
	assert_int_equal(peer_recv(&p, 6, 100), 10);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_2_each_case),
		cmocka_unit_test(section_2_timestamps_that_will_not_be_used_say_nothing),
		cmocka_unit_test(section_2_other_flags_do_not_take_over),
		cmocka_unit_test(section_2_a_full_accept_queue_leaves_time_wait_alone),
		cmocka_unit_test(section_2_the_new_connection_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
