/* Interfaces (-i): what rtnetlink tells of the machine's, and snapshots of those of berth hosts, in net-tools' columns,
 * with their addresses and, of hosts, the servers of names. */
#include "interface_list.h"
#include "layout.h"
#include "name_servers.h"

#include <berth/error.h>
#include <linux/if.h>
#include <stdlib.h>
#include <string.h>

enum cell {
	CELL_HOST,
	CELL_PID,
	CELL_NAME,
	CELL_NUMBER_OF,
	CELL_MTU,
	CELL_FLAGS,
	CELL_STATE,
	CELL_KIND_OF,
	CELL_STATION,
	CELL_HOP_LIMIT,
	CELL_ADDRESSES,
	CELL_ADDRESS_INFO,
	CELL_NAME_SERVERS,
	CELL_SEARCH_DOMAINS,
	CELL_RX_OK,
	CELL_RX_BYTES,
	CELL_RX_ERR,
	CELL_RX_DRP_SHOWN,
	CELL_RX_DRP,
	CELL_RX_MISSED,
	CELL_RX_OVR,
	CELL_MULTICAST,
	CELL_TX_OK,
	CELL_TX_BYTES,
	CELL_TX_ERR,
	CELL_TX_DRP,
	CELL_TX_OVR,
	CELL_COLLISIONS,
	CELL_ADDRESS, /* the rest is of the second part of a table for people */
	CELL_ADDRESS_STATE,
	CELL_ORIGIN,
	CELL_VALID,
	CELL_PREFERRED,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_HOST] = {"host", LAYOUT_TEXT},
	[CELL_PID] = {"pid", LAYOUT_NUMBER},
	[CELL_NAME] = {"interface", LAYOUT_TEXT},
	[CELL_NUMBER_OF] = {"index", LAYOUT_NUMBER},
	[CELL_MTU] = {"mtu", LAYOUT_NUMBER},
	[CELL_FLAGS] = {"flags", LAYOUT_TEXT},
	[CELL_STATE] = {"state", LAYOUT_TEXT},
	[CELL_KIND_OF] = {"kind", LAYOUT_TEXT},
	[CELL_STATION] = {"hardware_address", LAYOUT_TEXT},
	[CELL_HOP_LIMIT] = {"hop_limit", LAYOUT_NUMBER},
	[CELL_ADDRESSES] = {"addresses", LAYOUT_TEXTS},
	[CELL_ADDRESS_INFO] = {"address_info", LAYOUT_JSON},
	[CELL_NAME_SERVERS] = {"name_servers", LAYOUT_JSON},
	[CELL_SEARCH_DOMAINS] = {"search_domains", LAYOUT_JSON},
	[CELL_RX_OK] = {"rx_packets", LAYOUT_NUMBER},
	[CELL_RX_BYTES] = {"rx_bytes", LAYOUT_NUMBER},
	[CELL_RX_ERR] = {"rx_errors", LAYOUT_NUMBER},
	[CELL_RX_DRP] = {"rx_dropped", LAYOUT_NUMBER},
	[CELL_RX_MISSED] = {"rx_missed", LAYOUT_NUMBER},
	[CELL_RX_OVR] = {"rx_overruns", LAYOUT_NUMBER},
	[CELL_MULTICAST] = {"rx_multicast", LAYOUT_NUMBER},
	[CELL_TX_OK] = {"tx_packets", LAYOUT_NUMBER},
	[CELL_TX_BYTES] = {"tx_bytes", LAYOUT_NUMBER},
	[CELL_TX_ERR] = {"tx_errors", LAYOUT_NUMBER},
	[CELL_TX_DRP] = {"tx_dropped", LAYOUT_NUMBER},
	[CELL_TX_OVR] = {"tx_overruns", LAYOUT_NUMBER},
	[CELL_COLLISIONS] = {"collisions", LAYOUT_NUMBER},
};

static const struct layout_column columns[] = {
	{CELL_NAME, "Iface", 8, false, 0},         {CELL_MTU, "MTU", 5, true, 0},
	{CELL_RX_OK, "RX-OK", 8, true, 0},         {CELL_RX_ERR, "RX-ERR", 6, true, 0},
	{CELL_RX_DRP_SHOWN, "RX-DRP", 6, true, 0}, {CELL_RX_OVR, "RX-OVR", 6, true, TABLES_KERNEL},
	{CELL_TX_OK, "TX-OK", 8, true, 0},         {CELL_TX_ERR, "TX-ERR", 6, true, TABLES_KERNEL},
	{CELL_TX_DRP, "TX-DRP", 6, true, 0},       {CELL_TX_OVR, "TX-OVR", 6, true, TABLES_KERNEL},
	{CELL_FLAGS, "Flg", 0, false, 0},          {CELL_HOST, "Host", 6, false, TABLES_HOST},
};

