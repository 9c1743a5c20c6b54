/* Transfers over bad wires, on virtual time: every byte arrives once and in order, or both ends say why not, and
 * nothing is left allocated. In both families.
 *
 *	sim_transfer                   the seeds of the ordinary run
 *	sim_transfer SEED [N [4|6]]    replays one seed, or runs N from it on, over one family or both;
 *	                               sim_transfer 1 1000000 is a night's work
 *
 * Everything about a run follows from its seed. A run that fails prints it. */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "invariants.h"
#include "rng.h"

#define SEEDS 1000
#define CONNECTIONS_MAX 3
#define PORT 80
#define S 1000000000ull
#define MS 1000000ull

/* One end of a connection: what it has to send, and what it has had. */
struct end {
	int host, descriptor;
	uint64_t n_send, n_expected; /* bytes */
	uint64_t sent, received;
	uint32_t key, peer_key; /* the content of both streams */
	uint32_t n_read_max;    /* a slow reader takes no more at a time */
	bool shut, ended, closed;
	int error;
};

struct run {
	struct world world;
	struct rng rng;
	uint64_t seed;
	uint8_t family;
	uint64_t digest; /* of all frames of the run */
	struct end ends[2 * CONNECTIONS_MAX];
	unsigned n_connections, n_accepted;
	struct invariants past[WORLD_HOSTS];
	int listener;
	bool cookies; /* SYN cookies are in use: a late copy of an ACK may open a connection that is over once more */
	berth_time silent_at; /* the cable is cut, BERTH_NEVER: it is not */
	char failure[256];
};

static void fail(struct run *run, const char *format, ...)
{
	va_list arguments;

	if (run->failure[0])
		return;
	va_start(arguments, format);
	vsnprintf(run->failure, sizeof(run->failure), format, arguments);
	va_end(arguments);
}

/* The byte at a position of a stream: any shift, loss or repetition changes what is read. */
static uint8_t content(uint32_t key, uint64_t at)
{
	uint64_t x = (at + key) * 0x9e3779b97f4a7c15ull;

	return (uint8_t)(x >> 56 ^ x >> 31);
}

static double some(struct rng *rng, double max)
{
	return rng_below(rng, 2) ? rng_unit(rng) * max : 0;
}

static void choose_direction(struct rng *rng, struct berth_wire_direction *d)
{
	d->delay = rng_below(rng, 60) * MS;
	d->jitter = rng_below(rng, 3) ? 0 : rng_below(rng, 20) * MS;
	d->loss = some(rng, 0.20);
	d->reorder = some(rng, 0.05);
	d->duplicate = some(rng, 0.05);
	d->corrupt = some(rng, 0.02);
	d->rate = rng_below(rng, 3) ? 0 : 1000000 + rng_below(rng, 50000000);
	d->queue_max = rng_below(rng, 2) ? 0 : 8 + (uint32_t)rng_below(rng, 100);
	d->burst = rng_below(rng, 2) ? 0 : 1 + (uint32_t)rng_below(rng, 10);
	d->late = some(rng, 0.10);
	d->lateness = rng_below(rng, 80) * MS;
	d->ecn = rng_below(rng, 2) ? 0 : 1 + (uint32_t)rng_below(rng, 20);
}

static uint32_t choose_buffer(struct rng *rng)
{
	static const uint32_t sizes[] = {4096, 8192, 20000, 65536, 262144, 1048576};

	return sizes[rng_below(rng, sizeof(sizes) / sizeof(sizes[0]))];
}

/* Each end has its own idea of what TCP is. */
static void choose_host(void *user, int i, struct berth_host_config *host)
{
	static const char *const controls[] = {"cubic", "reno", "bbr"};
	struct run *run = user;
	struct rng *rng = &run->rng;

	snprintf(host->congestion, sizeof(host->congestion), "%s", controls[rng_below(rng, 3)]);
	host->sack = rng_below(rng, 4);
	host->rack = rng_below(rng, 3);
	host->timestamps = rng_below(rng, 4);
	host->window_scaling = rng_below(rng, 4);
	host->ecn = (uint8_t)rng_below(rng, 3);
	if (rng_below(rng, 4) == 0) {
		host->n_half_open_max = 1;
		run->cookies = true;
	}
}

