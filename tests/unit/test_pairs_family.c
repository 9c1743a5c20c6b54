/* The socket-pair table where the families meet: IPv6 sockets that hold IPv4 ports, v4-mapped addresses, scopes, and
 * datagrams for many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <berth/error.h>

#include "heap.h"
#include "pairs.h"
#include "rng.h"

enum { TCP = 6, UDP = 17, PORT = 80, PEER_PORT = 1099 };

struct fixture {
	struct heap heap;
	struct pairs pairs;
};

static void begin_with(struct fixture *f, uint16_t first, uint16_t last)
{
	static const uint8_t secret[16] = "sixteen secrets";

	heap_init(&f->heap);
	assert_int_equal(pairs_init(&f->pairs, secret, 1, first, last, &f->heap.memory), 0);
}

static void begin(struct fixture *f)
{
	begin_with(f, 49152, 65535);
}

static void end(struct fixture *f)
{
	assert_int_equal(f->pairs.by_pair.n, 0);
	assert_int_equal(f->pairs.by_port.n, 0);
	pairs_deinit(&f->pairs);
	assert_int_equal(f->heap.n_blocks, 0);
}

static void put_address(const char *text, uint8_t bytes[16], struct socket_pair *pair)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	memset(bytes, 0, 16);
	memcpy(bytes, a.bytes, a.family == BERTH_IP4 ? 4 : 16);
	pair->family = a.family;
	if (a.scope)
		pair->scope = (uint8_t)a.scope;
}

/* What a socket is bound to or will be: "4" and "6" are sockets of that family, "o" one of IPv6 with IPV6_V6ONLY; an
 * IPv4 address behind "6" is a v4-mapped one. */
static struct endpoint socket_of(int protocol, const char *what, bool reuse)
{
	struct endpoint e = {
		.pair = {.protocol = (uint8_t)protocol},
		.kind = protocol == UDP ? ENDPOINT_UDP : ENDPOINT_TCP,
		.family = what[0] == '4' ? BERTH_IP4 : BERTH_IP6,
		.v6only = what[0] == 'o',
		.reuse = reuse,
	};

	put_address(what + 2, e.pair.local, &e.pair);
	return e;
}

static struct socket_pair pair_of(int protocol, const char *local, uint16_t port, const char *foreign,
				  uint16_t foreign_port)
{
	struct socket_pair pair = {.protocol = (uint8_t)protocol, .local_port = port, .foreign_port = foreign_port};

	put_address(foreign, pair.foreign, &pair);
	put_address(local, pair.local, &pair);
	return pair;
}

static struct endpoint connection_of(int protocol, uint8_t family, const char *local, const char *foreign,
				     uint16_t foreign_port)
{
	return (struct endpoint){
		.pair = pair_of(protocol, local, 0, foreign, foreign_port),
		.kind = protocol == UDP ? ENDPOINT_UDP : ENDPOINT_TCP,
		.family = family,
	};
}

/* ---- who may be where ---- */

