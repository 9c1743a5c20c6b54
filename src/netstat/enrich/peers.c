/* Other ends: an index by inode for Unix sockets, and one by socket pair, as the other end sees it, for the rest. */
#include "enrich/peers.h"

#include "index.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

enum { PAIR = 2 * 18 + 5 };

struct peers {
	struct index by_inode, by_pair;
	struct keep keep;
};

struct peers *peers_new(void)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers && (index_init(&peers->by_inode, sizeof(struct peer)) < 0 ||
		      index_init(&peers->by_pair, sizeof(struct peer)) < 0))
		return peers_free(peers);
	return peers;
}

struct peers *peers_free(struct peers *peers)
{
	if (peers) {
		index_deinit(&peers->by_inode);
		index_deinit(&peers->by_pair);
		keep_free(&peers->keep);
		free(peers);
	}
	return NULL;
}

/* IPv4 as v4-mapped: the two ends may be of different families (RFC 4291 section 2.5.5.2). */
static uint8_t *put_end(uint8_t *at, const struct berth_socket_address *end)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (end->address.family == BERTH_IP6) {
		memcpy(at, end->address.bytes, 16);
	} else {
		memcpy(at, prefix, 12);
		memcpy(at + 12, end->address.bytes, 4);
	}
	at[16] = (uint8_t)(end->port >> 8);
	at[17] = (uint8_t)end->port;
	return at + 18;
}

static void pair_key(const struct netstat_row *row, const struct berth_socket_address *a,
		     const struct berth_socket_address *b, uint8_t key[PAIR])
{
	uint32_t ns = row->ns ? (uint32_t)row->ns->inode : 0;
	uint8_t *at = put_end(put_end(key, a), b);

	at[0] = row->protocol;
	memcpy(at + 1, &ns, sizeof(ns));
}

static bool is_within(const struct netstat_row *row)
{
	return !row->host && row->protocol != NETSTAT_UNIX && row->protocol != NETSTAT_RAW &&
	       netstat_row_has_peer(row) &&
	       (netstat_scope(&row->foreign.address) == NETSTAT_SCOPE_LOOPBACK ||
		berth_address_equal(&row->local.address, &row->foreign.address));
}

static int look_unix(struct peers *peers, const struct netstat_row *row)
{
	struct peer *peer;

	if (!row->inode || (!row->n_owners && !row->path))
		return 0;
	peer = index_get(&peers->by_inode, &row->inode, sizeof(row->inode), NULL);
	if (!peer)
		return BERTH_ENOMEM;
	peer->process = row->n_owners ? row->owners[0].process : NULL;
	if (row->path && !(peer->path = keep_text(&peers->keep, row->path, strlen(row->path))))
		return BERTH_ENOMEM;
	return 0;
}

int peers_look(struct peers *peers, const struct netstat_row *row)
{
	uint8_t key[PAIR];
	struct peer *peer;

	if (row->protocol == NETSTAT_UNIX)
		return look_unix(peers, row);
	if (!row->n_owners || !is_within(row))
		return 0;
	pair_key(row, &row->local, &row->foreign, key);
	peer = index_get(&peers->by_pair, key, sizeof(key), NULL);
	if (!peer)
		return BERTH_ENOMEM;
	peer->process = row->owners[0].process;
	return 0;
}

const struct peer *peers_of(const struct peers *peers, const struct netstat_row *row)
{
	uint8_t key[PAIR];

	if (row->protocol == NETSTAT_UNIX)
		return row->peer_inode ? index_find(&peers->by_inode, &row->peer_inode, sizeof(row->peer_inode)) : NULL;
	if (!is_within(row))
		return NULL;
	pair_key(row, &row->foreign, &row->local, key);
	return index_find(&peers->by_pair, key, sizeof(key));
}
