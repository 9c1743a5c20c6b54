/* Two ends of one socket pair in any two states, whatever they think of each other's numbers: they fall silent, or
 * speak at the pace of their timers. An answer to an answer, for ever, is what must not be (attacks.md, row 31; RFC
 * 5961 section 7, RFC 9293 section 3.10.7.4). */
#include "tcp_peer.h"

enum {
	AT_ONCE_MAX = 40, /* segments in one instant */
	SECONDS = 20,
	/* Challenges are limited to some two a second, and retransmissions back off. */
	IN_ALL_MAX = 3 * SECONDS,
};

/* How far each end's numbers are from what the other expects. */
static const int32_t errors[] = {0, 300, -300, 1 << 20, -(1 << 20)};

/* What a third one says to the first end, to begin with. */
static const uint8_t strays[] = {TCP_ACK, TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_ACK | TCP_URG};

/* Everything that `from` has sent goes to `to`, whose idea of the numbers is wrong by `error`. How many segments. */
static unsigned carry(struct peer *from, struct peer *to, int32_t error)
{
	static uint8_t bytes[1 << 16];
	size_t n = 0, sizes[256];
	unsigned n_segments = 0;

	for (size_t i = 0; i < from->n_out; i++) {
		const struct peer_segment *s = &from->out[i];
		struct tcp_header h = s->h;
		uint8_t *end;

		h.seq += PEER_ISS - BERTH_ISS + (uint32_t)error;
		if (h.flags & TCP_ACK)
			h.ack += BERTH_ISS - PEER_ISS + (uint32_t)error;
		assert_true(n_segments < 256 && n + TCP_HEADER_MAX + s->len <= sizeof(bytes));
		end = tcp_header_emit(&h, bytes + n);
		if (s->len)
			memcpy(end, s->data, s->len);
		sizes[n_segments] = (size_t)(end - (bytes + n)) + s->len;
		n += sizes[n_segments++];
	}
	peer_clear(from);
	n = 0;
	for (unsigned i = 0; i < n_segments; i++) {
		peer_in_raw(to, bytes + n, sizes[i]);
		n += sizes[i];
	}
	return n_segments;
}

/* Until both are silent at this instant. How many segments went over. */
static unsigned settle(struct peer *a, struct peer *b, int32_t error)
{
	unsigned n = 0;

	while (a->n_out || b->n_out) {
		n += carry(a, b, error) + carry(b, a, error);
		assert_true(n <= AT_ONCE_MAX);
	}
	return n;
}

static void bring(struct peer *p, enum berth_tcp_state state, bool passive)
{
	static const struct peer_setup setup = {.mss = 1000, .sack = true};

	peer_init(p, &setup);
	peer_to_state(p, state, passive);
}

static void meet(enum berth_tcp_state one, enum berth_tcp_state other, bool passive, int32_t error, uint8_t stray)
{
	struct peer a, b;
	unsigned n = 0;

	bring(&a, one, passive);
	bring(&b, other, passive);
	peer_in(&a, stray, 1, stray & TCP_ACK ? 1 : 0, 0);
	for (unsigned ms = 0; ms < SECONDS * 1000; ms += 50) {
		n += settle(&a, &b, error);
		peer_advance(&a, 50 * MS);
		peer_advance(&b, 50 * MS);
	}
	if (n > IN_ALL_MAX)
		fail_msg("%s and %s, %s, wrong by %d, after flags %02x: %u segments", peer_state_name(one),
			 peer_state_name(other), passive ? "passive" : "active", error, stray, n);
	peer_deinit(&a);
	peer_deinit(&b);
}

static void any_two_states(void **state)
{
	for (unsigned one = 0; one < BERTH_TCP_STATE_N; one++)
		for (unsigned other = 0; other < BERTH_TCP_STATE_N; other++)
			for (unsigned i = 0; i < 2 * sizeof(errors) / sizeof(errors[0]); i++)
				for (size_t k = 0; k < sizeof(strays); k++)
					meet(one, other, i & 1, errors[i / 2], strays[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
