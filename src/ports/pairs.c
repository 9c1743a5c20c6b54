/* The socket-pair table and the rules of binding.
 *
 * The table of ports holds every endpoint that has a port, found by protocol and port: of both families, since an IPv6
 * socket may hold its port for both. TCP connections are the exception: those of one port and local address are a ring,
 * of which one member stands in the table for all. So what a bind or listen has to look at is the sockets bound to that
 * port and one entry for each local address with connections, however many connections there are, and a connection
 * comes and goes in O(1). */
#include <assert.h>
#include <string.h>

#include <berth/error.h>

#include "ephemeral.h"
#include "pairs.h"

enum { PROTOCOL_TCP = 6 };

static const uint8_t all_zero[16];

/* ---- keys ---- */

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Ports, family, protocol and scope. */
static uint64_t tail_word(const struct socket_pair *pair)
{
	_Static_assert(offsetof(struct socket_pair, local_port) + 8 == sizeof(*pair), "one word follows the addresses");
	return load64((const uint8_t *)pair + offsetof(struct socket_pair, local_port));
}

/* Two words for IPv4, five for IPv6. */
static uint64_t hash_pair(const struct pairs *pairs, const struct socket_pair *pair)
{
	uint64_t words[5];
	unsigned n = 0;

	words[n++] = tail_word(pair);
	if (pair->family == BERTH_IP4) {
		words[n++] = (uint64_t)load32(pair->local) << 32 | load32(pair->foreign);
	} else {
		words[n++] = load64(pair->local);
		words[n++] = load64(pair->local + 8);
		words[n++] = load64(pair->foreign);
		words[n++] = load64(pair->foreign + 8);
	}
	return siphash13_words(pairs->key, words, n);
}

static uint64_t hash_port(const struct pairs *pairs, const struct socket_pair *pair, uint16_t port)
{
	uint64_t word = (uint64_t)port << 16 | pair->protocol;

	return siphash13_words(pairs->key, &word, 1);
}

static bool same_address(const uint8_t a[16], const uint8_t b[16])
{
	return ((load64(a) ^ load64(b)) | (load64(a + 8) ^ load64(b + 8))) == 0;
}

static bool same_pair(const struct socket_pair *a, const struct socket_pair *b)
{
	return tail_word(a) == tail_word(b) && same_address(a->foreign, b->foreign) && same_address(a->local, b->local);
}

/* The scope may be the peer's alone; then it says nothing about the local address. */
static bool same_local(const struct socket_pair *a, const struct socket_pair *b)
{
	return a->family == b->family && same_address(a->local, b->local) &&
	       (a->scope == b->scope || !endpoint_needs_scope(a->local, a->family));
}

static bool same_foreign(const struct socket_pair *a, const struct socket_pair *b)
{
	return a->family == b->family && a->foreign_port == b->foreign_port && same_address(a->foreign, b->foreign) &&
	       (a->scope == b->scope || !endpoint_needs_scope(a->foreign, a->family));
}

static bool is_any(const uint8_t address[16])
{
	return same_address(address, all_zero);
}

uint64_t pairs_hash(const struct pairs *pairs, const struct socket_pair *pair)
{
	return hash_pair(pairs, pair);
}

bool pairs_same(const struct socket_pair *a, const struct socket_pair *b)
{
	return same_pair(a, b);
}

bool pairs_same_local(const struct socket_pair *a, const struct socket_pair *b)
{
	return same_local(a, b);
}

/* ---- finding ---- */

int pairs_init(struct pairs *pairs, const uint8_t secret[16], uint64_t seed, uint16_t first, uint16_t last,
	       const struct berth_memory *memory)
{
	int error;

	assert(first > 0 && first <= last);
	*pairs = (struct pairs){.key = siphash_key(secret), .n_drawn = seed, .first = first, .last = last};
	error = table_init(&pairs->by_pair, memory);
	if (error)
		return error;
	error = table_init(&pairs->by_port, memory);
	if (error)
		table_deinit(&pairs->by_pair);
	return error;
}

void pairs_deinit(struct pairs *pairs)
{
	table_deinit(&pairs->by_pair);
	table_deinit(&pairs->by_port);
}

struct endpoint *pairs_find(const struct pairs *pairs, const struct socket_pair *pair)
{
	uint64_t hash = hash_pair(pairs, pair);

	for (struct table_node *node = table_first(&pairs->by_pair, hash); node; node = table_next(node, hash)) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, node);

		if (same_pair(&e->pair, pair))
			return e;
	}
	return NULL;
}

struct endpoint *pairs_find_cached(struct pairs *pairs, const struct socket_pair *pair)
{
	struct endpoint *e;

