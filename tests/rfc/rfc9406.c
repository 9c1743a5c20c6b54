/* HyStart++, RFC 9406, by synthetic acknowledgments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc.h"

enum { MSS = 1000 };
#define MS 1000000ull
#define BEGIN 1000000000000ull

/* A connection in its first slow start, whose peer acknowledges each segment. */
struct flow {
	struct tcp_cc cc;
	uint64_t una, nxt;
	berth_time now;
};

static void begin(struct flow *f)
{
	*f = (struct flow){.una = 1, .nxt = 1, .now = BEGIN};
	tcp_cc_begin(&f->cc, &tcp_cc_cubic, MSS);
}

/* n bytes are acknowledged that took ns_rtt, and what cwnd allows is sent. */
static void ack(struct flow *f, uint64_t n, uint64_t ns_rtt)
{
	struct tcp_cc_ack report = {.n_acked = n,
				    .n_delivered = n,
				    .ns_rtt = ns_rtt,
				    .ns_srtt = ns_rtt,
				    .cwnd_limited = true,
				    .now = f->now};

	f->una += n;
	report.snd_una = f->una;
	report.snd_nxt = f->nxt;
	f->cc.ops->on_ack(&f->cc, &report);
	if (f->nxt < f->una + f->cc.cwnd)
		f->nxt = f->una + f->cc.cwnd;
}

/* All that is in flight is acknowledged, a segment each. */
static void round_trip(struct flow *f, uint64_t ns_rtt)
{
	uint64_t end;

	if (f->nxt < f->una + f->cc.cwnd)
		f->nxt = f->una + f->cc.cwnd;
	end = f->nxt;
	f->now += ns_rtt;
	while (f->una < end)
		ack(f, MSS, ns_rtt);
}

static bool in_first_slow_start(const struct flow *f)
{
	return f->cc.cwnd < f->cc.ssthresh && f->cc.ssthresh == UINT64_MAX;
}

static void section_4_2_even_round_trips_double_cwnd(void **state)
{
	struct flow f;

	begin(&f);
	for (uint64_t want = 20; want <= 640; want *= 2) {
		round_trip(&f, 50 * MS);
		assert_int_equal(f.cc.cwnd, want * MSS);
		assert_true(in_first_slow_start(&f));
	}
}

/* The growth of a round after round trips have grown by `ns`, as a fraction of cwnd in percent. */
static unsigned growth_after(uint64_t ns_base, uint64_t ns_more)
{
	struct flow f;
	uint64_t before;

	begin(&f);
	for (unsigned i = 0; i < 4; i++)
		round_trip(&f, ns_base);
	round_trip(&f, ns_base + ns_more);
	before = f.cc.cwnd;
	round_trip(&f, ns_base + ns_more);
	return (unsigned)((f.cc.cwnd - before) * 100 / before);
}

/* An eighth of the round trip, between 4 and 16 ms. */
static void section_4_3_threshold_is_an_eighth_within_bounds(void **state)
{
	static const uint64_t rows[][2] = {
		{1, 4}, {8, 4}, {31, 4}, {40, 5}, {80, 10}, {128, 16}, {400, 16},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_in_range(growth_after(rows[i][0] * MS, rows[i][1] * MS - 1), 99, 100);
		assert_in_range(growth_after(rows[i][0] * MS, rows[i][1] * MS), 24, 26);
	}
}

static void section_4_3_fewer_than_eight_samples_say_nothing(void **state)
{
	struct hystart h = {0};

	for (unsigned i = 1; i <= 10; i++)
		assert_int_equal(hystart_ack(&h, i, i < 10 ? 10 : 20, 20 * MS), HYSTART_SLOW_START);
	for (unsigned i = 11; i <= 17; i++)
		assert_int_equal(hystart_ack(&h, i, 30, 100 * MS), HYSTART_SLOW_START);
	assert_int_equal(hystart_ack(&h, 18, 30, 0), HYSTART_SLOW_START);
	assert_int_equal(hystart_ack(&h, 19, 30, 100 * MS), HYSTART_CAUTIOUS);
}

