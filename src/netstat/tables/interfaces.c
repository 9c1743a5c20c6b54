/* Interfaces (-i): what rtnetlink tells of each, in net-tools' columns, with their addresses. */
#include "index.h"
#include "layout.h"
#include "link_message.h"
#include "rtnetlink.h"
#include "tables.h"

#include <berth/error.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum cell {
	CELL_NAME,
	CELL_NUMBER_OF,
	CELL_MTU,
	CELL_FLAGS,
	CELL_STATE,
	CELL_KIND_OF,
	CELL_STATION,
	CELL_ADDRESSES,
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
	N_CELLS,
};

static const struct layout_key keys[N_CELLS] = {
	[CELL_NAME] = {"interface", LAYOUT_TEXT},
	[CELL_NUMBER_OF] = {"index", LAYOUT_NUMBER},
	[CELL_MTU] = {"mtu", LAYOUT_NUMBER},
	[CELL_FLAGS] = {"flags", LAYOUT_TEXT},
	[CELL_STATE] = {"state", LAYOUT_TEXT},
	[CELL_KIND_OF] = {"kind", LAYOUT_TEXT},
	[CELL_STATION] = {"hardware_address", LAYOUT_TEXT},
	[CELL_ADDRESSES] = {"addresses", LAYOUT_TEXTS},
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
	{CELL_RX_DRP_SHOWN, "RX-DRP", 6, true, 0}, {CELL_RX_OVR, "RX-OVR", 6, true, 0},
	{CELL_TX_OK, "TX-OK", 8, true, 0},         {CELL_TX_ERR, "TX-ERR", 6, true, 0},
	{CELL_TX_DRP, "TX-DRP", 6, true, 0},       {CELL_TX_OVR, "TX-OVR", 6, true, 0},
	{CELL_FLAGS, "Flg", 0, false, 0},          {CELL_ADDRESSES, "Addresses", 0, false, 1},
};

/* The addresses of an interface, "192.0.2.2/24 fd00::2/64". */
struct addresses {
	char *text;
	size_t n;
};

struct listing {
	struct link *links;
	size_t n, room;
	struct index addresses; /* of struct addresses, by the interface's number */
	uint32_t families;
};

static int on_link(void *user, const struct nlmsghdr *message)
{
	struct listing *listing = user;

	if (listing->n == listing->room) {
		size_t room = listing->room ? 2 * listing->room : 16;
		struct link *links = reallocarray(listing->links, room, sizeof(*links));
		if (!links)
			return BERTH_ENOMEM;
		listing->links = links;
		listing->room = room;
	}
	listing->n += link_message(message, &listing->links[listing->n]);
	return 0;
}

static int on_address(void *user, const struct nlmsghdr *message)
{
	char text[BERTH_ADDRESS_TEXT], more[BERTH_ADDRESS_TEXT + 8];
	struct listing *listing = user;
	struct link_address found;

	if (!link_address_message(message, &found) ||
	    !(listing->families & (found.address.family == BERTH_IP4 ? NETSTAT_IP4 : NETSTAT_IP6)))
		return 0;
	struct addresses *addresses = index_get(&listing->addresses, &found.number, sizeof(found.number), NULL);
	if (!addresses)
		return BERTH_ENOMEM;
	berth_address_format(&found.address, text, sizeof(text));
	int n = snprintf(more, sizeof(more), "%s%s/%u", addresses->n ? " " : "", text, found.prefix);
	char *grown = realloc(addresses->text, addresses->n + (size_t)n + 1);
	if (!grown)
		return BERTH_ENOMEM;
	memcpy(grown + addresses->n, more, (size_t)n + 1);
	addresses->text = grown;
	addresses->n += (size_t)n;
	return 0;
}

static int listing_read(struct listing *listing, const struct tables_query *query)
{
	bool links = false, addresses = false;
	int r = rtnetlink_dump(RTM_GETLINK, AF_UNSPEC, on_link, listing, &links);

	if (r == 0)
		r = rtnetlink_dump(RTM_GETADDR, AF_UNSPEC, on_address, listing, &addresses);
	if (r == 0 && (links || addresses) && query->warn)
		query->warn(query->warn_user,
			    "interfaces changed while they were read: some may be missing or there twice; ask again");
	return r;
}

static void listing_free(struct listing *listing)
{
	struct addresses *addresses = NULL;

	while ((addresses = index_next(&listing->addresses, addresses)))
		free(addresses->text);
	index_deinit(&listing->addresses);
	free(listing->links);
}

/* "02:fc:00:00:00:01". */
static const char *station_text(const struct link *link, char out[3 * sizeof(link->station) + 1])
{
	out[0] = 0;
	for (size_t i = 0; i < link->n_station; i++)
		snprintf(out + (i ? 3 * i - 1 : 0), 4, "%s%02x", i ? ":" : "", link->station[i]);
	return link->n_station ? out : NULL;
}

static int print_link(struct layout *layout, const struct listing *listing, const struct link *link)
{
	const struct rtnl_link_stats64 *counters = &link->counters;
	const struct addresses *addresses = index_find(&listing->addresses, &link->number, sizeof(link->number));
	const uint64_t numbers[N_CELLS] = {
		[CELL_NUMBER_OF] = link->number,
		[CELL_MTU] = link->mtu,
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
	char texts[N_CELLS][24], flags[24], station[3 * sizeof(link->station) + 1];
	const char *cells[N_CELLS];

	for (size_t i = 0; i < N_CELLS; i++)
		cells[i] = layout_number(numbers[i], texts[i]);
	link_flags(link->flags, flags);
	cells[CELL_NAME] = link->name;
	cells[CELL_FLAGS] = flags;
	cells[CELL_STATE] = link_state_name(link->state);
	cells[CELL_KIND_OF] = link->kind[0] ? link->kind : NULL;
	cells[CELL_STATION] = station_text(link, station);
	cells[CELL_ADDRESSES] = addresses ? addresses->text : "";
	return layout_line(layout, cells);
}

static int by_number(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static long print(const struct tables_query *query, struct listing *listing)
{
	struct layout layout;

	layout_init(&layout, keys, N_CELLS, query->json, stdout);
	int r = layout_section(&layout, "Kernel Interface table", columns, sizeof(columns) / sizeof(columns[0]),
			       query->extend);
	if (listing->n)
		qsort(listing->links, listing->n, sizeof(*listing->links), by_number);
	for (size_t i = 0; r == 0 && i < listing->n; i++)
		if (query->all || (listing->links[i].flags & IFF_UP))
			r = print_link(&layout, listing, &listing->links[i]);
	return layout_end(&layout, r);
}

long tables_interfaces(const struct tables_query *query)
{
	struct listing listing = {.families = query->families};
	int r = index_init(&listing.addresses, sizeof(struct addresses));
	long n = r;

	if (r == 0)
		r = listing_read(&listing, query);
	n = r == 0 ? print(query, &listing) : r;
	listing_free(&listing);
	return n;
}
