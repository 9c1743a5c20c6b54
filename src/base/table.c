/* The hash table's changes: adding, removing and growing by steps.
 *
 * The table doubles when it holds more nodes than buckets. Old bucket i splits into the new buckets i and i + n_old, so
 * a step writes just these two and the new array is never cleared at once. Until bucket i has been moved its nodes are
 * found in the old array, and new ones with that hash go there as well. Every change moves STEP buckets, so that a move
 * is over long before the next one is due. */
#include <assert.h>
#include <string.h>

#include <berth/error.h>

#include "table.h"

enum {
	BUCKETS_FIRST = 64,
	STEP = 2,
};

int table_init(struct table *table, const struct berth_memory *memory)
{
	size_t size = BUCKETS_FIRST * sizeof(struct table_node *);
	struct table_node **buckets = memory->alloc(memory->context, size);

	if (!buckets)
		return BERTH_ENOMEM;
	memset(buckets, 0, size);
	*table = (struct table){.buckets = buckets, .n_buckets = BUCKETS_FIRST, .memory = memory};
	return 0;
}

static void free_old(struct table *table)
{
	table->memory->free(table->memory->context, table->old, table->n_old * sizeof(*table->old));
	table->old = NULL;
	table->n_old = table->n_moved = 0;
}

void table_deinit(struct table *table)
{
	if (table->old)
		free_old(table);
	table->memory->free(table->memory->context, table->buckets, table->n_buckets * sizeof(*table->buckets));
	*table = (struct table){0};
}

/* Splits the next old bucket; each half keeps its order. */
static void move_bucket(struct table *table)
{
	size_t i = table->n_moved++;
	struct table_node **low = &table->buckets[i], **high = &table->buckets[i + table->n_old];

	for (struct table_node *node = table->old[i]; node; node = node->next) {
		struct table_node ***end = node->hash & table->n_old ? &high : &low;

		**end = node;
		*end = &node->next;
	}
	*low = *high = NULL;
}

static void move_some(struct table *table)
{
	for (unsigned i = 0; table->old && i < STEP; i++) {
		move_bucket(table);
		if (table->n_moved == table->n_old)
			free_old(table);
	}
}

static void start_growing(struct table *table)
{
	size_t n = table->n_buckets * 2;
	struct table_node **buckets = table->memory->alloc(table->memory->context, n * sizeof(*buckets));

	if (!buckets)
		return;
	table->old = table->buckets;
	table->n_old = table->n_buckets;
	table->n_moved = 0;
	table->buckets = buckets;
	table->n_buckets = n;
}

void table_add(struct table *table, uint64_t hash, struct table_node *node)
{
	struct table_node **bucket;

	if (!table->old && table->n >= table->n_buckets)
		start_growing(table);
	move_some(table);
	bucket = table_bucket(table, hash);
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	table->n++;
}

void table_remove(struct table *table, struct table_node *node)
{
	struct table_node **at;

	move_some(table);
	at = table_bucket(table, node->hash);
	while (*at != node) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = node->next;
	node->next = NULL;
	table->n--;
}
