/* Routes as rtnetlink tells them: messages built by hand, whole, cut short and hostile. */
#include "tables/route_message.h"

#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What came of a message: the routes as text, a line each. */
struct seen {
	char text[1024];
	int n, stop_after;
};

static int on_route(void *user, const struct route *route)
{
	char destination[BERTH_ADDRESS_TEXT], gateway[BERTH_ADDRESS_TEXT], source[BERTH_ADDRESS_TEXT];
	char flags[8], type[12], protocol[12], table[12];
	struct seen *seen = user;
	size_t n = strlen(seen->text);

	route_flags(route, flags);
	snprintf(seen->text + n, sizeof(seen->text) - n,
		 "%s/%u via %s src %s dev %u %s %s %s table %s metric %u mss %u window %u rtt %u mtu %u weight %u\n",
		 berth_address_format(&route->destination, destination, sizeof(destination)), route->prefix,
		 berth_address_format(&route->gateway, gateway, sizeof(gateway)),
		 berth_address_format(&route->source, source, sizeof(source)), route->interface, flags,
		 route_type_name(route->type, type), route_protocol_name(route->protocol, protocol),
		 route_table_name(route->table, table), route->metric, route->advmss, route->window, route->ms_rtt,
		 route->mtu, route->weight);
	return ++seen->n == seen->stop_after ? 9 : 0;
}

/* A message in the making. */
struct message {
	char bytes[2048] __attribute__((aligned(8)));
	struct nlmsghdr *header;
};

static struct rtmsg *begin(struct message *message, uint8_t family, uint8_t prefix)
{
	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWROUTE;
	struct rtmsg *route = mnl_nlmsg_put_extra_header(message->header, sizeof(*route));
	route->rtm_family = family;
	route->rtm_dst_len = prefix;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_type = RTN_UNICAST;
	route->rtm_protocol = RTPROT_BOOT;
	return route;
}

static void put_address(struct message *message, uint16_t type, const char *text)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	mnl_attr_put(message->header, type, address.family == BERTH_IP4 ? 4 : 16, address.bytes);
}

static void assert_routes(const struct message *message, const char *text)
{
	struct seen seen = {0};

	assert_int_equal(route_message(message->header, on_route, &seen), 0);
	assert_string_equal(seen.text, text);
}

static void test_default_route(void **state)
{
	struct message message;

	begin(&message, AF_INET, 0);
	mnl_attr_put_u32(message.header, RTA_TABLE, RT_TABLE_MAIN);
	put_address(&message, RTA_GATEWAY, "192.0.2.1");
	put_address(&message, RTA_PREFSRC, "192.0.2.2");
	mnl_attr_put_u32(message.header, RTA_OIF, 4);
	mnl_attr_put_u32(message.header, RTA_PRIORITY, 100);
	assert_routes(&message, "0.0.0.0/0 via 192.0.2.1 src 192.0.2.2 dev 4 UG unicast boot table main metric 100 "
				"mss 0 window 0 rtt 0 mtu 0 weight 0\n");
}

static void test_metrics(void **state)
{
	struct message message;

	begin(&message, AF_INET6, 128)->rtm_protocol = RTPROT_RA;
	put_address(&message, RTA_DST, "2001:db8::7");
	struct nlattr *metrics = mnl_attr_nest_start(message.header, RTA_METRICS);
	mnl_attr_put_u32(message.header, RTAX_MTU, 1400);
	mnl_attr_put_u32(message.header, RTAX_WINDOW, 4096);
	mnl_attr_put_u32(message.header, RTAX_RTT, 80);
	mnl_attr_put_u32(message.header, RTAX_ADVMSS, 1340);
	mnl_attr_nest_end(message.header, metrics);
	assert_routes(&message, "2001:db8::7/128 via * src * dev 0 UHA unicast ra table main metric 0 mss 1340 "
				"window 4096 rtt 10 mtu 1400 weight 0\n");
}

