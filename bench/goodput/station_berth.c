/* A berth host as one end of a flow. Method: it has one Ethernet interface on a memory pair whose other end is a port
 * of the hub. With offload the software path lies between, as it does for the programs in src/tools: TCP makes segments
 * of up to 64 KiB, the cable carries small ones, and those that arrive in a train are joined again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "../bench.h"
#include "station.h"

#define BATCH 4096
#define CHUNK 65536

struct station_berth {
	struct station station;
	struct berth_host *host;
	struct berth_link *link;
	struct berth_socket_address own, peer;
	int interface, socket; /* socket: the sender's connection, the receiver's listener */
	bool sends, has_room;
	uint64_t n_received;
	char failure[64];
};

static uint8_t source[CHUNK], sink[CHUNK];

static void berth_start(struct station *station, berth_time now)
{
	struct station_berth *s = (struct station_berth *)station;

	berth_host_expire(s->host, now);
	bench_require(berth_connect(s->host, s->socket, &s->peer) == BERTH_EINPROGRESS, "the sender connects");
}

static void receive_data(struct station_berth *s, int socket)
{
	long n;

	while ((n = berth_recv(s->host, socket, sink, CHUNK, 0)) > 0)
		s->n_received += (uint64_t)n;
	if (n != BERTH_EAGAIN)
		snprintf(s->failure, sizeof(s->failure), "receiver: %s", berth_error_name((int)n));
}

static void receiver_events(struct station_berth *s)
{
	struct berth_event event;

	while (berth_host_next_event(s->host, &event)) {
		if (event.descriptor < 0)
			continue;
		if (event.descriptor == s->socket)
			berth_accept(s->host, event.descriptor, NULL);
		else if (event.ready & BERTH_READABLE)
			receive_data(s, event.descriptor);
	}
}

static void sender_events(struct station_berth *s)
{
	struct berth_event event;
	long n;

	while (berth_host_next_event(s->host, &event))
		s->has_room |= event.descriptor == s->socket && event.ready & (BERTH_WRITABLE | BERTH_FAILED);
	if (!s->has_room || s->failure[0])
		return;
	while ((n = berth_send(s->host, s->socket, source, CHUNK, 0)) > 0)
		;
	if (n != BERTH_EAGAIN)
		snprintf(s->failure, sizeof(s->failure), "sender: %s", berth_error_name((int)n));
	s->has_room = false;
}

static unsigned exchange(struct station_berth *s, berth_time now)
{
	if (berth_host_deadline(s->host) <= now)
		berth_host_expire(s->host, now);
	return berth_link_exchange(s->link, s->host, s->interface, now, BATCH);
}

static unsigned berth_drive(struct station *station, berth_time now)
{
	struct station_berth *s = (struct station_berth *)station;
	unsigned n = exchange(s, now);

	if (s->sends)
		sender_events(s);
	else
		receiver_events(s);
	return n + exchange(s, now);
}

static berth_time berth_deadline(const struct station *station)
{
	const struct station_berth *s = (const struct station_berth *)station;
	berth_time host = berth_host_deadline(s->host), link = berth_link_deadline(s->link);

	return host < link ? host : link;
}

static uint64_t counter(const struct berth_host *host, const char *name)
{
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(host, i, &counter); i++)
		if (!strcmp(counter.name, name))
			return counter.value;
	return 0;
}

static void berth_report(struct station *station, struct station_report *out)
{
	struct station_berth *s = (struct station_berth *)station;
	struct berth_socket_row row;
	uint64_t cursor = 0;

	*out = (struct station_report){.n_received = s->n_received};
	memcpy(out->failure, s->failure, sizeof(out->failure));
	out->n_known = counter(s->host, "tcp_duplicate");
	out->n_timeouts = counter(s->host, "tcp_timeouts");
	out->n_recoveries = counter(s->host, "tcp_fast_recoveries");
	out->n_retransmitted = counter(s->host, "tcp_bytes_retransmitted");
	while (berth_host_snapshot_next(s->host, &cursor, &row)) {
		out->cwnd = row.cwnd;
		out->ssthresh = row.ssthresh;
		out->ns_srtt = row.ns_srtt;
		out->ns_rto = row.ns_rto;
	}
}

static void berth_counters(struct station *station, const char *name)
{
	struct station_berth *s = (struct station_berth *)station;
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(s->host, i, &counter); i++)
		if (counter.value && !strncmp(counter.name, "tcp_", 4))
			fprintf(stderr, "%s %s %" PRIu64 "\n", name, counter.name, counter.value);
}

static void berth_free(struct station *station)
{
	struct station_berth *s = (struct station_berth *)station;

	berth_host_free(s->host);
	berth_link_free(s->link);
	free(s);
}

static const struct station_operations berth_operations = {
	.start = berth_start,
	.drive = berth_drive,
	.deadline = berth_deadline,
	.report = berth_report,
	.counters = berth_counters,
	.free = berth_free,
};

/* Plugs the station in at the hub. */
static void cable_up(struct station_berth *s, const struct station_config *config)
{
	struct berth_memory_pair_config pair;
	struct berth_link *port;

	berth_memory_pair_config_default(&pair);
	pair.mtu = config->mtu;
	pair.queue_max = 65536;
	bench_require(berth_link_memory_pair(&pair, &s->link, &port) == 0, "a memory pair can be made");
	hub_add(config->hub, port);
	if (config->offload)
		bench_require(berth_link_offload(s->link, berth_memory_libc(), &s->link) == 0,
			      "the software path can be put around a link");
}

static void interface_up(struct station_berth *s, uint8_t own)
{
	struct berth_interface_config interface;

	berth_interface_config_default(&interface);
	snprintf(interface.name, sizeof(interface.name), "eth0");
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, own}, 6);
	interface.mtu = s->link->mtu;
	interface.capabilities = s->link->capabilities;
	interface.ms_acd = 0;
	s->interface = berth_host_interface_add(s->host, &interface);
	bench_require(s->interface > 0, "the host takes an interface");
	bench_require(berth_host_address_add(s->host, s->interface, &s->own.address, 24) == 0, "and an address");
}

static void socket_up(struct station_berth *s)
{
	s->socket = berth_socket(s->host, BERTH_IP4, BERTH_STREAM);
	bench_require(s->socket >= 0, "there is a socket");
	if (s->sends)
		return;
	bench_require(berth_bind(s->host, s->socket, &s->own) == 0, "the receiver binds");
	bench_require(berth_listen(s->host, s->socket, 1) == 0, "the receiver listens");
}

struct station *station_berth(const struct station_config *config, const char **why)
{
	struct station_berth *s = calloc(1, sizeof(*s));
	struct berth_host_config host;

	bench_require(s, "there is memory for a station");
	berth_host_config_default(&host);
	host.seed = config->seed << 8 | config->own;
	memcpy(host.secret, &host.seed, sizeof(host.seed));
	if (config->buffer)
		host.send_buffer = host.receive_buffer = config->buffer;
	snprintf(host.congestion, sizeof(host.congestion), "%s", config->congestion);
	if (berth_host_config_validate(&host, why) != 0) {
		free(s);
		return NULL;
	}
	s->station.operations = &berth_operations;
	s->sends = config->sends;
	s->own = (struct berth_socket_address){berth_ip4(10, 0, 0, config->own), STATION_PORT};
	s->peer = (struct berth_socket_address){berth_ip4(10, 0, 0, config->peer), STATION_PORT};
	bench_require(berth_host_new(&host, &s->host) == 0, "a host can be made");
	cable_up(s, config);
	interface_up(s, config->own);
	socket_up(s);
	return &s->station;
}
