/* The lines of interfaces, addresses, routes, groups, neighbours and servers of names: what is written is read back the
 * same, to the byte; what is wrong is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <berth/snapshot.h>

static struct berth_address address_of(const char *text)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	return address;
}

/* ---- each line, whole and least, and as itself again ---- */

/* Writes the row of an item of this kind. */
static size_t write_item(int kind, const struct berth_snapshot_item *item, char *out)
{
	switch (kind) {
	case BERTH_SNAPSHOT_INTERFACE:
		return berth_snapshot_write_interface(&item->interface, out);
	case BERTH_SNAPSHOT_ADDRESS:
		return berth_snapshot_write_address(&item->address, out);
	case BERTH_SNAPSHOT_ROUTE:
		return berth_snapshot_write_route(&item->route, out);
	case BERTH_SNAPSHOT_GROUP:
		return berth_snapshot_write_group(&item->group, out);
	case BERTH_SNAPSHOT_NEIGHBOUR:
		return berth_snapshot_write_neighbour(&item->neighbour, out);
	case BERTH_SNAPSHOT_DNS:
		return berth_snapshot_write_dns(&item->dns, out);
	case BERTH_SNAPSHOT_SEARCH:
		return berth_snapshot_write_search(&item->search, out);
	default:
		return 0;
	}
}

static void assert_again(int kind, const char *text)
{
	struct berth_snapshot_item item;
	char line[BERTH_SNAPSHOT_LINE], again[BERTH_SNAPSHOT_LINE];

	snprintf(line, sizeof(line), "%s", text);
	assert_int_equal(berth_snapshot_parse(line, &item), kind);
	size_t n = write_item(kind, &item, again);
	assert_int_equal(n, strlen(again));
	assert_string_equal(again, text);
}

static void test_interface(void **state)
{
	const struct berth_interface_row row = {
		.index = 1,
		.name = "eth 0",
		.mac = {2, 0xfc, 0, 0, 0, 1},
		.up = true,
		.ethernet = true,
		.hop_limit = 64,
		.mtu = 1500,
		.frames_in = 1,
		.bytes_in = 2,
		.multicast_in = 3,
		.errors_in = 4,
		.drops_in = 5,
		.frames_out = 6,
		.bytes_out = 7,
		.drops_out = UINT64_MAX,
	};
	struct berth_snapshot_item item;
	char line[BERTH_SNAPSHOT_LINE];

	size_t n = berth_snapshot_write_interface(&row, line);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line, "interface index=1 name=eth%200 mac=02:fc:00:00:00:01 up=1 ethernet=1 hop_limit=64 "
				  "mtu=1500 frames_in=1 bytes_in=2 multicast_in=3 errors_in=4 drops_in=5 frames_out=6 "
				  "bytes_out=7 drops_out=18446744073709551615\n");
	assert_int_equal(berth_snapshot_parse(line, &item), BERTH_SNAPSHOT_INTERFACE);
	assert_int_equal(item.interface.index, 1);
	assert_string_equal(item.interface.name, row.name);
	assert_memory_equal(item.interface.mac, row.mac, 6);
	assert_true(item.interface.up && item.interface.ethernet);
	assert_int_equal(item.interface.hop_limit, 64);
	assert_int_equal(item.interface.mtu, 1500);
	assert_memory_equal(&item.interface.frames_in, &row.frames_in, 8 * sizeof(row.frames_in));
	assert_again(BERTH_SNAPSHOT_INTERFACE, "interface index=0\n");
}

static void test_address(void **state)
{
	struct berth_address_row row = {
		.index = 2,
		.interface = "eth1",
		.address = address_of("fe80::1%2"),
		.prefix = 64,
		.state = BERTH_ADDRESS_TENTATIVE,
		.origin = BERTH_ORIGIN_LINK_LOCAL,
		.ns_valid = BERTH_FOR_EVER,
		.ns_preferred = 0,
	};
	struct berth_snapshot_item item;
	char line[BERTH_SNAPSHOT_LINE];

	berth_snapshot_write_address(&row, line);
	assert_string_equal(line, "address index=2 interface=eth1 address=fe80::1%2/64 state=tentative "
				  "origin=link-local preferred_ns=0\n");
	assert_int_equal(berth_snapshot_parse(line, &item), BERTH_SNAPSHOT_ADDRESS);
	assert_true(berth_address_equal(&item.address.address, &row.address));
	assert_int_equal(item.address.prefix, 64);
	assert_int_equal(item.address.state, BERTH_ADDRESS_TENTATIVE);
	assert_int_equal(item.address.origin, BERTH_ORIGIN_LINK_LOCAL);
	assert_true(item.address.ns_valid == BERTH_FOR_EVER && item.address.ns_preferred == 0);
	for (unsigned s = 0; s < BERTH_ADDRESS_STATE_N; s++) {
		for (unsigned o = 0; o < BERTH_ORIGIN_N; o++) {
			row.state = (uint8_t)s;
			row.origin = (uint8_t)o;
			berth_snapshot_write_address(&row, line);
			assert_again(BERTH_SNAPSHOT_ADDRESS, line);
		}
	}
}

