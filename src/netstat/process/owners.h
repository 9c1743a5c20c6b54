/* Owners: which process holds which socket under which descriptor, found by the socket's inode.
 *
 * A machine may have millions of sockets, and each may have many owners. So this is no index of index.h, whose entries
 * cost some 100 bytes, but an array of 16 bytes an owner that is grouped by hash once, when all of it is there: 20
 * bytes an owner in all, two cache misses to find one, and an inode with thousands of owners costs no more than they
 * do. */
#ifndef NETSTAT_OWNERS_H
#define NETSTAT_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct owner_entry {
	uint64_t inode;
	uint32_t process; /* a number of the caller's; owners of one inode stand in its order */
	int32_t descriptor;
};

struct owners {
	struct owner_entry *entries;
	size_t n, room;
	uint32_t *groups; /* where the entries of each group begin, and one more: n */
	size_t n_groups;  /* 0: not grouped yet */
	uint64_t least;   /* of the inodes */
	unsigned shift;   /* inodes whose difference to the least agrees but for so many low bits are a group */
};

/* Empty, as a zeroed struct is. */
void owners_init(struct owners *owners);
void owners_deinit(struct owners *owners); /* also of a zeroed struct */
void owners_clear(struct owners *owners);  /* keeps the memory */

/* 0 or BERTH_ENOMEM. What was grouped is not any more. */
int owners_add(struct owners *owners, uint64_t inode, uint32_t process, int descriptor);

/* Groups them, unless they are already; nothing is found before. 0 or BERTH_ENOMEM. */
int owners_group(struct owners *owners);

/* The owners of an inode, *n of them side by side, in the order of process and descriptor; NULL and 0: none. An owner
 * that was added twice may be there twice. Good until the next owners_add, owners_group or owners_clear. */
const struct owner_entry *owners_find(const struct owners *owners, uint64_t inode, size_t *n);

#endif
