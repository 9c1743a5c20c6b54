/* CUBIC, RFC 9438, by synthetic acknowledgments. The curve itself is in tests/unit/test_cc.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc.h"

enum { MSS = 1000 };
#define S 1000000000ull
#define RTT (S / 10)
#define BEGIN (1000 * S)

static void near(double is, double want, double tolerance, const char *what)
{
	double difference = is > want ? is - want : want - is;

	if (difference > tolerance)
		fail_msg("%s: %.4f, expected %.4f +- %.4f", what, is, want, tolerance);
}

static double segments(const struct tcp_cc *cc)
{
	return (double)cc->cwnd / MSS;
}

static void begin(struct tcp_cc *cc, uint64_t n)
{
	static struct tcp_cc_before before;

	tcp_cc_begin(cc, &tcp_cc_cubic, MSS);
	cc->before = &before;
	cc->cwnd = n * MSS;
}

static void ack(struct tcp_cc *cc, uint64_t n, berth_time now, bool limited)
{
	const struct tcp_cc_ack report = {
		.n_acked = n, .n_delivered = n, .ns_srtt = RTT, .cwnd_limited = limited, .now = now};

	cc->ops->on_ack(cc, &report);
}

static void round_trip(struct tcp_cc *cc, berth_time now)
{
	for (uint64_t n = cc->cwnd / MSS; n; n--)
		ack(cc, MSS, now, true);
}

static void lose(struct tcp_cc *cc, berth_time now)
{
	cc->ops->on_loss(cc, cc->cwnd, now);
	cc->cwnd = cc->ssthresh;
}

/* Slow start, two rounds of congestion avoidance and a loss at `n` segments. */
static void in_avoidance(struct tcp_cc *cc, uint64_t n)
{
	begin(cc, n);
	lose(cc, BEGIN);
	round_trip(cc, BEGIN + RTT);
}

static void section_4_1_2_loss_keeps_what_was_before(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 100);
	lose(&cc, BEGIN);
	near(cc.u.cubic.cwnd_prior, 100, 0.01, "cwnd_prior");
	near(cc.u.cubic.w_max, 100, 0.01, "W_max");
}

static void section_4_2_curve_touches_w_max_after_k(void **state)
{
	struct tcp_cc cc;
	unsigned i = 1;

	in_avoidance(&cc, 1000);
	near(cc.u.cubic.k * cc.u.cubic.k * cc.u.cubic.k * 0.4, 300, 0.1, "K");
	while ((double)i * 0.1 < cc.u.cubic.k)
		round_trip(&cc, BEGIN + RTT + i++ * RTT);
	near(segments(&cc), 1000, 3, "cwnd at K");
}

/* Equation 4, alpha 9/17 below cwnd_prior and one from there on. */
static void section_4_3_alpha_is_one_from_cwnd_prior_on(void **state)
{
	struct tcp_cc cc;
	double before;

	begin(&cc, 20);
	lose(&cc, BEGIN);
	ack(&cc, MSS, BEGIN + 1, true);
	near(cc.u.cubic.w_est, 14 + 9.0 / 17 / 14, 0.0001, "W_est");
	cc.u.cubic.w_est = 20;
	before = segments(&cc);
	ack(&cc, MSS, BEGIN + 2, true);
	near(cc.u.cubic.w_est, 20 + 1 / before, 0.0001, "W_est beyond");
}

static void section_4_3_cwnd_is_w_est_in_the_reno_friendly_region(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 20);
	lose(&cc, BEGIN);
	for (unsigned i = 0; i < 200; i++) {
		ack(&cc, MSS, BEGIN + 1 + i, true);
		near(segments(&cc), cc.u.cubic.w_est, 0.01, "cwnd");
	}
	assert_true(segments(&cc) > 17);
}

static void section_4_6_beta_is_seven_tenths_of_what_was_in_flight(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 100);
	cc.ops->on_loss(&cc, 40 * MSS, BEGIN);
	near((double)cc.ssthresh / MSS, 28, 0.01, "ssthresh");
	begin(&cc, 100);
	cc.ops->on_loss(&cc, 400 * MSS, BEGIN);
	near((double)cc.ssthresh / MSS, 70, 0.01, "not of more than cwnd");
	begin(&cc, 2);
	cc.ops->on_loss(&cc, 2 * MSS, BEGIN);
	assert_int_equal(cc.ssthresh, 2 * MSS);
}

static void section_4_7_fast_convergence_also_without_growth_between(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 1000);
	lose(&cc, BEGIN);
	lose(&cc, BEGIN + RTT);
	near(cc.u.cubic.w_max, 700 * 0.85, 0.1, "W_max");
	/* Above the old W_max there is nobody to make room for. */
	cc.cwnd = 2000 * MSS;
	lose(&cc, BEGIN + 2 * RTT);
	near(cc.u.cubic.w_max, 2000, 0.1, "W_max");
}

static void section_4_8_after_a_timeout_the_curve_begins_at_its_plateau(void **state)
{
	struct tcp_cc cc;

	in_avoidance(&cc, 1000);
	cc.ops->on_timeout(&cc, cc.cwnd, BEGIN + 2 * RTT);
	near((double)cc.ssthresh / cc.cwnd, 0.7, 0.001, "beta");
	cc.cwnd = cc.ssthresh;
	ack(&cc, MSS, BEGIN + 3 * RTT, true);
	assert_int_equal(cc.u.cubic.k, 0);
	near(cc.u.cubic.w_max, (double)cc.ssthresh / MSS, 0.1, "W_max");
	near(cc.u.cubic.w_est, (double)cc.ssthresh / MSS, 0.1, "W_est");
}

