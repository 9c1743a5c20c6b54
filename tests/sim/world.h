/* Two hosts and the impaired wire between them, on virtual time. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <berth/berth.h>

#define WORLD_HOSTS 2

struct world {
	berth_time now;
	struct berth_pool *pool; /* everything of the world comes from here */
	struct berth_host *host[WORLD_HOSTS];
	struct berth_link *link[WORLD_HOSTS];
	int interface[WORLD_HOSTS];
	uint8_t family;  /* of the hosts' addresses */
	bool silent;     /* the cable is cut: frames go nowhere */
	uint64_t digest; /* of every frame that left a host, and when */
};

struct world_config {
	uint64_t seed;
	uint8_t family; /* BERTH_IP4 or BERTH_IP6 */
	struct berth_wire_config wire;
	uint32_t mtu;
	uint32_t send_buffer, receive_buffer;
	uint32_t buffers_max; /* what both grow to by themselves; 0: they stay */
	const char *congestion;
	uint8_t ecn;
	bool offload; /* hosts hand large segments to the software path */
	/* What else host i is configured with; NULL: nothing. */
	void (*configure)(void *user, int i, struct berth_host_config *host);
	void *user;
};

/* Host i has the address 10.0.0.(i + 1), or fd00::(i + 1), which is ready to be used. Ends the program when it cannot
 * be made. */
void world_init(struct world *w, const struct world_config *config);

struct berth_address world_address(const struct world *w, int i);

/* Moves frames and runs timers at w->now until both hosts are quiet. */
void world_settle(struct world *w);

/* Advances w->now to the next deadline of a host or link, at most to `until`. false: nothing is pending before it. */
bool world_advance(struct world *w, berth_time until);

/* Ends hosts and links; bytes that were not given back (0 unless something leaks). */
size_t world_deinit(struct world *w);

#endif
