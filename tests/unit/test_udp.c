/* The UDP module by itself: queues, charges, environments; no host around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap.h"
#include "ip.h"
#include "udp.h"

struct bench {
	struct heap heap;
	struct pairs pairs;
	struct endpoints endpoints;
	struct budget budget;
	struct udp_env env;
};

static void start(struct bench *b)
{
	struct berth_host_config config = {.send_buffer = 4096, .receive_buffer = 4096, .ttl = 64};
	uint8_t secret[16] = {1};

	heap_init(&b->heap);
	config.memory = &b->heap.memory;
	assert_int_equal(pairs_init(&b->pairs, secret, 1, 49152, 65535, &b->heap.memory), 0);
	endpoints_init(&b->endpoints);
	budget_init(&b->budget, 1 << 20);
	udp_env_init(&b->env, &config, &b->pairs, &b->endpoints, &b->budget);
}

static void finish(struct bench *b)
{
	udp_env_deinit(&b->env);
	assert_int_equal(b->budget.in_use, 0);
	assert_true(list_is_empty(&b->endpoints.all));
	assert_true(list_is_empty(&b->endpoints.tx));
	assert_true(list_is_empty(&b->endpoints.news));
	pairs_deinit(&b->pairs);
	assert_int_equal(b->heap.n_blocks, 0);
}

static struct udp_socket *bound(struct bench *b, uint16_t port)
{
	struct udp_socket *s = udp_new(&b->env, BERTH_IP4);

	assert_non_null(s);
	assert_int_equal(pairs_bind(&b->pairs, &s->endpoint, port), 0);
	return s;
}

/* A frame of this capacity with n bytes of payload arrives at port 7. Its references afterwards. */
static uint32_t arrive(struct bench *b, uint32_t capacity, uint32_t n)
{
	struct udp_arrival a = {.pair = {.family = BERTH_IP4, .protocol = 17, .local_port = 7, .foreign_port = 9}};
	uint32_t n_refs;

	a.pair.local[0] = 10;
	a.pair.foreign[0] = 11;
	a.frame = berth_frame_new(&b->heap.memory, capacity);
	memset(a.frame->data, 'p', capacity);
	a.off = capacity - n;
	a.len = n;
	assert_true(udp_datagram_in(&b->env, &a));
	n_refs = a.frame->n_refs;
	berth_frame_unref(a.frame);
	return n_refs;
}

/* A payload of half a frame or more keeps the frame; a smaller one is copied, so that it does not pin it. */
static void keeps_or_copies(void **state)
{
	struct bench b;
	struct udp_socket *s;
	size_t before;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	before = b.heap.n_bytes;
	assert_int_equal(arrive(&b, 2048, 1024), 2);
	assert_int_equal(b.heap.n_bytes - before, s->in.charge);
	assert_int_equal(arrive(&b, 2048, 1023), 1);
	assert_int_equal(b.heap.n_bytes - before, s->in.charge);
	assert_int_equal(arrive(&b, 65536, 0), 1);
	assert_int_equal(b.heap.n_bytes - before, s->in.charge);
	assert_int_equal(s->in.n, 3);
	finish(&b);
}

/* What the queue is charged with is what it holds, at any time, down to nothing. */
static void charges_are_memory(void **state)
{
	struct bench b;
	struct udp_socket *s;
	size_t before;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	before = b.heap.n_bytes;
	for (uint32_t i = 0; i < 200; i++) {
		uint8_t got[8];
		struct berth_vector vector = {got, sizeof(got)};
		struct berth_message m = {.vectors = &vector, .n_vectors = 1};

		arrive(&b, 64 + i, i % 64);
		if (i % 3 == 0)
			udp_recv(&b.env, s, &m, 0);
		assert_int_equal(b.heap.n_bytes - before, s->in.charge);
		assert_true(s->in.charge < 4096 + 512);
	}
	assert_true(s->drops > 0);
	assert_int_equal(s->drops, b.env.counters.queue_full);
	finish(&b);
}

