/* Addresses in prefixes that routers advertise: RFC 4862 section 5.5, with identifiers of RFC 7217. */
#include <stdio.h>

#include "discovery.h"
#include "one_host6.h"

#define PREFIX "2001:db8:1::"
#define ROUTER "fe80::1"

static const struct nd_router usual = {.hop_limit = 64, .s_lifetime = 1800};

/* A host that listens to routers and has its link-local address. */
static void init(struct one *o)
{
	one_init(o);
	assert_int_equal(berth_host_interface_auto(o->host, 1, BERTH_AUTO_ROUTERS), 0);
	one_run(o, o->now + 5 * SECOND);
	one_clear(o);
	count_notices(o, BERTH_NOTICE_DNS); /* takes them all */
}

static void advertise(struct one *o, const char *prefix, unsigned len, bool on_link, bool autonomous, uint32_t s_valid,
		      uint32_t s_preferred)
{
	struct advert a;

	advert_begin(&a, &usual);
	advert_prefix(&a, prefix, len, on_link, autonomous, s_valid, s_preferred);
	one_advertise(o, &a, ROUTER);
}

static void advertise_usual(struct one *o, uint32_t s_valid, uint32_t s_preferred)
{
	advertise(o, PREFIX, 64, true, true, s_valid, s_preferred);
}

static struct host_address *the_address(struct one *o)
{
	return address_in(o, PREFIX, 64);
}

/* ---- the rules about time, RFC 4862 section 5.5.3 (e) ---- */

static void valid_until(void **state)
{
	const berth_time now = 1000 * SECOND, hours2 = 7200 * SECOND;
	const struct {
		berth_time until;
		uint32_t s_said;
		berth_time expected;
	} cases[] = {
		/* 1: more than is left, or more than two hours, is believed. */
		{now + 100 * SECOND, 101, now + 101 * SECOND},
		{now + 100 * SECOND, 7201, now + 7201 * SECOND},
		{now + 9000 * SECOND, 7201, now + 7201 * SECOND},
		{now + 9000 * SECOND, ND_FOREVER, BERTH_NEVER},
		{BERTH_NEVER, 7201, now + 7201 * SECOND},
		{BERTH_NEVER, ND_FOREVER, BERTH_NEVER},
		/* 2: two hours or less are left: nothing shortens them. */
		{now + 100 * SECOND, 100, now + 100 * SECOND},
		{now + 100 * SECOND, 99, now + 100 * SECOND},
		{now + 100 * SECOND, 0, now + 100 * SECOND},
		{now + hours2, 7200, now + hours2},
		{now + hours2, 7199, now + hours2},
		{now + hours2, 0, now + hours2},
		/* 3: else two hours are left. */
		{now + hours2 + 1, 7200, now + hours2},
		{now + hours2 + SECOND, 0, now + hours2},
		{BERTH_NEVER, 0, now + hours2},
		{BERTH_NEVER, 7200, now + hours2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(slaac_valid_until(now, cases[i].until, cases[i].s_said), cases[i].expected);
	assert_int_equal(slaac_after(now, 0), now);
	assert_int_equal(slaac_after(now, ND_FOREVER - 1), now + (ND_FOREVER - 1) * SECOND);
	assert_int_equal(slaac_after(now, ND_FOREVER), BERTH_NEVER);
}

/* ---- an address ---- */

static void is_made_and_asked_for(void **state)
{
	struct berth_notice notice;
	struct host_address *a;
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 86400, 14400);
	a = the_address(&o);
	assert_non_null(a);
	assert_int_equal(a->state, ADDRESS_TENTATIVE);
	assert_int_equal(a->prefix, 64);
	assert_int_equal(a->origin, ORIGIN_ROUTER);
	assert_int_equal(a->valid_until, o.now + 86400 * SECOND);
	assert_int_equal(a->preferred_until, o.now + 14400 * SECOND);
	one_run(&o, o.now + 2100 * MS);
	assert_int_equal(a->state, ADDRESS_PREFERRED);
	assert_true(next_notice(&o, BERTH_NOTICE_ADDRESS_READY, &notice));
	assert_int_equal(notice.prefix, 64);
	assert_source(&o, "2001:db8:9::9", PREFIX, 64);
	assert_next_hop(&o, "2001:db8:9::9", ROUTER);
	assert_next_hop(&o, "2001:db8:1::9", "2001:db8:1::9");
	one_deinit(&o);
}

/* The same on the same network, and another one on another and with another secret. */
static void is_stable(void **state)
{
	struct ip first[2], second[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct one o;

		init(&o);
		advertise_usual(&o, 86400, 14400);
		first[i] = the_address(&o)->ip;
		advertise(&o, "2001:db8:2::", 64, true, true, 86400, 14400);
		second[i] = address_in(&o, "2001:db8:2::", 64)->ip;
		one_deinit(&o);
	}
	assert_true(ip_equal(&first[0], &first[1]));
	assert_true(first[0].low != second[0].low);
	assert_true(ip_equal(&second[0], &second[1]));
}

/* A duplicate is made again with the same times. */
static void is_made_again(void **state)
{
	struct ip first;
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 86400, 14400);
	first = the_address(&o)->ip;
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
				     .source = first,
				     .destination = six("ff02::1"),
				     .target = first,
				     .mac = mac_other,
				     .flags = ND_OVERRIDE});
	assert_false(ip_equal(&the_address(&o)->ip, &first));
	assert_int_equal(the_address(&o)->state, ADDRESS_TENTATIVE);
	assert_int_equal(the_address(&o)->valid_until, o.now + 86400 * SECOND);
	assert_int_equal(count_notices(&o, BERTH_NOTICE_ADDRESS_DUPLICATE), 1);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
	/* And is the one that the next advertisement is about. */
	advertise_usual(&o, 86400, 14400);
	assert_int_equal(the_address(&o)->valid_until, o.now + 86400 * SECOND);
	one_deinit(&o);
}