static void choose_world(struct run *run)
{
	static const uint32_t mtus[] = {576, 1280, 1500, 1500, 9000};
	struct world_config config = {.seed = run->seed, .family = run->family};

	choose_direction(&run->rng, &config.wire.out);
	choose_direction(&run->rng, &config.wire.in);
	config.wire.seed = run->seed;
	config.mtu = mtus[rng_below(&run->rng, 5)];
	if (run->family == BERTH_IP6 && config.mtu < 1280)
		config.mtu = 1280; /* RFC 8200 section 5 */
	config.send_buffer = choose_buffer(&run->rng);
	config.receive_buffer = choose_buffer(&run->rng);
	/* A router that drops what is too large and says nothing of it. */
	if (config.mtu >= 1500 && rng_below(&run->rng, 6) == 0)
		config.wire.out.mtu = 1300 + (uint32_t)rng_below(&run->rng, config.mtu - 1300);
	config.congestion = "cubic";
	config.configure = choose_host;
	config.user = run;
	config.offload = rng_below(&run->rng, 2);
	config.buffers_max = rng_below(&run->rng, 2) ? 4 << 20 : 0;
	world_init(&run->world, &config);
}

static void choose_end(struct run *run, struct end *end, int host)
{
	static const uint64_t sizes[] = {0, 1, 100, 5000, 100000, 300000};

	*end = (struct end){.host = host, .descriptor = -1};
	end->n_send = rng_below(&run->rng, sizes[rng_below(&run->rng, 6)] + 1);
	end->key = (uint32_t)rng_next(&run->rng);
	end->n_read_max = rng_below(&run->rng, 4) ? 65536 : 1 + (uint32_t)rng_below(&run->rng, 3000);
}

/* Connection c: ends[2c] connects, ends[2c + 1] accepts. */
static void choose_connections(struct run *run)
{
	run->n_connections = 1 + (unsigned)rng_below(&run->rng, CONNECTIONS_MAX);
	for (unsigned c = 0; c < run->n_connections; c++) {
		struct end *a = &run->ends[2 * c], *b = a + 1;

		choose_end(run, a, 0);
		choose_end(run, b, 1);
		a->n_expected = b->n_send;
		b->n_expected = a->n_send;
		a->peer_key = b->key;
		b->peer_key = a->key;
	}
	run->silent_at = rng_below(&run->rng, 10) ? BERTH_NEVER : run->world.now + rng_below(&run->rng, 3000) * MS;
}

/* An end that only waits hears of a cut cable by keepalive alone (RFC 9293 section 3.8.4). */
static void keep_alive(struct run *run, const struct end *end)
{
	int on = 1, seconds = 60;

	if (berth_setsockopt(run->world.host[end->host], end->descriptor, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, &on,
			     sizeof(on)) ||
	    berth_setsockopt(run->world.host[end->host], end->descriptor, BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, &seconds,
			     sizeof(seconds)))
		fail(run, "cannot set keepalive");
}

static void open_connections(struct run *run)
{
	struct berth_socket_address at = {.address = world_address(&run->world, 1), .port = PORT};

	run->listener = berth_socket(run->world.host[1], run->family, BERTH_STREAM);
	if (berth_bind(run->world.host[1], run->listener, &at) || berth_listen(run->world.host[1], run->listener, 16))
		fail(run, "cannot listen");
	for (unsigned c = 0; c < run->n_connections; c++) {
		struct end *end = &run->ends[2 * c];
		/* The port tells the accepting side which connection it is. */
		struct berth_socket_address local = {.address = world_address(&run->world, 0),
						     .port = (uint16_t)(2000 + c)};

		end->descriptor = berth_socket(run->world.host[0], run->family, BERTH_STREAM);
		if (berth_bind(run->world.host[0], end->descriptor, &local) ||
		    berth_connect(run->world.host[0], end->descriptor, &at) != BERTH_EINPROGRESS)
			fail(run, "cannot connect");
		keep_alive(run, end);
	}
}

static void accept_all(struct run *run)
{
	struct berth_socket_address foreign;
	int descriptor;

	while ((descriptor = berth_accept(run->world.host[1], run->listener, &foreign)) >= 0) {
		unsigned c = foreign.port - 2000u;

		if (c < run->n_connections && run->ends[2 * c + 1].closed && run->cookies) {
			berth_close(run->world.host[1], descriptor);
			continue;
		}
		if (c >= run->n_connections || run->ends[2 * c + 1].descriptor >= 0) {
			fail(run, "accepted what nobody opened");
			return;
		}
		run->ends[2 * c + 1].descriptor = descriptor;
		keep_alive(run, &run->ends[2 * c + 1]);
		run->n_accepted++;
	}
}

static void note_error(struct end *end, long error)
{
	if (error < 0 && error != BERTH_EAGAIN) {
		end->error = (int)error;
		end->ended = true;
	}
}

