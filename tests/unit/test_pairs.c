/* The socket-pair table: who is found, who may bind and listen where, which ephemeral ports are chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/error.h>

#include "heap.h"
#include "pairs.h"
#include "rng.h"

enum {
	TCP = 6,
	UDP = 17,
	EPHEMERAL_FIRST = 49152,
	EPHEMERAL_LAST = 65535,
};

struct fixture {
	struct heap heap;
	struct pairs pairs;
};

static void begin_with(struct fixture *f, uint64_t seed, uint16_t first, uint16_t last)
{
	static const uint8_t secret[16] = "sixteen secrets";

	heap_init(&f->heap);
	assert_int_equal(pairs_init(&f->pairs, secret, seed, first, last, &f->heap.memory), 0);
}

static void begin(struct fixture *f)
{
	begin_with(f, 1, EPHEMERAL_FIRST, EPHEMERAL_LAST);
}

/* Everything must have been taken out. */
static void end(struct fixture *f)
{
	assert_int_equal(f->pairs.by_pair.n, 0);
	assert_int_equal(f->pairs.by_port.n, 0);
	pairs_deinit(&f->pairs);
	assert_int_equal(f->heap.n_blocks, 0);
}

/* "" is all addresses; family 4 unless the text has a colon. */
static struct socket_pair pair_of(int protocol, const char *local, uint16_t local_port, const char *foreign,
				  uint16_t foreign_port)
{
	struct socket_pair pair = {.local_port = local_port,
				   .foreign_port = foreign_port,
				   .family = strchr(local, ':') || strchr(foreign, ':') ? BERTH_IP6 : BERTH_IP4,
				   .protocol = (uint8_t)protocol};
	struct berth_address a;

	if (*local) {
		assert_int_equal(berth_address_parse(local, &a), 0);
		memcpy(pair.local, a.bytes, 16);
	}
	if (*foreign) {
		assert_int_equal(berth_address_parse(foreign, &a), 0);
		memcpy(pair.foreign, a.bytes, 16);
	}
	return pair;
}

/* A socket that is not bound. A TCP one listens when pairs_listen is called. */
static struct endpoint socket_of(int protocol, const char *local, bool reuse)
{
	struct socket_pair pair = pair_of(protocol, local, 0, "", 0);

	return (struct endpoint){
		.pair = pair,
		.family = pair.family,
		.kind = protocol == UDP ? ENDPOINT_UDP : ENDPOINT_TCP,
		.reuse = reuse,
	};
}

static struct endpoint connection_of(int protocol, const char *local, uint16_t local_port, const char *foreign,
				     uint16_t foreign_port)
{
	struct socket_pair pair = pair_of(protocol, local, local_port, foreign, foreign_port);

	return (struct endpoint){
		.pair = pair,
		.family = pair.family,
		.kind = protocol == UDP ? ENDPOINT_UDP : ENDPOINT_TCP,
	};
}

static struct endpoint *look(struct fixture *f, int protocol, const char *local, uint16_t local_port,
			     const char *foreign, uint16_t foreign_port)
{
	struct socket_pair pair = pair_of(protocol, local, local_port, foreign, foreign_port);

	return pairs_lookup(&f->pairs, &pair);
}

/* ---- finding ---- */

static void test_init_without_memory(void **state)
{
	static const uint8_t secret[16];

	for (size_t i = 0; i < 2; i++) {
		struct heap heap;
		struct pairs pairs;

		heap_init(&heap);
		heap.fail_at = i;
		assert_int_equal(pairs_init(&pairs, secret, 1, 1, 2, &heap.memory), BERTH_ENOMEM);
		assert_int_equal(heap.n_blocks, 0);
	}
}

