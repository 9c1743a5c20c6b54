/* IGMP of a host: what it tells routers, in the version that they speak, and whom it believes. */
#include "group_peer.h"

#define GROUP "239.1.2.3"
#define OTHER "239.1.2.4"
#define THIRD "224.0.0.251"

static const struct group_wire sound = {0};

/* Joined, and everything told. */
static void start(struct one *o)
{
	one_init(o);
	join(o, GROUP);
	join(o, OTHER);
	join(o, THIRD);
	one_run(o, o->now + 60 * SECOND);
	one_clear(o);
}

/* Joining is told at once and once more within a second (RFC 3376 section 5.1), and so is leaving. */
static void test_changes(void **state)
{
	struct said said[GROUPS_SEEN_MAX];
	struct one o;

	(void)state;
	one_init(&o);
	join(&o, GROUP);
	assert_int_equal(berth_host_deadline(o.host) <= o.now, true);
	one_run(&o, o.now + MS);
	assert_int_equal(all_said(&o, said), 1);
	assert_int_equal(said[0].type, IGMP3_REPORT);
	assert_int_equal(said[0].record, MEMBERSHIP_TO_EXCLUDE);
	assert_int_equal(ip_to_ip4(&said[0].group), IP(239, 1, 2, 3));
	assert_int_equal(ip_to_ip4(&said[0].source), HOST);
	assert_int_equal(ip_to_ip4(&said[0].destination), IP(224, 0, 0, 22));
	listen_for(&o, SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_EXCLUDE, GROUP), 1);
	join(&o, GROUP);
	leave(&o, GROUP);
	listen_for(&o, 100 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	leave(&o, GROUP);
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, GROUP), 1);
	listen_for(&o, SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, GROUP), 1);
	listen_for(&o, 100 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	assert_counter(&o, "igmp_reports_out", 4);
	assert_int_equal(berth_host_deadline(o.host), BERTH_NEVER);
	one_deinit(&o);
}

/* What happens at once goes in one report; a change of mind takes the place of what it changes. */
static void test_together(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	join(&o, GROUP);
	join(&o, OTHER);
	join(&o, THIRD);
	one_run(&o, o.now + MS);
	assert_int_equal(o.n_out, 1);
	assert_int_equal(anything_said(&o), 3);
	leave(&o, OTHER);
	listen_for(&o, MS);
	assert_int_equal(o.n_out, 1);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, OTHER), 1);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_EXCLUDE, GROUP), 1);
	join(&o, OTHER);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, OTHER), 0);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_EXCLUDE, OTHER), 2);
	one_deinit(&o);
}

/* The full list fits one report. */
static void test_many(void **state)
{
	struct ip group = ip_from("239.0.0.0");
	struct one o;

	(void)state;
	one_init(&o);
	for (unsigned i = 0; i < HOST_GROUPS_MAX; i++, group.low++)
		assert_int_equal(group_join(o.host, 1, &group), 0);
	one_run(&o, o.now + MS);
	assert_int_equal(o.n_out, 1);
	assert_int_equal(anything_said(&o), HOST_GROUPS_MAX);
	one_deinit(&o);
}

static void test_general_query(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	for (unsigned i = 0; i < 50; i++) {
		igmp_query_in(&o, &sound, 3, NULL, 100);
		listen_for(&o, 10 * SECOND);
		assert_int_equal(o.n_out, 1);
		assert_int_equal(anything_said(&o), 3);
		assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	}
	assert_counter(&o, "igmp_queries_in", 50);
	one_deinit(&o);
}

/* Answers are spread over the time that the query gives. */
static void test_spread(void **state)
{
	unsigned early = 0;
	struct one o;

	(void)state;
	start(&o);
	for (unsigned i = 0; i < 200; i++) {
		igmp_query_in(&o, &sound, 3, NULL, 100);
		listen_for(&o, 5 * SECOND);
		early += o.n_out;
		one_run(&o, o.now + 5 * SECOND);
		assert_int_equal(o.n_out, 1);
	}
	assert_in_range(early, 60, 140);
	one_deinit(&o);
}

