/* A mark is not a loss: RFC 8511 (ABE). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc.h"

enum { MSS = 1000 };

/* ssthresh after a mark, or a loss, with 100 segments in flight. */
static uint64_t after(const struct tcp_congestion *ops, bool mark, bool slow_start)
{
	struct tcp_cc cc;

	tcp_cc_begin(&cc, ops, MSS);
	cc.cwnd = 100 * MSS;
	if (!slow_start)
		cc.ssthresh = 50 * MSS;
	if (mark)
		ops->on_ecn(&cc, cc.cwnd, 1000000000);
	else
		ops->on_loss(&cc, cc.cwnd, 1000000000);
	return cc.ssthresh;
}

static void section_3_1_reno_keeps_four_fifths(void **state)
{
	assert_int_equal(after(&tcp_cc_reno, true, false), 80 * MSS);
	assert_int_equal(after(&tcp_cc_reno, false, false), 50 * MSS);
}

static void section_3_1_cubic_keeps_85_percent(void **state)
{
	assert_in_range(after(&tcp_cc_cubic, true, false), 85 * MSS - 1, 85 * MSS);
	assert_in_range(after(&tcp_cc_cubic, false, false), 70 * MSS - 1, 70 * MSS);
}

static void section_3_1_in_slow_start_a_mark_is_as_a_loss(void **state)
{
	assert_int_equal(after(&tcp_cc_reno, true, true), 50 * MSS);
	assert_in_range(after(&tcp_cc_cubic, true, true), 70 * MSS - 1, 70 * MSS);
}

static void section_3_1_two_segments_stay(void **state)
{
	static const struct tcp_congestion *const all[] = {&tcp_cc_reno, &tcp_cc_cubic};

	for (size_t i = 0; i < 2; i++) {
		struct tcp_cc cc;

		tcp_cc_begin(&cc, all[i], MSS);
		cc.ssthresh = 2 * MSS;
		cc.cwnd = 2 * MSS;
		all[i]->on_ecn(&cc, 1 * MSS, 1000000000);
		assert_int_equal(cc.ssthresh, 2 * MSS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_1_reno_keeps_four_fifths),
		cmocka_unit_test(section_3_1_cubic_keeps_85_percent),
		cmocka_unit_test(section_3_1_in_slow_start_a_mark_is_as_a_loss),
		cmocka_unit_test(section_3_1_two_segments_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
