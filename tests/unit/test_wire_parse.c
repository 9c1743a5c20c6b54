/* The text that describes a wire: what it says, and what is said about what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>

static void test_all_keys(void **state)
{
	struct berth_wire_config config;

	assert_int_equal(
		berth_wire_parse("delay=10ms,jitter=1.5us,loss=2%,reorder=0.25,duplicate=0.5%,corrupt=1,rate=100mbit,"
				 "queue=64,queue_bytes=375000,ecn=20,mtu=1280,burst=8,late=5%,lateness=3ms,"
				 "seed=18446744073709551615",
				 &config, NULL, NULL),
		0);
	assert_true(config.seed == UINT64_MAX);
	for (unsigned i = 0; i < 2; i++) {
		const struct berth_wire_direction *d = i ? &config.in : &config.out;

		assert_int_equal(d->delay, 10000000);
		assert_int_equal(d->jitter, 1500);
		assert_true(d->loss > 0.0199999 && d->loss < 0.0200001);
		assert_true(d->reorder == 0.25);
		assert_true(d->duplicate == 0.005);
		assert_true(d->corrupt == 1);
		assert_int_equal(d->rate, 100000000);
		assert_int_equal(d->queue_max, 64);
		assert_int_equal(d->queue_bytes, 375000);
		assert_int_equal(d->ecn, 20);
		assert_int_equal(d->mtu, 1280);
		assert_int_equal(d->burst, 8);
		assert_true(d->late > 0.0499999 && d->late < 0.0500001);
		assert_int_equal(d->lateness, 3000000);
	}
}

static void test_directions(void **state)
{
	struct berth_wire_config config;

	assert_int_equal(berth_wire_parse("loss=1,out.loss=0,in.delay=2s,in.rate=1.5gbit", &config, NULL, NULL), 0);
	assert_true(config.out.loss == 0 && config.in.loss == 1);
	assert_int_equal(config.out.delay, 0);
	assert_true(config.in.delay == 2000000000);
	assert_int_equal(config.out.rate, 0);
	assert_true(config.in.rate == 1500000000);
}

struct wrong {
	const char *spec;
	size_t at;
	const char *why; /* a part of it */
};

static const struct wrong wrongs[] = {
	{"", 0, "missing"},
	{",", 0, "missing"},
	{"loss=1%,", 8, "missing"},
	{"loss=1%,,delay=1ms", 8, "missing"},
	{"loss", 0, "value is missing"},
	{"loss=", 0, "percentage"},
	{"loss=x", 0, "percentage"},
	{"loss=-1", 0, "percentage"},
	{"loss=1.1", 0, "at most 1"},
	{"delay=1ms,loss=101%", 10, "at most 1"},
	{"loss=2 %", 0, "percentage"},
	{"loss=.5", 0, "percentage"},
	{"loss=5.", 0, "percentage"},
	{"loss=1.2.3", 0, "percentage"},
	{"loss=nan", 0, "percentage"},
	{"delay=10", 0, "a time"},
	{"delay=10 ms", 0, "a time"},
	{"delay=ms", 0, "a time"},
	{"delay=-1ms", 0, "a time"},
	{"delay=2h", 0, "a time"},
	{"delay=3601s", 0, "too large"},
	{"delay=99999999999999999999s", 0, "a time"},
	{"delay=0.1ns", 0, "too small"},
	{"rate=10", 0, "a rate"},
	{"rate=10mbps", 0, "a rate"},
	{"rate=1001gbit", 0, "too large"},
	{"rate=0.5bit", 0, "too small"},
	{"queue=0", 0, "frames"},
	{"queue=1.5", 0, "frames"},
	{"queue=2.0", 0, "frames"},
	{"queue=1000001", 0, "frames"},
	{"queue=5x", 0, "frames"},
	{"burst=0", 0, "frames"},
	{"ecn=many", 0, "frames"},
	{"queue_bytes=0", 0, "bytes"},
	{"queue_bytes=1000000001", 0, "bytes"},
	{"mtu=1.5k", 0, "bytes"},
	{"late=5", 0, "at most 1"},
	{"lateness=5", 0, "a time"},
	{"seed=18446744073709551616", 0, "too large"},
	{"seed=", 0, "whole number"},
	{"seed=-1", 0, "whole number"},
	{"in.seed=1", 0, "unknown key"},
	{"up.loss=1%", 0, "direction"},
	{".loss=1%", 0, "direction"},
	{"out.=1%", 0, "unknown key"},
	{"out.in.loss=1%", 0, "unknown key"},
	{"Loss=1%", 0, "unknown key"},
	{"speed=1", 0, "unknown key"},
	{"=1", 0, "unknown key"},
	{" loss=1%", 0, "unknown key"},
};

static void test_wrong(void **state)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct berth_wire_config config = {.seed = 42};
		const char *why = NULL;
		size_t at = 999;

		if (berth_wire_parse(wrongs[i].spec, &config, &at, &why) != BERTH_EINVAL)
			fail_msg("taken: \"%s\"", wrongs[i].spec);
		if (at != wrongs[i].at || !strstr(why, wrongs[i].why))
			fail_msg("\"%s\": at %zu, %s", wrongs[i].spec, at, why);
		assert_int_equal(config.seed, 42);
		assert_int_equal(berth_wire_parse(wrongs[i].spec, &config, NULL, NULL), BERTH_EINVAL);
	}
}

static void test_zero_needs_no_unit(void **state)
{
	struct berth_wire_config config;

	assert_int_equal(berth_wire_parse("delay=0,rate=0,loss=0,jitter=0ms,seed=0", &config, NULL, NULL), 0);
	assert_int_equal(config.out.rate, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_zero_needs_no_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