static void section_4_2_conservative_slow_start_lasts_five_rounds(void **state)
{
	struct flow f;
	unsigned rounds = 0;

	begin(&f);
	for (unsigned i = 0; i < 4; i++)
		round_trip(&f, 20 * MS);
	while (in_first_slow_start(&f) && rounds < 20) {
		round_trip(&f, 40 * MS);
		rounds++;
	}
	/* The one in which it was noticed is the first. */
	assert_in_range(rounds, 5, 6);
	assert_in_range(f.cc.ssthresh, f.cc.cwnd - f.cc.cwnd / 8, f.cc.cwnd);
	/* Congestion avoidance, from the plateau of a curve (RFC 9438 section 4.10). */
	assert_int_equal(f.cc.u.cubic.k, 0);
}

static void section_4_2_a_false_alarm_resumes_slow_start(void **state)
{
	struct flow f;
	uint64_t before;

	begin(&f);
	for (unsigned i = 0; i < 4; i++)
		round_trip(&f, 20 * MS);
	round_trip(&f, 40 * MS);
	round_trip(&f, 40 * MS);
	round_trip(&f, 30 * MS); /* less than when it was noticed */
	before = f.cc.cwnd;
	round_trip(&f, 30 * MS);
	assert_in_range(f.cc.cwnd, 2 * before - 2 * MSS, 2 * before + 2 * MSS);
	assert_true(in_first_slow_start(&f));
}

static void section_4_2_loss_ends_it_at_once(void **state)
{
	struct flow f;

	begin(&f);
	for (unsigned i = 0; i < 4; i++)
		round_trip(&f, 20 * MS);
	round_trip(&f, 40 * MS);
	f.cc.ops->on_loss(&f.cc, f.cc.cwnd, f.now);
	assert_true(f.cc.ssthresh < f.cc.cwnd);
	assert_false(f.cc.starting);
}

/* Later slow starts are plain. */
static void section_4_3_only_the_first_slow_start(void **state)
{
	struct flow f;

	begin(&f);
	for (unsigned i = 0; i < 4; i++)
		round_trip(&f, 20 * MS);
	f.cc.ops->on_timeout(&f.cc, f.cc.cwnd, f.now);
	f.cc.cwnd = 4 * MSS;
	f.nxt = f.una;
	for (uint64_t want = 8; want * MSS <= f.cc.ssthresh; want *= 2) {
		round_trip(&f, want * 20 * MS); /* however much they grow */
		assert_int_equal(f.cc.cwnd, want * MSS);
	}
}

static void section_4_3_an_acknowledgment_adds_ten_segments_at_most(void **state)
{
	struct flow f;

	begin(&f);
	f.nxt = f.una + 100 * MSS;
	ack(&f, 100 * MSS, 20 * MS);
	assert_int_equal(f.cc.cwnd, 20 * MSS);
	/* Without a limit when paced. */
	begin(&f);
	f.nxt = f.una + 100 * MSS;
	f.cc.pacing_rate = 1000000;
	ack(&f, 100 * MSS, 20 * MS);
	assert_int_equal(f.cc.cwnd, 110 * MSS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_2_even_round_trips_double_cwnd),
		cmocka_unit_test(section_4_3_threshold_is_an_eighth_within_bounds),
		cmocka_unit_test(section_4_3_fewer_than_eight_samples_say_nothing),
		cmocka_unit_test(section_4_2_conservative_slow_start_lasts_five_rounds),
		cmocka_unit_test(section_4_2_a_false_alarm_resumes_slow_start),
		cmocka_unit_test(section_4_2_loss_ends_it_at_once),
		cmocka_unit_test(section_4_3_only_the_first_slow_start),
		cmocka_unit_test(section_4_3_an_acknowledgment_adds_ten_segments_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
