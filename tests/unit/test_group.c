/* The groups of an interface: who has joined them, how many there may be, and what is let in. */
#include "group_peer.h"

static void test_references(void **state)
{
	struct ip group = ip_from("239.1.2.3");
	struct one o;

	(void)state;
	one_init(&o);
	assert_false(is_joined(&o, "239.1.2.3"));
	assert_int_equal(group_leave(o.host, 1, &group), BERTH_EADDRNOTAVAIL);
	join(&o, "239.1.2.3");
	join(&o, "239.1.2.3");
	assert_true(is_joined(&o, "239.1.2.3"));
	assert_false(is_joined(&o, "239.1.2.4"));
	assert_false(group_joined(o.host, 0, &group));
	leave(&o, "239.1.2.3");
	assert_true(is_joined(&o, "239.1.2.3"));
	leave(&o, "239.1.2.3");
	assert_false(is_joined(&o, "239.1.2.3"));
	assert_int_equal(group_leave(o.host, 1, &group), BERTH_EADDRNOTAVAIL);
	assert_int_equal(group_leave(o.host, 7, &group), BERTH_EADDRNOTAVAIL);
	one_deinit(&o);
}

/* A group is the same whatever scope it comes with. */
static void test_scope(void **state)
{
	struct ip scoped = ip_from("ff02::fb"), bare = scoped;
	struct one o;

	(void)state;
	one_init(&o);
	scoped.scope = 1;
	assert_int_equal(group_join(o.host, 1, &scoped), 0);
	assert_true(group_joined(o.host, 1, &bare));
	assert_int_equal(group_leave(o.host, 1, &bare), 0);
	assert_false(group_joined(o.host, 1, &scoped));
	one_deinit(&o);
}

static void test_refused(void **state)
{
	static const char *const none[] = {"192.168.1.7", "255.255.255.255", "0.0.0.0", "::", "fe80::1", "ff00::1"};
	struct ip group = ip_from("239.1.2.3");
	struct one o;

	(void)state;
	one_init(&o);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct ip ip = ip_from(none[i]);

		assert_int_equal(group_join(o.host, 1, &ip), BERTH_EINVAL);
	}
	assert_int_equal(group_join(o.host, 2, &group), BERTH_EINVAL);
	one_run(&o, o.now + SECOND);
	assert_int_equal(o.n_out, 0);
	one_deinit(&o);
}

/* All hosts are joined from the beginning, in silence, and stay so when a program has come and gone. */
static void test_always(void **state)
{
	static const char *const always[] = {"224.0.0.1", "ff02::1"};
	struct one o;

	(void)state;
	one_init(&o);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	one_run(&o, o.now + 60 * SECOND);
	one_clear(&o);
	for (size_t i = 0; i < 2; i++) {
		assert_true(is_joined(&o, always[i]));
		join(&o, always[i]);
		assert_true(is_joined(&o, always[i]));
		one_run(&o, o.now + SECOND);
		leave(&o, always[i]);
		assert_true(is_joined(&o, always[i]));
		one_run(&o, o.now + 60 * SECOND);
	}
	assert_int_equal(anything_said(&o), 0);
	one_deinit(&o);
}

/* 64 groups of programs, and no more; those of addresses have room beside them. */
static void test_bound(void **state)
{
	struct ip group = ip_from("239.0.0.0");
	struct one o;

	(void)state;
	one_init(&o);
	for (unsigned i = 0; i < HOST_GROUPS_MAX; i++, group.low++)
		assert_int_equal(group_join(o.host, 1, &group), 0);
	assert_int_equal(group_join(o.host, 1, &group), BERTH_ENOBUFS);
	join(&o, "239.0.0.7");
	assert_int_equal(group_join(o.host, 0, &group), 0);
	for (unsigned i = 0; i < HOST_ADDRESSES_MAX - 3; i++) {
		struct ip ip = {.high = UINT64_C(0xfd00) << 48, .low = 0x1000 + i};

		assert_non_null(host_address_make(o.host, 1, &ip, 64, ORIGIN_HAND, ADDRESS_PREFERRED));
	}
	assert_true(is_joined(&o, "ff02::1:ff00:1000"));
	assert_true(is_joined(&o, "ff02::1:ff00:103c"));
	group.low--;
	assert_int_equal(group_leave(o.host, 1, &group), 0);
	group.low += 2;
	assert_int_equal(group_join(o.host, 1, &group), 0);
	one_deinit(&o);
}

