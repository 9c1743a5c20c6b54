/* What berth hosts have, kept until it is printed. */
#include "host_rows.h"

#include "show/text.h"
#include "source/host_items.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

static int begin(struct host_rows *rows, const struct berth_snapshot_head *head)
{
	rows->host = keep_text(&rows->names, head->host, strlen(head->host));
	rows->n_hosts++;
	return rows->host ? 0 : BERTH_ENOMEM;
}

static struct host_row *row_new(struct host_rows *rows)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct host_row *grown = reallocarray(rows->rows, room, sizeof(*grown));
		if (!grown)
			return NULL;
		rows->rows = grown;
		rows->room = room;
	}
	return &rows->rows[rows->n++];
}

static int add(struct host_rows *rows, const struct berth_snapshot_head *head, int kind,
	       const struct berth_snapshot_item *item)
{
	struct host_row *row = row_new(rows);

	if (!row)
		return BERTH_ENOMEM;
	*row = (struct host_row){.host = rows->host, .pid = head->pid, .number = rows->n_hosts, .kind = kind};
	if (kind == BERTH_SNAPSHOT_INTERFACE)
		row->interface = item->interface;
	else if (kind == BERTH_SNAPSHOT_ADDRESS)
		row->address = item->address;
	else if (kind == BERTH_SNAPSHOT_ROUTE)
		row->route = item->route;
	else if (kind == BERTH_SNAPSHOT_GROUP)
		row->group = item->group;
	else if (kind == BERTH_SNAPSHOT_NEIGHBOUR)
		row->neighbour = item->neighbour;
	else if (kind == BERTH_SNAPSHOT_DNS)
		row->dns = item->dns;
	else
		row->search = item->search;
	return 0;
}

static int on_item(void *user, const struct berth_snapshot_head *head, int kind, const struct berth_snapshot_item *item)
{
	struct host_rows *rows = user;

	if (kind == BERTH_SNAPSHOT_HEAD)
		return begin(rows, head);
	return NETSTAT_BIT(kind) & rows->kinds ? add(rows, head, kind, item) : 0;
}

int host_rows_read(struct host_rows *rows, const struct tables_query *query, uint32_t kinds)
{
	const struct host_items_query items = {.name = query->host, .warn = query->warn, .warn_user = query->warn_user};
	size_t n_hosts;
	int r;

	*rows = (struct host_rows){.kinds = kinds};
	if (!query->hosts)
		return 0;
	r = host_items(&items, on_item, rows, &n_hosts);
	if (r == 0 && query->host && rows->n_hosts == 0)
		return BERTH_ENOENT;
	return r == BERTH_ENOMEM || query->host ? r : 0;
}

void host_rows_free(struct host_rows *rows)
{
	keep_free(&rows->names);
	free(rows->rows);
}

unsigned host_rows_shows(const struct host_rows *rows, const struct tables_query *query)
{
	unsigned whose = !query->kernel ? 0 : rows->n ? TABLES_HOST : TABLES_KERNEL;

	return whose | (query->extend ? TABLES_EXTENDED : 0u) | (query->all ? TABLES_ALL : 0u);
}

const char *host_rows_title(const struct host_rows *rows, const struct tables_query *query, const char *what,
			    char out[TABLES_TITLE])
{
	if (query->kernel)
		snprintf(out, TABLES_TITLE, "%s%s", rows->n ? "" : "Kernel ", what);
	else
		snprintf(out, TABLES_TITLE, "%s of %s", what, query->host ? query->host : "berth hosts");
	return out;
}

const char *host_rows_address(const struct berth_address *address, char out[BERTH_ADDRESS_TEXT])
{
	struct berth_address plain = *address;

	plain.scope = 0;
	out[0] = 0;
	return plain.family == BERTH_ANY_FAMILY ? out : berth_address_format(&plain, out, BERTH_ADDRESS_TEXT);
}

const char *host_rows_interface(const char *name, uint32_t index, char out[BERTH_INTERFACE_NAME_MAX])
{
	if (name[0])
		snprintf(out, BERTH_INTERFACE_NAME_MAX, "%s", name);
	else
		snprintf(out, BERTH_INTERFACE_NAME_MAX, "%u", index);
	return out;
}

const char *tables_duration(uint64_t ns, char out[24])
{
	if (ns == BERTH_FOR_EVER || ns == 0)
		return ns ? "-" : "0s";
	*text_duration(ns, out) = 0;
	return out;
}

const char *tables_milliseconds(uint64_t ns, char out[24])
{
	if (ns == BERTH_FOR_EVER)
		return NULL;
	*text_milliseconds(ns, out) = 0;
	return out;
}
