/* The demo's picture: the PC 192.168.1.5 and fd00::5, the server 192.168.1.7 and fd00::7, and the bad cable between
 * them. */
#ifndef DEMO_NETWORK_H
#define DEMO_NETWORK_H

#include "tally.h"

#define DEMO_PC "192.168.1.5"
#define DEMO_SERVER "192.168.1.7"
#define DEMO_MASK "255.255.255.0"
#define DEMO_PREFIX 24
#define DEMO_PC6 "fd00::5"
#define DEMO_SERVER6 "fd00::7"
#define DEMO_PREFIX6 64
/* The hosts' names in netstat. */
#define DEMO_SERVER_NAME "demo"
#define DEMO_PC_NAME "demo-pc"

struct network_config {
	bool memory; /* between two berth hosts, whatever is allowed */
	struct berth_wire_config wire;
	const char *pcap; /* NULL: none */
};

struct network {
	struct berth_loop *loop;
	struct berth_host *server;
	struct berth_host *pc; /* NULL: the kernel is the PC */
	const char *why;       /* the kernel is not the PC: why */
	struct berth_link *server_link, *pc_link;
	struct berth_link *capture; /* NULL: none */
	struct berth_link *wire;
	struct tally before, after; /* what the server gave to the wire, and what came out of it */
	struct berth_control *server_control, *pc_control;
};

/* Builds it. 0, or an exit status and the error line is written; close it in any case. */
int network_open(struct network *network, const struct network_config *config);

void network_close(struct network *network);

/* The value of a counter of a host by its name; 0 when it has none. */
uint64_t network_counter(const struct berth_host *host, const char *name);

#endif
