/* Snapshots of berth hosts: control sockets read one after the other, and their items handed on between a head and an
 * end. */
#include "source/host_items.h"

#include <berth/error.h>
#include <berth/platform.h>
#include <stdio.h>
#include <string.h>

/* The whole of a host_items. */
struct reading {
	const struct host_items_query *query;
	host_item *each;
	void *user;
	struct berth_snapshot_head head; /* of the host being read */
	bool wanted;                     /* it is one that was asked for; false between hosts */
	size_t n_hosts;
	int result; /* `each`'s, when it ended the walk */
};

static void warn(const struct host_items_query *query, const char *where, int error, const char *so)
{
	char text[640];

	if (!query->warn)
		return;
	snprintf(text, sizeof(text), "%s: %s; %s", where, berth_error_text(error), so);
	query->warn(query->warn_user, text);
}

/* The socket DIRECTORY/NAME.PID.sock is of a host that is wanted. */
static bool path_wanted(const struct host_items_query *query, const char *path)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	size_t n = query->name ? strlen(query->name) : 0;

	return !query->name || (strncmp(file, query->name, n) == 0 && file[n] == '.');
}

static void hand_on(struct reading *reading, int kind, const struct berth_snapshot_item *item)
{
	if (reading->wanted)
		reading->result = reading->each(reading->user, &reading->head, kind, item);
	if (kind == BERTH_SNAPSHOT_END)
		reading->wanted = false;
}

static void on_item(void *user, const char *path, int kind, const struct berth_snapshot_item *item)
{
	struct reading *reading = user;
	const char *name = reading->query->name;

	if (reading->result)
		return;
	if (kind < 0) {
		if (path_wanted(reading->query, path))
			warn(reading->query, path, kind, "what it shows is not whole");
		hand_on(reading, BERTH_SNAPSHOT_END, NULL);
		return;
	}
	if (kind == BERTH_SNAPSHOT_HEAD) {
		reading->head = item->head;
		reading->wanted = !name || strcmp(name, item->head.host) == 0;
	}
	reading->n_hosts += kind == BERTH_SNAPSHOT_END && reading->wanted;
	hand_on(reading, kind, item);
}

int host_items(const struct host_items_query *query, host_item *each, void *user, size_t *n_hosts)
{
	struct reading reading = {.query = query, .each = each, .user = user};
	char directory[512];

	*n_hosts = 0;
	int r = berth_control_directory(directory, sizeof(directory));
	if (r < 0)
		snprintf(directory, sizeof(directory), "the control sockets of berth hosts");
	else
		r = berth_control_read(directory, on_item, &reading);
	*n_hosts = reading.n_hosts;
	if (reading.result || r >= 0)
		return reading.result;
	warn(query, directory, r, "berth hosts are not shown");
	return r == BERTH_EACCES || r == BERTH_ENOMEM ? r : BERTH_EIO;
}