static const struct layout_column address_columns[] = {
	{CELL_ADDRESS, "Address", 26, false, 0},    {CELL_ADDRESS_STATE, "State", 10, false, 0},
	{CELL_ORIGIN, "Origin", 10, false, 0},      {CELL_VALID, "Valid", 6, true, 0},
	{CELL_PREFERRED, "Preferred", 6, true, 0},  {CELL_NAME, "Iface", 5, false, 0},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

/* ---- the addresses of an interface ---- */

/* "192.0.2.2/24". */
static const char *prefix_text(const struct link_address *address, char out[BERTH_ADDRESS_TEXT])
{
	size_t n = strlen(host_rows_address(&address->address, out));

	snprintf(out + n, BERTH_ADDRESS_TEXT - n, "/%u", address->prefix);
	return out;
}

static const char *origin_text(const struct link_address *address)
{
	return address->origin < BERTH_ORIGIN_N ? berth_origin_name(address->origin) : NULL;
}

/* Milliseconds, or null. */
static const char *json_lifetime(uint64_t ns, char out[24])
{
	const char *text = tables_milliseconds(ns, out);

	return text ? text : "null";
}

static void json_address(FILE *out, const struct link_address *address)
{
	char text[BERTH_ADDRESS_TEXT], valid[24], preferred[24];
	const char *origin = origin_text(address), *mark = origin ? "\"" : "";

	fprintf(out,
		"{\"address\":\"%s\",\"prefix_length\":%u,\"state\":\"%s\",\"origin\":%s%s%s,\"valid_ms\":%s,"
		"\"preferred_ms\":%s}",
		host_rows_address(&address->address, text), address->prefix, berth_address_state_name(address->state),
		mark, origin ? origin : "null", mark, json_lifetime(address->ns_valid, valid),
		json_lifetime(address->ns_preferred, preferred));
}

/* Words, and then JSON. */
static void addresses_write(FILE *out, const struct interface_addresses *addresses)
{
	char address[BERTH_ADDRESS_TEXT];

	for (size_t i = 0; i < addresses->n; i++)
		fprintf(out, "%s%s", i ? " " : "", prefix_text(&addresses->items[i], address));
	fputc(0, out);
	fputc('[', out);
	for (size_t i = 0; i < addresses->n; i++) {
		fputs(i ? "," : "", out);
		json_address(out, &addresses->items[i]);
	}
	fputc(']', out);
	fputc(0, out);
}

/* Writes the lists of an interface, which programs see, one behind the other into a text of its own, a NUL behind each.
 * NULL: out of memory. */
static char *lists_text(const struct interfaces *interfaces, const struct interface *found)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	addresses_write(out, interfaces_addresses(interfaces, found));
	name_servers_json(out, &interfaces->hosts, interfaces->query, found->host);
	fputc(0, out);
	search_domains_json(out, &interfaces->hosts, found->host);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void list_cells(const char *text, const char **cells)
{
	static const enum cell lists[] = {CELL_ADDRESSES, CELL_ADDRESS_INFO, CELL_NAME_SERVERS, CELL_SEARCH_DOMAINS};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		cells[lists[i]] = text;
		text += strlen(text) + 1;
	}
}

static int print_address(struct layout *layout, const struct interface *found, const struct link_address *address)
{
	char text[BERTH_ADDRESS_TEXT], valid[24], preferred[24];
	const char *origin = origin_text(address);
	const char *cells[N_CELLS] = {
		[CELL_HOST] = found->host_name,
		[CELL_NAME] = found->link.name,
		[CELL_ADDRESS] = prefix_text(address, text),
		[CELL_ADDRESS_STATE] = berth_address_state_name(address->state),
		[CELL_ORIGIN] = origin ? origin : "-",
		[CELL_VALID] = tables_duration(address->ns_valid, valid),
		[CELL_PREFERRED] = tables_duration(address->ns_preferred, preferred),
	};

	return layout_line(layout, cells);
}

/* ---- an interface ---- */

/* What a berth host does not count. */
static void forget_kernel_cells(const char **cells)
{
	cells[CELL_KIND_OF] = cells[CELL_RX_MISSED] = cells[CELL_RX_OVR] = NULL;
	cells[CELL_TX_ERR] = cells[CELL_TX_OVR] = cells[CELL_COLLISIONS] = NULL;
}

/* What the kernel has not: it uses no servers of names itself. */
static void forget_host_cells(const char **cells)
{
	cells[CELL_PID] = cells[CELL_NAME_SERVERS] = cells[CELL_SEARCH_DOMAINS] = NULL;
}

