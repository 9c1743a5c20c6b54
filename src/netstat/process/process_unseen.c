/* The users of unseen processes: few, but for machines with very many containers, where more of them are taken to be
 * all. */
#include "process/process_unseen.h"

static bool has(const struct process_unseen *unseen, uint32_t uid)
{
	for (uint32_t i = 0; i < unseen->n_users && i < PROCESS_UNSEEN_USERS; i++)
		if (unseen->users[i] == uid)
			return true;
	return unseen->n_users > PROCESS_UNSEEN_USERS;
}

void process_unseen_add(struct process_unseen *unseen, uint32_t uid)
{
	if (has(unseen, uid))
		return;
	if (unseen->n_users < PROCESS_UNSEEN_USERS)
		unseen->users[unseen->n_users] = uid;
	unseen->n_users++;
}

bool process_unseen_may_be_of(const struct process_unseen *unseen, uint32_t uid, uint32_t self)
{
	return has(unseen, uid) || (unseen->hidden && uid != self);
}

bool process_unseen_any(const struct process_unseen *unseen)
{
	return unseen->n_users || unseen->hidden;
}
