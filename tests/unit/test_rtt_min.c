/* The least round trip: a window of five minutes at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtt_min.h"

#define S 1000000000ull
#define BEGAN (1000 * S)

static uint64_t after(struct tcp_rtt_min *m, uint64_t s, uint64_t us_rtt)
{
	tcp_rtt_min_sample(m, us_rtt * 1000, BEGAN + s * S);
	return tcp_rtt_min(m) / 1000;
}

static void test_least(void **state)
{
	struct tcp_rtt_min m = {0};

	assert_int_equal(tcp_rtt_min(&m), 0);
	assert_int_equal(after(&m, 0, 70), 70);
	assert_int_equal(after(&m, 1, 90), 70);
	assert_int_equal(after(&m, 2, 50), 50);
	assert_int_equal(after(&m, 3, 51), 50);
}

/* A longer path is believed when what was before it has left the window. */
static void test_longer_path(void **state)
{
	struct tcp_rtt_min m = {0};

	after(&m, 0, 50);
	for (uint64_t s = 10; s < 300; s += 10)
		assert_int_equal(after(&m, s, 80), 50);
	assert_int_equal(after(&m, 300, 80), 80);
	assert_int_equal(after(&m, 301, 60), 60);
	assert_int_equal(after(&m, 900, 99), 99);
}

/* No round trip takes no time: 0 says that nothing is known. */
static void test_nothing(void **state)
{
	struct tcp_rtt_min m = {0};

	assert_int_equal(after(&m, 0, 0), 1);
	tcp_rtt_min_sample(&m, 1, BEGAN);
	assert_int_equal(tcp_rtt_min(&m), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_longer_path),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
