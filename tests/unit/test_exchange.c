/* Exchanging frames by hand: two hosts on a memory pair talk, a bound is kept, and what leaves by another interface is
 * lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <berth/link.h>
#include <berth/socket.h>

#include "families.h"

#define SECOND 1000000000ull

struct side {
	struct berth_host *host;
	struct berth_link *link;
	int interface, socket;
	uint8_t family;
	uint64_t n_before; /* frames that it has sent about itself */
};

/* 10.0.NET.LAST or fd00:NET::LAST. */
static struct berth_address address_of(uint8_t family, uint8_t net, uint8_t last)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, [3] = net, [15] = last}};

	return family == BERTH_IP6 ? ip6 : berth_ip4(10, 0, net, last);
}

static int interface_new(struct berth_host *host, uint8_t family, uint8_t net, uint8_t last)
{
	struct berth_interface_config config;
	struct berth_address address = address_of(family, net, last);
	const uint8_t mac[6] = {2, 0, 0, 0, net, last};
	int number;

	berth_interface_config_default(&config);
	snprintf(config.name, sizeof(config.name), "eth%u", net);
	memcpy(config.mac, mac, 6);
	config.ms_dad = 0;
	number = berth_host_interface_add(host, &config);
	assert_true(number > 0);
	assert_int_equal(berth_host_address_add(host, number, &address, family == BERTH_IP6 ? 64 : 24), 0);
	return number;
}

static void side_init(struct side *side, uint8_t family, uint8_t last)
{
	struct berth_host_config config;
	struct berth_socket_address local = {.port = 7};

	berth_host_config_default(&config);
	config.secret[0] = last;
	config.seed = last;
	assert_int_equal(berth_host_new(&config, &side->host), 0);
	side->family = family;
	side->interface = interface_new(side->host, family, 1, last);
	side->socket = berth_socket(side->host, family, BERTH_DATAGRAM);
	assert_int_equal(berth_bind(side->host, side->socket, &local), 0);
}

static unsigned exchange(struct side *side, unsigned n_max)
{
	return berth_link_exchange(side->link, side->host, side->interface, 10 * SECOND, n_max);
}

/* Until neither has anything to say at `now`. */
static void settle_at(struct side sides[2], berth_time now)
{
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < 2; i++) {
			berth_host_expire(sides[i].host, now);
			n += berth_link_exchange(sides[i].link, sides[i].host, sides[i].interface, now, 1000);
		}
	} while (n);
}

static void settle(struct side sides[2])
{
	settle_at(sides, 10 * SECOND);
}

/* Two hosts whose addresses are ready. */
static void sides_new(struct side sides[2], uint8_t family)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, &sides[0].link, &sides[1].link), 0);
	side_init(&sides[0], family, 1);
	side_init(&sides[1], family, 2);
	for (berth_time now = SECOND; now <= 10 * SECOND; now += SECOND / 10)
		settle_at(sides, now);
	for (unsigned i = 0; i < 2; i++)
		sides[i].n_before = sides[i].link->counters.sent;
}

static void sides_free(struct side sides[2])
{
	for (unsigned i = 0; i < 2; i++) {
		berth_host_free(sides[i].host);
		berth_link_free(sides[i].link);
	}
}

static void send_to(struct side *from, uint8_t net, uint8_t last, const char *text)
{
	struct berth_socket_address to = {address_of(from->family, net, last), 7};

	assert_int_equal(berth_sendto(from->host, from->socket, text, strlen(text), 0, &to), strlen(text));
}

/* So many frames have left a side: a question or its answer, and datagrams. */
static void expect_sent(const struct side *side, uint64_t n)
{
	assert_int_equal(side->link->counters.sent - side->n_before, n);
}

static void test_datagrams(void **state)
{
	struct side sides[2];
	char text[16] = "";

	sides_new(sides, family_of(state));
	send_to(&sides[0], 1, 2, "hello");
	settle(sides);
	assert_int_equal(berth_recv(sides[1].host, sides[1].socket, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
	/* The question for the address and its answer, then the datagram. */
	expect_sent(&sides[0], 2);
	expect_sent(&sides[1], 1);
	sides_free(sides);
}

static void test_bound(void **state)
{
	struct side sides[2];

	sides_new(sides, family_of(state));
	send_to(&sides[0], 1, 2, "x"); /* so that the addresses are known */
	settle(sides);
	for (unsigned i = 0; i < 100; i++)
		send_to(&sides[0], 1, 2, "x");
	assert_int_equal(exchange(&sides[0], 0), 0);
	assert_int_equal(exchange(&sides[0], 70), 70);
	assert_int_equal(exchange(&sides[0], 70), 30);
	assert_int_equal(exchange(&sides[1], 64), 64);
	assert_int_equal(exchange(&sides[1], 64), 36);
	sides_free(sides);
}

static void test_other_interface(void **state)
{
	struct side sides[2];

	sides_new(sides, family_of(state));
	interface_new(sides[0].host, sides[0].family, 2, 1);
	send_to(&sides[0], 2, 9, "x"); /* asks for the address on the other interface */
	send_to(&sides[0], 1, 2, "x");
	settle(sides);
	assert_true(sides[0].link->counters.send_failed >= 1);
	expect_sent(&sides[0], 2);
	sides_free(sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(test_datagrams),
		IN_BOTH_FAMILIES(test_bound),
		IN_BOTH_FAMILIES(test_other_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
