/* RFC 5927 and 5461: what ICMP errors do to a connection, and what they do not. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static void until_closed(struct peer *p)
{
	for (unsigned i = 0; i < 5000 && peer_state(p) != BERTH_TCP_CLOSED; i++)
		peer_advance(p, 1 * S);
	assert_int_equal(peer_state(p), BERTH_TCP_CLOSED);
}

/* Section 4.1: only a number in flight counts, at both edges of it. */
static void section_4_1_sequence_in_flight(void **state)
{
	static const struct {
		uint32_t seq;
		bool counts;
	} rows[] = {{0, false},         {10, false},         {11, true},
		    {15, true},         {20, true},          {21, false},
		    {22, false},        {0x80000000, false}, {11 + 0x7fffffffu, false},
		    {0xffffffff, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer p;

		peer_init(&p, &plain);
		peer_to_state(&p, BERTH_TCP_ESTABLISHED, false); /* 11 to 20 are in flight */
		tcp_icmp_error(&p.env, p.t, BERTH_ISS + rows[i].seq, BERTH_EHOSTUNREACH, false);
		if ((p.env.counters.icmp_ignored == 0) != rows[i].counts)
			fail_msg("a quotation of %u is wrongly judged", rows[i].seq);
		peer_deinit(&p);
	}
}

/* Section 5.2: hard errors end what is not established yet, and nothing else. */
static void section_5_2_hard_errors(void **state)
{
	for (enum berth_tcp_state s = BERTH_TCP_SYN_SENT; s < BERTH_TCP_STATE_N; s++) {
		bool opening = s == BERTH_TCP_SYN_SENT || s == BERTH_TCP_SYN_RECEIVED;
		struct peer p;
		struct tcb *t;

		peer_init(&p, &plain);
		peer_to_state(&p, s, false);
		t = p.t;
		tcp_icmp_error(&p.env, t, (uint32_t)t->snd_una, BERTH_ECONNREFUSED, true);
		assert_int_equal(peer_state(&p), opening ? BERTH_TCP_CLOSED : s);
		assert_int_equal(peer_error(&p), opening ? BERTH_ECONNREFUSED : 0);
		peer_deinit(&p);
	}
}

/* RFC 5461 section 2, RFC 9293 SHLD-25, MUST-56: a soft error ends nothing, but it is what the user is told in the
 * end. */
static void rfc5461_section_2_soft_error_is_told_in_the_end(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_connect(&p);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS, BERTH_ENETUNREACH, false);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	until_closed(&p);
	assert_int_equal(peer_error(&p), BERTH_ENETUNREACH);
	peer_deinit(&p);

	peer_init(&p, &plain);
	peer_establish_active(&p);
	peer_send(&p, 1, 100);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS + 1, BERTH_EHOSTUNREACH, false);
	until_closed(&p);
	assert_int_equal(peer_error(&p), BERTH_EHOSTUNREACH);
	peer_deinit(&p);
}

/* A path that works again has no error. */
static void rfc5461_section_2_soft_error_is_forgotten(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_establish_active(&p);
	peer_send(&p, 1, 100);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS + 1, BERTH_EHOSTUNREACH, false);
	peer_in(&p, TCP_ACK, 1, 101, 0);
	peer_send(&p, 101, 100);
	until_closed(&p);
	assert_int_equal(peer_error(&p), BERTH_ETIMEDOUT);
	peer_deinit(&p);
}

/* RFC 9293 MUST-56: a parameter problem is soft, also in SYN-SENT. */
static void rfc9293_must_56_parameter_problem(void **state)
{
	struct peer p;

	peer_init(&p, &plain);
	peer_connect(&p);
	tcp_icmp_error(&p.env, p.t, BERTH_ISS, BERTH_EPROTO, true);
	assert_int_equal(peer_state(&p), BERTH_TCP_SYN_SENT);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
	assert_int_equal(peer_error(&p), 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_1_sequence_in_flight),
		cmocka_unit_test(section_5_2_hard_errors),
		cmocka_unit_test(rfc5461_section_2_soft_error_is_told_in_the_end),
		cmocka_unit_test(rfc5461_section_2_soft_error_is_forgotten),
		cmocka_unit_test(rfc9293_must_56_parameter_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
