/* Interfaces, addresses and routes: what is taken, what is refused, and which way packets go. */
#include "one_host.h"

static struct berth_address ip4(uint32_t ip)
{
	return socket_address(ip, 0).address;
}

static int add_route(struct one *o, uint32_t destination, unsigned prefix, uint32_t gateway)
{
	struct berth_address d = ip4(destination), g = ip4(gateway);

	return berth_host_route_add(o->host, &d, prefix, &g);
}

static void interfaces(void **state)
{
	struct berth_interface_config good, c;
	struct one o;

	(void)state;
	one_init(&o);
	berth_interface_config_default(&good);
	assert_true(good.ethernet);
	assert_int_equal(good.mtu, 1500);
	strcpy(good.name, "eth1");
	memcpy(good.mac, mac_peer, 6);
#define REFUSED(member, value)                                                                                         \
	c = good;                                                                                                      \
	c.member = value;                                                                                              \
	assert_int_equal(berth_host_interface_add(o.host, &c), BERTH_EINVAL)
	REFUSED(size, 1);
	REFUSED(mtu, 575);
	REFUSED(mtu, 65536);
	REFUSED(mac[0], 1);
	REFUSED(name[0], 0);
	REFUSED(name[3], '0'); /* the name of another */
	REFUSED(capabilities, 4);
#undef REFUSED
	c = good;
	memset(c.mac, 0, 6);
	assert_int_equal(berth_host_interface_add(o.host, &c), BERTH_EINVAL);
	memset(c.name, 'x', sizeof(c.name));
	assert_int_equal(berth_host_interface_add(o.host, &c), BERTH_EINVAL);
	for (int i = 2; i <= 8; i++) {
		good.name[3] = (char)('0' + i);
		assert_int_equal(berth_host_interface_add(o.host, &good), i);
	}
	good.name[3] = '9';
	assert_int_equal(berth_host_interface_add(o.host, &good), BERTH_ENOSPC);
	one_deinit(&o);
}

static void addresses(void **state)
{
	static const struct {
		int interface;
		uint32_t ip;
		unsigned prefix;
		int result;
	} cases[] = {
		{2, IP(10, 0, 0, 1), 8, BERTH_EINVAL},
		{-1, IP(10, 0, 0, 1), 8, BERTH_EINVAL},
		{1, IP(10, 0, 0, 1), 33, BERTH_EINVAL},
		{1, IP(0, 0, 0, 0), 8, BERTH_EINVAL},
		{1, IP(127, 0, 0, 2), 8, BERTH_EINVAL},
		{1, IP(224, 0, 0, 1), 8, BERTH_EINVAL},
		{1, IP(255, 255, 255, 255), 8, BERTH_EINVAL},
		{1, IP(10, 0, 0, 0), 8, BERTH_EINVAL},
		{1, IP(10, 255, 255, 255), 8, BERTH_EINVAL},
		{1, HOST, 24, BERTH_EADDRINUSE},
		{1, IP(10, 0, 0, 0), 31, 0},
		{1, IP(10, 0, 0, 9), 32, 0},
		{1, IP(10, 0, 0, 1), 8, 0},
	};
	struct berth_address six;
	struct one o;
	int n = 1;

	(void)state;
	one_init(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct berth_address a = ip4(cases[i].ip);

		assert_int_equal(berth_host_address_add(o.host, cases[i].interface, &a, cases[i].prefix),
				 cases[i].result);
		n += cases[i].result == 0;
	}
	assert_int_equal(berth_address_parse("fd00::7", &six), 0);
	assert_int_equal(berth_host_address_add(o.host, 1, &six, 129), BERTH_EINVAL);
	assert_int_equal(berth_host_address_add(o.host, 1, &(struct berth_address){0}, 24), BERTH_EINVAL);
	for (; n < 64; n++) {
		struct berth_address a = ip4(IP(172, 16, (unsigned)n, 1));

		assert_int_equal(berth_host_address_add(o.host, 1, &a, 24), 0);
	}
	six = ip4(IP(172, 17, 0, 1));
	assert_int_equal(berth_host_address_add(o.host, 1, &six, 24), BERTH_ENOSPC);
	one_deinit(&o);
}