static void test_the_most_particular_is_found(void **state)
{
	struct fixture f;
	struct endpoint any = socket_of(TCP, "", true), one = socket_of(TCP, "10.0.0.1", true);
	struct endpoint conn = connection_of(TCP, "10.0.0.1", 80, "10.0.0.9", 1099);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &any, 80), 0);
	assert_null(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1099));
	assert_int_equal(pairs_bind(&f.pairs, &one, 80), 0);
	assert_int_equal(pairs_listen(&f.pairs, &any), 0);
	assert_int_equal(pairs_listen(&f.pairs, &one), BERTH_EADDRINUSE);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1099), &any);
	pairs_remove(&f.pairs, &any);
	assert_int_equal(pairs_listen(&f.pairs, &one), 0);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1099), &one);
	assert_null(look(&f, TCP, "10.0.0.2", 80, "10.0.0.9", 1099));
	pairs_adopt(&f.pairs, &conn);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1099), &conn);
	assert_ptr_equal(pairs_find(&f.pairs, &conn.pair), &conn);
	assert_ptr_equal(pairs_find_waiting(&f.pairs, &conn.pair), &one);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1098), &one);
	/* Every part of the key counts. */
	assert_null(look(&f, UDP, "10.0.0.1", 80, "10.0.0.9", 1099));
	assert_null(look(&f, TCP, "10.0.0.1", 81, "10.0.0.9", 1099));
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.8", 1099), &one);
	assert_null(look(&f, TCP, "a00:1::", 80, "a00:9::", 1099));
	pairs_remove(&f.pairs, &conn);
	pairs_remove(&f.pairs, &one);
	end(&f);
}

/* ---- binding ---- */

static void test_two_sockets_that_only_bind(void **state)
{
	static const struct {
		int protocol_a;
		const char *a;
		bool reuse_a;
		int protocol_b;
		const char *b;
		bool reuse_b;
		int error;
	} rows[] = {
		{TCP, "", false, TCP, "", false, BERTH_EADDRINUSE},
		{TCP, "", true, TCP, "", false, BERTH_EADDRINUSE},
		{TCP, "", false, TCP, "", true, BERTH_EADDRINUSE},
		{TCP, "", true, TCP, "", true, 0},
		{TCP, "", false, TCP, "10.0.0.1", false, BERTH_EADDRINUSE},
		{TCP, "10.0.0.1", false, TCP, "", false, BERTH_EADDRINUSE},
		{TCP, "10.0.0.1", true, TCP, "", true, 0},
		{TCP, "10.0.0.1", false, TCP, "10.0.0.1", false, BERTH_EADDRINUSE},
		{TCP, "10.0.0.1", false, TCP, "10.0.0.2", false, 0},
		{TCP, "", false, UDP, "", false, 0},
		{UDP, "", false, UDP, "", false, BERTH_EADDRINUSE},
		{UDP, "", false, UDP, "", true, BERTH_EADDRINUSE},
		{UDP, "", true, UDP, "", false, BERTH_EADDRINUSE},
		{UDP, "", true, UDP, "", true, 0},
		{UDP, "10.0.0.1", false, UDP, "10.0.0.2", false, 0},
		{UDP, "10.0.0.1", false, UDP, "", false, BERTH_EADDRINUSE},
		{TCP, "fd00::1", false, TCP, "fd00::1", false, BERTH_EADDRINUSE},
		{TCP, "fd00::1", false, TCP, "fd00::2", false, 0},
		{TCP, "fd00::1", false, TCP, "10.0.0.1", false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint a = socket_of(rows[i].protocol_a, rows[i].a, rows[i].reuse_a);
		struct endpoint b = socket_of(rows[i].protocol_b, rows[i].b, rows[i].reuse_b);
		struct fixture f;

		begin(&f);
		assert_int_equal(pairs_bind(&f.pairs, &a, 80), 0);
		assert_int_equal(a.pair.local_port, 80);
		assert_true(a.bound);
		assert_int_equal(pairs_bind(&f.pairs, &b, 80), rows[i].error);
		assert_int_equal(b.bound, rows[i].error == 0);
		/* Another port is free; and so is this one when the first has gone. */
		pairs_remove(&f.pairs, &b);
		assert_int_equal(pairs_bind(&f.pairs, &b, 81), 0);
		pairs_remove(&f.pairs, &b);
		pairs_remove(&f.pairs, &a);
		assert_int_equal(pairs_bind(&f.pairs, &b, 80), 0);
		pairs_remove(&f.pairs, &b);
		end(&f);
	}
}

static void test_beside_a_listener(void **state)
{
	struct fixture f;
	struct endpoint listener = socket_of(TCP, "", true), early = socket_of(TCP, "", true);
	struct endpoint late = socket_of(TCP, "10.0.0.1", true);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &listener, 80), 0);
	assert_int_equal(pairs_bind(&f.pairs, &early, 80), 0);
	assert_int_equal(pairs_listen(&f.pairs, &listener), 0);
	assert_int_equal(pairs_listen(&f.pairs, &early), BERTH_EADDRINUSE);
	/* SO_REUSEADDR takes no port from a listener. */
	assert_int_equal(pairs_bind(&f.pairs, &late, 80), BERTH_EADDRINUSE);
	pairs_remove(&f.pairs, &listener);
	assert_int_equal(pairs_listen(&f.pairs, &early), 0);
	pairs_remove(&f.pairs, &early);
	end(&f);
}