static struct berth_message message_of(struct berth_vector *vector)
{
	return (struct berth_message){.vectors = vector, .n_vectors = 1};
}

static void output_in_order(void **state)
{
	uint8_t byte;
	struct berth_vector vector = {&byte, 1};
	struct berth_message m = message_of(&vector);
	struct socket_pair pair = {.family = BERTH_IP4, .protocol = 17, .foreign_port = 9};
	struct udp_datagram *d;
	struct udp_socket *s;
	struct bench b;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	s->endpoint.tos = 0x10;
	for (byte = 0; byte < 5; byte++)
		assert_int_equal(udp_send(&b.env, s, &pair, &m, 1, false), 1);
	assert_ptr_equal(list_first(&b.endpoints.tx), &s->endpoint.tx);
	for (byte = 0; byte < 5; byte++) {
		d = udp_output(&b.env, s);
		assert_int_equal(d->data[0], byte);
		assert_int_equal(d->tos, 0x10);
		assert_int_equal(d->ttl, 64);
		assert_int_equal(d->pair.foreign_port, 9);
		udp_datagram_free(&b.env, d);
	}
	assert_true(list_is_empty(&b.endpoints.tx));
	assert_null(udp_output(&b.env, s));
	assert_int_equal(b.env.counters.datagrams_out, 5);
	finish(&b);
}

/* A closed socket is gone when its last datagram is handed out, and not before; nobody finds it meanwhile. */
static void closing(void **state)
{
	struct berth_vector vector = {"xy", 2};
	struct berth_message m = message_of(&vector);
	struct socket_pair pair = {.family = BERTH_IP4, .protocol = 17, .foreign_port = 9};
	struct udp_datagram *d;
	struct udp_socket *s;
	struct bench b;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	arrive(&b, 16, 16);
	assert_int_equal(udp_send(&b.env, s, &pair, &m, 2, false), 2);
	assert_int_equal(udp_send(&b.env, s, &pair, &m, 2, false), 2);
	udp_close(&b.env, s);
	pair.local_port = 7;
	assert_null(pairs_lookup(&b.pairs, &pair));
	assert_false(list_is_empty(&b.endpoints.all));
	d = udp_output(&b.env, s);
	udp_datagram_free(&b.env, d);
	assert_false(list_is_empty(&b.endpoints.all));
	d = udp_output(&b.env, s);
	assert_non_null(d);
	assert_true(list_is_empty(&b.endpoints.all));
	udp_datagram_free(&b.env, d);
	assert_null(udp_datagram_free(&b.env, NULL));
	finish(&b);
}

static void errors(void **state)
{
	struct socket_pair pair = {
		.local = {10}, .foreign = {11}, .foreign_port = 9, .family = BERTH_IP4, .protocol = 17};
	struct udp_socket *s;
	struct bench b;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	udp_icmp_error(&b.env, s, BERTH_ECONNREFUSED, true);
	assert_int_equal(udp_ready(s), BERTH_WRITABLE);
	assert_int_equal(udp_connect(&b.env, s, &pair), 0);
	udp_icmp_error(&b.env, s, BERTH_EHOSTUNREACH, false);
	assert_int_equal(udp_ready(s), BERTH_WRITABLE);
	udp_icmp_error(&b.env, s, BERTH_ECONNREFUSED, true);
	assert_int_equal(udp_ready(s), BERTH_WRITABLE | BERTH_FAILED);
	assert_int_equal(udp_error_take(s), BERTH_ECONNREFUSED);
	assert_int_equal(udp_error_take(s), 0);
	assert_int_equal(b.env.counters.errors_in, 1);
	assert_int_equal(b.env.counters.errors_ignored, 2);
	finish(&b);
}