static void refused_routes(void **state)
{
	struct berth_address six, any = ip4(0), gateway = ip4(PEER);
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(add_route(&o, 0, 0, IP(10, 0, 0, 1)), BERTH_ENETUNREACH);
	assert_int_equal(add_route(&o, 0, 33, PEER), BERTH_EINVAL);
	assert_int_equal(add_route(&o, 0, 0, HOST), BERTH_EINVAL);
	assert_int_equal(add_route(&o, 0, 0, IP(192, 168, 1, 255)), BERTH_EINVAL);
	assert_int_equal(add_route(&o, IP(127, 0, 0, 0), 8, PEER), BERTH_EINVAL);
	assert_int_equal(add_route(&o, 0, 0, IP(127, 0, 0, 1)), BERTH_EINVAL);
	berth_address_parse("::", &six);
	/* A route stays in its family. */
	assert_int_equal(berth_host_route_add(o.host, &six, 0, &gateway), BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_host_route_add(o.host, &any, 0, &six), BERTH_EAFNOSUPPORT);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(add_route(&o, IP(10, i, 0, 0), 16, PEER), 0);
	assert_int_equal(add_route(&o, IP(10, 99, 0, 0), 16, PEER), BERTH_ENOSPC);
	one_deinit(&o);
}

static uint32_t next_hop(struct one *o, uint32_t destination)
{
	const struct host_path *path = PATH_TO(o->host, destination);

	return path ? ip_to_ip4(&path->next_hop) : 0;
}

static void longest_prefix_wins(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(next_hop(&o, IP(10, 1, 2, 3)), 0);
	assert_null(PATH_TO(o.host, 0));
	assert_int_equal(add_route(&o, IP(10, 1, 0, 0), 16, IP(192, 168, 1, 2)), 0);
	assert_int_equal(add_route(&o, 0, 0, IP(192, 168, 1, 1)), 0);
	assert_int_equal(add_route(&o, IP(10, 1, 2, 3), 32, IP(192, 168, 1, 4)), 0);
	assert_int_equal(add_route(&o, IP(10, 1, 2, 0), 24, IP(192, 168, 1, 3)), 0);
	assert_int_equal(add_route(&o, IP(10, 1, 2, 0), 24, IP(192, 168, 1, 9)), 0); /* second among equals */
	assert_int_equal(next_hop(&o, IP(8, 8, 8, 8)), IP(192, 168, 1, 1));
	assert_int_equal(next_hop(&o, IP(10, 1, 9, 9)), IP(192, 168, 1, 2));
	assert_int_equal(next_hop(&o, IP(10, 1, 2, 9)), IP(192, 168, 1, 3));
	assert_int_equal(next_hop(&o, IP(10, 1, 2, 3)), IP(192, 168, 1, 4));
	assert_int_equal(next_hop(&o, PEER), PEER);
	/* Not even the default route leads where no host can be. */
	assert_null(PATH_TO(o.host, 0));
	assert_null(PATH_TO(o.host, IP(0, 1, 2, 3)));
	assert_null(PATH_TO(o.host, IP(240, 0, 0, 1)));
	one_deinit(&o);
}

static void kinds_of_destination(void **state)
{
	static const struct {
		uint32_t destination, source;
		uint8_t reach, interface;
	} cases[] = {
		{HOST, HOST, REACH_LOCAL, 0},
		{IP(127, 9, 9, 9), IP(127, 9, 9, 9), REACH_LOCAL, 0},
		{PEER, HOST, REACH_UNICAST, 1},
		{IP(192, 168, 1, 255), HOST, REACH_BROADCAST, 1},
		{IP(255, 255, 255, 255), HOST, REACH_BROADCAST, 1},
		{IP(224, 0, 0, 251), HOST, REACH_MULTICAST, 1},
	};
	struct one o;

	(void)state;
	one_init(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct host_path *path = PATH_TO(o.host, cases[i].destination);

		assert_non_null(path);
		assert_int_equal(ip_to_ip4(&path->source), cases[i].source);
		assert_int_equal(path->reach, cases[i].reach);
		assert_int_equal(path->interface, cases[i].interface);
	}
	one_deinit(&o);
}

