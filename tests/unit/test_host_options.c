/* The options of a host: what each takes and refuses, that a refusal changes nothing, and what goes together. */
#include "host_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int take(struct host_options *options, int c, const char *value)
{
	char why[HOST_OPTION_WHY] = "";
	int r = host_option_parse(options, c, value, why);

	assert_int_equal(r == 0, why[0] == '\0');
	return r;
}

static void refuse(struct host_options *options, int c, const char *value, const char *said)
{
	struct host_options before = *options;
	char why[HOST_OPTION_WHY] = "";

	assert_int_equal(host_option_parse(options, c, value, why), BERTH_EINVAL);
	if (!strstr(why, said))
		fail_msg("'%s' of '%s' has no '%s'", why, value, said);
	assert_memory_equal(&before, options, sizeof(before));
}

static void assert_network(const struct host_network *network, const char *text, unsigned prefix)
{
	char out[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_address_format(&network->address, out, sizeof(out)), text);
	assert_int_equal(network->prefix, prefix);
}

static void test_addresses(void **state)
{
	struct host_options options = {0};

	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "192.168.1.7/24"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "FD00:0::7/64"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fe80::7/10"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fe80::8%eth0/64"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fe80::9%1/64"), 0);
	assert_int_equal(options.n_addresses, 5);
	assert_network(&options.addresses[0], "192.168.1.7", 24);
	assert_network(&options.addresses[1], "fd00::7", 64);
	assert_network(&options.addresses[2], "fe80::7%1", 10);
	assert_network(&options.addresses[3], "fe80::8%1", 64);
	assert_network(&options.addresses[4], "fe80::9%1", 64);
	assert_true(host_options_has(&options, BERTH_IP4) && host_options_has(&options, BERTH_IP6));
	assert_false(options.dhcp || options.automatic);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "dhcp"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "auto"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "auto"), 0);
	assert_true(options.dhcp && options.automatic && options.n_addresses == 5);
}

static void test_addresses_that_are_none(void **state)
{
	static const char *const none[] = {
		"",
		"x",
		"/",
		"192.168.1.7",
		"192.168.1/24",
		"192.168.1.256/24",
		"192.168.1.7/33",
		"192.168.1.7/-1",
		"192.168.1.7/",
		"192.168.1.7/24x",
		"192.168.01.7/24",
		"fd00::7",
		"fd00::7/129",
		"fd00::7::8/64",
		"[fd00::7]/64",
		"fd00::7%1/64",
		"192.168.1.7%1/24",
		"fe80::7/64%1",
		"DHCP",
		"auto ",
		"fe80::7%eth0",
		"%1",
		"%eth0/64",
		"fe80::00000000000000000000000000000000000000"
		"000000000000000000000000000000000000007/64",
	};
	static const char *const not_one[] = {"0.0.0.0/8",          "0.1.2.3/8",         "127.0.0.1/8", "224.0.0.1/24",
					      "255.255.255.255/32", "240.0.0.1/24",      "::/64",       "::1/128",
					      "ff02::1/64",         "::ffff:1.2.3.4/120"};
	static const char *const elsewhere[] = {"fe80::7%2/64", "fe80::7%eth1/64", "fe80::7%/64", "fe80::7%1%1/64",
						"fe80::7%0"};
	struct host_options options = {0};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		refuse(&options, HOST_OPTION_ADDRESS, none[i], "is no address with a prefix length");
	for (size_t i = 0; i < sizeof(not_one) / sizeof(not_one[0]); i++)
		refuse(&options, HOST_OPTION_ADDRESS, not_one[i], "is not one that a single host has");
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		refuse(&options, HOST_OPTION_ADDRESS, elsewhere[i], "the host's interface is eth0");
}

static void test_addresses_with_a_meaning(void **state)
{
	struct host_options options = {0};

	refuse(&options, HOST_OPTION_ADDRESS, "192.168.1.0/24", "stands for the network itself");
	refuse(&options, HOST_OPTION_ADDRESS, "192.168.1.255/24", "stands for all hosts of the network");
	refuse(&options, HOST_OPTION_ADDRESS, "10.3.255.255/14", "stands for all hosts of the network");
	refuse(&options, HOST_OPTION_ADDRESS, "fd00::/64", "stands for all routers of the network");
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "10.4.255.255/13"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "192.168.1.0/31"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "192.168.1.1/31"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "192.168.2.0/32"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fd00::/127"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fd00:1::/128"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "fd00::ffff:ffff:ffff:ffff/64"), 0);
}