/* A program that joins and leaves one group after the other makes the list no longer than its bound, and the report of
 * what it left no longer than that. */
static void test_hopping(void **state)
{
	struct ip group = ip_from("ff0e::1");
	struct one o;
	size_t bytes;

	(void)state;
	one_init(&o);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	for (unsigned i = 0; i < 10000; i++, group.low++) {
		assert_int_equal(group_join(o.host, 1, &group), 0);
		assert_int_equal(group_leave(o.host, 1, &group), 0);
		if (i == 1000)
			bytes = o.heap.n_bytes;
	}
	assert_int_equal(o.heap.n_bytes, bytes);
	assert_true(bytes < 96 * 1024);
	one_run(&o, o.now + 10 * MS);
	assert_true(anything_said(&o) <= 256);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, "ff02::1:ff00:7"), 1);
	one_clear(&o);
	one_run(&o, o.now + 10 * SECOND);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_INCLUDE, "ff0e::2710"), 1);
	one_deinit(&o);
}

/* The groups of the host's own addresses, shared where the last 24 bits are. */
static void test_solicited_node(void **state)
{
	struct host_address *a, *b;
	struct one o;

	(void)state;
	one_init(&o);
	a = give_address(&o, "fd00::1:2:3456", ADDRESS_TENTATIVE);
	b = give_address(&o, "fd01::1:2:3456", ADDRESS_PREFERRED);
	assert_true(is_joined(&o, "ff02::1:ff02:3456"));
	join(&o, "ff02::1:ff02:3456");
	host_address_drop(o.host, a);
	assert_true(is_joined(&o, "ff02::1:ff02:3456"));
	leave(&o, "ff02::1:ff02:3456");
	assert_true(is_joined(&o, "ff02::1:ff02:3456"));
	host_address_drop(o.host, b);
	assert_false(is_joined(&o, "ff02::1:ff02:3456"));
	one_deinit(&o);
}

static void test_rows(void **state)
{
	struct one o;
	struct ip ip;
	uint32_t users;

	(void)state;
	one_init(&o);
	assert_false(group_row(o.host, 1, 0, &ip, &users));
	join(&o, "239.1.2.3");
	join(&o, "239.1.2.4");
	join(&o, "239.1.2.4");
	join(&o, "239.1.2.5");
	leave(&o, "239.1.2.3");
	assert_true(group_row(o.host, 1, 0, &ip, &users));
	assert_int_equal(ip_to_ip4(&ip), IP(239, 1, 2, 4));
	assert_int_equal(users, 2);
	assert_true(group_row(o.host, 1, 1, &ip, &users));
	assert_int_equal(ip_to_ip4(&ip), IP(239, 1, 2, 5));
	assert_false(group_row(o.host, 1, 2, &ip, &users));
	assert_false(group_row(o.host, 0, 0, &ip, &users));
	one_deinit(&o);
}

static void datagram_to(struct one *o, const char *group)
{
	uint8_t bytes[64], mac[6] = {1, 0, 0x5e};
	struct ip ip = ip_from(group);
	size_t n = make_udp(bytes, 0, ip_to_ip4(&ip), 1000, 2000, "x", 1);

	put_be32(mac + 2, 0x5e000000 | (ip_to_ip4(&ip) & 0x7fffff));
	one_packet(o, &(struct packet_spec){
			      .destination = ip_to_ip4(&ip), .protocol = 17, .payload = bytes, .n = n, .to = mac});
}

/* Only joined groups are accepted (CVE-2020-11899 is what happens to those who take any). */
static void test_only_joined(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	datagram_to(&o, "239.1.2.3");
	assert_counter(&o, "ip_not_joined", 1);
	assert_counter(&o, "ip_delivered", 0);
	join(&o, "239.1.2.3");
	datagram_to(&o, "239.1.2.3");
	datagram_to(&o, "239.129.2.3"); /* the same station address */
	assert_counter(&o, "ip_not_joined", 2);
	assert_counter(&o, "ip_delivered", 1);
	leave(&o, "239.1.2.3");
	datagram_to(&o, "239.1.2.3");
	datagram_to(&o, "224.0.0.1");
	assert_counter(&o, "ip_not_joined", 3);
	assert_counter(&o, "ip_delivered", 2);
	/* Nobody is told that a group's datagram found no socket (RFC 1122 section 3.2.2). */
	one_out(&o);
	assert_int_equal(anything_said(&o), o.n_out);
	one_deinit(&o);
}

