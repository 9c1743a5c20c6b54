/* The texts of the kernel's counters: line pairs, IPv6's lines, hostile ones, and that what they mean is said. */
#include "tables/counter_text.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What was found, as text: "Tcp.RtoMin=200 ". */
struct found {
	char text[512];
	int stop_after; /* 0: never */
};

static int on_found(void *user, const char *group, const char *name, uint64_t value)
{
	struct found *found = user;
	size_t n = strlen(found->text);

	snprintf(found->text + n, sizeof(found->text) - n, "%s.%s=%llu ", group, name, (unsigned long long)value);
	return found->stop_after && --found->stop_after == 0 ? 7 : 0;
}

static void test_pairs(void **state)
{
	static const struct {
		const char *names, *values, *found;
		int result;
	} cases[] = {
		{"Tcp: RtoMin ActiveOpens\n", "Tcp: 200 7\n", "Tcp.RtoMin=200 Tcp.ActiveOpens=7 ", 0},
		{"Tcp: RtoMin", "Tcp: 200", "Tcp.RtoMin=200 ", 0},
		{"Tcp: MaxConn CurrEstab\n", "Tcp: -1 3\n", "Tcp.CurrEstab=3 ", 0},
		{"Udp: A B C\n", "Udp: 1 2\n", "Udp.A=1 Udp.B=2 ", 0},
		{"Udp: A B\n", "Udp: 1 2 3\n", "Udp.A=1 Udp.B=2 ", 0},
		{"Udp: A B C\n", "Udp: 1 0x2 3\n", "Udp.A=1 Udp.C=3 ", 0},
		{"Udp: A B\n", "Udp: 18446744073709551615 18446744073709551616\n", "Udp.A=18446744073709551615 ", 0},
		{"Udp:   A \t B  \n", "Udp: 1   2\r\n", "Udp.A=1 Udp.B=2 ", 0},
		{"Udp: A\x1b[2J B\n", "Udp: 1 2 3\n", "Udp.A=1 Udp.[2J=2 Udp.B=3 ", 0},
		{"Udp:\n", "Udp:\n", "", 0},
		{"Udp: A\n", "Tcp: 1\n", "", BERTH_EPROTO},
		{"Udp A\n", "Udp 1\n", "", BERTH_EPROTO},
		{": A\n", ": 1\n", "", BERTH_EPROTO},
		{"", "", "", BERTH_EPROTO},
		{"\n", "Tcp: 1\n", "", BERTH_EPROTO},
		{"\x80\xff", "\x80\xff", "", BERTH_EPROTO},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char names[128], values[128];
		struct found found = {0};
		snprintf(names, sizeof(names), "%s", cases[i].names);
		snprintf(values, sizeof(values), "%s", cases[i].values);
		assert_int_equal(counter_pair(names, values, on_found, &found), cases[i].result);
		assert_string_equal(found.text, cases[i].found);
	}
}

static void test_lines_of_ip6(void **state)
{
	static const struct {
		const char *line, *found;
		int result;
	} cases[] = {
		{"Ip6InReceives                   \t2\n", "Ip6.InReceives=2 ", 0},
		{"UdpLite6InDatagrams \t18446744073709551615", "UdpLite6.InDatagrams=18446744073709551615 ", 0},
		{"Icmp6InType135 9\n", "Icmp6.InType135=9 ", 0},
		{"Icmp6OutType143 9 10\n", "Icmp6.OutType143=9 ", 0},
		{"IpInReceives 2\n", "", BERTH_EPROTO},
		{"Ip6 2\n", "", BERTH_EPROTO},
		{"Ip6InReceives\n", "", BERTH_EPROTO},
		{"Ip6InReceives -2\n", "", BERTH_EPROTO},
		{"Ip6InReceives two\n", "", BERTH_EPROTO},
		{"AGroupOfManyLetters6Counter 1\n", "", BERTH_EPROTO},
		{"", "", BERTH_EPROTO},
		{"6\n", "", BERTH_EPROTO},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[128];
		struct found found = {0};
		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(counter_line6(line, on_found, &found), cases[i].result);
		assert_string_equal(found.text, cases[i].found);
	}
}

static void test_the_caller_may_stop(void **state)
{
	char names[] = "Tcp: A B C", values[] = "Tcp: 1 2 3", line[] = "Ip6A 1";
	struct found found = {.stop_after = 2}, one = {.stop_after = 1};

	assert_int_equal(counter_pair(names, values, on_found, &found), 7);
	assert_string_equal(found.text, "Tcp.A=1 Tcp.B=2 ");
	assert_int_equal(counter_line6(line, on_found, &one), 7);
}

static void test_meanings(void **state)
{
	static const char *const known[][2] = {
		{"Tcp", "RetransSegs"},     {"TcpExt", "ListenOverflows"}, {"TcpExt", "TCPTimeouts"},
		{"Udp", "RcvbufErrors"},    {"Udp6", "RcvbufErrors"},      {"UdpLite6", "NoPorts"},
		{"Ip", "InHdrErrors"},      {"Ip6", "InHdrErrors"},        {"IpExt", "InCEPkts"},
		{"Icmp", "InDestUnreachs"}, {"Icmp6", "InPktTooBigs"},     {"MPTcpExt", "MPCapableSYNRX"},
		{"IcmpMsg", "InType8"},     {"Icmp6", "InType128"},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		const char *text = counter_meaning(known[i][0], known[i][1]);
		assert_true(*text);
		assert_true(strlen(text) <= 42); /* a line of 80 columns has room for no more */
	}
	assert_string_equal(counter_meaning("Tcp", "NoSuchThing"), "");
	assert_string_equal(counter_meaning("NoSuchGroup", "RetransSegs"), "");
	/* The same number says something else in the two ICMPs. */
	assert_string_not_equal(counter_meaning("IcmpMsg", "InType3"), counter_meaning("Icmp6", "InType3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_lines_of_ip6),
		cmocka_unit_test(test_the_caller_may_stop),
		cmocka_unit_test(test_meanings),
	};

	return cmocka_run_group_tests_name("netstat_counter_text", tests, NULL, NULL);
}
