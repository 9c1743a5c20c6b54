/* Bulk TCP through berth: two hosts, one thread, in memory.
 *
 * Scope: the subject of the comparison with bulk_lwip.c. Method: two hosts with an Ethernet interface each at the ends
 * of a memory pair; the program sends pieces as long as there is room and takes out what has arrived, by the events,
 * and the links move frames. What the link can do is chosen: with capabilities=0 the host makes frames of one segment
 * with all checksums; offload=1 puts the software path around both ends, so that TCP makes and takes large segments and
 * the cable still carries small ones with all checksums; complete=1 with capabilities=1 lets the cable make those while
 * it copies; capabilities=2 lets large segments pass whole, checksums made and looked at in software; 3 leaves the
 * checksums out, as memory needs none. family=6 is the same over IPv6. turn=N is for those
 * who count instructions: what a host does by the round trips that it measures is then what it does at full speed. */
#include <string.h>

#include <berth/berth.h>

#include "bench.h"

struct end {
	struct berth_host *host;
	struct berth_link *link;  /* what the host uses */
	struct berth_link *cable; /* the memory pair's end, within link */
	int interface, socket;
};

struct run {
	struct berth_pool *pool;
	struct end sender, receiver;
	uint32_t window, chunk, mtu; /* chunk: bytes of one send and of one receive */
	unsigned capabilities, batch;
	enum berth_family family;
	bool offload, complete;
	uint64_t ns_turn; /* a round trip takes so long by the hosts' clock; 0: as long as it takes */
	berth_time now;
	bool has_room;
	uint64_t n_received; /* payload bytes */
	uint8_t source[65536], sink[65536];
};

static struct berth_socket_address address_of(const struct run *run, const struct end *end)
{
	uint8_t last = end == &run->sender ? 1 : 2;
	struct berth_socket_address at = {.address = berth_ip4(10, 0, 0, last), .port = last == 1 ? 50000 : 80};

	if (run->family == BERTH_IP6)
		at.address = (struct berth_address){.family = BERTH_IP6, .bytes = {[0] = 0xfd, [15] = last}};
	return at;
}

static void host_up(struct run *run, struct end *end)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_socket_address at = address_of(run, end);

	berth_host_config_default(&config);
	config.memory = berth_pool_memory(run->pool);
	config.seed = at.port;
	/* As the peer's, it is as large as it is told to be. */
	config.send_buffer = config.send_buffer_max = run->window;
	config.receive_buffer = config.receive_buffer_max = run->window;
	bench_require(berth_host_new(&config, &end->host) == 0, "a host can be made");
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, end == &run->sender ? 1 : 2}, 6);
	interface.mtu = run->mtu;
	interface.ms_dad = 0;
	interface.capabilities = end->link->capabilities;
	end->interface = berth_host_interface_add(end->host, &interface);
	bench_require(end->interface > 0, "the host takes an interface");
	bench_require(
		berth_host_address_add(end->host, end->interface, &at.address, run->family == BERTH_IP4 ? 24 : 64) == 0,
		"and an address");
}

static void cable_up(struct run *run)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.memory = berth_pool_memory(run->pool);
	config.mtu = run->mtu;
	config.capabilities = run->capabilities;
	config.complete = run->complete;
	config.queue_max = 65536;
	bench_require(berth_link_memory_pair(&config, &run->sender.cable, &run->receiver.cable) == 0,
		      "a memory pair can be made");
	run->sender.link = run->sender.cable;
	run->receiver.link = run->receiver.cable;
	if (run->offload)
		bench_require(berth_link_offload(run->sender.cable, config.memory, &run->sender.link) == 0 &&
				      berth_link_offload(run->receiver.cable, config.memory, &run->receiver.link) == 0,
			      "the software path can be put around both ends");
}

static void expire(struct end *end, berth_time now)
{
	if (berth_host_deadline(end->host) <= now)
		berth_host_expire(end->host, now);
}

static void receive_data(struct run *run, int socket)
{
	long n;

	while ((n = berth_recv(run->receiver.host, socket, run->sink, run->chunk, 0)) > 0)
		run->n_received += (uint64_t)n;
	bench_require(n == BERTH_EAGAIN, "the receiver waits for more");
}

static void receiver_events(struct run *run)
{
	struct berth_event event;

	while (berth_host_next_event(run->receiver.host, &event)) {
		if (event.descriptor == run->receiver.socket)
			bench_require(berth_accept(run->receiver.host, event.descriptor, NULL) >= 0,
				      "a connection is taken");
		else if (event.ready & BERTH_READABLE)
			receive_data(run, event.descriptor);
	}
}

