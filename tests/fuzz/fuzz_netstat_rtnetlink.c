/* rtnetlink's messages of routes, interfaces, addresses and neighbours: whatever comes in a datagram, what is found is
 * whole. */
#include "netlink.h"
#include "tables/link_message.h"
#include "tables/neighbour_message.h"
#include "tables/route_message.h"
#include "tables/rtnetlink.h"

#include <string.h>

#include "fuzz.h"

static int on_route(void *user, const struct route *route)
{
	char text[12], flags[8];

	CHECK(route->family == BERTH_IP4 || route->family == BERTH_IP6);
	CHECK(route->prefix <= (route->family == BERTH_IP4 ? 32 : 128));
	CHECK(route->destination.family == route->family);
	CHECK(route->source.family == BERTH_ANY_FAMILY || route->source.family == route->family);
	CHECK(route->preference < BERTH_PREFERENCE_N);
	CHECK(*route_type_name(route->type, text));
	CHECK(*route_protocol_name(route->protocol, text));
	CHECK(*route_scope_name(route->scope, text));
	CHECK(*route_table_name(route->table, text));
	route_flags(route, flags);
	CHECK(strlen(flags) < sizeof(flags) && *flags);
	++*(size_t *)user;
	return 0;
}

static void check_link(const struct link *link)
{
	CHECK(link->name[0] && memchr(link->name, 0, sizeof(link->name)));
	CHECK(memchr(link->kind, 0, sizeof(link->kind)));
	CHECK(link->n_station <= sizeof(link->station));
	for (const char *c = link->name; *c; c++)
		CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_address(const struct link_address *found)
{
	CHECK(found->prefix <= (found->address.family == BERTH_IP4 ? 32 : 128));
	CHECK(found->state < BERTH_ADDRESS_STATE_N && found->origin <= BERTH_ORIGIN_N);
}

static void check_neighbour(const struct neighbour *neighbour)
{
	CHECK(neighbour->interface > 0 && neighbour->n_station <= sizeof(neighbour->station));
	CHECK(neighbour->address.family == BERTH_IP4 || neighbour->address.family == BERTH_IP6);
	CHECK(*neighbour_state_name(neighbour->state));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *bytes = malloc(n ? n : 1);
	const struct nlmsghdr *message;
	size_t n_routes = 0, step = 0;

	CHECK(bytes);
	if (n)
		memcpy(bytes, data, n);
	for (size_t at = 0; (message = netlink_message(bytes + at, n - at, &step)); at += step) {
		struct link link;
		struct link_address address;
		struct neighbour neighbour;
		CHECK(step >= sizeof(*message) && step <= n - at);
		CHECK(route_message(message, on_route, &n_routes) == 0);
		if (link_message(message, &link))
			check_link(&link);
		if (link_address_message(message, &address))
			check_address(&address);
		if (neighbour_message(message, &neighbour))
			check_neighbour(&neighbour);
	}
	CHECK(n_routes <= n);
	free(bytes);
	return 0;
}
