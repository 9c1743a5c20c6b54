/* The options of the verbs that put a host on a link, and what they set up: link, wrappers, host, loop, control socket.
 *
 * A verb keeps a struct host_options, has HOST_LONG_OPTIONS among its long options, gives each option that getopt
 * returns to host_options_take, and opens a struct host_setup with them. */
#ifndef TOOLS_HOST_OPTIONS_H
#define TOOLS_HOST_OPTIONS_H

#include "signals.h"

#include <berth/berth.h>
#include <getopt.h>

struct host_options {
	const char *verb;
	const char *tap;                       /* the device's name; NULL: not given */
	struct berth_address address, gateway; /* family 0: not given */
	unsigned prefix;
	bool has_wire;
	struct berth_wire_config wire;
	const char *pcap; /* NULL: none */
	const char *name; /* the host's; NULL: the verb's */
};

enum host_option {
	HOST_OPTION_LINK = 0x100, /* beyond all characters */
	HOST_OPTION_ADDRESS,
	HOST_OPTION_GATEWAY,
	HOST_OPTION_WIRE,
	HOST_OPTION_PCAP,
	HOST_OPTION_NAME,
	HOST_OPTION_END, /* a verb's own long options begin here */
};

#define HOST_LONG_OPTIONS                                                                                              \
	{"link", required_argument, NULL, HOST_OPTION_LINK},                                                           \
		{"address", required_argument, NULL, HOST_OPTION_ADDRESS},                                             \
		{"gateway", required_argument, NULL, HOST_OPTION_GATEWAY},                                             \
		{"wire", required_argument, NULL, HOST_OPTION_WIRE},                                                   \
		{"pcap", required_argument, NULL, HOST_OPTION_PCAP},                                                   \
	{                                                                                                              \
		"name", required_argument, NULL, HOST_OPTION_NAME                                                      \
	}

#define HOST_USAGE                                                                                                     \
	"  --link tap:NAME     the TAP device to use; it is made when it does not exist\n"                             \
	"  --address A/P       the host's address and the length of its network's prefix\n"                            \
	"  --gateway A         the way to other networks\n"                                                            \
	"  --wire SPEC         a bad wire: delay=10ms,loss=2%,seed=7 (see berth-serve(1))\n"                           \
	"  --pcap FILE         write all frames to FILE\n"                                                             \
	"  --name NAME         the host's name in 'berth netstat'\n"

/* Takes an option that getopt returned: TOOL_DONE, TOOL_USAGE (the error line is written), or -1: not one of these. */
int host_options_take(struct host_options *options, int c, const char *value);

/* Everything that is needed was given: TOOL_DONE, or TOOL_USAGE and the error line is written. */
int host_options_check(const struct host_options *options);

/* A port by number or by its service's name, for a set of BERTH_TRANSPORT_...; no port 0. */
bool host_port_parse(const char *text, unsigned transports, uint16_t *out);

struct host_setup {
	const struct host_options *options; /* borrowed */
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;    /* the outermost; owns the others */
	struct berth_link *capture; /* NULL: none */
	struct berth_link *wire;    /* NULL: none */
	struct berth_control *control;
	struct signals signals;
	bool capture_told; /* that the capture has failed */
	bool lost;         /* the device is gone, and a line says so; the loop was stopped */
};

/* Opens the link and puts capture, wire and offload around it, makes the host, attaches both to a new loop that hands
 * events to each socket's struct berth_loop_socket, publishes the control socket, and lets SIGINT, SIGTERM and SIGHUP stop
 * the loop. TOOL_DONE, or TOOL_FAILED, the error line is written and nothing is left open. */
int host_setup_open(struct host_setup *setup, const struct host_options *options);

/* Lets what was closed finish: runs the loop until no connection of the host has anything left to say, for at most
 * `ns`. */
void host_settle(struct berth_loop *loop, struct berth_host *host, berth_time ns);

/* Closes everything. `status`, or TOOL_FAILED when it is TOOL_DONE but the capture's file is not whole or the device is
 * gone. */
int host_setup_close(struct host_setup *setup, int status);

/* The line for a capture that could not begin. Returns TOOL_FAILED. */
int host_capture_failed(const char *verb, const char *path, int error);

/* What to try about an error of a conversation. Static text. */
const char *host_error_hint(int error);

#endif