static void test_route(void **state)
{
	const struct berth_route_row row = {
		.index = 1,
		.destination = address_of("2001:db8::"),
		.prefix = 32,
		.gateway = address_of("fe80::2%1"),
		.source = address_of("2001:db8::7"),
		.origin = BERTH_ORIGIN_ROUTER,
		.preference = BERTH_PREFERENCE_LOW,
		.mtu = 1280,
		.ns_remaining = 5,
	};
	char line[BERTH_SNAPSHOT_LINE];

	berth_snapshot_write_route(&row, line);
	assert_string_equal(line, "route index=1 destination=2001:db8::/32 gateway=fe80::2%1 source=2001:db8::7 "
				  "origin=router preference=low mtu=1280 remaining_ns=5\n");
	assert_again(BERTH_SNAPSHOT_ROUTE, line);
	assert_again(BERTH_SNAPSHOT_ROUTE, "route index=0 interface=lo destination=0.0.0.0/0 origin=dhcp\n");
	assert_again(BERTH_SNAPSHOT_ROUTE, "route index=0 destination=::/0 origin=static\n");
	assert_again(BERTH_SNAPSHOT_ROUTE, "route index=0 destination=192.168.1.7/32 origin=redirect\n");
}

static void test_neighbour(void **state)
{
	struct berth_neighbour_row row = {
		.index = 1,
		.interface = "eth0",
		.address = address_of("192.168.1.1"),
		.ns_since = BERTH_FOR_EVER,
	};
	struct berth_snapshot_item item;
	char line[BERTH_SNAPSHOT_LINE];

	berth_snapshot_write_neighbour(&row, line);
	assert_string_equal(line, "neighbour index=1 interface=eth0 address=192.168.1.1 state=INCOMPLETE\n");
	memcpy(row.mac, "\x02\xfc\0\0\xab\xff", 6);
	row.router = true;
	row.ns_since = 0;
	for (unsigned s = 0; s < BERTH_NEIGHBOUR_STATE_N; s++) {
		row.state = (uint8_t)s;
		berth_snapshot_write_neighbour(&row, line);
		assert_again(BERTH_SNAPSHOT_NEIGHBOUR, line);
	}
	assert_string_equal(line, "neighbour index=1 interface=eth0 address=192.168.1.1 mac=02:fc:00:00:ab:ff "
				  "state=FAILED router=1 since_ns=0\n");
	assert_int_equal(berth_snapshot_parse(line, &item), BERTH_SNAPSHOT_NEIGHBOUR);
	assert_memory_equal(item.neighbour.mac, row.mac, 6);
	assert_true(item.neighbour.router);
}

static void test_others(void **state)
{
	assert_again(BERTH_SNAPSHOT_GROUP, "group index=1 interface=eth0 group=224.0.0.1 users=1\n");
	assert_again(BERTH_SNAPSHOT_GROUP, "group index=1 group=ff02::1%1\n");
	assert_again(BERTH_SNAPSHOT_DNS, "dns server=192.168.1.1 origin=dhcp remaining_ns=3600000000000\n");
	assert_again(BERTH_SNAPSHOT_DNS, "dns server=fe80::1%1 origin=router\n");
	assert_again(BERTH_SNAPSHOT_SEARCH, "search domain=a%20b.example.test origin=router remaining_ns=0\n");
}

/* ---- bounds ---- */

static void test_longest(void **state)
{
	struct berth_search_row search = {.origin = BERTH_ORIGIN_LINK_LOCAL, .ns_remaining = 1};
	struct berth_interface_row interface = {.index = UINT32_MAX, .mtu = UINT32_MAX, .hop_limit = 255};
	char line[BERTH_SNAPSHOT_LINE];

	memset(search.domain, '%', sizeof(search.domain) - 1);
	assert_true(berth_snapshot_write_search(&search, line) < BERTH_SNAPSHOT_LINE - 1);
	assert_again(BERTH_SNAPSHOT_SEARCH, line);
	memset(interface.name, ' ', sizeof(interface.name) - 1);
	memset(interface.mac, 0xff, sizeof(interface.mac));
	interface.up = interface.ethernet = true;
	for (uint64_t *p = &interface.frames_in; p <= &interface.drops_out; p++)
		*p = UINT64_MAX;
	assert_true(berth_snapshot_write_interface(&interface, line) < BERTH_SNAPSHOT_LINE - 1);
	assert_again(BERTH_SNAPSHOT_INTERFACE, line);
}

#define ADDRESS "address index=1 address=10.0.0.1/8 state=preferred origin=static"
#define INTERFACE "interface index=1"
#define ROUTE "route index=1 destination=::/0 origin=router"
#define NEIGHBOUR "neighbour index=1 address=::1 state=STALE"

