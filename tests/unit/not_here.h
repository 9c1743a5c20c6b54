/* Tests of what not every machine has.
 *
 * cmocka 1.1's skip() prints "not ok N # SKIP", which is a failure to whoever reads TAP: a test that is skipped is
 * "ok". So such a test ends here as one that has passed, and a comment says what it would have needed. */
#ifndef TESTS_NOT_HERE_H
#define TESTS_NOT_HERE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static jmp_buf not_here_end;

static inline void not_here_run(void **state)
{
	CMUnitTestFunction *const test = *state;

	*state = NULL;
	if (setjmp(not_here_end) == 0)
		(*test)(state);
}

/* In place of cmocka_unit_test, for a test that may call not_here. */
#define unit_test_or_not_here(f)                                                                                       \
	{                                                                                                              \
		.name = #f, .test_func = not_here_run, .initial_state = &(CMUnitTestFunction)                          \
		{                                                                                                      \
			f                                                                                              \
		}                                                                                                      \
	}

/* Ends the test. */
static inline _Noreturn void not_here(const char *what)
{
	print_message("# not to be had here: %s\n", what);
	longjmp(not_here_end, 1);
}

#endif
