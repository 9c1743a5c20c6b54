/* RFC 5961: blind attacks in the window, and what RFC 9293 section 3.10.7.4 makes of it. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000, .receive_buffer = 8192};

/* The states in which both sides know the numbers, but for SYN-RECEIVED and TIME-WAIT. */
static const enum berth_tcp_state synchronised[] = {
	BERTH_TCP_ESTABLISHED, BERTH_TCP_FIN_WAIT_1, BERTH_TCP_FIN_WAIT_2,
	BERTH_TCP_CLOSE_WAIT,  BERTH_TCP_CLOSING,    BERTH_TCP_LAST_ACK,
};
#define N_SYNCHRONISED (sizeof(synchronised) / sizeof(synchronised[0]))

static void begin(struct peer *p, enum berth_tcp_state state)
{
	peer_init(p, &plain);
	peer_to_state(p, state, true);
}

static uint32_t rcv_nxt(const struct peer *p)
{
	return (uint32_t)tcp_of_endpoint(pairs_find(&p->pairs, &p->pair))->rcv_nxt - PEER_ISS;
}

static uint32_t window(const struct peer *p)
{
	const struct tcb *t = tcp_of_endpoint(pairs_find(&p->pairs, &p->pair));

	return (uint32_t)(t->rcv_adv - t->rcv_nxt);
}

/* An ACK that says where the connection stands, and nothing else. */
static void assert_challenge(const struct peer *p)
{
	const struct tcb *t = tcp_of_endpoint(pairs_find(&p->pairs, &p->pair));

	peer_expect(peer_only(p), TCP_ACK, (uint32_t)t->snd_nxt - BERTH_ISS, (uint32_t)t->rcv_nxt - PEER_ISS, 0);
	assert_int_equal(p->env.counters.acks_challenge, 1);
}

/* Section 3.2, 1: outside the window, silently dropped. */
static void section_3_2_rst_outside_the_window_is_dropped(void **state)
{
	for (size_t i = 0; i < N_SYNCHRONISED; i++) {
		struct peer p;
		uint32_t left;

		begin(&p, synchronised[i]);
		left = rcv_nxt(&p);
		peer_in(&p, TCP_RST, left - 1, 0, 0);
		peer_in(&p, TCP_RST, left - 1, 0, 10); /* its text reaches into the window: its number does not */
		peer_in(&p, TCP_RST, left + window(&p), 0, 0);
		peer_in(&p, TCP_RST | TCP_ACK, left + 0x40000000, 1, 0);
		peer_none(&p);
		assert_int_equal(peer_state(&p), synchronised[i]);
		peer_deinit(&p);
	}
}

/* 2: exactly the next number. */
static void section_3_2_rst_at_rcv_nxt_resets(void **state)
{
	for (size_t i = 0; i < N_SYNCHRONISED; i++) {
		struct peer p;

		begin(&p, synchronised[i]);
		peer_in(&p, TCP_RST, rcv_nxt(&p), 0, 0);
		assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
		peer_none(&p);
		peer_deinit(&p);
	}
}

/* 3: elsewhere in the window. The peer whose RST was honest answers the challenge with one at the right number. */
static void section_3_2_rst_beside_rcv_nxt_is_challenged(void **state)
{
	for (size_t i = 0; i < N_SYNCHRONISED; i++) {
		for (unsigned last = 0; last < 2; last++) {
			struct peer p;

			begin(&p, synchronised[i]);
			peer_in(&p, TCP_RST, rcv_nxt(&p) + (last ? window(&p) - 1 : 1), 0, 0);
			assert_challenge(&p);
			assert_int_equal(peer_state(&p), synchronised[i]);
			peer_in(&p, TCP_RST, p.out[0].ack, 0, 0);
			assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
			peer_deinit(&p);
		}
	}
}