static void test_refusing_route(void **state)
{
	struct message message;

	begin(&message, AF_INET, 8)->rtm_type = RTN_BLACKHOLE;
	put_address(&message, RTA_DST, "10.0.0.0");
	mnl_attr_put_u32(message.header, RTA_TABLE, 1000);
	assert_routes(&message, "10.0.0.0/8 via * src * dev 0 ! blackhole boot table 1000 metric 0 mss 0 window 0 "
				"rtt 0 mtu 0 weight 0\n");
}

static void test_ip4_through_an_ip6_router(void **state)
{
	struct message message;
	uint8_t via[18] = {0};
	uint16_t family = AF_INET6;

	begin(&message, AF_INET, 24);
	put_address(&message, RTA_DST, "203.0.113.0");
	memcpy(via, &family, 2);
	via[2] = 0xfe;
	via[3] = 0x80;
	via[17] = 1;
	mnl_attr_put(message.header, RTA_VIA, sizeof(via), via);
	assert_routes(&message, "203.0.113.0/24 via fe80::1 src * dev 0 UG unicast boot table main metric 0 mss 0 "
				"window 0 rtt 0 mtu 0 weight 0\n");
}

/* One of several next hops: its header and its gateway. */
static void put_next_hop(struct message *message, int interface, uint8_t hops, const uint8_t *gateway)
{
	struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(message->header);

	*hop = (struct rtnexthop){
		.rtnh_len = sizeof(*hop) + (gateway ? 8 : 0), .rtnh_hops = hops, .rtnh_ifindex = interface};
	message->header->nlmsg_len += sizeof(*hop);
	if (gateway)
		mnl_attr_put(message->header, RTA_GATEWAY, 4, gateway);
}

static struct rtnexthop *put_multipath(struct message *message)
{
	begin(message, AF_INET, 16);
	put_address(message, RTA_DST, "172.20.0.0");
	struct nlattr *nest = mnl_attr_nest_start(message->header, RTA_MULTIPATH);
	put_next_hop(message, 3, 0, (const uint8_t[]){192, 0, 2, 1});
	put_next_hop(message, 4, 4, (const uint8_t[]){192, 0, 2, 9});
	put_next_hop(message, 5, 0, NULL);
	mnl_attr_nest_end(message->header, nest);
	return mnl_attr_get_payload(nest);
}

static void test_several_next_hops(void **state)
{
	struct message message;
	struct seen seen = {.stop_after = 2};

	put_multipath(&message);
	assert_routes(&message, "172.20.0.0/16 via 192.0.2.1 src * dev 3 UG unicast boot table main metric 0 mss 0 "
				"window 0 rtt 0 mtu 0 weight 1\n"
				"172.20.0.0/16 via 192.0.2.9 src * dev 4 UG unicast boot table main metric 0 mss 0 "
				"window 0 rtt 0 mtu 0 weight 5\n"
				"172.20.0.0/16 via * src * dev 5 U unicast boot table main metric 0 mss 0 "
				"window 0 rtt 0 mtu 0 weight 1\n");
	assert_int_equal(route_message(message.header, on_route, &seen), 9);
	assert_int_equal(seen.n, 2);
}

static void test_bad_next_hops(void **state)
{
	static const uint16_t lengths[] = {0, 1, 7, 41, 1000, 65535};
	struct message message;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct seen seen = {0};
		put_multipath(&message)->rtnh_len = lengths[i];
		assert_int_equal(route_message(message.header, on_route, &seen), 0);
		assert_true(seen.n == 0);
	}
}

