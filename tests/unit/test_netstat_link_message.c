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

/* What an address with these flags (and this word on who gave it) is. */
static struct link_address address_with(uint32_t flags, uint8_t protocol, const struct ifa_cacheinfo *info)
{
	struct link_address found;
	struct message message;

	put_address(&message, AF_INET6, 64);
	mnl_attr_put(message.header, IFA_ADDRESS, 16, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	mnl_attr_put_u32(message.header, IFA_FLAGS, flags);
	if (protocol)
		mnl_attr_put_u8(message.header, 11, protocol);
	if (info)
		mnl_attr_put(message.header, IFA_CACHEINFO, sizeof(*info), info);
	assert_true(link_address_message(message.header, &found));
	return found;
}

static void test_address_states(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t protocol;
		enum berth_address_state state;
		enum berth_origin origin;
	} cases[] = {
		{IFA_F_PERMANENT, 0, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_STATIC},
		{0, 0, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_N},
		{IFA_F_PERMANENT, 1, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_LOOPBACK},
		{IFA_F_MANAGETEMPADDR, 2, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_ROUTER},
		{IFA_F_PERMANENT, 3, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_LINK_LOCAL},
		{IFA_F_PERMANENT, 77, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_STATIC},
		{IFA_F_TENTATIVE, 0, BERTH_ADDRESS_TENTATIVE, BERTH_ORIGIN_N},
		{IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, 0, BERTH_ADDRESS_PREFERRED, BERTH_ORIGIN_N},
		{IFA_F_TENTATIVE | IFA_F_DADFAILED, 0, BERTH_ADDRESS_DUPLICATE, BERTH_ORIGIN_N},
		{IFA_F_DEPRECATED, 2, BERTH_ADDRESS_DEPRECATED, BERTH_ORIGIN_ROUTER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct link_address found = address_with(cases[i].flags, cases[i].protocol, NULL);
		assert_int_equal(found.state, cases[i].state);
		assert_int_equal(found.origin, cases[i].origin);
		assert_true(found.ns_valid == UINT64_MAX && found.ns_preferred == UINT64_MAX);
	}
}

static void test_address_lifetimes(void **state)
{
	const struct ifa_cacheinfo some = {.ifa_prefered = 0, .ifa_valid = 86400};
	const struct ifa_cacheinfo longest = {.ifa_prefered = UINT32_MAX - 1, .ifa_valid = UINT32_MAX};
	struct link_address found = address_with(0, 0, &some);

	assert_true(found.ns_preferred == 0 && found.ns_valid == UINT64_C(86400000000000));
	found = address_with(0, 0, &longest);
	assert_true(found.ns_preferred == UINT64_C(4294967294000000000) && found.ns_valid == UINT64_MAX);
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
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_counters_of_other_kernels),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_address_states),
		cmocka_unit_test(test_address_lifetimes),
	};

	return cmocka_run_group_tests_name("netstat_link_message", tests, NULL, NULL);
}
