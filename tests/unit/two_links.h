/* Two hosts of both families, .5 and .7 each of 192.168.1.0/24, fd00::/64 and fe80::/64, for tests of sockets; a second
 * link between them on request. */
#ifndef TWO_LINKS_H
#define TWO_LINKS_H

#include "two_hosts.h"

static inline struct berth_socket_address named(const char *text, uint16_t port)
{
	struct berth_socket_address a = {.port = port};

	assert_int_equal(berth_address_parse(text, &a.address), 0);
	return a;
}

static inline void assert_address(const struct berth_socket_address *got, const char *text, uint16_t port)
{
	char had[BERTH_ADDRESS_TEXT];
	struct berth_socket_address want = named(text, port);

	berth_socket_address_format(got, had, sizeof(had));
	if (!berth_address_equal(&got->address, &want.address) || got->port != port)
		fail_msg("%s, not %s port %u", had, text, port);
}

static inline void add_address(struct berth_host *host, int interface, const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	assert_int_equal(berth_host_address_add(host, interface, &a, 64), 0);
}

static inline void begin(struct cable *c)
{
	cable_init(c);
	add_address(c->host[0], 1, "fd00::5");
	add_address(c->host[1], 1, "fd00::7");
	add_address(c->host[0], 1, "fe80::5");
	add_address(c->host[1], 1, "fe80::7");
	/* Until nobody has said that he has them. */
	cable_run(c, c->now + 10 * SECOND);
}

static inline int socket_on(struct cable *c, unsigned i, enum berth_family family, enum berth_socket_type type)
{
	int s = berth_socket(c->host[i], family, type);

	assert_true(s >= 0);
	return s;
}

static inline int bound_to(struct cable *c, unsigned i, enum berth_family family, enum berth_socket_type type,
			   const char *text, uint16_t port)
{
	struct berth_socket_address a = named(text, port);
	int s = socket_on(c, i, family, type);

	assert_int_equal(berth_bind(c->host[i], s, &a), 0);
	return s;
}

static inline int listener_at(struct cable *c, unsigned i, enum berth_family family, const char *text, uint16_t port)
{
	int s = bound_to(c, i, family, BERTH_STREAM, text, port);

	assert_int_equal(berth_listen(c->host[i], s, 5), 0);
	return s;
}

static inline int pending_error(struct cable *c, unsigned i, int s)
{
	int error = 0;
	size_t n = sizeof(error);

	assert_int_equal(berth_getsockopt(c->host[i], s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	return -error;
}

static inline void say_both_ways(struct cable *c, int s, int r)
{
	char got[8];

	assert_int_equal(berth_send(c->host[0], s, "there", 5, 0), 5);
	assert_int_equal(berth_send(c->host[1], r, "back", 4, 0), 4);
	cable_settle(c);
	assert_int_equal(berth_recv(c->host[1], r, got, sizeof(got), 0), 5);
	assert_int_equal(berth_recv(c->host[0], s, got, sizeof(got), 0), 4);
}

static inline void add_interface(struct cable *c, unsigned i)
{
	struct berth_interface_config interface;

	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth1");
	interface.mac[0] = 2;
	interface.mac[1] = 1;
	interface.mac[5] = (uint8_t)(i + 5);
	assert_int_equal(berth_host_interface_add(c->host[i], &interface), 2);
}

#endif