	if (pairs->found && same_pair(&pairs->found->pair, pair))
		return pairs->found;
	e = pairs_find(pairs, pair);
	if (e)
		pairs->found = e;
	return e;
}

/* SO_REUSEPORT: of all that wait where `first` does, the one whose turn this socket pair is: each has a keyed weight
 * for it, and the heaviest is taken. So when one comes or goes, only the pairs that are or were its own change hands.
 */
static struct endpoint *one_of_group(const struct pairs *pairs, struct endpoint *first, const struct socket_pair *pair,
				     bool dual)
{
	uint64_t words[2] = {hash_pair(pairs, pair)}, heaviest = 0, weight;
	struct endpoint *chosen = first;

	if (!first || !first->reuse_port)
		return first;
	for (struct table_node *node = &first->node; node; node = table_next(node, first->node.hash)) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, node);

		if (!e->reuse_port || (dual && e->v6only) || !same_pair(&e->pair, &first->pair))
			continue;
		words[1] = e->id;
		weight = siphash13_words(pairs->key, words, 2);
		if (weight >= heaviest) {
			heaviest = weight;
			chosen = e;
		}
	}
	return chosen;
}

/* Bound to :: at this port, and not v6only. */
static struct endpoint *find_dual(const struct pairs *pairs, uint16_t port, uint8_t protocol)
{
	struct socket_pair pair = {.local_port = port, .family = BERTH_IP6, .protocol = protocol};
	uint64_t hash = hash_pair(pairs, &pair);

	for (struct table_node *node = table_first(&pairs->by_pair, hash); node; node = table_next(node, hash)) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, node);

		if (!e->v6only && same_pair(&e->pair, &pair))
			return e;
	}
	return NULL;
}

struct endpoint *pairs_find_waiting(const struct pairs *pairs, const struct socket_pair *pair)
{
	struct socket_pair waiting = {
		.local_port = pair->local_port, .family = pair->family, .protocol = pair->protocol};
	struct endpoint *e;

	memcpy(waiting.local, pair->local, sizeof(waiting.local));
	if (endpoint_needs_scope(pair->local, pair->family))
		waiting.scope = pair->scope;
	e = pairs_find(pairs, &waiting);
	if (e)
		return one_of_group(pairs, e, pair, false);
	memset(waiting.local, 0, sizeof(waiting.local));
	waiting.scope = 0;
	e = pairs_find(pairs, &waiting);
	if (e || pair->family != BERTH_IP4)
		return one_of_group(pairs, e, pair, false);
	return one_of_group(pairs, find_dual(pairs, pair->local_port, pair->protocol), pair, true);
}

struct endpoint *pairs_lookup(const struct pairs *pairs, const struct socket_pair *pair)
{
	struct endpoint *e = pairs_find(pairs, pair);

	return e ? e : pairs_find_waiting(pairs, pair);
}

/* ---- both tables' contents ---- */

static void enter_pairs(struct pairs *pairs, struct endpoint *e)
{
	table_add(&pairs->by_pair, hash_pair(pairs, &e->pair), &e->node);
	e->in_pairs = true;
	pairs->found = NULL; /* of those with the same pair the last one counts */
}

static void leave_pairs(struct pairs *pairs, struct endpoint *e)
{
	if (e->in_pairs)
		table_remove(&pairs->by_pair, &e->node);
	if (pairs->found == e)
		pairs->found = NULL;
	e->in_pairs = false;
}

static void list_port(struct pairs *pairs, struct endpoint *e, uint64_t hash)
{
	table_add(&pairs->by_port, hash, &e->port_node);
	e->port_listed = true;
}

static bool is_connection(const struct endpoint *e)
{
	return list_node_linked(&e->connections);
}

/* A TCP socket that is neither connected nor only bound. */
static bool is_listening(const struct endpoint *e)
{
	return e->in_pairs && e->pair.protocol == PROTOCOL_TCP && !is_connection(e);
}

/* The next in the table from `node` on that holds this port of this protocol. */
static struct endpoint *holder_from(struct table_node *node, const struct socket_pair *pair, uint16_t port,
				    uint64_t hash)
{
	for (; node; node = table_next(node, hash)) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, port_node);

		if (e->pair.local_port == port && e->pair.protocol == pair->protocol)
			return e;
	}
	return NULL;
}

static struct endpoint *first_holder(const struct pairs *pairs, const struct socket_pair *pair, uint16_t port,
				     uint64_t hash)
{
	return holder_from(table_first(&pairs->by_port, hash), pair, port, hash);
}

