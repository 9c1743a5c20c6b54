/* The memory of idle connections in berth: many established ones between two hosts in memory.
 *
 * Scope: bytes a connection costs its host, counted at the allocator that the host was given, and resident memory by
 * the system. Method: one host opens connections to the other's listeners until there are n; then each carries
 * `exchange` bytes both ways, so that what is measured has been used and gone quiet. Tables, timers and descriptors are
 * in it, frames on their way are not: the cable has its own memory. */
#include <stdlib.h>
#include <string.h>

#include <berth/berth.h>

#include "bench.h"

#define PER_LISTENER 10000 /* connections to one port: well within the ephemeral range */
#define AT_ONCE 1000       /* handshakes under way together */

struct end {
	struct berth_memory memory;
	size_t n_bytes; /* in use */
	struct berth_host *host;
	struct berth_link *link;
	int interface;
};

struct run {
	struct end client, server;
	uint32_t n;
	int *clients, *servers; /* sockets */
	uint32_t n_clients, n_servers, n_connected;
	uint64_t n_exchanged; /* connections that have done it */
	uint32_t exchange;
	berth_time now;
	uint8_t bytes[4096];
};

static void *count_alloc(void *context, size_t size)
{
	void *p = malloc(size);

	if (p)
		((struct end *)context)->n_bytes += size;
	return p;
}

static void count_free(void *context, void *p, size_t size)
{
	((struct end *)context)->n_bytes -= size;
	free(p);
}

static void host_up(struct run *run, struct end *end)
{
	uint8_t last = end == &run->client ? 1 : 2;
	struct berth_address address = berth_ip4(10, 0, 0, last);
	struct berth_host_config config;
	struct berth_interface_config interface;

	end->memory = (struct berth_memory){.alloc = count_alloc, .free = count_free, .context = end};
	berth_host_config_default(&config);
	config.memory = &end->memory;
	config.seed = last;
	bench_require(berth_host_new(&config, &end->host) == 0, "a host can be made");
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, last}, 6);
	end->interface = berth_host_interface_add(end->host, &interface);
	bench_require(end->interface > 0, "the host takes an interface");
	bench_require(berth_host_address_add(end->host, end->interface, &address, 24) == 0, "and an address");
}

static void cable_up(struct run *run)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.queue_max = 16 * AT_ONCE;
	bench_require(berth_link_memory_pair(&config, &run->client.link, &run->server.link) == 0,
		      "a memory pair can be made");
}

static struct berth_socket_address port_of(uint32_t i)
{
	return (struct berth_socket_address){.address = berth_ip4(10, 0, 0, 2),
					     .port = (uint16_t)(1000 + i / PER_LISTENER)};
}

static void listen_all(struct run *run)
{
	for (uint32_t i = 0; i < run->n; i += PER_LISTENER) {
		struct berth_socket_address at = port_of(i);
		int s = berth_socket(run->server.host, BERTH_IP4, BERTH_STREAM);

		bench_require(berth_bind(run->server.host, s, &at) == 0, "a listener binds");
		bench_require(berth_listen(run->server.host, s, 4096) == 0, "a listener listens");
		berth_set_user(run->server.host, s, run);
	}
}

static void connect_some(struct run *run)
{
	while (run->n_clients < run->n && run->n_clients < run->n_connected + AT_ONCE) {
		struct berth_socket_address to = port_of(run->n_clients);
		int s = berth_socket(run->client.host, BERTH_IP4, BERTH_STREAM);

		bench_require(s >= 0, "a socket can be made");
		bench_require(berth_connect(run->client.host, s, &to) == BERTH_EINPROGRESS, "a socket connects");
		run->clients[run->n_clients++] = s;
	}
}

static void server_events(struct run *run)
{
	struct berth_host *host = run->server.host;
	struct berth_event event;
	int s;
	long n;

	while (berth_host_next_event(host, &event)) {
		if (event.user) { /* a listener */
			while ((s = berth_accept(host, event.descriptor, NULL)) >= 0)
				run->servers[run->n_servers++] = s;
		} else if (event.ready & BERTH_READABLE) {
			while ((n = berth_recv(host, event.descriptor, run->bytes, sizeof run->bytes, 0)) > 0)
				bench_require(berth_send(host, event.descriptor, run->bytes, (size_t)n, 0) == n,
					      "the answer has room");
		}
	}
}