/* The source is the address on the side that the packet leaves by. */
static void source_by_network(void **state)
{
	struct berth_address second = ip4(IP(10, 0, 0, 7));
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_address_add(o.host, 1, &second, 8), 0);
	assert_int_equal(add_route(&o, 0, 0, IP(10, 0, 0, 1)), 0);
	assert_int_equal(ip_to_ip4(&PATH_TO(o.host, PEER)->source), HOST);
	assert_int_equal(ip_to_ip4(&PATH_TO(o.host, IP(10, 2, 3, 4))->source), IP(10, 0, 0, 7));
	assert_int_equal(ip_to_ip4(&PATH_TO(o.host, IP(8, 8, 8, 8))->source), IP(10, 0, 0, 7));
	one_deinit(&o);
}

/* Broadcast and multicast frames go to the MAC addresses of their groups (RFC 1112 section 6.4). */
static void group_frames(void **state)
{
	static const uint8_t group[6] = {1, 0, 0x5e, 0x7f, 1, 2};
	struct berth_socket_address to = socket_address(IP(192, 168, 1, 255), 9);
	struct one o;
	int s, on = 1;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), BERTH_EACCES);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_SOCKET, BERTH_SO_BROADCAST, &on, sizeof(on)), 0);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	to = socket_address(IP(239, 255, 1, 2), 9);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	assert_int_equal(one_out(&o), 2);
	assert_memory_equal(o.out[0].bytes, mac_everybody, 6);
	assert_memory_equal(o.out[1].bytes, group, 6);
	one_deinit(&o);
}

/* An interface without Ethernet: bare packets both ways, and nobody is asked for. */
static void bare_interface(void **state)
{
	struct berth_interface_config c;
	struct berth_address a = ip4(IP(10, 9, 0, 1));
	struct berth_socket_address to = socket_address(IP(10, 9, 0, 2), 9);
	uint8_t bytes[64], udp[9];
	struct berth_frame_out out[2];
	struct one o;
	size_t n;
	int s;

	(void)state;
	one_init(&o);
	berth_interface_config_default(&c);
	strcpy(c.name, "tun0");
	c.ethernet = false;
	assert_int_equal(berth_host_interface_add(o.host, &c), 2);
	assert_int_equal(berth_host_address_add(o.host, 2, &a, 24), 0);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	assert_int_equal(berth_host_frames_out(o.host, o.now, out, 2), 1);
	assert_int_equal(out[0].interface, 2);
	assert_int_equal(out[0].len, 29);
	assert_int_equal(out[0].off_network, 0);
	assert_int_equal(out[0].off_transport, 20);
	assert_int_equal(out[0].header[out[0].off_header], 0x45);
	make_udp(udp, IP(10, 9, 0, 2), IP(10, 9, 0, 1), 9, 1000, "y", 1);
	n = make_packet(bytes, &(struct packet_spec){
				       .source = IP(10, 9, 0, 2),
				       .destination = IP(10, 9, 0, 1),
				       .protocol = 17,
				       .payload = udp,
				       .n = 9,
			       });
	one_frame_on(&o, 2, bytes + 14, n - 14);
	assert_int_equal(berth_recv(o.host, s, bytes, 9, 0), 1);
	one_frame_on(&o, 2, bytes, 0);
	assert_counter(&o, "ip_too_short", 1);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces),           cmocka_unit_test(addresses),
		cmocka_unit_test(refused_routes),       cmocka_unit_test(longest_prefix_wins),
		cmocka_unit_test(kinds_of_destination), cmocka_unit_test(source_by_network),
		cmocka_unit_test(group_frames),         cmocka_unit_test(bare_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
