/* Counters (-s): the kernel's from /proc/net, each berth host's from its control socket.
 *
 * The kernel's are handed on as they are read. People see a section for each group, in the kernel's order, with what is
 * not 0; a host's counters carry their group in their name ("tcp_segments_in"). */
#include "counter_text.h"
#include "host_meaning.h"
#include "layout.h"
#include "net_file.h"
#include "source/host_items.h"
#include "tables.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

/* ---- the kernel's ---- */

/* What the caller wants to hear of, on its way through the parsers. */
struct walk {
	const struct tables_query *query;
	tables_counter *each;
	void *user;
};

/* Whose counters a group has: "Tcp" may be told by its beginning, as IPv6's differ in their end. */
static uint32_t protocols_of(const char *group)
{
	static const struct {
		const char *prefix;
		uint32_t protocols;
	} groups[] = {
		{"Tcp", NETSTAT_BIT(NETSTAT_TCP)},
		{"MPTcp", NETSTAT_BIT(NETSTAT_MPTCP)},
		{"UdpLite", NETSTAT_BIT(NETSTAT_UDPLITE) | NETSTAT_BIT(NETSTAT_UDP)},
		{"Udp", NETSTAT_BIT(NETSTAT_UDP)},
		{"Ip", NETSTAT_BIT(NETSTAT_RAW)},
		{"Icmp", NETSTAT_BIT(NETSTAT_RAW)},
		{"Sctp", NETSTAT_BIT(NETSTAT_SCTP)},
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strncmp(group, groups[i].prefix, strlen(groups[i].prefix)) == 0)
			return groups[i].protocols;
	return 0;
}

/* TCP's are counted for both families at once. */
static uint32_t families_of(const char *group)
{
	if (strchr(group, '6'))
		return NETSTAT_IP6;
	return protocols_of(group) & (NETSTAT_BIT(NETSTAT_TCP) | NETSTAT_BIT(NETSTAT_MPTCP)) ? NETSTAT_ALL_FAMILIES
											     : NETSTAT_IP4;
}

static bool every_protocol(const struct tables_query *query)
{
	/* Nothing is counted of Unix sockets. */
	return ((query->protocols | NETSTAT_BIT(NETSTAT_UNIX)) & NETSTAT_ALL_PROTOCOLS) == NETSTAT_ALL_PROTOCOLS;
}

static bool wants(const struct tables_query *query, uint32_t protocols, uint32_t families)
{
	return (every_protocol(query) || (query->protocols & protocols)) && (query->families & families);
}

static int on_counter(void *user, const char *group, const char *name, uint64_t value)
{
	const struct walk *walk = user;

	if (!wants(walk->query, protocols_of(group), families_of(group)))
		return 0;
	return walk->each(walk->user, group, name, counter_meaning(group, name), value);
}

/* Reads line pairs: a line that does not go with the one before it begins a new pair. */
static int read_pairs(FILE *in, struct walk *walk)
{
	char *names = NULL, *values = NULL;
	size_t n_names = 0, n_values = 0;
	int r = 0;

	while (r == 0 && getline(&names, &n_names, in) >= 0 && getline(&values, &n_values, in) >= 0) {
		r = counter_pair(names, values, on_counter, walk);
		if (r == BERTH_EPROTO)
			r = 0;
	}
	free(names);
	free(values);
	return r;
}

static int read_lines6(FILE *in, struct walk *walk)
{
	char *line = NULL;
	size_t n = 0;
	int r = 0;

	while (r == 0 && getline(&line, &n, in) >= 0) {
		r = counter_line6(line, on_counter, walk);
		if (r == BERTH_EPROTO)
			r = 0;
	}
	free(line);
	return r;
}

/* *read: it was there. */
static int read_file(const char *name, int (*reader)(FILE *in, struct walk *walk), struct walk *walk, bool *read)
{
	FILE *in = net_file_open(name);
	int r = 0;

	if (in) {
		r = reader(in, walk);
		fclose(in);
		*read = true;
	}
	return r;
}

int tables_counters_each(const struct tables_query *query, tables_counter *each, void *user)
{
	struct walk walk = {.query = query, .each = each, .user = user};
	bool read = false;
	int r = read_file("snmp", read_pairs, &walk, &read);

	if (r == 0)
		r = read_file("netstat", read_pairs, &walk, &read);
	if (r == 0)
		r = read_file("snmp6", read_lines6, &walk, &read);
	return r == 0 && !read ? BERTH_EIO : r;
}

/* ---- printing ---- */

