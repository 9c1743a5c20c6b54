/* Error names and texts: every number of the map, and those outside it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <berth/error.h>

static void test_every_error_has_its_name_and_text(void **state)
{
#define X(name, number, text)                                                                                          \
	assert_string_equal(berth_error_name(BERTH_##name), #name);                                                    \
	assert_string_equal(berth_error_text(BERTH_##name), text);
	BERTH_ERROR_MAP(X)
#undef X
}

/* The numbers are a promise to programs with a POSIX face. */
static void test_numbers_are_the_systems(void **state)
{
#define X(name, number, text) assert_int_equal(BERTH_##name, -name);
	BERTH_ERROR_MAP(X)
#undef X
}

static void test_what_is_not_an_error_of_ours(void **state)
{
	assert_string_equal(berth_error_name(0), "OK");
	assert_string_equal(berth_error_name(1500), "OK");
	assert_string_equal(berth_error_name(-9999), "EUNKNOWN");
	assert_string_equal(berth_error_name(-2147483647 - 1), "EUNKNOWN");
	assert_non_null(berth_error_text(0));
	assert_non_null(berth_error_text(-9999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_has_its_name_and_text),
		cmocka_unit_test(test_numbers_are_the_systems),
		cmocka_unit_test(test_what_is_not_an_error_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
