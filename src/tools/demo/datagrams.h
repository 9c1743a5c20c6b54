/* The UDP client of the demo: sends numbered datagrams to the echo service at a steady pace and counts which come back.
 */
#ifndef DEMO_DATAGRAMS_H
#define DEMO_DATAGRAMS_H

#include "child.h"
#include "service.h"

struct datagrams {
	unsigned n; /* to send; set by the caller, as are the next two */
	struct berth_loop *loop;
	void (*on_end)(void *user);
	void *user;
	/* When it has ended: how many were sent, and how many different ones came back as they were. */
	unsigned n_sent, n_back;
	bool ended, failed;
	/* The machine's own sockets, in a process of their own. */
	pid_t pid;
	struct reader reader;
	/* A socket of a berth host. */
	struct berth_loop_socket socket;
	struct berth_host *host;
	int descriptor;
	struct berth_socket_address foreign;
	uint8_t *seen; /* [n] */
};

/* With a socket of the kernel, in a child. 0, or a negative error. */
int datagrams_start_kernel(struct datagrams *d, const char *address, uint16_t port);

/* With a socket of `host`. */
int datagrams_start_host(struct datagrams *d, struct berth_host *host, const struct berth_socket_address *foreign);

/* Stops what runs and frees what is held. */
void datagrams_stop(struct datagrams *d);

#endif