static void test_what_is_no_route(void **state)
{
	struct message message;
	struct seen seen = {0};

	begin(&message, AF_INET, 33);
	assert_int_equal(route_message(message.header, on_route, &seen), 0);
	begin(&message, AF_INET6, 129);
	assert_int_equal(route_message(message.header, on_route, &seen), 0);
	begin(&message, AF_UNIX, 0);
	assert_int_equal(route_message(message.header, on_route, &seen), 0);
	begin(&message, AF_INET, 0);
	message.header->nlmsg_type = RTM_DELROUTE;
	assert_int_equal(route_message(message.header, on_route, &seen), 0);
	begin(&message, AF_INET, 0);
	message.header->nlmsg_len--;
	assert_int_equal(route_message(message.header, on_route, &seen), 0);
	assert_int_equal(seen.n, 0);
}

/* Cut at every length, in memory that ends there, so that a sanitizer sees a byte read too far. */
static void test_cut_short(void **state)
{
	struct message message;

	put_multipath(&message);
	for (uint32_t n = MNL_NLMSG_HDRLEN; n <= message.header->nlmsg_len; n++) {
		struct nlmsghdr *cut = malloc(n);
		struct seen seen = {0};
		assert_non_null(cut);
		memcpy(cut, message.bytes, n);
		cut->nlmsg_len = n;
		assert_int_equal(route_message(cut, on_route, &seen), 0);
		free(cut);
	}
}

static int on_last_route(void *user, const struct route *route)
{
	*(struct route *)user = *route;
	return 0;
}

/* A router's route: RFC 4191's preference, and the time that it is good for. */
static struct route route_with(int preference, const void *info, size_t n_info)
{
	struct message message;
	struct route route = {0};

	begin(&message, AF_INET6, 0);
	if (preference >= 0)
		mnl_attr_put_u8(message.header, RTA_PREF, (uint8_t)preference);
	mnl_attr_put(message.header, RTA_CACHEINFO, n_info, info);
	assert_int_equal(route_message(message.header, on_last_route, &route), 0);
	return route;
}

static void test_preference_and_expiry(void **state)
{
	static const uint8_t preferences[] = {BERTH_PREFERENCE_MEDIUM, BERTH_PREFERENCE_HIGH, BERTH_PREFERENCE_MEDIUM,
					      BERTH_PREFERENCE_LOW};
	struct rta_cacheinfo info = {.rta_expires = 179950};

	for (int i = 0; i < 4; i++)
		assert_int_equal(route_with(i, &info, sizeof(info)).preference, preferences[i]);
	assert_true(route_with(3, &info, sizeof(info)).has_preference);
	assert_false(route_with(-1, &info, sizeof(info)).has_preference);
	assert_true(route_with(0, &info, sizeof(info)).ns_expires == UINT64_C(1799500000000));
	assert_true(route_with(0, &info, sizeof(info) - 1).ns_expires == UINT64_MAX);
	info.rta_expires = 0;
	assert_true(route_with(0, &info, sizeof(info)).ns_expires == UINT64_MAX);
	info.rta_expires = -5; /* it is about to go */
	assert_true(route_with(0, &info, sizeof(info)).ns_expires == 0);
}

static void test_addresses_of_the_wrong_length(void **state)
{
	struct message message;

	begin(&message, AF_INET, 24);
	put_address(&message, RTA_DST, "2001:db8::");
	put_address(&message, RTA_GATEWAY, "2001:db8::1");
	mnl_attr_put(message.header, RTA_VIA, 1, "");
	mnl_attr_put(message.header, RTA_OIF, 2, "\1\2");
	assert_routes(&message, "0.0.0.0/24 via * src * dev 0 U unicast boot table main metric 0 mss 0 window 0 "
				"rtt 0 mtu 0 weight 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_route),         cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_refusing_route),        cmocka_unit_test(test_ip4_through_an_ip6_router),
		cmocka_unit_test(test_several_next_hops),     cmocka_unit_test(test_bad_next_hops),
		cmocka_unit_test(test_what_is_no_route),      cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_preference_and_expiry), cmocka_unit_test(test_addresses_of_the_wrong_length),
	};

	return cmocka_run_group_tests_name("netstat_route_message", tests, NULL, NULL);
}