static void sender_events(struct run *run)
{
	struct berth_event event;

	while (berth_host_next_event(run->sender.host, &event)) {
		bench_require(!(event.ready & BERTH_FAILED), "the sender's connection lives");
		run->has_room |= (event.ready & BERTH_WRITABLE) != 0;
	}
}

static void send_data(struct run *run)
{
	long n;

	if (!run->has_room)
		return;
	while ((n = berth_send(run->sender.host, run->sender.socket, run->source, run->chunk, 0)) > 0)
		;
	bench_require(n == BERTH_EAGAIN, "the sender waits for room");
	run->has_room = false;
}

static void round_trip(struct run *run)
{
	berth_time now = run->now = run->ns_turn ? run->now + run->ns_turn : bench_now();

	send_data(run);
	berth_link_exchange(run->sender.link, run->sender.host, run->sender.interface, now, run->batch);
	berth_link_exchange(run->receiver.link, run->receiver.host, run->receiver.interface, now, run->batch);
	receiver_events(run);
	berth_link_exchange(run->receiver.link, run->receiver.host, run->receiver.interface, now, run->batch);
	berth_link_exchange(run->sender.link, run->sender.host, run->sender.interface, now, run->batch);
	sender_events(run);
	expire(&run->sender, now);
	expire(&run->receiver, now);
}

static void connect_ends(struct run *run)
{
	struct berth_socket_address from = address_of(run, &run->sender), to = address_of(run, &run->receiver);
	uint64_t give_up = bench_now() + 5000000000u;

	run->receiver.socket = berth_socket(run->receiver.host, run->family, BERTH_STREAM);
	bench_require(berth_bind(run->receiver.host, run->receiver.socket, &to) == 0, "the receiver binds");
	bench_require(berth_listen(run->receiver.host, run->receiver.socket, 1) == 0, "the receiver listens");
	run->sender.socket = berth_socket(run->sender.host, run->family, BERTH_STREAM);
	bench_require(berth_bind(run->sender.host, run->sender.socket, &from) == 0, "the sender binds");
	bench_require(berth_connect(run->sender.host, run->sender.socket, &to) == BERTH_EINPROGRESS,
		      "the sender connects");
	while (!run->has_room) {
		round_trip(run);
		bench_require(bench_now() < give_up, "the connection is there within 5 seconds");
	}
}

static void transfer(struct run *run, struct bench_transfer *transfer)
{
	do
		round_trip(run);
	while (!bench_transfer_at(transfer, run->n_received, run->receiver.cable->counters.received,
				  run->sender.cable->counters.received));
}

static void down(struct run *run)
{
	berth_host_free(run->sender.host);
	berth_host_free(run->receiver.host);
	berth_link_free(run->sender.link);
	berth_link_free(run->receiver.link);
	bench_require(berth_pool_in_use(run->pool) == 0, "all memory came back");
	berth_pool_free(run->pool);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"bytes",        "warm",    "chunk",    "batch",  "window", "mtu",
					    "capabilities", "offload", "complete", "family", "turn"};
	static struct run run;
	struct bench_transfer t = {0};

	bench_arguments_check(argv, names, sizeof names / sizeof *names);
	t.from = bench_argument(argv, "warm", 64 << 20);
	t.to = t.from + bench_argument(argv, "bytes", 1 << 30);
	run.window = (uint32_t)bench_argument(argv, "window", 256 << 10);
	run.ns_turn = bench_argument(argv, "turn", 0);
	run.chunk = (uint32_t)bench_argument(argv, "chunk", 8 * 1460);
	run.batch = (unsigned)bench_argument(argv, "batch", 65536);
	run.mtu = (uint32_t)bench_argument(argv, "mtu", 1500);
	run.capabilities = (unsigned)bench_argument(argv, "capabilities", 0);
	run.offload = bench_argument(argv, "offload", 0) != 0;
	run.complete = bench_argument(argv, "complete", 0) != 0;
	run.family = bench_argument(argv, "family", 4) == 6 ? BERTH_IP6 : BERTH_IP4;
	bench_require(run.chunk > 0 && run.chunk <= sizeof run.source, "chunk is 1 to 65536");
	memset(run.source, 0xa5, sizeof run.source);
	run.pool = berth_pool_new(berth_memory_libc(), 64 << 20);
	cable_up(&run);
	host_up(&run, &run.sender);
	host_up(&run, &run.receiver);
	connect_ends(&run);
	transfer(&run, &t);
	bench_transfer_print(&t);
	down(&run);
	return 0;
}