/* A server ends and begins again while its connections are still there, TIME-WAIT or other: as POSIX programs expect,
 * only with SO_REUSEADDR, unless the addresses differ. */
static void test_beside_connections_of_a_listener_that_has_gone(void **state)
{
	struct fixture f;
	struct endpoint listener = socket_of(TCP, "", false);
	struct endpoint conn = connection_of(TCP, "10.0.0.1", 80, "10.0.0.9", 1099);
	struct endpoint plain = socket_of(TCP, "", false), reuse = socket_of(TCP, "", true);
	struct endpoint other = socket_of(TCP, "10.0.0.2", false), same = socket_of(TCP, "10.0.0.1", false);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &listener, 80), 0);
	assert_int_equal(pairs_listen(&f.pairs, &listener), 0);
	pairs_adopt(&f.pairs, &conn);
	pairs_remove(&f.pairs, &listener);
	assert_int_equal(pairs_bind(&f.pairs, &plain, 80), BERTH_EADDRINUSE);
	assert_int_equal(pairs_bind(&f.pairs, &same, 80), BERTH_EADDRINUSE);
	assert_int_equal(pairs_bind(&f.pairs, &other, 80), 0);
	pairs_remove(&f.pairs, &other);
	assert_int_equal(pairs_bind(&f.pairs, &reuse, 80), 0);
	assert_int_equal(pairs_listen(&f.pairs, &reuse), 0);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 1099), &conn);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 80, "10.0.0.9", 2000), &reuse);
	pairs_remove(&f.pairs, &reuse);
	pairs_remove(&f.pairs, &conn);
	assert_int_equal(pairs_bind(&f.pairs, &plain, 80), 0);
	pairs_remove(&f.pairs, &plain);
	end(&f);
}

/* Ten thousand connections of one port are one entry of the table of ports for each local address, whichever goes
 * first. */
static void test_many_connections_are_one_entry(void **state)
{
	enum { N = 10000 };
	struct endpoint *conns = calloc(N, sizeof(*conns)), plain = socket_of(TCP, "", false);
	unsigned n_left = N;
	struct fixture f;
	struct rng rng;

	begin(&f);
	rng_init(&rng, 3);
	for (unsigned i = 0; i < N; i++) {
		conns[i] = connection_of(TCP, i % 2 ? "10.0.0.1" : "10.0.0.2", 80, "10.0.0.9", 0);
		conns[i].pair.foreign[2] = (uint8_t)(i >> 8);
		conns[i].pair.foreign_port = (uint16_t)(1000 + i % 256);
		pairs_adopt(&f.pairs, &conns[i]);
		assert_int_equal(f.pairs.by_port.n, i == 0 ? 1 : 2);
	}
	for (unsigned i = 0; i < N; i++)
		assert_ptr_equal(pairs_find(&f.pairs, &conns[i].pair), &conns[i]);
	while (n_left > 0) {
		unsigned i = (unsigned)rng_below(&rng, N);

		while (!conns[i].in_pairs)
			i = (i + 1) % N;
		pairs_remove(&f.pairs, &conns[i]);
		assert_false(conns[i].bound);
		assert_int_equal(pairs_bind(&f.pairs, &plain, 80), --n_left ? BERTH_EADDRINUSE : 0);
	}
	pairs_remove(&f.pairs, &plain);
	end(&f);
	free(conns);
}

