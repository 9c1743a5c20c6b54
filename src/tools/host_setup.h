/* A host on a link, from its options: link, wrappers, host, loop, control socket, signals; and closing it all. */
#ifndef TOOLS_HOST_SETUP_H
#define TOOLS_HOST_SETUP_H

#include "host_options.h"
#include "signals.h"

struct host_setup {
	const struct host_options *options; /* borrowed */
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;    /* the outermost; owns the others */
	struct berth_link *capture; /* NULL: none */
	struct berth_link *wire;    /* NULL: none */
	struct berth_control *control;
	struct signals signals;
	bool talks;                 /* says what becomes of the addresses later on; set by the verb before opening */
	bool arrived;               /* the first addresses are there */
	struct berth_address taken; /* the last that somebody else had */
	bool capture_told;          /* that the capture has failed */
	bool lost;                  /* the device or the address is gone, and a line says so; the loop was stopped */
};

/* Opens the link and puts capture, wire and offload around it, makes the host, attaches both to a new loop that hands
 * events to each socket's struct berth_loop_socket, publishes the control socket, lets SIGINT, SIGTERM and SIGHUP stop
 * the loop, and waits until the host has its addresses. TOOL_DONE, or TOOL_FAILED, the error line is written and
 * nothing is left open. */
int host_setup_open(struct host_setup *setup, const struct host_options *options);

/* The host's addresses that may be used, but for link-local ones that it has made itself: those by hand, as they were
 * given, then those found. Writes up to n of them to out[0..n); returns how many. */
unsigned host_addresses(const struct host_setup *setup, struct berth_address *out, unsigned n);

/* Where a service listens: the host's address when it has one by hand and no other, else at all that it has and will
 * have (family 0). */
struct berth_address host_listen_address(const struct host_options *options);

/* Lets what was closed finish: runs the loop until no connection of the host has anything left to say, for at most
 * `ns`. */
void host_settle(struct berth_loop *loop, struct berth_host *host, berth_time ns);

/* Closes everything. `status`, or TOOL_FAILED when it is TOOL_DONE but the capture's file is not whole or the device is
 * gone. */
int host_setup_close(struct host_setup *setup, int status);

/* The line for a capture that could not begin. Returns TOOL_FAILED. */
int host_capture_failed(const char *verb, const char *path, int error);

/* What to try about an error of a conversation with somebody of this family. Static text. */
const char *host_error_hint(const struct host_setup *setup, enum berth_family family, int error);

#endif