/* A flood of queries: one answer for all that wait, and ten a second of those that want one at once. */
static void test_flood(void **state)
{
	struct one o;
	size_t bytes;

	(void)state;
	start(&o);
	bytes = o.heap.n_bytes;
	for (unsigned i = 0; i < 20000; i++)
		igmp_query_in(&o, &sound, 3, i % 3 ? NULL : GROUP, 100);
	assert_int_equal(o.heap.n_bytes, bytes);
	listen_for(&o, 10 * SECOND);
	assert_in_range(o.n_out, 1, 2);
	one_clear(&o);
	for (unsigned i = 0; i < 20000; i++) {
		igmp_query_in(&o, &sound, 3, i % 2 ? NULL : GROUP, 0);
		one_run(&o, o.now + MS / 10);
	}
	assert_in_range(o.n_out, 15, 25);
	one_deinit(&o);
}

static void test_group_query(void **state)
{
	/* With two sources: what this host wants of the group is everything. */
	const uint8_t of_sources[20] = {IGMP_QUERY, 10, 0, 0, 239, 1, 2, 3, 2, 125, 0, 2, 10, 0, 0, 1, 10, 0, 0, 2};
	struct one o;

	(void)state;
	start(&o);
	igmp_query_in(&o, &sound, 3, GROUP, 10);
	igmp_query_in(&o, &sound, 3, GROUP, 10);
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 1);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	igmp_message_in(&o, &sound, GROUP, of_sources, sizeof(of_sources));
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 1);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	/* Of groups that are not joined, or never told of, nothing is said. */
	igmp_query_in(&o, &(struct group_wire){.destination = "224.0.0.1"}, 3, "239.9.9.9", 10);
	igmp_query_in(&o, &sound, 3, "224.0.0.1", 10);
	listen_for(&o, 100 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	assert_counter(&o, "igmp_queries_in", 5);
	one_deinit(&o);
}

/* RFC 3376 section 9.1, and what no message can be. */
static void test_invalid(void **state)
{
	static const struct {
		struct group_wire wire;
		unsigned version;
		const char *group;
		bool good;
	} cases[] = {
		{{.ttl = 2}, 3, NULL, false},
		{{.ttl = 255}, 2, NULL, false},
		{{.no_alert = true}, 3, NULL, false},
		{{.no_alert = true}, 2, NULL, false},
		{{.no_alert = true}, 1, NULL, true},
		{{.destination = GROUP}, 3, NULL, false},
		{{.destination = "192.168.1.7"}, 3, NULL, true},
		{{.destination = "224.0.0.1"}, 3, GROUP, true},
		{{.source = "0.0.0.0"}, 3, NULL, true},
		{{.source = "10.9.9.9"}, 3, NULL, true},
	};
	uint8_t short_query[9] = {IGMP_QUERY, 10};
	struct one o;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&o);
		/* To one station, when it is for one host. */
		if (cases[i].wire.destination && strcmp(cases[i].wire.destination, "192.168.1.7") == 0) {
			uint8_t message[12] = {IGMP_QUERY, 100, [8] = 2, 125}, bytes[64];
			struct ip to = ip_from("192.168.1.7");
			struct eth_header eth = {.type = ETH_TYPE_IP4};
			size_t n;

			memcpy(eth.destination, mac_host, 6);
			memcpy(eth.source, mac_peer, 6);
			eth_emit(&eth, bytes);
			n = ETH_HEADER + emit_igmp(bytes + ETH_HEADER, &cases[i].wire, &to, 12);
			put_be16(message + 2, checksum_finish(checksum_add(0, message, 12)));
			memcpy(bytes + n, message, 12);
			one_frame(&o, bytes, n + 12);
		} else {
			igmp_query_in(&o, &cases[i].wire, cases[i].version, cases[i].group, 100);
		}
		assert_counter(&o, "igmp_invalid", !cases[i].good);
		assert_counter(&o, "igmp_queries_in", cases[i].good);
		listen_for(&o, 20 * SECOND);
		assert_int_equal(anything_said(&o) > 0, cases[i].good);
		one_deinit(&o);
	}
	start(&o);
	igmp_message_in(&o, &sound, "224.0.0.1", short_query, 9);
	igmp_message_in(&o, &sound, "224.0.0.1", short_query, 7);
	assert_counter(&o, "igmp_bad", 2);
	short_query[0] = 0x99;
	igmp_message_in(&o, &sound, "224.0.0.1", short_query, 8);
	assert_counter(&o, "igmp_ignored", 1);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 0);
	one_deinit(&o);
}

