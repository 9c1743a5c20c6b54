/* A hash table of nodes that live in what they index; the caller hashes and compares.
 *
 * It grows without a pause: two arrays of buckets while it does, and each change moves a few buckets from the old to
 * the new. Chains are as short as the hash is good; the caller keys it. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/memory.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets, **old; /* old: NULL unless growing */
	size_t n_buckets, n_old, n_moved;   /* powers of two; old buckets below n_moved are empty */
	size_t n;
	const struct berth_memory *memory;
};

/* 0 or BERTH_ENOMEM. */
int table_init(struct table *table, const struct berth_memory *memory);
/* The nodes are the caller's. */
void table_deinit(struct table *table);

/* Adds a node that is in no table, and sets the hash in it. Never fails: without memory to grow, chains get longer. */
void table_add(struct table *table, uint64_t hash, struct table_node *node);
/* Takes out a node that is in this table. */
void table_remove(struct table *table, struct table_node *node);

/* Where the chain for this hash begins. */
static inline struct table_node **table_bucket(const struct table *table, uint64_t hash)
{
	if (table->old) {
		size_t i = hash & (table->n_old - 1);

		if (i >= table->n_moved)
			return &table->old[i];
	}
	return &table->buckets[hash & (table->n_buckets - 1)];
}

/* The first of `node` and those after it in its chain that has this hash. */
static inline struct table_node *table_skip(struct table_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

/* Walk all nodes with this hash, the last added first: first, then next until NULL. */
static inline struct table_node *table_first(const struct table *table, uint64_t hash)
{
	return table_skip(*table_bucket(table, hash), hash);
}

static inline struct table_node *table_next(const struct table_node *node, uint64_t hash)
{
	return table_skip(node->next, hash);
}

#endif
