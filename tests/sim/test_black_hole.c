/* Paths that swallow large packets without a word, on virtual time: a transfer gets through, soon, and ends with the
 * largest segments that fit. In both families. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000ull
#define MS 1000000ull
#define N_BYTES (8u << 20)
#define PORT 80
/* Of TCP with timestamps. */
#define TCP_LEN 32
#define NEAR_ENOUGH 8

static uint8_t bytes[1 << 16];

struct result {
	uint64_t ns;
	int mss;
	uint64_t n_probes, n_holes;
};

static void need(long value, const char *what)
{
	if (value >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, berth_error_text((int)value));
	abort();
}

static uint64_t counter(const struct berth_host *host, const char *name)
{
	struct berth_counter c;

	for (size_t i = 0; berth_host_counter(host, i, &c); i++)
		if (strcmp(c.name, name) == 0)
			return c.value;
	abort();
}

static int open_pair(struct world *w, int *from)
{
	struct berth_socket_address at = {.address = world_address(w, 1), .port = PORT};
	int listener = berth_socket(w->host[1], (enum berth_family)w->family, BERTH_STREAM), to;

	*from = berth_socket(w->host[0], (enum berth_family)w->family, BERTH_STREAM);
	need(berth_bind(w->host[1], listener, &at), "bind");
	need(berth_listen(w->host[1], listener, 1), "listen");
	berth_connect(w->host[0], *from, &at);
	do {
		world_settle(w);
		to = berth_accept(w->host[1], listener, NULL);
	} while (to < 0 && world_advance(w, w->now + 10 * S));
	need(to, "accept");
	return to;
}

/* Time moves in small steps, so that both programs look often. */
static struct result transfer(uint8_t family, uint32_t mtu)
{
	struct world_config config = {
		.seed = 3,
		.family = family,
		.wire = {.out = {.delay = 10 * MS, .rate = 100000000, .mtu = mtu}, .in = {.delay = 10 * MS}},
		.mtu = 1500,
		.send_buffer = 262144,
		.receive_buffer = 262144,
		.buffers_max = 4 << 20,
		.congestion = "cubic",
	};
	struct result result = {0};
	size_t sent = 0, received = 0, n_mss = sizeof(result.mss);
	struct world w;
	int from, to;
	berth_time began;

	world_init(&w, &config);
	to = open_pair(&w, &from);
	began = w.now;
	while (received < N_BYTES && w.now - began < 100 * S) {
		size_t part = N_BYTES - sent < sizeof(bytes) ? N_BYTES - sent : sizeof(bytes);
		long n = part ? berth_send(w.host[0], from, bytes, part, 0) : 0;

		sent += n > 0 ? (size_t)n : 0;
		while ((n = berth_recv(w.host[1], to, bytes, sizeof(bytes), 0)) > 0)
			received += (size_t)n;
		world_settle(&w);
		world_advance(&w, w.now + 1 * MS);
	}
	if (received == N_BYTES)
		result.ns = w.now - began;
	need(berth_getsockopt(w.host[0], from, BERTH_SOL_TCP, BERTH_TCP_MAXSEG, &result.mss, &n_mss), "MAXSEG");
	result.n_probes = counter(w.host[0], "tcp_mtu_probes");
	result.n_holes = counter(w.host[0], "tcp_mtu_black_holes");
	if (world_deinit(&w) != 0)
		result.ns = 0;
	return result;
}

static bool is_good(const struct result *r, const struct result *free_path, uint8_t family, uint32_t mtu)
{
	int most = (int)mtu - (family == BERTH_IP6 ? 40 : 20) - TCP_LEN;

	/* Two timeouts and slow start anew; four where not even BASE_PLPMTU fits. */
	return r->ns && r->ns < free_path->ns + (mtu < 1200 ? 7 : 3) * S && r->mss <= most &&
	       r->mss >= most - NEAR_ENOUGH && r->n_holes >= 1;
}

int main(void)
{
	static const uint32_t mtus[] = {576, 1000, 1280, 1300, 1400, 1420, 1450, 1480, 1492, 1499};
	static const uint8_t families[] = {BERTH_IP4, BERTH_IP6};
	unsigned number = 0;
	int failures = 0;

	for (unsigned f = 0; f < 2; f++) {
		struct result free_path = transfer(families[f], 0);

		for (unsigned i = families[f] == BERTH_IP6 ? 2 : 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
			struct result r = transfer(families[f], mtus[i]);
			bool good = is_good(&r, &free_path, families[f], mtus[i]);

			printf("%s %u - IPv%d, %u bytes: %.2f s (%.2f s without the hole), MSS %d after %" PRIu64
			       " probes\n",
			       good ? "ok" : "not ok", ++number, families[f] == BERTH_IP6 ? 6 : 4, (unsigned)mtus[i],
			       (double)r.ns / S, (double)free_path.ns / S, r.mss, r.n_probes);
			failures += !good;
		}
	}
	printf("1..%u\n", number);
	return failures != 0;
}