/* Connected and not, by the pair table: who gets what. */
static void who_gets_what(void **state)
{
	struct socket_pair pair = {
		.local = {10}, .foreign = {11}, .foreign_port = 9, .family = BERTH_IP4, .protocol = 17};
	struct socket_pair other = pair;
	struct udp_socket *s, *t;
	struct bench b;

	(void)state;
	start(&b);
	other.foreign[0] = 12;
	s = udp_new(&b.env, BERTH_IP4);
	t = udp_new(&b.env, BERTH_IP4);
	s->endpoint.reuse = t->endpoint.reuse = true;
	assert_int_equal(pairs_bind(&b.pairs, &s->endpoint, 7), 0);
	assert_int_equal(pairs_bind(&b.pairs, &t->endpoint, 7), 0);
	assert_int_equal(udp_connect(&b.env, s, &pair), 0);
	arrive(&b, 16, 16);
	assert_int_equal(s->in.n, 1);
	assert_int_equal(udp_connect(&b.env, s, &other), 0);
	arrive(&b, 16, 16);
	assert_int_equal(s->in.n, 1);
	assert_int_equal(t->in.n, 1);
	/* A peer that another socket has already: refused, and the old one is gone too. */
	assert_int_equal(udp_connect(&b.env, t, &other), BERTH_EADDRINUSE);
	assert_false(t->connected);
	assert_int_equal(t->endpoint.pair.foreign_port, 0);
	finish(&b);
}

static const struct ip group = {.low = IP4_MAPPED | 0xe00000fb}, other_group = {.low = IP4_MAPPED | 0xe00000fc};

/* Ten bytes at the end of a frame, to 224.0.0.251 or (all: to all stations) 10.0.0.255. true: somebody wanted them. */
static bool arrive_for_many(struct bench *b, uint8_t interface, bool all, uint32_t capacity, uint32_t *n_refs)
{
	static const uint8_t to_group[4] = {224, 0, 0, 251}, to_all[4] = {10, 0, 0, 255};
	struct udp_arrival a = {
		.pair = {.family = BERTH_IP4, .protocol = 17, .local_port = 7, .foreign_port = 9, .foreign = {11}},
		.frame = berth_frame_new(&b->heap.memory, capacity),
		.off = capacity - 10,
		.len = 10,
		.interface = interface,
		.to_many = true,
	};
	bool wanted;

	memcpy(a.pair.local, all ? to_all : to_group, 4);
	memset(a.frame->data, 'p', capacity);
	wanted = udp_datagram_in(&b->env, &a);
	*n_refs = a.frame->n_refs;
	berth_frame_unref(a.frame);
	return wanted;
}

static struct udp_socket *shared(struct bench *b)
{
	struct udp_socket *s = udp_new(&b->env, BERTH_IP4);

	s->endpoint.reuse = true;
	assert_int_equal(pairs_bind(&b->pairs, &s->endpoint, 7), 0);
	return s;
}

/* Each that has joined there gets it, in the same frame; the others not, whatever the host has joined. */
static void each_member_gets_it(void **state)
{
	struct udp_socket *first, *second, *third;
	uint32_t n_refs;
	struct bench b;

	(void)state;
	start(&b);
	first = shared(&b);
	second = shared(&b);
	third = shared(&b);
	assert_false(arrive_for_many(&b, 1, false, 16, &n_refs));
	assert_int_equal(b.env.counters.no_socket, 1);
	assert_int_equal(udp_join(&b.env, first, 1, &group), 0);
	assert_int_equal(udp_join(&b.env, second, 1, &group), 0);
	assert_int_equal(udp_join(&b.env, third, 2, &group), 0);
	assert_int_equal(udp_join(&b.env, third, 1, &other_group), 0);
	assert_true(arrive_for_many(&b, 1, false, 16, &n_refs));
	assert_int_equal(n_refs, 3);
	assert_true(arrive_for_many(&b, 1, false, 2048, &n_refs));
	assert_int_equal(n_refs, 1);
	assert_int_equal(first->in.n, 2);
	assert_int_equal(second->in.n, 2);
	assert_int_equal(third->in.n, 0);
	assert_true(arrive_for_many(&b, 2, false, 16, &n_refs));
	assert_int_equal(third->in.n, 1);
	/* Nobody joins all stations. */
	assert_true(arrive_for_many(&b, 1, true, 16, &n_refs));
	assert_int_equal(first->in.n + second->in.n + third->in.n, 3 + 3 + 2);
	assert_int_equal(b.env.counters.datagrams_in, 8);
	assert_int_equal(b.env.counters.no_socket, 1);
	/* A full queue is one socket's own matter. */
	first->receive_buffer = 1;
	assert_true(arrive_for_many(&b, 1, false, 16, &n_refs));
	assert_int_equal(first->drops, 1);
	assert_int_equal(second->in.n, 4);
	udp_close(&b.env, first);
	udp_close(&b.env, second);
	assert_false(arrive_for_many(&b, 1, false, 16, &n_refs));
	finish(&b);
}

