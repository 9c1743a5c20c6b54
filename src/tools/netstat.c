/* berth netstat: the sockets of the berth hosts that run, and what those hosts have counted.
 *
 * Options and the order of things; reading is in netstat_hosts.c, printing in netstat_table.c. */
#include "netstat_table.h"
#include "tool.h"
#include "verbs.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

const char netstat_usage[] = "usage: berth netstat [options]\n"
			     "\n"
			     "The sockets of this user's berth hosts that have a peer.\n"
			     "\n"
			     "  -a, --all           those that wait for one, too\n"
			     "  -l, --listening     only those that wait for one\n"
			     "  -n, --numeric       ports as numbers, not as names of services\n"
			     "  -t, --tcp           TCP only\n"
			     "  -u, --udp           UDP only\n"
			     "  -s, --statistics    the hosts' counters instead of their sockets\n"
			     "  -j, --json          as JSON\n"
			     "      --host NAME     only hosts of this name\n"
			     "  -h, --help          this text\n";

enum {
	OPTION_HOST = 0x100,
};

/* false: not an option of ours. */
static bool take_option(struct netstat_query *query, int c)
{
	switch (c) {
	case 'a':
		query->all = true;
		return true;
	case 'l':
		query->listening = true;
		return true;
	case 'n':
		query->numeric = true;
		return true;
	case 't':
		query->tcp = true;
		return true;
	case 'u':
		query->udp = true;
		return true;
	case 's':
		query->statistics = true;
		return true;
	case 'j':
		query->json = true;
		return true;
	case OPTION_HOST:
		query->host = optarg;
		return true;
	default:
		return false;
	}
}

/* TOOL_DONE, another status, or -1: help was wanted. */
static int parse_options(struct netstat_query *query, int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},          {"listening", no_argument, NULL, 'l'},
		{"numeric", no_argument, NULL, 'n'},      {"tcp", no_argument, NULL, 't'},
		{"udp", no_argument, NULL, 'u'},          {"statistics", no_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'}, {"host", required_argument, NULL, OPTION_HOST},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, ":ajlntush", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (!take_option(query, c))
			return tool_bad_option("netstat", argv, c);
	}
	return optind < argc ? tool_bad_argument("netstat", argv[optind]) : TOOL_DONE;
}

static int nothing_found(const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	if (hosts->n == 0 && query->host)
		return tool_fail("netstat", TOOL_NO,
				 "no berth host '%s' of this user runs; 'berth netstat -a' lists all", query->host);
	if (hosts->n == 0)
		return tool_fail("netstat", TOOL_NO, "no berth host of this user runs; 'berth demo' starts one");
	if (query->all)
		return tool_fail("netstat", TOOL_NO, "no such socket is open");
	return tool_fail("netstat", TOOL_NO, "no such socket is open; -a shows %s, too",
			 query->listening ? "those with a peer" : "those that wait for a peer");
}

static int print(const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	long n = 0;

	if (hosts->n || query->json)
		n = query->statistics ? netstat_print_counters(query, hosts) : netstat_print_sockets(query, hosts);
	if (n < 0)
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	if (hosts->failed)
		return TOOL_FAILED;
	return n > 0 ? TOOL_DONE : nothing_found(query, hosts);
}

int netstat_main(int argc, char **argv)
{
	struct netstat_query query = {0};
	struct netstat_hosts hosts = {0};
	int status = parse_options(&query, argc, argv);

	if (status == -1)
		return tool_help(netstat_usage);
	if (status != TOOL_DONE)
		return status;
	status = netstat_hosts_read(query.host, &hosts) < 0 ? TOOL_FAILED : print(&query, &hosts);
	netstat_hosts_free(&hosts);
	return status;
}