enum cell {
	CELL_HOST_NAME,
	CELL_PID,
	CELL_GROUP,
	CELL_COUNTER,
	CELL_VALUE,
	CELL_MEANING,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_HOST_NAME] = {"host", LAYOUT_TEXT}, [CELL_PID] = {"pid", LAYOUT_NUMBER},
	[CELL_GROUP] = {"group", LAYOUT_TEXT},    [CELL_COUNTER] = {"name", LAYOUT_TEXT},
	[CELL_VALUE] = {"value", LAYOUT_NUMBER},  [CELL_MEANING] = {"text", LAYOUT_TEXT},
};

static const struct layout_column columns[] = {
	{CELL_VALUE, NULL, 12, true, 0},
	{CELL_COUNTER, NULL, 24, false, 0},
	{CELL_MEANING, NULL, 0, false, 0},
};

struct printer {
	const struct tables_query *query;
	struct layout layout;
	char group[32];                  /* of the section */
	struct berth_snapshot_head head; /* of the host that is being read */
	struct index meanings;           /* of hosts' counters */
	bool has_meanings;
};

static int section(struct printer *printer, const char *title)
{
	return layout_section(&printer->layout, title, columns, sizeof(columns) / sizeof(columns[0]), 0);
}

static int print_counter(struct printer *printer, const char *const *says, uint64_t value)
{
	char number[24], pid[24];
	const char *cells[N_CELLS];

	if (value == 0 && !printer->query->all && !printer->query->json)
		return 0;
	memcpy(cells, says, sizeof(cells));
	cells[CELL_PID] = printer->head.pid ? layout_number((uint64_t)printer->head.pid, pid) : NULL;
	cells[CELL_VALUE] = layout_number(value, number);
	return layout_line(&printer->layout, cells);
}

static int on_kernel(void *user, const char *group, const char *name, const char *text, uint64_t value)
{
	struct printer *printer = user;
	const char *says[N_CELLS] = {
		[CELL_HOST_NAME] = "kernel", [CELL_GROUP] = group, [CELL_COUNTER] = name, [CELL_MEANING] = text};
	char title[sizeof(printer->group) + 1];
	int r = 0;

	if (strncmp(group, printer->group, sizeof(printer->group) - 1) != 0) {
		snprintf(printer->group, sizeof(printer->group), "%s", group);
		snprintf(title, sizeof(title), "%s:", printer->group);
		r = section(printer, title);
	}
	return r < 0 ? r : print_counter(printer, says, value);
}

static int on_head(struct printer *printer, const struct berth_snapshot_head *head)
{
	char title[BERTH_HOST_NAME_MAX + 64];

	if (!printer->has_meanings) {
		int r = host_meanings_init(&printer->meanings);
		if (r < 0)
			return r;
		printer->has_meanings = true;
	}
	printer->head = *head;
	snprintf(title, sizeof(title), "Counters of host %s (pid %ld):", head->host, head->pid);
	return section(printer, title);
}

/* "tcp" of "tcp_segments_in": the module that counts. */
static int on_host_counter(struct printer *printer, const struct berth_counter *counter)
{
	const char *says[N_CELLS] = {
		[CELL_HOST_NAME] = printer->head.host,
		[CELL_GROUP] = printer->group,
		[CELL_COUNTER] = counter->name,
		[CELL_MEANING] = host_meaning(&printer->meanings, counter->name),
	};
	struct host_counter_about about;

	host_counter_about(counter->name, &about);
	if (!wants(printer->query, about.protocols, about.families))
		return 0;
	snprintf(printer->group, sizeof(printer->group), "%.*s", (int)strcspn(counter->name, "_"), counter->name);
	return print_counter(printer, says, counter->value);
}

static int on_item(void *user, const struct berth_snapshot_head *head, int kind, const struct berth_snapshot_item *item)
{
	struct printer *printer = user;

	if (kind == BERTH_SNAPSHOT_HEAD)
		return on_head(printer, head);
	return kind == BERTH_SNAPSHOT_COUNTER ? on_host_counter(printer, &item->counter) : 0;
}

/* That hosts cannot be read is an error only to who asks for one of them. */
static int print_hosts(struct printer *printer)
{
	const struct tables_query *query = printer->query;
	const struct host_items_query items = {.name = query->host, .warn = query->warn, .warn_user = query->warn_user};
	size_t n_hosts;
	int r = host_items(&items, on_item, printer, &n_hosts);

	if (r == 0 && query->host && !printer->has_meanings)
		return BERTH_ENOENT;
	return r == BERTH_ENOMEM || query->host ? r : 0;
}

long tables_counters(const struct tables_query *query)
{
	struct printer printer = {.query = query};
	int r = 0;

	layout_init(&printer.layout, keys, N_CELLS, query->json, stdout);
	if (query->kernel)
		r = tables_counters_each(query, on_kernel, &printer);
	if (r == 0 && query->hosts)
		r = print_hosts(&printer);
	index_deinit(&printer.meanings);
	return layout_end(&printer.layout, r);
}
