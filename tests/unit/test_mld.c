/* MLD of a host: what differs from IGMP, whose test has the rest. */
#include "group_peer.h"

#define GROUP "ff0e::1:2:3"
#define OTHER "ff15::7"
#define OWN "ff02::1:ff00:7" /* of the link-local address */

static const struct group_wire sound = {0};

/* Joined, and everything told. */
static void start(struct one *o)
{
	one_init(o);
	give_address(o, "fe80::7", ADDRESS_PREFERRED);
	join(o, GROUP);
	join(o, OTHER);
	one_run(o, o->now + 60 * SECOND);
	one_clear(o);
}

static void test_changes(void **state)
{
	struct said said[GROUPS_SEEN_MAX];
	struct one o;

	(void)state;
	one_init(&o);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	join(&o, GROUP);
	one_run(&o, o.now + MS);
	assert_int_equal(o.n_out, 1);
	assert_int_equal(all_said(&o, said), 2);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, GROUP), 1);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, OWN), 1);
	assert_true(said[0].source.high == UINT64_C(0xfe80) << 48 && said[0].source.low == 7);
	assert_true(said[0].destination.high == UINT64_C(0xff02) << 48 && said[0].destination.low == 0x16);
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 2);
	leave(&o, GROUP);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_INCLUDE, GROUP), 2);
	assert_counter(&o, "mld_reports_out", 4);
	assert_counter(&o, "icmp6_messages_out", 4);
	one_deinit(&o);
}

/* RFC 3590: from no address while the only one is being asked for, and again when it is the host's. */
static void test_tentative(void **state)
{
	struct said said[GROUPS_SEEN_MAX];
	struct host_address *a;
	struct one o;

	(void)state;
	one_init(&o);
	a = give_address(&o, "fe80::7", ADDRESS_TENTATIVE);
	one_run(&o, o.now + 5 * SECOND);
	assert_int_equal(all_said(&o, said), 2);
	for (unsigned i = 0; i < 2; i++)
		assert_true(ip_is_none(&said[i].source));
	/* An address of wider scope is none to report from. */
	give_address(&o, "fd00::8", ADDRESS_PREFERRED);
	listen_for(&o, 5 * SECOND);
	assert_int_equal(all_said(&o, said), 2);
	assert_true(ip_is_none(&said[0].source));
	host_address_set_state(o.host, a, ADDRESS_PREFERRED);
	listen_for(&o, 5 * SECOND);
	assert_int_equal(all_said(&o, said), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(said[i].source.low == 7 && said[i].record == MEMBERSHIP_TO_EXCLUDE);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, OWN), 2);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, "ff02::1:ff00:8"), 2);
	one_deinit(&o);
}

/* Reports are no longer than a small MTU takes: 25 records each. */
static void test_many(void **state)
{
	struct ip group = ip_from("ff0e::1");
	struct one o;

	(void)state;
	one_init(&o);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	for (unsigned i = 0; i < HOST_GROUPS_MAX; i++, group.low++)
		assert_int_equal(group_join(o.host, 1, &group), 0);
	one_run(&o, o.now + MS);
	assert_int_equal(o.n_out, 3);
	assert_int_equal(anything_said(&o), HOST_GROUPS_MAX + 1);
	for (unsigned i = 0; i < 3; i++)
		assert_true(o.out[i].n <= ETH_HEADER + 576);
	one_deinit(&o);
}

static void test_queries(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	mld_query_in(&o, &sound, 2, NULL, 1000);
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 3);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_IS_EXCLUDE, OWN), 1);
	mld_query_in(&o, &sound, 2, GROUP, 1000);
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 1);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	mld_query_in(&o, &(struct group_wire){.destination = "ff02::1"}, 2, "ff0e::9", 1000);
	mld_query_in(&o, &sound, 2, "ff02::1", 1000);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	assert_counter(&o, "mld_queries_in", 4);
	one_deinit(&o);
}