static void ages(void **state)
{
	struct berth_notice notice;
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 200, 100);
	advertise(&o, "2001:db8:2::", 64, true, true, 300, 300);
	one_run(&o, o.now + 99 * SECOND);
	assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
	assert_source(&o, "2001:db8:1::9", PREFIX, 64);
	one_run(&o, o.now + 2 * SECOND);
	/* Deprecated: not for new conversations where there is another. */
	assert_int_equal(the_address(&o)->state, ADDRESS_DEPRECATED);
	assert_source(&o, "2001:db8:1::9", "2001:db8:2::", 64);
	one_run(&o, o.now + 98 * SECOND);
	assert_non_null(the_address(&o));
	count_notices(&o, BERTH_NOTICE_DNS);
	one_run(&o, o.now + 2 * SECOND);
	assert_null(the_address(&o));
	assert_true(next_notice(&o, BERTH_NOTICE_ADDRESS_GONE, &notice));
	assert_int_equal(notice.address.bytes[5], 1);
	/* The prefix is no longer on the link. */
	assert_next_hop(&o, "2001:db8:1::9", ROUTER);
	assert_next_hop(&o, "2001:db8:2::9", "2001:db8:2::9");
	one_deinit(&o);
}

static void is_preferred_again(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 10000, 0);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(the_address(&o)->state, ADDRESS_DEPRECATED);
	advertise_usual(&o, 10000, 100);
	assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
	advertise_usual(&o, 10000, 0);
	assert_int_equal(the_address(&o)->state, ADDRESS_DEPRECATED);
	one_deinit(&o);
}

/* A lying router, RFC 4862 section 5.5.3 (e): it ends no conversation at once. */
static void cannot_be_taken_at_once(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 86400, 14400);
	one_run(&o, o.now + 3 * SECOND);
	advertise_usual(&o, 0, 0);
	assert_int_equal(the_address(&o)->valid_until, o.now + 7200 * SECOND);
	assert_int_equal(the_address(&o)->state, ADDRESS_DEPRECATED);
	one_run(&o, o.now + 3600 * SECOND);
	advertise_usual(&o, 0, 0);
	assert_int_equal(the_address(&o)->valid_until, o.now + 3600 * SECOND);
	one_run(&o, o.now + 3601 * SECOND);
	assert_null(the_address(&o));
	one_deinit(&o);
}

