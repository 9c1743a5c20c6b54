/* Owners by inode. They come in the order in which processes are looked at, and are asked for when all have come: so
 * they are appended, and sorted at the end, in place.
 *
 * The kernel numbers sockets as they are made, so the inodes of a process follow one another, and what comes is nearly
 * sorted. An American flag sort (McIlroy, Bostic, McIlroy 1993) by the upper bits of the inode therefore moves little,
 * and what it leaves within a group is sorted by itself. There are as many groups as owners, or up to twice as many, so
 * that a group has one or two where inodes are dense; where they are not, as on a machine whose numbers have wrapped, a
 * group may have them all, and is searched by halves. */
#include "process/owners.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ROOM = 256,
	FEW = 16, /* up to here a group is sorted by insertion */
};

void owners_init(struct owners *owners)
{
	*owners = (struct owners){0};
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

static size_t group_of(const struct owners *owners, uint64_t inode)
{
	return (size_t)((inode - owners->least) >> owners->shift);
}

static unsigned bits_of(uint64_t number)
{
	return number ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

/* As many groups as owners, or up to twice as many, over the inodes from the least to the greatest. How many. */
static size_t groups_plan(struct owners *owners)
{
	uint64_t least = owners->entries[0].inode, greatest = least;

	for (size_t i = 1; i < owners->n; i++) {
		uint64_t inode = owners->entries[i].inode;
		if (inode < least)
			least = inode;
		if (inode > greatest)
			greatest = inode;
	}
	unsigned wide = bits_of(greatest - least), enough = bits_of(owners->n);
	owners->least = least;
	owners->shift = wide > enough ? wide - enough : 0;
	return group_of(owners, greatest) + 1;
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
			uint32_t *group = &groups[group_of(owners, entries[i].inode)];
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
	size_t n = owners->n, n_groups;
	uint32_t *groups;

	if (owners->n_groups || n == 0)
		return 0;
	n_groups = groups_plan(owners);
	groups = realloc(owners->groups, (n_groups + 1) * sizeof(*groups));
	if (!groups)
		return BERTH_ENOMEM;
	owners->groups = groups;
	memset(groups, 0, (n_groups + 1) * sizeof(*groups));
	for (size_t i = 0; i < n; i++)
		groups[group_of(owners, owners->entries[i].inode)]++;
	for (size_t i = 1; i <= n_groups; i++)
		groups[i] += groups[i - 1];
	swap_into_groups(owners, groups);
	owners->n_groups = n_groups;
	for (size_t i = 0; i < n_groups; i++)
		sort_group(owners->entries + groups[i], groups[i + 1] - groups[i]);
	return 0;
}

/* The first entry from `at` to `end` that is not below the inode. */
static size_t lower_bound(const struct owner_entry *entries, size_t at, size_t end, uint64_t inode)
{
	while (at < end) {
		size_t middle = at + (end - at) / 2;
		if (entries[middle].inode < inode)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

const struct owner_entry *owners_find(const struct owners *owners, uint64_t inode, size_t *n)
{
	size_t group = inode < owners->least ? SIZE_MAX : group_of(owners, inode);

	*n = 0;
	if (group >= owners->n_groups)
		return NULL;
	size_t end = owners->groups[group + 1];
	size_t at = lower_bound(owners->entries, owners->groups[group], end, inode);
	while (at + *n < end && owners->entries[at + *n].inode == inode)
		++*n;
	return *n ? &owners->entries[at] : NULL;
}
