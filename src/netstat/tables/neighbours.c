/* Neighbours (--neighbours): who answers on the machine's networks and at which hardware address, as rtnetlink tells
 * it, and the same of berth hosts, as snapshots tell it. */
#include "host_rows.h"
#include "interface_names.h"
#include "layout.h"
#include "neighbour_message.h"
#include "rtnetlink.h"
#include "station.h"

#include <berth/error.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum cell {
	CELL_HOST,
	CELL_PID,
	CELL_FAMILY,
	CELL_ADDRESS,
	CELL_STATION,
	CELL_STATION_SHOWN, /* for people */
	CELL_STATE,
	CELL_INTERFACE,
	CELL_NUMBER_OF,
	CELL_ROUTER,
	CELL_FLAGS,
	CELL_SINCE,
	CELL_SINCE_SHOWN,
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_HOST] = {"host", LAYOUT_TEXT},
	[CELL_PID] = {"pid", LAYOUT_NUMBER},
	[CELL_FAMILY] = {"family", LAYOUT_TEXT},
	[CELL_ADDRESS] = {"address", LAYOUT_TEXT},
	[CELL_STATION] = {"hardware_address", LAYOUT_TEXT},
	[CELL_STATE] = {"state", LAYOUT_TEXT},
	[CELL_INTERFACE] = {"interface", LAYOUT_TEXT},
	[CELL_NUMBER_OF] = {"index", LAYOUT_NUMBER},
	[CELL_ROUTER] = {"router", LAYOUT_BOOL},
	[CELL_SINCE] = {"confirmed_ms", LAYOUT_NUMBER},
};

static const struct layout_column columns[] = {
	{CELL_ADDRESS, "Address", 25, false, 0},     {CELL_STATION_SHOWN, "HWaddress", 17, false, 0},
	{CELL_STATE, "State", 10, false, 0},         {CELL_FLAGS, "Flags", 0, false, 0},
	{CELL_SINCE_SHOWN, "Confirmed", 0, true, 0}, {CELL_INTERFACE, "Iface", 5, false, 0},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

struct printer {
	const struct tables_query *query;
	struct layout layout;
	struct index interfaces; /* of the kernel, by number */
	struct host_rows hosts;
};

/* What both know of a neighbour. */
struct said {
	const char *host, *interface, *state;
	long pid; /* 0: none */
	uint32_t number;
	const struct berth_address *address;
	const uint8_t *station;
	size_t n_station;
	bool router;
	uint64_t ns_since;
};

static int print_neighbour(struct printer *printer, const struct said *said)
{
	char address[BERTH_ADDRESS_TEXT], station[STATION_TEXT], pid[24], number[24], since[24], shown[24];
	const char *mac = station_text(said->station, said->n_station, station);
	const char *cells[N_CELLS] = {
		[CELL_HOST] = said->host,
		[CELL_PID] = said->pid ? layout_number((uint64_t)said->pid, pid) : NULL,
		[CELL_FAMILY] = said->address->family == BERTH_IP4 ? "ipv4" : "ipv6",
		[CELL_ADDRESS] = host_rows_address(said->address, address),
		[CELL_STATION] = mac,
		[CELL_STATION_SHOWN] = mac ? mac : "-",
		[CELL_STATE] = said->state,
		[CELL_INTERFACE] = said->interface,
		[CELL_NUMBER_OF] = layout_number(said->number, number),
		[CELL_ROUTER] = said->router ? "true" : "false",
		[CELL_FLAGS] = said->router ? "R" : "",
		[CELL_SINCE] = tables_milliseconds(said->ns_since, since),
		[CELL_SINCE_SHOWN] = tables_duration(said->ns_since, shown),
	};

	return layout_line(&printer->layout, cells);
}

/* ---- of berth hosts ---- */

static int print_host_neighbour(struct printer *printer, const struct host_row *row)
{
	static const uint8_t none[6];
	const struct berth_neighbour_row *from = &row->neighbour;
	char name[BERTH_INTERFACE_NAME_MAX];
	const struct said said = {
		.host = row->host,
		.pid = row->pid,
		.interface = host_rows_interface(from->interface, from->index, name),
		.number = from->index,
		.state = berth_neighbour_state_name(from->state),
		.address = &from->address,
		.station = from->mac,
		.n_station = memcmp(from->mac, none, sizeof(none)) ? sizeof(from->mac) : 0,
		.router = from->router,
		.ns_since = from->ns_since,
	};

	return tables_wants(printer->query, from->address.family) ? print_neighbour(printer, &said) : 0;
}

/* ---- the kernel's ---- */

/* Groups and the machine itself have entries, too, for which nobody is asked: -a shows them. */
static int on_message(void *user, const struct nlmsghdr *message)
{
	struct printer *printer = user;
	struct neighbour neighbour;

	if (!neighbour_message(message, &neighbour) || !tables_wants(printer->query, neighbour.address.family) ||
	    (neighbour.state == NUD_NOARP && !printer->query->all))
		return 0;
	const struct said said = {
		.host = "kernel",
		.interface = interface_name(&printer->interfaces, neighbour.interface),
		.number = neighbour.interface,
		.state = neighbour_state_name(neighbour.state),
		.address = &neighbour.address,
		.station = neighbour.station,
		.n_station = neighbour.n_station,
		.router = (neighbour.flags & NTF_ROUTER) != 0,
		/* What need not be confirmed never is. */
		.ns_since = neighbour.state & (NUD_NOARP | NUD_PERMANENT) ? BERTH_FOR_EVER : neighbour.ns_since,
	};
	return said.interface ? print_neighbour(printer, &said) : BERTH_ENOMEM;
}

static int print_kernel(struct printer *printer)
{
	const struct tables_query *query = printer->query;
	bool interrupted = false;
	uint8_t family = query->families == NETSTAT_IP4   ? AF_INET
			 : query->families == NETSTAT_IP6 ? AF_INET6
							  : AF_UNSPEC;
	int r = rtnetlink_dump(RTM_GETNEIGH, family, on_message, printer, &interrupted);

	if (r == 0 && interrupted && query->warn)
		query->warn(query->warn_user,
			    "neighbours changed while they were read: some may be missing or there twice; ask again");
	return r;
}

static int print(struct printer *printer)
{
	const struct tables_query *query = printer->query;
	char title[TABLES_TITLE];
	int r = layout_section(&printer->layout, host_rows_title(&printer->hosts, query, "Neighbour table", title),
			       columns, sizeof(columns) / sizeof(columns[0]), host_rows_shows(&printer->hosts, query));

	for (size_t i = 0; r == 0 && i < printer->hosts.n; i++)
		r = print_host_neighbour(printer, &printer->hosts.rows[i]);
	return r == 0 && query->kernel ? print_kernel(printer) : r;
}

long tables_neighbours(const struct tables_query *query)
{
	struct printer printer = {.query = query};
	int r = index_init(&printer.interfaces, INTERFACE_NAME);

	if (r < 0)
		return r;
	layout_init(&printer.layout, keys, N_CELLS, query->json, stdout);
	r = host_rows_read(&printer.hosts, query, NETSTAT_BIT(BERTH_SNAPSHOT_NEIGHBOUR));
	if (r == 0)
		r = print(&printer);
	host_rows_free(&printer.hosts);
	index_deinit(&printer.interfaces);
	return layout_end(&printer.layout, r);
}
