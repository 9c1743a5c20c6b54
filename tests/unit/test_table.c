/* The hash table: growing by steps while nodes come and go, order of equals, and life without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <berth/error.h>

#include "heap.h"
#include "rng.h"
#include "siphash.h"
#include "table.h"

struct item {
	struct table_node node;
	uint64_t value;
	bool in;
};

static uint64_t hash_of(uint64_t value)
{
	return siphash13_words((struct siphash_key){1, 2}, &value, 1);
}

static struct item *find(const struct table *table, uint64_t value)
{
	uint64_t hash = hash_of(value);

	for (struct table_node *node = table_first(table, hash); node; node = table_next(node, hash)) {
		struct item *item = (struct item *)(void *)node;

		if (item->value == value)
			return item;
	}
	return NULL;
}

static void add(struct table *table, struct item *item)
{
	table_add(table, hash_of(item->value), &item->node);
	item->in = true;
}

static struct item *new_items(size_t n)
{
	struct item *items = calloc(n, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i].value = i;
	return items;
}

static void test_init_without_memory(void **state)
{
	struct heap heap;
	struct table table;

	heap_init(&heap);
	heap.fail_at = 0;
	assert_int_equal(table_init(&table, &heap.memory), BERTH_ENOMEM);
	heap.fail_at = SIZE_MAX;
	assert_int_equal(table_init(&table, &heap.memory), 0);
	assert_null(find(&table, 1));
	table_deinit(&table);
	assert_int_equal(heap.n_blocks, 0);
}

/* Every node is found after every step of growing from empty; then all go, in another order. */
static void test_grows_and_loses_nothing(void **state)
{
	enum { N = 2000 };
	struct item *items = new_items(N);
	struct heap heap;
	struct table table;

	heap_init(&heap);
	table_init(&table, &heap.memory);
	for (uint64_t i = 0; i < N; i++) {
		add(&table, &items[i]);
		assert_int_equal(table.n, i + 1);
		for (uint64_t k = i % 7; k <= i; k += 7)
			assert_ptr_equal(find(&table, k), &items[k]);
		assert_null(find(&table, i + 1));
	}
	assert_in_range(table.n_buckets, N, 4 * N);
	for (uint64_t i = 0; i < N; i++) {
		uint64_t gone = i * 7 % N;

		table_remove(&table, &items[gone].node);
		assert_null(find(&table, gone));
	}
	assert_int_equal(table.n, 0);
	table_deinit(&table);
	assert_int_equal(heap.n_blocks, 0);
	free(items);
}

/* No add does much at once: each moves at most a few buckets, and no move is still going on when the next is due. */
static void test_grows_by_steps(void **state)
{
	enum { N = 100000 };
	struct item *items = new_items(N);
	struct heap heap;
	struct table table;
	size_t n_moves = 0;

	heap_init(&heap);
	table_init(&table, &heap.memory);
	for (uint64_t i = 0; i < N; i++) {
		size_t n_moved = table.old ? table.n_moved : 0, n_buckets = table.n_buckets;

		add(&table, &items[i]);
		if (table.old) {
			assert_true(table.n_moved - n_moved <= 4);
			n_moves++;
		}
		if (table.n_buckets != n_buckets)
			assert_int_equal(table.n_buckets, 2 * n_buckets);
		assert_true(table.n <= table.n_buckets);
	}
	assert_true(n_moves > 1000);
	table_deinit(&table);
	assert_int_equal(heap.n_blocks, 0);
	free(items);
}

static void test_without_memory_chains_get_longer(void **state)
{
	enum { N = 500 };
	struct item *items = new_items(N);
	struct heap heap;
	struct table table;

	heap_init(&heap);
	table_init(&table, &heap.memory);
	for (uint64_t i = 0; i < N; i++) {
		heap.fail_at = 0;
		add(&table, &items[i]);
	}
	assert_int_equal(table.n_buckets, 64);
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(find(&table, i), &items[i]);
	/* Memory comes back: so does the speed. */
	heap.fail_at = SIZE_MAX;
	for (uint64_t i = 0; i < N; i++) {
		table_remove(&table, &items[i].node);
		add(&table, &items[i]);
	}
	assert_true(table.n_buckets >= N);
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(find(&table, i), &items[i]);
	table_deinit(&table);
	assert_int_equal(heap.n_blocks, 0);
	free(items);
}

/* Of nodes with one hash the last added comes first, also after the table has grown several times. */
static void test_the_last_added_comes_first(void **state)
{
	enum { N = 20000, N_SAME = 10 };
	struct item *items = new_items(N);
	struct table_node same[N_SAME], *node;
	struct heap heap;
	struct table table;
	uint64_t hash = hash_of(5);

	heap_init(&heap);
	table_init(&table, &heap.memory);
	for (unsigned i = 0; i < N_SAME; i++)
		table_add(&table, hash, &same[i]);
	for (uint64_t i = 100; i < N; i++)
		add(&table, &items[i]);
	node = table_first(&table, hash);
	for (unsigned i = N_SAME; i-- > 0; node = table_next(node, hash))
		assert_ptr_equal(node, &same[i]);
	assert_null(node);
	table_deinit(&table);
	free(items);
}

static void test_random_changes(void **state)
{
	enum { N = 5000, ROUNDS = 100000 };
	struct item *items = new_items(N);
	struct heap heap;
	struct table table;
	struct rng rng;
	size_t n = 0;

	heap_init(&heap);
	rng_init(&rng, 6);
	table_init(&table, &heap.memory);
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* The table swells and shrinks as a whole. */
		struct item *item = &items[rng_below(&rng, 1 + (uint64_t)round * N / ROUNDS)];

		assert_ptr_equal(find(&table, item->value), item->in ? item : NULL);
		if (item->in)
			table_remove(&table, &item->node);
		else
			table_add(&table, hash_of(item->value), &item->node);
		item->in = !item->in;
		n += item->in ? 1 : (size_t)-1;
		assert_int_equal(table.n, n);
	}
	for (unsigned i = 0; i < N; i++)
		assert_ptr_equal(find(&table, i), items[i].in ? &items[i] : NULL);
	table_deinit(&table);
	assert_int_equal(heap.n_blocks, 0);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_without_memory),
		cmocka_unit_test(test_grows_and_loses_nothing),
		cmocka_unit_test(test_grows_by_steps),
		cmocka_unit_test(test_without_memory_chains_get_longer),
		cmocka_unit_test(test_the_last_added_comes_first),
		cmocka_unit_test(test_random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
