/* Path MTU: what routers say, how much of it is believed, and for how long. */
#include "one_host.h"

static int connected(struct one *o)
{
	struct berth_socket_address to = socket_address(PEER, 9);
	int s = one_udp_socket(o, 1000);

	assert_int_equal(berth_connect(o->host, s, &to), 0);
	return s;
}

/* A router says that a datagram of total_len bytes from port 1000 to `destination`:9 was too big. */
static void too_big(struct one *o, uint32_t destination, uint32_t mtu, uint16_t total_len)
{
	uint8_t frame[64], udp[8] = {1000 >> 8, 1000 & 255, 0, 9};

	make_packet(frame, &(struct packet_spec){
				   .source = HOST,
				   .destination = destination,
				   .protocol = 17,
				   .dont = true,
				   .payload = udp,
				   .n = 8,
			   });
	put_be16(frame + 16, total_len);
	one_icmp(o, IP(192, 168, 1, 1), 3, 4, mtu, frame + 14, 28);
}

static uint32_t mtu_to(struct one *o, uint32_t destination)
{
	return PATH_TO(o->host, destination)->mtu;
}

static void lowers_and_fragments(void **state)
{
	static uint8_t data[1400];
	const uint8_t *payload;
	struct ip4_header ip;
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = connected(&o);
	one_meet(&o);
	berth_send(o.host, s, data, sizeof(data), 0);
	one_out(&o);
	ip = sent_ip(&o, 0, &payload);
	assert_true(ip.dont_fragment);
	assert_int_equal(ip.id, 0); /* RFC 6864: what is never fragmented needs none */
	too_big(&o, PEER, 1000, 1428);
	assert_counter(&o, "ip_mtu_lowered", 1);
	one_clear(&o);
	berth_send(o.host, s, data, sizeof(data), 0);
	assert_int_equal(one_out(&o), 2);
	for (unsigned i = 0; i < 2; i++) {
		ip = sent_ip(&o, i, &payload);
		assert_true(ip.total_len <= 1000);
		assert_false(ip.dont_fragment);
		assert_int_equal(ip.more_fragments, i == 0);
	}
	assert_counter(&o, "ip_fragmented", 1);
	/* RFC 1191 section 6.3: after ten minutes the path is tried again. */
	one_run(&o, o.now + 599 * SECOND);
	assert_int_equal(mtu_to(&o, PEER), 1000);
	one_run(&o, o.now + 2 * SECOND);
	assert_int_equal(mtu_to(&o, PEER), 1500);
	one_deinit(&o);
}

static void believed(void **state)
{
	static const struct {
		uint32_t mtu;
		uint16_t total_len;
		uint32_t result;
	} cases[] = {
		{1500, 1500, 1500}, {9000, 1500, 1500}, {1499, 1500, 1499}, {576, 1500, 576}, {575, 1500, 576},
		{68, 1500, 576},    {67, 1500, 1500},   {1, 1500, 1500},    {0, 1500, 1492},  {0, 1492, 1006},
		{0, 1006, 576},     {0, 60, 1500},      {0, 65535, 1500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct one o;

		one_init(&o);
		connected(&o);
		too_big(&o, PEER, cases[i].mtu, cases[i].total_len);
		assert_int_equal(mtu_to(&o, PEER), cases[i].result);
		one_deinit(&o);
	}
}

/* Where a path claims less than 576, routers may fragment: packets go without DF, each with its own ID. */
static void narrow_paths(void **state)
{
	const uint8_t *payload;
	struct ip4_header ip;
	uint16_t ids[3];
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = connected(&o);
	one_meet(&o);
	too_big(&o, PEER, 300, 1500);
	berth_send(o.host, s, "x", 1, 0);
	berth_send(o.host, s, "x", 1, 0);
	berth_send(o.host, s, "x", 1, 0);
	one_out(&o);
	for (unsigned i = 0; i < 3; i++) {
		ip = sent_ip(&o, i, &payload);
		assert_false(ip.dont_fragment);
		ids[i] = ip.id;
	}
	assert_false(ids[1] - ids[0] == 1 && ids[2] - ids[1] == 1);
	one_deinit(&o);
}

static void only_for_a_conversation(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	too_big(&o, PEER, 1000, 1500);
	assert_counter(&o, "icmp_no_match", 1);
	assert_int_equal(mtu_to(&o, PEER), 1500);
	one_deinit(&o);
}

static void bounded(void **state)
{
	struct berth_address any = berth_ip4(0, 0, 0, 0), gateway = berth_ip4(192, 168, 1, 1);
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_route_add(o.host, &any, 0, &gateway), 0);
	one_udp_socket(&o, 1000);
	for (uint32_t i = 1; i <= 1000; i++)
		too_big(&o, IP(10, 0, 0, 0) + i, 1000, 1500);
	assert_int_equal(o.host->path_mtus.n, 256);
	assert_int_equal(mtu_to(&o, IP(10, 0, 0, 0) + 1000), 1000);
	assert_int_equal(mtu_to(&o, IP(10, 0, 0, 0) + 745), 1000);
	assert_int_equal(mtu_to(&o, IP(10, 0, 0, 0) + 744), 1500);
	one_deinit(&o);
}

/* attacks row 32: IDs of fragments follow no count that another peer's reveal. */
static void ids_are_not_counted(void **state)
{
	unsigned near = 0;
	uint16_t last;
	struct one o;

	(void)state;
	one_init(&o);
	last = ip_draw_id(o.host);
	for (unsigned i = 0; i < 10000; i++) {
		uint16_t id = ip_draw_id(o.host);

		near += (uint16_t)(id - last) < 16;
		last = id;
	}
	assert_true(near < 20); /* 2.4 expected of even chance */
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowers_and_fragments),
		cmocka_unit_test(believed),
		cmocka_unit_test(narrow_paths),
		cmocka_unit_test(only_for_a_conversation),
		cmocka_unit_test(bounded),
		cmocka_unit_test(ids_are_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
