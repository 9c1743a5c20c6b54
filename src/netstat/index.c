/* The index: base/table.h's chains, over nodes that stand before their entry, with the key behind it. */
#include "index.h"

#include <berth/error.h>
#include <berth/platform.h>
#include <stdalign.h>
#include <string.h>

struct index_node {
	struct table_node node; /* first: table.h gives these back */
	struct index_node *next;
	const void *key;
	size_t n_key;
	alignas(max_align_t) unsigned char entry[];
};

static struct index_node *node_of(const void *entry)
{
	return (struct index_node *)((const unsigned char *)entry - offsetof(struct index_node, entry));
}

int index_init(struct index *index, size_t entry_size)
{
	uint8_t secret[16];

	*index = (struct index){.entry_size = entry_size};
	if (berth_random(secret, sizeof(secret)) < 0)
		memset(secret, 0, sizeof(secret)); /* a system without randomness has slower tables, not wrong ones */
	index->secret = siphash_key(secret);
	return table_init(&index->table, berth_memory_libc());
}

void index_deinit(struct index *index)
{
	if (index->table.memory)
		table_deinit(&index->table);
	keep_free(&index->keep);
	*index = (struct index){0};
}

/* Keys are short: up to four words without a copy in between. */
static uint64_t hash_of(const struct index *index, const void *key, size_t n)
{
	uint64_t words[4] = {0};

	if (n > sizeof(words) - 1)
		return siphash24(index->secret, key, n);
	memcpy(words, key, n);
	((unsigned char *)words)[sizeof(words) - 1] = (unsigned char)n;
	return siphash13_words(index->secret, words, 4);
}

static struct index_node *find(const struct index *index, uint64_t hash, const void *key, size_t n)
{
	struct table_node *at = table_first(&index->table, hash);

	for (; at; at = table_next(at, hash)) {
		struct index_node *node = (struct index_node *)at;
		if (node->n_key == n && memcmp(node->key, key, n) == 0)
			return node;
	}
	return NULL;
}

void *index_find(const struct index *index, const void *key, size_t n)
{
	struct index_node *node = find(index, hash_of(index, key, n), key, n);

	return node ? node->entry : NULL;
}

static struct index_node *node_new(struct index *index, const void *key, size_t n)
{
	struct index_node *node = keep_bytes(&index->keep, sizeof(*node) + index->entry_size);

	if (!node || !(node->key = keep_text(&index->keep, key, n)))
		return NULL;
	node->n_key = n;
	if (index->last)
		index->last->next = node;
	else
		index->first = node;
	index->last = node;
	return node;
}

void *index_get(struct index *index, const void *key, size_t n, bool *is_new)
{
	uint64_t hash = hash_of(index, key, n);
	struct index_node *node = find(index, hash, key, n);

	if (is_new)
		*is_new = !node;
	if (!node && (node = node_new(index, key, n)))
		table_add(&index->table, hash, &node->node);
	return node ? node->entry : NULL;
}

const void *index_key(const void *entry, size_t *n)
{
	if (n)
		*n = node_of(entry)->n_key;
	return node_of(entry)->key;
}

size_t index_count(const struct index *index)
{
	return index->table.n;
}

void *index_next(const struct index *index, const void *entry)
{
	struct index_node *node = entry ? node_of(entry)->next : index->first;

	return node ? node->entry : NULL;
}
