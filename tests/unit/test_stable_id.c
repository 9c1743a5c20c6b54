/* Interface identifiers, RFC 7217. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stable_id.h"

#define PREFIX UINT64_C(0x20010db800010000)

static const struct siphash_key key = {1, 2}, other_key = {1, 3};

static uint64_t id(struct siphash_key k, uint64_t prefix, const char *interface, uint32_t n_conflicts)
{
	uint64_t result = stable_id(k, prefix, interface, &n_conflicts);

	assert_false(stable_id_is_reserved(result));
	return result;
}

/* The same for the same, and another one when anything is other. */
static void depends_on_all(void **state)
{
	uint64_t first = id(key, PREFIX, "eth0", 0);

	(void)state;
	assert_true(first == id(key, PREFIX, "eth0", 0));
	assert_true(first != id(other_key, PREFIX, "eth0", 0));
	assert_true(first != id(key, PREFIX + 1, "eth0", 0));
	assert_true(first != id(key, PREFIX, "eth1", 0));
	assert_true(first != id(key, PREFIX, "eth", 0));
	assert_true(first != id(key, PREFIX, "eth0", 1));
}

/* Names of every length, and one that fills its place. */
static void every_name(void **state)
{
	const char *const longest = "abcdefghijklmno";
	uint64_t seen[16];

	(void)state;
	for (size_t n = 0; n < 16; n++) {
		char name[16] = {0};

		memcpy(name, longest, n);
		seen[n] = id(key, PREFIX, name, 0);
		for (size_t i = 0; i < n; i++)
			assert_true(seen[i] != seen[n]);
	}
}

/* About half of the bits are set, each bit in about half of them: none has a meaning (RFC 7136). */
static void looks_random(void **state)
{
	unsigned set[64] = {0};

	(void)state;
	for (unsigned i = 0; i < 4096; i++) {
		uint64_t x = id(key, PREFIX + i, "eth0", 0);

		for (unsigned bit = 0; bit < 64; bit++)
			set[bit] += x >> bit & 1;
	}
	for (unsigned bit = 0; bit < 64; bit++)
		assert_true(set[bit] > 1800 && set[bit] < 2300);
}

/* RFC 5453. */
static void reserved(void **state)
{
	static const struct {
		uint64_t id;
		bool is;
	} cases[] = {
		{0, true},
		{1, false},
		{UINT64_C(0x02005efffdffffff), false},
		{UINT64_C(0x02005efffe000000), true},
		{UINT64_C(0x02005efffe005213), true},
		{UINT64_C(0x02005efffeffffff), true},
		{UINT64_C(0x02005effff000000), false},
		{UINT64_C(0xfdffffffffffff7f), false},
		{UINT64_C(0xfdffffffffffff80), true},
		{UINT64_C(0xfdffffffffffffff), true},
		{UINT64_C(0xfe00000000000000), false},
		{UINT64_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(stable_id_is_reserved(cases[i].id), cases[i].is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depends_on_all),
		cmocka_unit_test(every_name),
		cmocka_unit_test(looks_random),
		cmocka_unit_test(reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
