/* Interfaces as rtnetlink tells them, and as snapshots of berth hosts do, in the kernel's words. */
#include "interface_list.h"

#include "name_servers.h"
#include "rtnetlink.h"

#include <berth/error.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

/* Whose interface, and which. */
struct key {
	uint32_t host, number;
};

static struct interface *link_new(struct interfaces *interfaces)
{
	if (interfaces->n == interfaces->room) {
		size_t room = interfaces->room ? 2 * interfaces->room : 16;
		struct interface *links = reallocarray(interfaces->items, room, sizeof(*links));
		if (!links)
			return NULL;
		interfaces->items = links;
		interfaces->room = room;
	}
	return &interfaces->items[interfaces->n++];
}

static int address_add(struct interfaces *interfaces, uint32_t host, const struct link_address *address)
{
	const struct key key = {host, address->number};

	if (!tables_wants(interfaces->query, address->address.family))
		return 0;
	struct interface_addresses *addresses = index_get(&interfaces->addresses, &key, sizeof(key), NULL);
	if (!addresses)
		return BERTH_ENOMEM;
	if (addresses->n == addresses->room) {
		size_t room = addresses->room ? 2 * addresses->room : 2;
		struct link_address *items = reallocarray(addresses->items, room, sizeof(*items));
		if (!items)
			return BERTH_ENOMEM;
		addresses->items = items;
		addresses->room = room;
	}
	addresses->items[addresses->n++] = *address;
	return 0;
}

static int on_link(void *user, const struct nlmsghdr *message)
{
	struct interface found = {.host_name = "kernel"};

	if (!link_message(message, &found.link))
		return 0;
	struct interface *out = link_new(user);
	if (!out)
		return BERTH_ENOMEM;
	*out = found;
	return 0;
}

static int on_address(void *user, const struct nlmsghdr *message)
{
	struct link_address found;

	return link_address_message(message, &found) ? address_add(user, 0, &found) : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct interface *x = a, *y = b;

	return (x->link.number > y->link.number) - (x->link.number < y->link.number);
}

static int read_kernel(struct interfaces *interfaces)
{
	const struct tables_query *query = interfaces->query;
	bool links = false, addresses = false;
	size_t n_before = interfaces->n;
	int r = rtnetlink_dump(RTM_GETLINK, AF_UNSPEC, on_link, interfaces, &links);

	if (r == 0)
		r = rtnetlink_dump(RTM_GETADDR, AF_UNSPEC, on_address, interfaces, &addresses);
	if (r == 0 && (links || addresses) && query->warn)
		query->warn(query->warn_user,
			    "interfaces changed while they were read: some may be missing or there twice; ask again");
	if (interfaces->n > n_before)
		qsort(interfaces->items + n_before, interfaces->n - n_before, sizeof(*interfaces->items), by_number);
	return r;
}

/* What a berth host has, in the kernel's words. */
static void link_of_host(const struct berth_interface_row *row, struct link *out)
{
	*out = (struct link){
		.number = row->index,
		.flags = (row->up ? IFF_UP | IFF_RUNNING : 0u) | (row->ethernet ? IFF_BROADCAST | IFF_MULTICAST : 0u) |
			 (row->index == 0 ? IFF_LOOPBACK : 0u),
		.mtu = row->mtu,
		.state = row->up ? IF_OPER_UP : IF_OPER_DOWN,
		.n_station = row->ethernet ? sizeof(row->mac) : 0,
		.counters = {.rx_packets = row->frames_in,
			     .rx_bytes = row->bytes_in,
			     .rx_errors = row->errors_in,
			     .rx_dropped = row->drops_in,
			     .multicast = row->multicast_in,
			     .tx_packets = row->frames_out,
			     .tx_bytes = row->bytes_out,
			     .tx_dropped = row->drops_out},
	};
	memcpy(out->station, row->mac, sizeof(row->mac));
	host_rows_interface(row->name, row->index, out->name);
}

static int take_host_address(struct interfaces *interfaces, const struct host_row *row)
{
	const struct berth_address_row *from = &row->address;
	const struct link_address address = {
		.number = from->index,
		.prefix = from->prefix,
		.state = from->state,
		.origin = from->origin,
		.address = from->address,
		.ns_valid = from->ns_valid,
		.ns_preferred = from->ns_preferred,
	};

	return address_add(interfaces, row->number, &address);
}

static int take_host_interface(struct interfaces *interfaces, const struct host_row *row)
{
	struct interface *found = link_new(interfaces);

	if (!found)
		return BERTH_ENOMEM;
	*found = (struct interface){
		.host = row->number, .host_name = row->host, .pid = row->pid, .hop_limit = row->interface.hop_limit};
	link_of_host(&row->interface, &found->link);
	return 0;
}

/* Servers of names and domains stay where they are, in the list of rows. */
static int take_host_row(struct interfaces *interfaces, const struct host_row *row)
{
	if (row->kind == BERTH_SNAPSHOT_ADDRESS)
		return take_host_address(interfaces, row);
	return row->kind == BERTH_SNAPSHOT_INTERFACE ? take_host_interface(interfaces, row) : 0;
}

int interfaces_read(struct interfaces *interfaces, const struct tables_query *query)
{
	int r;

	*interfaces = (struct interfaces){.query = query};
	r = index_init(&interfaces->addresses, sizeof(struct interface_addresses));
	if (r < 0)
		return r;
	r = host_rows_read(&interfaces->hosts, query, NAME_SERVERS_ROWS | NETSTAT_BIT(BERTH_SNAPSHOT_ADDRESS));

	for (size_t i = 0; r == 0 && i < interfaces->hosts.n; i++)
		r = take_host_row(interfaces, &interfaces->hosts.rows[i]);
	return r == 0 && interfaces->query->kernel ? read_kernel(interfaces) : r;
}

void interfaces_free(struct interfaces *interfaces)
{
	struct interface_addresses *addresses = NULL;

	while ((addresses = index_next(&interfaces->addresses, addresses)))
		free(addresses->items);
	index_deinit(&interfaces->addresses);
	host_rows_free(&interfaces->hosts);
	free(interfaces->items);
}

const struct interface_addresses *interfaces_addresses(const struct interfaces *interfaces,
						       const struct interface *interface)
{
	static const struct interface_addresses none;
	const struct key key = {interface->host, interface->link.number};
	const struct interface_addresses *addresses = index_find(&interfaces->addresses, &key, sizeof(key));

	return addresses ? addresses : &none;
}
