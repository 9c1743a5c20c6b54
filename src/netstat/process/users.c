/* Names of users. A look-up in the system's database may go over the network: once for each user is enough. */
#include "process/process_table.h"

#include "index.h"

#include <berth/error.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BUFFER = 1024,
	LAST_BUFFER = 1024 * 1024, /* a database that wants more has no name for this user */
};

struct users {
	struct index names; /* UID -> const char * */
	struct keep keep;
	uint32_t last_uid; /* the one asked for last, and its name: rows of one user follow each other */
	const char *last;
	bool saved; /* of a saved snapshot: this machine's users are others */
};

struct users *users_new(void)
{
	struct users *users = calloc(1, sizeof(*users));

	if (users && index_init(&users->names, sizeof(const char *)) < 0)
		return users_free(users);
	return users;
}

struct users *users_free(struct users *users)
{
	if (users) {
		index_deinit(&users->names);
		keep_free(&users->keep);
		free(users);
	}
	return NULL;
}

int users_put(struct users *users, uint32_t uid, const char *name)
{
	const char **slot = index_get(&users->names, &uid, sizeof(uid), NULL);
	const char *copy = slot ? keep_text(&users->keep, name, strlen(name)) : NULL;

	if (!copy)
		return BERTH_ENOMEM;
	*slot = copy;
	users->last = NULL;
	users->saved = true;
	return 0;
}

/* The name from the system, or the number: of what a saved snapshot does not name there is no other. */
static const char *look_up(struct users *users, uint32_t uid)
{
	struct passwd entry, *found = NULL;
	const char *name = NULL;
	char number[16], *buffer = NULL;

	for (size_t size = FIRST_BUFFER; !users->saved && size <= LAST_BUFFER; size *= 2) {
		char *larger = realloc(buffer, size);

		if (!larger)
			break;
		buffer = larger;
		if (getpwuid_r(uid, &entry, buffer, size, &found) != ERANGE)
			break;
	}
	snprintf(number, sizeof(number), "%u", uid);
	name = found && entry.pw_name && *entry.pw_name ? entry.pw_name : number;
	name = keep_text(&users->keep, name, strlen(name));
	free(buffer);
	return name;
}

const char *users_name(struct users *users, uint32_t uid)
{
	const char **slot;

	if (users->last && users->last_uid == uid)
		return users->last;
	slot = index_get(&users->names, &uid, sizeof(uid), NULL);
	if (!slot || (!*slot && !(*slot = look_up(users, uid))))
		return NULL;
	users->last_uid = uid;
	return users->last = *slot;
}
