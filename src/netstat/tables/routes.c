/* Routes (-r): the kernel's main routing table, or all of them, as rtnetlink tells them, a line for each next hop; and
 * those of berth hosts, as snapshots tell them. */
#include "host_rows.h"
#include "interface_names.h"
#include "layout.h"
#include "route_message.h"
#include "rtnetlink.h"

#include <berth/error.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum cell {
	CELL_HOST,
	CELL_PID,
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
	CELL_PREFERENCE,
	CELL_EXPIRES,
	CELL_EXPIRES_SHOWN,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_HOST] = {"host", LAYOUT_TEXT},
	[CELL_PID] = {"pid", LAYOUT_NUMBER},
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
	[CELL_PREFERENCE] = {"preference", LAYOUT_TEXT},
	[CELL_EXPIRES] = {"expires_ms", LAYOUT_NUMBER},
};

enum {
	WHEN_PLAIN = TABLES_OWN, /* net-tools' columns of TCP's */
};

/* What net-tools shows; -e has what it does not know. */
static const struct layout_column columns4[] = {
	{CELL_DESTINATION_SHOWN, "Destination", 15, false, 0},
	{CELL_GATEWAY_SHOWN, "Gateway", 15, false, 0},
	{CELL_GENMASK, "Genmask", 15, false, 0},
	{CELL_FLAGS, "Flags", 5, false, 0},
	{CELL_METRIC, "Metric", 6, true, TABLES_EXTENDED},
	{CELL_ADVMSS, "MSS", 4, true, WHEN_PLAIN},
	{CELL_WINDOW, "Window", 6, true, WHEN_PLAIN},
	{CELL_RTT, "irtt", 4, true, WHEN_PLAIN},
	{CELL_INTERFACE_SHOWN, "Iface", 5, false, 0},
	{CELL_PROTOCOL, "Proto", 0, false, TABLES_EXTENDED},
	{CELL_SOURCE_SHOWN, "Source", 0, false, TABLES_EXTENDED},
	{CELL_EXPIRES_SHOWN, "Expires", 0, true, TABLES_EXTENDED},
	{CELL_TABLE, "Table", 0, false, TABLES_ALL},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

static const struct layout_column columns6[] = {
	{CELL_DESTINATION_SHOWN, "Destination", 30, false, 0},
	{CELL_GATEWAY_SHOWN, "Next Hop", 26, false, 0},
	{CELL_FLAGS, "Flags", 5, false, 0},
	{CELL_METRIC, "Metric", 6, true, TABLES_KERNEL | TABLES_EXTENDED},
	{CELL_INTERFACE_SHOWN, "Iface", 5, false, 0},
	{CELL_PROTOCOL, "Proto", 0, false, TABLES_EXTENDED},
	{CELL_SOURCE_SHOWN, "Source", 0, false, TABLES_EXTENDED},
	{CELL_EXPIRES_SHOWN, "Expires", 0, true, TABLES_EXTENDED},
	{CELL_TABLE, "Table", 0, false, TABLES_ALL},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

struct printer {
	const struct tables_query *query;
	struct layout layout;
	struct index interfaces; /* of the kernel, by number */
	struct host_rows hosts;
};

/* The texts of a route's cells. */
struct texts {
	char destination[BERTH_ADDRESS_TEXT], shown[BERTH_ADDRESS_TEXT + 8], gateway[BERTH_ADDRESS_TEXT];
	char genmask[BERTH_ADDRESS_TEXT], source[BERTH_ADDRESS_TEXT];
	char flags[8], protocol[12], type[12], scope[12], table[12];
	char numbers[7][24], interface[BERTH_INTERFACE_NAME_MAX], pid[24], expires[24], expires_shown[24];
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
		cells[CELL_GATEWAY] = cells[CELL_GATEWAY_SHOWN] = host_rows_address(&route->gateway, texts->gateway);
	if (route->source.family != BERTH_ANY_FAMILY)
		cells[CELL_SOURCE] = cells[CELL_SOURCE_SHOWN] = host_rows_address(&route->source, texts->source);
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

/* What a route says of itself, whoever has it. */
static void route_cells(const struct printer *printer, const struct route *route, struct texts *texts,
			const char **cells)
{
	cells[CELL_FAMILY] = route->family == BERTH_IP4 ? "ipv4" : "ipv6";
	destination_cells(printer, route, texts, cells);
	address_cells(route, texts, cells);
	number_cells(route, texts, cells);
	route_flags(route, texts->flags);
	cells[CELL_FLAGS] = texts->flags;
	cells[CELL_PROTOCOL] = route_protocol_name(route->protocol, texts->protocol);
	cells[CELL_TYPE] = route_type_name(route->type, texts->type);
	cells[CELL_SCOPE] = route_scope_name(route->scope, texts->scope);
	cells[CELL_TABLE] = route_table_name(route->table, texts->table);
	cells[CELL_PREFERENCE] = route->has_preference ? berth_preference_name(route->preference) : NULL;
	cells[CELL_EXPIRES] = tables_milliseconds(route->ns_expires, texts->expires);
	cells[CELL_EXPIRES_SHOWN] = tables_duration(route->ns_expires, texts->expires_shown);
}

static bool is_shown(const struct printer *printer, const struct route *route)
{
	return printer->query->all || (route->table == RT_TABLE_MAIN && !route->cloned);
}

/* ---- of berth hosts ---- */

/* The kernel's word for where a host has a route from. */
static uint8_t protocol_of(enum berth_origin origin)
{
	switch (origin) {
	case BERTH_ORIGIN_STATIC:
		return RTPROT_STATIC;
	case BERTH_ORIGIN_ROUTER:
		return RTPROT_RA;
	case BERTH_ORIGIN_DHCP:
		return RTPROT_DHCP;
	case BERTH_ORIGIN_REDIRECT:
		return RTPROT_REDIRECT;
	case BERTH_ORIGIN_LOOPBACK:
	case BERTH_ORIGIN_ADDRESS:
	case BERTH_ORIGIN_LINK_LOCAL:
	case BERTH_ORIGIN_N:
		break;
	}
	return RTPROT_KERNEL;
}

static struct route route_of_host(const struct berth_route_row *row)
{
	bool local = row->origin == BERTH_ORIGIN_LOOPBACK, routed = row->gateway.family != BERTH_ANY_FAMILY;
	struct route route = {
		.family = row->destination.family,
		.type = local ? RTN_LOCAL : RTN_UNICAST,
		.scope = local    ? RT_SCOPE_HOST
			 : routed ? RT_SCOPE_UNIVERSE
				  : RT_SCOPE_LINK,
		.protocol = protocol_of((enum berth_origin)row->origin),
		.prefix = row->prefix,
		.destination = row->destination,
		.gateway = row->gateway,
		.source = row->source,
		.table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
		.mtu = row->mtu,
		.preference = row->preference,
		.has_preference = row->destination.family == BERTH_IP6,
		.ns_expires = row->ns_remaining,
	};

	/* The interface stands beside it. */
	route.destination.scope = 0;
	route.gateway.scope = 0;
	return route;
}

static int print_host_route(struct printer *printer, const struct host_row *row)
{
	const struct route route = route_of_host(&row->route);
	const char *cells[N_CELLS] = {0};
	struct texts texts;

	if (!is_shown(printer, &route))
		return 0;
	route_cells(printer, &route, &texts, cells);
	cells[CELL_HOST] = row->host;
	cells[CELL_PID] = layout_number((uint64_t)row->pid, texts.pid);
	cells[CELL_INTERFACE] = cells[CELL_INTERFACE_SHOWN] =
		host_rows_interface(row->route.interface, row->route.index, texts.interface);
	/* Of these it knows nothing. */
	cells[CELL_METRIC] = cells[CELL_ADVMSS] = cells[CELL_WINDOW] = cells[CELL_RTT] = NULL;
	return layout_line(&printer->layout, cells);
}

static int print_hosts(struct printer *printer, uint8_t family)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < printer->hosts.n; i++)
		if (printer->hosts.rows[i].route.destination.family == family)
			r = print_host_route(printer, &printer->hosts.rows[i]);
	return r;
}

/* ---- the kernel's ---- */

static int on_route(void *user, const struct route *route)
{
	struct printer *printer = user;
	const char *cells[N_CELLS] = {[CELL_HOST] = "kernel"};
	struct texts texts;

	if (!is_shown(printer, route))
		return 0;
	if (route->interface && !(cells[CELL_INTERFACE] = interface_name(&printer->interfaces, route->interface)))
		return BERTH_ENOMEM;
	cells[CELL_INTERFACE_SHOWN] = route->interface ? cells[CELL_INTERFACE] : "*";
	route_cells(printer, route, &texts, cells);
	return layout_line(&printer->layout, cells);
}

static int on_message(void *user, const struct nlmsghdr *message)
{
	return route_message(message, on_route, user);
}

static int print_kernel(struct printer *printer, uint8_t family)
{
	const struct tables_query *query = printer->query;
	bool interrupted = false;
	int r = rtnetlink_dump(RTM_GETROUTE, family == BERTH_IP4 ? AF_INET : AF_INET6, on_message, printer,
			       &interrupted);

	if (r == 0 && interrupted && query->warn)
		query->warn(query->warn_user,
			    "routes changed while they were read: some may be missing or there twice; ask again");
	return r;
}

static int print_family(struct printer *printer, uint8_t family)
{
	unsigned shows = host_rows_shows(&printer->hosts, printer->query);
	bool ip4 = family == BERTH_IP4;
	char title[TABLES_TITLE];
	int r;

	if ((shows & TABLES_KERNEL) && !(shows & TABLES_EXTENDED))
		shows |= WHEN_PLAIN;
	host_rows_title(&printer->hosts, printer->query, ip4 ? "IP routing table" : "IPv6 routing table", title);
	r = ip4 ? layout_section(&printer->layout, title, columns4, sizeof(columns4) / sizeof(columns4[0]), shows)
		: layout_section(&printer->layout, title, columns6, sizeof(columns6) / sizeof(columns6[0]), shows);
	if (r == 0)
		r = print_hosts(printer, family);
	return r == 0 && printer->query->kernel ? print_kernel(printer, family) : r;
}

static int print(struct printer *printer)
{
	const struct tables_query *query = printer->query;
	int r = 0;

	if (query->families & NETSTAT_IP4)
		r = print_family(printer, BERTH_IP4);
	if (r == 0 && (query->families & NETSTAT_IP6))
		r = print_family(printer, BERTH_IP6);
	return r;
}

long tables_routes(const struct tables_query *query)
{
	struct printer printer = {.query = query};
	int r = index_init(&printer.interfaces, INTERFACE_NAME);

	if (r < 0)
		return r;
	layout_init(&printer.layout, keys, N_CELLS, query->json, stdout);
	r = host_rows_read(&printer.hosts, query, NETSTAT_BIT(BERTH_SNAPSHOT_ROUTE));
	if (r == 0)
		r = print(&printer);
	host_rows_free(&printer.hosts);
	index_deinit(&printer.interfaces);
	return layout_end(&printer.layout, r);
}
