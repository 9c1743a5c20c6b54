/* Neighbour discovery: its five messages and their options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "eth.h"
#include "ip6.h"
#include "nd.h"
#include "wire_packets.h"

#define OFF_ICMP (ETH_HEADER + IP6_HEADER)
#define LONGEST_LABEL 63u

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};

/* The ICMPv6 message of a real frame. */
static struct icmp_message message_of(const uint8_t *frame, size_t n)
{
	struct icmp_message m;

	assert_int_equal(icmp6_parse(frame + OFF_ICMP, n - OFF_ICMP, frame + ETH_HEADER + IP6_OFF_SOURCE,
				     frame + ETH_HEADER + IP6_OFF_DESTINATION, &m),
			 ICMP_HEADER);
	return m;
}

/* Any of the five is parsed. */
static bool parse_any(const struct icmp_message *m, struct nd_options *options)
{
	struct nd_neighbour neighbour;
	struct nd_redirect redirect;
	struct nd_router router;

	*options = (struct nd_options){0};
	if (nd_neighbour_parse(m, &neighbour)) {
		*options = (struct nd_options){m->body + 16, m->len_body - 16};
		return true;
	}
	if (nd_router_parse(m, &router)) {
		*options = router.options;
		return true;
	}
	if (nd_redirect_parse(m, &redirect)) {
		*options = redirect.options;
		return true;
	}
	return nd_router_solicit_parse(m, options);
}

static unsigned count(struct nd_options options)
{
	struct nd_option option;
	unsigned n = 0;

	while (nd_option_next(&options, &option))
		n++;
	return n;
}

/* A message of this type whose options are these n bytes, from an allocation of just that size: is it one, and with how
 * many options of known kinds? -1: it is none. */
static int parse_options(uint8_t type, const uint8_t *options, size_t n)
{
	static const size_t fixed[] = {0, 8, 16, 16, 32};
	size_t len = fixed[type - ICMP6_ROUTER_SOLICIT];
	uint8_t *body = malloc(len + n + 1);
	struct icmp_message m = {.type = type, .body = body, .len_body = len + n};
	struct nd_options parsed;
	bool sound;
	int n_known;

	memset(body, 1, len);
	if (n)
		memcpy(body + len, options, n);
	body = realloc(body, len + n ? len + n : 1);
	m.body = body;
	sound = parse_any(&m, &parsed);
	n_known = sound ? (int)count(parsed) : -1;
	free(body);
	return n_known;
}

static void real_solicit(void **state)
{
	struct icmp_message m = message_of(packet_solicit6, sizeof(packet_solicit6));
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct nd_neighbour nd;

	assert_true(nd_neighbour_parse(&m, &nd));
	assert_memory_equal(nd.target, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 16);
	assert_int_equal(nd.flags, 0);
	assert_true(nd.has_mac);
	assert_false(nd.has_nonce);
	assert_memory_equal(nd.mac, "\2\0\0\0\0\5", 6);
	assert_int_equal(nd_neighbour_emit(m.type, &nd, body), m.len_body);
	assert_memory_equal(body, m.body, m.len_body);
}

static void check_next(struct nd_options *options, uint8_t type, struct nd_option *out)
{
	assert_true(nd_option_next(options, out));
	assert_int_equal(out->type, type);
}

static void check_real_names(struct nd_search_names names)
{
	char name[ND_NAME_MAX];

	assert_int_equal(names.s_lifetime, 1200);
	assert_true(nd_name_next(&names, name));
	assert_string_equal(name, "example.test");
	assert_true(nd_name_next(&names, name));
	assert_string_equal(name, "sub.example.org");
	assert_false(nd_name_next(&names, name));
}

