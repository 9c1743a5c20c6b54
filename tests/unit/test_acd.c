/* Address conflict detection between hosts: the second with an address says so and does not take it. */
#include "two_hosts.h"

#include "arp.h"
#include "eth.h"

/* Host 1 is made anew: with `pace`, and the address 192.168.1.LAST. */
static void second(struct cable *c, uint32_t pace, unsigned last)
{
	struct berth_interface_config interface;
	struct berth_host_config config;
	struct berth_address a = berth_ip4(192, 168, 1, (uint8_t)last);

	c->host[1] = berth_host_free(c->host[1]);
	berth_host_config_default(&config);
	config.memory = c->memory;
	config.seed = 2;
	assert_int_equal(berth_host_new(&config, &c->host[1]), 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, "\2\0\0\0\0\6", 6);
	interface.ms_acd = pace;
	assert_int_equal(berth_host_interface_add(c->host[1], &interface), 1);
	berth_host_expire(c->host[1], c->now);
	assert_int_equal(berth_host_address_add(c->host[1], 1, &a, 24), 0);
}

static bool next_notice(struct cable *c, struct berth_notice *notice)
{
	return berth_host_next_notice(c->host[1], notice);
}

/* A datagram from host 1 to host 0 and back. */
static bool can_talk(struct cable *c)
{
	struct berth_socket_address to = at(5, 7), from;
	int a = udp_at(c, 0, 7), b = udp_at(c, 1, 1000);
	bool arrived;
	char x;

	berth_sendto(c->host[1], b, "x", 1, 0, &to);
	cable_settle(c);
	arrived = berth_recvfrom(c->host[0], a, &x, 1, 0, &from) == 1;
	berth_close(c->host[0], a);
	berth_close(c->host[1], b);
	cable_settle(c);
	return arrived;
}

static void free_address(void **state)
{
	for (uint32_t pace = 1000; pace; pace /= 10) {
		struct berth_notice notice;
		struct cable c = {0};
		berth_time begin;

		(void)state;
		cable_init(&c);
		second(&c, pace, 8);
		begin = c.now;
		while (!next_notice(&c, &notice)) {
			assert_false(can_talk(&c));
			cable_run(&c, c.now + pace * MS / 10);
			assert_true(c.now < begin + 8 * pace * MS);
		}
		assert_true(c.now >= begin + 4 * pace * MS);
		assert_int_equal(notice.kind, BERTH_NOTICE_ADDRESS_READY);
		assert_int_equal(notice.interface, 1);
		assert_int_equal(notice.address.bytes[3], 8);
		assert_int_equal(notice.prefix, 24);
		assert_true(can_talk(&c));
		cable_run(&c, c.now + 3 * pace * MS);
		assert_int_equal(counter(c.host[1], "acd_probes_out"), 3);
		assert_int_equal(counter(c.host[1], "acd_announcements_out"), 2);
		assert_int_equal(counter(c.host[0], "arp_conflicts"), 0);
		cable_deinit(&c);
	}
}

static void taken(void **state)
{
	struct berth_address a = berth_ip4(192, 168, 1, 5);
	struct berth_notice notice;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	second(&c, 100, 5);
	cable_run(&c, c.now + 10 * SECOND);
	assert_true(next_notice(&c, &notice));
	assert_int_equal(notice.kind, BERTH_NOTICE_ADDRESS_DUPLICATE);
	assert_int_equal(notice.address.bytes[3], 5);
	assert_memory_equal(notice.mac, "\2\0\0\0\0\5", 6);
	assert_false(next_notice(&c, &notice));
	assert_int_equal(counter(c.host[1], "acd_taken"), 1);
	assert_int_equal(counter(c.host[1], "acd_probes_out"), 1);
	assert_int_equal(counter(c.host[1], "acd_announcements_out"), 0);
	/* It neither speaks from there nor answers for it, and the first host has not noticed anything. */
	c.n_moved[1] = 0;
	assert_false(can_talk(&c));
	assert_int_equal(c.n_moved[1], 0);
	assert_int_equal(counter(c.host[0], "arp_conflicts"), 0);
	/* It is there until it is taken away. */
	assert_int_equal(berth_host_address_add(c.host[1], 1, &a, 24), BERTH_EADDRINUSE);
	assert_int_equal(berth_host_address_remove(c.host[1], 1, &a), 0);
	assert_int_equal(berth_host_address_add(c.host[1], 1, &a, 24), 0);
	cable_deinit(&c);
}