/* The one bound last gets the datagrams; the others get them when it goes. */
static void test_udp_sharing_an_address(void **state)
{
	struct fixture f;
	struct endpoint first = socket_of(UDP, "", true), last = socket_of(UDP, "", true);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &first, 5353), 0);
	assert_ptr_equal(look(&f, UDP, "10.0.0.1", 5353, "10.0.0.9", 5353), &first);
	assert_int_equal(pairs_bind(&f.pairs, &last, 5353), 0);
	assert_ptr_equal(look(&f, UDP, "10.0.0.1", 5353, "10.0.0.9", 5353), &last);
	pairs_remove(&f.pairs, &last);
	assert_ptr_equal(look(&f, UDP, "10.0.0.1", 5353, "10.0.0.9", 5353), &first);
	pairs_remove(&f.pairs, &first);
	end(&f);
}

/* ---- conversations ---- */

static void test_udp_connects_and_disconnects(void **state)
{
	struct fixture f;
	struct endpoint e = socket_of(UDP, "", false), plain = socket_of(UDP, "10.0.0.2", false);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &e, 1000), 0);
	e.pair = pair_of(UDP, "10.0.0.1", 1000, "10.0.0.9", 53);
	assert_int_equal(pairs_connect(&f.pairs, &e), 0);
	assert_ptr_equal(look(&f, UDP, "10.0.0.1", 1000, "10.0.0.9", 53), &e);
	assert_null(look(&f, UDP, "10.0.0.1", 1000, "10.0.0.8", 53));
	/* Bound to all addresses it stays. */
	assert_int_equal(pairs_bind(&f.pairs, &plain, 1000), BERTH_EADDRINUSE);
	/* To another peer at once. */
	e.pair = pair_of(UDP, "10.0.0.1", 1000, "10.0.0.8", 53);
	assert_int_equal(pairs_connect(&f.pairs, &e), 0);
	assert_null(look(&f, UDP, "10.0.0.1", 1000, "10.0.0.9", 53));
	assert_ptr_equal(look(&f, UDP, "10.0.0.1", 1000, "10.0.0.8", 53), &e);
	pairs_disconnect(&f.pairs, &e);
	assert_int_equal(e.pair.foreign_port, 0);
	assert_ptr_equal(look(&f, UDP, "10.0.0.3", 1000, "10.0.0.7", 53), &e);
	pairs_remove(&f.pairs, &e);
	end(&f);
}

