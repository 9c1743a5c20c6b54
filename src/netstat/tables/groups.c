/* Multicast groups (-g): memberships of the machine's interfaces, from /proc/net/igmp and /proc/net/igmp6, and of those
 * of berth hosts, as snapshots tell them. */
#include "group_text.h"
#include "host_rows.h"
#include "layout.h"
#include "net_file.h"

#include <berth/error.h>
#include <stdlib.h>

enum cell {
	CELL_HOST,
	CELL_PID,
	CELL_INTERFACE,
	CELL_NUMBER_OF,
	CELL_USERS,
	CELL_GROUP,
	CELL_FAMILY,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_HOST] = {"host", LAYOUT_TEXT},           [CELL_PID] = {"pid", LAYOUT_NUMBER},
	[CELL_INTERFACE] = {"interface", LAYOUT_TEXT}, [CELL_NUMBER_OF] = {"index", LAYOUT_NUMBER},
	[CELL_USERS] = {"users", LAYOUT_NUMBER},       [CELL_GROUP] = {"group", LAYOUT_TEXT},
	[CELL_FAMILY] = {"family", LAYOUT_TEXT},
};

static const struct layout_column columns[] = {
	{CELL_INTERFACE, "Interface", 15, false, 0},
	{CELL_USERS, "RefCnt", 6, true, 0},
	{CELL_GROUP, "Group", 0, false, 0},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

/* `host` is NULL for the kernel's. */
static int print_group(struct layout *layout, const struct group *group, const struct host_row *host)
{
	char address[BERTH_ADDRESS_TEXT], users[24], number[24], pid[24];
	const char *cells[N_CELLS] = {
		[CELL_HOST] = host ? host->host : "kernel",
		[CELL_PID] = host ? layout_number((uint64_t)host->pid, pid) : NULL,
		[CELL_INTERFACE] = group->interface_name,
		[CELL_NUMBER_OF] = layout_number(group->interface, number),
		[CELL_USERS] = layout_number(group->users, users),
		[CELL_GROUP] = host_rows_address(&group->address, address),
		[CELL_FAMILY] = group->address.family == BERTH_IP4 ? "ipv4" : "ipv6",
	};

	return layout_line(layout, cells);
}

static int print_host_group(struct layout *layout, const struct host_row *row)
{
	struct group group = {.interface = row->group.index, .address = row->group.group, .users = row->group.users};

	host_rows_interface(row->group.interface, row->group.index, group.interface_name);
	return print_group(layout, &group, row);
}

/* A kernel without IPv6 or without multicast has no such file, and no memberships. */
static int print_file(struct layout *layout, const char *name, bool (*parse)(const char *line, struct group *group))
{
	FILE *in = net_file_open(name);
	struct group group = {0};
	char *line = NULL;
	size_t n = 0;
	int r = 0;

	while (in && r == 0 && getline(&line, &n, in) >= 0)
		if (parse(line, &group))
			r = print_group(layout, &group, NULL);
	free(line);
	if (in)
		fclose(in);
	return r;
}

static int print_kernel(struct layout *layout, const struct tables_query *query)
{
	int r = 0;

	if (query->families & NETSTAT_IP4)
		r = print_file(layout, "igmp", group_line4);
	if (r == 0 && (query->families & NETSTAT_IP6))
		r = print_file(layout, "igmp6", group_line6);
	return r;
}

static int print(struct layout *layout, const struct tables_query *query, const struct host_rows *hosts)
{
	int r = layout_section(layout, "IPv6/IPv4 Group Memberships", columns, sizeof(columns) / sizeof(columns[0]),
			       host_rows_shows(hosts, query));

	for (size_t i = 0; r == 0 && i < hosts->n; i++)
		if (tables_wants(query, hosts->rows[i].group.group.family))
			r = print_host_group(layout, &hosts->rows[i]);
	return r == 0 && query->kernel ? print_kernel(layout, query) : r;
}

long tables_groups(const struct tables_query *query)
{
	struct layout layout;
	struct host_rows hosts;

	layout_init(&layout, keys, N_CELLS, query->json, stdout);
	int r = host_rows_read(&hosts, query, NETSTAT_BIT(BERTH_SNAPSHOT_GROUP));
	if (r == 0)
		r = print(&layout, query, &hosts);
	host_rows_free(&hosts);
	return layout_end(&layout, r);
}
