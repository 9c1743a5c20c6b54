/* Address selection: the examples of RFC 6724 section 10 and each rule by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "select.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SOURCES_MAX 3

/* What stands in parentheses in the RFC's examples. */
enum mark { PLAIN, DEPRECATED, CARE_OF, TEMPORARY };

struct address {
	const char *text; /* NULL: there is none */
	enum mark mark;
};

static struct ip ip_of(const char *text)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	return ip_of_address(&address);
}

/* As on one link of a host: networks of 64 bits, or of 24 for IPv4. */
static struct select_source source_of(const struct address *a)
{
	struct ip ip = ip_of(a->text);

	return (struct select_source){.ip = ip,
				      .interface = 1,
				      .prefix = ip_is_ip4(&ip) ? IP4_PREFIX + 24 : 64,
				      .deprecated = a->mark == DEPRECATED,
				      .care_of = a->mark == CARE_OF,
				      .temporary = a->mark == TEMPORARY,
				      .label = select_label(&select_policies_default, &ip)};
}

static size_t read_sources(const struct address *from, struct select_source *to)
{
	size_t n = 0;

	for (; n < SOURCES_MAX && from[n].text; n++)
		to[n] = source_of(&from[n]);
	return n;
}

/* Section 10.1: of two sources the first is chosen, whichever comes first. */
static void test_sources(void **state)
{
	static const struct {
		const char *destination;
		struct address chosen, other;
	} cases[] = {
		{"2001:db8:1::1", {"2001:db8:3::1", PLAIN}, {"fe80::1", PLAIN}},
		{"ff05::1", {"2001:db8:3::1", PLAIN}, {"fe80::1", PLAIN}},
		{"2001:db8:1::1", {"2001:db8:1::1", DEPRECATED}, {"2001:db8:2::1", PLAIN}},
		{"fe80::1", {"fe80::2", DEPRECATED}, {"2001:db8:1::1", PLAIN}},
		{"2001:db8:1::1", {"2001:db8:1::2", PLAIN}, {"2001:db8:3::2", PLAIN}},
		{"2001:db8:1::1", {"2001:db8:3::2", PLAIN}, {"2001:db8:1::2", CARE_OF}},
		{"2002:c633:6401::1", {"2002:c633:6401::d5e3:7953:13eb:22e8", TEMPORARY}, {"2001:db8:1::2", PLAIN}},
		{"2001:db8:1::d5e3:0:0:1", {"2001:db8:1::d5e3:7953:13eb:22e8", TEMPORARY}, {"2001:db8:1::2", PLAIN}},
		/* Not of the RFC: a group of the link, ULAs among themselves, IPv4. */
		{"ff02::fb", {"fe80::1", PLAIN}, {"2001:db8:3::1", PLAIN}},
		{"fd00:1::1", {"fd00:2::1", PLAIN}, {"2001:db8:1::1", PLAIN}},
		{"192.0.2.1", {"10.0.0.1", PLAIN}, {"169.254.1.1", PLAIN}},
		{"169.254.7.7", {"169.254.1.1", PLAIN}, {"10.0.0.1", PLAIN}},
		{"10.0.2.9", {"10.0.2.1", PLAIN}, {"10.0.0.1", PLAIN}},
		{"10.0.2.9", {"10.0.0.1", PLAIN}, {"10.0.2.1", DEPRECATED}},
		{"192.0.2.1", {"10.0.0.1", PLAIN}, {"2001:db8::1", PLAIN}},
		{"2001:db8::1", {"fe80::1", PLAIN}, {"10.0.0.1", PLAIN}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct select_source chosen = source_of(&cases[i].chosen), other = source_of(&cases[i].other);
		const struct select_source ways[2][2] = {{chosen, other}, {other, chosen}};
		struct ip destination = ip_of(cases[i].destination);
		struct select_target target;

		select_target(&select_policies_default, &destination, 1, &target);
		assert_ptr_equal(select_source(&target, ways[0], 2), &ways[0][0]);
		assert_ptr_equal(select_source(&target, ways[1], 2), &ways[1][1]);
	}
}

/* The default table with one row more, or with one row instead of its own. */
static void change_policies(const struct select_policy *row, struct select_policy *rows, struct select_policies *out)
{
	size_t n = select_policies_default.n, at = 0;

	memcpy(rows, select_policies_default.rows, n * sizeof(*rows));
	while (at < n && (rows[at].len != row->len || !ip_equal(&rows[at].prefix, &row->prefix)))
		at++;
	rows[at] = *row;
	*out = (struct select_policies){rows, at == n ? n + 1 : n};
}

struct order {
	const char *first, *first_source, *second, *second_source; /* as they come out */
	struct address sources[SOURCES_MAX];
	struct select_policy policy; /* in the default table's stead; precedence 0: none */
};

static void check_order(const struct order *order, bool turned)
{
	struct select_policy rows[16];
	struct select_policies policies = select_policies_default;
	struct select_source sources[SOURCES_MAX];
	size_t n = read_sources(order->sources, sources);
	struct select_destination d[2] = {{.ip = ip_of(turned ? order->second : order->first)},
					  {.ip = ip_of(turned ? order->first : order->second)}};
	const char *want[2][2] = {{order->first, order->first_source}, {order->second, order->second_source}};

	if (order->policy.precedence)
		change_policies(&order->policy, rows, &policies);
	for (size_t i = 0; i < 2; i++) {
		const struct select_source *source;
		struct select_target target;

		select_target(&policies, &d[i].ip, 1, &target);
		for (size_t k = 0; k < n; k++)
			sources[k].label = select_label(&policies, &sources[k].ip);
		source = select_source(&target, sources, n);
		if (source)
			d[i].source = *source;
	}
	select_sort(&policies, d, 2);
	for (size_t i = 0; i < 2; i++) {
		struct ip ip = ip_of(want[i][0]);

		assert_true(ip_equal(&d[i].ip, &ip));
		ip = want[i][1] ? ip_of(want[i][1]) : (struct ip){0};
		assert_true(ip_equal(&d[i].source.ip, &ip));
	}
}

#define IP4_FIRST                                                                                                      \
	{                                                                                                              \
		.prefix = {.low = IP4_MAPPED}, .len = 96, .precedence = 100, .label = 4                                \
	}
#define LINK_LAST                                                                                                      \
	{                                                                                                              \
		.prefix = {.high = UINT64_C(0xfe80) << 48}, .len = 10, .precedence = 33, .label = 1                    \
	}
#define ULA_FIRST                                                                                                      \
	{                                                                                                              \
		.prefix = {.high = UINT64_C(0xfd11111111110000)}, .len = 48, .precedence = 45, .label = 14             \
	}

/* Sections 10.2, 10.3 (IPv4 first), 10.4 (link-local last) and 10.6 (a ULA prefix of the site's own), whichever way
 * round the two destinations are given. */
static void test_destinations(void **state)
{
	static const struct order orders[] = {
		{"2001:db8:1::1",
		 "2001:db8:1::2",
		 "198.51.100.121",
		 "169.254.13.78",
		 {{"2001:db8:1::2", 0}, {"fe80::1", 0}, {"169.254.13.78", 0}},
		 {.len = 0}},
		{"198.51.100.121",
		 "198.51.100.117",
		 "2001:db8:1::1",
		 "fe80::1",
		 {{"fe80::1", 0}, {"198.51.100.117", 0}},
		 {.len = 0}},
		{"2001:db8:1::1",
		 "2001:db8:1::2",
		 "10.1.2.3",
		 "10.1.2.4",
		 {{"2001:db8:1::2", 0}, {"fe80::1", 0}, {"10.1.2.4", 0}},
		 {.len = 0}},
		{"fe80::1",
		 "fe80::2",
		 "2001:db8:1::1",
		 "2001:db8:1::2",
		 {{"2001:db8:1::2", 0}, {"fe80::2", 0}},
		 {.len = 0}},
		{"2001:db8:1::1",
		 "2001:db8:3::1",
		 "fe80::1",
		 "fe80::2",
		 {{"2001:db8:1::2", CARE_OF}, {"2001:db8:3::1", 0}, {"fe80::2", CARE_OF}},
		 {.len = 0}},
		{"2001:db8:1::1",
		 "2001:db8:1::2",
		 "fe80::1",
		 "fe80::2",
		 {{"2001:db8:1::2", 0}, {"fe80::2", DEPRECATED}},
		 {.len = 0}},
		{"2001:db8:1::1",
		 "2001:db8:1::2",
		 "2001:db8:3ffe::1",
		 "2001:db8:3f44::2",
		 {{"2001:db8:1::2", 0}, {"2001:db8:3f44::2", 0}, {"fe80::2", 0}},
		 {.len = 0}},
		{"2002:c633:6401::1",
		 "2002:c633:6401::2",
		 "2001:db8:1::1",
		 "2002:c633:6401::2",
		 {{"2002:c633:6401::2", 0}, {"fe80::2", 0}},
		 {.len = 0}},
		{"2001:db8:1::1",
		 "2001:db8:1::2",
		 "2002:c633:6401::1",
		 "2002:c633:6401::2",
		 {{"2002:c633:6401::2", 0}, {"2001:db8:1::2", 0}, {"fe80::2", 0}},
		 {.len = 0}},
		{"2001:db8::1",
		 "2001:db8::2",
		 "198.51.100.121",
		 "169.254.13.78",
		 {{"2001:db8::2", 0}, {"fe80::1", 0}, {"169.254.13.78", 0}},
		 IP4_FIRST},
		{"198.51.100.121",
		 "198.51.100.117",
		 "2001:db8::1",
		 "fe80::1",
		 {{"fe80::1", 0}, {"198.51.100.117", 0}},
		 IP4_FIRST},
		{"10.1.2.3",
		 "10.1.2.4",
		 "2001:db8::1",
		 "2001:db8::2",
		 {{"2001:db8::2", 0}, {"fe80::1", 0}, {"10.1.2.4", 0}},
		 IP4_FIRST},
		{"2001:db8::1", "2001:db8::2", "fe80::1", "fe80::2", {{"2001:db8::2", 0}, {"fe80::2", 0}}, LINK_LAST},
		{"fe80::1",
		 "fe80::2",
		 "2001:db8::1",
		 "2001:db8::2",
		 {{"2001:db8::2", DEPRECATED}, {"fe80::2", 0}},
		 LINK_LAST},
		{"fd11:1111:1111:2::1",
		 "fd11:1111:1111:1::1",
		 "2001:db8:2::2",
		 "2001:db8:1::1",
		 {{"fd11:1111:1111:1::1", 0}, {"2001:db8:1::1", 0}},
		 ULA_FIRST},
		/* The default table has ULAs behind everything of the Internet's, and behind IPv4. */
		{"2001:db8:2::2",
		 "2001:db8:1::1",
		 "fd11:1111:1111:2::1",
		 "fd11:1111:1111:1::1",
		 {{"fd11:1111:1111:1::1", 0}, {"2001:db8:1::1", 0}},
		 {.len = 0}},
		{"192.0.2.1", "10.0.0.1", "fd00:2::1", "fd00:1::1", {{"fd00:1::1", 0}, {"10.0.0.1", 0}}, {.len = 0}},
		/* Rule 1: there is no source to reach it from. */
		{"192.0.2.1", "169.254.1.1", "2001:db8:1::1", NULL, {{"169.254.1.1", 0}}, {.len = 0}},
		/* Rule 9, among IPv4 addresses. */
		{"10.1.2.3", "10.1.2.4", "10.7.2.3", "10.7.1.4", {{"10.7.1.4", 0}, {"10.1.2.4", 0}}, {.len = 0}},
	};

	for (size_t i = 0; i < COUNT(orders); i++) {
		check_order(&orders[i], false);
		check_order(&orders[i], true);
	}
}

/* Rule 7, which no example has. */
static void test_native(void **state)
{
	struct address a = {"2001:db8::1", PLAIN};
	struct select_destination d[2] = {{.ip = ip_of("2001:db8:1::1"), .source = source_of(&a), .tunnelled = true},
					  {.ip = ip_of("2001:db8:2::1"), .source = source_of(&a), .index = 1}};

	select_sort(&select_policies_default, d, 2);
	assert_int_equal(d[0].index, 1);
	assert_int_equal(d[1].index, 0);
}

/* Rule 10: whatever no rule tells apart stays in its order, in both families and among the unreachable. */
static void test_stable(void **state)
{
	static const struct address four = {"10.0.0.1", PLAIN}, six = {"2001:db8::1", PLAIN};
	struct select_destination d[48] = {{.index = 0}};

	for (uint32_t i = 0; i < 48; i++) {
		d[i].index = i;
		d[i].ip = i % 3 == 1 ? ip_of_ip4(0xc0000200 + i) : (struct ip){.high = 0x20010db800010000, .low = i};
		if (i % 3 != 2)
			d[i].source = source_of(i % 3 == 1 ? &four : &six);
	}
	select_sort(&select_policies_default, d, 48);
	for (uint32_t i = 0; i < 48; i++)
		assert_int_equal(d[i].index, i % 16 * 3 + i / 16);
	select_sort(&select_policies_default, d, 0);
}

/* Rules 5 and 5.5, and section 4: only for link-local and multicast destinations is it the interface that counts. */
static void test_interfaces(void **state)
{
	struct address texts[2] = {{"2001:db8:1::1", PLAIN}, {"2001:db8:2::1", PLAIN}};
	struct select_source sources[2] = {source_of(&texts[0]), source_of(&texts[1])};
	struct ip far = ip_of("2001:db8:9::1"), group = ip_of("ff0e::1"), near = ip_of("2001:db8:1::9");
	struct select_target target;

	sources[1].interface = 2;
	select_target(&select_policies_default, &far, 2, &target);
	assert_ptr_equal(select_source(&target, sources, 2), &sources[1]);
	assert_ptr_equal(select_source(&target, sources, 1), &sources[0]);
	/* Rule 5 comes before rule 8. */
	select_target(&select_policies_default, &near, 2, &target);
	assert_ptr_equal(select_source(&target, sources, 2), &sources[1]);
	select_target(&select_policies_default, &near, SELECT_NO_INTERFACE, &target);
	assert_ptr_equal(select_source(&target, sources, 2), &sources[0]);
	select_target(&select_policies_default, &group, 2, &target);
	assert_null(select_source(&target, sources, 1));
	assert_ptr_equal(select_source(&target, sources, 2), &sources[1]);
	/* Rule 5.5 comes before rule 8, too. */
	sources[1].interface = 1;
	sources[1].by_next_hop = true;
	select_target(&select_policies_default, &near, 1, &target);
	assert_ptr_equal(select_source(&target, sources, 2), &sources[1]);
}

static void test_no_candidates(void **state)
{
	static const char *const none[] = {"::", "0.0.0.0", "ff02::1", "224.0.0.1"};
	struct ip six = ip_of("2001:db8::1"), four = ip_of("192.0.2.1");
	struct select_target target[2];

	select_target(&select_policies_default, &six, 1, &target[0]);
	select_target(&select_policies_default, &four, 1, &target[1]);
	assert_null(select_source(&target[0], NULL, 0));
	for (size_t i = 0; i < COUNT(none); i++) {
		struct select_source source = source_of(&(struct address){none[i], PLAIN});

		assert_int_equal(select_source_rank(&target[0], &source), 0);
		assert_int_equal(select_source_rank(&target[1], &source), 0);
	}
}

/* Rule 2 over every pair of scopes, against the RFC's words. */
static void test_scope_rule(void **state)
{
	static const char *const by_scope[][2] = {
		{"fe80::9", "fe80::1"}, {"fec0::9", "fec0::1"}, {"2001:db8::9", "2001:db8:1::1"}};

	for (size_t d = 0; d < 3; d++)
		for (size_t a = 0; a < 3; a++)
			for (size_t b = 0; b < 3; b++) {
				struct select_source sa = source_of(&(struct address){by_scope[a][1], PLAIN});
				struct select_source sb = source_of(&(struct address){by_scope[b][1], PLAIN});
				struct ip destination = ip_of(by_scope[d][0]);
				struct select_target target;
				bool first;

				if (a >= b)
					continue;
				select_target(&select_policies_default, &destination, 1, &target);
				first = select_source_rank(&target, &sa) > select_source_rank(&target, &sb);
				assert_int_equal(first, a >= d);
			}
}

static void test_scopes(void **state)
{
	static const struct {
		const char *text;
		unsigned scope;
	} cases[] = {
		{"127.0.0.1", 2},    {"169.254.0.1", 2}, {"169.253.0.1", 14}, {"10.0.0.1", 14},  {"172.16.0.1", 14},
		{"192.168.0.1", 14}, {"100.64.0.1", 14}, {"8.8.8.8", 14},     {"224.0.0.5", 14}, {"224.0.1.5", 14},
		{"::1", 2},          {"fe80::1", 2},     {"febf::1", 2},      {"fec0::1", 5},    {"feff::1", 5},
		{"fc00::1", 14},     {"fd00::1", 14},    {"2001:db8::1", 14}, {"ff01::1", 1},    {"ff02::1", 2},
		{"ff05::1", 5},      {"ff18::1", 8},     {"ff0e::1", 14},     {"ff3f::1", 15},   {"ff00::1", 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].text);

		assert_int_equal(select_scope(&ip), cases[i].scope);
	}
}