static void test_who_stands_in_whose_way(void **state)
{
	static const struct {
		const char *a, *b;
		bool conflict;
	} rows[] = {
		{"4 0.0.0.0", "4 0.0.0.0", true},
		{"4 0.0.0.0", "6 ::", true},
		{"4 0.0.0.0", "o ::", false},
		{"4 10.0.0.1", "6 ::", true},
		{"4 10.0.0.1", "o ::", false},
		{"4 10.0.0.1", "4 10.0.0.2", false},
		{"6 ::", "6 ::", true},
		{"6 ::", "o ::", true},
		{"o ::", "o ::", true},
		{"6 fd00::1", "6 ::", true},
		{"6 fd00::1", "o ::", true},
		{"6 fd00::1", "o fd00::1", true},
		{"6 fd00::1", "6 fd00::2", false},
		{"6 fd00::1", "4 0.0.0.0", false},
		{"6 fd00::1", "4 10.0.0.1", false},
		/* a00:1:: begins with the bytes of 10.0.0.1. */
		{"6 a00:1::", "4 10.0.0.1", false},
		{"6 0.0.0.0", "4 0.0.0.0", true},
		{"6 0.0.0.0", "4 10.0.0.1", true},
		{"6 0.0.0.0", "6 ::", true},
		{"6 0.0.0.0", "o ::", false},
		{"6 0.0.0.0", "6 fd00::1", false},
		{"6 10.0.0.1", "4 10.0.0.1", true},
		{"6 10.0.0.1", "4 10.0.0.2", false},
		{"6 10.0.0.1", "4 0.0.0.0", true},
		{"6 10.0.0.1", "6 ::", true},
		{"6 10.0.0.1", "o ::", false},
		{"6 fe80::1%1", "6 fe80::1%1", true},
		{"6 fe80::1%1", "6 fe80::1%2", false},
		{"6 fe80::1%1", "6 ::", true},
		{"6 fe80::1%1", "o ::", true},
		{"6 ff02::fb%1", "6 ff02::fb%2", false},
		{"4 224.0.0.251", "6 ff02::fb%1", false},
		{"4 224.0.0.251", "6 ::", true},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]) * 4; i++) {
		int protocol = i & 1 ? TCP : UDP;
		const char *a = i & 2 ? rows[i / 4].b : rows[i / 4].a, *b = i & 2 ? rows[i / 4].a : rows[i / 4].b;
		struct endpoint first = socket_of(protocol, a, false), second = socket_of(protocol, b, false);
		struct endpoint third = socket_of(protocol, b, true);
		struct fixture f;

		begin(&f);
		assert_int_equal(pairs_bind(&f.pairs, &first, PORT), 0);
		assert_int_equal(pairs_bind(&f.pairs, &second, PORT), rows[i / 4].conflict ? BERTH_EADDRINUSE : 0);
		pairs_remove(&f.pairs, &second);
		/* SO_REUSEADDR on one side is not enough, on both it is, in both families. */
		assert_int_equal(pairs_bind(&f.pairs, &third, PORT), rows[i / 4].conflict ? BERTH_EADDRINUSE : 0);
		pairs_remove(&f.pairs, &third);
		pairs_remove(&f.pairs, &first);
		first.reuse = true;
		first.pair = socket_of(protocol, a, true).pair;
		assert_int_equal(pairs_bind(&f.pairs, &first, PORT), 0);
		third.pair = second.pair;
		assert_int_equal(pairs_bind(&f.pairs, &third, PORT), 0);
		if (protocol == TCP) {
			assert_int_equal(pairs_listen(&f.pairs, &first), 0);
			assert_int_equal(pairs_listen(&f.pairs, &third), rows[i / 4].conflict ? BERTH_EADDRINUSE : 0);
		}
		pairs_remove(&f.pairs, &third);
		pairs_remove(&f.pairs, &first);
		end(&f);
	}
}

/* ---- who is found ---- */

