/* Congestion control beside the documents' equations, worked out here by other means: RFC 5681, 6928, 9438. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc.h"

enum { MSS = 1000 };
#define S 1000000000ull
#define RTT (S / 10)
/* Times begin here: 0 stands for "never" in places. */
#define BEGIN (1000 * S)

static struct tcp_cc begin(const struct tcp_congestion *ops)
{
	struct tcp_cc cc;

	tcp_cc_begin(&cc, ops, MSS);
	return cc;
}

static void ack(struct tcp_cc *cc, uint64_t n, berth_time now, bool limited)
{
	const struct tcp_cc_ack report = {.n_acked = n, .ns_srtt = RTT, .cwnd_limited = limited, .now = now};

	cc->ops->on_ack(cc, &report);
}

/* A round trip: cwnd's bytes are acknowledged, a segment each. */
static void round_trip(struct tcp_cc *cc, berth_time now)
{
	uint64_t n = cc->cwnd / MSS;

	while (n--)
		ack(cc, MSS, now, true);
}

/* A loss, and the recovery from it. */
static void lose(struct tcp_cc *cc, uint64_t n_in_flight, berth_time now)
{
	cc->ops->on_loss(cc, n_in_flight, now);
	cc->cwnd = cc->ssthresh;
}

static void near(double is, double want, double tolerance, const char *what)
{
	double difference = is > want ? is - want : want - is;

	if (difference > tolerance)
		fail_msg("%s: %.3f, expected %.3f +- %.3f", what, is, want, tolerance);
}

/* RFC 6928 section 2. */
static void test_initial(void **state)
{
	static const uint64_t rows[][2] = {
		{88, 880},     {536, 5360},   {1000, 10000}, {1448, 14480}, {1460, 14600},   {1461, 14600},
		{4000, 14600}, {7300, 14600}, {7301, 14602}, {8960, 17920}, {65495, 130990},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(tcp_cc_initial_window((uint32_t)rows[i][0]), rows[i][1]);
}

static void test_find(void **state)
{
	assert_ptr_equal(tcp_congestion_find("reno"), &tcp_cc_reno);
	assert_ptr_equal(tcp_congestion_find("cubic"), &tcp_cc_cubic);
	assert_null(tcp_congestion_find("Reno"));
	assert_null(tcp_congestion_find(""));
	assert_null(tcp_congestion_find("cubic "));
}

static const struct tcp_congestion *const both[] = {&tcp_cc_reno, &tcp_cc_cubic};

/* RFC 5681 section 3.1: doubles in a round trip, up to ssthresh and not across it. */
static void test_slow_start(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct tcp_cc cc = begin(both[i]);

		assert_int_equal(cc.ssthresh, UINT64_MAX);
		assert_int_equal(cc.cwnd, 10 * MSS);
		for (uint64_t want = 20; want <= 160; want *= 2) {
			round_trip(&cc, BEGIN + want);
			assert_int_equal(cc.cwnd, want * MSS);
		}
		cc.ssthresh = 162 * MSS + 500;
		ack(&cc, MSS, BEGIN, true);
		ack(&cc, MSS, BEGIN, true);
		assert_int_equal(cc.cwnd, 162 * MSS);
		ack(&cc, MSS, BEGIN, true); /* half of it is beyond */
		assert_in_range(cc.cwnd, 162 * MSS + 500, 162 * MSS + 510);
	}
}

/* RFC 9438 section 5.8, RFC 7661: a window that is not used does not grow. */
static void test_not_limited(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct tcp_cc cc = begin(both[i]);

		ack(&cc, 100 * MSS, BEGIN, false);
		assert_int_equal(cc.cwnd, 10 * MSS);
		cc.ssthresh = 5 * MSS;
		for (unsigned k = 0; k < 1000; k++)
			ack(&cc, MSS, BEGIN + k * RTT, false);
		assert_int_equal(cc.cwnd, 10 * MSS);
	}
}