/* Both ask at the same time: at least one of them does not get it. */
static void both_at_once(void **state)
{
	for (unsigned seed = 0; seed < 20; seed++) {
		struct berth_address a = berth_ip4(192, 168, 1, 9);
		struct cable c = {0};

		(void)state;
		cable_init(&c);
		second(&c, 100, 8);
		cable_run(&c, c.now + 2 * SECOND);
		for (unsigned i = 0; i < seed; i++)
			rng_next(&c.host[1]->rng);
		c.host[0]->interfaces[1].ms_acd = 100;
		assert_int_equal(berth_host_address_add(c.host[0], 1, &a, 24), 0);
		assert_int_equal(berth_host_address_add(c.host[1], 1, &a, 24), 0);
		cable_run(&c, c.now + 2 * SECOND);
		assert_true(counter(c.host[0], "acd_taken") + counter(c.host[1], "acd_taken") >= 1);
		cable_deinit(&c);
	}
}

/* An ARP packet to host `to`, as if from the cable. */
static void say(struct cable *c, unsigned to, const struct arp_packet *arp)
{
	uint8_t bytes[ETH_HEADER + ARP_LEN];
	struct eth_header eth = {.type = ETH_TYPE_ARP};
	struct berth_frame *frame = berth_frame_new(c->memory, sizeof(bytes));

	memset(eth.destination, 0xff, 6);
	memcpy(eth.source, arp->sender_mac, 6);
	arp_emit(arp, eth_emit(&eth, frame->data));
	frame->len = sizeof(bytes);
	berth_host_frame_in(c->host[to], 1, frame, c->now);
}

static const struct arp_packet claim = {
	.operation = ARP_REPLY,
	.sender_mac = {2, 0, 0, 0, 0, 0x99},
	.sender_ip = {192, 168, 1, 8},
	.target_ip = {192, 168, 1, 5},
};

/* A claim is answered; a second one within ten seconds wins. */
static void defended_and_given_up(void **state)
{
	struct berth_notice notice;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	second(&c, 10, 8);
	cable_run(&c, c.now + SECOND);
	assert_true(next_notice(&c, &notice));
	for (unsigned i = 0; i < 3; i++) {
		c.n_moved[1] = 0;
		say(&c, 1, &claim);
		cable_settle(&c);
		assert_int_equal(c.n_moved[1], 1);
		assert_int_equal(counter(c.host[1], "acd_defended"), i + 1);
		assert_true(can_talk(&c));
		cable_run(&c, c.now + 10 * SECOND);
	}
	say(&c, 1, &claim);
	say(&c, 1, &claim);
	assert_int_equal(counter(c.host[1], "acd_given_up"), 1);
	assert_true(next_notice(&c, &notice));
	assert_int_equal(notice.kind, BERTH_NOTICE_ADDRESS_DUPLICATE);
	assert_memory_equal(notice.mac, claim.sender_mac, 6);
	assert_false(can_talk(&c));
	cable_deinit(&c);
}

/* What a conversation says after its address is given up: nothing. */
static void conversations_end(void **state)
{
	struct berth_socket_address to = at(5, 80), any = {.port = 1000};
	struct cable c = {0};
	int listener, s, u;
	char x[8];

	(void)state;
	cable_init(&c);
	second(&c, 10, 8);
	cable_run(&c, c.now + SECOND);
	listener = berth_socket(c.host[0], BERTH_IP4, BERTH_STREAM);
	any.port = 80;
	assert_int_equal(berth_bind(c.host[0], listener, &any), 0);
	assert_int_equal(berth_listen(c.host[0], listener, 5), 0);
	s = berth_socket(c.host[1], BERTH_IP4, BERTH_STREAM);
	berth_connect(c.host[1], s, &to);
	cable_settle(&c);
	assert_int_equal(berth_send(c.host[1], s, "hello", 5, 0), 5);
	u = udp_at(&c, 1, 1000);
	assert_int_equal(berth_connect(c.host[1], u, &to), 0);
	say(&c, 1, &claim);
	cable_settle(&c);
	say(&c, 1, &claim);
	c.n_moved[1] = 0;
	assert_int_equal(berth_send(c.host[1], s, "hello", 5, 0), BERTH_EADDRNOTAVAIL);
	assert_int_equal(berth_send(c.host[1], s, "hello", 5, 0), BERTH_EPIPE);
	berth_send(c.host[1], u, "hello", 5, 0);
	cable_settle(&c);
	cable_run(&c, c.now + 100 * SECOND);
	assert_int_equal(c.n_moved[1], 0);
	assert_int_equal(berth_recv(c.host[1], s, x, 8, 0), 0);
	berth_close(c.host[1], s);
	cable_deinit(&c);
}

