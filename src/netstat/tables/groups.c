/* Multicast groups (-g): memberships of the machine's interfaces, from /proc/net/igmp and /proc/net/igmp6. */
#include "group_text.h"
#include "layout.h"
#include "net_file.h"
#include "tables.h"

#include <berth/error.h>
#include <stdlib.h>

enum cell {
	CELL_INTERFACE,
	CELL_NUMBER_OF,
	CELL_USERS,
	CELL_GROUP,
	CELL_FAMILY,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_INTERFACE] = {"interface", LAYOUT_TEXT}, [CELL_NUMBER_OF] = {"index", LAYOUT_NUMBER},
	[CELL_USERS] = {"users", LAYOUT_NUMBER},       [CELL_GROUP] = {"group", LAYOUT_TEXT},
	[CELL_FAMILY] = {"family", LAYOUT_TEXT},
};

static const struct layout_column columns[] = {
	{CELL_INTERFACE, "Interface", 15, false, 0},
	{CELL_USERS, "RefCnt", 6, true, 0},
	{CELL_GROUP, "Group", 0, false, 0},
};

static int print_group(struct layout *layout, const struct group *group)
{
	char address[BERTH_ADDRESS_TEXT], users[24], number[24];
	const char *cells[N_CELLS] = {
		[CELL_INTERFACE] = group->interface_name,
		[CELL_NUMBER_OF] = layout_number(group->interface, number),
		[CELL_USERS] = layout_number(group->users, users),
		[CELL_GROUP] = berth_address_format(&group->address, address, sizeof(address)),
		[CELL_FAMILY] = group->address.family == BERTH_IP4 ? "ipv4" : "ipv6",
	};

	return layout_line(layout, cells);
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
			r = print_group(layout, &group);
	free(line);
	if (in)
		fclose(in);
	return r;
}

long tables_groups(const struct tables_query *query)
{
	struct layout layout;

	layout_init(&layout, keys, N_CELLS, query->json, stdout);
	int r = layout_section(&layout, "IPv6/IPv4 Group Memberships", columns, sizeof(columns) / sizeof(columns[0]),
			       0);
	if (r == 0 && (query->families & NETSTAT_IP4))
		r = print_file(&layout, "igmp", group_line4);
	if (r == 0 && (query->families & NETSTAT_IP6))
		r = print_file(&layout, "igmp6", group_line6);
	return layout_end(&layout, r);
}