static void test_as_many_as_there_is_room_for(void **state)
{
	struct host_options options = {0};
	char text[32];

	for (unsigned i = 0; i < HOST_ADDRESSES_MAX; i++) {
		snprintf(text, sizeof(text), "fd00::%x/64", i + 1);
		assert_int_equal(take(&options, HOST_OPTION_ADDRESS, text), 0);
	}
	refuse(&options, HOST_OPTION_ADDRESS, "fd00::1/48", "is given twice");
	refuse(&options, HOST_OPTION_ADDRESS, "fd00::aaaa/64", "at most 16 of them");
	assert_int_equal(take(&options, HOST_OPTION_ADDRESS, "auto"), 0);
	for (unsigned i = 0; i < HOST_DNS_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i + 1);
		assert_int_equal(take(&options, HOST_OPTION_DNS, text), 0);
	}
	refuse(&options, HOST_OPTION_DNS, "::ffff:10.0.0.4", "is given twice");
	refuse(&options, HOST_OPTION_DNS, "10.0.0.99", "at most 4 of them");
}

static void test_gateways(void **state)
{
	struct host_options options = {0};
	char text[BERTH_ADDRESS_TEXT];

	refuse(&options, HOST_OPTION_GATEWAY, "", "is no address");
	refuse(&options, HOST_OPTION_GATEWAY, "192.168.1.1/24", "is no address");
	refuse(&options, HOST_OPTION_GATEWAY, "fd00::1%1", "is no address");
	refuse(&options, HOST_OPTION_GATEWAY, "ff02::2", "is not one that a single router has");
	refuse(&options, HOST_OPTION_GATEWAY, "::", "is not one that a single router has");
	refuse(&options, HOST_OPTION_GATEWAY, "0.0.0.0", "is not one that a single router has");
	refuse(&options, HOST_OPTION_GATEWAY, "fe80::1%tap0", "the host's interface is eth0");
	assert_int_equal(take(&options, HOST_OPTION_GATEWAY, "fe80::1"), 0);
	assert_int_equal(take(&options, HOST_OPTION_GATEWAY, "192.168.1.1"), 0);
	assert_string_equal(berth_address_format(&options.gateway6, text, sizeof(text)), "fe80::1%1");
	assert_string_equal(berth_address_format(&options.gateway4, text, sizeof(text)), "192.168.1.1");
	refuse(&options, HOST_OPTION_GATEWAY, "fd00::1", "is fe80::1%1 already; give one of each");
	refuse(&options, HOST_OPTION_GATEWAY, "192.168.1.2", "is 192.168.1.1 already");
}

static void test_dns(void **state)
{
	struct host_options options = {0};
	char text[BERTH_ADDRESS_TEXT];

	refuse(&options, HOST_OPTION_DNS, "dns.example", "is no address");
	refuse(&options, HOST_OPTION_DNS, "10.0.0.1:53", "is no address");
	refuse(&options, HOST_OPTION_DNS, "127.0.0.53", "is not one that a single server has");
	refuse(&options, HOST_OPTION_DNS, "::1", "is not one that a single server has");
	refuse(&options, HOST_OPTION_DNS, "fe80::53%7", "the host's interface is eth0");
	assert_int_equal(take(&options, HOST_OPTION_DNS, "fe80::53"), 0);
	assert_int_equal(take(&options, HOST_OPTION_DNS, "10.0.0.1"), 0);
	assert_int_equal(options.n_dns, 2);
	assert_string_equal(berth_address_format(&options.dns[0], text, sizeof(text)), "fe80::53%1");
}

static void test_the_others(void **state)
{
	struct host_options options = {0};

	assert_int_equal(take(&options, HOST_OPTION_LINK, "tap:tap0"), 0);
	assert_int_equal(take(&options, HOST_OPTION_NAME, "web-1_a"), 0);
	assert_int_equal(take(&options, HOST_OPTION_PCAP, "file"), 0);
	assert_int_equal(take(&options, HOST_OPTION_WIRE, "loss=2%"), 0);
	assert_string_equal(options.tap, "tap0");
	assert_string_equal(options.name, "web-1_a");
	assert_string_equal(options.pcap, "file");
	assert_true(options.has_wire && options.wire.out.loss > 0);
	refuse(&options, HOST_OPTION_LINK, "tap:sixteencharacter", "at most 15 characters");
	refuse(&options, HOST_OPTION_LINK, "eth0", "a link is tap:NAME");
	refuse(&options, HOST_OPTION_NAME, "a b", "a name has 1 to 31 letters");
	refuse(&options, HOST_OPTION_WIRE, "delay=1ms,loss=200%", "at 'loss=200%'");
	assert_true(host_option_parse(&options, 'h', NULL, (char[HOST_OPTION_WHY]){0}) == -1);
}

static void test_tcp(void **state)
{
	struct host_options options = {0};

	assert_int_equal(take(&options, HOST_OPTION_NO_OFFLOAD, NULL), 0);
	assert_int_equal(take(&options, HOST_OPTION_CONGESTION, "bbr"), 0);
	assert_int_equal(take(&options, HOST_OPTION_ECN, "on"), 0);
	assert_int_equal(take(&options, HOST_OPTION_RECEIVE_BUFFER, "4096"), 0);
	assert_true(options.no_offload && options.has_ecn && options.ecn == BERTH_ECN_ON);
	assert_string_equal(options.congestion, "bbr");
	assert_int_equal(options.receive_buffer, 4096);
	assert_int_equal(take(&options, HOST_OPTION_ECN, "off"), 0);
	assert_true(options.has_ecn && options.ecn == BERTH_ECN_OFF);
	refuse(&options, HOST_OPTION_CONGESTION, "", "no such congestion control");
	refuse(&options, HOST_OPTION_CONGESTION, "cubicubicubicubicubicubicubicubic", "no such congestion control");
	refuse(&options, HOST_OPTION_ECN, "maybe", "none of off, accept and on");
	refuse(&options, HOST_OPTION_RECEIVE_BUFFER, "4095", "from 4096 to 67108864");
	refuse(&options, HOST_OPTION_RECEIVE_BUFFER, "67108865", "from 4096 to 67108864");
}

