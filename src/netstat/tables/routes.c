/* Routes (-r): the main routing table, or all of them, as rtnetlink tells them, a line for each next hop. */
#include "index.h"
#include "layout.h"
#include "route_message.h"
#include "rtnetlink.h"
#include "tables.h"

#include <berth/error.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

enum cell {
	CELL_FAMILY,
	CELL_DESTINATION,
	CELL_DESTINATION_SHOWN, /* for people */
	CELL_PREFIX,
	CELL_GATEWAY,
	CELL_GATEWAY_SHOWN,
	CELL_GENMASK,
	CELL_FLAGS,
	CELL_METRIC,
	CELL_INTERFACE,
	CELL_INTERFACE_SHOWN,
	CELL_SOURCE,
	CELL_SOURCE_SHOWN,
	CELL_PROTOCOL,
	CELL_TYPE,
	CELL_SCOPE,
	CELL_TABLE,
	CELL_ADVMSS,
	CELL_MTU,
	CELL_WINDOW,
	CELL_RTT,
	CELL_WEIGHT,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_FAMILY] = {"family", LAYOUT_TEXT},
	[CELL_DESTINATION] = {"destination", LAYOUT_TEXT},
	[CELL_PREFIX] = {"prefix_length", LAYOUT_NUMBER},
	[CELL_GATEWAY] = {"gateway", LAYOUT_TEXT},
	[CELL_FLAGS] = {"flags", LAYOUT_TEXT},
	[CELL_METRIC] = {"metric", LAYOUT_NUMBER},
	[CELL_INTERFACE] = {"interface", LAYOUT_TEXT},
	[CELL_SOURCE] = {"source", LAYOUT_TEXT},
	[CELL_PROTOCOL] = {"protocol", LAYOUT_TEXT},
	[CELL_TYPE] = {"type", LAYOUT_TEXT},
	[CELL_SCOPE] = {"scope", LAYOUT_TEXT},
	[CELL_TABLE] = {"table", LAYOUT_TEXT},
	[CELL_ADVMSS] = {"mss", LAYOUT_NUMBER},
	[CELL_MTU] = {"mtu", LAYOUT_NUMBER},
	[CELL_WINDOW] = {"window", LAYOUT_NUMBER},
	[CELL_RTT] = {"irtt_ms", LAYOUT_NUMBER},
	[CELL_WEIGHT] = {"weight", LAYOUT_NUMBER},
};

enum {
	WHEN_PLAIN = 1,
	WHEN_EXTENDED = 2,
	WHEN_ALL = 4,
};

/* What net-tools shows; -e has what it does not know. */
static const struct layout_column columns4[] = {
	{CELL_DESTINATION_SHOWN, "Destination", 15, false, 0},
	{CELL_GATEWAY_SHOWN, "Gateway", 15, false, 0},
	{CELL_GENMASK, "Genmask", 15, false, 0},
	{CELL_FLAGS, "Flags", 5, false, 0},
	{CELL_METRIC, "Metric", 6, true, WHEN_EXTENDED},
	{CELL_ADVMSS, "MSS", 4, true, WHEN_PLAIN},
	{CELL_WINDOW, "Window", 6, true, WHEN_PLAIN},
	{CELL_RTT, "irtt", 4, true, WHEN_PLAIN},
	{CELL_INTERFACE_SHOWN, "Iface", 5, false, 0},
	{CELL_PROTOCOL, "Proto", 0, false, WHEN_EXTENDED},
	{CELL_SOURCE_SHOWN, "Source", 0, false, WHEN_EXTENDED},
	{CELL_TABLE, "Table", 0, false, WHEN_ALL},
};

static const struct layout_column columns6[] = {
	{CELL_DESTINATION_SHOWN, "Destination", 30, false, 0},
	{CELL_GATEWAY_SHOWN, "Next Hop", 26, false, 0},
	{CELL_FLAGS, "Flags", 5, false, 0},
	{CELL_METRIC, "Metric", 6, true, 0},
	{CELL_INTERFACE_SHOWN, "Iface", 5, false, 0},
	{CELL_PROTOCOL, "Proto", 0, false, WHEN_EXTENDED},
	{CELL_SOURCE_SHOWN, "Source", 0, false, WHEN_EXTENDED},
	{CELL_TABLE, "Table", 0, false, WHEN_ALL},
};

struct printer {
	const struct tables_query *query;
	struct layout layout;
	struct index interfaces; /* number to name: char[IF_NAMESIZE] */
};

/* The name of an interface, looked up once; its number when it has none any more. NULL: out of memory. */
static const char *interface_name(struct printer *printer, uint32_t number)
{
	bool is_new;
	char *name = index_get(&printer->interfaces, &number, sizeof(number), &is_new);

	if (name && is_new && !if_indextoname(number, name))
		snprintf(name, IF_NAMESIZE, "%u", number);
	return name;
}

/* The texts of a route's cells. */
struct texts {
	char destination[BERTH_ADDRESS_TEXT], shown[BERTH_ADDRESS_TEXT + 8], gateway[BERTH_ADDRESS_TEXT];
	char genmask[BERTH_ADDRESS_TEXT], source[BERTH_ADDRESS_TEXT];
	char flags[8], protocol[12], type[12], scope[12], table[12];
	char numbers[7][24];
};