static const char *const wrong[] = {
	"interface",
	"interface name=eth0",
	"interface index=4294967296",
	INTERFACE " hop_limit=256",
	INTERFACE " hop_limit=999999999999999999999",
	INTERFACE " up=2",
	INTERFACE " up=9",
	INTERFACE " up=",
	INTERFACE " up=yes",
	INTERFACE " index=1",
	INTERFACE " name=0123456789abcdef",
	INTERFACE " mac=02:fc:00:00:00",
	INTERFACE " mac=02:fc:00:00:00:01:",
	INTERFACE " mac=02:fc:00:00:00:0",
	INTERFACE " mac=02:FC:00:00:00:01",
	INTERFACE " mac=02-fc-00-00-00-01",
	INTERFACE " mac=",
	"address",
	"address index=1 address=10.0.0.1 state=preferred origin=static",
	"address index=1 address=10.0.0.1/33 state=preferred origin=static",
	"address index=1 address=::1/129 state=preferred origin=static",
	"address index=1 address=10.0.0.1/ state=preferred origin=static",
	"address index=1 address=*/0 state=preferred origin=static",
	"address index=1 address=/8 state=preferred origin=static",
	"address index=1 address=10.0.0.1/8 origin=static",
	"address index=1 address=10.0.0.1/8 state=preferred",
	"address index=1 address=10.0.0.1/8 state=PREFERRED origin=static",
	"address index=1 address=10.0.0.1/8 state=preferred origin=",
	ADDRESS " valid_ns=-1",
	ADDRESS " valid_ns=18446744073709551616",
	ADDRESS " valid_ns=1 valid_ns=1",
	"route index=1 destination=::/0",
	"route index=1 origin=router",
	"route destination=::/0 origin=router",
	ROUTE " preference=best",
	ROUTE " gateway=",
	ROUTE " gateway=10.0.0.1/8",
	ROUTE " mtu=4294967296",
	"group index=1",
	"group index=1 group=*",
	"neighbour index=1 state=STALE",
	"neighbour index=1 address=::1",
	"neighbour index=1 address=::1 state=stale",
	NEIGHBOUR " router=true",
	NEIGHBOUR " ",
	NEIGHBOUR " router",
	"dns server=10.0.0.1",
	"dns server=10.0.0.1:53 origin=dhcp",
	"search origin=dhcp",
	"search domain=%0A origin=dhcp",
};

static void test_wrong(void **state)
{
	static const char *const right[] = {
		INTERFACE, ADDRESS, ROUTE, NEIGHBOUR, ADDRESS " later=1 again=", INTERFACE " up=0 mtu=0"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]) + sizeof(right) / sizeof(right[0]); i++) {
		bool is_right = i >= sizeof(wrong) / sizeof(wrong[0]);
		const char *text = is_right ? right[i - sizeof(wrong) / sizeof(wrong[0])] : wrong[i];
		struct berth_snapshot_item item;
		char line[BERTH_SNAPSHOT_LINE];

		snprintf(line, sizeof(line), "%s", text);
		if ((berth_snapshot_parse(line, &item) >= 0) != is_right)
			fail_msg("\"%s\"", text);
	}
}

/* Every line cut short at every place is refused or says less, and never something that was not there. */
static void test_cut_short(void **state)
{
	static const char whole[] = "neighbour index=1 interface=eth0 address=192.168.1.1 mac=02:fc:00:00:ab:ff "
				    "state=STALE router=1 since_ns=12";

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct berth_snapshot_item item;
		char line[sizeof(whole)];

		memcpy(line, whole, n);
		line[n] = 0;
		int kind = berth_snapshot_parse(line, &item);
		if (n < sizeof("neighbour") - 1)
			assert_int_equal(kind, n ? BERTH_SNAPSHOT_UNKNOWN : BERTH_EPROTO);
		else if (kind != BERTH_EPROTO)
			assert_true(kind == BERTH_SNAPSHOT_NEIGHBOUR && item.neighbour.state == BERTH_NEIGHBOUR_STALE);
	}
}

static void test_names(void **state)
{
	assert_string_equal(berth_origin_name(BERTH_ORIGIN_DHCP), "dhcp");
	assert_string_equal(berth_address_state_name(BERTH_ADDRESS_DUPLICATE), "duplicate");
	assert_string_equal(berth_neighbour_state_name(BERTH_NEIGHBOUR_PROBE), "PROBE");
	assert_string_equal(berth_preference_name(BERTH_PREFERENCE_HIGH), "high");
	assert_string_equal(berth_origin_name((enum berth_origin)BERTH_ORIGIN_N), "?");
	assert_string_equal(berth_address_state_name((enum berth_address_state)BERTH_ADDRESS_STATE_N), "?");
	assert_string_equal(berth_neighbour_state_name((enum berth_neighbour_state)BERTH_NEIGHBOUR_STATE_N), "?");
	assert_string_equal(berth_preference_name((enum berth_preference)BERTH_PREFERENCE_N), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interface), cmocka_unit_test(test_address),   cmocka_unit_test(test_route),
		cmocka_unit_test(test_neighbour), cmocka_unit_test(test_others),    cmocka_unit_test(test_longest),
		cmocka_unit_test(test_wrong),     cmocka_unit_test(test_cut_short), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
