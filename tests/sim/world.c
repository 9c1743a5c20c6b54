/* See world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "siphash.h"

/* More rounds than this at one instant mean that two hosts answer each other for ever. */
#define ROUNDS_MAX 100000

static void need(int error, const char *what)
{
	if (error < 0) {
		fprintf(stderr, "%s: %s\n", what, berth_error_text(error));
		abort();
	}
}

struct berth_address world_address(const struct world *w, int i)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, [15] = (uint8_t)(i + 1)}};

	return w->family == BERTH_IP6 ? ip6 : berth_ip4(10, 0, 0, (uint8_t)(i + 1));
}

static void make_links(struct world *w, const struct world_config *config)
{
	const struct berth_memory *memory = berth_pool_memory(w->pool);
	struct berth_memory_pair_config pair;

	berth_memory_pair_config_default(&pair);
	pair.memory = memory;
	pair.mtu = config->mtu;
	need(berth_link_memory_pair(&pair, &w->link[0], &w->link[1]), "memory pair");
	need(berth_link_wire(w->link[0], &config->wire, memory, &w->link[0]), "wire");
	for (int i = 0; i < WORLD_HOSTS && config->offload; i++)
		need(berth_link_offload(w->link[i], memory, &w->link[i]), "offload");
}

static void make_host(struct world *w, int i, const struct world_config *config)
{
	struct berth_interface_config interface;
	struct berth_host_config host;
	struct berth_address address = world_address(w, i);

	berth_host_config_default(&host);
	host.seed = config->seed * 2 + (uint64_t)i;
	memcpy(host.secret, &host.seed, sizeof(host.seed));
	host.memory = berth_pool_memory(w->pool);
	host.send_buffer = config->send_buffer;
	host.receive_buffer = config->receive_buffer;
	host.send_buffer_max = host.receive_buffer_max = config->buffers_max;
	host.ecn = config->ecn;
	snprintf(host.congestion, sizeof(host.congestion), "%s", config->congestion);
	if (config->configure)
		config->configure(config->user, i, &host);
	need(berth_host_new(&host, &w->host[i]), "host");
	berth_interface_config_default(&interface);
	snprintf(interface.name, sizeof(interface.name), "eth0");
	memcpy(interface.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(i + 1)}, 6);
	interface.mtu = w->link[i]->mtu;
	interface.capabilities = w->link[i]->capabilities;
	w->interface[i] = berth_host_interface_add(w->host[i], &interface);
	need(w->interface[i], "interface");
	need(berth_host_address_add(w->host[i], w->interface[i], &address, w->family == BERTH_IP6 ? 64 : 24),
	     "address");
}

static void digest(struct world *w, const struct berth_frame_out *frames, unsigned n)
{
	static const struct siphash_key key = {1, 2};
	static uint8_t bytes[UINT16_MAX + BERTH_HEADER_MAX];

	for (unsigned i = 0; i < n; i++) {
		uint64_t words[3] = {w->digest, w->now};

		berth_frame_gather(&frames[i], bytes);
		words[2] = siphash24(key, bytes, frames[i].len);
		w->digest = siphash13_words(key, words, 3);
	}
}

static unsigned exchange(struct world *w, int i)
{
	struct berth_frame_out out[16];
	struct berth_frame *frame;
	unsigned moved = 0, n;

	while ((frame = berth_link_receive(w->link[i], w->now))) {
		moved++;
		if (w->silent)
			berth_frame_unref(frame);
		else
			berth_host_frame_in(w->host[i], w->interface[i], frame, w->now);
	}
	berth_host_expire(w->host[i], w->now);
	do {
		n = berth_host_frames_out(w->host[i], w->now, out, 16);
		moved += n;
		digest(w, out, n);
		if (n)
			berth_link_send(w->link[i], out, n, w->now);
	} while (n == 16);
	return moved;
}

void world_settle(struct world *w)
{
	unsigned rounds = 0;

	while (exchange(w, 0) + exchange(w, 1)) {
		if (++rounds > ROUNDS_MAX) {
			fprintf(stderr, "the hosts never fall silent\n");
			abort();
		}
	}
}

bool world_advance(struct world *w, berth_time until)
{
	berth_time next = BERTH_NEVER;

	for (int i = 0; i < WORLD_HOSTS; i++) {
		berth_time host = berth_host_deadline(w->host[i]), link = berth_link_deadline(w->link[i]);

		next = host < next ? host : next;
		next = link < next ? link : next;
	}
	if (next > until) {
		w->now = until > w->now ? until : w->now;
		return false;
	}
	/* A deadline may be early; time goes on all the same. */
	w->now = next > w->now ? next : w->now + 1;
	return true;
}

/* Until nobody asks any more whether an IPv6 address is taken (RFC 4862 section 5.4), which is a second; what the hosts
 * have to say besides about themselves is said too. */
static void wait_for_addresses(struct world *w)
{
	berth_time until = w->now + 5000000000;
	struct berth_notice notice;
	struct berth_event event;

	do
		world_settle(w);
	while (world_advance(w, until));
	for (int i = 0; i < WORLD_HOSTS; i++) {
		while (berth_host_next_event(w->host[i], &event) || berth_host_next_notice(w->host[i], &notice))
			;
	}
}

void world_init(struct world *w, const struct world_config *config)
{
	*w = (struct world){.now = 1000000000, .family = config->family};
	w->pool = berth_pool_new(berth_memory_libc(), 16 << 20);
	make_links(w, config);
	for (int i = 0; i < WORLD_HOSTS; i++)
		make_host(w, i, config);
	if (config->family == BERTH_IP6)
		wait_for_addresses(w);
}

size_t world_deinit(struct world *w)
{
	size_t left;

	for (int i = 0; i < WORLD_HOSTS; i++)
		w->host[i] = berth_host_free(w->host[i]);
	for (int i = 0; i < WORLD_HOSTS; i++)
		w->link[i] = berth_link_free(w->link[i]);
	left = berth_pool_in_use(w->pool);
	if (!left)
		w->pool = berth_pool_free(w->pool);
	return left;
}
