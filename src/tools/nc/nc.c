/* berth nc: standard input and output joined to a TCP or UDP conversation of a berth host. */
#include "nc.h"
#include "service.h"
#include "../tool.h"
#include "../verbs.h"

#include <stdlib.h>

#define NS_SECOND 1000000000ull
/* What closing may take when the other side is slow to acknowledge. */
#define NS_SETTLE (10 * NS_SECOND)

const char nc_usage[] = "usage: berth nc --link tap:NAME --address A/P [options] HOST PORT\n"
			"       berth nc --link tap:NAME --address A/P [options] -l PORT\n"
			"\n"
			"Standard input goes to the other side, what comes from there to standard output.\n"
			"\n"
			"  -l, --listen        wait for one connection, or with -u one sender\n"
			"  -u, --udp           UDP instead of TCP\n"
			"  -4, -6              IPv4, or IPv6, alone\n"
			"  -p, --port PORT     the source port; with -l the port to listen on\n"
			"  -N                  shut down at the end of standard input (always so)\n"
			"  -w, --wait SECONDS  give up when nothing has moved for so long\n"
			"  -v, --verbose       say what happens\n" HOST_USAGE "  -h, --help          this text\n";

static int converse(struct nc *nc)
{
	int status = nc_reach(nc);

	if (status != TOOL_DONE)
		return status;
	nc_touch(nc);
	while (!nc->finished && !nc->setup.signals.number && !nc->setup.lost) {
		if (berth_loop_run(nc->setup.loop) < 0)
			return tool_fail("nc", TOOL_FAILED, "the event loop failed");
	}
	if (nc->finished)
		return nc->status;
	if (nc->setup.lost)
		return TOOL_FAILED;
	return nc->udp ? TOOL_DONE : tool_fail("nc", TOOL_FAILED, "ended by a signal before the conversation was over");
}

/* Takes the socket away: in order when all is well, at once when not. */
static void end(struct nc *nc)
{
	bool whole = nc->status == TOOL_DONE && nc->shut && nc->out.over;

	nc_stop(nc);
	nc_reach_end(nc);
	if (nc->listener >= 0)
		berth_close(nc->setup.host, nc->listener);
	if (nc->descriptor >= 0 && (whole || nc->udp))
		berth_close(nc->setup.host, nc->descriptor);
	else if (nc->descriptor >= 0)
		service_reset(nc->setup.host, nc->descriptor);
	host_settle(nc->setup.loop, nc->setup.host, NS_SETTLE);
}

/* ---- options ---- */

static int take_port(const struct nc *nc, const char *text, uint16_t *out)
{
	if (host_port_parse(text, nc->udp ? BERTH_TRANSPORT_UDP : BERTH_TRANSPORT_TCP, out))
		return TOOL_DONE;
	return tool_fail("nc", TOOL_USAGE,
			 "'%s' is no port from 1 to 65535 and no %s service's name; try 'berth ports %s'", text,
			 nc->udp ? "udp" : "tcp", text);
}

static int take_arguments(struct nc *nc, const char *source, int n, char **arguments)
{
	int status = source ? take_port(nc, source, &nc->port) : TOOL_DONE;

	if (status != TOOL_DONE)
		return status;
	if (nc->listen) {
		if (n > 1 || (n == 1 && source))
			return tool_bad_argument("nc", arguments[n - 1]);
		if (n == 0 && !source)
			return tool_fail("nc", TOOL_USAGE, "no port to listen on; try 'berth nc -l ... 7000'");
		return n == 1 ? take_port(nc, arguments[0], &nc->port) : TOOL_DONE;
	}
	if (n > 2)
		return tool_bad_argument("nc", arguments[2]);
	if (n < 2)
		return tool_fail("nc", TOOL_USAGE, "whom to talk to? HOST and PORT are needed, or -l PORT to listen");
	int r = host_address_parse(arguments[0], &nc->foreign.address);
	if (r == BERTH_ENOENT)
		return tool_fail("nc", TOOL_USAGE, "'%s': the host's interface is %s; leave what follows the %% away",
				 arguments[0], HOST_INTERFACE_NAME);
	if (r < 0 && !nc_is_name(arguments[0]))
		return tool_fail("nc", TOOL_USAGE, "'%s' is neither an address nor a name", arguments[0]);
	if (r < 0)
		nc->name = arguments[0];
	else if (nc->family && nc->foreign.address.family != nc->family)
		return tool_fail("nc", TOOL_USAGE, "'%s' is no IPv%d address; leave -%d away", arguments[0], nc->family,
				 nc->family);
	return take_port(nc, arguments[1], &nc->foreign.port);
}

static int take_option(struct nc *nc, int c, const char **source, char **argv)
{
	uint64_t seconds;
	int status;

	switch (c) {
	case 'l':
		nc->listen = true;
		return TOOL_DONE;
	case 'u':
		nc->udp = true;
		return TOOL_DONE;
	case 'v':
		nc->verbose = nc->setup.talks = true;
		return TOOL_DONE;
	case '4':
	case '6':
		nc->family = (uint8_t)(c - '0');
		return TOOL_DONE;
	case 'N':
		return TOOL_DONE;
	case 'p':
		*source = optarg;
		return TOOL_DONE;
	case 'w':
		status = tool_option_number("nc", "--wait", optarg, 1, 86400, &seconds);
		if (status == TOOL_DONE)
			nc->ns_wait = seconds * NS_SECOND;
		return status;
	default:
		status = host_options_take(&nc->options, c, optarg);
		return status < 0 ? tool_bad_option("nc", argv, c) : status;
	}
}

/* TOOL_DONE, another status, or -1: help was wanted. */
static int parse_options(struct nc *nc, int argc, char **argv)
{
	static const struct option options[] = {
		HOST_LONG_OPTIONS,
		{"listen", no_argument, NULL, 'l'},
		{"udp", no_argument, NULL, 'u'},
		{"port", required_argument, NULL, 'p'},
		{"wait", required_argument, NULL, 'w'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *source = NULL;
	int c, status = TOOL_DONE;

	while (status == TOOL_DONE && (c = getopt_long(argc, argv, ":hlup:Nw:v46", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		status = take_option(nc, c, &source, argv);
	}
	if (status == TOOL_DONE)
		status = take_arguments(nc, source, argc - optind, argv + optind);
	return status == TOOL_DONE ? host_options_check(&nc->options) : status;
}

int nc_main(int argc, char **argv)
{
	struct nc *nc = calloc(1, sizeof(*nc));

	if (!nc)
		return tool_fail("nc", TOOL_FAILED, "out of memory");
	nc->options.verb = "nc";
	nc->listener = nc->descriptor = -1;
	int status = parse_options(nc, argc, argv);
	if (status == -1) {
		status = tool_help(nc_usage);
	} else if (status == TOOL_DONE && (status = host_setup_open(&nc->setup, &nc->options)) == TOOL_DONE) {
		nc->status = status = converse(nc);
		end(nc);
		status = host_setup_close(&nc->setup, status);
	}
	free(nc);
	return status;
}
