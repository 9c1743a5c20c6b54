/* berth demo: two downloads, one over IPv4 and one over IPv6, and a UDP client at once over a bad cable, and nothing is
 * lost.
 *
 * This file has the options and the order of things: files, network, services, clients, views, report. All waiting is
 * done in one event loop; whatever ends calls demo_advance, which stops the loop when everything has. */
#include "demo.h"
#include "../host_setup.h"
#include "../tool.h"
#include "../verbs.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
#define NS_TICK (NS_SECOND / 10)
/* Views are taken when the downloads have come so far. */
#define NS_VIEWS NS_SECOND
/* What closing may take with losses on the way. */
#define NS_SETTLE (15 * NS_SECOND)
#define ECHO_PORT 7
#define N_DATAGRAMS 1000
#define SIZE_FIRST 20000000u
#define SIZE_SECOND 8000000u
#define SIZE_MAX_MB 2000
#define WIRE "delay=10ms,loss=2%,seed=1"

const char demo_usage[] = "usage: berth demo [options]\n"
			  "\n"
			  "Downloads over a bad cable, with real software: the machine's kernel is the\n"
			  "PC, a TAP device the cable, berth the server. Needs no root.\n"
			  "\n"
			  "  --size MB           size of the first file, 20; the second has 2/5 of it\n"
			  "  --seed N            which frames are lost; 1\n"
			  "  --wire SPEC         the cable, delay=10ms,loss=2% (see berth-serve(1))\n"
			  "  --pcap FILE         write all frames to FILE\n"
			  "  --memory            between two berth hosts, without the kernel\n"
			  "  -h, --help          this text\n";

/* ---- options ---- */

enum {
	OPTION_SIZE = 0x100,
	OPTION_SEED,
	OPTION_WIRE,
	OPTION_PCAP,
	OPTION_MEMORY,
};

struct demo_options {
	uint64_t size_mb, seed;
	bool has_size, has_seed;
};

static int take_wire(struct demo *demo, const char *value)
{
	const char *why = "not understood";
	size_t at = 0;

	if (berth_wire_parse(value, &demo->config.wire, &at, &why) == 0)
		return TOOL_DONE;
	return tool_fail("demo", TOOL_USAGE, "--wire '%s', at '%.20s': %s; try delay=10ms,loss=2%%", value,
			 at <= strlen(value) ? value + at : "", why);
}

static int take_option(struct demo *demo, struct demo_options *o, int c, char **argv)
{
	switch (c) {
	case OPTION_SIZE:
		o->has_size = true;
		return tool_option_number("demo", "--size", optarg, 1, SIZE_MAX_MB, &o->size_mb);
	case OPTION_SEED:
		o->has_seed = true;
		return tool_option_number("demo", "--seed", optarg, 0, UINT64_MAX, &o->seed);
	case OPTION_WIRE:
		return take_wire(demo, optarg);
	case OPTION_PCAP:
		demo->config.pcap = optarg;
		return TOOL_DONE;
	case OPTION_MEMORY:
		demo->config.memory = true;
		return TOOL_DONE;
	default:
		return tool_bad_option("demo", argv, c);
	}
}

