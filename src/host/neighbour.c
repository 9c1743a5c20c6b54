/* Neighbours: the MAC addresses of stations on the host's networks, of both families.
 *
 * The states are those of RFC 4861 section 7.3: asked for, heard of lately, not heard of lately, used since then, being
 * asked again; its appendix C has all that happens to them. ARP itself knows only a table (RFC 826); RFC 1122 section
 * 2.3.2 wants entries to age, at most one request a second to a
 * destination, and a packet to be kept while its destination is asked for. Everything that a station on the wire could
 * fill is bounded: entries, packets kept for each, bytes kept in all; the longest unused entry makes room.
 */
#include <string.h>

#include "discovery.h"
#include "in.h"
#include "neighbour.h"
#include "out.h"

#define NEIGHBOURS_MAX 512
/* Stations that only asked for us fill this many places; the others are for those that this host itself talks to. */
#define NEIGHBOURS_INTRODUCED_MAX 256
#define HELD_MAX 3                  /* packets, a fragmented one counted once */
#define HELD_BYTES_MAX (128u << 10) /* for one neighbour */
#define HELD_BYTES_ALL (1u << 20)
#define ASKED_MAX 3 /* RFC 4861 section 10: MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT */
#define ASK_EVERY HOST_SECOND
#define DELAY_TIME (5 * HOST_SECOND) /* DELAY_FIRST_PROBE_TIME */
#define REACHABLE_TIME (30 * HOST_SECOND)
#define STALE_TIME (600 * HOST_SECOND)
#define SPARED_MAX 32 /* entries that are asked whether they could go */

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

/* Between two questions: what the link's routers say, RFC 4861 section 6.3.4. */
static berth_time ask_every(const struct berth_host *host, const struct neighbour *n)
{
	uint32_t ms = host->interfaces[n->interface].ms_retransmit;

	return ms && !ip_is_ip4(&n->ip) ? ms * (HOST_SECOND / 1000) : ASK_EVERY;
}

/* How long n counts as REACHABLE. In IPv6, RFC 4861 section 6.3.2: from half of what the link's routers say to one and
 * a half, so that hosts do not ask in step. ARP has nothing to say about it. */
static berth_time reachable_time(struct berth_host *host, const struct neighbour *n)
{
	uint32_t ms = host->interfaces[n->interface].ms_reachable;
	berth_time base = ms ? ms * (HOST_SECOND / 1000) : REACHABLE_TIME;

	return ip_is_ip4(&n->ip) ? REACHABLE_TIME : base / 2 + rng_below(&host->rng, base + 1);
}

static void set_state(struct berth_host *host, struct neighbour *n, enum neighbour_state state)
{
	berth_time life = 0;

	switch (state) {
	case NEIGHBOUR_INCOMPLETE:
	case NEIGHBOUR_PROBE:
		life = ask_every(host, n);
		break;
	case NEIGHBOUR_REACHABLE:
		if (host->has_suspects)
			gateway_answers(host, n->interface, &n->ip);
		life = reachable_time(host, n);
		n->confirmed = host->now;
		n->life = life;
		break;
	case NEIGHBOUR_STALE:
		life = STALE_TIME;
		break;
	case NEIGHBOUR_DELAY:
		life = DELAY_TIME;
		break;
	}
	n->state = (uint8_t)state;
	n->n_asked = 0;
	host_arm(host, &n->timer, host->now + life);
}

static void ask(struct berth_host *host, struct neighbour *n)
{
	n->n_asked++;
	(ip_is_ip4(&n->ip) ? arp_ask : nd_ask)(host, n->interface, &n->ip, n->state == NEIGHBOUR_PROBE ? n->mac : NULL);
	host_arm(host, &n->timer, host->now + ask_every(host, n));
}

/* Nobody answers: whoever sent what was held is told, as a router would have (RFC 1122 section 2.3.2.2). That the
 * station is not there is known at first hand here, so the error is a hard one. */