/* What only a querier of version 2 understands, for as long as it may be there (RFC 3376 section 7.2.1). */
static void test_version_2(void **state)
{
	struct said said[GROUPS_SEEN_MAX];
	struct one o;

	(void)state;
	start(&o);
	igmp_query_in(&o, &sound, 2, NULL, 100);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(o.n_out, 3);
	assert_int_equal(all_said(&o, said), 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(said[i].type, IGMP2_REPORT);
		assert_true(ip_equal(&said[i].destination, &said[i].group));
	}
	join(&o, "239.7.7.7");
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, "239.7.7.7"), 1);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, "239.7.7.7"), 1);
	leave(&o, "239.7.7.7");
	listen_for(&o, 20 * SECOND);
	assert_int_equal(all_said(&o, said), 1);
	assert_int_equal(said[0].type, IGMP2_LEAVE);
	assert_int_equal(ip_to_ip4(&said[0].destination), IP(224, 0, 0, 2));
	assert_int_equal(ip_to_ip4(&said[0].group), IP(239, 7, 7, 7));
	igmp_query_in(&o, &sound, 2, GROUP, 10);
	listen_for(&o, SECOND);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, GROUP), 1);
	/* 2 * 125 + 10 seconds after the general query it is version 3 again. */
	o.now += 230 * SECOND;
	igmp_query_in(&o, &sound, 3, NULL, 10);
	listen_for(&o, SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	assert_counter(&o, "igmp_leaves_out", 1);
	one_deinit(&o);
}

/* Only general queries say what the querier speaks. */
static void test_version_by_general_query(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	igmp_query_in(&o, &sound, 2, GROUP, 10);
	listen_for(&o, SECOND);
	assert_int_equal(anything_said(&o), 1);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, GROUP), 1);
	one_deinit(&o);
}

/* In version 2 one host speaks for all, and the last that spoke says that it leaves. */
static void test_suppression(void **state)
{
	const uint8_t report[8] = {IGMP2_REPORT, 0, 0, 0, 239, 1, 2, 3};
	struct one o;

	(void)state;
	start(&o);
	igmp_query_in(&o, &sound, 2, NULL, 100);
	/* Not to be believed: from elsewhere, or to somebody else. */
	igmp_message_in(&o, &(struct group_wire){.source = "10.0.0.1"}, GROUP, report, 8);
	igmp_message_in(&o, &(struct group_wire){.destination = "224.0.0.1"}, GROUP, report, 8);
	igmp_message_in(&o, &(struct group_wire){.ttl = 9}, GROUP, report, 8);
	assert_counter(&o, "igmp_invalid", 3);
	assert_counter(&o, "igmp_suppressed", 0);
	igmp_message_in(&o, &sound, GROUP, report, 8);
	assert_counter(&o, "igmp_suppressed", 1);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, GROUP), 0);
	leave(&o, GROUP);
	leave(&o, OTHER);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 1);
	assert_int_equal(times_said(&o, IGMP2_LEAVE, 0, OTHER), 1);
	/* In version 3 everybody speaks for himself. */
	o.now += 300 * SECOND;
	igmp_query_in(&o, &sound, 3, NULL, 100);
	igmp_message_in(&o, &sound, THIRD, (const uint8_t[]){IGMP2_REPORT, 0, 0, 0, 224, 0, 0, 251}, 8);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_IS_EXCLUDE, THIRD), 1);
	one_deinit(&o);
}