static void send_some(struct run *run, struct end *end)
{
	struct berth_host *host = run->world.host[end->host];
	uint8_t data[8192];

	while (end->sent < end->n_send) {
		size_t n = 1 + rng_below(&run->rng, sizeof(data));
		long taken;

		if (n > end->n_send - end->sent)
			n = end->n_send - end->sent;
		for (size_t i = 0; i < n; i++)
			data[i] = content(end->key, end->sent + i);
		taken = berth_send(host, end->descriptor, data, n, 0);
		note_error(end, taken);
		if (taken <= 0)
			return;
		end->sent += (uint64_t)taken;
	}
	if (!end->shut && berth_shutdown(host, end->descriptor, BERTH_SHUT_WR) == 0)
		end->shut = true;
}

static void receive_some(struct run *run, struct end *end)
{
	uint8_t data[65536];
	long n;

	while ((n = berth_recv(run->world.host[end->host], end->descriptor, data, end->n_read_max, 0)) > 0) {
		for (long i = 0; i < n; i++)
			if (data[i] != content(end->peer_key, end->received + (uint64_t)i))
				fail(run, "byte %" PRIu64 " is wrong", end->received + (uint64_t)i);
		end->received += (uint64_t)n;
		if (end->n_read_max < 65536)
			break;
	}
	note_error(end, n);
	if (n == 0)
		end->ended = true;
	if (end->received > end->n_expected)
		fail(run, "%" PRIu64 " bytes of %" PRIu64, end->received, end->n_expected);
}

static void drive(struct run *run, struct end *end)
{
	struct berth_host *host = run->world.host[end->host];

	if (end->descriptor < 0 || end->closed)
		return;
	if (!end->ended)
		receive_some(run, end);
	if (!end->error && !end->shut)
		send_some(run, end);
	if (end->error || (end->ended && end->shut)) {
		end->closed = true;
		berth_close(host, end->descriptor);
	}
}

static bool all_closed(const struct run *run)
{
	for (unsigned i = 0; i < 2 * run->n_connections; i++) {
		const struct end *end = &run->ends[i], *peer = &run->ends[i ^ 1];

		/* A connection that failed may never have reached the listener. */
		if (!end->closed && !(end->descriptor < 0 && (run->world.silent || peer->error)))
			return false;
	}
	return true;
}

static void check_ends(struct run *run)
{
	for (unsigned i = 0; i < 2 * run->n_connections; i++) {
		const struct end *end = &run->ends[i];
		const struct end *peer = &run->ends[i ^ 1];

		if (end->descriptor < 0)
			continue;
		if (!end->error && end->received != end->n_expected)
			fail(run, "end %u: no error and %" PRIu64 " of %" PRIu64 " bytes", i, end->received,
			     end->n_expected);
		/* ARP and neighbour discovery ask three times and TCP's SYN eight, and they may all be lost. */
		if ((end->error == BERTH_EHOSTUNREACH || end->error == BERTH_ETIMEDOUT) && peer->descriptor < 0)
			continue;
		if (end->error && run->silent_at == BERTH_NEVER)
			fail(run, "end %u: %s on a wire that works (%" PRIu64 " of %" PRIu64 " received; peer %s)", i,
			     berth_error_text(end->error), end->received, end->n_expected,
			     berth_error_name(peer->error));
	}
}

/* What must be true at each step, and of both ends together. */
static void check_invariants(struct run *run)
{
	for (int i = 0; i < WORLD_HOSTS; i++) {
		const struct tcb *t = NULL;
		const char *what = invariants_check(&run->past[i], run->world.host[i], &t);

		if (what)
			fail(run, "host %d, port %u, %s: %s", i, t->e.pair.local_port, berth_tcp_state_name(t->state),
			     what);
	}
	for (unsigned c = 0; c < run->n_connections && !run->failure[0]; c++) {
		uint16_t port = (uint16_t)(2000 + c);
		const char *what =
			run->cookies ? NULL : invariants_of_both(run->world.host[0], run->world.host[1], port);

		if (what)
			fail(run, "connection %u: %s", c, what);
	}
}

static void step(struct run *run)
{
	if (run->world.now >= run->silent_at)
		run->world.silent = true;
	world_settle(&run->world);
	accept_all(run);
	for (unsigned i = 0; i < 2 * run->n_connections; i++)
		drive(run, &run->ends[i]);
	world_settle(&run->world);
	check_invariants(run);
}

