/* Interfaces and addresses as rtnetlink tells them: messages built by hand, whole, cut short and hostile. */
#include "tables/link_message.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct message {
	char bytes[2048] __attribute__((aligned(8)));
	struct nlmsghdr *header;
};

static struct ifinfomsg *begin_link(struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWLINK;
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message->header, sizeof(*link));
	link->ifi_index = 4;
	link->ifi_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST;
	return link;
}

static void put_link(struct message *message, size_t n_counters)
{
	struct rtnl_link_stats64 counters = {.rx_packets = UINT64_MAX, .tx_packets = 5, .rx_nohandler = 99};

	begin_link(message);
	mnl_attr_put_strz(message->header, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(message->header, IFLA_MTU, 1400);
	mnl_attr_put_u8(message->header, IFLA_OPERSTATE, 6);
	mnl_attr_put(message->header, IFLA_ADDRESS, 6, "\x02\xfc\0\0\0\1");
	struct nlattr *info = mnl_attr_nest_start(message->header, IFLA_LINKINFO);
	mnl_attr_put_strz(message->header, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(message->header, info);
	mnl_attr_put(message->header, IFLA_STATS64, n_counters, &counters);
}

static void test_link(void **state)
{
	struct message message;
	struct link link;
	char flags[24];

	put_link(&message, sizeof(struct rtnl_link_stats64));
	assert_true(link_message(message.header, &link));
	assert_int_equal(link.number, 4);
	assert_int_equal(link.mtu, 1400);
	assert_string_equal(link.name, "eth0");
	assert_string_equal(link.kind, "veth");
	assert_string_equal(link_state_name(link.state), "up");
	assert_int_equal(link.n_station, 6);
	assert_memory_equal(link.station, "\x02\xfc\0\0\0\1", 6);
	assert_true(link.counters.rx_packets == UINT64_MAX && link.counters.tx_packets == 5 &&
		    link.counters.rx_nohandler == 99);
	link_flags(link.flags, flags);
	assert_string_equal(flags, "BMRU");
}

static void test_counters_of_other_kernels(void **state)
{
	struct message message;
	struct link link;

	put_link(&message, 16);
	assert_true(link_message(message.header, &link));
	assert_true(link.counters.tx_packets == 5 && link.counters.rx_nohandler == 0);
	put_link(&message, 0);
	assert_true(link_message(message.header, &link));
	assert_true(link.counters.rx_packets == 0);
}

static void test_names(void **state)
{
	struct message message;
	struct link link = {.number = 77};

	begin_link(&message);
	assert_false(link_message(message.header, &link));
	assert_int_equal(link.number, 77);
	mnl_attr_put(message.header, IFLA_IFNAME, 32, "a\x1b[2Jbcdefghijklmnopqrstuvwxyz01");
	assert_true(link_message(message.header, &link));
	assert_string_equal(link.name, "a?[2Jbcdefghijk");
	begin_link(&message)->ifi_index = -1;
	mnl_attr_put_strz(message.header, IFLA_IFNAME, "eth0");
	assert_false(link_message(message.header, &link));
	message.header->nlmsg_type = RTM_DELLINK;
	assert_false(link_message(message.header, &link));
}

/* Cut at every length, in memory that ends there, so that a sanitizer sees a byte read too far. */
static void test_cut_short(void **state)
{
	struct message message;
	struct link link;

	put_link(&message, sizeof(struct rtnl_link_stats64));
	for (uint32_t n = MNL_NLMSG_HDRLEN; n < message.header->nlmsg_len; n++) {
		struct nlmsghdr *cut = malloc(n);
		assert_non_null(cut);
		memcpy(cut, message.bytes, n);
		cut->nlmsg_len = n;
		bool found = link_message(cut, &link);
		assert_true(!found || !strcmp(link.name, "eth0") || !strncmp("eth0", link.name, strlen(link.name)));
		free(cut);
	}
}

static void test_flags(void **state)
{
	static const struct {
		uint32_t flags;
		const char *text;
	} cases[] = {
		{0, ""},
		{IFF_UP | IFF_RUNNING | IFF_LOOPBACK, "LRU"},
		{IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST, "MOPRU"},
		{IFF_UP | IFF_MASTER | IFF_BROADCAST | IFF_MULTICAST | IFF_RUNNING, "BMmRU"},
		{UINT32_MAX, "ABDLMPNOPsmRU"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char flags[24];
		link_flags(cases[i].flags, flags);
		assert_string_equal(flags, cases[i].text);
	}
	assert_string_equal(link_state_name(200), "unknown");
}

static void put_address(struct message *message, uint8_t family, uint8_t prefix)
{
	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWADDR;
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message->header, sizeof(*header));
	*header = (struct ifaddrmsg){.ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = 9};
}

static void test_addresses(void **state)
{
	char text[BERTH_ADDRESS_TEXT];
	struct link_address found;
	struct message message;

	/* Of a point-to-point link, this end. */
	put_address(&message, AF_INET, 32);
	mnl_attr_put(message.header, IFA_ADDRESS, 4, "\x0a\0\0\2");
	mnl_attr_put(message.header, IFA_LOCAL, 4, "\x0a\0\0\1");
	assert_true(link_address_message(message.header, &found));
	assert_string_equal(berth_address_format(&found.address, text, sizeof(text)), "10.0.0.1");
	assert_int_equal(found.number, 9);
	assert_int_equal(found.prefix, 32);
	put_address(&message, AF_INET6, 64);
	mnl_attr_put(message.header, IFA_ADDRESS, 16, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	assert_true(link_address_message(message.header, &found));
	assert_string_equal(berth_address_format(&found.address, text, sizeof(text)), "fe80::1");
}

static void test_bad_addresses(void **state)
{
	struct link_address found;
	struct message message;

	put_address(&message, AF_INET, 33);
	mnl_attr_put(message.header, IFA_LOCAL, 4, "\x0a\0\0\1");
	assert_false(link_address_message(message.header, &found));
	put_address(&message, AF_INET, 24);
	assert_false(link_address_message(message.header, &found));
	mnl_attr_put(message.header, IFA_LOCAL, 3, "\x0a\0\0");
	assert_false(link_address_message(message.header, &found));
	put_address(&message, AF_UNIX, 0);
	mnl_attr_put(message.header, IFA_LOCAL, 4, "\x0a\0\0\1");
	assert_false(link_address_message(message.header, &found));
	message.header->nlmsg_type = RTM_DELADDR;
	assert_false(link_address_message(message.header, &found));
	message.header->nlmsg_len = MNL_NLMSG_HDRLEN + 2;
	message.header->nlmsg_type = RTM_NEWADDR;
	assert_false(link_address_message(message.header, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link),          cmocka_unit_test(test_counters_of_other_kernels),
		cmocka_unit_test(test_names),         cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_flags),         cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_bad_addresses),
	};

	return cmocka_run_group_tests_name("netstat_link_message", tests, NULL, NULL);
}