static void test_bound_tcp_connects(void **state)
{
	struct fixture f;
	struct endpoint a = socket_of(TCP, "10.0.0.1", true), b = socket_of(TCP, "10.0.0.1", true);
	struct endpoint plain = socket_of(TCP, "10.0.0.1", false);

	begin(&f);
	assert_int_equal(pairs_bind(&f.pairs, &a, 1099), 0);
	assert_int_equal(pairs_bind(&f.pairs, &b, 1099), 0);
	a.pair = b.pair = pair_of(TCP, "10.0.0.1", 1099, "10.0.0.9", 80);
	assert_int_equal(pairs_connect(&f.pairs, &a), 0);
	assert_int_equal(pairs_connect(&f.pairs, &b), BERTH_EADDRINUSE);
	assert_true(b.bound && !b.in_pairs);
	assert_int_equal(b.pair.foreign_port, 0);
	b.pair = pair_of(TCP, "10.0.0.1", 1099, "10.0.0.9", 81);
	assert_int_equal(pairs_connect(&f.pairs, &b), 0);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 1099, "10.0.0.9", 80), &a);
	assert_ptr_equal(look(&f, TCP, "10.0.0.1", 1099, "10.0.0.9", 81), &b);
	/* A refused one gives its conversation up and keeps its port. */
	pairs_disconnect(&f.pairs, &a);
	assert_true(a.bound);
	assert_null(look(&f, TCP, "10.0.0.1", 1099, "10.0.0.9", 80));
	pairs_remove(&f.pairs, &b);
	assert_int_equal(pairs_bind(&f.pairs, &plain, 1099), BERTH_EADDRINUSE);
	pairs_remove(&f.pairs, &a);
	end(&f);
}

/* ---- ephemeral ports ---- */

/* One peer: every port of the range once, then none; one that has gone is found again. Another peer: all over again. */
static void test_every_ephemeral_port_is_found(void **state)
{
	enum { FIRST = 50000, N = 601 };
	struct endpoint *conns = calloc(2 * N, sizeof(*conns)), more;
	bool seen[N] = {false};
	struct fixture f;

	begin_with(&f, 1, FIRST, FIRST + N - 1);
	for (unsigned i = 0; i < 2 * N; i++) {
		conns[i] = connection_of(TCP, "10.0.0.1", 0, i < N ? "10.0.0.9" : "10.0.0.8", 80);
		assert_int_equal(pairs_connect(&f.pairs, &conns[i]), 0);
		assert_in_range(conns[i].pair.local_port, FIRST, FIRST + N - 1);
		assert_int_equal(seen[conns[i].pair.local_port - FIRST], i >= N);
		seen[conns[i].pair.local_port - FIRST] = i < N;
	}
	more = connection_of(TCP, "10.0.0.1", 0, "10.0.0.9", 80);
	assert_int_equal(pairs_connect(&f.pairs, &more), BERTH_EADDRNOTAVAIL);
	assert_false(more.bound || more.in_pairs);
	pairs_remove(&f.pairs, &conns[17]);
	assert_int_equal(pairs_connect(&f.pairs, &more), 0);
	assert_int_equal(more.pair.local_port, conns[17].pair.local_port);
	pairs_remove(&f.pairs, &more);
	for (unsigned i = 0; i < 2 * N; i++)
		pairs_remove(&f.pairs, &conns[i]);
	end(&f);
	free(conns);
}

/* RFC 6056: the next port does not follow from the last, and all parts of the range come up alike. */
static void test_ephemeral_ports_are_spread(void **state)
{
	enum { N = 8192 };
	unsigned n_parts[16] = {0}, n_near = 0;
	uint16_t last = 0;
	struct fixture f;

	begin(&f);
	for (unsigned i = 0; i < N; i++) {
		struct endpoint e = connection_of(TCP, "10.0.0.1", 0, "10.0.0.9", 80);

		assert_int_equal(pairs_connect(&f.pairs, &e), 0);
		n_parts[(e.pair.local_port - EPHEMERAL_FIRST) / 1024]++;
		n_near += abs(e.pair.local_port - last) <= 16;
		last = e.pair.local_port;
		pairs_remove(&f.pairs, &e);
	}
	/* 512 expected, deviation 22; near ones 16.5 expected, deviation 4. */
	for (unsigned i = 0; i < 16; i++)
		assert_in_range(n_parts[i], 400, 624);
	assert_true(n_near < 45);
	end(&f);
}

