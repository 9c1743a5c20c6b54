/* The host itself: its configuration, its life, and the two calls of time.
 *
 * Method: one struct with everything in it. What arrives goes through eth_in, ip4_in or ip6_in and ip_deliver
 * to a transport; what leaves is
 * made in frames_out; between the two there is nothing but the endpoints' lists. */
#include <string.h>

#include "acd.h"
#include "dhcp.h"
#include "discovery.h"
#include "group.h"
#include "neighbour.h"
#include "out.h"

void berth_host_config_default(struct berth_host_config *config)
{
	*config = (struct berth_host_config){
		.size = sizeof(*config),
		.memory = berth_memory_libc(),
		.ephemeral_first = 49152,
		.ephemeral_last = 65535,
		.ttl = 64,
		.n_sockets_max = 1u << 20,
		.n_time_wait_max = 1u << 16,
		.n_half_open_max = 1u << 14,
		.fast_open = BERTH_FAST_OPEN_CLIENT,
		.sack = true,
		.timestamps = true,
		.window_scaling = true,
		.send_buffer = 1u << 18,
		.receive_buffer = 1u << 18,
		.send_buffer_max = 32u << 20,
		.receive_buffer_max = 32u << 20,
		.memory_max = 256u << 20,
		.mtu_probing = true,
		.ms_msl = 30000,
		.congestion = "cubic",
		.rack = true,
		.ecn = BERTH_ECN_ACCEPT,
	};
}

#define BUFFER_LEAST 4096u
#define BUFFER_MOST (64u << 20)
#define MEMORY_LEAST 65536u

static bool buffer_is_good(uint32_t bytes)
{
	return bytes >= BUFFER_LEAST && bytes <= BUFFER_MOST;
}

/* What is wrong, or NULL. */
static const char *config_fault(const struct berth_host_config *config)
{
	if (config->size != sizeof(*config))
		return "size: not that of this version's struct";
	if (!memchr(config->name, 0, sizeof(config->name)))
		return "name: has no end";
	if (!config->memory || !config->memory->alloc || !config->memory->free)
		return "memory: there is none";
	if (config->ephemeral_first == 0 || config->ephemeral_first > config->ephemeral_last)
		return "ephemeral_first: must be 1 or more and not above ephemeral_last";
	if (config->ttl == 0)
		return "ttl: must be 1 or more";
	if (config->n_sockets_max == 0 || config->n_sockets_max > INT32_MAX)
		return "n_sockets_max: must be 1 to 2147483647";
	if (!buffer_is_good(config->send_buffer))
		return "send_buffer: must be 4096 to 67108864 bytes";
	if (!buffer_is_good(config->receive_buffer))
		return "receive_buffer: must be 4096 to 67108864 bytes";
	if (config->send_buffer_max > BUFFER_MOST)
		return "send_buffer_max: must be 67108864 bytes or less";
	if (config->receive_buffer_max > BUFFER_MOST)
		return "receive_buffer_max: must be 67108864 bytes or less";
	if (config->memory_max < MEMORY_LEAST)
		return "memory_max: must be 65536 bytes or more";
	if (config->fast_open & ~(BERTH_FAST_OPEN_CLIENT | BERTH_FAST_OPEN_SERVER))
		return "fast_open: BERTH_FAST_OPEN_... and no other bits";
	if (config->ms_msl == 0 || config->ms_msl > 3600000)
		return "ms_msl: must be 1 to 3600000";
	if (!memchr(config->congestion, 0, sizeof(config->congestion)) || tcp_congestion_check(config->congestion) != 0)
		return "congestion: no such congestion control";
	if (config->ecn > BERTH_ECN_ON)
		return "ecn: must be BERTH_ECN_OFF, BERTH_ECN_ACCEPT or BERTH_ECN_ON";
	return NULL;
}

int berth_host_config_validate(const struct berth_host_config *config, const char **why)
{
	const char *fault = config_fault(config);

	if (fault && why)
		*why = fault;
	return fault ? BERTH_EINVAL : BERTH_OK;
}

static void add_loopback(struct berth_host *host)
{
	const struct ip ip4 = ip_of_ip4(0x7f000001), ip6 = {.low = 1};

	host->interfaces[HOST_LOOPBACK] = (struct host_interface){
		.name = "lo",
		.mtu = 65535,
		.capabilities = BERTH_LINK_CHECKSUM,
	};
	host->n_interfaces = 1;
	/* There is room for both. */
	host_address_make(host, HOST_LOOPBACK, &ip4, IP4_PREFIX + 8, ORIGIN_HOST, ADDRESS_PREFERRED);
	host_address_make(host, HOST_LOOPBACK, &ip6, 128, ORIGIN_HOST, ADDRESS_PREFERRED);
}

/* Another key from the same secret, so that no table's order tells about another's. */
static struct siphash_key derive_key(const uint8_t secret[16], const char *purpose)
{
	struct siphash_key from = siphash_key(secret), key;

	key.k0 = siphash24(from, purpose, strlen(purpose));
	key.k1 = siphash24((struct siphash_key){from.k1, from.k0}, purpose, strlen(purpose));
	return key;
}

