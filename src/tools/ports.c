/* berth ports: which group a port is in. */
#include "tool.h"
#include "verbs.h"

#include <berth/ports.h>
#include <getopt.h>
#include <stdio.h>

const char ports_usage[] = "usage: berth ports PORT\n";

int ports_main(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	uint64_t port;
	int c = getopt_long(argc, argv, ":h", options, NULL);

	if (c == 'h')
		return tool_help(ports_usage);
	if (c != -1)
		return tool_bad_option("ports", argv, c);
	if (optind + 1 != argc || !tool_number(argv[optind], 0, UINT16_MAX, &port))
		return tool_fail("ports", TOOL_USAGE, "one port from 0 to 65535 is needed; try 'berth ports 80'");
	printf("%u %s\n", (unsigned)port, berth_port_group_name(berth_port_group((uint16_t)port)));
	return TOOL_DONE;
}
