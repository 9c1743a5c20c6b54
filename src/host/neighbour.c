/* Neighbours: the MAC addresses of stations on the host's networks, of both families.
 *
 * The states are those of RFC 4861 section 7.3: asked for, heard of lately, not heard of lately, being asked again. ARP
 * itself knows only a table (RFC 826); RFC 1122 section 2.3.2 wants entries to age, at most one request a second to a
 * destination, and a packet to be kept while its destination is asked for. Everything that a station on the wire could
 * fill is bounded: entries, packets kept for each, bytes kept in all; the longest unused entry makes room.
 */
#include <string.h>

#include "in.h"
#include "neighbour.h"
#include "out.h"

#define NEIGHBOURS_MAX 512
/* Stations that only asked for us fill this many places; the others are for those that this host itself talks to. */
#define NEIGHBOURS_INTRODUCED_MAX 256
#define HELD_MAX 3                  /* packets, a fragmented one counted once */
#define HELD_BYTES_MAX (128u << 10) /* for one neighbour */
#define HELD_BYTES_ALL (1u << 20)
#define ASKED_MAX 3
#define ASK_EVERY HOST_SECOND
#define REACHABLE_TIME (30 * HOST_SECOND)
#define STALE_TIME (600 * HOST_SECOND)

static uint64_t hash_of(const struct berth_host *host, unsigned interface, const struct ip *ip)
{
	uint64_t words[] = {interface, ip->high, ip->low};

	return siphash13_words(host->key, words, 3);
}

int neighbour_init(struct berth_host *host)
{
	list_init(&host->neighbours.by_age);
	return table_init(&host->neighbours.table, host->memory);
}

static struct neighbour *of_age(struct list_node *node)
{
	return CONTAINER_OF(node, struct neighbour, age);
}

/* Drops what is held for n, unless the caller has taken it. */
static void forget(struct berth_host *host, struct neighbour *n)
{
	host->neighbours.bytes_held -= n->held.bytes;
	packets_clear(host, &n->held);
	table_remove(&host->neighbours.table, &n->node);
	list_remove(&n->age);
	wheel_cancel(&host->wheel, &n->timer.timer);
	host->neighbours.n--;
	if (host->last.neighbour == n)
		host_path_forget(host);
	if (host->fragmenting.path.neighbour == n)
		host->fragmenting.path.neighbour = NULL;
	host->memory->free(host->memory->context, n, sizeof(*n));
}

void neighbour_deinit(struct berth_host *host)
{
	struct list_node *node;

	while ((node = list_first(&host->neighbours.by_age)))
		forget(host, of_age(node));
	table_deinit(&host->neighbours.table);
}

struct neighbour *neighbour_find(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	uint64_t hash = hash_of(host, interface, ip);
	struct table_node *node = table_first(&host->neighbours.table, hash);

	for (; node; node = table_next(node, hash)) {
		struct neighbour *n = CONTAINER_OF(node, struct neighbour, node);

		if (ip_equal(&n->ip, ip) && n->interface == interface)
			return n;
	}
	return NULL;
}

static void set_state(struct berth_host *host, struct neighbour *n, enum neighbour_state state)
{
	berth_time life = ASK_EVERY;

	if (state == NEIGHBOUR_REACHABLE)
		life = REACHABLE_TIME;
	else if (state == NEIGHBOUR_STALE)
		life = STALE_TIME;
	n->state = (uint8_t)state;
	n->n_asked = 0;
	host_arm(host, &n->timer, host->now + life);
}

static void ask(struct berth_host *host, struct neighbour *n)
{
	n->n_asked++;
	(ip_is_ip4(&n->ip) ? arp_ask : nd_ask)(host, n->interface, &n->ip, n->state == NEIGHBOUR_PROBE ? n->mac : NULL);
	host_arm(host, &n->timer, host->now + ASK_EVERY);
}

/* Nobody answers: whoever sent what was held is told, as a router would have (RFC 1122 section 2.3.2.2). That the
 * station is not there is known at first hand here, so the error is a hard one. */
static void fail(struct berth_host *host, struct neighbour *n)
{
	struct host_packets held = n->held;
	struct host_packet *packet;

	host->counters.neighbour.failed++;
	host->neighbours.bytes_held -= held.bytes;
	n->held = (struct host_packets){0};
	forget(host, n);
	while ((packet = packets_pop(&held))) {
		icmp_deliver(host, packet->interface, packet->bytes, packet->len, BERTH_EHOSTUNREACH, true);
		packet_free(host, packet);
	}
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct neighbour *n = CONTAINER_OF(timer, struct neighbour, timer);

	switch ((enum neighbour_state)n->state) {
	case NEIGHBOUR_INCOMPLETE:
	case NEIGHBOUR_PROBE:
		if (n->n_asked < ASKED_MAX)
			ask(host, n);
		else
			fail(host, n);
		break;
	case NEIGHBOUR_REACHABLE:
		set_state(host, n, NEIGHBOUR_STALE);
		break;
	case NEIGHBOUR_STALE:
		forget(host, n);
		break;
	}
}