static void test_seed_and_secret_decide(void **state)
{
	uint16_t ports[3];

	for (unsigned i = 0; i < 3; i++) {
		struct endpoint e = socket_of(TCP, "", false);
		struct fixture f;

		begin_with(&f, i == 2 ? 77 : 5, EPHEMERAL_FIRST, EPHEMERAL_LAST);
		assert_int_equal(pairs_bind(&f.pairs, &e, 0), 0);
		ports[i] = e.pair.local_port;
		pairs_remove(&f.pairs, &e);
		end(&f);
	}
	assert_int_equal(ports[0], ports[1]);
	assert_int_not_equal(ports[0], ports[2]);
}

/* Ports 1-4: one listened at, one bound, one another conversation's, one free for all. */
static void test_connect_keeps_off_bound_ports(void **state)
{
	struct endpoint listener = socket_of(TCP, "", true), bound = socket_of(TCP, "10.0.0.1", true);
	struct endpoint elsewhere = socket_of(TCP, "10.0.0.2", false);
	struct endpoint conns[3];
	struct fixture f;

	begin_with(&f, 1, 1, 4);
	assert_int_equal(pairs_bind(&f.pairs, &listener, 1), 0);
	assert_int_equal(pairs_listen(&f.pairs, &listener), 0);
	assert_int_equal(pairs_bind(&f.pairs, &bound, 2), 0);
	assert_int_equal(pairs_bind(&f.pairs, &elsewhere, 3), 0);
	for (unsigned i = 0; i < 3; i++) {
		conns[i] = connection_of(TCP, "10.0.0.1", 0, "10.0.0.9", 80);
		assert_int_equal(pairs_connect(&f.pairs, &conns[i]), i < 2 ? 0 : BERTH_EADDRNOTAVAIL);
	}
	assert_int_equal(conns[0].pair.local_port + conns[1].pair.local_port, 3 + 4);
	for (unsigned i = 0; i < 2; i++)
		pairs_remove(&f.pairs, &conns[i]);
	pairs_remove(&f.pairs, &listener);
	pairs_remove(&f.pairs, &bound);
	pairs_remove(&f.pairs, &elsewhere);
	end(&f);
}

/* Port 0 finds whatever nobody holds, SO_REUSEADDR or not; a UDP port is one socket's own, connected or not. */
static void test_bind_to_port_0(void **state)
{
	struct endpoint e[4], more;
	struct fixture f;

	begin_with(&f, 1, 60000, 60003);
	for (unsigned i = 0; i < 4; i++) {
		if (i < 2) {
			e[i] = socket_of(UDP, "", true);
			assert_int_equal(pairs_bind(&f.pairs, &e[i], 0), 0);
		} else {
			e[i] = connection_of(UDP, "10.0.0.1", 0, "10.0.0.9", 53);
			assert_int_equal(pairs_connect(&f.pairs, &e[i]), 0);
		}
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(e[i].pair.local_port, e[k].pair.local_port);
	}
	more = socket_of(UDP, "", true);
	assert_int_equal(pairs_bind(&f.pairs, &more, 0), BERTH_EADDRINUSE);
	more = connection_of(UDP, "10.0.0.1", 0, "10.0.0.9", 54);
	assert_int_equal(pairs_connect(&f.pairs, &more), BERTH_EADDRNOTAVAIL);
	/* Having found its port by connecting, it waits at all addresses when it disconnects. */
	pairs_disconnect(&f.pairs, &e[2]);
	assert_ptr_equal(look(&f, UDP, "10.0.0.5", e[2].pair.local_port, "10.0.0.9", 1), &e[2]);
	for (unsigned i = 0; i < 4; i++)
		pairs_remove(&f.pairs, &e[i]);
	end(&f);
}

static void test_a_range_of_one_port(void **state)
{
	struct endpoint a = socket_of(TCP, "", false), b = socket_of(TCP, "", false);
	struct fixture f;

	begin_with(&f, 1, 65535, 65535);
	assert_int_equal(pairs_bind(&f.pairs, &a, 0), 0);
	assert_int_equal(a.pair.local_port, 65535);
	assert_int_equal(pairs_bind(&f.pairs, &b, 0), BERTH_EADDRINUSE);
	pairs_remove(&f.pairs, &a);
	end(&f);
}