/* RFC 5681 equation 3, by bytes: a segment a round trip. */
static void test_reno_avoids(void **state)
{
	struct tcp_cc cc = begin(&tcp_cc_reno);

	cc.ssthresh = cc.cwnd;
	for (uint64_t i = 11; i < 50; i++) {
		round_trip(&cc, BEGIN);
		assert_int_equal(cc.cwnd, i * MSS);
	}
	/* However the acknowledgments are cut: bytes count (RFC 3465), so tiny ones gain nothing (ACK division). */
	for (uint64_t bytes = cc.cwnd; bytes; bytes -= 10)
		ack(&cc, 10, BEGIN, true);
	assert_int_equal(cc.cwnd, 50 * MSS);
}

/* RFC 5681 equation 4: half of the flight, two segments at least. */
static void test_reno_loss(void **state)
{
	static const uint64_t rows[][2] = {{20000, 10000}, {10001, 5000}, {4000, 2000},
					   {3000, 2000},   {1, 2000},     {0, 2000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp_cc cc = begin(&tcp_cc_reno);

		lose(&cc, rows[i][0], BEGIN);
		assert_int_equal(cc.ssthresh, rows[i][1]);
		assert_int_equal(cc.cwnd, rows[i][1]);
		cc = begin(&tcp_cc_reno);
		cc.ops->on_timeout(&cc, rows[i][0], BEGIN);
		assert_int_equal(cc.ssthresh, rows[i][1]);
	}
}

/* ---- CUBIC ---- */

/* A cube root by halving, with no derivative: what the code's is compared with. */
static double root3(double x)
{
	double low = 0, high = x > 1 ? x : 1;

	for (unsigned i = 0; i < 200; i++) {
		double middle = (low + high) / 2;

		if (middle * middle * middle < x)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* RFC 9438 section 4.6: beta is 0.7. */
static void test_cubic_loss(void **state)
{
	struct tcp_cc cc = begin(&tcp_cc_cubic);

	cc.cwnd = 100 * MSS;
	lose(&cc, 100 * MSS, BEGIN);
	near((double)cc.ssthresh, 70 * MSS, 1, "ssthresh");
	near((double)cc.cwnd, 70 * MSS, 1, "cwnd");
	lose(&cc, 1 * MSS, BEGIN);
	assert_int_equal(cc.ssthresh, 2 * MSS); /* never below two segments */
	cc = begin(&tcp_cc_cubic);
	cc.cwnd = 100 * MSS;
	cc.ops->on_timeout(&cc, 50 * MSS, BEGIN);
	near((double)cc.ssthresh, 35 * MSS, 1, "ssthresh by what was in flight");
}

/* Equations 1 and 2: W(t) = C (t - K)^3 + W_max with K = cbrt((W_max - cwnd_epoch) / C). Windows are so large that the
 * cubic is above Reno's (section 4.3) all the time, and the cap of 1.5 cwnd (section 4.2) is never met. */
static void test_cubic_growth(void **state)
{
	static const double w_max[] = {400, 1000, 3000};

	for (size_t i = 0; i < sizeof(w_max) / sizeof(w_max[0]); i++) {
		struct tcp_cc cc = begin(&tcp_cc_cubic);
		double epoch, k, rtt = 0.1;

		cc.cwnd = (uint64_t)w_max[i] * MSS;
		lose(&cc, cc.cwnd, BEGIN);
		epoch = (double)cc.cwnd / MSS;
		near(epoch, 0.7 * w_max[i], 0.01, "cwnd after the loss");
		k = root3((w_max[i] - epoch) / 0.4);
		for (unsigned round = 0; (double)round * rtt < 2 * k; round++) {
			double t = (double)round * rtt, want;

			round_trip(&cc, BEGIN + round * RTT);
			/* After this round cwnd has come to what the cubic is at its end. */
			t += rtt;
			want = 0.4 * (t - k) * (t - k) * (t - k) + w_max[i];
			near((double)cc.cwnd / MSS, want, want * 0.02, "the cubic");
		}
		/* It has gone through the plateau at W_max and beyond. */
		assert_true((double)cc.cwnd / MSS > w_max[i] * 1.2);
	}
}

/* Equation 4 and section 4.3: with small windows Reno is faster, and CUBIC is then not slower than its estimate: alpha
 * 3 (1 - 0.7) / (1 + 0.7) = 9/17 of a segment a round trip, and one beyond where it was before the loss. */
static void test_cubic_friendly(void **state)
{
	struct tcp_cc cc = begin(&tcp_cc_cubic);
	double want = 14;

	cc.cwnd = 20 * MSS;
	lose(&cc, cc.cwnd, BEGIN);
	for (unsigned round = 0; round < 40; round++) {
		/* 5 ms a round: the cubic stands still, W_max less a segment for seconds */
		round_trip(&cc, BEGIN + round * (S / 200));
		want += want >= 20 ? 1 : 9.0 / 17;
		if (want > 19.9)
			break;
		assert_true((double)cc.cwnd / MSS > want - 1.5);
	}
	assert_true((double)cc.cwnd / MSS >= 18);
}

/* Section 4.7, fast convergence: a loss below the last W_max makes room: W_max = cwnd (1 + 0.7) / 2. */
static void test_cubic_fast_convergence(void **state)
{
	struct tcp_cc cc = begin(&tcp_cc_cubic);

	cc.cwnd = 1000 * MSS;
	lose(&cc, cc.cwnd, BEGIN);
	near(cc.u.cubic.w_max, 1000, 0.01, "W_max");
	round_trip(&cc, BEGIN + RTT); /* congestion avoidance begins */
	{
		double cwnd = (double)cc.cwnd / MSS;

		assert_true(cwnd < 1000);
		lose(&cc, cc.cwnd, BEGIN + 2 * RTT);
		near(cc.u.cubic.w_max, cwnd * 0.85, 0.01, "W_max of the second");
	}
}

/* Section 4.2: within a round trip cwnd grows by half at most, however far away the target. */
static void test_cubic_cap(void **state)
{
	struct tcp_cc cc = begin(&tcp_cc_cubic);

	cc.cwnd = 100 * MSS;
	lose(&cc, cc.cwnd, BEGIN);
	round_trip(&cc, BEGIN + RTT);
	for (unsigned i = 0; i < 5; i++) {
		uint64_t before = cc.cwnd;

		round_trip(&cc, BEGIN + 10000 * S + i * RTT);
		assert_true(cc.cwnd >= before);
		if (cc.cwnd > before * 3 / 2 + MSS)
			fail_msg("round %u: %lu after %lu", i, (unsigned long)cc.cwnd, (unsigned long)before);
	}
}

/* Growth never turns round, at any time and size. */
static void test_cubic_monotonic(void **state)
{
	for (uint64_t segments = 2; segments < 5000; segments = segments * 3 / 2 + 1) {
		struct tcp_cc cc = begin(&tcp_cc_cubic);

		cc.cwnd = segments * MSS;
		lose(&cc, cc.cwnd, BEGIN);
		for (unsigned i = 0; i < 2000; i++) {
			uint64_t before = cc.cwnd;

			ack(&cc, MSS, BEGIN + i * (RTT / 7), true);
			assert_true(cc.cwnd >= before);
			assert_true(cc.cwnd <= before + 2 * MSS);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial),        cmocka_unit_test(test_find),
		cmocka_unit_test(test_slow_start),     cmocka_unit_test(test_not_limited),
		cmocka_unit_test(test_reno_avoids),    cmocka_unit_test(test_reno_loss),
		cmocka_unit_test(test_cubic_loss),     cmocka_unit_test(test_cubic_growth),
		cmocka_unit_test(test_cubic_friendly), cmocka_unit_test(test_cubic_fast_convergence),
		cmocka_unit_test(test_cubic_cap),      cmocka_unit_test(test_cubic_monotonic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
