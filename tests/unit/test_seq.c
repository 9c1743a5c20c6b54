/* Unwrapping of sequence numbers: the position nearest to one that is known (RFC 9293 section 3.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"
#include "seq.h"

static void test_rows(void **state)
{
	static const struct {
		uint32_t wire;
		tcp_seq near, want;
	} rows[] = {
		{0, TCP_SEQ_BASE, TCP_SEQ_BASE},
		{5, TCP_SEQ_BASE, TCP_SEQ_BASE + 5},
		{0xffffffff, TCP_SEQ_BASE, TCP_SEQ_BASE - 1},
		{0xfffffffe, 0x1ffffffffull, 0x1fffffffeull},
		{0, 0x1ffffffffull, 0x200000000ull},
		{9, 0x1ffffffffull, 0x200000009ull},
		{0xffffffff, 0x200000000ull, 0x1ffffffffull},
		{0x7fffffff, TCP_SEQ_BASE, TCP_SEQ_BASE + 0x7fffffff},
		{0x80000000, TCP_SEQ_BASE,
		 TCP_SEQ_BASE - 0x80000000ull}, /* just half the circle away: taken as before */
		{0x80000001, TCP_SEQ_BASE, TCP_SEQ_BASE - 0x7fffffffull},
		{0x7fffffff, 0x1ffffffffull, 0x17fffffffull},
		{0x80000000, 0x30000000ull + TCP_SEQ_BASE, 0x80000000ull + TCP_SEQ_BASE},
		{0x12345678, 0xabcd12345678ull, 0xabcd12345678ull},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(tcp_seq_unwrap(rows[i].wire, rows[i].near), rows[i].want);
}

/* Whatever lies less than 2^31 away is found again from its low 32 bits. */
static void test_random(void **state)
{
	struct rng rng;

	rng_init(&rng, 1);
	for (unsigned i = 0; i < 100000; i++) {
		tcp_seq near = TCP_SEQ_BASE + rng_below(&rng, 1ull << 40);
		tcp_seq at = near + rng_below(&rng, 0xffffffffull) - 0x7fffffffull;

		assert_int_equal(tcp_seq_unwrap((uint32_t)at, near), at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
