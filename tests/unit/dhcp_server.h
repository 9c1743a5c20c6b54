/* A host with a DHCP client, a wire that loses and repeats, and a server that does what the test says; all on virtual
 * time. The server is 192.168.1.5 and gives 192.168.1.50. */
#ifndef DHCP_SERVER_H
#define DHCP_SERVER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <berth/berth.h>

#include "dhcp_message.h"
#include "host_private.h"
#include "ip4.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define SERVER IP(192, 168, 1, 5)
#define ROUTER IP(192, 168, 1, 1)
#define FIRST IP(192, 168, 1, 50)

extern const uint8_t client_mac[6], server_mac[6];

struct bed {
	struct berth_pool *pool;
	const struct berth_memory *memory;
	struct berth_memory host_memory; /* the same, but one allocation may fail */
	unsigned n_until_failure;        /* 0: none does */
	struct berth_host *host;
	berth_time now;

	/* What the server does. */
	bool silent;               /* nothing at all */
	bool no_unicast;           /* does not hear what is sent to it alone */
	bool refuses;              /* answers requests with DHCPNAK */
	bool broadcasts;           /* answers to all */
	struct dhcp_message grant; /* the options of its answers, and `yours` */
	/* Changes an answer before it leaves; NULL: none does. */
	void (*change)(struct bed *bed, struct dhcp_message *answer);
	uint32_t conflict; /* another station answers for this address; 0: none */
	unsigned percent_lost, percent_twice;
	struct rng rng;

	/* What it has seen. */
	unsigned n[DHCP_INFORM + 1]; /* messages of each type */
	struct dhcp_message last;    /* the last one */
	struct ip4_header last_ip;
	uint8_t last_mac[6];   /* the station that it was sent to */
	berth_time lease_ends; /* the end of the longest lease that it may have given */
	unsigned n_frames;
	uint8_t asked_mac[6];
	uint32_t asked;     /* whose MAC address was asked for last */
	uint8_t sent_to[6]; /* the station that the last packet which is no DHCP went to */
};

/* A host with eth0 (pace of conflict detection 100 ms) and no address. */
void bed_init(struct bed *bed, uint64_t seed);
/* The same with a host whose n-th allocation fails, once. false: there is no host then. */
bool bed_init_failing(struct bed *bed, unsigned n);
/* All memory has come back. */
void bed_deinit(struct bed *bed);
/* Lets time pass up to `until`, every deadline on the way. */
void bed_run(struct bed *bed, berth_time until);
/* Up to a notice of this kind, at most so long. true: *notice is it. Others before it are dropped. */
bool bed_wait(struct bed *bed, enum berth_notice_kind kind, berth_time at_most, struct berth_notice *notice);
/* Begins, and waits for the lease. */
void bed_bind(struct bed *bed);
/* The server says this, as it is, from `port`. */
void bed_say(struct bed *bed, const struct dhcp_message *m, uint16_t port);
/* The payload of a UDP datagram from the server's port 67 to port 68. */
void bed_say_bytes(struct bed *bed, const uint8_t *bytes, size_t n, uint16_t port, uint32_t destination);
/* A station with this MAC address claims the address by ARP. */
void bed_claim(struct bed *bed, uint32_t ip);
/* The host sends a datagram there; what becomes of it shows in asked and sent_to. */
void bed_send(struct bed *bed, uint32_t to);
uint64_t bed_counter(const struct bed *bed, const char *name);
/* The state of an address of the host; ADDRESS_FREE: it has none. */
enum host_address_state bed_address(const struct bed *bed, uint32_t ip);

#endif
