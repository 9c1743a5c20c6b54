/* What the demo says: at the beginning, in the line of progress, and at the end. */
#include "demo.h"
#include "../tool.h"

#include <inttypes.h>
#include <string.h>

#define NS_SECOND 1e9

static double megabytes(uint64_t n)
{
	return (double)n / 1e6;
}

/* ---- the beginning ---- */

static void print_direction(const char *name, const struct berth_wire_direction *direction)
{
	printf("%s it delays %.4g ms and loses %.4g %%", name, (double)direction->delay / 1e6, direction->loss * 100);
}

void report_begin(const struct demo *demo)
{
	const struct berth_wire_config *wire = &demo->config.wire;

	if (demo->network.pc) {
		printf("A second berth host is the PC " DEMO_PC " and " DEMO_PC6
		       ", over a cable in memory,\nbecause %s.\n",
		       demo->network.why);
	} else {
		puts("The kernel of this machine, in a network namespace of its own, is the PC\n" DEMO_PC
		     " and " DEMO_PC6 ". A TAP device is the cable.");
	}
	puts("berth is the server " DEMO_SERVER " and " DEMO_SERVER6 ".");
	print_direction("The cable is bad: to the PC", &wire->out);
	print_direction(",\nto the server", &wire->in);
	printf(" (seed %" PRIu64 ").\n\n", wire->seed);
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		const struct download *d = &demo->downloads[i];
		printf("%s downloads %.4g MB over IPv%u from port %u, from its port %u.\n",
		       demo->network.pc ? "The PC" : "curl", megabytes(d->size), d->server_address.address.family,
		       d->server_address.port, d->pc_address.port);
	}
	printf("A UDP client sends %u datagrams to the echo service.\n", demo->datagrams.n);
	fflush(stdout);
}

/* ---- progress ---- */

/* Writes the line over the last one. */
static void put_line(struct demo *demo, const char *line)
{
	size_t n = strlen(line);

	fprintf(stderr, "\r%s%*s", line, (int)(demo->n_progress > n ? demo->n_progress - n : 0), "");
	demo->n_progress = n;
}

void report_progress(struct demo *demo)
{
	char line[80];
	const struct download *d = demo->downloads;

	if (!demo->progress)
		return;
	snprintf(line, sizeof(line), "%5.1f of %.4g MB, %5.1f of %.4g MB, %.0f s ", megabytes(d[0].n_bytes),
		 megabytes(d[0].size), megabytes(d[1].n_bytes), megabytes(d[1].size),
		 (double)(berth_clock_now() - demo->began) / NS_SECOND);
	put_line(demo, line);
}

void report_progress_end(struct demo *demo)
{
	if (demo->n_progress == 0)
		return;
	put_line(demo, "");
	fputc('\r', stderr);
	demo->n_progress = 0;
}

/* ---- the end ---- */

/* true: the file came whole. */
static bool report_download(const struct download *d)
{
	unsigned port = d->server_address.port;
	double seconds = (double)(d->ended - d->began) / NS_SECOND;

	if (d->client_error)
		tool_fail("demo", TOOL_FAILED, "port %u: %s", port, berth_error_text(d->client_error));
	else if (d->curl_status)
		tool_fail("demo", TOOL_FAILED, "port %u: curl ended with status %d; its manual says what that is", port,
			  d->curl_status);
	if (d->client_error || d->curl_status)
		return false;
	bool equal = strcmp(d->expected, d->found) == 0;
	printf("port %-5u %9" PRIu64 " bytes over IPv%u in %.1f s, %.2f MB/s; SHA-256 %s\n", port, d->size,
	       d->server_address.address.family, seconds, megabytes(d->size) / seconds, equal ? "equal" : "NOT EQUAL");
	printf("           %s\n", d->found);
	if (!equal)
		tool_fail("demo", TOOL_NO, "port %u: what arrived is not what was sent; SHA-256 should be %s", port,
			  d->expected);
	return equal;
}

static void report_cable(const struct demo *demo)
{
	const struct network *network = &demo->network;
	const struct berth_link_counters *wire = &network->wire->counters;
	uint64_t n_resent = network_counter(network->server, "tcp_segments_retransmitted");
	uint64_t n_bytes_resent = network_counter(network->server, "tcp_bytes_retransmitted");
	uint64_t n_lost = network->before.n_segments - network->after.n_segments;
	uint64_t n_bytes_lost = network->before.n_bytes - network->after.n_bytes;

	printf("segments   %" PRIu64 " with data sent by the server, %" PRIu64 " of them lost on the cable,\n"
	       "           %" PRIu64 " sent again\n",
	       network->before.n_segments, n_lost, n_resent);
	printf("bytes      %" PRIu64 " lost, %" PRIu64 " sent again", n_bytes_lost, n_bytes_resent);
	if (n_bytes_lost)
		printf(": %.3f times what was lost", (double)n_bytes_resent / (double)n_bytes_lost);
	printf("\nframes     %" PRIu64 " lost to the PC, %" PRIu64 " lost to the server, of all kinds\n",
	       wire->lost_out, wire->lost_in);
}

int report_end(struct demo *demo)
{
	bool whole = true, equal = true;
	int error = demo->network.capture ? berth_link_capture_error(demo->network.capture) : 0;

	report_progress_end(demo);
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		const struct download *d = &demo->downloads[i];
		whole = whole && d->client_error == 0 && d->curl_status == 0;
		equal = report_download(d) && equal;
	}
	if (demo->datagrams.failed) {
		tool_fail("demo", TOOL_FAILED, "the UDP client failed");
		whole = false;
	} else {
		printf("echo       %u datagrams sent, %u came back (lost ones stay lost: that is UDP)\n",
		       demo->datagrams.n_sent, demo->datagrams.n_back);
	}
	report_cable(demo);
	printf("time       %.1f s\n", (double)(demo->ended - demo->began) / NS_SECOND);
	if (error) {
		tool_fail("demo", TOOL_FAILED, "%s: %s; the capture is not whole", demo->config.pcap,
			  berth_error_text(error));
		whole = false;
	}
	return !whole ? TOOL_FAILED : equal ? TOOL_DONE : TOOL_NO;
}
