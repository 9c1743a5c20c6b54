/* Snapshots of what a host has besides sockets: rows that say what is there, walks that end, and lines that say the
 * same.
 */
#include "dns.h"
#include "group.h"
#include "two_hosts.h"

#include <stdio.h>

#include "ip.h"
#include "neighbour.h"

static struct berth_address address_of(const char *text)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	return address;
}

static const char *text_of(const struct berth_address *address)
{
	static char text[BERTH_ADDRESS_TEXT];

	return berth_address_format(address, text, sizeof(text));
}

static void assert_address(const struct berth_address *address, const char *text)
{
	assert_string_equal(text_of(address), text);
}

/* ---- interfaces ---- */

static void interfaces(void **state)
{
	struct berth_interface_row row;
	struct cable c = {0};
	uint64_t cursor = 0;

	cable_init(&c);
	assert_true(berth_host_interface_next(c.host[0], &cursor, &row));
	assert_int_equal(row.index, 0);
	assert_string_equal(row.name, "lo");
	assert_true(row.up && !row.ethernet);
	assert_memory_equal(row.mac, "\0\0\0\0\0\0", 6);
	assert_true(berth_host_interface_next(c.host[0], &cursor, &row));
	assert_int_equal(row.index, 1);
	assert_string_equal(row.name, "eth0");
	assert_true(row.up && row.ethernet);
	assert_memory_equal(row.mac, "\2\0\0\0\0\5", 6);
	assert_int_equal(row.mtu, 1500);
	assert_int_equal(row.hop_limit, 64);
	assert_int_equal(row.frames_in, 0);
	assert_false(berth_host_interface_next(c.host[0], &cursor, &row));
	assert_false(berth_host_interface_next(c.host[0], &cursor, &row));
	cable_deinit(&c);
}

static struct berth_interface_row interface_row(const struct berth_host *host, uint64_t index)
{
	struct berth_interface_row row;

	assert_true(berth_host_interface_next(host, &index, &row));
	return row;
}

static void frame_to(struct cable *c, const char *bytes, uint32_t n)
{
	struct berth_frame *frame = berth_frame_new(c->memory, n);

	memcpy(frame->data, bytes, n);
	frame->len = n;
	berth_host_frame_in(c->host[0], 1, frame, c->now);
}

/* A datagram each way, one to the host itself, and frames that are wrong. */
static void counters(void **state)
{
	struct berth_socket_address to = at(7, 7), back = at(5, 9);
	struct cable c = {0};
	struct berth_interface_row row, other;
	int a, b;

	cable_init(&c);
	a = udp_at(&c, 0, 9);
	b = udp_at(&c, 1, 7);
	assert_int_equal(berth_sendto(c.host[0], a, "hello", 5, 0, &to), 5);
	cable_settle(&c);
	assert_int_equal(berth_sendto(c.host[1], b, "hello", 5, 0, &back), 5);
	cable_settle(&c);
	row = interface_row(c.host[0], 1);
	other = interface_row(c.host[1], 1);
	assert_int_equal(row.frames_out, c.n_moved[0]);
	assert_int_equal(row.frames_in, c.n_moved[1]);
	assert_true(row.frames_in == other.frames_out && row.bytes_in == other.bytes_out);
	assert_true(row.frames_out == other.frames_in && row.bytes_out == other.bytes_in);
	assert_true(row.bytes_in >= 28 + 14 + 33);
	/* The one that asked for the other's MAC address asked all. */
	assert_int_equal(other.multicast_in, 1);
	assert_int_equal(row.errors_in, 0);
	frame_to(&c, "\2\0\0\0\0\5", 6);
	frame_to(&c, "\2\0\0\0\0\5\3\0\0\0\0\7\10\0", 14);
	assert_int_equal(interface_row(c.host[0], 1).errors_in, 2);
	assert_int_equal(interface_row(c.host[0], 0).frames_in, 0);
	assert_int_equal(berth_sendto(c.host[0], a, "hello", 5, 0, &back), 5);
	cable_settle(&c);
	row = interface_row(c.host[0], 0);
	assert_int_equal(row.frames_in, 1);
	assert_int_equal(row.frames_out, 1);
	assert_int_equal(row.bytes_in, 33);
	assert_int_equal(row.bytes_out, 33);
	cable_deinit(&c);
}