/* SYN-SENT: the acknowledgment, not the number, is what a stranger does not know. */
static void section_3_2_rst_in_syn_sent(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_SYN_SENT);
	peer_in(&p, TCP_RST, 12345, 0, 0);
	peer_in(&p, TCP_RST | TCP_ACK, 12345, 0, 0);
	peer_in(&p, TCP_RST | TCP_ACK, 12345, 2, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	peer_none(&p);
	peer_in(&p, TCP_RST | TCP_ACK, 12345, 1, 0);
	assert_int_equal(peer_error(&p), BERTH_ECONNREFUSED);
	peer_deinit(&p);
}

/* RFC 9293's own clarification: SYN-RECEIVED goes back to LISTEN by the exact number alone. */
static void rfc9293_section_3_10_7_4_rst_in_syn_received(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_SYN_RECEIVED);
	peer_in(&p, TCP_RST, 0, 0, 0);
	peer_in(&p, TCP_RST, 0, 0, 10);
	peer_none(&p);
	peer_in(&p, TCP_RST, 2, 0, 0);
	peer_expect(peer_only(&p), TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_RECEIVED);
	peer_in(&p, TCP_RST, 1, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	assert_int_equal(p.listener->state, BERTH_TCP_LISTEN);
	assert_int_equal(p.listener->error, 0); /* the user need not be informed */
	peer_deinit(&p);
}

/* Section 4.2: SYN, whatever its number. */
static void section_4_2_syn_is_challenged(void **state)
{
	static const uint32_t offsets[] = {0, 1, 100, 8000, 0x40000000, 0x80000000, 0xffffffff};

	for (size_t i = 0; i < N_SYNCHRONISED; i++) {
		for (size_t k = 0; k < sizeof(offsets) / sizeof(offsets[0]); k++) {
			for (unsigned ack = 0; ack < 2; ack++) {
				struct peer p;

				begin(&p, synchronised[i]);
				peer_in(&p, ack ? TCP_SYN | TCP_ACK : TCP_SYN, rcv_nxt(&p) + offsets[k], 1, 0);
				if (offsets[k] != 0xffffffff) /* there it is also what was sent before */
					assert_challenge(&p);
				assert_int_equal(peer_state(&p), synchronised[i]);
				peer_deinit(&p);
			}
		}
	}
}

/* Section 4.2: a peer that has begun anew learns from the challenge that it must reset, and can then connect. */
static void section_4_2_a_restarted_peer_gets_in(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_ESTABLISHED);
	peer_in(&p, TCP_SYN, 77777, 0, 0);
	peer_in(&p, TCP_RST, peer_only(&p)->ack, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 77777, 0, 0);
	assert_int_equal(peer_only(&p)->h.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(peer_only(&p)->ack, 77778);
	peer_deinit(&p);
}

/* Section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, both ends, in each state. */
static void section_5_2_acceptable_range_of_acks(void **state)
{
	const struct peer_setup small = {.mss = 1000, .receive_buffer = 8192, .window = 100};

	for (size_t i = 0; i < N_SYNCHRONISED; i++) {
		for (unsigned edge = 0; edge < 4; edge++) {
			struct peer p;
			const struct tcb *t;
			uint32_t una, nxt, acks[4];

			peer_init(&p, &small);
			peer_to_state(&p, synchronised[i], true);
			t = tcp_of_endpoint(pairs_find(&p.pairs, &p.pair));
			una = (uint32_t)t->snd_una - BERTH_ISS;
			nxt = (uint32_t)t->snd_nxt - BERTH_ISS;
			acks[0] = una - 101;
			acks[1] = nxt + 1;
			acks[2] = una - 100;
			acks[3] = una;
			peer_in(&p, TCP_ACK, rcv_nxt(&p), acks[edge], 0);
			if (edge == 1) {
				/* Of what was never sent: as late as any ACK may be. */
				peer_none(&p);
				peer_advance(&p, 41 * MS);
			}
			if (edge < 2)
				assert_challenge(&p);
			else
				peer_none(&p);
			assert_int_equal(p.env.counters.bad_ack, edge < 2);
			assert_int_equal(peer_state(&p), synchronised[i]);
			peer_deinit(&p);
		}
	}
}

