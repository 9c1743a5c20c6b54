/* Two hosts on one cable, for tests: 192.168.1.5 (a) and 192.168.1.7 (b), of a cable of family IPv6 fd00::5 and fd00::7
 * besides, on virtual time, with all memory from a pool that must be empty at the end. Frames move when the test says
 * so, from interface n of the one to interface n of the other, and one function looks at each on its way. */
#ifndef TWO_HOSTS_H
#define TWO_HOSTS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <berth/berth.h>

#include "families.h"
#include "host_private.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

struct cable {
	struct berth_pool *pool;
	const struct berth_memory *memory;
	struct berth_host *host[2];
	berth_time now;
	unsigned n_moved[2]; /* frames that host i has sent */
	/* Looks at each frame; false: it is lost. NULL: all arrive. */
	bool (*look)(struct cable *cable, unsigned from, struct berth_frame *frame);
	void *user;
	uint32_t mtu;
	unsigned capabilities;
	bool bare;      /* no Ethernet */
	uint8_t family; /* of cable_at and udp_at; 0: IPv4 */
};

static inline struct berth_address cable_address(const struct cable *c, unsigned last)
{
	struct berth_address address = {.family = BERTH_IP6, .bytes = {0xfd, [15] = (uint8_t)last}};

	return c->family == BERTH_IP6 ? address : berth_ip4(192, 168, 1, (uint8_t)last);
}

/* A socket address of the cable's family: last is 5 or 7. */
static inline struct berth_socket_address cable_at(const struct cable *c, unsigned last, uint16_t port)
{
	return (struct berth_socket_address){cable_address(c, last), port};
}

static inline struct berth_host *cable_host(struct cable *c, unsigned i)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(192, 168, 1, i == 0 ? 5 : 7);
	struct berth_host *host = NULL;

	berth_host_config_default(&config);
	config.memory = c->memory;
	config.seed = i + 1;
	config.secret[0] = (uint8_t)(i + 1);
	assert_int_equal(berth_host_new(&config, &host), 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	interface.ethernet = !c->bare;
	interface.mac[0] = 2;
	interface.mac[5] = (uint8_t)(i + 5);
	interface.mtu = c->mtu ? c->mtu : 1500;
	interface.capabilities = c->capabilities;
	assert_int_equal(berth_host_interface_add(host, &interface), 1);
	assert_int_equal(berth_host_address_add(host, 1, &address, 24), 0);
	if (c->family == BERTH_IP6) {
		address = cable_address(c, i == 0 ? 5 : 7);
		assert_int_equal(berth_host_address_add(host, 1, &address, 64), 0);
	}
	return host;
}

static inline void cable_deinit(struct cable *c)
{
	for (unsigned i = 0; i < 2; i++)
		c->host[i] = berth_host_free(c->host[i]);
	assert_int_equal(berth_pool_in_use(c->pool), 0);
	c->pool = berth_pool_free(c->pool);
}

/* Moves what host i has to send. How many frames. */
static inline unsigned cable_move(struct cable *c, unsigned i)
{
	struct berth_frame_out out[8];
	struct berth_frame *frames[8];
	unsigned n, total = 0;

	do {
		n = berth_host_frames_out(c->host[i], c->now, out, 8);
		for (unsigned k = 0; k < n; k++)
			frames[k] = berth_frame_copy(&out[k], c->memory);
		for (unsigned k = 0; k < n; k++) {
			if (!frames[k])
				continue;
			if (c->look && !c->look(c, i, frames[k]))
				berth_frame_unref(frames[k]);
			else
				berth_host_frame_in(c->host[1 - i], (int)out[k].interface, frames[k], c->now);
		}
		total += n;
	} while (n == 8);
	c->n_moved[i] += total;
	return total;
}

/* Until both are quiet at this moment. */
static inline void cable_settle(struct cable *c)
{
	unsigned rounds = 0;

	while (cable_move(c, 0) + cable_move(c, 1) > 0)
		assert_true(++rounds < 100000);
}

/* Lets time pass up to `until`, running every deadline on the way. */
static inline void cable_run(struct cable *c, berth_time until)
{
	for (;;) {
		berth_time a, b, next;

		cable_settle(c);
		a = berth_host_deadline(c->host[0]);
		b = berth_host_deadline(c->host[1]);
		next = a < b ? a : b;
		if (next > until)
			break;
		if (next > c->now)
			c->now = next;
		berth_host_expire(c->host[0], c->now);
		berth_host_expire(c->host[1], c->now);
	}
	c->now = until;
	berth_host_expire(c->host[0], c->now);
	berth_host_expire(c->host[1], c->now);
	cable_settle(c);
}

/* Makes both hosts. IPv6 addresses are ready to be used: what hosts have to say first has been said. */
static inline void cable_init(struct cable *c)
{
	bool (*look)(struct cable *, unsigned, struct berth_frame *) = c->look;
	struct berth_notice notice;
	struct berth_event event;

	c->pool = berth_pool_new(berth_memory_libc(), 0);
	c->memory = berth_pool_memory(c->pool);
	c->now = SECOND;
	for (unsigned i = 0; i < 2; i++)
		c->host[i] = cable_host(c, i);
	if (c->family != BERTH_IP6)
		return;
	c->look = NULL;
	cable_run(c, c->now + 5 * SECOND);
	c->look = look;
	for (unsigned i = 0; i < 2; i++) {
		c->n_moved[i] = 0;
		while (berth_host_next_event(c->host[i], &event) || berth_host_next_notice(c->host[i], &notice))
			;
	}
}

static inline struct berth_socket_address at(unsigned last, uint16_t port)
{
	return (struct berth_socket_address){berth_ip4(192, 168, 1, (uint8_t)last), port};
}

static inline uint64_t counter(const struct berth_host *host, const char *name)
{
	struct berth_counter c;

	for (size_t i = 0; berth_host_counter(host, i, &c); i++) {
		if (strcmp(c.name, name) == 0)
			return c.value;
	}
	fail_msg("no counter '%s'", name);
	return 0;
}

/* A UDP socket of host i and the cable's family at a port. */
static inline int udp_at(struct cable *c, unsigned i, uint16_t port)
{
	struct berth_socket_address any = {.port = port};
	int s = berth_socket(c->host[i], c->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, BERTH_DATAGRAM);

	assert_true(s >= 0);
	assert_int_equal(berth_bind(c->host[i], s, &any), 0);
	return s;
}

#endif