/* ---- addresses ---- */

struct expected_address {
	const char *address;
	unsigned index, prefix;
	enum berth_address_state state;
	enum berth_origin origin;
	uint64_t ns_valid, ns_preferred;
};

/* Each is there, once, and no other. */
static void assert_addresses(struct cable *c, const struct expected_address *expected, size_t n)
{
	struct berth_address_row row;
	uint64_t cursor = 0;
	size_t seen = 0;

	for (; berth_host_address_next(c->host[0], c->now, &cursor, &row); seen++) {
		const struct expected_address *e = expected;
		while (e < expected + n && strcmp(e->address, text_of(&row.address)) != 0)
			e++;
		if (e == expected + n)
			fail_msg("%s", text_of(&row.address));
		assert_int_equal(row.index, e->index);
		assert_string_equal(row.interface, e->index ? "eth0" : "lo");
		assert_int_equal(row.prefix, e->prefix);
		assert_int_equal(row.state, e->state);
		assert_int_equal(row.origin, e->origin);
		assert_true(row.ns_valid == e->ns_valid && row.ns_preferred == e->ns_preferred);
	}
	assert_int_equal(seen, n);
}

static struct host_address *entry(struct cable *c, const char *text)
{
	const struct berth_address address = address_of(text);
	const struct ip ip = ip_of_address(&address);

	return host_address_find(c->host[0], &ip);
}

static void addresses(void **state)
{
	const struct ip given = ip_of_ip4(0x0a000001), taken = {.high = UINT64_C(0x20010db8) << 32, .low = 7};
	const struct ip local = {.high = UINT64_C(0xfe80) << 48, .low = 5, .scope = 1};
	const struct expected_address expected[] = {
		{"127.0.0.1", 0, 8, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_LOOPBACK, BERTH_FOR_EVER, BERTH_FOR_EVER},
		{"::1", 0, 128, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_LOOPBACK, BERTH_FOR_EVER, BERTH_FOR_EVER},
		{"192.168.1.5", 1, 24, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_STATIC, BERTH_FOR_EVER, BERTH_FOR_EVER},
		{"10.0.0.1", 1, 8, BERTH_ADDRESS_DEPRECATED, BERTH_ORIGIN_DHCP, 2 * SECOND, 0},
		{"2001:db8::7", 1, 64, BERTH_ADDRESS_DUPLICATE, BERTH_ORIGIN_ROUTER, BERTH_FOR_EVER, BERTH_FOR_EVER},
		{"fe80::5%1", 1, 64, BERTH_ADDRESS_TENTATIVE, BERTH_ORIGIN_LINK_LOCAL, BERTH_FOR_EVER, BERTH_FOR_EVER},
	};
	struct cable c = {0};
	struct host_address *a;

	cable_init(&c);
	assert_addresses(&c, expected, 3);
	a = host_address_make(c.host[0], 1, &given, IP4_PREFIX + 8, ORIGIN_DHCP, ADDRESS_DEPRECATED);
	a->preferred_until = c.now - 1;
	a->valid_until = c.now + 2 * SECOND;
	host_address_make(c.host[0], 1, &taken, 64, ORIGIN_ROUTER, ADDRESS_DUPLICATE);
	host_address_make(c.host[0], 1, &local, 64, ORIGIN_HOST, ADDRESS_TENTATIVE);
	assert_addresses(&c, expected, 6);
	/* A free place is no row. */
	host_address_drop(c.host[0], entry(&c, "fe80::5%1"));
	assert_addresses(&c, expected, 5);
	host_address_drop(c.host[0], entry(&c, "10.0.0.1"));
	host_address_drop(c.host[0], entry(&c, "2001:db8::7"));
	assert_addresses(&c, expected, 3);
	cable_deinit(&c);
}

/* ---- routes ---- */