/* An entry in state INCOMPLETE that nobody is asked for yet. */
static struct neighbour *make(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	struct neighbour *n;

	if (host->neighbours.n >= NEIGHBOURS_MAX) {
		host->counters.neighbour.replaced++;
		forget(host, of_age(list_first(&host->neighbours.by_age)));
	}
	n = host->memory->alloc(host->memory->context, sizeof(*n));
	if (!n) {
		host->counters.neighbour.no_memory++;
		return NULL;
	}
	*n = (struct neighbour){
		.ip = *ip,
		.interface = (uint8_t)interface,
		.state = NEIGHBOUR_INCOMPLETE,
		.timer = {.due = due},
	};
	table_add(&host->neighbours.table, hash_of(host, interface, ip), &n->node);
	list_push_back(&host->neighbours.by_age, &n->age);
	host->neighbours.n++;
	return n;
}

struct neighbour *neighbour_of_path(struct berth_host *host, struct host_path *path)
{
	struct neighbour *n = neighbour_find(host, path->interface, &path->next_hop);

	if (n) {
		list_remove(&n->age);
		list_push_back(&host->neighbours.by_age, &n->age);
	} else {
		n = make(host, path->interface, &path->next_hop);
		if (n)
			ask(host, n);
	}
	path->neighbour = n;
	return n;
}

static void set_mac(const struct berth_host *host, struct neighbour *n, const uint8_t mac[6])
{
	memcpy(n->mac, mac, 6);
	host_eth_header(&host->interfaces[n->interface], mac, ip_is_ip4(&n->ip) ? ETH_TYPE_IP4 : ETH_TYPE_IP6, n->eth);
}

void neighbour_introduce(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t mac[6])
{
	struct neighbour *n;

	if (host->neighbours.n >= NEIGHBOURS_INTRODUCED_MAX)
		return;
	n = make(host, interface, ip);
	if (!n)
		return;
	set_mac(host, n, mac);
	set_state(host, n, NEIGHBOUR_STALE);
}

/* What was held leaves now. */
static void release(struct berth_host *host, struct neighbour *n)
{
	struct host_packet *packet;

	host->neighbours.bytes_held -= n->held.bytes;
	while ((packet = packets_pop(&n->held))) {
		memcpy(packet->mac, n->mac, 6);
		packet_ready(host, packet);
	}
}

void neighbour_learn(struct berth_host *host, struct neighbour *n, const uint8_t mac[6], bool confirmed)
{
	bool known = n->state != NEIGHBOUR_INCOMPLETE;
	bool changed = known && memcmp(n->mac, mac, 6) != 0;

	if (changed)
		host->counters.neighbour.changed++;
	set_mac(host, n, mac);
	if (confirmed)
		set_state(host, n, NEIGHBOUR_REACHABLE);
	else if (changed || !known)
		set_state(host, n, NEIGHBOUR_STALE);
	release(host, n);
}

void neighbour_refresh(struct berth_host *host, struct neighbour *n)
{
	set_state(host, n, NEIGHBOUR_PROBE);
	ask(host, n);
}

/* A fragment other than the first: it goes with the one before. */
static bool is_tail(const struct host_packet *packet)
{
	if (packet->type == ETH_TYPE_IP4)
		return (get_be16(packet->bytes + IP4_OFF_FLAGS) & 0x1fff) != 0;
	return packet->bytes[IP6_OFF_NEXT_HEADER] == IP6_NEXT_FRAGMENT &&
	       (get_be16(packet->bytes + IP6_HEADER + 2) & 0xfff8) != 0;
}

static unsigned count_held(const struct host_packets *held)
{
	unsigned n = 0;

	for (const struct host_packet *p = held->first; p; p = p->next)
		n += !is_tail(p);
	return n;
}

/* Drops the oldest packet that is held for n, all fragments of it. */
static void drop_oldest(struct berth_host *host, struct neighbour *n)
{
	uint32_t before = n->held.bytes;

	do {
		host->counters.neighbour.queue_full++;
		packet_free(host, packets_pop(&n->held));
	} while (n->held.first && is_tail(n->held.first));
	host->neighbours.bytes_held -= before - n->held.bytes;
}

void neighbour_hold(struct berth_host *host, struct neighbour *n, struct host_packet *packet)
{
	if (!is_tail(packet) && count_held(&n->held) >= HELD_MAX)
		drop_oldest(host, n);
	if (n->held.bytes + packet->len > HELD_BYTES_MAX ||
	    host->neighbours.bytes_held + packet->len > HELD_BYTES_ALL) {
		host->counters.neighbour.queue_full++;
		packet_free(host, packet);
		return;
	}
	packets_push(&n->held, packet);
	host->neighbours.bytes_held += packet->len;
}