/* TOOL_DONE, another status, or -1: help was wanted. */
static int parse_options(struct demo *demo, int argc, char **argv)
{
	static const struct option options[] = {
		{"size", required_argument, NULL, OPTION_SIZE},
		{"seed", required_argument, NULL, OPTION_SEED},
		{"wire", required_argument, NULL, OPTION_WIRE},
		{"pcap", required_argument, NULL, OPTION_PCAP},
		{"memory", no_argument, NULL, OPTION_MEMORY},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct demo_options o = {0};
	int c, status = TOOL_DONE;

	berth_wire_parse(WIRE, &demo->config.wire, NULL, NULL);
	while (status == TOOL_DONE && (c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		status = take_option(demo, &o, c, argv);
	}
	if (status == TOOL_DONE && optind < argc)
		status = tool_bad_argument("demo", argv[optind]);
	if (o.has_seed)
		demo->config.wire.seed = o.seed;
	if (o.has_size) {
		demo->downloads[0].size = o.size_mb * 1000000;
		demo->downloads[1].size = o.size_mb * 400000;
	}
	return status;
}

/* ---- running ---- */

static bool all_done(const struct demo *demo)
{
	for (unsigned i = 0; i < N_DOWNLOADS; i++)
		if (!demo->downloads[i].done)
			return false;
	return demo->datagrams.ended && demo->views.done;
}

void demo_advance(struct demo *demo)
{
	if (all_done(demo))
		berth_loop_stop(demo->network.loop);
}

static struct download *download_of(struct demo *demo, const struct berth_socket_row *row)
{
	for (unsigned i = 0; i < N_DOWNLOADS; i++)
		if (row->protocol == BERTH_PROTOCOL_TCP && row->local.port == demo->downloads[i].server_address.port &&
		    row->foreign.port == demo->downloads[i].pc_address.port)
			return &demo->downloads[i];
	return NULL;
}

/* How far the downloads are, as the server's sockets know it. */
static void measure(struct demo *demo)
{
	struct berth_socket_row row;
	uint64_t cursor = 0;

	while (berth_host_snapshot_next(demo->network.server, &cursor, &row)) {
		struct download *d = download_of(demo, &row);
		if (d && d->n_bytes < row.bytes_sent)
			d->n_bytes = row.bytes_sent < d->size ? row.bytes_sent : d->size;
	}
}

/* Views are worth most while everything runs: after a while, or sooner when a file is small. */
static bool views_due(const struct demo *demo)
{
	unsigned n_begun = 0;

	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		const struct download *d = &demo->downloads[i];
		n_begun += d->n_bytes > 0;
		if (d->n_bytes > d->size / 4 * 3 || d->done)
			return true;
	}
	return n_begun == N_DOWNLOADS && berth_clock_now() - demo->began >= NS_VIEWS;
}

static void on_tick(void *user)
{
	struct demo *demo = user;

	/* Whoever read what the demo says is gone. */
	if (tool_stdout_failed()) {
		demo->unheard = true;
		berth_loop_stop(demo->network.loop);
		return;
	}
	measure(demo);
	report_progress(demo);
	if (!demo->views.running && !demo->views.done && views_due(demo))
		views_start(demo);
	berth_loop_at(demo->network.loop, berth_loop_now(demo->network.loop) + NS_TICK, on_tick, demo);
}

static void on_datagrams_end(void *user)
{
	demo_advance(user);
}

static int start_services(struct demo *demo)
{
	struct http_config http;
	struct echo_config echo;
	int r = 0;

	http_config_default(&http);
	http.host = demo->network.server;
	http.loop = demo->network.loop;
	http.root = demo->directory;
	for (unsigned i = 0; r == 0 && i < N_DOWNLOADS; i++) {
		http.local = demo->downloads[i].server_address;
		r = http_server_new(&http, &demo->downloads[i].server);
	}
	if (r == BERTH_EPROTONOSUPPORT)
		return tool_fail("demo", TOOL_FAILED, "this berth was built without the HTTP parser library");

	echo_config_default(&echo);
	echo.host = demo->network.server;
	echo.loop = demo->network.loop;
	berth_address_parse(DEMO_SERVER, &echo.local.address);
	echo.local.port = ECHO_PORT;
	if (r == 0)
		r = echo_server_new(&echo, &demo->echo);
	return r < 0 ? tool_fail("demo", TOOL_FAILED, "services: %s", berth_error_text(r)) : TOOL_DONE;
}

static int start_datagrams(struct demo *demo)
{
	struct datagrams *d = &demo->datagrams;
	struct berth_socket_address echo = {.port = ECHO_PORT};

	d->loop = demo->network.loop;
	d->on_end = on_datagrams_end;
	d->user = demo;
	berth_address_parse(DEMO_SERVER, &echo.address);
	int r = demo->network.pc ? datagrams_start_host(d, demo->network.pc, &echo)
				 : datagrams_start_kernel(d, DEMO_SERVER, ECHO_PORT);
	return r < 0 ? tool_fail("demo", TOOL_FAILED, "UDP client: %s", berth_error_text(r)) : TOOL_DONE;
}

static int run(struct demo *demo)
{
	int status;

	/* First of all: what is made from here on is removed again, whatever ends the demo. */
	if (signals_watch(&demo->signals, demo->network.loop) < 0)
		return tool_fail("demo", TOOL_FAILED, "signals cannot be watched");
	status = files_make(demo);
	if (status == TOOL_DONE)
		status = start_services(demo);
	if (status != TOOL_DONE)
		return status;
	report_begin(demo);
	demo->began = berth_clock_now();
	status = downloads_start(demo);
	if (status == TOOL_DONE)
		status = start_datagrams(demo);
	if (status != TOOL_DONE)
		return status;
	on_tick(demo);
	if (berth_loop_run(demo->network.loop) < 0)
		return tool_fail("demo", TOOL_FAILED, "the event loop failed");
	demo->ended = berth_clock_now();
	berth_loop_at(demo->network.loop, BERTH_NEVER, on_tick, demo);
	if (demo->signals.number) {
		report_progress_end(demo);
		return tool_fail("demo", TOOL_FAILED, "ended by a signal before the downloads were");
	}
	if (demo->unheard) {
		report_progress_end(demo);
		return TOOL_DONE;
	}
	/* The last acknowledgments, so that everything sent is counted. */
	host_settle(demo->network.loop, demo->network.server, NS_SETTLE);
	return report_end(demo);
}

static void stop(struct demo *demo)
{
	views_stop(demo);
	downloads_stop(demo);
	datagrams_stop(&demo->datagrams);
	for (unsigned i = 0; i < N_DOWNLOADS; i++)
		http_server_free(demo->downloads[i].server);
	echo_server_free(demo->echo);
	signals_unwatch(&demo->signals);
	network_close(&demo->network);
	files_remove(demo);
}

static void init_download(struct demo *demo, unsigned i, const char *pc, const char *server)
{
	static const struct {
		const char *name;
		uint64_t size;
		uint16_t source, port;
	} files[N_DOWNLOADS] = {{"first.bin", SIZE_FIRST, 1099, 80}, {"second.bin", SIZE_SECOND, 1305, 8080}};
	struct download *d = &demo->downloads[i];

	*d = (struct download){.demo = demo, .name = files[i].name, .size = files[i].size, .reader.fd = -1};
	d->pc_address.port = files[i].source;
	d->server_address.port = files[i].port;
	berth_address_parse(pc, &d->pc_address.address);
	berth_address_parse(server, &d->server_address.address);
}

static void init(struct demo *demo)
{
	init_download(demo, 0, DEMO_PC, DEMO_SERVER);
	init_download(demo, 1, DEMO_PC6, DEMO_SERVER6);
	demo->datagrams.n = N_DATAGRAMS;
	demo->datagrams.descriptor = -1;
	demo->datagrams.reader.fd = -1;
	demo->views.reader.fd = -1;
	demo->progress = isatty(STDERR_FILENO);
}

int demo_main(int argc, char **argv)
{
	struct demo *demo = calloc(1, sizeof(*demo));

	if (!demo)
		return tool_fail("demo", TOOL_FAILED, "out of memory");
	init(demo);
	int status = parse_options(demo, argc, argv);
	if (status == -1) {
		status = tool_help(demo_usage);
	} else if (status == TOOL_DONE) {
		status = network_open(&demo->network, &demo->config);
		if (status == TOOL_DONE)
			status = run(demo);
		stop(demo);
	}
	free(demo);
	return status;
}