static void add_route(struct cable *c, const char *destination, unsigned prefix, const char *gateway)
{
	const struct berth_address to = address_of(destination), by = address_of(gateway);

	assert_int_equal(berth_host_route_add(c->host[0], &to, prefix, &by), 0);
}

/* Finds the route to this network; how many there are. */
static unsigned find_route(const struct cable *c, const char *destination, unsigned prefix, struct berth_route_row *out)
{
	struct berth_route_row row;
	uint64_t cursor = 0;
	unsigned n = 0;

	while (berth_host_route_next(c->host[0], c->now, &cursor, &row)) {
		if (strcmp(text_of(&row.destination), destination) != 0 || row.prefix != prefix)
			continue;
		*out = row;
		n++;
	}
	return n;
}

static void routes(void **state)
{
	const struct berth_address own = address_of("2001:db8::5");
	struct host_route learned = {
		.destination = {.high = UINT64_C(0x20010db800010000)},
		.gateway = {.high = UINT64_C(0xfe80) << 48, .low = 1, .scope = 1},
		.prefix = 48,
		.interface = 1,
		.origin = ORIGIN_ROUTER,
		.preference = 1,
	};
	struct berth_route_row row;
	struct cable c = {0};

	cable_init(&c);
	learned.valid_until = c.now + 5 * SECOND;
	assert_int_equal(berth_host_address_add(c.host[0], 1, &own, 64), 0);
	add_route(&c, "0.0.0.0", 0, "192.168.1.1");
	add_route(&c, "::", 0, "2001:db8::1");
	assert_true(host_route_insert(c.host[0], &learned));

	assert_int_equal(find_route(&c, "0.0.0.0", 0, &row), 1);
	assert_address(&row.gateway, "192.168.1.1");
	assert_int_equal(row.index, 1);
	assert_string_equal(row.interface, "eth0");
	assert_int_equal(row.origin, BERTH_ORIGIN_STATIC);
	assert_int_equal(row.preference, BERTH_PREFERENCE_MEDIUM);
	assert_true(row.ns_remaining == BERTH_FOR_EVER);
	assert_int_equal(find_route(&c, "::", 0, &row), 1);
	assert_int_equal(row.destination.family, BERTH_IP6);
	assert_address(&row.gateway, "2001:db8::1");
	assert_int_equal(find_route(&c, "192.168.1.0", 24, &row), 1);
	assert_int_equal(row.gateway.family, BERTH_ANY_FAMILY);
	assert_int_equal(row.origin, BERTH_ORIGIN_ADDRESS);
	assert_int_equal(find_route(&c, "127.0.0.0", 8, &row), 1);
	assert_int_equal(row.origin, BERTH_ORIGIN_LOOPBACK);
	assert_int_equal(find_route(&c, "2001:db8:1::", 48, &row), 1);
	assert_address(&row.gateway, "fe80::1%1");
	assert_int_equal(row.origin, BERTH_ORIGIN_ROUTER);
	assert_int_equal(row.preference, BERTH_PREFERENCE_HIGH);
	assert_true(row.ns_remaining == 5 * SECOND);
	cable_deinit(&c);
}

/* ---- groups ---- */

/* All groups as text, "lo 224.0.0.1 1, eth0 ...". */
static void assert_groups(const struct cable *c, const char *expected)
{
	struct berth_group_row row;
	char text[512] = "";
	uint64_t cursor = 0;
	size_t n = 0;

	while (berth_host_group_next(c->host[0], &cursor, &row))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s %u", n ? ", " : "", row.interface,
				      text_of(&row.group), row.users);
	assert_string_equal(text, expected);
	assert_false(berth_host_group_next(c->host[0], &cursor, &row));
}