/* radvd's, every option of it. */
static void real_router(void **state)
{
	struct icmp_message m = message_of(packet_router6, sizeof(packet_router6));
	struct nd_options options;
	struct nd_option option;
	struct nd_router router;

	assert_true(nd_router_parse(&m, &router));
	assert_int_equal(router.hop_limit, 63);
	assert_false(router.managed);
	assert_true(router.other);
	assert_int_equal(router.preference, 1);
	assert_int_equal(router.s_lifetime, 12);
	assert_int_equal(router.ms_reachable, 30000);
	assert_int_equal(router.ms_retransmit, 1000);
	options = router.options;
	check_next(&options, ND_PREFIX, &option);
	assert_memory_equal(option.prefix.prefix, "\x20\1\x0d\xb8\0\1\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(option.prefix.len, 64);
	assert_true(option.prefix.on_link && option.prefix.autonomous);
	assert_int_equal(option.prefix.s_valid, 86400);
	assert_int_equal(option.prefix.s_preferred, 14400);
	check_next(&options, ND_ROUTE, &option);
	assert_memory_equal(option.route.prefix, "\x20\1\x0d\xb8\0\2\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(option.route.len, 48);
	assert_int_equal(option.route.preference, -1);
	assert_int_equal(option.route.s_lifetime, 600);
	check_next(&options, ND_DNS_SERVERS, &option);
	assert_int_equal(option.servers.s_lifetime, 1200);
	assert_int_equal(option.servers.n, 2);
	assert_int_equal(option.servers.addresses[31], 0x54);
	check_next(&options, ND_SEARCH_NAMES, &option);
	check_real_names(option.names);
	check_next(&options, ND_MTU, &option);
	assert_int_equal(option.mtu, 1400);
	check_next(&options, ND_SOURCE_MAC, &option);
	assert_memory_equal(option.mac, "\2\0\0\0\0\1", 6);
	assert_false(nd_option_next(&options, &option));
}

/* Cut anywhere but between two options, it is none; there, it is one with fewer. */
static void router_cut(void **state)
{
	struct icmp_message whole = message_of(packet_router6, sizeof(packet_router6));
	static const size_t ends[] = {8, 40, 64, 104, 144, 152, 160};
	size_t n_options = 0;

	assert_int_equal(whole.len_body, 160);
	for (size_t n = 0; n <= whole.len_body; n++) {
		struct icmp_message m = whole;
		uint8_t *body = exact_copy(whole.body, n);
		struct nd_router router;

		m.body = body;
		m.len_body = n;
		if (n == ends[n_options]) {
			assert_true(nd_router_parse(&m, &router));
			assert_int_equal(count(router.options), n_options++);
		} else {
			assert_false(nd_router_parse(&m, &router));
		}
		free(body);
	}
	assert_int_equal(n_options, 7);
}

static void neighbour_round_trip(void **state)
{
	for (unsigned has = 0; has < 8; has++) {
		struct nd_neighbour nd = {.target = {0xfe, 0x80, [15] = 1}, .has_mac = has & 1, .has_nonce = has & 2};
		uint8_t body[ND_NEIGHBOUR_MAX], *copy;
		struct icmp_message m = {.type = has & 4 ? ICMP6_NEIGHBOUR_ADVERT : ICMP6_NEIGHBOUR_SOLICIT};
		struct nd_neighbour back;

		nd.flags = has & 4 ? ND_SOLICITED | ND_OVERRIDE : 0;
		if (nd.has_mac)
			memcpy(nd.mac, mac, 6);
		if (nd.has_nonce)
			memcpy(nd.nonce, "nonce!", ND_NONCE);
		m.rest = nd.flags;
		m.len_body = nd_neighbour_emit(m.type, &nd, body);
		assert_int_equal(m.len_body, 16 + 8 * nd.has_mac + 8 * nd.has_nonce);
		m.body = copy = exact_copy(body, m.len_body);
		assert_true(nd_neighbour_parse(&m, &back));
		assert_memory_equal(&back, &nd, sizeof(nd));
		free(copy);
	}
}

/* Of two the first counts; the other kind of address does not. */
static void neighbour_options(void **state)
{
	uint8_t body[16 + 5 * 8] = {[16] = 2,  1, 9,   9,   9,   9,   9,   9,   /* of a target */
				    [24] = 1,  1, 2,   0,   0,   0,   0,   7,   /* of the source */
				    [32] = 1,  1, 8,   8,   8,   8,   8,   8,   /* again */
				    [40] = 14, 1, 'n', 'o', 'n', 'c', 'e', '!', /* a nonce */
				    [48] = 14, 1, 'o', 't', 'h', 'e', 'r', '!'};
	struct icmp_message m = {
		.type = ICMP6_NEIGHBOUR_SOLICIT, .rest = UINT32_MAX, .body = body, .len_body = sizeof(body)};
	struct nd_neighbour nd;

	assert_true(nd_neighbour_parse(&m, &nd));
	assert_true(nd.has_mac);
	assert_memory_equal(nd.mac, mac, 6);
	assert_memory_equal(nd.nonce, "nonce!", 6);
	assert_int_equal(nd.flags, 0);
	m.type = ICMP6_NEIGHBOUR_ADVERT;
	assert_true(nd_neighbour_parse(&m, &nd));
	assert_memory_equal(nd.mac, "\x9\x9\x9\x9\x9\x9", 6);
	assert_int_equal(nd.flags, ND_ROUTER | ND_SOLICITED | ND_OVERRIDE);
	/* A nonce of SEND's, longer: not of this host's making. */
	body[41] = 2;
	assert_true(nd_neighbour_parse(&m, &nd));
	assert_false(nd.has_nonce);
}

/* RFC 4861 sections 7.1.1 and 7.1.2. */
static void not_a_neighbour(void **state)
{
	static const uint8_t body[16] = {0xfd, [15] = 7}, multicast[16] = {0xff, 2, [15] = 1};
	const struct icmp_message sound = {.type = ICMP6_NEIGHBOUR_SOLICIT, .body = body, .len_body = 16};
	struct nd_neighbour nd = {.flags = 77};
	struct icmp_message m = sound;

	m.code = 1;
	assert_false(nd_neighbour_parse(&m, &nd));
	m = sound;
	m.type = ICMP6_ROUTER_ADVERT;
	assert_false(nd_neighbour_parse(&m, &nd));
	m = sound;
	m.body = multicast;
	assert_false(nd_neighbour_parse(&m, &nd));
	for (m = sound, m.len_body = 0; m.len_body < 16; m.len_body++)
		assert_false(nd_neighbour_parse(&m, &nd));
	assert_int_equal(nd.flags, 77);
	assert_true(nd_neighbour_parse(&m, &nd));
}

/* In every message an option may be of any kind and length that fits; 0 and what runs over spoil all. */
static void every_option_length(void **state)
{
	for (uint8_t type = ICMP6_ROUTER_SOLICIT; type <= ICMP6_REDIRECT; type++) {
		for (unsigned kind = 0; kind < 256; kind++) {
			for (unsigned len = 0; len < 256; len++) {
				uint8_t options[32] = {(uint8_t)kind, (uint8_t)len};
				int n;

				/* What is left of the 32 bytes is an option of the rest, of a kind nobody has. */
				if (len >= 1 && len < 4) {
					options[8 * len] = 253;
					options[8 * len + 1] = (uint8_t)(4 - len);
				}
				n = parse_options(type, options, sizeof(options));
				assert_int_equal(n >= 0, len >= 1 && len <= 4);
			}
		}
	}
}

static void options_cut(void **state)
{
	static const uint8_t options[24] = {253, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

	for (uint8_t type = ICMP6_ROUTER_SOLICIT; type <= ICMP6_REDIRECT; type++) {
		for (size_t n = 0; n <= sizeof(options); n++)
			assert_int_equal(parse_options(type, options, n) >= 0, n == 0 || n == 8 || n == 24);
	}
}

/* Which lengths each kind may have, in eights, with the prefix length of 64 where there is one. */
static void lengths_of_kinds(void **state)
{
	for (unsigned len = 1; len <= 31; len++) {
		const struct {
			uint8_t kind;
			bool fits;
		} cases[] = {
			{ND_SOURCE_MAC, len == 1},
			{ND_TARGET_MAC, len == 1},
			{ND_PREFIX, len == 4},
			{ND_REDIRECTED, true},
			{ND_MTU, len == 1},
			{ND_NONCE_OPTION, len == 1},
			{ND_ROUTE, len == 2 || len == 3},
			{ND_DNS_SERVERS, len >= 3 && len % 2},
			{ND_SEARCH_NAMES, len >= 2},
			{13, false},
			{200, false},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			uint8_t options[31 * 8] = {cases[i].kind, (uint8_t)len, 64};

			assert_int_equal(parse_options(ICMP6_ROUTER_ADVERT, options, len * 8), cases[i].fits);
		}
	}
}

/* RFC 4191 section 2.3: length 1 has room for no prefix at all, 2 for 64 bits. */
static void lengths_of_routes(void **state)
{
	for (unsigned bits = 0; bits < 256; bits++) {
		for (unsigned len = 1; len <= 4; len++) {
			uint8_t options[32] = {ND_ROUTE, (uint8_t)len, (uint8_t)bits};

			assert_int_equal(parse_options(ICMP6_ROUTER_ADVERT, options, len * 8),
					 len <= 3 && bits <= 128 && bits <= (len - 1) * 64);
		}
	}
}

/* A reserved preference makes a route none, and a router one of medium preference. */
static void preferences(void **state)
{
	static const int8_t expected[4] = {0, 1, 0, -1};

	for (unsigned bits = 0; bits < 4; bits++) {
		uint8_t body[8 + 8] = {[8] = ND_ROUTE, 1, 0, (uint8_t)(0xe7 | bits << 3)};
		struct icmp_message m = {.type = ICMP6_ROUTER_ADVERT, .body = body, .len_body = sizeof(body)};
		struct nd_router router;
		struct nd_option option;

		m.rest = (0xe7u | bits << 3) << 16;
		assert_true(nd_router_parse(&m, &router));
		assert_int_equal(router.preference, expected[bits]);
		assert_int_equal(nd_option_next(&router.options, &option), bits != 2);
		if (bits != 2)
			assert_int_equal(option.route.preference, expected[bits]);
	}
}

static void prefix_too_long(void **state)
{
	for (unsigned bits = 0; bits < 256; bits++) {
		uint8_t options[32] = {ND_PREFIX, 4, (uint8_t)bits};

		assert_int_equal(parse_options(ICMP6_ROUTER_ADVERT, options, sizeof(options)), bits <= 128);
	}
}

/* ---- options that are written and read again ---- */

static void check_same(const struct nd_option *option, size_t len)
{
	struct nd_option back;
	struct nd_options options;
	uint8_t *bytes = malloc(len);

	memset(bytes, 0x55, len);
	assert_ptr_equal(nd_option_emit(option, bytes), bytes + len);
	options = (struct nd_options){bytes, len};
	check_next(&options, option->type, &back);
	assert_int_equal(options.left, 0);
	switch ((enum nd_option_type)option->type) {
	case ND_REDIRECTED:
		assert_int_equal(back.redirected.len, len - 8);
		assert_memory_equal(back.redirected.bytes, option->redirected.bytes, option->redirected.len);
		break;
	case ND_DNS_SERVERS:
		assert_int_equal(back.servers.s_lifetime, option->servers.s_lifetime);
		assert_int_equal(back.servers.n, option->servers.n);
		assert_memory_equal(back.servers.addresses, option->servers.addresses, 16 * option->servers.n);
		break;
	case ND_SEARCH_NAMES:
		assert_int_equal(back.names.s_lifetime, option->names.s_lifetime);
		assert_memory_equal(back.names.names, option->names.names, option->names.len);
		break;
	case ND_PREFIX:
		assert_memory_equal(back.prefix.prefix, option->prefix.prefix, 16);
		assert_int_equal(back.prefix.len, option->prefix.len);
		assert_int_equal(back.prefix.on_link, option->prefix.on_link);
		assert_int_equal(back.prefix.autonomous, option->prefix.autonomous);
		assert_int_equal(back.prefix.s_valid, option->prefix.s_valid);
		assert_int_equal(back.prefix.s_preferred, option->prefix.s_preferred);
		break;
	case ND_ROUTE:
		assert_memory_equal(back.route.prefix, option->route.prefix, 16);
		assert_int_equal(back.route.len, option->route.len);
		assert_int_equal(back.route.preference, option->route.preference);
		assert_int_equal(back.route.s_lifetime, option->route.s_lifetime);
		break;
	case ND_MTU:
		assert_int_equal(back.mtu, option->mtu);
		break;
	case ND_SOURCE_MAC:
	case ND_TARGET_MAC:
	case ND_NONCE_OPTION:
		assert_memory_equal(back.mac, option->mac, 6);
		break;
	}
	free(bytes);
}

static void option_round_trips(void **state)
{
	static const uint8_t some[64] = "bytes of a packet, or addresses, or whatever else there may be";
	struct nd_option option;

	option = (struct nd_option){.type = ND_SOURCE_MAC, .mac = {2, 3, 4, 5, 6, 7}};
	check_same(&option, 8);
	option.type = ND_TARGET_MAC;
	check_same(&option, 8);
	option.type = ND_NONCE_OPTION;
	check_same(&option, 8);
	option = (struct nd_option){.type = ND_MTU, .mtu = 0xfedcba98};
	check_same(&option, 8);
	for (unsigned flags = 0; flags < 4; flags++) {
		option = (struct nd_option){.type = ND_PREFIX, .prefix = {{0x20, 1, [15] = 9}, 64, false, false, 7, 8}};
		option.prefix.on_link = flags & 1;
		option.prefix.autonomous = flags & 2;
		check_same(&option, 32);
	}
	for (unsigned len = 0; len <= 128; len++) {
		option = (struct nd_option){.type = ND_ROUTE,
					    .route = {{0}, (uint8_t)len, (int8_t)((int)(len % 3) - 1), ND_FOREVER}};
		memcpy(option.route.prefix, some, len == 0 ? 0 : len <= 64 ? 8 : 16);
		check_same(&option, len == 0 ? 8 : len <= 64 ? 16 : 24);
	}
	for (size_t n = 1; n <= 4; n++) {
		option = (struct nd_option){.type = ND_DNS_SERVERS, .servers = {600, some, n}};
		check_same(&option, 8 + 16 * n);
	}
	for (size_t n = 0; n <= sizeof(some); n++) {
		option = (struct nd_option){.type = ND_REDIRECTED, .redirected = {some, n}};
		check_same(&option, 8 + (n + 7) / 8 * 8);
		option = (struct nd_option){.type = ND_SEARCH_NAMES, .names = {600, some, n}};
		if (n)
			check_same(&option, 8 + (n + 7) / 8 * 8);
	}
}

/* ---- search domains ---- */

/* The names in n bytes, one space between them. */
static const char *names_of(const void *bytes, size_t n)
{
	static char text[4096];
	uint8_t *copy = exact_copy(bytes, n);
	struct nd_search_names names = {0, copy, n};
	char name[ND_NAME_MAX];
	size_t len = 0;

	text[0] = '\0';
	while (nd_name_next(&names, name)) {
		assert_true(len + strlen(name) + 2 < sizeof(text));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "", name);
	}
	free(copy);
	return text;
}

#define NAMES(bytes) names_of(bytes, sizeof(bytes) - 1)

static void search_names(void **state)
{
	assert_string_equal(NAMES("\1a\0\0\0\0\0\0"), "a");
	assert_string_equal(NAMES("\1a\2bc\0\3d-e\2_f\0\0\0\0"), "a.bc d-e._f");
	assert_string_equal(NAMES(""), "");
	assert_string_equal(NAMES("\0\0\0\0\0\0\0\0"), "");
	/* A label that runs over, and a name without its end: the ones before them stay. */
	assert_string_equal(NAMES("\1a\0\7abcdef"), "a");
	assert_string_equal(NAMES("\1a\0\4abcd"), "a");
	assert_string_equal(NAMES("\1a\0\5"), "a");
	/* RFC 8106 section 5.2: no compression. A pointer, and the label kinds that nobody has. */
	assert_string_equal(NAMES("\1a\0\1b\xc0\0\0\0"), "a");
	assert_string_equal(NAMES("\xc0\0\1a\0\0\0\0"), "");
	assert_string_equal(NAMES("\x41xyz\0\0\0\0"), "");
	/* What could not be a host's, and control characters: the others stay. */
	assert_string_equal(NAMES("\1a\0\3\x1b[m\0\1b\0"), "a b");
	assert_string_equal(NAMES("\2a.\0\2b \0\2c\0\0\1d\0"), "d");
}

static void search_names_cut(void **state)
{
	static const uint8_t bytes[] = "\7example\4test\0\3sub\7example\3org\0";

	for (size_t n = 0; n < sizeof(bytes); n++) {
		const char *expected = n < 14 ? "" : n < 31 ? "example.test" : "example.test sub.example.org";

		assert_string_equal(names_of(bytes, n), expected);
	}
}

/* 255 bytes of labels are the most: 253 characters. */
static void longest_search_name(void **state)
{
	for (size_t last = 1; last <= LONGEST_LABEL; last++) {
		uint8_t bytes[300] = {0};
		size_t n = 0;

		for (unsigned i = 0; i < 4; i++) {
			size_t len = i < 3 ? LONGEST_LABEL : last;

			bytes[n++] = (uint8_t)len;
			memset(bytes + n, 'a', len);
			n += len;
		}
		assert_int_equal(strlen(names_of(bytes, n + 1)), n + 1 <= 255 ? n - 1 : 0);
	}
}

/* ---- routers and redirects ---- */

static void router_round_trip(void **state)
{
	for (unsigned i = 0; i < 12; i++) {
		struct nd_router router = {.hop_limit = 64,
					   .managed = i & 1,
					   .other = i & 2,
					   .preference = (int8_t)(i / 4 - 1),
					   .s_lifetime = 0xfedc,
					   .ms_reachable = 0x12345678,
					   .ms_retransmit = 0x9abcdef0};
		struct icmp_message m = {.len_body = 8};
		struct nd_router back;
		uint8_t body[8];

		assert_ptr_equal(nd_router_emit(&router, &m, body), body + 8);
		m.body = body;
		assert_true(nd_router_parse(&m, &back));
		assert_int_equal(back.hop_limit, 64);
		assert_int_equal(back.managed, router.managed);
		assert_int_equal(back.other, router.other);
		assert_int_equal(back.preference, router.preference);
		assert_int_equal(back.s_lifetime, 0xfedc);
		assert_int_equal(back.ms_reachable, 0x12345678);
		assert_int_equal(back.ms_retransmit, 0x9abcdef0);
		assert_int_equal(back.options.left, 0);
		m.code = 1;
		assert_false(nd_router_parse(&m, &back));
	}
}

/* RFC 4861 section 8.1. */
static void redirect(void **state)
{
	struct nd_redirect r = {.target = {0xfe, 0x80, [15] = 1}, .destination = {0x20, 1, [15] = 9}}, back;
	uint8_t body[40] = {[32] = ND_TARGET_MAC, 1, 2, 0, 0, 0, 0, 7};
	struct icmp_message m = {.type = ICMP6_REDIRECT, .body = body};

	assert_ptr_equal(nd_redirect_emit(&r, body), body + 32);
	for (; m.len_body < 40; m.len_body++)
		assert_int_equal(nd_redirect_parse(&m, &back), m.len_body == 32);
	assert_true(nd_redirect_parse(&m, &back));
	assert_memory_equal(back.target, r.target, 16);
	assert_memory_equal(back.destination, r.destination, 16);
	assert_true(back.has_mac);
	assert_memory_equal(back.mac, mac, 6);
	/* The target is neither link-local nor the destination. */
	body[1] = 0xc0;
	assert_false(nd_redirect_parse(&m, &back));
	memcpy(body, r.destination, 16);
	assert_true(nd_redirect_parse(&m, &back));
	/* Multicast. */
	body[0] = body[16] = 0xff;
	assert_false(nd_redirect_parse(&m, &back));
	nd_redirect_emit(&r, body);
	m.code = 1;
	assert_false(nd_redirect_parse(&m, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_solicit),        cmocka_unit_test(real_router),
		cmocka_unit_test(router_cut),          cmocka_unit_test(neighbour_round_trip),
		cmocka_unit_test(neighbour_options),   cmocka_unit_test(not_a_neighbour),
		cmocka_unit_test(every_option_length), cmocka_unit_test(options_cut),
		cmocka_unit_test(lengths_of_kinds),    cmocka_unit_test(lengths_of_routes),
		cmocka_unit_test(preferences),         cmocka_unit_test(prefix_too_long),
		cmocka_unit_test(option_round_trips),  cmocka_unit_test(search_names),
		cmocka_unit_test(search_names_cut),    cmocka_unit_test(longest_search_name),
		cmocka_unit_test(router_round_trip),   cmocka_unit_test(redirect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
