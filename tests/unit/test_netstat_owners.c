/* Owners: found by inode among many, in order, and again after more have come. */
#include "process/owners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_none(void **state)
{
	struct owners owners;
	size_t n = 9;

	owners_init(&owners);
	assert_null(owners_find(&owners, 1, &n));
	assert_int_equal(n, 0);
	assert_int_equal(owners_group(&owners), 0);
	assert_null(owners_find(&owners, 1, &n));
	owners_deinit(&owners);
	owners_deinit(&owners);
}

/* Inodes that a hash could stumble over: in a row, far apart, alike in half of their bits. */
static uint64_t inode_of(unsigned pattern, uint64_t i)
{
	static const uint64_t steps[] = {1, 4096, UINT64_C(1) << 32, UINT64_C(0x100000001), UINT64_C(1) << 47};

	return 1 + i * steps[pattern];
}

static void test_many(void **state)
{
	enum { MANY = 100000 };

	for (unsigned pattern = 0; pattern < 5; pattern++) {
		struct owners owners;
		size_t n;

		owners_init(&owners);
		for (uint64_t i = 0; i < MANY; i++)
			assert_int_equal(
				owners_add(&owners, inode_of(pattern, i), (uint32_t)(i / 1000), (int)(i % 1000)), 0);
		assert_int_equal(owners_group(&owners), 0);
		for (uint64_t i = 0; i < MANY; i++) {
			const struct owner_entry *entry = owners_find(&owners, inode_of(pattern, i), &n);

			assert_non_null(entry);
			assert_int_equal(n, 1);
			assert_int_equal(entry->process, i / 1000);
			assert_int_equal(entry->descriptor, i % 1000);
		}
		assert_null(owners_find(&owners, 0, &n));
		assert_null(owners_find(&owners, UINT64_MAX, &n));
		assert_null(owners_find(&owners, inode_of(pattern, MANY), &n));
		owners_deinit(&owners);
	}
}

/* Some inodes have several owners, and one very many: by process and descriptor, whatever they came in as. */
static void test_shared(void **state)
{
	enum { SHARED = 7, CROWD = 5000 };
	struct owners owners;
	const struct owner_entry *entry;
	size_t n;

	owners_init(&owners);
	for (uint32_t i = 0; i < CROWD; i++) {
		assert_int_equal(owners_add(&owners, 42, CROWD - 1 - i / 2, 1 - (int)(i % 2)), 0);
		assert_int_equal(owners_add(&owners, 1000 + i % 1000, CROWD - i, 3), 0);
	}
	for (int i = SHARED; i > 0; i--)
		assert_int_equal(owners_add(&owners, 7, 1, i), 0);
	assert_int_equal(owners_group(&owners), 0);
	entry = owners_find(&owners, 7, &n);
	assert_int_equal(n, SHARED);
	for (int i = 0; i < SHARED; i++)
		assert_int_equal(entry[i].descriptor, i + 1);
	entry = owners_find(&owners, 42, &n);
	assert_int_equal(n, CROWD);
	for (uint32_t i = 0; i < CROWD; i++) {
		assert_int_equal(entry[i].process, CROWD / 2 + i / 2);
		assert_int_equal(entry[i].descriptor, i % 2);
	}
	entry = owners_find(&owners, 1500, &n);
	assert_int_equal(n, 5);
	for (size_t i = 1; i < n; i++)
		assert_true(entry[i - 1].process < entry[i].process);
	owners_deinit(&owners);
}

/* Numbers that have wrapped, and one far away: nearly all share a group. */
static void test_crowded_groups(void **state)
{
	enum { N = 3000 };
	static const uint64_t starts[] = {5, UINT32_MAX - N, UINT64_MAX - N};
	struct owners owners;
	size_t n;

	owners_init(&owners);
	for (size_t i = 0; i < 3; i++)
		for (uint32_t j = N; j > 0; j--)
			assert_int_equal(owners_add(&owners, starts[i] + j * 7 % N, j * 7 % N, (int)i), 0);
	assert_int_equal(owners_group(&owners), 0);
	for (size_t i = 0; i < 3; i++) {
		for (uint32_t j = 0; j < N; j++) {
			const struct owner_entry *entry = owners_find(&owners, starts[i] + j, &n);
			assert_int_equal(n, 1);
			assert_int_equal(entry->process, j);
			assert_int_equal(entry->descriptor, i);
		}
	}
	assert_null(owners_find(&owners, 4, &n));
	assert_null(owners_find(&owners, 5 + N, &n));
	assert_null(owners_find(&owners, UINT64_MAX, &n));
	owners_deinit(&owners);
}

static void test_more_and_none_again(void **state)
{
	struct owners owners;
	size_t n;

	owners_init(&owners);
	assert_int_equal(owners_add(&owners, 1, 0, 0), 0);
	assert_int_equal(owners_group(&owners), 0);
	assert_non_null(owners_find(&owners, 1, &n));
	assert_int_equal(owners_add(&owners, 2, 0, 1), 0);
	assert_int_equal(owners_group(&owners), 0);
	assert_non_null(owners_find(&owners, 1, &n));
	assert_non_null(owners_find(&owners, 2, &n));
	owners_clear(&owners);
	assert_null(owners_find(&owners, 1, &n));
	assert_int_equal(owners_group(&owners), 0);
	assert_null(owners_find(&owners, 1, &n));
	assert_int_equal(owners_add(&owners, 3, 0, 1), 0);
	assert_int_equal(owners_group(&owners), 0);
	assert_null(owners_find(&owners, 1, &n));
	assert_non_null(owners_find(&owners, 3, &n));
	owners_deinit(&owners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_crowded_groups),
		cmocka_unit_test(test_more_and_none_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