static void groups(void **state)
{
	const struct ip four = ip_of_ip4(0xef010203), six = {.high = UINT64_C(0xff02) << 48, .low = 0x10203};
	struct cable c = {0};

	cable_init(&c);
	c.host[0]->interfaces[0].ip6 = true;
	assert_groups(&c, "lo 224.0.0.1 1, lo ff02::1 1, eth0 224.0.0.1 1");
	assert_int_equal(group_join(c.host[0], 1, &four), 0);
	assert_int_equal(group_join(c.host[0], 1, &four), 0);
	assert_groups(&c, "lo 224.0.0.1 1, lo ff02::1 1, eth0 224.0.0.1 1, eth0 239.1.2.3 2");
	assert_int_equal(group_leave(c.host[0], 1, &four), 0);
	assert_int_equal(group_leave(c.host[0], 1, &four), 0);
	assert_int_equal(group_join(c.host[0], 1, &six), 0);
	assert_groups(&c, "lo 224.0.0.1 1, lo ff02::1 1, eth0 224.0.0.1 1, eth0 ff02::1:203%1 1");
	cable_deinit(&c);
}

/* ---- neighbours ---- */

static unsigned find_neighbour(const struct cable *c, const char *address, struct berth_neighbour_row *out)
{
	struct berth_neighbour_row row;
	uint64_t cursor = 0;
	unsigned n = 0;

	while (berth_host_neighbour_next(c->host[0], c->now, &cursor, &row)) {
		if (address && strcmp(text_of(&row.address), address) != 0)
			continue;
		*out = row;
		n++;
	}
	return n;
}

static void neighbours(void **state)
{
	struct berth_socket_address to = at(7, 7), nobody = at(9, 7);
	struct berth_neighbour_row row;
	struct cable c = {0};
	int s;

	cable_init(&c);
	assert_int_equal(find_neighbour(&c, NULL, &row), 0);
	s = udp_at(&c, 0, 9);
	assert_int_equal(berth_sendto(c.host[0], s, "hello", 5, 0, &to), 5);
	assert_int_equal(berth_sendto(c.host[0], s, "hello", 5, 0, &nobody), 5);
	cable_settle(&c);
	assert_int_equal(find_neighbour(&c, NULL, &row), 2);
	assert_int_equal(find_neighbour(&c, "192.168.1.7", &row), 1);
	assert_int_equal(row.state, BERTH_NEIGHBOUR_REACHABLE);
	assert_memory_equal(row.mac, "\2\0\0\0\0\6", 6);
	assert_int_equal(row.index, 1);
	assert_string_equal(row.interface, "eth0");
	assert_int_equal(find_neighbour(&c, "192.168.1.9", &row), 1);
	assert_int_equal(row.state, BERTH_NEIGHBOUR_INCOMPLETE);
	assert_memory_equal(row.mac, "\0\0\0\0\0\0", 6);
	assert_true(row.ns_since == BERTH_FOR_EVER && !row.router);
	cable_deinit(&c);
}

/* In every state; a router; and how long ago one was heard of. */
static void neighbours_change(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 6};
	static const enum berth_neighbour_state expected[] = {
		[NEIGHBOUR_INCOMPLETE] = BERTH_NEIGHBOUR_INCOMPLETE, [NEIGHBOUR_REACHABLE] = BERTH_NEIGHBOUR_REACHABLE,
		[NEIGHBOUR_STALE] = BERTH_NEIGHBOUR_STALE,           [NEIGHBOUR_DELAY] = BERTH_NEIGHBOUR_DELAY,
		[NEIGHBOUR_PROBE] = BERTH_NEIGHBOUR_PROBE,
	};
	const struct ip ip = ip_of_ip4(0xc0a80107);
	struct berth_neighbour_row row;
	struct neighbour *n;
	struct cable c = {0};

	cable_init(&c);
	assert_true(neighbour_introduce(c.host[0], 1, &ip, mac));
	assert_int_equal(find_neighbour(&c, "192.168.1.7", &row), 1);
	assert_int_equal(row.state, BERTH_NEIGHBOUR_STALE);
	assert_true(row.ns_since == BERTH_FOR_EVER);
	n = neighbour_find(c.host[0], 1, &ip);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		n->state = (uint8_t)i;
		find_neighbour(&c, "192.168.1.7", &row);
		assert_int_equal(row.state, expected[i]);
		assert_memory_equal(row.mac, i == NEIGHBOUR_INCOMPLETE ? (const uint8_t[6]){0} : mac, 6);
	}
	n->state = NEIGHBOUR_STALE;
	n->is_router = true;
	berth_host_expire(c.host[0], c.now);
	neighbour_learn(c.host[0], n, mac, true);
	c.now += 5 * SECOND;
	find_neighbour(&c, "192.168.1.7", &row);
	assert_int_equal(row.state, BERTH_NEIGHBOUR_REACHABLE);
	assert_true(row.router && row.ns_since == 5 * SECOND);
	cable_deinit(&c);
}