/* The parts that allocate, in order; each undoes what came before when it fails. */
static int init_parts(struct berth_host *host)
{
	const struct berth_host_config *c = &host->config;
	int error = pairs_init(&host->pairs, c->secret, c->seed, c->ephemeral_first, c->ephemeral_last, c->memory);

	if (error)
		return error;
	error = neighbour_init(host);
	if (error)
		goto no_neighbours;
	error = path_mtu_init(host);
	if (error)
		goto no_path_mtus;
	error = tcp_env_init(&host->tcp, c, &host->pairs, &host->endpoints, &host->budget, 0);
	if (error)
		goto no_tcp;
	udp_env_init(&host->udp, c, &host->pairs, &host->endpoints, &host->budget);
	return BERTH_OK;
no_tcp:
	path_mtu_deinit(host);
no_path_mtus:
	neighbour_deinit(host);
no_neighbours:
	pairs_deinit(&host->pairs);
	return error;
}

int berth_host_new(const struct berth_host_config *config, struct berth_host **out)
{
	struct berth_host *host;
	int error = berth_host_config_validate(config, NULL);

	if (error)
		return error;
	host = config->memory->alloc(config->memory->context, sizeof(*host));
	if (!host)
		return BERTH_ENOMEM;
	memset(host, 0, sizeof(*host));
	host->config = *config;
	host->memory = config->memory;
	host->key = derive_key(config->secret, "host");
	host->key_ids = derive_key(config->secret, "identifiers");
	host->descriptors.first_free = UINT32_MAX;
	endpoints_init(&host->endpoints);
	budget_init(&host->budget, config->memory_max);
	wheel_init(&host->wheel, 0);
	rng_init(&host->rng, config->seed);
	reassemble_init(host);
	icmp_limit_init(host);
	acd_init(host);
	router_init(host);
	gateway_init(host);
	error = init_parts(host);
	if (error) {
		config->memory->free(config->memory->context, host, sizeof(*host));
		return error;
	}
	add_loopback(host);
	*out = host;
	return BERTH_OK;
}

static void release_left(struct berth_host *host)
{
	struct udp_datagram *d;

	while ((d = host->left_datagrams)) {
		host->left_datagrams = d->next;
		udp_datagram_free(&host->udp, d);
	}
	packets_clear(host, &host->left);
}

const char *berth_host_name(const struct berth_host *host)
{
	return host->config.name;
}

struct berth_host *berth_host_free(struct berth_host *host)
{
	const struct berth_memory *memory;

	if (!host)
		return NULL;
	memory = host->memory;
	release_left(host);
	udp_datagram_free(&host->udp, host->fragmenting.datagram);
	packets_clear(host, &host->ready);
	dhcp_deinit(host);
	loopback_deinit(host);
	reassemble_deinit(host);
	group_deinit(host);
	neighbour_deinit(host);
	path_mtu_deinit(host);
	tcp_env_deinit(&host->tcp);
	udp_env_deinit(&host->udp);
	pairs_deinit(&host->pairs);
	if (host->descriptors.items)
		memory->free(memory->context, host->descriptors.items,
			     host->descriptors.capacity * sizeof(*host->descriptors.items));
	memory->free(memory->context, host, sizeof(*host));
	return NULL;
}

void host_enter(struct berth_host *host, berth_time now)
{
	if (now > host->now) {
		host->now = now;
		host->tcp.now = now;
		host->udp.now = now;
	}
	if (host->left_datagrams || host->left.first)
		release_left(host);
}

void host_arm(struct berth_host *host, struct host_timer *timer, berth_time at)
{
	wheel_arm(&host->wheel, &timer->timer, at);
}

static void bare_in(struct berth_host *host, unsigned interface, struct berth_frame *frame)
{
	struct ip_packet packet = {.frame = frame, .scope = interface, .interface = (uint8_t)interface};

	host_frame_arrives(&host->interfaces[interface], frame);
	ip_in(host, &packet);
}

void berth_host_frame_in(struct berth_host *host, int interface, struct berth_frame *frame, berth_time now)
{
	host_enter(host, now);
	host->counters.eth.frames_in++;
	if (interface < 0 || (uint32_t)interface >= host->n_interfaces)
		host->counters.eth.no_interface++;
	else if (host->interfaces[interface].ethernet)
		eth_in(host, (unsigned)interface, frame);
	else
		bare_in(host, (unsigned)interface, frame);
	berth_frame_unref(frame);
}

berth_time berth_host_deadline(const struct berth_host *host)
{
	berth_time tcp, own;

	if (host_has_frames(host))
		return 0;
	tcp = wheel_deadline(&host->tcp.wheel);
	own = wheel_deadline(&host->wheel);
	return tcp < own ? tcp : own;
}

void berth_host_expire(struct berth_host *host, berth_time now)
{
	struct wheel_timer *timer;

	host_enter(host, now);
	tcp_expire(&host->tcp);
	host_tcp_reply(host);
	while ((timer = wheel_pop(&host->wheel, host->now))) {
		struct host_timer *t = CONTAINER_OF(timer, struct host_timer, timer);

		t->due(host, t);
	}
}