static struct endpoint *next_holder(const struct endpoint *e)
{
	return holder_from(table_next(&e->port_node, e->port_node.hash), &e->pair, e->pair.local_port,
			   e->port_node.hash);
}

/* ---- one datagram for many ---- */

/* Waits for what comes to the pair's local address. */
static bool waits_at(const struct endpoint *e, const struct socket_pair *pair)
{
	if (!is_any(e->pair.local))
		return same_local(&e->pair, pair);
	return e->pair.family == pair->family || (pair->family == BERTH_IP4 && !e->v6only);
}

struct endpoint *pairs_next_of_many(const struct pairs *pairs, const struct socket_pair *pair,
				    const struct endpoint *last)
{
	struct endpoint *e =
		last ? next_holder(last)
		     : first_holder(pairs, pair, pair->local_port, hash_port(pairs, pair, pair->local_port));

	while (e && !(waits_at(e, pair) && (e->pair.foreign_port == 0 || same_foreign(&e->pair, pair))))
		e = next_holder(e);
	return e;
}

/* ---- holding a port ---- */

/* Holds the port for itself. */
static void take_port(struct pairs *pairs, struct endpoint *e)
{
	list_port(pairs, e, hash_port(pairs, &e->pair, e->pair.local_port));
	e->bound = true;
}

/* Holds the port as a connection: joins the ring of its local address, or begins one. */
static void share_port(struct pairs *pairs, struct endpoint *e)
{
	uint64_t hash = hash_port(pairs, &e->pair, e->pair.local_port);
	struct endpoint *h = first_holder(pairs, &e->pair, e->pair.local_port, hash);

	while (h && !(is_connection(h) && same_local(&h->pair, &e->pair)))
		h = next_holder(h);
	e->bound = true;
	if (h) {
		e->connections = (struct list_node){.prev = &h->connections, .next = h->connections.next};
		e->connections.next->prev = e->connections.prev->next = &e->connections;
	} else {
		e->connections.prev = e->connections.next = &e->connections;
		list_port(pairs, e, hash);
	}
}

/* Gives the port up. A connection that stood in the table for others hands that on. */
static void leave_port(struct pairs *pairs, struct endpoint *e)
{
	struct list_node *other = e->connections.next;

	if (e->port_listed) {
		uint64_t hash = e->port_node.hash;

		table_remove(&pairs->by_port, &e->port_node);
		e->port_listed = false;
		if (other && other != &e->connections)
			list_port(pairs, CONTAINER_OF(other, struct endpoint, connections), hash);
	}
	list_remove(&e->connections);
	e->bound = false;
}

/* ---- who may have which port ---- */

/* A connection holds the one address that it has; others what they were bound to. */
static bool holds_any(const struct endpoint *e)
{
	return e->bound_any && !is_connection(e);
}

enum {
	HOLDS_IP4 = 1,
	HOLDS_IP6 = 2,
};

static unsigned families_held(const struct endpoint *e)
{
	if (!holds_any(e))
		return e->pair.family == BERTH_IP4 ? HOLDS_IP4 : HOLDS_IP6;
	if (e->bound_ip4)
		return HOLDS_IP4;
	return e->v6only ? HOLDS_IP6 : HOLDS_IP4 | HOLDS_IP6;
}

static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	if (!(families_held(a) & families_held(b)))
		return false;
	return holds_any(a) || holds_any(b) || same_local(&a->pair, &b->pair);
}

static bool stands_in_the_way(const struct endpoint *holder, const struct endpoint *e)
{
	if (holder->reuse_port && e->reuse_port)
		return false;
	if (!e->reuse)
		return true;
	if (is_connection(holder))
		return false;
	return !holder->reuse || is_listening(holder);
}

static bool may_bind(const struct pairs *pairs, const struct endpoint *e, uint16_t port)
{
	uint64_t hash = hash_port(pairs, &e->pair, port);

	for (struct endpoint *h = first_holder(pairs, &e->pair, port, hash); h; h = next_holder(h)) {
		if (overlap(h, e) && stands_in_the_way(h, e))
			return false;
	}
	return true;
}

static bool is_free(const struct pairs *pairs, const struct endpoint *e, uint16_t port)
{
	uint64_t hash = hash_port(pairs, &e->pair, port);

	for (struct endpoint *h = first_holder(pairs, &e->pair, port, hash); h; h = next_holder(h)) {
		if (overlap(h, e))
			return false;
	}
	return true;
}

/* The pair would be new, and nobody but other connections holds the port. */
static bool may_connect(const struct pairs *pairs, const struct endpoint *e, uint16_t port)
{
	struct socket_pair pair = e->pair;
	uint64_t hash;

	pair.local_port = port;
	if (pairs_find(pairs, &pair))
		return false;
	hash = hash_port(pairs, &pair, port);
	for (struct endpoint *h = first_holder(pairs, &pair, port, hash); h; h = next_holder(h)) {
		if (!is_connection(h) && overlap(h, e))
			return false;
	}
	return true;
}