static void test_who_is_found(void **state)
{
	static const char *const sockets[] = {"6 ::",        "4 0.0.0.0",   "4 10.0.0.1", "6 fd00::1",
					      "6 fe80::1%1", "6 fe80::1%2", "6 10.0.0.2"};
	static const struct {
		const char *local, *foreign;
		/* With all of them, without "4 0.0.0.0", and without "6 ::" besides. */
		const char *all, *without, *least;
	} rows[] = {
		{"10.0.0.1", "10.0.0.9", "4 10.0.0.1", "4 10.0.0.1", "4 10.0.0.1"},
		{"10.0.0.2", "10.0.0.9", "6 10.0.0.2", "6 10.0.0.2", "6 10.0.0.2"},
		{"10.0.0.3", "10.0.0.9", "4 0.0.0.0", "6 ::", NULL},
		{"fd00::1", "fd00::9", "6 fd00::1", "6 fd00::1", "6 fd00::1"},
		{"fd00::2", "fd00::9", "6 ::", "6 ::", NULL},
		/* A link-local peer's interface is in the pair, and changes nothing about the local address. */
		{"fd00::1", "fe80::9%1", "6 fd00::1", "6 fd00::1", "6 fd00::1"},
		{"fd00::2", "fe80::9%1", "6 ::", "6 ::", NULL},
		{"fe80::1%1", "fe80::9%1", "6 fe80::1%1", "6 fe80::1%1", "6 fe80::1%1"},
		{"fe80::1%2", "fe80::9%2", "6 fe80::1%2", "6 fe80::1%2", "6 fe80::1%2"},
		{"fe80::1%2", "fd00::9", "6 fe80::1%2", "6 fe80::1%2", "6 fe80::1%2"},
		{"fe80::1%3", "fe80::9%3", "6 ::", "6 ::", NULL},
		/* No packet's address, but nothing that would be mistaken for one of the others either. */
		{"a00:1::", "fd00::9", "6 ::", "6 ::", NULL},
	};
	enum { N = sizeof(sockets) / sizeof(sockets[0]) };
	struct endpoint e[N];
	struct fixture f;

	begin(&f);
	for (unsigned i = 0; i < N; i++) {
		e[i] = socket_of(UDP, sockets[i], true);
		assert_int_equal(pairs_bind(&f.pairs, &e[i], PORT), 0);
	}
	for (unsigned step = 0; step < 3; step++) {
		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct socket_pair pair = pair_of(UDP, rows[i].local, PORT, rows[i].foreign, PEER_PORT);
			const char *want = step == 0 ? rows[i].all : step == 1 ? rows[i].without : rows[i].least;
			const struct endpoint *found = pairs_lookup(&f.pairs, &pair);

			if (want)
				assert_string_equal(sockets[found - e], want);
			else
				assert_null(found);
		}
		pairs_remove(&f.pairs, &e[step == 0 ? 1 : 0]);
	}
	for (unsigned i = 2; i < N; i++)
		pairs_remove(&f.pairs, &e[i]);
	end(&f);
}

/* Of two IPv6 sockets bound to all addresses the one that is IPV6_V6ONLY is passed over for IPv4, bound last or not. */
static void test_v6only_is_passed_over(void **state)
{
	struct fixture f;
	struct endpoint dual = socket_of(UDP, "6 ::", true), only = socket_of(UDP, "o ::", true);
	struct socket_pair ip4 = pair_of(UDP, "10.0.0.1", PORT, "10.0.0.9", PEER_PORT);
	struct socket_pair ip6 = pair_of(UDP, "fd00::1", PORT, "fd00::9", PEER_PORT);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &only, PORT), 0);
	assert_null(pairs_lookup(&f.pairs, &ip4));
	assert_ptr_equal(pairs_lookup(&f.pairs, &ip6), &only);
	assert_int_equal(pairs_bind(&f.pairs, &dual, PORT), 0);
	assert_ptr_equal(pairs_lookup(&f.pairs, &ip4), &dual);
	assert_ptr_equal(pairs_lookup(&f.pairs, &ip6), &dual);
	pairs_remove(&f.pairs, &only);
	assert_int_equal(pairs_bind(&f.pairs, &only, PORT), 0);
	assert_ptr_equal(pairs_lookup(&f.pairs, &ip4), &dual);
	assert_ptr_equal(pairs_lookup(&f.pairs, &ip6), &only);
	pairs_remove(&f.pairs, &only);
	pairs_remove(&f.pairs, &dual);
	end(&f);
}