static void number_cells(const struct interface *found, char texts[][24], const char **cells)
{
	const struct rtnl_link_stats64 *counters = &found->link.counters;
	const uint64_t numbers[N_CELLS] = {
		[CELL_PID] = (uint64_t)found->pid,
		[CELL_NUMBER_OF] = found->link.number,
		[CELL_MTU] = found->link.mtu,
		[CELL_HOP_LIMIT] = found->hop_limit,
		[CELL_RX_OK] = counters->rx_packets,
		[CELL_RX_BYTES] = counters->rx_bytes,
		[CELL_RX_ERR] = counters->rx_errors,
		/* As in /proc/net/dev: what the device had no room for is lost as well. */
		[CELL_RX_DRP_SHOWN] = counters->rx_dropped + counters->rx_missed_errors,
		[CELL_RX_DRP] = counters->rx_dropped,
		[CELL_RX_MISSED] = counters->rx_missed_errors,
		[CELL_RX_OVR] = counters->rx_fifo_errors,
		[CELL_MULTICAST] = counters->multicast,
		[CELL_TX_OK] = counters->tx_packets,
		[CELL_TX_BYTES] = counters->tx_bytes,
		[CELL_TX_ERR] = counters->tx_errors,
		[CELL_TX_DRP] = counters->tx_dropped,
		[CELL_TX_OVR] = counters->tx_fifo_errors,
		[CELL_COLLISIONS] = counters->collisions,
	};

	for (size_t i = 0; i < N_CELLS; i++)
		cells[i] = layout_number(numbers[i], texts[i]);
}

static int print_link(struct layout *layout, const struct interfaces *interfaces, const struct interface *found)
{
	const struct link *link = &found->link;
	char texts[N_CELLS][24], flags[24], station[STATION_TEXT];
	const char *cells[N_CELLS];
	char *lists = lists_text(interfaces, found);
	int r;

	if (!lists)
		return BERTH_ENOMEM;
	number_cells(found, texts, cells);
	link_flags(link->flags, flags);
	cells[CELL_HOST] = found->host_name;
	cells[CELL_NAME] = link->name;
	cells[CELL_FLAGS] = flags;
	cells[CELL_STATE] = link_state_name(link->state);
	cells[CELL_KIND_OF] = link->kind[0] ? link->kind : NULL;
	cells[CELL_STATION] = station_text(link->station, link->n_station, station);
	list_cells(lists, cells);
	if (found->host)
		forget_kernel_cells(cells);
	else
		forget_host_cells(cells);
	if (!found->hop_limit)
		cells[CELL_HOP_LIMIT] = NULL;
	r = layout_line(layout, cells);
	free(lists);
	return r;
}

/* ---- printing ---- */

static bool is_shown(const struct interfaces *interfaces, const struct interface *found)
{
	return interfaces->query->all || (found->link.flags & IFF_UP);
}

static int print_links(struct layout *layout, const struct interfaces *interfaces)
{
	unsigned shows = host_rows_shows(&interfaces->hosts, interfaces->query);
	char title[TABLES_TITLE];
	int r = layout_section(layout, host_rows_title(&interfaces->hosts, interfaces->query, "Interface table", title),
			       columns, sizeof(columns) / sizeof(columns[0]), shows);

	for (size_t i = 0; r == 0 && i < interfaces->n; i++)
		if (is_shown(interfaces, &interfaces->items[i]))
			r = print_link(layout, interfaces, &interfaces->items[i]);
	return r;
}

/* The second part for people: of berth hosts always, of the machine with -e. */
static int print_addresses(struct layout *layout, const struct interfaces *interfaces)
{
	unsigned shows = host_rows_shows(&interfaces->hosts, interfaces->query);
	int r = layout_section(layout, "Interface addresses", address_columns,
			       sizeof(address_columns) / sizeof(address_columns[0]), shows);

	for (size_t i = 0; r == 0 && i < interfaces->n; i++) {
		const struct interface *found = &interfaces->items[i];
		const struct interface_addresses *addresses = interfaces_addresses(interfaces, found);
		if (!is_shown(interfaces, found) || !(found->host || interfaces->query->extend))
			continue;
		for (size_t j = 0; r == 0 && j < addresses->n; j++)
			r = print_address(layout, found, &addresses->items[j]);
	}
	return r;
}

long tables_interfaces(const struct tables_query *query)
{
	struct interfaces interfaces;
	struct layout layout;

	layout_init(&layout, keys, N_CELLS, query->json, stdout);
	int r = interfaces_read(&interfaces, query);
	if (r == 0)
		r = print_links(&layout, &interfaces);
	if (r == 0 && !query->json)
		r = print_addresses(&layout, &interfaces);
	if (r == 0 && !query->json)
		r = name_servers_print(&layout, &interfaces.hosts, query);
	interfaces_free(&interfaces);
	return layout_end(&layout, r);
}
