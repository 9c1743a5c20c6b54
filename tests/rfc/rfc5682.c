/* F-RTO: timeouts for nothing. */
#include "flight.h"

static const struct peer_setup sack = {.mss = MSS, .sack = true}, plain = {.mss = MSS};

/* A flight of ten that is only late; the timer has fired and sent the first again. */
static void late(struct peer *p, const struct peer_setup *setup)
{
	flight_begin(p, setup, 20);
	for (unsigned i = 0; i < 100 && !p->env.counters.timeouts; i++)
		peer_advance(p, 10 * MS);
	assert_int_equal(times(p, 0), 1);
	peer_clear(p);
}

/* Step 2b: new data follows the first retransmission. Step 3b: what was sent once is acknowledged, so the timeout was
 * for nothing: nothing more is sent again and the window is what it was. */
static void for_nothing(const struct peer_setup *setup)
{
	struct peer p;
	tcp_seq nxt;

	late(&p, setup);
	nxt = p.t->snd_nxt;
	acked(&p, 1);
	for (size_t i = 0; i < p.n_out; i++)
		assert_true(p.out[i].seq >= (uint32_t)(nxt - TCP_SEQ_BASE) - BERTH_ISS);
	assert_int_equal(p.n_out, 2);
	peer_clear(&p);
	acked(&p, 2);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_NONE);
	assert_int_equal(p.env.counters.timeouts_spurious, 1);
	assert_int_equal(tcp_sent(p.t)->n_lost - tcp_sent(p.t)->n_again, 0);
	assert_true(p.t->cc.cwnd >= 10 * MSS);
	acked(&p, 10);
	for (uint32_t i = 1; i < 10; i++)
		assert_int_equal(times(&p, i), 0);
	peer_deinit(&p);
}

static void section_2_1_step_3b_a_timeout_for_nothing_is_undone(void **state)
{
	for_nothing(&plain);
}

static void section_3_1_step_3b_a_timeout_for_nothing_is_undone_with_sack(void **state)
{
	for_nothing(&sack);
}

/* Step 3a: a duplicate says that the loss was real. */
static void section_2_1_step_3a_a_real_loss_is_recovered_from(void **state)
{
	struct peer p;

	late(&p, &plain);
	acked(&p, 1);
	assert_int_equal(p.n_out, 2);
	peer_clear(&p);
	acked(&p, 1);
	assert_int_equal(times(&p, 1), 1);
	assert_int_equal(p.t->recovery, TCP_RECOVERY_TIMEOUT);
	assert_true(p.t->cc.cwnd <= 3 * MSS);
	assert_int_equal(p.env.counters.undos, 0);
	peer_deinit(&p);
}

static void section_3_1_step_3a_a_real_loss_is_recovered_from_with_sack(void **state)
{
	struct peer p;
	uint32_t first;

	late(&p, &sack);
	first = (uint32_t)(p.t->snd_nxt - p.t->snd_una) / MSS;
	acked(&p, 1);
	assert_int_equal(p.n_out, 2);
	peer_clear(&p);
	sacked(&p, 1, first, first + 1);
	assert_int_equal(times(&p, 1), 1);
	assert_int_equal(p.env.counters.undos, 0);
	peer_deinit(&p);
}

/* Step 2a: the first acknowledgment covers all, or none: the usual recovery. */
static void section_2_1_step_2a_a_duplicate_first_means_the_usual_recovery(void **state)
{
	struct peer p;

	late(&p, &plain);
	acked(&p, 0);
	acked(&p, 1);
	assert_int_equal(times(&p, 1), 1);
	assert_int_equal(p.env.counters.undos, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_2_1_step_2a_a_duplicate_first_means_the_usual_recovery),
		cmocka_unit_test(section_2_1_step_3a_a_real_loss_is_recovered_from),
		cmocka_unit_test(section_2_1_step_3b_a_timeout_for_nothing_is_undone),
		cmocka_unit_test(section_3_1_step_3a_a_real_loss_is_recovered_from_with_sack),
		cmocka_unit_test(section_3_1_step_3b_a_timeout_for_nothing_is_undone_with_sack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