/* ---- aimed collisions ---- */

static unsigned longest_chain(const struct pairs *pairs, const struct endpoint *all, unsigned n)
{
	unsigned longest = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned n_chain = 0;

		for (struct table_node *node = *table_bucket(&pairs->by_pair, all[i].node.hash); node;
		     node = node->next)
			n_chain++;
		longest = n_chain > longest ? n_chain : longest;
	}
	return longest;
}

/* Hash flooding of the socket-pair table: peers that know the secret of one host pick pairs that share a bucket there;
 * at a host with another secret the same pairs lie apart, as random ones do. */
static void test_nobody_can_aim_collisions(void **state)
{
	enum { N = 500, N_BUCKETS = 1024 };
	static const uint8_t other_secret[16] = "another secret..";
	struct endpoint *all = calloc(N, sizeof(*all));
	struct fixture known, attacked;
	uint32_t peer = 0;

	begin(&known);
	heap_init(&attacked.heap);
	assert_int_equal(pairs_init(&attacked.pairs, other_secret, 1, 1, 2, &attacked.heap.memory), 0);
	for (unsigned i = 0; i < N;) {
		all[i] = connection_of(TCP, "10.0.0.1", 80, "10.0.0.9", 1099);
		peer++;
		memcpy(all[i].pair.foreign, &peer, 4);
		pairs_adopt(&known.pairs, &all[i]);
		if (all[i].node.hash % N_BUCKETS == 0)
			i++;
		else
			pairs_remove(&known.pairs, &all[i]);
	}
	assert_true(longest_chain(&known.pairs, all, N) >= N / 4);
	for (unsigned i = 0; i < N; i++) {
		pairs_remove(&known.pairs, &all[i]);
		pairs_adopt(&attacked.pairs, &all[i]);
	}
	assert_true(longest_chain(&attacked.pairs, all, N) <= 10);
	for (unsigned i = 0; i < N; i++)
		pairs_remove(&attacked.pairs, &all[i]);
	end(&attacked);
	end(&known);
	free(all);
}

/* ---- beside a plain array ---- */

enum { N_MODEL = 40 };

static bool model_overlap(const struct endpoint *a, const struct endpoint *b)
{
	return a->pair.local_port == b->pair.local_port && a->pair.protocol == b->pair.protocol &&
	       (a->pair.local[3] == 0 || b->pair.local[3] == 0 || a->pair.local[3] == b->pair.local[3]);
}

static bool connected(const struct endpoint *e)
{
	return e->in_pairs && e->pair.foreign_port;
}

static int model_bind(const struct endpoint *all, const struct endpoint *e)
{
	for (unsigned i = 0; i < N_MODEL; i++) {
		const struct endpoint *h = &all[i];
		bool listens = h->in_pairs && h->pair.protocol == TCP && !connected(h);

		if (h == e || !h->bound || !model_overlap(h, e))
			continue;
		if (!e->reuse || (!connected(h) && (!h->reuse || listens)))
			return BERTH_EADDRINUSE;
	}
	return 0;
}

static int model_listen(const struct endpoint *all, const struct endpoint *e)
{
	for (unsigned i = 0; i < N_MODEL; i++) {
		if (&all[i] != e && all[i].in_pairs && !connected(&all[i]) && model_overlap(&all[i], e))
			return BERTH_EADDRINUSE;
	}
	return 0;
}

static int model_connect(const struct endpoint *all, const struct endpoint *e)
{
	for (unsigned i = 0; i < N_MODEL; i++) {
		if (&all[i] != e && all[i].in_pairs && memcmp(&all[i].pair, &e->pair, sizeof(e->pair)) == 0)
			return BERTH_EADDRINUSE;
	}
	return 0;
}