/* What the options are together: the words of the complaint, or NULL for none. */
static void validate(const char *const *addresses, const char *gateway, const char *complaint)
{
	struct host_options options = {.tap = "tap0"};
	char why[HOST_OPTION_WHY] = "";

	for (; *addresses; addresses++)
		assert_int_equal(take(&options, HOST_OPTION_ADDRESS, *addresses), 0);
	if (gateway)
		assert_int_equal(take(&options, HOST_OPTION_GATEWAY, gateway), 0);
	assert_int_equal(host_options_validate(&options, why), complaint ? BERTH_EINVAL : 0);
	if (complaint && !strstr(why, complaint))
		fail_msg("'%s' has no '%s'", why, complaint);
}

static void test_together(void **state)
{
	const char *const nothing[] = {NULL}, *const dhcp[] = {"dhcp", NULL}, *const automatic[] = {"auto", NULL},
			  *const four[] = {"192.168.1.7/24", NULL}, *const six[] = {"fd00::7/64", NULL},
			  *const both[] = {"fd00::7/64", "192.168.1.7/24", NULL},
			  *const mixed[] = {"auto", "192.168.1.7/24", NULL};
	char why[HOST_OPTION_WHY];

	assert_int_equal(host_options_validate(&(struct host_options){.dhcp = true}, why), BERTH_EINVAL);
	assert_true(strstr(why, "--link tap:tap0"));
	validate(nothing, NULL, "no address; add --address");
	validate(dhcp, NULL, NULL);
	validate(automatic, NULL, NULL);
	validate(both, "192.168.1.1", NULL);
	validate(both, "fe80::1", NULL);
	validate(mixed, "192.168.1.1", NULL);
	validate(mixed, "fe80::1", "routers say");
	validate(automatic, "192.168.1.1", "DHCP says");
	validate(dhcp, "192.168.1.1", "DHCP says");
	validate(dhcp, "fe80::1", "the host has no IPv6 address");
	validate(four, "fe80::1", "the host has no IPv6 address");
	validate(six, "192.168.1.1", "the host has no IPv4 address");
}

static void how(const char *const *addresses, unsigned expected)
{
	struct host_options options = {0};

	for (; *addresses; addresses++)
		assert_int_equal(take(&options, HOST_OPTION_ADDRESS, *addresses), 0);
	assert_int_equal(host_options_how(&options), expected);
}

static void test_how(void **state)
{
	how((const char *[]){NULL}, 0);
	how((const char *[]){"192.168.1.7/24", "fd00::7/64", NULL}, 0);
	how((const char *[]){"dhcp", NULL}, BERTH_AUTO_DHCP);
	how((const char *[]){"auto", NULL}, BERTH_AUTO_DHCP | BERTH_AUTO_ROUTERS);
	how((const char *[]){"auto", "fd00::7/64", NULL}, BERTH_AUTO_DHCP | BERTH_AUTO_ROUTERS);
	how((const char *[]){"auto", "192.168.1.7/24", NULL}, BERTH_AUTO_ROUTERS);
	how((const char *[]){"192.168.1.7/24", "dhcp", NULL}, BERTH_AUTO_DHCP);
	how((const char *[]){"auto", "192.168.1.7/24", "dhcp", NULL}, BERTH_AUTO_DHCP | BERTH_AUTO_ROUTERS);
}

static void test_addresses_of_others(void **state)
{
	struct berth_address address;

	assert_int_equal(host_address_parse("fe80::5%eth0", &address), 0);
	assert_int_equal(address.scope, HOST_INTERFACE);
	assert_int_equal(host_address_parse("ff02::5%1", &address), 0);
	assert_int_equal(host_address_parse("::ffff:192.168.1.5", &address), 0);
	assert_int_equal(address.family, BERTH_IP4);
	assert_int_equal(host_address_parse("fd00::5", &address), 0);
	assert_int_equal(address.scope, 0);
	assert_int_equal(host_address_parse("fe80::5%2", &address), BERTH_ENOENT);
	assert_int_equal(host_address_parse("fd00::5%1", &address), BERTH_EINVAL);
	assert_int_equal(host_address_parse("example.test", &address), BERTH_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_that_are_none),
		cmocka_unit_test(test_addresses_with_a_meaning),
		cmocka_unit_test(test_as_many_as_there_is_room_for),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_the_others),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_how),
		cmocka_unit_test(test_addresses_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