static void destination_cells(const struct printer *printer, const struct route *route, struct texts *texts,
			      const char **cells)
{
	uint32_t mask = route->prefix == 0 ? 0 : route->prefix >= 32 ? UINT32_MAX : ~(UINT32_MAX >> route->prefix);
	struct berth_address genmask =
		berth_ip4((uint8_t)(mask >> 24), (uint8_t)(mask >> 16), (uint8_t)(mask >> 8), (uint8_t)mask);

	cells[CELL_DESTINATION] =
		berth_address_format(&route->destination, texts->destination, sizeof(texts->destination));
	cells[CELL_DESTINATION_SHOWN] = texts->destination;
	if (route->family == BERTH_IP6) {
		snprintf(texts->shown, sizeof(texts->shown), "%s/%u", texts->destination, route->prefix);
		cells[CELL_DESTINATION_SHOWN] = texts->shown;
	} else {
		cells[CELL_GENMASK] = berth_address_format(&genmask, texts->genmask, sizeof(texts->genmask));
	}
	if (!printer->query->numeric && route->prefix == 0 && berth_address_is_any(&route->destination))
		cells[CELL_DESTINATION_SHOWN] = "default";
}

static void address_cells(const struct route *route, struct texts *texts, const char **cells)
{
	cells[CELL_GATEWAY_SHOWN] = route->family == BERTH_IP4 ? "0.0.0.0" : "::";
	cells[CELL_SOURCE_SHOWN] = "-";
	if (route->gateway.family != BERTH_ANY_FAMILY)
		cells[CELL_GATEWAY] = cells[CELL_GATEWAY_SHOWN] =
			berth_address_format(&route->gateway, texts->gateway, sizeof(texts->gateway));
	if (route->source.family != BERTH_ANY_FAMILY)
		cells[CELL_SOURCE] = cells[CELL_SOURCE_SHOWN] =
			berth_address_format(&route->source, texts->source, sizeof(texts->source));
}

static void number_cells(const struct route *route, struct texts *texts, const char **cells)
{
	cells[CELL_PREFIX] = layout_number(route->prefix, texts->numbers[0]);
	cells[CELL_METRIC] = layout_number(route->metric, texts->numbers[1]);
	cells[CELL_ADVMSS] = layout_number(route->advmss, texts->numbers[2]);
	cells[CELL_MTU] = route->mtu ? layout_number(route->mtu, texts->numbers[3]) : NULL;
	cells[CELL_WINDOW] = layout_number(route->window, texts->numbers[4]);
	cells[CELL_RTT] = layout_number(route->ms_rtt, texts->numbers[5]);
	cells[CELL_WEIGHT] = route->weight ? layout_number(route->weight, texts->numbers[6]) : NULL;
}

static int on_route(void *user, const struct route *route)
{
	struct printer *printer = user;
	const char *cells[N_CELLS] = {[CELL_FAMILY] = route->family == BERTH_IP4 ? "ipv4" : "ipv6"};
	struct texts texts;

	if (!printer->query->all && (route->table != RT_TABLE_MAIN || route->cloned))
		return 0;
	if (route->interface && !(cells[CELL_INTERFACE] = interface_name(printer, route->interface)))
		return BERTH_ENOMEM;
	cells[CELL_INTERFACE_SHOWN] = route->interface ? cells[CELL_INTERFACE] : "*";
	destination_cells(printer, route, &texts, cells);
	address_cells(route, &texts, cells);
	number_cells(route, &texts, cells);
	route_flags(route, texts.flags);
	cells[CELL_FLAGS] = texts.flags;
	cells[CELL_PROTOCOL] = route_protocol_name(route->protocol, texts.protocol);
	cells[CELL_TYPE] = route_type_name(route->type, texts.type);
	cells[CELL_SCOPE] = route_scope_name(route->scope, texts.scope);
	cells[CELL_TABLE] = route_table_name(route->table, texts.table);
	return layout_line(&printer->layout, cells);
}

static int on_message(void *user, const struct nlmsghdr *message)
{
	return route_message(message, on_route, user);
}

static int print_family(struct printer *printer, bool ip4)
{
	const struct tables_query *query = printer->query;
	unsigned shows = (query->extend ? WHEN_EXTENDED : WHEN_PLAIN) | (query->all ? WHEN_ALL : 0u);
	bool interrupted = false;
	int r = ip4 ? layout_section(&printer->layout, "Kernel IP routing table", columns4,
				     sizeof(columns4) / sizeof(columns4[0]), shows)
		    : layout_section(&printer->layout, "Kernel IPv6 routing table", columns6,
				     sizeof(columns6) / sizeof(columns6[0]), shows);

	if (r == 0)
		r = rtnetlink_dump(RTM_GETROUTE, ip4 ? AF_INET : AF_INET6, on_message, printer, &interrupted);
	if (r == 0 && interrupted && query->warn)
		query->warn(query->warn_user,
			    "routes changed while they were read: some may be missing or there twice; ask again");
	return r;
}

long tables_routes(const struct tables_query *query)
{
	struct printer printer = {.query = query};
	int r = index_init(&printer.interfaces, IF_NAMESIZE);

	if (r < 0)
		return r;
	layout_init(&printer.layout, keys, N_CELLS, query->json, stdout);
	if (query->families & NETSTAT_IP4)
		r = print_family(&printer, true);
	if (r == 0 && (query->families & NETSTAT_IP6))
		r = print_family(&printer, false);
	index_deinit(&printer.interfaces);
	return layout_end(&printer.layout, r);
}