/* A datagram of IPv6 to a group. */
static void datagram6_to(struct one *o, const char *group)
{
	struct eth_header eth = {.destination = {0x33, 0x33}, .source = {2, [5] = 5}, .type = ETH_TYPE_IP6};
	struct ip6_header h = {.payload_len = UDP_HEADER, .next_header = IP_PROTOCOL_UDP, .hop_limit = 1};
	struct ip from = ip_from("fe80::5"), to = ip_from(group);
	uint8_t bytes[ETH_HEADER + IP6_HEADER + UDP_HEADER] = {0};

	ip_to_bytes(&from, h.source);
	ip_to_bytes(&to, h.destination);
	ip6_emit(&h, eth_emit(&eth, bytes));
	one_frame(o, bytes, sizeof(bytes));
}

/* What stays within an interface is not believed from a wire, joined or not, and does not get there. */
static void test_interface_local(void **state)
{
	struct berth_socket_address to = {.port = 7};
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	join(&o, "ff01::7");
	join(&o, "ff02::7");
	assert_true(is_joined(&o, "ff01::7"));
	datagram6_to(&o, "ff01::7");
	datagram6_to(&o, "ff00::7");
	assert_counter(&o, "ip6_martian_destination", 2);
	datagram6_to(&o, "ff02::8");
	assert_counter(&o, "ip6_not_joined", 1);
	datagram6_to(&o, "ff02::7");
	assert_counter(&o, "ip6_delivered", 1);
	one_run(&o, o.now + 10 * SECOND);
	one_clear(&o);
	s = berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM);
	assert_int_equal(berth_address_parse("ff01::7", &to.address), 0);
	to.address.scope = 1;
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	one_run(&o, o.now + SECOND);
	assert_int_equal(o.n_out, 0);
	assert_int_equal(berth_address_parse("ff02::8", &to.address), 0);
	to.address.scope = 1;
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), 1);
	one_run(&o, o.now + SECOND);
	assert_int_equal(o.n_out, 1);
	one_deinit(&o);
}

/* At each place where memory may be short, the group is joined or it is not, and the host goes on. */
static void test_no_memory(void **state)
{
	struct ip group = ip_from("239.1.2.3"), address = ip_from("fd00::7");
	struct one o;

	(void)state;
	for (size_t fail_at = 0; fail_at < 4; fail_at++) {
		int error;

		one_init(&o);
		o.heap.fail_at = fail_at;
		error = group_join(o.host, 1, &group);
		assert_true(error == 0 || error == BERTH_ENOMEM);
		assert_int_equal(error == 0, is_joined(&o, "239.1.2.3"));
		if (host_address_make(o.host, 1, &address, 64, ORIGIN_HAND, ADDRESS_PREFERRED))
			assert_true(is_joined(&o, "ff02::1:ff00:7"));
		else
			assert_int_equal(o.host->n_routes, 3);
		o.heap.fail_at = SIZE_MAX;
		one_run(&o, o.now + 10 * SECOND);
		one_deinit(&o);
	}
	/* The frame is there, the interface's list is not. */
	one_init(&o);
	o.heap.fail_at = 1;
	igmp_query_in(&o, &(struct group_wire){0}, 3, NULL, 0);
	assert_counter(&o, "igmp_queries_in", 1);
	one_run(&o, o.now + SECOND);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),     cmocka_unit_test(test_scope),
		cmocka_unit_test(test_refused),        cmocka_unit_test(test_always),
		cmocka_unit_test(test_bound),          cmocka_unit_test(test_hopping),
		cmocka_unit_test(test_solicited_node), cmocka_unit_test(test_rows),
		cmocka_unit_test(test_only_joined),    cmocka_unit_test(test_interface_local),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