/* Lost ones do nothing before the time is over, and duplicates nothing at all. */
static void lost_and_duplicated(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 1800, 1800);
	one_run(&o, o.now + 3 * SECOND);
	count_notices(&o, BERTH_NOTICE_DNS);
	for (unsigned i = 0; i < 10; i++) {
		berth_time before = o.now;

		advertise_usual(&o, 1800, 1800);
		advertise_usual(&o, 1800, 1800);
		assert_int_equal(the_address(&o)->valid_until, before + 1800 * SECOND);
		one_run(&o, o.now + 1700 * SECOND);
		assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
		one_clear(&o);
	}
	assert_false(berth_host_next_notice(o.host, &(struct berth_notice){0}));
	one_run(&o, o.now + 101 * SECOND);
	assert_null(the_address(&o));
	one_deinit(&o);
}

/* ---- what no address is made of ---- */

static void not_of_these(void **state)
{
	struct one o;
	unsigned n;

	(void)state;
	init(&o);
	n = o.host->n_addresses;
	advertise(&o, PREFIX, 64, true, false, 1000, 1000); /* not for addresses */
	advertise(&o, PREFIX, 63, false, true, 1000, 1000); /* not of 64 bits */
	advertise(&o, PREFIX, 65, false, true, 1000, 1000);
	advertise(&o, PREFIX, 0, false, true, 1000, 1000);
	advertise(&o, PREFIX, 64, false, true, 1000, 1001);  /* preferred for longer than valid */
	advertise(&o, PREFIX, 64, false, true, 0, 0);        /* over already */
	advertise(&o, "fe80::", 64, true, true, 1000, 1000); /* (b) */
	advertise(&o, "ff02::", 64, true, true, 1000, 1000);
	advertise(&o, "::", 64, true, true, 1000, 1000); /* would be this host, or IPv4 */
	advertise(&o, "::ffff:0:0", 64, true, true, 1000, 1000);
	advertise(&o, "::ffff:0:0", 96, true, true, 1000, 1000);
	assert_int_equal(o.host->n_addresses, n);
	assert_counter(&o, "nd_refused", 9);
	one_deinit(&o);
}

/* Bits behind the prefix may be anything. */
static void bits_behind(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise(&o, "2001:db8:1::dead:beef", 64, true, true, 1000, 1000);
	assert_non_null(the_address(&o));
	advertise(&o, "2001:db8:1:0:1::", 64, true, true, 1000, 1000);
	assert_non_null(the_address(&o));
	one_deinit(&o);
}

/* Without L there is an address but its network is behind the router. */
static void off_link(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	advertise(&o, PREFIX, 64, false, true, 1000, 1000);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
	assert_next_hop(&o, "2001:db8:1::9", ROUTER);
	/* Without A it is the other way round. */
	advertise(&o, "2001:db8:2::", 64, true, false, 1000, 1000);
	assert_null(address_in(&o, "2001:db8:2::", 64));
	assert_next_hop(&o, "2001:db8:2::9", "2001:db8:2::9");
	one_deinit(&o);
}

/* attacks.md: a thousand prefixes. What was there stays, and what comes is bounded and counted. */
static void thousand_prefixes(void **state)
{
	struct one o;
	size_t bytes;
	unsigned n = 0;

	(void)state;
	init(&o);
	advertise_usual(&o, 1800, 1800);
	one_run(&o, o.now + 3 * SECOND);
	bytes = o.heap.n_bytes;
	for (unsigned i = 0; i < 1000; i += 10) {
		struct advert a;

		advert_begin(&a, &usual);
		for (unsigned j = 0; j < 10; j++) {
			char text[32];

			snprintf(text, sizeof(text), "2001:db8:%x::", 0x1000 + i + j);
			advert_prefix(&a, text, 64, true, true, ND_FOREVER, ND_FOREVER);
		}
		one_advertise(&o, &a, ROUTER);
		one_run(&o, o.now + SECOND);
		one_clear(&o);
	}
	for (unsigned i = 0; i < o.host->n_addresses; i++)
		n += o.host->addresses[i].origin == ORIGIN_ROUTER;
	assert_int_equal(n, 16);
	assert_counter(&o, "nd_full", 2 * (1000 - 15));
	assert_true(o.heap.n_bytes < bytes + 8192);
	assert_int_equal(the_address(&o)->state, ADDRESS_PREFERRED);
	assert_source(&o, "2001:db8:1::9", PREFIX, 64);
	assert_next_hop(&o, "2001:db8:1::9", "2001:db8:1::9");
	one_deinit(&o);
}

