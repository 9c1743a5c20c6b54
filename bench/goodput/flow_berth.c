/* A flow between two berth hosts. Method: each host has one Ethernet interface on a memory pair whose other end is a
 * port of a hub. With offload the software path lies between, as it does for the programs in src/tools: TCP makes
 * segments of up to 64 KiB, the cable carries small ones, and those that arrive in a train are joined again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "../bench.h"
#include "flow.h"

#define PORT 5001
#define BATCH 4096
#define CHUNK 65536

struct end {
	struct berth_host *host;
	struct berth_link *link;
	struct berth_address address;
	int interface, socket;
};

struct flow_berth {
	struct flow flow;
	struct end from, to;
	bool has_room;
	uint64_t n_received;
	char failure[64];
};

static uint8_t source[CHUNK], sink[CHUNK];

static bool host_up(struct end *end, const struct flow_config *config, unsigned last)
{
	struct berth_host_config host;
	struct berth_interface_config interface;

	berth_host_config_default(&host);
	host.seed = config->seed * HUB_PORTS_MAX * 2 + last;
	memcpy(host.secret, &host.seed, sizeof(host.seed));
	if (config->buffer)
		host.send_buffer = host.receive_buffer = config->buffer;
	snprintf(host.congestion, sizeof(host.congestion), "%s", config->congestion);
	if (berth_host_config_validate(&host, NULL) != 0)
		return false;
	bench_require(berth_host_new(&host, &end->host) == 0, "a host can be made");
	berth_interface_config_default(&interface);
	snprintf(interface.name, sizeof(interface.name), "eth0");
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)last}, 6);
	interface.mtu = end->link->mtu;
	interface.capabilities = end->link->capabilities;
	interface.ms_acd = 0;
	end->interface = berth_host_interface_add(end->host, &interface);
	bench_require(end->interface > 0, "the host takes an interface");
	end->address = berth_ip4(10, 0, 0, (uint8_t)last);
	bench_require(berth_host_address_add(end->host, end->interface, &end->address, 24) == 0, "and an address");
	return true;
}

/* Where the end is plugged in is the hub's. */
static struct berth_link *cable_up(struct end *end, const struct flow_config *config)
{
	struct berth_memory_pair_config pair;
	struct berth_link *port;

	berth_memory_pair_config_default(&pair);
	pair.mtu = config->mtu;
	pair.queue_max = 65536;
	bench_require(berth_link_memory_pair(&pair, &end->link, &port) == 0, "a memory pair can be made");
	if (config->offload)
		bench_require(berth_link_offload(end->link, berth_memory_libc(), &end->link) == 0,
			      "the software path can be put around a link");
	return port;
}

static void berth_start(struct flow *flow, berth_time now)
{
	struct flow_berth *f = (struct flow_berth *)flow;
	struct berth_socket_address at = {.address = f->to.address, .port = PORT};

	berth_host_expire(f->from.host, now);
	berth_host_expire(f->to.host, now);
	f->to.socket = berth_socket(f->to.host, BERTH_IP4, BERTH_STREAM);
	bench_require(berth_bind(f->to.host, f->to.socket, &at) == 0, "the receiver binds");
	bench_require(berth_listen(f->to.host, f->to.socket, 1) == 0, "the receiver listens");
	f->from.socket = berth_socket(f->from.host, BERTH_IP4, BERTH_STREAM);
	bench_require(berth_connect(f->from.host, f->from.socket, &at) == BERTH_EINPROGRESS, "the sender connects");
}

static void receive_data(struct flow_berth *f, int socket)
{
	long n;

	while ((n = berth_recv(f->to.host, socket, sink, CHUNK, 0)) > 0)
		f->n_received += (uint64_t)n;
	if (n != BERTH_EAGAIN)
		snprintf(f->failure, sizeof(f->failure), "receiver: %s", berth_error_name((int)n));
}