/* An address that nobody asked about is kept, and a storm of claims brings one answer. */
static void kept(void **state)
{
	struct arp_packet arp = claim;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	arp.sender_ip[3] = 7;
	c.n_moved[1] = 0;
	for (unsigned i = 0; i < 1000; i++)
		say(&c, 1, &arp);
	cable_settle(&c);
	assert_int_equal(c.n_moved[1], 1);
	assert_int_equal(counter(c.host[1], "arp_conflicts"), 1000);
	assert_int_equal(counter(c.host[1], "acd_defended"), 1);
	assert_true(can_talk(&c));
	cable_deinit(&c);
}

/* What is no conflict: the host's own packets come back, others probe for an address in use, other addresses. */
static void no_conflicts(void **state)
{
	struct arp_packet arp = claim;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	second(&c, 100, 8);
	memcpy(arp.sender_mac, c.host[1]->interfaces[1].mac, 6);
	say(&c, 1, &arp); /* while it probes */
	arp = claim;
	arp.sender_ip[3] = 9;
	say(&c, 1, &arp);
	arp.operation = ARP_REQUEST;
	memset(arp.sender_ip, 0, 4);
	say(&c, 1, &arp); /* a probe for another address */
	assert_int_equal(counter(c.host[1], "arp_conflicts"), 0);
	cable_run(&c, c.now + 2 * SECOND);
	memcpy(arp.target_ip, claim.sender_ip, 4);
	c.n_moved[1] = 0;
	say(&c, 1, &arp); /* a probe for the one in use: answered, no conflict */
	cable_settle(&c);
	assert_int_equal(c.n_moved[1], 1);
	assert_int_equal(counter(c.host[1], "arp_replies_out"), 1);
	assert_int_equal(counter(c.host[1], "arp_conflicts"), 0);
	cable_deinit(&c);
}

/* A probe for the address that is being probed for is a conflict, from the first moment on. */
static void probe_against_probe(void **state)
{
	struct arp_packet arp = claim;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	second(&c, 100, 8);
	arp.operation = ARP_REQUEST;
	memset(arp.sender_ip, 0, 4);
	memcpy(arp.target_ip, claim.sender_ip, 4);
	say(&c, 1, &arp);
	assert_int_equal(counter(c.host[1], "acd_taken"), 1);
	cable_deinit(&c);
}

/* Taken away while it is asked for, and its place taken by another. */
static void removed_while_asking(void **state)
{
	struct berth_address a = berth_ip4(192, 168, 1, 8), b = berth_ip4(192, 168, 1, 9);
	struct berth_notice notice;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	second(&c, 100, 8);
	cable_run(&c, c.now + 150 * MS);
	assert_int_equal(berth_host_address_remove(c.host[1], 1, &a), 0);
	cable_run(&c, c.now + SECOND);
	assert_false(next_notice(&c, &notice));
	assert_int_equal(berth_host_address_add(c.host[1], 1, &b, 24), 0);
	cable_run(&c, c.now + SECOND);
	assert_true(next_notice(&c, &notice));
	assert_int_equal(notice.kind, BERTH_NOTICE_ADDRESS_READY);
	assert_int_equal(notice.address.bytes[3], 9);
	cable_deinit(&c);
}

static void pace_is_checked(void **state)
{
	struct berth_interface_config interface;
	struct cable c = {0};

	(void)state;
	cable_init(&c);
	berth_interface_config_default(&interface);
	assert_int_equal(interface.ms_acd, 0);
	strcpy(interface.name, "eth1");
	memcpy(interface.mac, "\2\0\0\0\0\6", 6);
	interface.ms_acd = 60001;
	assert_int_equal(berth_host_interface_add(c.host[0], &interface), BERTH_EINVAL);
	interface.ms_acd = 60000;
	assert_int_equal(berth_host_interface_add(c.host[0], &interface), 2);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_address),         cmocka_unit_test(taken),
		cmocka_unit_test(both_at_once),         cmocka_unit_test(defended_and_given_up),
		cmocka_unit_test(conversations_end),    cmocka_unit_test(kept),
		cmocka_unit_test(no_conflicts),         cmocka_unit_test(probe_against_probe),
		cmocka_unit_test(removed_while_asking), cmocka_unit_test(pace_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
