/* Owners by inode. They come in the order in which processes are looked at, and are asked for when all have come: so
 * they are appended, and grouped by hash at the end, in place, by an American flag sort (McIlroy, Bostic, McIlroy
 * 1993): count each group, then swap every entry into its group from the group's end down. There are as many groups as
 * entries, so that a group has one or two. */
#include "process/owners.h"

#include <berth/error.h>
#include <berth/platform.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ROOM = 256,
	FEW = 16, /* up to here a group is sorted by insertion */
};

void owners_init(struct owners *owners)
{
	uint64_t secret;

	if (berth_random((uint8_t *)&secret, sizeof(secret)) < 0)
		secret = UINT64_C(0x9e3779b97f4a7c15);
	*owners = (struct owners){.secret = secret | 1};
}

void owners_deinit(struct owners *owners)
{
	free(owners->entries);
	free(owners->groups);
	*owners = (struct owners){0};
}

void owners_clear(struct owners *owners)
{
	owners->n = 0;
	owners->n_groups = 0;
}

int owners_add(struct owners *owners, uint64_t inode, uint32_t process, int descriptor)
{
	if (owners->n == owners->room) {
		size_t room = owners->room ? owners->room * 2 : FIRST_ROOM;
		struct owner_entry *entries;

		/* Groups are numbered in 32 bits. */
		if (room > UINT32_MAX || room > SIZE_MAX / sizeof(*entries) ||
		    !(entries = realloc(owners->entries, room * sizeof(*entries))))
			return BERTH_ENOMEM;
		owners->entries = entries;
		owners->room = room;
	}
	owners->entries[owners->n++] = (struct owner_entry){inode, process, descriptor};
	owners->n_groups = 0;
	return 0;
}

/* Multiplication by a secret odd number, then the upper half scaled to the number of groups. */
static size_t group_of(const struct owners *owners, uint64_t inode, size_t n_groups)
{
	uint64_t mixed = (inode ^ inode >> 32) * owners->secret;

	return (size_t)((mixed >> 32) * n_groups >> 32);
}

static int compare(const void *left, const void *right)
{
	const struct owner_entry *a = left, *b = right;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	return (a->descriptor > b->descriptor) - (a->descriptor < b->descriptor);
}

static void sort_group(struct owner_entry *entries, size_t n)
{
	if (n > FEW) {
		qsort(entries, n, sizeof(*entries), compare);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct owner_entry entry = entries[i];
		size_t at = i;

		for (; at > 0 && compare(&entry, &entries[at - 1]) < 0; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

/* groups[i] is where group i ends; afterwards where it begins. When entry i is looked at, all before it are where they
 * belong, so that what stands at i belongs to i's group or a later one; it is where it belongs if its group has been
 * filled down to i. */
static void swap_into_groups(struct owners *owners, uint32_t *groups)
{
	struct owner_entry *entries = owners->entries;

	for (size_t i = 0; i < owners->n; i++) {
		for (;;) {
			uint32_t *group = &groups[group_of(owners, entries[i].inode, owners->n)];
			struct owner_entry entry = entries[i];

			if (i >= *group)
				break;
			entries[i] = entries[--*group];
			entries[*group] = entry;
		}
	}
}

int owners_group(struct owners *owners)
{
	size_t n = owners->n;
	uint32_t *groups;

	if (owners->n_groups == n)
		return 0;
	groups = realloc(owners->groups, (n + 1) * sizeof(*groups));
	if (!groups)
		return BERTH_ENOMEM;
	owners->groups = groups;
	memset(groups, 0, (n + 1) * sizeof(*groups));
	for (size_t i = 0; i < n; i++)
		groups[group_of(owners, owners->entries[i].inode, n)]++;
	for (size_t i = 1; i <= n; i++)
		groups[i] += groups[i - 1];
	swap_into_groups(owners, groups);
	owners->n_groups = n;
	for (size_t i = 0; i < n; i++)
		sort_group(owners->entries + groups[i], groups[i + 1] - groups[i]);
	return 0;
}

const struct owner_entry *owners_find(const struct owners *owners, uint64_t inode, size_t *n)
{
	size_t at, end;

	*n = 0;
	if (!owners->n_groups)
		return NULL;
	size_t group = group_of(owners, inode, owners->n_groups);
	at = owners->groups[group];
	end = owners->groups[group + 1];
	while (at < end && owners->entries[at].inode != inode)
		at++;
	while (at + *n < end && owners->entries[at + *n].inode == inode)
		++*n;
	return *n ? &owners->entries[at] : NULL;
}
