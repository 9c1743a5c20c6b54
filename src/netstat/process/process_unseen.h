/* What a scan of processes could not see, and so, whose a socket may be that nobody was found to have. */
#ifndef NETSTAT_PROCESS_UNSEEN_H
#define NETSTAT_PROCESS_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

enum { PROCESS_UNSEEN_USERS = 64 };

/* Zero-initialise. */
struct process_unseen {
	bool hidden; /* /proc does not show other users' processes at all (hidepid) */
	uint32_t
		n_users; /* of the processes whose descriptors may not be looked at; more than there is room for: any */
	uint32_t users[PROCESS_UNSEEN_USERS]; /* effective UIDs, once each */
};

/* There is a process of this user whose descriptors may not be looked at. */
void process_unseen_add(struct process_unseen *unseen, uint32_t uid);

/* Some such process may be this user's. A process has sockets of its own user as a rule; of another user, when root has
 * made them and it has changed its user since, but then root has other processes. `self` is the caller's user, from
 * whom none are hidden. */
bool process_unseen_may_be_of(const struct process_unseen *unseen, uint32_t uid, uint32_t self);

/* There may be some such process at all. */
bool process_unseen_any(const struct process_unseen *unseen);

#endif