/* What a person wants to know of a run that failed. */
static void describe(struct run *run)
{
	struct berth_socket_row row;

	for (unsigned i = 0; i < 2 * run->n_connections; i++) {
		const struct end *end = &run->ends[i];

		printf("# end %u: sent %" PRIu64 " of %" PRIu64 ", received %" PRIu64 " of %" PRIu64 ", %s%s%s\n", i,
		       end->sent, end->n_send, end->received, end->n_expected, berth_error_name(end->error),
		       end->descriptor < 0 ? ", never opened" : "", end->closed ? ", closed" : "");
	}
	for (int i = 0; i < WORLD_HOSTS; i++) {
		uint64_t cursor = 0;

		while (berth_host_snapshot_next(run->world.host[i], &cursor, &row)) {
			char line[BERTH_SNAPSHOT_LINE];

			berth_snapshot_write_socket(&row, line);
			printf("# host %d: %s", i, line);
		}
	}
}

static void transfer(struct run *run)
{
	/* A slow reader reads every 5 ms. An hour of virtual time is longer than any connection gives up. */
	berth_time end = run->world.now + 3600 * S;

	while (!all_closed(run) && run->world.now < end && !run->failure[0]) {
		step(run);
		world_advance(&run->world, run->world.now + 5 * MS);
	}
	if (!all_closed(run))
		fail(run, "not over after an hour");
	check_ends(run);
	if (run->failure[0])
		describe(run);
	/* TIME-WAIT, and what nobody waits for any more. */
	end = run->world.now + 1000 * S;
	while (run->world.now < end && !run->failure[0]) {
		world_settle(&run->world);
		if (!world_advance(&run->world, end))
			break;
	}
}

static void check_nothing_left(struct run *run)
{
	struct berth_socket_row row;
	size_t left;

	berth_close(run->world.host[1], run->listener);
	world_settle(&run->world);
	for (int i = 0; i < WORLD_HOSTS; i++) {
		uint64_t cursor = 0;

		if (berth_host_snapshot_next(run->world.host[i], &cursor, &row))
			fail(run, "host %d: a socket is left in %s", i, berth_tcp_state_name(row.state));
	}
	run->digest = run->world.digest;
	left = world_deinit(&run->world);
	if (left)
		fail(run, "%zu bytes are left allocated", left);
}

static const char *family_name(uint8_t family)
{
	return family == BERTH_IP6 ? "IPv6" : "IPv4";
}

static bool run_seed(uint64_t seed, uint8_t family, uint64_t *digest)
{
	static struct run run;

	memset(&run, 0, sizeof(run));
	run.seed = seed;
	run.family = family;
	rng_init(&run.rng, seed);
	choose_world(&run);
	choose_connections(&run);
	open_connections(&run);
	transfer(&run);
	check_nothing_left(&run);
	*digest = run.digest;
	if (run.failure[0])
		printf("# seed %" PRIu64 " over %s: %s\n", seed, family_name(family), run.failure);
	return !run.failure[0];
}

/* The same seed gives the same frames at the same times (host.h). */
static bool repeats(uint64_t seed, uint8_t family)
{
	uint64_t digests[2];

	for (unsigned i = 0; i < 2; i++)
		run_seed(seed, family, &digests[i]);
	if (digests[0] != digests[1])
		printf("# seed %" PRIu64 " over %s: two runs differ\n", seed, family_name(family));
	return digests[0] == digests[1];
}

/* A night's run is long: on a terminal it says how far it is. */
static void show_progress(uint64_t seed, uint64_t first, uint64_t n, uint8_t family)
{
	if (n > SEEDS && seed % 100 == 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " ", family_name(family), seed - first, n);
}

/* How many of two tests failed; the first has the number `number`. */
static unsigned run_family(uint64_t first, uint64_t n, uint8_t family, unsigned number)
{
	unsigned failed = 0, differing = 0;
	uint64_t digest;

	for (uint64_t seed = first; seed < first + n; seed++) {
		show_progress(seed, first, n, family);
		failed += !run_seed(seed, family, &digest);
	}
	for (uint64_t seed = first; seed < first + n; seed += 10)
		differing += !repeats(seed, family);
	printf("%s %u - %s: %" PRIu64 " seeds from %" PRIu64 ", %u failed\n", failed ? "not ok" : "ok", number,
	       family_name(family), n, first, failed);
	printf("%s %u - %s: each tenth of them runs twice alike\n", differing ? "not ok" : "ok", number + 1,
	       family_name(family));
	return (failed != 0) + (differing != 0);
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : argc > 1 ? 1 : SEEDS;
	char family = argc > 3 ? *argv[3] : 0;
	unsigned failed = 0, number = 1;

	printf("1..%d\n", family ? 2 : 4);
	for (unsigned i = 0; i < 2; i++) {
		if (family && family != "46"[i])
			continue;
		failed += run_family(first, n, i ? BERTH_IP6 : BERTH_IP4, number);
		number += 2;
	}
	return failed != 0;
}
