/* Counters: that the kernel's own come out of its files, that a query narrows them, and what a host's mean and are
 * about. */
#include "tables/host_meaning.h"
#include "tables/tables.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Which groups came, and what of them. */
struct seen {
	bool tcp, tcp_ext, udp, udp_lite, ip, icmp, six, four;
	unsigned n, stop_after;
	bool text; /* of RetransSegs */
};

static int on_counter(void *user, const char *group, const char *name, const char *text, uint64_t value)
{
	struct seen *seen = user;

	seen->tcp |= !strcmp(group, "Tcp");
	seen->tcp_ext |= !strcmp(group, "TcpExt");
	seen->udp |= !strncmp(group, "Udp", 3) && strncmp(group, "UdpLite", 7) != 0;
	seen->udp_lite |= !strncmp(group, "UdpLite", 7);
	seen->ip |= !strncmp(group, "Ip", 2);
	seen->icmp |= !strncmp(group, "Icmp", 4);
	seen->six |= strchr(group, '6') != NULL;
	seen->four |= !strcmp(group, "Udp") || !strcmp(group, "Ip");
	if (!strcmp(group, "Tcp") && !strcmp(name, "RetransSegs"))
		seen->text = *text != 0;
	return ++seen->n == seen->stop_after ? 11 : 0;
}

static struct seen look(uint32_t protocols, uint32_t families)
{
	struct tables_query query = {.protocols = protocols, .families = families};
	struct seen seen = {0};

	assert_int_equal(tables_counters_each(&query, on_counter, &seen), 0);
	return seen;
}

static void test_all(void **state)
{
	struct seen seen = look(NETSTAT_ALL_PROTOCOLS, NETSTAT_ALL_FAMILIES);

	assert_true(seen.tcp && seen.tcp_ext && seen.udp && seen.ip && seen.icmp && seen.text);
	assert_true(seen.n > 100);
	/* Of Unix sockets there is nothing to count. */
	assert_int_equal(look(NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX), NETSTAT_ALL_FAMILIES).n, seen.n);
}

static void test_some(void **state)
{
	struct seen tcp = look(NETSTAT_BIT(NETSTAT_TCP), NETSTAT_ALL_FAMILIES);
	struct seen udp = look(NETSTAT_BIT(NETSTAT_UDP), NETSTAT_ALL_FAMILIES);
	struct seen raw = look(NETSTAT_BIT(NETSTAT_RAW), NETSTAT_ALL_FAMILIES);

	assert_true(tcp.tcp && tcp.tcp_ext && !tcp.udp && !tcp.ip && !tcp.icmp && !tcp.six);
	assert_true(udp.udp && !udp.tcp && !udp.ip && !udp.icmp);
	assert_true(raw.ip && raw.icmp && !raw.tcp && !raw.udp && !raw.udp_lite);
}

static void test_families(void **state)
{
	struct seen four = look(NETSTAT_ALL_PROTOCOLS, NETSTAT_IP4), six = look(NETSTAT_ALL_PROTOCOLS, NETSTAT_IP6);

	/* TCP's are counted for both at once. */
	assert_true(four.four && four.tcp && !four.six);
	assert_true(six.tcp && !six.four);
	assert_int_equal(six.six, access("/proc/net/snmp6", R_OK) == 0);
}

static void test_the_caller_may_stop(void **state)
{
	struct tables_query query = {.protocols = NETSTAT_ALL_PROTOCOLS, .families = NETSTAT_ALL_FAMILIES};
	struct seen seen = {.stop_after = 3};

	assert_int_equal(tables_counters_each(&query, on_counter, &seen), 11);
	assert_int_equal(seen.n, 3);
}

static void test_counters_of_hosts(void **state)
{
	struct index meanings;

	assert_int_equal(host_meanings_init(&meanings), 0);
	assert_true(index_count(&meanings) > 50);
	assert_string_equal(host_meaning(&meanings, "eth_frames_out"), "frames sent");
	assert_string_equal(host_meaning(&meanings, "of another version"), "");
	index_deinit(&meanings);
}

/* Of this version's, none is in a group that nobody knows. */
static void test_each_counter_of_hosts_is_about_something(void **state)
{
	struct berth_host_config config;
	struct berth_host *host;
	struct berth_counter counter;
	struct host_counter_about about;

	berth_host_config_default(&config);
	assert_int_equal(berth_host_new(&config, &host), 0);
	for (size_t i = 0; berth_host_counter(host, i, &counter); i++) {
		if (!host_counter_about(counter.name, &about))
			fail_msg("%s", counter.name);
		assert_int_not_equal(about.families, 0);
	}
	berth_host_free(host);
}

static void test_what_counters_of_hosts_are_about(void **state)
{
	static const struct {
		const char *name;
		uint32_t protocols, families;
		bool known;
	} cases[] = {
		{"eth_frames_in", 0, NETSTAT_ALL_FAMILIES, true},
		{"arp_bad", 0, NETSTAT_IP4, true},
		{"acd_taken", 0, NETSTAT_IP4, true},
		{"dhcp_leases", 0, NETSTAT_IP4, true},
		{"nd_bad", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6, true},
		{"neighbour_failed", 0, NETSTAT_ALL_FAMILIES, true},
		{"ip_packets_in", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4, true},
		{"ip6_packets_in", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6, true},
		{"icmp_bad", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4, true},
		{"icmp6_bad", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6, true},
		{"igmp_bad", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4, true},
		{"mld_bad", NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6, true},
		{"tcp_segments_in", NETSTAT_BIT(NETSTAT_TCP), NETSTAT_ALL_FAMILIES, true},
		{"udp_datagrams_in", NETSTAT_BIT(NETSTAT_UDP), NETSTAT_ALL_FAMILIES, true},
		{"i_p", 0, NETSTAT_ALL_FAMILIES, false},
		{"ip60_bad", 0, NETSTAT_ALL_FAMILIES, false},
		{"", 0, NETSTAT_ALL_FAMILIES, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct host_counter_about about;
		assert_int_equal(host_counter_about(cases[i].name, &about), cases[i].known);
		assert_int_equal(about.protocols, cases[i].protocols);
		assert_int_equal(about.families, cases[i].families);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_some),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_the_caller_may_stop),
		cmocka_unit_test(test_counters_of_hosts),
		cmocka_unit_test(test_each_counter_of_hosts_is_about_something),
		cmocka_unit_test(test_what_counters_of_hosts_are_about),
	};

	return cmocka_run_group_tests_name("netstat_counters", tests, NULL, NULL);
}