static void client_events(struct run *run)
{
	struct berth_host *host = run->client.host;
	struct berth_event event;

	while (berth_host_next_event(host, &event)) {
		bench_require(!(event.ready & BERTH_FAILED), "no connection fails");
		if (event.ready & BERTH_READABLE) {
			while (berth_recv(host, event.descriptor, run->bytes, sizeof run->bytes, 0) > 0)
				;
			run->n_exchanged++;
		} else if (!event.user) {
			berth_set_user(host, event.descriptor, run);
			run->n_connected++;
		}
	}
}

/* One turn of everything. When nothing moves, virtual time goes on to the next deadline: a handshake may wait for one.
 */
static void turn(struct run *run)
{
	struct end *ends[] = {&run->client, &run->server};
	berth_time next = BERTH_NEVER;
	unsigned n_moved = 0;

	run->now += 1000;
	for (unsigned i = 0; i < 2; i++)
		n_moved += berth_link_exchange(ends[i]->link, ends[i]->host, ends[i]->interface, run->now, 1u << 20);
	server_events(run);
	client_events(run);
	for (unsigned i = 0; i < 2; i++) {
		berth_time deadline = berth_host_deadline(ends[i]->host);

		if (deadline < next)
			next = deadline;
	}
	if (!n_moved && next != BERTH_NEVER && next > run->now)
		run->now = next;
	for (unsigned i = 0; i < 2; i++)
		berth_host_expire(ends[i]->host, run->now);
}

/* Lets virtual time pass until delayed acknowledgments and the like are over. */
static void settle(struct run *run)
{
	for (unsigned i = 0; i < 20; i++) {
		run->now += 100000000;
		berth_host_expire(run->client.host, run->now);
		berth_host_expire(run->server.host, run->now);
		for (unsigned k = 0; k < 4; k++)
			turn(run);
	}
}

static void connect_all(struct run *run)
{
	uint64_t give_up = bench_now() + 60000000000u;

	while (run->n_connected < run->n || run->n_servers < run->n) {
		connect_some(run);
		turn(run);
		bench_require(bench_now() < give_up, "the connections are there within a minute");
	}
	settle(run);
}

static void exchange_all(struct run *run)
{
	memset(run->bytes, 0xa5, sizeof run->bytes);
	for (uint32_t i = 0; i < run->n; i++) {
		bench_require(berth_send(run->client.host, run->clients[i], run->bytes, run->exchange, 0) ==
				      (long)run->exchange,
			      "a request has room");
		if (i % AT_ONCE == 0)
			turn(run);
	}
	settle(run);
	bench_require(run->n_exchanged >= run->n, "every request was answered");
}

static void report(const struct run *run, const char *when, uint64_t resident, const size_t before[2])
{
	char name[64];
	const struct end *ends[] = {&run->client, &run->server};
	static const char *const names[] = {"client", "server"};

	for (unsigned i = 0; i < 2; i++) {
		strcpy(name, names[i]);
		strcat(name, when);
		bench_print(name, (double)(ends[i]->n_bytes - before[i]) / run->n);
	}
	strcpy(name, "resident");
	strcat(name, when);
	bench_print(name, (double)(bench_resident() - resident) / run->n / 2);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"n", "exchange"};
	static struct run run;
	size_t before[2];
	uint64_t resident, began = bench_now();

	bench_arguments_check(argv, names, sizeof names / sizeof *names);
	run.n = (uint32_t)bench_argument(argv, "n", 100000);
	run.exchange = (uint32_t)bench_argument(argv, "exchange", 200);
	bench_require(run.n > 0 && run.exchange > 0 && run.exchange <= sizeof run.bytes,
		      "exchange is 1 to 4096, n more than 0");
	run.now = 1000000000;
	run.clients = calloc(2 * (size_t)run.n, sizeof *run.clients);
	run.servers = run.clients + run.n;
	memset(run.clients, 0xff, 2 * (size_t)run.n * sizeof *run.clients);
	cable_up(&run);
	host_up(&run, &run.client);
	host_up(&run, &run.server);
	listen_all(&run);
	before[0] = run.client.n_bytes;
	before[1] = run.server.n_bytes;
	resident = bench_resident();
	connect_all(&run);
	report(&run, "", resident, before);
	exchange_all(&run);
	report(&run, "_used", resident, before);
	bench_print("n", run.n);
	bench_print("seconds", (double)(bench_now() - began) / 1e9);
	bench_end();
	berth_host_free(run.client.host);
	berth_host_free(run.server.host);
	bench_require(run.client.n_bytes == 0 && run.server.n_bytes == 0, "all memory came back");
	berth_link_free(run.client.link);
	berth_link_free(run.server.link);
	free(run.clients);
	return 0;
}