static void fail(struct berth_host *host, struct neighbour *n)
{
	struct host_packets held = n->held;
	struct host_packet *packet;
	unsigned interface = n->interface;
	struct ip ip = n->ip;
	struct icmp_report report = {.error = BERTH_EHOSTUNREACH, .hard = true};

	report.detail = (struct berth_extended_error){.number = -BERTH_EHOSTUNREACH, .origin = BERTH_ERROR_LOCAL};
	host->counters.neighbour.failed++;
	host->neighbours.bytes_held -= held.bytes;
	n->held = (struct host_packets){0};
	forget(host, n);
	gateway_silent(host, interface, &ip);
	redirect_forget(host, interface, &ip);
	while ((packet = packets_pop(&held))) {
		icmp_deliver(host, packet->interface, packet->bytes, packet->len, &report);
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
		/* Confirming it moves the time, not the timer. */
		if (host->now < n->confirmed + n->life)
			host_arm(host, &n->timer, n->confirmed + n->life);
		else
			set_state(host, n, NEIGHBOUR_STALE);
		break;
	case NEIGHBOUR_STALE:
		forget(host, n);
		break;
	case NEIGHBOUR_DELAY:
		set_state(host, n, NEIGHBOUR_PROBE);
		ask(host, n);
		break;
	}
}

/* Makes room: the longest unused entry goes, but those with whom there is a conversation only when there are nothing
 * but such. A cached path does not look its neighbour up, so that these may be longest unused all the same. */
static void replace(struct berth_host *host)
{
	struct neighbour *n = of_age(list_first(&host->neighbours.by_age));

	for (unsigned i = 0; i < SPARED_MAX && n->state >= NEIGHBOUR_REACHABLE && n->state != NEIGHBOUR_STALE; i++) {
		list_remove(&n->age);
		list_push_back(&host->neighbours.by_age, &n->age);
		n = of_age(list_first(&host->neighbours.by_age));
	}
	host->counters.neighbour.replaced++;
	forget(host, n);
}

/* An entry in state INCOMPLETE that nobody is asked for yet. */
static struct neighbour *make(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	struct neighbour *n;

	if (host->neighbours.n >= NEIGHBOURS_MAX)
		replace(host);
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

bool neighbour_has_room(const struct berth_host *host)
{
	return host->neighbours.n < NEIGHBOURS_INTRODUCED_MAX;
}

bool neighbour_introduce(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t mac[6])
{
	struct neighbour *n = neighbour_has_room(host) ? make(host, interface, ip) : NULL;

	if (!n)
		return false;
	set_mac(host, n, mac);
	set_state(host, n, NEIGHBOUR_STALE);
	return true;
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

void neighbour_advert(struct berth_host *host, struct neighbour *n, const uint8_t *mac, uint32_t flags)
{
	bool known = n->state != NEIGHBOUR_INCOMPLETE;
	/* Deliberately less than RFC 4861 section 7.2.5 says: an answer to a question that nobody has asked is none.
	 * Who sends such could keep a station REACHABLE that is gone. */
	bool answers = (flags & ND_SOLICITED) && n->n_asked > 0;

	if (!known && !mac)
		return;
	if (known && mac && memcmp(n->mac, mac, 6) != 0 && !(flags & ND_OVERRIDE)) {
		/* A second station for an anycast address, or somebody who lies: what is known stays, but is not
		 * trusted any longer. */
		if (n->state == NEIGHBOUR_REACHABLE)
			set_state(host, n, NEIGHBOUR_STALE);
		return;
	}
	/* RFC 4861 section 7.2.5: who was a router and says that it is none is none for anything. */
	if (n->is_router && !(flags & ND_ROUTER))
		router_route_forget(host, n->interface, &n->ip);
	n->is_router = flags & ND_ROUTER;
	if (mac)
		neighbour_learn(host, n, mac, answers);
	else if (answers)
		set_state(host, n, NEIGHBOUR_REACHABLE);
}

void neighbour_revive(struct berth_host *host, struct neighbour *n)
{
	if (n->state != NEIGHBOUR_INCOMPLETE)
		set_state(host, n, NEIGHBOUR_REACHABLE);
}

void neighbour_delay(struct berth_host *host, struct neighbour *n)
{
	set_state(host, n, NEIGHBOUR_DELAY);
}

void neighbour_seek(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	struct neighbour *n = neighbour_find(host, interface, ip);

	if (!n)
		n = make(host, interface, ip);
	else if (n->state != NEIGHBOUR_STALE)
		return;
	else
		set_state(host, n, NEIGHBOUR_PROBE);
	if (n)
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