/* MAX.SND.WND is the largest window ever offered, not the present one. */
static void section_5_2_largest_window_counts(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_establish_active(&p);
	for (uint32_t at = 1; at < 200001; at += 5000) {
		peer_send(&p, at, 5000);
		peer_in(&p, TCP_ACK, 1, at + 5000, 0);
	}
	p.window = 1000;
	peer_in(&p, TCP_ACK, 1, 200001, 0);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 200001 - 65535, 10);
	assert_int_equal(p.t->recvq.n_bytes, 10);
	peer_advance(&p, 1 * S);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 11, 200001 - 65536, 10);
	assert_int_equal(p.t->recvq.n_bytes, 10);
	assert_int_equal(p.env.counters.acks_challenge, 1);
	peer_deinit(&p);
}

/* Section 7: not more than two in a second, drawn anew; none is lost for ever. */
static void section_7_challenges_are_throttled(void **state)
{
	unsigned n = 0;
	struct peer p;

	begin(&p, BERTH_TCP_ESTABLISHED);
	for (unsigned i = 0; i < 100000; i++) {
		peer_in(&p,
			i % 3 == 0   ? TCP_RST
			: i % 3 == 1 ? TCP_SYN
				     : TCP_ACK,
			rcv_nxt(&p) + 5, i % 3 == 2 ? 0x40000000 : 0, 0);
		peer_advance(&p, 1 * MS / 10);
	}
	for (size_t i = 0; i < p.n_out; i++)
		n += p.out[i].len == 0; /* what else left is a retransmission */
	assert_in_range(n, 10, 21);     /* in ten seconds */
	assert_int_equal(n, p.env.counters.acks_challenge);
	assert_int_equal(p.env.counters.challenge_limited, 100000 - n);
	peer_deinit(&p);
}

/* The same limit for a SYN that repeats itself: SYN-ACKs are not a stranger's to ask for. */
static void section_7_repeated_syns_are_throttled(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_SYN_RECEIVED);
	for (unsigned i = 0; i < 1000; i++)
		peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_advance(&p, 800 * MS);
	peer_clear(&p);
	peer_in(&p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(&p), TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_deinit(&p);
}

/* An ACK is to be sent back, and one that leaves for another reason is one. */
static void section_5_2_the_next_ack_answers(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_ESTABLISHED);
	peer_in(&p, TCP_ACK, 11, 0x40000000, 100);
	peer_none(&p);
	peer_in(&p, TCP_ACK, 11, 21, 100);
	peer_clear(&p);
	peer_advance(&p, 50 * MS);
	assert_true(p.n_out <= 1);
	assert_int_equal(p.t->recvq.n_bytes, 100);
	peer_deinit(&p);
}

/* Section 5.3's other side: what the challenge tells a peer that is only late does no harm. */
static void section_5_3_the_real_peer_goes_on(void **state)
{
	struct peer p;

	begin(&p, BERTH_TCP_ESTABLISHED);
	peer_in(&p, TCP_ACK, 11, 0x40000000, 100);
	peer_advance(&p, 41 * MS);
	assert_challenge(&p);
	peer_in(&p, TCP_ACK, 11, 21, 100);
	assert_int_equal(peer_recv(&p, 11, 1000), 100);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_2_rst_outside_the_window_is_dropped),
		cmocka_unit_test(section_3_2_rst_at_rcv_nxt_resets),
		cmocka_unit_test(section_3_2_rst_beside_rcv_nxt_is_challenged),
		cmocka_unit_test(section_3_2_rst_in_syn_sent),
		cmocka_unit_test(rfc9293_section_3_10_7_4_rst_in_syn_received),
		cmocka_unit_test(section_4_2_syn_is_challenged),
		cmocka_unit_test(section_4_2_a_restarted_peer_gets_in),
		cmocka_unit_test(section_5_2_acceptable_range_of_acks),
		cmocka_unit_test(section_5_2_largest_window_counts),
		cmocka_unit_test(section_5_3_the_real_peer_goes_on),
		cmocka_unit_test(section_5_2_the_next_ack_answers),
		cmocka_unit_test(section_7_challenges_are_throttled),
		cmocka_unit_test(section_7_repeated_syns_are_throttled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
