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

struct side {
	struct berth_host *host;
	struct berth_link *link;
	int interface, socket;
};

static int interface_new(struct berth_host *host, uint8_t net, uint8_t last)
{
	struct berth_interface_config config;
	struct berth_address address = berth_ip4(10, 0, net, last);
	const uint8_t mac[6] = {2, 0, 0, 0, net, last};
	int number;

	berth_interface_config_default(&config);
	snprintf(config.name, sizeof(config.name), "eth%u", net);
	memcpy(config.mac, mac, 6);
	number = berth_host_interface_add(host, &config);
	assert_true(number > 0);
	assert_int_equal(berth_host_address_add(host, number, &address, 24), 0);
	return number;
}

static void side_init(struct side *side, uint8_t last)
{
	struct berth_host_config config;
	struct berth_socket_address local = {.port = 7};

	berth_host_config_default(&config);
	config.secret[0] = last;
	config.seed = last;
	assert_int_equal(berth_host_new(&config, &side->host), 0);
	side->interface = interface_new(side->host, 1, last);
	side->socket = berth_socket(side->host, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_bind(side->host, side->socket, &local), 0);
}

static void sides_new(struct side sides[2])
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, &sides[0].link, &sides[1].link), 0);
	side_init(&sides[0], 1);
	side_init(&sides[1], 2);
}

static void sides_free(struct side sides[2])
{
	for (unsigned i = 0; i < 2; i++) {
		berth_host_free(sides[i].host);
		berth_link_free(sides[i].link);
	}
}

static unsigned exchange(struct side *side, unsigned n_max)
{
	return berth_link_exchange(side->link, side->host, side->interface, 1000, n_max);
}

/* Until neither has anything to say. */
static void settle(struct side sides[2])
{
	while (exchange(&sides[0], 1000) + exchange(&sides[1], 1000))
		;
}

static void send_to(struct side *from, uint8_t net, uint8_t last, const char *text)
{
	struct berth_socket_address to = {berth_ip4(10, 0, net, last), 7};

	assert_int_equal(berth_sendto(from->host, from->socket, text, strlen(text), &to), strlen(text));
}

static void test_datagrams(void **state)
{
	struct side sides[2];
	char text[16] = "";

	sides_new(sides);
	send_to(&sides[0], 1, 2, "hello");
	settle(sides);
	assert_int_equal(berth_recv(sides[1].host, sides[1].socket, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
	/* ARP's question and its answer, then the datagram. */
	assert_int_equal(sides[0].link->counters.sent, 2);
	assert_int_equal(sides[1].link->counters.sent, 1);
	sides_free(sides);
}

static void test_bound(void **state)
{
	struct side sides[2];

	sides_new(sides);
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

	sides_new(sides);
	interface_new(sides[0].host, 2, 1);
	send_to(&sides[0], 2, 9, "x"); /* asks for the address on the other interface */
	send_to(&sides[0], 1, 2, "x");
	settle(sides);
	assert_true(sides[0].link->counters.send_failed >= 1);
	assert_int_equal(sides[0].link->counters.sent, 2);
	sides_free(sides);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_other_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