/* ---- ephemeral ports ---- */

/* The first in a random order for which e fits; 0: none. */
static uint16_t choose_port(struct pairs *pairs, const struct endpoint *e,
			    bool (*fits)(const struct pairs *, const struct endpoint *, uint16_t))
{
	struct ephemeral way;
	uint16_t port;

	ephemeral_begin(&way, pairs->key, pairs->n_drawn++, pairs->first, pairs->last);
	while (ephemeral_next(&way, &port)) {
		if (fits(pairs, e, port))
			return port;
	}
	return 0;
}

/* ---- binding and conversations ---- */

static void clear_foreign(struct endpoint *e)
{
	memset(e->pair.foreign, 0, sizeof(e->pair.foreign));
	e->pair.foreign_port = 0;
}

int pairs_bind(struct pairs *pairs, struct endpoint *e, uint16_t port)
{
	assert(!e->bound && !e->in_pairs);
	e->bound_any = is_any(e->pair.local);
	e->bound_ip4 = e->pair.family == BERTH_IP4;
	if (port == 0)
		port = choose_port(pairs, e, is_free);
	else if (!may_bind(pairs, e, port))
		port = 0;
	if (port == 0)
		return BERTH_EADDRINUSE;
	e->pair.local_port = port;
	clear_foreign(e);
	take_port(pairs, e);
	if (e->kind == ENDPOINT_UDP)
		enter_pairs(pairs, e);
	return 0;
}

int pairs_listen(struct pairs *pairs, struct endpoint *e)
{
	uint64_t hash = e->port_node.hash;

	assert(e->port_listed && !e->in_pairs && !is_connection(e));
	for (struct endpoint *h = first_holder(pairs, &e->pair, e->pair.local_port, hash); h; h = next_holder(h)) {
		if (h != e && is_listening(h) && overlap(h, e) && !(h->reuse_port && e->reuse_port))
			return BERTH_EADDRINUSE;
	}
	enter_pairs(pairs, e);
	return 0;
}

static int connect_unbound(struct pairs *pairs, struct endpoint *e)
{
	bool udp = e->kind == ENDPOINT_UDP;
	uint16_t port;

	/* UDP holds it as if bound to all addresses, which it will be once it has no peer; TCP at the one. */
	e->bound_any = udp;
	e->bound_ip4 = e->family == BERTH_IP4;
	port = choose_port(pairs, e, udp ? is_free : may_connect);
	if (port == 0)
		return BERTH_EADDRNOTAVAIL;
	e->pair.local_port = port;
	e->bound_any = true;
	if (udp)
		take_port(pairs, e);
	else
		share_port(pairs, e);
	enter_pairs(pairs, e);
	return 0;
}

int pairs_connect(struct pairs *pairs, struct endpoint *e)
{
	assert(!is_connection(e) && !is_listening(e));
	e->flow_label = 0;
	if (!e->bound)
		return connect_unbound(pairs, e);
	leave_pairs(pairs, e);
	if (pairs_find(pairs, &e->pair)) {
		pairs_disconnect(pairs, e);
		return BERTH_EADDRINUSE;
	}
	if (e->kind != ENDPOINT_UDP) {
		leave_port(pairs, e);
		share_port(pairs, e);
	}
	enter_pairs(pairs, e);
	return 0;
}

void pairs_adopt(struct pairs *pairs, struct endpoint *e)
{
	assert(!e->bound && !e->in_pairs);
	e->bound_any = false;
	share_port(pairs, e);
	enter_pairs(pairs, e);
}

void pairs_disconnect(struct pairs *pairs, struct endpoint *e)
{
	leave_pairs(pairs, e);
	clear_foreign(e);
	if (e->bound_any) {
		memset(e->pair.local, 0, sizeof(e->pair.local));
		e->pair.family = e->bound_ip4 ? BERTH_IP4 : BERTH_IP6;
	}
	if (!endpoint_needs_scope(e->pair.local, e->pair.family))
		e->pair.scope = 0;
	if (is_connection(e)) {
		leave_port(pairs, e);
		take_port(pairs, e);
	}
	if (e->kind == ENDPOINT_UDP && e->bound)
		enter_pairs(pairs, e);
}

void pairs_remove(struct pairs *pairs, struct endpoint *e)
{
	leave_pairs(pairs, e);
	if (e->bound)
		leave_port(pairs, e);
}