static void memberships(void **state)
{
	struct udp_socket *s;
	struct bench b;
	size_t before;

	(void)state;
	start(&b);
	s = bound(&b, 7);
	before = b.heap.n_blocks;
	assert_int_equal(udp_leave(&b.env, s, 1, &group), BERTH_EADDRNOTAVAIL);
	b.heap.fail_at = 0;
	assert_int_equal(udp_join(&b.env, s, 1, &group), BERTH_ENOMEM);
	b.heap.fail_at = SIZE_MAX;
	for (uint32_t i = 0; i < UDP_MEMBERSHIPS_MAX; i++) {
		struct ip some = ip_of_ip4(0xe0000001 + i / 2);

		assert_int_equal(udp_join(&b.env, s, 1 + i % 2, &some), 0);
		assert_int_equal(udp_join(&b.env, s, 1 + i % 2, &some), BERTH_EADDRINUSE);
	}
	assert_int_equal(udp_join(&b.env, s, 1, &group), BERTH_ENOBUFS);
	for (uint32_t i = 0; i < UDP_MEMBERSHIPS_MAX; i++) {
		struct ip some = ip_of_ip4(0xe0000001 + i / 2);

		assert_true(udp_is_member(s, 1 + i % 2, &some));
		assert_int_equal(udp_leave(&b.env, s, 1 + i % 2, &some), 0);
		assert_false(udp_is_member(s, 1 + i % 2, &some));
	}
	assert_int_equal(b.heap.n_blocks, before);
	assert_int_equal(udp_join(&b.env, s, 1, &group), 0);
	finish(&b);
}

/* An IPv6 socket sees its IPv4 peers v4-mapped. */
static void mapped_for_ip6(void **state)
{
	struct berth_socket_address want;
	struct berth_message m = {.vectors = NULL};
	struct udp_socket *s;
	struct bench b;

	(void)state;
	start(&b);
	s = udp_new(&b.env, BERTH_IP6);
	assert_int_equal(pairs_bind(&b.pairs, &s->endpoint, 7), 0);
	arrive(&b, 16, 16);
	assert_int_equal(udp_recv(&b.env, s, &m, BERTH_MSG_TRUNC), 16);
	assert_int_equal(berth_socket_address_parse("[::ffff:11.0.0.0]:9", &want), 0);
	assert_true(berth_address_equal(&m.foreign.address, &want.address));
	assert_int_equal(berth_socket_address_parse("[::ffff:10.0.0.0]:7", &want), 0);
	assert_true(berth_address_equal(&m.local.address, &want.address));
	finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_or_copies),
		cmocka_unit_test(charges_are_memory),
		cmocka_unit_test(output_in_order),
		cmocka_unit_test(closing),
		cmocka_unit_test(errors),
		cmocka_unit_test(who_gets_what),
		cmocka_unit_test(each_member_gets_it),
		cmocka_unit_test(memberships),
		cmocka_unit_test(mapped_for_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
