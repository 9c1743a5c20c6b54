/* One connection over a long fat pipe, on virtual time: buffers that size themselves let it fill 1 Gbit/s at a round
 * trip of 100 ms, which are 12.5 MB in flight. In both families and both directions; what it gets is printed. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000ull
#define MS 1000000ull
#define RATE 1000000000ull
#define PORT 80

static uint8_t bytes[1 << 18];

static const struct world_config base = {
	.seed = 7,
	.wire = {.out = {.delay = 50 * MS, .rate = RATE, .queue_max = 32000},
		 .in = {.delay = 50 * MS, .rate = RATE, .queue_max = 32000}},
	.mtu = 1500,
	.send_buffer = 262144,
	.receive_buffer = 262144,
	.buffers_max = 32 << 20,
	.congestion = "cubic",
	.offload = true,
};

struct transfer {
	struct world world;
	int listener, from, to; /* host 0's listener; the sockets of host `sender` and of the other */
	int sender;             /* 0: who has accepted sends; 1: who has connected */
	uint64_t n_received;
};

static void need(long value, const char *what)
{
	if (value >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, berth_error_text((int)value));
	abort();
}

static void open_both(struct transfer *t)
{
	struct world *w = &t->world;
	struct berth_socket_address at = {.address = world_address(w, 0), .port = PORT};
	int connecting = berth_socket(w->host[1], (enum berth_family)w->family, BERTH_STREAM), accepted;

	t->listener = berth_socket(w->host[0], (enum berth_family)w->family, BERTH_STREAM);
	need(berth_bind(w->host[0], t->listener, &at), "bind");
	need(berth_listen(w->host[0], t->listener, 1), "listen");
	berth_connect(w->host[1], connecting, &at);
	do {
		world_settle(w);
		accepted = berth_accept(w->host[0], t->listener, NULL);
	} while (accepted < 0 && world_advance(w, w->now + 10 * S));
	need(accepted, "accept");
	t->from = t->sender ? connecting : accepted;
	t->to = t->sender ? accepted : connecting;
}

/* Sends all there is room for and reads all there is, until `until`. */
static void run(struct transfer *t, berth_time until)
{
	struct world *w = &t->world;
	struct berth_event event;
	long n;

	do {
		world_settle(w);
		while ((n = berth_recv(w->host[!t->sender], t->to, bytes, sizeof(bytes), 0)) > 0)
			t->n_received += (uint64_t)n;
		while (berth_send(w->host[t->sender], t->from, bytes, sizeof(bytes), 0) > 0)
			;
		for (int i = 0; i < WORLD_HOSTS; i++)
			while (berth_host_next_event(w->host[i], &event))
				;
		world_settle(w);
	} while (world_advance(w, until));
}

/* What a second of the connection carries, bit/s of payload, after `warm` seconds. */
static double speed(const struct world_config *config, int sender, unsigned warm)
{
	struct transfer t = {.sender = sender};
	uint64_t before;
	double rate;

	world_init(&t.world, config);
	open_both(&t);
	run(&t, t.world.now + warm * S);
	before = t.n_received;
	run(&t, t.world.now + 2 * S);
	rate = (double)(t.n_received - before) * 8 / 2;
	if (world_deinit(&t.world) != 0)
		rate = 0;
	return rate;
}

static int report(unsigned number, const char *what, uint8_t family, double rate, bool holds)
{
	printf("%s %u - %s, IPv%d: %.0f Mbit/s\n", holds ? "ok" : "not ok", number, what, family == BERTH_IP6 ? 6 : 4,
	       rate / 1e6);
	return !holds;
}

int main(void)
{
	static const uint8_t families[] = {BERTH_IP4, BERTH_IP6};
	unsigned number = 0;
	int failures = 0;

	printf("1..6\n");
	for (unsigned i = 0; i < 2; i++) {
		struct world_config config = base;
		double rate;

		config.family = families[i];
		/* 1,448 of 1,538 bytes on the cable are payload; the wire counts frames without preamble. */
		rate = speed(&config, 0, 6);
		failures += report(++number, "1 Gbit/s at 100 ms, the side that accepts sends", families[i], rate,
				   rate >= 0.92 * RATE);
		rate = speed(&config, 1, 6);
		failures += report(++number, "1 Gbit/s at 100 ms, the side that connects sends", families[i], rate,
				   rate >= 0.92 * RATE);
		/* With buffers that stay as they are it would be 256 KiB in 100 ms: the test sees the difference. */
		config.buffers_max = 262144;
		rate = speed(&config, 1, 2);
		failures += report(++number, "1 Gbit/s at 100 ms, buffers that stay", families[i], rate,
				   rate <= 0.05 * RATE);
	}
	return failures != 0;
}