/* Those that live through a walk are seen once, whatever comes and goes meanwhile. */
static void neighbours_come_and_go(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 1, 0};
	struct berth_neighbour_row row;
	struct cable c = {0};
	bool seen[100] = {false};
	uint64_t cursor = 0;
	unsigned n = 0;

	cable_init(&c);
	for (uint32_t i = 0; i < 100; i++) {
		const struct ip ip = ip_of_ip4(0xc0a80164 + i);
		neighbour_introduce(c.host[0], 1, &ip, mac);
	}
	while (berth_host_neighbour_next(c.host[0], c.now, &cursor, &row)) {
		const struct ip later = ip_of_ip4(0xc0a8010a + n % 80);
		unsigned which = row.address.bytes[3] - 100u;
		neighbour_introduce(c.host[0], 1, &later, mac);
		n++;
		if (row.address.bytes[3] < 100)
			continue;
		assert_false(seen[which]);
		seen[which] = true;
	}
	for (unsigned i = 0; i < 100; i++)
		assert_true(seen[i]);
	cable_deinit(&c);
}

/* ---- names ---- */

static void names(void **state)
{
	const struct berth_address by_hand = address_of("192.168.1.53");
	const struct ip router = {.high = UINT64_C(0xfe80) << 48, .low = 1, .scope = 1};
	struct cable c = {0};
	struct berth_search_row search;
	struct berth_dns_row row;
	uint64_t cursor = 0;

	cable_init(&c);
	assert_false(berth_host_dns_next(c.host[0], c.now, &cursor, &row));
	assert_false(berth_host_search_next(c.host[0], c.now, &cursor, &search));
	berth_host_expire(c.host[0], c.now);
	assert_true(host_dns_set(c.host[0], ORIGIN_ROUTER, 1, &router, c.now + 3 * SECOND));
	assert_int_equal(berth_host_dns_add(c.host[0], &by_hand), 0);
	assert_true(host_search_set(c.host[0], ORIGIN_DHCP, 1, "example.test", c.now + 9 * SECOND));
	assert_true(berth_host_dns_next(c.host[0], c.now, &cursor, &row));
	assert_address(&row.server, "192.168.1.53");
	assert_int_equal(row.origin, BERTH_ORIGIN_STATIC);
	assert_true(row.ns_remaining == BERTH_FOR_EVER);
	assert_true(berth_host_dns_next(c.host[0], c.now, &cursor, &row));
	assert_address(&row.server, "fe80::1%1");
	assert_int_equal(row.origin, BERTH_ORIGIN_ROUTER);
	assert_true(row.ns_remaining == 3 * SECOND);
	assert_false(berth_host_dns_next(c.host[0], c.now, &cursor, &row));
	cursor = 0;
	assert_true(berth_host_search_next(c.host[0], c.now + SECOND, &cursor, &search));
	assert_string_equal(search.domain, "example.test");
	assert_int_equal(search.origin, BERTH_ORIGIN_DHCP);
	assert_true(search.ns_remaining == 8 * SECOND);
	/* What has run out is no row any more, even when nobody has told the host the time. */
	cursor = 1;
	assert_false(berth_host_dns_next(c.host[0], c.now + 3 * SECOND, &cursor, &row));
	cursor = 0;
	assert_false(berth_host_search_next(c.host[0], c.now + 9 * SECOND, &cursor, &search));
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces),
		cmocka_unit_test(counters),
		cmocka_unit_test(addresses),
		cmocka_unit_test(routes),
		cmocka_unit_test(groups),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(neighbours_change),
		cmocka_unit_test(neighbours_come_and_go),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