static void receiver_events(struct flow_berth *f)
{
	struct berth_event event;

	while (berth_host_next_event(f->to.host, &event)) {
		if (event.descriptor < 0)
			continue;
		if (event.descriptor == f->to.socket)
			berth_accept(f->to.host, event.descriptor, NULL);
		else if (event.ready & BERTH_READABLE)
			receive_data(f, event.descriptor);
	}
}

static void sender_events(struct flow_berth *f)
{
	struct berth_event event;
	long n;

	while (berth_host_next_event(f->from.host, &event))
		f->has_room |= event.descriptor == f->from.socket && event.ready & BERTH_WRITABLE;
	if (!f->has_room || f->failure[0])
		return;
	while ((n = berth_send(f->from.host, f->from.socket, source, CHUNK, 0)) > 0)
		;
	if (n != BERTH_EAGAIN)
		snprintf(f->failure, sizeof(f->failure), "sender: %s", berth_error_name((int)n));
	f->has_room = false;
}

static unsigned end_drive(struct end *end, berth_time now)
{
	if (berth_host_deadline(end->host) <= now)
		berth_host_expire(end->host, now);
	return berth_link_exchange(end->link, end->host, end->interface, now, BATCH);
}

static unsigned berth_drive(struct flow *flow, berth_time now)
{
	struct flow_berth *f = (struct flow_berth *)flow;
	unsigned n = end_drive(&f->from, now);

	sender_events(f);
	n += end_drive(&f->from, now);
	n += end_drive(&f->to, now);
	receiver_events(f);
	return n + end_drive(&f->to, now);
}

static berth_time end_deadline(const struct end *end)
{
	berth_time host = berth_host_deadline(end->host), link = berth_link_deadline(end->link);

	return host < link ? host : link;
}

static berth_time berth_deadline(const struct flow *flow)
{
	const struct flow_berth *f = (const struct flow_berth *)flow;
	berth_time from = end_deadline(&f->from), to = end_deadline(&f->to);

	return from < to ? from : to;
}

static uint64_t counter(const struct berth_host *host, const char *name)
{
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(host, i, &counter); i++)
		if (!strcmp(counter.name, name))
			return counter.value;
	return 0;
}

static void berth_report(struct flow *flow, struct flow_report *out)
{
	struct flow_berth *f = (struct flow_berth *)flow;
	struct berth_socket_row row;
	uint64_t cursor = 0;

	*out = (struct flow_report){.n_received = f->n_received};
	memcpy(out->failure, f->failure, sizeof(out->failure));
	out->n_timeouts = counter(f->from.host, "tcp_timeouts");
	out->n_recoveries = counter(f->from.host, "tcp_fast_recoveries");
	out->n_retransmitted = counter(f->from.host, "tcp_bytes_retransmitted");
	out->n_spurious = counter(f->to.host, "tcp_duplicate");
	while (berth_host_snapshot_next(f->from.host, &cursor, &row)) {
		out->cwnd = row.cwnd;
		out->ssthresh = row.ssthresh;
		out->ns_srtt = row.ns_srtt;
		out->ns_rto = row.ns_rto;
	}
}

static void berth_free(struct flow *flow)
{
	struct flow_berth *f = (struct flow_berth *)flow;

	berth_host_free(f->from.host);
	berth_host_free(f->to.host);
	berth_link_free(f->from.link);
	berth_link_free(f->to.link);
	free(f);
}

static const struct flow_operations berth_operations = {
	.start = berth_start,
	.drive = berth_drive,
	.deadline = berth_deadline,
	.report = berth_report,
	.free = berth_free,
};

struct flow *flow_berth(const struct flow_config *config)
{
	struct flow_berth *f = calloc(1, sizeof(*f));

	bench_require(f, "there is memory for a flow");
	f->flow.operations = &berth_operations;
	f->from.socket = f->to.socket = -1;
	hub_add(config->from, cable_up(&f->from, config));
	hub_add(config->to, cable_up(&f->to, config));
	if (host_up(&f->from, config, 2 * config->number + 1) && host_up(&f->to, config, 2 * config->number + 2))
		return &f->flow;
	berth_free(&f->flow);
	return NULL;
}