static const struct endpoint *model_lookup(const struct endpoint *all, struct socket_pair pair)
{
	for (unsigned step = 0; step < 3; step++) {
		for (unsigned i = 0; i < N_MODEL; i++) {
			if (all[i].in_pairs && memcmp(&all[i].pair, &pair, sizeof(pair)) == 0)
				return &all[i];
		}
		memset(pair.foreign, 0, 16);
		pair.foreign_port = 0;
		if (step == 1)
			memset(pair.local, 0, 16);
	}
	return NULL;
}

/* Few ports, addresses and peers, so that everything meets. TCP only: there one pair is one endpoint's. */
static void model_step(struct fixture *f, struct endpoint *all, struct rng *rng)
{
	struct endpoint *e = &all[rng_below(rng, N_MODEL)];
	struct socket_pair pair;

	if (!e->bound) {
		uint16_t port = (uint16_t)(1 + rng_below(rng, 3));

		*e = (struct endpoint){.kind = ENDPOINT_TCP, .reuse = rng_below(rng, 3) > 0};
		e->pair = pair_of(TCP, "", port, "", 0);
		if (rng_below(rng, 2)) {
			e->pair.local[0] = 10;
			e->pair.local[3] = (uint8_t)(1 + rng_below(rng, 2));
		}
		assert_int_equal(pairs_bind(&f->pairs, e, port), model_bind(all, e));
	} else if (!e->in_pairs && rng_below(rng, 2)) {
		assert_int_equal(pairs_listen(&f->pairs, e), model_listen(all, e));
	} else if (!e->in_pairs) {
		int error;

		e->pair.local[0] = e->pair.foreign[0] = 10;
		e->pair.local[3] = e->pair.local[3] ? e->pair.local[3] : 1;
		e->pair.foreign[3] = 9;
		e->pair.foreign_port = (uint16_t)(80 + rng_below(rng, 3));
		error = model_connect(all, e);
		assert_int_equal(pairs_connect(&f->pairs, e), error);
	} else if (connected(e) && rng_below(rng, 2)) {
		pairs_disconnect(&f->pairs, e);
	} else {
		pairs_remove(&f->pairs, e);
	}
	pair = pair_of(TCP, rng_below(rng, 2) ? "10.0.0.1" : "10.0.0.2", (uint16_t)(1 + rng_below(rng, 3)), "10.0.0.9",
		       (uint16_t)(80 + rng_below(rng, 3)));
	assert_ptr_equal(pairs_lookup(&f->pairs, &pair), model_lookup(all, pair));
}

static void test_beside_a_plain_array(void **state)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct endpoint all[N_MODEL];
		struct fixture f;
		struct rng rng;

		memset(all, 0, sizeof(all));
		begin(&f);
		rng_init(&rng, seed);
		for (unsigned i = 0; i < 3000; i++)
			model_step(&f, all, &rng);
		for (unsigned i = 0; i < N_MODEL; i++)
			pairs_remove(&f.pairs, &all[i]);
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_without_memory),
		cmocka_unit_test(test_the_most_particular_is_found),
		cmocka_unit_test(test_two_sockets_that_only_bind),
		cmocka_unit_test(test_beside_a_listener),
		cmocka_unit_test(test_beside_connections_of_a_listener_that_has_gone),
		cmocka_unit_test(test_many_connections_are_one_entry),
		cmocka_unit_test(test_udp_sharing_an_address),
		cmocka_unit_test(test_udp_connects_and_disconnects),
		cmocka_unit_test(test_bound_tcp_connects),
		cmocka_unit_test(test_every_ephemeral_port_is_found),
		cmocka_unit_test(test_ephemeral_ports_are_spread),
		cmocka_unit_test(test_seed_and_secret_decide),
		cmocka_unit_test(test_connect_keeps_off_bound_ports),
		cmocka_unit_test(test_bind_to_port_0),
		cmocka_unit_test(test_a_range_of_one_port),
		cmocka_unit_test(test_nobody_can_aim_collisions),
		cmocka_unit_test(test_beside_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
