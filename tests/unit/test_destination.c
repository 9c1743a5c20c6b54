/* What a host speaks from, and which of a name's addresses it tries first. */
#include "one_host.h"

static struct berth_address address(const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	return a;
}

/* An address on eth0, in this state, with the route to its network. */
static struct host_address *give(struct one *o, const char *text, enum host_address_state state)
{
	struct berth_address a = address(text);
	struct ip ip = ip_of_address(&a);
	struct host_address *made;

	if (ip_is_link_local(&ip))
		ip.scope = 1;
	made = host_address_make(o->host, 1, &ip, ip_is_ip4(&ip) ? IP4_PREFIX + 24 : 64, ORIGIN_HAND, state);
	assert_non_null(made);
	return made;
}

static void route(struct one *o, const char *destination, unsigned prefix, const char *gateway)
{
	struct berth_address d = address(destination), g = address(gateway);

	assert_int_equal(berth_host_route_add(o->host, &d, prefix, &g), 0);
}

static void assert_source(struct one *o, const char *destination, const char *source)
{
	struct berth_address d = address(destination), want = address(source);
	struct ip ip = ip_of_address(&d), from;
	struct host_path path;

	if (ip_high_is_link_local(ip.high))
		ip.scope = 1;
	from = ip_of_address(&want);
	assert_true(host_route(o->host, &ip, &path));
	assert_true(path.source.high == from.high && path.source.low == from.low);
}

/* Sorts addresses that are separated by spaces, and compares. */
static void assert_order(struct one *o, const char *given, const char *wanted)
{
	struct berth_address addresses[16];
	char text[512], out[512] = "", *at = text, *word;
	size_t n = 0;

	strcpy(text, given);
	while ((word = strtok_r(at, " ", &at)))
		addresses[n++] = address(word);
	berth_host_sort_destinations(o->host, addresses, n);
	for (size_t i = 0; i < n; i++) {
		char one[BERTH_ADDRESS_TEXT];

		if (i)
			strcat(out, " ");
		strcat(out, berth_address_format(&addresses[i], one, sizeof(one)));
	}
	assert_string_equal(out, wanted);
}

static void test_sources(void **state)
{
	struct host_address *global;
	struct one o;

	(void)state;
	one_init(&o);
	give(&o, "fe80::7", ADDRESS_PREFERRED);
	global = give(&o, "2001:db8:1::7", ADDRESS_PREFERRED);
	give(&o, "fd00:1::7", ADDRESS_PREFERRED);
	give(&o, "2001:db8:2::7", ADDRESS_TENTATIVE);
	route(&o, "::", 0, "fe80::1");
	assert_source(&o, "fe80::9", "fe80::7");
	assert_source(&o, "ff02::1", "fe80::7");
	assert_source(&o, "2001:db8:1::9", "2001:db8:1::7");
	assert_source(&o, "2001:db8:2::9", "2001:db8:1::7");
	assert_source(&o, "2a00::1", "2001:db8:1::7");
	assert_source(&o, "fd00:2::1", "fd00:1::7");
	assert_source(&o, "ff0e::1", "2001:db8:1::7");
	host_address_set_state(o.host, global, ADDRESS_DEPRECATED);
	assert_source(&o, "2a00::1", "fd00:1::7");
	host_address_drop(o.host, global);
	assert_source(&o, "2a00::1", "fd00:1::7");
	assert_source(&o, "2001:db8:1::9", "fd00:1::7");
	one_deinit(&o);
}

/* Of two IPv4 networks on a link, packets by way of a router come from the one that it is on. */
static void test_source_of_gateway(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	give(&o, "10.0.0.7", ADDRESS_PREFERRED);
	route(&o, "0.0.0.0", 0, "10.0.0.1");
	route(&o, "198.51.100.0", 24, "192.168.1.1");
	assert_source(&o, "203.0.113.1", "10.0.0.7");
	assert_source(&o, "198.51.100.1", "192.168.1.7");
	assert_source(&o, "192.168.1.9", "192.168.1.7");
	assert_source(&o, "10.0.0.9", "10.0.0.7");
	one_deinit(&o);
}

static void test_order(void **state)
{
	struct host_address *global;
	struct one o;

	(void)state;
	one_init(&o);
	/* IPv4 alone, and no default route. */
	assert_order(&o, "2001:db8::1 192.0.2.1 192.168.1.9", "192.168.1.9 2001:db8::1 192.0.2.1");
	route(&o, "0.0.0.0", 0, "192.168.1.1");
	assert_order(&o, "2001:db8::1 192.0.2.1 192.168.1.9", "192.168.1.9 192.0.2.1 2001:db8::1");
	/* With nothing but a link-local address IPv6 does not reach far. */
	give(&o, "fe80::7", ADDRESS_PREFERRED);
	route(&o, "::", 0, "fe80::1");
	assert_order(&o, "2001:db8::1 192.0.2.1", "192.0.2.1 2001:db8::1");
	global = give(&o, "2001:db8:1::7", ADDRESS_PREFERRED);
	assert_order(&o, "192.0.2.1 2001:db8::1", "2001:db8::1 192.0.2.1");
	assert_order(&o, "192.0.2.2 192.0.2.1 2001:db8::2 2001:db8::1 127.0.0.1 ::1",
		     "::1 2001:db8::2 2001:db8::1 127.0.0.1 192.0.2.2 192.0.2.1");
	assert_order(&o, "fd00::1 192.0.2.1", "192.0.2.1 fd00::1");
	host_address_set_state(o.host, global, ADDRESS_DEPRECATED);
	assert_order(&o, "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1");
	one_deinit(&o);
}

/* Nothing to sort, no memory to sort it in, and a mapped address stays as it was written. */
static void test_edges(void **state)
{
	struct berth_address addresses[2] = {address("192.0.2.1"), address("192.168.1.9")};
	struct one o;

	(void)state;
	one_init(&o);
	berth_host_sort_destinations(o.host, NULL, 0);
	o.heap.fail_at = 0;
	berth_host_sort_destinations(o.host, addresses, 2);
	o.heap.fail_at = SIZE_MAX;
	assert_int_equal(addresses[0].bytes[0], 192);
	assert_int_equal(addresses[0].bytes[1], 0);
	assert_order(&o, "2001:db8::1 ::ffff:192.168.1.9", "::ffff:192.168.1.9 2001:db8::1");
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_source_of_gateway),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