/* ---- only where it is wanted ---- */

static void not_listening(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_interface_auto(o.host, 1, BERTH_AUTO_LINK_LOCAL), 0);
	one_run(&o, o.now + 5 * SECOND);
	assert_int_equal(count_icmp6(&o, ICMP6_ROUTER_SOLICIT), 0);
	advertise_usual(&o, 1800, 1800);
	assert_null(the_address(&o));
	assert_no_way(&o, "2001:db8:9::9");
	assert_counter(&o, "nd_ignored", 1);
	one_deinit(&o);
}

static void ends(void **state)
{
	struct berth_notice notice;
	struct one o;

	(void)state;
	init(&o);
	advertise_usual(&o, 1800, 1800);
	one_run(&o, o.now + 3 * SECOND);
	count_notices(&o, BERTH_NOTICE_DNS);
	assert_int_equal(berth_host_interface_auto(o.host, 1, 0), 0);
	assert_true(next_notice(&o, BERTH_NOTICE_ADDRESS_GONE, &notice));
	assert_null(address_in(&o, "::", 0));
	assert_no_way(&o, "2001:db8:9::9");
	assert_false(o.host->interfaces[1].ip6);
	one_clear(&o);
	one_run(&o, o.now + 4000 * SECOND);
	assert_int_equal(count_icmp6(&o, ICMP6_ROUTER_SOLICIT), 0);
	/* And begins again. */
	assert_int_equal(berth_host_interface_auto(o.host, 1, BERTH_AUTO_ROUTERS), 0);
	one_run(&o, o.now + 3 * SECOND);
	assert_true(count_icmp6(&o, ICMP6_ROUTER_SOLICIT) > 0);
	advertise_usual(&o, 1800, 1800);
	assert_non_null(the_address(&o));
	one_deinit(&o);
}

static void wrong_arguments(void **state)
{
	struct berth_interface_config config;
	struct one o;
	int narrow;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_interface_auto(o.host, 0, BERTH_AUTO_LINK_LOCAL), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(o.host, 2, BERTH_AUTO_LINK_LOCAL), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(o.host, -1, BERTH_AUTO_LINK_LOCAL), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(o.host, 1, 8), BERTH_EINVAL);
	berth_interface_config_default(&config);
	strcpy(config.name, "narrow");
	config.mac[0] = 2;
	config.mtu = 1279;
	narrow = berth_host_interface_add(o.host, &config);
	assert_int_equal(narrow, 2);
	assert_int_equal(berth_host_interface_auto(o.host, narrow, BERTH_AUTO_LINK_LOCAL), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(o.host, narrow, BERTH_AUTO_ROUTERS), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(o.host, narrow, 0), 0);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_until),
		cmocka_unit_test(is_made_and_asked_for),
		cmocka_unit_test(is_stable),
		cmocka_unit_test(is_made_again),
		cmocka_unit_test(ages),
		cmocka_unit_test(is_preferred_again),
		cmocka_unit_test(cannot_be_taken_at_once),
		cmocka_unit_test(lost_and_duplicated),
		cmocka_unit_test(not_of_these),
		cmocka_unit_test(bits_behind),
		cmocka_unit_test(off_link),
		cmocka_unit_test(thousand_prefixes),
		cmocka_unit_test(not_listening),
		cmocka_unit_test(ends),
		cmocka_unit_test(wrong_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