/* Version 1 has neither response times nor leaving, nor a router alert (all_said looks). */
static void test_version_1(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	igmp_query_in(&o, &(struct group_wire){.no_alert = true}, 1, NULL, 0);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(anything_said(&o), 3);
	assert_int_equal(times_said(&o, IGMP1_REPORT, 0, GROUP), 1);
	leave(&o, GROUP);
	join(&o, "239.7.7.7");
	listen_for(&o, 60 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	assert_int_equal(times_said(&o, IGMP1_REPORT, 0, "239.7.7.7"), 2);
	/* A querier of version 2 beside it does not change that. */
	igmp_query_in(&o, &sound, 2, NULL, 10);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(times_said(&o, IGMP1_REPORT, 0, OTHER), 1);
	o.now += 195 * SECOND;
	igmp_query_in(&o, &sound, 2, NULL, 10);
	listen_for(&o, 10 * SECOND);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, OTHER), 1);
	one_deinit(&o);
}

/* The querier's robustness is the host's, and its interval how long it is remembered. */
static void test_querier_variables(void **state)
{
	uint8_t query[12] = {IGMP_QUERY, 10, [8] = 5, 20};
	struct one o;

	(void)state;
	start(&o);
	igmp_message_in(&o, &sound, "224.0.0.1", query, 12);
	listen_for(&o, 10 * SECOND);
	join(&o, "239.7.7.7");
	listen_for(&o, 10 * SECOND);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_EXCLUDE, "239.7.7.7"), 5);
	igmp_query_in(&o, &sound, 2, NULL, 10);
	/* 5 * 20 + 1 seconds. */
	listen_for(&o, 100 * SECOND);
	join(&o, "239.7.7.8");
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, "239.7.7.8"), 1);
	o.now += 2 * SECOND;
	join(&o, "239.7.7.9");
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_EXCLUDE, "239.7.7.9"), 1);
	one_deinit(&o);
}

/* What was to be said in one version is not said in the next (RFC 3376 section 7.2.1), and what was left is gone. */
static void test_change_of_version(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	leave(&o, GROUP);
	listen_for(&o, MS);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, GROUP), 1);
	igmp_query_in(&o, &sound, 2, NULL, 10);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, OTHER), 1);
	assert_int_equal(times_said(&o, IGMP2_REPORT, 0, THIRD), 1);
	/* The time of the older querier ends just when a group is left. */
	o.now += 300 * SECOND;
	leave(&o, OTHER);
	listen_for(&o, 20 * SECOND);
	assert_int_equal(anything_said(&o), 2);
	assert_int_equal(times_said(&o, IGMP3_REPORT, MEMBERSHIP_TO_INCLUDE, OTHER), 2);
	one_deinit(&o);
}

/* A host that has no address yet still says what it wants. */
static void test_without_address(void **state)
{
	struct berth_address address = berth_ip4(192, 168, 1, 7);
	struct said said[GROUPS_SEEN_MAX];
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_address_remove(o.host, 1, &address), 0);
	join(&o, GROUP);
	one_run(&o, o.now + MS);
	assert_int_equal(all_said(&o, said), 1);
	assert_int_equal(ip_to_ip4(&said[0].source), 0);
	one_deinit(&o);
}

/* The loopback has no routers. */
static void test_loopback(void **state)
{
	struct ip group = ip_from(GROUP);
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(group_join(o.host, 0, &group), 0);
	assert_true(group_joined(o.host, 0, &group));
	one_run(&o, o.now + 20 * SECOND);
	assert_int_equal(group_leave(o.host, 0, &group), 0);
	assert_false(group_joined(o.host, 0, &group));
	one_run(&o, o.now + 20 * SECOND);
	assert_int_equal(o.n_out, 0);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_general_query),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_group_query),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_version_by_general_query),
		cmocka_unit_test(test_suppression),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_querier_variables),
		cmocka_unit_test(test_change_of_version),
		cmocka_unit_test(test_without_address),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