/* The same link-local peer and address on two interfaces are two conversations. */
static void test_scope_is_part_of_the_pair(void **state)
{
	struct fixture f;
	struct endpoint e[2];
	struct socket_pair pair;

	begin(&f);
	for (unsigned i = 0; i < 2; i++) {
		e[i] = connection_of(TCP, BERTH_IP6, "fe80::1%1", "fe80::9%1", PEER_PORT);
		e[i].pair.local_port = PORT;
		e[i].pair.scope = (uint8_t)(1 + i);
		assert_null(pairs_find(&f.pairs, &e[i].pair));
		pairs_adopt(&f.pairs, &e[i]);
	}
	assert_int_equal(f.pairs.by_port.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_ptr_equal(pairs_find(&f.pairs, &e[i].pair), &e[i]);
		assert_ptr_equal(pairs_find_cached(&f.pairs, &e[i].pair), &e[i]);
	}
	pair = e[0].pair;
	pair.scope = 3;
	assert_null(pairs_lookup(&f.pairs, &pair));
	assert_null(pairs_find_cached(&f.pairs, &pair));
	pairs_remove(&f.pairs, &e[0]);
	pairs_remove(&f.pairs, &e[1]);
	end(&f);
}

/* ---- conversations ---- */

/* A socket that talks IPv4 for a while waits for both families again afterwards. */
static void test_disconnecting_gives_the_family_back(void **state)
{
	static const struct {
		const char *bound, *local, *foreign;
		uint8_t family, scope; /* afterwards */
	} rows[] = {
		{"6 ::", "10.0.0.1", "10.0.0.9", BERTH_IP6, 0},
		{"6 ::", "fd00::1", "fe80::9%2", BERTH_IP6, 0},
		{"6 ::", "fe80::1%2", "fe80::9%2", BERTH_IP6, 0},
		{"6 0.0.0.0", "10.0.0.1", "10.0.0.9", BERTH_IP4, 0},
		{"6 10.0.0.1", "10.0.0.1", "10.0.0.9", BERTH_IP4, 0},
		{"4 0.0.0.0", "10.0.0.1", "10.0.0.9", BERTH_IP4, 0},
		{"6 fd00::1", "fd00::1", "fe80::9%2", BERTH_IP6, 0},
		{"6 fe80::1%2", "fe80::1%2", "fd00::9", BERTH_IP6, 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct endpoint e = socket_of(UDP, rows[i].bound, false);
		struct socket_pair bound, pair = pair_of(UDP, rows[i].local, PORT, rows[i].foreign, PEER_PORT);

		begin(&f);
		assert_int_equal(pairs_bind(&f.pairs, &e, PORT), 0);
		bound = e.pair;
		e.pair = pair;
		assert_int_equal(pairs_connect(&f.pairs, &e), 0);
		assert_ptr_equal(pairs_lookup(&f.pairs, &pair), &e);
		pair.foreign_port++;
		assert_null(pairs_lookup(&f.pairs, &pair));
		pairs_disconnect(&f.pairs, &e);
		assert_memory_equal(&e.pair, &bound, sizeof(bound));
		assert_int_equal(e.pair.family, rows[i].family);
		assert_int_equal(e.pair.scope, rows[i].scope);
		assert_ptr_equal(pairs_lookup(&f.pairs, &pair), &e);
		pairs_remove(&f.pairs, &e);
		end(&f);
	}
}

/* A range of one port: whom it still serves. */
static void test_ephemeral_ports_of_both_families(void **state)
{
	static const struct {
		int protocol;
		const char *holder;
		uint8_t family;
		const char *local, *foreign;
		bool free;
	} rows[] = {
		{TCP, "6 ::", BERTH_IP4, "10.0.0.1", "10.0.0.9", false},
		{TCP, "o ::", BERTH_IP4, "10.0.0.1", "10.0.0.9", true},
		{TCP, "6 ::", BERTH_IP6, "10.0.0.1", "10.0.0.9", false},
		{TCP, "6 fd00::1", BERTH_IP6, "fd00::1", "fd00::9", false},
		{TCP, "6 fd00::1", BERTH_IP6, "fd00::2", "fd00::9", true},
		{TCP, "6 fd00::1", BERTH_IP6, "10.0.0.1", "10.0.0.9", true},
		{TCP, "4 0.0.0.0", BERTH_IP6, "fd00::1", "fd00::9", true},
		{TCP, "4 0.0.0.0", BERTH_IP6, "10.0.0.1", "10.0.0.9", false},
		{TCP, "4 10.0.0.2", BERTH_IP6, "10.0.0.1", "10.0.0.9", true},
		{TCP, "6 fe80::1%1", BERTH_IP6, "fe80::1%2", "fe80::9%2", true},
		{TCP, "6 fe80::1%1", BERTH_IP6, "fe80::1%1", "fe80::9%1", false},
		/* A UDP socket holds its port at all addresses of its families, whomever it talks to at first. */
		{UDP, "6 fd00::1", BERTH_IP6, "10.0.0.1", "10.0.0.9", false},
		{UDP, "6 fd00::1", BERTH_IP4, "10.0.0.1", "10.0.0.9", true},
		{UDP, "4 10.0.0.2", BERTH_IP4, "10.0.0.1", "10.0.0.9", false},
		{UDP, "4 10.0.0.2", BERTH_IP6, "fd00::1", "fd00::9", false},
		{UDP, "o ::", BERTH_IP4, "10.0.0.1", "10.0.0.9", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct endpoint holder = socket_of(rows[i].protocol, rows[i].holder, true);
		struct endpoint e = connection_of(rows[i].protocol, rows[i].family, rows[i].local, rows[i].foreign, 80);

		begin_with(&f, PORT, PORT);
		assert_int_equal(pairs_bind(&f.pairs, &holder, PORT), 0);
		assert_int_equal(pairs_connect(&f.pairs, &e), rows[i].free ? 0 : BERTH_EADDRNOTAVAIL);
		pairs_remove(&f.pairs, &e);
		pairs_remove(&f.pairs, &holder);
		end(&f);
	}
}

/* Port 0 of a socket for both families is free in both. */
static void test_bind_to_port_0_of_both_families(void **state)
{
	static const char *const holders[] = {"4 0.0.0.0", "4 10.0.0.1", "6 fd00::1", "o ::", "6 fe80::1%1"};

	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		struct fixture f;
		struct endpoint holder = socket_of(UDP, holders[i], false), e = socket_of(UDP, "6 ::", false);

		begin_with(&f, PORT, PORT + 1);
		assert_int_equal(pairs_bind(&f.pairs, &holder, PORT + 1), 0);
		assert_int_equal(pairs_bind(&f.pairs, &e, 0), 0);
		assert_int_equal(e.pair.local_port, PORT);
		pairs_remove(&f.pairs, &e);
		pairs_remove(&f.pairs, &holder);
		end(&f);
	}
}

/* ---- as the program sees it ---- */

static void test_names(void **state)
{
	static const struct {
		uint8_t family;
		const char *local, *foreign, *text_local, *text_foreign;
	} rows[] = {
		{BERTH_IP4, "10.0.0.1", "10.0.0.9", "10.0.0.1:80", "10.0.0.9:1099"},
		{BERTH_IP6, "10.0.0.1", "10.0.0.9", "[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.9]:1099"},
		{BERTH_IP6, "0.0.0.0", "0.0.0.0", "[::ffff:0.0.0.0]:80", "[::ffff:0.0.0.0]:1099"},
		{BERTH_IP6, "fd00::1", "fd00::9", "[fd00::1]:80", "[fd00::9]:1099"},
		{BERTH_IP6, "fe80::1%3", "fe80::9%3", "[fe80::1%3]:80", "[fe80::9%3]:1099"},
		{BERTH_IP6, "fe80::1%3", "fd00::9", "[fe80::1%3]:80", "[fd00::9]:1099"},
		{BERTH_IP6, "fd00::1", "fe80::9%3", "[fd00::1]:80", "[fe80::9%3]:1099"},
		{BERTH_IP6, "ff02::1%3", "fe80::9%3", "[ff02::1%3]:80", "[fe80::9%3]:1099"},
		{BERTH_IP6, "ff05::1", "fd00::9", "[ff05::1]:80", "[fd00::9]:1099"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct socket_pair pair = pair_of(UDP, rows[i].local, PORT, rows[i].foreign, PEER_PORT);
		struct berth_socket_address local = endpoint_local(&pair, rows[i].family);
		struct berth_socket_address foreign = endpoint_foreign(&pair, rows[i].family), again;
		char text[BERTH_ADDRESS_TEXT];

		assert_int_equal(berth_socket_address_parse(rows[i].text_local, &again), 0);
		assert_true(berth_address_equal(&again.address, &local.address));
		assert_int_equal(again.port, local.port);
		assert_string_equal(berth_socket_address_format(&foreign, text, sizeof(text)), rows[i].text_foreign);
	}
}

/* ---- for many ---- */

static void test_datagrams_for_many(void **state)
{
	static const struct {
		const char *bound;
		uint16_t port;
		const char *local, *foreign; /* connected, or NULL */
	} sockets[] = {
		{"4 0.0.0.0", PORT, NULL, NULL},                    /* 0 */
		{"6 ::", PORT, NULL, NULL},                         /* 1 */
		{"o ::", PORT, NULL, NULL},                         /* 2 */
		{"4 224.0.0.251", PORT, NULL, NULL},                /* 3 */
		{"6 ff02::fb%1", PORT, NULL, NULL},                 /* 4 */
		{"6 ff02::fb%2", PORT, NULL, NULL},                 /* 5 */
		{"4 10.0.0.1", PORT, NULL, NULL},                   /* 6 */
		{"6 fd00::1", PORT, NULL, NULL},                    /* 7 */
		{"4 0.0.0.0", PORT + 1, NULL, NULL},                /* 8 */
		{"4 224.0.0.251", PORT, "224.0.0.251", "10.0.0.9"}, /* 9 */
		{"4 224.0.0.251", PORT, "224.0.0.251", "10.0.0.8"}, /* 10 */
		{"6 ff02::fb%1", PORT, "ff02::fb%1", "fe80::9%1"},  /* 11 */
		{"6 224.0.0.251", PORT, NULL, NULL},                /* 12 */
		{"6 0.0.0.0", PORT, NULL, NULL},                    /* 13 */
		{"4 0.0.0.0", PORT, "10.0.0.1", "10.0.0.9"},        /* 14: connected, it is at that address alone */
		{"6 ff05::fb", PORT, "ff05::fb", "fe80::9%1"},      /* 15 */
	};
	static const struct {
		const char *local, *foreign;
		unsigned who; /* a bit each */
	} rows[] = {
		{"224.0.0.251", "10.0.0.9", 1 << 0 | 1 << 1 | 1 << 3 | 1 << 9 | 1 << 12 | 1 << 13},
		{"224.0.0.251", "10.0.0.8", 1 << 0 | 1 << 1 | 1 << 3 | 1 << 10 | 1 << 12 | 1 << 13},
		{"224.0.0.252", "10.0.0.9", 1 << 0 | 1 << 1 | 1 << 13},
		{"10.0.0.255", "10.0.0.9", 1 << 0 | 1 << 1 | 1 << 13},
		{"ff02::fb%1", "fe80::9%1", 1 << 1 | 1 << 2 | 1 << 4 | 1 << 11},
		{"ff02::fb%1", "fe80::8%1", 1 << 1 | 1 << 2 | 1 << 4},
		{"ff02::fb%2", "fe80::9%2", 1 << 1 | 1 << 2 | 1 << 5},
		{"ff05::fb", "fe80::9%2", 1 << 1 | 1 << 2},
		{"ff05::fb", "fe80::9%1", 1 << 1 | 1 << 2 | 1 << 15},
	};
	enum { N = sizeof(sockets) / sizeof(sockets[0]) };
	struct endpoint e[N];
	struct fixture f;

	begin(&f);
	for (unsigned i = 0; i < N; i++) {
		e[i] = socket_of(UDP, sockets[i].bound, true);
		assert_int_equal(pairs_bind(&f.pairs, &e[i], sockets[i].port), 0);
		if (!sockets[i].foreign)
			continue;
		e[i].pair = pair_of(UDP, sockets[i].local, PORT, sockets[i].foreign, PEER_PORT);
		assert_int_equal(pairs_connect(&f.pairs, &e[i]), 0);
	}
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct socket_pair pair = pair_of(UDP, rows[i].local, PORT, rows[i].foreign, PEER_PORT);
		unsigned who = 0;

		for (struct endpoint *at = NULL; (at = pairs_next_of_many(&f.pairs, &pair, at));) {
			assert_false(who & 1u << (at - e));
			who |= 1u << (at - e);
		}
		assert_int_equal(who, rows[i].who);
	}
	for (unsigned i = 0; i < N; i++)
		pairs_remove(&f.pairs, &e[i]);
	end(&f);
}

/* ---- beside sets of addresses ---- */

enum { N_MODEL = 24, N_PLACES = 6, N_BINDINGS = 12, ALL_IP4 = 3, ALL_IP6 = 0x3c };

/* The world has six addresses; a socket holds a set of them. */
static const char *const places[N_PLACES] = {"10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2", "fe80::1%1", "fe80::1%2"};

static const struct {
	const char *what;
	unsigned held;
	unsigned rank; /* 0: one address; 1: all of a family; 2: all of both */
} bindings[N_BINDINGS] = {
	{"4 0.0.0.0", ALL_IP4, 1}, {"6 0.0.0.0", ALL_IP4, 1}, {"6 ::", ALL_IP4 | ALL_IP6, 2}, {"o ::", ALL_IP6, 2},
	{"4 10.0.0.1", 1, 0},      {"4 10.0.0.2", 2, 0},      {"6 10.0.0.1", 1, 0},           {"6 fd00::1", 4, 0},
	{"6 fd00::2", 8, 0},       {"o fd00::2", 8, 0},       {"6 fe80::1%1", 16, 0},         {"6 fe80::1%2", 32, 0},
};

struct modelled {
	struct endpoint e;
	unsigned binding, held;
	unsigned since; /* when it began to wait */
	bool connected;
};

static const char *peer_at(unsigned place, bool near)
{
	static const char *const near_peers[N_PLACES] = {"10.0.0.8",  "10.0.0.8",  "fe80::9%1",
							 "fe80::9%2", "fe80::9%1", "fe80::9%2"};

	return near ? near_peers[place] : place < 2 ? "10.0.0.9" : "fd00::9";
}

static bool listens(const struct modelled *m)
{
	return m->e.in_pairs && m->e.pair.protocol == TCP && !m->connected;
}

static bool tcp_connection(const struct modelled *m)
{
	return m->connected && m->e.pair.protocol == TCP;
}

static int model_bind(const struct modelled *all, const struct modelled *m)
{
	for (const struct modelled *h = all; h < all + N_MODEL; h++) {
		if (h == m || !h->e.bound || h->e.pair.local_port != m->e.pair.local_port || !(h->held & m->held))
			continue;
		if (!m->e.reuse || (!tcp_connection(h) && (!h->e.reuse || listens(h))))
			return BERTH_EADDRINUSE;
	}
	return 0;
}

static int model_listen(const struct modelled *all, const struct modelled *m)
{
	for (const struct modelled *h = all; h < all + N_MODEL; h++) {
		if (h != m && listens(h) && h->e.pair.local_port == m->e.pair.local_port && h->held & m->held)
			return BERTH_EADDRINUSE;
	}
	return 0;
}

static bool is_conversation(const struct modelled *m, const struct socket_pair *pair)
{
	return m->connected && memcmp(&m->e.pair, pair, sizeof(*pair)) == 0;
}

static const struct modelled *model_lookup(const struct modelled *all, unsigned place, const struct socket_pair *pair)
{
	const struct modelled *best = NULL;

	for (const struct modelled *h = all; h < all + N_MODEL; h++) {
		if (is_conversation(h, pair))
			return h;
		if (!h->e.in_pairs || h->connected || h->e.pair.local_port != pair->local_port ||
		    !(h->held >> place & 1))
			continue;
		if (!best || bindings[h->binding].rank < bindings[best->binding].rank ||
		    (bindings[h->binding].rank == bindings[best->binding].rank && h->since > best->since))
			best = h;
	}
	return best;
}

static void step_connect(struct fixture *f, struct modelled *all, struct modelled *m, struct rng *rng)
{
	unsigned place = (unsigned)rng_below(rng, N_PLACES);
	struct socket_pair pair;
	int error = 0;

	while (!(bindings[m->binding].held >> place & 1))
		place = (place + 1) % N_PLACES;
	pair = pair_of(m->e.pair.protocol, places[place], m->e.pair.local_port, peer_at(place, rng_below(rng, 2)),
		       PEER_PORT);
	for (unsigned i = 0; i < N_MODEL; i++) {
		if (&all[i] != m && is_conversation(&all[i], &pair))
			error = BERTH_EADDRINUSE;
	}
	m->e.pair = pair;
	assert_int_equal(pairs_connect(&f->pairs, &m->e), error);
	m->connected = error == 0;
	m->held = tcp_connection(m) ? 1u << place : bindings[m->binding].held;
}

static void model_step(struct fixture *f, struct modelled *all, int protocol, struct rng *rng, unsigned now)
{
	struct modelled *m = &all[rng_below(rng, N_MODEL)];
	unsigned place = (unsigned)rng_below(rng, N_PLACES);
	struct socket_pair pair;
	const struct modelled *want;

	if (!m->e.bound) {
		m->binding = (unsigned)rng_below(rng, N_BINDINGS);
		m->held = bindings[m->binding].held;
		m->e = socket_of(protocol, bindings[m->binding].what, rng_below(rng, 3) > 0);
		m->e.pair.local_port = (uint16_t)(1 + rng_below(rng, 2));
		assert_int_equal(pairs_bind(&f->pairs, &m->e, m->e.pair.local_port), model_bind(all, m));
		m->since = now;
	} else if (protocol == TCP && !m->e.in_pairs && rng_below(rng, 2)) {
		assert_int_equal(pairs_listen(&f->pairs, &m->e), model_listen(all, m));
	} else if (!listens(m) && !m->connected && rng_below(rng, 2)) {
		step_connect(f, all, m, rng);
		m->since = now;
	} else if (m->connected && rng_below(rng, 2)) {
		pairs_disconnect(&f->pairs, &m->e);
		m->connected = false;
		m->held = bindings[m->binding].held;
		m->since = now;
	} else {
		pairs_remove(&f->pairs, &m->e);
		m->connected = false;
	}
	pair = pair_of(protocol, places[place], (uint16_t)(1 + rng_below(rng, 2)), peer_at(place, rng_below(rng, 2)),
		       PEER_PORT);
	want = model_lookup(all, place, &pair);
	assert_ptr_equal(pairs_lookup(&f->pairs, &pair), want ? &want->e : NULL);
}

static void test_beside_sets_of_addresses(void **state)
{
	for (unsigned seed = 0; seed < 40; seed++) {
		struct modelled all[N_MODEL];
		struct fixture f;
		struct rng rng;

		memset(all, 0, sizeof(all));
		begin(&f);
		rng_init(&rng, seed);
		for (unsigned i = 1; i <= 3000; i++)
			model_step(&f, all, seed & 1 ? TCP : UDP, &rng, i);
		for (unsigned i = 0; i < N_MODEL; i++)
			pairs_remove(&f.pairs, &all[i].e);
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_stands_in_whose_way),
		cmocka_unit_test(test_who_is_found),
		cmocka_unit_test(test_v6only_is_passed_over),
		cmocka_unit_test(test_scope_is_part_of_the_pair),
		cmocka_unit_test(test_disconnecting_gives_the_family_back),
		cmocka_unit_test(test_ephemeral_ports_of_both_families),
		cmocka_unit_test(test_bind_to_port_0_of_both_families),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_datagrams_for_many),
		cmocka_unit_test(test_beside_sets_of_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