/* Section 2.1, each row by an address of its own, and the neighbour just outside. */
static void test_policies(void **state)
{
	static const struct {
		const char *text;
		unsigned precedence, label;
	} cases[] = {
		{"::1", 50, 0},         {"::2", 1, 3},         {"192.0.2.1", 35, 4}, {"::192.0.2.1", 1, 3},
		{"2001:db8::1", 40, 1}, {"2002::1", 30, 2},    {"2003::1", 40, 1},   {"2001:0:1::1", 5, 5},
		{"2001:1::1", 40, 1},   {"fc00::1", 3, 13},    {"fdff::1", 3, 13},   {"fe00::1", 40, 1},
		{"fec0::1", 1, 11},     {"fe80::1", 40, 1},    {"3ffe::1", 1, 12},   {"3fff::1", 40, 1},
		{"ff02::1", 40, 1},     {"64:ff9b::1", 40, 1}, {"0:0:1::", 40, 1},   {"::1:0:0:1", 40, 1},
	};
	const struct select_policies none = {NULL, 0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].text);
		struct select_target target;

		select_target(&select_policies_default, &ip, 1, &target);
		assert_int_equal(target.precedence, cases[i].precedence);
		assert_int_equal(target.label, cases[i].label);
		select_target(&none, &ip, 1, &target);
		assert_int_equal(target.precedence, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),    cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_native),     cmocka_unit_test(test_stable),
		cmocka_unit_test(test_interfaces), cmocka_unit_test(test_no_candidates),
		cmocka_unit_test(test_scope_rule), cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
