/* Listeners by their socket address, in an index.
 *
 * The key is what a connection and its listener have in common, with IPv4 addresses as v4-mapped ones (RFC 4291 section
 * 2.5.5.2), so that a connection over IPv4 finds a listener of either family with the same few questions: its own
 * address before a wildcard, 0.0.0.0 before a dual-stack :: , and at each of these the listener that is bound to the
 * connection's interface before one that is bound to none. Most connections that went out have a local port on which
 * nobody listens; a bit a port answers for these without a question. */
#include "enrich/listeners.h"
#include "index.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

/* Without padding and below 32 bytes, which the index hashes at once. */
struct key {
	uint8_t address[16];
	uint32_t ns, interface;
	uint16_t port, host; /* host: 0 for the kernel, else a number of the berth host's name */
};

/* The protocol stands beside, so that the key keeps its size a multiple of 4. */
struct bytes {
	uint8_t bytes[sizeof(struct key) + 1];
};

struct listener {
	struct berth_socket_address at;
	const struct netstat_process *process;
	bool dual; /* IPv6 that takes IPv4, too */
};

struct listeners {
	struct index index, hosts; /* hosts: name -> uint16_t, from 1 */
	uint8_t ports[65536 / 8];  /* a bit for each port that has a listener of any kind */
};

struct listeners *listeners_new(void)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));

	if (listeners && (index_init(&listeners->index, sizeof(struct listener)) < 0 ||
			  index_init(&listeners->hosts, sizeof(uint16_t)) < 0))
		return listeners_free(listeners);
	return listeners;
}

struct listeners *listeners_free(struct listeners *listeners)
{
	if (listeners) {
		index_deinit(&listeners->index);
		index_deinit(&listeners->hosts);
		free(listeners);
	}
	return NULL;
}

/* ---- keys ---- */

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static void key_address(struct key *key, const struct berth_address *address)
{
	if (address->family == BERTH_IP6) {
		memcpy(key->address, address->bytes, 16);
	} else {
		memcpy(key->address, mapped_prefix, 12);
		memcpy(key->address + 12, address->bytes, 4);
	}
}

static bool key_is_ip4(const struct key *key)
{
	return memcmp(key->address, mapped_prefix, 12) == 0;
}

static struct bytes key_bytes(const struct key *key, uint8_t protocol)
{
	struct bytes bytes;

	memcpy(bytes.bytes, key, sizeof(*key));
	bytes.bytes[sizeof(*key)] = protocol;
	return bytes;
}

/* Inodes of namespaces have 32 bits; one without is told by where its struct is. */
static uint32_t ns_number(const struct netstat_namespace *ns)
{
	if (!ns)
		return 0;
	return ns->inode ? (uint32_t)ns->inode : (uint32_t)((uintptr_t)ns >> 4);
}

/* 0 for the kernel; UINT16_MAX: no listener of that host is known. */
static uint16_t host_number(const struct listeners *listeners, const char *host)
{
	const uint16_t *number = host ? index_find(&listeners->hosts, host, strlen(host)) : NULL;

	if (!host)
		return 0;
	return number ? *number : UINT16_MAX;
}

static int host_add(struct listeners *listeners, const char *host, uint16_t *number)
{
	bool is_new;
	uint16_t *entry = index_get(&listeners->hosts, host, strlen(host), &is_new);

	if (!entry || index_count(&listeners->hosts) >= UINT16_MAX)
		return BERTH_ENOMEM;
	if (is_new)
		*entry = (uint16_t)index_count(&listeners->hosts);
	*number = *entry;
	return 0;
}

static bool port_has(const struct listeners *listeners, uint16_t port)
{
	return listeners->ports[port / 8] >> port % 8 & 1;
}

/* ---- adding ---- */

int listeners_add(struct listeners *listeners, const struct netstat_row *row)
{
	struct key key = {.ns = ns_number(row->ns), .interface = row->interface, .port = row->local.port};

	if (row->state != NETSTAT_STATE_LISTEN || row->protocol == NETSTAT_UNIX)
		return 0;
	if (row->host && host_add(listeners, row->host, &key.host) < 0)
		return BERTH_ENOMEM;
	key_address(&key, &row->local.address);
	struct bytes bytes = key_bytes(&key, row->protocol);
	struct listener *listener = index_get(&listeners->index, bytes.bytes, sizeof(bytes.bytes), NULL);
	if (!listener)
		return BERTH_ENOMEM;
	listener->at = row->local;
	listener->dual |= row->local.address.family == BERTH_IP6 && !row->v6only;
	if (!listener->process && row->n_owners)
		listener->process = row->owners[0].process;
	listeners->ports[key.port / 8] |= (uint8_t)(1u << key.port % 8);
	return 0;
}

/* ---- finding ---- */

/* The listener at the key's address, bound to its interface or to none. */
static const struct listener *find_at(const struct listeners *listeners, struct key key, uint8_t protocol)
{
	const struct listener *found = NULL;
	struct bytes bytes;

	if (key.interface) {
		bytes = key_bytes(&key, protocol);
		found = index_find(&listeners->index, bytes.bytes, sizeof(bytes.bytes));
		key.interface = 0;
	}
	if (!found) {
		bytes = key_bytes(&key, protocol);
		found = index_find(&listeners->index, bytes.bytes, sizeof(bytes.bytes));
	}
	return found;
}

/* A berth host's wildcard may be no address at all: every address of either family. Its key is that of 0.0.0.0. */
static const struct listener *find(const struct listeners *listeners, struct key key, uint8_t protocol)
{
	const struct listener *found = find_at(listeners, key, protocol);
	bool ip4 = key_is_ip4(&key);

	if (found)
		return found;
	memset(key.address + (ip4 ? 12 : 0), 0, ip4 ? 4 : 16);
	if ((found = find_at(listeners, key, protocol)))
		return found;
	key_address(&key, &(struct berth_address){.family = ip4 ? BERTH_IP6 : BERTH_ANY_FAMILY});
	found = find_at(listeners, key, protocol);
	if (found && (ip4 ? found->dual : found->at.address.family == BERTH_ANY_FAMILY))
		return found;
	return NULL;
}

static const struct listener *find_end(const struct listeners *listeners, const struct netstat_row *row,
				       const struct berth_socket_address *end)
{
	struct key key = {.ns = ns_number(row->ns), .interface = row->interface, .port = end->port};

	if (!port_has(listeners, end->port))
		return NULL;
	key.host = host_number(listeners, row->host);
	key_address(&key, &end->address);
	return find(listeners, key, row->protocol);
}

/* The foreign address is one of the machine's own, for certain. */
static bool peer_is_here(const struct netstat_row *row)
{
	return netstat_scope(&row->foreign.address) == NETSTAT_SCOPE_LOOPBACK ||
	       berth_address_equal(&row->local.address, &row->foreign.address);
}

void listeners_enrich(const struct listeners *listeners, struct netstat_row *row)
{
	if (row->protocol == NETSTAT_UNIX || row->state == NETSTAT_STATE_LISTEN || !netstat_row_has_peer(row))
		return;
	const struct listener *listener = find_end(listeners, row, &row->local);
	if (listener) {
		row->listener = &listener->at;
		row->listener_process = listener->process;
	}
	row->foreign_listens =
		port_has(listeners, row->foreign.port) && peer_is_here(row) && find_end(listeners, row, &row->foreign);
}
