/* An index: entries of one size found by a key of bytes, as a hash table that grows, keyed so that nobody who chooses
 * addresses or names can aim at one chain. Entries are zeroed when they are made, do not move, and go all at once. */
#ifndef NETSTAT_INDEX_H
#define NETSTAT_INDEX_H

#include "keep.h"
#include "siphash.h"
#include "table.h"

struct index {
	struct table table;
	struct keep keep;
	struct siphash_key secret;
	size_t entry_size;
	struct index_node *first, *last; /* in the order in which they were made */
};

/* 0 or BERTH_ENOMEM. */
int index_init(struct index *index, size_t entry_size);
void index_deinit(struct index *index); /* also of a zeroed struct */

/* The entry of key[n], or NULL. */
void *index_find(const struct index *index, const void *key, size_t n);
/* The entry, made (and *is_new, unless NULL) when there is none. NULL: out of memory. */
void *index_get(struct index *index, const void *key, size_t n, bool *is_new);
/* The key that an entry was made with, a NUL behind it; *n, unless NULL, is its length without that. */
const void *index_key(const void *entry, size_t *n);
/* How many entries there are. */
size_t index_count(const struct index *index);
/* Walks the entries in the order in which they were made: the first when `entry` is NULL; NULL after the last. */
void *index_next(const struct index *index, const void *entry);

#endif