static void section_4_9_a_spurious_loss_is_taken_back(void **state)
{
	for (unsigned timeout = 0; timeout < 2; timeout++) {
		struct tcp_cc cc, before;

		in_avoidance(&cc, 1000);
		before = cc;
		if (timeout)
			cc.ops->on_timeout(&cc, cc.cwnd, BEGIN + 2 * RTT);
		else
			cc.ops->on_loss(&cc, cc.cwnd, BEGIN + 2 * RTT);
		cc.cwnd = timeout ? MSS : cc.ssthresh;
		round_trip(&cc, BEGIN + 3 * RTT);
		cc.ops->on_undo(&cc);
		assert_int_equal(cc.cwnd, before.cwnd);
		assert_int_equal(cc.ssthresh, before.ssthresh);
		assert_memory_equal(&cc.u.cubic, &before.u.cubic, sizeof(cc.u.cubic));
	}
}

static void section_4_9_a_first_slow_start_goes_on_as_it_was(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 100);
	lose(&cc, BEGIN);
	cc.ops->on_undo(&cc);
	assert_true(cc.starting);
	assert_int_equal(cc.ssthresh, UINT64_MAX);
	assert_int_equal(cc.cwnd, 100 * MSS);
}

static void section_4_9_2_what_has_outgrown_it_stays(void **state)
{
	struct tcp_cc cc, now;

	in_avoidance(&cc, 100);
	lose(&cc, BEGIN + 2 * RTT);
	cc.cwnd = 500 * MSS;
	now = cc;
	cc.ops->on_undo(&cc);
	assert_memory_equal(&cc.u, &now.u, sizeof(cc.u));
	assert_int_equal(cc.cwnd, now.cwnd);
	assert_int_equal(cc.ssthresh, now.ssthresh);
}

/* HyStart++ has ended the first slow start: equation 1 with K = 0 from where cwnd is. */
static void section_4_10_slow_start_without_loss(void **state)
{
	struct tcp_cc cc;

	begin(&cc, 500);
	cc.ssthresh = cc.cwnd;
	round_trip(&cc, BEGIN);
	assert_int_equal(cc.u.cubic.k, 0);
	near(cc.u.cubic.w_max, 500, 0.01, "W_max");
	near(cc.u.cubic.cwnd_prior, 500, 0.01, "cwnd_prior");
	for (unsigned i = 1; i < 100; i++)
		round_trip(&cc, BEGIN + i * RTT);
	near(segments(&cc), 500 + 0.4 * 10 * 10 * 10, 20, "the curve after 10 s");
}

static void section_5_8_time_of_the_program_is_no_time_of_the_curve(void **state)
{
	struct tcp_cc busy, idle;

	in_avoidance(&busy, 1000);
	in_avoidance(&idle, 1000);
	/* 60 s in which the program sends too little. */
	for (unsigned i = 2; i < 600; i++)
		ack(&idle, MSS, BEGIN + i * RTT, false);
	near(segments(&idle), segments(&busy), 0.01, "cwnd");
	for (unsigned i = 0; i < 20; i++) {
		round_trip(&busy, BEGIN + (2 + i) * RTT);
		round_trip(&idle, BEGIN + (600 + i) * RTT);
		near(segments(&idle), segments(&busy), segments(&busy) / 50, "cwnd afterwards");
	}
}

static void section_5_8_an_idle_connection_begins_a_new_stage(void **state)
{
	struct tcp_cc cc;

	in_avoidance(&cc, 1000);
	near(segments(&cc), 703, 5, "cwnd");
	cc.ops->on_idle(&cc, BEGIN + 1000 * S);
	assert_int_equal(cc.cwnd, 10 * MSS);
	near((double)cc.ssthresh / MSS, 703, 10, "ssthresh");
	for (unsigned i = 0; i < 6; i++)
		round_trip(&cc, BEGIN + 1000 * S + i * RTT);
	assert_true(segments(&cc) < 640.1);
	round_trip(&cc, BEGIN + 1000 * S + 6 * RTT);
	assert_true(segments(&cc) < 760);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_4_1_2_loss_keeps_what_was_before),
		cmocka_unit_test(section_4_2_curve_touches_w_max_after_k),
		cmocka_unit_test(section_4_3_alpha_is_one_from_cwnd_prior_on),
		cmocka_unit_test(section_4_3_cwnd_is_w_est_in_the_reno_friendly_region),
		cmocka_unit_test(section_4_6_beta_is_seven_tenths_of_what_was_in_flight),
		cmocka_unit_test(section_4_7_fast_convergence_also_without_growth_between),
		cmocka_unit_test(section_4_8_after_a_timeout_the_curve_begins_at_its_plateau),
		cmocka_unit_test(section_4_9_a_spurious_loss_is_taken_back),
		cmocka_unit_test(section_4_9_a_first_slow_start_goes_on_as_it_was),
		cmocka_unit_test(section_4_9_2_what_has_outgrown_it_stays),
		cmocka_unit_test(section_4_10_slow_start_without_loss),
		cmocka_unit_test(section_5_8_time_of_the_program_is_no_time_of_the_curve),
		cmocka_unit_test(section_5_8_an_idle_connection_begins_a_new_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