/* RFC 3810 sections 5.1.14 and 6.2. */
static void test_invalid(void **state)
{
	static const struct {
		struct group_wire wire;
		bool good;
	} cases[] = {
		{{.ttl = 2}, false},
		{{.ttl = 255}, false},
		{{.no_alert = true}, false},
		{{.source = "fd00::5"}, false},
		{{.source = "::"}, false},
		{{.destination = GROUP}, false},
		{{.source = "fe80::99"}, true},
	};
	uint8_t body[20] = {0};
	struct one o;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned version = 1; version <= 2; version++) {
			start(&o);
			mld_query_in(&o, &cases[i].wire, version, NULL, 1000);
			assert_counter(&o, "mld_invalid", !cases[i].good);
			assert_counter(&o, "mld_queries_in", cases[i].good);
			listen_for(&o, 2 * SECOND);
			assert_int_equal(anything_said(&o) > 0, cases[i].good);
			one_deinit(&o);
		}
	}
	start(&o);
	mld_message_in(&o, &sound, "ff02::1", ICMP6_MLD_QUERY, 0, body, 15);
	mld_message_in(&o, &sound, "ff02::1", ICMP6_MLD_QUERY, 0, body, 19);
	body[0] = 0xfe;
	mld_message_in(&o, &sound, "ff02::1", ICMP6_MLD_QUERY, 0, body, 16);
	assert_counter(&o, "mld_bad", 3);
	body[0] = 0xff;
	mld_message_in(&o, &sound, "ff02::1", ICMP6_MLD1_DONE, 0, body, 16);
	mld_message_in(&o, &sound, "ff02::1", ICMP6_MLD2_REPORT, 0, body, 0);
	assert_counter(&o, "mld_ignored", 2);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	one_deinit(&o);
}

static void test_version_1(void **state)
{
	struct said said[GROUPS_SEEN_MAX];
	uint8_t group[16];
	struct one o;
	struct ip ip = ip_from(GROUP);

	(void)state;
	start(&o);
	ip_to_bytes(&ip, group);
	mld_query_in(&o, &sound, 1, NULL, 5000);
	listen_for(&o, 5 * SECOND);
	assert_int_equal(all_said(&o, said), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(said[i].type, ICMP6_MLD1_REPORT);
		assert_true(said[i].destination.high == said[i].group.high);
		assert_true(said[i].destination.low == said[i].group.low);
	}
	/* Another host speaks for one of them, and then it is not ours to say that it is left. */
	mld_query_in(&o, &sound, 1, NULL, 5000);
	mld_message_in(&o, &(struct group_wire){.source = "::"}, GROUP, ICMP6_MLD1_REPORT, 0, group, 16);
	assert_counter(&o, "mld_suppressed", 0);
	mld_message_in(&o, &sound, GROUP, ICMP6_MLD1_REPORT, 0, group, 16);
	assert_counter(&o, "mld_suppressed", 1);
	listen_for(&o, 5 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	leave(&o, GROUP);
	leave(&o, OTHER);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(all_said(&o, said), 1);
	assert_int_equal(said[0].type, ICMP6_MLD1_DONE);
	assert_true(said[0].destination.low == 2 && said[0].group.low == 7);
	assert_counter(&o, "mld_leaves_out", 1);
	/* 2 * 125 + 5 seconds. */
	o.now += 300 * SECOND;
	join(&o, GROUP);
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, GROUP), 1);
	one_deinit(&o);
}

/* Groups that do not leave the interface are nothing to routers. */
static void test_interface_local(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	join(&o, "ff01::7");
	listen_for(&o, 20 * SECOND);
	leave(&o, "ff01::7");
	one_run(&o, o.now + 20 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	assert_false(is_joined(&o, "ff01::7"));
	one_deinit(&o);
}

/* An interface that does not speak IPv6 says nothing of it; what was joined is told when it begins to. */
static void test_without_ip6(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	join(&o, GROUP);
	one_run(&o, o.now + 20 * SECOND);
	assert_int_equal(o.n_out, 0);
	give_address(&o, "fe80::7", ADDRESS_PREFERRED);
	one_run(&o, o.now + MS);
	assert_int_equal(times_said(&o, ICMP6_MLD2_REPORT, MEMBERSHIP_TO_EXCLUDE, GROUP), 1);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_tentative),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_interface_local),
		cmocka_unit_test(test_without_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
